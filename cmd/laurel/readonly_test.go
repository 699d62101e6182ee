package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestReadOnlyMedia: a copy of the data that can only be read is enough to check
// the record of acts.
func TestReadOnlyMedia(t *testing.T) {
	if !isReadOnly(fmt.Errorf("opening store: %w", &fs.PathError{Op: "open", Path: "laurel.db", Err: syscall.EROFS})) || isReadOnly(nil) {
		t.Error("a file system that is only read is not recognised")
	}
	directory := t.TempDir()
	data := filepath.Join(directory, "d")
	laurel(t, exitFine, "init", "--data", data, "--public-url", "https://badges.example.ac.uk", "--name", "Example University")
	store, closeStore, err := openStoreToRead(data)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.ListTenants(t.Context()); err != nil {
		t.Error(err)
	}
	if err := closeStore(); err != nil {
		t.Error(err)
	}
	if os.Getuid() == 0 {
		t.Skip("nothing is read-only to root")
	}
	for path, mode := range map[string]fs.FileMode{filepath.Join(data, storeName): 0o400, data: 0o500} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(data, 0o700) }) // or it cannot be removed
	laurel(t, exitFine, "audit", "verify", "--data", data)
	laurel(t, exitFine, "audit", "list", "--data", data)
	laurel(t, exitCannotRun, "audit", "checkpoint", "--data", data)
}
