// Package outbox is how anything leaves the installation by itself: events for
// webhooks, and e-mail.
//
// The store queues an event in the transaction of the act that it tells of, so
// that neither is there without the other. [Outbox.Run] sends what is queued,
// at least once: what was sent when the process died before it could say so is
// sent again, under the same delivery id.
//
// # Order
//
// Every destination has a queue and is sent to by one goroutine, in order. Where
// nobody answers, or the answer is 408, 425, 429 or 5xx, the whole queue waits.
// Where a single delivery is refused, it waits alone and the others go ahead.
// Waiting times double, with jitter, up to a bound; what has waited for a week
// is given up, and can be replayed.
//
// # Webhooks
//
// A delivery is a POST of a JSON object with id, type, time, issuer and data.
// data names what it is about by kind, id and, for awards, URL. It never holds a
// person's data. Its headers are
//
//	Laurel-Delivery: <id>
//	Laurel-Event: <type>
//	Laurel-Signature: t=<unix time>,v1=<hex of HMAC-SHA256(secret, t "." id "." body)>
//
// The secret is used as it is shown, all its characters. A receiver computes
// the HMAC over the bytes that it received, compares in constant time, refuses
// a time that is five minutes off, and takes an id that it has seen for done.
// Any 2xx answer within ten seconds means that it has the event.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"laurel/internal/envelope"
	"laurel/internal/fetch"
	"laurel/storage"
)

// Store is what an Outbox needs of a store.
type Store interface {
	QueueStore
	DeliveryStore
	WebhookStore
	Tenant(ctx context.Context, slug string) (storage.Tenant, error)
	SubjectKey(ctx context.Context, tenant, id string) (storage.SubjectKey, error)
}

// QueueStore keeps what waits.
type QueueStore interface {
	Destinations(ctx context.Context) ([]storage.Destination, error)
	DueDeliveries(ctx context.Context, tenant, destination string, now time.Time, limit int) ([]storage.Delivery, error)
	RecordAttempt(ctx context.Context, a storage.Attempt) (storage.Delivery, error)
	AbandonDeliveries(ctx context.Context, a storage.Abandonment, limit int) (int, error)
	PruneDeliveries(ctx context.Context, before time.Time, limit int) (int, error)
}

// DeliveryStore keeps deliveries.
type DeliveryStore interface {
	QueueMail(ctx context.Context, m storage.Mail) (storage.Delivery, error)
	Delivery(ctx context.Context, tenant, id string) (storage.Delivery, error)
	ListDeliveries(ctx context.Context, tenant string, filter storage.DeliveryFilter, page storage.Page) ([]storage.Delivery, string, error)
	ReplayDeliveries(ctx context.Context, act storage.Act, tenant string, ids []string) error
}

// WebhookStore keeps webhooks.
type WebhookStore interface {
	CreateWebhook(ctx context.Context, act storage.Act, w storage.Webhook) error
	Webhook(ctx context.Context, tenant, id string) (storage.Webhook, error)
	ListWebhooks(ctx context.Context, tenant string) ([]storage.Webhook, error)
	DeleteWebhook(ctx context.Context, act storage.Act, tenant, id string) error
}

// Poster sends to webhooks; *fetch.Destinations is one.
type Poster interface {
	Allows(url string) error
	Post(ctx context.Context, url string, header map[string]string, body []byte) (fetch.Answer, error)
}

// Mailer sends e-mail. What the error is says whether and how to try again: a
// [*MailError], or anything else for a mail server that cannot be spoken to.
type Mailer interface {
	Send(ctx context.Context, id string, message Message) error
}

// MailError is a mail server's refusal of one message.
type MailError struct {
	// Status is its reply code, such as 550, or 0 when the message could not
	// be made.
	Status int
	// Permanent means that it is no use to try again.
	Permanent bool
}

// Error says nothing of the message or its recipient.
func (e *MailError) Error() string { return fmt.Sprintf("mail refused with status %d", e.Status) }

// Config is what an Outbox needs. Fields without a default are required.
type Config struct {
	Store Store
	// InstallationKey seals secrets of webhooks and opens keys of subjects.
	InstallationKey []byte
	// PublicURL begins the URLs in events.
	PublicURL string
	// Poster and Mailer send. Without one, what it is for stays in its queue.
	Poster Poster
	Mailer Mailer
	// Logger is told what was given up, and never of whom; slog.DiscardHandler
	// when nil.
	Logger *slog.Logger
	// Retry is the first waiting time, 5 s; RetryLimit the longest, 4 h.
	Retry, RetryLimit time.Duration
	// GiveUp is for how long a delivery is tried, a week.
	GiveUp time.Duration
	// Keep is for how long what was sent or given up is remembered, 30 days.
	Keep time.Duration
	// Interval is how often the queues are looked at, 1 s.
	Interval time.Duration
	// Parallel is how many destinations are sent to at a time, 64.
	Parallel int
	// Clock is time.Now, Random gives numbers in [0, 1) as math/rand does.
	Clock  func() time.Time
	Random func() float64
}

// Outbox is the outbox of an installation. It may be used from any goroutine.
type Outbox struct {
	config   Config
	envelope *envelope.Envelope
	safe     *envelope.Safe
}

// New makes an Outbox. It starts nothing.
func New(config Config) (*Outbox, error) {
	if config.Store == nil {
		return nil, errors.New("configuring outbox: Store is required")
	}
	o := &Outbox{config: config}
	var err error
	if o.envelope, err = envelope.New(config.InstallationKey, nil); err != nil {
		return nil, fmt.Errorf("configuring outbox: InstallationKey: %w", err)
	}
	if o.safe, err = envelope.NewSafe(config.InstallationKey); err != nil {
		return nil, fmt.Errorf("configuring outbox: InstallationKey: %w", err)
	}
	o.config.InstallationKey = nil // it is not kept
	o.config.PublicURL = strings.TrimSuffix(o.config.PublicURL, "/")
	setDefault(&o.config.Retry, 5*time.Second)
	setDefault(&o.config.RetryLimit, 4*time.Hour)
	setDefault(&o.config.GiveUp, 7*24*time.Hour)
	setDefault(&o.config.Keep, 30*24*time.Hour)
	setDefault(&o.config.Interval, time.Second)
	setDefault(&o.config.Parallel, 64)
	if o.config.Logger == nil {
		o.config.Logger = slog.New(slog.DiscardHandler)
	}
	if o.config.Clock == nil {
		o.config.Clock = time.Now
	}
	if o.config.Random == nil {
		o.config.Random = rand.Float64
	}
	return o, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Delivery reads a delivery.
func (o *Outbox) Delivery(ctx context.Context, tenant, id string) (storage.Delivery, error) {
	return o.config.Store.Delivery(ctx, tenant, id)
}

// Deliveries lists a tenant's deliveries, the newest first.
func (o *Outbox) Deliveries(ctx context.Context, tenant string, filter storage.DeliveryFilter, page storage.Page) ([]storage.Delivery, string, error) {
	return o.config.Store.ListDeliveries(ctx, tenant, filter, page)
}

// Replay has deliveries sent again, as one act, and returns how many there are.
// With no ids it replays all that were given up, at most storage.PageLimit of
// them, the newest first. Errors: storage.ErrNotFound, storage.ErrConflict for
// one whose webhook or message is gone.
func (o *Outbox) Replay(ctx context.Context, act storage.Act, tenant string, ids []string) (int, error) {
	if len(ids) == 0 {
		var err error
		if ids, err = o.failed(ctx, tenant); err != nil || len(ids) == 0 {
			return 0, err
		}
	}
	return len(ids), o.config.Store.ReplayDeliveries(ctx, act, tenant, ids)
}

// failed collects what was given up and can still be made.
func (o *Outbox) failed(ctx context.Context, tenant string) (ids []string, err error) {
	webhooks, err := o.config.Store.ListWebhooks(ctx, tenant)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{storage.DestinationEmail: true}
	for _, w := range webhooks {
		there[w.ID] = true
	}
	page := storage.Page{Limit: storage.PageLimit}
	for {
		deliveries, next, err := o.config.Store.ListDeliveries(ctx, tenant, storage.DeliveryFilter{State: storage.DeliveryFailed}, page)
		if err != nil {
			return nil, err
		}
		for _, d := range deliveries {
			if there[d.Destination] && len(ids) < storage.PageLimit {
				ids = append(ids, d.ID)
			}
		}
		if page.Cursor = next; next == "" || len(ids) == storage.PageLimit {
			return ids, nil
		}
	}
}
