package boltstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	bolt "go.etcd.io/bbolt"

	"laurel/storage"
)

// Inspect reads the whole store and reports every record that is damaged or
// does not agree with another, as far as a store can know: what is sealed or
// signed is for others to look into. It changes nothing.
//
// It returns an error that is [storage.ErrCorrupt] when the structure of the
// file is damaged: then it reported that much, and did not follow it further.
// Other errors mean that it could not run.
func (s *Store) Inspect(ctx context.Context, to storage.Inspection) error {
	if err := s.Check(ctx); err != nil {
		if errors.Is(err, storage.ErrCorrupt) {
			to.Fault(storage.Fault{Invariant: storage.InvariantFile, Code: "structure_damaged", Object: "file", Detail: err.Error()})
		}
		return err
	}
	err := s.db.View(func(tx *bolt.Tx) error {
		i := &inspector{ctx: ctx, t: &txn{tx: tx}, to: to, damaged: map[string]bool{}}
		return guard(i.run)
	})
	if err != nil {
		return fmt.Errorf("inspecting store: %w", translate(err))
	}
	return nil
}

// inspector goes through all buckets in one transaction.
type inspector struct {
	ctx context.Context
	t   *txn
	to  storage.Inspection
	// damaged are rows that were reported, by bucket and key: nothing that
	// follows from them is.
	damaged map[string]bool
	doing   string
	rows    int
	ledger  ledger
	heads   map[string]uint64 // last sequence number of each chain
}

func (i *inspector) run() error {
	for _, phase := range []struct {
		doing string
		do    func()
	}{
		{"rows", i.sweep},
		{"tenants", i.tenants},
		{"audit chains", i.chains},
		{"credentials", i.credentials},
		{"indexes", i.indexes},
		{"status lists", i.lists},
		{"idempotency keys", i.claims},
		{"jobs", i.jobs},
		{"deliveries", i.deliveries},
		{"acts", i.acts},
	} {
		i.doing, i.rows = phase.doing, 0
		phase.do()
		if err := i.ctx.Err(); err != nil {
			return err
		}
		i.step()
	}
	return nil
}

func (i *inspector) step() {
	if i.to.Step != nil {
		i.to.Step(i.doing, i.rows)
	}
}

func (i *inspector) fault(invariant, code, tenant, object, detail string) {
	i.to.Fault(storage.Fault{Invariant: invariant, Code: code, Tenant: tenant, Object: object, Detail: detail})
}

// each calls fn with the sound rows of a bucket that begin with a prefix.
func (i *inspector) each(f *family, prefix []byte, fn func(k, v []byte)) {
	c := i.t.unchecked(f).Cursor()
	for k, row := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, row = c.Next() {
		if i.rows++; i.rows%4096 == 0 {
			if i.ctx.Err() != nil {
				return
			}
			i.step()
		}
		if v, ok := f.intact(k, row); ok && !i.isDamaged(f, k) {
			fn(k, v)
		}
	}
}

// isDamaged reports whether a row was found to be damaged.
func (i *inspector) isDamaged(f *family, k []byte) bool {
	return len(i.damaged) > 0 && i.damaged[string(f.name)+string(k)]
}

// peek looks for a row: whether it is there, and if it is sound, its value.
func (i *inspector) peek(f *family, k []byte) (v []byte, there, sound bool) {
	row := i.t.unchecked(f).Get(k)
	if row == nil {
		return nil, false, false
	}
	v, sound = f.intact(k, row)
	return v, true, sound && !i.isDamaged(f, k)
}

// has reports whether a row is there, sound or not.
func (i *inspector) has(f *family, k []byte) bool { return i.t.unchecked(f).Get(k) != nil }

// read reads a record.
func (i *inspector) read(f *family, k []byte, record any) (there, sound bool) {
	v, there, sound := i.peek(f, k)
	if sound {
		sound = json.Unmarshal(v, record) == nil
	}
	return there, sound
}

// shapes are how long keys are after the tenant; -1 for buckets whose keys end
// in text.
var shapes = map[*family]int{
	achievementFamily: 8, versionFamily: 12, credentialFamily: 8, signedFamily: 8, recipientFamily: 8,
	stateFamily: 9, awardFamily: 17, listFamily: 8, signedListFamily: 8, slotFamily: 12, bitFamily: 12,
	auditFamily: 8, checkpointFamily: 8, awardJobFamily: 8, openAwardFamily: 8, awardRowFamily: 12, awardDataFamily: 12,
	messageFamily: 8, statusJobFamily: 8, openStatusJobFamily: 8, statusRowFamily: 12, tenantFamily: 0,
}

// sweep checks the sum and the shape of every row.
func (i *inspector) sweep() {
	for _, f := range families {
		if f == metaFamily { // was read when the store was opened
			continue
		}
		c := i.t.unchecked(f).Cursor()
		for k, row := c.First(); k != nil; k, row = c.Next() {
			if i.rows++; i.rows%4096 == 0 {
				if i.ctx.Err() != nil {
					return
				}
				i.step()
			}
			v, ok := f.intact(k, row)
			if ok && i.shaped(f, k, v) {
				continue
			}
			i.damaged[string(f.name)+string(k)] = true
			tenant, object := i.name(f, k, row)
			i.fault(storage.InvariantFile, "row_damaged", tenant, object, string(f.name))
		}
	}
}

// shaped reports whether a row can be one of its bucket.
func (i *inspector) shaped(f *family, k, v []byte) bool {
	if f == locationFamily {
		return len(k) > 1 && bytes.IndexByte(v, 0) >= 0
	}
	tenant, rest, ok := bytes.Cut(k, []byte{0})
	if !ok || f != auditFamily && f != checkpointFamily && validSlug(string(tenant)) != nil {
		return false
	}
	if want, fixed := shapes[f]; fixed && len(rest) != want {
		return false
	}
	switch f {
	case frameFamily:
		sum := sha256.Sum256(v)
		return bytes.Equal(rest, sum[:16])
	case auditFamily, idempotencyFamily:
		return len(v) > 32 && json.Valid(v[32:])
	case expiryFamily:
		return len(rest) > 8
	case holdingFamily:
		return len(rest) > 9 && rest[len(rest)-9] == 0
	case slotFamily:
		return len(v) == 8
	case openListFamily:
		return len(v) == 8
	case tenantFamily, keyFamily, apiKeyFamily, achievementFamily, versionFamily, credentialFamily, subjectFamily,
		listFamily, awardJobFamily, awardRowFamily, webhookFamily, deliveryFamily, statusJobFamily:
		return json.Valid(v)
	}
	return true
}

// publicID finds the id in what is left of a damaged record.
var publicID = regexp.MustCompile(`"id":"([A-Za-z0-9_-]{1,64})"`)

// registers are the records that public ids lead to.
var registers = map[kind]struct {
	family *family
	noun   string
}{
	credentialKind: {credentialFamily, "credential"}, achievementKind: {achievementFamily, "achievement"},
	listKind: {listFamily, "statuslist"}, awardJobKind: {awardJobFamily, "award"}, statusJobKind: {statusJobFamily, "statusjob"},
	keyKind: {keyFamily, "key"}, apiKeyKind: {apiKeyFamily, "apikey"}, didKind: {tenantFamily, "tenant"},
}

// belongings are the buckets whose keys begin with that of such a record.
var belongings = map[*family]kind{
	credentialFamily: credentialKind, signedFamily: credentialKind, recipientFamily: credentialKind,
	achievementFamily: achievementKind, versionFamily: achievementKind,
	listFamily: listKind, signedListFamily: listKind, slotFamily: listKind, bitFamily: listKind,
	awardJobFamily: awardJobKind, awardRowFamily: awardJobKind, awardDataFamily: awardJobKind, openAwardFamily: awardJobKind,
	statusJobFamily: statusJobKind, openStatusJobFamily: statusJobKind, statusRowFamily: statusJobKind,
}

// nouns name the rows whose keys end in an id of the tenant's.
var nouns = map[*family]string{
	keyFamily: "key", apiKeyFamily: "apikey", subjectFamily: "subject", webhookFamily: "webhook",
}

// name says what a row is of, as well as it can be known.
func (i *inspector) name(f *family, k, row []byte) (tenant, object string) {
	if f == locationFamily && len(k) > 1 {
		if register, ok := registers[kind(k[0])]; ok && kind(k[0]) != didKind {
			return "", register.noun + "/" + printableID(k[1:])
		}
		return "", fmt.Sprintf("record/%q", k[1:])
	}
	if tenant = tenantOf(k); validSlug(tenant) != nil {
		tenant = ""
	}
	_, rest, _ := bytes.Cut(k, []byte{0})
	switch noun := nouns[f]; {
	case noun != "":
		return tenant, noun + "/" + printableID(rest)
	case f == tenantFamily:
		return tenant, "tenant/" + tenant
	case f == lookupFamily && len(row) > sumSize:
		return tenant, "subject/" + printableID(row[:len(row)-sumSize])
	case f == auditFamily && len(rest) == 8:
		return tenant, fmt.Sprintf("audit/%d", sequenceOf(rest))
	case (f == stateFamily || f == awardFamily || f == holdingFamily) && len(rest) > 8:
		return tenant, "credential/" + i.idAt(credentialKind, of(tenant).sequence(sequenceOf(k)))
	}
	if k, ok := belongings[f]; ok && len(rest) >= 8 {
		return tenant, registers[k].noun + "/" + i.idAt(k, of(tenant).text(string(rest[:8])))
	}
	return tenant, "bucket/" + string(f.name)
}

// idAt is the public id of the record at a place, also of one that is damaged:
// its own word counts only if the id leads to it.
func (i *inspector) idAt(k kind, at []byte) string {
	if found := publicID.FindSubmatch(i.t.unchecked(registers[k].family).Get(at)); found != nil {
		if v, _, sound := i.peek(locationFamily, key{byte(k)}.text(string(found[1]))); sound && bytes.Equal(v, at) {
			return string(found[1])
		}
	}
	c := i.t.unchecked(locationFamily).Cursor()
	for id, row := c.Seek([]byte{byte(k)}); len(id) > 0 && id[0] == byte(k); id, row = c.Next() {
		if v, ok := locationFamily.intact(id, row); ok && bytes.Equal(v, at) {
			return string(id[1:])
		}
	}
	return fmt.Sprintf("number-%d", sequenceOf(at))
}

// printableID keeps what is not an id from being printed as one.
func printableID(b []byte) string {
	if validID("id", string(b)) != nil {
		return fmt.Sprintf("%x", b[:min(len(b), 32)])
	}
	return string(b)
}

// located checks that a public id leads to its record.
func (i *inspector) located(k kind, id, tenant, object string, at []byte) {
	v, there, sound := i.peek(locationFamily, key{byte(k)}.text(id))
	switch {
	case !there:
		i.fault(storage.InvariantRetrievable, "not_found_by_id", tenant, object, "")
	case sound && !bytes.Equal(v, at):
		i.fault(storage.InvariantRetrievable, "id_leads_elsewhere", tenant, object, "")
	}
}
