package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// outboxCommand is about what was and is to be sent.
type outboxCommand struct {
	List   outboxListCommand   `cmd:"" help:"List what was sent, is waiting, or was given up, the newest first."`
	Replay outboxReplayCommand `cmd:"" help:"Send deliveries again, or all that were given up."`
}

// delivery is one in answers of the operators' API.
type delivery struct {
	ID          string    `json:"id"`
	Kind        string    `json:"kind"`
	Destination string    `json:"destination"`
	Event       string    `json:"event"`
	Object      string    `json:"object"`
	State       string    `json:"state"`
	Attempts    int       `json:"attempts"`
	LastError   string    `json:"lastError,omitempty"`
	Created     time.Time `json:"created"`
	Next        time.Time `json:"next,omitzero"`
	Finished    time.Time `json:"finished,omitzero"`
}

// The commands about the outbox.
type (
	outboxListCommand struct {
		State       string `placeholder:"STATE" enum:",waiting,sent,failed" default:"" help:"Only what is waiting, sent or failed."`
		Destination string `placeholder:"ID" help:"Only what goes to this webhook, or email."`
		Limit       int    `placeholder:"N" default:"50" help:"At most so many (${default})."`
		dataFlags
		JSON bool `help:"Print the list as JSON."`
	}
	outboxReplayCommand struct {
		ID     []string `arg:"" optional:"" placeholder:"ID" help:"Ids of deliveries."`
		Failed bool     `help:"All that were given up, at most 1000."`
		dataFlags
		JSON bool `help:"Print the result as JSON."`
	}
)

// Run implements the command.
func (c *outboxListCommand) Run(ctx context.Context, console *console) error {
	query := filterQuery(map[string]string{"state": c.State, "destination": c.Destination})
	list, err := listPages[delivery](ctx, c.dataFlags, operation{doing: "listing deliveries", path: "/api/v1/outbox"}, query, c.Limit)
	if err != nil {
		return err
	}
	return console.report(c.JSON, map[string]any{"items": list}, func(w io.Writer) {
		for _, d := range list {
			fmt.Fprintf(w, "  %s  %s  %-7s  %-16s  %s  %s  %d attempts  %s\n",
				d.ID, d.Created.Format("2006-01-02 15:04:05"), d.State, d.Event, printable(d.Object), d.Destination, d.Attempts, printable(d.LastError))
		}
	})
}

// Run implements the command.
func (c *outboxReplayCommand) Run(ctx context.Context, console *console) (err error) {
	if (len(c.ID) == 0) != c.Failed {
		return usage(errors.New("reading command line: which deliveries?"), "give their ids, or --failed")
	}
	operator, closeData, err := openOperator(ctx, c.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	op := operation{doing: "replaying deliveries", method: http.MethodPost, path: "/api/v1/outbox/replay", absent: "there is no such delivery"}
	if len(c.ID) > 0 {
		op.body = map[string]any{"deliveries": c.ID}
	}
	var replayed struct {
		Replayed int `json:"replayed"`
	}
	if err := operator.call(ctx, op, &replayed); err != nil {
		return err
	}
	return console.report(c.JSON, replayed, func(w io.Writer) {
		fmt.Fprintf(w, "%d deliveries are sent again", replayed.Replayed)
		if !operator.served {
			fmt.Fprintf(w, " when the server runs:  laurel serve --data %s", printable(c.Data))
		}
		fmt.Fprintln(w, ".")
	})
}
