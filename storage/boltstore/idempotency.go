package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"time"

	"laurel/storage"
)

// claim reads the idempotency record that the act runs into. Expired ones are
// not there. No claim, or none stored, is nil.
func (t *txn) claim(tenant string, act storage.Act) (*storage.Idempotency, error) {
	if act.Idempotency == nil {
		return nil, nil
	}
	claim := act.Idempotency
	found, err := t.idempotency(tenant, claim.APIKey, claim.Key)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case !act.Time.Before(found.Expires):
		return nil, nil
	case found.Body != claim.Body:
		return nil, storage.ErrMismatch
	case found.Done:
		return nil, &storage.ReplayError{Record: *found}
	}
	return found, nil
}

// unclaimed is claim for writes of one transaction, which are never left
// halfway: what is in flight under their key is another kind of request.
func (t *txn) unclaimed(tenant string, act storage.Act) error {
	found, err := t.claim(tenant, act)
	if err == nil && found != nil {
		return storage.ErrInFlight
	}
	return err
}

// claimDone stores the act's answer as that of its key.
func (t *txn) claimDone(tenant string, act storage.Act, object string) {
	if claim := act.Idempotency; claim != nil {
		t.putIdempotency(tenant, storage.Idempotency{
			APIKey: claim.APIKey, Key: claim.Key, Body: claim.Body, Object: object,
			Done: true, Status: claim.Status, Answer: claim.Answer,
			Created: act.Time.UTC(), Expires: claim.Expires.UTC(),
		})
	}
}

// claimHeld stores that the object is being worked on under the act's key.
func (t *txn) claimHeld(tenant, run string, act storage.Act, object string) {
	if claim := act.Idempotency; claim != nil {
		t.putIdempotency(tenant, storage.Idempotency{
			APIKey: claim.APIKey, Key: claim.Key, Body: claim.Body, Object: object,
			Created: act.Time.UTC(), Expires: claim.Expires.UTC(), Lease: claim.Lease.UTC(), Run: run,
		})
	}
}

func idempotencyKey(tenant, apiKey, k string) key { return of(tenant).word(apiKey).text(k) }

func expiryKey(tenant string, row storage.Idempotency) key {
	return of(tenant).sequence(uint64(row.Expires.Unix())).word(row.APIKey).text(row.Key)
}

func (t *txn) idempotency(tenant, apiKey, k string) (*storage.Idempotency, error) {
	data := t.get(idempotencyFamily, idempotencyKey(tenant, apiKey, k))
	if data == nil {
		return nil, storage.ErrNotFound
	}
	row := &storage.Idempotency{Tenant: tenant, APIKey: apiKey, Key: k}
	var err error
	row.Body, err = decodeHashed(idempotencyFamily, data, row)
	return row, err
}

// putIdempotency replaces the key's record, expired ones included.
func (t *txn) putIdempotency(tenant string, row storage.Idempotency) {
	switch old, err := t.idempotency(tenant, row.APIKey, row.Key); {
	case err == nil:
		t.remove(expiryFamily, expiryKey(tenant, *old))
	case !errors.Is(err, storage.ErrNotFound):
		t.note(err)
	}
	t.putHashed(idempotencyFamily, idempotencyKey(tenant, row.APIKey, row.Key), row.Body, row)
	t.put(expiryFamily, expiryKey(tenant, row), nil)
}

// Idempotency reads the record of an idempotency key, expired or not.
func (s *Store) Idempotency(ctx context.Context, tenant, apiKey, idempotencyKey string) (storage.Idempotency, error) {
	var row storage.Idempotency
	err := s.read(ctx, "reading idempotency key", func(t *txn) error {
		found, err := t.idempotency(tenant, apiKey, idempotencyKey)
		if err == nil {
			row = *found
		}
		return err
	})
	return row, err
}

// ExpireIdempotency forgets idempotency keys of all tenants that expired before
// now, at most limit of them, and says how many it forgot. What was reserved
// under them stays.
func (s *Store) ExpireIdempotency(ctx context.Context, now time.Time, limit int) (int, error) {
	forgotten := 0
	err := s.write(ctx, "expiring idempotency keys", nil, func(t *txn) error {
		expired := t.expired(now, limit)
		for _, k := range expired {
			tenant := tenantOf(k)
			prefix := len(of(tenant))
			t.remove(expiryFamily, k)
			t.remove(idempotencyFamily, of(tenant).text(string(k[prefix+8:])))
		}
		forgotten = len(expired)
		return nil
	})
	return forgotten, err
}

// expired collects keys of the expiry bucket, tenant by tenant.
func (t *txn) expired(now time.Time, limit int) (keys []key) {
	c := t.cursor(expiryFamily)
	for k, _ := c.First(); k != nil && len(keys) < limit; {
		chain := of(tenantOf(k))
		if binary.BigEndian.Uint64(k[len(chain):]) < uint64(now.Unix()) {
			keys = append(keys, bytes.Clone(k))
			k, _ = c.Next()
			continue
		}
		// The rest of this tenant's are not due: on to the next tenant.
		k, _ = c.Seek(append(chain[:len(chain)-1], 1))
	}
	return keys
}
