package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// webhooksCommand keeps the addresses that want to know of events.
type webhooksCommand struct {
	Create webhooksCreateCommand `cmd:"" help:"Have events sent to an address; prints the secret that they are signed with, once."`
	List   webhooksListCommand   `cmd:"" help:"List the webhooks."`
	Delete webhooksDeleteCommand `cmd:"" help:"End a webhook. What was waiting for it is given up."`
}

// webhook is one in answers of the operators' API.
type webhook struct {
	ID      string    `json:"id"`
	URL     string    `json:"url"`
	Events  []string  `json:"events"`
	Created time.Time `json:"created"`
	Secret  string    `json:"secret,omitempty"`
}

// The commands about webhooks.
type (
	webhooksCreateCommand struct {
		URL   string   `arg:"" placeholder:"URL" help:"https address to send to; its host is one of laurel serve --webhook-host."`
		Event []string `placeholder:"EVENT" help:"Event to send, such as award.issued; all by default."`
		dataFlags
		JSON bool `help:"Print the result as JSON."`
	}
	webhooksListCommand struct {
		dataFlags
		JSON bool `help:"Print the list as JSON."`
	}
	webhooksDeleteCommand struct {
		ID string `arg:"" placeholder:"ID" help:"Id of the webhook."`
		dataFlags
	}
)

// Run implements the command.
func (c *webhooksCreateCommand) Run(ctx context.Context, console *console) (err error) {
	operator, closeData, err := openOperator(ctx, c.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	body := map[string]any{"url": c.URL}
	if len(c.Event) > 0 {
		body["events"] = c.Event
	}
	var made webhook
	op := operation{doing: "making webhook", method: http.MethodPost, path: "/api/v1/webhooks", body: body}
	if err := operator.call(ctx, op, &made); err != nil {
		return err
	}
	return console.report(c.JSON, made, func(w io.Writer) {
		fmt.Fprint(w, "Events are sent there from now on. Keep the secret; it is not shown again.\n\n")
		writeRows(w, [][2]string{{"Webhook", made.ID}, {"URL", made.URL}, {"Events", strings.Join(made.Events, ", ")}, {"Secret", made.Secret}})
	})
}

// Run implements the command.
func (c *webhooksListCommand) Run(ctx context.Context, console *console) error {
	var list struct {
		Items []webhook `json:"items"`
	}
	if err := operate(ctx, c.dataFlags, operation{doing: "listing webhooks", method: http.MethodGet, path: "/api/v1/webhooks"}, &list); err != nil {
		return err
	}
	return console.report(c.JSON, list, func(w io.Writer) {
		for _, hook := range list.Items {
			fmt.Fprintf(w, "  %s  %s  %s\n", hook.ID, printable(hook.URL), strings.Join(hook.Events, ","))
		}
	})
}

// Run implements the command.
func (c *webhooksDeleteCommand) Run(ctx context.Context, console *console) error {
	op := operation{doing: "deleting webhook", method: http.MethodDelete, path: "/api/v1/webhooks/" + url.PathEscape(c.ID), absent: "there is no webhook " + c.ID}
	if err := operate(ctx, c.dataFlags, op, nil); err != nil {
		return err
	}
	console.note("The webhook is gone.")
	return nil
}

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
