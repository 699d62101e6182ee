package issuer

import (
	"context"
	"errors"
	"fmt"

	"laurel/credential"
	"laurel/internal/keys"
	"laurel/storage"
)

// DefaultSlug is the name of the default issuer. No other can have it.
const DefaultSlug = "default"

// Institution describes who issues. Only Name is required.
type Institution struct {
	Name        string
	LegalName   string
	URL         string // the institution's website
	Email       string // a public address
	Description string
	// Image is the URL, also a data: URL, of a PNG or SVG logo.
	Image string
}

// Issuer is an institution as an issuer of badges.
type Issuer struct {
	// Slug is its name in URLs; as a tenant it is known by the same one.
	Slug string
	// DID is issuer.id in its badges.
	DID string
	// Default marks the one whose document is at /.well-known/did.json.
	Default bool
	// Name is for display.
	Name string
	// URL is where its Profile is published.
	URL string
}

// SetUp makes the default issuer, did:web of the installation's host, and its
// first signing key. It completes a set-up that a crash left without a key, and
// gives storage.ErrExists when there is nothing left to do.
func (s *Service) SetUp(ctx context.Context, actor string, institution Institution) (Issuer, error) {
	return s.createIssuer(ctx, actor, storage.Tenant{Slug: DefaultSlug, DID: s.base.did}, institution)
}

// CreateIssuer makes a further issuer, did:web:HOST:issuers:SLUG, and its first
// signing key; see SetUp. Errors: *InvalidError; storage.ErrExists.
func (s *Service) CreateIssuer(ctx context.Context, actor, slug string, institution Institution) (Issuer, error) {
	if err := CheckSlug(slug); err != nil {
		return Issuer{}, err
	}
	return s.createIssuer(ctx, actor, storage.Tenant{Slug: slug, DID: s.base.didOf(slug)}, institution)
}

// createIssuer makes a tenant of which slug, DID and quota are given.
func (s *Service) createIssuer(ctx context.Context, actor string, tenant storage.Tenant, institution Institution) (Issuer, error) {
	profile, err := s.profile(ctx, tenant.DID, institution)
	if err != nil {
		return Issuer{}, err
	}
	slug := tenant.Slug
	act := s.act(Caller{Tenant: slug, Actor: actor}, nil)
	tenant.Name, tenant.LegalName, tenant.Profile = institution.Name, institution.LegalName, profile
	tenant.Created, tenant.Updated = act.Time, act.Time
	exists := s.store.CreateTenant(ctx, act, tenant)
	if exists != nil && !errors.Is(exists, storage.ErrExists) {
		return Issuer{}, exists
	}
	made, err := s.ring.List(ctx, slug)
	if err != nil {
		return Issuer{}, err
	}
	if len(made) > 0 {
		return Issuer{}, exists
	}
	if _, err := s.ring.Create(ctx, act, slug, keys.NewKey{}); err != nil {
		return Issuer{}, err
	}
	return s.Issuer(ctx, slug)
}

// profile makes the Profile that is the issuer of badges.
func (s *Service) profile(ctx context.Context, did string, institution Institution) ([]byte, error) {
	profile := credential.Profile{
		ID: did, Name: institution.Name, Description: institution.Description,
		URL: institution.URL, Email: institution.Email,
	}
	if institution.Image != "" {
		profile.Image = &credential.Image{ID: institution.Image}
	}
	if !plainText(institution.Name, 200) {
		return nil, fault("/name", "name_malformed")
	}
	if institution.LegalName != "" && !plainText(institution.LegalName, 200) {
		return nil, fault("/legalName", "name_malformed")
	}
	if institution.Email != "" && normalizeEmail(institution.Email) == "" {
		return nil, fault("/email", "email_malformed")
	}
	data, err := credential.Marshal(profile)
	if err != nil {
		return nil, fmt.Errorf("writing profile: %w", err)
	}
	sample := draft{issuer: data, achievement: sampleAchievement}
	return data, s.judge(ctx, sample.unsigned(), rebase("/issuer/image/id", "/image", "/issuer", ""))
}

// Issuer returns an issuer by its slug, or the default one for "".
func (s *Service) Issuer(ctx context.Context, slug string) (Issuer, error) {
	tenant, err := s.tenant(ctx, slug)
	if err != nil {
		return Issuer{}, err
	}
	return s.issuer(tenant), nil
}

func (s *Service) tenant(ctx context.Context, slug string) (storage.Tenant, error) {
	if slug == "" {
		return s.store.FindTenant(ctx, s.base.did)
	}
	return s.store.Tenant(ctx, slug)
}

func (s *Service) issuer(tenant storage.Tenant) Issuer {
	return Issuer{
		Slug: tenant.Slug, DID: tenant.DID, Default: tenant.DID == s.base.did,
		Name: tenant.Name, URL: s.base.issuer(tenant.Slug),
	}
}
