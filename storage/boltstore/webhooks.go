package boltstore

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"

	"laurel/storage"
)

// maxWebhooks bounds the webhooks of a tenant, and with it what one act writes.
const maxWebhooks = 20

// CreateWebhook records a webhook, which is told of acts from then on. Errors:
// storage.ErrExists, storage.ErrNotFound for an unknown tenant, and
// storage.ErrConflict when the tenant has as many as it may.
func (s *Store) CreateWebhook(ctx context.Context, act storage.Act, w storage.Webhook) error {
	valid := first(validAct(act), validSlug(w.Tenant), validID("webhook id", w.ID), validLength("webhook URL", w.URL, 2048))
	if valid == nil && (len(w.Secret) == 0 || w.ID == storage.DestinationEmail) {
		valid = invalid("webhook")
	}
	return s.write(ctx, "creating webhook", valid, func(t *txn) error {
		if err := first(t.unclaimed(w.Tenant, act), t.known(w.Tenant)); err != nil {
			return err
		}
		at := of(w.Tenant).text(w.ID)
		if t.get(webhookFamily, at) != nil {
			return storage.ErrExists
		}
		existing, err := t.webhooks(w.Tenant)
		if err != nil {
			return err
		}
		if len(existing) >= maxWebhooks {
			return fmt.Errorf("tenant with %d webhooks: %w", len(existing), storage.ErrConflict)
		}
		t.putRecord(webhookFamily, at, w)
		t.audit(w.Tenant, act, storage.ActionCreateWebhook, "webhook/"+w.ID, "")
		t.claimDone(w.Tenant, act, "webhook/"+w.ID)
		return nil
	})
}

// Webhook reads a webhook.
func (s *Store) Webhook(ctx context.Context, tenant, id string) (storage.Webhook, error) {
	w := storage.Webhook{Tenant: tenant}
	err := s.read(ctx, "reading webhook", func(t *txn) error {
		return t.record(webhookFamily, of(tenant).text(id), &w)
	})
	return w, err
}

// ListWebhooks reads all webhooks of a tenant by id.
func (s *Store) ListWebhooks(ctx context.Context, tenant string) ([]storage.Webhook, error) {
	var all []storage.Webhook
	err := s.read(ctx, "listing webhooks", func(t *txn) (err error) {
		all, err = t.webhooks(tenant)
		return err
	})
	return all, err
}

func (t *txn) webhooks(tenant string) (all []storage.Webhook, err error) {
	c := t.cursor(webhookFamily)
	for k, data := c.Seek(of(tenant)); bytes.HasPrefix(k, of(tenant)); k, data = c.Next() {
		w := storage.Webhook{Tenant: tenant}
		if err := decode(webhookFamily, data, &w); err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

// DeleteWebhook ends a webhook. What was waiting for it is for the caller to
// abandon; nothing can be sent to it any more.
func (s *Store) DeleteWebhook(ctx context.Context, act storage.Act, tenant, id string) error {
	return s.write(ctx, "deleting webhook", validAct(act), func(t *txn) error {
		if err := t.unclaimed(tenant, act); err != nil {
			return err
		}
		at := of(tenant).text(id)
		if t.get(webhookFamily, at) == nil {
			return storage.ErrNotFound
		}
		t.remove(webhookFamily, at)
		t.audit(tenant, act, storage.ActionDeleteWebhook, "webhook/"+id, "")
		t.claimDone(tenant, act, "webhook/"+id)
		return nil
	})
}

// Delivery reads a delivery without its message.
func (s *Store) Delivery(ctx context.Context, tenant, id string) (storage.Delivery, error) {
	var d storage.Delivery
	err := s.read(ctx, "reading delivery", func(t *txn) (err error) {
		d, err = t.delivery(tenant, id)
		return err
	})
	return d, err
}

// scanLimit bounds the rows that one page of a filtered list may look at: a
// page may have fewer items than asked for and be followed by another.
const scanLimit = 10_000

// deliveryCursorVersion begins cursors of deliveries, whose numbers are not
// unique.
const deliveryCursorVersion = 2

// ListDeliveries lists a tenant's deliveries without their messages, the newest
// first. A page may have fewer than its limit, even none, and be followed by
// more.
func (s *Store) ListDeliveries(ctx context.Context, tenant string, filter storage.DeliveryFilter, page storage.Page) (items []storage.Delivery, next string, err error) {
	err = s.read(ctx, "listing deliveries", func(t *txn) error {
		before, limit, err := deliveryWindow(tenant, page)
		if err != nil {
			return err
		}
		c := t.cursor(deliveryFamily)
		newest := c.Prev
		if k, _ := c.Seek(before); k == nil {
			newest = c.Last
		}
		scanned := 0
		for k, data := newest(); bytes.HasPrefix(k, of(tenant)); k, data = c.Prev() {
			if len(items) == limit || scanned == scanLimit {
				next = base64.RawURLEncoding.EncodeToString(append([]byte{deliveryCursorVersion}, before[len(of(tenant)):]...))
				return nil
			}
			scanned++
			before = bytes.Clone(k)
			d := storage.Delivery{Tenant: tenant}
			if err := decode(deliveryFamily, data, &d); err != nil {
				return err
			}
			if (filter.State == "" || filter.State == d.State) && (filter.Destination == "" || filter.Destination == d.Destination) {
				items = append(items, d)
			}
		}
		return nil
	})
	return items, next, err
}

// deliveryWindow is the key before which a page lies.
func deliveryWindow(tenant string, page storage.Page) (before key, limit int, err error) {
	w, err := windowOf(storage.Page{Limit: page.Limit})
	if err != nil || page.Cursor == "" {
		return of(tenant).sequence(1<<64 - 1), w.limit, err
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(page.Cursor)
	if err != nil || len(data) < 10 || len(data) > 100 || data[0] != deliveryCursorVersion {
		return nil, 0, invalid("cursor")
	}
	return append(of(tenant), data[1:]...), w.limit, nil
}
