package boltstore

import (
	"bytes"
	"context"

	"laurel/storage"
)

// SubjectKey reads a subject's key. Of an erased one the record is left,
// without the key.
func (s *Store) SubjectKey(ctx context.Context, tenant, id string) (storage.SubjectKey, error) {
	var subject storage.SubjectKey
	err := s.read(ctx, "reading subject key", func(t *txn) (err error) {
		subject, err = t.subject(tenant, id)
		return err
	})
	return subject, err
}

// LookupSubject reads the key of the subject with a lookup value.
func (s *Store) LookupSubject(ctx context.Context, tenant string, lookup []byte) (storage.SubjectKey, error) {
	var subject storage.SubjectKey
	err := s.read(ctx, "looking up subject", func(t *txn) error {
		id := t.get(lookupFamily, of(tenant).text(string(lookup)))
		if id == nil {
			return storage.ErrNotFound
		}
		var err error
		subject, err = t.subject(tenant, string(id))
		return err
	})
	return subject, err
}

// EraseSubject destroys a subject's key and removes everything sealed under it
// and the means to look the subject up. The credentials' records stay, marked
// as erased, and so does their status. It returns how many there are. Erasing
// twice is no error.
//
// Until the file's free pages are overwritten or the file is compacted, the
// removed bytes can be found on the disk by whoever has the installation's key.
func (s *Store) EraseSubject(ctx context.Context, act storage.Act, tenant, id string) (int, error) {
	erased := 0
	err := s.writeVital(ctx, "erasing subject", validAct(act), func(t *txn) error {
		if err := t.unclaimed(tenant, act); err != nil {
			return err
		}
		subject, err := t.subject(tenant, id)
		if err != nil {
			return err
		}
		credentials := t.holdings(tenant, id)
		erased = len(credentials)
		if subject.Erased.IsZero() {
			if err := t.erase(act, subject, credentials); err != nil {
				return err
			}
		}
		t.claimDone(tenant, act, "subject/"+id)
		return nil
	})
	return erased, err
}

func (t *txn) erase(act storage.Act, subject storage.SubjectKey, credentials []key) error {
	for _, at := range credentials {
		c := storage.Credential{}
		if err := t.record(credentialFamily, at, &c); err != nil {
			return err
		}
		c.Erased = act.Time.UTC()
		t.putCredential(at, c)
		t.remove(signedFamily, at)
		t.remove(recipientFamily, at)
	}
	if err := first(t.eraseAwardRows(subject.Tenant, subject.Lookup), t.eraseMessages(act, subject)); err != nil {
		return err
	}
	if len(subject.Lookup) > 0 {
		t.remove(lookupFamily, of(subject.Tenant).text(string(subject.Lookup)))
	}
	subject.Wrapped, subject.Lookup, subject.Erased = nil, nil, act.Time.UTC()
	t.putRecord(subjectFamily, of(subject.Tenant).text(subject.ID), subject)
	t.audit(subject.Tenant, act, storage.ActionEraseSubject, "subject/"+subject.ID, decimal(len(credentials)))
	return nil
}

// eraseMessages removes what e-mails say to a subject, and gives up those that
// are waiting.
func (t *txn) eraseMessages(act storage.Act, subject storage.SubjectKey) error {
	var found []storage.Delivery
	c := t.cursor(deliveryFamily)
	for k, data := c.Seek(of(subject.Tenant)); bytes.HasPrefix(k, of(subject.Tenant)); k, data = c.Next() {
		d := storage.Delivery{Tenant: subject.Tenant}
		if err := decode(deliveryFamily, data, &d); err != nil {
			return err
		}
		if d.Kind == storage.DeliveryEmail && d.Subject == subject.ID {
			found = append(found, d)
		}
	}
	for _, d := range found {
		if d.State == storage.DeliveryWaiting {
			t.dequeue(d)
			d.LastError = "erased"
			t.finish(&d, storage.DeliveryFailed, act.Time)
			t.putDelivery(d)
		}
		t.remove(messageFamily, of(d.Tenant).sequence(d.Sequence))
	}
	return nil
}

// EraseLookup removes what bulk awards hold of a person who has no credential
// yet and is known by a lookup value alone. Whoever has credentials is a
// subject; see [Store.EraseSubject].
func (s *Store) EraseLookup(ctx context.Context, act storage.Act, tenant string, lookup []byte) error {
	return s.writeVital(ctx, "erasing rows of bulk awards", validAct(act), func(t *txn) error {
		if err := first(t.unclaimed(tenant, act), t.known(tenant), t.eraseAwardRows(tenant, lookup)); err != nil {
			return err
		}
		t.audit(tenant, act, storage.ActionEraseSubject, "subject/unknown", "")
		t.claimDone(tenant, act, "subject/unknown")
		return nil
	})
}

// holdings gives the keys of a subject's credentials.
func (t *txn) holdings(tenant, id string) (credentials []key) {
	prefix := of(tenant).word(id)
	c := t.cursor(holdingFamily)
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		credentials = append(credentials, of(tenant).sequence(sequenceOf(k)))
	}
	return credentials
}

func (t *txn) subject(tenant, id string) (storage.SubjectKey, error) {
	subject := storage.SubjectKey{Tenant: tenant, ID: id}
	err := t.record(subjectFamily, of(tenant).text(id), &subject)
	return subject, err
}

// putSubject stores a new subject.
func (t *txn) putSubject(subject storage.SubjectKey) {
	t.putRecord(subjectFamily, of(subject.Tenant).text(subject.ID), subject)
	if len(subject.Lookup) > 0 {
		t.put(lookupFamily, of(subject.Tenant).text(string(subject.Lookup)), []byte(subject.ID))
	}
}
