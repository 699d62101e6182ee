package award

import (
	"bytes"
	"context"
	"encoding/csv"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzReader: whatever the bytes, reading ends, nothing panics, every row that
// is not blank comes out once with its number, and a cell that has no fault is
// clean text. What is RFC 4180 in UTF-8 is read as the standard library reads it.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"", "email\n", "email,name\na@example.org,A\n", "\ufeffemail;name\r\n\"a\r\nb\";\"c\"\"d\"\r\n", "sep=;\nemail;x\n1;2\n",
		"email\tname\na\t\"b\n", "\xff\xfee\x00m\x00a\x00i\x00l\x00\n\x00a\x00", "e\x00m\x00a\x00i\x00l\x00,\x00x\x00\n\x00", "email,name\na,Zo\xeb\n",
		"email\ra\rb", "email,\"na\"me\"\n1,2,3\n", "PK\x03\x04", "\"\"\"\n\"\"\"x\n\"", "email,\x81\x8d\n", "a,b\n=1,+2\n\n,\n",
	} {
		f.Add([]byte(seed), "")
	}
	f.Add([]byte("email,name\na,\x8f\xe1\n"), "shift_jis")
	f.Fuzz(func(t *testing.T, data []byte, encoding string) {
		table, err := openTable(context.Background(), Upload{Data: data, Encoding: encoding})
		if err != nil {
			return
		}
		defer table.close()
		if table.csv == nil {
			return // workbooks are the library's to fuzz
		}
		before := table.sheet.HeadingRow
		for {
			rows, err := table.rows(context.Background(), 100)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) == 0 {
				break
			}
			for _, row := range rows {
				if row.row <= before {
					t.Fatalf("row %d after %d", row.row, before)
				}
				before = row.row
				for i, cell := range row.cells {
					if row.faults[i+1] == "" && (!utf8.ValidString(cell) || strings.ContainsRune(cell, utf8.RuneError)) {
						t.Fatalf("cell %q of row %d is taken for text", cell, row.row)
					}
				}
			}
		}
		if lines := bytes.Count(table.csv.text.data, []byte("\n")) + bytes.Count(table.csv.text.data, []byte("\r")) + 1; before > lines {
			t.Fatalf("row %d of %d lines", before, lines)
		}
		agrees(t, table.csv)
	})
}

// agrees compares with the standard library, where that takes the text at all
// and does not read a lone carriage return its own way.
func agrees(t *testing.T, r *csvReader) {
	plain := strings.ReplaceAll(string(r.text.data), "\r\n", "\n")
	if strings.ContainsRune(plain, '\r') || !utf8.ValidString(plain) {
		return
	}
	standard := csv.NewReader(strings.NewReader(plain))
	standard.Comma, standard.FieldsPerRecord = rune(r.separator), -1
	want, err := standard.ReadAll()
	if err != nil {
		return
	}
	ours := &csvReader{text: text{data: []byte(plain), encoding: utf8Name}, separator: r.separator}
	for n := 0; ; {
		rec, ok := ours.next()
		if !ok {
			if n != len(want) {
				t.Fatalf("%d rows, the standard library reads %d", n, len(want))
			}
			return
		}
		if len(rec.cells) == 1 && rec.cells[0] == "" {
			continue // which the standard library passes over, save `""`
		}
		if len(rec.cells) > maxColumns {
			return
		}
		for n < len(want) && len(want[n]) == 1 && want[n][0] == "" {
			n++
		}
		if n == len(want) || strings.Join(rec.cells, "\x00") != strings.Join(want[n], "\x00") {
			t.Fatalf("row %d is %q", rec.row, rec.cells)
		}
		n++
		for n < len(want) && len(want[n]) == 1 && want[n][0] == "" {
			n++
		}
	}
}
