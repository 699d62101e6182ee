package issuer

import (
	"context"
	"errors"
	"time"

	"laurel/storage"
)

var errNotYet = errors.New("not yet")

// Change is a change of status.
type Change struct {
	// State is storage.StateRevoked, StateSuspended, or StateIssued to
	// reinstate a suspended badge.
	State storage.State
	// Reason is a code, 1 to 64 of a-z, 0-9, "-" and "_"; it may be empty.
	Reason string
	// Wording is what the public is told, at most 500 characters, without a
	// person's data.
	Wording string
}

// SetStatus revokes, suspends or reinstates an award, in one transaction; the
// served status list shows it from then on. Revoking is for good. A badge that
// is in the state already stays as it is. Errors: storage.ErrNotFound,
// storage.ErrConflict where the change is not possible, *InvalidError, and
// those of the idempotency key.
func (s *Service) SetStatus(ctx context.Context, caller Caller, id string, change Change) (Credential, error) {
	return Credential{}, errNotYet
}

// SignedList is a status list credential as it is served.
type SignedList struct {
	Signed []byte
	// ETag is a strong HTTP entity tag without its quotes.
	ETag string
	// MaxAge is for how long readers may keep it.
	MaxAge     time.Duration
	ValidUntil time.Time
}

// StatusListCredential returns a status list, signed and showing every change
// of status that was acknowledged before the call. Errors: storage.ErrNotFound,
// and whatever keeps it from being signed when it must be.
func (s *Service) StatusListCredential(ctx context.Context, id string) (SignedList, error) {
	return SignedList{}, errNotYet
}

// RenewStatusLists signs every list that does not show its last change or has a
// quarter of its life left. It is to be called now and then; what one call
// could not do, the next does.
func (s *Service) RenewStatusLists(ctx context.Context) error { return errNotYet }
