package issuer

import (
	"bytes"
	"errors"
	"testing"

	"laurel/storage"
)

// TestLedger: a reservation that a crash left behind is taken up again, and what
// is kept is found by its own instance alone.
func TestLedger(t *testing.T) {
	w := newWorld(t, nil)
	const id, method = "urn:example:1", "did:web:badges.example.ac.uk#key-1"
	purposes := []string{storage.PurposeRevocation, storage.PurposeSuspension}
	first, status, err := w.Ledger("campus").Reserve(t.Context(), "apikey:1", id, purposes)
	if err != nil || len(status) != 2 {
		t.Fatalf("%s, %v", status, err)
	}
	if _, err := w.Ledger("campus").Credential(t.Context(), id); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("before it is signed: %v", err)
	}
	w.restart()
	campus := w.Ledger("campus")
	again, sameStatus, err := campus.Reserve(t.Context(), "apikey:1", id, purposes)
	if err != nil || again != first || !bytes.Equal(sameStatus[1], status[1]) {
		t.Errorf("after a crash: %s %s, %v; want %s %s", again, sameStatus, err, first, status)
	}
	if _, _, err := campus.Reserve(t.Context(), "apikey:1", id, purposes[:1]); !errors.Is(err, storage.ErrExists) {
		t.Errorf("with other purposes: %v", err)
	}
	if err := campus.Commit(t.Context(), "apikey:1", first, method, []byte("secured")); err != nil {
		t.Fatal(err)
	}
	if err := campus.Commit(t.Context(), "apikey:1", first, method, []byte("other")); !errors.Is(err, storage.ErrExists) {
		t.Errorf("by another request: %v", err)
	}
	if _, _, err := campus.Reserve(t.Context(), "apikey:1", id, purposes); !errors.Is(err, storage.ErrExists) {
		t.Errorf("once more: %v", err)
	}
	w.restart()
	campus = w.Ledger("campus")
	if got, err := campus.Credential(t.Context(), id); err != nil || string(got) != "secured" {
		t.Errorf("%s, %v", got, err)
	}
	for name, lost := range map[string]error{
		"another instance": func() error { _, err := w.Ledger("other").Credential(t.Context(), id); return err }(),
		"another id":       campus.SetStatus(t.Context(), "apikey:1", id+"0", storage.PurposeRevocation, true),
		"to the public":    func() error { _, err := w.Credential(t.Context(), first); return err }(),
	} {
		if !errors.Is(lost, storage.ErrNotFound) {
			t.Errorf("%s: %v", name, lost)
		}
	}
	if err := campus.SetStatus(t.Context(), "apikey:1", id, storage.PurposeRevocation, true); err != nil {
		t.Fatal(err)
	}
	if err := campus.SetStatus(t.Context(), "apikey:1", id, storage.PurposeSuspension, true); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("suspending what is revoked: %v", err)
	}
	if err := campus.Delete(t.Context(), "apikey:1", id); err != nil {
		t.Fatal(err)
	}
	if _, err := campus.Credential(t.Context(), id); !errors.Is(err, storage.ErrErased) {
		t.Errorf("deleted: %v", err)
	}
}
