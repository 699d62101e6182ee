package boltstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"laurel/storage"
)

// Deliveries wait in one queue for each destination, which has two lanes. What
// is in order leaves in order: the first of them holds the others up. What was
// set aside waits for its own time.
const (
	laneOrdered = 'o'
	laneAside   = 'r'
)

// post queues a delivery that follows from an audit entry of the transaction.
func (t *txn) post(entry storage.AuditEntry, d storage.Delivery) storage.Delivery {
	d.Tenant, d.Sequence, d.ID = entry.Tenant, entry.Sequence, deliveryID(entry, d.Destination)
	d.State, d.Created, d.Since, d.Next = storage.DeliveryWaiting, entry.Time, entry.Time, entry.Time
	t.putDelivery(d)
	t.enqueue(d)
	if d.Message != nil {
		t.put(messageFamily, of(d.Tenant).sequence(d.Sequence), d.Message)
	}
	return d
}

// deliveryID says where the delivery is and of which entry it is. After a
// restore, numbers are given out again; the entry's hash keeps what they are
// given to apart.
func deliveryID(entry storage.AuditEntry, destination string) string {
	sum := sha256.Sum256(slices.Concat([]byte("laurel delivery 1"), entry.Hash[:], []byte(destination)))
	return base64.RawURLEncoding.EncodeToString(append(key{}.sequence(entry.Sequence), sum[:16]...))
}

func deliveryKey(d storage.Delivery) key {
	return of(d.Tenant).sequence(d.Sequence).text(d.Destination)
}

func (t *txn) putDelivery(d storage.Delivery) { t.putRecord(deliveryFamily, deliveryKey(d), d) }

func queueOf(tenant, destination string) key { return of(tenant).word(destination) }

func (t *txn) enqueue(d storage.Delivery) {
	k, v := queueRow(d)
	t.put(queueFamily, k, v)
}

func (t *txn) dequeue(d storage.Delivery) {
	k, _ := queueRow(d)
	t.remove(queueFamily, k)
}

// queueRow is the place of a waiting delivery in its queue.
func queueRow(d storage.Delivery) (k key, v []byte) {
	due := uint64(d.Next.UnixMilli())
	if d.Aside {
		return queueOf(d.Tenant, d.Destination).byte(laneAside).sequence(due).sequence(d.Sequence), nil
	}
	return queueOf(d.Tenant, d.Destination).byte(laneOrdered).sequence(d.Sequence), key{}.sequence(due)
}

// dueOf reads when the delivery of a queue's row is due.
func dueOf(queue, k, v []byte) (time.Time, error) {
	lane := k[len(queue):]
	switch {
	case len(lane) == 9 && lane[0] == laneOrdered && len(v) == 8:
		return time.UnixMilli(int64(binary.BigEndian.Uint64(v))), nil
	case len(lane) == 17 && lane[0] == laneAside:
		return time.UnixMilli(int64(binary.BigEndian.Uint64(lane[1:]))), nil
	}
	return time.Time{}, fmt.Errorf("%w: row of %q", storage.ErrCorrupt, queueFamily.name)
}

// delivery finds a delivery by its id.
func (t *txn) delivery(tenant, id string) (storage.Delivery, error) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(id)
	if err != nil || len(data) != 24 {
		return storage.Delivery{}, storage.ErrNotFound
	}
	siblings := key(append(of(tenant), data[:8]...))
	c := t.cursor(deliveryFamily)
	for k, row := c.Seek(siblings); bytes.HasPrefix(k, siblings); k, row = c.Next() {
		d := storage.Delivery{Tenant: tenant}
		if err := decode(deliveryFamily, row, &d); err != nil {
			return d, err
		}
		if d.ID == id {
			return d, nil
		}
	}
	return storage.Delivery{}, storage.ErrNotFound
}

// deliveryAt reads the delivery that has a number at a destination.
func (t *txn) deliveryAt(tenant, destination string, sequence uint64) (storage.Delivery, error) {
	d := storage.Delivery{Tenant: tenant}
	err := t.record(deliveryFamily, of(tenant).sequence(sequence).text(destination), &d)
	if err != nil {
		return d, fmt.Errorf("%w: queue without its delivery", storage.ErrCorrupt)
	}
	if d.Kind == storage.DeliveryEmail {
		d.Message = bytes.Clone(t.get(messageFamily, of(tenant).sequence(sequence)))
	}
	return d, nil
}

// QueueMail queues an e-mail as an act of its own. Errors: storage.ErrNotFound
// for an unknown subject, storage.ErrErased.
func (s *Store) QueueMail(ctx context.Context, m storage.Mail) (storage.Delivery, error) {
	valid := first(validAct(m.Act), validLength("event", m.Event, 64), validLength("object", m.Object, 256))
	if valid == nil && (len(m.Message) == 0 || len(m.Message) > 1<<20) {
		valid = invalid("message of %d bytes", len(m.Message))
	}
	var queued storage.Delivery
	err := s.write(ctx, "queueing mail", valid, func(t *txn) error {
		if err := t.unclaimed(m.Tenant, m.Act); err != nil {
			return err
		}
		subject, err := t.subject(m.Tenant, m.Subject)
		switch {
		case err != nil:
			return err
		case !subject.Erased.IsZero():
			return storage.ErrErased
		}
		entry := t.audit(m.Tenant, m.Act, storage.ActionQueueMail, m.Object, m.Event)
		queued = t.post(entry, storage.Delivery{
			Kind: storage.DeliveryEmail, Destination: storage.DestinationEmail, Event: m.Event, Object: m.Object,
			Subject: m.Subject, Message: m.Message,
		})
		t.claimDone(m.Tenant, m.Act, "delivery/"+queued.ID)
		return nil
	})
	return queued, err
}

// Destinations lists every destination that something is waiting for.
func (s *Store) Destinations(ctx context.Context) ([]storage.Destination, error) {
	var waiting []storage.Destination
	err := s.read(ctx, "listing destinations", func(t *txn) error {
		c := t.cursor(queueFamily)
		for k, v := c.First(); k != nil; {
			tenant, rest, _ := bytes.Cut(k, []byte{0})
			id, _, ok := bytes.Cut(rest, []byte{0})
			if !ok {
				return fmt.Errorf("%w: row of %q", storage.ErrCorrupt, queueFamily.name)
			}
			d := storage.Destination{Tenant: string(tenant), ID: string(id)}
			queue := queueOf(d.Tenant, d.ID)
			due, err := dueOf(queue, k, v)
			if err != nil {
				return err
			}
			d.Due = due
			if aside, v := c.Seek(queue.byte(laneAside)); bytes.HasPrefix(aside, queue) {
				if due, err = dueOf(queue, aside, v); err != nil {
					return err
				}
				if due.Before(d.Due) {
					d.Due = due
				}
			}
			waiting = append(waiting, d)
			k, v = c.Seek(append(queue[:len(queue)-1], 1))
		}
		return nil
	})
	return waiting, err
}

// DueDeliveries reads what is to be sent to a destination now, in the order in
// which it should be tried: at most limit set aside before, and limit others.
// E-mails have their Message.
func (s *Store) DueDeliveries(ctx context.Context, tenant, destination string, now time.Time, limit int) ([]storage.Delivery, error) {
	var due []storage.Delivery
	err := s.read(ctx, "reading due deliveries", func(t *txn) error {
		queue := queueOf(tenant, destination)
		for _, lane := range []byte{laneAside, laneOrdered} {
			n := 0
			c := t.cursor(queueFamily)
			for k, v := c.Seek(queue.byte(lane)); bytes.HasPrefix(k, queue.byte(lane)) && n < limit; k, v = c.Next() {
				at, err := dueOf(queue, k, v)
				if err != nil {
					return err
				}
				if at.After(now) {
					break
				}
				d, err := t.deliveryAt(tenant, destination, sequenceOf(k))
				if err != nil {
					return err
				}
				due = append(due, d)
				n++
			}
		}
		return nil
	})
	return due, err
}

// RecordAttempt stores the outcome of sending a delivery. Errors:
// storage.ErrNotFound, and storage.ErrConflict for one that is not waiting.
func (s *Store) RecordAttempt(ctx context.Context, a storage.Attempt) (storage.Delivery, error) {
	var valid error
	if a.Time.IsZero() || len(a.Error) > 64 {
		valid = invalid("attempt")
	}
	var recorded storage.Delivery
	err := s.write(ctx, "recording attempt", valid, func(t *txn) error {
		d, err := t.delivery(a.Tenant, a.ID)
		if err != nil {
			return err
		}
		if d.State != storage.DeliveryWaiting {
			return storage.ErrConflict
		}
		t.dequeue(d)
		d.Attempts++
		d.LastError = a.Error
		switch {
		case a.Error == "":
			t.finish(&d, storage.DeliverySent, a.Time)
		case a.Next.IsZero():
			t.finish(&d, storage.DeliveryFailed, a.Time)
		default:
			d.Next, d.Aside = a.Next.UTC(), d.Aside || a.Aside
			t.enqueue(d)
		}
		t.putDelivery(d)
		recorded = d
		return nil
	})
	return recorded, err
}

// finish ends the waiting of a delivery, which is out of its queue. What an
// e-mail said is forgotten once it is sent. The caller stores the delivery.
func (t *txn) finish(d *storage.Delivery, state storage.DeliveryState, now time.Time) {
	d.State, d.Finished, d.Next, d.Aside = state, now.UTC(), time.Time{}, false
	if d.Kind == storage.DeliveryEmail && state == storage.DeliverySent {
		t.remove(messageFamily, of(d.Tenant).sequence(d.Sequence))
	}
}

// AbandonDeliveries gives up, with an error code, what has been waiting for a
// destination for too long, at most limit deliveries, and says how many it gave
// up.
func (s *Store) AbandonDeliveries(ctx context.Context, a storage.Abandonment, limit int) (int, error) {
	abandoned := 0
	err := s.write(ctx, "abandoning deliveries", nil, func(t *txn) error {
		queue := queueOf(a.Tenant, a.Destination)
		var late []storage.Delivery
		c := t.cursor(queueFamily)
		for k, _ := c.Seek(queue); bytes.HasPrefix(k, queue) && len(late) < limit; k, _ = c.Next() {
			d, err := t.deliveryAt(a.Tenant, a.Destination, sequenceOf(k))
			if err != nil {
				return err
			}
			if !d.Since.After(a.Since) {
				late = append(late, d)
			} else if !d.Aside {
				break // those behind it are younger
			}
		}
		for _, d := range late {
			t.dequeue(d)
			d.LastError = a.Error
			t.finish(&d, storage.DeliveryFailed, a.Time)
			t.putDelivery(d)
		}
		abandoned = len(late)
		return nil
	})
	return abandoned, err
}

// ReplayDeliveries has deliveries sent again, which may be waiting, sent or
// given up. It is one act, whatever their number, and does all or none. Errors:
// storage.ErrNotFound for an unknown one, storage.ErrConflict for one whose
// webhook or message is gone.
func (s *Store) ReplayDeliveries(ctx context.Context, act storage.Act, tenant string, ids []string) error {
	valid := validAct(act)
	if valid == nil && (len(ids) == 0 || len(ids) > storage.PageLimit) {
		valid = invalid("%d deliveries", len(ids))
	}
	return s.write(ctx, "replaying deliveries", valid, func(t *txn) error {
		if err := t.unclaimed(tenant, act); err != nil {
			return err
		}
		again := make([]storage.Delivery, len(ids))
		for i, id := range ids {
			d, err := t.delivery(tenant, id)
			if err != nil {
				return err
			}
			if !t.deliverable(d) {
				return fmt.Errorf("delivery that cannot be made: %w", storage.ErrConflict)
			}
			again[i] = d
		}
		for _, d := range again {
			if d.State == storage.DeliveryWaiting {
				t.dequeue(d)
			} else {
				d.State, d.Aside, d.Finished, d.LastError = storage.DeliveryWaiting, true, time.Time{}, ""
			}
			d.Attempts, d.Since, d.Next = 0, act.Time.UTC(), act.Time.UTC()
			t.enqueue(d)
			t.putDelivery(d)
		}
		object := "delivery/" + ids[0]
		if len(ids) > 1 {
			object = "deliveries"
		}
		t.audit(tenant, act, storage.ActionReplay, object, decimal(len(ids)))
		t.claimDone(tenant, act, object)
		return nil
	})
}

// deliverable reports whether there is what a delivery is made from.
func (t *txn) deliverable(d storage.Delivery) bool {
	if d.Kind == storage.DeliveryEmail {
		return t.get(messageFamily, of(d.Tenant).sequence(d.Sequence)) != nil
	}
	return t.get(webhookFamily, of(d.Tenant).text(d.Destination)) != nil
}

// PruneDeliveries forgets deliveries that were sent or given up, of acts before
// a time, at most limit of them, and says how many it forgot.
func (s *Store) PruneDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	pruned := 0
	err := s.write(ctx, "pruning deliveries", nil, func(t *txn) error {
		old, err := t.oldDeliveries(before, limit)
		if err != nil {
			return err
		}
		for _, d := range old {
			t.remove(deliveryFamily, deliveryKey(d))
			if d.Kind == storage.DeliveryEmail {
				t.remove(messageFamily, of(d.Tenant).sequence(d.Sequence))
			}
		}
		pruned = len(old)
		return nil
	})
	return pruned, err
}

func (t *txn) oldDeliveries(before time.Time, limit int) (old []storage.Delivery, err error) {
	c := t.cursor(deliveryFamily)
	for k, data := c.First(); k != nil && len(old) < limit; {
		d := storage.Delivery{Tenant: tenantOf(k)}
		if err := decode(deliveryFamily, data, &d); err != nil {
			return nil, err
		}
		if !d.Created.Before(before) { // the rest of this tenant's are younger
			k, data = c.Seek(append(key(d.Tenant), 1))
			continue
		}
		if d.State != storage.DeliveryWaiting {
			old = append(old, d)
		}
		k, data = c.Next()
	}
	return old, nil
}
