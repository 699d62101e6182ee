package outbox

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"laurel/internal/envelope"
	"laurel/internal/fetch"
	"laurel/storage"
)

// What is wrong with a webhook that is to be made.
var (
	// ErrURL means that its address is not an https URL that could ever be sent
	// to.
	ErrURL = errors.New("not an address that can be sent to")
	// ErrHost means that the operator of the installation does not allow its
	// host.
	ErrHost = errors.New("host is not allowed")
	// ErrEvent means that there is no event of that name.
	ErrEvent = errors.New("unknown event")
)

// secretPrefix begins every secret, so that one that got lost can be told.
const secretPrefix = "laurelwh_"

// CreateWebhook makes a webhook for events, all when there are none, and
// returns its secret, which is shown once. Errors: ErrURL, ErrHost, ErrEvent,
// and storage.ErrConflict for a tenant that has as many as it may.
func (o *Outbox) CreateWebhook(ctx context.Context, act storage.Act, w storage.Webhook) (made storage.Webhook, secret string, err error) {
	for _, event := range w.Events {
		if !slices.Contains(storage.Events, event) {
			return storage.Webhook{}, "", ErrEvent
		}
	}
	if err := o.checkURL(w.URL); err != nil {
		return storage.Webhook{}, "", err
	}
	w.ID = randomText(16)
	secret = secretPrefix + randomText(32)
	w.Secret = o.safe.Seal(secretPlace(w), []byte(secret))
	w.Created = act.Time
	if len(w.Events) == 0 {
		w.Events = nil
	}
	if err := o.config.Store.CreateWebhook(ctx, act, w); err != nil {
		return storage.Webhook{}, "", err
	}
	return w, secret, nil
}

// checkURL asks whether an address could be sent to. Where nothing is sent from
// this process, the list of allowed hosts is not known: whoever sends asks it.
func (o *Outbox) checkURL(url string) error {
	if o.config.Poster == nil {
		if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") || len(url) > 2048 {
			return ErrURL
		}
		return nil
	}
	switch err := o.config.Poster.Allows(url); {
	case errors.Is(err, fetch.ErrBlocked):
		return ErrHost
	case err != nil || len(url) > 2048:
		return ErrURL
	}
	return nil
}

func secretPlace(w storage.Webhook) envelope.Place {
	return envelope.Place{Tenant: w.Tenant, Record: "webhook/" + w.ID, Field: "secret"}
}

func randomText(size int) string {
	b := make([]byte, size)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// Webhooks lists a tenant's webhooks.
func (o *Outbox) Webhooks(ctx context.Context, tenant string) ([]storage.Webhook, error) {
	return o.config.Store.ListWebhooks(ctx, tenant)
}

// Webhook reads one.
func (o *Outbox) Webhook(ctx context.Context, tenant, id string) (storage.Webhook, error) {
	return o.config.Store.Webhook(ctx, tenant, id)
}

// DeleteWebhook ends a webhook. What was waiting for it is given up.
func (o *Outbox) DeleteWebhook(ctx context.Context, act storage.Act, tenant, id string) error {
	return o.config.Store.DeleteWebhook(ctx, act, tenant, id)
}

// event is the body of a webhook's delivery.
type event struct {
	ID     string    `json:"id"`
	Type   string    `json:"type"`
	Time   time.Time `json:"time"`
	Issuer string    `json:"issuer"`
	Data   eventData `json:"data"`
}

type eventData struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	URL  string `json:"url,omitempty"`
}

// eventBody makes the body of a delivery: the same bytes each time.
func (o *Outbox) eventBody(ctx context.Context, d storage.Delivery) ([]byte, error) {
	tenant, err := o.config.Store.Tenant(ctx, d.Tenant)
	if err != nil {
		return nil, fmt.Errorf("making event: %w", err)
	}
	kind, id, _ := strings.Cut(d.Object, "/")
	data := eventData{Kind: kind, ID: id}
	if kind == "credential" {
		data.URL = o.config.PublicURL + "/credentials/" + id
	}
	return json.Marshal(event{ID: d.ID, Type: d.Event, Time: d.Created.UTC(), Issuer: tenant.DID, Data: data})
}

// Signature is the value of the header Laurel-Signature.
func Signature(secret string, at time.Time, id string, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "." + id + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// post sends a delivery to its webhook.
func (o *Outbox) post(ctx context.Context, w storage.Webhook, d storage.Delivery) fault {
	secret, err := o.safe.Open(secretPlace(w), w.Secret)
	if err != nil {
		return fault{code: "secret-unreadable", kind: barred}
	}
	body, err := o.eventBody(ctx, d)
	if err != nil {
		return fault{code: "internal", kind: barred}
	}
	answer, err := o.config.Poster.Post(ctx, w.URL, map[string]string{
		"Content-Type":     "application/json",
		"Laurel-Delivery":  d.ID,
		"Laurel-Event":     d.Event,
		"Laurel-Signature": Signature(string(secret), o.config.Clock(), d.ID, body),
	}, body)
	switch {
	case errors.Is(err, fetch.ErrTimeout):
		return fault{code: "timeout", kind: barred}
	case errors.Is(err, fetch.ErrBlocked), errors.Is(err, fetch.ErrInvalidURL):
		return fault{code: "blocked", kind: barred}
	case err != nil:
		return fault{code: "unreachable", kind: barred}
	case answer.Status >= 200 && answer.Status < 300:
		return fault{}
	}
	f := fault{code: "http-" + strconv.Itoa(answer.Status), kind: refused, wait: answer.RetryAfter}
	switch {
	case answer.Status >= 500, answer.Status == 408, answer.Status == 425, answer.Status == 429:
		f.kind = barred
	}
	return f
}
