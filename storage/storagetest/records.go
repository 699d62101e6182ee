package storagetest

import (
	"strings"
	"testing"
	"time"

	"laurel/storage"
)

func testTenants(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	want := tenantRecord(north)
	for range 2 {
		got, err := w.Tenant(w.ctx(), north)
		w.must(err)
		wantEqual(t, "tenant", got, want)
		got, err = w.FindTenant(w.ctx(), want.DID)
		w.must(err)
		wantEqual(t, "tenant by DID", got, want)
		list, err := w.ListTenants(w.ctx())
		w.must(err)
		wantEqual(t, "tenants", list, []storage.Tenant{want, tenantRecord(south)})
		w.reopen()
	}

	again := tenantRecord(north)
	again.DID = "did:web:other.example"
	wantError(t, "slug in use", w.CreateTenant(w.ctx(), w.act(), again), storage.ErrExists)
	again = tenantRecord("east-university")
	again.DID = want.DID
	wantError(t, "DID in use", w.CreateTenant(w.ctx(), w.act(), again), storage.ErrExists)
	_, err := w.Tenant(w.ctx(), "east-university")
	wantError(t, "refused tenant", err, storage.ErrNotFound)
	_, err = w.FindTenant(w.ctx(), "did:web:other.example")
	wantError(t, "refused DID", err, storage.ErrNotFound)

	act := w.act()
	updated, err := w.UpdateTenant(w.ctx(), act, north, func(tenant *storage.Tenant) error {
		tenant.Name, tenant.Slug, tenant.DID = "North", "moved", "did:web:moved.example"
		return nil
	})
	w.must(err)
	want.Name, want.Updated = "North", act.Time
	wantEqual(t, "updated tenant", updated, want)
	stored, err := w.Tenant(w.ctx(), north)
	w.must(err)
	wantEqual(t, "stored tenant", stored, want)
}

func testKeys(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	want := keyRecord(north, "key-1")
	w.must(w.CreateKey(w.ctx(), w.act(), keyRecord(north, "key-2")))
	w.reopen()
	got, err := w.Key(w.ctx(), north, "key-1")
	w.must(err)
	wantEqual(t, "key", got, want)
	got, err = w.FindKey(w.ctx(), keyRecord(south, "key-1").Thumbprint)
	w.must(err)
	wantEqual(t, "key by thumbprint", got, keyRecord(south, "key-1"))
	list, err := w.ListKeys(w.ctx(), north)
	w.must(err)
	wantEqual(t, "keys", list, []storage.Key{want, keyRecord(north, "key-2")})

	again := keyRecord(north, "key-1")
	again.Thumbprint = "another"
	wantError(t, "key id in use", w.CreateKey(w.ctx(), w.act(), again), storage.ErrExists)
	again = keyRecord(south, "key-9")
	again.Thumbprint = want.Thumbprint
	wantError(t, "thumbprint in use elsewhere", w.CreateKey(w.ctx(), w.act(), again), storage.ErrExists)
	wantError(t, "unknown tenant", w.CreateKey(w.ctx(), w.act(), keyRecord("nowhere", "key-1")), storage.ErrNotFound)

	act := w.act()
	updated, err := w.UpdateKey(w.ctx(), act, north, "key-1", func(k *storage.Key) error {
		k.Retired, k.ID, k.JWK = act.Time, "key-7", []byte("other")
		return nil
	})
	w.must(err)
	want.Retired = act.Time
	wantEqual(t, "retired key", updated, want)
	got, err = w.Key(w.ctx(), north, "key-1")
	w.must(err)
	wantEqual(t, "stored key", got, want)
}

func testAPIKeys(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	want := storage.APIKey{
		Tenant: north, ID: "lk1", Hash: []byte(strings.Repeat("h", 32)), Name: "registry",
		Scopes: []string{"issue", "read"}, Created: start, Expires: start.AddDate(1, 0, 0),
	}
	w.must(w.CreateAPIKey(w.ctx(), w.act(), want))
	w.reopen()
	got, err := w.FindAPIKey(w.ctx(), "lk1")
	w.must(err)
	wantEqual(t, "API key", got, want)
	other := want
	other.Tenant = south
	wantError(t, "API key id in use elsewhere", w.CreateAPIKey(w.ctx(), w.act(), other), storage.ErrExists)
	_, err = w.FindAPIKey(w.ctx(), "lk2")
	wantError(t, "unknown API key", err, storage.ErrNotFound)
	other.ID, other.Hash = "lk2", []byte("secret")
	wantError(t, "API key that is not hashed", w.CreateAPIKey(w.ctx(), w.act(), other), storage.ErrInvalid)

	act := w.act()
	w.must(w.RevokeAPIKey(w.ctx(), act, north, "lk1"))
	w.must(w.RevokeAPIKey(w.ctx(), w.act(), north, "lk1")) // again, later
	want.Revoked = act.Time
	list, err := w.ListAPIKeys(w.ctx(), north)
	w.must(err)
	wantEqual(t, "API keys", list, []storage.APIKey{want})
	list, err = w.ListAPIKeys(w.ctx(), south)
	w.must(err)
	wantEqual(t, "API keys of the other tenant", list, []storage.APIKey(nil))
}

func testAchievements(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	id := w.id()
	act := w.act()
	first, err := w.CreateAchievement(w.ctx(), act, achievementRecord(north, id))
	w.must(err)
	want := achievementRecord(north, id)
	want.Version, want.Created, want.Updated = 1, act.Time, act.Time
	wantEqual(t, "first version", first, want)

	later := w.act()
	second, err := w.UpdateAchievement(w.ctx(), later, north, id, func(a *storage.Achievement) error {
		a.Document, a.Version, a.ID = []byte(`{"name":"Splices"}`), 9, "other"
		return nil
	})
	w.must(err)
	changed := want
	changed.Version, changed.Document, changed.Updated = 2, []byte(`{"name":"Splices"}`), later.Time
	wantEqual(t, "second version", second, changed)
	w.reopen()

	for _, test := range []struct {
		version int
		want    storage.Achievement
	}{{0, changed}, {1, want}, {2, changed}} {
		got, err := w.Achievement(w.ctx(), north, id, test.version)
		w.must(err)
		wantEqual(t, "read achievement", got, test.want)
		got, err = w.FindAchievement(w.ctx(), id, test.version)
		w.must(err)
		wantEqual(t, "found achievement", got, test.want)
	}
	for _, version := range []int{-1, 3} {
		_, err = w.Achievement(w.ctx(), north, id, version)
		wantError(t, "version that is not there", err, storage.ErrNotFound)
	}
	_, err = w.CreateAchievement(w.ctx(), w.act(), achievementRecord(south, id))
	wantError(t, "id in use elsewhere", err, storage.ErrExists)
	list := all(t, 1, func(page storage.Page) ([]storage.Achievement, string, error) {
		return w.ListAchievements(w.ctx(), north, page)
	})
	if len(list) != 2 || list[0].ID != id || list[0].Version != 2 || list[1].ID != achievementOf(north) {
		t.Errorf("listed achievements: %+v", list)
	}
}

// testInvalid hands in what could reach another tenant's rows or is no act.
func testInvalid(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	for _, slug := range []string{"", "ab", "North", "a/b", "abc\x00", "abc def", "zürich", strings.Repeat("a", 41)} {
		tenant := tenantRecord(slug)
		wantError(t, "slug "+slug, w.CreateTenant(w.ctx(), w.act(), tenant), storage.ErrInvalid)
	}
	for _, id := range []string{"", "a/b", "a\x00b", "a b", "é", strings.Repeat("a", 65)} {
		r := w.reservation(north)
		r.ID = id
		_, err := w.ReserveCredential(w.ctx(), r)
		wantError(t, "credential id "+id, err, storage.ErrInvalid)
		r = w.reservation(north)
		r.Subject.ID = id
		_, err = w.ReserveCredential(w.ctx(), r)
		wantError(t, "subject id "+id, err, storage.ErrInvalid)
		_, err = w.CreateAchievement(w.ctx(), w.act(), achievementRecord(north, id))
		wantError(t, "achievement id "+id, err, storage.ErrInvalid)
		wantError(t, "key id "+id, w.CreateKey(w.ctx(), w.act(), keyRecord(north, id)), storage.ErrInvalid)
	}
	for name, change := range map[string]func(*storage.Reservation){
		"no actor":           func(r *storage.Reservation) { r.Act.Actor = "" },
		"no time":            func(r *storage.Reservation) { r.Act.Time = time.Time{} },
		"no wrapped key":     func(r *storage.Reservation) { r.Subject.Wrapped = nil },
		"suspension alone":   func(r *storage.Reservation) { r.Purposes = []string{storage.PurposeSuspension} },
		"unknown purpose":    func(r *storage.Reservation) { r.Purposes = []string{storage.PurposeRevocation, "message"} },
		"no purpose":         func(r *storage.Reservation) { r.Purposes = []string{} },
		"unknown visibility": func(r *storage.Reservation) { r.Visibility = "secret" },
		"version 0":          func(r *storage.Reservation) { r.AchievementVersion = 0 },
		"empty key":          func(r *storage.Reservation) { r.Act.Idempotency = claim("", "body", r.Act.Time) },
		"long key":           func(r *storage.Reservation) { r.Act.Idempotency = claim(strings.Repeat("k", 129), "body", r.Act.Time) },
		"control in key":     func(r *storage.Reservation) { r.Act.Idempotency = claim("a\x00b", "body", r.Act.Time) },
		"no lease": func(r *storage.Reservation) {
			r.Act.Idempotency = claim("key", "body", r.Act.Time)
			r.Act.Idempotency.Lease = r.Act.Time
		},
	} {
		r := w.reservation(north)
		change(&r)
		_, err := w.ReserveCredential(w.ctx(), r)
		wantError(t, name, err, storage.ErrInvalid)
	}
	if got := w.credentials(north, storage.CredentialFilter{}, 10); len(got) != 0 {
		t.Errorf("refused reservations left %d credentials", len(got))
	}
}
