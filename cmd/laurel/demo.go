package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sync/errgroup"

	"laurel/internal/issuer"
	"laurel/internal/server"
	"laurel/storage"
)

//go:embed samples/*.json
var samples embed.FS

// sampleFiles are the sample achievements; the first is awarded.
var sampleFiles = []string{
	"peer-mentor.json", "sustainability-project.json", "open-source-contributor.json", "intercultural-dialogue.json", "research-assistant.json",
}

// demoCommand tries everything on this machine.
type demoCommand struct {
	Check bool `help:"Make the whole journey as an outsider over HTTP and end: exit 0 when every step went well, 1 when not."`
	JSON  bool `help:"Print the result as JSON."`
}

// demo is a temporary institution.
type demo struct {
	installation *installation
	server       *server.Server
	listeners    []server.Listener
	publicURL    string
	did          string
	apiKey       string
	data         string
	achievements []issuer.Achievement
	badge        issuer.Award
}

// Run implements the command.
func (c *demoCommand) Run(ctx context.Context, console *console) (err error) {
	d, closeDemo, err := newDemo(ctx, slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("preparing demo: %w", err)
	}
	defer func() { err = errors.Join(err, closeDemo()) }()
	serving, stop := context.WithCancel(ctx)
	defer stop()
	group, serving := errgroup.WithContext(serving)
	group.Go(func() error {
		return d.installation.run(serving, slog.New(slog.DiscardHandler), d.server, d.listeners...)
	})
	group.Go(func() error {
		if c.Check {
			defer stop()
			return c.check(serving, console, d)
		}
		defer console.note("\nEnding the demo and removing everything.")
		if err := c.show(console, d); err != nil {
			stop()
			return err
		}
		<-serving.Done()
		return nil
	})
	return group.Wait()
}

// newDemo makes an institution in a temporary directory, with achievements and
// a badge. The returned function removes it.
func newDemo(ctx context.Context, logger *slog.Logger) (*demo, func() error, error) {
	root, err := os.MkdirTemp("", "laurel-demo-")
	if err != nil {
		return nil, nil, err
	}
	remove := func() error { return os.RemoveAll(root) }
	d := &demo{data: filepath.Join(root, "data")}
	if err := d.listen(); err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	closeAll := func() error {
		var all []error
		for _, l := range d.listeners {
			_ = l.Close() // closed by the server if it ran
		}
		if d.installation != nil {
			all = append(all, d.installation.store.Close())
		}
		return errors.Join(append(all, remove())...)
	}
	if err := d.build(ctx, logger); err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	return d, closeAll, nil
}

// listen takes a free port of this machine. The port is part of the issuer's
// name, which has to be known before anything is made.
func (d *demo) listen() error {
	first, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return listenFailure(err)
	}
	d.listeners = append(d.listeners, server.Listener{Listener: first})
	port := first.Addr().(*net.TCPAddr).Port
	// Where localhost is ::1 too, browsers try that first. Without IPv6 there
	// is nothing to listen on and nobody to miss it.
	if second, err := net.Listen("tcp6", net.JoinHostPort("::1", strconv.Itoa(port))); err == nil {
		d.listeners = append(d.listeners, server.Listener{Listener: second})
	}
	d.publicURL = "http://localhost:" + strconv.Itoa(port)
	return nil
}

func (d *demo) build(ctx context.Context, logger *slog.Logger) error {
	made, err := setUp(ctx, setUpRequest{
		data: d.data, publicURL: d.publicURL,
		institution: issuer.Institution{
			Name:        "Alder Hill University",
			Description: "A university that was made up for this demonstration and exists while it runs.",
		},
	})
	if err != nil {
		return err
	}
	d.did, d.apiKey = made.DID, made.APIKey
	if d.installation, _, err = openInstallation(dataFlags{Data: d.data}); err != nil {
		return err
	}
	if err := d.fill(ctx); err != nil {
		return err
	}
	d.server, err = newServer(serverParts{
		installation: d.installation, logger: logger,
		// Without a network: whatever is not its own cannot be had.
		verifier: newVerifier(d.installation.contexts, nil, d.installation.issuer),
		limits:   server.Limits{VerifyRate: -1},
	})
	if err != nil {
		return err
	}
	socket, err := listenLocal(d.data)
	if err != nil {
		return err
	}
	d.listeners = append(d.listeners, socket)
	return nil
}

// fill creates the sample achievements and awards one.
func (d *demo) fill(ctx context.Context) error {
	caller := issuer.Caller{Tenant: issuer.DefaultSlug, Actor: actor}
	for _, name := range sampleFiles {
		document, err := samples.ReadFile("samples/" + name)
		if err != nil {
			return err
		}
		made, err := d.installation.issuer.CreateAchievement(ctx, caller, document)
		if err != nil {
			return fmt.Errorf("creating %s: %w", name, err)
		}
		d.achievements = append(d.achievements, made)
	}
	var err error
	d.badge, err = d.installation.issuer.Award(ctx, caller, issuer.Request{
		Achievement: d.achievements[0].ID,
		Recipient:   issuer.Recipient{Email: "student@alder-hill.example", Name: "Sam Student"},
		Visibility:  storage.VisibilityPublic,
	})
	return err
}

// demoResult is what demo prints when everything is there.
type demoResult struct {
	PublicURL    string            `json:"publicUrl"`
	DID          string            `json:"did"`
	APIKey       string            `json:"apiKey"`
	Data         string            `json:"data"`
	Badge        issuer.Award      `json:"badge"`
	Achievements []demoAchievement `json:"achievements"`
}

type demoAchievement struct {
	ID   string `json:"id"`
	URL  string `json:"url"`
	Name string `json:"name"`
}

func (c *demoCommand) show(console *console, d *demo) error {
	result := demoResult{PublicURL: d.publicURL, DID: d.did, APIKey: d.apiKey, Data: d.data, Badge: d.badge}
	for _, a := range d.achievements {
		result.Achievements = append(result.Achievements, demoAchievement{a.ID, a.URL, achievement{Achievement: a.Document}.name()})
	}
	if c.JSON {
		return console.reportLine(result)
	}
	if err := console.report(false, nil, result.write); err != nil {
		return err
	}
	console.note("Ctrl-C ends the demo and removes everything.")
	return nil
}

func (r demoResult) write(w io.Writer) {
	fmt.Fprint(w, "Alder Hill University, made up for this demonstration, can be reached from this\nmachine while the demo runs.\n\n")
	writeRows(w, [][2]string{
		{"Start page", r.PublicURL + "/"},
		{"A badge", r.Badge.URL},
		{"Check a badge", r.PublicURL + "/verify"},
		{"API document", r.PublicURL + "/api/v1/openapi.json"},
		{"API key", r.APIKey},
		{"Issuer", r.DID},
		{"Data", r.Data},
	})
	fmt.Fprint(w, "\nThe issuer's name can be resolved inside this demo only: elsewhere its badges\ncannot be checked.\n\nIts achievements:\n\n")
	for _, a := range r.Achievements {
		fmt.Fprintf(w, "  %s  %s\n", a.ID, a.Name)
	}
	award := r.Achievements[2]
	fmt.Fprintf(w, `
Three things to try in another terminal:

  1. Fetch the badge and have it checked.
     curl -s %[1]s.json > badge.json
     curl -s -H 'Content-Type: application/json' --data-binary @badge.json %[2]s/verify

  2. Award yourself one: %[3]s.
     curl -s -H 'Authorization: Bearer %[4]s' -H 'Content-Type: application/json' \
       -d '{"achievement":"%[5]s","recipient":{"email":"you@example.org"}}' \
       %[2]s/api/v1/credentials

  3. Revoke the badge, then repeat the check.
     curl -s -H 'Authorization: Bearer %[4]s' -H 'Content-Type: application/json' \
       -d '{"action":"revoke","reason":"trying-it-out"}' \
       %[2]s/api/v1/credentials/%[6]s/status

`, r.Badge.URL, r.PublicURL, award.Name, r.APIKey, award.ID, r.Badge.ID)
}
