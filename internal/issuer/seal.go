package issuer

import (
	"bytes"
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
func (s *Service) holder(ctx context.Context, tenant string, p prepared) (storage.SubjectKey, error) {
	lookup := s.lookup(tenant, p.recipient)
	known, err := s.store.LookupSubject(ctx, tenant, lookup)
	if err == nil || !errors.Is(err, storage.ErrNotFound) {
		return known, err
	}
	id, err := s.newSubjectID()
	if err != nil {
		return storage.SubjectKey{}, err
	}
	key, wrapped, err := s.envelope.NewSubjectKey(tenant, id)
	if err != nil {
		return storage.SubjectKey{}, err
	}
	made := storage.SubjectKey{Tenant: tenant, ID: id, Wrapped: wrapped, Lookup: lookup, Created: s.clock().UTC()}
	p.opened.keep(made, key)
	return made, nil
}

// openedKey keeps the key of a recipient while one award is made.
type openedKey struct {
	holder storage.SubjectKey
	key    *envelope.Key
}

// keep does nothing on nil.
func (o *openedKey) keep(holder storage.SubjectKey, key *envelope.Key) {
	if o != nil {
		o.holder, o.key = holder, key
	}
}

// key opens the key of a holder.
func (s *Service) key(holder storage.SubjectKey, opened *openedKey) (*envelope.Key, error) {
	if opened != nil && opened.key != nil && opened.holder.Tenant == holder.Tenant && opened.holder.ID == holder.ID &&
		bytes.Equal(opened.holder.Wrapped, holder.Wrapped) {
		return opened.key, nil
	}
	key, err := s.envelope.Unwrap(holder.Tenant, holder.ID, holder.Wrapped)
	if err == nil {
		opened.keep(holder, key)
	}
	return key, err
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
func (s *Service) sealRecipient(id string, holder storage.SubjectKey, p prepared) ([]byte, error) {
	plain, err := json.Marshal(p.recipient)
	if err != nil {
		return nil, fmt.Errorf("sealing recipient: %w", err)
	}
	key, err := s.key(holder, p.opened)
	if err != nil {
		return nil, fmt.Errorf("sealing recipient: %w", err)
	}
	return key.Seal(envelope.Place{Tenant: holder.Tenant, Record: id, Field: fieldRecipient}, plain), nil
}

// sealSigned seals a signed credential and makes the digest that recognises it
// for as long as its subject's key is there.
func (s *Service) sealSigned(record storage.Credential, holder storage.SubjectKey, signed []byte) (sealed, digest []byte, err error) {
	key, err := s.key(holder, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("sealing credential: %w", err)
	}
	return key.Seal(signedPlace(record), signed), key.Digest(signed), nil
}

// sealBadge is sealSigned for a badge, which is shortened by what others of its
// pattern have too.
func (s *Service) sealBadge(record storage.Credential, holder storage.SubjectKey, p prepared, signed []byte) (sealed, digest []byte, err error) {
	key, err := s.key(holder, p.opened)
	if err != nil {
		return nil, nil, fmt.Errorf("sealing credential: %w", err)
	}
	return key.SealAs(envelope.Delta, signedPlace(record), p.pattern.shorten(signed)), key.Digest(signed), nil
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
	signed, form, err := key.OpenAny(signedPlace(record), record.Signed)
	if err != nil {
		return nil, fmt.Errorf("opening credential: %w: %w", storage.ErrCorrupt, err)
	}
	if form == envelope.Delta {
		if signed, err = s.whole(ctx, record, signed); err != nil {
			return nil, fmt.Errorf("opening credential: %w", err)
		}
	}
	if !hmac.Equal(key.Digest(signed), record.Digest) {
		return nil, fmt.Errorf("opening credential: %w: not the bytes that were issued", storage.ErrCorrupt)
	}
	return signed, nil
}

func signedPlace(record storage.Credential) envelope.Place {
	return envelope.Place{Tenant: record.Tenant, Record: record.ID, Field: fieldSigned}
}
