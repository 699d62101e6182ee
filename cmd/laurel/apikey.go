package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// apiKeyCommand is about API keys.
type apiKeyCommand struct {
	Create apiKeyCreateCommand `cmd:"" help:"Make an API key. It is shown this once."`
	List   apiKeyListCommand   `cmd:"" help:"List the API keys of an institution, also those that ended."`
	Revoke apiKeyRevokeCommand `cmd:"" help:"End an API key, at once and for good."`
}

// The commands about API keys.
type (
	apiKeyCreateCommand struct {
		Name    string   `required:"" placeholder:"NAME" help:"What the key is for, to tell it from others."`
		Scope   []string `required:"" placeholder:"SCOPE" enum:"achievements,credentials,admin,installation" help:"What it may do: ${enum}; several with commas. installation is for setting up institutions, and only a key of the first one can have it."`
		Expires string   `placeholder:"TIME" help:"When it ends: a date, a time, or a number of days such as 90d."`
		tenantFlags
	}
	apiKeyListCommand   struct{ tenantFlags }
	apiKeyRevokeCommand struct {
		ID string `arg:"" placeholder:"ID" help:"The id of the key: what follows laurel_ in it."`
		tenantFlags
	}
)

// operatorsKey is an API key in answers of the operators' API.
type operatorsKey struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Scopes  []string  `json:"scopes"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"`
	Revoked time.Time `json:"revoked,omitzero"`
	Token   string    `json:"token,omitempty"`
}

// Run implements the command.
func (c *apiKeyCreateCommand) Run(ctx context.Context, console *console) (err error) {
	body := map[string]any{"name": c.Name, "scopes": c.Scope}
	if c.Expires != "" {
		expires, err := parseExpiry(c.Expires, time.Now())
		if err != nil {
			return usage(fmt.Errorf("reading command line: --expires: %w", err), "write --expires 2027-01-01, 2027-01-01T12:00:00Z or 90d")
		}
		body["expires"] = expires.UTC().Format(time.RFC3339)
	}
	operator, closeData, err := openOperator(ctx, c.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	var key operatorsKey
	op := operation{doing: "making API key", method: http.MethodPost, path: "/api/v1/api-keys", body: body, absent: "there is no institution " + c.Tenant}
	if err := operator.call(ctx, op, &key); err != nil {
		return err
	}
	return console.report(c.JSON, key, key.write)
}

// parseExpiry reads a time, or a number of days from now.
func parseExpiry(text string, now time.Time) (time.Time, error) {
	if n := len(text) - 1; text[n] == 'd' {
		days, err := strconv.Atoi(text[:n])
		if err != nil || days < 1 || days > 36500 {
			return time.Time{}, errors.New("not a number of days")
		}
		return now.AddDate(0, 0, days), nil
	}
	return parseTime(text, false)
}

// Run implements the command.
func (c *apiKeyListCommand) Run(ctx context.Context, console *console) error {
	var list struct {
		Items []operatorsKey `json:"items"`
	}
	op := operation{doing: "listing API keys", method: http.MethodGet, path: "/api/v1/api-keys", absent: "there is no institution " + c.Tenant}
	if err := operate(ctx, c.dataFlags, op, &list); err != nil {
		return err
	}
	return console.report(c.JSON, list, func(w io.Writer) {
		for i, key := range list.Items {
			if i > 0 {
				fmt.Fprintln(w)
			}
			key.write(w)
		}
	})
}

// Run implements the command.
func (c *apiKeyRevokeCommand) Run(ctx context.Context, console *console) error {
	op := operation{
		doing: "ending API key", method: http.MethodDelete, path: "/api/v1/api-keys/" + url.PathEscape(c.ID), absent: "there is no API key " + c.ID,
	}
	if err := operate(ctx, c.dataFlags, op, nil); err != nil {
		return err
	}
	return console.report(c.JSON, map[string]string{"id": c.ID, "state": "revoked"}, func(w io.Writer) {
		fmt.Fprintf(w, "The API key %s has ended.\n", printable(c.ID))
	})
}

func (k operatorsKey) write(w io.Writer) {
	at := func(moment time.Time) string {
		if moment.IsZero() {
			return ""
		}
		return moment.UTC().Format("2006-01-02 15:04 MST")
	}
	scopes := ""
	for i, scope := range k.Scopes {
		if i > 0 {
			scopes += ", "
		}
		scopes += scope
	}
	fmt.Fprintf(w, "%s\n", printable(k.Name))
	writeRows(w, [][2]string{
		{"Id", k.ID}, {"Scopes", scopes}, {"Made", at(k.Created)}, {"Ends", at(k.Expires)}, {"Ended", at(k.Revoked)}, {"API key", k.Token},
	})
}
