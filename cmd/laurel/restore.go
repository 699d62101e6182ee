package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"laurel/internal/fsck"
	"laurel/internal/keys/filekeys"
	"laurel/storage"
	"laurel/storage/boltstore"
)

// restoreCommand makes an installation of a backup.
type restoreCommand struct {
	File     string `arg:"" placeholder:"FILE" help:"The backup."`
	Identity string `placeholder:"FILE" help:"File with the age identity that opens the backup, where that is not the key to the signing keys."`
	Force    bool   `help:"Replace the data that is there; it is kept beside under another name."`
	Faulty   bool   `name:"despite-faults" help:"Restore what is in the backup though it is not whole; the faults are shown."`
	Check    bool   `help:"Try whether the backup can be restored, and leave nothing behind."`
	dataFlags
	JSON bool `help:"Print what was restored as JSON."`
}

// restoreResult is what the command reports.
type restoreResult struct {
	Data     string   `json:"data,omitempty"`
	Replaced string   `json:"replaced,omitempty"`
	Age      string   `json:"age"`
	Manifest manifest `json:"manifest"`
	Lists    int      `json:"statusListsPublished,omitempty"`
}

// Run implements the command. Nothing is put in place before it was found to be
// whole.
func (c *restoreCommand) Run(ctx context.Context, console *console) (err error) {
	if err := c.whole(); err != nil {
		return err
	}
	place := filepath.Clean(c.Data)
	if c.Data == "" && !c.Check {
		return usage(errors.New("reading command line: missing --data"), "laurel restore --help")
	}
	parent := filepath.Dir(place)
	if c.Check {
		parent = os.TempDir()
	} else if err := c.vacant(place); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(parent, ".laurel-restore-*") // mode 0700
	if err != nil {
		return fmt.Errorf("restoring backup: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }() // has another name when all went well
	progress := progressOf(console)
	defer progress.end()
	restored, err := c.unpack(ctx, temporary, progress)
	if err != nil {
		return fmt.Errorf("restoring backup: %w", err)
	}
	remembered, err := c.settle(temporary)
	if err != nil {
		return err
	}
	result := restoreResult{Age: age(time.Since(restored.Created)), Manifest: *restored}
	if result.Lists, err = c.prepare(ctx, console, temporary, remembered, restored); err != nil {
		return fmt.Errorf("restoring backup: %w", err)
	}
	if !c.Check {
		if result.Replaced, err = putInPlace(temporary, place); err != nil {
			return fmt.Errorf("restoring backup: %w", err)
		}
		result.Data = place
	}
	progress.end()
	return console.report(c.JSON, result, func(w io.Writer) { result.write(w) })
}

// vacant refuses to replace what is there unless that was asked for, and never
// replaces what is in use.
func (c *restoreCommand) vacant(place string) error {
	err := checkVacant(place)
	if err == nil {
		return nil
	}
	if !c.Force {
		var known *failure
		if errors.As(err, &known) {
			return &failure{code: exitExists, err: fmt.Errorf("restoring backup: %s exists and is not empty", place), hint: "nothing was changed; name a directory that does not exist yet, or --force to replace the data"}
		}
		return err
	}
	store, err := boltstore.Open(boltstore.Config{Path: filepath.Join(place, storeName), ReadOnly: true})
	if errors.Is(err, storage.ErrBusy) {
		return fmt.Errorf("restoring backup: %w", err)
	}
	if err == nil {
		return store.Close()
	}
	return nil // whatever is wrong with it, it is to be replaced
}

// opener is what opens the backup.
func (c *restoreCommand) opener() (filekeys.Lock, error) {
	if c.Identity != "" {
		return sealFlags{KeyFile: c.Identity}.lock("")
	}
	if c.sealFlags == (sealFlags{}) {
		return filekeys.Lock{}, usage(errors.New("reading command line: nothing opens the backup"), "name what opens the signing keys, --key-file FILE or --passphrase-file FILE, or --identity FILE for a backup that was made for a recipient")
	}
	return c.lock("")
}

// maxArchived bounds the files of a backup beside the store.
const maxArchived = 64 << 20

// unpack decrypts the backup into a directory and compares every file with the
// manifest.
func (c *restoreCommand) unpack(ctx context.Context, directory string, progress *progress) (*manifest, error) {
	lock, err := c.opener()
	if err != nil {
		return nil, err
	}
	file, err := os.Open(c.File)
	if err != nil {
		return nil, &failure{code: exitUnreadable, err: err}
	}
	defer file.Close() //nolint:errcheck // only read
	plain, err := lock.Decrypt(file)
	if err != nil {
		return nil, notBackup(err)
	}
	archive := tar.NewReader(&counting{plain, progress, 0})
	var found []archived
	for {
		header, err := archive.Next()
		if err != nil {
			return nil, notBackup(fmt.Errorf("reading archive: %w", err)) // its end, too, comes too early
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if header.Name == manifestName {
			return readManifest(archive, plain, found)
		}
		one, err := unpackFile(archive, header, directory)
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
}

func unpackFile(archive *tar.Reader, header *tar.Header, directory string) (archived, error) {
	name := header.Name
	if header.Typeflag != tar.TypeReg || name != filepath.Base(name) || strings.HasPrefix(name, ".") || name != storeName && header.Size > maxArchived {
		return archived{}, notBackup(fmt.Errorf("%q cannot be in a backup", name))
	}
	file, err := os.OpenFile(filepath.Join(directory, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return archived{}, err
	}
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(file, hash), archive)
	var path *fs.PathError
	if err != nil && !errors.As(err, &path) {
		err = notBackup(err)
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return archived{}, fmt.Errorf("unpacking %s: %w", name, err)
	}
	return archived{name, size, hex.EncodeToString(hash.Sum(nil))}, nil
}

// readManifest reads the last file of the archive and holds the others against
// it, and reads on to the end, where age finds out whether anything is missing.
func readManifest(archive io.Reader, plain io.Reader, found []archived) (*manifest, error) {
	data, err := io.ReadAll(io.LimitReader(archive, maxArchived))
	if err != nil {
		return nil, notBackup(err)
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil || m.Format != manifestFormat {
		return nil, notBackup(errors.New("it has no manifest that is known here"))
	}
	if len(found) != len(m.Files) {
		return nil, notBackup(errors.New("it does not hold the files of its manifest"))
	}
	for i, file := range m.Files {
		if file != found[i] {
			return nil, notBackup(fmt.Errorf("%s is not as its manifest says", file.Name))
		}
	}
	if _, err := io.Copy(io.Discard, plain); err != nil {
		return nil, notBackup(err)
	}
	return &m, nil
}

// notBackup is the failure of a file that is damaged, cut or something else.
func notBackup(err error) error {
	if errors.Is(err, filekeys.ErrLocked) {
		return &failure{code: exitMissing, err: err, hint: "this is not what opens the backup: --identity, --key-file or --passphrase-file"}
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &failure{code: exitFault, err: fmt.Errorf("the file is no whole backup: %w", err), hint: "nothing was changed; use another copy of the backup"}
}

// settle makes the settings say where the key is now.
func (c *restoreCommand) settle(directory string) (settings, error) {
	remembered, err := readSettings(directory)
	if err != nil || c.sealFlags == (sealFlags{}) {
		return remembered, err
	}
	for _, path := range []*string{&c.KeyFile, &c.PassphraseFile} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return remembered, err
		}
	}
	remembered.KeyFile, remembered.PassphraseFile = c.KeyFile, c.PassphraseFile
	return remembered, remembered.write(directory)
}

// prepare checks that the restored data is whole, makes it fit for use, and
// publishes its status lists.
func (c *restoreCommand) prepare(ctx context.Context, console *console, directory string, remembered settings, m *manifest) (lists int, err error) {
	store, closeStore, err := openStore(directory) // brings an older one up to date, refuses a newer one
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	progress := progressOf(console)
	defer progress.end()
	var faults bytes.Buffer
	config := fsck.Config{Store: store, Directory: directory, Step: progress.step}
	check := fsckCommand{dataFlags: dataFlags{Data: directory, sealFlags: c.sealFlags, backendFlags: c.backendFlags, contextFlags: c.contextFlags}}
	unlocked := check.unlock(&config, remembered, store)
	report, err := fsck.Run(ctx, config)
	if err != nil {
		return 0, err
	}
	if report.Outcome() == fsck.Failed {
		writeChecks(&faults, report)
		console.note("%s", faults.String())
		if !c.Faulty {
			return 0, &failure{code: exitFault, err: errors.New("what is in the backup is not whole"), hint: "nothing was put in place; use an older backup, or --despite-faults"}
		}
	}
	if unlocked != nil {
		return 0, fmt.Errorf("opening the signing keys: %w", unlocked)
	}
	act := storage.Act{Actor: actor, Time: time.Now()}
	if err := store.AfterRestore(ctx, act, m.Created.Format(time.RFC3339)); err != nil {
		return 0, err
	}
	opened, closeKeys, err := assemble(check.dataFlags, remembered, store)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, closeKeys()) }()
	due, err := store.DirtyStatusLists(ctx, act.Time)
	if err != nil {
		return 0, err
	}
	return len(due), opened.issuer.RenewStatusLists(ctx)
}

// putInPlace gives the restored directory its name. What was there is kept
// under another, which is returned.
func putInPlace(temporary, place string) (replaced string, err error) {
	parent := filepath.Dir(place)
	if err := syncDirectory(temporary); err != nil {
		return "", err
	}
	err = os.Remove(place) // an empty directory
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		replaced = place + ".before-restore-" + time.Now().UTC().Format("20060102T150405Z")
		if err := os.Rename(place, replaced); err != nil {
			return "", err
		}
	}
	if err := os.Rename(temporary, place); err != nil {
		if replaced != "" {
			err = errors.Join(err, os.Rename(replaced, place))
		}
		return "", err
	}
	return replaced, syncDirectory(parent)
}

// age is how long ago something was, in words.
func age(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return "less than two minutes"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

func (r restoreResult) write(w io.Writer) {
	if r.Data == "" {
		fmt.Fprint(w, "The backup is whole and can be restored.\n\n")
	} else {
		fmt.Fprintf(w, "The data is restored as it was %s ago.\n\n", r.Age)
	}
	writeRows(w, append([][2]string{{"Data", r.Data}, {"Before", r.Replaced}}, r.Manifest.rows()...))
	if r.Data == "" {
		return
	}
	fmt.Fprintf(w, `
What was done since is not in it: badges that were awarded since are unknown here,
and what was revoked since counts as good again. Compare the records above with
your last checkpoint (laurel audit verify), and revoke once more what has to be.
New badges get their places from new status lists; %d lists were published anew.

Next:  laurel fsck --data %s, then laurel serve --data %s
`, r.Lists, r.Data, r.Data)
}
