package award

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"laurel/internal/issuer"
	"laurel/storage"
)

// maxBadCells is how many faults of rows are listed with a job. The file of bad
// rows has all of them.
const maxBadCells = 1000

// Job is a bulk award as it stands.
type Job struct {
	ID     string             `json:"id"`
	Tenant string             `json:"-"`
	State  storage.AwardState `json:"state"`
	// Achievement and AchievementVersion name what is awarded.
	Achievement        string `json:"achievement"`
	AchievementVersion int    `json:"achievementVersion"`
	// Total is the number of rows that are not blank. Each is one of the four
	// that follow: Valid rows are awarded once the job is confirmed; the
	// recipients of AlreadyAwarded ones have the achievement; BadRows have
	// faults; the people of Erased ones have had their data erased meanwhile.
	Total          int `json:"total"`
	Valid          int `json:"valid"`
	AlreadyAwarded int `json:"alreadyAwarded"`
	BadRows        int `json:"badRows"`
	Erased         int `json:"erased,omitempty"`
	// Issued and Failed are how many of the valid rows have been awarded and
	// how many could not be.
	Issued int `json:"issued"`
	Failed int `json:"failed"`
	// Bad are the faults of rows, the first 1,000.
	Bad []BadCell `json:"bad"`
	// Sheet describes the file; nil once the people's data was destroyed.
	Sheet *Sheet `json:"sheet,omitempty"`
	// Problem says why the job does not go on, if it should and does not.
	Problem   string    `json:"problem,omitempty"`
	ClaimDays int       `json:"claimDays,omitempty"`
	Created   time.Time `json:"created"`
	StartAt   time.Time `json:"startAt,omitzero"`
	Confirmed time.Time `json:"confirmed,omitzero"`
	Started   time.Time `json:"started,omitzero"`
	Finished  time.Time `json:"finished,omitzero"`
	Withdrawn time.Time `json:"withdrawn,omitzero"`
}

// BadCell is one thing that is wrong with a row.
type BadCell struct {
	// Row is the number of the row as the spreadsheet shows it.
	Row int `json:"row"`
	// Column is the heading, "" where it is the row as a whole. Letter is how
	// the spreadsheet calls the column.
	Column string `json:"column"`
	Letter string `json:"letter,omitempty"`
	// Code is stable, Reason an English sentence.
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

// Job returns a bulk award of the tenant. The error is storage.ErrNotFound where
// there is none.
func (s *Service) Job(ctx context.Context, tenant, id string) (Job, error) {
	record, err := s.store.AwardJob(ctx, tenant, id)
	if err == nil && record.State == storage.AwardReading {
		err = fmt.Errorf("reading bulk award: %w", storage.ErrNotFound)
	}
	if err != nil {
		return Job{}, err
	}
	return s.job(ctx, record)
}

// Jobs lists a tenant's bulk awards without the faults of their rows, the newest
// first, and the cursor of the next page, "" after the last.
func (s *Service) Jobs(ctx context.Context, tenant string, page storage.Page) ([]Job, string, error) {
	records, next, err := s.store.ListAwardJobs(ctx, tenant, page)
	if err != nil {
		return nil, "", err
	}
	jobs := make([]Job, 0, len(records))
	for _, record := range records {
		if record.State != storage.AwardReading {
			jobs = append(jobs, s.summary(record))
		}
	}
	return jobs, next, nil
}

// Progress is Job without the faults of its rows, and costs little.
func (s *Service) Progress(ctx context.Context, tenant, id string) (Job, error) {
	record, err := s.store.AwardJob(ctx, tenant, id)
	if err != nil {
		return Job{}, err
	}
	return s.summary(record), nil
}

func (s *Service) summary(record storage.AwardJob) Job {
	c := record.Counts
	j := Job{
		ID: record.ID, Tenant: record.Tenant, State: record.State,
		Achievement: record.Achievement, AchievementVersion: record.AchievementVersion,
		Total: c.Total(), Valid: c.Ready + c.Reserved + c.Issued + c.Failed, AlreadyAwarded: c.Held, BadRows: c.Bad, Erased: c.Erased,
		Issued: c.Issued, Failed: c.Failed, Bad: []BadCell{}, ClaimDays: record.ClaimDays,
		Created: record.Created, StartAt: record.StartAt, Confirmed: record.Confirmed,
		Started: record.Started, Finished: record.Finished, Withdrawn: record.Withdrawn,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !record.State.Ended() {
		j.Problem = s.problems[record.ID]
	}
	return j
}

func (s *Service) job(ctx context.Context, record storage.AwardJob) (Job, error) {
	j := s.summary(record)
	sheet, err := s.sheet(record)
	if errors.Is(err, storage.ErrErased) {
		return j, nil
	}
	if err != nil {
		return Job{}, err
	}
	j.Sheet = &sheet
	err = s.eachRow(ctx, record, rowsWithFaults, func(row storage.AwardRow) (bool, error) {
		for _, fault := range row.Faults {
			j.Bad = append(j.Bad, badCell(row.Row, fault, sheet.Headings))
		}
		return len(j.Bad) < maxBadCells, nil
	})
	j.Bad = j.Bad[:min(len(j.Bad), maxBadCells)]
	return j, err
}

var rowsWithFaults = storage.AwardRowFilter{States: []storage.RowState{storage.RowBad, storage.RowFailed}}

func badCell(row int, fault storage.RowFault, headings []string) BadCell {
	cell := BadCell{Row: row, Code: fault.Code, Reason: reason(fault)}
	if fault.Column > 0 {
		cell.Letter = letters(fault.Column)
		if fault.Column <= len(headings) {
			cell.Column = headings[fault.Column-1]
		}
	}
	return cell
}

func reason(fault storage.RowFault) string {
	text := Sentence(fault.Code)
	if fault.Row > 0 {
		text += " It is row " + strconv.Itoa(fault.Row) + "."
	}
	return text
}

// sheet reads the description of a job's file.
func (s *Service) sheet(record storage.AwardJob) (Sheet, error) {
	var sheet Sheet
	opened, err := s.openSeal(record)
	if err != nil {
		return sheet, err
	}
	plain, err := opened.key.Open(opened.place("sheet"), record.Sheet)
	if err == nil {
		err = json.Unmarshal(plain, &sheet)
	}
	if err != nil {
		return sheet, fmt.Errorf("opening bulk award: %w: %w", storage.ErrCorrupt, err)
	}
	return sheet, nil
}

// eachRow reads rows by their numbers until do says that it is enough.
func (s *Service) eachRow(ctx context.Context, record storage.AwardJob, filter storage.AwardRowFilter, do func(storage.AwardRow) (more bool, err error)) error {
	filter.Limit = s.chunk
	for {
		rows, err := s.store.AwardRows(ctx, record.Tenant, record.ID, filter)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if more, err := do(row); err != nil || !more {
				return err
			}
			filter.After = row.Row
		}
		if len(rows) < filter.Limit {
			return nil
		}
	}
}

// Confirm has a draft carried out, at a time or, where that is zero or past, at
// once. To confirm twice is to confirm once. Errors: storage.ErrNotFound;
// storage.ErrConflict for a job that has ended.
func (s *Service) Confirm(ctx context.Context, caller issuer.Caller, id string, at time.Time) (Job, error) {
	act := s.actOf(caller, id)
	record, err := s.store.UpdateAwardJob(ctx, act, caller.Tenant, id, func(job *storage.AwardJob) error {
		switch job.State {
		case storage.AwardDraft:
			job.State, job.Confirmed, job.StartAt = storage.AwardConfirmed, act.Time, at.UTC()
			return nil
		case storage.AwardConfirmed, storage.AwardRunning, storage.AwardDone:
			return nil
		case storage.AwardReading:
			return storage.ErrNotFound
		}
		return storage.ErrConflict
	})
	if err != nil {
		return s.replayed(ctx, caller, err)
	}
	s.notify()
	return s.job(ctx, record)
}

// Cancel ends a job. Rows whose awards are being signed are completed, none
// after them is begun; what was awarded stays awarded. To cancel twice is to
// cancel once. Errors: storage.ErrNotFound; storage.ErrConflict for a job that
// is done.
func (s *Service) Cancel(ctx context.Context, caller issuer.Caller, id string) (Job, error) {
	act := s.actOf(caller, id)
	record, err := s.store.UpdateAwardJob(ctx, act, caller.Tenant, id, func(job *storage.AwardJob) error {
		switch job.State {
		case storage.AwardReading:
			return storage.ErrNotFound
		case storage.AwardDone:
			return storage.ErrConflict
		case storage.AwardCancelled:
			return nil
		}
		job.State, job.Finished = storage.AwardCancelled, act.Time
		return nil
	})
	if err != nil {
		return s.replayed(ctx, caller, err)
	}
	s.notify()
	return s.job(ctx, record)
}

// File is a file to be saved.
type File struct {
	Name      string
	MediaType string
	Data      []byte
}

// BadRows returns the rows that are bad or failed as a file of the kind that
// was sent, with the same columns and the reason in one more. Errors:
// storage.ErrNotFound; storage.ErrErased when the time to fetch it is over.
func (s *Service) BadRows(ctx context.Context, tenant, id string) (File, error) {
	record, err := s.store.AwardJob(ctx, tenant, id)
	if err == nil && record.State == storage.AwardReading {
		err = fmt.Errorf("reading bulk award: %w", storage.ErrNotFound)
	}
	if err != nil {
		return File{}, err
	}
	sheet, err := s.sheet(record)
	if err != nil {
		return File{}, err
	}
	opened, err := s.openSeal(record)
	if err != nil {
		return File{}, err
	}
	filter := rowsWithFaults
	filter.Sealed = true
	rows := [][]string{append(append([]string(nil), sheet.Headings...), "Reason")}
	err = s.eachRow(ctx, record, filter, func(row storage.AwardRow) (bool, error) {
		if row.Sealed == nil {
			return true, nil // erased
		}
		stood, err := opened.open(row)
		if err != nil {
			return false, err
		}
		rows = append(rows, append(stood.cells(sheet), reasons(row, sheet)))
		return true, nil
	})
	if err != nil {
		return File{}, err
	}
	return sheet.write(rows)
}

// cells are the cells of a row, as many as there are headings.
func (c contents) cells(sheet Sheet) []string {
	cells := make([]string, len(sheet.Headings))
	if c.Cells != nil {
		copy(cells, c.Cells)
		return cells
	}
	for _, column := range sheet.Columns {
		text := map[Field]string{
			FieldEmail: c.Email, FieldID: c.ID, FieldName: c.Name, FieldEvidence: c.Evidence,
			FieldValidFrom: day(c.ValidFrom), FieldValidUntil: day(c.ValidUntil), FieldAwardedDate: day(c.AwardedDate),
		}[column.Field]
		cells[column.Column-1] = text
	}
	return cells
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

func reasons(row storage.AwardRow, sheet Sheet) string {
	var all []string
	for _, fault := range row.Faults {
		text := reason(fault)
		if fault.Column > 0 && fault.Column <= len(sheet.Headings) {
			text = sheet.Headings[fault.Column-1] + ": " + text
		}
		all = append(all, text)
	}
	return "Row " + strconv.Itoa(row.Row) + ". " + strings.Join(all, " ")
}

var lines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// write makes a file of rows.
func (s Sheet) write(rows [][]string) (File, error) {
	var b bytes.Buffer
	if s.Format == "xlsx" {
		err := writeXLSX(&b, rows)
		return File{Name: "bad-rows.xlsx", MediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Data: b.Bytes()}, err
	}
	b.WriteString("\ufeff") // by which a spreadsheet knows that it is UTF-8
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	for _, separator := range []byte(separators) {
		if separatorName(separator) == s.Separator {
			w.Comma = rune(separator)
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			// One kind of line break: a lone carriage return would be left out.
			row[i] = inert(lines.Replace(cell))
		}
		if err := w.Write(row); err != nil {
			return File{}, fmt.Errorf("writing bad rows: %w", err)
		}
	}
	w.Flush()
	return File{Name: "bad-rows.csv", MediaType: "text/csv; charset=utf-8", Data: b.Bytes()}, w.Error()
}
