package boltstore

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"laurel/storage"
)

// smallDisk mounts a file system of a size.
func smallDisk(t *testing.T, size string) (directory string) {
	t.Helper()
	directory = t.TempDir()
	if err := syscall.Mount("tmpfs", directory, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("NOT TESTED: mounting a small file system takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(directory, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return directory
}

// fill takes all the room that a file system has left.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // there was no room
	for _, size := range []int{64 << 10, 1} {
		for part := make([]byte, size); err == nil; {
			_, err = file.Write(part)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		err = nil
	}
}

// TestBallast fills the disk. Badges are no longer awarded; they are revoked,
// that is published, keys are given up and people erased, until there is room
// again.
func TestBallast(t *testing.T) {
	directory := smallDisk(t, "8m")
	data, err := kept()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(directory, "laurel.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	const size = 1 << 20
	s := reopen(t, path)
	if err := s.KeepBallast(t.Context(), size); err != nil {
		t.Fatal(err)
	}
	there := func() bool {
		info, err := os.Stat(path + BallastSuffix)
		return err == nil && info.Size() == size
	}
	if !there() {
		t.Fatal("no ballast was made")
	}
	act := storage.Act{Actor: "test", Time: time.Now()}
	row := 64 << 10 // bytes that an award takes
	award := func(n int) error {
		return s.write(t.Context(), "awarding", nil, func(tx *txn) error {
			tx.put(signedFamily, of(own).sequence(uint64(100_000+n)), make([]byte, row))
			return nil
		})
	}
	if err := award(0); err != nil {
		t.Fatal(err)
	}
	filler := filepath.Join(directory, "filler")
	fill(t, filler)
	for n := 1; err == nil || row > 64; n++ {
		if err != nil {
			row /= 2 // until no page of the file is free
		}
		err = award(n)
	}
	if !errors.Is(err, storage.ErrFull) || !there() {
		t.Fatalf("award on a full disk: %v; ballast there: %v", err, there())
	}

	issued, _, err := s.ListCredentials(t.Context(), own, storage.CredentialFilter{State: storage.StateIssued}, storage.Page{})
	if err != nil || len(issued) < 3 {
		t.Fatalf("%d badges, %v", len(issued), err)
	}
	for n := range 100 { // more than once has room for
		change := storage.StatusChange{Act: act, Tenant: own, ID: issued[0].ID, State: storage.StateSuspended}
		if n%2 == 1 {
			change.State = storage.StateIssued
		}
		if _, err := s.SetStatus(t.Context(), change); err != nil {
			t.Fatalf("change %d on a full disk: %v", n, err)
		}
	}
	revoke := storage.StatusChange{Act: act, Tenant: own, ID: issued[1].ID, State: storage.StateRevoked}
	if _, err := s.SetStatus(t.Context(), revoke); err != nil {
		t.Errorf("revoking on a full disk: %v", err)
	}
	list := issued[1].Status[0].List
	stored, _, err := s.StatusBits(t.Context(), own, list)
	if err != nil {
		t.Fatal(err)
	}
	err = s.SavePublishedList(t.Context(), own, list, storage.PublishedList{
		Version: stored.Version, Signed: make([]byte, 256<<10), SignedAt: act.Time, ValidUntil: act.Time.Add(time.Hour), Key: stored.Key,
	})
	if err != nil {
		t.Errorf("publishing on a full disk: %v", err)
	}
	if _, err := s.UpdateKey(t.Context(), act, own, issued[0].Key, func(k *storage.Key) error { k.Compromised = act.Time; return nil }); err != nil {
		t.Errorf("giving a key up on a full disk: %v", err)
	}
	if _, err := s.EraseSubject(t.Context(), act, own, issued[2].Subject); err != nil {
		t.Errorf("erasing on a full disk: %v", err)
	}
	if there() {
		t.Error("the ballast was not needed: the test shows nothing")
	}
	if err := award(1000); !errors.Is(err, storage.ErrFull) {
		t.Errorf("award in the room that is kept: %v", err)
	}

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if err = award(2000); err == nil || time.Now().After(deadline) {
			break
		}
	}
	if err != nil || !there() {
		t.Errorf("award with room again: %v; ballast there: %v", err, there())
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestBallastAbsent: a disk that is too full for a ballast takes no awards from
// the start, and a store without one is as before.
func TestBallastAbsent(t *testing.T) {
	directory := smallDisk(t, "4m")
	path := filepath.Join(directory, "laurel.db")
	if err := Create(Config{Path: path}); err != nil {
		t.Fatal(err)
	}
	filler := filepath.Join(directory, "filler")
	fill(t, filler)
	if err := os.Truncate(filler, 2<<20); err != nil {
		t.Fatal(err)
	}
	s := reopen(t, path)
	if err := s.KeepBallast(t.Context(), 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := s.write(t.Context(), "awarding", nil, putting("tenant")); !errors.Is(err, storage.ErrFull) {
		t.Errorf("award without a ballast: %v", err)
	}
	if err := s.writeVital(t.Context(), "revoking", nil, putting("vital")); err != nil {
		t.Errorf("revoking without a ballast: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, path)
	if err := s.write(t.Context(), "awarding", nil, putting("tenant")); err != nil {
		t.Errorf("award by a program that keeps none: %v", err)
	}
}
