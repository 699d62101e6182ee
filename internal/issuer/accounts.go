package issuer

import (
	"context"
	"fmt"
	"time"

	"laurel/credential/strictjson"
	"laurel/storage"
)

// Account is an issuer as its operators see it.
type Account struct {
	Issuer
	Institution Institution
	Quota       storage.Quota
	// AwardsToday is how many of a quota are used today, by UTC; 0 where there is
	// none.
	AwardsToday      int
	Created, Updated time.Time
}

// Account returns a tenant's account, or storage.ErrNotFound.
func (s *Service) Account(ctx context.Context, slug string) (Account, error) {
	tenant, err := s.store.Tenant(ctx, slug)
	if err != nil {
		return Account{}, err
	}
	return s.account(tenant)
}

// Accounts lists all accounts by slug.
func (s *Service) Accounts(ctx context.Context) ([]Account, error) {
	tenants, err := s.store.ListTenants(ctx)
	if err != nil {
		return nil, err
	}
	accounts := make([]Account, len(tenants))
	for i, tenant := range tenants {
		if accounts[i], err = s.account(tenant); err != nil {
			return nil, err
		}
	}
	return accounts, nil
}

// CreateAccount is CreateIssuer for one that may have a quota.
func (s *Service) CreateAccount(ctx context.Context, caller Caller, slug string, institution Institution, quota storage.Quota) (Account, error) {
	if err := CheckSlug(slug); err != nil {
		return Account{}, err
	}
	if quota.AwardsPerDay < 0 {
		return Account{}, fault("/quota/awardsPerDay", "quota_malformed")
	}
	tenant := storage.Tenant{Slug: slug, DID: s.base.didOf(slug), Quota: quota}
	if _, err := s.createIssuer(ctx, caller.Actor, tenant, institution); err != nil {
		return Account{}, err
	}
	return s.Account(ctx, slug)
}

// UpdateAccount changes an account: edit gets it as it is, and what it leaves in
// Institution and Quota is stored; everything else stays. Badges that were awarded
// before keep what they say of their issuer. Errors: *InvalidError;
// storage.ErrNotFound; storage.ErrConflict when somebody else changed it at the
// same time; the error of edit.
func (s *Service) UpdateAccount(ctx context.Context, caller Caller, slug string, edit func(*Account) error) (Account, error) {
	before, err := s.Account(ctx, slug)
	if err != nil {
		return Account{}, err
	}
	after := before
	if err := edit(&after); err != nil {
		return Account{}, err
	}
	if after.Quota.AwardsPerDay < 0 {
		return Account{}, fault("/quota/awardsPerDay", "quota_malformed")
	}
	profile, err := s.profile(ctx, before.DID, after.Institution)
	if err != nil {
		return Account{}, err
	}
	caller.Idempotency = nil // the same again changes nothing
	stored, err := s.store.UpdateTenant(ctx, s.act(caller, nil), slug, func(tenant *storage.Tenant) error {
		if !tenant.Updated.Equal(before.Updated) {
			return storage.ErrConflict
		}
		tenant.Name, tenant.LegalName, tenant.Quota = after.Institution.Name, after.Institution.LegalName, after.Quota
		tenant.Profile = profile
		return nil
	})
	if err != nil {
		return Account{}, err
	}
	return s.account(stored)
}

// account reads an institution back from its profile.
func (s *Service) account(tenant storage.Tenant) (Account, error) {
	document, err := strictjson.Parse(tenant.Profile)
	if err != nil {
		return Account{}, fmt.Errorf("reading profile of %s: %w", tenant.Slug, storage.ErrCorrupt)
	}
	profile := document.Root()
	return Account{
		Issuer: s.issuer(tenant),
		Institution: Institution{
			Name: tenant.Name, LegalName: tenant.LegalName, URL: profile.Get("url").Text(), Email: profile.Get("email").Text(),
			Description: profile.Get("description").Text(), Image: profile.Get("image").Get("id").Text(),
		},
		Quota: tenant.Quota, AwardsToday: tenant.Usage.On(s.clock()).Awards, Created: tenant.Created, Updated: tenant.Updated,
	}, nil
}
