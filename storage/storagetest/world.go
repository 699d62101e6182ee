package storagetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/storage"
)

// The tenants of a world. Both have the key "key-1" and one achievement.
const (
	north = "north-university"
	south = "south-university"
)

// start is the time at which a world's clock begins.
var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// world is an open store with two tenants in it.
type world struct {
	Store
	t       testing.TB
	open    Opener
	options Options
	counter atomic.Int64
}

func newWorld(t testing.TB, open Opener, options Options) *world {
	t.Helper()
	options.Directory = t.TempDir()
	w := &world{t: t, open: open, options: options, Store: open(t, options)}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	for _, tenant := range []string{north, south} {
		w.must(w.CreateTenant(w.ctx(), w.act(), tenantRecord(tenant)))
		w.must(w.CreateKey(w.ctx(), w.act(), keyRecord(tenant, "key-1")))
		_, err := w.CreateAchievement(w.ctx(), w.act(), achievementRecord(tenant, achievementOf(tenant)))
		w.must(err)
	}
	return w
}

// reopen closes the store and opens it again, as another process would.
func (w *world) reopen() {
	w.t.Helper()
	w.must(w.Close())
	w.Store = w.open(w.t, w.options)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) ctx() context.Context { return context.Background() }

// act is an act a little later than the one before.
func (w *world) act() storage.Act {
	return storage.Act{Actor: "test", Time: start.Add(time.Duration(w.counter.Add(1)) * time.Millisecond)}
}

// id gives a new id.
func (w *world) id() string { return fmt.Sprintf("id-%019d", w.counter.Add(1)) }

func achievementOf(tenant string) string { return "achievement-of-" + tenant }

func tenantRecord(slug string) storage.Tenant {
	return storage.Tenant{
		Slug: slug, DID: "did:web:badges.example:issuers:" + slug, Name: slug, LegalName: slug + " Ltd",
		Profile: []byte(`{ "type": "Profile", "name": "<b>&` + slug + `" }`), Created: start, Updated: start,
	}
}

func keyRecord(tenant, id string) storage.Key {
	return storage.Key{
		Tenant: tenant, ID: id, Algorithm: "Ed25519", JWK: []byte(`{"kty":"OKP"}`),
		Thumbprint: tenant + "_" + id, Backend: "file", Handle: id, Created: start,
	}
}

func achievementRecord(tenant, id string) storage.Achievement {
	return storage.Achievement{Tenant: tenant, ID: id, Document: []byte(`{ "name": "Knots & <splices>" }`)}
}

// reservation is one for a new credential of a new subject.
func (w *world) reservation(tenant string) storage.Reservation {
	id := w.id()
	return storage.Reservation{
		Act: w.act(), Tenant: tenant, ID: id,
		Achievement: achievementOf(tenant), AchievementVersion: 1,
		Subject:   storage.SubjectKey{ID: "subject-" + id, Wrapped: []byte("wrapped key of " + id)},
		Recipient: []byte("sealed recipient of " + id),
	}
}

func (w *world) reserve(tenant string) storage.Reserved {
	w.t.Helper()
	reserved, err := w.ReserveCredential(w.ctx(), w.reservation(tenant))
	w.must(err)
	return reserved
}

func (w *world) issuance(tenant, id string) storage.Issuance {
	return storage.Issuance{
		Act: w.act(), Tenant: tenant, ID: id, Key: "key-1",
		Signed: []byte("sealed credential " + id), Digest: []byte("digest of " + id),
		Status: 201, Answer: []byte(`{"id":"` + id + `"}`),
	}
}

func (w *world) issue(tenant string) storage.Credential {
	w.t.Helper()
	issued, err := w.CommitCredential(w.ctx(), w.issuance(tenant, w.reserve(tenant).Credential.ID))
	w.must(err)
	return issued
}

func (w *world) change(tenant, id string, state storage.State) storage.StatusChange {
	return storage.StatusChange{Act: w.act(), Tenant: tenant, ID: id, State: state, Reason: "error", Wording: "Issued by mistake."}
}

// claim is an idempotency claim that lives for a day and is leased a minute.
func claim(key, body string, now time.Time) *storage.IdempotencyClaim {
	return &storage.IdempotencyClaim{
		APIKey: "api-key", Key: key, Body: sha256.Sum256([]byte(body)),
		Expires: now.Add(24 * time.Hour), Lease: now.Add(time.Minute),
	}
}

// all reads every page of a list.
func all[T any](t testing.TB, limit int, list func(storage.Page) ([]T, string, error)) []T {
	t.Helper()
	var items []T
	page := storage.Page{Limit: limit}
	for {
		part, next, err := list(page)
		if err != nil {
			t.Fatal(err)
		}
		if len(part) > limit {
			t.Fatalf("page of %d items, asked for %d", len(part), limit)
		}
		items = append(items, part...)
		if next == "" {
			return items
		}
		if len(part) == 0 {
			t.Fatal("an empty page has a next one")
		}
		page.Cursor = next
	}
}

func (w *world) credentials(tenant string, filter storage.CredentialFilter, limit int) []storage.Credential {
	w.t.Helper()
	return all(w.t, limit, func(page storage.Page) ([]storage.Credential, string, error) {
		return w.ListCredentials(w.ctx(), tenant, filter, page)
	})
}

// checkSlots asserts that no two credentials of the tenants share a status
// entry and that every index is within its list and of the left half of a byte.
func (w *world) checkSlots(tenants ...string) {
	w.t.Helper()
	taken := map[storage.StatusEntry]string{}
	for _, tenant := range tenants {
		sizes := map[string]int{}
		lists, err := w.ListStatusLists(w.ctx(), tenant)
		w.must(err)
		for _, list := range lists {
			sizes[list.ID] = list.Size
		}
		for _, c := range w.credentials(tenant, storage.CredentialFilter{}, 1000) {
			for _, entry := range c.Status {
				if other := taken[entry]; other != "" {
					w.t.Errorf("%s and %s share %+v", other, c.ID, entry)
				}
				taken[entry] = c.ID
				if entry.Index < 0 || entry.Index >= sizes[entry.List] || entry.Index%8 > 3 {
					w.t.Errorf("%s has %+v in a list of %d", c.ID, entry, sizes[entry.List])
				}
			}
		}
	}
}

// checkChain asserts that the audit chain of a tenant is whole and returns it.
func (w *world) checkChain(tenant string) []storage.AuditEntry {
	w.t.Helper()
	entries := all(w.t, 100, func(page storage.Page) ([]storage.AuditEntry, string, error) {
		return w.ListAudit(w.ctx(), tenant, page)
	})
	var previous [32]byte
	for i, entry := range entries {
		if entry.Sequence != uint64(i+1) || entry.Previous != previous || entry.Hash != entry.ComputeHash() {
			w.t.Fatalf("audit chain of %q is broken at %d: %+v", tenant, i+1, entry)
		}
		previous = entry.Hash
	}
	return entries
}

func wantError(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

func wantEqual(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
