package outbox

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"laurel/storage"
)

// fault is why a delivery was not made; without a code, it was.
type fault struct {
	code string
	kind faultKind
	wait time.Duration // for how long the other side wants to be left alone
}

type faultKind int

const (
	// barred: nothing can be sent to this destination at the moment.
	barred faultKind = iota
	// refused: this delivery is not taken; others may be.
	refused
	// final: this delivery never will be.
	final
)

const (
	// attemptTime ends an attempt whose own limits did not.
	attemptTime = 30 * time.Second
	// grace is for how long an attempt at hand goes on when the outbox stops.
	grace = 2 * time.Second
	// batch is how many deliveries are read at a time.
	batch = 16
	// turn is for how long a destination is sent to before others get its place.
	turn = 15 * time.Second
	// abandonBatch is how many are given up in one transaction.
	abandonBatch  = 500
	pruneInterval = time.Hour
	// held is for how long a destination is left alone when the store fails: a
	// receiver must not get a delivery every second because a full disk keeps
	// its arrival from being recorded.
	held = time.Minute
)

// Run sends what is queued until ctx ends, and returns when nothing is under
// way any more. Faults of the store are logged and tried again.
func (o *Outbox) Run(ctx context.Context) error {
	d := newDispatcher(o)
	defer d.group.Wait()
	ticker := time.NewTicker(o.config.Interval)
	defer ticker.Stop()
	pruned := time.Time{}
	for {
		if err := d.pass(ctx); err != nil && ctx.Err() == nil {
			o.config.Logger.Error("looking for deliveries", "error", err)
		}
		if now := o.config.Clock(); now.Sub(pruned) >= pruneInterval {
			pruned = now
			if err := o.prune(ctx, now); err != nil && ctx.Err() == nil {
				o.config.Logger.Error("forgetting old deliveries", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-d.done:
		}
	}
}

func (o *Outbox) prune(ctx context.Context, now time.Time) error {
	for {
		n, err := o.config.Store.PruneDeliveries(ctx, now.Add(-o.config.Keep), abandonBatch)
		if err != nil || n < abandonBatch {
			return err
		}
	}
}

// dispatcher is one run. A destination is busy while a goroutine of its own
// sends to it, so that a slow one keeps nobody else waiting.
type dispatcher struct {
	outbox *Outbox
	group  sync.WaitGroup
	done   chan struct{} // holds one signal that a destination is not busy any more

	mu   sync.Mutex
	busy map[storage.Destination]bool      // by tenant and id
	hold map[storage.Destination]time.Time // until when it is left alone
}

func newDispatcher(o *Outbox) *dispatcher {
	return &dispatcher{
		outbox: o, done: make(chan struct{}, 1),
		busy: make(map[storage.Destination]bool), hold: make(map[storage.Destination]time.Time),
	}
}

// pass begins to send to every destination that something is due for.
func (d *dispatcher) pass(ctx context.Context) error {
	destinations, err := d.outbox.config.Store.Destinations(ctx)
	if err != nil {
		return err
	}
	// In a new order each time: when all places are taken, nobody is always last.
	rand.Shuffle(len(destinations), func(i, j int) { destinations[i], destinations[j] = destinations[j], destinations[i] })
	now := d.outbox.config.Clock()
	for _, destination := range destinations {
		if destination.Due.After(now) || destination.ID == storage.DestinationEmail && d.outbox.config.Mailer == nil ||
			destination.ID != storage.DestinationEmail && d.outbox.config.Poster == nil {
			continue
		}
		destination.Due = time.Time{}
		if !d.take(destination, now) {
			continue
		}
		d.group.Go(func() {
			defer d.release(destination)
			if err := d.outbox.drain(ctx, destination); err != nil && ctx.Err() == nil {
				d.leave(destination)
				d.outbox.config.Logger.Error("sending deliveries", "destination", destination.ID, "error", err)
			}
		})
	}
	return nil
}

func (d *dispatcher) take(destination storage.Destination, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[destination] || len(d.busy) >= d.outbox.config.Parallel || now.Before(d.hold[destination]) {
		return false
	}
	delete(d.hold, destination)
	d.busy[destination] = true
	return true
}

// leave has a destination left alone for a while.
func (d *dispatcher) leave(destination storage.Destination) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hold[destination] = d.outbox.config.Clock().Add(held)
}

func (d *dispatcher) release(destination storage.Destination) {
	d.mu.Lock()
	defer d.mu.Unlock()
	full := len(d.busy) >= d.outbox.config.Parallel
	delete(d.busy, destination)
	if full { // another may be waiting for the place
		select {
		case d.done <- struct{}{}:
		default:
		}
	}
}

// drain sends what is due for a destination, until nothing is, the way to it is
// barred, or its turn is over.
func (o *Outbox) drain(ctx context.Context, destination storage.Destination) error {
	for start := time.Now(); ctx.Err() == nil && time.Since(start) < turn; {
		due, err := o.config.Store.DueDeliveries(ctx, destination.Tenant, destination.ID, o.config.Clock(), batch)
		if err != nil || len(due) == 0 {
			return err
		}
		send, err := o.sender(ctx, destination)
		if errors.Is(err, storage.ErrNotFound) {
			return o.abandon(ctx, destination, o.config.Clock().AddDate(100, 0, 0), "webhook-deleted")
		} else if err != nil {
			return err
		}
		for _, delivery := range due {
			if ctx.Err() != nil {
				return nil
			}
			f, ok := attempt(ctx, delivery, send)
			if !ok {
				return nil
			}
			if err := o.record(ctx, delivery, f); err != nil {
				return err
			}
			if f.code != "" && f.kind == barred {
				return o.abandon(ctx, destination, o.config.Clock().Add(-o.config.GiveUp), f.code)
			}
		}
	}
	return nil
}

// sender is how deliveries to a destination are made: storage.ErrNotFound when
// there is no such webhook any more.
func (o *Outbox) sender(ctx context.Context, destination storage.Destination) (func(context.Context, storage.Delivery) fault, error) {
	if destination.ID == storage.DestinationEmail {
		return o.mail, nil
	}
	webhook, err := o.config.Store.Webhook(ctx, destination.Tenant, destination.ID)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, d storage.Delivery) fault { return o.post(ctx, webhook, d) }, nil
}

// attempt makes a delivery. When ctx ends meanwhile, it has a little time left;
// ok is false when that was not enough, and nothing is known.
func attempt(ctx context.Context, d storage.Delivery, send func(context.Context, storage.Delivery) fault) (f fault, ok bool) {
	attempting, cancel := context.WithTimeout(context.WithoutCancel(ctx), attemptTime)
	defer cancel()
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		select {
		case <-attempting.Done():
		case <-time.After(grace):
			cancel()
		}
	})
	f = send(attempting, d)
	cut := errors.Is(attempting.Err(), context.Canceled)
	cancel()
	if !stop() {
		<-stopped
	}
	return f, f.code == "" || !cut
}

// record stores what came of an attempt, whether or not the outbox is stopping.
func (o *Outbox) record(ctx context.Context, d storage.Delivery, f fault) error {
	now := o.config.Clock()
	a := storage.Attempt{Tenant: d.Tenant, ID: d.ID, Time: now, Error: f.code, Aside: f.kind == refused}
	if f.code != "" && f.kind != final {
		if end := d.Since.Add(o.config.GiveUp); now.Before(end) {
			a.Next = now.Add(max(o.waiting(d.Attempts), f.wait))
			if a.Next.After(end) {
				a.Next = end // one last time
			}
		}
	}
	if f.code != "" && a.Next.IsZero() {
		o.config.Logger.Warn("delivery given up", "delivery", d.ID, "event", d.Event, "destination", d.Destination, "code", f.code)
	}
	_, err := o.config.Store.RecordAttempt(context.WithoutCancel(ctx), a)
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		return nil // it was settled meanwhile
	}
	return err
}

// waiting is how long to wait after some attempts failed and one more: twice
// as long each time, a quarter more or less.
func (o *Outbox) waiting(attempts int) time.Duration {
	wait := o.config.RetryLimit
	if shift := min(attempts, 30); o.config.Retry<<shift > 0 {
		wait = min(wait, o.config.Retry<<shift)
	}
	return time.Duration(float64(wait) * (0.75 + o.config.Random()/2))
}

// abandon gives up what has been waiting for a destination since a time or
// longer.
func (o *Outbox) abandon(ctx context.Context, destination storage.Destination, since time.Time, code string) error {
	for ctx.Err() == nil {
		n, err := o.config.Store.AbandonDeliveries(ctx, storage.Abandonment{
			Tenant: destination.Tenant, Destination: destination.ID, Since: since, Error: code, Time: o.config.Clock(),
		}, abandonBatch)
		if n > 0 {
			o.config.Logger.Warn("deliveries given up", "destination", destination.ID, "number", n, "code", code)
		}
		if err != nil || n < abandonBatch {
			return err
		}
	}
	return nil
}
