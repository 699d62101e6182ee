package boltstore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"laurel/storage"
)

func TestCompact(t *testing.T) {
	s := keptStore(t)
	path := s.config.Path
	canary := []byte("canary-in-a-removed-row")
	err := s.write(t.Context(), "writing", nil, func(tx *txn) error {
		for n := range 2000 {
			tx.put(signedFamily, of(own).sequence(uint64(100_000+n)), bytes.Repeat(canary, 20))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Compact(t.Context(), Config{Path: path, Timeout: 50 * time.Millisecond}); !errors.Is(err, storage.ErrBusy) {
		t.Errorf("while it is open: %v", err)
	}
	err = s.write(t.Context(), "removing", nil, func(tx *txn) error {
		for n := range 2000 {
			tx.remove(signedFamily, of(own).sequence(uint64(100_000+n)))
		}
		return nil
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if whole, err := os.ReadFile(path); err != nil || !bytes.Contains(whole, canary) {
		t.Fatalf("removed bytes are gone before the compaction: %v", err)
	}
	left := path + compactName + "killed"
	if err := os.WriteFile(left, canary, 0o600); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Compact(ctx, Config{Path: path}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	done, err := Compact(t.Context(), Config{Path: path})
	if err != nil || done.After >= done.Before {
		t.Fatalf("compacting: %+v, %v", done, err)
	}
	whole, err := os.ReadFile(path)
	if err != nil || bytes.Contains(whole, canary) {
		t.Errorf("removed bytes are in the new file (%v)", err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if faults := inspect(t, reopen(t, path)); len(faults) > 0 {
		t.Errorf("faults: %q", faults)
	}
}

func reopen(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestCompactDamaged: a damaged row is not carried over in silence, and nothing
// is changed.
func TestCompactDamaged(t *testing.T) {
	s := keptStore(t)
	path := s.config.Path
	s.put(t, tenantFamily, of(foreign), []byte("damaged"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Compact(t.Context(), Config{Path: path}); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("compacting: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed (%v)", err)
	}
}

// TestOpenReplaced waits for a file that is replaced meanwhile: what is opened
// then must not be the file without a name.
func TestOpenReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "laurel.db")
	for _, name := range []string{path, path + ".new"} {
		if err := Create(Config{Path: name}); err != nil {
			t.Fatal(err)
		}
	}
	s := reopen(t, path)
	opened := make(chan error, 1)
	go func() {
		late, err := Open(Config{Path: path, Timeout: 5 * time.Second})
		if err == nil {
			err = late.Close()
		}
		opened <- err
	}()
	time.Sleep(200 * time.Millisecond)
	if err := errors.Join(os.Rename(path+".new", path), s.Close()); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; !errors.Is(err, storage.ErrBusy) {
		t.Errorf("opening a file that lost its name: %v", err)
	}
}

// TestSnapshot copies a store while it is written to.
func TestSnapshot(t *testing.T) {
	s := keptStore(t)
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			act := storage.Act{Actor: "test", Time: time.Now()}
			if err := s.CreateTenant(context.Background(), act, storage.Tenant{Slug: "tenant-" + decimal(n), DID: "did:web:" + decimal(n)}); err != nil {
				stopped <- err
				return
			}
		}
	}()
	var described storage.Snapshot
	var copied bytes.Buffer
	err := s.Snapshot(t.Context(), &copied, func(d storage.Snapshot) error { described = d; return nil })
	close(stop)
	if err := errors.Join(err, <-stopped); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(path, copied.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	again := reopen(t, path)
	if faults := inspect(t, again); len(faults) > 0 {
		t.Errorf("faults: %q", faults)
	}
	tenants, err := again.ListTenants(t.Context())
	if err != nil || len(tenants) != described.Counts["tenants"] || described.Size != int64(copied.Len()) || len(described.Chains) < 3 || described.Schema != schemaVersion {
		t.Errorf("%d tenants, %v; described as %+v", len(tenants), err, described)
	}
	broken := errors.New("broken")
	if err := s.Snapshot(t.Context(), io.Discard, func(storage.Snapshot) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("error of the reader: %v", err)
	}
}

// TestAfterRestore: no place that may have been given out is given out again,
// and every list is to be published.
func TestAfterRestore(t *testing.T) {
	s := keptStore(t)
	act := storage.Act{Actor: "cli", Time: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
	known := map[string]uint64{}
	lists, err := s.ListStatusLists(t.Context(), own)
	if err != nil || len(lists) == 0 {
		t.Fatal(err)
	}
	for _, list := range lists {
		known[list.ID] = list.Version
	}
	if err := s.AfterRestore(t.Context(), act, "2026-03-14"); err != nil {
		t.Fatal(err)
	}
	var achievement string
	_ = s.db.View(func(tx *bolt.Tx) error {
		_, c := planter{t, &txn{tx: tx}}.credential(own, storage.StateIssued)
		achievement = c.Achievement
		return nil
	})
	reserved, err := s.ReserveCredential(t.Context(), storage.Reservation{
		Act: act, Tenant: own, ID: "after", Achievement: achievement, AchievementVersion: 1,
		Subject: storage.SubjectKey{ID: "after", Wrapped: []byte("key")}, Recipient: []byte("sealed"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, old := known[reserved.Credential.Status[0].List]; old {
		t.Error("a place was given out of a list from before")
	}
	dirty, err := s.DirtyStatusLists(t.Context(), act.Time.AddDate(-10, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range dirty {
		if version, ok := known[list.ID]; ok && list.Version == version+1 {
			delete(known, list.ID)
		}
	}
	if len(known) > 0 {
		t.Errorf("lists that are not to be published anew: %v", known)
	}
	if faults := inspect(t, s); len(faults) > 0 {
		t.Errorf("faults: %q", faults)
	}
}
