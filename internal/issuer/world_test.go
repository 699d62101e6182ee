package issuer

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"laurel/contexts"
	"laurel/internal/keys"
	"laurel/internal/keys/filekeys"
	"laurel/storage"
	"laurel/storage/boltstore"
)

// world is an installation in a temporary directory: a real store, real keys,
// and a clock that tests set.
type world struct {
	testing.TB
	directory string
	lock      filekeys.Lock
	config    Config
	store     *boltstore.Store
	ring      *keys.Ring
	*Service

	mu  sync.Mutex
	now time.Time
}

const testURL = "https://badges.example.ac.uk"

func newWorld(t testing.TB, change func(*Config)) *world {
	t.Helper()
	w := &world{TB: t, directory: t.TempDir(), now: time.Date(2026, 3, 14, 15, 9, 26, 535e6, time.UTC)}
	var err error
	if w.lock, err = filekeys.NewIdentity(filepath.Join(t.TempDir(), "identity.txt"), w.directory); err != nil {
		t.Fatal(err)
	}
	file, err := filekeys.Create(filepath.Join(w.directory, filekeys.Name), w.lock, nil)
	if err != nil {
		t.Fatal(err)
	}
	set, err := contexts.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	if err := boltstore.Create(boltstore.Config{Path: w.path()}); err != nil {
		t.Fatal(err)
	}
	w.config = Config{Contexts: set, PublicURL: testURL, InstallationKey: file.InstallationKey(), Clock: w.clockNow}
	if change != nil {
		change(&w.config)
	}
	w.open(file)
	if _, err := w.SetUp(w.Context(), "cli", Institution{Name: "Example University", URL: "https://example.ac.uk", Email: "badges@example.ac.uk"}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) path() string { return filepath.Join(w.directory, "laurel.db") }

// open opens the store and makes the service over it.
func (w *world) open(backend keys.Backend) {
	w.Helper()
	var err error
	if w.store, err = boltstore.Open(boltstore.Config{Path: w.path()}); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = w.store.Close() }) // closing twice is allowed
	w.ring = keys.New(keys.Config{Store: w.store, Backends: map[string]keys.Backend{"file": backend}, Default: "file"})
	w.config.Ring = w.ring
	w.config.Store = w.store
	w.rebuild()
}

// rebuild makes the service anew from w.config.
func (w *world) rebuild() {
	w.Helper()
	var err error
	if w.Service, err = New(w.config); err != nil {
		w.Fatal(err)
	}
}

// restart closes everything and opens it from the disk.
func (w *world) restart() {
	w.Helper()
	if err := w.store.Close(); err != nil {
		w.Fatal(err)
	}
	file, err := filekeys.Open(filepath.Join(w.directory, filekeys.Name), w.lock, nil)
	if err != nil {
		w.Fatal(err)
	}
	w.open(file)
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

var caller = Caller{Tenant: DefaultSlug, Actor: "apikey:test"}

func with(key string, body byte) Caller {
	c := caller
	c.Idempotency = &Idempotency{Space: "test", Key: key, Body: [32]byte{body}}
	return c
}

const mentor = `{"name":"Peer mentor","description":"Mentored first-year students for a year.",` +
	`"achievementType":"Badge","criteria":{"narrative":"Ten *sessions* or more."},"tag":["mentoring"]}`

func (w *world) mentor() Achievement {
	w.Helper()
	made, err := w.CreateAchievement(w.Context(), caller, []byte(mentor))
	if err != nil {
		w.Fatal(err)
	}
	return made
}

func (w *world) award(request Request) Award {
	w.Helper()
	made, err := w.Award(w.Context(), caller, request)
	if err != nil {
		w.Fatal(err)
	}
	return made
}

func (w *world) act() storage.Act { return storage.Act{Actor: "cli", Time: w.clockNow()} }

func ada(achievement Achievement) Request {
	return Request{Achievement: achievement.ID, Recipient: Recipient{Email: "  Ada.Lovelace@Example.org ", Name: "Ada  King Lovelace"}}
}

var background = context.Background()

// awardMany awards to as many people.
func awardMany(w *world, achievement Achievement, n int) {
	w.Helper()
	var group sync.WaitGroup
	for side := range 16 {
		group.Go(func() {
			for i := side; i < n; i += 16 {
				request := Request{Achievement: achievement.ID, Recipient: Recipient{Email: "person" + decimal(i) + "@example.org"}}
				if _, err := w.Award(background, caller, request); err != nil {
					w.Error(err)
				}
			}
		})
	}
	group.Wait()
}
