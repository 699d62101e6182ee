package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"laurel/contexts"
)

// versionCommand says what the program is made of.
type versionCommand struct {
	JSON bool `help:"Print the result as JSON."`
}

// about is what version prints.
type about struct {
	Version  string           `json:"version"`
	Revision string           `json:"revision,omitempty"`
	Modified bool             `json:"modified,omitempty"`
	Go       string           `json:"go"`
	Platform string           `json:"platform"`
	Tags     string           `json:"tags,omitempty"`
	Contexts []contextInForce `json:"contexts"`
}

// contextInForce is a context with its newest revision.
type contextInForce struct {
	URL      string `json:"url"`
	Revision string `json:"revision,omitempty"`
	Older    int    `json:"older,omitempty"`
}

// programVersion is the version of the module, "devel" for a build from a
// working tree.
func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

func newAbout() (about, error) {
	a := about{Version: programVersion(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				a.Revision = s.Value
			case "vcs.modified":
				a.Modified = s.Value == "true"
			case "-tags":
				a.Tags = s.Value
			}
		}
	}
	set, err := contexts.Embedded()
	if err != nil {
		return a, fmt.Errorf("loading contexts: %w", err)
	}
	for _, url := range set.URLs() {
		revisions, err := set.Revisions(url)
		if err != nil {
			return a, fmt.Errorf("loading contexts: %w", err)
		}
		if revisions[0].URL == url { // the others are aliases
			a.Contexts = append(a.Contexts, contextInForce{url, revisions[0].Revision, len(revisions) - 1})
		}
	}
	return a, nil
}

// Run implements the command.
func (c *versionCommand) Run(_ context.Context, console *console) error {
	a, err := newAbout()
	if err != nil {
		return err
	}
	return console.report(c.JSON, a, func(w io.Writer) {
		fmt.Fprintf(w, "laurel %s\n\n", a.Version)
		revision := a.Revision
		if a.Modified {
			revision += " with changes"
		}
		writeRows(w, [][2]string{{"Go", a.Go + " " + a.Platform}, {"Revision", revision}, {"Tags", a.Tags}})
		fmt.Fprintf(w, "\nJSON-LD contexts, with their newest revision:\n")
		for _, c := range a.Contexts {
			fmt.Fprintf(w, "  %s", c.URL)
			if c.Revision != "" {
				fmt.Fprintf(w, "  %s", c.Revision)
			}
			fmt.Fprintln(w)
		}
	})
}
