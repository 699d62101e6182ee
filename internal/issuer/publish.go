package issuer

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"laurel/credential"
	"laurel/credential/jose"
	"laurel/credential/strictjson"
	"laurel/did"
	"laurel/internal/keys"
	"laurel/storage"
)

// contextCID defines the members of a controlled identifier document.
const contextCID = "https://www.w3.org/ns/cid/v1"

// DIDDocument returns the DID document of the issuer with this slug, or of the
// default one for "". The default one is found under "" alone.
func (s *Service) DIDDocument(ctx context.Context, slug string) ([]byte, error) {
	tenant, err := s.tenant(ctx, slug)
	if err != nil {
		return nil, err
	}
	if slug != "" && tenant.DID != s.base.didOf(slug) {
		return nil, fmt.Errorf("finding DID document: %w", storage.ErrNotFound)
	}
	published, err := s.publishedKeys(ctx, tenant.Slug)
	if err != nil {
		return nil, err
	}
	return did.PublishedDocument{
		ID: tenant.DID, Keys: published,
		Members: map[string]json.RawMessage{"alsoKnownAs": texts(s.base.issuer(tenant.Slug))},
	}.MarshalJSON()
}

// Profile returns the Open Badges Profile of an issuer as JSON-LD. It is the
// controlled identifier document of its own URL too, listing the same keys as
// the DID document. On a loopback host without TLS it lists none: an http URL
// identifies no controller.
func (s *Service) Profile(ctx context.Context, slug string) ([]byte, error) {
	tenant, err := s.store.Tenant(ctx, slug)
	if err != nil {
		return nil, err
	}
	published, err := s.publishedKeys(ctx, tenant.Slug)
	if err != nil {
		return nil, err
	}
	profile, err := strictjson.Parse(tenant.Profile)
	if err != nil {
		return nil, fmt.Errorf("reading profile: %w", err)
	}
	members := map[string]json.RawMessage{"alsoKnownAs": texts(tenant.DID)}
	for name, value := range profile.Root().Members() {
		if name != "id" {
			members[name] = value.Raw()
		}
	}
	id := s.base.issuer(tenant.Slug)
	contexts := []string{credential.ContextV2, credential.ContextOpenBadges, contextCID}
	if !strings.HasPrefix(id, "https://") {
		members["@context"], members["id"] = texts(contexts...), quote(id)
		return json.Marshal(members)
	}
	return did.PublishedDocument{ID: id, Keys: published, Members: members, Contexts: contexts}.MarshalJSON()
}

// publishedKeys are a tenant's keys as its documents show them: retired ones
// like the others, compromised ones as revoked.
func (s *Service) publishedKeys(ctx context.Context, tenant string) ([]did.PublishedKey, error) {
	list, err := s.ring.List(ctx, tenant)
	if err != nil {
		return nil, err
	}
	published := make([]did.PublishedKey, len(list))
	for i, key := range list {
		published[i] = did.PublishedKey{Fragment: key.Fragment, PublicKey: key.PublicKey, Revoked: key.CompromisedSince}
	}
	return published, nil
}

// JWKS returns the public keys of all issuers as a JWK Set. Each has its
// issuer's DID as iss and its thumbprint as kid. Compromised keys are left out.
func (s *Service) JWKS(ctx context.Context) ([]byte, error) {
	tenants, err := s.store.ListTenants(ctx)
	if err != nil {
		return nil, err
	}
	set := []jose.JWK{}
	for _, tenant := range tenants {
		list, err := s.ring.List(ctx, tenant.Slug)
		if err != nil {
			return nil, err
		}
		for _, key := range list {
			if !key.CompromisedSince.IsZero() {
				continue
			}
			jwk, err := publishedJWK(key, tenant.DID)
			if err != nil {
				return nil, err
			}
			set = append(set, jwk)
		}
	}
	return jose.MarshalJWKSet(set)
}

// JWK returns one public key by its kid as a JWK, or storage.ErrNotFound, also
// for a compromised key.
func (s *Service) JWK(ctx context.Context, kid string) ([]byte, error) {
	key, err := s.ring.Find(ctx, kid)
	if err != nil {
		return nil, err
	}
	if !key.CompromisedSince.IsZero() {
		return nil, fmt.Errorf("finding key: %w", storage.ErrNotFound)
	}
	tenant, err := s.store.Tenant(ctx, key.Tenant)
	if err != nil {
		return nil, err
	}
	jwk, err := publishedJWK(key, tenant.DID)
	if err != nil {
		return nil, err
	}
	return jwk.MarshalJSON()
}

func publishedJWK(key keys.Key, issuer string) (jose.JWK, error) {
	algorithm, err := jose.Algorithm(key.PublicKey)
	if err != nil {
		return jose.JWK{}, fmt.Errorf("publishing key %s: %w", key.Fragment, err)
	}
	return jose.JWK{Key: key.PublicKey, KeyID: key.Thumbprint, Algorithm: algorithm, Use: "sig", Issuer: issuer}, nil
}
