package storagetest

import (
	"testing"

	"laurel/storage"
)

// testInstance: a credential of a VC API instance is like an award, but of no
// achievement, and may be without a status.
func testInstance(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	award := w.issue(north)
	of := func(purposes ...string) storage.Reservation {
		r := w.reservation(north)
		r.Achievement, r.AchievementVersion, r.Recipient = "", 0, nil
		r.Instance, r.Purposes, r.Visibility = "campus", append([]string{}, purposes...), storage.VisibilityOff
		return r
	}
	for name, spoil := range map[string]func(*storage.Reservation){
		"an achievement too":      func(r *storage.Reservation) { r.Achievement = achievementOf(north) },
		"a version too":           func(r *storage.Reservation) { r.AchievementVersion = 1 },
		"suspension alone":        func(r *storage.Reservation) { r.Purposes = []string{storage.PurposeSuspension} },
		"no key of a subject":     func(r *storage.Reservation) { r.Subject.Wrapped = nil },
		"no instance, no purpose": func(r *storage.Reservation) { r.Instance = "" },
	} {
		r := of()
		spoil(&r)
		_, err := w.ReserveCredential(w.ctx(), r)
		wantError(t, name, err, storage.ErrInvalid)
	}
	var made []storage.Credential
	for _, purposes := range [][]string{{}, {storage.PurposeRevocation, storage.PurposeSuspension}} {
		r := of(purposes...)
		reserved, err := w.ReserveCredential(w.ctx(), r)
		w.must(err)
		issued, err := w.CommitCredential(w.ctx(), w.issuance(north, r.ID))
		w.must(err)
		if len(reserved.Credential.Status) != len(purposes) || issued.Instance != "campus" || issued.Achievement != "" {
			t.Errorf("issued %+v", issued)
		}
		made = append(made, issued)
	}
	_, err := w.SetStatus(w.ctx(), w.change(north, made[0].ID, storage.StateSuspended))
	wantError(t, "suspending without a status", err, storage.ErrConflict)
	suspended, err := w.SetStatus(w.ctx(), w.change(north, made[1].ID, storage.StateSuspended))
	w.must(err)
	w.reopen()
	if got := w.credentials(north, storage.CredentialFilter{State: storage.StateSuspended}, 5); len(got) != 1 || got[0].ID != suspended.ID {
		t.Errorf("suspended are %+v", got)
	}
	if got := w.credentials(north, storage.CredentialFilter{Achievement: achievementOf(north)}, 5); len(got) != 1 || got[0].ID != award.ID {
		t.Errorf("of the achievement are %+v", got)
	}
	if got := w.credentials(north, storage.CredentialFilter{}, 5); len(got) != 3 {
		t.Errorf("all are %+v", got)
	}
	w.checkSlots(north)
	n, err := w.EraseSubject(w.ctx(), w.act(), north, suspended.Subject)
	w.must(err)
	erased, err := w.Credential(w.ctx(), north, suspended.ID)
	w.must(err)
	if n != 1 || erased.Signed != nil || erased.Erased.IsZero() || erased.State != storage.StateSuspended {
		t.Errorf("erased %+v", erased)
	}
}
