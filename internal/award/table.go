package award

import (
	"bytes"
	"context"
	"slices"
	"strings"
)

// Sheet describes a file as it was read.
type Sheet struct {
	// Name is that of the file, for people.
	Name string `json:"name,omitempty"`
	// Format is "csv" or "xlsx".
	Format string `json:"format"`
	// Encoding and Separator are those of a CSV file, the latter a word.
	Encoding  string `json:"encoding,omitempty"`
	Separator string `json:"separator,omitempty"`
	// Sheet is the name of the sheet in a workbook.
	Sheet string `json:"sheet,omitempty"`
	// HeadingRow is the row with the headings.
	HeadingRow int `json:"headingRow"`
	// Columns say where the fields were found; Ignored are the headings of the
	// columns that hold none.
	Columns []Column `json:"columns"`
	Ignored []string `json:"ignored,omitempty"`
	// Formulas are how many cells are formulas whose saved value was taken,
	// Hidden how many rows are hidden in the spreadsheet and were read like the
	// others.
	Formulas int `json:"formulas,omitempty"`
	Hidden   int `json:"hidden,omitempty"`
	// Headings are all headings.
	Headings []string `json:"headings"`
}

// table is an open file: its headings were found, its rows can be read once.
type table struct {
	sheet   Sheet
	mapping mapping
	csv     *csvReader
	xlsx    *xlsxReader
}

// openTable finds out what a file is and where its fields are. The error is a
// *fileError.
func openTable(ctx context.Context, upload Upload) (*table, error) {
	data := upload.Data
	if len(data) > maxFile {
		return nil, fileFault("file_too_large")
	}
	t := &table{sheet: Sheet{Name: upload.Name}}
	var err error
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, fileFault("file_empty")
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		t.sheet.Format = "xlsx"
		if t.xlsx, err = openXLSX(data, upload.Sheet); err != nil {
			return nil, err
		}
		t.sheet.Sheet = t.xlsx.sheet
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return nil, fileFault("format_old")
	default:
		decoded, err := readText(data, upload.Encoding)
		if err != nil {
			return nil, err
		}
		if start := bytes.TrimSpace(decoded.data); len(start) > 0 && (start[0] == '<' || bytes.HasPrefix(start, []byte("%PDF-"))) {
			return nil, fileFault("format_unknown")
		}
		t.csv = openCSV(decoded, recognised)
		t.sheet.Format, t.sheet.Encoding, t.sheet.Separator = "csv", decoded.encoding, separatorName(t.csv.separator)
	}
	if err := t.findHeadings(ctx, upload.Columns); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// findHeadings takes the first row at the top by which it can be told who gets
// the badge.
func (t *table) findHeadings(ctx context.Context, said map[Field]string) error {
	var first error
	for seen := 0; seen < headerRows; {
		rec, ok, err := t.next(ctx)
		switch {
		case err != nil:
			return err
		case !ok && first == nil:
			return fileFault("file_empty")
		case !ok:
			return first
		case rec.blank():
			continue
		}
		seen++
		if t.csv != nil { // it may be a file of bad rows
			for i, cell := range rec.cells {
				rec.cells[i] = plain(cell)
			}
		}
		if len(rec.cells) > maxColumns {
			return fileFault("columns_too_many")
		}
		found, err := mapColumns(rec.cells, said)
		if err == nil && !found.whom() {
			err = fileFault("column_missing")
		}
		if err == nil {
			t.mapping = found
			t.sheet.HeadingRow, t.sheet.Columns, t.sheet.Ignored = rec.row, found.columns, found.ignored
			t.sheet.Headings = trimmed(rec.cells)
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// trimmed leaves out the empty cells at the end of a row.
func trimmed(cells []string) []string {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return slices.Clone(cells)
}

// next returns the next row of the file, a blank one too.
func (t *table) next(ctx context.Context) (record, bool, error) {
	if err := ctx.Err(); err != nil {
		return record{}, false, err
	}
	if t.csv != nil {
		rec, ok := t.csv.next()
		return rec, ok, nil
	}
	rec, ok, err := t.xlsx.next()
	for _, c := range t.mapping.columns {
		if c.Column > len(rec.cells) {
			continue
		}
		switch cell := strings.TrimSpace(rec.cells[c.Column-1]); {
		case slices.Contains(formulaErrors, cell):
			rec.fault(c.Column, "formula_error")
		case c.Field == FieldValidFrom || c.Field == FieldValidUntil || c.Field == FieldAwardedDate:
			rec.cells[c.Column-1] = dateOfSerial(cell)
		}
	}
	return rec, ok, err
}

// rows reads the next rows that are not blank, at most limit of them; none at
// the end.
func (t *table) rows(ctx context.Context, limit int) ([]*row, error) {
	var rows []*row
	for len(rows) < limit {
		rec, ok, err := t.next(ctx)
		if err != nil || !ok {
			return rows, err
		}
		// A formula without a value is something, though it looks like nothing.
		if rec.blank() && len(rec.faults) == 0 {
			continue
		}
		rows = append(rows, t.mapping.take(rec, len(t.sheet.Headings)))
	}
	return rows, nil
}

// finish adds to the description what is known at the end.
func (t *table) finish() Sheet {
	if t.xlsx != nil {
		t.sheet.Formulas, t.sheet.Hidden = t.xlsx.taken, t.xlsx.hidden
	}
	return t.sheet
}

func (t *table) close() {
	if t.xlsx != nil {
		_ = t.xlsx.close() // only read
	}
}
