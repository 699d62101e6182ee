package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"laurel/internal/award"
	"laurel/storage"
)

// awardCommand awards a badge to the people of a file.
type awardCommand struct {
	File    awardFileCommand    `cmd:"" default:"withargs" help:"Award a badge to the people of a file (CSV or Excel .xlsx)."`
	List    awardListCommand    `cmd:"" help:"List bulk awards, the newest first."`
	Show    awardShowCommand    `cmd:"" help:"Say how a bulk award stands."`
	Confirm awardConfirmCommand `cmd:"" help:"Have a draft carried out."`
	Cancel  awardCancelCommand  `cmd:"" help:"End a bulk award. What was awarded stays."`
}

// awardFileCommand reads a file, says what it would do, and does it.
type awardFileCommand struct {
	Path        string            `arg:"" placeholder:"FILE" help:"CSV or Excel .xlsx; - for the standard input."`
	Achievement string            `required:"" placeholder:"ID" help:"What is awarded: the id or address of an achievement."`
	DryRun      bool              `help:"Say what would be done, and keep nothing."`
	Yes         bool              `help:"Award without asking."`
	At          string            `placeholder:"TIME" help:"When to begin, such as 2026-07-01T09:00:00Z; a running server does it."`
	Column      map[string]string `placeholder:"FIELD=HEADING" mapsep:"none" help:"Which column holds a field, by its heading or letter; FIELD= for none. Fields: email, id, name, givenName, infix, familyName, validFrom, validUntil, awardedDate, evidence."`
	Sheet       string            `placeholder:"NAME" help:"Sheet of the workbook; the first by default."`
	Encoding    string            `placeholder:"NAME" help:"Encoding of the text, such as windows-1252; found out by default."`
	ValidUntil  string            `placeholder:"DATE" help:"When the badges end, where a row does not say, such as 2031-12-31."`
	Visibility  string            `placeholder:"WHO" enum:",off,link,public" default:"" help:"Who can see them: off, link (the default: whoever has the address) or public."`
	ClaimDays   int               `placeholder:"DAYS" help:"Withdraw what nobody has claimed by then; never by default."`
	BadRows     string            `placeholder:"FILE" help:"Write the bad rows, with the reasons, to this new file."`
	dataFlags
	JSON bool `help:"Print the result as JSON."`
}

// maxAwardFile is the size of the largest file of people.
const maxAwardFile = 32 << 20

// Run implements the command.
func (c *awardFileCommand) Run(ctx context.Context, console *console) (err error) {
	at, err := c.check()
	if err != nil {
		return err
	}
	data, err := readInput(ctx, console, c.Path, maxAwardFile)
	if err != nil {
		return err
	}
	session, closeData, err := openAwards(ctx, console, c.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	job, err := c.draft(ctx, session, data)
	if err != nil {
		return err
	}
	if err := c.writeBadRows(ctx, session, job); err != nil {
		return err
	}
	switch drafted := job.State == storage.AwardDraft; {
	case c.DryRun:
		if drafted {
			if _, err := session.change(ctx, job.ID, "cancel", nil); err != nil {
				return err
			}
		}
	case !drafted: // it was confirmed before, by a command that was interrupted
		job, err = session.await(ctx, job)
	case c.Yes || job.Valid == 0 || c.confirmed(ctx, console, job):
		if job, err = session.confirm(ctx, job.ID, at); err == nil {
			job, err = session.await(ctx, job)
		}
	}
	if err != nil {
		return err
	}
	return c.report(console, job)
}

// check looks at what can be said before anything is read.
func (c *awardFileCommand) check() (at time.Time, err error) {
	if c.At != "" {
		if at, err = parseTime(c.At, false); err != nil {
			return at, usage(fmt.Errorf("reading command line: --at: %w", err), "write --at 2026-07-01T09:00:00Z")
		}
	}
	if c.BadRows != "" {
		if _, err := os.Lstat(c.BadRows); err == nil {
			return at, &failure{code: exitExists, err: fmt.Errorf("writing bad rows: %s exists already", c.BadRows), hint: "nothing was awarded; name a new file"}
		}
	}
	return at, nil
}

// draft sends the file.
func (c *awardFileCommand) draft(ctx context.Context, session *awardSession, data []byte) (award.Job, error) {
	fields := [][2]string{
		{"achievement", c.Achievement}, {"sheet", c.Sheet}, {"encoding", c.Encoding}, {"visibility", c.Visibility},
	}
	if c.ValidUntil != "" {
		until, err := parseTime(c.ValidUntil, true)
		if err != nil {
			return award.Job{}, usage(fmt.Errorf("reading command line: --valid-until: %w", err), "write --valid-until 2031-12-31 or 2031-12-31T23:59:59Z")
		}
		fields = append(fields, [2]string{"validUntil", until.Format(time.RFC3339)})
	}
	if c.ClaimDays != 0 {
		fields = append(fields, [2]string{"claimDays", strconv.Itoa(c.ClaimDays)})
	}
	for _, field := range slices.Sorted(maps.Keys(c.Column)) {
		fields = append(fields, [2]string{"column", field + "=" + c.Column[field]})
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	var failed error
	for _, field := range fields {
		if field[1] != "" {
			failed = errors.Join(failed, form.WriteField(field[0], field[1]))
		}
	}
	file, err := form.CreateFormFile("file", filepath.Base(c.Path))
	if err == nil {
		_, err = file.Write(data)
	}
	if err = errors.Join(failed, err, form.Close()); err != nil {
		return award.Job{}, fmt.Errorf("sending file: %w", err)
	}
	answer, err := session.operator.send(ctx, http.MethodPost, "/api/v1/awards", form.FormDataContentType(), body.Bytes())
	if err != nil {
		return award.Job{}, c.explain(err)
	}
	var job award.Job
	if err := json.Unmarshal(answer, &job); err != nil {
		return job, fmt.Errorf("reading file: reading answer: %w", err)
	}
	return job, nil
}

// explain tells apart what is wrong with the command from what is wrong with the
// file.
func (c *awardFileCommand) explain(err error) error {
	var p *problem
	if !errors.As(err, &p) || len(p.Errors) != 1 {
		return explainProblem("reading file", err)
	}
	message := strings.TrimSuffix(p.Errors[0].Message, ".")
	if p.Errors[0].Term != "" {
		message = "column " + p.Errors[0].Term + ": " + message
	}
	told := fmt.Errorf("reading file: %s", message)
	switch p.Errors[0].Path {
	case "/achievement":
		return missing(fmt.Errorf("reading file: there is no achievement %s", c.Achievement), "laurel achievement list --data "+c.Data)
	case "/file":
		return &failure{code: exitUnreadable, err: told}
	case "/column", "/sheet", "/encoding", "/validUntil", "/claimDays":
		return usage(told, "laurel award --help")
	}
	return explainProblem("reading file", err)
}

// writeBadRows writes the file of bad rows, if it is wanted and there are any.
func (c *awardFileCommand) writeBadRows(ctx context.Context, session *awardSession, job award.Job) error {
	if c.BadRows == "" || job.BadRows == 0 {
		return nil
	}
	data, err := session.operator.send(ctx, http.MethodGet, "/api/v1/awards/"+job.ID+"/bad-rows", "", nil)
	if err != nil {
		return explainProblem("reading bad rows", err)
	}
	file, err := os.OpenFile(c.BadRows, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing bad rows: %w", err)
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("writing bad rows: %w", err)
	}
	return nil
}

// confirmed asks, where there is somebody to ask.
func (c *awardFileCommand) confirmed(ctx context.Context, console *console, job award.Job) bool {
	if !console.interactive() {
		return false
	}
	writeDraft(console.stderr, job)
	question := fmt.Sprintf("Award %s badges? Type yes or no", thousands(job.Valid))
	answer, err := console.ask(ctx, bufio.NewReader(console.stdin), question)
	return err == nil && strings.EqualFold(answer, "yes")
}

// report prints the result. That there are bad rows is a fault that was found.
func (c *awardFileCommand) report(console *console, job award.Job) error {
	err := console.report(c.JSON, job, func(w io.Writer) {
		if job.State == storage.AwardDraft || c.DryRun {
			writeDraft(w, job)
		}
		switch {
		case c.DryRun:
			fmt.Fprintf(w, "\nNothing was signed, and nothing of this was kept.\n")
		case job.State == storage.AwardDraft:
			fmt.Fprintf(w, "\nNothing was signed. To award these badges:  laurel award confirm %s --data %s\n", job.ID, c.Data)
		default:
			writeJob(w, job)
		}
		if c.BadRows != "" && job.BadRows > 0 {
			fmt.Fprintf(w, "The bad rows are in %s.\n", printable(c.BadRows))
		}
	})
	if err == nil && (job.BadRows > 0 || job.Failed > 0) {
		err = verdict(exitFault)
	}
	return err
}

// awardListCommand lists bulk awards.
type awardListCommand struct {
	dataFlags
	JSON bool `help:"Print the result as JSON."`
}

// Run implements the command.
func (c *awardListCommand) Run(ctx context.Context, console *console) (err error) {
	operator, closeData, err := openOperator(ctx, c.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	jobs := []award.Job{}
	for cursor := ""; ; {
		var page struct {
			Items []award.Job `json:"items"`
			Next  string      `json:"next"`
		}
		op := operation{doing: "listing bulk awards", method: http.MethodGet, path: "/api/v1/awards?limit=100&cursor=" + url.QueryEscape(cursor)}
		if err := operator.call(ctx, op, &page); err != nil {
			return err
		}
		jobs = append(jobs, page.Items...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	return console.report(c.JSON, jobs, func(w io.Writer) {
		if len(jobs) == 0 {
			fmt.Fprintln(w, "There are no bulk awards.")
		}
		for _, job := range jobs {
			fmt.Fprintf(w, "%s  %-9s  %s  %s of %s awarded\n", job.ID, job.State, job.Created.Format(time.DateOnly), thousands(job.Issued), thousands(job.Valid))
		}
	})
}

// awardID names a bulk award.
type awardID struct {
	ID string `arg:"" placeholder:"ID" help:"Id of the bulk award."`
	dataFlags
	JSON bool `help:"Print the result as JSON."`
}

// do opens the data, has something done and reports how the job stands then.
func (c awardID) do(ctx context.Context, console *console, act func(*awardSession) (award.Job, error)) (err error) {
	session, closeData, err := openAwards(ctx, console, c.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	job, err := act(session)
	if err != nil {
		return err
	}
	return console.report(c.JSON, job, func(w io.Writer) {
		if job.State == storage.AwardDraft {
			writeDraft(w, job)
			return
		}
		writeJob(w, job)
	})
}

type (
	awardShowCommand    struct{ awardID }
	awardCancelCommand  struct{ awardID }
	awardConfirmCommand struct {
		awardID
		At string `placeholder:"TIME" help:"When to begin, such as 2026-07-01T09:00:00Z; a running server does it."`
	}
)

// Run implements the command.
func (c *awardShowCommand) Run(ctx context.Context, console *console) error {
	return c.do(ctx, console, func(s *awardSession) (award.Job, error) { return s.job(ctx, c.ID) })
}

// Run implements the command.
func (c *awardCancelCommand) Run(ctx context.Context, console *console) error {
	return c.do(ctx, console, func(s *awardSession) (award.Job, error) { return s.change(ctx, c.ID, "cancel", nil) })
}

// Run implements the command.
func (c *awardConfirmCommand) Run(ctx context.Context, console *console) error {
	var at time.Time
	if c.At != "" {
		var err error
		if at, err = parseTime(c.At, false); err != nil {
			return usage(fmt.Errorf("reading command line: --at: %w", err), "write --at 2026-07-01T09:00:00Z")
		}
	}
	return c.do(ctx, console, func(s *awardSession) (award.Job, error) {
		job, err := s.confirm(ctx, c.ID, at)
		if err != nil {
			return job, err
		}
		return s.await(ctx, job)
	})
}

// awardSession is an operator's work on bulk awards.
type awardSession struct {
	operator *operator
	console  *console
}

func openAwards(ctx context.Context, console *console, flags dataFlags) (*awardSession, func() error, error) {
	operator, closeData, err := openOperator(ctx, flags)
	if err != nil {
		return nil, nil, err
	}
	return &awardSession{operator, console}, closeData, nil
}

func (s *awardSession) job(ctx context.Context, id string) (job award.Job, err error) {
	op := operation{doing: "reading bulk award", method: http.MethodGet, path: "/api/v1/awards/" + url.PathEscape(id), absent: "there is no bulk award " + id}
	return job, s.operator.call(ctx, op, &job)
}

func (s *awardSession) change(ctx context.Context, id, action string, body any) (job award.Job, err error) {
	op := operation{
		doing: action + "ing bulk award", method: http.MethodPost, path: "/api/v1/awards/" + url.PathEscape(id) + "/" + action,
		body: body, absent: "there is no bulk award " + id,
	}
	return job, s.operator.call(ctx, op, &job)
}

func (s *awardSession) confirm(ctx context.Context, id string, at time.Time) (award.Job, error) {
	body := struct {
		StartAt time.Time `json:"startAt,omitzero"`
	}{at}
	return s.change(ctx, id, "confirm", body)
}

// await shows how a job that was confirmed goes on, until it is done. Where no
// server does it, this process does.
func (s *awardSession) await(ctx context.Context, job award.Job) (award.Job, error) {
	if job.State == storage.AwardConfirmed && job.StartAt.After(time.Now()) {
		return job, nil
	}
	if !s.operator.served {
		running, cancel := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- s.operator.installation.awards.Run(running, nil) }()
		job, err := s.watch(ctx, job)
		cancel()
		return job, errors.Join(err, <-done)
	}
	return s.watch(ctx, job)
}

// progressInterval is how often the bar moves.
const progressInterval = 250 * time.Millisecond

func (s *awardSession) watch(ctx context.Context, job award.Job) (award.Job, error) {
	bar := isTerminal(s.console.stderr)
	for problem := ""; !job.State.Ended(); {
		if bar {
			fmt.Fprintf(s.console.stderr, "\r%s", progressBar(job))
		}
		if job.Problem != problem {
			if problem = job.Problem; problem != "" {
				s.console.note("laurel: the award does not go on: %s", problem)
			}
		}
		select {
		case <-ctx.Done():
			s.console.note("\nlaurel: %s of %s are awarded; the same command goes on with the others", thousands(job.Issued), thousands(job.Valid))
			return job, ctx.Err()
		case <-time.After(progressInterval):
		}
		var err error
		if job, err = s.job(ctx, job.ID); err != nil {
			return job, err
		}
	}
	if bar {
		fmt.Fprintf(s.console.stderr, "\r%s\n", progressBar(job))
	}
	return job, nil
}

func progressBar(job award.Job) string {
	const width = 30
	ended := job.Issued + job.Failed
	filled := width
	if job.Valid > 0 {
		filled = width * ended / job.Valid
	}
	return fmt.Sprintf("[%s%s] %s of %s", strings.Repeat("#", filled), strings.Repeat(" ", width-filled), thousands(ended), thousands(job.Valid))
}

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
