package issuer

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"

	"laurel/internal/envelope"
	"laurel/storage"
)

// Fields that are sealed, bound to what is sealed in them.
const (
	fieldSigned    = "signed"
	fieldRecipient = "recipient"
)

// holder returns the subject that a recipient is in the store: the one known by
// this address or id, or a new one with a data key of its own.
func (s *Service) holder(ctx context.Context, tenant string, r Recipient) (storage.SubjectKey, error) {
	lookup := s.lookup(tenant, r)
	known, err := s.store.LookupSubject(ctx, tenant, lookup)
	if err == nil || !errors.Is(err, storage.ErrNotFound) {
		return known, err
	}
	id, err := s.newSubjectID()
	if err != nil {
		return storage.SubjectKey{}, err
	}
	_, wrapped, err := s.envelope.NewSubjectKey(tenant, id)
	if err != nil {
		return storage.SubjectKey{}, err
	}
	return storage.SubjectKey{Tenant: tenant, ID: id, Wrapped: wrapped, Lookup: lookup, Created: s.clock().UTC()}, nil
}

// lookup is by what a recipient is found again. An address and an id never give
// the same.
func (s *Service) lookup(tenant string, r Recipient) []byte {
	if r.Email != "" {
		return s.envelope.Lookup(tenant, "email:"+r.Email)
	}
	return s.envelope.Lookup(tenant, "id:"+r.ID)
}

// sealRecipient seals what the institution knows of the recipient.
func (s *Service) sealRecipient(tenant, id string, holder storage.SubjectKey, r Recipient) ([]byte, error) {
	plain, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("sealing recipient: %w", err)
	}
	key, err := s.envelope.Unwrap(tenant, holder.ID, holder.Wrapped)
	if err != nil {
		return nil, fmt.Errorf("sealing recipient: %w", err)
	}
	return key.Seal(envelope.Place{Tenant: tenant, Record: id, Field: fieldRecipient}, plain), nil
}

// sealSigned seals a signed badge and makes the digest that recognises it for
// as long as its subject's key is there.
func (s *Service) sealSigned(record storage.Credential, holder storage.SubjectKey, signed []byte) (sealed, digest []byte, err error) {
	key, err := s.envelope.Unwrap(record.Tenant, holder.ID, holder.Wrapped)
	if err != nil {
		return nil, nil, fmt.Errorf("sealing credential: %w", err)
	}
	return key.Seal(signedPlace(record), signed), key.Digest(signed), nil
}

// openSigned unseals a badge and makes sure that it is the one that was issued.
func (s *Service) openSigned(ctx context.Context, record storage.Credential) ([]byte, error) {
	holder, err := s.store.SubjectKey(ctx, record.Tenant, record.Subject)
	if err != nil {
		return nil, fmt.Errorf("opening credential: %w", err)
	}
	if !holder.Erased.IsZero() {
		return nil, fmt.Errorf("opening credential: %w", storage.ErrErased)
	}
	key, err := s.envelope.Unwrap(record.Tenant, holder.ID, holder.Wrapped)
	if err != nil {
		return nil, fmt.Errorf("opening credential: %w: %w", storage.ErrCorrupt, err)
	}
	signed, err := key.Open(signedPlace(record), record.Signed)
	if err != nil {
		return nil, fmt.Errorf("opening credential: %w: %w", storage.ErrCorrupt, err)
	}
	if !hmac.Equal(key.Digest(signed), record.Digest) {
		return nil, fmt.Errorf("opening credential: %w: not the bytes that were issued", storage.ErrCorrupt)
	}
	return signed, nil
}

func signedPlace(record storage.Credential) envelope.Place {
	return envelope.Place{Tenant: record.Tenant, Record: record.ID, Field: fieldSigned}
}
