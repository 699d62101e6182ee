package issuer

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"laurel/credential"
	"laurel/credential/strictjson"
	"laurel/did"
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
