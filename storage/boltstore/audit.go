package boltstore

import (
	"bytes"
	"context"
	"fmt"

	"laurel/storage"
)

// audit adds an entry to a tenant's chain, and tells the outbox of it.
func (t *txn) audit(tenant string, act storage.Act, action, object, detail string) storage.AuditEntry {
	return t.appendEntry(storage.AuditEntry{
		Tenant: tenant, Time: act.Time.UTC(), Actor: act.Actor, Action: action, Object: object, Detail: detail,
	})
}

func (t *txn) appendEntry(entry storage.AuditEntry) storage.AuditEntry {
	chain := of(entry.Tenant)
	entry.Sequence = t.next(auditFamily, chain)
	if entry.Sequence > 1 {
		copy(entry.Previous[:], t.get(auditFamily, chain.sequence(entry.Sequence-1)))
	}
	entry.Hash = entry.ComputeHash()
	t.putHashed(auditFamily, chain.sequence(entry.Sequence), entry.Hash, entry)
	t.announce(entry)
	return entry
}

// AppendAudit enters an act that changes nothing else in the store. Tenant,
// Time, Actor, Action, Object and Detail are taken from the entry; what is
// returned has its place in the chain too.
func (s *Store) AppendAudit(ctx context.Context, entry storage.AuditEntry) (storage.AuditEntry, error) {
	valid := first(
		validAct(storage.Act{Actor: entry.Actor, Time: entry.Time}),
		validLength("action", entry.Action, 64), validLength("object", entry.Object, 256))
	var appended storage.AuditEntry
	err := s.write(ctx, "appending audit entry", valid, func(t *txn) error {
		if entry.Tenant != "" {
			if err := t.known(entry.Tenant); err != nil {
				return err
			}
		}
		e := entry
		e.Time = e.Time.UTC()
		appended = t.appendEntry(e)
		return nil
	})
	return appended, err
}

// ListAudit reads a tenant's chain, or with tenant "" the installation's, oldest
// first. It reads what is stored and checks nothing.
func (s *Store) ListAudit(ctx context.Context, tenant string, page storage.Page) (entries []storage.AuditEntry, next string, err error) {
	err = s.read(ctx, "listing audit entries", func(t *txn) error {
		w, err := windowOf(page)
		if err != nil {
			return err
		}
		chain := of(tenant)
		var previous [32]byte
		copy(previous[:], t.get(auditFamily, chain.sequence(w.after)))
		c := t.cursor(auditFamily)
		for k, v := c.Seek(chain.sequence(w.after + 1)); bytes.HasPrefix(k, chain); k, v = c.Next() {
			if len(entries) == w.limit {
				next = cursorAfter(entries[len(entries)-1].Sequence)
				return nil
			}
			entry := storage.AuditEntry{Tenant: tenant, Sequence: sequenceOf(k), Previous: previous}
			if entry.Hash, err = decodeHashed(auditFamily, v, &entry); err != nil {
				return err
			}
			previous = entry.Hash
			entries = append(entries, entry)
		}
		return nil
	})
	return entries, next, err
}

// SearchAudit lists the entries of a tenant, or with tenant "" of the
// installation, that a filter lets through, the newest first. A page may have
// fewer than its limit, even none, and be followed by more.
func (s *Store) SearchAudit(ctx context.Context, tenant string, filter storage.AuditFilter, page storage.Page) (entries []storage.AuditEntry, next string, err error) {
	err = s.read(ctx, "searching audit entries", func(t *txn) error {
		w, err := windowOf(page)
		if err != nil {
			return err
		}
		scanned := 0
		for sequence := range t.descending(auditFamily, w.after, of(tenant)) {
			if len(entries) == w.limit || scanned == scanLimit {
				next = cursorAfter(sequence + 1)
				return nil
			}
			scanned++
			entry := storage.AuditEntry{Tenant: tenant, Sequence: sequence}
			if entry.Hash, err = decodeHashed(auditFamily, t.get(auditFamily, of(tenant).sequence(sequence)), &entry); err != nil {
				return err
			}
			copy(entry.Previous[:], t.get(auditFamily, of(tenant).sequence(sequence-1)))
			if (filter.Actor == "" || filter.Actor == entry.Actor) && (filter.Action == "" || filter.Action == entry.Action) &&
				(filter.Object == "" || filter.Object == entry.Object) {
				entries = append(entries, entry)
			}
		}
		return nil
	})
	return entries, next, err
}

// AuditChains gives the last entry of every chain, of one state of the store:
// that of the installation first, then those of tenants by slug. Rows of
// tenants that do not exist count as well, and a damaged row gives a head
// without a hash.
func (s *Store) AuditChains(ctx context.Context) ([]storage.ChainHead, error) {
	var heads []storage.ChainHead
	err := s.read(ctx, "listing audit chains", func(t *txn) error {
		c := t.unchecked(auditFamily).Cursor()
		for k, _ := c.First(); k != nil; {
			head := storage.ChainHead{Tenant: tenantOf(k)}
			beyond := append(key(head.Tenant), 1)
			last := c.Prev
			if k, _ := c.Seek(beyond); k == nil {
				last = c.Last
			}
			lastKey, lastRow := last()
			if row := auditRow(head.Tenant, lastKey, lastRow); row.Damage == nil {
				head.Sequence, head.Hash = row.Sequence, row.Hash
			}
			heads = append(heads, head)
			k, _ = c.Seek(beyond)
		}
		return nil
	})
	return heads, err
}

// walkBatch is how many rows are read in one transaction: a long one would keep
// the file from using its free pages again.
const walkBatch = 4096

// WalkAudit hands every row of a chain to visit as it is stored, damaged ones
// included, in the order of their keys, until it returns an error. Previous is
// the hash that is stored with the row before, whatever that is.
func (s *Store) WalkAudit(ctx context.Context, tenant string, visit func(storage.AuditRow) error) error {
	var after []byte
	var previous [32]byte
	for {
		rows := make([]storage.AuditRow, 0, walkBatch)
		err := s.read(ctx, "walking audit chain", func(t *txn) error {
			c := t.unchecked(auditFamily).Cursor()
			k, v := c.Seek(of(tenant))
			if after != nil {
				if k, v = c.Seek(after); bytes.Equal(k, after) {
					k, v = c.Next()
				}
			}
			for ; bytes.HasPrefix(k, of(tenant)) && len(rows) < walkBatch; k, v = c.Next() {
				after = bytes.Clone(k)
				row := auditRow(tenant, k, v)
				row.Previous, previous = previous, row.Hash
				rows = append(rows, row)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := visit(row); err != nil {
				return err
			}
		}
		if len(rows) < walkBatch {
			return nil
		}
	}
}

func auditRow(tenant string, k, stored []byte) storage.AuditRow {
	row := storage.AuditRow{AuditEntry: storage.AuditEntry{Tenant: tenant}}
	if len(k) != len(of(tenant))+8 {
		row.Damage = fmt.Errorf("%w: key of %q", storage.ErrCorrupt, auditFamily.name)
		return row
	}
	row.Sequence = sequenceOf(k)
	if v, ok := auditFamily.intact(k, stored); !ok {
		row.Damage = damagedRow(auditFamily)
	} else {
		row.Hash, row.Damage = decodeHashed(auditFamily, v, &row.AuditEntry)
	}
	return row
}

// checkpointsKept is how many checkpoints the store keeps. What is older is
// implied by them; copies outside are for those who do not trust the store.
const checkpointsKept = 100

// SaveCheckpoint stores a checkpoint. It returns storage.ErrConflict unless its
// number is the one after the last.
func (s *Store) SaveCheckpoint(ctx context.Context, checkpoint storage.Checkpoint) error {
	var valid error
	if len(checkpoint.Note) == 0 || checkpoint.Number == 0 {
		valid = invalid("checkpoint")
	}
	return s.write(ctx, "saving checkpoint", valid, func(t *txn) error {
		if t.next(checkpointFamily, of("")) != checkpoint.Number {
			return storage.ErrConflict
		}
		t.put(checkpointFamily, of("").sequence(checkpoint.Number), checkpoint.Note)
		if checkpoint.Number > checkpointsKept {
			t.remove(checkpointFamily, of("").sequence(checkpoint.Number-checkpointsKept))
		}
		return nil
	})
}

// Checkpoints reads the checkpoints that are kept, the oldest first. A damaged
// one is given as it is: whoever checks its signature finds that out, and can
// name it.
func (s *Store) Checkpoints(ctx context.Context) ([]storage.Checkpoint, error) {
	var kept []storage.Checkpoint
	err := s.read(ctx, "reading checkpoints", func(t *txn) error {
		return t.unchecked(checkpointFamily).ForEach(func(k, row []byte) error {
			if len(k) < 8 {
				return fmt.Errorf("%w: key of %q", storage.ErrCorrupt, checkpointFamily.name)
			}
			note, _ := checkpointFamily.intact(k, row)
			kept = append(kept, storage.Checkpoint{Number: sequenceOf(k), Note: bytes.Clone(note)})
			return nil
		})
	})
	return kept, err
}

// putHashed writes a row that has a hash before its JSON.
func (t *txn) putHashed(f *family, k []byte, hash [32]byte, v any) {
	t.put(f, k, append(hash[:], t.encode(f, v)...))
}

func decodeHashed(f *family, data []byte, v any) (hash [32]byte, err error) {
	if len(data) < len(hash) {
		return hash, fmt.Errorf("%w: row of %q", storage.ErrCorrupt, f.name)
	}
	copy(hash[:], data)
	return hash, decode(f, data[len(hash):], v)
}
