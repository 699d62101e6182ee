package storage

import (
	"errors"
	"fmt"
)

// What a record's state, or the lack of one, has to say.
var (
	// ErrNotFound means that there is no such record in this tenant. It is
	// also the answer for a record of another tenant.
	ErrNotFound = errors.New("not found")
	// ErrExists means that a record with this id (or DID, or thumbprint) is
	// there already.
	ErrExists = errors.New("exists already")
	// ErrConflict means that the record is not in a state in which this can be
	// done, or that somebody else was faster. Read it again and decide again.
	ErrConflict = errors.New("conflict with the stored state")
	// ErrErased means that the subject's key was destroyed on request. The
	// data cannot come back.
	ErrErased = errors.New("erased")
	// ErrInvalid means that the record, id, limit or cursor given is malformed
	// and was not looked at further.
	ErrInvalid = errors.New("invalid record")
)

// What an idempotency key has to say; see [IdempotencyClaim].
var (
	// ErrInFlight means that the request with this idempotency key is still
	// being worked on.
	ErrInFlight = errors.New("request with this idempotency key is in flight")
	// ErrMismatch means that the idempotency key was used with another body.
	ErrMismatch = errors.New("idempotency key was used with another request")
)

// ReplayError means that the request was carried out before under the same
// idempotency key: nothing was written, and this was its answer.
type ReplayError struct {
	Record Idempotency
}

// Error says that the answer is a replay, not what it is.
func (e *ReplayError) Error() string {
	return fmt.Sprintf("request was answered before with status %d", e.Record.Status)
}

// ErrQuota means that the tenant has used up what it may use. It always comes as a
// *QuotaError.
var ErrQuota = errors.New("quota is used up")

// QuotaError says which quota is used up.
type QuotaError struct {
	AwardsPerDay int
}

func (e *QuotaError) Error() string {
	return fmt.Sprintf("%v: %d awards a day", ErrQuota, e.AwardsPerDay)
}

// Is makes the error match ErrQuota.
func (e *QuotaError) Is(target error) bool { return target == ErrQuota }

// What the store itself has to say.
var (
	// ErrBusy means that another process holds the store.
	ErrBusy = errors.New("store is in use by another process")
	// ErrVersion means that the store was written by a newer program than
	// this one, which must not touch it.
	ErrVersion = errors.New("store has a newer schema than this program")
	// ErrOutdated means that the store has an older schema and was not to be
	// changed. Opening it for writing brings it up to date.
	ErrOutdated = errors.New("store has an older schema")
	// ErrCorrupt means that the stored bytes are not what the store wrote:
	// truncated, of another program, or damaged.
	ErrCorrupt = errors.New("store is damaged or not a store")
	// ErrFull means that the disk is full. Nothing was written; the same
	// write may succeed when there is room.
	ErrFull = errors.New("disk is full")
	// ErrFailed means that making a write durable failed at some time since
	// the store was opened. Whether that write survives is not known. The
	// store takes no more writes until it is opened again, reads go on.
	ErrFailed = errors.New("store has failed and takes no writes")
	// ErrClosed means that the store was closed.
	ErrClosed = errors.New("store is closed")
)
