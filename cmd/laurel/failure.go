package main

import (
	"errors"
	"fmt"
	"io/fs"

	"laurel/internal/issuer"
	"laurel/internal/keys"
	"laurel/internal/keys/filekeys"
	"laurel/storage"
)

// Exit codes; the ones above 63 are those of sysexits.
const (
	exitFine       = 0
	exitFault      = 1  // a fault was found; of verify: invalid
	exitCannotRun  = 2  // could not run; of verify: could not be decided
	exitUsage      = 64 // the command line or the configuration is wrong
	exitUnreadable = 66 // the input cannot be read
	exitMissing    = 69 // something needed is missing
	exitExists     = 73 // what was to be made exists already
	exitBusy       = 75 // in use; try again later
)

// failure is an error with the exit code it leads to and what may help.
type failure struct {
	code   int
	err    error
	hint   string
	silent bool // everything has been said on the standard output
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// usage is a fault of the command line. The format makes the hint, the command
// to type.
func usage(err error, format string, args ...any) error {
	return &failure{code: exitUsage, err: err, hint: fmt.Sprintf(format, args...)}
}

// missing says that something has to be there first.
func missing(err error, hint string) error {
	return &failure{code: exitMissing, err: err, hint: hint}
}

// verdict ends the program with a code after the report was printed.
func verdict(code int) error {
	if code == exitFine {
		return nil
	}
	return &failure{code: code, err: errors.New("see the report"), silent: true}
}

const hintFull = "make room on the disk and try again; nothing was changed"

// causes are what errors of the packages below mean to whoever runs the
// program. The first that matches counts.
var causes = []struct {
	is   error
	code int
	hint string
}{
	{storage.ErrBusy, exitBusy, "another laurel process has the data open; wait until it is done or stop it"},
	{storage.ErrExists, exitExists, ""},
	{storage.ErrVersion, exitCannotRun, "a newer laurel has written this data; use that one"},
	{storage.ErrOutdated, exitCannotRun, "bring the data up to date first: start laurel serve once, or any command that changes something"},
	{storage.ErrCorrupt, exitFault, "restore the data directory from a backup"},
	{storage.ErrFull, exitCannotRun, hintFull},
	{filekeys.ErrExists, exitExists, ""},
	{filekeys.ErrLocked, exitMissing, "name the key or passphrase that the data was set up with: --key-file or --passphrase-file"},
	{filekeys.ErrNotKey, exitMissing, "a key file is made by laurel init or age-keygen and begins with AGE-SECRET-KEY-1"},
	{filekeys.ErrNotRecipient, exitUsage, "the public part of an age identity begins with age1"},
	{filekeys.ErrInside, exitUsage, "keep the key apart from the data it opens"},
	{filekeys.ErrPassphrase, exitUsage, "use a longer passphrase"},
	{filekeys.ErrNotFound, exitMissing, "restore the data directory from a backup"},
	{filekeys.ErrCorrupt, exitFault, "restore the data directory from a backup"},
	{filekeys.ErrVersion, exitCannotRun, "a newer laurel has written this data; use that one"},
	{keys.ErrNoSigningKey, exitMissing, "make a key: laurel keys rotate"},
	{issuer.ErrAddress, exitUsage, "an address is scheme and host, such as https://badges.example.ac.uk"},
	{issuer.ErrInvalid, exitFault, ""},
	{fs.ErrPermission, exitCannotRun, "run laurel as the account that owns the data"},
}

// explain finds out what an error means for the person at the keyboard.
func explain(err error) *failure {
	var known *failure
	if errors.As(err, &known) {
		return &failure{code: known.code, err: err, hint: known.hint, silent: known.silent}
	}
	for _, cause := range causes {
		if errors.Is(err, cause.is) {
			return &failure{code: cause.code, err: err, hint: cause.hint}
		}
	}
	return &failure{code: exitCannotRun, err: err}
}
