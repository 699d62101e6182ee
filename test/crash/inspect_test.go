package crash

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"laurel/internal/keys/filekeys"
	"laurel/storage"
	"laurel/storage/boltstore"
	"laurel/test/program"
)

// inspection looks into a data directory that no server has open, in this
// process: into many of them in a short time.
type inspection struct {
	store       *boltstore.Store
	faults      []string
	credentials map[string]storage.Credential // of all tenants, whole, by id
	lists       map[string]storage.StatusList // by id
	keys        []storage.Key
	unfinished  int // awards that are pending
}

func (i *inspection) fault(format string, args ...any) {
	i.faults = append(i.faults, fmt.Sprintf(format, args...))
}

// inspect opens the store of a data directory and holds that it contradicts
// itself nowhere.
func inspect(ctx context.Context, directory string) *inspection {
	i := &inspection{credentials: make(map[string]storage.Credential), lists: make(map[string]storage.StatusList)}
	var err error
	i.store, err = boltstore.Open(boltstore.Config{Path: filepath.Join(directory, "laurel.db"), Timeout: 10 * time.Second})
	if err != nil {
		i.fault("%v", err)
		return i
	}
	defer func() {
		if err := i.store.Close(); err != nil {
			i.fault("closing store: %v", err)
		}
	}()
	if err := i.read(ctx); err != nil {
		i.fault("%v", err)
	}
	// What the product says of itself, after what this package has found out.
	err = i.store.Inspect(ctx, storage.Inspection{Fault: func(f storage.Fault) { i.fault("inspecting store: %+v", f) }})
	if err != nil {
		i.fault("%v", err)
	}
	return i
}

// fsck runs laurel fsck on the data, which no server has open.
func (r *registry) fsck(t *testing.T) {
	t.Helper()
	result := program.Run(t, nil, "fsck", "--data", r.institution.Data)
	if result.Code != 0 {
		r.fault("laurel fsck: exit %d\n%s%s", result.Code, result.Stdout, result.Stderr)
	}
}

func (i *inspection) read(ctx context.Context) error {
	tenants, err := i.store.ListTenants(ctx)
	if err != nil {
		return err
	}
	if err := i.walkAudit(ctx, "", nil); err != nil {
		return err
	}
	for _, tenant := range tenants {
		if err := i.readTenant(ctx, tenant.Slug); err != nil {
			return fmt.Errorf("tenant %s: %w", tenant.Slug, err)
		}
	}
	return nil
}

func (i *inspection) readTenant(ctx context.Context, tenant string) error {
	keys, err := i.store.ListKeys(ctx, tenant)
	if err != nil {
		return err
	}
	i.keys = append(i.keys, keys...)
	if err := i.readCredentials(ctx, tenant); err != nil {
		return err
	}
	if err := i.compareBits(ctx, tenant); err != nil {
		return err
	}
	acts := make(map[string]int)
	if err := i.walkAudit(ctx, tenant, acts); err != nil {
		return err
	}
	for id, c := range i.credentials {
		want := 1
		if c.State == storage.StatePending {
			want = 0
		}
		if n := acts[storage.ActionIssue+" credential/"+id]; n != want {
			i.fault("badge %s is %s, and its award is in the audit chain %d times", id, c.State, n)
		}
	}
	return nil
}

func (i *inspection) readCredentials(ctx context.Context, tenant string) error {
	for page := (storage.Page{Limit: storage.PageLimit}); ; {
		part, next, err := i.store.ListCredentials(ctx, tenant, storage.CredentialFilter{}, page)
		if err != nil {
			return err
		}
		for _, listed := range part {
			c, err := i.store.Credential(ctx, tenant, listed.ID)
			if err != nil {
				return err
			}
			if _, twice := i.credentials[c.ID]; twice {
				i.fault("badge %s is listed twice", c.ID)
			}
			i.credentials[c.ID] = c
			pending := c.State == storage.StatePending
			if pending {
				i.unfinished++
			}
			if c.Erased.IsZero() && pending != (c.Signed == nil) {
				i.fault("badge %s is %s and has %d signed bytes", c.ID, c.State, len(c.Signed))
			}
		}
		if page.Cursor = next; next == "" {
			return nil
		}
	}
}

// compareBits holds that no place is given twice, and that the bits are those of
// the credentials.
func (i *inspection) compareBits(ctx context.Context, tenant string) error {
	type place struct {
		list  string
		index int
	}
	owners, want, seen := make(map[place]string), make(map[place]bool), make(map[place]bool)
	for id, c := range i.credentials {
		if c.Tenant != tenant {
			continue
		}
		for _, entry := range c.Status {
			at := place{entry.List, entry.Index}
			if other, taken := owners[at]; taken {
				i.fault("badges %s and %s share an index", id, other)
			}
			owners[at] = id
			want[at] = bit(string(c.State), entry.Purpose)
		}
	}
	lists, err := i.store.ListStatusLists(ctx, tenant)
	if err != nil {
		return err
	}
	for _, list := range lists {
		i.lists[list.ID] = list
		_, set, err := i.store.StatusBits(ctx, tenant, list.ID)
		if err != nil {
			return err
		}
		if list.Published > list.Version {
			i.fault("status list %s is published as version %d and has version %d", list.ID, list.Published, list.Version)
		}
		for _, index := range set {
			at, mirror := place{list.ID, index}, place{list.ID, index ^ 7}
			seen[at] = true
			// Readers that count the bits of a byte from the other end look at the
			// mirror, which is nobody's.
			if _, owned := owners[at]; !want[at] && (owned || !want[mirror]) {
				i.fault("bit %d of status list %s is set for nobody", index, list.ID)
			}
		}
	}
	for at, isSet := range want {
		if isSet && !seen[at] {
			i.fault("bit %d of status list %s is not set, and its badge %s is %s", at.index, at.list, owners[at], i.credentials[owners[at]].State)
		}
	}
	return nil
}

// walkAudit holds that a chain is whole, and counts the acts in it.
func (i *inspection) walkAudit(ctx context.Context, tenant string, acts map[string]int) error {
	var previous [32]byte
	sequence := uint64(1)
	for page := (storage.Page{Limit: storage.PageLimit}); ; {
		entries, next, err := i.store.ListAudit(ctx, tenant, page)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if entry.Sequence != sequence || entry.Previous != previous || entry.Hash != entry.ComputeHash() {
				return fmt.Errorf("audit chain of %q is broken at %d", tenant, sequence)
			}
			previous = entry.Hash
			sequence++
			if acts != nil {
				acts[entry.Action+" "+entry.Object]++
			}
		}
		if page.Cursor = next; next == "" {
			return nil
		}
	}
}

// compareKeyFile holds that the private part of every key on record is there.
func (i *inspection) compareKeyFile(ctx context.Context, directory string, lock filekeys.Lock) {
	file, err := filekeys.Open(filepath.Join(directory, filekeys.Name), lock, nil)
	if err != nil {
		i.fault("%v", err)
		return
	}
	for _, key := range i.keys {
		if _, err := file.Signer(ctx, key.Handle); err != nil {
			i.fault("the private part of %s is lost: %v", key.ID, err)
		}
	}
}

// compareRecord holds that everything that was acknowledged is there.
func (i *inspection) compareRecord(r record, reference *inspection) {
	for _, b := range r.badges {
		c, ok := i.credentials[b.id]
		if !ok {
			i.fault("badge %s is lost", b.id)
			continue
		}
		if !b.may(string(c.State)) {
			i.fault("badge %s: that it is %s is lost: it is %s", b.id, b.state, c.State)
		}
	}
	there := make(map[string]bool)
	for _, key := range i.keys {
		there[key.ID] = true
	}
	for _, key := range r.keys {
		if !there[key] {
			i.fault("key %s is lost", key)
		}
	}
	if reference != nil {
		i.compareReference(reference)
	}
}

// compareReference holds that what is there is the same as in the store that did
// not fail: signed bytes and places do not change.
func (i *inspection) compareReference(reference *inspection) {
	for id, c := range i.credentials {
		want, ok := reference.credentials[id]
		switch {
		case !ok:
			i.fault("badge %s is there, which never was", id)
		case c.Signed != nil && !bytes.Equal(c.Signed, want.Signed):
			i.fault("badge %s has other signed bytes", id)
		case len(c.Status) != len(want.Status):
			i.fault("badge %s has other places", id)
		default:
			for n, entry := range c.Status {
				if entry != want.Status[n] {
					i.fault("badge %s has another place: %v instead of %v", id, entry, want.Status[n])
				}
			}
		}
	}
}

// TestInspectRefuses is the test of the inspection: nothing is no store.
func TestInspectRefuses(t *testing.T) {
	i := inspect(t.Context(), t.TempDir())
	if len(i.faults) != 1 || i.store != nil {
		t.Errorf("faults of an empty directory: %q", i.faults)
	}
	i = &inspection{credentials: make(map[string]storage.Credential)}
	i.compareRecord(record{badges: []*badge{{id: "a", state: issued}}, keys: []string{"key-9"}}, nil)
	if len(i.faults) != 2 {
		t.Errorf("faults of an empty store: %q", i.faults)
	}
}
