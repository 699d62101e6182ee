package storagetest

import (
	"testing"

	"laurel/storage"
)

func testIssue(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	r := w.reservation(north)
	r.ValidUntil = start.AddDate(1, 0, 0)
	reserved, err := w.ReserveCredential(w.ctx(), r)
	w.must(err)
	want := storage.Credential{
		Tenant: north, ID: r.ID, State: storage.StatePending, Achievement: r.Achievement, AchievementVersion: 1,
		Subject: r.Subject.ID, Status: reserved.Credential.Status, Visibility: storage.VisibilityLink,
		Created: r.Act.Time, ValidUntil: r.ValidUntil, Recipient: r.Recipient,
	}
	wantEqual(t, "reserved", reserved.Credential, want)
	if len(want.Status) != 1 || want.Status[0].Purpose != storage.PurposeRevocation || reserved.Resumed {
		t.Errorf("reserved %+v", reserved)
	}
	got, err := w.Credential(w.ctx(), north, r.ID)
	w.must(err)
	wantEqual(t, "pending", got, want)

	i := w.issuance(north, r.ID)
	i.Key = "key-9"
	_, err = w.CommitCredential(w.ctx(), i)
	wantError(t, "unknown key", err, storage.ErrNotFound)
	i.Key, i.Signed = "key-1", nil
	_, err = w.CommitCredential(w.ctx(), i)
	wantError(t, "nothing signed", err, storage.ErrInvalid)
	i = w.issuance(north, r.ID)
	issued, err := w.CommitCredential(w.ctx(), i)
	w.must(err)
	want.State, want.Issued, want.Key, want.Digest, want.Signed = storage.StateIssued, i.Act.Time, "key-1", i.Digest, i.Signed
	wantEqual(t, "issued", issued, want)
	_, err = w.CommitCredential(w.ctx(), w.issuance(north, r.ID))
	wantError(t, "committing twice", err, storage.ErrConflict)
	wantError(t, "abandoning an issued one", w.AbandonCredential(w.ctx(), w.act(), north, r.ID), storage.ErrConflict)

	w.must(w.SetVisibility(w.ctx(), w.act(), north, r.ID, storage.VisibilityPublic))
	want.Visibility = storage.VisibilityPublic
	w.reopen()
	got, err = w.Credential(w.ctx(), north, r.ID)
	w.must(err)
	wantEqual(t, "credential", got, want)
	got, err = w.FindCredential(w.ctx(), r.ID)
	w.must(err)
	wantEqual(t, "credential by id alone", got, want)
	want.Signed, want.Recipient = nil, nil
	wantEqual(t, "listed", w.credentials(north, storage.CredentialFilter{}, 5), []storage.Credential{want})

	r = w.reservation(north)
	r.ID = want.ID
	_, err = w.ReserveCredential(w.ctx(), r)
	wantError(t, "id in use", err, storage.ErrExists)
	r = w.reservation(north)
	r.AchievementVersion = 2
	_, err = w.ReserveCredential(w.ctx(), r)
	wantError(t, "unknown version", err, storage.ErrNotFound)
}

func testSubjects(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	r := w.reservation(north)
	r.Subject.Lookup = []byte("hash\x00of someone")
	reserved, err := w.ReserveCredential(w.ctx(), r)
	w.must(err)
	subject, err := w.LookupSubject(w.ctx(), north, r.Subject.Lookup)
	w.must(err)
	wantEqual(t, "subject looked up", subject, reserved.Subject)

	r = w.reservation(north)
	r.Subject = subject
	again, err := w.ReserveCredential(w.ctx(), r)
	w.must(err)
	wantEqual(t, "the same subject again", again.Subject, subject)
	if got := w.credentials(north, storage.CredentialFilter{Subject: subject.ID}, 1); len(got) != 2 || got[0].ID != r.ID {
		t.Errorf("the subject's credentials: %+v", got)
	}

	r = w.reservation(north)
	r.Subject.Lookup = subject.Lookup
	_, err = w.ReserveCredential(w.ctx(), r)
	wantError(t, "lookup of another subject", err, storage.ErrConflict)
	r.Subject = subject
	r.Subject.Wrapped = []byte("another")
	_, err = w.ReserveCredential(w.ctx(), r)
	wantError(t, "another key for a subject", err, storage.ErrConflict)

	r = w.reservation(south) // the other tenant knows the person by itself
	r.Subject = storage.SubjectKey{ID: subject.ID, Wrapped: []byte("key in the south"), Lookup: subject.Lookup}
	_, err = w.ReserveCredential(w.ctx(), r)
	w.must(err)
}

func testErasure(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	r := w.reservation(north)
	r.Subject.Lookup = []byte("someone")
	first, err := w.ReserveCredential(w.ctx(), r)
	w.must(err)
	_, err = w.CommitCredential(w.ctx(), w.issuance(north, r.ID))
	w.must(err)
	_, err = w.SetStatus(w.ctx(), w.change(north, r.ID, storage.StateRevoked))
	w.must(err)
	pending := w.reservation(north)
	pending.Subject = first.Subject
	_, err = w.ReserveCredential(w.ctx(), pending)
	w.must(err)
	neighbour := w.issue(north)

	act := w.act()
	for range 2 {
		n, err := w.EraseSubject(w.ctx(), act, north, first.Subject.ID)
		w.must(err)
		wantEqual(t, "erased credentials", n, 2)
		w.reopen()
		act = w.act()
	}
	subject, err := w.SubjectKey(w.ctx(), north, first.Subject.ID)
	w.must(err)
	if subject.Wrapped != nil || subject.Lookup != nil || subject.Erased.IsZero() {
		t.Errorf("erased subject: %+v", subject)
	}
	_, err = w.LookupSubject(w.ctx(), north, r.Subject.Lookup)
	wantError(t, "lookup of an erased subject", err, storage.ErrNotFound)
	for _, id := range []string{r.ID, pending.ID} {
		c, err := w.Credential(w.ctx(), north, id)
		w.must(err)
		if c.Signed != nil || c.Recipient != nil || !c.Erased.Equal(subject.Erased) || len(c.Status) != 1 {
			t.Errorf("erased credential: %+v", c)
		}
	}
	_, err = w.CommitCredential(w.ctx(), w.issuance(north, pending.ID))
	wantError(t, "issuing to an erased subject", err, storage.ErrErased)
	pending = w.reservation(north)
	pending.Subject = subject
	_, err = w.ReserveCredential(w.ctx(), pending)
	wantError(t, "reserving for an erased subject", err, storage.ErrErased)
	pending.Subject.Wrapped, pending.Subject.Erased = []byte("new key"), start.AddDate(-1, 0, 0)
	_, err = w.ReserveCredential(w.ctx(), pending)
	wantError(t, "reviving an erased subject", err, storage.ErrErased)

	_, set, err := w.StatusBits(w.ctx(), north, first.Credential.Status[0].List)
	w.must(err)
	index := first.Credential.Status[0].Index
	wantEqual(t, "status after erasure", set, []int{index, storage.MirrorIndex(index)})
	if c, err := w.Credential(w.ctx(), north, neighbour.ID); err != nil || c.Signed == nil || !c.Erased.IsZero() {
		t.Errorf("neighbour: %+v, %v", c, err)
	}
	r = w.reservation(north) // the person comes back, as a new subject
	r.Subject.Lookup = []byte("someone")
	_, err = w.ReserveCredential(w.ctx(), r)
	w.must(err)
}

func testCursors(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	second := w.id()
	_, err := w.CreateAchievement(w.ctx(), w.act(), achievementRecord(north, second))
	w.must(err)
	states := []storage.State{storage.StatePending, storage.StateIssued, storage.StateRevoked, storage.StateSuspended}
	var want []storage.Credential // newest first
	for i := range 60 {
		r := w.reservation(north)
		r.Purposes = []string{storage.PurposeRevocation, storage.PurposeSuspension}
		if i%3 == 0 {
			r.Achievement = second
		}
		_, err := w.ReserveCredential(w.ctx(), r)
		w.must(err)
		if i%7 == 0 {
			w.issue(south) // in between, and never to be seen
		}
		state := states[i%len(states)]
		if state != storage.StatePending {
			_, err := w.CommitCredential(w.ctx(), w.issuance(north, r.ID))
			w.must(err)
		}
		if state == storage.StateRevoked || state == storage.StateSuspended {
			_, err := w.SetStatus(w.ctx(), w.change(north, r.ID, state))
			w.must(err)
		}
		want = append([]storage.Credential{{ID: r.ID, Achievement: r.Achievement, State: state}}, want...)
	}
	for _, achievement := range []string{"", second, achievementOf(north), achievementOf(south), "nothing"} {
		for _, state := range append(states, "") {
			var ids []string
			for _, c := range want {
				if (achievement == "" || c.Achievement == achievement) && (state == "" || c.State == state) {
					ids = append(ids, c.ID)
				}
			}
			for _, limit := range []int{1, 7, 1000} {
				var got []string
				for _, c := range w.credentials(north, storage.CredentialFilter{Achievement: achievement, State: state}, limit) {
					got = append(got, c.ID)
				}
				wantEqual(t, achievement+" "+string(state), got, ids)
			}
		}
	}

	list := func(filter storage.CredentialFilter, page storage.Page) error {
		_, _, err := w.ListCredentials(w.ctx(), north, filter, page)
		return err
	}
	for _, cursor := range []string{"x", "AA", "AQAAAAAAAAAA", "AQAAAAAAAAAB=", "AgAAAAAAAAAB", "\x00", "AQAAAAAAAAABAA"} {
		wantError(t, "cursor "+cursor, list(storage.CredentialFilter{}, storage.Page{Cursor: cursor}), storage.ErrInvalid)
	}
	for _, limit := range []int{-1, storage.PageLimit + 1} {
		wantError(t, "limit", list(storage.CredentialFilter{}, storage.Page{Limit: limit}), storage.ErrInvalid)
	}
	wantError(t, "state", list(storage.CredentialFilter{State: "lost"}, storage.Page{}), storage.ErrInvalid)
}

// testCursorsUnderWrites reads pages while credentials are added: those there
// from the beginning must come once each, in order.
func testCursorsUnderWrites(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	var want []string
	for range 20 {
		want = append([]string{w.issue(north).ID}, want...)
	}
	var got []string
	page := storage.Page{Limit: 3}
	for {
		part, next, err := w.ListCredentials(w.ctx(), north, storage.CredentialFilter{}, page)
		w.must(err)
		for _, c := range part {
			got = append(got, c.ID)
		}
		if page.Cursor = next; next == "" {
			break
		}
		w.issue(north)
	}
	wantEqual(t, "credentials", got, want)
}

// testIsolation asks one tenant for what the other has. The answer must be that
// for what nobody has, to the letter.
func testIsolation(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	r := w.reservation(north)
	r.Subject.Lookup = []byte("someone")
	r.Act.Idempotency = claim("request", "body", r.Act.Time)
	pending, err := w.ReserveCredential(w.ctx(), r)
	w.must(err)
	issued := w.issue(north)
	w.must(w.CreateKey(w.ctx(), w.act(), keyRecord(north, "key-2")))
	w.must(w.CreateAPIKey(w.ctx(), w.act(), storage.APIKey{Tenant: north, ID: "lk1", Hash: make([]byte, 32)}))

	subject := func(id string) error { _, err := w.SubjectKey(w.ctx(), south, id); return err }
	for _, test := range []struct {
		name string
		id   string
		do   func(id string) error
	}{
		{"Key", "key-2", func(id string) error { _, err := w.Key(w.ctx(), south, id); return err }},
		{"UpdateKey", "key-2", func(id string) error {
			_, err := w.UpdateKey(w.ctx(), w.act(), south, id, func(*storage.Key) error { return nil })
			return err
		}},
		{"RevokeAPIKey", "lk1", func(id string) error { return w.RevokeAPIKey(w.ctx(), w.act(), south, id) }},
		{"Achievement", achievementOf(north), func(id string) error { _, err := w.Achievement(w.ctx(), south, id, 0); return err }},
		{"UpdateAchievement", achievementOf(north), func(id string) error {
			_, err := w.UpdateAchievement(w.ctx(), w.act(), south, id, func(*storage.Achievement) error { return nil })
			return err
		}},
		{"ReserveCredential", achievementOf(north), func(id string) error {
			r := w.reservation(south)
			r.Achievement = id
			_, err := w.ReserveCredential(w.ctx(), r)
			return err
		}},
		{"Credential", issued.ID, func(id string) error { _, err := w.Credential(w.ctx(), south, id); return err }},
		{"CommitCredential", pending.Credential.ID, func(id string) error {
			_, err := w.CommitCredential(w.ctx(), w.issuance(south, id))
			return err
		}},
		{"AbandonCredential", pending.Credential.ID, func(id string) error { return w.AbandonCredential(w.ctx(), w.act(), south, id) }},
		{"SetVisibility", issued.ID, func(id string) error {
			return w.SetVisibility(w.ctx(), w.act(), south, id, storage.VisibilityPublic)
		}},
		{"SetStatus", issued.ID, func(id string) error {
			_, err := w.SetStatus(w.ctx(), w.change(south, id, storage.StateRevoked))
			return err
		}},
		{"SubjectKey", issued.Subject, subject},
		{"LookupSubject", "someone", func(id string) error { _, err := w.LookupSubject(w.ctx(), south, []byte(id)); return err }},
		{"EraseSubject", issued.Subject, func(id string) error { _, err := w.EraseSubject(w.ctx(), w.act(), south, id); return err }},
		{"StatusList", issued.Status[0].List, func(id string) error { _, err := w.StatusList(w.ctx(), south, id); return err }},
		{"StatusBits", issued.Status[0].List, func(id string) error { _, _, err := w.StatusBits(w.ctx(), south, id); return err }},
		{"SavePublishedList", issued.Status[0].List, func(id string) error {
			return w.SavePublishedList(w.ctx(), south, id, storage.PublishedList{Version: 1, Signed: []byte("x"), SignedAt: start})
		}},
		{"Idempotency", "request", func(id string) error { _, err := w.Idempotency(w.ctx(), south, "api-key", id); return err }},
	} {
		foreign, absent := test.do(test.id), test.do("nobody-has-this")
		wantError(t, test.name+" of a foreign id", foreign, storage.ErrNotFound)
		if foreign == nil || absent == nil || foreign.Error() != absent.Error() {
			t.Errorf("%s: foreign id %v, absent id %v", test.name, foreign, absent)
		}
	}
	r = w.reservation(south) // the same idempotency key of another tenant is another
	r.Act.Idempotency = claim("request", "other body", r.Act.Time)
	_, err = w.ReserveCredential(w.ctx(), r)
	w.must(err)
	if got := w.credentials(south, storage.CredentialFilter{Subject: issued.Subject}, 10); len(got) != 0 {
		t.Errorf("foreign subject's credentials: %+v", got)
	}
	if c, err := w.Credential(w.ctx(), north, issued.ID); err != nil || c.State != storage.StateIssued || c.Visibility != storage.VisibilityLink {
		t.Errorf("foreign acts changed %+v, %v", c, err)
	}
	w.checkChain(north)
}
