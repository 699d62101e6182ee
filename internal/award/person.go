package award

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"laurel/internal/issuer"
	"laurel/storage"
)

// FindPerson is issuer.Service.FindPerson, and counts the rows of files that
// name the person. Somebody who has no badge and stands in a file is known, and
// has no subject; Since is the first upload.
func (s *Service) FindPerson(ctx context.Context, tenant string, who issuer.WhoIs) (issuer.Person, int, error) {
	names, err := s.issuer.Names(ctx, tenant, who)
	if err != nil {
		return issuer.Person{}, 0, err
	}
	rows := 0
	var first storage.AwardJob
	err = s.eachRowOf(ctx, tenant, names, func(job storage.AwardJob, _ storage.AwardRow) error {
		rows++
		if first.ID == "" || job.Created.Before(first.Created) {
			first = job
		}
		return nil
	})
	if err != nil {
		return issuer.Person{}, 0, err
	}
	person, err := s.issuer.FindPerson(ctx, tenant, who)
	if errors.Is(err, storage.ErrNotFound) && rows > 0 {
		return issuer.Person{Since: first.Created}, rows, nil
	}
	return person, rows, err
}

// ExportPerson is issuer.Service.ExportPerson with the rows of files that name
// the person. A row in which others stand too is given out whole.
func (s *Service) ExportPerson(ctx context.Context, caller issuer.Caller, who issuer.WhoIs) (issuer.PersonalData, error) {
	names, err := s.issuer.Names(ctx, caller.Tenant, who)
	if err != nil {
		return issuer.PersonalData{}, err
	}
	var rows []issuer.PersonalRow
	var sheet Sheet
	var of string // whose sheet it is
	err = s.eachRowOf(ctx, caller.Tenant, names, func(job storage.AwardJob, row storage.AwardRow) error {
		if job.State == storage.AwardReading {
			return nil
		}
		if of != job.ID {
			read, err := s.sheet(job)
			if err != nil {
				return err
			}
			sheet, of = read, job.ID
		}
		opened, err := s.openSeal(job)
		if err != nil {
			return err
		}
		stood, err := opened.open(row)
		if err != nil {
			return err
		}
		cells := stood.Cells // wider than the headings, too
		if cells == nil {
			cells = stood.cells(sheet)
		}
		rows = append(rows, issuer.PersonalRow{
			Award: job.ID, Row: row.Row, State: row.State, Uploaded: job.Created, Headings: sheet.Headings, Cells: cells,
		})
		return nil
	})
	if err != nil {
		return issuer.PersonalData{}, err
	}
	return s.issuer.ExportPerson(ctx, caller, who, rows...)
}

// eraseStep is how many rows are erased in one transaction.
const eraseStep = 500

// ErasePerson is issuer.Service.ErasePerson, and first erases the rows of files
// that name the person, bad ones too. Somebody who has no badge and stands in a
// file gets a receipt for the rows. What is interrupted is completed by asking
// again.
func (s *Service) ErasePerson(ctx context.Context, caller issuer.Caller, who issuer.WhoIs) (issuer.SignedReceipt, error) {
	names, err := s.issuer.Names(ctx, caller.Tenant, who)
	if err != nil {
		return issuer.SignedReceipt{}, err
	}
	erased := 0
	var job string
	var rows []int
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		erased += len(rows)
		err := s.store.EraseAwardRows(ctx, s.act(caller.Actor), caller.Tenant, job, rows)
		rows = rows[:0]
		return err
	}
	err = s.eachRowOf(ctx, caller.Tenant, names, func(of storage.AwardJob, row storage.AwardRow) error {
		if of.ID != job || len(rows) == eraseStep {
			if err := flush(); err != nil {
				return err
			}
		}
		job, rows = of.ID, append(rows, row.Row)
		return nil
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return issuer.SignedReceipt{}, err
	}
	receipt, err := s.issuer.ErasePerson(ctx, caller, who)
	if errors.Is(err, storage.ErrNotFound) && erased > 0 {
		return s.issuer.RowsReceipt(ctx, caller.Tenant, erased)
	}
	return receipt, err
}

// eachRowOf goes through the rows of a tenant's open jobs that name somebody:
// those found by Lookup, and bad and failed ones with the name in a cell. Rows
// whose award is being signed belong to the badge.
func (s *Service) eachRowOf(ctx context.Context, tenant string, names []issuer.Name, do func(storage.AwardJob, storage.AwardRow) error) error {
	if len(names) == 0 {
		return nil
	}
	open, err := s.store.OpenAwardJobs(ctx)
	if err != nil {
		return err
	}
	filter := storage.AwardRowFilter{Sealed: true, States: []storage.RowState{storage.RowReady, storage.RowBad, storage.RowFailed}}
	for _, job := range open {
		if job.Tenant != tenant || job.Key == nil {
			continue
		}
		opened, err := s.openSeal(job)
		if err != nil {
			return err
		}
		err = s.eachRow(ctx, job, filter, func(row storage.AwardRow) (bool, error) {
			if err := ctx.Err(); err != nil || row.Sealed == nil {
				return err == nil, err
			}
			theirs, err := opened.nameIn(row, names)
			if err == nil && theirs {
				err = do(job, row)
			}
			return err == nil, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// nameIn reports whether a row names somebody.
func (s seal) nameIn(row storage.AwardRow, names []issuer.Name) (bool, error) {
	for _, name := range names {
		if bytes.Equal(row.Lookup, name.Lookup) {
			return true, nil
		}
	}
	if row.State == storage.RowReady {
		return false, nil
	}
	stood, err := s.open(row)
	if err != nil {
		return false, err
	}
	for _, cell := range append(stood.Cells, stood.Email, stood.ID, stood.Name, stood.Evidence) {
		for _, name := range names {
			text, whose := legible(cell), strings.ToLower(name.Text)
			if contains(text, whose) || contains(joints.ReplaceAllString(text, "$1"), whose) {
				return true, nil
			}
		}
	}
	return false, nil
}

// joints are the places where a space slips into an address.
var joints = regexp.MustCompile(`\s*([@.:])\s*`)

// legible is a cell in small letters without what nobody sees.
func legible(cell string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, strings.ToLower(cell))
}

// contains reports whether a name stands in a text by itself: alice@example.org
// does not in malice@example.org.
func contains(text, name string) bool {
	for from := 0; name != ""; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(name)
		before, _ := utf8.DecodeLastRuneInString(text[:start])
		if !wordly(before) && !strings.ContainsRune(".+-_%", before) && !continues(text[end:]) {
			return true
		}
		from = start + 1
	}
	return false
}

// continues reports whether a name goes on in what comes after it.
func continues(rest string) bool {
	r, size := utf8.DecodeRuneInString(rest)
	next, _ := utf8.DecodeRuneInString(rest[size:])
	return size > 0 && (wordly(r) || strings.ContainsRune("-_", r) || strings.ContainsRune(".:/#?", r) && size < len(rest) && wordly(next))
}

func wordly(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}
