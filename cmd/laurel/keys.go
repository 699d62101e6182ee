package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// keysCommand lists and changes signing keys.
type keysCommand struct {
	List       keysListCommand       `cmd:"" help:"List the signing keys, the oldest first."`
	Rotate     keysRotateCommand     `cmd:"" help:"Make a new key that signs from now on, and retire the others."`
	Retire     keysRetireCommand     `cmd:"" help:"Stop a key from signing. What it signed stays valid."`
	Compromise keysCompromiseCommand `cmd:"" help:"Say that others may have a key. Nothing it signed verifies any more; this cannot be undone."`
}

// signingKey is a key in answers of the operators' API.
type signingKey struct {
	ID               string    `json:"id"`
	KID              string    `json:"kid"`
	Algorithm        string    `json:"algorithm"`
	State            string    `json:"state"`
	Created          time.Time `json:"created"`
	Retired          time.Time `json:"retired,omitzero"`
	CompromisedSince time.Time `json:"compromisedSince,omitzero"`
}

// keyFlags are what all commands about keys need.
type keyFlags struct {
	dataFlags
	JSON bool `help:"Print the result as JSON."`
}

// The commands about keys.
type (
	keysListCommand   struct{ keyFlags }
	keysRotateCommand struct{ keyFlags }
	keysRetireCommand struct {
		Key string `arg:"" placeholder:"KEY" help:"Name of the key, such as key-1."`
		keyFlags
	}
	keysCompromiseCommand struct {
		Key   string `arg:"" placeholder:"KEY" help:"Name of the key, such as key-1."`
		Since string `required:"" placeholder:"TIME" help:"Since when others may have it, such as 2026-03-01 or 2026-03-01T12:00:00Z; not in the future."`
		keyFlags
	}
)

// Run implements the command.
func (c *keysListCommand) Run(ctx context.Context, console *console) (err error) {
	operator, closeData, err := openOperator(ctx, c.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	var list struct {
		Items []signingKey `json:"items"`
	}
	if err := operator.call(ctx, operation{doing: "listing keys", method: http.MethodGet, path: "/api/v1/keys"}, &list); err != nil {
		return err
	}
	return console.report(c.JSON, list, func(w io.Writer) {
		for _, key := range list.Items {
			key.write(w)
		}
	})
}

// Run implements the command.
func (c *keysRotateCommand) Run(ctx context.Context, console *console) error {
	return c.change(ctx, console, operation{doing: "rotating keys", path: "rotate"},
		"The new key signs from now on. The others are retired; what they signed stays valid.")
}

// Run implements the command.
func (c *keysRetireCommand) Run(ctx context.Context, console *console) error {
	return c.change(ctx, console, operation{doing: "retiring key", path: url.PathEscape(c.Key) + "/retire", absent: "there is no key " + c.Key},
		"The key signs no more. What it signed stays valid.")
}

// Run implements the command.
func (c *keysCompromiseCommand) Run(ctx context.Context, console *console) error {
	since, err := parseTime(c.Since, false)
	if err != nil {
		return usage(fmt.Errorf("reading command line: --since: %w", err), "write --since 2026-03-01 or 2026-03-01T12:00:00Z")
	}
	return c.change(ctx, console, operation{
		doing: "recording compromise of key", path: url.PathEscape(c.Key) + "/compromise", absent: "there is no key " + c.Key,
		body: map[string]string{"since": since.UTC().Format(time.RFC3339)},
	}, "The key has left the issuer's document. Nothing it signed verifies any more.")
}

// change performs an operation on a key, whose path is below that of the keys.
func (f keyFlags) change(ctx context.Context, console *console, op operation, done string) (err error) {
	operator, closeData, err := openOperator(ctx, f.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	op.method, op.path = http.MethodPost, "/api/v1/keys/"+op.path
	var changed signingKey
	if err := operator.call(ctx, op, &changed); err != nil {
		return err
	}
	return console.report(f.JSON, changed, func(w io.Writer) {
		fmt.Fprintf(w, "%s\n\n", done)
		changed.write(w)
	})
}

func (k signingKey) write(w io.Writer) {
	const day = "2006-01-02 15:04 MST"
	state := k.State
	switch {
	case !k.CompromisedSince.IsZero():
		state += " since " + k.CompromisedSince.Format(day)
	case !k.Retired.IsZero():
		state += " " + k.Retired.Format(day)
	}
	fmt.Fprintf(w, "  %-8s  %s  created %s  %s  %s\n", k.ID, k.Algorithm, k.Created.Format(day), k.KID, state)
}
