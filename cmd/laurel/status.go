package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// statusCommand changes the status of badges.
type statusCommand struct {
	Revoke    revokeCommand    `cmd:"" help:"Take a badge back, or all of a selection, for good."`
	Suspend   suspendCommand   `cmd:"" help:"Take a badge back, or all of a selection, for the time being."`
	Reinstate reinstateCommand `cmd:"" help:"End the suspension of a badge, or of all of a selection."`
	Confirm   confirmCommand   `cmd:"" help:"Carry out a change that was previewed."`
	Show      showCommand      `cmd:"" help:"Show how far a change of a selection has got."`
	Stop      stopCommand      `cmd:"" help:"Drop a change that was previewed, or stop one that is being carried out."`
}

// statusFlags are what all changes of status need.
type statusFlags struct {
	ID string `arg:"" optional:"" placeholder:"ID" help:"Id or address of the badge; instead of a selection."`
	selectionFlags
	Reason        string `required:"" placeholder:"CODE" help:"Code of the reason, such as issued-in-error; letters, digits, - and _. It is kept, not published."`
	PublicWording string `placeholder:"TEXT" help:"What the public is told; no person's data."`
	dataFlags
	JSON bool `help:"Print the result as JSON."`
}

// The changes of status.
type (
	revokeCommand    struct{ statusFlags }
	suspendCommand   struct{ statusFlags }
	reinstateCommand struct{ statusFlags }
)

// Run implements the command.
func (c *revokeCommand) Run(ctx context.Context, console *console) error {
	return c.change(ctx, console, "revoke", "revoking badge", "The badge is revoked.")
}

// Run implements the command.
func (c *suspendCommand) Run(ctx context.Context, console *console) error {
	return c.change(ctx, console, "suspend", "suspending badge", "The badge is suspended.")
}

// Run implements the command.
func (c *reinstateCommand) Run(ctx context.Context, console *console) error {
	return c.change(ctx, console, "reinstate", "reinstating badge", "The badge holds again.")
}

func (f statusFlags) change(ctx context.Context, console *console, action, doing, done string) (err error) {
	if err := f.selectionFlags.check(f.ID); err != nil {
		return err
	}
	operator, closeData, err := openOperator(ctx, f.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	if f.ID == "" {
		return f.changeSelection(ctx, console, operator, action)
	}
	id, err := badgeID(f.ID, operator.settings.PublicURL)
	if err != nil {
		return err
	}
	body := map[string]string{"action": action, "reason": f.Reason}
	if f.PublicWording != "" {
		body["wording"] = f.PublicWording
	}
	var changed issued
	op := operation{
		doing: doing, method: http.MethodPost, path: "/api/v1/credentials/" + id + "/status", body: body,
		absent: "there is no badge " + id,
	}
	if err := operator.call(ctx, op, &changed); err != nil {
		return explainConflict(err)
	}
	return console.report(f.JSON, changed, func(w io.Writer) {
		fmt.Fprintf(w, "%s\n\n", done)
		writeRows(w, [][2]string{
			{"Badge", changed.ID},
			{"State", string(changed.State)},
			{"Reason", changed.Reason},
			{"Public", changed.Wording},
			{"Since", changed.Changed.Format("2006-01-02 15:04:05 MST")},
		})
		if !operator.served {
			fmt.Fprintf(w, "\nThe world sees it when the server runs:  laurel serve --data %s\n", f.Data)
		}
	})
}

// explainConflict says what keeps a status from being changed.
func explainConflict(err error) error {
	var p *problem
	if errors.As(err, &p) && p.code() == "conflict" {
		return &failure{
			code: exitFault, err: err,
			hint: "a revoked badge stays revoked; one can be suspended only if laurel init --suspension was given",
		}
	}
	return err
}

// badgeID is the id of a badge that is named by it or by its address here.
func badgeID(text, publicURL string) (string, error) {
	id := text
	if strings.Contains(text, "/") {
		rest, ok := strings.CutPrefix(text, publicURL+"/credentials/")
		if !ok {
			return "", usage(fmt.Errorf("reading command line: %s is not the address of a badge of %s", text, publicURL), "give the badge's id, or its address as laurel issue printed it")
		}
		id = strings.TrimSuffix(rest, ".json")
	}
	if id == "" || id != url.PathEscape(id) || id == "." || id == ".." {
		return "", usage(errors.New("reading command line: this is not the id of a badge"), "give the badge's id, or its address as laurel issue printed it")
	}
	return id, nil
}
