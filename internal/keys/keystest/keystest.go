// Package keystest is what every backend of signing keys must pass.
package keystest

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"sync"
	"testing"

	"laurel/credential/jose"
	"laurel/internal/keys"
)

// Opener opens a backend anew: what Create kept is still there. The one before is
// not used any more.
type Opener func(testing.TB) keys.Backend

// Run runs the suite for the algorithms that a backend makes; it must refuse all
// others.
func Run(t *testing.T, open Opener, algorithms ...string) {
	backend := open(t)
	made := make(map[string]string)
	for _, algorithm := range algorithms {
		reference, public, err := backend.Create(t.Context(), algorithm)
		if err != nil || reference == "" {
			t.Fatalf("making %s: %q, %v", algorithm, reference, err)
		}
		if made[reference] != "" {
			t.Errorf("%s has the reference of %s", algorithm, made[reference])
		}
		made[reference] = algorithm
		signs(t, algorithm, backend, reference, public)
		backend = open(t)
		signs(t, algorithm+" after a restart", backend, reference, public)
	}
	refuses(t, backend, algorithms)
	for reference, algorithm := range made {
		signer, err := backend.Signer(t.Context(), reference)
		if err != nil {
			t.Fatal(err)
		}
		concurrently(t, algorithm, signer)
		misused(t, algorithm, signer)
	}
}

// signs asks for a signature as JOSE does, which verifies it.
func signs(t *testing.T, what string, backend keys.Backend, reference string, public crypto.PublicKey) {
	t.Helper()
	signer, err := backend.Signer(t.Context(), reference)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if !signer.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(public) {
		t.Errorf("%s: the signer has another key than was made", what)
	}
	if _, _, err := jose.CreateSignature(rand.Reader, signer, []byte("message")); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func refuses(t *testing.T, backend keys.Backend, algorithms []string) {
	t.Helper()
	known := map[string]bool{}
	for _, algorithm := range algorithms {
		known[algorithm] = true
	}
	for _, algorithm := range append([]string{"P-521", "", "ed25519"}, keys.Algorithms...) {
		if known[algorithm] {
			continue
		}
		if _, _, err := backend.Create(t.Context(), algorithm); !errors.Is(err, keys.ErrAlgorithm) {
			t.Errorf("making %q: %v, want ErrAlgorithm", algorithm, err)
		}
	}
	for _, reference := range []string{"", "00", "nothing", "ffffffffffffffffffffffffffffffff", "../x", "laurel-00000000000000000000000000000000"} {
		if _, err := backend.Signer(t.Context(), reference); !errors.Is(err, keys.ErrUnknownReference) {
			t.Errorf("reference %q: %v, want ErrUnknownReference", reference, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := backend.Create(ended, algorithms[0]); err == nil {
		// A backend that is at hand may not ask; but it must not half succeed.
		t.Logf("made %s though nobody waits for it", algorithms[0])
	}
}

func concurrently(t *testing.T, algorithm string, signer crypto.Signer) {
	t.Helper()
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			for range 3 {
				if _, _, err := jose.CreateSignature(rand.Reader, signer, []byte("message")); err != nil {
					t.Errorf("%s: %v", algorithm, err)
				}
			}
		})
	}
	wg.Wait()
}

// misused asks for signatures that nothing here needs. They must not be made as
// others than were asked for.
func misused(t *testing.T, algorithm string, signer crypto.Signer) {
	t.Helper()
	digest := sha256.Sum256([]byte("message"))
	switch algorithm {
	case keys.RSA2048:
		if signature, err := signer.Sign(rand.Reader, digest[:], &rsa.PSSOptions{Hash: crypto.SHA256}); err == nil {
			if rsa.VerifyPSS(signer.Public().(*rsa.PublicKey), crypto.SHA256, digest[:], signature, nil) != nil {
				t.Error("a signature of PKCS #1 v1.5 where PSS was asked for")
			}
		}
		if _, err := signer.Sign(rand.Reader, digest[:20], crypto.SHA256); err == nil {
			t.Error("RSA signs what is no digest")
		}
	case keys.Ed25519:
		if _, err := signer.Sign(rand.Reader, digest[:], crypto.SHA256); err == nil {
			t.Error("Ed25519 signs a digest for a message")
		}
	}
}
