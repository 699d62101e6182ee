package issuer

import (
	"context"
	"errors"

	"laurel/storage"
)

// Claim notes that the recipient of an award has taken it, at a time that stays
// the first one. Errors: storage.ErrNotFound; storage.ErrConflict for an award
// that is pending or revoked; storage.ErrErased.
func (s *Service) Claim(ctx context.Context, caller Caller, id string) (Credential, error) {
	record, err := s.store.ClaimCredential(ctx, s.act(caller, nil), caller.Tenant, id)
	return s.credential(record), err
}

// Withdraw revokes an award that its recipient has not claimed. One that was
// claimed, or is not in force any more, is left as it is.
func (s *Service) Withdraw(ctx context.Context, caller Caller, id, reason string) error {
	record, err := s.store.Credential(ctx, caller.Tenant, id)
	if err != nil || !record.Claimed.IsZero() {
		return err
	}
	if record.State != storage.StateIssued && record.State != storage.StateSuspended {
		return nil
	}
	_, err = s.SetStatus(ctx, caller, id, Change{State: storage.StateRevoked, Reason: reason})
	if errors.Is(err, storage.ErrConflict) {
		return nil // somebody was faster
	}
	return err
}
