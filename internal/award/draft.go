package award

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"laurel/internal/issuer"
	"laurel/storage"
)

// Upload is a file of people and what they are awarded.
type Upload struct {
	// Achievement is the public id of one of the tenant's achievements, or its
	// URL. The version that is the latest now is awarded.
	Achievement string
	// Name is the name of the file, for people.
	Name string
	// Data is the file, at most 32 MiB. It must not be changed.
	Data []byte
	// Sheet is the name of the sheet in a workbook, "" for the first visible one.
	Sheet string
	// Encoding is the name of the encoding of a text file, "" to find it out.
	Encoding string
	// Columns say which column holds a field, by its heading or its letter;
	// "" says that none does. Other fields are found by their headings.
	Columns map[Field]string
	// Terms are what all awards have in common, where a row does not say
	// otherwise. Recipient, Achievement and Evidence are not used.
	Terms issuer.Request
	// ClaimDays is how many days after they were signed awards that nobody
	// claimed are withdrawn; 0 for never.
	ClaimDays int
}

// terms are an Upload's as they are stored.
type terms struct {
	ValidFrom   time.Time          `json:"validFrom,omitzero"`
	ValidUntil  time.Time          `json:"validUntil,omitzero"`
	AwardedDate time.Time          `json:"awardedDate,omitzero"`
	Visibility  storage.Visibility `json:"visibility,omitempty"`
}

func (t terms) request() issuer.Request {
	return issuer.Request{ValidFrom: t.ValidFrom, ValidUntil: t.ValidUntil, AwardedDate: t.AwardedDate, Visibility: t.Visibility}
}

// maxClaimDays is ten years.
const maxClaimDays = 3660

// Draft reads a file, judges every row of it and keeps what it found as a draft.
// Nothing is signed and nobody is told.
//
// A file that was confirmed and is not done yet, with the same terms, is not
// made into another job: the one there is comes back. Its rows would come to
// nothing new in any case.
//
// Errors: *issuer.InvalidError with paths "/file", "/achievement", "/column",
// "/encoding", "/sheet" and those of the terms; keys.ErrNoSigningKey; those of
// an idempotency key, whose replay is the job of the first time.
func (s *Service) Draft(ctx context.Context, caller issuer.Caller, upload Upload) (Job, error) {
	if upload.ClaimDays < 0 || upload.ClaimDays > maxClaimDays {
		return Job{}, &issuer.InvalidError{Violations: []issuer.Violation{{
			Path: "/claimDays", Code: "claim_days_malformed", Message: Sentence("claim_days_malformed"),
		}}}
	}
	d, err := s.newDraft(caller, upload)
	if err != nil {
		return Job{}, err
	}
	if running, ok, err := s.same(ctx, d.job); err != nil || ok {
		return running, err
	}
	if d.batch, err = s.issuer.Batch(ctx, caller, d.job.ID, issuer.Version{ID: upload.Achievement}, d.terms); err != nil {
		if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrInvalid) {
			err = &issuer.InvalidError{Violations: []issuer.Violation{{Path: "/achievement", Code: "achievement_unknown", Message: Sentence("achievement_unknown")}}}
		}
		return Job{}, err
	}
	achieved := d.batch.Achievement()
	d.job.Achievement, d.job.AchievementVersion = achieved.ID, achieved.Version
	t, err := openTable(ctx, upload)
	if err != nil {
		return Job{}, invalid(err)
	}
	defer t.close()
	act := s.actOf(caller, d.job.ID)
	if err := s.store.CreateAwardJob(ctx, act, d.job); err != nil {
		return s.replayed(ctx, caller, err)
	}
	job, err := s.fill(ctx, act, d, t)
	if err != nil {
		// Of a draft that was not finished nothing is kept. Where that cannot be
		// stored, Run sees to it later.
		ctx := context.WithoutCancel(ctx)
		err = invalid(err)
		if _, discarded := s.store.DiscardAwardRows(ctx, d.job.Tenant, d.job.ID, maxRows+1); discarded != nil {
			err = errors.Join(err, discarded)
		}
		return s.replayed(ctx, caller, err)
	}
	return job, nil
}

// draft is a bulk award that is being made.
type draft struct {
	job   storage.AwardJob
	terms issuer.Request
	seal  seal
	batch *issuer.Batch
	seen  map[string]int // rows by Lookup
}

func (s *Service) newDraft(caller issuer.Caller, upload Upload) (*draft, error) {
	kept := terms{
		ValidFrom: upload.Terms.ValidFrom, ValidUntil: upload.Terms.ValidUntil,
		AwardedDate: upload.Terms.AwardedDate, Visibility: upload.Terms.Visibility,
	}
	id, err := s.newID()
	if err != nil {
		return nil, err
	}
	d := &draft{terms: kept.request(), seen: make(map[string]int)}
	d.job = storage.AwardJob{Tenant: caller.Tenant, ID: id, Actor: caller.Actor, ClaimDays: upload.ClaimDays}
	if d.job.Terms, err = json.Marshal(kept); err != nil {
		return nil, fmt.Errorf("drafting bulk award: %w", err)
	}
	if d.seal, d.job.Key, err = s.newSeal(caller.Tenant, id); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(upload.Data)
	about, err := json.Marshal([]any{
		hex.EncodeToString(sum[:]), upload.Achievement, upload.Sheet, upload.Encoding, upload.Columns, kept, upload.ClaimDays,
	})
	if err != nil {
		return nil, fmt.Errorf("drafting bulk award: %w", err)
	}
	d.job.Digest = s.envelope.Lookup(caller.Tenant, "award file:"+string(about))
	return d, nil
}

// same looks for a job of the same file that was confirmed and is not done.
func (s *Service) same(ctx context.Context, job storage.AwardJob) (Job, bool, error) {
	open, err := s.store.OpenAwardJobs(ctx)
	if err != nil {
		return Job{}, false, err
	}
	for _, other := range open {
		going := other.State == storage.AwardConfirmed || other.State == storage.AwardRunning
		if going && other.Tenant == job.Tenant && bytes.Equal(other.Digest, job.Digest) {
			found, err := s.Job(ctx, other.Tenant, other.ID)
			return found, true, err
		}
	}
	return Job{}, false, nil
}

// fill stores the rows, and then makes the job a draft.
func (s *Service) fill(ctx context.Context, act storage.Act, d *draft, t *table) (Job, error) {
	total := 0
	for {
		rows, err := t.rows(ctx, s.chunk)
		if err != nil {
			return Job{}, err
		}
		if len(rows) == 0 {
			break
		}
		if total += len(rows); total > maxRows {
			return Job{}, fileFault("rows_too_many")
		}
		if err := d.judge(ctx, t.mapping, rows); err != nil {
			return Job{}, err
		}
		stored := make([]storage.AwardRow, len(rows))
		for i, row := range rows {
			if stored[i], err = d.sealed(row); err != nil {
				return Job{}, err
			}
		}
		if err := s.store.AddAwardRows(ctx, d.job.Tenant, d.job.ID, stored); err != nil {
			return Job{}, err
		}
	}
	if total == 0 {
		return Job{}, fileFault("file_empty")
	}
	description, err := json.Marshal(t.finish())
	if err != nil {
		return Job{}, fmt.Errorf("drafting bulk award: %w", err)
	}
	act.Time = s.clock().UTC()
	job, err := s.store.UpdateAwardJob(ctx, act, d.job.Tenant, d.job.ID, func(job *storage.AwardJob) error {
		job.State = storage.AwardDraft
		job.Sheet = d.seal.key.Seal(d.seal.place("sheet"), description)
		return nil
	})
	if err != nil {
		return Job{}, err
	}
	return s.job(ctx, job)
}

// judge looks at rows on all processors, and then for those that are there
// twice.
func (d *draft) judge(ctx context.Context, m mapping, rows []*row) error {
	group, judging := errgroup.WithContext(ctx)
	parts := runtime.GOMAXPROCS(0)
	for part := range parts {
		group.Go(func() error {
			for i := part; i < len(rows); i += parts {
				if err := m.judge(judging, d.batch, d.terms, rows[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, row := range rows {
		if row.stored.State == storage.RowBad {
			continue
		}
		if first, ok := d.seen[string(row.stored.Lookup)]; ok {
			row.bad(m.columnOf("/recipient"), "duplicate")
			row.stored.Faults[len(row.stored.Faults)-1].Row = first
			continue
		}
		d.seen[string(row.stored.Lookup)] = row.row
	}
	return nil
}

// sealed is a row as it is stored.
func (d *draft) sealed(row *row) (storage.AwardRow, error) {
	switch row.stored.State {
	case storage.RowHeld:
		return storage.AwardRow{Row: row.row, State: storage.RowHeld, Credential: row.stored.Credential}, nil
	case storage.RowBad:
		row.contents = contents{Cells: row.cells}
	}
	plain, err := json.Marshal(row.contents)
	if err != nil {
		return storage.AwardRow{}, fmt.Errorf("drafting bulk award: %w", err)
	}
	row.stored.Sealed = d.seal.key.Seal(d.seal.place(rowField(row.row)), plain)
	return row.stored, nil
}

func rowField(row int) string { return "row " + strconv.Itoa(row) }

// open reads what stands in a row.
func (s seal) open(row storage.AwardRow) (contents, error) {
	var c contents
	plain, err := s.key.Open(s.place(rowField(row.Row)), row.Sealed)
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	if err != nil {
		return c, fmt.Errorf("opening row %d: %w: %w", row.Row, storage.ErrCorrupt, err)
	}
	return c, nil
}

const (
	idempotencyLife  = 24 * time.Hour
	idempotencyLease = time.Minute
)

// actOf is the act of a caller that brings an idempotency key, whose answer is
// the id of the job.
func (s *Service) actOf(caller issuer.Caller, id string) storage.Act {
	act := s.act(caller.Actor)
	if i := caller.Idempotency; i != nil {
		act.Idempotency = &storage.IdempotencyClaim{
			APIKey: i.Space, Key: i.Key, Body: i.Body, Answer: []byte(id),
			Expires: act.Time.Add(idempotencyLife), Lease: act.Time.Add(idempotencyLease),
		}
	}
	return act
}

// replayed answers a repeated request with the job of the first.
func (s *Service) replayed(ctx context.Context, caller issuer.Caller, err error) (Job, error) {
	var replay *storage.ReplayError
	if !errors.As(err, &replay) {
		return Job{}, err
	}
	caller.Idempotency.Replayed = true
	return s.Job(ctx, caller.Tenant, string(replay.Record.Answer))
}
