package storagetest

import (
	"errors"
	"math"
	"strconv"
	"sync"
	"testing"
	"time"

	"laurel/storage"
)

func testStatusTransitions(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	both := []string{storage.PurposeRevocation, storage.PurposeSuspension}
	const (
		pending, issued      = storage.StatePending, storage.StateIssued
		suspended, revoked   = storage.StateSuspended, storage.StateRevoked
		unchanged, forbidden = 0, -1 // otherwise: the number of lists that change
	)
	for _, test := range []struct {
		name     string
		path     []storage.State // states to go through first; issued once unless pending
		purposes []string
		to       storage.State
		want     int
	}{
		{"revoke issued", []storage.State{issued}, nil, revoked, 1},
		{"revoke with both lists", []storage.State{issued}, both, revoked, 1},
		{"revoke pending", []storage.State{pending}, nil, revoked, 1},
		{"revoke suspended", []storage.State{issued, suspended}, both, revoked, 2},
		{"revoke revoked", []storage.State{issued, revoked}, nil, revoked, unchanged},
		{"suspend issued", []storage.State{issued}, both, suspended, 1},
		{"suspend without a list", []storage.State{issued}, nil, suspended, forbidden},
		{"suspend pending", []storage.State{pending}, both, suspended, forbidden},
		{"suspend suspended", []storage.State{issued, suspended}, both, suspended, unchanged},
		{"suspend revoked", []storage.State{issued, revoked}, both, suspended, forbidden},
		{"reinstate suspended", []storage.State{issued, suspended}, both, issued, 1},
		{"reinstate revoked", []storage.State{issued, revoked}, both, issued, forbidden},
		{"reinstate issued", []storage.State{issued}, both, issued, unchanged},
		{"reinstate pending", []storage.State{pending}, both, issued, forbidden},
	} {
		r := w.reservation(north)
		r.Purposes = test.purposes
		reserved, err := w.ReserveCredential(w.ctx(), r)
		w.must(err)
		for _, state := range test.path {
			switch state {
			case pending:
			case issued:
				_, err = w.CommitCredential(w.ctx(), w.issuance(north, r.ID))
			default:
				_, err = w.SetStatus(w.ctx(), w.change(north, r.ID, state))
			}
			w.must(err)
		}
		before := w.versions(reserved.Credential)
		audited := len(w.checkChain(north))
		change := w.change(north, r.ID, test.to)
		got, err := w.SetStatus(w.ctx(), change)
		if test.want == forbidden {
			wantError(t, test.name, err, storage.ErrConflict)
		} else if err != nil {
			t.Errorf("%s: %v", test.name, err)
		} else if got.State != test.to {
			t.Errorf("%s: state %s", test.name, got.State)
		} else if test.want != unchanged && (got.Reason != change.Reason || got.Wording != change.Wording || !got.Changed.Equal(change.Act.Time)) {
			t.Errorf("%s: %+v", test.name, got)
		}
		raised := 0
		for list, version := range w.versions(reserved.Credential) {
			raised += int(version - before[list])
		}
		wantEqual(t, test.name+": list versions raised", raised, max(test.want, 0))
		wantEqual(t, test.name+": audit entries", len(w.checkChain(north))-audited, min(max(test.want, 0), 1))
		c, err := w.Credential(w.ctx(), north, r.ID)
		w.must(err)
		for _, entry := range c.Status {
			want := entry.Purpose == storage.PurposeRevocation && c.State == revoked ||
				entry.Purpose == storage.PurposeSuspension && c.State == suspended
			bits := w.bits(entry.List)
			wantEqual(t, test.name+": bit for "+entry.Purpose, bits[entry.Index], want)
			wantEqual(t, test.name+": mirror bit for "+entry.Purpose, bits[storage.MirrorIndex(entry.Index)], want)
		}
	}
	w.checkSlots(north)
	_, err := w.SetStatus(w.ctx(), w.change(north, w.issue(north).ID, pending))
	wantError(t, "setting pending", err, storage.ErrInvalid)
}

func (w *world) versions(c storage.Credential) map[string]uint64 {
	versions := map[string]uint64{}
	for _, entry := range c.Status {
		list, err := w.StatusList(w.ctx(), c.Tenant, entry.List)
		w.must(err)
		versions[list.ID] = list.Version
	}
	return versions
}

func (w *world) bits(list string) map[int]bool {
	_, set, err := w.StatusBits(w.ctx(), north, list)
	w.must(err)
	bits := map[int]bool{}
	for i, index := range set {
		if i > 0 && index <= set[i-1] {
			w.t.Fatalf("set bits out of order: %v", set)
		}
		bits[index] = true
	}
	return bits
}

func testPublishedLists(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	c := w.issue(north)
	id := c.Status[0].List
	w.reopen()
	dirty := func(until time.Time) (ids []string) {
		lists, err := w.DirtyStatusLists(w.ctx(), until)
		w.must(err)
		for _, list := range lists {
			ids = append(ids, list.ID)
		}
		return ids
	}
	wantEqual(t, "dirty when new", dirty(start), []string{id})
	signed := storage.PublishedList{
		Version: 1, Signed: []byte("signed 1"), SignedAt: start, ValidUntil: start.Add(24 * time.Hour), Key: "key-1",
	}
	w.must(w.SavePublishedList(w.ctx(), north, id, signed))
	wantEqual(t, "dirty when published", dirty(start.Add(24*time.Hour)), []string(nil))
	wantEqual(t, "dirty when about to run out", dirty(start.Add(25*time.Hour)), []string{id})
	signed.SignedAt, signed.Signed = start.Add(time.Hour), []byte("signed 1 again")
	w.must(w.SavePublishedList(w.ctx(), north, id, signed)) // renewed
	signed.SignedAt = start
	wantError(t, "earlier signature", w.SavePublishedList(w.ctx(), north, id, signed), storage.ErrConflict)

	_, err := w.SetStatus(w.ctx(), w.change(north, c.ID, storage.StateRevoked))
	w.must(err)
	w.reopen()
	wantEqual(t, "dirty when changed", dirty(start), []string{id})
	list, err := w.FindStatusList(w.ctx(), id)
	w.must(err)
	if list.Version != 2 || list.Published != 1 || string(list.Signed) != "signed 1 again" || list.Size != 131072 || list.Used != 1 {
		t.Errorf("changed list: %+v", list)
	}
	signed = storage.PublishedList{Version: 3, Signed: []byte("signed 3"), SignedAt: start.Add(2 * time.Hour)}
	wantError(t, "version never had", w.SavePublishedList(w.ctx(), north, id, signed), storage.ErrConflict)
	signed.Version, signed.Signed = 2, []byte("signed 2")
	w.must(w.SavePublishedList(w.ctx(), north, id, signed))
	signed.Version, signed.SignedAt = 1, start.Add(3*time.Hour)
	wantError(t, "older version", w.SavePublishedList(w.ctx(), north, id, signed), storage.ErrConflict)
	w.reopen()
	list, err = w.StatusList(w.ctx(), north, id)
	w.must(err)
	if list.Published != 2 || string(list.Signed) != "signed 2" {
		t.Errorf("published list: %+v", list)
	}
}

func testRollOver(t *testing.T, open Opener) {
	const size = 64 // half of it usable
	w := newWorld(t, open, Options{StatusListSize: size})
	const credentials = 150
	parallel(credentials, 16, func(int) {
		r := w.reservation(north)
		r.Purposes = []string{storage.PurposeRevocation, storage.PurposeSuspension}
		if _, err := w.ReserveCredential(w.ctx(), r); err != nil {
			t.Error(err)
		}
	})
	w.checkSlots(north)
	check := func(wantLists, wantUsed, wantOpen int) {
		t.Helper()
		lists, err := w.ListStatusLists(w.ctx(), north)
		w.must(err)
		used, opened := map[string]int{}, 0
		for _, list := range lists {
			if list.Used > size/2 || list.Size != size {
				t.Errorf("list %+v", list)
			}
			used[list.Purpose] += list.Used
			if list.Open {
				opened++
			}
		}
		wantEqual(t, "used", used, map[string]int{storage.PurposeRevocation: wantUsed, storage.PurposeSuspension: wantUsed})
		wantEqual(t, "open lists", opened, wantOpen)
		wantEqual(t, "lists", len(lists), wantLists)
	}
	check(10, credentials, 2) // 150 at 32 a list, for each purpose

	w.must(w.AfterRestore(w.ctx(), w.act(), ""))
	check(10, credentials, 0)
	w.reopen()
	r := w.reservation(north)
	r.Purposes = []string{storage.PurposeRevocation, storage.PurposeSuspension}
	_, err := w.ReserveCredential(w.ctx(), r)
	w.must(err)
	check(12, credentials+1, 2)
	w.checkSlots(north)
}

// testIndexDistribution asks whether indexes look drawn evenly, in their high
// and in their low bits, and whether each is free of the one before. A right
// store fails one time in 10^9.
func testIndexDistribution(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	const credentials, cells = 3200, 32
	parallel(credentials, 64, func(int) {
		if _, err := w.ReserveCredential(w.ctx(), w.reservation(north)); err != nil {
			t.Error(err)
		}
	})
	var high, low [cells]int
	ascents, before := 0.0, 0
	listed := w.credentials(north, storage.CredentialFilter{}, 1000)
	for i, c := range listed {
		index := c.Status[0].Index
		wantEqual(t, "place of index "+strconv.Itoa(index), index%8 < 4, true)
		place := index/8*4 + index%8
		high[place*cells/65536]++
		low[place%cells]++
		if i > 0 && index > before {
			ascents++
		}
		before = index
	}
	wantEqual(t, "credentials", len(listed), credentials)
	for name, counts := range map[string][cells]int{"high": high, "low": low} {
		chi := 0.0
		for _, n := range counts {
			const expected = float64(credentials) / cells
			chi += (float64(n) - expected) * (float64(n) - expected) / expected
		}
		if chi > 110 { // 31 degrees of freedom, p below 10^-10
			t.Errorf("χ² of the %s bits of indexes is %.1f: %v", name, chi, counts)
		}
	}
	mean, deviation := float64(credentials-1)/2, math.Sqrt(float64(credentials+1)/12)
	if math.Abs(ascents-mean) > 7*deviation {
		t.Errorf("%v of %d indexes are above the one before", ascents, credentials)
	}
}

// testConcurrentReservations is the race for indexes.
func testConcurrentReservations(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{StatusListSize: 8192}) // dense enough to collide, were it possible
	const credentials = 2000
	acknowledged := make([]storage.Credential, credentials)
	parallel(credentials, 64, func(i int) {
		tenant := north
		if i%4 == 0 {
			tenant = south
		}
		reserved, err := w.ReserveCredential(w.ctx(), w.reservation(tenant))
		if err != nil {
			t.Error(err)
			return
		}
		acknowledged[i] = reserved.Credential
	})
	w.reopen()
	w.checkSlots(north, south)
	for _, want := range acknowledged {
		got, err := w.Credential(w.ctx(), want.Tenant, want.ID)
		w.must(err)
		wantEqual(t, "acknowledged credential", got, want)
	}
	total := len(w.credentials(north, storage.CredentialFilter{}, 1000)) + len(w.credentials(south, storage.CredentialFilter{}, 1000))
	wantEqual(t, "credentials", total, credentials)
	reservations := 0
	for _, tenant := range []string{north, south} {
		for _, entry := range w.checkChain(tenant) {
			if entry.Action == storage.ActionReserve {
				reservations++
			}
		}
	}
	wantEqual(t, "audited reservations", reservations, credentials)
	w.must(w.Check(w.ctx()))
}

// testConcurrentRevocations revokes from many sides, several at a time the same
// credential, while the list is being published.
func testConcurrentRevocations(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	const credentials = 300
	issued := make([]storage.Credential, credentials)
	parallel(credentials, 32, func(i int) { issued[i] = w.issue(north) })
	list := issued[0].Status[0].List

	stop := make(chan struct{})
	var publisher sync.WaitGroup
	publisher.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := w.publish(list, n); err != nil {
				t.Error(err)
				return
			}
		}
	})
	want := map[int]bool{}
	for i := 0; i < credentials; i += 2 {
		index := issued[i].Status[0].Index
		want[index], want[storage.MirrorIndex(index)] = true, true
	}
	parallel(credentials*2, 64, func(i int) {
		c := issued[i%credentials]
		if i%2 == 1 {
			return // its neighbours stay as they are
		}
		if _, err := w.SetStatus(w.ctx(), w.change(north, c.ID, storage.StateRevoked)); err != nil {
			t.Error(err)
		}
	})
	close(stop)
	publisher.Wait()
	w.reopen()
	w.must(w.publish(list, 1_000_000))
	wantEqual(t, "bits", w.bits(list), want)
	last, err := w.StatusList(w.ctx(), north, list)
	w.must(err)
	wantEqual(t, "version", last.Version, uint64(1+credentials/2))
	wantEqual(t, "published version", last.Published, last.Version)
	revocations := 0
	for _, entry := range w.checkChain(north) {
		if entry.Action == storage.ActionRevoke {
			revocations++
		}
	}
	wantEqual(t, "audited revocations", revocations, credentials/2)
}

// publish does what a publisher does; losing to a later one is fine.
func (w *world) publish(id string, n int) error {
	list, _, err := w.StatusBits(w.ctx(), north, id)
	if err != nil {
		return err
	}
	err = w.SavePublishedList(w.ctx(), north, id, storage.PublishedList{
		Version: list.Version, Signed: []byte("signed"), SignedAt: start.Add(time.Duration(n) * time.Second),
	})
	if errors.Is(err, storage.ErrConflict) {
		return nil
	}
	return err
}

// parallel calls do for 0 to n-1 from some goroutines.
func parallel(n, goroutines int, do func(i int)) {
	var workers sync.WaitGroup
	next := make(chan int)
	for range goroutines {
		workers.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
}
