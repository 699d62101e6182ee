package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"laurel/contexts"
)

// contextFlags add JSON-LD contexts to the embedded ones.
type contextFlags struct {
	Context []string `sep:"none" placeholder:"URL#sha256-HEX=FILE" env:"LAUREL_CONTEXT" help:"Add a JSON-LD context: its URL, the SHA-256 of the file, the file. It is never fetched. May be repeated."`
}

// contextMark parts the URL of a context, which has no fragment, from its hash.
const contextMark = "#sha256-"

// set returns the embedded contexts and those of the flags.
func (f contextFlags) set() (*contexts.Set, error) {
	set, err := contexts.Embedded()
	if err != nil {
		return nil, fmt.Errorf("loading contexts: %w", err)
	}
	for _, entry := range f.Context {
		url, rest, marked := strings.Cut(entry, contextMark)
		hash, file, named := strings.Cut(rest, "=")
		if !marked || !named || file == "" {
			return nil, usage(errors.New("reading command line: --context is not URL#sha256-HEX=FILE"), "sha256sum FILE prints the hash")
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, missing(fmt.Errorf("reading context: %w", err), "")
		}
		set, err = set.With(url, data, hash)
		switch {
		case errors.Is(err, contexts.ErrDigest):
			return nil, missing(err, "the file is not the one that the hash was taken of")
		case err != nil:
			return nil, usage(err, "laurel version lists the contexts that are built in")
		}
	}
	return set, nil
}
