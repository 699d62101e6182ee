package issuer

import (
	"context"
	"errors"
	"testing"
	"time"

	"laurel/storage"
	"laurel/verifier"
)

func TestStatusJob(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Suspension = true })
	knots, other := w.mentor(), w.mentor()
	var made []Award
	for range 3 {
		made = append(made, w.award(ada(knots)))
	}
	spared := w.award(ada(other))
	draft, err := w.DraftStatusJob(t.Context(), with("draft", 1), Selection{Achievement: knots.URL}, Change{State: storage.StateRevoked, Reason: "error", Wording: "Awarded in error."})
	if err != nil || draft.Phase != storage.StatusDraft || draft.Expected.Changed != 3 || len(draft.Examples) != 3 || draft.Examples[0].ID != made[0].ID {
		t.Fatalf("%+v, %v", draft, err)
	}
	again := with("draft", 1)
	same, err := w.DraftStatusJob(t.Context(), again, Selection{Achievement: knots.URL}, Change{State: storage.StateRevoked})
	if err != nil || same.ID != draft.ID || !again.Idempotency.Replayed {
		t.Errorf("the same request again: %+v, %v", same, err)
	}
	if err := w.RunStatusJobs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.verdict(w.badge(made[0].ID).Signed); got != verifier.VerdictValid {
		t.Errorf("a draft made a badge %s", got)
	}
	stranger := Caller{Tenant: "law", Actor: "cli"}
	if _, err := w.ConfirmStatusJob(t.Context(), stranger, draft.ID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a stranger confirms: %v", err)
	}
	if _, err := w.ConfirmStatusJob(t.Context(), caller, draft.ID); err != nil {
		t.Fatal(err)
	}
	select {
	case <-w.StatusJobsConfirmed():
	default:
		t.Error("nobody is told that there is something to do")
	}
	w.restart() // what was confirmed is done by whoever comes next
	if err := w.RunStatusJobs(t.Context()); err != nil {
		t.Fatal(err)
	}
	done, err := w.StatusJob(t.Context(), DefaultSlug, draft.ID)
	if err != nil || done.Phase != storage.StatusDone || done.Tally != (storage.StatusTally{Changed: 3}) {
		t.Errorf("%+v, %v", done, err)
	}
	dirty, err := w.store.DirtyStatusLists(t.Context(), time.Time{})
	if err != nil || len(dirty) != 0 {
		t.Errorf("lists that are not signed: %+v, %v", dirty, err)
	}
	for _, award := range made {
		if got := w.verdict(w.badge(award.ID).Signed); got != verifier.VerdictInvalid {
			t.Errorf("a revoked badge is %s", got)
		}
	}
	if got := w.verdict(w.badge(spared.ID).Signed); got != verifier.VerdictValid {
		t.Errorf("another badge is %s", got)
	}

	// By recipient, however the address is written.
	draft, err = w.DraftStatusJob(t.Context(), caller, Selection{Recipient: Recipient{Email: "ADA.lovelace@example.org"}}, Change{State: storage.StateSuspended})
	if err != nil || draft.Expected != (storage.StatusTally{Changed: 1, Refused: 3}) || draft.Refused[0].Code != storage.RefusedRevoked {
		t.Errorf("by recipient: %+v, %v", draft, err)
	}
	draft, err = w.DraftStatusJob(t.Context(), caller, Selection{Recipient: Recipient{Email: "nobody@example.org"}}, Change{State: storage.StateSuspended})
	if err != nil || draft.Expected.Total() != 0 {
		t.Errorf("by an unknown recipient: %+v, %v", draft, err)
	}
	draft, err = w.DraftStatusJob(t.Context(), caller, Selection{IDs: []string{spared.URL, spared.ID, spared.URL + ".json"}}, Change{State: storage.StateRevoked})
	if err != nil || draft.Expected != (storage.StatusTally{Changed: 1}) {
		t.Errorf("by address: %+v, %v", draft, err)
	}
	if _, err := w.StopStatusJob(t.Context(), caller, draft.ID); err != nil {
		t.Error(err)
	}
	if _, err := w.ConfirmStatusJob(t.Context(), caller, draft.ID); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("confirming what was stopped: %v", err)
	}
}

func TestStatusJobRefused(t *testing.T) {
	w := newWorld(t, nil)
	made := w.award(ada(w.mentor()))
	revoke := Change{State: storage.StateRevoked}
	for path, test := range map[string]struct {
		selection Selection
		change    Change
		code      string
	}{
		"/select":                 {Selection{}, revoke, "selection_empty"},
		"/select/achievement":     {Selection{Achievement: "nothing"}, revoke, "achievement_unknown"},
		"/select/ids/1":           {Selection{IDs: []string{made.ID, "nothing"}}, revoke, "credential_unknown"},
		"/select/recipient/email": {Selection{Recipient: Recipient{Email: "x"}}, revoke, "email_malformed"},
		"/reason":                 {Selection{IDs: []string{made.ID}}, Change{State: storage.StateRevoked, Reason: "No!"}, "reason_malformed"},
		"/wording":                {Selection{IDs: []string{made.ID}}, Change{State: storage.StateRevoked, Wording: "\n"}, "wording_malformed"},
	} {
		_, err := w.DraftStatusJob(t.Context(), caller, test.selection, test.change)
		violationIs(t, path, err, path, test.code)
	}
}

func TestStatusJobExpires(t *testing.T) {
	w := newWorld(t, nil)
	made := w.award(ada(w.mentor()))
	draft, err := w.DraftStatusJob(t.Context(), caller, Selection{IDs: []string{made.ID}}, Change{State: storage.StateRevoked})
	if err != nil {
		t.Fatal(err)
	}
	w.pass(draftLife)
	if _, err := w.ConfirmStatusJob(t.Context(), caller, draft.ID); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("confirming a day later: %v", err)
	}
	if err := w.RunStatusJobs(t.Context()); err != nil {
		t.Fatal(err)
	}
	expired, err := w.StatusJob(t.Context(), DefaultSlug, draft.ID)
	if err != nil || expired.Phase != storage.StatusExpired {
		t.Errorf("%+v, %v", expired, err)
	}
}

// faltering is a store that dies after so many steps of a job.
type faltering struct {
	Store
	steps int
}

func (f *faltering) StepStatusJob(ctx context.Context, act storage.Act, tenant, id string) (storage.StatusJob, error) {
	if f.steps--; f.steps < 0 {
		return storage.StatusJob{}, errDied
	}
	return f.Store.StepStatusJob(ctx, act, tenant, id)
}

// TestStatusJobGoesOn: a job whose process dies between its steps is complete
// and exactly counted after the next start.
func TestStatusJobGoesOn(t *testing.T) {
	w := newWorld(t, nil)
	const awards = 300 // more than one step
	achievement := w.mentor()
	awardMany(w, achievement, awards)
	draft, err := w.DraftStatusJob(t.Context(), caller, Selection{Achievement: achievement.ID}, Change{State: storage.StateRevoked})
	if err != nil || draft.Expected.Changed != awards {
		t.Fatalf("%+v, %v", draft, err)
	}
	if _, err := w.ConfirmStatusJob(t.Context(), caller, draft.ID); err != nil {
		t.Fatal(err)
	}
	w.config.Store = &faltering{w.store, 1}
	w.rebuild()
	if err := w.RunStatusJobs(t.Context()); !errors.Is(err, errDied) {
		t.Fatalf("error %v", err)
	}
	w.restart()
	if err := w.RunStatusJobs(t.Context()); err != nil {
		t.Fatal(err)
	}
	done, err := w.StatusJob(t.Context(), DefaultSlug, draft.ID)
	if err != nil || done.Phase != storage.StatusDone || done.Tally != (storage.StatusTally{Changed: awards}) {
		t.Errorf("%+v, %v", done, err)
	}
	left, _, err := w.Credentials(t.Context(), DefaultSlug, storage.CredentialFilter{State: storage.StateIssued}, storage.Page{})
	if err != nil || len(left) != 0 {
		t.Errorf("%d are left, %v", len(left), err)
	}
}
