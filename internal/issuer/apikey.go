package issuer

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"laurel/storage"
)

// Scopes of API keys.
const (
	ScopeAchievements = "achievements" // describe achievements and read them
	ScopeCredentials  = "credentials"  // award, revoke and read awards
	ScopeAdmin        = "admin"        // everything of its tenant, API keys and signing keys included
	// ScopeInstallation is for tenants: making them, their quotas and their API
	// keys. ScopeAdmin does not include it, and only keys of the default issuer
	// can have it.
	ScopeInstallation = "installation"
)

var scopes = []string{ScopeAchievements, ScopeCredentials, ScopeAdmin, ScopeInstallation}

// APIKey is an operator's key without its secret.
type APIKey struct {
	ID      string
	Tenant  string // the slug
	Name    string
	Scopes  []string
	Created time.Time
	Expires time.Time // zero when it does not
	Revoked time.Time // zero while it is in force
}

// Allows reports whether the key has a scope, or ScopeAdmin if that includes it.
func (k APIKey) Allows(scope string) bool {
	return slices.Contains(k.Scopes, scope) || scope != ScopeInstallation && slices.Contains(k.Scopes, ScopeAdmin)
}

// NewAPIKey describes a key to be made.
type NewAPIKey struct {
	Name    string
	Scopes  []string
	Expires time.Time // zero when it is not to expire
}

const (
	tokenPrefix = "laurel"
	apiKeyID    = 8  // random bytes; the id is only looked up
	secretSize  = 32 // random bytes
)

// CreateAPIKey makes an API key and returns its token, which is shown once: only
// a hash of it is stored. A token is "laurel_", the key's id, "_" and 256
// random bits. Errors: *InvalidError.
func (s *Service) CreateAPIKey(ctx context.Context, caller Caller, key NewAPIKey) (token string, made APIKey, err error) {
	if !plainText(key.Name, 200) {
		return "", APIKey{}, fault("/name", "name_malformed")
	}
	for i, scope := range key.Scopes {
		if !slices.Contains(scopes, scope) {
			return "", APIKey{}, fault("/scopes/"+decimal(i), "scope_unknown")
		}
		if scope == ScopeInstallation && caller.Tenant != DefaultSlug {
			return "", APIKey{}, fault("/scopes/"+decimal(i), "scope_exceeds")
		}
	}
	if !key.Expires.IsZero() && !s.clock().Before(key.Expires) {
		return "", APIKey{}, fault("/expires", "expires_past")
	}
	id, err := s.random(apiKeyID)
	if err != nil {
		return "", APIKey{}, err
	}
	secret, err := s.random(secretSize)
	if err != nil {
		return "", APIKey{}, err
	}
	caller.Idempotency = nil // a token cannot be shown twice
	act := s.act(caller, nil)
	record := storage.APIKey{
		Tenant: caller.Tenant, ID: hex.EncodeToString(id), Name: key.Name, Scopes: key.Scopes,
		Created: act.Time, Expires: key.Expires,
	}
	token = strings.Join([]string{tokenPrefix, record.ID, base64.RawURLEncoding.EncodeToString(secret)}, "_")
	record.Hash = s.tokenHash(token)
	if err := s.store.CreateAPIKey(ctx, act, record); err != nil {
		return "", APIKey{}, err
	}
	return token, apiKey(record), nil
}

// Authenticate returns the API key whose token this is. Whatever is wrong with
// a token is ErrUnauthorized, in the same time for every secret; other errors
// are the store's.
func (s *Service) Authenticate(ctx context.Context, token string) (APIKey, error) {
	parts := strings.SplitN(token, "_", 3)
	if len(parts) != 3 || parts[0] != tokenPrefix || len(parts[1]) != hex.EncodedLen(apiKeyID) ||
		len(parts[2]) != base64.RawURLEncoding.EncodedLen(secretSize) {
		return APIKey{}, ErrUnauthorized
	}
	given := s.tokenHash(token)
	record, err := s.store.FindAPIKey(ctx, parts[1])
	switch {
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrInvalid):
		return APIKey{}, ErrUnauthorized
	case err != nil:
		return APIKey{}, fmt.Errorf("authenticating: %w", err)
	case !hmac.Equal(given, record.Hash):
		return APIKey{}, ErrUnauthorized
	case !record.Revoked.IsZero() || !record.Expires.IsZero() && !s.clock().Before(record.Expires):
		return APIKey{}, ErrUnauthorized
	}
	return apiKey(record), nil
}

// tokenHash is keyed, so that whoever can only write to the store cannot make a
// key. A token has more entropy than a slow hash could add.
func (s *Service) tokenHash(token string) []byte {
	mac := hmac.New(sha256.New, s.tokenKey)
	mac.Write([]byte(token))
	return mac.Sum(nil)
}

// APIKeys lists a tenant's API keys.
func (s *Service) APIKeys(ctx context.Context, tenant string) ([]APIKey, error) {
	records, err := s.store.ListAPIKeys(ctx, tenant)
	if err != nil {
		return nil, err
	}
	list := make([]APIKey, len(records))
	for i, record := range records {
		list[i] = apiKey(record)
	}
	return list, nil
}

// RevokeAPIKey ends an API key at once and for good.
func (s *Service) RevokeAPIKey(ctx context.Context, caller Caller, id string) error {
	return repeated(s.store.RevokeAPIKey(ctx, s.act(caller, nil), caller.Tenant, id))
}

func apiKey(k storage.APIKey) APIKey {
	return APIKey{
		ID: k.ID, Tenant: k.Tenant, Name: k.Name, Scopes: k.Scopes,
		Created: k.Created, Expires: k.Expires, Revoked: k.Revoked,
	}
}
