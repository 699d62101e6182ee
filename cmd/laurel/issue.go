package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"laurel/internal/issuer"
	"laurel/storage"
)

// issueCommand awards a badge.
type issueCommand struct {
	Achievement string   `required:"" placeholder:"ID" help:"What is awarded: the id or address of an achievement."`
	Email       string   `placeholder:"ADDRESS" xor:"recipient" required:"" help:"Recipient's e-mail address. The badge holds a salted hash of it, not the address."`
	ID          string   `name:"id" placeholder:"DID" xor:"recipient" required:"" help:"Recipient's DID or other URI, instead of an address."`
	Name        string   `placeholder:"NAME" help:"Recipient's name, which the badge shows to everybody who sees it."`
	Evidence    []string `placeholder:"URL" sep:"none" help:"Page with evidence; may be repeated."`
	ValidUntil  string   `placeholder:"DATE" help:"When the badge ends, such as 2031-12-31 or 2031-12-31T23:59:59Z."`
	Visibility  string   `placeholder:"WHO" enum:",off,link,public" default:"" help:"Who can see it: off, link (the default: whoever has its address) or public."`
	Refreshable bool     `help:"Have the badge name the service that its renewal can be had from. Some verifiers ask it at every check."`
	Out         string   `placeholder:"FILE" help:"Also write the signed badge to this new file."`
	dataFlags
	JSON bool `help:"Print the result as JSON."`
}

// issued is an award in answers of the operators' API.
type issued struct {
	ID         string             `json:"id"`
	URL        string             `json:"url"`
	State      storage.State      `json:"state"`
	Visibility storage.Visibility `json:"visibility,omitempty"`
	Reason     string             `json:"reason,omitempty"`
	Wording    string             `json:"wording,omitempty"`
	Changed    time.Time          `json:"changed,omitzero"`
	Credential json.RawMessage    `json:"credential,omitempty"`
}

// Run implements the command.
func (c *issueCommand) Run(ctx context.Context, console *console) (err error) {
	request, err := c.request()
	if err != nil {
		return err
	}
	// Before anything is awarded, so that nothing is awarded twice.
	if c.Out != "" {
		if _, err := os.Lstat(c.Out); err == nil {
			return &failure{code: exitExists, err: fmt.Errorf("writing badge: %s exists already", c.Out), hint: "nothing was awarded; name a new file"}
		}
	}
	operator, closeData, err := openOperator(ctx, c.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	var award issued
	op := operation{doing: "issuing badge", method: http.MethodPost, path: "/api/v1/credentials", body: request}
	if err := operator.call(ctx, op, &award); err != nil {
		return c.explain(err)
	}
	if c.Out != "" {
		if err := operator.writeBadge(ctx, award.ID, c.Out); err != nil {
			return fmt.Errorf("%w; the badge %s was awarded", err, award.ID)
		}
	}
	return console.report(c.JSON, award, func(w io.Writer) { c.write(w, award, operator.served) })
}

// explain tells the achievement that is not there from other faults of the
// request.
func (c *issueCommand) explain(err error) error {
	var p *problem
	if errors.As(err, &p) && len(p.Errors) == 1 && p.Errors[0].Path == "/achievement" {
		return missing(fmt.Errorf("issuing badge: there is no achievement %s", c.Achievement), "laurel achievement list --data "+c.Data)
	}
	return err
}

func (c *issueCommand) request() (issuer.Request, error) {
	request := issuer.Request{
		Achievement: c.Achievement,
		Recipient:   issuer.Recipient{Email: c.Email, ID: c.ID, Name: c.Name},
		Visibility:  storage.Visibility(c.Visibility), RefreshService: c.Refreshable,
	}
	for _, page := range c.Evidence {
		evidence, err := json.Marshal(map[string]any{"id": page, "type": []string{"Evidence"}})
		if err != nil {
			return request, err
		}
		request.Evidence = append(request.Evidence, evidence)
	}
	if c.ValidUntil != "" {
		until, err := parseTime(c.ValidUntil, true)
		if err != nil {
			return request, usage(fmt.Errorf("reading command line: --valid-until: %w", err), "write --valid-until 2031-12-31 or 2031-12-31T23:59:59Z")
		}
		request.ValidUntil = until
	}
	return request, nil
}

// parseTime reads a time, or a day in UTC, which is its first second or its
// last.
func parseTime(text string, endOfDay bool) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		if endOfDay {
			day = day.AddDate(0, 0, 1).Add(-time.Second)
		}
		return day, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, errors.New("not a date or time")
	}
	return t, nil
}

// writeBadge writes the signed badge to a new file.
func (o *operator) writeBadge(ctx context.Context, id, path string) error {
	var award issued
	op := operation{doing: "reading badge", method: http.MethodGet, path: "/api/v1/credentials/" + id}
	if err := o.call(ctx, op, &award); err != nil {
		return err
	}
	if len(award.Credential) == 0 {
		return errors.New("reading badge: there are no signed bytes")
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing badge: %w", err)
	}
	_, err = file.Write(award.Credential)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("writing badge: %w", err)
	}
	return nil
}

func (c *issueCommand) write(w io.Writer, award issued, served bool) {
	fmt.Fprintf(w, "The badge is signed and stored.\n\n")
	rows := [][2]string{{"Badge", award.ID}, {"State", string(award.State)}, {"File", c.Out}}
	if c.Visibility != string(storage.VisibilityOff) {
		rows = append(rows, [2]string{"Page", award.URL}, [2]string{"JSON", award.URL + ".json"})
	} else {
		rows = append(rows, [2]string{"Address", award.URL + " (shown to nobody: visibility is off)"})
	}
	writeRows(w, rows)
	if !served {
		fmt.Fprintf(w, "\nIt can be fetched while the server runs:  laurel serve --data %s\n", c.Data)
	}
}
