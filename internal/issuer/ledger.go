package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"laurel/storage"
)

// Ledger keeps what an instance of the VC API issues in the name of the default
// issuer: in the store beside the badges, with places in the same status lists,
// and sealed under a key of its own, since it may be about anybody. It implements
// vcapi.Ledger, where its methods are described; errors are those of package
// storage. It is safe for concurrent use.
type Ledger struct {
	service  *Service
	instance string
}

// Ledger returns the ledger of the instance of a name. Under another name nothing
// that it keeps is found again.
func (s *Service) Ledger(instance string) *Ledger { return &Ledger{service: s, instance: instance} }

// recordID makes the store's name of a credential from the id by which clients
// know it, which may tell of a person. Without the installation key neither
// follows from the other.
func (l *Ledger) recordID(id string) string {
	name := l.service.envelope.Lookup(DefaultSlug, "instance:"+l.instance+"\x00"+id)
	return idEncoding.EncodeToString(name[:16])
}

// Reserve implements vcapi.Ledger. One that was left behind unsigned is taken up
// again.
func (l *Ledger) Reserve(ctx context.Context, actor, id string, purposes []string) (record string, status []json.RawMessage, err error) {
	s := l.service
	if record = l.recordID(id); id == "" {
		if record, err = s.newID(); err != nil {
			return "", nil, err
		}
	}
	subject, err := s.newSubject(DefaultSlug)
	if err != nil {
		return "", nil, err
	}
	reserved, err := s.store.ReserveCredential(ctx, storage.Reservation{
		Act: s.act(Caller{Actor: actor}, nil), Tenant: DefaultSlug, ID: record, Instance: l.instance, Subject: subject,
		Purposes: append([]string{}, purposes...), Visibility: storage.VisibilityOff,
	})
	if errors.Is(err, storage.ErrExists) {
		left, leftErr := s.store.Credential(ctx, DefaultSlug, record)
		if leftErr != nil {
			return "", nil, leftErr
		}
		if left.State != storage.StatePending || !samePurposes(left.Status, purposes) {
			return "", nil, err
		}
		reserved.Credential, err = left, nil
	}
	if err != nil {
		return "", nil, err
	}
	for _, entry := range reserved.Credential.Status {
		b := object{}
		writeStatusEntry(&b, s.base, entry)
		status = append(status, b.bytes())
	}
	return record, status, nil
}

func samePurposes(entries []storage.StatusEntry, purposes []string) bool {
	if len(entries) != len(purposes) {
		return false
	}
	for i, entry := range entries {
		if entry.Purpose != purposes[i] {
			return false
		}
	}
	return true
}

// newSubject makes a subject that is found by nothing but its name, with a data
// key.
func (s *Service) newSubject(tenant string) (storage.SubjectKey, error) {
	id, err := s.newSubjectID()
	if err != nil {
		return storage.SubjectKey{}, err
	}
	_, wrapped, err := s.envelope.NewSubjectKey(tenant, id)
	if err != nil {
		return storage.SubjectKey{}, err
	}
	return storage.SubjectKey{Tenant: tenant, ID: id, Wrapped: wrapped, Created: s.clock().UTC()}, nil
}

// Commit implements vcapi.Ledger.
func (l *Ledger) Commit(ctx context.Context, actor, record, method string, secured []byte) error {
	s := l.service
	reserved, err := s.store.Credential(ctx, DefaultSlug, record)
	if err != nil {
		return err
	}
	subject, err := s.store.SubjectKey(ctx, DefaultSlug, reserved.Subject)
	if err != nil {
		return err
	}
	sealed, digest, err := s.sealSigned(reserved, subject, secured)
	if err != nil {
		return err
	}
	_, fragment, _ := strings.Cut(method, "#")
	_, err = s.store.CommitCredential(ctx, storage.Issuance{
		Act: s.act(Caller{Actor: actor}, nil), Tenant: DefaultSlug, ID: record,
		Key: strings.TrimSuffix(fragment, jwkSuffix), Signed: sealed, Digest: digest,
	})
	if errors.Is(err, storage.ErrConflict) { // another request for the same id was faster
		err = fmt.Errorf("committing credential: %w", storage.ErrExists)
	}
	return err
}

// found reads the record under an id.
func (l *Ledger) found(ctx context.Context, id string) (storage.Credential, error) {
	record, err := l.service.store.Credential(ctx, DefaultSlug, l.recordID(id))
	if err == nil && (record.Instance != l.instance || record.Issued.IsZero()) {
		err = fmt.Errorf("finding credential: %w", storage.ErrNotFound)
	}
	return record, err
}

// Credential implements vcapi.Ledger.
func (l *Ledger) Credential(ctx context.Context, id string) ([]byte, error) {
	record, err := l.found(ctx, id)
	if err != nil {
		return nil, err
	}
	return l.service.openSigned(ctx, record)
}

// Delete implements vcapi.Ledger. The key under which the credential is sealed is
// destroyed.
func (l *Ledger) Delete(ctx context.Context, actor, id string) error {
	record, err := l.found(ctx, id)
	if err != nil {
		return err
	}
	if !record.Erased.IsZero() {
		return fmt.Errorf("deleting credential: %w", storage.ErrErased)
	}
	_, err = l.service.store.EraseSubject(ctx, l.service.act(Caller{Actor: actor}, nil), DefaultSlug, record.Subject)
	return err
}

// SetStatus implements vcapi.Ledger. The served status list shows it from then on.
func (l *Ledger) SetStatus(ctx context.Context, actor, id, purpose string, set bool) error {
	record, err := l.found(ctx, id)
	if err != nil {
		return err
	}
	state := storage.StateIssued
	switch {
	case !hasPurpose(record.Status, purpose):
		return fmt.Errorf("setting status: %w: no status of this purpose", storage.ErrInvalid)
	case purpose == storage.PurposeRevocation && !set:
		return fmt.Errorf("setting status: %w: what is revoked stays revoked", storage.ErrConflict)
	case purpose == storage.PurposeRevocation:
		state = storage.StateRevoked
	case set:
		state = storage.StateSuspended
	}
	_, err = l.service.SetStatus(ctx, Caller{Tenant: DefaultSlug, Actor: actor}, record.ID, Change{State: state, Reason: reasonOfInstance})
	return err
}

// reasonOfInstance is the reason that is kept of a change by the VC API, whose
// requests have none.
const reasonOfInstance = "vc-api"

func hasPurpose(entries []storage.StatusEntry, purpose string) bool {
	for _, entry := range entries {
		if entry.Purpose == purpose {
			return true
		}
	}
	return false
}
