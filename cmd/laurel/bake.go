package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"laurel/credential/bake"
)

// bakeCommand puts a badge into a picture.
type bakeCommand struct {
	Image      string `arg:"" placeholder:"IMAGE" help:"A PNG or SVG; - is the standard input."`
	Credential string `arg:"" placeholder:"CREDENTIAL" help:"The signed badge, JSON or a compact JWS; - is the standard input."`
	outFlags
	JSON bool `help:"Report as JSON."`
}

// unbakeCommand takes the badge out of a picture.
type unbakeCommand struct {
	Image string `arg:"" optional:"" default:"-" placeholder:"IMAGE" help:"A PNG or SVG; - or nothing is the standard input."`
	outFlags
	JSON bool `help:"Report as JSON, the badge included unless it goes to a file."`
}

// outFlags say where a file is written.
type outFlags struct {
	Out   string `short:"o" type:"path" placeholder:"FILE" help:"Write to this file instead of the standard output."`
	Force bool   `short:"f" help:"Replace the file if there is one."`
}

// bakedReport is what --json reports of a picture.
type bakedReport struct {
	Format     string              `json:"format"`
	Standard   string              `json:"standard"`
	Form       string              `json:"form"` // json, jws, url
	File       string              `json:"file,omitempty"`
	Bytes      int                 `json:"bytes"` // of the file, or of the credential
	Credential string              `json:"credential,omitempty"`
	Irregular  []bake.Irregularity `json:"irregular,omitempty"`
}

// Run implements the command.
func (c *bakeCommand) Run(ctx context.Context, console *console) error {
	switch {
	case c.Image == "-" && c.Credential == "-":
		return usage(errors.New("reading command line: the picture and the badge cannot both be the standard input"), "give one of them as a file")
	case c.Out == "" && c.JSON:
		return usage(errors.New("reading command line: --json leaves no place for the picture"), "add -o FILE")
	case c.Out == "" && isTerminal(console.stdout):
		return usage(errors.New("reading command line: a picture does not belong on a terminal"), "add -o FILE")
	}
	image, err := readInput(ctx, console, c.Image, bake.MaxImage)
	if err != nil {
		return err
	}
	credential, err := readInput(ctx, console, c.Credential, bake.MaxCredential)
	if err != nil {
		return err
	}
	baked, err := bake.Write(image, credential)
	if err != nil {
		name := c.Image
		if errors.Is(err, bake.ErrCredential) {
			name = c.Credential
		}
		return explainBake(fmt.Errorf("baking %s: %w", inputName(name), err))
	}
	if c.Out == "" {
		_, err := console.stdout.Write(baked)
		return err
	}
	if err := c.write(baked); err != nil {
		return err
	}
	report := bakedReport{
		Format: bake.Detect(baked).String(), Standard: bake.OpenBadges3.String(), Form: formOf(bytes.TrimSpace(credential)), File: c.Out, Bytes: len(baked),
	}
	return console.report(c.JSON, report, func(w io.Writer) {
		fmt.Fprintf(w, "The badge is in the picture.\n\n")
		writeRows(w, [][2]string{{"File", c.Out}, {"Format", report.Format}})
	})
}

// Run implements the command.
func (c *unbakeCommand) Run(ctx context.Context, console *console) error {
	image, err := readInput(ctx, console, c.Image, bake.MaxImage)
	if err != nil {
		return err
	}
	baked, err := bake.Read(image)
	if err != nil {
		return explainBake(fmt.Errorf("reading %s: %w", inputName(c.Image), err))
	}
	report := bakedReport{
		Format: baked.Format.String(), Standard: baked.Standard.String(), Form: formOf(baked.Credential),
		File: c.Out, Bytes: len(baked.Credential), Irregular: baked.Irregular,
	}
	for _, irregularity := range baked.Irregular {
		console.note("laurel: %s", irregularities[irregularity])
	}
	switch {
	case c.Out != "":
		if err := c.write(baked.Credential); err != nil {
			return err
		}
	case c.JSON:
		report.Credential = string(baked.Credential)
	default:
		text := baked.Credential
		if isTerminal(console.stdout) {
			text = append(text, '\n') // elsewhere the bytes are what counts
		}
		_, err := console.stdout.Write(text)
		return err
	}
	return console.report(c.JSON, report, func(w io.Writer) {
		fmt.Fprintf(w, "The badge was taken out of the picture. Nothing of it has been checked.\n\n")
		writeRows(w, [][2]string{{"File", c.Out}, {"Kind", report.Standard}, {"Form", report.Form}})
		fmt.Fprintf(w, "\nCheck it:  laurel verify %s\n", printable(c.Out))
	})
}

var irregularities = map[bake.Irregularity]string{
	bake.Compressed: "the badge is compressed in the picture, which the standard forbids; others may not find it",
	bake.Repeated:   "the same badge is in the picture more than once",
	bake.OlderBadge: "there is an Open Badges 2.0 badge in the picture besides; it was left aside",
}

func formOf(credential []byte) string {
	switch {
	case bytes.HasPrefix(credential, []byte("{")):
		return "json"
	case bytes.Contains(credential, []byte("://")):
		return "url"
	default:
		return "jws"
	}
}

// explainBake gives the exit code: a picture that holds no one badge has a
// fault, one that is no picture cannot be read.
func explainBake(err error) error {
	switch {
	case errors.Is(err, bake.ErrNoCredential):
		return &failure{code: exitFault, err: err, hint: "ask for the picture as the issuer made it: screenshots, messengers and photo albums drop the badge"}
	case errors.Is(err, bake.ErrAmbiguous):
		return &failure{code: exitFault, err: err, hint: "ask the issuer for a picture with one badge in it"}
	case errors.Is(err, bake.ErrCredential):
		return &failure{code: exitUnreadable, err: err, hint: "give the signed badge: its JSON or a compact JWS"}
	case errors.Is(err, bake.ErrFormat):
		return &failure{code: exitUnreadable, err: err, hint: "convert the picture to PNG or SVG"}
	case errors.Is(err, bake.ErrActive):
		return &failure{code: exitUnreadable, err: err, hint: "save the picture as a plain SVG: shapes, text and pictures within it, no scripts and nothing from elsewhere"}
	case errors.Is(err, bake.ErrMalformed), errors.Is(err, bake.ErrTooLarge):
		return &failure{code: exitUnreadable, err: err}
	}
	return err
}

// write writes a file whole or not at all.
func (o outFlags) write(data []byte) error {
	file, err := os.CreateTemp(filepath.Dir(o.Out), ".laurel-*")
	if err != nil {
		return fmt.Errorf("writing file: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.Write(data)
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	switch {
	case err != nil:
	case o.Force:
		err = os.Rename(file.Name(), o.Out)
	default:
		err = os.Link(file.Name(), o.Out) // fails where there is one
	}
	switch {
	case errors.Is(err, os.ErrExist):
		return &failure{code: exitExists, err: fmt.Errorf("writing file: %s exists already", o.Out), hint: "take another name, or --force"}
	case err != nil:
		return fmt.Errorf("writing file: %w", err)
	}
	return nil
}
