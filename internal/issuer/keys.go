package issuer

import (
	"context"
	"fmt"

	"laurel/credential/jose"
	"laurel/did"
	"laurel/internal/keys"
	"laurel/storage"
)

// jwkSuffix follows the fragment of a key where the key is shown a second time,
// as a JsonWebKey2020.
const jwkSuffix = "-jwk"

// publishedKeys are a tenant's keys as its documents show them: retired ones
// like the others, compromised ones as revoked.
func (s *Service) publishedKeys(ctx context.Context, tenant string) ([]did.PublishedKey, error) {
	list, err := s.ring.List(ctx, tenant)
	if err != nil {
		return nil, err
	}
	published := make([]did.PublishedKey, 0, len(list))
	for _, key := range list {
		one := did.PublishedKey{Fragment: key.Fragment, PublicKey: key.PublicKey, Revoked: key.CompromisedSince}
		if key.Algorithm == keys.RSA2048 { // Data Integrity has no use for it
			one.Type = did.TypeJSONWebKey2020
		}
		published = append(published, one)
		if fragment := TokenKeyID(key); fragment != key.Fragment {
			one.Fragment, one.Type = fragment, did.TypeJSONWebKey2020
			published = append(published, one)
		}
	}
	return published, nil
}

// TokenKeyID returns the fragment under which the issuer's document shows a key
// to those who verify JWTs. Readers of JWTs are sure to know JsonWebKey2020, those
// of Data Integrity proofs Multikey; a key of P-256 or P-384 makes both and is
// shown as both, "key-2" and "key-2-jwk". One of Ed25519 is shown as a Multikey
// alone, which most of those that take EdDSA in a JWT read.
func TokenKeyID(key keys.Key) string {
	if key.Algorithm == keys.P256 || key.Algorithm == keys.P384 {
		return key.Fragment + jwkSuffix
	}
	return key.Fragment
}

// JWKS returns the public keys of all issuers as a JWK Set. Each has its
// issuer's DID as iss and its thumbprint as kid. Compromised keys are left out,
// and those that no JWK can show.
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
			if !key.CompromisedSince.IsZero() || !key.HasJWK() {
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
// for a compromised key and one that no JWK can show.
func (s *Service) JWK(ctx context.Context, kid string) ([]byte, error) {
	key, err := s.ring.Find(ctx, kid)
	if err != nil {
		return nil, err
	}
	if !key.CompromisedSince.IsZero() || !key.HasJWK() {
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

// SigningKey returns a key of a tenant, or storage.ErrNotFound.
func (s *Service) SigningKey(ctx context.Context, tenant, fragment string) (keys.Key, error) {
	return s.ring.Key(ctx, tenant, fragment)
}

// Affected is a credential that was signed with a key that is looked at.
type Affected struct {
	Credential
	// Vouched says that the register has it from before the key was compromised:
	// here it is valid still, elsewhere it is not.
	Vouched bool
}

// AffectedCredentials lists the credentials that were signed with a key, the
// newest first, without their bytes and without those that were erased; they are what to issue anew after it was
// compromised. A page has about page.Limit of them, and fewer or none where it
// lies in a stretch of others' credentials; only one without a next is the last.
// Errors: storage.ErrNotFound, and storage.ErrInvalid for a bad cursor.
func (s *Service) AffectedCredentials(ctx context.Context, tenant, fragment string, page storage.Page) (found []Affected, next string, err error) {
	key, err := s.ring.Key(ctx, tenant, fragment)
	if err != nil {
		return nil, "", err
	}
	for looked := 0; ; {
		records, next, err := s.store.ListCredentials(ctx, tenant, storage.CredentialFilter{}, page)
		if err != nil {
			return nil, "", err
		}
		for _, record := range records {
			if record.Key == key.Fragment && record.Erased.IsZero() {
				found = append(found, Affected{s.credential(record), vouchedBy(record, key)})
			}
		}
		page.Cursor, looked = next, looked+len(records)
		if next == "" || len(found) >= page.Limit || looked >= mostLooked {
			return found, next, nil
		}
	}
}

// mostLooked bounds the records that are read for one page: of a million, not
// one may be of the key.
const mostLooked = 3000

// vouchedBy reports whether a credential was in the store, signed, before its
// key was compromised. The time is the store's own, not one that a signer wrote.
func vouchedBy(record storage.Credential, key keys.Key) bool {
	return !key.CompromisedSince.IsZero() && !record.Issued.IsZero() && record.Issued.Before(key.CompromisedSince)
}
