package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"laurel/storage"
)

const (
	// statusStep is how many credentials one transaction of a StatusJob deals
	// with: all other writes wait for it.
	statusStep = 256
	// statusExamples bounds what is kept and told of single credentials.
	statusExamples = 20
)

// SelectCredentials finds the credentials that a selection means, for a change
// of their status to a state. It writes nothing. It returns ErrInvalid for a
// selection without a criterion.
func (s *Store) SelectCredentials(ctx context.Context, tenant string, selection storage.Selection, to storage.State) (storage.SelectedCredentials, error) {
	var selected storage.SelectedCredentials
	err := s.read(ctx, "selecting credentials", func(t *txn) error {
		if err := validSelection(selection, to); err != nil {
			return err
		}
		selected = storage.SelectedCredentials{}
		candidates := t.candidates(tenant, selection, to, &selected)
		slices.Sort(candidates)
		for i, sequence := range slices.Compact(candidates) {
			if i%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			c := storage.Credential{Tenant: tenant}
			if err := t.record(credentialFamily, of(tenant).sequence(sequence), &c); err != nil {
				return fmt.Errorf("%w: row without its credential: %w", storage.ErrCorrupt, err)
			}
			if t.err != nil {
				return t.err
			}
			if !selects(selection, c) {
				continue
			}
			selected.Rows = append(selected.Rows, sequence)
			expect(&selected, c, to)
		}
		return nil
	})
	return selected, err
}

func validSelection(selection storage.Selection, to storage.State) error {
	switch {
	case actions[to] == "":
		return invalid("state to set")
	case selection.State != "" && stateBytes[selection.State] == 0:
		return invalid("state")
	case selection.Achievement == "" && selection.Award == "" && selection.State == "" && selection.IssuedFrom.IsZero() &&
		selection.IssuedUntil.IsZero() && selection.Subject == "" && selection.IDs == nil:
		return invalid("selection without a criterion")
	}
	if selection.Subject != "" {
		return validID("subject id", selection.Subject)
	}
	return nil
}

// sources are the states that a change to another is possible from.
var sources = map[storage.State][]storage.State{
	storage.StateRevoked:   {storage.StateIssued, storage.StateSuspended},
	storage.StateSuspended: {storage.StateIssued},
	storage.StateIssued:    {storage.StateSuspended},
}

// candidates gives the rows of the narrowest index that a selection can be
// answered from, and tells of ids that nobody has.
func (t *txn) candidates(tenant string, selection storage.Selection, to storage.State, selected *storage.SelectedCredentials) (found []uint64) {
	if selection.IDs != nil {
		for i, id := range selection.IDs {
			at, err := t.within(tenant, credentialKind, id)
			if err == nil {
				found = append(found, sequenceOf(at))
			} else if len(selected.Unknown) < statusExamples {
				selected.Unknown = append(selected.Unknown, i)
			}
		}
		return found
	}
	if selection.Subject != "" {
		for _, at := range t.holdings(tenant, selection.Subject) {
			found = append(found, sequenceOf(at))
		}
		return found
	}
	states := sources[to]
	if selection.State != "" {
		states = []storage.State{selection.State}
	}
	family, prefix := stateFamily, of(tenant)
	if selection.Achievement != "" {
		award, err := t.within(tenant, achievementKind, selection.Achievement)
		if err != nil {
			return nil // of an unknown achievement there are none
		}
		family, prefix = awardFamily, award
	}
	for _, state := range states {
		within := prefix.byte(stateBytes[state])
		c := t.cursor(family)
		for k, _ := c.Seek(within); len(k) == len(within)+8 && bytes.HasPrefix(k, within); k, _ = c.Next() {
			found = append(found, sequenceOf(k))
		}
	}
	return found
}

// selects reports whether every criterion applies to a credential. By
// recipient, as by id, whatever is not excluded is meant; what cannot be done
// to it is then counted and told. Credentials of VC API instances are no awards.
func selects(selection storage.Selection, c storage.Credential) bool {
	return c.Instance == "" && (selection.Achievement == "" || c.Achievement == selection.Achievement) &&
		(selection.Award == "" || c.Award == selection.Award) &&
		(selection.State == "" || c.State == selection.State) &&
		(selection.Subject == "" || c.Subject == selection.Subject) &&
		(selection.IssuedFrom.IsZero() || !c.Issued.IsZero() && !c.Issued.Before(selection.IssuedFrom)) &&
		(selection.IssuedUntil.IsZero() || !c.Issued.IsZero() && !c.Issued.After(selection.IssuedUntil))
}

// expect counts what a change would do to a credential.
func expect(selected *storage.SelectedCredentials, c storage.Credential, to storage.State) {
	code := refusal(c, to)
	switch {
	case c.State == to:
		selected.Expected.Unchanged++
	case code == "":
		selected.Expected.Changed++
		if len(selected.Sample) < statusExamples {
			selected.Sample = append(selected.Sample, c.ID)
		}
	default:
		selected.Expected.Refused++
		selected.Refused = refused(selected.Refused, c.ID, code)
	}
}

// refused adds to the examples of what was refused.
func refused(examples []storage.StatusRefusal, id, code string) []storage.StatusRefusal {
	if len(examples) < statusExamples {
		examples = append(examples, storage.StatusRefusal{ID: id, Code: code})
	}
	return examples
}

// CreateStatusJob stores a job as a draft for the rows that were selected. Of
// the job, Tenant, ID, Selection, Recipient, Listed, State, Reason, Wording,
// Expected, Sample, Refused and Expires are taken.
func (s *Store) CreateStatusJob(ctx context.Context, act storage.Act, job storage.StatusJob, rows []uint64) (storage.StatusJob, error) {
	valid := first(validAct(act), validSlug(job.Tenant), validID("job id", job.ID))
	if valid == nil && actions[job.State] == "" {
		valid = invalid("state to set")
	}
	rows = slices.Compact(slices.Sorted(slices.Values(rows)))
	var made storage.StatusJob
	err := s.writeVital(ctx, "creating status job", valid, func(t *txn) error {
		if err := first(t.unclaimed(job.Tenant, act), t.known(job.Tenant), t.free(statusJobKind, job.ID)); err != nil {
			return err
		}
		sequence := t.next(statusJobFamily, of(job.Tenant))
		at := of(job.Tenant).sequence(sequence)
		made = job
		made.Phase, made.Created, made.Expires = storage.StatusDraft, act.Time.UTC(), job.Expires.UTC()
		made.Tally, made.Actor, made.Step, made.Steps = storage.StatusTally{}, "", 0, 0
		for part := range slices.Chunk(rows, statusStep) {
			t.put(statusRowFamily, at.number(made.Steps), packed(part))
			made.Steps++
		}
		t.register(statusJobKind, job.ID, at)
		t.putRecord(statusJobFamily, at, made)
		t.put(openStatusJobFamily, at, nil)
		t.claimDone(job.Tenant, act, "statusjob/"+job.ID)
		t.audit(job.Tenant, act, storage.ActionDraftStatusJob, "statusjob/"+job.ID, decimal(len(rows)))
		return nil
	})
	return made, err
}

// packed writes ascending sequence numbers as their differences.
func packed(sequences []uint64) []byte {
	var b []byte
	before := uint64(0)
	for _, sequence := range sequences {
		b = binary.AppendUvarint(b, sequence-before)
		before = sequence
	}
	return b
}

func unpacked(b []byte) (sequences []uint64, ok bool) {
	sequence := uint64(0)
	for len(b) > 0 {
		difference, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, false
		}
		sequence, b = sequence+difference, b[n:]
		sequences = append(sequences, sequence)
	}
	return sequences, true
}

// StatusJob reads a job.
func (s *Store) StatusJob(ctx context.Context, tenant, id string) (storage.StatusJob, error) {
	var job storage.StatusJob
	err := s.read(ctx, "reading status job", func(t *txn) (err error) {
		_, job, err = t.statusJob(tenant, id)
		return err
	})
	return job, err
}

// ListStatusJobs lists a tenant's jobs, the newest first.
func (s *Store) ListStatusJobs(ctx context.Context, tenant string, page storage.Page) (items []storage.StatusJob, next string, err error) {
	err = s.read(ctx, "listing status jobs", func(t *txn) error {
		w, err := windowOf(page)
		if err != nil {
			return err
		}
		items, next, err = collect(t.descending(statusJobFamily, w.after, of(tenant)), w.limit, func(sequence uint64) (storage.StatusJob, error) {
			job := storage.StatusJob{Tenant: tenant}
			return job, t.record(statusJobFamily, of(tenant).sequence(sequence), &job)
		})
		return err
	})
	return items, next, err
}

// OpenStatusJobs lists the drafts and the running jobs of all tenants.
func (s *Store) OpenStatusJobs(ctx context.Context) ([]storage.StatusJob, error) {
	var jobs []storage.StatusJob
	err := s.read(ctx, "listing open status jobs", func(t *txn) error {
		jobs = nil
		c := t.cursor(openStatusJobFamily)
		for at, _ := c.First(); at != nil; at, _ = c.Next() {
			job := storage.StatusJob{Tenant: tenantOf(at)}
			if err := t.record(statusJobFamily, at, &job); err != nil {
				return err
			}
			jobs = append(jobs, job)
		}
		return nil
	})
	return jobs, err
}

// SetStatusPhase confirms a draft (StatusRunning), ends a draft or a running job
// (StatusStopped), or lets a draft expire (StatusExpired). A job that is in the
// phase already, or is done where it was to run, stays as it is. ErrConflict
// means that its phase does not allow it.
func (s *Store) SetStatusPhase(ctx context.Context, act storage.Act, tenant, id string, phase storage.StatusPhase) (storage.StatusJob, error) {
	valid := validAct(act)
	if valid == nil && phaseActions[phase] == "" {
		valid = invalid("phase of a status job")
	}
	var job storage.StatusJob
	err := s.writeVital(ctx, "setting phase of status job", valid, func(t *txn) error {
		if err := t.unclaimed(tenant, act); err != nil {
			return err
		}
		at, j, err := t.statusJob(tenant, id)
		if err != nil {
			return err
		}
		same := j.Phase == phase || phase == storage.StatusRunning && j.Phase == storage.StatusDone
		running := j.Phase == storage.StatusRunning && phase == storage.StatusStopped
		switch {
		case same:
		case j.Phase != storage.StatusDraft && !running:
			return fmt.Errorf("from %s to %s: %w", j.Phase, phase, storage.ErrConflict)
		case phase == storage.StatusRunning && !act.Time.Before(j.Expires):
			return fmt.Errorf("confirming what has expired: %w", storage.ErrConflict)
		default:
			t.setPhase(at, &j, act, phase)
		}
		t.claimDone(tenant, act, "statusjob/"+id)
		job = j
		return nil
	})
	return job, err
}

// phaseActions are what an audit entry calls setting a phase.
var phaseActions = map[storage.StatusPhase]string{
	storage.StatusRunning: storage.ActionConfirmStatusJob,
	storage.StatusStopped: storage.ActionStopStatusJob,
	storage.StatusExpired: storage.ActionExpireStatusJob,
}

func (t *txn) setPhase(at key, job *storage.StatusJob, act storage.Act, phase storage.StatusPhase) {
	job.Phase = phase
	if phase == storage.StatusRunning {
		job.Actor, job.Confirmed = act.Actor, act.Time.UTC()
		job.Refused = nil // those it meets will be told
	} else {
		for step := job.Step; step < job.Steps; step++ {
			t.remove(statusRowFamily, at.number(step))
		}
		job.Finished = act.Time.UTC()
		t.remove(openStatusJobFamily, at)
	}
	t.putRecord(statusJobFamily, at, *job)
	t.audit(job.Tenant, act, phaseActions[phase], "statusjob/"+job.ID, decimal(job.Tally.Changed))
}

// StepStatusJob carries out the next step of a running job in one transaction,
// with its count and an audit entry for each credential that it changes, and
// returns the job as it then is. Of one that does not run it changes nothing.
// The time of the act is when; who, the job knows.
func (s *Store) StepStatusJob(ctx context.Context, act storage.Act, tenant, id string) (storage.StatusJob, error) {
	var job storage.StatusJob
	err := s.writeVital(ctx, "changing statuses", validAct(act), func(t *txn) error {
		at, j, err := t.statusJob(tenant, id)
		if err != nil {
			return err
		}
		if j.Phase == storage.StatusRunning {
			if err := t.stepStatusJob(at, &j, act); err != nil {
				return err
			}
		}
		job = j
		return nil
	})
	return job, err
}

func (t *txn) stepStatusJob(at key, job *storage.StatusJob, act storage.Act) error {
	if job.Step < job.Steps {
		row := at.number(job.Step)
		sequences, ok := unpacked(t.get(statusRowFamily, row))
		if !ok || len(sequences) == 0 {
			return fmt.Errorf("%w: status job without its rows", storage.ErrCorrupt)
		}
		act.Actor = job.Actor
		lists := make(touched)
		for _, sequence := range sequences {
			if err := t.changeOne(of(job.Tenant).sequence(sequence), job, act, lists); err != nil {
				return err
			}
		}
		if err := t.raise(lists, act.Time); err != nil {
			return err
		}
		t.remove(statusRowFamily, row)
		job.Step++
	}
	if job.Step >= job.Steps {
		job.Phase, job.Finished = storage.StatusDone, act.Time.UTC()
		t.remove(openStatusJobFamily, at)
	}
	t.putRecord(statusJobFamily, at, *job)
	return nil
}

// changeOne does what a job is for to one credential, and counts it.
func (t *txn) changeOne(at key, job *storage.StatusJob, act storage.Act, lists touched) error {
	c := storage.Credential{Tenant: job.Tenant}
	if err := t.record(credentialFamily, at, &c); err != nil {
		return fmt.Errorf("%w: row without its credential: %w", storage.ErrCorrupt, err)
	}
	if c.State == job.State {
		job.Tally.Unchanged++
		return nil
	}
	if code := refusal(c, job.State); code != "" {
		job.Tally.Refused++
		job.Refused = refused(job.Refused, c.ID, code)
		return nil
	}
	job.Tally.Changed++
	return t.setStatus(at, &c, storage.StatusChange{
		Act: act, Tenant: job.Tenant, ID: c.ID, State: job.State, Reason: job.Reason, Wording: job.Wording,
	}, lists)
}

func (t *txn) statusJob(tenant, id string) (key, storage.StatusJob, error) {
	job := storage.StatusJob{Tenant: tenant}
	at, err := t.within(tenant, statusJobKind, id)
	if err == nil {
		err = t.record(statusJobFamily, at, &job)
	}
	return at, job, err
}
