package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"laurel/storage"
)

// mappedSize is the address space first taken for the file. Growing beyond
// what is mapped has writers wait for all readers; address space costs nothing.
const mappedSize = 1 << 30

// Create makes a new, empty store, readable by its owner alone. A crash leaves
// either a whole store or none. It returns [storage.ErrExists] when there is a
// file at the path, of whatever kind.
func Create(config Config) error {
	config = config.withDefaults()
	if err := create(config); err != nil {
		return fmt.Errorf("creating store: %w", err)
	}
	return nil
}

// create builds the store under another name, because bbolt's own
// initialisation does not survive a power failure.
func create(config Config) error {
	if _, err := os.Lstat(config.Path); err == nil {
		return storage.ErrExists
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	directory := filepath.Dir(config.Path)
	temporary, err := os.CreateTemp(directory, filepath.Base(config.Path)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) //nolint:errcheck // gone already when all went well
	if err := temporary.Close(); err != nil {
		return err
	}
	db, err := openFile(temporary.Name(), config.Timeout, false)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error { return initialize(&txn{tx: tx}, config) })
	if err := errors.Join(err, db.Sync(), db.Close()); err != nil {
		return err
	}
	if err := place(temporary.Name(), config.Path); err != nil {
		return err
	}
	return syncDirectory(directory)
}

// place gives the file its name unless that is taken. A link refuses to
// replace a file that another process made meanwhile, a rename does not; it is
// for file systems without links.
func place(temporary, path string) error {
	err := os.Link(temporary, path)
	if err == nil {
		return os.Remove(temporary)
	}
	if errors.Is(err, fs.ErrExist) {
		return storage.ErrExists
	}
	return os.Rename(temporary, path)
}

func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// openFile opens an existing file with bbolt.
func openFile(path string, timeout time.Duration, readOnly bool) (*bolt.DB, error) {
	var file *os.File
	options := &bolt.Options{
		Timeout:         timeout,
		FreelistType:    bolt.FreelistMapType,
		InitialMmapSize: mappedSize,
		NoStatistics:    true,
		ReadOnly:        readOnly,
		OpenFile: func(name string, flag int, mode os.FileMode) (_ *os.File, err error) {
			file, err = os.OpenFile(name, flag&^os.O_CREATE, mode)
			return file, err
		},
	}
	var db *bolt.DB
	err := guard(func() (err error) {
		db, err = bolt.Open(path, 0o600, options)
		return err
	})
	if err == nil {
		err = stillThere(file, path)
	}
	switch {
	case err == nil:
		return db, nil
	case db != nil: // and locked, but not what has the name
		return nil, errors.Join(err, db.Close())
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, storage.ErrBusy
	case errors.Is(err, storage.ErrCorrupt):
		// bbolt panicked. What it mapped stays mapped, and by that locked, until
		// the process ends.
		_ = file.Close()
		return nil, err
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum),
		errors.Is(err, bolterrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%w: %w", storage.ErrCorrupt, err)
	case errors.Is(err, fs.ErrNotExist):
		return nil, storage.ErrNotFound
	}
	return nil, err
}

// stillThere makes sure that the file that was locked is the one that has the
// name: a compaction may have put another in its place while this process
// waited for the lock.
func stillThere(file *os.File, path string) error {
	locked, err := file.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !os.SameFile(locked, named) {
		return storage.ErrBusy
	}
	return nil
}

// checkFile refuses what bbolt would take for a new file or would fault on: a
// file that is empty, not bbolt's, or shorter than its newest meta page says.
func checkFile(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return storage.ErrNotFound
	}
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	meta, err := newestMeta(file)
	if err != nil {
		return err
	}
	// The size is read after the meta pages: a process that holds the file
	// makes it longer before it writes the meta page that needs the length.
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: not a regular file", storage.ErrCorrupt)
	}
	if there := uint64(info.Size()) / meta.pageSize; there < meta.pages {
		return fmt.Errorf("%w: truncated to %d of %d pages", storage.ErrCorrupt, there, meta.pages)
	}
	return nil
}
