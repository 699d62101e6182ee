package boltstore

import (
	"bytes"
	"context"

	"laurel/storage"
)

// CreateTenant makes a tenant. Slug and DID must be new. The act is entered in
// the installation's audit chain.
func (s *Store) CreateTenant(ctx context.Context, act storage.Act, tenant storage.Tenant) error {
	valid := first(validAct(act), validSlug(tenant.Slug), validLength("DID", tenant.DID, 512))
	return s.write(ctx, "creating tenant", valid, func(t *txn) error {
		at := of(tenant.Slug)
		if err := first(t.unclaimed(tenant.Slug, act), t.free(didKind, tenant.DID)); err != nil {
			return err
		}
		if t.get(tenantFamily, at) != nil {
			return storage.ErrExists
		}
		object := "tenant/" + tenant.Slug
		t.register(didKind, tenant.DID, at)
		t.putRecord(tenantFamily, at, tenant)
		t.audit("", act, storage.ActionCreateTenant, object, "")
		t.claimDone(tenant.Slug, act, object)
		return nil
	})
}

// Tenant reads a tenant.
func (s *Store) Tenant(ctx context.Context, slug string) (storage.Tenant, error) {
	var tenant storage.Tenant
	err := s.read(ctx, "reading tenant", func(t *txn) (err error) {
		tenant, err = recall(t, tenantFamily, of(slug), tenant)
		return err
	})
	return tenant, err
}

// FindTenant reads the tenant that has a DID.
func (s *Store) FindTenant(ctx context.Context, did string) (storage.Tenant, error) {
	var tenant storage.Tenant
	err := s.read(ctx, "finding tenant", func(t *txn) error {
		at, err := t.locate(didKind, did)
		if err != nil {
			return err
		}
		tenant, err = recall(t, tenantFamily, at, tenant)
		return err
	})
	return tenant, err
}

// ListTenants reads all tenants by slug.
func (s *Store) ListTenants(ctx context.Context) ([]storage.Tenant, error) {
	var tenants []storage.Tenant
	err := s.read(ctx, "listing tenants", func(t *txn) error {
		return t.bucket(tenantFamily).ForEach(func(_, data []byte) error {
			var tenant storage.Tenant
			if err := decode(tenantFamily, data, &tenant); err != nil {
				return err
			}
			tenants = append(tenants, tenant)
			return nil
		})
	})
	return tenants, err
}

// UpdateTenant changes a tenant's names, profile and quota; slug, DID, usage and the
// time of creation stay. change may run twice; when it returns an error, that is
// returned and nothing is changed.
func (s *Store) UpdateTenant(ctx context.Context, act storage.Act, slug string, change func(*storage.Tenant) error) (storage.Tenant, error) {
	var tenant storage.Tenant
	err := s.write(ctx, "updating tenant", validAct(act), func(t *txn) error {
		if err := t.unclaimed(slug, act); err != nil {
			return err
		}
		tenant = storage.Tenant{}
		if err := t.record(tenantFamily, of(slug), &tenant); err != nil {
			return err
		}
		stored := tenant
		if err := change(&tenant); err != nil {
			return err
		}
		tenant.Slug, tenant.DID, tenant.Created, tenant.Updated, tenant.Usage = slug, stored.DID, stored.Created, act.Time.UTC(), stored.Usage
		if tenant.Quota.AwardsPerDay < 0 {
			return invalid("quota of %d awards a day", tenant.Quota.AwardsPerDay)
		}
		t.putRecord(tenantFamily, of(slug), tenant)
		t.audit(slug, act, storage.ActionUpdateTenant, "tenant/"+slug, "")
		t.claimDone(slug, act, "tenant/"+slug)
		return nil
	})
	return tenant, err
}

// quotaMember stands in the record of a tenant that has a quota, and in no other:
// inside a text the quotation marks would be escaped.
var quotaMember = []byte(`"quota":`)

// charge counts a reservation against the tenant's quota. charged is the record
// to be put in place of the tenant's, nil where nothing is counted. The error is
// storage.ErrNotFound for an unknown tenant, or a *storage.QuotaError. It writes
// nothing.
func (t *txn) charge(r storage.Reservation) (charged *storage.Tenant, err error) {
	data := t.get(tenantFamily, of(r.Tenant))
	switch {
	case data == nil:
		return nil, storage.ErrNotFound
	case r.Instance != "" || !bytes.Contains(data, quotaMember):
		return nil, nil
	}
	var tenant storage.Tenant
	if err := decode(tenantFamily, data, &tenant); err != nil {
		return nil, err
	}
	if tenant.Quota.AwardsPerDay == 0 {
		return nil, nil
	}
	tenant.Usage = tenant.Usage.On(r.Act.Time)
	if tenant.Usage.Awards >= tenant.Quota.AwardsPerDay {
		return nil, &storage.QuotaError{AwardsPerDay: tenant.Quota.AwardsPerDay}
	}
	tenant.Usage.Awards++
	return &tenant, nil
}

// known gives storage.ErrNotFound for a tenant that does not exist.
func (t *txn) known(tenant string) error {
	if t.get(tenantFamily, of(tenant)) == nil {
		return storage.ErrNotFound
	}
	return nil
}
