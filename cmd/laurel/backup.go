package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"laurel/internal/keys/filekeys"
	"laurel/storage"
	"laurel/storage/boltstore"
)

// A backup is an age file with a tar archive in it: the store, the other files
// of the data directory, and last manifest.json, which says what they are. What
// opens the signing keys is never in it.
const (
	manifestName   = "manifest.json"
	manifestFormat = "laurel backup 1"
)

// manifest is what a backup says of itself.
type manifest struct {
	Format  string    `json:"format"`
	Program string    `json:"program"`
	Created time.Time `json:"created"`
	// PublicURL is whose backup it is.
	PublicURL string           `json:"publicUrl"`
	Store     storage.Snapshot `json:"store"`
	Heads     []auditHead      `json:"auditHeads"`
	Files     []archived       `json:"files"`
}

// auditHead is where an audit chain ended.
type auditHead struct {
	Tenant  string `json:"tenant,omitempty"`
	Entries uint64 `json:"entries"`
	Hash    string `json:"hash"` // base64, as in a checkpoint
}

// archived is a file of a backup.
type archived struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// backupCommand copies an installation into one encrypted file.
type backupCommand struct {
	File      string   `arg:"" placeholder:"FILE" help:"File to write, which must not exist."`
	Recipient []string `placeholder:"AGE1…" help:"Public part of an age identity that is to open the backup; may be repeated. Without one, what opens the signing keys opens it."`
	dataFlags
	JSON bool `help:"Print what was backed up as JSON."`
}

// backupResult is what the command reports.
type backupResult struct {
	File     string   `json:"file"`
	Size     int64    `json:"size"`
	SHA256   string   `json:"sha256"`
	Manifest manifest `json:"manifest"`
}

// Run implements the command.
func (c *backupCommand) Run(ctx context.Context, console *console) error {
	if err := c.whole(); err != nil {
		return err
	}
	remembered, err := readSettings(c.Data)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(c.File); err == nil {
		return &failure{code: exitExists, err: fmt.Errorf("writing backup: %s exists already", c.File), hint: "nothing was changed; choose another name"}
	}
	var lock filekeys.Lock
	if len(c.Recipient) == 0 {
		if lock, err = c.or(remembered).lock(c.Data); err != nil {
			return err
		}
	}
	progress := progressOf(console)
	defer progress.end()
	result, err := c.write(ctx, lock, remembered, progress)
	if err != nil {
		return fmt.Errorf("writing backup: %w", err)
	}
	progress.end()
	return console.report(c.JSON, result, func(w io.Writer) { result.write(w, len(c.Recipient)) })
}

// write makes the file under another name and gives it its own when it is on
// the disk as a whole.
func (c *backupCommand) write(ctx context.Context, lock filekeys.Lock, remembered settings, progress *progress) (*backupResult, error) {
	file, err := os.CreateTemp(filepath.Dir(c.File), "."+filepath.Base(c.File)+".*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // has another name when all went well
	defer file.Close()           //nolint:errcheck // closed before when all went well
	hash := sha256.New()
	buffered := bufio.NewWriterSize(io.MultiWriter(file, hash), 1<<20)
	encrypted, err := lock.Encrypt(buffered, c.Recipient...)
	if err != nil {
		return nil, err
	}
	made, err := c.archive(ctx, encrypted, remembered, progress)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(encrypted.Close(), buffered.Flush(), file.Sync()); err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(file.Close(), os.Link(file.Name(), c.File)); err != nil {
		return nil, err
	}
	if err := errors.Join(os.Remove(file.Name()), syncDirectory(filepath.Dir(c.File))); err != nil {
		return nil, err
	}
	return &backupResult{File: c.File, Size: info.Size(), SHA256: hex.EncodeToString(hash.Sum(nil)), Manifest: *made}, nil
}

// archive writes the tar archive. The store comes first: a key is in the key
// file before it is in the store.
func (c *backupCommand) archive(ctx context.Context, w io.Writer, remembered settings, progress *progress) (*manifest, error) {
	made := &manifest{Format: manifestFormat, Program: programVersion(), Created: time.Now().UTC().Truncate(time.Second), PublicURL: remembered.PublicURL}
	archive := tar.NewWriter(w)
	copied, closeStore, err := snapshotOf(ctx, c.Data)
	if err != nil {
		return nil, err
	}
	err = func() error {
		line, err := copied.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("reading store: %w", err)
		}
		if err := json.Unmarshal(line, &made.Store); err != nil {
			return fmt.Errorf("reading store: %w", err)
		}
		return made.add(archive, storeName, made.Store.Size, &counting{copied, progress, 0})
	}()
	if err = errors.Join(err, closeStore()); err != nil {
		return nil, err
	}
	for _, head := range made.Store.Chains {
		made.Heads = append(made.Heads, auditHead{head.Tenant, head.Sequence, base64.StdEncoding.EncodeToString(head.Hash[:])})
	}
	made.Store.Chains = nil // said in another form
	if err := c.others(archive, made); err != nil {
		return nil, err
	}
	described, err := json.MarshalIndent(made, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := archive.WriteHeader(&tar.Header{Name: manifestName, Mode: 0o600, Size: int64(len(described)), ModTime: made.Created}); err != nil {
		return nil, err
	}
	if _, err := archive.Write(described); err != nil {
		return nil, err
	}
	return made, archive.Close()
}

// add copies a file into the archive.
func (m *manifest) add(archive *tar.Writer, name string, size int64, from io.Reader) error {
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: m.Created}); err != nil {
		return err
	}
	hash := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(archive, hash), from, size); err != nil {
		return fmt.Errorf("copying %s: %w", name, err)
	}
	m.Files = append(m.Files, archived{name, size, hex.EncodeToString(hash.Sum(nil))})
	return nil
}

// others adds the other files of the data directory. Whoever holds a private
// key in the clear is left out, loudly.
func (c *backupCommand) others(archive *tar.Writer, made *manifest) error {
	entries, err := os.ReadDir(c.Data)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if !entry.Type().IsRegular() || strings.HasPrefix(name, storeName) || strings.HasPrefix(name, ".") || name == manifestName {
			continue
		}
		data, err := os.ReadFile(filepath.Join(c.Data, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if bytes.Contains(data, []byte("AGE-SECRET-KEY-1")) || bytes.Contains(data, []byte("PRIVATE KEY-----")) {
			return &failure{code: exitFault, err: fmt.Errorf("%s holds a private key in the clear", name), hint: "move it out of the data directory"}
		}
		if err := made.add(archive, name, int64(len(data)), bytes.NewReader(data)); err != nil {
			return err
		}
	}
	for _, needed := range []string{filekeys.Name, settingsName} {
		if !slices.ContainsFunc(made.Files, func(f archived) bool { return f.Name == needed }) {
			return missing(fmt.Errorf("%s is not there", needed), "check the data: laurel fsck")
		}
	}
	return nil
}

// snapshotOf copies the store of a data directory, through its server where one
// runs: a line of JSON and the bytes.
func snapshotOf(ctx context.Context, dir string) (*bufio.Reader, func() error, error) {
	if o := dialServer(ctx, dir); o != nil {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://laurel/api/v1/snapshot", nil)
		if err != nil {
			return nil, nil, err
		}
		response, err := o.client.Do(request)
		if err != nil {
			return nil, nil, err
		}
		if response.StatusCode != http.StatusOK {
			return nil, nil, errors.Join(fmt.Errorf("reading store: the server answered %s", response.Status), response.Body.Close())
		}
		return bufio.NewReaderSize(response.Body, 1<<20), response.Body.Close, nil
	}
	store, err := boltstore.Open(boltstore.Config{Path: filepath.Join(dir, storeName), ReadOnly: true})
	if err != nil {
		return nil, nil, err
	}
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := store.Snapshot(ctx, writer, func(described storage.Snapshot) error { return json.NewEncoder(writer).Encode(described) })
		writer.CloseWithError(err)
		done <- err
	}()
	return bufio.NewReaderSize(reader, 1<<20), func() error {
		_ = reader.Close() // what was not read is not wanted
		if err := <-done; err != nil && !errors.Is(err, io.ErrClosedPipe) {
			return errors.Join(err, store.Close())
		}
		return store.Close()
	}, nil
}

// counting shows how much was read.
type counting struct {
	r        io.Reader
	progress *progress
	read     int
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.read += n
	c.progress.step("MiB copied", c.read>>20)
	return n, err
}

func (r *backupResult) write(w io.Writer, recipients int) {
	fmt.Fprintf(w, "The data is backed up.\n\n")
	rows := [][2]string{
		{"File", r.File},
		{"Size", fmt.Sprintf("%d bytes", r.Size)},
		{"SHA-256", r.SHA256},
	}
	writeRows(w, append(rows, r.Manifest.rows()...))
	opens := "what opens the signing keys"
	if recipients > 0 {
		opens = "the identity of the recipient"
	}
	fmt.Fprintf(w, "\nIt is opened by %s, which is not in it, and neither is what opens the\nsigning keys: keep a copy of both in another place. Try it now and then:\n  laurel restore --check %s\n", opens, r.File)
}

// rows are what a person wants to know of a backup.
func (m manifest) rows() [][2]string {
	rows := [][2]string{
		{"Of", m.PublicURL},
		{"Made", m.Created.Format("2006-01-02 15:04:05 MST")},
		{"Badges", fmt.Sprint(m.Store.Counts["credentials"])},
		{"Schema", fmt.Sprint(m.Store.Schema)},
	}
	for _, head := range m.Heads {
		name := head.Tenant
		if name == "" {
			name = "-"
		}
		rows = append(rows, [2]string{"Record of " + name, fmt.Sprintf("%d %s", head.Entries, head.Hash)})
	}
	return rows
}
