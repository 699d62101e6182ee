package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"laurel/storage"
)

// selectionFlags say which badges a change of status is for: those to which
// everything given applies.
type selectionFlags struct {
	Achievement string `placeholder:"ID" group:"selection" help:"Badges of this achievement, by its id or address."`
	Award       string `placeholder:"ID" group:"selection" help:"Badges that were awarded from one file, by the id of that award."`
	State       string `placeholder:"STATE" enum:",issued,suspended,revoked,pending" default:"" group:"selection" help:"Badges in this state; those that the change is possible for when left out."`
	IssuedFrom  string `placeholder:"DATE" group:"selection" help:"Badges issued on or after this day or time (UTC)."`
	IssuedUntil string `placeholder:"DATE" group:"selection" help:"Badges issued on or before this day or time (UTC)."`
	Email       string `placeholder:"ADDRESS" xor:"holder" group:"selection" help:"Badges of the person with this e-mail address."`
	RecipientID string `placeholder:"DID" xor:"holder" group:"selection" help:"Badges of the person with this DID or other URI."`
	IDs         string `name:"ids" placeholder:"FILE" group:"selection" help:"Badges listed in a file, - for the standard input: an id or address a line."`
	Preview     bool   `xor:"doing" group:"selection" help:"Only say what would be done; laurel status confirm does it."`
	Yes         bool   `xor:"doing" group:"selection" help:"Do it without asking."`
}

// selecting reports whether any badges are selected.
func (f selectionFlags) selecting() bool {
	f.Preview, f.Yes = false, false
	return f != selectionFlags{}
}

// check holds the flags against the one badge that may be named instead.
func (f selectionFlags) check(id string) error {
	const hint = "name one badge, or select with --achievement, --email, --ids and the like"
	switch {
	case id == "" && !f.selecting():
		return usage(errors.New("reading command line: no badge is named"), hint)
	case id != "" && (f.selecting() || f.Preview || f.Yes):
		return usage(errors.New("reading command line: a badge is named, and others selected"), hint)
	}
	return nil
}

// statusChange is a change of many statuses in answers of the operators' API.
type statusChange struct {
	ID       string              `json:"id"`
	Phase    storage.StatusPhase `json:"phase"`
	Action   string              `json:"action"`
	Reason   string              `json:"reason,omitempty"`
	Wording  string              `json:"wording,omitempty"`
	Total    int                 `json:"total"`
	Expected storage.StatusTally `json:"expected"`
	Result   storage.StatusTally `json:"result"`
	Examples []struct {
		ID          string        `json:"id"`
		URL         string        `json:"url"`
		State       storage.State `json:"state"`
		Achievement string        `json:"achievement"`
		Issued      time.Time     `json:"issued,omitzero"`
	} `json:"examples,omitempty"`
	Refused   []storage.StatusRefusal `json:"refused,omitempty"`
	Created   time.Time               `json:"created"`
	Expires   time.Time               `json:"expires,omitzero"`
	Confirmed time.Time               `json:"confirmed,omitzero"`
	Finished  time.Time               `json:"finished,omitzero"`
}

const statusChanges = "/api/v1/status-changes"

// changeSelection previews a change and, when that is wished, has it carried
// out.
func (f statusFlags) changeSelection(ctx context.Context, console *console, operator *operator, action string) error {
	selection, lines, err := f.selection(console)
	if err != nil {
		return err
	}
	body := map[string]any{"select": selection, "action": action, "reason": f.Reason}
	if f.PublicWording != "" {
		body["wording"] = f.PublicWording
	}
	var draft statusChange
	op := operation{doing: "selecting badges", method: http.MethodPost, path: statusChanges, body: body}
	if err := operator.call(ctx, op, &draft); err != nil {
		return explainSelection(err, lines)
	}
	if f.Preview {
		return console.report(f.JSON, draft, func(w io.Writer) {
			draft.writeDraft(w)
			fmt.Fprintf(w, "\nNothing is changed yet. To do it, within a day:  laurel status confirm %s --data %s\n", draft.ID, f.Data)
		})
	}
	if !f.Yes {
		if err := f.ask(ctx, console, operator, draft); err != nil {
			return err
		}
	}
	return operator.confirm(ctx, console, draft.ID, f.JSON)
}

// ask shows the draft and drops it unless the answer is yes.
func (f statusFlags) ask(ctx context.Context, console *console, operator *operator, draft statusChange) error {
	var page bytes.Buffer
	draft.writeDraft(&page)
	console.note("%s", page.String())
	refused := usage(errors.New("changing statuses: not confirmed; nothing was changed"), "to do it without being asked: --yes; to look first: --preview")
	if console.interactive() {
		answer, err := console.ask(ctx, bufio.NewReader(console.stdin), "Type yes to "+draft.Action+" "+badges(draft.Expected.Changed))
		if err == nil && answer == "yes" {
			return nil
		}
		refused = &failure{code: exitFault, err: errors.New("changing statuses: not confirmed; nothing was changed")}
	}
	op := operation{doing: "dropping the change", method: http.MethodPost, path: statusChanges + "/" + draft.ID + "/stop"}
	return errors.Join(refused, operator.call(context.WithoutCancel(ctx), op, &draft))
}

// selection makes the selection of a request, and tells the line that each id
// stands in.
func (f selectionFlags) selection(console *console) (selection map[string]any, lines []int, err error) {
	selection = map[string]any{}
	for name, value := range map[string]string{"achievement": f.Achievement, "award": f.Award, "state": f.State} {
		if value != "" {
			selection[name] = value
		}
	}
	for name, value := range map[string]string{"issuedFrom": f.IssuedFrom, "issuedUntil": f.IssuedUntil} {
		if value == "" {
			continue
		}
		if selection[name], err = parseTime(value, name == "issuedUntil"); err != nil {
			return nil, nil, usage(fmt.Errorf("reading command line: %s: %w", value, err), "write a day as 2026-03-14, or a time as 2026-03-14T09:00:00Z")
		}
	}
	switch {
	case f.Email != "":
		selection["recipient"] = map[string]string{"email": f.Email}
	case f.RecipientID != "":
		selection["recipient"] = map[string]string{"id": f.RecipientID}
	}
	if f.IDs != "" {
		ids, at, err := readIDs(console, f.IDs)
		if err != nil {
			return nil, nil, err
		}
		selection["ids"], lines = ids, at
	}
	return selection, lines, nil
}

// readIDs reads ids or addresses of badges, one a line. Empty lines and what
// begins with # do not count.
func readIDs(console *console, path string) (ids []string, lines []int, err error) {
	source := console.stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, nil, &failure{code: exitUnreadable, err: fmt.Errorf("reading ids: %w", err)}
		}
		defer file.Close()
		source = file
	}
	ids = []string{}
	scanner := bufio.NewScanner(source)
	for line := 1; scanner.Scan(); line++ {
		text := strings.TrimSpace(strings.TrimPrefix(scanner.Text(), "\ufeff"))
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		ids, lines = append(ids, text), append(lines, line)
	}
	if err := scanner.Err(); err != nil {
		return nil, nil, &failure{code: exitUnreadable, err: fmt.Errorf("reading ids: %w", err)}
	}
	return ids, lines, nil
}

// explainSelection names the lines of ids that nobody has.
func explainSelection(err error, lines []int) error {
	var p *problem
	if !errors.As(err, &p) {
		return err
	}
	var unknown []string
	for _, e := range p.Errors {
		i, bad := strconv.Atoi(strings.TrimPrefix(e.Path, "/select/ids/"))
		if bad == nil && i < len(lines) {
			unknown = append(unknown, strconv.Itoa(lines[i]))
		}
		if e.Path == "/select/achievement" {
			return missing(errors.New("selecting badges: there is no such achievement"), "laurel achievement list")
		}
	}
	if len(unknown) == 0 {
		return err
	}
	return &failure{
		code: exitFault, err: fmt.Errorf("selecting badges: no badge has the id in line %s of the file", strings.Join(unknown, ", ")),
		hint: "nothing was changed; take these lines out or correct them (the first 20 are named)",
	}
}

// confirm has a draft carried out, and waits.
func (o *operator) confirm(ctx context.Context, console *console, id string, asJSON bool) error {
	var change statusChange
	op := operation{
		doing: "changing statuses", method: http.MethodPost, path: statusChanges + "/" + url.PathEscape(id) + "/confirm",
		absent: "there is no change " + id,
	}
	if err := o.call(ctx, op, &change); err != nil {
		var p *problem
		if errors.As(err, &p) && p.code() == "conflict" {
			return &failure{code: exitFault, err: err, hint: "it was stopped, or is older than a day; make it again"}
		}
		return err
	}
	if !o.served {
		if err := o.installation.issuer.RunStatusJobs(ctx); err != nil {
			return fmt.Errorf("changing statuses: %w", err)
		}
	}
	change, err := o.awaitChange(ctx, console, change.ID)
	if err != nil {
		return err
	}
	return change.report(console, asJSON)
}

// awaitChange reads a change until it is not being carried out any more.
func (o *operator) awaitChange(ctx context.Context, console *console, id string) (change statusChange, err error) {
	shown := false
	defer func() {
		if shown {
			console.note("")
		}
	}()
	op := operation{doing: "reading the change", method: http.MethodGet, path: statusChanges + "/" + url.PathEscape(id), absent: "there is no change " + id}
	for {
		change = statusChange{}
		if err := o.call(ctx, op, &change); err != nil || change.Phase != storage.StatusRunning {
			return change, err
		}
		if isTerminal(console.stderr) {
			fmt.Fprintf(console.stderr, "\r%d of %d", change.Result.Total(), change.Total)
			shown = true
		}
		select {
		case <-ctx.Done():
			console.note("the server goes on with it:  laurel status show %s", id)
			return change, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// report prints a change. One that could not be done to every badge ends the
// program with the code for a fault.
func (c statusChange) report(console *console, asJSON bool) error {
	if err := console.report(asJSON, c, c.write); err != nil {
		return err
	}
	if c.Result.Refused > 0 {
		return verdict(exitFault)
	}
	return nil
}

func badges(n int) string {
	if n == 1 {
		return "1 badge"
	}
	return strconv.Itoa(n) + " badges"
}

func (c statusChange) writeDraft(w io.Writer) {
	fmt.Fprintf(w, "%s selected to %s.\n\n", badges(c.Total), c.Action)
	writeRows(w, [][2]string{
		{"Change", c.ID},
		{"Reason", c.Reason},
		{"Public", c.Wording},
		{"Would change", strconv.Itoa(c.Expected.Changed)},
		{"Are so already", strconv.Itoa(c.Expected.Unchanged)},
		{"Cannot change", strconv.Itoa(c.Expected.Refused)},
	})
	if len(c.Examples) > 0 {
		fmt.Fprintf(w, "\nThe first of them:\n")
	}
	for _, e := range c.Examples {
		fmt.Fprintf(w, "  %s  %-9s  issued %s  of %s\n", printable(e.ID), printable(string(e.State)), e.Issued.Format(time.DateOnly), printable(e.Achievement))
	}
	c.writeRefused(w)
}

func (c statusChange) write(w io.Writer) {
	if c.Phase == storage.StatusDraft {
		c.writeDraft(w)
		return
	}
	fmt.Fprintf(w, "The change is %s.\n\n", c.Phase)
	writeRows(w, [][2]string{
		{"Change", c.ID},
		{"Action", c.Action},
		{"Reason", c.Reason},
		{"Public", c.Wording},
		{"Selected", strconv.Itoa(c.Total)},
		{"Changed", strconv.Itoa(c.Result.Changed)},
		{"Were so already", strconv.Itoa(c.Result.Unchanged)},
		{"Could not change", strconv.Itoa(c.Result.Refused)},
	})
	c.writeRefused(w)
}

// refusals are their codes in words.
var refusals = map[string]string{
	storage.RefusedRevoked:      "revoked, and what is revoked stays revoked",
	storage.RefusedPending:      "not issued yet",
	storage.RefusedNoSuspension: "not in a list of suspended badges: it was issued without laurel init --suspension",
}

func (c statusChange) writeRefused(w io.Writer) {
	if len(c.Refused) > 0 {
		fmt.Fprintf(w, "\nThe first of those that cannot change:\n")
	}
	for _, r := range c.Refused {
		fmt.Fprintf(w, "  %s  %s\n", printable(r.ID), refusals[r.Code])
	}
}

// jobFlags name a change of a selection.
type jobFlags struct {
	Change string `arg:"" placeholder:"CHANGE" help:"Id of the change, as its preview gave it."`
	dataFlags
	JSON bool `help:"Print the result as JSON."`
}

// What can be done with a change of a selection.
type (
	confirmCommand struct{ jobFlags }
	showCommand    struct{ jobFlags }
	stopCommand    struct{ jobFlags }
)

// Run implements the command.
func (c *confirmCommand) Run(ctx context.Context, console *console) (err error) {
	operator, closeData, err := openOperator(ctx, c.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	return operator.confirm(ctx, console, c.Change, c.JSON)
}

// Run implements the command.
func (c *showCommand) Run(ctx context.Context, console *console) error {
	return c.call(ctx, console, http.MethodGet, "", "reading the change")
}

// Run implements the command.
func (c *stopCommand) Run(ctx context.Context, console *console) error {
	return c.call(ctx, console, http.MethodPost, "/stop", "stopping the change")
}

func (f jobFlags) call(ctx context.Context, console *console, method, path, doing string) error {
	var change statusChange
	op := operation{doing: doing, method: method, path: statusChanges + "/" + url.PathEscape(f.Change) + path, absent: "there is no change " + f.Change}
	if err := operate(ctx, f.dataFlags, op, &change); err != nil {
		return err
	}
	return console.report(f.JSON, change, change.write)
}
