package award

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	uencoding "golang.org/x/text/encoding/unicode"

	"laurel/internal/issuer"
	"laurel/storage"
)

// read is what becomes of a file: "row email|name" of each good row, and
// "cell code" of each fault.
func (w *world) read(upload Upload) (good, bad []string, sheet Sheet) {
	w.Helper()
	job, err := w.Draft(w.Context(), caller, upload)
	w.must(err)
	record, err := w.store.AwardJob(w.Context(), caller.Tenant, job.ID)
	w.must(err)
	opened, err := w.openSeal(record)
	w.must(err)
	w.must(w.eachRow(w.Context(), record, storage.AwardRowFilter{Sealed: true}, func(row storage.AwardRow) (bool, error) {
		if row.State == storage.RowReady {
			stood, err := opened.open(row)
			w.must(err)
			good = append(good, fmt.Sprintf("%d %s%s|%s", row.Row, stood.Email, stood.ID, stood.Name))
		}
		return true, nil
	}))
	for _, cell := range job.Bad {
		bad = append(bad, fmt.Sprintf("%s%d %s", cell.Letter, cell.Row, cell.Code))
		if cell.Reason == "" || strings.Contains(cell.Reason, "_") {
			w.Errorf("reason %q of %s", cell.Reason, cell.Code)
		}
	}
	if job.Total != len(good)+job.BadRows+job.AlreadyAwarded || job.Valid != len(good) {
		w.Errorf("counts %+v of %v", job, good)
	}
	return good, bad, *job.Sheet
}

func encoded(t *testing.T, to encoding.Encoding, text string) string {
	t.Helper()
	out, err := to.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestText(t *testing.T) {
	w := newWorld(t)
	plain := "E-mail;Naam\njose@example.org;José Ñúñez\nzoe@example.org;Zoë d’Hondt\n"
	foreign := "email,name\nali@example.org,محمد علي\nli@example.org,李小龍\nanna@example.org,Анна\n"
	utf16 := func(order uencoding.Endianness, bom uencoding.BOMPolicy) encoding.Encoding {
		return uencoding.UTF16(order, bom)
	}
	plainRows := []string{"2 jose@example.org|José Ñúñez", "3 zoe@example.org|Zoë d’Hondt"}
	foreignRows := []string{"2 ali@example.org|محمد علي", "3 li@example.org|李小龍", "4 anna@example.org|Анна"}
	for _, test := range []struct {
		name, data, said, encoding string
		good, bad                  []string
	}{
		{"UTF-8", plain, "", "UTF-8", plainRows, nil},
		{"UTF-8 with BOM", "\ufeff" + plain, "", "UTF-8", plainRows, nil},
		{"Windows-1252", encoded(t, charmap.Windows1252, plain), "", "Windows-1252", plainRows, nil},
		{"UTF-16LE with BOM", encoded(t, utf16(uencoding.LittleEndian, uencoding.UseBOM), foreign), "", "UTF-16LE", foreignRows, nil},
		{"UTF-16BE with BOM", encoded(t, utf16(uencoding.BigEndian, uencoding.UseBOM), foreign), "", "UTF-16BE", foreignRows, nil},
		{"UTF-16LE", encoded(t, utf16(uencoding.LittleEndian, uencoding.IgnoreBOM), foreign), "", "UTF-16LE", foreignRows, nil},
		{"UTF-16BE", encoded(t, utf16(uencoding.BigEndian, uencoding.IgnoreBOM), foreign), "", "UTF-16BE", foreignRows, nil},
		{"Arabic and Chinese", foreign, "", "UTF-8", foreignRows, nil},
		{
			"UTF-8 with a row of Windows-1252", "email,name\na@example.org,Zoë\nb@example.org,Zo\xeb\nc@example.org,José\n", "", "UTF-8",
			[]string{"2 a@example.org|Zoë", "4 c@example.org|José"},
			[]string{"B3 encoding_malformed"},
		},
		{
			"Windows-1252 with a row of UTF-8", "email,name\na@example.org,Zo\xeb\nb@example.org,Zoë\nc@example.org,Jos\xe9\nd@example.org,Andr\xe9\n", "", "Windows-1252",
			[]string{"2 a@example.org|Zoë", "4 c@example.org|José", "5 d@example.org|André"},
			[]string{"B3 encoding_doubtful"},
		},
		{
			"a byte that Windows-1252 has not", "email,name\na@example.org,Zo\xeb\nb@example.org,Zo\x81\n", "", "Windows-1252",
			[]string{"2 a@example.org|Zoë"},
			[]string{"B3 encoding_malformed"},
		},
		{
			"Arabic in Windows-1256", encoded(t, charmap.Windows1256, "email,name\na@example.org,محمود أحمد\n"), "", "Windows-1252", nil,
			[]string{"B2 encoding_doubtful"},
		},
		{
			"Arabic in Windows-1256, said", encoded(t, charmap.Windows1256, "email,name\na@example.org,محمود أحمد\n"), "windows-1256", "windows-1256",
			[]string{"2 a@example.org|محمود أحمد"},
			nil,
		},
		{
			"Chinese in GBK", encoded(t, simplifiedchinese.GBK, "email,name\na@example.org,李小龙\n"), "", "Windows-1252", nil,
			[]string{"B2 encoding_doubtful"},
		},
		{
			"Chinese in GBK, said", encoded(t, simplifiedchinese.GBK, "email,name\na@example.org,李小龙\n"), "gbk", "gbk",
			[]string{"2 a@example.org|李小龙"},
			nil,
		},
		{
			"Icelandic in Windows-1252", encoded(t, charmap.Windows1252, "email,name\na@example.org,Þóra Þjóðólfsdóttir\n"), "", "Windows-1252",
			[]string{"2 a@example.org|Þóra Þjóðólfsdóttir"},
			nil,
		},
		{"half a character of UTF-16", "\xff\xfe" + encoded(t, utf16(uencoding.LittleEndian, uencoding.IgnoreBOM), "email,name\na@example.org,x") + "\x00\xd8", "", "UTF-16LE", nil, []string{"B2 encoding_malformed"}},
		{"U+FFFD", "email,name\na@example.org,Zo\ufffd\n", "", "UTF-8", nil, []string{"B2 encoding_malformed"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.TB = t
			upload := w.upload(test.data)
			upload.Encoding = test.said
			good, bad, sheet := w.read(upload)
			if diff := cmp.Diff(test.good, good); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.bad, bad); diff != "" {
				t.Error(diff)
			}
			if sheet.Encoding != test.encoding {
				t.Errorf("read as %s", sheet.Encoding)
			}
		})
	}
}

func TestRows(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name, data, separator string
		good, bad             []string
	}{
		{
			"quotes, separators and newlines in cells", "name,email\r\n\"O'Brien, \"\"Pat\"\"\",pat@example.org\r\n\"Mary\r\nAnn\",mary@example.org\r\nJo,jo@example.org\r\n", "comma",
			[]string{`2 pat@example.org|O'Brien, "Pat"`, "3 mary@example.org|Mary Ann", "4 jo@example.org|Jo"},
			nil,
		},
		{
			"semicolons", "name;email\n\"Li; X\";a@example.org\nA, B;b@example.org\n", "semicolon",
			[]string{"2 a@example.org|Li; X", "3 b@example.org|A, B"},
			nil,
		},
		{"tabs", "name\temail\nA, B; C\ta@example.org\n", "tab", []string{"2 a@example.org|A, B; C"}, nil},
		{"what the file says", "sep=;\r\nemail;name\r\na@example.org;A\r\n", "semicolon", []string{"2 a@example.org|A"}, nil},
		{"lines of an old Mac", "email,name\ra@example.org,A\rb@example.org,B", "comma", []string{"2 a@example.org|A", "3 b@example.org|B"}, nil},
		{
			"blank rows count", "\n\nemail,name\n\na@example.org,A\n,\n  , \nb@example.org,B\n\n\n", "comma",
			[]string{"5 a@example.org|A", "8 b@example.org|B"},
			nil,
		},
		{"a title above", "Participants 2026,,\n,,\nname,e-mail address,\nA,a@example.org,\n", "comma", []string{"4 a@example.org|A"}, nil},
		{"addresses alone", "e-mail\na@example.org\nb@example.org\n", "comma", []string{"2 a@example.org|", "3 b@example.org|"}, nil},
		{
			"rows of another width", "email,name\na@example.org\nb@example.org,B,\nc@example.org,C,x\n", "comma",
			[]string{"2 a@example.org|", "3 b@example.org|B"},
			[]string{"4 row_too_wide"},
		},
		{
			"a quotation mark that is not closed", "email,name\na@example.org,\"A\nb@example.org,B\nc@example.org,C\n", "comma",
			[]string{"3 b@example.org|B", "4 c@example.org|C"},
			[]string{"B2 quote_malformed"},
		},
		{
			"quotation marks that do not fit", "email,name\na@example.org,\"A\" x\nb@example.org, \"B\"\nc@example.org,C \"Cee\" C\nd@example.org,\"D\nD\" x,\n", "comma",
			[]string{`4 c@example.org|C "Cee" C`},
			[]string{"B2 quote_malformed", "B3 quote_malformed", "B5 quote_malformed", "A6 email_malformed"},
		},
		{
			"formulas", "email,name\na@example.org,=HYPERLINK(\"http://x\")\nb@example.org,+B\nc@example.org,@C\nd@example.org,-D\ne@example.org,＝E\n=a@example.org,F\n+g@example.org,G\nh@example.org,'=H\ni@example.org,\t=I\n", "comma",
			[]string{"8 +g@example.org|G"},
			[]string{"B2 formula", "B3 formula", "B4 formula", "B5 formula", "B6 formula", "A7 formula", "B9 formula", "B10 formula"},
		},
		{
			"the same person twice", "email,name\na@example.org,A\nA@Example.org ,A\nb@example.org,B\n\na@example.org,A\n", "comma",
			[]string{"2 a@example.org|A", "4 b@example.org|B"},
			[]string{"A3 duplicate", "A6 duplicate"},
		},
		{
			"a row that is bad is nobody's first", "email,awarded\na@example.org,nonsense\na@example.org,2026-01-01\n", "comma",
			[]string{"3 a@example.org|"},
			[]string{"B2 date_malformed"},
		},
		{
			"recipients", "email,did,name\n,did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK,K\na@example.org,did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK,L\n,,M\n,no uri,N\n,mailto:o@example.org,O\n", "comma",
			[]string{"2 did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK|K"},
			[]string{"A3 recipient_ambiguous", "A4 recipient_missing", "B5 uri_malformed", "B6 recipient_exposed"},
		},
		{
			"names in parts", "Voornaam;Tussenvoegsel;Achternaam;E-mailadres\nJan;van der;Berg;a@example.org\n Eva ;; Bos;b@example.org\n", "semicolon",
			[]string{"2 a@example.org|Jan van der Berg", "3 b@example.org|Eva Bos"},
			nil,
		},
		{
			"dates", "email;geldig tot\na@example.org;2031-12-31\nb@example.org;31-12-2031\nc@example.org;31/12/2031\nd@example.org;3/4/2031\ne@example.org;2031-02-30\nf@example.org;2020-01-01\ng@example.org;2031-12-31T12:00:00+01:00\n", "semicolon",
			[]string{"2 a@example.org|", "3 b@example.org|", "4 c@example.org|", "8 g@example.org|"},
			[]string{"B5 date_ambiguous", "B6 date_malformed", "B7 period_past"},
		},
		{
			"evidence", "email,evidence\na@example.org,https://example.org/x\nb@example.org,javascript:alert(1)\nc@example.org,example.org\n", "comma",
			[]string{"2 a@example.org|"},
			[]string{"B3 evidence_malformed", "B4 evidence_malformed"},
		},
		{
			"names that are none", "email,name\na@example.org,a\u202eb\nb@example.org," + strings.Repeat("x", 201) + "\nc@example.org," + strings.Repeat("x", 1001) + "\n", "comma", nil,
			[]string{"B2 name_malformed", "B3 name_malformed", "B4 cell_too_long"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.TB = t
			good, bad, sheet := w.read(w.upload(test.data))
			if diff := cmp.Diff(test.good, good); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.bad, bad); diff != "" {
				t.Error(diff)
			}
			if sheet.Separator != test.separator {
				t.Errorf("separated by %s", sheet.Separator)
			}
		})
	}
}

func TestColumns(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name, data string
		said       map[Field]string
		want       string // columns, or the path and code of the fault
	}{
		{"recognised", "Nr,Full name,E-Mail Address\n1,A,a@example.org\n", nil, "email C, name B; ignored Nr"},
		{"said", "Adres,Wie\na@example.org,A\n", map[Field]string{FieldEmail: "Adres"}, "email A; ignored Wie"},
		{"said by letter", "Adres,Wie\na@example.org,A\n", map[Field]string{FieldEmail: "A", FieldName: "B"}, "email A, name B; ignored "},
		{"said to be none", "email,name\na@example.org,A\n", map[Field]string{FieldName: ""}, "email A; ignored name"},
		{"said otherwise", "email,e-mail\na@example.org,b@example.org\n", map[Field]string{FieldEmail: "e-mail"}, "email B; ignored email"},
		{"two that could be", "email,e-mail\na@example.org,b@example.org\n", nil, "/column column_ambiguous"},
		{"two of that heading", "x,x\na@example.org,b@example.org\n", map[Field]string{FieldEmail: "x"}, "/column column_ambiguous"},
		{"none that is", "a@example.org,A\nb@example.org,B\n", nil, "/column column_missing"},
		{"none of that heading", "email\na@example.org\n", map[Field]string{FieldEmail: "mail"}, "/column column_unknown"},
		{"no such field", "email\na@example.org\n", map[Field]string{"e-mail": "email"}, "/column field_unknown"},
	} {
		t.Run(test.name, func(t *testing.T) {
			upload := w.upload(test.data)
			upload.Columns = test.said
			job, err := w.Draft(t.Context(), caller, upload)
			got := faultOf(t, err)
			if err == nil {
				var columns []string
				for _, c := range job.Sheet.Columns {
					columns = append(columns, string(c.Field)+" "+c.Letter)
				}
				got = strings.Join(columns, ", ") + "; ignored " + strings.Join(job.Sheet.Ignored, ", ")
				got = strings.TrimSuffix(got, "")
			}
			if got != test.want && got != strings.TrimSuffix(test.want, "; ignored") {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// faultOf is the path and code of the one violation of an error.
func faultOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var invalid *issuer.InvalidError
	if !errors.As(err, &invalid) || len(invalid.Violations) != 1 || invalid.Violations[0].Message == "" {
		t.Fatalf("error %v", err)
	}
	return invalid.Violations[0].Path + " " + invalid.Violations[0].Code
}

func TestRefusedFiles(t *testing.T) {
	w := newWorld(t)
	wide := strings.Repeat(",", 256) + "email\n"
	for name, test := range map[string]struct {
		data string
		want string
	}{
		"nothing":             {"", "/file file_empty"},
		"blanks":              {"\n \n", "/file file_empty"},
		"headings alone":      {"email,name\n", "/file file_empty"},
		"a picture":           {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "/file format_unknown"},
		"a page":              {"<html><table><tr><td>email</td></tr></table></html>", "/file format_unknown"},
		"a PDF":               {"%PDF-1.7\n1 0 obj", "/file format_unknown"},
		"an old workbook":     {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on", "/file format_old"},
		"UTF-32":              {"\xff\xfe\x00\x00e\x00\x00\x00", "/encoding encoding_unknown"},
		"too many columns":    {wide + "x\n", "/file columns_too_many"},
		"too large":           {strings.Repeat("a@example.org\n", maxFile/14+1), "/file file_too_large"},
		"a zip that is none":  {"PK\x03\x04nonsense", "/file workbook_damaged"},
		"a zip of other kind": {archive(t, map[string][]byte{"mimetype": []byte("application/vnd.oasis.opendocument.spreadsheet")}), "/file workbook_damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Draft(t.Context(), caller, w.upload(test.data))
			if got := faultOf(t, err); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	jobs, _, err := w.Jobs(t.Context(), caller.Tenant, storage.Page{})
	if err != nil || len(jobs) != 0 {
		t.Errorf("refused files left %v, %v", jobs, err)
	}
	open, err := w.store.OpenAwardJobs(t.Context())
	if err != nil || len(open) != 0 {
		t.Errorf("refused files left open %v, %v", open, err)
	}
}

func TestRefusedUploads(t *testing.T) {
	w := newWorld(t)
	for name, test := range map[string]struct {
		change func(*Upload)
		want   string
	}{
		"achievement":  {func(u *Upload) { u.Achievement = "nothing" }, "/achievement achievement_unknown"},
		"encoding":     {func(u *Upload) { u.Encoding = "ebcdic" }, "/encoding encoding_unknown"},
		"replacement":  {func(u *Upload) { u.Encoding = "iso-2022-kr" }, "/encoding encoding_unknown"},
		"visibility":   {func(u *Upload) { u.Terms.Visibility = "all" }, "/visibility visibility_unknown"},
		"valid until":  {func(u *Upload) { u.Terms.ValidUntil = w.clockNow().Add(-time.Hour) }, "/validUntil period_past"},
		"claim days":   {func(u *Upload) { u.ClaimDays = -1 }, "/claimDays claim_days_malformed"},
		"claim for ev": {func(u *Upload) { u.ClaimDays = 1 << 40 }, "/claimDays claim_days_malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			upload := w.upload(people(1))
			test.change(&upload)
			_, err := w.Draft(t.Context(), caller, upload)
			if got := faultOf(t, err); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func archive(t testing.TB, files map[string][]byte) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range files {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// workbook makes a workbook of cells by their names; a cell that begins with
// "=" is a formula, whose value is what follows " -> ", or not saved.
func workbook(t testing.TB, cells map[string]any, change func(*excelize.File)) string {
	t.Helper()
	file := excelize.NewFile()
	defer file.Close()
	saved := map[string]string{}
	for name, value := range cells {
		text, _ := value.(string)
		source, result, _ := strings.Cut(text, " -> ")
		err := file.SetCellValue("Sheet1", name, value)
		if strings.HasPrefix(text, "=") {
			err = errors.Join(file.SetCellValue("Sheet1", name, nil), file.SetCellFormula("Sheet1", name, source[1:]))
			saved[name] = result
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if change != nil {
		change(file)
	}
	data, err := file.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	files := unpacked(t, data.String())
	const sheet = "xl/worksheets/sheet1.xml"
	for name, result := range saved {
		if result == "" {
			continue
		}
		formula := regexp.MustCompile(`<c r="` + name + `"[^>]*>(<f>[^<]*</f>)(<v></v>)?</c>`)
		if !formula.Match(files[sheet]) {
			t.Fatalf("no formula at %s in %s", name, files[sheet])
		}
		files[sheet] = formula.ReplaceAll(files[sheet], []byte(`<c r="`+name+`" t="str">$1<v>`+result+`</v></c>`))
	}
	return archive(t, files)
}

func unpacked(t testing.TB, data string) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err == nil {
			files[f.Name], err = io.ReadAll(r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestWorkbook(t *testing.T) {
	w := newWorld(t)
	data := workbook(t, map[string]any{
		"A1": "Deelnemers 2026",
		"A3": "Naam", "B3": "E-mail", "C3": "Geldig tot", "D3": "Opmerking",
		"A4": "محمد علي", "B4": "ali@example.org", "C4": time.Date(2031, 12, 31, 0, 0, 0, 0, time.UTC),
		"A5": "Zoë\nd’Hondt", "B5": `=LOWER("ZOE@EXAMPLE.ORG") -> zoe@example.org`, "D5": "=1+1",
		"A7": "=UPPER(A4)", "B7": "li@example.org",
		"A8": "=NA() -> #N/A", "B8": "na@example.org",
		"A9": "Nobody", "B9": "#REF!",
		"A10": "Text", "B10": "text@example.org", "C10": "31-12-2031",
		"A11": "=B4", "A12": "Ali", "B12": "ALI@example.org",
		"A13": "-Minus", "B13": "minus@example.org", "A14": 1234, "B14": "n@example.org",
		"F15": "beside", "A15": "B", "B15": "beside@example.org",
	}, func(file *excelize.File) {
		for _, err := range []error{file.SetRowVisible("Sheet1", 10, false)} {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	good, bad, sheet := w.read(Upload{Achievement: w.achievement, Name: "people.xlsx", Data: []byte(data)})
	if diff := cmp.Diff([]string{
		"4 ali@example.org|محمد علي", "5 zoe@example.org|Zoë d’Hondt", "10 text@example.org|Text", "14 n@example.org|1234",
	}, good); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		"A7 formula_unsaved", "A8 formula_error", "B9 formula_error", "A11 formula_unsaved", "B12 duplicate", "A13 formula", "15 row_too_wide",
	}, bad); diff != "" {
		t.Error(diff)
	}
	if sheet.Format != "xlsx" || sheet.Sheet != "Sheet1" || sheet.HeadingRow != 3 || sheet.Hidden != 1 || sheet.Formulas != 2 {
		t.Errorf("sheet %+v", sheet)
	}
}

func TestSheets(t *testing.T) {
	w := newWorld(t)
	data := workbook(t, map[string]any{"A1": "email", "A2": "first@example.org"}, func(file *excelize.File) {
		for _, name := range []string{"Second", "Third"} {
			_, err := file.NewSheet(name)
			w.must(err)
			w.must(file.SetSheetRow(name, "A1", &[]any{"email"}))
			w.must(file.SetSheetRow(name, "A2", &[]any{strings.ToLower(name) + "@example.org"}))
		}
		file.SetActiveSheet(2)
		w.must(file.SetSheetVisible("Sheet1", false))
	})
	for sheet, want := range map[string]string{"": "2 second@example.org|", "Third": "2 third@example.org|"} {
		good, _, _ := w.read(Upload{Achievement: w.achievement, Data: []byte(data), Sheet: sheet})
		if diff := cmp.Diff([]string{want}, good); diff != "" {
			t.Error(diff)
		}
	}
	for _, sheet := range []string{"Fourth", "Sheet1"} {
		_, err := w.Draft(t.Context(), caller, Upload{Achievement: w.achievement, Data: []byte(data), Sheet: sheet})
		if got := faultOf(t, err); got != "/sheet sheet_unknown" {
			t.Errorf("%s: %s", sheet, got)
		}
	}
}

// TestBombs: an archive that would not stop is not unpacked.
func TestBombs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes its own time; `make plain` runs it")
	}
	w := newWorld(t)
	honest := workbook(t, map[string]any{"A1": "email", "A2": "a@example.org"}, nil)
	files := unpacked(t, honest)
	with := func(name string, data []byte) string {
		changed := map[string][]byte{}
		for k, v := range files {
			changed[k] = v
		}
		changed[name] = data
		return archive(t, changed)
	}
	big := slices.Concat([]byte("<sheet>"), bytes.Repeat([]byte("<row/>"), maxUnpacked/6+1), []byte("</sheet>"))
	cells := `<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`
	lying := []byte(with("xl/worksheets/sheet1.xml", big))
	patchSizes(lying, len(big), 1000)
	for name, test := range map[string]struct{ data, want string }{
		"a large sheet":           {with("xl/worksheets/sheet1.xml", big), "/file workbook_too_large"},
		"a large file beside":     {with("xl/media/image1.png", big), "/file workbook_too_large"},
		"a lie about the size":    {string(lying), "/file workbook_damaged"},
		"a row too far":           {with("xl/worksheets/sheet1.xml", []byte(cells+`<row r="99999999"><c r="A99999999"><v>1</v></c></row></sheetData></worksheet>`)), "/file workbook_damaged"},
		"a column too far":        {with("xl/worksheets/sheet1.xml", []byte(cells+`<row r="1"><c r="XFD1"><v>1</v></c></row></sheetData></worksheet>`)), "/file columns_too_many"},
		"a column that is none":   {with("xl/worksheets/sheet1.xml", []byte(cells+`<row r="1"><c r="ZZZZZ1"><v>1</v></c></row></sheetData></worksheet>`)), "/file workbook_damaged"},
		"a string that is not":    {with("xl/worksheets/sheet1.xml", []byte(cells+`<row r="1"><c r="A1" t="s"><v>99</v></c></row></sheetData></worksheet>`)), "/file file_empty"},
		"XML that is none":        {with("xl/worksheets/sheet1.xml", []byte(cells+`<row r="1"><c r="A1"><v>1</`)), "/file workbook_damaged"},
		"entities that multiply":  {with("xl/worksheets/sheet1.xml", []byte(`<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>`+cells[21:]+`<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>`)), "/file workbook_damaged"},
		"many small files":        {manyFiles(t), "/file workbook_damaged"},
		"a workbook within a zip": {archive(t, map[string][]byte{"people.xlsx": []byte(honest)}), "/file workbook_damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := w.Draft(t.Context(), caller, Upload{Achievement: w.achievement, Data: []byte(test.data)})
			if got := faultOf(t, err); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

// patchSizes writes another uncompressed size wherever an archive has this one.
func patchSizes(data []byte, size, lie int) {
	bytesOf := func(n int) []byte { return []byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)} }
	for i := 0; i+4 <= len(data); i++ {
		if bytes.Equal(data[i:i+4], bytesOf(size)) {
			copy(data[i:], bytesOf(lie))
		}
	}
}

func manyFiles(t *testing.T) string {
	files := map[string][]byte{}
	for i := range 5000 {
		files[fmt.Sprint("xl/", i)] = nil
	}
	return archive(t, files)
}

// TestPlantedFaults: 10,000 rows, 37 of them with a fault of a known kind.
func TestPlantedFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	w := newWorld(t)
	kinds := []struct{ email, name, until, code, column string }{
		{"nobody", "N", "", "email_malformed", "A"},
		{"a@@example.org", "N", "", "email_malformed", "A"},
		{"", "N", "", "recipient_missing", "A"},
		{"person1@example.org", "N", "", "duplicate", "A"},
		{"x%d@example.org", "=1+1", "", "formula", "B"},
		{"x%d@example.org", "N\ufffd", "", "encoding_malformed", "B"},
		{"x%d@example.org", "N", "31-31-2031", "date_malformed", "C"},
		{"x%d@example.org", "N", "3/4/2031", "date_ambiguous", "C"},
		{"x%d@example.org", "N", "2001-01-01", "period_past", "C"},
	}
	var want []string
	var b bytes.Buffer
	file := csv.NewWriter(&b)
	w.must(file.Write([]string{"E-mail", "Naam", "Geldig tot"}))
	for i := range 10_000 {
		row := []string{fmt.Sprintf("person%d@example.org", i), fmt.Sprintf("Person\n%d", i), ""}
		if i > 1 && i%270 == 13 && len(want) < 37 {
			kind := kinds[len(want)%len(kinds)]
			row = []string{strings.ReplaceAll(kind.email, "%d", fmt.Sprint(i)), kind.name, kind.until}
			want = append(want, fmt.Sprintf("%s%d %s", kind.column, i+2, kind.code))
		}
		w.must(file.Write(row))
	}
	file.Flush()
	if len(want) != 37 {
		t.Fatalf("%d faults", len(want))
	}
	start := time.Now()
	job := w.draft(b.String())
	t.Logf("the dry run took %s", time.Since(start))
	var got []string
	for _, cell := range job.Bad {
		got = append(got, fmt.Sprintf("%s%d %s", cell.Letter, cell.Row, cell.Code))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if job.Total != 10_000 || job.BadRows != 37 || job.Valid != 9963 {
		t.Errorf("total %d, bad %d, valid %d", job.Total, job.BadRows, job.Valid)
	}
	// The file of bad rows has these rows, and is refused for the same reasons.
	bad, err := w.BadRows(t.Context(), caller.Tenant, job.ID)
	w.must(err)
	again := w.draft(string(bad.Data))
	var codes []string
	for _, cell := range again.Bad {
		codes = append(codes, cell.Code)
	}
	if again.Total != 37 || !slices.Contains(codes, "formula") || !slices.Contains(codes, "date_ambiguous") {
		t.Errorf("the bad rows again: %+v", again)
	}
}
