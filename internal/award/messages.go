package award

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"laurel/internal/issuer"
)

// sentences are what can be wrong with a file and with its rows, besides what
// package issuer finds wrong with an award.
var sentences = map[string]string{
	// The file.
	"file_empty":           "There are no rows in the file.",
	"file_too_large":       "The file is larger than 32 MiB. Split it.",
	"format_unknown":       "This is neither a CSV file nor an Excel workbook (.xlsx).",
	"format_old":           "This is an old Excel file (.xls), or one with a password. Save it as .xlsx without a password, or as CSV.",
	"workbook_damaged":     "The Excel workbook cannot be read. Open it, save it again as .xlsx, or save it as CSV.",
	"workbook_too_large":   "The Excel workbook is too large when it is unpacked. Save the sheet as CSV, or split it.",
	"sheet_unknown":        "The workbook has no visible sheet of this name.",
	"formulas_too_many":    "The sheet has formulas and too many rows to check them. Save it with values only, or as CSV.",
	"encoding_unknown":     "The text is in an encoding that is not known here. Save the file as UTF-8.",
	"rows_too_many":        "There are more than 250,000 rows. Split the file.",
	"columns_too_many":     "There are more than 256 columns.",
	"column_missing":       "No column was recognised that says who gets the badge. Its heading should be E-mail; or say which one it is: --column email=HEADING.",
	"column_ambiguous":     "Two columns could hold the same. Say which one is meant, such as --column email=HEADING.",
	"column_unknown":       "There is no column of this heading.",
	"field_unknown":        "There is no field of this name. The fields are email, id, name, givenName, infix, familyName, validFrom, validUntil, awardedDate and evidence.",
	"achievement_unknown":  "There is no such achievement.",
	"claim_days_malformed": "The days to claim an award are a number from 0 to 3,660.",
	// A row.
	"row_too_wide":       "The row has more cells than there are headings.",
	"cell_too_long":      "The cell holds more than 1,000 characters.",
	"quote_malformed":    "The quotation marks of this cell do not fit together.",
	"encoding_malformed": "Some characters of this cell cannot be read. Type it again, and save the file as UTF-8.",
	"encoding_doubtful":  "The characters of this cell do not look right. Save the file as UTF-8, or say which encoding it has.",
	"formula":            "This cell is a formula. Put the value in its place.",
	"formula_unsaved":    "This cell is a formula whose value is not in the file. Put the value in its place.",
	"formula_error":      "The formula of this cell has an error for its value.",
	"date_malformed":     "This is not a date. Write it as 2026-12-31.",
	"date_ambiguous":     "Day and month of this date could be either way round. Write it as 2026-12-31.",
	"evidence_malformed": "Evidence is the https address of a page.",
	"duplicate":          "The same recipient is in an earlier row.",
	"revoked_before":     "The recipient had this badge and it was revoked. Award it again singly if that is meant.",
	// A job that does not go on.
	"job_failed":    "Something went wrong. The operator finds the cause in the log.",
	"job_no_key":    "The issuer has no key that may sign.",
	"job_disk_full": "The disk is full.",
	"job_quota":     "The institution has awarded as many badges today as it may. The rest are awarded when the day of UTC is over.",
	// A row that was to be awarded.
	"signing_failed": "The badge was made but did not pass our own check, and was not released.",
}

// Codes lists the codes of this package, sorted.
func Codes() []string { return slices.Sorted(maps.Keys(sentences)) }

// Sentence is the English sentence of a code, one of Codes or of issuer.Codes.
func Sentence(code string) string {
	if s, ok := sentences[code]; ok {
		return s
	}
	return issuer.Sentence(code)
}

// fileError is a fault of the file as a whole.
type fileError struct {
	code   string
	column int
}

func fileFault(code string) *fileError { return &fileError{code: code} }

// in names the column.
func (e *fileError) in(column int) *fileError { return &fileError{code: e.code, column: column} }

// Error names the code and the place.
func (e *fileError) Error() string {
	if e.column == 0 {
		return "reading file: " + e.code
	}
	return "reading file: column " + letters(e.column) + ": " + e.code
}

// invalid is a fault of the file as one of the request that it came with.
func invalid(err error) error {
	var fault *fileError
	if !errors.As(err, &fault) {
		return err
	}
	path := "/file"
	switch {
	case strings.HasPrefix(fault.code, "column_") || fault.code == "field_unknown":
		path = "/column"
	case fault.code == "encoding_unknown":
		path = "/encoding"
	case fault.code == "sheet_unknown":
		path = "/sheet"
	}
	v := issuer.Violation{Path: path, Code: fault.code, Message: Sentence(fault.code)}
	if fault.column > 0 {
		v.Term = letters(fault.column)
	}
	return &issuer.InvalidError{Violations: []issuer.Violation{v}}
}
