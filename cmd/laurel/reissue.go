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
)

// replacingFlags are what reissuing and renewing have in common.
type replacingFlags struct {
	ID            string `arg:"" placeholder:"ID" help:"Id or address of the badge."`
	Revoke        string `placeholder:"CODE" help:"Also revoke the old badge in the same step, for this reason, such as superseded."`
	PublicWording string `placeholder:"TEXT" help:"With --revoke: what the public is told; no person's data."`
	Visibility    string `placeholder:"WHO" enum:",off,link,public" default:"" help:"Who can see the new badge; as the old one when left out."`
	Out           string `placeholder:"FILE" help:"Also write the new badge to this new file."`
	dataFlags
	JSON bool `help:"Print the result as JSON."`
}

// reissueCommand corrects a badge.
type reissueCommand struct {
	replacingFlags
	Email       string   `placeholder:"ADDRESS" xor:"recipient" help:"Another e-mail address."`
	RecipientID string   `placeholder:"DID" xor:"recipient" help:"Another DID or other URI of the recipient."`
	Name        string   `placeholder:"NAME" help:"Recipient's name in the new badge. With another address, none unless it is given."`
	Evidence    []string `placeholder:"URL" sep:"none" help:"Page with evidence, instead of the old badge's; may be repeated."`
	ValidUntil  string   `placeholder:"DATE" help:"When the new badge ends; as the old one when left out."`
	Version     int      `placeholder:"N" help:"Version of the achievement; the one that was awarded when left out."`
	Linked      *bool    `negatable:"" help:"Lead the public from the old badge to the new one; when left out, if the recipient's address is the same."`
}

// renewCommand renews a badge before it ends.
type renewCommand struct {
	replacingFlags
	ValidUntil string `required:"" placeholder:"DATE" help:"When the new badge ends, such as 2031-12-31."`
	ValidFrom  string `placeholder:"DATE" help:"When its validity begins; now when left out."`
}

// Run implements the command.
func (c *reissueCommand) Run(ctx context.Context, console *console) error {
	body := map[string]any{}
	recipient := map[string]string{}
	for name, value := range map[string]string{"email": c.Email, "id": c.RecipientID, "name": c.Name} {
		if value != "" {
			recipient[name] = value
		}
	}
	if len(recipient) > 0 {
		body["recipient"] = recipient
	}
	if len(c.Evidence) > 0 {
		var evidence []json.RawMessage
		for _, page := range c.Evidence {
			one, err := json.Marshal(map[string]any{"id": page, "type": []string{"Evidence"}})
			if err != nil {
				return err
			}
			evidence = append(evidence, one)
		}
		body["evidence"] = evidence
	}
	if c.Version != 0 {
		body["achievementVersion"] = c.Version
	}
	if c.Linked != nil {
		body["linked"] = *c.Linked
	}
	if err := addTime(body, "validUntil", "--valid-until", c.ValidUntil, true); err != nil {
		return err
	}
	return c.replace(ctx, console, body, "reissuing badge")
}

// Run implements the command.
func (c *renewCommand) Run(ctx context.Context, console *console) error {
	body := map[string]any{}
	err := addTime(body, "validUntil", "--valid-until", c.ValidUntil, true)
	if err == nil {
		err = addTime(body, "validFrom", "--valid-from", c.ValidFrom, false)
	}
	if err != nil {
		return err
	}
	return c.replace(ctx, console, body, "renewing badge")
}

// addTime reads a flag with a day or time, if it is given, into a member.
func addTime(body map[string]any, member, flag, value string, endOfDay bool) error {
	if value == "" {
		return nil
	}
	t, err := parseTime(value, endOfDay)
	if err != nil {
		return usage(fmt.Errorf("reading command line: %s: %w", flag, err), "write %s 2031-12-31 or 2031-12-31T23:59:59Z", flag)
	}
	body[member] = t.Format(time.RFC3339)
	return nil
}

// replacement is a new badge and the one whose place it took.
type replacement struct {
	issued
	Replaces string `json:"replaces"`
}

// replace has a badge take the place of the one that the flags name.
func (f replacingFlags) replace(ctx context.Context, console *console, body map[string]any, doing string) (err error) {
	if f.Out != "" {
		if _, err := os.Lstat(f.Out); err == nil {
			return &failure{code: exitExists, err: fmt.Errorf("writing badge: %s exists already", f.Out), hint: "nothing was awarded; name a new file"}
		}
	}
	if f.PublicWording != "" && f.Revoke == "" {
		return usage(errors.New("reading command line: --public-wording is told of a badge that is revoked"), "add --revoke CODE, or leave --public-wording out")
	}
	if f.Visibility != "" {
		body["visibility"] = f.Visibility
	}
	if f.Revoke != "" {
		revoke := map[string]string{"reason": f.Revoke}
		if f.PublicWording != "" {
			revoke["wording"] = f.PublicWording
		}
		body["revoke"] = revoke
	}
	operator, closeData, err := openOperator(ctx, f.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	id, err := badgeID(f.ID, operator.settings.PublicURL)
	if err != nil {
		return err
	}
	made := replacement{Replaces: id}
	op := operation{doing: doing, method: http.MethodPost, path: "/api/v1/credentials/" + id + "/reissue", body: body, absent: "there is no badge " + id}
	if err := operator.call(ctx, op, &made); err != nil {
		var p *problem
		if errors.As(err, &p) && p.code() == "conflict" {
			return &failure{code: exitFault, err: err, hint: "a badge can be replaced once, when it is issued; afterwards its replacement can be"}
		}
		return err
	}
	if f.Out != "" {
		if err := operator.writeBadge(ctx, made.ID, f.Out); err != nil {
			return fmt.Errorf("%w; the badge %s was awarded", err, made.ID)
		}
	}
	return console.report(f.JSON, made, func(w io.Writer) { f.write(w, made) })
}

func (f replacingFlags) write(w io.Writer, made replacement) {
	fmt.Fprintf(w, "The new badge is signed and stored.\n\n")
	old := made.Replaces
	if f.Revoke != "" {
		old += ", which is revoked"
	}
	writeRows(w, [][2]string{{"Badge", made.ID}, {"Replaces", old}, {"File", f.Out}, {"Page", made.URL}, {"JSON", made.URL + ".json"}})
}
