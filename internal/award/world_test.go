package award

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"laurel/contexts"
	"laurel/internal/issuer"
	"laurel/internal/keys"
	"laurel/internal/keys/filekeys"
	"laurel/storage"
	"laurel/storage/boltstore"
)

// world is an installation in a temporary directory: a real store, real keys,
// and a clock that tests set.
type world struct {
	testing.TB
	store       *boltstore.Store
	issuer      *issuer.Service
	key         []byte
	achievement string
	*Service

	mu  sync.Mutex
	now time.Time
}

const (
	mentor    = `{"name":"Peer mentor","description":"Mentored first-year students for a year.","criteria":{"narrative":"Ten sessions or more."}}`
	publicURL = "https://badges.example.ac.uk"
)

var caller = issuer.Caller{Tenant: issuer.DefaultSlug, Actor: "apikey:test"}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, now: time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)}
	directory := t.TempDir()
	lock, err := filekeys.NewIdentity(filepath.Join(t.TempDir(), "identity.txt"), directory)
	w.must(err)
	file, err := filekeys.Create(filepath.Join(directory, filekeys.Name), lock, nil)
	w.must(err)
	path := filepath.Join(directory, "laurel.db")
	w.must(boltstore.Create(boltstore.Config{Path: path}))
	w.store, err = boltstore.Open(boltstore.Config{Path: path})
	w.must(err)
	t.Cleanup(func() { _ = w.store.Close() })
	set, err := contexts.Embedded()
	w.must(err)
	w.key = file.InstallationKey()
	w.issuer, err = issuer.New(issuer.Config{
		Store: w.store, Ring: keys.New(keys.Config{Store: w.store, Backends: map[string]keys.Backend{"file": file}, Default: "file"}),
		Contexts: set, PublicURL: publicURL, InstallationKey: w.key, Clock: w.clockNow,
	})
	w.must(err)
	_, err = w.issuer.SetUp(t.Context(), "cli", issuer.Institution{Name: "Example University", URL: "https://example.ac.uk", Email: "badges@example.ac.uk"})
	w.must(err)
	made, err := w.issuer.CreateAchievement(t.Context(), caller, []byte(mentor))
	w.must(err)
	w.achievement = made.ID
	w.Service = w.over(w.store)
	return w
}

// over is a service over a store, such as one that fails.
func (w *world) over(store Store) *Service {
	w.Helper()
	s, err := New(Config{Store: store, Issuer: w.issuer, InstallationKey: w.key, Clock: w.clockNow})
	w.must(err)
	return s
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) clockNow() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) upload(data string) Upload {
	return Upload{Achievement: w.achievement, Name: "people.csv", Data: []byte(data)}
}

func (w *world) draft(data string) Job {
	w.Helper()
	job, err := w.Draft(w.Context(), caller, w.upload(data))
	w.must(err)
	return job
}

// award drafts, confirms and carries out.
func (w *world) award(data string) Job {
	w.Helper()
	return w.carriedOut(w.draft(data).ID)
}

func (w *world) carriedOut(id string) Job {
	w.Helper()
	_, err := w.Confirm(w.Context(), caller, id, time.Time{})
	w.must(err)
	w.look()
	return w.seen(id)
}

func (w *world) seen(id string) Job {
	w.Helper()
	job, err := w.Job(w.Context(), caller.Tenant, id)
	w.must(err)
	return job
}

// credentials are all awards of the achievement.
func (w *world) credentials() []issuer.Credential {
	w.Helper()
	var all []issuer.Credential
	page := storage.Page{Limit: storage.PageLimit}
	for {
		list, next, err := w.issuer.Credentials(context.Background(), caller.Tenant, storage.CredentialFilter{Achievement: w.achievement}, page)
		w.must(err)
		all = append(all, list...)
		if page.Cursor = next; next == "" {
			return all
		}
	}
}
