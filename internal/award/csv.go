package award

import (
	"bytes"
	"strings"
)

// record is one row of a file.
type record struct {
	row   int // as a spreadsheet shows it, from 1
	cells []string
	// faults are those of single cells that are known before anybody knows what
	// the columns mean; by column, from 1.
	faults map[int]string
}

func (r record) blank() bool {
	for _, cell := range r.cells {
		if strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return true
}

func (r *record) fault(column int, code string) {
	if code == "" {
		return
	}
	if r.faults == nil {
		r.faults = make(map[int]string)
	}
	r.faults[column] = code
}

// csvReader reads rows as RFC 4180 has them, and as spreadsheets do where that
// is silent: lines may end with any of CRLF, LF and CR, and a quotation mark in
// the midst of a cell that does not begin with one stands for itself.
//
// A cell whose quotation marks do not fit is a fault of its row, which then ends
// with its line: the rows after it are read as if it were not there.
type csvReader struct {
	text      text
	separator byte
	position  int
	row       int
}

// next returns the next row, a blank one too.
func (r *csvReader) next() (record, bool) {
	if r.position >= len(r.text.data) {
		return record{}, false
	}
	r.row++
	rec := record{row: r.row}
	for {
		cell, code := r.cell()
		rec.cells = append(rec.cells, cell)
		if code == "" {
			code = r.text.faultOf(cell)
		}
		rec.fault(len(rec.cells), code)
		if len(rec.cells) > maxColumns {
			r.skipLine()
			return rec, true
		}
		if r.endOfLine() {
			return rec, true
		}
		r.position++ // the separator
	}
}

// endOfLine passes the end of the line, if there is one here.
func (r *csvReader) endOfLine() bool {
	rest := r.text.data[r.position:]
	switch {
	case len(rest) == 0:
	case bytes.HasPrefix(rest, []byte("\r\n")):
		r.position += 2
	case rest[0] == '\n' || rest[0] == '\r':
		r.position++
	default:
		return false
	}
	return true
}

func (r *csvReader) skipLine() {
	r.plain("\r\n")
	r.endOfLine()
}

// plain reads up to one of the bytes, or the end.
func (r *csvReader) plain(until string) string {
	rest := r.text.data[r.position:]
	n := bytes.IndexAny(rest, until)
	if n < 0 {
		n = len(rest)
	}
	r.position += n
	return string(rest[:n])
}

// cell reads a cell and stops before what ends it.
func (r *csvReader) cell() (cell, code string) {
	ends := string(r.separator) + "\r\n"
	if !bytes.HasPrefix(r.text.data[r.position:], []byte{'"'}) {
		cell = r.plain(ends)
		if strings.HasPrefix(strings.TrimLeft(cell, " "), `"`) {
			code = "quote_malformed" // a space before it: is it a quoted cell or not?
		}
		return cell, code
	}
	start := r.position
	cell, ok := r.quoted()
	if ok && (r.position == len(r.text.data) || strings.IndexByte(ends, r.text.data[r.position]) >= 0) {
		return cell, ""
	}
	r.position = start
	return r.plain(ends), "quote_malformed"
}

// quoted reads a cell in quotation marks. It is not ok when it has no end
// within what a cell may be long.
func (r *csvReader) quoted() (cell string, ok bool) {
	r.position++
	var b strings.Builder
	for b.Len() <= maxCellBytes {
		rest := r.text.data[r.position:]
		n := bytes.IndexByte(rest, '"')
		if n < 0 {
			return "", false
		}
		b.Write(rest[:n])
		r.position += n + 1
		if n+1 >= len(rest) || rest[n+1] != '"' {
			return b.String(), true
		}
		b.WriteByte('"')
		r.position++
	}
	return "", false
}

// separators are those that are looked for.
const separators = ",;\t"

// separatorName is what a person calls a separator.
func separatorName(separator byte) string {
	return map[byte]string{',': "comma", ';': "semicolon", '\t': "tab"}[separator]
}

// openCSV finds out how the rows of a text are parted: by what it says itself,
// as spreadsheets do in a first line "sep=;", or by which separator makes most
// of its first lines.
func openCSV(t text, known func(cells []string) int) *csvReader {
	for _, separator := range []byte(separators) {
		for _, end := range []string{"\r\n", "\n", "\r"} {
			if line := "sep=" + string(separator) + end; len(t.data) >= len(line) && strings.EqualFold(string(t.data[:len(line)]), line) {
				t.data = t.data[len(line):]
				return &csvReader{text: t, separator: separator}
			}
		}
	}
	best, most := byte(','), -1
	for _, separator := range []byte(separators) {
		r := &csvReader{text: t, separator: separator}
		score := 0
		for range headerRows {
			rec, ok := r.next()
			if !ok {
				break
			}
			score = max(score, known(rec.cells)*maxColumns+min(len(rec.cells), maxColumns-1))
		}
		if score > most {
			best, most = separator, score
		}
	}
	return &csvReader{text: t, separator: best}
}
