package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"

	"laurel/verifier"
)

// Sizes of what is read.
const (
	maxDocument = 1 << 20 // a credential or an achievement
	maxImage    = 5 << 20 // an image that may have a badge in it
)

// verifyCommand checks a badge.
type verifyCommand struct {
	File string `arg:"" optional:"" default:"-" placeholder:"FILE" help:"The badge: a file, JSON, a compact JWS or a picture; or its https address; - or nothing is the standard input."`
	Data string `type:"path" placeholder:"DIR" env:"LAUREL_DATA" help:"Answer for the issuers of this data directory from its store."`
	sealFlags
	backendFlags
	contextFlags
	networkFlags
	Email     *string  `placeholder:"ADDRESS" help:"Whether the badge is about the person with this address."`
	ID        *string  `name:"id" placeholder:"ID" help:"Whether the badge is about the one with this DID or other id."`
	Challenge *string  `placeholder:"TEXT" help:"What the presentation has to answer."`
	Domain    []string `placeholder:"DOMAIN" help:"Whom the presentation has to be made for."`
	Refresh   bool     `help:"Get the newer copy that the badge names, if it names one, and check that."`
	JSON      bool     `help:"Print the report as JSON."`
}

// Run implements the command.
func (c *verifyCommand) Run(ctx context.Context, console *console) error {
	expect, err := c.expect()
	if err != nil {
		return err
	}
	data := []byte(c.File)
	if !strings.HasPrefix(c.File, "https://") {
		data, err = readInput(ctx, console, c.File, maxImage)
	}
	if err != nil {
		return err
	}
	report, err := c.check(ctx, console, data, expect)
	if errors.Is(err, verifier.ErrNotReadable) {
		return &failure{
			code: exitUnreadable, err: fmt.Errorf("reading %s: %w", inputName(c.File), err),
			hint: "give the badge itself: its JSON, a compact JWS, or the picture it is baked into",
		}
	}
	if err != nil {
		return err
	}
	if err := console.report(c.JSON, report, func(w io.Writer) { writeReport(w, report) }); err != nil {
		return err
	}
	return verdict(verdictCodes[report.Verdict])
}

// expect is what the flags ask besides. One that is given and empty, such as
// --email "$ADDRESS" where there is no ADDRESS, asks nothing, and its answer would
// be taken for one about what was meant.
func (c *verifyCommand) expect() (verifier.Expect, error) {
	expect := verifier.Expect{Domain: c.Domain, Refresh: c.Refresh}
	given := map[string][]string{"domain": c.Domain}
	for flag, value := range map[string]struct{ from, to *string }{
		"email": {c.Email, &expect.Email}, "id": {c.ID, &expect.ID}, "challenge": {c.Challenge, &expect.Challenge},
	} {
		if value.from != nil {
			*value.to = *value.from
			given[flag] = []string{*value.from}
		}
	}
	for flag, values := range given {
		for _, value := range values {
			if strings.TrimSpace(value) == "" {
				return verifier.Expect{}, usage(fmt.Errorf("reading command line: --%s is empty", flag), "leave --%s out where it is not meant", flag)
			}
		}
	}
	return expect, nil
}

var verdictCodes = map[verifier.Verdict]int{
	verifier.VerdictValid: exitFine, verifier.VerdictInvalid: exitFault, verifier.VerdictIndeterminate: exitCannotRun,
}

// check makes the report, with what is in the data directory if there is one.
func (c *verifyCommand) check(ctx context.Context, console *console, data []byte, expect verifier.Expect) (report *verifier.Report, err error) {
	set, err := c.contextFlags.set()
	if err != nil {
		return nil, err
	}
	client, err := c.networkFlags.newClient()
	if err != nil {
		return nil, err
	}
	if c.Data == "" {
		return newVerifier(set, client, nil).Verify(ctx, data, expect)
	}
	operator, closeData, err := openOperator(ctx, dataFlags{Data: c.Data, sealFlags: c.sealFlags, backendFlags: c.backendFlags, contextFlags: c.contextFlags})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	if !operator.served {
		return newVerifier(set, client, operator.installation.issuer).Verify(ctx, data, expect)
	}
	if len(c.Resolve) > 0 {
		console.note("laurel: the server that has the data open makes the check, with its own --resolve")
	}
	return operator.verify(ctx, data, expect)
}

// verify has a badge checked by the server.
func (o *operator) verify(ctx context.Context, data []byte, expect verifier.Expect) (*verifier.Report, error) {
	mediaType, body, err := verifyForm(data, expect)
	if err != nil {
		return nil, fmt.Errorf("checking badge: %w", err)
	}
	answer, err := o.send(ctx, http.MethodPost, "/verify", mediaType, body)
	var p *problem
	switch {
	case errors.As(err, &p) && (p.Status == http.StatusBadRequest || p.Status == http.StatusRequestEntityTooLarge):
		return nil, fmt.Errorf("%w: %w", verifier.ErrNotReadable, p)
	case err != nil:
		return nil, explainProblem("checking badge", err)
	}
	var report verifier.Report
	if err := json.Unmarshal(answer, &report); err != nil {
		return nil, fmt.Errorf("checking badge: reading report: %w", err)
	}
	return &report, nil
}

// verifyForm is what POST /verify takes: a badge in any form, and what is
// expected of it.
func verifyForm(data []byte, expect verifier.Expect) (mediaType string, body []byte, err error) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	file, err := form.CreateFormFile("file", "badge")
	if err == nil {
		_, err = file.Write(data)
	}
	fields := [][2]string{{"email", expect.Email}, {"id", expect.ID}, {"challenge", expect.Challenge}}
	if expect.Refresh {
		fields = append(fields, [2]string{"refresh", "true"})
	}
	for _, domain := range expect.Domain {
		fields = append(fields, [2]string{"domain", domain})
	}
	for _, field := range fields {
		err = errors.Join(err, form.WriteField(field[0], field[1]))
	}
	err = errors.Join(err, form.Close())
	return form.FormDataContentType(), b.Bytes(), err
}

// readInput reads a file, or the standard input for "-".
func readInput(ctx context.Context, console *console, name string, limit int64) ([]byte, error) {
	input := console.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, &failure{code: exitUnreadable, err: fmt.Errorf("reading input: %w", err)}
		}
		defer file.Close()
		input = file
	} else if console.interactive() {
		console.note("laurel: reading from the terminal; end with Ctrl-D")
	}
	data, err := await(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(input, limit+1)) })
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		err = fmt.Errorf("reading %s: %w", inputName(name), err)
	case int64(len(data)) > limit:
		err = fmt.Errorf("reading %s: larger than %d MiB", inputName(name), limit>>20)
	case len(bytes.TrimSpace(data)) == 0:
		err = fmt.Errorf("reading %s: nothing in it", inputName(name))
	default:
		return data, nil
	}
	return nil, &failure{code: exitUnreadable, err: err}
}

func inputName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// How a report is told.
var (
	verdictWords = map[verifier.Verdict]string{
		verifier.VerdictValid: "VALID", verifier.VerdictInvalid: "NOT VALID", verifier.VerdictIndeterminate: "NOT DECIDED",
	}
	outcomeWords = map[verifier.Outcome]string{
		verifier.Passed: "passed", verifier.Failed: "failed", verifier.Skipped: "skipped", verifier.Indeterminate: "not made",
	}
)

// writeReport tells a report: the verdict with what made it so, then every
// check as a sentence.
func writeReport(w io.Writer, report *verifier.Report) {
	check, _ := report.Decisive()
	fmt.Fprintln(w, wrap(verdictWords[report.Verdict]+"  "+printable(check.Message), ""))
	fmt.Fprintln(w)
	for _, check := range report.Checks {
		at := ""
		if check.Path != "" && check.Outcome != verifier.Passed {
			at = " (at " + check.Path + ")"
		}
		line := fmt.Sprintf("  %-8s  %s", outcomeWords[check.Outcome], printable(check.Message+at))
		fmt.Fprintln(w, wrap(line, strings.Repeat(" ", 12)))
	}
	for _, inside := range report.Credentials {
		check, _ := decisiveOf(inside)
		fmt.Fprintf(w, "\n%s\n", wrap("Inside, at "+inside.Path+": "+verdictWords[inside.Verdict]+"  "+printable(check.Message), "  "))
	}
	fmt.Fprintf(w, "\nChecked at %s.\n", report.CheckedAt.Format("2006-01-02 15:04:05 MST"))
}

// decisiveOf gives the check that made the verdict on a credential inside.
func decisiveOf(inside verifier.Contained) (verifier.Check, bool) {
	report := verifier.Report{Verdict: inside.Verdict, Checks: inside.Checks}
	return report.Decisive()
}

// wrap breaks a line at spaces. The lines after the first are indented.
func wrap(line, indent string) string {
	const width = 90
	var broken strings.Builder
	for utf8.RuneCountInString(line) > width {
		limit := 0 // the byte at which column width begins
		for range width {
			_, size := utf8.DecodeRuneInString(line[limit:])
			limit += size
		}
		at := strings.LastIndexByte(line[:limit], ' ')
		if at <= len(indent) {
			break // one long word
		}
		broken.WriteString(line[:at] + "\n")
		line = indent + line[at+1:]
	}
	return broken.String() + line
}
