package keys_test

import (
	"errors"
	"strings"
	"testing"

	"laurel/internal/keys"
	"laurel/storage"
)

// TestKeysAreBounded: an issuer's document stays one that verifiers read.
func TestKeysAreBounded(t *testing.T) {
	ring, _, _ := newRing(t)
	for range 120 {
		create(t, ring, "law")
	}
	_, err := ring.Create(t.Context(), act(0), "law", keys.NewKey{})
	if !errors.Is(err, storage.ErrConflict) || !strings.Contains(err.Error(), "120") {
		t.Errorf("error of a key too many: %v", err)
	}
	if _, err := ring.Create(t.Context(), act(0), "arts", keys.NewKey{}); err != nil {
		t.Errorf("another tenant: %v", err)
	}
}
