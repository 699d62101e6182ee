package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"laurel/internal/audit"
)

// auditCommand is about the record of acts.
type auditCommand struct {
	Verify     auditVerifyCommand     `cmd:"" help:"Check the record of acts: exit 0 it is whole, 1 it is not, 2 it could not be checked."`
	Checkpoint auditCheckpointCommand `cmd:"" help:"Sign where the record ends now, to be kept elsewhere."`
	List       auditListCommand       `cmd:"" help:"List acts, the newest first."`
}

// auditVerifyCommand checks every chain and every checkpoint.
type auditVerifyCommand struct {
	Checkpoint string `placeholder:"FILE" help:"Checkpoints that were kept elsewhere; they show what was cut off, and a store that was set back."`
	dataFlags
	JSON bool `help:"Print the report as JSON."`
}

// Run implements the command.
func (c *auditVerifyCommand) Run(ctx context.Context, console *console) (err error) {
	if err := c.whole(); err != nil {
		return err
	}
	var external []byte
	if c.Checkpoint != "" {
		if external, err = os.ReadFile(c.Checkpoint); err != nil {
			return &failure{code: exitUnreadable, err: fmt.Errorf("reading checkpoints: %w", err)}
		}
	}
	c.reading = true
	operator, closeData, err := openOperator(ctx, c.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	var report audit.Report
	op := operation{doing: "checking record of acts", method: http.MethodPost, path: "/local/audit/verify"}
	if err := operator.ask(ctx, op, "text/plain", external, &report); err != nil {
		return err
	}
	if c.Checkpoint != "" && report.External == 0 && len(report.Problems) == 0 {
		return &failure{code: exitUnreadable, err: fmt.Errorf("reading checkpoints: none in %s", c.Checkpoint)}
	}
	if err := console.report(c.JSON, report, func(w io.Writer) { writeAuditReport(w, report) }); err != nil {
		return err
	}
	if len(report.Problems) > 0 {
		return verdict(exitFault)
	}
	return nil
}

func writeAuditReport(w io.Writer, report audit.Report) {
	entries := uint64(0)
	for _, chain := range report.Chains {
		entries += chain.Entries
	}
	if len(report.Problems) == 0 {
		fmt.Fprintln(w, "WHOLE  Nothing in the record of acts was changed, left out or put in.")
	} else {
		fmt.Fprintln(w, "BROKEN  The record of acts is not what was written.")
	}
	for _, p := range report.Problems {
		chain := p.Tenant
		if chain == "" {
			chain = "installation"
		}
		fmt.Fprintf(w, "\n  %s: %s\n  (%s)\n", printable(chain), printable(p.Message), p.Code)
	}
	last := "none: what was cut off at the end cannot be seen"
	if !report.LastCheckpoint.IsZero() {
		last = report.LastCheckpoint.Format("2006-01-02 15:04 MST") + "; what came since is held by the chain alone"
	}
	fmt.Fprintln(w)
	rows := [][2]string{
		{"Chains", strconv.Itoa(len(report.Chains))},
		{"Entries", strconv.FormatUint(entries, 10)},
		{"Checkpoints", fmt.Sprintf("%d in the store, %d from elsewhere", report.Checkpoints, report.External)},
		{"Last", last},
	}
	if report.Torn > 0 {
		rows = append(rows, [2]string{"Not whole", strconv.Itoa(report.Torn) + " checkpoints, as after a crash; they say nothing"})
	}
	writeRows(w, rows)
}

// auditCheckpointCommand makes a checkpoint.
type auditCheckpointCommand struct {
	Append string `type:"path" placeholder:"FILE" help:"Add the checkpoint to this file instead of printing it."`
	dataFlags
	JSON bool `help:"Print the result as JSON."`
}

// Run implements the command.
func (c *auditCheckpointCommand) Run(ctx context.Context, console *console) (err error) {
	if err := c.whole(); err != nil {
		return err
	}
	operator, closeData, err := openOperator(ctx, c.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	var made struct {
		Note            string `json:"note"`
		New             bool   `json:"new"`
		VerificationKey string `json:"verificationKey"`
	}
	op := operation{doing: "making checkpoint", method: http.MethodPost, path: "/local/audit/checkpoint"}
	if err := operator.call(ctx, op, &made); err != nil {
		return err
	}
	if c.Append != "" {
		if err := appendCheckpoint(c.Append, []byte(made.Note)); err != nil {
			return err
		}
	}
	return console.report(c.JSON, made, func(w io.Writer) {
		if c.Append == "" {
			fmt.Fprint(w, made.Note)
			return
		}
		fmt.Fprintf(w, "The checkpoint is in %s. It is signed with\n\n  %s\n", printable(c.Append), made.VerificationKey)
	})
}

// auditListCommand lists acts.
type auditListCommand struct {
	Actor        string `placeholder:"ACTOR" help:"Only acts of this actor, such as cli or apikey:3f9a."`
	Action       string `placeholder:"ACTION" help:"Only this action, such as credential.revoke."`
	Object       string `placeholder:"OBJECT" help:"Only acts on this object, such as credential/ID."`
	Installation bool   `help:"Acts on the installation itself, such as making a tenant."`
	Limit        int    `placeholder:"N" default:"50" help:"At most so many (${default})."`
	dataFlags
	JSON bool `help:"Print the list as JSON."`
}

// act is an entry of the record in answers of the operators' API.
type act struct {
	Sequence uint64    `json:"sequence"`
	Time     time.Time `json:"time"`
	Actor    string    `json:"actor"`
	Action   string    `json:"action"`
	Object   string    `json:"object"`
	Detail   string    `json:"detail,omitempty"`
	Hash     string    `json:"hash"`
}

// Run implements the command.
func (c *auditListCommand) Run(ctx context.Context, console *console) error {
	if c.Installation {
		if err := c.whole(); err != nil {
			return err
		}
	}
	path := "/api/v1/audit"
	if c.Installation {
		path = "/local/audit"
	}
	query := filterQuery(map[string]string{"actor": c.Actor, "action": c.Action, "object": c.Object})
	acts, err := listPages[act](ctx, c.dataFlags, operation{doing: "listing acts", path: path}, query, c.Limit)
	if err != nil {
		return err
	}
	return console.report(c.JSON, map[string]any{"items": acts}, func(w io.Writer) {
		for _, a := range acts {
			fmt.Fprintf(w, "%6d  %s  %-16s  %-22s  %s  %s\n",
				a.Sequence, a.Time.Format("2006-01-02 15:04:05"), printable(a.Actor), printable(a.Action), printable(a.Object), printable(a.Detail))
		}
	})
}
