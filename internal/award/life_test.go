package award

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"laurel/internal/issuer"
	"laurel/storage"
)

func (w *world) look() {
	w.Helper()
	w.must(worker{w.Service, slog.New(slog.DiscardHandler)}.look(w.Context()))
}

func TestSchedule(t *testing.T) {
	w := newWorld(t)
	job := w.draft(people(2))
	_, err := w.Confirm(t.Context(), caller, job.ID, w.clockNow().Add(time.Hour))
	w.must(err)
	w.look()
	if job = w.seen(job.ID); job.State != storage.AwardConfirmed || job.Issued != 0 {
		t.Errorf("an hour early: %+v", job)
	}
	w.pass(time.Hour)
	w.look()
	if job = w.seen(job.ID); job.State != storage.AwardDone || job.Issued != 2 {
		t.Errorf("in time: %+v", job)
	}
}

// TestRunIsWoken: what is confirmed is begun at once, and Run ends with its
// context.
func TestRunIsWoken(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx, nil) }()
	job := w.draft(people(3))
	_, err := w.Confirm(t.Context(), caller, job.ID, time.Time{})
	w.must(err)
	for start := time.Now(); !w.seen(job.ID).State.Ended(); time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > look/2 {
			t.Fatal("not woken")
		}
	}
	cancel()
	w.must(<-done)
	w.exactly(3)
}

// TestSameFile: while a job is under way, its file is no other job; once it is
// done, or as a draft, it is one.
func TestSameFile(t *testing.T) {
	w := newWorld(t)
	first, second := w.draft(people(2)), w.draft(people(2))
	if first.ID == second.ID {
		t.Error("two drafts are one")
	}
	_, err := w.Confirm(t.Context(), caller, first.ID, w.clockNow().Add(time.Hour))
	w.must(err)
	if again := w.draft(people(2)); again.ID != first.ID || again.State != storage.AwardConfirmed {
		t.Errorf("another job: %+v", again)
	}
	upload := w.upload(people(2))
	upload.Terms.ValidUntil = w.clockNow().Add(24 * time.Hour)
	other, err := w.Draft(t.Context(), caller, upload)
	w.must(err)
	if other.ID == first.ID {
		t.Error("other terms are the same job")
	}
}

func TestIdempotency(t *testing.T) {
	w := newWorld(t)
	with := func(key string, body byte) issuer.Caller {
		c := caller
		c.Idempotency = &issuer.Idempotency{Space: "test", Key: key, Body: [32]byte{body}}
		return c
	}
	first, err := w.Draft(t.Context(), with("a", 1), w.upload(people(2)))
	w.must(err)
	again := with("a", 1)
	second, err := w.Draft(t.Context(), again, w.upload(people(2)))
	w.must(err)
	if first.ID != second.ID || !again.Idempotency.Replayed {
		t.Errorf("repeated: %s and %s", first.ID, second.ID)
	}
	if _, err := w.Draft(t.Context(), with("a", 2), w.upload(people(3))); !errors.Is(err, storage.ErrMismatch) {
		t.Errorf("another body: %v", err)
	}
	confirmed := with("b", 1)
	for range 2 {
		_, err = w.Confirm(t.Context(), confirmed, first.ID, time.Time{})
		w.must(err)
	}
	if !confirmed.Idempotency.Replayed {
		t.Error("confirmed twice")
	}
}

// TestRevokedBefore: a file that is sent again does not give back what was
// taken.
func TestRevokedBefore(t *testing.T) {
	w := newWorld(t)
	w.award(people(3))
	taken := w.credentials()[0]
	_, err := w.issuer.SetStatus(t.Context(), caller, taken.ID, issuer.Change{State: storage.StateRevoked, Reason: "error"})
	w.must(err)
	job := w.award(people(4))
	if job.AlreadyAwarded != 2 || job.BadRows != 1 || job.Issued != 1 || len(job.Bad) != 1 || job.Bad[0].Code != "revoked_before" {
		t.Fatalf("job %+v", job)
	}
	// Once it was given back singly, it is there.
	email := fmt.Sprintf("person%d@example.org", job.Bad[0].Row-2)
	_, err = w.issuer.Award(t.Context(), caller, issuer.Request{Achievement: w.achievement, Recipient: issuer.Recipient{Email: email}})
	w.must(err)
	if job := w.draft(people(4)); job.AlreadyAwarded != 4 || job.BadRows != 0 {
		t.Errorf("given back: %+v", job)
	}
}

// TestVersion: what was shown is what is awarded.
func TestVersion(t *testing.T) {
	w := newWorld(t)
	job := w.draft(people(1))
	_, err := w.issuer.UpdateAchievement(t.Context(), caller, w.achievement, []byte(strings.Replace(mentor, "for a year", "for two years", 1)))
	w.must(err)
	w.carriedOut(job.ID)
	got, err := w.issuer.OperatorCredential(t.Context(), caller.Tenant, w.credentials()[0].ID)
	w.must(err)
	if got.AchievementVersion != 1 || !bytes.Contains(got.Signed, []byte("for a year")) {
		t.Errorf("awarded version %d", got.AchievementVersion)
	}
}

// TestTermsOfRows: what a row says comes before what the file has in common.
func TestTermsOfRows(t *testing.T) {
	w := newWorld(t)
	upload := w.upload("email,valid until,date awarded,evidence\na@example.org,2031-12-31,2026-01-02,https://example.org/work\nb@example.org,,,\n")
	upload.Terms = issuer.Request{ValidUntil: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), Visibility: storage.VisibilityPublic}
	job, err := w.Draft(t.Context(), caller, upload)
	w.must(err)
	w.carriedOut(job.ID)
	var signed []string
	for _, c := range w.credentials() {
		got, err := w.issuer.OperatorCredential(t.Context(), caller.Tenant, c.ID)
		w.must(err)
		if c.Visibility != storage.VisibilityPublic {
			t.Errorf("visibility %s", c.Visibility)
		}
		signed = append(signed, string(got.Signed))
	}
	slices.SortFunc(signed, func(a, b string) int { return strings.Index(a, "2031") - strings.Index(b, "2031") })
	for i, wants := range [][]string{
		{`"validUntil":"2030-01-01T00:00:00Z"`},
		{`"validUntil":"2031-12-31T23:59:59Z"`, `"awardedDate":"2026-01-02T00:00:00Z"`, `"id":"https://example.org/work"`},
	} {
		for _, want := range wants {
			if !strings.Contains(signed[i], want) {
				t.Errorf("no %s in %s", want, signed[i])
			}
		}
	}
}

// TestUnclaimed: awards that nobody claimed in time are withdrawn, claimed ones
// are not.
func TestUnclaimed(t *testing.T) {
	w := newWorld(t)
	upload := w.upload(people(3))
	upload.ClaimDays = 10
	job, err := w.Draft(t.Context(), caller, upload)
	w.must(err)
	w.carriedOut(job.ID)
	claimed := w.credentials()[1].ID
	_, err = w.issuer.Claim(t.Context(), caller, claimed)
	w.must(err)
	w.pass(10*24*time.Hour - time.Minute)
	w.look()
	w.exactly(3)
	w.pass(time.Minute)
	w.look()
	w.exactly(1)
	for _, c := range w.credentials() {
		if (c.ID == claimed) != (c.State == storage.StateIssued) || c.ID != claimed && c.Reason != "unclaimed" {
			t.Errorf("%s is %s: %s", c.ID, c.State, c.Reason)
		}
	}
	if w.seen(job.ID).Withdrawn.IsZero() {
		t.Error("not noted")
	}
	if _, err := w.issuer.Claim(t.Context(), caller, w.credentials()[0].ID); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("claiming what was withdrawn: %v", err)
	}
}

// stored is everything that the store holds of the rows of a job.
func (w *world) stored(id string) []storage.AwardRow {
	w.Helper()
	rows, err := w.store.AwardRows(w.Context(), caller.Tenant, id, storage.AwardRowFilter{Limit: 10_000, Sealed: true})
	w.must(err)
	return rows
}

// TestPeoplesData: what stands in rows is kept no longer than it is needed.
func TestPeoplesData(t *testing.T) {
	w := newWorld(t)
	job := w.award(people(2) + "nobody;N\r\n")
	for _, row := range w.stored(job.ID) {
		if (row.State == storage.RowIssued) != (row.Sealed == nil) {
			t.Errorf("row %d is %s with %d bytes", row.Row, row.State, len(row.Sealed))
		}
		if bytes.Contains(row.Sealed, []byte("nobody")) {
			t.Error("not sealed")
		}
	}
	w.pass(DefaultRetention - time.Minute)
	w.look()
	if _, err := w.BadRows(t.Context(), caller.Tenant, job.ID); err != nil {
		t.Error(err)
	}
	w.pass(time.Minute)
	w.look()
	if _, err := w.BadRows(t.Context(), caller.Tenant, job.ID); !errors.Is(err, storage.ErrErased) {
		t.Errorf("bad rows after their time: %v", err)
	}
	record, err := w.store.AwardJob(t.Context(), caller.Tenant, job.ID)
	w.must(err)
	if record.Key != nil || record.Sheet != nil || len(w.stored(job.ID)) != 0 {
		t.Errorf("left: %+v, %d rows", record, len(w.stored(job.ID)))
	}
	if job = w.seen(job.ID); job.Issued != 2 || job.BadRows != 1 || job.Total != 3 {
		t.Errorf("counts %+v", job)
	}
	open, err := w.store.OpenAwardJobs(t.Context())
	if err != nil || len(open) != 0 {
		t.Errorf("open: %v, %v", open, err)
	}
}

// TestForgottenDraft: a draft that nobody confirms goes, with its rows.
func TestForgottenDraft(t *testing.T) {
	w := newWorld(t)
	job := w.draft(people(2))
	w.pass(DraftLife + time.Minute)
	w.look()
	w.look()
	record, err := w.store.AwardJob(t.Context(), caller.Tenant, job.ID)
	w.must(err)
	if record.State != storage.AwardCancelled || record.Key != nil {
		t.Errorf("draft %+v", record)
	}
}

// TestErasure: a person whose data is erased is taken out of files that wait.
func TestErasure(t *testing.T) {
	w := newWorld(t)
	w.award(people(1))
	holder := w.holderOf(w.credentials()[0].ID)
	second, err := w.issuer.CreateAchievement(t.Context(), caller, []byte(mentor))
	w.must(err)
	upload := w.upload(people(3))
	upload.Achievement = second.ID
	job, err := w.Draft(t.Context(), caller, upload)
	w.must(err)
	_, err = w.store.EraseSubject(t.Context(), storage.Act{Actor: "cli", Time: w.clockNow()}, caller.Tenant, holder)
	w.must(err)
	job = w.carriedOut(job.ID)
	if job.Issued != 2 || job.Erased != 1 || job.Valid != 2 || job.Total != 3 {
		t.Errorf("job %+v", job)
	}
}

func (w *world) holderOf(credential string) string {
	w.Helper()
	record, err := w.store.Credential(w.Context(), caller.Tenant, credential)
	w.must(err)
	return record.Subject
}

// TestBadRowsFile: same columns, same kind of file, nothing that computes.
func TestBadRowsFile(t *testing.T) {
	w := newWorld(t)
	job := w.draft("Naam;E-mail;Opmerking\n\"=cmd|' /C calc'!A0\";a@example.org;@x\nB;b@example.org;\n\"C\n\"\"c\"\"; d\";nobody;+1\n")
	file, err := w.BadRows(t.Context(), caller.Tenant, job.ID)
	w.must(err)
	text, ok := strings.CutPrefix(string(file.Data), "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil || !ok || file.Name != "bad-rows.csv" {
		t.Fatal(file.Name, err)
	}
	want := [][]string{
		{"Naam", "E-mail", "Opmerking", "Reason"},
		{"'=cmd|' /C calc'!A0", "a@example.org", "'@x", "Row 2. Naam: This cell is a formula. Put the value in its place."},
		{"C\n\"c\"; d", "nobody", "'+1", "Row 4. E-mail: This is not an e-mail address."},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}

	book := workbook(t, map[string]any{"A1": "Naam", "B1": "E-mail", "A2": "=1+1 -> 2", "B2": "nobody"}, nil)
	job, err = w.Draft(t.Context(), caller, Upload{Achievement: w.achievement, Data: []byte(book)})
	w.must(err)
	file, err = w.BadRows(t.Context(), caller.Tenant, job.ID)
	w.must(err)
	opened, err := excelize.OpenReader(bytes.NewReader(file.Data))
	w.must(err)
	rows, err = opened.GetRows("Sheet1")
	w.must(err)
	if diff := cmp.Diff([][]string{{"Naam", "E-mail", "Reason"}, {"2", "nobody", "Row 2. E-mail: This is not an e-mail address."}}, rows); diff != "" {
		t.Error(diff)
	}
}

// TestNothingPersonalInErrors: codes and rows are told, not what stands there.
func TestNothingPersonalInErrors(t *testing.T) {
	w := newWorld(t)
	const canary = "canary"
	job := w.draft("email,name,valid until\n" + canary + "@@example.org,=" + canary + "," + canary + "\n")
	for _, cell := range job.Bad {
		if strings.Contains(cell.Reason+cell.Column+cell.Code, canary) {
			t.Errorf("told: %+v", cell)
		}
	}
	entries, _, err := w.store.ListAudit(t.Context(), caller.Tenant, storage.Page{})
	w.must(err)
	for _, entry := range entries {
		if strings.Contains(entry.Object+entry.Detail, canary) {
			t.Errorf("audited: %+v", entry)
		}
	}
}
