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
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"laurel/internal/award"
	"laurel/storage"
)

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
