package boltstore

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"laurel/storage"
)

// kept is the installation that storage/testdata keeps of version 1, brought up
// to date.
var kept = sync.OnceValues(func() ([]byte, error) {
	packed, err := os.Open("../testdata/v1/laurel.db.gz")
	if err != nil {
		return nil, err
	}
	defer packed.Close() //nolint:errcheck // only read
	reader, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(reader)
	if err != nil {
		return nil, err
	}
	directory, err := os.MkdirTemp("", "laurel-kept-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(directory) //nolint:errcheck // in a temporary place
	path := filepath.Join(directory, "laurel.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return nil, err
	}
	s, err := Open(Config{Path: path})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.Close(), trim(path)); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// keptStore opens a copy of it.
func keptStore(t testing.TB) *Store {
	t.Helper()
	data, err := kept()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "laurel.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// inspect gives the faults of a store, each as "I1 code object".
func inspect(t testing.TB, s *Store) (faults []string) {
	t.Helper()
	err := s.Inspect(t.Context(), storage.Inspection{Fault: func(f storage.Fault) {
		faults = append(faults, f.Invariant+" "+f.Code+" "+f.Object)
	}})
	if err != nil && !errors.Is(err, storage.ErrCorrupt) {
		t.Fatal(err)
	}
	return faults
}

// planter changes rows of a store as no program of ours would.
type planter struct {
	testing.TB
	t *txn
}

// credential is the first credential of a tenant in a state that is not erased.
func (p planter) credential(tenant string, state storage.State) (key, storage.Credential) {
	p.Helper()
	c := p.t.cursor(credentialFamily)
	for k, v := c.Seek(of(tenant)); bytes.HasPrefix(k, of(tenant)); k, v = c.Next() {
		record := storage.Credential{Tenant: tenant}
		if err := json.Unmarshal(v, &record); err != nil {
			p.Fatal(err)
		}
		if record.State == state && record.Erased.IsZero() {
			return bytes.Clone(k), record
		}
	}
	p.Fatalf("no credential of %s is %s", tenant, state)
	return nil, storage.Credential{}
}

// slot is the place of a credential in its first list.
func (p planter) slot(c storage.Credential) key {
	p.Helper()
	at, err := p.t.locate(listKind, c.Status[0].List)
	if err != nil {
		p.Fatal(err)
	}
	return at.number(c.Status[0].Index)
}

// change changes a record and its sum with it.
func change[T any](p planter, f *family, k key, do func(*T)) {
	p.Helper()
	var record T
	if err := p.t.record(f, k, &record); err != nil {
		p.Fatal(err)
	}
	do(&record)
	p.t.putRecord(f, k, record)
}

func (p planter) first(f *family, prefix key) key {
	p.Helper()
	k, _ := p.t.cursor(f).Seek(prefix)
	if !bytes.HasPrefix(k, prefix) {
		p.Fatalf("no row of %q", f.name)
	}
	return bytes.Clone(k)
}

const (
	own     = "default"
	foreign = "north"
)

// TestInspectPlanted plants faults, at least one for every invariant that a
// store can tell by itself, and has them named.
func TestInspectPlanted(t *testing.T) {
	if faults := inspect(t, keptStore(t)); len(faults) > 0 {
		t.Fatalf("a sound store has faults: %q", faults)
	}
	for _, test := range []struct {
		name  string
		plant func(p planter) string // the fault that must be named; %ID for the credential
	}{
		{"badge gone", func(p planter) string {
			at, c := p.credential(own, storage.StateIssued)
			p.t.remove(signedFamily, at)
			return "I1 bytes_missing credential/" + c.ID
		}},
		{"recipient gone", func(p planter) string {
			at, c := p.credential(own, storage.StateIssued)
			p.t.remove(recipientFamily, at)
			return "I1 recipient_missing credential/" + c.ID
		}},
		{"recipient of a revoked badge gone", func(p planter) string {
			at, c := p.credential(own, storage.StateRevoked)
			p.t.remove(recipientFamily, at)
			return "I1 recipient_missing credential/" + c.ID
		}},
		{"id gone", func(p planter) string {
			_, c := p.credential(own, storage.StateIssued)
			p.t.remove(locationFamily, key{byte(credentialKind)}.text(c.ID))
			return "I1 not_found_by_id credential/" + c.ID
		}},
		{"id of another", func(p planter) string {
			_, c := p.credential(own, storage.StateIssued)
			other, _ := p.credential(own, storage.StateRevoked)
			p.t.put(locationFamily, key{byte(credentialKind)}.text(c.ID), other)
			return "I1 id_leads_elsewhere credential/" + c.ID
		}},
		{"record gone", func(p planter) string {
			at, c := p.credential(own, storage.StateIssued)
			p.t.remove(credentialFamily, at)
			return "I1 id_leads_nowhere credential/" + c.ID
		}},
		{"version gone", func(p planter) string {
			k := p.first(versionFamily, of(own))
			p.t.remove(versionFamily, k)
			var a storage.Achievement
			_ = p.t.record(achievementFamily, k[:len(k)-4], &a)
			return "I1 version_missing achievement/" + a.ID
		}},
		{"pending but signed", func(p planter) string {
			at, c := p.credential(own, storage.StatePending)
			p.t.put(signedFamily, at, []byte("signed"))
			return "I2 signed_but_not_issued credential/" + c.ID
		}},
		{"bytes of nothing", func(p planter) string {
			p.t.put(signedFamily, of(own).sequence(9999), []byte("signed"))
			return "I2 bytes_of_nothing credential/number-9999"
		}},
		{"issued without a time", func(p planter) string {
			at, c := p.credential(own, storage.StateIssued)
			change(p, credentialFamily, at, func(c *storage.Credential) { c.Issued = time.Time{} })
			return "I2 state_contradicts_issue credential/" + c.ID
		}},
		{"place of two", func(p planter) string {
			_, c := p.credential(own, storage.StateIssued)
			at, other := p.credential(own, storage.StateSuspended)
			change(p, credentialFamily, at, func(o *storage.Credential) { o.Status[0] = c.Status[0] })
			return "I3 place_of_two credential/" + other.ID
		}},
		{"place not taken", func(p planter) string {
			_, c := p.credential(own, storage.StateIssued)
			p.t.remove(slotFamily, p.slot(c))
			return "I3 place_not_taken credential/" + c.ID
		}},
		{"place of nobody", func(p planter) string {
			_, c := p.credential(own, storage.StateIssued)
			p.t.put(slotFamily, p.slot(c), key{}.sequence(9999))
			return "I3 place_of_nobody statuslist/" + c.Status[0].List
		}},
		{"place outside", func(p planter) string {
			at, c := p.credential(own, storage.StateIssued)
			change(p, credentialFamily, at, func(c *storage.Credential) { c.Status[0].Index = 1 << 30 })
			return "I3 index_outside credential/" + c.ID
		}},
		{"list miscounted", func(p planter) string {
			k := p.first(listFamily, of(own))
			id := ""
			change(p, listFamily, k, func(l *storage.StatusList) { l.Used--; id = l.ID })
			return "I3 places_miscounted statuslist/" + id
		}},
		{"revocation lost", func(p planter) string {
			_, c := p.credential(own, storage.StateRevoked)
			p.t.remove(bitFamily, p.slot(c))
			return "I4 bit_wrong credential/" + c.ID
		}},
		{"revoked by mistake", func(p planter) string {
			_, c := p.credential(own, storage.StateIssued)
			p.t.put(bitFamily, p.slot(c), nil)
			return "I4 bit_wrong credential/" + c.ID
		}},
		{"bit of nobody", func(p planter) string {
			_, c := p.credential(own, storage.StateIssued)
			slot := p.slot(c)
			binary.BigEndian.PutUint32(slot[len(slot)-4:], 5)
			p.t.put(bitFamily, slot, nil)
			return "I4 bit_of_nobody statuslist/" + c.Status[0].List
		}},
		{"published before it was", func(p planter) string {
			k := p.first(listFamily, of(own))
			id := ""
			change(p, listFamily, k, func(l *storage.StatusList) { l.Published = l.Version + 1; id = l.ID })
			return "I4 version_wrong statuslist/" + id
		}},
		{"published list gone", func(p planter) string {
			k := p.first(signedListFamily, of(own))
			p.t.remove(signedListFamily, k)
			var l storage.StatusList
			_ = p.t.record(listFamily, k, &l)
			return "I4 signed_list_missing statuslist/" + l.ID
		}},
		{"entry gone", func(p planter) string {
			p.t.remove(auditFamily, of(own).sequence(3))
			return "I5 entry_missing audit/3"
		}},
		{"entry changed", func(p planter) string {
			row := bytes.Clone(p.t.get(auditFamily, of(own).sequence(4)))
			p.t.put(auditFamily, of(own).sequence(4), bytes.Replace(row, []byte(`"actor":"`), []byte(`"actor":"x`), 1))
			return "I5 entry_broken audit/4"
		}},
		{"entry of something that was not done", func(p planter) string {
			_, c := p.credential(own, storage.StateIssued)
			p.t.audit(own, storage.Act{Actor: "x", Time: time.Unix(1, 0)}, storage.ActionRevoke, "credential/"+c.ID, "")
			return "I5 entries_miscounted credential/" + c.ID
		}},
		{"entry of nothing", func(p planter) string {
			p.t.audit(own, storage.Act{Actor: "x", Time: time.Unix(1, 0)}, storage.ActionIssue, "credential/nobody", "")
			return "I5 entry_of_nothing credential/nobody"
		}},
		{"act without entry", func(p planter) string {
			k := p.first(apiKeyFamily, of(own))
			var record storage.APIKey
			_ = p.t.record(apiKeyFamily, k, &record)
			record.ID = "deadbeef"
			p.t.putRecord(apiKeyFamily, of(own).text("deadbeef"), record)
			p.t.register(apiKeyKind, "deadbeef", of(own).text("deadbeef"))
			return "I5 act_without_entry apikey/deadbeef"
		}},
		{"key gone", func(p planter) string {
			_, c := p.credential(own, storage.StateIssued)
			p.t.remove(keyFamily, of(own).text(c.Key))
			return "I6 key_unknown credential/" + c.ID
		}},
		{"tenant gone", func(p planter) string {
			p.t.remove(tenantFamily, of(foreign))
			return "I7 tenant_unknown bucket/credentials"
		}},
		{"list of another tenant", func(p planter) string {
			at, c := p.credential(own, storage.StateIssued)
			_, other := p.credential(foreign, storage.StateIssued)
			change(p, credentialFamily, at, func(c *storage.Credential) { c.Status[0] = other.Status[0] })
			return "I7 list_foreign credential/" + c.ID
		}},
		{"achievement of another tenant", func(p planter) string {
			at, c := p.credential(own, storage.StateIssued)
			_, other := p.credential(foreign, storage.StateIssued)
			change(p, credentialFamily, at, func(c *storage.Credential) { c.Achievement = other.Achievement })
			return "I7 achievement_foreign credential/" + c.ID
		}},
		{"person gone", func(p planter) string {
			_, c := p.credential(own, storage.StateIssued)
			p.t.remove(subjectFamily, of(own).text(c.Subject))
			return "I7 subject_unknown credential/" + c.ID
		}},
		{"row of two", func(p planter) string {
			_, c := p.credential(own, storage.StateIssued)
			p.job(c, 1, 2)
			return "I8 credential_of_two_rows award/job"
		}},
		{"rows that do not add up", func(p planter) string {
			_, c := p.credential(own, storage.StateIssued)
			at := p.job(c, 1)
			change(p, awardJobFamily, at, func(j *storage.AwardJob) { j.Counts.Ready = 7 })
			return "I8 rows_miscounted award/job"
		}},
		{"row of nothing", func(p planter) string {
			p.t.putRecord(awardRowFamily, of(own).sequence(77).number(1), storage.AwardRow{State: storage.RowReady})
			return "I8 row_of_nothing award/number-77"
		}},
		{"job that nothing goes on with", func(p planter) string {
			_, c := p.credential(own, storage.StateIssued)
			p.t.remove(openAwardFamily, p.job(c, 1))
			return "I8 job_forgotten award/job"
		}},
		{"rows of an upload that nothing goes on with", func(p planter) string {
			_, c := p.credential(own, storage.StateIssued)
			at := p.job(c, 1)
			change(p, awardJobFamily, at, func(job *storage.AwardJob) { job.State = storage.AwardReading })
			p.t.remove(openAwardFamily, at)
			return "I8 job_forgotten award/job"
		}},
		{"forgotten delivery", func(p planter) string {
			d := p.delivery()
			p.t.dequeue(d)
			return "I9 delivery_forgotten delivery/" + d.ID
		}},
		{"queue of nothing", func(p planter) string {
			d := p.delivery()
			p.t.remove(deliveryFamily, deliveryKey(d))
			return "I9 queue_of_nothing audit/2"
		}},
		{"erased in part", func(p planter) string {
			_, c := p.credential(own, storage.StateIssued)
			change(p, subjectFamily, of(own).text(c.Subject), func(s *storage.SubjectKey) { s.Erased = time.Unix(1, 0); s.Wrapped = nil })
			return "I10 erased_in_part credential/" + c.ID
		}},
		{"erased badge left", func(p planter) string {
			at, c := p.credential(own, storage.StateIssued)
			change(p, credentialFamily, at, func(c *storage.Credential) { c.Erased = time.Unix(1, 0) })
			return "I10 erased_data_left credential/" + c.ID
		}},
		{"claim of nothing", func(p planter) string {
			row := storage.Idempotency{APIKey: "test", Key: "planted", Object: "credential/nobody", Done: true, Expires: time.Unix(1e9, 0)}
			p.t.putIdempotency(own, row)
			return "I11 claim_of_nothing credential/nobody"
		}},
		{"claim for ever", func(p planter) string {
			p.t.remove(expiryFamily, p.first(expiryFamily, of(own)))
			return "I11 never_expires claim/test"
		}},
		{"index row gone", func(p planter) string {
			at, c := p.credential(own, storage.StateIssued)
			p.t.remove(stateFamily, stateKey(own, c.State, sequenceOf(at)))
			return "I12 index_wrong credential/" + c.ID
		}},
		{"index row too many", func(p planter) string {
			at, c := p.credential(own, storage.StateIssued)
			p.t.put(stateFamily, stateKey(own, storage.StateRevoked, sequenceOf(at)), nil)
			return "I12 index_wrong credential/" + c.ID
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := keptStore(t)
			var want string
			err := s.write(t.Context(), "planting", nil, func(tx *txn) error {
				want = test.plant(planter{t, tx})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if faults := inspect(t, s); !slices.Contains(faults, want) {
				t.Errorf("%q was not named, but %q", want, faults)
			}
		})
	}
}

// job stores a bulk award whose rows all made one credential.
func (p planter) job(c storage.Credential, rows ...int) key {
	p.Helper()
	at := of(own).sequence(p.t.next(awardJobFamily, of(own)))
	p.t.register(awardJobKind, "job", at)
	p.t.putRecord(awardJobFamily, at, storage.AwardJob{ID: "job", State: storage.AwardRunning, Counts: storage.AwardCounts{Issued: len(rows)}})
	p.t.put(openAwardFamily, at, nil)
	for _, n := range rows {
		p.t.putRecord(awardRowFamily, at.number(n), storage.AwardRow{State: storage.RowIssued, Credential: c.ID})
	}
	owner, err := p.t.locate(credentialKind, c.ID)
	if err != nil {
		p.Fatal(err)
	}
	change(p, credentialFamily, owner, func(c *storage.Credential) { c.Award = "job" })
	return at
}

// delivery queues a delivery.
func (p planter) delivery() storage.Delivery {
	p.Helper()
	return p.t.post(storage.AuditEntry{Tenant: own, Sequence: 2, Time: time.Unix(1e9, 0)},
		storage.Delivery{Kind: storage.DeliveryWebhook, Destination: "hook", Event: storage.EventAwardIssued})
}

// TestInspectSound: a job, an upload that failed and a delivery as they are
// meant to be are no faults.
func TestInspectSound(t *testing.T) {
	s := keptStore(t)
	err := s.write(t.Context(), "planting", nil, func(tx *txn) error {
		p := planter{t, tx}
		_, c := p.credential(own, storage.StateIssued)
		p.job(c, 1)
		p.delivery()
		at := of(own).sequence(tx.next(awardJobFamily, of(own)))
		tx.register(awardJobKind, "upload", at)
		tx.putRecord(awardJobFamily, at, storage.AwardJob{ID: "upload", State: storage.AwardReading, Counts: storage.AwardCounts{Bad: 3}})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if faults := inspect(t, s); len(faults) > 0 {
		t.Errorf("faults: %q", faults)
	}
	steps := map[string]bool{}
	err = s.Inspect(t.Context(), storage.Inspection{Fault: func(storage.Fault) {}, Step: func(doing string, _ int) { steps[doing] = true }})
	if err != nil || len(steps) < 8 {
		t.Errorf("steps %v, %v", steps, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Inspect(ctx, storage.Inspection{Fault: func(storage.Fault) {}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestInspectNames: a damaged row is named by the id of what it is of.
func TestInspectNames(t *testing.T) {
	for _, f := range []*family{credentialFamily, signedFamily, recipientFamily, locationFamily, stateFamily, awardFamily, holdingFamily} {
		s := keptStore(t)
		var c storage.Credential
		var k key
		err := s.read(t.Context(), "reading", func(tx *txn) error {
			p := planter{t, tx}
			var at key
			at, c = p.credential(own, storage.StateIssued)
			award, err := tx.locate(achievementKind, c.Achievement)
			k = map[*family]key{
				credentialFamily: at, signedFamily: at, recipientFamily: at,
				locationFamily: key{byte(credentialKind)}.text(c.ID), stateFamily: stateKey(own, c.State, sequenceOf(at)),
				awardFamily: awardKey(award, c.State, sequenceOf(at)), holdingFamily: of(own).word(c.Subject).sequence(sequenceOf(at)),
			}[f]
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		row := []byte{}
		_ = s.db.View(func(tx *bolt.Tx) error { row = bytes.Clone(tx.Bucket(f.name).Get(k)); return nil })
		row[len(row)/2] ^= 0x10
		s.put(t, f, k, row)
		if faults := inspect(t, s); len(faults) != 1 || faults[0] != "I12 row_damaged credential/"+c.ID {
			t.Errorf("%s: %q", f.name, faults)
		}
	}
}

// TestInspectReadOnly looks into a store that may not be written.
func TestInspectReadOnly(t *testing.T) {
	s := keptStore(t)
	path := s.config.Path
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	looked, err := Open(Config{Path: path, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if faults := inspect(t, looked); len(faults) > 0 {
		t.Errorf("faults: %q", faults)
	}
	act := storage.Act{Actor: "test", Time: time.Unix(1, 0)}
	if err := looked.AfterRestore(t.Context(), act, ""); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("writing: %v", err)
	}
	if err := looked.Close(); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed (%v)", err)
	}
}

// TestInspectFlipped flips single bytes of live rows on the disk. Nearly all
// must be named: what is not lies where bbolt keeps nothing.
func TestInspectFlipped(t *testing.T) {
	s := keptStore(t)
	path := s.config.Path
	places := livePlaces(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const flips = 100
	named := 0
	for n := range flips {
		at := places[n*len(places)/flips]
		data := bytes.Clone(whole)
		data[at] ^= byte(1 + n%255)
		if err := errors.Join(os.Remove(path), os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatal(err)
		}
		damaged, err := Open(Config{Path: path, ReadOnly: true})
		if err != nil {
			if errors.Is(err, storage.ErrCorrupt) || errors.Is(err, storage.ErrVersion) {
				named++
			} else {
				t.Errorf("byte %d: %v", at, err)
			}
			continue
		}
		if faults := inspect(t, damaged); len(faults) > 0 {
			named++
		}
		if err := damaged.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d flips named", named, flips)
	if named*100 < flips*99 {
		t.Errorf("%d of %d flips were named", named, flips)
	}
}

// livePlaces are the places in the file of all bytes of all keys and values.
func livePlaces(t *testing.T, s *Store) (places []int) {
	t.Helper()
	whole, err := os.ReadFile(s.config.Path)
	if err != nil {
		t.Fatal(err)
	}
	pages := map[int]bool{} // of live pages
	err = s.db.View(func(tx *bolt.Tx) error {
		for id := 2; ; id++ {
			page, err := tx.Page(id)
			if err != nil || page == nil {
				return err
			}
			if strings.HasPrefix(page.Type, "leaf") {
				pages[id] = true
			}
			id += page.OverflowCount
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	size := s.db.Info().PageSize
	err = s.db.View(func(tx *bolt.Tx) error {
		for _, f := range families {
			c := tx.Bucket(f.name).Cursor()
			for k, v := c.First(); k != nil; k, v = c.Next() {
				if i := bytes.Index(whole, slices.Concat(k, v)); i >= 0 && pages[i/size] {
					for j := range len(k) + len(v) {
						places = append(places, i+j)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return places
}
