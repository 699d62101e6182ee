package award

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

const (
	// maxUnpacked bounds what a workbook may be when it is unpacked. It is kept
	// in memory: nothing of it is written to a temporary file.
	maxUnpacked = 96 << 20
	// maxFormulaRows bounds the sheets whose formulas are looked at.
	maxFormulaRows = 50_000
	// maxFormulaWork bounds how many rows the library goes through to find the
	// formulas of cells: for each it begins at the first.
	maxFormulaWork = 2_000_000_000
)

// xlsxReader reads the rows of one sheet. Where a cell is a formula, its value
// is the one that was saved with it, which is what the spreadsheet shows.
type xlsxReader struct {
	file     *excelize.File
	sheet    string
	rows     *excelize.Rows
	row      int
	formulas bool // whether there are any in the sheet
	taken    int  // values of formulas that were taken
	work     int  // rows gone through for formulas
	hidden   int  // rows that the spreadsheet does not show
}

// openXLSX opens a workbook at the sheet of that name, or at the first that is
// visible. The error is a *fileError.
func openXLSX(data []byte, sheet string) (r *xlsxReader, err error) {
	// The library reads files of any origin and is not free of panics.
	defer func() {
		if recover() != nil {
			r, err = nil, fileFault("workbook_damaged")
		}
	}()
	var checked archiveCheck
	if err := checked.check(data); err != nil {
		return nil, err
	}
	file, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked, RawCellValue: true,
	})
	if err != nil {
		return nil, fileFault("workbook_damaged")
	}
	r = &xlsxReader{file: file}
	for _, name := range file.GetSheetList() {
		visible, err := file.GetSheetVisible(name)
		if err == nil && visible && (sheet == "" || name == sheet) {
			r.sheet = name
			break
		}
	}
	if r.sheet == "" {
		return nil, errors.Join(fileFault("sheet_unknown"), file.Close())
	}
	if r.rows, err = file.Rows(r.sheet); err != nil {
		return nil, errors.Join(fileFault("workbook_damaged"), file.Close())
	}
	r.formulas = checked.formulas
	return r, nil
}

// next returns the next row, a blank one too. The error is a *fileError.
func (r *xlsxReader) next() (rec record, ok bool, err error) {
	defer func() {
		if recover() != nil {
			rec, ok, err = record{}, false, fileFault("workbook_damaged")
		}
	}()
	if !r.rows.Next() {
		if r.rows.Error() != nil {
			return record{}, false, fileFault("workbook_damaged")
		}
		return record{}, false, nil
	}
	r.row++
	cells, err := r.rows.Columns(excelize.Options{RawCellValue: true})
	if err != nil {
		return record{}, false, fileFault("workbook_damaged")
	}
	rec = record{row: r.row, cells: narrow(cells)}
	if r.rows.GetRowOpts().Hidden && !rec.blank() {
		r.hidden++
	}
	if !r.formulas {
		return rec, true, nil
	}
	if r.row > maxFormulaRows {
		return record{}, false, fileFault("formulas_too_many")
	}
	for i, cell := range rec.cells {
		if i >= maxColumns {
			break
		}
		if r.work += r.row; r.work > maxFormulaWork {
			return record{}, false, fileFault("formulas_too_many")
		}
		source, err := r.file.GetCellFormula(r.sheet, cellName(i+1, r.row))
		switch {
		case err != nil:
			return record{}, false, fileFault("workbook_damaged")
		case source == "":
		case cell == "":
			rec.fault(i+1, "formula_unsaved")
		default:
			r.taken++
		}
	}
	return rec, true, nil
}

// narrow keeps of a row that is too wide one cell beyond what is read, by which
// it is known to be.
func narrow(cells []string) []string {
	if len(cells) <= maxColumns {
		return cells
	}
	for _, cell := range cells[maxColumns:] {
		if strings.TrimSpace(cell) != "" {
			return append(slices.Clone(cells[:maxColumns]), cell)
		}
	}
	return slices.Clone(cells[:maxColumns])
}

// close lets go of the workbook.
func (r *xlsxReader) close() error { return errors.Join(r.rows.Close(), r.file.Close()) }

// formulaErrors are the values of formulas that have none.
var formulaErrors = []string{"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA"}

// dateOfSerial turns the number that a workbook has for a day into the day as
// text. Other text stays as it is.
func dateOfSerial(cell string) string {
	days, err := strconv.ParseFloat(cell, 64)
	if err != nil || days < 20_000 || days > 110_000 { // 1954 to 2201
		return cell
	}
	t, err := excelize.ExcelDateToTime(days, false)
	if err != nil {
		return cell
	}
	return t.Format(time.DateOnly)
}

// writeXLSX writes rows as a workbook whose cells are all text.
func writeXLSX(w io.Writer, rows [][]string) error {
	file := excelize.NewFile()
	defer file.Close() //nolint:errcheck // in memory alone
	sheet, err := file.NewStreamWriter(file.GetSheetName(0))
	if err != nil {
		return fmt.Errorf("writing workbook: %w", err)
	}
	for i, row := range rows {
		cells := make([]any, len(row))
		for j, cell := range row {
			cells[j] = cell
		}
		if err := sheet.SetRow(cellName(1, i+1), cells); err != nil {
			return fmt.Errorf("writing workbook: %w", err)
		}
	}
	if err := sheet.Flush(); err != nil {
		return fmt.Errorf("writing workbook: %w", err)
	}
	if err := file.Write(w); err != nil {
		return fmt.Errorf("writing workbook: %w", err)
	}
	return nil
}
