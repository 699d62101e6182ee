package issuer

import (
	"context"

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
	return Issuer{}, errNotYet
}

// CreateIssuer makes a further issuer, did:web:HOST:issuers:SLUG, and its first
// signing key. Errors: *InvalidError; storage.ErrExists.
func (s *Service) CreateIssuer(ctx context.Context, actor, slug string, institution Institution) (Issuer, error) {
	return Issuer{}, errNotYet
}

// Issuer returns an issuer by its slug, or the default one for "".
func (s *Service) Issuer(ctx context.Context, slug string) (Issuer, error) {
	return Issuer{}, errNotYet
}

// Issuers lists all issuers by slug.
func (s *Service) Issuers(ctx context.Context) ([]Issuer, error) { return nil, errNotYet }

// DIDDocument returns the DID document of the issuer with this slug, or of the
// default one for "". The default one is found under "" alone.
func (s *Service) DIDDocument(ctx context.Context, slug string) ([]byte, error) {
	return nil, errNotYet
}

// Profile returns the Open Badges Profile of an issuer as JSON-LD. It is the
// controlled identifier document of its own URL too, listing the same keys as
// the DID document.
func (s *Service) Profile(ctx context.Context, slug string) ([]byte, error) { return nil, errNotYet }

// JWKS returns the public keys of all issuers as a JWK Set. Each has its
// issuer's DID as iss and its thumbprint as kid. Compromised keys are left out.
func (s *Service) JWKS(ctx context.Context) ([]byte, error) { return nil, errNotYet }

// JWK returns one public key by its kid as a JWK, or storage.ErrNotFound, also
// for a compromised key.
func (s *Service) JWK(ctx context.Context, kid string) ([]byte, error) { return nil, errNotYet }

var _ = storage.ErrNotFound
