package award

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestBadRowsAgain: an address of the file of bad rows is the address that was
// sent, and no other person's.
func TestBadRowsAgain(t *testing.T) {
	w := newWorld(t)
	job := w.draft("email,name\n+1@example.org,=Bob\n-2@example.org,=Al\n=3@example.org,Z\n\"\t+4@example.org\",=Y\n")
	file, err := w.BadRows(t.Context(), caller.Tenant, job.ID)
	w.must(err)
	fixed := strings.NewReplacer("'=Bob", "Bob", "'=Al", "Al", "'=Y", "Y").Replace(string(file.Data))
	good, bad, _ := w.read(w.upload(fixed))
	if diff := cmp.Diff([]string{"2 +1@example.org|Bob", "3 -2@example.org|Al", "5 +4@example.org|Y"}, good); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"A4 formula"}, bad); diff != "" {
		t.Error(diff)
	}
}

// TestBadRowsRoundTrip: what is read from the file of bad rows is what was read
// from the file that was sent, whatever stands in the cells, save for the kind of
// line breaks; and nothing in it computes.
func TestBadRowsRoundTrip(t *testing.T) {
	cell := rapid.OneOf(
		rapid.StringOfN(rapid.SampledFrom([]rune("'=+-@＝＋－＠ \t\r\n\u00a0\"a1;,")), 0, 6, -1),
		rapid.StringMatching(`['\t ]{0,3}[=+@-]?[a-z0-9]{1,3}@example\.org`),
	)
	columns := []Column{{Field: FieldEmail, Column: 1}, {Field: FieldName, Column: 2}, {Field: FieldValidFrom, Column: 3}, {Field: FieldEvidence, Column: 4}}
	headings := []string{"email", "name", "valid from", "evidence", "note"}
	read := func(t *rapid.T, data []byte) [][]string {
		var rows [][]string
		table, err := openTable(t.Context(), Upload{Data: data})
		if err != nil {
			t.Fatal(err)
		}
		for {
			rec, ok, err := table.next(t.Context())
			if err != nil || !ok {
				return rows
			}
			var cells []string
			r := &row{}
			for _, column := range columns {
				cells = append(cells, lines.Replace(r.cell(column, rec.cells[column.Column-1])))
			}
			rows = append(rows, append(cells, lines.Replace(plain(rec.cells[4]))))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		row := []string{"1", "2", "3", "4", "5"}
		for i := range row {
			row[i] = cell.Draw(t, headings[i])
		}
		var sent strings.Builder
		w := csv.NewWriter(&sent)
		if err := w.WriteAll([][]string{headings, row}); err != nil {
			t.Fatal(err)
		}
		separator := rapid.SampledFrom([]string{"comma", "semicolon", "tab"}).Draw(t, "separator")
		sheet := Sheet{Format: "csv", Separator: separator, Headings: headings}
		table, err := openTable(t.Context(), Upload{Data: []byte(sent.String())})
		if err != nil {
			t.Fatal(err)
		}
		kept, ok, err := table.next(t.Context())
		if err != nil || !ok {
			t.Fatal("the row is gone", err)
		}
		file, err := sheet.write([][]string{
			append(append([]string(nil), headings...), "Reason"),
			append(contents{Cells: kept.cells}.cells(sheet), "Row 2."),
		})
		if err != nil {
			t.Fatal(err)
		}
		before, after := read(t, []byte(sent.String())), read(t, file.Data)
		if diff := cmp.Diff(before, after); diff != "" {
			t.Fatalf("%q became %q: %s", sent.String(), file.Data, diff)
		}
		again := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(file.Data), "\ufeff")))
		for _, end := range []byte(separators) {
			if separatorName(end) == separator {
				again.Comma = rune(end)
			}
		}
		rows, err := again.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range rows[1] {
			if formula("", strings.TrimLeft(cell, blanks)) {
				t.Fatalf("%q computes", cell)
			}
		}
	})
}
