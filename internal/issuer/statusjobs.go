package issuer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"laurel/storage"
)

// Selection says which awards a change of status is for: those to which every
// criterion applies that is given, of which there must be one at least.
type Selection struct {
	// Achievement is the public id of an achievement or its URL.
	Achievement string
	// Award is the id of a bulk award.
	Award string
	// State may be left out for those that the change is possible for.
	State storage.State
	// IssuedFrom and IssuedUntil are both included.
	IssuedFrom, IssuedUntil time.Time
	// Recipient is by e-mail address or by id; zero for none.
	Recipient Recipient
	// IDs are public ids or URLs of awards; nil for no such criterion.
	IDs []string
}

// StatusJob is a change of many statuses as it stands.
type StatusJob struct {
	storage.StatusJob
	// Examples are the first few awards that are to change, as they are now.
	Examples []Credential
}

// draftLife is for how long a draft can be confirmed.
const draftLife = 24 * time.Hour

// DraftStatusJob settles which awards a selection means now and what the change
// would do to them. Nothing is changed before it is confirmed; what is awarded
// until then is not part of it.
//
// Errors: *InvalidError with paths into {"select":…, "reason":…, "wording":…},
// for an achievement or ids that the tenant does not have among others; those of
// the idempotency key.
func (s *Service) DraftStatusJob(ctx context.Context, caller Caller, selection Selection, change Change) (StatusJob, error) {
	if err := change.check(); err != nil {
		return StatusJob{}, err
	}
	criteria, err := s.criteria(ctx, caller.Tenant, selection)
	if err != nil {
		return StatusJob{}, err
	}
	selected, err := s.store.SelectCredentials(ctx, caller.Tenant, criteria, change.State)
	if err != nil {
		return StatusJob{}, err
	}
	if len(selected.Unknown) > 0 {
		unknown := &InvalidError{}
		for _, i := range selected.Unknown {
			unknown.Violations = append(unknown.Violations, violation("/select/ids/"+decimal(i), "credential_unknown"))
		}
		return StatusJob{}, unknown
	}
	id, err := s.newID()
	if err != nil {
		return StatusJob{}, err
	}
	act := s.act(caller, nil)
	made, err := s.store.CreateStatusJob(ctx, act, storage.StatusJob{
		Tenant: caller.Tenant, ID: id, Selection: criteria, Recipient: selection.Recipient != Recipient{}, Listed: selection.IDs != nil,
		State: change.State, Reason: change.Reason, Wording: change.Wording,
		Expected: selected.Expected, Sample: selected.Sample, Refused: selected.Refused, Expires: act.Time.Add(draftLife),
	}, selected.Rows)
	return s.statusJob(ctx, caller, made, err)
}

// criteria looks a selection up.
func (s *Service) criteria(ctx context.Context, tenant string, selection Selection) (storage.Selection, error) {
	c := storage.Selection{Award: selection.Award, State: selection.State, IssuedFrom: selection.IssuedFrom.UTC(), IssuedUntil: selection.IssuedUntil.UTC()}
	if selection.Achievement != "" {
		c.Achievement = strings.TrimPrefix(selection.Achievement, s.base.achievement(""))
		_, err := s.store.Achievement(ctx, tenant, c.Achievement, 0)
		if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrInvalid) {
			return c, fault("/select/achievement", "achievement_unknown")
		}
		if err != nil {
			return c, err
		}
	}
	if selection.IDs != nil {
		c.IDs = make([]string, len(selection.IDs))
		for i, id := range selection.IDs {
			c.IDs[i] = strings.TrimSuffix(strings.TrimPrefix(id, s.base.credential("")), ".json")
		}
	}
	if selection.Recipient != (Recipient{}) {
		recipient, err := normalizeRecipient(selection.Recipient)
		if err != nil {
			return c, within("/select", err)
		}
		known, err := s.store.LookupSubject(ctx, tenant, s.lookup(tenant, recipient))
		switch {
		case errors.Is(err, storage.ErrNotFound):
			c.IDs = []string{} // nobody is known by it
		case err != nil:
			return c, err
		}
		c.Subject = known.ID
	}
	if c.Achievement == "" && c.Award == "" && c.State == "" && c.IssuedFrom.IsZero() && c.IssuedUntil.IsZero() && c.Subject == "" && c.IDs == nil {
		return c, fault("/select", "selection_empty")
	}
	return c, nil
}

// within puts the paths of an *InvalidError below a member.
func within(member string, err error) error {
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		for i := range invalid.Violations {
			invalid.Violations[i].Path = member + invalid.Violations[i].Path
		}
	}
	return err
}

// ConfirmStatusJob has a draft carried out by RunStatusJobs. Confirming twice is
// confirming once. Errors: storage.ErrNotFound; storage.ErrConflict for what was
// stopped or has expired; those of the idempotency key.
func (s *Service) ConfirmStatusJob(ctx context.Context, caller Caller, id string) (StatusJob, error) {
	job, err := s.setPhase(ctx, caller, id, storage.StatusRunning)
	if err == nil {
		select {
		case s.confirmed <- struct{}{}:
		default:
		}
	}
	return job, err
}

// StopStatusJob ends a draft, or a job that is being carried out: what it has
// changed stays changed. Errors are those of ConfirmStatusJob, storage.ErrConflict
// for a job that is done.
func (s *Service) StopStatusJob(ctx context.Context, caller Caller, id string) (StatusJob, error) {
	return s.setPhase(ctx, caller, id, storage.StatusStopped)
}

func (s *Service) setPhase(ctx context.Context, caller Caller, id string, phase storage.StatusPhase) (StatusJob, error) {
	job, err := s.store.SetStatusPhase(ctx, s.act(caller, nil), caller.Tenant, id, phase)
	return s.statusJob(ctx, caller, job, err)
}

// statusJob completes what the store made of a job. Of a request that was
// answered before, it is the job as it is now.
func (s *Service) statusJob(ctx context.Context, caller Caller, job storage.StatusJob, err error) (StatusJob, error) {
	var replay *storage.ReplayError
	if errors.As(err, &replay) {
		id, ok := strings.CutPrefix(replay.Record.Object, "statusjob/")
		if !ok {
			return StatusJob{}, fmt.Errorf("reading idempotency record: %w", storage.ErrMismatch)
		}
		caller.Idempotency.Replayed = true
		return s.StatusJob(ctx, caller.Tenant, id)
	}
	if err != nil {
		return StatusJob{}, err
	}
	whole := StatusJob{StatusJob: job}
	for _, id := range job.Sample {
		record, err := s.store.Credential(ctx, job.Tenant, id)
		if err != nil {
			return StatusJob{}, err
		}
		whole.Examples = append(whole.Examples, s.credential(record))
	}
	return whole, nil
}

// StatusJob returns a job of the tenant.
func (s *Service) StatusJob(ctx context.Context, tenant, id string) (StatusJob, error) {
	job, err := s.store.StatusJob(ctx, tenant, id)
	return s.statusJob(ctx, Caller{}, job, err)
}

// StatusJobs lists a tenant's jobs without their examples, the newest first, and
// the cursor of the next page, "" after the last.
func (s *Service) StatusJobs(ctx context.Context, tenant string, page storage.Page) ([]StatusJob, string, error) {
	jobs, next, err := s.store.ListStatusJobs(ctx, tenant, page)
	list := make([]StatusJob, len(jobs))
	for i, job := range jobs {
		list[i].StatusJob = job
	}
	return list, next, err
}

// StatusJobsConfirmed receives when there is something to do for RunStatusJobs.
func (s *Service) StatusJobsConfirmed() <-chan struct{} { return s.confirmed }

// RunStatusJobs carries out what was confirmed, also before a crash, and lets
// drafts expire. It returns when nothing is left, and what kept it from the rest
// otherwise: the next call goes on where this one ended. Lists that were changed
// are signed anew before it returns; those who read one meanwhile get it as it
// then is.
func (s *Service) RunStatusJobs(ctx context.Context) error {
	for {
		jobs, err := s.store.OpenStatusJobs(ctx)
		if err != nil {
			return err
		}
		var faults []error
		ran := false
		for _, job := range jobs {
			switch {
			case job.Phase == storage.StatusRunning:
				ran = true
				faults = append(faults, s.runStatusJob(ctx, job))
			case !s.clock().Before(job.Expires):
				_, err := s.store.SetStatusPhase(ctx, s.act(Caller{Actor: systemActor}, nil), job.Tenant, job.ID, storage.StatusExpired)
				if errors.Is(err, storage.ErrConflict) {
					err = nil // it was confirmed or stopped meanwhile
				}
				faults = append(faults, err)
			}
		}
		if err := errors.Join(faults...); err != nil || !ran {
			return err
		}
	}
}

// systemActor is in whose name is done what nobody asks for.
const systemActor = "system"

func (s *Service) runStatusJob(ctx context.Context, job storage.StatusJob) (err error) {
	for job.Phase == storage.StatusRunning {
		job, err = s.store.StepStatusJob(ctx, s.act(Caller{Actor: systemActor}, nil), job.Tenant, job.ID)
		if err != nil {
			return fmt.Errorf("carrying out status job %s: %w", job.ID, err)
		}
	}
	return s.RenewStatusLists(ctx)
}
