package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"laurel/storage"
	"laurel/storage/boltstore"
)

// newFile makes a store with some rows in it and returns its path.
func newFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "laurel.db")
	if err := boltstore.Create(boltstore.Config{Path: path}); err != nil {
		t.Fatal(err)
	}
	store := reopened(t, path)
	for _, slug := range []string{"north-university", "south-university"} {
		act := storage.Act{Actor: "test", Time: time.Now()}
		tenant := storage.Tenant{Slug: slug, DID: "did:web:" + slug + ".example", Profile: bytes.Repeat([]byte("p"), 20_000)}
		if err := store.CreateTenant(context.Background(), act, tenant); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func reopened(t *testing.T, path string) *boltstore.Store {
	t.Helper()
	store, err := boltstore.Open(boltstore.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func TestCreate(t *testing.T) {
	path := newFile(t)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("directory holds %v, %v", entries, err)
	}
	if err := boltstore.Create(boltstore.Config{Path: path}); !errors.Is(err, storage.ErrExists) {
		t.Errorf("creating over a store: %v", err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := boltstore.Create(boltstore.Config{Path: empty}); !errors.Is(err, storage.ErrExists) {
		t.Errorf("creating over an empty file: %v", err)
	}
	if err := boltstore.Create(boltstore.Config{Path: filepath.Join(path, "below")}); err == nil || errors.Is(err, storage.ErrExists) {
		t.Errorf("creating where no directory is: %v", err)
	}
}

// TestCreateRace has several processes' worth of Create meet: one wins, and what
// it made is not replaced.
func TestCreateRace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "laurel.db")
	errs := make([]error, 8)
	var creators sync.WaitGroup
	for i := range errs {
		creators.Go(func() { errs[i] = boltstore.Create(boltstore.Config{Path: path}) })
	}
	creators.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, storage.ErrExists) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d creators won", won)
	}
	if err := reopened(t, path).Check(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestOpenRefuses opens what is not a whole store. Nothing may be written.
func TestOpenRefuses(t *testing.T) {
	whole := usedPart(t, newFile(t))
	twoMetasZeroed := bytes.Clone(whole)
	clear(twoMetasZeroed[:2*os.Getpagesize()])
	for name, data := range map[string][]byte{
		"empty":          {},
		"one byte":       {0},
		"text":           []byte("this is no database\n"),
		"zeros":          make([]byte, 1<<16),
		"SQLite":         append([]byte("SQLite format 3\x00"), make([]byte, 1<<14)...),
		"metas zeroed":   twoMetasZeroed,
		"meta cut":       whole[:20],
		"metas alone":    whole[:2*os.Getpagesize()],
		"half":           whole[:len(whole)/2],
		"last page gone": whole[:len(whole)-os.Getpagesize()],
	} {
		path := filepath.Join(t.TempDir(), "laurel.db")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		store, err := boltstore.Open(boltstore.Config{Path: path})
		if !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("%s: error %v, want damage", name, err)
		}
		if store != nil {
			t.Errorf("%s: a store beside the error", name)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, data) {
			t.Errorf("%s: the file was changed (%v)", name, err)
		}
	}

	missing := filepath.Join(t.TempDir(), "laurel.db")
	if _, err := boltstore.Open(boltstore.Config{Path: missing}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("missing: %v", err)
	}
	if _, err := os.Lstat(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file was made: %v", err)
	}
	if _, err := boltstore.Open(boltstore.Config{Path: t.TempDir()}); err == nil {
		t.Error("a directory was opened")
	}
}

// usedPart reads the part of a file that bbolt has given out: what it grew the
// file by beyond that holds nothing.
func usedPart(t *testing.T, path string) []byte {
	t.Helper()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // only read
	tx, err := db.Begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // only read
	pages := 0
	for {
		page, err := tx.Page(pages)
		if err != nil {
			t.Fatal(err)
		}
		if page == nil {
			break
		}
		pages++
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return whole[:pages*os.Getpagesize()]
}

func TestOpenForeignBolt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := boltstore.Open(boltstore.Config{Path: path}); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("another program's bbolt file: %v", err)
	}
}

// TestOpenFlipped flips bits all over the file. Whatever happens must be a
// refusal, a report by Check, or no difference; never a crash.
func TestOpenFlipped(t *testing.T) {
	path := newFile(t)
	whole := usedPart(t, path)
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	store := reopened(t, path)
	if err := errors.Join(store.Check(context.Background()), store.Close()); err != nil {
		t.Fatalf("the used part alone: %v", err)
	}
	refused, reported := 0, 0
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		at := random.IntN(len(whole))
		if random.IntN(2) == 0 {
			at = at&^(os.Getpagesize()-1) + random.IntN(192) // headers and elements matter most
		}
		data := bytes.Clone(whole)
		data[at] ^= 1 << random.IntN(8)
		// A new file, as bbolt keeps the old one mapped and locked when it panics.
		if err := errors.Join(os.Remove(path), os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatal(err)
		}
		store, err := boltstore.Open(boltstore.Config{Path: path})
		if err != nil {
			if !errors.Is(err, storage.ErrCorrupt) && !errors.Is(err, storage.ErrVersion) {
				t.Errorf("byte %d: %v", at, err)
			}
			refused++
			continue
		}
		if err := store.Check(context.Background()); errors.Is(err, storage.ErrCorrupt) {
			reported++
		} else if err != nil {
			t.Errorf("byte %d: %v", at, err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if refused == 0 || reported == 0 {
		t.Errorf("%d refused and %d reported", refused, reported)
	}
}

func TestOpenBusy(t *testing.T) {
	path := newFile(t)
	store := reopened(t, path)
	begun := time.Now()
	_, err := boltstore.Open(boltstore.Config{Path: path})
	if !errors.Is(err, storage.ErrBusy) {
		t.Errorf("opening a store in use: %v", err)
	}
	if waited := time.Since(begun); waited > 2*time.Second {
		t.Errorf("waited %v", waited)
	}
	begun = time.Now()
	_, err = boltstore.Open(boltstore.Config{Path: path, Timeout: 100 * time.Millisecond})
	if !errors.Is(err, storage.ErrBusy) || time.Since(begun) > 500*time.Millisecond {
		t.Errorf("with a timeout of 100 ms: %v after %v", err, time.Since(begun))
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	reopened(t, path)
}

func TestClosed(t *testing.T) {
	store := reopened(t, newFile(t))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := store.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if _, err := store.Tenant(ctx, "north-university"); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("read: %v", err)
	}
	if err := store.AfterRestore(ctx, storage.Act{Actor: "test", Time: time.Now()}, ""); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("write: %v", err)
	}
	if err := store.Check(ctx); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("check: %v", err)
	}
}
