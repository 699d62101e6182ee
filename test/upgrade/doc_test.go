// Package upgrade opens installations as every earlier version of the stored
// form left them, and checks that nothing in them was lost or has changed its
// meaning.
//
// One directory of storage/testdata belongs to each version. It is written
// once, by the last program that wrote that version, and never again:
//
//	go test -tags nomsgpack ./test/upgrade -run TestWrite -write
//
// What was done to it is in expected.json, as the program knew it then and not
// as it was read back.
package upgrade

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"laurel/contexts"
	"laurel/internal/issuer"
	"laurel/internal/keys"
	"laurel/internal/keys/filekeys"
	"laurel/storage"
	"laurel/storage/boltstore"
)

const (
	// kept is where the installations are.
	kept = "../../storage/testdata"

	storeName    = "laurel.db"
	identityName = "identity.txt" // a key to nothing but this
	expectedName = "expected.json"

	publicURL = "https://badges.example.ac.uk"
)

// expected is what is known of a kept installation.
type expected struct {
	Schema int `json:"schema"`
	// Time is when the last change was made.
	Time        time.Time     `json:"time"`
	Tenants     []tenant      `json:"tenants"`
	Keys        []key         `json:"keys"`
	APIKeys     []apiKey      `json:"apiKeys"`
	Achieved    []achievement `json:"achievements"`
	Credentials []credential  `json:"credentials"`
	Claims      []claim       `json:"claims"`
}

type tenant struct {
	Slug string `json:"slug"`
	DID  string `json:"did"`
	Name string `json:"name"`
	// Head is the last entry of the audit chain, in hexadecimal.
	Entries uint64 `json:"entries"`
	Head    string `json:"head"`
}

type key struct {
	Tenant     string `json:"tenant"`
	ID         string `json:"id"`
	Algorithm  string `json:"algorithm"`
	Thumbprint string `json:"thumbprint"`
	State      string `json:"state"` // active, retired, compromised
}

type apiKey struct {
	Token   string   `json:"token"`
	Tenant  string   `json:"tenant"`
	Scopes  []string `json:"scopes"`
	Revoked bool     `json:"revoked,omitempty"`
}

type achievement struct {
	Tenant string   `json:"tenant"`
	ID     string   `json:"id"`
	Names  []string `json:"names"` // of its versions, in order
}

type credential struct {
	Tenant      string             `json:"tenant"`
	ID          string             `json:"id"`
	State       storage.State      `json:"state"`
	Visibility  storage.Visibility `json:"visibility"`
	Achievement string             `json:"achievement"`
	Version     int                `json:"version"`
	Key         string             `json:"key,omitempty"`
	Subject     string             `json:"subject"`
	Reason      string             `json:"reason,omitempty"`
	Wording     string             `json:"wording,omitempty"`
	Erased      bool               `json:"erased,omitempty"`
	// SHA256 is of the badge as it was released, in hexadecimal.
	SHA256  string                `json:"sha256,omitempty"`
	Status  []storage.StatusEntry `json:"status"`
	Verdict string                `json:"verdict,omitempty"`
}

type claim struct {
	Tenant string `json:"tenant"`
	Space  string `json:"space"`
	Key    string `json:"key"`
	Object string `json:"object"`
	Done   bool   `json:"done"`
}

// world is an installation that is open.
type world struct {
	testing.TB
	directory string
	lock      filekeys.Lock
	store     *boltstore.Store
	ring      *keys.Ring
	service   *issuer.Service
	now       time.Time
	// dying makes a commit fail, as when the process ends before it.
	dying bool
}

// open opens the installation in a directory.
func open(t testing.TB, directory string, lock filekeys.Lock, now time.Time) *world {
	t.Helper()
	w := &world{TB: t, directory: directory, lock: lock, now: now}
	store, err := boltstore.Open(boltstore.Config{Path: filepath.Join(directory, storeName)})
	must(t, err)
	w.store = store
	t.Cleanup(func() { _ = store.Close() }) // closing twice is allowed
	file, err := filekeys.Open(filepath.Join(directory, filekeys.Name), lock, nil)
	must(t, err)
	set, err := contexts.Embedded()
	must(t, err)
	w.ring = keys.New(keys.Config{Store: store, Backends: map[string]keys.Backend{"file": file}, Default: "file"})
	w.service, err = issuer.New(issuer.Config{
		Store: mortal{w.store, w}, Ring: w.ring, Contexts: set, PublicURL: publicURL, Suspension: true,
		InstallationKey: file.InstallationKey(), Clock: func() time.Time { return w.now },
	})
	must(t, err)
	return w
}

func (w *world) act() storage.Act { return storage.Act{Actor: "cli", Time: w.now} }

// pass lets time go by.
func (w *world) pass() { w.now = w.now.Add(time.Minute) }

// mortal is a store of a process that may end before it commits.
type mortal struct {
	*boltstore.Store
	world *world
}

var errDied = errors.New("process ended")

func (m mortal) CommitCredential(ctx context.Context, i storage.Issuance) (storage.Credential, error) {
	if m.world.dying {
		return storage.Credential{}, errDied
	}
	return m.Store.CommitCredential(ctx, i)
}

// unpack puts a kept installation into a new directory.
func unpack(t testing.TB, from string) (directory string, lock filekeys.Lock, known expected) {
	t.Helper()
	directory = t.TempDir()
	packed, err := os.Open(filepath.Join(from, storeName+".gz"))
	must(t, err)
	defer packed.Close() //nolint:errcheck // only read
	reader, err := gzip.NewReader(packed)
	must(t, err)
	data, err := io.ReadAll(reader)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(directory, storeName), data, 0o600))
	data, err = os.ReadFile(filepath.Join(from, filekeys.Name))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(directory, filekeys.Name), data, 0o600))
	lock, err = filekeys.Identity(filepath.Join(from, identityName), directory)
	must(t, err)
	data, err = os.ReadFile(filepath.Join(from, expectedName))
	must(t, err)
	must(t, json.Unmarshal(data, &known))
	return directory, lock, known
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
