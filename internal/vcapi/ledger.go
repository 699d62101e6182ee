package vcapi

import (
	"context"
	"encoding/json"
	"errors"

	"laurel/storage"
)

// Ledger keeps what an instance issues for longer than its process. Its errors
// are those of package storage; it must be safe for concurrent use. actor says in
// the record of acts who asked.
type Ledger interface {
	// Reserve makes room for a credential under the id by which it is to be asked
	// for, "" for none, and takes a place in a status list for each purpose.
	// status are the entries for its credentialStatus, in the order of purposes.
	// ErrExists means that there is one of this id.
	Reserve(ctx context.Context, actor, id string, purposes []string) (record string, status []json.RawMessage, err error)
	// Commit stores what was signed for a reservation. method is the URL of the
	// key that signed.
	Commit(ctx context.Context, actor, record, method string, secured []byte) error
	// Credential gives back what is under an id: ErrNotFound, or ErrErased after
	// Delete.
	Credential(ctx context.Context, id string) ([]byte, error)
	// Delete forgets what a credential said. Its status goes on.
	Delete(ctx context.Context, actor, id string) error
	// SetStatus sets or clears the status of a purpose. ErrInvalid means that the
	// credential has none of this purpose, ErrConflict that its state does not
	// allow the change.
	SetStatus(ctx context.Context, actor, id, purpose string, set bool) error
}

// ledgerError is the answer to an error of a Ledger.
func ledgerError(err error) error {
	about := func(sentinel error, title string) error {
		return &Error{sentinel, []Problem{{Type: "about:blank", Title: title}}}
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, storage.ErrErased):
		return about(ErrDeleted, "The credential was deleted.")
	case errors.Is(err, storage.ErrNotFound):
		return about(ErrNotFound, titleNoCredential)
	case errors.Is(err, storage.ErrExists):
		return about(ErrConflict, "There is a credential of this id already.")
	}
	return err
}

const titleNoCredential = "There is no credential of this id."

// actorKey is where a context has who asks.
type actorKey struct{}

// WithActor returns a context for the requests of somebody, as the record of
// acts is to name them.
func WithActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

func actorOf(ctx context.Context) string {
	if actor, ok := ctx.Value(actorKey{}).(string); ok {
		return actor
	}
	return "vc-api"
}
