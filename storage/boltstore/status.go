package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"laurel/storage"
)

// SetStatus revokes, suspends or reinstates a credential and marks the lists
// that show it as changed, all in one transaction. A credential that is in the
// state already stays as it is.
//
// It returns ErrConflict where the change is not possible: a revoked credential
// stays revoked, a pending one can only be revoked, and suspending takes an
// entry in a suspension list. What it returns is without sealed fields.
func (s *Store) SetStatus(ctx context.Context, change storage.StatusChange) (storage.Credential, error) {
	valid := validAct(change.Act)
	if valid == nil && actions[change.State] == "" {
		valid = invalid("state to set")
	}
	var changed storage.Credential
	err := s.writeVital(ctx, "setting status", valid, func(t *txn) error {
		if err := t.unclaimed(change.Tenant, change.Act); err != nil {
			return err
		}
		at, c, err := t.credential(change.Tenant, change.ID)
		if err != nil {
			return err
		}
		if c.State != change.State {
			lists := make(touched)
			if err := first(t.setStatus(at, &c, change, lists), t.raise(lists, change.Act.Time)); err != nil {
				return err
			}
		}
		t.claimDone(change.Tenant, change.Act, "credential/"+change.ID)
		changed = c
		return nil
	})
	return changed, err
}

// actions are what an audit entry calls setting a state.
var actions = map[storage.State]string{
	storage.StateRevoked:   storage.ActionRevoke,
	storage.StateSuspended: storage.ActionSuspend,
	storage.StateIssued:    storage.ActionReinstate,
}

// setStatus notes the lists whose bits it changes; the caller raises their
// versions.
func (t *txn) setStatus(at key, c *storage.Credential, change storage.StatusChange, lists touched) error {
	if code := refusal(*c, change.State); code != "" {
		return fmt.Errorf("from %s to %s (%s): %w", c.State, change.State, code, storage.ErrConflict)
	}
	before := c.State
	if err := t.setState(at, c, change.State); err != nil {
		return err
	}
	c.Changed, c.Reason, c.Wording = change.Act.Time.UTC(), change.Reason, change.Wording
	t.putCredential(at, *c)
	for _, entry := range c.Status {
		bit := bitOf(entry.Purpose, c.State)
		if bit == bitOf(entry.Purpose, before) {
			continue
		}
		if err := t.setBit(c.Tenant, entry, bit, lists); err != nil {
			return err
		}
	}
	t.audit(c.Tenant, change.Act, actions[change.State], "credential/"+c.ID, change.Reason)
	return nil
}

// refusal says why a credential may not go to another state, "" if it may.
func refusal(c storage.Credential, to storage.State) string {
	suspendable := slices.ContainsFunc(c.Status, func(e storage.StatusEntry) bool { return e.Purpose == storage.PurposeSuspension })
	switch {
	case to == storage.StateRevoked,
		to == storage.StateSuspended && c.State == storage.StateIssued && suspendable,
		to == storage.StateIssued && c.State == storage.StateSuspended:
		return ""
	case c.State == storage.StateRevoked:
		return storage.RefusedRevoked
	case c.State == storage.StatePending:
		return storage.RefusedPending
	}
	return storage.RefusedNoSuspension
}

// bitOf is the bit that a credential in a state has in the list of a purpose.
func bitOf(purpose string, state storage.State) bool {
	return purpose == storage.PurposeRevocation && state == storage.StateRevoked ||
		purpose == storage.PurposeSuspension && state == storage.StateSuspended
}

// touched are the keys of lists that a transaction changed the bits of.
type touched map[string]key

func (t *txn) setBit(tenant string, entry storage.StatusEntry, bit bool, lists touched) error {
	at, err := t.within(tenant, listKind, entry.List)
	if err != nil {
		return fmt.Errorf("%w: entry of no status list", storage.ErrCorrupt)
	}
	lists[entry.List] = at
	if bit {
		t.put(bitFamily, at.number(entry.Index), nil)
	} else {
		t.remove(bitFamily, at.number(entry.Index))
	}
	return nil
}

// raise gives the lists that were touched their next version.
func (t *txn) raise(lists touched, now time.Time) error {
	for _, id := range slices.Sorted(maps.Keys(lists)) {
		at := lists[id]
		list, err := t.statusList(at)
		if err != nil {
			return err
		}
		list.Version++
		list.Changed = now.UTC()
		t.putRecord(listFamily, at, list)
	}
	return nil
}

// StatusList reads a status list with its signed form.
func (s *Store) StatusList(ctx context.Context, tenant, id string) (storage.StatusList, error) {
	var list storage.StatusList
	err := s.read(ctx, "reading status list", func(t *txn) error {
		at, err := t.within(tenant, listKind, id)
		if err != nil {
			return err
		}
		list, err = t.wholeStatusList(at)
		return err
	})
	return list, err
}

// FindStatusList reads the status list with this id, whichever tenant has it.
func (s *Store) FindStatusList(ctx context.Context, id string) (storage.StatusList, error) {
	var list storage.StatusList
	err := s.read(ctx, "finding status list", func(t *txn) error {
		at, err := t.locate(listKind, id)
		if err != nil {
			return err
		}
		list, err = t.wholeStatusList(at)
		return err
	})
	return list, err
}

// StatusBits reads a status list without its signed form, and the indexes to be
// set in what is signed as that version of the list, in order: the bits of its
// credentials that are set and, for each, its [storage.MirrorIndex], unless that
// is another credential's.
func (s *Store) StatusBits(ctx context.Context, tenant, id string) (storage.StatusList, []int, error) {
	var list storage.StatusList
	var set []int
	err := s.read(ctx, "reading status bits", func(t *txn) error {
		at, err := t.within(tenant, listKind, id)
		if err != nil {
			return err
		}
		if list, err = t.statusList(at); err != nil {
			return err
		}
		slots := t.bucket(slotFamily)
		c := t.cursor(bitFamily)
		for k, _ := c.Seek(at); bytes.HasPrefix(k, at); k, _ = c.Next() {
			index := int(binary.BigEndian.Uint32(k[len(at):]))
			set = append(set, index)
			if mirror := storage.MirrorIndex(index); slots.Get(at.number(mirror)) == nil {
				set = append(set, mirror)
			}
		}
		slices.Sort(set)
		return nil
	})
	return list, set, err
}

// DirtyStatusLists lists, for all tenants, the lists whose published form does
// not show their present version or is not valid until the time given. Signed
// is nil.
func (s *Store) DirtyStatusLists(ctx context.Context, validUntil time.Time) ([]storage.StatusList, error) {
	var lists []storage.StatusList
	err := s.read(ctx, "listing dirty status lists", func(t *txn) error {
		c := t.cursor(listFamily)
		for at, _ := c.First(); at != nil; at, _ = c.Next() {
			list, err := t.statusList(at)
			if err != nil {
				return err
			}
			if list.Published != list.Version || list.ValidUntil.Before(validUntil) {
				lists = append(lists, list)
			}
		}
		return nil
	})
	return lists, err
}

// ListStatusLists lists a tenant's status lists, the oldest first. Signed is nil.
func (s *Store) ListStatusLists(ctx context.Context, tenant string) ([]storage.StatusList, error) {
	var lists []storage.StatusList
	err := s.read(ctx, "listing status lists", func(t *txn) error {
		c := t.cursor(listFamily)
		for at, _ := c.Seek(of(tenant)); bytes.HasPrefix(at, of(tenant)); at, _ = c.Next() {
			list, err := t.statusList(at)
			if err != nil {
				return err
			}
			lists = append(lists, list)
		}
		return nil
	})
	return lists, err
}

// SavePublishedList stores a signed form of a list. It returns ErrConflict when
// a later version, or a later signature of the same one, is stored already, and
// for a version that the list never had. A list that changed since its bits
// were read is saved nevertheless and stays dirty.
func (s *Store) SavePublishedList(ctx context.Context, tenant, id string, published storage.PublishedList) error {
	var valid error
	if len(published.Signed) == 0 || published.SignedAt.IsZero() {
		valid = invalid("published list without signed bytes or time")
	}
	return s.writeVital(ctx, "saving published list", valid, func(t *txn) error {
		at, err := t.within(tenant, listKind, id)
		if err != nil {
			return err
		}
		list, err := t.statusList(at)
		if err != nil {
			return err
		}
		if published.Version == 0 || published.Version > list.Version || published.Version < list.Published ||
			published.Version == list.Published && published.SignedAt.Before(list.SignedAt) {
			return storage.ErrConflict
		}
		list.Published, list.Key = published.Version, published.Key
		list.SignedAt, list.ValidUntil = published.SignedAt.UTC(), published.ValidUntil.UTC()
		t.putRecord(listFamily, at, list)
		t.put(signedListFamily, at, published.Signed)
		return nil
	})
}

// republish makes a change to every list and raises its version, so that all are
// published anew.
func (t *txn) republish(change func(*storage.StatusList)) error {
	var lists []key
	err := t.bucket(listFamily).ForEach(func(at, _ []byte) error {
		lists = append(lists, bytes.Clone(at))
		return nil
	})
	if err != nil {
		return err
	}
	for _, at := range lists {
		list, err := t.statusList(at)
		if err != nil {
			return err
		}
		change(&list)
		list.Version++
		t.putRecord(listFamily, at, list)
	}
	return nil
}

func (t *txn) statusList(at key) (storage.StatusList, error) {
	list, err := recall(t, listFamily, at, storage.StatusList{Tenant: tenantOf(at)})
	if errors.Is(err, storage.ErrNotFound) {
		err = fmt.Errorf("%w: no such status list", storage.ErrCorrupt)
	}
	return list, err
}

func (t *txn) wholeStatusList(at key) (storage.StatusList, error) {
	list, err := t.statusList(at)
	list.Signed = bytes.Clone(t.get(signedListFamily, at))
	return list, err
}
