package boltstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"laurel/storage"
)

// scratch opens a store and returns it with its file, so that a test can do
// something to that.
func scratch(t testing.TB, directory string) *Store {
	t.Helper()
	config := Config{Path: filepath.Join(directory, "laurel.db")}
	if err := Create(config); err != nil {
		t.Fatal(err)
	}
	store, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func putting(name string) func(*txn) error {
	return func(t *txn) error {
		t.put(tenantFamily, of(name), []byte("{}"))
		return nil
	}
}

func (s *Store) has(t testing.TB, name string) bool {
	t.Helper()
	_, err := s.Tenant(context.Background(), name)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// held keeps the writer busy until the function returned is called, so that
// what is written meanwhile makes one batch.
func held(s *Store) (release func()) {
	begun, let := make(chan struct{}), make(chan struct{})
	var once sync.Once
	go s.writer.do(context.Background(), false, func(*txn) error { //nolint:errcheck // writes nothing
		once.Do(func() { close(begun) })
		<-let
		return nil
	})
	<-begun
	return func() { close(let) }
}

// queued starts writes in the order given and returns once all are waiting.
func queued(s *Store, fns ...func(*txn) error) (wait func() []error) {
	errs := make([]error, len(fns))
	var writers sync.WaitGroup
	for i, fn := range fns {
		writers.Go(func() {
			defer func() {
				if fault := recover(); fault != nil {
					errs[i] = fmt.Errorf("panic: %v", fault)
				}
			}()
			errs[i] = s.writer.do(context.Background(), false, fn)
		})
		for {
			s.writer.mu.Lock()
			n := len(s.writer.queue)
			s.writer.mu.Unlock()
			if n == i+1 {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	return func() []error { writers.Wait(); return errs }
}

func commits(t testing.TB, s *Store) (id int) {
	t.Helper()
	if err := s.db.View(func(tx *bolt.Tx) error { id = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestBatchIsOneCommit(t *testing.T) {
	s := scratch(t, t.TempDir())
	release := held(s)
	before := commits(t, s)
	var fns []func(*txn) error
	for i := range 100 {
		fns = append(fns, putting(fmt.Sprint("tenant-", i)))
	}
	wait := queued(s, fns...)
	release()
	for i, err := range wait() {
		if err != nil || !s.has(t, fmt.Sprint("tenant-", i)) {
			t.Errorf("write %d: %v", i, err)
		}
	}
	if got := commits(t, s) - before; got != 1 {
		t.Errorf("%d commits for 100 writes", got)
	}
}

// TestBatchSpoilers puts all ways to fail into one batch.
func TestBatchSpoilers(t *testing.T) {
	s := scratch(t, t.TempDir())
	release := held(s)
	refused := errors.New("refused")
	runs := 0
	wait := queued(s,
		putting("tenant-0"),
		func(t *txn) error { // fails having written
			runs++
			t.put(tenantFamily, of("spoiler-1"), []byte("{}"))
			return refused
		},
		putting("tenant-2"),
		func(*txn) error { return refused }, // fails before it writes
		func(t *txn) error { // fails only because of one beside it
			failing := t.get(tenantFamily, of("tenant-2")) != nil && t.get(tenantFamily, of("after")) == nil
			t.put(tenantFamily, of("lonely-4"), []byte("{}"))
			if failing {
				t.put(tenantFamily, of("after"), []byte("{}"))
				return refused
			}
			return nil
		},
		func(t *txn) error {
			t.put(tenantFamily, of("spoiler-5"), []byte("{}"))
			panic("five")
		},
		func(t *txn) error { // bbolt refuses an empty key
			t.put(tenantFamily, nil, []byte("{}"))
			t.put(tenantFamily, of("spoiler-6"), []byte("{}"))
			return nil
		},
		putting("tenant-7"),
	)
	release()
	got := wait()
	for i, want := range []string{"", "refused", "", "refused", "refused", "panic: five", "key required", ""} {
		if fmt.Sprint(got[i]) != want && !(got[i] == nil && want == "") {
			t.Errorf("write %d: %v, want %q", i, got[i], want)
		}
	}
	for _, name := range []string{"tenant-0", "tenant-2", "tenant-7"} {
		if !s.has(t, name) {
			t.Errorf("%s was lost", name)
		}
	}
	for _, name := range []string{"spoiler-1", "lonely-4", "after", "spoiler-5", "spoiler-6"} {
		if s.has(t, name) {
			t.Errorf("%s was kept", name)
		}
	}
	if runs < 2 {
		t.Errorf("the failing write ran %d times, want another one on its own", runs)
	}
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestRefusalIsJudgedAgain checks that a refusal that depends on others'
// writes is judged without them once they are gone.
func TestRefusalIsJudgedAgain(t *testing.T) {
	s := scratch(t, t.TempDir())
	release := held(s)
	unlessTaken := func(t *txn) error {
		if t.get(tenantFamily, of("name")) != nil {
			return storage.ErrExists
		}
		t.put(tenantFamily, of("name"), []byte("{}"))
		return nil
	}
	wait := queued(s,
		func(t *txn) error { // takes the name, then fails
			t.put(tenantFamily, of("name"), []byte("{}"))
			return errors.New("after all not")
		},
		unlessTaken,
	)
	release()
	if got := wait(); got[0] == nil || got[1] != nil || !s.has(t, "name") {
		t.Errorf("results %v", got)
	}
}

// TestFailureIsSticky takes the file away under the store.
func TestFailureIsSticky(t *testing.T) {
	config := Config{Path: filepath.Join(t.TempDir(), "laurel.db")}
	if err := Create(config); err != nil {
		t.Fatal(err)
	}
	var file *os.File
	db, err := bolt.Open(config.Path, 0o600, &bolt.Options{
		OpenFile: func(name string, flag int, mode os.FileMode) (_ *os.File, err error) {
			file, err = os.OpenFile(name, flag, mode)
			return file, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &Store{db: db, writer: startWriter(db, nil), config: config.withDefaults()}
	t.Cleanup(func() { _ = s.Close() })
	ctx := context.Background()
	if err := s.write(ctx, "writing", nil, putting("tenant-1")); err != nil {
		t.Fatal(err)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.write(ctx, "writing", nil, putting("tenant-2")); !errors.Is(err, storage.ErrFailed) {
			t.Errorf("write: %v", err)
		}
	}
	if err := s.Err(); !errors.Is(err, storage.ErrFailed) {
		t.Errorf("state: %v", err)
	}
	if !s.has(t, "tenant-1") || s.has(t, "tenant-2") {
		t.Error("reads do not go on")
	}
}

// TestFullDisk fills a small file system. Writes are refused, reads and the
// file stay good, and there is no need to open again when there is room.
func TestFullDisk(t *testing.T) {
	directory := smallDisk(t, "3m")
	ballast := filepath.Join(directory, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s := scratch(t, directory)
	ctx := context.Background()
	written := 0
	var full error
	for i := range 1000 {
		err := s.write(ctx, "writing", nil, func(tx *txn) error {
			tx.put(signedFamily, of("tenant").sequence(uint64(i)), make([]byte, 32<<10))
			tx.put(tenantFamily, of(fmt.Sprint("tenant-", i)), []byte("{}"))
			return nil
		})
		if err != nil {
			full, written = err, i
			break
		}
	}
	if !errors.Is(full, storage.ErrFull) {
		t.Fatalf("a full disk after %d writes: %v", written, full)
	}
	for i := range written {
		if !s.has(t, fmt.Sprint("tenant-", i)) {
			t.Errorf("write %d was lost", i)
		}
	}
	if s.has(t, fmt.Sprint("tenant-", written)) {
		t.Error("the refused write was kept")
	}
	if err := s.Check(ctx); err != nil {
		t.Error(err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := s.write(ctx, "writing", nil, putting("tenant-more")); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := s.Check(ctx); err != nil {
		t.Error(err)
	}
}

func TestSchemaVersions(t *testing.T) {
	s := scratch(t, t.TempDir())
	path := s.config.Path
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := openFile(path, DefaultTimeout, false)
	if err != nil {
		t.Fatal(err)
	}
	schema := func() (n int) {
		err := db.View(func(tx *bolt.Tx) error {
			meta, err := readMeta(&txn{tx: tx})
			n = meta.Schema
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	broken := errors.New("broken step")
	step := func(name string, err error) migration {
		return func(t *txn) error {
			t.put(tenantFamily, of(name), []byte("{}"))
			return err
		}
	}
	steps := func(last error) []migration {
		return append(slices.Clip(migrations), step("step-1", nil), step("step-2", last))
	}
	const future = schemaVersion + 2
	if err := prepare(db, future, steps(broken)); !errors.Is(err, broken) {
		t.Errorf("migration with a broken step: %v", err)
	}
	if got := schema(); got != schemaVersion {
		t.Errorf("schema %d after a broken migration", got)
	}
	if err := prepare(db, future, steps(nil)); err != nil {
		t.Error(err)
	}
	if got := schema(); got != future {
		t.Errorf("schema %d after the migration", got)
	}
	if err := prepare(db, future, nil); err != nil {
		t.Errorf("present schema: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(s.config); !errors.Is(err, storage.ErrVersion) {
		t.Errorf("opening a newer store: %v", err)
	}
}

func TestMissingBucket(t *testing.T) {
	for _, f := range families {
		config := Config{Path: filepath.Join(t.TempDir(), "laurel.db")}
		if err := Create(config); err != nil {
			t.Fatal(err)
		}
		db, err := openFile(config.Path, DefaultTimeout, false)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bolt.Tx) error { return tx.DeleteBucket(f.name) })
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(config); !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("without %q: %v", f.name, err)
		}
	}
}

// TestDamagedRow reads rows that are not JSON.
func TestDamagedRow(t *testing.T) {
	s := scratch(t, t.TempDir())
	ctx := context.Background()
	err := s.write(ctx, "damaging", nil, func(t *txn) error {
		t.put(tenantFamily, of("broken-row"), []byte(`{"slug":`))
		t.put(auditFamily, of("broken-row").sequence(1), []byte("short"))
		t.put(idempotencyFamily, idempotencyKey("broken-row", "a", "b"), []byte("short"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Tenant(ctx, "broken-row"); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("tenant: %v", err)
	}
	if _, _, err := s.ListAudit(ctx, "broken-row", storage.Page{}); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("audit: %v", err)
	}
	if _, err := s.Idempotency(ctx, "broken-row", "a", "b"); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("idempotency: %v", err)
	}
}
