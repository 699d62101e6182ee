package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"laurel/credential/strictjson"
	"laurel/internal/outbox"
	"laurel/storage"
)

// Outbox is what leaves by itself; *outbox.Outbox is one.
type Outbox interface {
	Webhooks
	Deliveries
}

// Webhooks are the addresses that want to know of events.
type Webhooks interface {
	CreateWebhook(ctx context.Context, act storage.Act, w storage.Webhook) (made storage.Webhook, secret string, err error)
	Webhook(ctx context.Context, tenant, id string) (storage.Webhook, error)
	Webhooks(ctx context.Context, tenant string) ([]storage.Webhook, error)
	DeleteWebhook(ctx context.Context, act storage.Act, tenant, id string) error
}

// Deliveries are what is sent, to webhooks and by e-mail.
type Deliveries interface {
	Delivery(ctx context.Context, tenant, id string) (storage.Delivery, error)
	Deliveries(ctx context.Context, tenant string, filter storage.DeliveryFilter, page storage.Page) ([]storage.Delivery, string, error)
	Replay(ctx context.Context, act storage.Act, tenant string, ids []string) (int, error)
}

// webhookBody is a webhook in answers. Secret is there once.
type webhookBody struct {
	ID      string    `json:"id"`
	URL     string    `json:"url"`
	Events  []string  `json:"events"`
	Created time.Time `json:"created"`
	Secret  string    `json:"secret,omitempty"`
}

func webhookOf(w storage.Webhook) webhookBody {
	events := w.Events
	if events == nil {
		events = []string{"*"}
	}
	return webhookBody{ID: w.ID, URL: w.URL, Events: events, Created: w.Created}
}

func (s *Server) listWebhooks(c *gin.Context) error {
	all, err := s.outbox.Webhooks(c.Request.Context(), apiKey(c).Tenant)
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, listOf(all, "", webhookOf))
}

func (s *Server) webhook(c *gin.Context) error {
	found, err := s.outbox.Webhook(c.Request.Context(), apiKey(c).Tenant, c.Param("id"))
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, webhookOf(found))
}

func (s *Server) createWebhook(c *gin.Context) error {
	actor, body, err := s.onceShown(c)
	if err != nil {
		return err
	}
	wanted, err := webhookRequest(body)
	if err != nil {
		return err
	}
	wanted.Tenant = apiKey(c).Tenant
	made, secret, err := s.outbox.CreateWebhook(c.Request.Context(), s.act(actor), wanted)
	switch {
	case errors.Is(err, outbox.ErrURL):
		return violation("/url", "url_malformed")
	case errors.Is(err, outbox.ErrHost):
		return violation("/url", "host_not_allowed")
	case err != nil:
		return err
	}
	answer := webhookOf(made)
	answer.Secret = secret
	c.Header("Location", s.base+"/api/v1/webhooks/"+made.ID)
	return respond(c, http.StatusCreated, answer)
}

// onceShown is change for requests whose answer cannot be given twice.
func (s *Server) onceShown(c *gin.Context) (actor string, body []byte, err error) {
	if len(c.Request.Header.Values(idempotencyHeader)) > 0 {
		return "", nil, refuse(problemIdempotency)
	}
	caller, body, err := s.change(c)
	return caller.Actor, body, err
}

func webhookRequest(data []byte) (storage.Webhook, error) {
	var b binder
	root, err := b.root(data, "url", "events")
	if err != nil {
		return storage.Webhook{}, err
	}
	w := storage.Webhook{URL: b.required(root, "url"), Events: b.texts(root, "events", len(storage.Events)+1)}
	for i, event := range w.Events {
		if event != "*" && !slices.Contains(storage.Events, event) {
			b.fault("/events/"+strconv.Itoa(i), "value_unknown")
		}
	}
	if slices.Contains(w.Events, "*") {
		w.Events = nil
	}
	return w, b.err()
}

// texts returns a member's texts, nil when it is absent.
func (b *binder) texts(parent strictjson.Value, name string, most int) []string {
	v, ok := parent.Member(name)
	switch {
	case !ok:
		return nil
	case v.Kind() != strictjson.Array:
		b.fault(v.Pointer(), "array_expected")
		return nil
	case v.Len() > most:
		b.fault(v.Pointer(), "too_many")
		return nil
	}
	all := make([]string, 0, v.Len())
	for element := range v.Elements() {
		if element.Kind() != strictjson.String {
			b.fault(element.Pointer(), "text_expected")
		}
		all = append(all, element.Text())
	}
	return all
}

func (s *Server) deleteWebhook(c *gin.Context) error {
	actor, body, err := s.onceShown(c)
	if err == nil {
		err = nothing(body)
	}
	if err == nil {
		err = s.outbox.DeleteWebhook(c.Request.Context(), s.act(actor), apiKey(c).Tenant, c.Param("id"))
	}
	if err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}

// deliveryBody is a delivery in answers.
type deliveryBody struct {
	ID          string                `json:"id"`
	Kind        storage.DeliveryKind  `json:"kind"`
	Destination string                `json:"destination"`
	Event       string                `json:"event"`
	Object      string                `json:"object"`
	State       storage.DeliveryState `json:"state"`
	Attempts    int                   `json:"attempts"`
	LastError   string                `json:"lastError,omitempty"`
	Created     time.Time             `json:"created"`
	Next        time.Time             `json:"next,omitzero"`
	Finished    time.Time             `json:"finished,omitzero"`
}

func deliveryOf(d storage.Delivery) deliveryBody {
	return deliveryBody{d.ID, d.Kind, d.Destination, d.Event, d.Object, d.State, d.Attempts, d.LastError, d.Created, d.Next, d.Finished}
}

func (s *Server) listDeliveries(c *gin.Context) error {
	page, filters, err := listQuery(c.Request.URL.RawQuery, "state", "destination")
	if err != nil {
		return err
	}
	filter := storage.DeliveryFilter{State: storage.DeliveryState(filters.Get("state")), Destination: filters.Get("destination")}
	states := []storage.DeliveryState{"", storage.DeliveryWaiting, storage.DeliverySent, storage.DeliveryFailed}
	if !slices.Contains(states, filter.State) {
		return violation("?state", "value_unknown")
	}
	items, next, err := s.outbox.Deliveries(c.Request.Context(), apiKey(c).Tenant, filter, page)
	if err != nil {
		return cursorError(err)
	}
	return respond(c, http.StatusOK, listOf(items, next, deliveryOf))
}

func (s *Server) delivery(c *gin.Context) error {
	found, err := s.outbox.Delivery(c.Request.Context(), apiKey(c).Tenant, c.Param("id"))
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, deliveryOf(found))
}

// replayedBody says how many deliveries are sent again.
type replayedBody struct {
	Replayed int `json:"replayed"`
}

func (s *Server) replayDeliveries(c *gin.Context) error {
	actor, body, err := s.onceShown(c)
	if err != nil {
		return err
	}
	var b binder
	var ids []string
	if len(body) > 0 {
		root, err := b.root(body, "deliveries")
		if err != nil {
			return err
		}
		ids = b.texts(root, "deliveries", storage.PageLimit)
		if ids != nil && len(ids) == 0 {
			b.fault("/deliveries", "member_missing")
		}
		if err := b.err(); err != nil {
			return err
		}
	}
	n, err := s.outbox.Replay(c.Request.Context(), s.act(actor), apiKey(c).Tenant, ids)
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, replayedBody{n})
}
