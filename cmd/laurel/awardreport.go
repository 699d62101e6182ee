package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"laurel/internal/award"
	"laurel/storage"
)

// shownBadCells is how many faults are printed; the file of bad rows has all.
const shownBadCells = 50

// writeDraft prints what was found in a file.
func writeDraft(w io.Writer, job award.Job) {
	fmt.Fprintf(w, "Rows %s: %s to be awarded, %s awarded already, %s bad.\n\n",
		thousands(job.Total), thousands(job.Valid), thousands(job.AlreadyAwarded), thousands(job.BadRows))
	writeSheet(w, job.Sheet)
	writeBadCells(w, job)
}

func writeSheet(w io.Writer, sheet *award.Sheet) {
	if sheet == nil {
		return
	}
	kind := "Excel workbook, sheet " + sheet.Sheet
	if sheet.Format == "csv" {
		kind = "CSV in " + sheet.Encoding + ", separated by " + sheet.Separator
	}
	rows := [][2]string{{"File", kind}, {"Headings", "row " + strconv.Itoa(sheet.HeadingRow)}}
	for _, column := range sheet.Columns {
		shown := column.Letter + " " + strconv.Quote(column.Heading)
		if column.Field == award.FieldName || column.Field == award.FieldFamilyName {
			shown += " (stands in the badge for all to read)"
		}
		rows = append(rows, [2]string{string(column.Field), shown})
	}
	if len(sheet.Ignored) > 0 {
		rows = append(rows, [2]string{"Not used", strings.Join(sheet.Ignored, ", ")})
	}
	if sheet.Formulas > 0 {
		rows = append(rows, [2]string{"Formulas", thousands(sheet.Formulas) + " cells; their saved values were taken"})
	}
	if sheet.Hidden > 0 {
		rows = append(rows, [2]string{"Hidden", thousands(sheet.Hidden) + " rows that the spreadsheet hides are among these"})
	}
	writeRows(w, rows)
}

func writeBadCells(w io.Writer, job award.Job) {
	if len(job.Bad) == 0 {
		return
	}
	fmt.Fprintln(w)
	for i, bad := range job.Bad {
		if i == shownBadCells {
			fmt.Fprintf(w, "  … and more; --bad-rows FILE writes them all.\n")
			break
		}
		place := "row " + strconv.Itoa(bad.Row)
		if bad.Column != "" {
			place += ", " + bad.Column
		}
		fmt.Fprintf(w, "  %s: %s\n", printable(place), bad.Reason)
	}
}

// writeJob prints how a job stands that was confirmed.
func writeJob(w io.Writer, job award.Job) {
	switch {
	case job.State == storage.AwardConfirmed && !job.StartAt.IsZero():
		fmt.Fprintf(w, "Confirmed. %s badges will be awarded from %s on, while a server runs.\n\n", thousands(job.Valid), job.StartAt.Format(time.RFC3339))
	case job.State == storage.AwardCancelled && job.Issued == 0:
		fmt.Fprintf(w, "Nothing was awarded.\n\n")
	case job.State == storage.AwardCancelled:
		fmt.Fprintf(w, "Cancelled. %s badges had been awarded and stay so.\n\n", thousands(job.Issued))
	case job.State == storage.AwardDone:
		fmt.Fprintf(w, "%s badges are signed and stored.\n\n", thousands(job.Issued))
	default:
		fmt.Fprintf(w, "%s of %s badges are signed and stored.\n\n", thousands(job.Issued), thousands(job.Valid))
	}
	rows := [][2]string{{"Award", job.ID}, {"State", string(job.State)}, {"Rows", thousands(job.Total)}, {"Awarded", thousands(job.Issued)}}
	for _, count := range []struct {
		name string
		n    int
	}{{"Already", job.AlreadyAwarded}, {"Bad", job.BadRows}, {"Failed", job.Failed}, {"Erased", job.Erased}} {
		if count.n > 0 {
			rows = append(rows, [2]string{count.name, thousands(count.n)})
		}
	}
	writeRows(w, append(rows, [2]string{"Problem", job.Problem}))
	writeBadCells(w, job)
}

// thousands writes a number with a comma before every three digits.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
