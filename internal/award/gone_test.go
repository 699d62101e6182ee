package award

import (
	"context"
	"errors"
	"testing"

	"laurel/storage"
)

// givingUp is a store whose client has gone when rows are to be stored.
type givingUp struct {
	Store
	cancel context.CancelFunc
}

func (g givingUp) AddAwardRows(ctx context.Context, _, _ string, _ []storage.AwardRow) error {
	g.cancel()
	return ctx.Err()
}

// TestClientGone: an upload whose client gives up ends with the context's error,
// by which it is known to be nobody's fault, and leaves nothing.
func TestClientGone(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := w.over(givingUp{w.store, cancel}).Draft(ctx, caller, w.upload(people(3)))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("draft: %v", err)
	}
	open, err := w.store.OpenAwardJobs(t.Context())
	if err != nil || len(open) != 0 {
		t.Errorf("open: %+v, %v", open, err)
	}
}
