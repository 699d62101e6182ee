// Package boltstore keeps the records of package storage in one bbolt file.
//
// One method is one transaction. Writes are collected: whatever is waiting when
// the disk is free goes into one commit with one fsync, each write keeping its
// own result. No write is acknowledged before that commit is on disk.
//
// One process owns the file; a second gets [storage.ErrBusy]. The file is made
// by [Create] alone: a missing, empty, truncated or foreign file is refused by
// [Open] and never replaced.
//
// Functions that callers hand to Update methods run while other writes wait,
// may run twice, and must not call the store. If one panics, nothing of its
// write is kept, writes beside it are unharmed, and its caller panics.
//
// Rows are keyed by tenant, then mostly by a sequence number of that tenant, so
// that new rows lie close together and lists come in the order of creation. The
// one exception is the bucket that finds the tenant of a public id.
//
// Deleted bytes stay in the file's free pages until they are used again or the
// file is compacted. Whoever erases a person's data must see to that.
package boltstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"laurel/storage"
)

// DefaultTimeout is how long Open waits for another process to let go of the file.
const DefaultTimeout = time.Second

// DefaultStatusListSize is the least size that Bitstring Status List 1.0 allows.
const DefaultStatusListSize = 131072

// Config says where a store is and how it behaves. Only Path is required.
type Config struct {
	// Path is the file. Its directory must exist.
	Path string
	// Timeout is how long to wait for a file in use, DefaultTimeout when zero.
	Timeout time.Duration
	// StatusListSize is the number of entries of new status lists,
	// DefaultStatusListSize when zero. Less is for tests: it would tell
	// holders apart.
	StatusListSize int
	// Rand gives status indexes and ids of lists; crypto/rand when nil.
	Rand io.Reader
	// Clock is used by Create alone; every other time comes with the write.
	Clock func() time.Time
	// ReadOnly opens a store to look into it: writes give storage.ErrInvalid,
	// and an older one is refused with storage.ErrOutdated rather than changed.
	// Nobody can have it open for writing meanwhile.
	ReadOnly bool
}

func (c Config) withDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.StatusListSize == 0 {
		c.StatusListSize = DefaultStatusListSize
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return c
}

// Store is an open store. Its methods may be called from any goroutine.
type Store struct {
	db     *bolt.DB
	writer *writer
	config Config
	// run tells leases given by this opening from those of earlier ones.
	run string
}

// Open opens an existing store.
//
// It returns [storage.ErrNotFound] when there is no file, [storage.ErrBusy]
// when another process has it, [storage.ErrVersion] when a newer program wrote
// it, and [storage.ErrCorrupt] when it is not a whole store. An older store is
// brought to the present schema first.
func Open(config Config) (*Store, error) {
	config = config.withDefaults()
	if err := checkFile(config.Path); err != nil {
		return nil, fmt.Errorf("opening store: %w", err)
	}
	db, err := openFile(config.Path, config.Timeout, config.ReadOnly)
	if err != nil {
		return nil, fmt.Errorf("opening store: %w", err)
	}
	if err := guard(func() error { return prepare(db, schemaVersion, migrations) }); err != nil {
		return nil, errors.Join(fmt.Errorf("opening store: %w", err), db.Close())
	}
	var kept *ballast
	if !config.ReadOnly {
		kept = newBallast(config.Path, 0)
	}
	run, err := randomID(config.Rand)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening store: %w", err), db.Close())
	}
	return &Store{db: db, writer: startWriter(db, kept), config: config, run: run}, nil
}

// Close waits for the writes that are under way and releases the file. Later
// calls of any method give [storage.ErrClosed].
func (s *Store) Close() error {
	if !s.writer.stop() {
		return nil
	}
	return s.db.Close()
}

// KeepBallast keeps that many bytes of the disk for changes of status,
// publishing, giving up keys and erasing, so that these are possible when the
// disk is full. From the moment that one of them needs the room, or when it
// cannot be had to begin with, all other writes give [storage.ErrFull], until
// there is room again. A store that nobody called it for uses what is kept
// already.
func (s *Store) KeepBallast(ctx context.Context, bytes int64) error {
	return s.writeVital(ctx, "keeping ballast", nil, func(*txn) error {
		s.writer.ballast = newBallast(s.config.Path, bytes)
		return nil
	})
}

// Err returns nil while the store takes writes, and an error that is
// [storage.ErrFailed] from the moment that one could not be made durable. The
// process should then end: what the disk holds is known only after reopening.
func (s *Store) Err() error { return s.writer.err() }

// Check reads the whole file and reports damage to its structure as
// [storage.ErrCorrupt]. It keeps writes waiting while it runs, which takes
// seconds for large files.
func (s *Store) Check(ctx context.Context) error {
	tx, err := s.db.Begin(!s.config.ReadOnly)
	if err != nil {
		return fmt.Errorf("checking store: %w", translate(err))
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	// bbolt's own check runs in a goroutine that a wild pointer in the file
	// would bring down, and the process with it. It is asked only about files
	// whose pointers are good.
	if err := checkPages(ctx, s.config.Path); err != nil {
		return fmt.Errorf("checking store: %w", err)
	}
	var faults []error
	for fault := range tx.Check() { // to its end, or its goroutine stays
		if len(faults) < 10 {
			faults = append(faults, fault)
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("checking store: %w: %w", storage.ErrCorrupt, errors.Join(faults...))
	}
	return nil
}

// Meta describes the store.
func (s *Store) Meta(ctx context.Context) (storage.Meta, error) {
	var meta storage.Meta
	err := s.read(ctx, "reading store description", func(t *txn) (err error) {
		meta, err = readMeta(t)
		return err
	})
	return meta, err
}

// read runs fn over one consistent state of the store. What it takes out must
// be copied.
func (s *Store) read(ctx context.Context, doing string, fn func(*txn) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	err := s.db.View(func(tx *bolt.Tx) error {
		t := &txn{tx: tx, memory: &s.writer.memory}
		if err := fn(t); t.err == nil {
			return err
		}
		return t.err // what fn made of a damaged row counts for nothing
	})
	if err != nil {
		return fmt.Errorf("%s: %w", doing, translate(err))
	}
	return nil
}

// write runs fn in a transaction, perhaps with others and perhaps twice, and
// returns when it is on disk, unless what the caller gave is not valid. fn must
// set anew whatever it hands out, and read before it writes: failing after a
// write costs the others a second run.
func (s *Store) write(ctx context.Context, doing string, valid error, fn func(*txn) error) error {
	return s.perform(ctx, doing, valid, false, fn)
}

// writeVital is write for what must be possible when the disk is full; see
// ballast.
func (s *Store) writeVital(ctx context.Context, doing string, valid error, fn func(*txn) error) error {
	return s.perform(ctx, doing, valid, true, fn)
}

func (s *Store) perform(ctx context.Context, doing string, valid error, vital bool, fn func(*txn) error) error {
	err := valid
	if err == nil && s.config.ReadOnly {
		err = invalid("write to a store that is open for reading")
	}
	if err == nil {
		err = s.writer.do(ctx, vital, fn)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, translate(err))
	}
	return nil
}

// translate keeps bbolt's errors inside this package.
func translate(err error) error {
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return storage.ErrClosed
	}
	return err
}

// guard runs fn and turns a panic, or a fault in the mapped file, into
// storage.ErrCorrupt: bbolt panics on pages that make no sense.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%w: %v", storage.ErrCorrupt, fault)
		}
	}()
	return fn()
}
