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

// tenantCommand is about the institutions of an installation.
type tenantCommand struct {
	Create tenantCreateCommand `cmd:"" help:"Set up a further institution, with a DID and a signing key of its own."`
	List   tenantListCommand   `cmd:"" help:"List the institutions, by name."`
	Update tenantUpdateCommand `cmd:"" help:"Change what an institution says of itself, or its quota. Badges that were awarded keep their text."`
}

// institutionFlags are what an institution says of itself. What is left out is
// not changed; what is given as nothing is taken away.
type institutionFlags struct {
	LegalName    *string `placeholder:"NAME" help:"Name of the institution on paper."`
	Email        *string `placeholder:"ADDRESS" help:"Public e-mail address of the institution."`
	URL          *string `placeholder:"URL" help:"Website of the institution."`
	Description  *string `placeholder:"TEXT" help:"What the institution is, in a sentence."`
	Image        *string `placeholder:"URL" help:"Address of its logo."`
	AwardsPerDay *int    `placeholder:"N" help:"How many badges it may award on a day of UTC; 0 for any number."`
}

func (f institutionFlags) body(name *string) map[string]any {
	body := make(map[string]any)
	for member, value := range map[string]*string{
		"name": name, "legalName": f.LegalName, "email": f.Email, "url": f.URL, "description": f.Description, "image": f.Image,
	} {
		if value != nil {
			body[member] = *value
		}
	}
	if f.AwardsPerDay != nil {
		body["quota"] = map[string]int{"awardsPerDay": *f.AwardsPerDay}
	}
	return body
}

// tenantFlags are what all commands about institutions need.
type tenantFlags struct {
	dataFlags
	JSON bool `help:"Print the result as JSON."`
}

// The commands about institutions.
type (
	tenantCreateCommand struct {
		Slug string `arg:"" placeholder:"NAME" help:"Its name in addresses and in its DID: 3 to 40 of the characters a-z, 0-9 and -. It never changes."`
		Name string `required:"" placeholder:"NAME" help:"Name of the institution, as badges show it."`
		institutionFlags
		tenantFlags
	}
	tenantListCommand   struct{ tenantFlags }
	tenantUpdateCommand struct {
		Slug string  `arg:"" placeholder:"NAME" help:"Its name in addresses."`
		Name *string `placeholder:"NAME" help:"Name of the institution, as badges show it from now on."`
		institutionFlags
		tenantFlags
	}
)

// tenantAccount is an institution in answers of the operators' API.
type tenantAccount struct {
	Slug        string      `json:"slug"`
	DID         string      `json:"did"`
	Profile     string      `json:"profile"`
	Default     bool        `json:"default"`
	Name        string      `json:"name"`
	LegalName   string      `json:"legalName,omitempty"`
	URL         string      `json:"url,omitempty"`
	Email       string      `json:"email,omitempty"`
	Description string      `json:"description,omitempty"`
	Image       string      `json:"image,omitempty"`
	Quota       tenantQuota `json:"quota"`
	Created     time.Time   `json:"created"`
	Updated     time.Time   `json:"updated"`
}

// tenantQuota is its quota; without AwardsPerDay it has none.
type tenantQuota struct {
	AwardsPerDay int `json:"awardsPerDay,omitempty"`
	AwardsToday  int `json:"awardsToday"`
}

// Run implements the command.
func (c *tenantCreateCommand) Run(ctx context.Context, console *console) error {
	body := c.body(&c.Name)
	body["slug"] = c.Slug
	return c.change(ctx, console, operation{doing: "setting up institution", method: http.MethodPost, path: "/api/v1/tenants", body: body},
		"Next:  laurel apikey create --tenant "+c.Slug+" --name NAME --scope admin")
}

// Run implements the command.
func (c *tenantUpdateCommand) Run(ctx context.Context, console *console) error {
	body := c.body(c.Name)
	if len(body) == 0 {
		return usage(errors.New("reading command line: nothing is to be changed"), "laurel tenant update --help")
	}
	return c.change(ctx, console, operation{
		doing: "changing institution", method: http.MethodPatch, path: "/api/v1/tenants/" + url.PathEscape(c.Slug), body: body,
		absent: "there is no institution " + c.Slug,
	}, "")
}

func (f tenantFlags) change(ctx context.Context, console *console, op operation, next string) error {
	if err := f.whole(); err != nil {
		return err
	}
	var account tenantAccount
	if err := operate(ctx, f.dataFlags, op, &account); err != nil {
		return err
	}
	if err := console.report(f.JSON, account, account.write); err != nil {
		return err
	}
	if next != "" {
		console.note("%s", next)
	}
	return nil
}

// Run implements the command.
func (c *tenantListCommand) Run(ctx context.Context, console *console) error {
	if err := c.whole(); err != nil {
		return err
	}
	var list struct {
		Items []tenantAccount `json:"items"`
	}
	if err := operate(ctx, c.dataFlags, operation{doing: "listing institutions", method: http.MethodGet, path: "/api/v1/tenants"}, &list); err != nil {
		return err
	}
	return console.report(c.JSON, list, func(w io.Writer) {
		for i, account := range list.Items {
			if i > 0 {
				fmt.Fprintln(w)
			}
			account.write(w)
		}
	})
}

func (a tenantAccount) write(w io.Writer) {
	quota := "none"
	if n := a.Quota.AwardsPerDay; n > 0 {
		quota = fmt.Sprintf("%d awards a day, %d used today", n, a.Quota.AwardsToday)
	}
	fmt.Fprintf(w, "%s\n", printable(a.Name))
	writeRows(w, [][2]string{
		{"Tenant", a.Slug},
		{"Issuer", a.DID},
		{"Profile", a.Profile},
		{"On paper", a.LegalName},
		{"Website", a.URL},
		{"E-mail", a.Email},
		{"About", a.Description},
		{"Logo", a.Image},
		{"Quota", quota},
	})
}
