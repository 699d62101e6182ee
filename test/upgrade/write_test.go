package upgrade

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"laurel/internal/issuer"
	"laurel/internal/keys"
	"laurel/internal/keys/filekeys"
	"laurel/storage"
	"laurel/storage/boltstore"
)

var write = flag.Bool("write", false, "write the installation of the present version, which must not be kept yet")

// TestWrite writes an installation in which everything that can be stored is
// stored at least once. A new kind of record is added here.
func TestWrite(t *testing.T) {
	if !*write {
		t.Skip("for the last program of a version: run with -write")
	}
	w, identity := newWorld(t)
	known := w.live()
	meta, err := w.store.Meta(t.Context())
	must(t, err)
	known.Schema, known.Time = meta.Schema, w.now
	for _, slug := range []string{"", issuer.DefaultSlug, "north"} {
		known.Tenants = append(known.Tenants, w.tenant(slug))
	}
	must(t, w.store.Close())
	directory := filepath.Join(kept, fmt.Sprintf("v%d", meta.Schema))
	must(t, os.Mkdir(directory, 0o755))
	for _, file := range []struct{ name, from string }{
		{filekeys.Name, filepath.Join(w.directory, filekeys.Name)}, {identityName, identity},
	} {
		data, err := os.ReadFile(file.from)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(directory, file.name), data, 0o644))
	}
	data, err := json.MarshalIndent(known, "", "  ")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(directory, expectedName), append(data, '\n'), 0o644))
	pack(t, filepath.Join(w.directory, storeName), filepath.Join(directory, storeName+".gz"))
}

// newWorld makes an installation with nobody in it.
func newWorld(t *testing.T) (w *world, identity string) {
	t.Helper()
	directory, identity := t.TempDir(), filepath.Join(t.TempDir(), identityName)
	lock, err := filekeys.NewIdentity(identity, directory)
	must(t, err)
	_, err = filekeys.Create(filepath.Join(directory, filekeys.Name), lock, nil)
	must(t, err)
	begun := time.Date(2026, 3, 14, 15, 9, 26, 535e6, time.UTC)
	must(t, boltstore.Create(boltstore.Config{
		Path: filepath.Join(directory, storeName), Clock: func() time.Time { return begun },
	}))
	return open(t, directory, lock, begun), identity
}

var (
	here  = issuer.Caller{Tenant: issuer.DefaultSlug, Actor: "apikey:test"}
	there = issuer.Caller{Tenant: "north", Actor: "apikey:test"}
)

func claimed(caller issuer.Caller, key string) issuer.Caller {
	caller.Idempotency = &issuer.Idempotency{Space: "test", Key: key, Body: sha256.Sum256([]byte(key))}
	return caller
}

// live has an installation lead a life and says what came of it.
func (w *world) live() (known expected) {
	w.Helper()
	ctx := w.Context()
	_, err := w.service.SetUp(ctx, "cli", issuer.Institution{Name: "Example University", URL: "https://example.ac.uk", Email: "badges@example.ac.uk"})
	must(w, err)
	_, err = w.service.CreateIssuer(ctx, "cli", "north", issuer.Institution{Name: "Università del Nord", URL: "https://north.example"})
	must(w, err)
	w.pass()
	mentor := w.achievement(&known, here, "Peer mentor", "Senior peer mentor")
	choir := w.achievement(&known, there, "Choir · 合唱")

	// Three keys here: one compromised, one retired, one that signs.
	w.award(&known, here, mentor, issuer.Recipient{Email: "first@example.org", Name: "Ada Lovelace"}, "invalid")
	w.pass()
	_, err = w.ring.Rotate(ctx, w.act(), here.Tenant, keys.NewKey{})
	must(w, err)
	w.pass()
	_, err = w.ring.Compromise(ctx, w.act(), here.Tenant, "key-1", w.now.Add(-time.Second))
	must(w, err)
	w.award(&known, here, mentor, issuer.Recipient{Email: "second@example.org"}, "valid")
	w.pass()
	_, err = w.ring.Rotate(ctx, w.act(), here.Tenant, keys.NewKey{})
	must(w, err)
	known.Keys = []key{
		w.key(here.Tenant, "key-1", "compromised"), w.key(here.Tenant, "key-2", "retired"),
		w.key(here.Tenant, "key-3", "active"), w.key(there.Tenant, "key-1", "active"),
	}

	// One credential in each state, at both issuers.
	for _, at := range []struct {
		caller      issuer.Caller
		achievement string
	}{{here, mentor}, {there, choir}} {
		w.pass()
		w.award(&known, at.caller, at.achievement, issuer.Recipient{ID: "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"}, "valid")
		w.award(&known, at.caller, at.achievement, issuer.Recipient{Email: "issued@example.org", Name: "名字 Ωmega"}, "valid")
		w.award(&known, at.caller, at.achievement, issuer.Recipient{Email: "issued@example.org"}, "valid") // of the same person
		w.status(w.award(&known, at.caller, at.achievement, issuer.Recipient{Email: "revoked@example.org"}, "invalid"), storage.StateRevoked, "issued-in-error", "Issued in error.")
		w.status(w.award(&known, at.caller, at.achievement, issuer.Recipient{Email: "suspended@example.org"}, "invalid"), storage.StateSuspended, "under-review", "")
		back := w.award(&known, at.caller, at.achievement, issuer.Recipient{Email: "reinstated@example.org"}, "valid")
		w.status(back, storage.StateSuspended, "under-review", "")
		w.status(back, storage.StateIssued, "cleared", "")
		hidden := w.award(&known, at.caller, at.achievement, issuer.Recipient{Email: "hidden@example.org"}, "valid")
		must(w, w.service.SetVisibility(ctx, at.caller, hidden.ID, storage.VisibilityOff))
		hidden.Visibility = storage.VisibilityOff
		w.erase(w.award(&known, at.caller, at.achievement, issuer.Recipient{Email: "erased@example.org", Name: "Erased Person"}, ""))
		gone := w.award(&known, at.caller, at.achievement, issuer.Recipient{Email: "gone@example.org"}, "")
		w.status(gone, storage.StateRevoked, "withdrawn", "")
		w.erase(gone)
		w.leave(&known, at.caller, at.achievement)
	}
	must(w, w.service.RenewStatusLists(ctx))
	w.pass()
	// A revocation that no signed list shows yet.
	w.status(w.award(&known, here, mentor, issuer.Recipient{Email: "unpublished@example.org"}, "invalid"), storage.StateRevoked, "issued-in-error", "")

	for _, scopes := range [][]string{{issuer.ScopeAdmin}, {issuer.ScopeCredentials}} {
		token, made, err := w.service.CreateAPIKey(ctx, here, issuer.NewAPIKey{Name: "registry", Scopes: scopes})
		must(w, err)
		revoked := scopes[0] == issuer.ScopeCredentials
		if revoked {
			must(w, w.store.RevokeAPIKey(ctx, w.act(), here.Tenant, made.ID))
		}
		known.APIKeys = append(known.APIKeys, apiKey{Token: token, Tenant: here.Tenant, Scopes: scopes, Revoked: revoked})
	}
	return known
}

func document(name string) []byte {
	data, err := json.Marshal(map[string]any{
		"name": name, "description": "Sang, or mentored, for a year.", "achievementType": "Badge",
		"criteria": map[string]string{"narrative": "Ten *sessions* or more."}, "tag": []string{"mentoring"},
	})
	if err != nil {
		panic(err) // of texts
	}
	return data
}

// achievement makes an achievement and its further versions.
func (w *world) achievement(known *expected, caller issuer.Caller, names ...string) string {
	w.Helper()
	made, err := w.service.CreateAchievement(w.Context(), caller, document(names[0]))
	must(w, err)
	for _, name := range names[1:] {
		_, err := w.service.UpdateAchievement(w.Context(), caller, made.ID, document(name))
		must(w, err)
	}
	known.Achieved = append(known.Achieved, achievement{Tenant: caller.Tenant, ID: made.ID, Names: names})
	return made.ID
}

// award awards a badge under an idempotency key. What is returned is valid
// until the next award.
func (w *world) award(known *expected, caller issuer.Caller, achieved string, recipient issuer.Recipient, verdict string) *credential {
	w.Helper()
	name := fmt.Sprintf("award-%d", len(known.Credentials))
	made, err := w.service.Award(w.Context(), claimed(caller, name), issuer.Request{Achievement: achieved, Recipient: recipient})
	must(w, err)
	badge, err := w.service.Credential(w.Context(), made.ID)
	must(w, err)
	record, err := w.store.Credential(w.Context(), caller.Tenant, made.ID)
	must(w, err)
	sum := sha256.Sum256(badge.Signed)
	known.Claims = append(known.Claims, claim{Tenant: caller.Tenant, Space: "test", Key: name, Object: "credential/" + made.ID, Done: true})
	known.Credentials = append(known.Credentials, credential{
		Tenant: caller.Tenant, ID: made.ID, State: storage.StateIssued, Visibility: storage.VisibilityLink,
		Achievement: achieved, Version: record.AchievementVersion, Key: record.Key, Subject: record.Subject,
		SHA256: hex.EncodeToString(sum[:]), Status: record.Status, Verdict: verdict,
	})
	return &known.Credentials[len(known.Credentials)-1]
}

func (w *world) status(c *credential, state storage.State, reason, wording string) {
	w.Helper()
	caller := issuer.Caller{Tenant: c.Tenant, Actor: "apikey:test"}
	_, err := w.service.SetStatus(w.Context(), caller, c.ID, issuer.Change{State: state, Reason: reason, Wording: wording})
	must(w, err)
	c.State, c.Reason, c.Wording = state, reason, wording
}

func (w *world) erase(c *credential) {
	w.Helper()
	n, err := w.store.EraseSubject(w.Context(), w.act(), c.Tenant, c.Subject)
	must(w, err)
	if n != 1 {
		w.Fatalf("%d credentials erased", n)
	}
	c.Erased, c.SHA256, c.Verdict = true, "", ""
}

// leave begins an award and does not end it.
func (w *world) leave(known *expected, caller issuer.Caller, achieved string) {
	w.Helper()
	w.dying = true
	name := "left-behind"
	_, err := w.service.Award(w.Context(), claimed(caller, name), issuer.Request{Achievement: achieved, Recipient: issuer.Recipient{Email: "pending@example.org"}})
	if !errors.Is(err, errDied) {
		w.Fatalf("award of a dying process: %v", err)
	}
	w.dying = false
	pending, _, err := w.store.ListCredentials(w.Context(), caller.Tenant, storage.CredentialFilter{State: storage.StatePending}, storage.Page{})
	must(w, err)
	if len(pending) != 1 {
		w.Fatalf("%d credentials are pending", len(pending))
	}
	c := pending[0]
	known.Claims = append(known.Claims, claim{Tenant: c.Tenant, Space: "test", Key: name, Object: "credential/" + c.ID})
	known.Credentials = append(known.Credentials, credential{
		Tenant: c.Tenant, ID: c.ID, State: storage.StatePending, Visibility: storage.VisibilityLink,
		Achievement: achieved, Version: c.AchievementVersion, Subject: c.Subject, Status: c.Status,
	})
}

func (w *world) key(tenant, fragment, state string) key {
	w.Helper()
	k, err := w.ring.Key(w.Context(), tenant, fragment)
	must(w, err)
	return key{Tenant: tenant, ID: fragment, Algorithm: keys.Ed25519, Thumbprint: k.Thumbprint, State: state}
}

// tenant describes a tenant, or with "" the installation, and its chain.
func (w *world) tenant(slug string) tenant {
	w.Helper()
	known := tenant{Slug: slug}
	if slug != "" {
		stored, err := w.store.Tenant(w.Context(), slug)
		must(w, err)
		known.DID, known.Name = stored.DID, stored.Name
	}
	for _, entry := range w.chain(slug) {
		known.Entries, known.Head = entry.Sequence, hex.EncodeToString(entry.Hash[:])
	}
	return known
}

// chain reads the whole audit chain of a tenant.
func (w *world) chain(slug string) (entries []storage.AuditEntry) {
	w.Helper()
	for cursor, more := "", true; more; more = cursor != "" {
		page, next, err := w.store.ListAudit(context.Background(), slug, storage.Page{Cursor: cursor})
		must(w, err)
		entries, cursor = append(entries, page...), next
	}
	return entries
}

func pack(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	must(t, err)
	file, err := os.Create(to)
	must(t, err)
	writer, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	must(t, err)
	_, err = writer.Write(data)
	must(t, errors.Join(err, writer.Close(), file.Close()))
}
