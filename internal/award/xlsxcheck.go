package award

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Bounds of the XML in a workbook. A few bytes of it become a structure of the
// library of some hundred bytes, so that they, and not the size, say how much
// memory it takes.
const (
	maxDepth  = 64
	maxTag    = 64 << 10  // bytes of one tag
	maxToken  = 512 << 10 // bytes of one text, comment and the like
	maxSheets = 1000
	// maxElements is for all parts together. A sheet has some for each cell.
	maxElements = 8_000_000
	maxStrings  = 1_000_000 // shared ones
	// maxStringElements is for the parts of shared strings that are marked up.
	maxStringElements = 2_500_000
	// maxPartElements is for a part that is neither cells nor shared strings.
	maxPartElements = 200_000
	maxRowCells     = 16_384
	// maxFormulaCells bounds the sheets that the library has to hold whole. It
	// makes a row as long as its last cell is far right.
	maxFormulaCells = 1_000_000
	// maxCells is how many the rows of one sheet are wide together.
	maxCells = maxRows * maxColumns
)

// errUnread is what stops a reading that went beyond a bound.
var errUnread = errors.New("reading XML: more than is read")

// archiveCheck looks at a workbook before the library does.
type archiveCheck struct {
	elements int
	formulas bool // whether there are any in a sheet
}

// check adds up what the archive says and what really is in it, and refuses one
// that would not stop. It also refuses XML that does not hold together: the
// library takes what is wrong for the end, and would leave out the rows after it.
func (a *archiveCheck) check(data []byte) error {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(archive.File) > 4096 {
		return fileFault("workbook_damaged")
	}
	var left int64 = maxUnpacked
	for _, entry := range archive.File {
		if entry.UncompressedSize64 > uint64(left) {
			return fileFault("workbook_too_large")
		}
		left -= int64(entry.UncompressedSize64)
	}
	for _, entry := range archive.File {
		content, err := entry.Open()
		if err != nil {
			return fileFault("workbook_damaged")
		}
		// No more comes out of it than it says: that is an error in the end.
		err = a.part(entry.Name, content)
		_ = content.Close() // only read
		if err != nil {
			return err
		}
	}
	return nil
}

// part reads one part to its end. The library takes for XML whatever another
// part refers to as such: of the others only as much is XML as can be read.
func (a *archiveCheck) part(name string, content io.Reader) error {
	name = strings.ToLower(name)
	p := &partCheck{archive: a, named: strings.HasSuffix(name, ".xml") || strings.HasSuffix(name, ".rels")}
	err := p.read(content)
	var bound *fileError
	switch {
	case errors.As(err, &bound):
		return err
	case errors.Is(err, errUnread), err != nil && p.named:
		return fileFault("workbook_damaged")
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return fileFault("workbook_damaged")
	}
	return nil
}

// partCheck reads the XML of one part.
type partCheck struct {
	archive *archiveCheck
	named   bool // as XML
	root    string
	depth   int
	// elements are those that are not in the cells of a sheet, strings the
	// shared ones, sheets those that a workbook lists.
	elements, strings, sheets int

	cells    bool // within the cells of a sheet
	formulas bool
	within   int // elements among the cells, or the shared strings
	rows     int // the number of the last row
	column   int // of the last cell in the row
	inRow    int // cells in it
	longest  int // the column farthest right in it
	held     int // cells that the library would make
}

// read reads tokens to the end. Of each, no more is read than it may have.
func (p *partCheck) read(content io.Reader) error {
	source := &rationed{from: bufio.NewReader(content)}
	decoder := xml.NewDecoder(source)
	decoder.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errUnread }
	for {
		before := decoder.InputOffset()
		source.left = maxToken
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF) && p.root != "":
			return p.end()
		case err != nil:
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if p.named && decoder.InputOffset()-before > maxTag {
				return errUnread
			}
			err = p.start(token)
		case xml.EndElement:
			p.depth--
			if p.depth == 1 {
				p.cells = false
			}
		}
		if err != nil {
			return err
		}
	}
}

func (p *partCheck) start(element xml.StartElement) error {
	name := element.Name.Local
	if p.root == "" {
		p.root = name
	}
	p.archive.elements++
	if p.depth++; p.depth > maxDepth {
		return errUnread
	}
	switch {
	case p.cells:
		if err := p.cell(name, element.Attr); err != nil {
			return err
		}
	case p.root == "sst" && p.depth > 1:
		p.within++
		if name == "si" {
			p.strings++
		}
		if p.within > maxStringElements {
			return fileFault("workbook_too_large")
		}
	default:
		p.elements++
		p.cells = p.root == "worksheet" && name == "sheetData" && p.depth == 2
		if p.root == "workbook" && name == "sheet" {
			p.sheets++
		}
	}
	if p.archive.elements > maxElements || p.elements > maxPartElements || p.strings > maxStrings || p.sheets > maxSheets {
		return fileFault("workbook_too_large")
	}
	return nil
}

// cell counts what is among the cells as the library would.
func (p *partCheck) cell(name string, attributes []xml.Attr) error {
	p.within++
	switch name {
	case "row":
		p.endRow()
		p.rows++
		if n, err := strconv.Atoi(attribute(attributes, "r")); err == nil {
			p.rows = max(p.rows, n)
		}
	case "c":
		p.inRow++
		p.column++
		if column, row, err := excelize.CellNameToCoordinates(attribute(attributes, "r")); err == nil {
			p.column, p.rows = column, max(p.rows, row)
		}
		p.longest = max(p.longest, p.column)
	case "f":
		p.formulas, p.archive.formulas = true, true
	}
	if p.inRow > maxRowCells || p.held > maxCells {
		return fileFault("columns_too_many")
	}
	return nil
}

func (p *partCheck) endRow() {
	p.held += max(p.longest, p.inRow)
	p.inRow, p.column, p.longest = 0, 0, 0
}

// end says whether the library could hold the sheet.
func (p *partCheck) end() error {
	p.endRow()
	if p.formulas && (p.held > maxFormulaCells || p.rows > maxRows || p.within > 4*maxFormulaCells) {
		return fileFault("formulas_too_many")
	}
	return nil
}

func attribute(attributes []xml.Attr, name string) string {
	for _, a := range attributes {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// rationed gives out as many bytes as are left. The decoder takes them one by
// one, and keeps what it took of a token.
type rationed struct {
	from *bufio.Reader
	left int
}

// ReadByte implements io.ByteReader, which is what the decoder uses.
func (r *rationed) ReadByte() (byte, error) {
	if r.left--; r.left < 0 {
		return 0, errUnread
	}
	return r.from.ReadByte()
}

// Read implements io.Reader.
func (r *rationed) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	c, err := r.ReadByte()
	if err != nil {
		return 0, err
	}
	b[0] = c
	return 1, nil
}
