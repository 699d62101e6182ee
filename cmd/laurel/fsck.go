package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"laurel/internal/audit"
	"laurel/internal/fsck"
	"laurel/internal/keys/filekeys"
	"laurel/storage"
	"laurel/storage/boltstore"
)

// fsckCommand checks whether the data is whole.
type fsckCommand struct {
	dataFlags
	Deep bool `help:"Verify the signature of every badge besides; takes about a millisecond for each."`
	JSON bool `help:"Print the report as JSON."`
}

// Run implements the command: exit 0 when everything was checked and is well, 1
// for a fault, 2 when something could not be checked.
func (c *fsckCommand) Run(ctx context.Context, console *console) (err error) {
	if err := c.whole(); err != nil {
		return err
	}
	remembered, err := readSettings(c.Data)
	if err != nil {
		return err
	}
	store, err := boltstore.Open(boltstore.Config{Path: filepath.Join(c.Data, storeName), ReadOnly: true})
	var report *fsck.Report
	switch {
	case errors.Is(err, storage.ErrCorrupt):
		report = fsck.Unopened(err)
	case err != nil:
		return err
	default:
		defer func() { err = errors.Join(err, store.Close()) }()
		if report, err = c.check(ctx, console, remembered, store); err != nil {
			return err
		}
	}
	if err := console.report(c.JSON, report, func(w io.Writer) { writeChecks(w, report) }); err != nil {
		return err
	}
	return verdict(map[fsck.Outcome]int{fsck.Passed: exitFine, fsck.Failed: exitFault, fsck.Skipped: exitCannotRun}[report.Outcome()])
}

func (c *fsckCommand) check(ctx context.Context, console *console, remembered settings, store *boltstore.Store) (*fsck.Report, error) {
	progress := progressOf(console)
	config := fsck.Config{Store: store, Directory: c.Data, Deep: c.Deep, Step: progress.step}
	if err := c.unlock(&config, remembered, store); err != nil {
		// Without the key much can still be checked, and the report says what was not.
		console.fail(explain(fmt.Errorf("opening keys: %w", err)))
	}
	report, err := fsck.Run(ctx, config)
	progress.end()
	return report, err
}

// unlock adds what takes the installation's keys.
func (c *fsckCommand) unlock(config *fsck.Config, remembered settings, store *boltstore.Store) error {
	lock, err := c.or(remembered).lock(c.Data)
	if err != nil {
		return err
	}
	file, err := filekeys.Open(filepath.Join(c.Data, filekeys.Name), lock, nil)
	if err != nil {
		return err
	}
	set, err := c.set()
	if err != nil {
		return err
	}
	opened, err := newInstallation(remembered, set, store, only(file))
	if err != nil {
		return err
	}
	key := file.InstallationKey()
	record, err := audit.New(audit.Config{Store: store, InstallationKey: key})
	if err != nil {
		return err
	}
	config.Badges, config.Record = opened.issuer, record
	config.Verifier = newVerifier(opened.contexts, nil, opened.issuer)
	config.Secrets = [][]byte{
		key, []byte(hex.EncodeToString(key)), []byte(base64.StdEncoding.EncodeToString(key)), []byte(base64.RawURLEncoding.EncodeToString(key)),
	}
	return nil
}

// writeChecks prints a report for people.
func writeChecks(w io.Writer, report *fsck.Report) {
	for _, check := range report.Checks {
		fmt.Fprintf(w, "  %-7s  %-4s %s", check.Outcome, check.Invariant, check.Claim)
		switch {
		case check.Faults > 0:
			fmt.Fprintf(w, ": %d faults", check.Faults)
		case check.Skipped != "":
			fmt.Fprintf(w, ": %s", check.Skipped)
		}
		fmt.Fprintln(w)
	}
	for _, fault := range report.Faults {
		fmt.Fprintf(w, "\n%s  %s\n", fault.Invariant, printable(fault.Message))
		if fault.Tenant != "" {
			fmt.Fprintf(w, "    of %s\n", fault.Tenant)
		}
		fmt.Fprintf(w, "    %s\n", fault.Advice)
	}
	switch report.Outcome() {
	case fsck.Passed:
		fmt.Fprintf(w, "\nAll is well. %d badges were opened", report.Credentials)
		if report.Signatures > 0 {
			fmt.Fprintf(w, ", the signatures of %d verified", report.Signatures)
		}
		fmt.Fprintln(w, ".")
	case fsck.Failed:
		fmt.Fprintln(w, "\nSomething is wrong. Nothing was changed.")
	case fsck.Skipped:
		fmt.Fprintln(w, "\nNo fault was found, but not everything could be checked.")
	}
}

// progress shows on a terminal how far a long command has got, once a second.
type progress struct {
	w     io.Writer // nil where nobody looks
	last  time.Time
	shown bool
}

func progressOf(console *console) *progress {
	p := &progress{last: time.Now()}
	if isTerminal(console.stderr) {
		p.w = console.stderr
	}
	return p
}

func (p *progress) step(doing string, done int) {
	if p.w == nil || time.Since(p.last) < time.Second {
		return
	}
	p.last, p.shown = time.Now(), true
	fmt.Fprintf(p.w, "\r\x1b[K%s: %d", doing, done)
}

func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
