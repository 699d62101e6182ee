package server

import (
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"laurel/credential/strictjson"
	"laurel/storage"
)

// TestRotateOnFullDisk: a key file that cannot be written is no riddle.
func TestRotateOnFullDisk(t *testing.T) {
	w := newWorld(t, Limits{})
	w.signers.fails = &fs.PathError{Op: "write", Path: "keys.age", Err: syscall.ENOSPC}
	if r := w.operator("POST", "/api/v1/keys/rotate", "{}"); r.status != 507 || r.code() != "insufficient-storage" {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// TestAnswerToDamage: what is damaged is said to be, and is not taken for a fault
// of the request that came upon it.
func TestAnswerToDamage(t *testing.T) {
	_, syntax := strictjson.Parse([]byte("{"))
	for _, err := range []error{
		fmt.Errorf("listing tenants: %w", storage.ErrCorrupt),
		fmt.Errorf("reissuing: %w: %w", storage.ErrCorrupt, syntax),
		fmt.Errorf("opening: %w: %w", storage.ErrCorrupt, storage.ErrNotFound),
	} {
		if a := answerTo(err); a.problem != problemDamaged || a.errors != nil || a.detail != "" {
			t.Errorf("%v: %+v", err, a)
		}
	}
}
