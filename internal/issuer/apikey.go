package issuer

import (
	"context"
	"time"
)

// Scopes of API keys.
const (
	ScopeAchievements = "achievements" // describe achievements and read them
	ScopeCredentials  = "credentials"  // award, revoke and read awards
	ScopeAdmin        = "admin"        // everything, API keys and signing keys included
)

// APIKey is an operator's key without its secret.
type APIKey struct {
	ID      string
	Tenant  string
	Name    string
	Scopes  []string
	Created time.Time
	Expires time.Time // zero when it does not
	Revoked time.Time // zero while it is in force
}

// Allows reports whether the key has a scope, or ScopeAdmin.
func (k APIKey) Allows(scope string) bool { return false }

// NewAPIKey describes a key to be made.
type NewAPIKey struct {
	Name    string
	Scopes  []string
	Expires time.Time // zero when it is not to expire
}

// CreateAPIKey makes an API key and returns its token, which is shown once: only
// a hash of it is stored. A token is "laurel_", the key's id, "_" and 256
// random bits.
func (s *Service) CreateAPIKey(ctx context.Context, caller Caller, key NewAPIKey) (token string, made APIKey, err error) {
	return "", APIKey{}, errNotYet
}

// Authenticate returns the API key whose token this is. Whatever is wrong with
// a token is ErrUnauthorized, in the same time for every secret; other errors
// are the store's.
func (s *Service) Authenticate(ctx context.Context, token string) (APIKey, error) {
	return APIKey{}, errNotYet
}

// APIKeys lists a tenant's API keys.
func (s *Service) APIKeys(ctx context.Context, tenant string) ([]APIKey, error) {
	return nil, errNotYet
}

// RevokeAPIKey ends an API key at once and for good.
func (s *Service) RevokeAPIKey(ctx context.Context, caller Caller, id string) error {
	return errNotYet
}
