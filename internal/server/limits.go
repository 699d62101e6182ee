package server

import (
	"container/list"
	"context"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// clients is a bounded table of who asked how often. When it is full, whoever
// has been quiet the longest is forgotten.
type clients struct {
	rate  rate.Limit
	burst int
	size  int

	mu     sync.Mutex // guards what follows
	byAddr map[netip.Prefix]*list.Element
	recent *list.List // of *client, the most recent first
}

type client struct {
	network netip.Prefix
	limiter *rate.Limiter
	work    float64 // of its recent checks, on average
}

func newClients(perSecond float64, burst, size int) *clients {
	limit := rate.Limit(perSecond)
	if perSecond < 0 {
		limit = rate.Inf
	}
	return &clients{rate: limit, burst: burst, size: size, byAddr: make(map[netip.Prefix]*list.Element), recent: list.New()}
}

// allow counts a request of a client at a time.
func (t *clients) allow(network netip.Prefix, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.client(network).limiter.AllowN(now, 1)
}

// isHeavy reports whether the recent checks of a client were, on average, much
// more work than those of badges are.
func (t *clients) isHeavy(network netip.Prefix) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	element, ok := t.byAddr[network]
	return ok && element.Value.(*client).work > ordinaryWork
}

// worked takes a check into account.
func (t *clients) worked(network netip.Prefix, work int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.client(network)
	c.work += (float64(work) - c.work) / recent
}

// recent is about how many checks of a client its average is over.
const recent = 8

// client finds a client or begins with it. The caller holds the mutex.
func (t *clients) client(network netip.Prefix) *client {
	element, ok := t.byAddr[network]
	if !ok {
		if t.recent.Len() >= t.size {
			last := t.recent.Back()
			delete(t.byAddr, last.Value.(*client).network)
			t.recent.Remove(last)
		}
		element = t.recent.PushFront(&client{network: network, limiter: rate.NewLimiter(t.rate, t.burst)})
		t.byAddr[network] = element
	}
	t.recent.MoveToFront(element)
	return element.Value.(*client)
}

// networkOf is what counts as one client: an IPv4 address, or a /64 of IPv6,
// of which anybody has as many addresses as they like. Addresses that cannot be
// read are one client together.
func networkOf(address string) netip.Prefix {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}
	}
	ip = ip.Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	network, _ := ip.Prefix(bits)
	return network
}

// gate lets a number of checks run and another number wait. Networks take turns:
// one that asks for much waits behind itself, not the others behind it. Of one
// network only a share may wait, and while others wait it may not occupy every
// place to run, where a check once begun stays until it is done.
type gate struct {
	parallel int // checks that run
	queue    int // checks that wait
	share    int // checks of one network that wait

	mu      sync.Mutex // guards what follows
	running int
	waiting int
	lines   map[netip.Prefix]*line // those that run or wait: at most parallel + queue
	turns   list.List              // of *line, those that wait, the next first
}

// line is what one network has before the gate and behind it.
type line struct {
	network netip.Prefix
	running int
	waiting list.List     // of chan struct{}, closed when the check may run; the first came first
	turn    *list.Element // in turns while anybody waits
}

// othersOfQueue is the part of the queue that one network leaves to the others.
// It need not be large: within the queue, networks take turns.
const othersOfQueue = 4

func newGate(parallel, queue int) *gate {
	return &gate{parallel: parallel, queue: queue, share: max(1, queue-queue/othersOfQueue), lines: make(map[netip.Prefix]*line)}
}

// enter waits for a turn. After nil, leave must be called with the same network.
// The error is a refusal when too many wait already, or the context's.
func (g *gate) enter(ctx context.Context, network netip.Prefix) error {
	place, err := g.join(network)
	if err != nil || place == nil {
		return err
	}
	select {
	case <-place.Value.(chan struct{}):
		return nil
	case <-ctx.Done():
		g.abandon(network, place)
		return ctx.Err()
	}
}

// room is the refusal that a check of a network would meet now, before anything
// else is done for it.
func (g *gate) room(network netip.Prefix) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.refusal(g.lines[network])
}

// refusal says why a check of a line may neither run nor wait, nil when it may.
func (g *gate) refusal(l *line) error {
	switch {
	case g.running < g.parallel: // then nobody waits
		return nil
	case l != nil && l.waiting.Len() >= g.share:
		return refuse(problemRate)
	case g.waiting >= g.queue:
		return refuse(problemBusy)
	}
	return nil
}

// join takes a place in the line of a network, nil when the check may run at once.
func (g *gate) join(network netip.Prefix) (*list.Element, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.lines[network]
	if err := g.refusal(l); err != nil {
		return nil, err
	}
	if l == nil {
		l = &line{network: network}
		g.lines[network] = l
	}
	if g.running < g.parallel {
		g.running++
		l.running++
		return nil, nil
	}
	if l.turn == nil {
		l.turn = g.turns.PushBack(l)
	}
	g.waiting++
	return l.waiting.PushBack(make(chan struct{})), nil
}

// abandon gives up a place, or the turn that came in the meantime.
func (g *gate) abandon(network netip.Prefix, place *list.Element) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.lines[network]
	select {
	case <-place.Value.(chan struct{}):
		g.end(l)
	default:
		g.remove(l, place)
		g.forget(l)
	}
}

// leave ends a check of a network.
func (g *gate) leave(network netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.end(g.lines[network])
}

// end gives the place of a check of l to whoever is next.
func (g *gate) end(l *line) {
	g.running--
	l.running--
	if next := g.next(); next != nil {
		place := next.waiting.Front()
		close(place.Value.(chan struct{}))
		g.running++
		next.running++
		g.turns.MoveToBack(next.turn)
		g.remove(next, place)
	}
	g.forget(l)
}

// next is the line whose turn it is, nil when nobody waits. A line that has all
// the places but one keeps its turn and lets another go first. At least one of
// two can go: a place is free, so they cannot both have all the others.
func (g *gate) next() *line {
	first := g.turns.Front()
	if first == nil {
		return nil
	}
	l := first.Value.(*line)
	if second := first.Next(); second != nil && l.running >= max(1, g.parallel-1) {
		return second.Value.(*line)
	}
	return l
}

// remove takes one that waits out of its line.
func (g *gate) remove(l *line, place *list.Element) {
	l.waiting.Remove(place)
	g.waiting--
	if l.waiting.Len() == 0 {
		g.turns.Remove(l.turn)
		l.turn = nil
	}
}

// forget drops a line of which nothing is left.
func (g *gate) forget(l *line) {
	if l.running == 0 && l.waiting.Len() == 0 {
		delete(g.lines, l.network)
	}
}
