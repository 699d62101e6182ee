package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"time"
)

// keysCommand lists and changes signing keys.
type keysCommand struct {
	List       keysListCommand       `cmd:"" help:"List the signing keys, the oldest first."`
	Create     keysCreateCommand     `cmd:"" help:"Make a further key, of another kind or in another place."`
	Rotate     keysRotateCommand     `cmd:"" help:"Make a new key that signs from now on, and retire the others of its kind."`
	Retire     keysRetireCommand     `cmd:"" help:"Stop a key from signing. What it signed stays valid."`
	Compromise keysCompromiseCommand `cmd:"" help:"Say that others may have a key. Nothing it signed verifies any more; this cannot be undone."`
	Affected   keysAffectedCommand   `cmd:"" help:"List the badges that were signed with a key: what to issue anew after it was compromised."`
}

// signingKey is a key in answers of the operators' API.
type signingKey struct {
	ID               string    `json:"id"`
	KID              string    `json:"kid"`
	Algorithm        string    `json:"algorithm"`
	Backend          string    `json:"backend"`
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

// newKeyFlags say what key to make.
type newKeyFlags struct {
	Kind    string `placeholder:"KIND" default:"Ed25519" enum:"Ed25519,P-256,P-384,RSA-2048,BLS12-381-G2" help:"${enum}; badges are signed with ${default}."`
	Backend string `placeholder:"NAME" help:"Where the private key is to be: file, pkcs11, awskms or transit; the one of --key-backend when left out, and for rotate where the key before it is."`
}

func (f newKeyFlags) body() map[string]string {
	body := map[string]string{"algorithm": f.Kind}
	if f.Backend != "" {
		body["backend"] = f.Backend
	}
	return body
}

// The commands about keys.
type (
	keysListCommand   struct{ keyFlags }
	keysCreateCommand struct {
		newKeyFlags
		keyFlags
	}
	keysRotateCommand struct {
		newKeyFlags
		keyFlags
	}
	keysAffectedCommand struct {
		Key string `arg:"" placeholder:"KEY" help:"Name of the key, such as key-1."`
		keyFlags
	}
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
func (c *keysListCommand) Run(ctx context.Context, console *console) error {
	var list struct {
		Items []signingKey `json:"items"`
	}
	if err := operate(ctx, c.dataFlags, operation{doing: "listing keys", method: http.MethodGet, path: "/api/v1/keys"}, &list); err != nil {
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
	return c.change(ctx, console, operation{doing: "rotating keys", path: "/rotate", body: c.body()},
		"The new key signs from now on. The others of its kind are retired; what they signed stays valid.")
}

// Run implements the command.
func (c *keysCreateCommand) Run(ctx context.Context, console *console) error {
	return c.change(ctx, console, operation{doing: "creating key", body: c.body()},
		"Of the keys of its kind, this one signs from now on. The others are still there.")
}

// Run implements the command.
func (c *keysRetireCommand) Run(ctx context.Context, console *console) error {
	return c.change(ctx, console, operation{doing: "retiring key", path: "/" + url.PathEscape(c.Key) + "/retire", absent: "there is no key " + c.Key},
		"The key signs no more. What it signed stays valid.")
}

// Run implements the command.
func (c *keysCompromiseCommand) Run(ctx context.Context, console *console) error {
	since, err := parseTime(c.Since, false)
	if err != nil {
		return usage(fmt.Errorf("reading command line: --since: %w", err), "write --since 2026-03-01 or 2026-03-01T12:00:00Z")
	}
	return c.change(ctx, console, operation{
		doing: "recording compromise of key", path: "/" + url.PathEscape(c.Key) + "/compromise", absent: "there is no key " + c.Key,
		body: map[string]string{"since": since.UTC().Format(time.RFC3339)},
	}, "The key has left the issuer's document. Nothing it signed verifies any more, except here what is in the register from before.\n"+
		"What to issue anew:  laurel keys affected "+c.Key)
}

// affectedBadge is a badge that was signed with a key.
type affectedBadge struct {
	ID      string    `json:"id"`
	URL     string    `json:"url"`
	State   string    `json:"state"`
	Issued  time.Time `json:"issued,omitzero"`
	Vouched bool      `json:"vouched"`
}

// Run implements the command.
func (c *keysAffectedCommand) Run(ctx context.Context, console *console) error {
	op := operation{doing: "listing badges of key", path: "/api/v1/keys/" + url.PathEscape(c.Key) + "/credentials", absent: "there is no key " + c.Key}
	list, err := listPages[affectedBadge](ctx, c.dataFlags, op, filterQuery(nil), math.MaxInt)
	if err != nil {
		return err
	}
	return console.report(c.JSON, map[string]any{"items": list}, func(w io.Writer) {
		for _, badge := range list {
			vouched := ""
			if badge.Vouched {
				vouched = "  good here still"
			}
			fmt.Fprintf(w, "  %s  %s  %s%s\n", badge.ID, badge.Issued.Format(dayFormat), badge.State, vouched)
		}
		fmt.Fprintf(w, "\n%d badges were signed with %s.\n", len(list), c.Key)
	})
}

// change performs an operation on a key, whose path is below that of the keys.
func (f keyFlags) change(ctx context.Context, console *console, op operation, done string) error {
	op.method, op.path = http.MethodPost, "/api/v1/keys"+op.path
	var changed signingKey
	if err := operate(ctx, f.dataFlags, op, &changed); err != nil {
		return err
	}
	return console.report(f.JSON, changed, func(w io.Writer) {
		fmt.Fprintf(w, "%s\n\n", done)
		changed.write(w)
	})
}

func (k signingKey) write(w io.Writer) {
	state := k.State
	switch {
	case !k.CompromisedSince.IsZero():
		state += " since " + k.CompromisedSince.Format(dayFormat)
	case !k.Retired.IsZero():
		state += " " + k.Retired.Format(dayFormat)
	}
	fmt.Fprintf(w, "  %-8s  %-12s  %-7s  created %s  %s  %s\n", k.ID, k.Algorithm, k.Backend, k.Created.Format(dayFormat), k.KID, state)
}

// dayFormat is how times are printed for people.
const dayFormat = "2006-01-02 15:04 MST"
