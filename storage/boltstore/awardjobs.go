package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"laurel/storage"
)

const lookupSize = 32

// CreateAwardJob makes a bulk award without rows, in state
// [storage.AwardReading]. Nothing has been done for anybody yet, and no audit
// entry is written. An idempotency key that was used before gives its replay or
// refusal; it is not stored before the job is a draft.
func (s *Store) CreateAwardJob(ctx context.Context, act storage.Act, job storage.AwardJob) error {
	valid := first(validAct(act), validSlug(job.Tenant), validID("award id", job.ID), validLength("actor", job.Actor, 128))
	if valid == nil && len(job.Key) == 0 {
		valid = invalid("bulk award without a key")
	}
	return s.write(ctx, "creating bulk award", valid, func(t *txn) error {
		if err := first(t.unclaimed(job.Tenant, act), t.known(job.Tenant), t.free(awardJobKind, job.ID)); err != nil {
			return err
		}
		at := of(job.Tenant).sequence(t.next(awardJobFamily, of(job.Tenant)))
		job := job
		job.State, job.Created, job.Counts = storage.AwardReading, act.Time.UTC(), storage.AwardCounts{}
		t.register(awardJobKind, job.ID, at)
		t.putRecord(awardJobFamily, at, job)
		t.put(openAwardFamily, at, nil)
		return nil
	})
}

// AddAwardRows stores rows of a bulk award that is being read. Those that are
// there already are replaced.
func (s *Store) AddAwardRows(ctx context.Context, tenant, id string, rows []storage.AwardRow) error {
	var valid error
	for _, row := range rows {
		if row.Row < 1 || len(row.Lookup) != 0 && len(row.Lookup) != lookupSize || new(storage.AwardCounts).Of(row.State) == nil {
			valid = invalid("row %d of bulk award", row.Row)
		}
	}
	return s.write(ctx, "adding rows to bulk award", valid, func(t *txn) error {
		at, job, err := t.awardJob(tenant, id)
		if err != nil {
			return err
		}
		if job.State != storage.AwardReading {
			return storage.ErrConflict
		}
		for _, row := range rows {
			var old storage.AwardRow
			if t.record(awardRowFamily, at.number(row.Row), &old) == nil {
				*job.Counts.Of(old.State)--
			}
			*job.Counts.Of(row.State)++
			t.putRecord(awardRowFamily, at.number(row.Row), row)
			if row.Sealed != nil {
				t.put(awardDataFamily, at.number(row.Row), slices.Concat(row.Lookup, make([]byte, lookupSize-len(row.Lookup)), row.Sealed))
			}
		}
		t.putRecord(awardJobFamily, at, job)
		return nil
	})
}

// AwardJob reads a bulk award.
func (s *Store) AwardJob(ctx context.Context, tenant, id string) (storage.AwardJob, error) {
	var job storage.AwardJob
	err := s.read(ctx, "reading bulk award", func(t *txn) (err error) {
		_, job, err = t.awardJob(tenant, id)
		return err
	})
	return job, err
}

// ListAwardJobs lists a tenant's bulk awards, the newest first.
func (s *Store) ListAwardJobs(ctx context.Context, tenant string, page storage.Page) (jobs []storage.AwardJob, next string, err error) {
	err = s.read(ctx, "listing bulk awards", func(t *txn) error {
		w, err := windowOf(page)
		if err != nil {
			return err
		}
		jobs, next, err = collect(t.descending(awardJobFamily, w.after, of(tenant)), w.limit, func(sequence uint64) (storage.AwardJob, error) {
			job := storage.AwardJob{Tenant: tenant}
			return job, t.record(awardJobFamily, of(tenant).sequence(sequence), &job)
		})
		return err
	})
	return jobs, next, err
}

// OpenAwardJobs reads the bulk awards of all tenants whose rows are still
// there, in the order in which each tenant's came.
func (s *Store) OpenAwardJobs(ctx context.Context) ([]storage.AwardJob, error) {
	var jobs []storage.AwardJob
	err := s.read(ctx, "listing open bulk awards", func(t *txn) error {
		return t.bucket(openAwardFamily).ForEach(func(k, _ []byte) error {
			job := storage.AwardJob{Tenant: tenantOf(k)}
			jobs = append(jobs, job)
			return t.record(awardJobFamily, k, &jobs[len(jobs)-1])
		})
	})
	return jobs, err
}

// UpdateAwardJob changes a bulk award, but for what names it and its counts.
// What is entered in the audit chain follows from its state, Closed and
// Withdrawn; a change of none of these enters nothing. change may run twice;
// when it returns an error, that is returned and nothing is changed.
func (s *Store) UpdateAwardJob(ctx context.Context, act storage.Act, tenant, id string, change func(*storage.AwardJob) error) (storage.AwardJob, error) {
	var job storage.AwardJob
	err := s.write(ctx, "updating bulk award", validAct(act), func(t *txn) error {
		if err := t.unclaimed(tenant, act); err != nil {
			return err
		}
		at, before, err := t.awardJob(tenant, id)
		if err != nil {
			return err
		}
		job = before
		if err := change(&job); err != nil {
			return err
		}
		job.Tenant, job.ID, job.Counts, job.Created, job.Actor = before.Tenant, before.ID, before.Counts, before.Created, before.Actor
		t.putRecord(awardJobFamily, at, job)
		if action := awardAction(before, job); action != "" {
			t.audit(tenant, act, action, "award/"+id, decimal(job.Counts.Total()))
		}
		t.claimDone(tenant, act, "award/"+id)
		return nil
	})
	return job, err
}

func awardAction(before, after storage.AwardJob) string {
	switch {
	case before.State != after.State:
		return map[storage.AwardState]string{
			storage.AwardDraft: storage.ActionDraftAward, storage.AwardConfirmed: storage.ActionConfirmAward,
			storage.AwardRunning: storage.ActionStartAward, storage.AwardDone: storage.ActionFinishAward,
			storage.AwardCancelled: storage.ActionCancelAward,
		}[after.State]
	case before.Closed != after.Closed:
		return storage.ActionCloseAward
	case before.Withdrawn != after.Withdrawn:
		return storage.ActionWithdrawAward
	}
	return ""
}

// AwardRows reads rows of a bulk award by their numbers.
func (s *Store) AwardRows(ctx context.Context, tenant, id string, filter storage.AwardRowFilter) ([]storage.AwardRow, error) {
	var rows []storage.AwardRow
	err := s.read(ctx, "reading rows of bulk award", func(t *txn) error {
		if filter.Limit < 1 || filter.Limit > 10_000 || filter.After < 0 {
			return invalid("rows to read")
		}
		at, err := t.within(tenant, awardJobKind, id)
		if err != nil {
			return err
		}
		c := t.cursor(awardRowFamily)
		for k, data := c.Seek(at.number(filter.After + 1)); bytes.HasPrefix(k, at) && len(rows) < filter.Limit; k, data = c.Next() {
			row := storage.AwardRow{Row: numberOf(k)}
			if err := decode(awardRowFamily, data, &row); err != nil {
				return err
			}
			if filter.States != nil && !slices.Contains(filter.States, row.State) {
				continue
			}
			if stored := t.get(awardDataFamily, k); filter.Sealed && len(stored) >= lookupSize {
				row.Sealed = bytes.Clone(stored[lookupSize:])
				if !bytes.Equal(stored[:lookupSize], make([]byte, lookupSize)) {
					row.Lookup = bytes.Clone(stored[:lookupSize])
				}
			}
			rows = append(rows, row)
		}
		return nil
	})
	return rows, err
}

// ReserveAwards reserves credentials for rows of a running bulk award, all in
// one transaction, with the state of each row. A recipient who has the
// achievement already, in whatever state, gets no second one: that is decided
// here, where nobody can come in between. Where the tenant's quota ends among the
// rows, the outcomes are those of the rows before.
func (s *Store) ReserveAwards(ctx context.Context, tenant, id string, wanted []storage.RowReservation) ([]storage.RowOutcome, error) {
	wanted = slices.Clone(wanted)
	var valid error
	for i := range wanted {
		r, err := validReservation(wanted[i].Reservation)
		if err == nil && (r.Tenant != tenant || r.Award != id || r.Act.Idempotency != nil) {
			err = invalid("reservation of another bulk award")
		}
		wanted[i].Reservation, valid = r, first(valid, err)
	}
	var reserved []storage.RowOutcome
	err := s.write(ctx, "reserving credentials of bulk award", valid, func(t *txn) error {
		reserved = make([]storage.RowOutcome, 0, len(wanted))
		at, job, err := t.awardJob(tenant, id)
		if err != nil {
			return err
		}
		if job.State != storage.AwardRunning {
			return storage.ErrConflict
		}
		for _, w := range wanted {
			outcome, err := s.reserveRow(t, at, &job, w)
			if errors.Is(err, storage.ErrQuota) && len(reserved) > 0 {
				break // the next call will say so
			}
			if err != nil {
				return err
			}
			reserved = append(reserved, outcome)
		}
		t.putRecord(awardJobFamily, at, job)
		return nil
	})
	return reserved, err
}

func (s *Store) reserveRow(t *txn, at key, job *storage.AwardJob, w storage.RowReservation) (storage.RowOutcome, error) {
	outcome := storage.RowOutcome{Row: w.Row}
	row, err := t.awardRow(at, w.Row)
	if err != nil {
		return outcome, err
	}
	if outcome.State = row.State; row.State != storage.RowReady {
		return outcome, nil
	}
	held, err := t.holds(w.Reservation)
	if err == nil && held == "" {
		outcome.Reserved, err = s.reserve(t, w.Reservation)
	}
	switch {
	case errors.Is(err, storage.ErrConflict), errors.Is(err, storage.ErrErased):
		outcome.Again = true
		return outcome, nil
	case err != nil:
		return outcome, err
	case held != "":
		row.Credential, outcome.State = held, storage.RowHeld
	default:
		row.Credential, outcome.State = w.Reservation.ID, storage.RowReserved
	}
	t.setRow(at, job, row, outcome.State)
	return outcome, nil
}

// holds gives the id of a credential of the same achievement that the subject
// of a reservation has. One that is pending counts only when it comes from a
// bulk award, which will complete it: any other may have been given up.
func (t *txn) holds(r storage.Reservation) (string, error) {
	for _, at := range t.holdings(r.Tenant, r.Subject.ID) {
		var c storage.Credential
		if err := t.record(credentialFamily, at, &c); err != nil {
			return "", err
		}
		if c.Achievement == r.Achievement && (c.State != storage.StatePending || c.Award != "") {
			return c.ID, nil
		}
	}
	return "", nil
}

// CommitAwards stores what was signed for reserved rows of a bulk award, all in
// one transaction, with the state of each row. A row whose credential was
// erased or revoked meanwhile is not issued, and one that is not reserved with
// this credential is left alone. It returns the job after it.
func (s *Store) CommitAwards(ctx context.Context, tenant, id string, signed []storage.RowIssuance) (storage.AwardJob, error) {
	var valid error
	for _, row := range signed {
		if row.Fault == "" && (len(row.Issuance.Signed) == 0 || row.Issuance.Tenant != tenant) {
			valid = invalid("row %d of bulk award", row.Row)
		}
		valid = first(valid, validAct(row.Issuance.Act))
	}
	var job storage.AwardJob
	err := s.write(ctx, "committing credentials of bulk award", valid, func(t *txn) error {
		at, stored, err := t.awardJob(tenant, id)
		if err != nil {
			return err
		}
		job = stored
		for _, row := range signed {
			if err := t.commitRow(at, &job, row); err != nil {
				return err
			}
		}
		t.putRecord(awardJobFamily, at, job)
		return nil
	})
	return job, err
}

func (t *txn) commitRow(at key, job *storage.AwardJob, signed storage.RowIssuance) error {
	row, err := t.awardRow(at, signed.Row)
	if err != nil {
		return err
	}
	if row.State != storage.RowReserved || row.Credential != signed.Issuance.ID {
		return nil
	}
	if signed.Fault != "" {
		row.Faults = append(row.Faults, storage.RowFault{Code: signed.Fault})
		t.audit(job.Tenant, signed.Issuance.Act, storage.ActionAbandon, "credential/"+row.Credential, signed.Fault)
		t.setRow(at, job, row, storage.RowFailed)
		return nil
	}
	_, err = t.issue(signed.Issuance)
	switch {
	case errors.Is(err, storage.ErrErased):
		t.setRow(at, job, row, storage.RowErased)
	case errors.Is(err, storage.ErrConflict): // revoked before it was issued
		row.Faults = append(row.Faults, storage.RowFault{Code: "revoked_before"})
		t.setRow(at, job, row, storage.RowFailed)
	case err != nil:
		return err
	default:
		t.setRow(at, job, row, storage.RowIssued)
	}
	return nil
}

// setRow moves a row to another state. What stood in it is no longer needed
// when it has its award.
func (t *txn) setRow(at key, job *storage.AwardJob, row storage.AwardRow, state storage.RowState) {
	*job.Counts.Of(row.State)--
	*job.Counts.Of(state)++
	row.State = state
	t.putRecord(awardRowFamily, at.number(row.Row), row)
	if state != storage.RowReserved && state != storage.RowFailed {
		t.remove(awardDataFamily, at.number(row.Row))
	}
}

// eraseAwardRows removes what bulk awards still hold of a person.
func (t *txn) eraseAwardRows(tenant string, lookup []byte) error {
	if len(lookup) != lookupSize {
		return nil
	}
	var found []key
	c := t.cursor(awardDataFamily)
	for k, data := c.Seek(of(tenant)); bytes.HasPrefix(k, of(tenant)); k, data = c.Next() {
		if bytes.HasPrefix(data, lookup) {
			found = append(found, bytes.Clone(k))
		}
	}
	for _, k := range found {
		at := k[:len(k)-4]
		job := storage.AwardJob{Tenant: tenant}
		if err := t.record(awardJobFamily, at, &job); err != nil {
			return err
		}
		if err := t.eraseAwardRow(at, &job, numberOf(k)); err != nil {
			return err
		}
		t.putRecord(awardJobFamily, at, job)
	}
	return nil
}

// eraseAwardRow removes what stands in a row. One that waits is not awarded.
func (t *txn) eraseAwardRow(at key, job *storage.AwardJob, number int) error {
	row, err := t.awardRow(at, number)
	if err != nil {
		return err
	}
	if row.State == storage.RowReady {
		t.setRow(at, job, row, storage.RowErased)
	}
	t.remove(awardDataFamily, at.number(number))
	return nil
}

// EraseAwardRows removes what stands in rows of a bulk award that name a person
// who is to be erased, at most 10,000. Rows that are ready are not awarded.
// Those of which nothing is left stay as they are.
func (s *Store) EraseAwardRows(ctx context.Context, act storage.Act, tenant, id string, rows []int) error {
	valid := validAct(act)
	if len(rows) == 0 || len(rows) > 10_000 {
		valid = first(valid, invalid("rows to erase"))
	}
	return s.writeVital(ctx, "erasing rows of bulk award", valid, func(t *txn) error {
		at, job, err := t.awardJob(tenant, id)
		if err != nil {
			return err
		}
		for _, number := range rows {
			if err := t.eraseAwardRow(at, &job, number); err != nil {
				return err
			}
		}
		t.putRecord(awardJobFamily, at, job)
		t.audit(tenant, act, storage.ActionEraseSubject, "subject/unknown", decimal(len(rows)))
		return nil
	})
}

// DiscardAwardRows removes rows of a bulk award that has ended, at most limit
// of them, and says whether any are left. When none are, the job is no longer
// open.
func (s *Store) DiscardAwardRows(ctx context.Context, tenant, id string, limit int) (left bool, err error) {
	err = s.write(ctx, "discarding rows of bulk award", nil, func(t *txn) error {
		at, job, err := t.awardJob(tenant, id)
		if err != nil {
			return err
		}
		if !job.State.Ended() && job.State != storage.AwardReading {
			return storage.ErrConflict
		}
		var found []key
		c := t.cursor(awardRowFamily)
		k, _ := c.Seek(at)
		for ; bytes.HasPrefix(k, at) && len(found) < limit; k, _ = c.Next() {
			found = append(found, bytes.Clone(k))
		}
		left = bytes.HasPrefix(k, at)
		for _, k := range found {
			t.remove(awardRowFamily, k)
			t.remove(awardDataFamily, k)
		}
		if !left {
			t.remove(openAwardFamily, at)
		}
		return nil
	})
	return left, err
}

func (t *txn) awardJob(tenant, id string) (key, storage.AwardJob, error) {
	job := storage.AwardJob{Tenant: tenant}
	at, err := t.within(tenant, awardJobKind, id)
	if err == nil {
		err = t.record(awardJobFamily, at, &job)
	}
	return at, job, err
}

func (t *txn) awardRow(at key, number int) (storage.AwardRow, error) {
	row := storage.AwardRow{Row: number}
	err := t.record(awardRowFamily, at.number(number), &row)
	if err != nil {
		err = fmt.Errorf("row %d: %w", number, err)
	}
	return row, err
}
