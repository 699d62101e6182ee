package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"laurel/storage/boltstore"
)

// compactCommand writes the store anew without what was removed from it.
type compactCommand struct {
	Data string `placeholder:"DIR" env:"LAUREL_DATA" help:"Data directory of the institution; required."`
	JSON bool   `help:"Print the result as JSON."`
}

// Run implements the command.
func (c *compactCommand) Run(ctx context.Context, console *console) error {
	if _, err := readSettings(c.Data); err != nil {
		return err
	}
	done, err := boltstore.Compact(ctx, boltstore.Config{Path: filepath.Join(c.Data, storeName)})
	if err != nil {
		return err
	}
	return console.report(c.JSON, done, func(w io.Writer) {
		fmt.Fprintf(w, "The data takes %d bytes, before %d. What was removed is in none of them.\n", done.After, done.Before)
	})
}
