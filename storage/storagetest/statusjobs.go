package storagetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"laurel/storage"
)

var both = []string{storage.PurposeRevocation, storage.PurposeSuspension}

// issueFor issues a credential, with an entry in a suspension list as well, to a
// subject that is stored already or not.
func (w *world) issueFor(subject storage.SubjectKey) storage.Credential {
	w.t.Helper()
	r := w.reservation(north)
	r.Purposes = both
	if subject.ID != "" {
		r.Subject = subject
	}
	_, err := w.ReserveCredential(w.ctx(), r)
	w.must(err)
	c, err := w.CommitCredential(w.ctx(), w.issuance(north, r.ID))
	w.must(err)
	return c
}

func (w *world) set(id string, state storage.State) {
	w.t.Helper()
	_, err := w.SetStatus(w.ctx(), w.change(north, id, state))
	w.must(err)
}

func testSelection(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	const other = "another-achievement"
	_, err := w.CreateAchievement(w.ctx(), w.act(), achievementRecord(north, other))
	w.must(err)
	person := storage.SubjectKey{ID: "person", Wrapped: []byte("key"), Lookup: []byte("lookup")}
	issued := w.issueFor(person)
	suspended := w.issueFor(person)
	w.set(suspended.ID, storage.StateSuspended)
	revoked := w.issueFor(person)
	w.set(revoked.ID, storage.StateRevoked)
	pending := w.reserve(north).Credential
	single := w.issue(north) // without an entry in a suspension list
	r := w.reservation(north)
	r.Achievement, r.Purposes = other, both
	_, err = w.ReserveCredential(w.ctx(), r)
	w.must(err)
	elsewhere, err := w.CommitCredential(w.ctx(), w.issuance(north, r.ID))
	w.must(err)
	foreign := w.issue(south)
	r = w.reservation(north)
	r.Award = "upload"
	_, err = w.ReserveCredential(w.ctx(), r)
	w.must(err)
	uploaded, err := w.CommitCredential(w.ctx(), w.issuance(north, r.ID))
	w.must(err)
	w.set(uploaded.ID, storage.StateRevoked) // so that it is in the way of no other

	names := map[string]string{
		issued.ID: "issued", suspended.ID: "suspended", revoked.ID: "revoked", pending.ID: "pending", single.ID: "single",
		elsewhere.ID: "elsewhere", foreign.ID: "foreign",
	}
	const revoke, suspend, reinstate = storage.StateRevoked, storage.StateSuspended, storage.StateIssued
	for _, test := range []struct {
		name      string
		selection storage.Selection
		to        storage.State
		want      storage.StatusTally
		sample    []string
	}{
		{"revoke an achievement", storage.Selection{Achievement: achievementOf(north)}, revoke, storage.StatusTally{Changed: 3}, []string{"issued", "suspended", "single"}},
		{"suspend an achievement", storage.Selection{Achievement: achievementOf(north)}, suspend, storage.StatusTally{Changed: 1, Refused: 1}, []string{"issued"}},
		{"reinstate an achievement", storage.Selection{Achievement: achievementOf(north)}, reinstate, storage.StatusTally{Changed: 1}, []string{"suspended"}},
		{"what is pending", storage.Selection{State: storage.StatePending}, revoke, storage.StatusTally{Changed: 1}, []string{"pending"}},
		{"achievement and state", storage.Selection{Achievement: achievementOf(north), State: storage.StateSuspended}, revoke, storage.StatusTally{Changed: 1}, []string{"suspended"}},
		{"achievement and another state", storage.Selection{Achievement: other, State: storage.StateSuspended}, revoke, storage.StatusTally{}, nil},
		{"state", storage.Selection{State: storage.StateIssued}, suspend, storage.StatusTally{Changed: 2, Refused: 1}, []string{"issued", "elsewhere"}},
		{"unknown achievement", storage.Selection{Achievement: "nothing"}, revoke, storage.StatusTally{}, nil},
		{"foreign achievement", storage.Selection{Achievement: achievementOf(south)}, revoke, storage.StatusTally{}, nil},
		{"subject", storage.Selection{Subject: "person"}, revoke, storage.StatusTally{Changed: 2, Unchanged: 1}, []string{"issued", "suspended"}},
		{"subject to suspend", storage.Selection{Subject: "person"}, suspend, storage.StatusTally{Changed: 1, Unchanged: 1, Refused: 1}, []string{"issued"}},
		{"unknown subject", storage.Selection{Subject: "nobody"}, revoke, storage.StatusTally{}, nil},
		{"ids, one twice", storage.Selection{IDs: []string{single.ID, issued.ID, single.ID}}, revoke, storage.StatusTally{Changed: 2}, []string{"issued", "single"}},
		{"ids and state", storage.Selection{IDs: []string{single.ID, suspended.ID}, State: storage.StateSuspended}, revoke, storage.StatusTally{Changed: 1}, []string{"suspended"}},
		{"bulk award", storage.Selection{Award: "upload", State: storage.StateRevoked}, revoke, storage.StatusTally{Unchanged: 1}, nil},
		{"another bulk award", storage.Selection{Award: "upload"}, revoke, storage.StatusTally{}, nil},
		{"no ids", storage.Selection{IDs: []string{}}, revoke, storage.StatusTally{}, nil},
		{"issued from", storage.Selection{IssuedFrom: single.Issued}, revoke, storage.StatusTally{Changed: 2}, []string{"single", "elsewhere"}},
		{"issued until", storage.Selection{IssuedUntil: suspended.Issued}, revoke, storage.StatusTally{Changed: 2}, []string{"issued", "suspended"}},
		{"issued in between", storage.Selection{IssuedFrom: suspended.Issued, IssuedUntil: suspended.Issued}, revoke, storage.StatusTally{Changed: 1}, []string{"suspended"}},
	} {
		got, err := w.SelectCredentials(w.ctx(), north, test.selection, test.to)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var sample []string
		for _, id := range got.Sample {
			sample = append(sample, names[id])
		}
		wantEqual(t, test.name+": expected", got.Expected, test.want)
		wantEqual(t, test.name+": sample", sample, test.sample)
		wantEqual(t, test.name+": rows", len(got.Rows), test.want.Total())
		wantEqual(t, test.name+": refused", len(got.Refused), test.want.Refused)
	}
	got, err := w.SelectCredentials(w.ctx(), north, storage.Selection{IDs: []string{issued.ID, "nothing", foreign.ID, "a\x00b"}}, revoke)
	w.must(err)
	wantEqual(t, "unknown ids", got.Unknown, []int{1, 2, 3})
	for name, test := range map[string]struct {
		selection storage.Selection
		to        storage.State
	}{
		"no criterion":     {storage.Selection{}, revoke},
		"unknown state":    {storage.Selection{State: "lost"}, revoke},
		"state to set":     {storage.Selection{State: storage.StateIssued}, storage.StatePending},
		"subject with nul": {storage.Selection{Subject: "a\x00b"}, revoke},
	} {
		_, err := w.SelectCredentials(w.ctx(), north, test.selection, test.to)
		wantError(t, name, err, storage.ErrInvalid)
	}
}

// draft makes a job for a selection.
func (w *world) draft(selection storage.Selection, to storage.State) storage.StatusJob {
	w.t.Helper()
	selected, err := w.SelectCredentials(w.ctx(), north, selection, to)
	w.must(err)
	act := w.act()
	job, err := w.CreateStatusJob(w.ctx(), act, storage.StatusJob{
		Tenant: north, ID: w.id(), State: to, Reason: "error", Wording: "Issued by mistake.",
		Expected: selected.Expected, Sample: selected.Sample, Refused: selected.Refused, Expires: act.Time.Add(time.Hour),
	}, selected.Rows)
	w.must(err)
	return job
}

// finish steps a job to its end and returns it.
func (w *world) finish(id string) storage.StatusJob {
	w.t.Helper()
	for range 1000 {
		job, err := w.StepStatusJob(w.ctx(), w.act(), north, id)
		w.must(err)
		if job.Phase != storage.StatusRunning {
			return job
		}
	}
	w.t.Fatal("a job has no end")
	return storage.StatusJob{}
}

// testStatusJob revokes more than one step's worth, with interruptions, while
// some of what was selected is changed beside it.
func testStatusJob(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	const credentials = 600
	all := make([]storage.Credential, credentials)
	parallel(credentials, 32, func(i int) { all[i] = w.issueFor(storage.SubjectKey{}) })
	job := w.draft(storage.Selection{Achievement: achievementOf(north)}, storage.StateRevoked)
	wantEqual(t, "expected", job.Expected, storage.StatusTally{Changed: credentials})
	later := w.issueFor(storage.SubjectKey{}) // is not part of it
	w.set(all[0].ID, storage.StateRevoked)
	w.set(all[1].ID, storage.StateSuspended)
	before := len(w.checkChain(north))
	versions := w.versions(all[0])

	untouched, err := w.StepStatusJob(w.ctx(), w.act(), north, job.ID)
	w.must(err)
	wantEqual(t, "a step of a draft", untouched, job)
	confirm := w.act()
	confirm.Actor = "apikey:boss"
	job, err = w.SetStatusPhase(w.ctx(), confirm, north, job.ID, storage.StatusRunning)
	w.must(err)
	steps := 0
	for job.Phase == storage.StatusRunning {
		job, err = w.StepStatusJob(w.ctx(), w.act(), north, job.ID)
		w.must(err)
		steps++
		seen := w.credentials(north, storage.CredentialFilter{State: storage.StateRevoked}, 1000)
		wantEqual(t, "counted and revoked", job.Tally.Changed+job.Tally.Unchanged, len(seen))
		w.reopen()
	}
	wantEqual(t, "steps", steps, 3)
	wantEqual(t, "phase", job.Phase, storage.StatusDone)
	wantEqual(t, "tally", job.Tally, storage.StatusTally{Changed: credentials - 1, Unchanged: 1})
	stored, err := w.StatusJob(w.ctx(), north, job.ID)
	w.must(err)
	wantEqual(t, "stored", stored, job)
	again, err := w.StepStatusJob(w.ctx(), w.act(), north, job.ID)
	w.must(err)
	wantEqual(t, "a step of one that is done", again, job)

	for _, c := range append(slices.Clone(all), later) {
		got, err := w.Credential(w.ctx(), north, c.ID)
		w.must(err)
		want := storage.StateRevoked
		if c.ID == later.ID {
			want = storage.StateIssued
		}
		if got.State != want || want == storage.StateRevoked && (got.Reason != "error" || got.Wording != "Issued by mistake.") {
			t.Errorf("%s is %+v, want %s", c.ID, got, want)
		}
	}
	for list, version := range w.versions(all[0]) {
		if raised := int(version - versions[list]); raised > 3 {
			t.Errorf("list raised %d times in 3 steps", raised)
		}
	}
	_, set, err := w.StatusBits(w.ctx(), north, all[0].Status[0].List)
	w.must(err)
	wantEqual(t, "bits", len(set), 2*credentials)
	revocations := map[string]int{}
	for _, entry := range w.checkChain(north)[before:] {
		if entry.Action == storage.ActionRevoke && entry.Actor == "apikey:boss" {
			revocations[entry.Object]++
		}
	}
	wantEqual(t, "audited revocations", len(revocations), credentials-1)
	jobs, err := w.OpenStatusJobs(w.ctx())
	w.must(err)
	wantEqual(t, "open jobs", len(jobs), 0)
	w.must(w.Check(w.ctx()))
}

func testStatusJobPhases(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	parallel(300, 32, func(int) { w.issueFor(storage.SubjectKey{}) })
	selection := storage.Selection{Achievement: achievementOf(north)}
	phase := func(what, id string, to storage.StatusPhase, want error) {
		t.Helper()
		if _, err := w.SetStatusPhase(w.ctx(), w.act(), north, id, to); !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", what, err, want)
		}
	}
	job := w.draft(selection, storage.StateSuspended)
	_, err := w.SetStatusPhase(w.ctx(), w.act(), south, job.ID, storage.StatusRunning)
	wantError(t, "a stranger confirms", err, storage.ErrNotFound)
	_, err = w.StatusJob(w.ctx(), south, job.ID)
	wantError(t, "a stranger reads", err, storage.ErrNotFound)
	_, err = w.StepStatusJob(w.ctx(), w.act(), south, job.ID)
	wantError(t, "a stranger steps", err, storage.ErrNotFound)
	late := w.act()
	late.Time = late.Time.Add(2 * time.Hour)
	_, err = w.SetStatusPhase(w.ctx(), late, north, job.ID, storage.StatusRunning)
	wantError(t, "confirming late", err, storage.ErrConflict)
	phase("back to a draft", job.ID, storage.StatusDraft, storage.ErrInvalid)
	phase("done by hand", job.ID, storage.StatusDone, storage.ErrInvalid)
	phase("confirming", job.ID, storage.StatusRunning, nil)
	phase("confirming twice", job.ID, storage.StatusRunning, nil)
	phase("expiring what runs", job.ID, storage.StatusExpired, storage.ErrConflict)
	_, err = w.StepStatusJob(w.ctx(), w.act(), north, job.ID)
	w.must(err)
	phase("stopping", job.ID, storage.StatusStopped, nil)
	phase("stopping twice", job.ID, storage.StatusStopped, nil)
	phase("confirming what was stopped", job.ID, storage.StatusRunning, storage.ErrConflict)
	stopped := w.finish(job.ID)
	wantEqual(t, "tally of what was stopped", stopped.Tally, storage.StatusTally{Changed: 256})
	wantEqual(t, "suspended", len(w.credentials(north, storage.CredentialFilter{State: storage.StateSuspended}, 1000)), 256)

	job = w.draft(selection, storage.StateIssued)
	phase("confirming", job.ID, storage.StatusRunning, nil)
	wantEqual(t, "reinstated", w.finish(job.ID).Tally, storage.StatusTally{Changed: 256})
	phase("confirming what is done", job.ID, storage.StatusRunning, nil)
	phase("stopping what is done", job.ID, storage.StatusStopped, storage.ErrConflict)

	job = w.draft(selection, storage.StateRevoked)
	phase("expiring", job.ID, storage.StatusExpired, nil)
	phase("confirming what expired", job.ID, storage.StatusRunning, storage.ErrConflict)
	empty := w.draft(storage.Selection{Achievement: "nothing"}, storage.StateRevoked)
	phase("confirming nothing", empty.ID, storage.StatusRunning, nil)
	wantEqual(t, "nothing", w.finish(empty.ID).Phase, storage.StatusDone)

	list, next, err := w.ListStatusJobs(w.ctx(), north, storage.Page{Limit: 3})
	if err != nil || next == "" || len(list) != 3 || list[0].ID != empty.ID {
		t.Errorf("listed %+v, %q, %v", list, next, err)
	}
	rest, next, err := w.ListStatusJobs(w.ctx(), north, storage.Page{Limit: 3, Cursor: next})
	if err != nil || next != "" || len(rest) != 1 {
		t.Errorf("then %+v, %q, %v", rest, next, err)
	}
	foreign, _, err := w.ListStatusJobs(w.ctx(), south, storage.Page{})
	if err != nil || len(foreign) != 0 {
		t.Errorf("a stranger lists %+v, %v", foreign, err)
	}

	act := w.act()
	act.Idempotency = claim("job", "body", act.Time)
	again := storage.StatusJob{Tenant: north, ID: w.id(), State: storage.StateRevoked, Expires: act.Time.Add(time.Hour)}
	_, err = w.CreateStatusJob(w.ctx(), act, again, nil)
	w.must(err)
	again.ID = w.id()
	var replay *storage.ReplayError
	if _, err := w.CreateStatusJob(w.ctx(), act, again, nil); !errors.As(err, &replay) {
		t.Errorf("the same request again: %v", err)
	}
}
