package boltstore

import (
	"bytes"
	"context"
	"fmt"

	"laurel/storage"
)

// audit adds an entry to a tenant's chain.
func (t *txn) audit(tenant string, act storage.Act, action, object, detail string) {
	t.appendEntry(storage.AuditEntry{
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
