package award

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"laurel/internal/issuer"
	"laurel/internal/keys"
	"laurel/storage"
)

const (
	// steps is how many steps are under way: while one waits for the disk,
	// another is signed.
	steps = 2
	// look is how often Run looks for what has become due.
	look = 5 * time.Second
)

// Run carries out what is confirmed, goes on with what an earlier process left,
// and clears away what is over, until ctx ends; what is being signed then is
// completed first. One process at a time runs it. It returns nil then, and an
// error when the store takes no more writes. The logger, which may be nil, hears
// of jobs that cannot go on.
func (s *Service) Run(ctx context.Context, logger *slog.Logger) error {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	w := worker{s, logger}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if err := w.look(ctx); err != nil {
			return err
		}
		timer.Reset(look)
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-timer.C:
		}
	}
}

// worker is a Service at work.
type worker struct {
	*Service
	logger *slog.Logger
}

// look does what there is to do at the moment.
func (s worker) look(ctx context.Context) error {
	open, err := s.store.OpenAwardJobs(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	for _, job := range open {
		if ctx.Err() != nil {
			return nil
		}
		err := s.attend(ctx, job)
		s.problem(job.ID, err)
		switch {
		case err == nil, ctx.Err() != nil, errors.Is(err, storage.ErrQuota): // which its operators are told of
		case errors.Is(err, storage.ErrFailed), errors.Is(err, storage.ErrClosed):
			return err
		default:
			s.logger.Error("carrying out bulk award", "award", job.ID, "error", err)
		}
	}
	return nil
}

// problem remembers why a job does not go on. What is told of it holds no
// person's data, and no more of the fault than an operator can act on.
func (s *Service) problem(id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.problems, id)
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	code := "job_failed"
	switch {
	case errors.Is(err, keys.ErrNoSigningKey):
		code = "job_no_key"
	case errors.Is(err, storage.ErrFull):
		code = "job_disk_full"
	case errors.Is(err, storage.ErrQuota):
		code = "job_quota"
	}
	s.problems[id] = Sentence(code)
}

// attend does what a job needs at the moment.
func (s worker) attend(ctx context.Context, job storage.AwardJob) error {
	now := s.clock()
	switch job.State {
	case storage.AwardReading:
		if now.Sub(job.Created) > readingLife {
			return s.discard(ctx, job)
		}
	case storage.AwardDraft:
		if now.Sub(job.Created) > DraftLife {
			_, err := s.Cancel(ctx, issuer.Caller{Tenant: job.Tenant, Actor: systemActor}, job.ID)
			return err
		}
	case storage.AwardConfirmed:
		if !now.Before(job.StartAt) {
			return s.carryOut(ctx, job)
		}
	case storage.AwardRunning:
		return s.carryOut(ctx, job)
	case storage.AwardDone, storage.AwardCancelled:
		return s.clear(ctx, job)
	}
	return nil
}

const systemActor = "system"

// carryOut awards the rows of a job.
func (s worker) carryOut(ctx context.Context, job storage.AwardJob) error {
	if job.State == storage.AwardConfirmed {
		var err error
		act := s.act(systemActor)
		if job, err = s.store.UpdateAwardJob(ctx, act, job.Tenant, job.ID, func(job *storage.AwardJob) error {
			if job.State != storage.AwardConfirmed {
				return storage.ErrConflict
			}
			job.State, job.Started = storage.AwardRunning, act.Time
			return nil
		}); err != nil {
			return err
		}
	}
	if err := s.awardRows(ctx, job, storage.RowReserved, storage.RowReady); err != nil {
		return err
	}
	act := s.act(systemActor)
	_, err := s.store.UpdateAwardJob(ctx, act, job.Tenant, job.ID, func(job *storage.AwardJob) error {
		if job.State == storage.AwardRunning && job.Counts.Ready+job.Counts.Reserved == 0 {
			job.State, job.Finished = storage.AwardDone, act.Time
		}
		return nil
	})
	return err
}

// runner awards the rows of one job.
type runner struct {
	service worker
	job     storage.AwardJob
	batch   *issuer.Batch
	terms   issuer.Request
	seal    seal
}

// awardRows awards the rows that are in one of the states. Rows of a job that
// is cancelled meanwhile are left.
func (s worker) awardRows(ctx context.Context, job storage.AwardJob, states ...storage.RowState) error {
	r := &runner{service: s, job: job}
	kept, err := termsOf(job)
	if err != nil {
		return err
	}
	r.terms = kept.request()
	if r.seal, err = s.openSeal(job); err != nil {
		return err
	}
	caller := issuer.Caller{Tenant: job.Tenant, Actor: job.Actor}
	// Whether the terms are still good each row will say.
	version := issuer.Version{ID: job.Achievement, Version: job.AchievementVersion}
	if r.batch, err = s.issuer.Batch(ctx, caller, job.ID, version, issuer.Request{}); err != nil {
		return err
	}
	group, running := errgroup.WithContext(ctx)
	group.SetLimit(steps)
	filter := storage.AwardRowFilter{Limit: s.step, States: states, Sealed: true}
	for running.Err() == nil {
		rows, err := s.store.AwardRows(ctx, job.Tenant, job.ID, filter)
		if err != nil {
			return errors.Join(err, group.Wait())
		}
		if len(rows) == 0 {
			break
		}
		filter.After = rows[len(rows)-1].Row
		// What is begun is completed, whatever happens meanwhile.
		group.Go(func() error { return r.step(context.WithoutCancel(ctx), rows) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// work is a row that is being awarded.
type work struct {
	row      storage.AwardRow
	request  issuer.Request
	reserved storage.Reserved
	issuance storage.RowIssuance
}

// step awards some rows: reserves, signs, commits.
func (r *runner) step(ctx context.Context, rows []storage.AwardRow) error {
	works := make([]*work, len(rows))
	for i, row := range rows {
		stood, err := r.seal.open(row)
		if err != nil {
			return err
		}
		works[i] = &work{row: row, request: stood.request(r.terms)}
	}
	works, err := r.reserve(ctx, works)
	if err != nil || len(works) == 0 {
		return err
	}
	if err := r.batch.Renew(ctx); err != nil {
		return err
	}
	if err := parallel(works, func(w *work) error { return r.sign(ctx, w) }); err != nil {
		return err
	}
	issuances := make([]storage.RowIssuance, len(works))
	for i, w := range works {
		issuances[i] = w.issuance
	}
	_, err = r.service.store.CommitAwards(ctx, r.job.Tenant, r.job.ID, issuances)
	return err
}

// reserve gives each row a reservation, the one that it has or a new one, and
// returns those that got one.
func (r *runner) reserve(ctx context.Context, works []*work) ([]*work, error) {
	var reserved, open []*work
	for _, w := range works {
		if w.row.State == storage.RowReserved {
			reserved = append(reserved, w)
		} else {
			open = append(open, w)
		}
	}
	if err := parallel(reserved, func(w *work) error { return r.resume(ctx, w) }); err != nil {
		return nil, err
	}
	for range 5 { // first badges of people, or erasures, at the same time
		if len(open) == 0 {
			return reserved, nil
		}
		wanted, err := r.reservations(ctx, open)
		if err != nil {
			return nil, err
		}
		outcomes, err := r.service.store.ReserveAwards(ctx, r.job.Tenant, r.job.ID, wanted)
		if errors.Is(err, storage.ErrConflict) {
			return reserved, nil // cancelled
		}
		if err != nil {
			return nil, err
		}
		var again []*work
		for i, outcome := range outcomes {
			switch {
			case outcome.Again:
				again = append(again, open[i])
			case outcome.State == storage.RowReserved && outcome.Reserved.Credential.ID != "":
				open[i].reserved = outcome.Reserved
				reserved = append(reserved, open[i])
			}
		}
		open = again
	}
	return nil, fmt.Errorf("reserving row %d: %w", open[0].row.Row, storage.ErrConflict)
}

// reservations asks for credentials. The row of a request that is no longer one
// gets a reservation all the same, and fails where it is signed.
func (r *runner) reservations(ctx context.Context, works []*work) ([]storage.RowReservation, error) {
	wanted := make([]storage.RowReservation, len(works))
	err := parallelIndexed(works, func(i int, w *work) error {
		reservation, err := r.batch.Reservation(ctx, w.request)
		wanted[i] = storage.RowReservation{Row: w.row.Row, Reservation: reservation}
		return err
	})
	return wanted, err
}

// resume takes up the reservation that an earlier process made.
func (r *runner) resume(ctx context.Context, w *work) error {
	reserved, err := r.batch.Resume(ctx, w.row.Credential)
	w.reserved = reserved
	w.reserved.Credential.ID = w.row.Credential
	if errors.Is(err, storage.ErrConflict) {
		return nil // revoked meanwhile; committing will say so
	}
	return err
}

// sign signs what was reserved. What stands in the way of one award is a fault
// of its row, and no reason to stop.
func (r *runner) sign(ctx context.Context, w *work) error {
	issuance, err := r.batch.Sign(ctx, w.request, w.reserved)
	w.issuance = storage.RowIssuance{Row: w.row.Row, Issuance: issuance}
	var fault *issuer.InvalidError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, storage.ErrErased):
		w.issuance.Fault = "erased"
	case errors.As(err, &fault):
		w.issuance.Fault = fault.Violations[0].Code
	case errors.Is(err, issuer.ErrSelfCheck):
		r.service.logger.Error("signing a row of a bulk award", "award", r.job.ID, "row", w.row.Row, "error", err)
		w.issuance.Fault = "signing_failed"
	default:
		return err
	}
	w.issuance.Issuance = storage.Issuance{Act: r.service.act(r.job.Actor), Tenant: r.job.Tenant, ID: w.row.Credential}
	if w.reserved.Credential.ID != "" {
		w.issuance.Issuance.ID = w.reserved.Credential.ID
	}
	return nil
}

// parallel does something for each of a list on all processors.
func parallel(works []*work, do func(*work) error) error {
	return parallelIndexed(works, func(_ int, w *work) error { return do(w) })
}

func parallelIndexed(works []*work, do func(int, *work) error) error {
	var group errgroup.Group
	parts := runtime.GOMAXPROCS(0)
	for part := range parts {
		group.Go(func() error {
			for i := part; i < len(works); i += parts {
				if err := do(i, works[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}
