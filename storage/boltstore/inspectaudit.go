package boltstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/maphash"

	"laurel/storage"
)

// ledger counts what the audit chains say was done to each thing, to be held
// against what is stored. An installation has millions of entries: things are
// kept by a hash of their names.
type ledger struct {
	seed   maphash.Seed
	counts map[uint64]*tally
}

// tally is what was done to one thing.
type tally struct {
	created, issued, revoked, suspended, reinstated, changed, erased, replaced, claimed uint16
	// found is set when the thing was met in the store.
	found bool
}

// counters are what actions count as. What is not here leaves nothing behind
// that could be held against it.
var counters = map[string]func(*tally) *uint16{
	storage.ActionCreateTenant:      func(t *tally) *uint16 { return &t.created },
	storage.ActionCreateKey:         func(t *tally) *uint16 { return &t.created },
	storage.ActionCreateAPIKey:      func(t *tally) *uint16 { return &t.created },
	storage.ActionRevokeAPIKey:      func(t *tally) *uint16 { return &t.revoked },
	storage.ActionCreateAchievement: func(t *tally) *uint16 { return &t.created },
	storage.ActionUpdateAchievement: func(t *tally) *uint16 { return &t.changed },
	storage.ActionReserve:           func(t *tally) *uint16 { return &t.created },
	storage.ActionIssue:             func(t *tally) *uint16 { return &t.issued },
	storage.ActionRevoke:            func(t *tally) *uint16 { return &t.revoked },
	storage.ActionSuspend:           func(t *tally) *uint16 { return &t.suspended },
	storage.ActionReinstate:         func(t *tally) *uint16 { return &t.reinstated },
	storage.ActionEraseSubject:      func(t *tally) *uint16 { return &t.erased },
	storage.ActionReplace:           func(t *tally) *uint16 { return &t.replaced },
	storage.ActionClaim:             func(t *tally) *uint16 { return &t.claimed },
	storage.ActionDraftStatusJob:    func(t *tally) *uint16 { return &t.created },
}

func (l *ledger) of(tenant, object string) *tally {
	if l.counts == nil {
		l.seed, l.counts = maphash.MakeSeed(), map[uint64]*tally{}
	}
	name := l.name(tenant, object)
	if l.counts[name] == nil {
		l.counts[name] = &tally{}
	}
	return l.counts[name]
}

func (l *ledger) name(tenant, object string) uint64 {
	return maphash.String(l.seed, tenant+"\x00"+object)
}

// chains follows every audit chain: numbers without gaps, each entry linked to
// the one before.
func (i *inspector) chains() {
	i.heads = map[string]uint64{}
	var previous storage.AuditEntry
	first := true
	c := i.t.unchecked(auditFamily).Cursor()
	for k, row := c.First(); k != nil; k, row = c.Next() {
		if i.rows++; i.rows%4096 == 0 {
			if i.ctx.Err() != nil {
				return
			}
			i.step()
		}
		v, sound := auditFamily.intact(k, row)
		if len(k) < 9 || k[len(k)-9] != 0 {
			continue // was reported as damaged
		}
		entry := storage.AuditEntry{Tenant: tenantOf(k), Sequence: sequenceOf(k)}
		if first || entry.Tenant != previous.Tenant {
			previous, first = storage.AuditEntry{Tenant: entry.Tenant}, false
		}
		object := fmt.Sprintf("audit/%d", entry.Sequence)
		if entry.Sequence != previous.Sequence+1 {
			i.fault(storage.InvariantAudit, "entry_missing", entry.Tenant, fmt.Sprintf("audit/%d", previous.Sequence+1), "")
		}
		i.heads[entry.Tenant] = entry.Sequence
		if !sound || len(v) < 32 {
			previous = storage.AuditEntry{Tenant: entry.Tenant, Sequence: entry.Sequence}
			continue
		}
		hash, err := decodeHashed(auditFamily, v, &entry)
		entry.Hash, entry.Previous = hash, previous.Hash
		switch broken := previous.Sequence > 0 && previous.Hash == [32]byte{}; {
		case err != nil:
			i.fault(storage.InvariantAudit, "entry_broken", entry.Tenant, object, "")
		case !broken && entry.ComputeHash() != hash && entry.Sequence == previous.Sequence+1:
			i.fault(storage.InvariantAudit, "entry_broken", entry.Tenant, object, "")
		}
		if count := counters[entry.Action]; err == nil && count != nil {
			*count(i.ledger.of(entry.Tenant, entry.Object))++
		}
		previous = entry
	}
	for _, tenant := range i.slugs() {
		if i.heads[tenant] == 0 && tenant == "" {
			i.fault(storage.InvariantAudit, "entry_missing", "", "audit/1", "")
		}
	}
}

// slugs are the tenants there are, and "" for the installation.
func (i *inspector) slugs() []string {
	slugs := []string{""}
	i.each(tenantFamily, nil, func(k, _ []byte) { slugs = append(slugs, tenantOf(k)) })
	return slugs
}

// credential holds a credential against what was done to it.
func (l *ledger) credential(i *inspector, c storage.Credential) {
	done := l.of(c.Tenant, "credential/"+c.ID)
	done.found = true
	suspended := uint16(0)
	if c.State == storage.StateSuspended {
		suspended = 1
	}
	balance := done.suspended - done.reinstated
	for _, want := range []struct {
		action  string
		entries uint16
		right   bool
	}{
		{storage.ActionReserve, done.created, done.created == 1},
		{storage.ActionIssue, done.issued, done.issued == count(!c.Issued.IsZero())},
		{storage.ActionRevoke, done.revoked, done.revoked == count(c.State == storage.StateRevoked)},
		{storage.ActionReplace, done.replaced, done.replaced == count(c.ReplacedBy != "")},
		{storage.ActionClaim, done.claimed, done.claimed == count(!c.Claimed.IsZero())},
		{storage.ActionSuspend, done.suspended, balance == suspended || c.State == storage.StateRevoked && balance <= 1},
	} {
		if !want.right {
			i.fault(storage.InvariantAudit, miscounted(want.entries), c.Tenant, "credential/"+c.ID, want.action)
		}
	}
}

func count(is bool) uint16 {
	if is {
		return 1
	}
	return 0
}

func miscounted(entries uint16) string {
	if entries == 0 {
		return "act_without_entry"
	}
	return "entries_miscounted"
}

// acts holds everything else against what was done to it, and looks for entries
// of what is not there.
func (i *inspector) acts() {
	expect := func(tenant, object, action string, entries, want uint16) {
		if entries != want {
			i.fault(storage.InvariantAudit, miscounted(entries), tenant, object, action)
		}
	}
	i.each(tenantFamily, nil, func(k, _ []byte) {
		done := i.ledger.of("", "tenant/"+tenantOf(k))
		done.found = true
		expect(tenantOf(k), "tenant/"+tenantOf(k), storage.ActionCreateTenant, done.created, 1)
	})
	i.each(keyFamily, nil, func(k, _ []byte) {
		object := "key/" + string(k[len(of(tenantOf(k))):])
		done := i.ledger.of(tenantOf(k), object)
		done.found = true
		expect(tenantOf(k), object, storage.ActionCreateKey, done.created, 1)
	})
	i.each(apiKeyFamily, nil, func(k, v []byte) {
		record := storage.APIKey{}
		if json.Unmarshal(v, &record) != nil {
			return
		}
		object := "apikey/" + record.ID
		done := i.ledger.of(tenantOf(k), object)
		done.found = true
		expect(tenantOf(k), object, storage.ActionCreateAPIKey, done.created, 1)
		expect(tenantOf(k), object, storage.ActionRevokeAPIKey, done.revoked, count(!record.Revoked.IsZero()))
	})
	i.each(achievementFamily, nil, func(k, v []byte) {
		record := storage.Achievement{}
		if json.Unmarshal(v, &record) != nil {
			return
		}
		object := "achievement/" + record.ID
		done := i.ledger.of(tenantOf(k), object)
		done.found = true
		expect(tenantOf(k), object, storage.ActionCreateAchievement, done.created, 1)
		expect(tenantOf(k), object, storage.ActionUpdateAchievement, done.changed, uint16(record.Version-1))
	})
	i.each(subjectFamily, nil, func(k, v []byte) {
		record := storage.SubjectKey{}
		if json.Unmarshal(v, &record) != nil {
			return
		}
		object := "subject/" + string(k[len(of(tenantOf(k))):])
		done := i.ledger.of(tenantOf(k), object)
		done.found = true
		expect(tenantOf(k), object, storage.ActionEraseSubject, done.erased, count(!record.Erased.IsZero()))
	})
	i.each(statusJobFamily, nil, func(k, v []byte) {
		record := storage.StatusJob{}
		if json.Unmarshal(v, &record) != nil {
			return
		}
		object := "statusjob/" + record.ID
		done := i.ledger.of(tenantOf(k), object)
		done.found = true
		expect(tenantOf(k), object, storage.ActionDraftStatusJob, done.created, 1)
	})
	i.leftovers()
}

// leftovers names the entries of things that are not there.
func (i *inspector) leftovers() {
	missing := false
	for _, done := range i.ledger.counts {
		missing = missing || !done.found
	}
	if !missing {
		return
	}
	i.each(auditFamily, nil, func(k, v []byte) {
		entry := storage.AuditEntry{}
		if _, err := decodeHashed(auditFamily, v, &entry); err != nil || counters[entry.Action] == nil {
			return
		}
		tenant := tenantOf(k)
		done := i.ledger.counts[i.ledger.name(tenant, entry.Object)]
		if done == nil || done.found || entry.Object == "subject/unknown" {
			return
		}
		done.found = true
		if !i.damagedObject(tenant, entry.Object) {
			i.fault(storage.InvariantAudit, "entry_of_nothing", tenant, entry.Object, entry.Action)
		}
	})
}

// damagedObject reports whether the record of an object is there but damaged.
func (i *inspector) damagedObject(tenant, object string) bool {
	noun, id, _ := bytes.Cut([]byte(object), []byte("/"))
	for f, of2 := range nouns {
		if of2 == string(noun) {
			return i.has(f, of(tenant).text(string(id)))
		}
	}
	if string(noun) == "tenant" {
		return i.has(tenantFamily, of(string(id)))
	}
	for k, register := range registers {
		if register.noun == string(noun) {
			at, there, sound := i.peek(locationFamily, key{byte(k)}.text(string(id)))
			return there && (!sound || i.has(register.family, at))
		}
	}
	return false
}
