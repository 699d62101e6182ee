package storagetest

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"laurel/storage"
)

// testStatusMachine compares random courses of awards, changes of status, singly
// and by jobs, publications and restarts with a model of what each credential
// and each bit must be.
func testStatusMachine(t *testing.T, open Opener) {
	courses := 0
	rapid.Check(t, func(rt *rapid.T) {
		if courses++; courses > 15 { // each waits for the disk a hundred times
			return
		}
		m := &statusModel{w: newWorld(t, open, Options{StatusListSize: 32}), states: map[string]storage.State{}}
		rt.Repeat(map[string]func(*rapid.T){
			"award":  m.award,
			"set":    m.set,
			"job":    m.job,
			"step":   m.step,
			"reopen": func(*rapid.T) { m.w.reopen() },
			"":       m.check,
		})
		if err := m.w.Close(); err != nil {
			rt.Fatal(err)
		}
	})
}

// statusModel is what the store should know.
type statusModel struct {
	w       *world
	order   []string
	states  map[string]storage.State
	entries []storage.Credential
	running []runningJob
}

type runningJob struct {
	id  string
	to  storage.State
	ids []string
}

func (m *statusModel) award(*rapid.T) {
	c := m.w.issueFor(storage.SubjectKey{})
	m.order, m.entries = append(m.order, c.ID), append(m.entries, c)
	m.states[c.ID] = storage.StateIssued
}

// after is the state that a change leads to, and whether it is possible.
func after(from, to storage.State) (storage.State, bool) {
	switch {
	case from == to:
		return from, true
	case from == storage.StateRevoked:
		return from, false
	}
	return to, true // every credential here has both lists
}

var settable = []storage.State{storage.StateRevoked, storage.StateSuspended, storage.StateIssued}

func (m *statusModel) set(rt *rapid.T) {
	if len(m.order) == 0 {
		rt.Skip("nobody")
	}
	id, to := rapid.SampledFrom(m.order).Draw(rt, "id"), rapid.SampledFrom(settable).Draw(rt, "to")
	want, possible := after(m.states[id], to)
	_, err := m.w.SetStatus(m.w.ctx(), m.w.change(north, id, to))
	if possible != (err == nil) || err != nil && !errors.Is(err, storage.ErrConflict) {
		rt.Fatalf("from %s to %s: %v", m.states[id], to, err)
	}
	m.states[id] = want
}

func (m *statusModel) job(rt *rapid.T) {
	if len(m.order) == 0 {
		rt.Skip("nobody")
	}
	ids := rapid.SliceOfN(rapid.SampledFrom(m.order), 1, 6).Draw(rt, "ids")
	to := rapid.SampledFrom(settable).Draw(rt, "to")
	job := m.w.draft(storage.Selection{IDs: ids}, to)
	if _, err := m.w.SetStatusPhase(m.w.ctx(), m.w.act(), north, job.ID, storage.StatusRunning); err != nil {
		rt.Fatal(err)
	}
	slices.Sort(ids)
	m.running = append(m.running, runningJob{job.ID, to, slices.Compact(ids)})
}

func (m *statusModel) step(rt *rapid.T) {
	if len(m.running) == 0 {
		rt.Skip("nothing runs")
	}
	i := rapid.IntRange(0, len(m.running)-1).Draw(rt, "job")
	job := m.running[i]
	m.running = slices.Delete(m.running, i, i+1)
	var want storage.StatusTally
	for _, id := range job.ids {
		next, possible := after(m.states[id], job.to)
		switch {
		case !possible:
			want.Refused++
		case next == m.states[id]:
			want.Unchanged++
		default:
			want.Changed++
		}
		m.states[id] = next
	}
	if got := m.w.finish(job.id); got.Tally != want || got.Phase != storage.StatusDone {
		rt.Fatalf("%+v, want %+v", got, want)
	}
}

// check compares all credentials and all bits.
func (m *statusModel) check(rt *rapid.T) {
	want := map[storage.StatusEntry]bool{}
	taken := map[storage.StatusEntry]bool{}
	for _, c := range m.entries {
		got, err := m.w.Credential(m.w.ctx(), north, c.ID)
		if err != nil || got.State != m.states[c.ID] {
			rt.Fatalf("%s is %s (%v), want %s", c.ID, got.State, err, m.states[c.ID])
		}
		for _, entry := range c.Status {
			if taken[entry] || entry.Index%8 > 3 {
				rt.Fatalf("%+v was given out twice, or must not be", entry)
			}
			taken[entry] = true
			if (entry.Purpose == storage.PurposeRevocation && got.State == storage.StateRevoked) ||
				(entry.Purpose == storage.PurposeSuspension && got.State == storage.StateSuspended) {
				want[entry] = true
				entry.Index = storage.MirrorIndex(entry.Index)
				want[entry] = true
			}
		}
	}
	lists, err := m.w.ListStatusLists(m.w.ctx(), north)
	if err != nil {
		rt.Fatal(err)
	}
	for _, list := range lists {
		_, set, err := m.w.StatusBits(m.w.ctx(), north, list.ID)
		if err != nil {
			rt.Fatal(err)
		}
		for _, index := range set {
			entry := storage.StatusEntry{Purpose: list.Purpose, List: list.ID, Index: index}
			if !want[entry] {
				rt.Fatalf("bit %+v is set", entry)
			}
			delete(want, entry)
		}
	}
	if len(want) > 0 {
		rt.Fatalf("bits not set: %v", want)
	}
}
