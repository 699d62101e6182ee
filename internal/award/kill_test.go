package award

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"laurel/internal/issuer"
	"laurel/storage"
)

// dying is a store whose process dies at the nth write: either before it is
// stored, or after, before anybody hears of it. From then on nothing is written.
type dying struct {
	Store
	left  atomic.Int64
	after bool
}

var errDied = errors.New("the process died")

func (d *dying) die(write func() error) error {
	switch left := d.left.Add(-1); {
	case left < 0:
		return errDied
	case left > 0:
		return write()
	case d.after:
		return errors.Join(write(), errDied)
	}
	return errDied
}

func (d *dying) CreateAwardJob(ctx context.Context, act storage.Act, job storage.AwardJob) error {
	return d.die(func() error { return d.Store.CreateAwardJob(ctx, act, job) })
}

func (d *dying) AddAwardRows(ctx context.Context, tenant, id string, rows []storage.AwardRow) error {
	return d.die(func() error { return d.Store.AddAwardRows(ctx, tenant, id, rows) })
}

func (d *dying) UpdateAwardJob(ctx context.Context, act storage.Act, tenant, id string, change func(*storage.AwardJob) error) (job storage.AwardJob, err error) {
	err = d.die(func() error {
		job, err = d.Store.UpdateAwardJob(ctx, act, tenant, id, change)
		return err
	})
	return job, err
}

func (d *dying) ReserveAwards(ctx context.Context, tenant, id string, wanted []storage.RowReservation) (outcomes []storage.RowOutcome, err error) {
	err = d.die(func() error {
		outcomes, err = d.Store.ReserveAwards(ctx, tenant, id, wanted)
		return err
	})
	return outcomes, err
}

func (d *dying) CommitAwards(ctx context.Context, tenant, id string, signed []storage.RowIssuance) (job storage.AwardJob, err error) {
	err = d.die(func() error {
		job, err = d.Store.CommitAwards(ctx, tenant, id, signed)
		return err
	})
	return job, err
}

func (d *dying) DiscardAwardRows(ctx context.Context, tenant, id string, limit int) (left bool, err error) {
	err = d.die(func() error {
		left, err = d.Store.DiscardAwardRows(ctx, tenant, id, limit)
		return err
	})
	return left, err
}

// attempt is one life of the process: the command is given again, and the jobs
// that are there go on.
func attempt(ctx context.Context, s *Service, upload Upload) error {
	job, err := s.Draft(ctx, caller, upload)
	if err == nil {
		_, err = s.Confirm(ctx, caller, job.ID, time.Time{})
	}
	if err != nil {
		return err
	}
	w := worker{s, slog.New(slog.DiscardHandler)}
	if err := w.look(ctx); err != nil {
		return err
	}
	if job, err = s.Job(ctx, caller.Tenant, job.ID); err == nil && !job.State.Ended() {
		err = errDied // look has logged it
	}
	return err
}

// TestKilledAtEveryWrite: a process that dies at its nth write, for every n, and
// the one after it at its mth, leave one badge for each row.
func TestKilledAtEveryWrite(t *testing.T) {
	const rows = 17
	for _, after := range []bool{false, true} {
		for n := int64(1); ; n++ {
			w := newWorld(t)
			live := func(n int64) error {
				store := &dying{Store: w.store, after: after}
				store.left.Store(n)
				s := w.over(store)
				s.chunk, s.step = 9, 7
				err := attempt(t.Context(), s, w.upload(people(rows)))
				w.exactly(-1)
				return err
			}
			if live(n) == nil {
				if n < 10 {
					t.Errorf("only %d writes", n)
				}
				w.exactly(rows)
				break
			}
			for m := 2 + n%5; live(m) != nil; m += 4 {
				if m > 60 {
					t.Fatalf("killed at %d: does not go on", n)
				}
			}
			w.exactly(rows)
			again := w.award(people(rows))
			if again.AlreadyAwarded != rows || again.Issued != 0 {
				t.Errorf("killed at %d: again %+v", n, again)
			}
			w.exactly(rows)
		}
	}
}

// exactly checks that no recipient has two awards, that no two have one place in
// a status list, and, for n that is not negative, that n are issued and none is
// left pending.
func (w *world) exactly(n int) {
	w.Helper()
	subjects, places, issued, pending := map[string]bool{}, map[string]bool{}, 0, 0
	page := storage.Page{Limit: storage.PageLimit}
	for {
		list, next, err := w.store.ListCredentials(context.Background(), caller.Tenant, storage.CredentialFilter{Achievement: w.achievement}, page)
		w.must(err)
		for _, c := range list {
			place := fmt.Sprint(c.Status)
			if subjects[c.Subject] || places[place] {
				w.Fatalf("a second award for %s or at %s", c.Subject, place)
			}
			subjects[c.Subject], places[place] = true, true
			switch c.State {
			case storage.StateIssued:
				issued++
			case storage.StatePending:
				pending++
			}
		}
		if page.Cursor = next; next == "" {
			break
		}
	}
	if n >= 0 && (issued != n || pending != 0) {
		w.Errorf("%d issued and %d pending of %d", issued, pending, n)
	}
}

// TestTwoFiles: two files with the same people at the same time, and a third
// process that awards singly, make one badge for each.
func TestTwoFiles(t *testing.T) {
	w := newWorld(t)
	w.step = 7
	first := w.draft(people(70))
	second := w.draft(people(90) + "extra@example.org;X\r\n")
	for _, job := range []Job{first, second} {
		_, err := w.Confirm(t.Context(), caller, job.ID, time.Time{})
		w.must(err)
	}
	done := make(chan error, 2)
	for _, id := range []string{first.ID, second.ID} {
		go func() {
			job, err := w.store.AwardJob(context.Background(), caller.Tenant, id)
			if err == nil {
				err = worker{w.Service, slog.New(slog.DiscardHandler)}.attend(context.Background(), job)
			}
			done <- err
		}()
	}
	w.must(errors.Join(<-done, <-done))
	w.exactly(91)
	one, two := w.seen(first.ID), w.seen(second.ID)
	if one.Issued+two.Issued != 91 || one.AlreadyAwarded+two.AlreadyAwarded != 70 {
		t.Errorf("%+v\n%+v", one, two)
	}
}

// TestCancel: what was begun is completed, also by the process after.
func TestCancel(t *testing.T) {
	w := newWorld(t)
	w.step = 7
	job := w.draft(people(30))
	_, err := w.Confirm(t.Context(), caller, job.ID, time.Time{})
	w.must(err)
	store := &dying{Store: w.store, after: true}
	store.left.Store(2) // started and reserved, and no more
	s := w.over(store)
	s.step = 7
	w.must(worker{s, slog.New(slog.DiscardHandler)}.look(t.Context()))
	record, err := w.store.AwardJob(t.Context(), caller.Tenant, job.ID)
	w.must(err)
	if record.Counts.Reserved == 0 || record.Counts.Issued != 0 {
		t.Fatalf("counts %+v", record.Counts)
	}
	reserved := record.Counts.Reserved
	_, err = w.Cancel(t.Context(), caller, job.ID)
	w.must(err)
	w.must(worker{w.Service, slog.New(slog.DiscardHandler)}.look(t.Context()))
	w.exactly(reserved)
	job = w.seen(job.ID)
	if job.State != storage.AwardCancelled || job.Issued != reserved {
		t.Errorf("job %+v", job)
	}
	if _, err := w.Confirm(t.Context(), caller, job.ID, time.Time{}); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("confirming what is cancelled: %v", err)
	}
	w.exactly(reserved)
}

// TestForeignTenant: an id of another tenant is no id.
func TestForeignTenant(t *testing.T) {
	w := newWorld(t)
	_, err := w.issuer.CreateIssuer(t.Context(), "cli", "law", issuer.Institution{Name: "Law School"})
	w.must(err)
	job := w.draft(people(2))
	foreign := issuer.Caller{Tenant: "law", Actor: "apikey:law"}
	_, missing := w.Job(t.Context(), "law", strings.Repeat("a", 26))
	for name, do := range map[string]func() error{
		"job":      func() error { _, err := w.Job(t.Context(), "law", job.ID); return err },
		"progress": func() error { _, err := w.Progress(t.Context(), "law", job.ID); return err },
		"confirm":  func() error { _, err := w.Confirm(t.Context(), foreign, job.ID, time.Time{}); return err },
		"cancel":   func() error { _, err := w.Cancel(t.Context(), foreign, job.ID); return err },
		"bad rows": func() error { _, err := w.BadRows(t.Context(), "law", job.ID); return err },
	} {
		if err := do(); !errors.Is(err, storage.ErrNotFound) || name == "job" && err.Error() != missing.Error() {
			t.Errorf("%s: %v", name, err)
		}
	}
	upload := w.upload(people(1))
	if _, err := w.Draft(t.Context(), foreign, upload); faultOf(t, err) != "/achievement achievement_unknown" {
		t.Errorf("a foreign achievement: %v", err)
	}
	if w.seen(job.ID).State != storage.AwardDraft {
		t.Error("a stranger changed the job")
	}
}
