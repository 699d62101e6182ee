package issuer

import (
	"context"
	"crypto"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"laurel/credential"
	"laurel/credential/strictjson"
	"laurel/did"
	"laurel/storage"
)

// contextCID defines the members of a controlled identifier document.
const contextCID = "https://www.w3.org/ns/cid/v1"

// DIDDocument returns the DID document of the issuer with this slug, or of the
// default one for "". The default one is found under "" alone. The bytes must not
// be changed.
func (s *Service) DIDDocument(ctx context.Context, slug string) ([]byte, error) {
	document, err := s.didDocument(ctx, slug)
	return document.data, err
}

// LetKeysAuthenticate lists the keys of the default issuer under authentication in
// its DID document, without which nobody can verify a presentation that it signs.
// It is for before the first document is made, and not safe for concurrent use.
func (s *Service) LetKeysAuthenticate() { s.authenticating = true }

// didDocument is a DID document with what it was made of. It is made anew when
// that changes: every award is verified with it.
type didDocument struct {
	keys   []did.PublishedKey
	data   []byte
	parsed *did.Document
}

func (s *Service) didDocument(ctx context.Context, slug string) (didDocument, error) {
	tenant, err := s.tenant(ctx, slug)
	if err != nil {
		return didDocument{}, err
	}
	if slug != "" && tenant.DID != s.base.didOf(slug) {
		return didDocument{}, fmt.Errorf("finding DID document: %w", storage.ErrNotFound)
	}
	published, err := s.publishedKeys(ctx, tenant.Slug)
	if err != nil {
		return didDocument{}, err
	}
	if made, ok := s.didDocuments.Load(tenant.DID); ok && slices.EqualFunc(made.(didDocument).keys, published, sameKey) {
		return made.(didDocument), nil
	}
	made := didDocument{keys: published}
	made.data, err = did.PublishedDocument{
		ID: tenant.DID, Keys: published, Authenticating: s.authenticating && tenant.Slug == DefaultSlug,
		Members: map[string]json.RawMessage{"alsoKnownAs": texts(s.base.issuer(tenant.Slug))},
	}.MarshalJSON()
	if err == nil {
		made.parsed, err = did.ParseDocument(made.data)
	}
	if err == nil {
		s.didDocuments.Store(tenant.DID, made)
	}
	return made, err
}

func sameKey(a, b did.PublishedKey) bool {
	public, ok := a.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(b.PublicKey) && a.Fragment == b.Fragment && a.Type == b.Type && a.Revoked.Equal(b.Revoked)
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
