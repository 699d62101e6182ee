package boltstore

import (
	"bytes"
	"context"

	"laurel/storage"
)

// CreateKey records a signing key. Its id must be new in the tenant, its
// thumbprint new in the store.
func (s *Store) CreateKey(ctx context.Context, act storage.Act, k storage.Key) error {
	valid := first(validAct(act), validSlug(k.Tenant), validID("key id", k.ID), validID("key thumbprint", k.Thumbprint))
	return s.write(ctx, "creating key", valid, func(t *txn) error {
		at := of(k.Tenant).text(k.ID)
		if err := first(t.unclaimed(k.Tenant, act), t.known(k.Tenant), t.free(keyKind, k.Thumbprint)); err != nil {
			return err
		}
		if t.get(keyFamily, at) != nil {
			return storage.ErrExists
		}
		t.register(keyKind, k.Thumbprint, at)
		t.putRecord(keyFamily, at, k)
		t.audit(k.Tenant, act, storage.ActionCreateKey, "key/"+k.ID, k.Algorithm)
		t.claimDone(k.Tenant, act, "key/"+k.ID)
		return nil
	})
}

// Key reads a key.
func (s *Store) Key(ctx context.Context, tenant, id string) (storage.Key, error) {
	var k storage.Key
	err := s.read(ctx, "reading key", func(t *txn) (err error) {
		k, err = t.key(of(tenant).text(id))
		return err
	})
	return k, err
}

// FindKey reads the key that has a thumbprint.
func (s *Store) FindKey(ctx context.Context, thumbprint string) (storage.Key, error) {
	var k storage.Key
	err := s.read(ctx, "finding key", func(t *txn) error {
		at, err := t.locate(keyKind, thumbprint)
		if err != nil {
			return err
		}
		k, err = t.key(at)
		return err
	})
	return k, err
}

// ListKeys reads all keys of a tenant by id.
func (s *Store) ListKeys(ctx context.Context, tenant string) ([]storage.Key, error) {
	var keys []storage.Key
	err := s.read(ctx, "listing keys", func(t *txn) error {
		c := t.cursor(keyFamily)
		for at, _ := c.Seek(of(tenant)); bytes.HasPrefix(at, of(tenant)); at, _ = c.Next() {
			k, err := t.key(at)
			if err != nil {
				return err
			}
			keys = append(keys, k)
		}
		return nil
	})
	return keys, err
}

// UpdateKey changes when a key was retired or compromised and where its private
// part is; what the key is stays. change may run twice; when it returns an
// error, that is returned and nothing is changed.
func (s *Store) UpdateKey(ctx context.Context, act storage.Act, tenant, id string, change func(*storage.Key) error) (storage.Key, error) {
	var k storage.Key
	err := s.writeVital(ctx, "updating key", validAct(act), func(t *txn) error {
		if err := t.unclaimed(tenant, act); err != nil {
			return err
		}
		at := of(tenant).text(id)
		stored, err := t.key(at)
		if err != nil {
			return err
		}
		k = stored
		if err := change(&k); err != nil {
			return err
		}
		stored.Backend, stored.Handle, stored.Retired, stored.Compromised = k.Backend, k.Handle, k.Retired, k.Compromised
		k = stored
		t.putRecord(keyFamily, at, k)
		t.audit(tenant, act, storage.ActionUpdateKey, "key/"+id, keyDetail(k))
		t.claimDone(tenant, act, "key/"+id)
		return nil
	})
	return k, err
}

func keyDetail(k storage.Key) string {
	switch {
	case !k.Compromised.IsZero():
		return "compromised"
	case !k.Retired.IsZero():
		return "retired"
	}
	return ""
}

func (t *txn) key(at []byte) (storage.Key, error) {
	return recall(t, keyFamily, at, storage.Key{Tenant: tenantOf(at)})
}

// CreateAPIKey records an API key. Its id must be new in the store.
func (s *Store) CreateAPIKey(ctx context.Context, act storage.Act, k storage.APIKey) error {
	valid := first(validAct(act), validSlug(k.Tenant), validID("API key id", k.ID))
	if valid == nil && len(k.Hash) < 32 {
		valid = invalid("API key with a hash of %d bytes", len(k.Hash))
	}
	return s.write(ctx, "creating API key", valid, func(t *txn) error {
		if err := first(t.unclaimed(k.Tenant, act), t.known(k.Tenant), t.free(apiKeyKind, k.ID)); err != nil {
			return err
		}
		at := of(k.Tenant).text(k.ID)
		t.register(apiKeyKind, k.ID, at)
		t.putRecord(apiKeyFamily, at, k)
		t.audit(k.Tenant, act, storage.ActionCreateAPIKey, "apikey/"+k.ID, "")
		t.claimDone(k.Tenant, act, "apikey/"+k.ID)
		return nil
	})
}

// FindAPIKey reads the API key with this id, expired and revoked ones included.
func (s *Store) FindAPIKey(ctx context.Context, id string) (storage.APIKey, error) {
	var k storage.APIKey
	err := s.read(ctx, "finding API key", func(t *txn) error {
		at, err := t.locate(apiKeyKind, id)
		if err != nil {
			return err
		}
		k, err = recall(t, apiKeyFamily, at, storage.APIKey{Tenant: tenantOf(at)})
		return err
	})
	return k, err
}

// ListAPIKeys reads all API keys of a tenant by id.
func (s *Store) ListAPIKeys(ctx context.Context, tenant string) ([]storage.APIKey, error) {
	var keys []storage.APIKey
	err := s.read(ctx, "listing API keys", func(t *txn) error {
		c := t.cursor(apiKeyFamily)
		for at, data := c.Seek(of(tenant)); bytes.HasPrefix(at, of(tenant)); at, data = c.Next() {
			k := storage.APIKey{Tenant: tenant}
			if err := decode(apiKeyFamily, data, &k); err != nil {
				return err
			}
			keys = append(keys, k)
		}
		return nil
	})
	return keys, err
}

// RevokeAPIKey ends an API key. One that was revoked before stays as it is.
func (s *Store) RevokeAPIKey(ctx context.Context, act storage.Act, tenant, id string) error {
	return s.writeVital(ctx, "revoking API key", validAct(act), func(t *txn) error {
		if err := t.unclaimed(tenant, act); err != nil {
			return err
		}
		at := of(tenant).text(id)
		k := storage.APIKey{}
		if err := t.record(apiKeyFamily, at, &k); err != nil {
			return err
		}
		if k.Revoked.IsZero() {
			k.Revoked = act.Time.UTC()
			t.putRecord(apiKeyFamily, at, k)
			t.audit(tenant, act, storage.ActionRevokeAPIKey, "apikey/"+id, "")
		}
		t.claimDone(tenant, act, "apikey/"+id)
		return nil
	})
}
