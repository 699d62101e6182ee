package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io"

	bolt "go.etcd.io/bbolt"

	"laurel/storage"
)

// counted are the records that a snapshot counts.
var counted = []*family{tenantFamily, keyFamily, achievementFamily, credentialFamily, subjectFamily, listFamily}

// Snapshot copies the store as it is at one moment, while it goes on being
// used: describe is told what is to come, then the copy is written to w. What
// is written is a store that Open opens.
func (s *Store) Snapshot(ctx context.Context, w io.Writer, describe func(storage.Snapshot) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("copying store: %w", err)
	}
	err := s.db.View(func(tx *bolt.Tx) error {
		t := &txn{tx: tx}
		snapshot, err := describeSnapshot(t)
		if err != nil {
			return err
		}
		if err := describe(snapshot); err != nil {
			return err
		}
		_, err = tx.WriteTo(&interruptible{ctx, w})
		return err
	})
	if err != nil {
		return fmt.Errorf("copying store: %w", translate(err))
	}
	return nil
}

func describeSnapshot(t *txn) (storage.Snapshot, error) {
	meta, err := readMeta(t)
	if err != nil {
		return storage.Snapshot{}, err
	}
	snapshot := storage.Snapshot{Meta: meta, Size: t.tx.Size(), Counts: map[string]int{}}
	for _, f := range counted {
		c := t.unchecked(f).Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			snapshot.Counts[string(f.name)]++
		}
	}
	snapshot.Chains, err = t.auditChains()
	return snapshot, err
}

// auditChains gives the last entry of every chain.
func (t *txn) auditChains() (heads []storage.ChainHead, err error) {
	c := t.cursor(auditFamily)
	for k, _ := c.First(); k != nil; {
		head := storage.ChainHead{Tenant: tenantOf(k)}
		last := lastWithin(t.cursor(auditFamily), of(head.Tenant))
		if last == nil {
			break
		}
		head.Sequence = sequenceOf(last)
		copy(head.Hash[:], t.get(auditFamily, last))
		heads = append(heads, head)
		k, _ = c.Seek(append([]byte(head.Tenant), 1))
	}
	return heads, t.err
}

// interruptible is a writer that ends with its context.
type interruptible struct {
	ctx context.Context
	w   io.Writer
}

func (i *interruptible) Write(b []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.w.Write(b)
}

// AfterRestore makes a store that was restored from a backup fit for use: what
// happened after the backup was made is not known to it. New credentials get
// their places from new status lists, as the old ones may have given out more
// than is known, and all lists are to be published anew. detail goes into the
// audit entry.
func (s *Store) AfterRestore(ctx context.Context, act storage.Act, detail string) error {
	return s.write(ctx, "preparing restored store", validAct(act), func(t *txn) error {
		err := t.republish(func(list *storage.StatusList) {
			if list.Open {
				list.Open = false
				t.remove(openListFamily, of(list.Tenant).text(list.Purpose))
			}
			list.Changed = act.Time.UTC()
		})
		if err != nil {
			return err
		}
		meta, err := readMeta(t)
		if err != nil {
			return err
		}
		t.audit("", act, storage.ActionRestore, "store/"+meta.Installation, detail)
		return nil
	})
}

// errChanged means that a copy is not what it was copied from.
var errChanged = errors.New("copy differs")
