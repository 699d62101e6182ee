package keys_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/internal/keys"
	"laurel/internal/keys/filekeys"
	"laurel/storage"
	"laurel/storage/boltstore"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func act(after time.Duration) storage.Act { return storage.Act{Actor: "cli", Time: noon.Add(after)} }

func newRing(t *testing.T) (*keys.Ring, *boltstore.Store, keys.Backend) {
	t.Helper()
	directory := t.TempDir()
	lock, err := filekeys.NewIdentity(filepath.Join(t.TempDir(), "identity.txt"), directory)
	if err != nil {
		t.Fatal(err)
	}
	file, err := filekeys.Create(filepath.Join(directory, filekeys.Name), lock, nil)
	if err != nil {
		t.Fatal(err)
	}
	config := boltstore.Config{Path: filepath.Join(directory, "laurel.db")}
	if err := boltstore.Create(config); err != nil {
		t.Fatal(err)
	}
	store, err := boltstore.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	for _, slug := range []string{"law", "arts"} {
		if err := store.CreateTenant(t.Context(), act(0), storage.Tenant{Slug: slug, DID: "did:web:example.org:" + slug}); err != nil {
			t.Fatal(err)
		}
	}
	return ringOver(store, file), store, file
}

func ringOver(store keys.Store, backend keys.Backend) *keys.Ring {
	return keys.New(keys.Config{Store: store, Backends: map[string]keys.Backend{"file": backend}, Default: "file"})
}

func create(t *testing.T, ring *keys.Ring, tenant string) keys.Key {
	t.Helper()
	key, err := ring.Create(t.Context(), act(0), tenant, keys.NewKey{})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signs(t *testing.T, ring *keys.Ring, tenant string) string {
	t.Helper()
	key, err := ring.Signing(t.Context(), tenant)
	if errors.Is(err, keys.ErrNoSigningKey) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	signature, err := key.Signer.Sign(nil, []byte("message"), crypto.Hash(0))
	if err != nil || !ed25519.Verify(key.PublicKey.(ed25519.PublicKey), []byte("message"), signature) {
		t.Errorf("the signer of %s has another key: %v", key.Fragment, err)
	}
	return key.Fragment
}

func TestLifeOfKeys(t *testing.T) {
	ring, _, _ := newRing(t)
	if got := signs(t, ring, "law"); got != "" {
		t.Errorf("%s signs before there is a key", got)
	}
	first := create(t, ring, "law")
	if first.Fragment != "key-1" || !first.Active() || first.Algorithm != keys.Ed25519 {
		t.Errorf("%+v", first)
	}
	if got := signs(t, ring, "law"); got != "key-1" {
		t.Errorf("%s signs", got)
	}
	if got := signs(t, ring, "arts"); got != "" {
		t.Errorf("%s of another tenant signs", got)
	}
	for range 10 { // past key-9, which as text is the last
		if _, err := ring.Rotate(t.Context(), act(time.Hour), "law", keys.NewKey{}); err != nil {
			t.Fatal(err)
		}
	}
	if got := signs(t, ring, "law"); got != "key-11" {
		t.Errorf("%s signs", got)
	}
	list, err := ring.List(t.Context(), "law")
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range list {
		if key.Active() != (i == 10) || key.Thumbprint == "" || key.CompromisedSince != (time.Time{}) {
			t.Errorf("%+v", key)
		}
	}
	found, err := ring.Find(t.Context(), list[3].Thumbprint)
	if diff := cmp.Diff(list[3], found); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if key, err := ring.Key(t.Context(), "arts", "key-1"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("key of another tenant: %+v, %v", key, err)
	}
	if _, err := ring.Retire(t.Context(), act(2*time.Hour), "law", "key-11"); err != nil {
		t.Fatal(err)
	}
	again, err := ring.Retire(t.Context(), act(3*time.Hour), "law", "key-11")
	if err != nil || !again.RetiredAt.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("retired twice: %+v, %v", again, err)
	}
	if got := signs(t, ring, "law"); got != "" {
		t.Errorf("%s signs after all are retired", got)
	}
	if next := create(t, ring, "law"); next.Fragment != "key-12" {
		t.Errorf("a name is used again: %s", next.Fragment)
	}
}

func TestCompromise(t *testing.T) {
	ring, _, _ := newRing(t)
	create(t, ring, "law")
	create(t, ring, "law")
	for name, since := range map[string]time.Time{"no time": {}, "future": noon.Add(time.Hour)} {
		if _, err := ring.Compromise(t.Context(), act(0), "law", "key-2", since); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, step := range []struct{ since, want time.Duration }{{-time.Hour, -time.Hour}, {-time.Minute, -time.Hour}, {-2 * time.Hour, -2 * time.Hour}} {
		key, err := ring.Compromise(t.Context(), act(0), "law", "key-2", noon.Add(step.since))
		if err != nil || !key.CompromisedSince.Equal(noon.Add(step.want)) || key.Active() {
			t.Errorf("since %s: %+v, %v", step.since, key, err)
		}
	}
	if got := signs(t, ring, "law"); got != "key-1" {
		t.Errorf("%s signs", got)
	}
	if _, err := ring.Compromise(t.Context(), act(0), "arts", "key-1", noon); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("key of another tenant: %v", err)
	}
}

func TestRotateAfterACrash(t *testing.T) {
	ring, _, _ := newRing(t)
	create(t, ring, "law")
	create(t, ring, "law") // as if the first had not been retired any more
	key, err := ring.Rotate(t.Context(), act(0), "law", keys.NewKey{})
	if err != nil || key.Fragment != "key-3" {
		t.Fatalf("%+v, %v", key, err)
	}
	list, err := ring.List(t.Context(), "law")
	if err != nil {
		t.Fatal(err)
	}
	for _, old := range list[:2] {
		if old.Active() {
			t.Errorf("%s is still active", old.Fragment)
		}
	}
}

func TestConcurrentCreate(t *testing.T) {
	ring, _, _ := newRing(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if _, err := ring.Create(context.Background(), act(0), "law", keys.NewKey{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	list, err := ring.List(t.Context(), "law")
	if err != nil || len(list) != 6 || list[5].Fragment != "key-6" {
		t.Errorf("%d keys, %v", len(list), err)
	}
}

func TestSigningWith(t *testing.T) {
	ring, _, _ := newRing(t)
	old := create(t, ring, "law")
	if _, err := ring.SigningWith(t.Context(), "law", keys.P256); !errors.Is(err, keys.ErrNoSigningKey) {
		t.Errorf("a key of P-256: %v", err)
	}
	made := create(t, ring, "law")
	if key, err := ring.SigningWith(t.Context(), "law", keys.Ed25519); err != nil || key.Fragment != made.Fragment {
		t.Errorf("signs with %s, %v, want %s", key.Fragment, err, made.Fragment)
	}
	for _, key := range []keys.Key{made, old} {
		if _, err := ring.Retire(t.Context(), act(1), "law", key.Fragment); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ring.SigningWith(t.Context(), "law", keys.Ed25519); !errors.Is(err, keys.ErrNoSigningKey) {
		t.Errorf("a retired key signs: %v", err)
	}
}

// TestKinds: each kind has its own line of keys, and badges are signed with
// Ed25519 whatever is newest.
func TestKinds(t *testing.T) {
	ring, store, backend := newRing(t)
	for _, algorithm := range keys.Algorithms {
		made, err := ring.Create(t.Context(), act(0), "law", keys.NewKey{Algorithm: algorithm})
		if err != nil {
			t.Fatalf("%s: %v", algorithm, err)
		}
		// From the disk, without what is in the cache.
		again, err := ringOver(store, backend).SigningWith(t.Context(), "law", algorithm)
		if err != nil || again.Fragment != made.Fragment || again.Backend != "file" || again.HasJWK() != (algorithm != keys.BLS12381G2) {
			t.Errorf("%s: %+v, %v", algorithm, again.Key, err)
		}
		found, err := ringOver(store, backend).Find(t.Context(), made.Thumbprint)
		if err != nil || !found.PublicKey.(interface{ Equal(crypto.PublicKey) bool }).Equal(made.PublicKey) || len(made.Thumbprint) != 43 {
			t.Errorf("%s: %+v, %v", algorithm, found, err)
		}
	}
	if got := signs(t, ring, "law"); got != "key-1" {
		t.Errorf("%s signs badges", got)
	}
	next, err := ring.Rotate(t.Context(), act(0), "law", keys.NewKey{Algorithm: keys.P256})
	if err != nil || next.Fragment != "key-6" || next.Algorithm != keys.P256 {
		t.Fatalf("%+v, %v", next, err)
	}
	list, err := ring.List(t.Context(), "law")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, true, true, true, true} { // key-2 was the one of P-256
		if list[i].Active() != want {
			t.Errorf("%s of %s: active is %v", list[i].Fragment, list[i].Algorithm, list[i].Active())
		}
	}
	if _, err := ring.Retire(t.Context(), act(0), "law", "key-1"); err != nil {
		t.Fatal(err)
	}
	if got := signs(t, ring, "law"); got != "" {
		t.Errorf("%s signs badges though no key of Ed25519 may", got)
	}
}

// TestBackends: a key is made where it is wanted, and one that follows another
// where that one is.
func TestBackends(t *testing.T) {
	_, store, first := newRing(t)
	_, _, second := newRing(t)
	ring := keys.New(keys.Config{Store: store, Backends: map[string]keys.Backend{"file": first, "hsm": second}, Default: "file"})
	for _, step := range []struct {
		make func(context.Context, storage.Act, string, keys.NewKey) (keys.Key, error)
		in   string
		want string
	}{
		{ring.Create, "", "file"}, {ring.Rotate, "hsm", "hsm"}, {ring.Rotate, "", "hsm"}, {ring.Create, "", "file"}, {ring.Rotate, "", "file"},
	} {
		key, err := step.make(t.Context(), act(0), "law", keys.NewKey{Backend: step.in})
		if err != nil || key.Backend != step.want || signs(t, ring, "law") != key.Fragment {
			t.Errorf("in %q: %+v, %v; want %s", step.in, key, err, step.want)
		}
	}
	if _, err := ring.Create(t.Context(), act(0), "law", keys.NewKey{Backend: "nowhere"}); !errors.Is(err, keys.ErrBackend) {
		t.Errorf("a backend that is not there: %v", err)
	}
	if _, err := ringOver(store, first).Rotate(t.Context(), act(0), "law", keys.NewKey{Backend: "hsm"}); !errors.Is(err, keys.ErrBackend) {
		t.Errorf("a backend that is not there any more: %v", err)
	}
}

// otherKey is a backend that has another key under every reference, as after a
// restore of the wrong file.
type otherKey struct{ keys.Backend }

func (otherKey) Signer(context.Context, string) (crypto.Signer, error) {
	return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), nil
}

func TestBackendsAreNotTrusted(t *testing.T) {
	ring, store, backend := newRing(t)
	create(t, ring, "law")
	if _, err := ringOver(store, otherKey{backend}).Signing(t.Context(), "law"); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("another key: %v", err)
	}
	elsewhere := keys.New(keys.Config{Store: store, Backends: map[string]keys.Backend{"kms": backend}, Default: "kms"})
	if key, err := elsewhere.Signing(t.Context(), "law"); !errors.Is(err, keys.ErrBackend) {
		t.Errorf("signs with %s of a backend that is not there", key.Fragment)
	}
	_, _, other := newRing(t)
	if _, err := ringOver(store, other).Signing(t.Context(), "law"); !errors.Is(err, keys.ErrUnknownReference) {
		t.Errorf("a backend without the key: %v", err)
	}
	if _, err := ring.Create(t.Context(), act(0), "law", keys.NewKey{Algorithm: "P-521"}); !errors.Is(err, keys.ErrAlgorithm) {
		t.Errorf("an algorithm that the backend lacks: %v", err)
	}
	if _, err := ring.Create(t.Context(), act(0), "nobody", keys.NewKey{}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("unknown tenant: %v", err)
	}
}
