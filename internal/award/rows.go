package award

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"laurel/internal/issuer"
	"laurel/storage"
)

// Bounds of a file. A spreadsheet's cell has 32,767 characters at most.
const (
	maxFile      = 32 << 20
	maxRows      = 250_000
	maxColumns   = 256
	maxCell      = 1000
	maxCellBytes = 4 * 32767
	// headerRows is in how many rows at the top the headings are looked for:
	// some sheets have a title above them.
	headerRows = 10
)

// contents is what stands in a row, as it is sealed: of a good one what is
// awarded, of a bad one its cells, so that they can be given back.
type contents struct {
	Email       string    `json:"email,omitempty"`
	ID          string    `json:"id,omitempty"`
	Name        string    `json:"name,omitempty"`
	ValidFrom   time.Time `json:"validFrom,omitzero"`
	ValidUntil  time.Time `json:"validUntil,omitzero"`
	AwardedDate time.Time `json:"awardedDate,omitzero"`
	Evidence    string    `json:"evidence,omitempty"`
	Cells       []string  `json:"cells,omitempty"`
}

// request is the award of a row: what stands in it comes before the terms.
func (c contents) request(terms issuer.Request) issuer.Request {
	r := terms
	r.Recipient = issuer.Recipient{Email: c.Email, ID: c.ID, Name: c.Name}
	for _, date := range []struct {
		own  time.Time
		term *time.Time
	}{{c.ValidFrom, &r.ValidFrom}, {c.ValidUntil, &r.ValidUntil}, {c.AwardedDate, &r.AwardedDate}} {
		if !date.own.IsZero() {
			*date.term = date.own
		}
	}
	if c.Evidence != "" {
		evidence, err := json.Marshal(map[string]any{"id": c.Evidence, "type": []string{"Evidence"}})
		if err != nil {
			panic(err) // texts always encode
		}
		r.Evidence = append(r.Evidence[:len(r.Evidence):len(r.Evidence)], evidence)
	}
	return r
}

// row is a row on its way to the store.
type row struct {
	record
	contents  contents
	recipient issuer.Recipient // normalised; zero of a bad row
	stored    storage.AwardRow
}

// bad makes the row a bad one, or adds a fault to it.
func (r *row) bad(column int, code string) {
	r.stored.State = storage.RowBad
	for _, fault := range r.stored.Faults {
		if fault.Column == column { // the first says enough
			return
		}
	}
	r.stored.Faults = append(r.stored.Faults, storage.RowFault{Column: column, Code: code})
}

// take reads the cells of a row into its contents.
func (m mapping) take(rec record, width int) *row {
	r := &row{record: rec, stored: storage.AwardRow{Row: rec.row, State: storage.RowReady}}
	for i := width; i < len(rec.cells); i++ {
		if strings.TrimSpace(rec.cells[i]) != "" {
			r.bad(0, "row_too_wide")
		}
	}
	cells := make(map[Field]string)
	for _, c := range m.columns {
		if code := rec.faults[c.Column]; code != "" {
			r.bad(c.Column, code)
			continue
		}
		if c.Column <= len(rec.cells) {
			cells[c.Field] = r.cell(c, rec.cells[c.Column-1])
		}
	}
	// Quotation marks that do not fit may have moved every cell after them.
	for column, code := range rec.faults {
		if code == "quote_malformed" {
			r.bad(column, code)
		}
	}
	r.contents = contents{Email: cells[FieldEmail], ID: cells[FieldID], Name: cells[FieldName]}
	if r.contents.Name == "" {
		r.contents.Name = strings.Join(strings.Fields(cells[FieldGivenName]+" "+cells[FieldInfix]+" "+cells[FieldFamilyName]), " ")
	}
	r.contents.ValidFrom = r.date(m.column(FieldValidFrom), cells[FieldValidFrom], false)
	r.contents.ValidUntil = r.date(m.column(FieldValidUntil), cells[FieldValidUntil], true)
	r.contents.AwardedDate = r.date(m.column(FieldAwardedDate), cells[FieldAwardedDate], false)
	if page := cells[FieldEvidence]; page != "" {
		u, err := url.Parse(page)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
			r.bad(m.column(FieldEvidence), "evidence_malformed")
		}
		r.contents.Evidence = page
	}
	return r
}

// cell takes a cell over, trimmed and as it was before it was made inert.
func (r *row) cell(c Column, cell string) string {
	cell = plain(cell)
	switch {
	case utf8.RuneCountInString(cell) > maxCell:
		r.bad(c.Column, "cell_too_long")
	case formula(c.Field, cell):
		r.bad(c.Column, "formula")
	case c.Field == FieldName || c.Field == FieldGivenName || c.Field == FieldInfix || c.Field == FieldFamilyName:
		// A line break within a cell parts words like a space.
		return strings.Join(strings.Fields(cell), " ")
	}
	return cell
}

// blanks are what is left out at both ends of a cell.
const blanks = " \t\u00a0\r\n"

// inert keeps a spreadsheet from computing what stands in a cell of the file of
// bad rows.
func inert(cell string) string {
	if computes(cell) {
		return "'" + cell
	}
	return cell
}

// computes reports whether a spreadsheet might compute a cell, whatever it is
// for.
func computes(cell string) bool {
	return formula("", strings.TrimLeft(cell, blanks)) || cell != "" && strings.IndexByte("\t\r\n", cell[0]) >= 0
}

// plain is a cell trimmed and without what inert puts before it. What inert made
// of a cell is read as the cell is.
func plain(cell string) string {
	for {
		cell = strings.TrimLeft(cell, blanks)
		rest, ok := strings.CutPrefix(cell, "'")
		if !ok || !computes(rest) {
			return strings.TrimRight(cell, blanks)
		}
		cell = rest
	}
}

// formula reports whether a spreadsheet would compute what stands in a cell. An
// address may begin with a sign that makes a formula of a name.
func formula(field Field, cell string) bool {
	if cell == "" {
		return false
	}
	marks := "=@＝＠"
	if field != FieldEmail {
		marks += "+-＋－"
	}
	r, _ := utf8.DecodeRuneInString(cell)
	return strings.ContainsRune(marks, r)
}

func (r *row) date(column int, cell string, endOfDay bool) time.Time {
	if cell == "" {
		return time.Time{}
	}
	t, code := parseDate(cell, endOfDay)
	if code != "" {
		r.bad(column, code)
	}
	return t
}

// parseDate reads a date, which is its first second in UTC or its last, or a
// time with its zone. Day before month is understood with dots and dashes, and
// with slashes where it cannot be otherwise.
func parseDate(text string, endOfDay bool) (t time.Time, code string) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, ""
	}
	day, err := time.Parse(time.DateOnly, text)
	for _, layout := range []string{"2-1-2006", "2.1.2006"} {
		if err != nil {
			day, err = time.Parse(layout, text)
		}
	}
	if err != nil {
		dayFirst, errDay := time.Parse("2/1/2006", text)
		monthFirst, errMonth := time.Parse("1/2/2006", text)
		switch {
		case errDay == nil && errMonth == nil && !dayFirst.Equal(monthFirst):
			return time.Time{}, "date_ambiguous"
		case errDay == nil:
			day, err = dayFirst, nil
		case errMonth == nil:
			day, err = monthFirst, nil
		}
	}
	if err != nil {
		return time.Time{}, "date_malformed"
	}
	if endOfDay {
		day = day.AddDate(0, 0, 1).Add(-time.Second)
	}
	return day, ""
}

// judge has the issuer look at a row. A bad row, too, is found by whom it names,
// so that it goes when they are erased.
func (m mapping) judge(ctx context.Context, batch *issuer.Batch, terms issuer.Request, r *row) error {
	r.stored.Lookup = batch.Recognise(issuer.Recipient{Email: r.contents.Email, ID: r.contents.ID})
	if r.stored.State == storage.RowBad {
		return nil
	}
	recipient, err := batch.Judge(ctx, r.contents.request(terms))
	var fault *issuer.InvalidError
	if errors.As(err, &fault) {
		for _, v := range fault.Violations {
			r.bad(m.columnOf(v.Path), v.Code)
		}
		return nil
	}
	if err != nil {
		return err
	}
	r.recipient = recipient
	r.stored.Lookup = batch.Lookup(recipient)
	held, err := batch.Held(ctx, recipient)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil
	case err != nil:
		return err
	case held.State == storage.StateRevoked:
		r.bad(0, "revoked_before")
	default:
		r.stored.State, r.stored.Credential = storage.RowHeld, held.ID
	}
	return nil
}

// columnOf is the column that a path in an award request came from, 0 for none.
func (m mapping) columnOf(path string) int {
	for _, p := range []struct {
		prefix string
		fields []Field
	}{
		{"/recipient/email", []Field{FieldEmail}},
		{"/recipient/id", []Field{FieldID}},
		{"/recipient/name", []Field{FieldName, FieldFamilyName, FieldGivenName}},
		{"/recipient", []Field{FieldEmail, FieldID}},
		{"/validFrom", []Field{FieldValidFrom}},
		{"/validUntil", []Field{FieldValidUntil}},
		{"/awardedDate", []Field{FieldAwardedDate}},
		{"/evidence", []Field{FieldEvidence}},
	} {
		if path != p.prefix && !strings.HasPrefix(path, p.prefix+"/") {
			continue
		}
		for _, field := range p.fields {
			if column := m.column(field); column > 0 {
				return column
			}
		}
	}
	return 0
}
