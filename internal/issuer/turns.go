package issuer

import (
	"context"
	"sync"
)

// turns lets one caller at a time work on a name. The zero value is ready.
type turns struct {
	mu    sync.Mutex
	taken map[string]chan struct{}
}

// acquire waits for the caller's turn, which ends with release.
func (t *turns) acquire(ctx context.Context, name string) (release func(), err error) {
	t.mu.Lock()
	turn, ok := t.taken[name]
	if !ok {
		if t.taken == nil {
			t.taken = make(map[string]chan struct{})
		}
		turn = make(chan struct{}, 1)
		t.taken[name] = turn // lists are few and stay
	}
	t.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
