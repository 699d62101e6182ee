package upgrade

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/internal/issuer"
	"laurel/internal/keys"
	"laurel/storage"
	"laurel/verifier"
)

// TestKept opens the installation of every version, a year after it was
// written.
func TestKept(t *testing.T) {
	entries, err := os.ReadDir(kept)
	must(t, err)
	if len(entries) == 0 {
		t.Fatal("no installation is kept")
	}
	for _, entry := range entries {
		t.Run(entry.Name(), func(t *testing.T) {
			from := filepath.Join(kept, entry.Name())
			directory, lock, known := unpack(t, from)
			if len(known.Credentials) < 20 || len(known.Tenants) < 3 || len(known.Claims) < 20 {
				t.Fatal("hardly anything is kept")
			}
			w := open(t, directory, lock, known.Time.AddDate(1, 0, 0))
			w.check(known)
			w.unpublished(known)
			w.verdicts(known)
			must(t, w.store.Check(t.Context()))
			// What was brought up to date once is not brought up to date again.
			must(t, w.store.Close())
			w = open(t, directory, lock, w.now)
			w.check(known)

			directory, lock, known = unpack(t, from)
			w = open(t, directory, lock, known.Time.Add(2*time.Minute))
			w.goOn(known)
			w.check(known.withKeysRetired())
			must(t, w.store.Check(t.Context()))
		})
	}
}

// check compares what is stored with what is known.
func (w *world) check(known expected) {
	w.Helper()
	meta, err := w.store.Meta(w.Context())
	must(w, err)
	if meta.Schema < known.Schema || meta.Schema < 2 {
		w.Errorf("schema version %d", meta.Schema)
	}
	for _, want := range known.Tenants {
		got := w.tenant(want.Slug)
		if got.DID != want.DID || got.Name != want.Name {
			w.Errorf("tenant %+v, want %+v", got, want)
		}
		w.checkChain(want)
	}
	for _, want := range known.Keys {
		w.checkKey(want)
	}
	for _, want := range known.APIKeys {
		got, err := w.service.Authenticate(w.Context(), want.Token)
		if want.Revoked != (err != nil) || err == nil && (got.Tenant != want.Tenant || !slices.Equal(got.Scopes, want.Scopes)) {
			w.Errorf("API key %+v, %v; want %+v", got, err, want)
		}
	}
	for _, want := range known.Achieved {
		for i, name := range want.Names {
			got, err := w.store.Achievement(w.Context(), want.Tenant, want.ID, i+1)
			if err != nil || !strings.Contains(string(got.Document), name) {
				w.Errorf("version %d of achievement %s: %v", i+1, want.ID, err)
			}
		}
	}
	for _, want := range known.Claims {
		got, err := w.store.Idempotency(w.Context(), want.Tenant, want.Space, want.Key)
		if err != nil || got.Object != want.Object || want.Done && !got.Done || got.Body != sha256.Sum256([]byte(want.Key)) {
			w.Errorf("idempotency key %s of %s: %+v, %v", want.Key, want.Tenant, got, err)
		}
	}
}

// checkChain follows the audit chain to the head that is known and on.
func (w *world) checkChain(want tenant) {
	w.Helper()
	var previous [32]byte
	head := ""
	for i, entry := range w.chain(want.Slug) {
		if entry.Sequence != uint64(i+1) || entry.Previous != previous || entry.ComputeHash() != entry.Hash {
			w.Fatalf("entry %d of the chain of %q is broken", i+1, want.Slug)
		}
		previous = entry.Hash
		if entry.Sequence == want.Entries {
			head = hex.EncodeToString(entry.Hash[:])
		}
	}
	if head != want.Head {
		w.Errorf("entry %d of the chain of %q is %s, want %s", want.Entries, want.Slug, head, want.Head)
	}
}

func (w *world) checkKey(want key) {
	w.Helper()
	got, err := w.ring.Key(w.Context(), want.Tenant, want.ID)
	must(w, err)
	state := "active"
	switch {
	case !got.CompromisedSince.IsZero():
		state = "compromised"
	case !got.RetiredAt.IsZero():
		state = "retired"
	}
	if got.Thumbprint != want.Thumbprint || got.Algorithm != want.Algorithm || state != want.State {
		w.Errorf("key %+v is %s, want %+v", got, state, want)
	}
}

// verdicts opens every badge and has it verified as its holder would.
func (w *world) verdicts(known expected) {
	w.Helper()
	set, err := contexts.Embedded()
	must(w, err)
	processor := jsonld.New(set, jsonld.Options{})
	v := verifier.New(verifier.Config{
		Contexts: set, JSONLD: processor, Suites: dataintegrity.New(processor), StrictProofs: true,
		Resolver: w.service.Resolver(nil), Documents: w.service.Documents(nil), Clock: func() time.Time { return w.now },
	})
	for _, want := range known.Credentials {
		got, err := w.service.OperatorCredential(w.Context(), want.Tenant, want.ID)
		if err != nil {
			w.Errorf("credential %s: %v", want.ID, err)
			continue
		}
		record, err := w.store.Credential(w.Context(), want.Tenant, want.ID)
		must(w, err)
		is := credential{
			Tenant: record.Tenant, ID: record.ID, State: record.State, Visibility: record.Visibility, Achievement: record.Achievement,
			Version: record.AchievementVersion, Key: record.Key, Subject: record.Subject, Reason: record.Reason, Wording: record.Wording,
			Erased: !record.Erased.IsZero(), Status: record.Status, Verdict: want.Verdict,
		}
		if got.Signed != nil {
			sum := sha256.Sum256(got.Signed)
			is.SHA256 = hex.EncodeToString(sum[:])
			report, err := v.Verify(w.Context(), got.Signed, verifier.Expect{})
			must(w, err)
			is.Verdict = string(report.Verdict)
		}
		if diff := cmp.Diff(want, is); diff != "" {
			w.Errorf("credential %s (-want +got):\n%s", want.ID, diff)
		}
		w.public(want)
		w.checkBits(record)
	}
}

// public asks for a badge as anybody may.
func (w *world) public(want credential) {
	w.Helper()
	_, err := w.service.Credential(w.Context(), want.ID)
	var expect error
	switch {
	case want.State == storage.StatePending || want.Visibility == storage.VisibilityOff:
		expect = storage.ErrNotFound
	case want.Erased:
		expect = storage.ErrErased
	}
	if !errors.Is(err, expect) {
		w.Errorf("credential %s for the public: %v, want %v", want.ID, err, expect)
	}
}

// checkBits looks a credential up in its lists, erased ones too.
func (w *world) checkBits(record storage.Credential) {
	w.Helper()
	for _, entry := range record.Status {
		list, set, err := w.store.StatusBits(w.Context(), record.Tenant, entry.List)
		must(w, err)
		want := entry.Purpose == storage.PurposeRevocation && record.State == storage.StateRevoked ||
			entry.Purpose == storage.PurposeSuspension && record.State == storage.StateSuspended
		if list.Purpose != entry.Purpose || slices.Contains(set, entry.Index) != want {
			w.Errorf("credential %s, %s: bit %v in a list for %s, want %v", record.ID, record.State, !want, list.Purpose, want)
		}
	}
}

// goOn uses the installation: what was left behind is completed, people are
// known again, no index is given out twice.
func (w *world) goOn(known expected) {
	w.Helper()
	taken := map[storage.StatusEntry]string{}
	for _, c := range known.Credentials {
		for _, entry := range c.Status {
			taken[entry] = c.ID
		}
	}
	for _, achieved := range known.Achieved {
		caller := issuer.Caller{Tenant: achieved.Tenant, Actor: "apikey:test"}
		left := known.left(achieved.Tenant)
		request := issuer.Request{Achievement: achieved.ID, Recipient: issuer.Recipient{Email: "pending@example.org"}}
		made, err := w.service.Award(w.Context(), claimed(caller, "left-behind"), request)
		if err != nil || made.ID != left.ID {
			w.Errorf("completing what was left behind: %+v, %v; want %s", made, err, left.ID)
		}
		request.Recipient.Email = "issued@example.org"
		made, err = w.service.Award(w.Context(), caller, request)
		must(w, err)
		record, err := w.store.Credential(w.Context(), caller.Tenant, made.ID)
		must(w, err)
		if !slices.ContainsFunc(known.Credentials, func(c credential) bool { return c.Subject == record.Subject }) {
			w.Error("somebody who has badges was taken for somebody new")
		}
		for _, entry := range record.Status {
			if taken[entry] != "" {
				w.Errorf("%+v was given out again", entry)
			}
		}
		if _, err := w.ring.Rotate(w.Context(), w.act(), achieved.Tenant, keys.NewKey{}); err != nil {
			w.Error(err)
		}
	}
}

// left is the credential of a tenant that was left pending.
func (known expected) left(tenant string) credential {
	i := slices.IndexFunc(known.Credentials, func(c credential) bool {
		return c.Tenant == tenant && c.State == storage.StatePending
	})
	return known.Credentials[i]
}

// withKeysRetired is what is known after every tenant has rotated its keys.
func (known expected) withKeysRetired() expected {
	known.Keys = slices.Clone(known.Keys)
	for i := range known.Keys {
		if known.Keys[i].State == "active" {
			known.Keys[i].State = "retired"
		}
	}
	return known
}

// unpublished checks that lists are signed anew which an earlier version signed
// without the bits for readers that take them from the wrong side.
func (w *world) unpublished(known expected) {
	w.Helper()
	if known.Schema > 1 {
		return
	}
	for _, tenant := range known.Tenants[1:] {
		lists, err := w.store.ListStatusLists(w.Context(), tenant.Slug)
		must(w, err)
		for _, list := range lists {
			if list.Published == list.Version {
				w.Errorf("list %s of %s counts as published", list.ID, tenant.Slug)
			}
		}
	}
}
