package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"laurel/credential"
)

// achievementCommand describes what can be achieved.
type achievementCommand struct {
	Create achievementCreateCommand `cmd:"" help:"Describe a new achievement, by flags or from a JSON file."`
	List   achievementListCommand   `cmd:"" help:"List the achievements, the newest first."`
}

// achievement is an achievement in answers of the operators' API.
type achievement struct {
	ID          string          `json:"id"`
	URL         string          `json:"url"`
	Version     int             `json:"version"`
	Achievement json.RawMessage `json:"achievement"`
	Created     time.Time       `json:"created"`
	Updated     time.Time       `json:"updated"`
}

// name is the achievement's name, as its author wrote it.
func (a achievement) name() string {
	var document struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(a.Achievement, &document) // without a name it is nameless
	return document.Name
}

// achievementCreateCommand describes a new achievement.
type achievementCreateCommand struct {
	File        string   `arg:"" optional:"" placeholder:"FILE" help:"JSON of an Open Badges Achievement, - for the standard input; instead of the flags."`
	Name        string   `placeholder:"TEXT" help:"What it is called."`
	Description string   `placeholder:"TEXT" help:"What was achieved, in a sentence."`
	Criteria    string   `placeholder:"TEXT|URL" help:"How it is earned: Markdown, or the address of a page."`
	Type        string   `placeholder:"TYPE" help:"Achievement type, such as CoCurricular or MicroCredential."`
	Image       string   `placeholder:"FILE|URL" help:"PNG or SVG, which becomes part of every badge, or its address."`
	Tag         []string `placeholder:"WORD" help:"Key word; may be repeated."`
	dataFlags
	JSON bool `help:"Print the result as JSON."`
}

// Run implements the command.
func (c *achievementCreateCommand) Run(ctx context.Context, console *console) error {
	document, err := c.document(ctx, console)
	if err != nil {
		return err
	}
	var made achievement
	op := operation{doing: "creating achievement", method: http.MethodPost, path: "/api/v1/achievements", body: document}
	if err := operate(ctx, c.dataFlags, op, &made); err != nil {
		return err
	}
	return console.report(c.JSON, made, func(w io.Writer) {
		fmt.Fprintf(w, "%s can be awarded.\n\n", printable(made.name()))
		writeRows(w, [][2]string{{"Achievement", made.ID}, {"Address", made.URL}})
		fmt.Fprintf(w, "\nAward it:  laurel issue --data %s --achievement %s --email ADDRESS\n", c.Data, made.ID)
	})
}

// document is the achievement as it is sent: the file as it is, or what the
// flags say.
func (c *achievementCreateCommand) document(ctx context.Context, console *console) (json.RawMessage, error) {
	flagged := c.Name != "" || c.Description != "" || c.Criteria != "" || c.Type != "" || c.Image != "" || len(c.Tag) > 0
	switch {
	case c.File != "" && flagged:
		return nil, usage(errors.New("reading command line: the achievement is described by a file and by flags"), "give one of the two")
	case c.File != "":
		data, err := readInput(ctx, console, c.File, maxDocument)
		if err == nil && !json.Valid(data) {
			err = &failure{code: exitUnreadable, err: fmt.Errorf("reading achievement: %s is not JSON", inputName(c.File))}
		}
		return data, err
	}
	var absent []string
	for _, required := range [][2]string{{"--name", c.Name}, {"--description", c.Description}, {"--criteria", c.Criteria}} {
		if required[1] == "" {
			absent = append(absent, required[0])
		}
	}
	if len(absent) > 0 {
		return nil, usage(fmt.Errorf("reading command line: missing %s", strings.Join(absent, ", ")), "laurel achievement create --help")
	}
	described := credential.Achievement{Name: c.Name, Description: c.Description, AchievementType: c.Type, Tag: c.Tag}
	if isWebAddress(c.Criteria) {
		described.Criteria.ID = c.Criteria
	} else {
		described.Criteria.Narrative = c.Criteria
	}
	if c.Image != "" {
		image, err := imageAddress(c.Image)
		if err != nil {
			return nil, err
		}
		described.Image = &credential.Image{ID: image}
	}
	data, err := credential.Marshal(described)
	if err != nil {
		return nil, usage(fmt.Errorf("describing achievement: %w", err), "laurel achievement create --help")
	}
	return data, nil
}

func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && !strings.ContainsAny(text, " \n")
}

// imageAddress is the address of an image: its own, or a data: URL that holds
// the file.
func imageAddress(image string) (string, error) {
	if isWebAddress(image) || strings.HasPrefix(image, "data:") {
		return image, nil
	}
	mediaTypes := map[string]string{".png": "image/png", ".svg": "image/svg+xml"}
	mediaType, ok := mediaTypes[strings.ToLower(filepath.Ext(image))]
	if !ok {
		return "", usage(fmt.Errorf("reading image: %s is neither PNG nor SVG", image), "give a .png or .svg file, or the address of one")
	}
	data, err := os.ReadFile(image)
	if err != nil {
		return "", &failure{code: exitUnreadable, err: fmt.Errorf("reading image: %w", err)}
	}
	return "data:" + mediaType + ";base64," + base64.StdEncoding.EncodeToString(data), nil
}

// achievementListCommand lists the achievements.
type achievementListCommand struct {
	dataFlags
	JSON bool `help:"Print the result as JSON."`
}

// Run implements the command.
func (c *achievementListCommand) Run(ctx context.Context, console *console) error {
	items, err := listPages[achievement](ctx, c.dataFlags, operation{doing: "listing achievements", path: "/api/v1/achievements"}, filterQuery(nil), math.MaxInt)
	if err != nil {
		return err
	}
	return console.report(c.JSON, map[string]any{"items": items}, func(w io.Writer) {
		if len(items) == 0 {
			fmt.Fprintf(w, "There are no achievements yet. Describe one:  laurel achievement create --data %s --help\n", c.Data)
		}
		for _, item := range items {
			fmt.Fprintf(w, "%s  v%d  %s\n", item.ID, item.Version, printable(item.name()))
		}
	})
}
