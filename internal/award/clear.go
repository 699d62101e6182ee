package award

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"laurel/internal/issuer"
	"laurel/storage"
)

// reasonUnclaimed is the reason of the revocation of an award that nobody
// claimed.
const reasonUnclaimed = "unclaimed"

// discardChunk is how many rows are removed in one transaction.
const discardChunk = 5000

// clear sees to what is left of a job that has ended.
func (s worker) clear(ctx context.Context, job storage.AwardJob) error {
	now := s.clock()
	if job.Counts.Reserved > 0 && job.Key != nil {
		// Cancelled by a process that died before it had completed what it had
		// begun.
		if err := s.awardRows(ctx, job, storage.RowReserved); err != nil {
			return err
		}
	}
	if job.ClaimDays > 0 && job.Withdrawn.IsZero() && !now.Before(job.Finished.AddDate(0, 0, job.ClaimDays)) {
		if err := s.withdraw(ctx, job); err != nil {
			return err
		}
		job.Withdrawn = now
	}
	over := !now.Before(job.Finished.Add(s.retention))
	needed := job.State == storage.AwardDone && job.Counts.Bad+job.Counts.Failed > 0
	if job.Closed.IsZero() && (over || !needed) {
		if err := s.close(ctx, job); err != nil {
			return err
		}
	}
	if over && (job.ClaimDays == 0 || !job.Withdrawn.IsZero()) {
		return s.discard(ctx, job)
	}
	return nil
}

// close destroys the key of a job, and with it what stood in its rows.
func (s worker) close(ctx context.Context, job storage.AwardJob) error {
	act := s.act(systemActor)
	_, err := s.store.UpdateAwardJob(ctx, act, job.Tenant, job.ID, func(job *storage.AwardJob) error {
		job.Key, job.Sheet, job.Closed = nil, nil, act.Time
		return nil
	})
	return err
}

// discard removes all rows of a job.
func (s worker) discard(ctx context.Context, job storage.AwardJob) error {
	for ctx.Err() == nil {
		left, err := s.store.DiscardAwardRows(ctx, job.Tenant, job.ID, discardChunk)
		if err != nil || !left {
			return err
		}
	}
	return ctx.Err()
}

// withdraw revokes the awards of a job that nobody claimed in time.
func (s worker) withdraw(ctx context.Context, job storage.AwardJob) error {
	caller := issuer.Caller{Tenant: job.Tenant, Actor: systemActor}
	err := s.eachRow(ctx, job, storage.AwardRowFilter{States: []storage.RowState{storage.RowIssued}}, func(row storage.AwardRow) (bool, error) {
		return true, s.issuer.Withdraw(ctx, caller, row.Credential, reasonUnclaimed)
	})
	if err != nil {
		return fmt.Errorf("withdrawing unclaimed awards: %w", err)
	}
	act := s.act(systemActor)
	_, err = s.store.UpdateAwardJob(ctx, act, job.Tenant, job.ID, func(job *storage.AwardJob) error {
		job.Withdrawn = act.Time
		return nil
	})
	return err
}

func termsOf(job storage.AwardJob) (terms, error) {
	var t terms
	if err := json.Unmarshal(job.Terms, &t); err != nil {
		return t, errors.Join(storage.ErrCorrupt, fmt.Errorf("reading terms of bulk award: %w", err))
	}
	return t, nil
}
