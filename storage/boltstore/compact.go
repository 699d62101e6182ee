package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"laurel/storage"
)

// compactBatch is how many bytes of rows one transaction of a compaction writes.
const compactBatch = 16 << 20

// compactName is what the names of files begin with that a compaction writes,
// after that of the store.
const compactName = ".compact-"

// Compacted says how many bytes a file had before and has after a compaction.
type Compacted struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`
}

// Compact writes a store anew, with nothing but its live rows: what was removed
// is in no byte of the new file. The store must not be open. Whenever the
// machine stops, the file is the old one or the new one, both whole.
//
// The errors are those of Open; a store with damaged rows is storage.ErrCorrupt
// and stays as it is.
func Compact(ctx context.Context, config Config) (Compacted, error) {
	store, err := Open(config)
	if err != nil {
		return Compacted{}, err
	}
	// The old file stays locked until the new one has its name.
	done, err := store.compact(ctx)
	if err = errors.Join(err, store.Close()); err != nil {
		return done, fmt.Errorf("compacting store: %w", err)
	}
	return done, nil
}

func (s *Store) compact(ctx context.Context) (done Compacted, err error) {
	path := s.config.Path
	if err := removeLeftovers(path); err != nil {
		return done, err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+compactName+"*") // mode 0600
	if err != nil {
		return done, err
	}
	defer os.Remove(temporary.Name()) //nolint:errcheck // has another name when all went well
	if err := temporary.Close(); err != nil {
		return done, err
	}
	if err := s.copyTo(ctx, temporary.Name()); err != nil {
		return done, err
	}
	for file, size := range map[string]*int64{path: &done.Before, temporary.Name(): &done.After} {
		info, err := os.Stat(file)
		if err != nil {
			return done, err
		}
		*size = info.Size()
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return done, err
	}
	return done, syncDirectory(filepath.Dir(path))
}

// removeLeftovers removes what a compaction left that was killed. The store is
// locked, so that none is under way.
func removeLeftovers(path string) error {
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), filepath.Base(path)+compactName+"*"))
	for _, name := range left {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// copyTo writes all rows to a new file and makes sure that they are there.
func (s *Store) copyTo(ctx context.Context, path string) error {
	db, err := openFile(path, s.config.Timeout, false)
	if err != nil {
		return err
	}
	db.NoSync = true // until the end
	err = s.db.View(func(from *bolt.Tx) error {
		for _, f := range families {
			if err := copyBucket(ctx, db, from.Bucket(f.name), f); err != nil {
				return err
			}
		}
		return db.View(func(to *bolt.Tx) error {
			for _, f := range families {
				if err := sameRows(ctx, from.Bucket(f.name), to.Bucket(f.name), f); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err = errors.Join(err, db.Sync(), db.Close()); err != nil {
		return err
	}
	return trim(path)
}

// trim cuts off what bbolt has made a file longer by in advance.
func trim(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	meta, err := newestMeta(file)
	if err == nil {
		err = file.Truncate(int64(meta.pages * meta.pageSize))
	}
	return errors.Join(err, file.Sync(), file.Close())
}

// copyBucket copies the rows of a bucket in their order, which leaves its pages
// full.
func copyBucket(ctx context.Context, db *bolt.DB, from *bolt.Bucket, f *family) error {
	c := from.Cursor()
	k, row := c.First()
	for first := true; first || k != nil; first = false {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := db.Update(func(tx *bolt.Tx) error {
			to, err := tx.CreateBucketIfNotExists(f.name)
			if err != nil {
				return err
			}
			to.FillPercent = 0.95
			for size := 0; k != nil && size < compactBatch; k, row = c.Next() {
				if f != metaFamily {
					if _, ok := f.intact(k, row); !ok {
						return damagedRow(f)
					}
				}
				if err := to.Put(k, row); err != nil {
					return err
				}
				size += len(k) + len(row) + elementSize
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func sameRows(ctx context.Context, a, b *bolt.Bucket, f *family) error {
	left, right := a.Cursor(), b.Cursor()
	lk, lv := left.First()
	rk, rv := right.First()
	for n := 0; lk != nil || rk != nil; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if !bytes.Equal(lk, rk) || !bytes.Equal(lv, rv) {
			return fmt.Errorf("%w: %w in %q", storage.ErrCorrupt, errChanged, f.name)
		}
		lk, lv = left.Next()
		rk, rv = right.Next()
	}
	return nil
}
