package award

import (
	"archive/zip"
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

const sheetStart = `<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` +
	`<row r="1"><c r="A1" t="inlineStr"><is><t>email</t></is></c></row>`

// bomb is a workbook with another part, which is one text many times.
func bomb(t *testing.T, files map[string][]byte, name, before, text string, times int, after string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for other, data := range files {
		if other == name {
			continue
		}
		part, err := w.Create(other)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	const at = 1000
	chunk := []byte(strings.Repeat(text, at))
	_, err = part.Write([]byte(before))
	for i := 0; i < times && err == nil; i += at {
		_, err = part.Write(chunk[:len(text)*min(at, times-i)])
	}
	if err == nil {
		_, err = part.Write([]byte(after))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestSmallBombs: files of some kilobytes that would take gigabytes in memory
// are refused before that.
func TestSmallBombs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes its own time; `make plain` runs it")
	}
	files := unpacked(t, workbook(t, map[string]any{"A1": "email", "A2": "a@example.org"}, nil))
	const sheet = "xl/worksheets/sheet1.xml"
	const sst = `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`
	book := string(files["xl/workbook.xml"])
	beforeSheets, afterSheets, _ := strings.Cut(book, "</sheets>")
	rels := string(files["xl/_rels/workbook.xml.rels"])
	for _, test := range []struct {
		name, part, before, text string
		times                    int
		after, want              string
		most                     int // MiB allocated in all
	}{
		{"elements in elements", sheet, sheetStart, "<a>", 30_000_000, "", "workbook_damaged", 16},
		{"elements in elements that end", sheet, sheetStart, "<a>", 65, strings.Repeat("</a>", 65) + "</sheetData></worksheet>", "workbook_damaged", 16},
		{"a tag of attributes", sheet, sheetStart + "<row ", `a="" `, 19_000_000, "/></sheetData></worksheet>", "workbook_damaged", 32},
		{"a tag of 65 KiB", sheet, sheetStart + "<row ", `a="" `, 14_000, "/></sheetData></worksheet>", "workbook_damaged", 32},
		{"a long value", sheet, sheetStart + `<row a="`, "x>", 2_000_000, `"/></sheetData></worksheet>`, "workbook_damaged", 32},
		{"a long text", sheet, sheetStart + "<row>", "x ", 2_000_000, "</row></sheetData></worksheet>", "workbook_damaged", 32},
		{"a long comment", sheet, sheetStart + "<!--", "x>", 2_000_000, "--></sheetData></worksheet>", "workbook_damaged", 32},
		{"sheets", "xl/workbook.xml", beforeSheets, `<sheet name="" sheetId="1"/>`, 3_000_000, "</sheets>" + afterSheets, "workbook_too_large", 16},
		{"relationships", "xl/_rels/workbook.xml.rels", strings.TrimSuffix(rels, "</Relationships>"), "<Relationship/>", 300_000, "</Relationships>", "workbook_too_large", 64},
		{"relationships in each other", "_rels/.rels", `<?xml version="1.0"?>`, "<a>", 2_000_000, "", "workbook_damaged", 16},
		{"types", "[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">`, "<Default/>", 300_000, "</Types>", "workbook_too_large", 64},
		{"XML of another name", "xl/media/image1.png", " ", "<a>", 2_000_000, "", "workbook_damaged", 16},
		{"another encoding", "xl/media/image1.png", `<?xml version="1.0" encoding="x"?>`, "<a>", 20, "", "workbook_damaged", 16},
		{"strings", "xl/sharedStrings.xml", sst, "<si/>", 1_100_000, "</sst>", "workbook_too_large", 256},
		{"marks in a string", "xl/sharedStrings.xml", sst + "<si>", "<r/>", 2_600_000, "</si></sst>", "workbook_too_large", 512},
		{"cells far right", sheet, sheetStart, `<row><c r="XFD1"/></row>`, 5000, "</sheetData></worksheet>", "columns_too_many", 32},
		{"cells in a row", sheet, sheetStart + "<row>", "<c/>", 1_000_000, "</row></sheetData></worksheet>", "columns_too_many", 16},
		{"merged cells", sheet, sheetStart + "</sheetData><mergeCells>", "<mergeCell/>", 300_000, "</mergeCells></worksheet>", "workbook_too_large", 64},
		{"cells far right with a formula", sheet, sheetStart + "<row><c><f>1</f></c></row>", `<row><c r="XFD1"/></row>`, 2000, "</sheetData></worksheet>", "formulas_too_many", 32},
		{"a row far down with a formula", sheet, sheetStart + "<row><c><f>1</f></c></row>", `<row r="1048576"/>`, 1, "</sheetData></worksheet>", "formulas_too_many", 16},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := []byte(bomb(t, files, test.part, test.before, test.text, test.times, test.after))
			if len(data) > 1<<20 {
				t.Fatalf("%d bytes", len(data))
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := openXLSX(data, "")
			runtime.ReadMemStats(&after)
			if got := faultOf(t, invalid(err)); got != "/file "+test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if allocated := int(after.TotalAlloc-before.TotalAlloc) >> 20; allocated > test.most {
				t.Errorf("%d bytes took %d MiB", len(data), allocated)
			}
		})
	}
}

// TestWideRows: a cell far right makes its row a bad one, which is kept as
// narrow as it can be.
func TestWideRows(t *testing.T) {
	w := newWorld(t)
	data := workbook(t, map[string]any{"A1": "email", "A2": "a@example.org", "XFD2": "x", "A3": "b@example.org"}, nil)
	job, err := w.Draft(t.Context(), caller, Upload{Achievement: w.achievement, Data: []byte(data)})
	w.must(err)
	if job.BadRows != 1 || job.Valid != 1 || job.Bad[0].Code != "row_too_wide" || len(w.whole(job.ID)) > 2000 {
		t.Errorf("job %+v, %d bytes of rows", job, len(w.whole(job.ID)))
	}
}

// TestLargeWorkbook: what is large and honest is read.
func TestLargeWorkbook(t *testing.T) {
	file := excelize.NewFile()
	sheet, err := file.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4000 {
		name, _ := excelize.CoordinatesToCellName(1, i+1)
		row := []any{fmt.Sprintf("a%d@example.org", i), strings.Repeat("é", 300), excelize.Cell{Formula: "1+1", Value: 2}, nil, "x"}
		if i == 0 {
			row = []any{"email", "name", "sum", "", "note"}
		}
		if err := sheet.SetRow(name, row); err != nil {
			t.Fatal(err)
		}
	}
	if err := sheet.Flush(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := file.Write(&b); err != nil {
		t.Fatal(err)
	}
	var checked archiveCheck
	if err := checked.check(b.Bytes()); err != nil || !checked.formulas {
		t.Errorf("%+v, %v", checked, err)
	}
}
