package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"laurel/contexts"
	"laurel/internal/issuer"
	"laurel/internal/keys/filekeys"
	"laurel/storage"
	"laurel/storage/boltstore"
)

// initCommand sets up an institution.
type initCommand struct {
	Data string `type:"path" placeholder:"DIR" env:"LAUREL_DATA" help:"Data directory to make; it must not exist yet."`
	sealFlags
	backendFlags
	PublicURL   string `placeholder:"URL" env:"LAUREL_PUBLIC_URL" help:"Address by which the world will reach it, such as https://badges.example.ac.uk. It becomes part of every badge."`
	Name        string `placeholder:"NAME" help:"Name of the institution, as badges show it."`
	Email       string `placeholder:"ADDRESS" help:"Public e-mail address of the institution."`
	URL         string `placeholder:"URL" help:"Website of the institution."`
	Description string `placeholder:"TEXT" help:"What the institution is, in a sentence."`
	Suspension  bool   `help:"Give every badge the means to be suspended, besides being revoked."`
	JSON        bool   `help:"Print the result as JSON."`
}

// initResult is what init prints. It is the only time that the API key is
// shown.
type initResult struct {
	Name           string `json:"name"`
	DID            string `json:"did"`
	PublicURL      string `json:"publicUrl"`
	Data           string `json:"data"`
	KeyFile        string `json:"keyFile,omitempty"`
	PassphraseFile string `json:"passphraseFile,omitempty"`
	APIKey         string `json:"apiKey"`

	backend string // that has the signing key
}

// Run implements the command.
func (c *initCommand) Run(ctx context.Context, console *console) error {
	if err := c.complete(ctx, console); err != nil {
		return err
	}
	result, err := setUp(ctx, setUpRequest{
		data: c.Data, seal: c.sealFlags, backends: c.backendFlags, publicURL: c.PublicURL, suspension: c.Suspension,
		institution: issuer.Institution{Name: c.Name, Email: c.Email, URL: c.URL, Description: c.Description},
	})
	if err != nil {
		return err
	}
	if err := console.report(c.JSON, result, result.write); err != nil {
		return err
	}
	console.note("%s", result.advice())
	return nil
}

// complete asks for what is needed and was not given.
func (c *initCommand) complete(ctx context.Context, console *console) error {
	wanted := []struct {
		value          *string
		flag, question string
	}{
		{&c.Data, "--data", "Directory for the data (to be made)"},
		{&c.PublicURL, "--public-url", "Public address, such as https://badges.example.ac.uk"},
		{&c.Name, "--name", "Name of the institution"},
	}
	var absent []string
	for _, w := range wanted {
		if *w.value == "" {
			absent = append(absent, w.flag)
		}
	}
	if len(absent) == 0 {
		return nil
	}
	if !console.interactive() {
		return usage(fmt.Errorf("reading command line: missing %s", strings.Join(absent, ", ")), "laurel init --data DIR --public-url URL --name NAME")
	}
	lines := bufio.NewReader(console.stdin)
	for _, w := range wanted {
		if *w.value != "" {
			continue
		}
		var err error
		if *w.value, err = console.ask(ctx, lines, w.question); err != nil {
			return err
		}
	}
	return nil
}

// setUpRequest is what an installation is made from.
type setUpRequest struct {
	data        string
	seal        sealFlags
	backends    backendFlags
	publicURL   string
	suspension  bool
	institution issuer.Institution
}

// setUp makes a data directory. Everything is made in a directory beside it,
// which gets its name when it is complete: a crash leaves a leftover that the
// next call removes, never half an installation.
func setUp(ctx context.Context, request setUpRequest) (initResult, error) {
	var none initResult
	data, err := filepath.Abs(request.data)
	if err != nil {
		return none, fmt.Errorf("making data directory: %w", err)
	}
	if err := checkVacant(data); err != nil {
		return none, err
	}
	partial := data + ".partial"
	if err := clearPartial(partial); err != nil {
		return none, err
	}
	lock, seal, made, err := newLock(request.seal, data)
	if err != nil {
		return none, err
	}
	result, err := fillAndPlace(ctx, request, lock, seal, partial, data)
	if err != nil {
		err = errors.Join(err, os.RemoveAll(partial))
		if made {
			err = errors.Join(err, os.Remove(seal.KeyFile))
		}
		return none, err
	}
	return result, nil
}

func fillAndPlace(ctx context.Context, request setUpRequest, lock filekeys.Lock, seal sealFlags, partial, data string) (initResult, error) {
	if err := os.Mkdir(partial, 0o700); err != nil {
		return initResult{}, fmt.Errorf("making data directory: %w", err)
	}
	s := settings{PublicURL: request.publicURL, KeyFile: seal.KeyFile, PassphraseFile: seal.PassphraseFile, Suspension: request.suspension}
	result, err := fill(ctx, partial, lock, s, request)
	if err != nil {
		return initResult{}, err
	}
	// An empty directory may be in the way; checkVacant has seen to others.
	if err := os.Remove(data); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return initResult{}, fmt.Errorf("making data directory: %w", err)
	}
	if err := os.Rename(partial, data); err != nil {
		return initResult{}, fmt.Errorf("making data directory: %w", err)
	}
	if err := syncDirectory(filepath.Dir(data)); err != nil {
		return initResult{}, fmt.Errorf("making data directory: %w", err)
	}
	result.Data, result.KeyFile, result.PassphraseFile = data, seal.KeyFile, seal.PassphraseFile
	return result, nil
}

// fill makes the store, the signing key, the issuer and an API key in dir.
func fill(ctx context.Context, dir string, lock filekeys.Lock, s settings, request setUpRequest) (result initResult, err error) {
	if err := boltstore.Create(boltstore.Config{Path: filepath.Join(dir, storeName)}); err != nil {
		return result, err
	}
	store, closeStore, err := openStore(dir)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	file, err := filekeys.Create(filepath.Join(dir, filekeys.Name), lock, nil)
	if err != nil {
		return result, err
	}
	set, err := contexts.Embedded()
	if err != nil {
		return result, fmt.Errorf("loading contexts: %w", err)
	}
	private, err := request.backends.open(file)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, private.close()) }()
	made, err := newInstallation(s, set, store, private)
	if err != nil {
		return result, err
	}
	own, err := made.issuer.SetUp(ctx, actor, request.institution)
	if err != nil {
		return result, usageOfInvalid(err)
	}
	caller := issuer.Caller{Tenant: own.Slug, Actor: actor}
	token, _, err := made.issuer.CreateAPIKey(ctx, caller, issuer.NewAPIKey{Name: "made by laurel init", Scopes: []string{issuer.ScopeAdmin, issuer.ScopeInstallation}})
	if err != nil {
		return result, err
	}
	s.PublicURL = made.issuer.PublicURL()
	if err := s.write(dir); err != nil {
		return result, fmt.Errorf("writing settings: %w", err)
	}
	return initResult{Name: own.Name, DID: own.DID, PublicURL: s.PublicURL, APIKey: token, backend: private.standard}, nil
}

// actor is who acts in the audit record when it is not an API key.
const actor = "cli"

// checkVacant refuses a place where something is. An empty directory is as
// good as none.
func checkVacant(data string) error {
	entries, err := os.ReadDir(data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return &failure{code: exitExists, err: fmt.Errorf("making data directory: %w", err)}
	case len(entries) > 0:
		return &failure{
			code: exitExists, err: fmt.Errorf("making data directory: %s exists and is not empty", data),
			hint: "nothing was changed; name a directory that does not exist yet",
		}
	}
	return nil
}

// clearPartial removes what a crashed init left behind, unless it is not a
// leftover but the work of an init that is running.
func clearPartial(partial string) error {
	store, err := boltstore.Open(boltstore.Config{Path: filepath.Join(partial, storeName), Timeout: 100 * time.Millisecond})
	if errors.Is(err, storage.ErrBusy) {
		return fmt.Errorf("making data directory: %w", err)
	}
	if err == nil {
		if err := store.Close(); err != nil {
			return fmt.Errorf("removing leftovers: %w", err)
		}
	}
	if err := os.RemoveAll(partial); err != nil {
		return fmt.Errorf("removing leftovers: %w", err)
	}
	return nil
}

// newLock reads or makes what will open the signing keys. Without a flag that
// is a new file beside the data directory. made reports whether it was made
// here; one left by a crashed init is used again.
func newLock(seal sealFlags, data string) (lock filekeys.Lock, absolute sealFlags, made bool, err error) {
	for _, path := range []*string{&seal.KeyFile, &seal.PassphraseFile} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return lock, seal, false, fmt.Errorf("looking for key: %w", err)
		}
	}
	if seal == (sealFlags{}) {
		seal.KeyFile = data + ".key"
	}
	if strings.HasPrefix(seal.KeyFile, data+string(filepath.Separator)) {
		return lock, seal, false, fmt.Errorf("making key: %w", filekeys.ErrInside)
	}
	if seal.KeyFile != "" {
		lock, err = filekeys.NewIdentity(seal.KeyFile, data)
		if err == nil {
			return lock, seal, true, nil
		}
		if !errors.Is(err, filekeys.ErrExists) {
			return lock, seal, false, err
		}
	}
	lock, err = seal.lock(data)
	return lock, seal, false, err
}

// usageOfInvalid makes a fault of the command line of what a flag's value
// cannot be.
func usageOfInvalid(err error) error {
	var invalid *issuer.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	var faults []string
	for _, v := range invalid.Violations {
		faults = append(faults, "--"+strings.TrimPrefix(v.Path, "/")+": "+v.Message)
	}
	return usage(fmt.Errorf("reading command line: %s", strings.Join(faults, " ")), "laurel init --help")
}

func (r initResult) write(w io.Writer) {
	fmt.Fprintf(w, "%s can issue badges.\n\n", printable(r.Name))
	rows := [][2]string{
		{"Issuer", r.DID},
		{"Address", r.PublicURL},
		{"Data", r.Data},
		{"Key", r.KeyFile},
		{"Passphrase", r.PassphraseFile},
		{"API key", r.APIKey},
	}
	writeRows(w, rows)
}

// advice is what the person has to know now, since it cannot be mended later.
func (r initResult) advice() string {
	opens := r.KeyFile
	if opens == "" {
		opens = "the passphrase in " + r.PassphraseFile
	}
	sealed := "signing key"
	if r.backend != fileBackend {
		sealed = "key to what is stored"
	}
	return fmt.Sprintf(`
The API key is shown this once; only a hash of it is stored.

The %s is sealed in %s.
What opens it is %s.
Back that up, apart from the data. If it is lost, nothing can be signed any more
and the stored badges and recipients cannot be opened. Badges that people hold
stay verifiable only until the signed status lists run out, within a day.

Next:  laurel serve --data %s`, sealed, filepath.Join(r.Data, filekeys.Name), opens, r.Data)
}
