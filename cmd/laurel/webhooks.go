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
