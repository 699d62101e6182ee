package issuer

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"io"
	"strings"
	"testing"

	"laurel/internal/keys"
	"laurel/storage"
	"laurel/verifier"
)

// dyingSigner is a key whose process ends while it signs.
type dyingSigner struct{ crypto.Signer }

var errDied = errors.New("process ended")

func (dyingSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errDied }

type dyingBackend struct{ keys.Backend }

func (b dyingBackend) Signer(ctx context.Context, reference string) (crypto.Signer, error) {
	signer, err := b.Backend.Signer(ctx, reference)
	return dyingSigner{signer}, err
}

// noAbandon is a store whose process dies before it can say that it gave up.
type noAbandon struct{ Store }

func (noAbandon) AbandonCredential(context.Context, storage.Act, string, string) error {
	return errDied
}

// noCommit is a store that dies with the signed bytes in hand.
type noCommit struct{ Store }

func (noCommit) CommitCredential(context.Context, storage.Issuance) (storage.Credential, error) {
	return storage.Credential{}, errDied
}

func TestCrashAfterReservation(t *testing.T) {
	for name, breakIt := range map[string]func(*world){
		"while signing": func(w *world) {
			w.config.Store = noAbandon{w.store}
			w.config.Ring = keys.New(keys.Config{
				Store: w.store, Default: "file",
				Backends: map[string]keys.Backend{"file": dyingBackend{mustBackend(w)}},
			})
		},
		"while committing": func(w *world) { w.config.Store = noAbandon{noCommit{w.store}} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			achievement := w.mentor()
			request := ada(achievement)
			breakIt(w)
			w.rebuild()
			if _, err := w.Award(t.Context(), with("k", 1), request); !errors.Is(err, errDied) {
				t.Fatalf("error %v", err)
			}
			pending, _, err := w.Credentials(t.Context(), DefaultSlug, storage.CredentialFilter{State: storage.StatePending}, storage.Page{})
			if err != nil || len(pending) != 1 {
				t.Fatalf("%d pending, %v", len(pending), err)
			}
			if _, err := w.Credential(t.Context(), pending[0].ID); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("a pending badge is served: %v", err)
			}
			if _, err := w.Award(t.Context(), with("k", 1), request); !errors.Is(err, storage.ErrInFlight) {
				t.Errorf("while the lease runs: %v", err)
			}
			w.restart()
			// The achievement moved on; the reservation did not.
			if _, err := w.UpdateAchievement(t.Context(), caller, achievement.ID, []byte(strings.Replace(mentor, "Peer", "Senior", 1))); err != nil {
				t.Fatal(err)
			}
			made, err := w.Award(t.Context(), with("k", 1), request)
			if err != nil || made.ID != pending[0].ID {
				t.Fatalf("completing: %+v, %v; want %s", made, err, pending[0].ID)
			}
			signed := w.badge(made.ID).Signed
			if got := w.verdict(signed); got != verifier.VerdictValid {
				t.Errorf("verdict %s", got)
			}
			if !bytes.Contains(signed, []byte("Peer mentor")) {
				t.Error("the completed badge is of another version than its record")
			}
			again, err := w.Award(t.Context(), with("k", 1), request)
			if err != nil || again != made {
				t.Errorf("replay %+v, %v", again, err)
			}
			other := w.award(request)
			one, _ := w.store.Credential(t.Context(), DefaultSlug, made.ID)
			two, _ := w.store.Credential(t.Context(), DefaultSlug, other.ID)
			if one.Status[0].List == two.Status[0].List && one.Status[0].Index == two.Status[0].Index {
				t.Error("an index was used twice")
			}
		})
	}
}

func TestFailureLetsTheNextRequestGoOn(t *testing.T) {
	w := newWorld(t, nil)
	request := ada(w.mentor())
	w.config.Store = noCommit{w.store}
	w.rebuild()
	if _, err := w.Award(t.Context(), with("k", 1), request); !errors.Is(err, errDied) {
		t.Fatalf("error %v", err)
	}
	w.config.Store = w.store
	w.rebuild()
	if _, err := w.Award(t.Context(), with("k", 1), request); err != nil {
		t.Errorf("at once afterwards: %v", err)
	}
}

// TestSelfCheckHoldsBack: what this installation's own documents do not vouch
// for is not released.
func TestSelfCheckHoldsBack(t *testing.T) {
	w := newWorld(t, nil)
	request := ada(w.mentor())
	wrong := wrongSigner{mustSigner(w)}
	w.config.Ring = keys.New(keys.Config{Store: w.store, Default: "file", Backends: map[string]keys.Backend{"file": wrong}})
	w.rebuild()
	_, err := w.Award(t.Context(), caller, request)
	if err == nil {
		t.Fatal("a badge with a bad signature was released")
	}
	issued, _, err := w.Credentials(t.Context(), DefaultSlug, storage.CredentialFilter{State: storage.StateIssued}, storage.Page{})
	if err != nil || len(issued) != 0 {
		t.Errorf("%d issued, %v", len(issued), err)
	}
}

// wrongSigner shows the right key and signs something else.
type wrongSigner struct{ key crypto.Signer }

func (s wrongSigner) Create(context.Context, string) (string, crypto.PublicKey, error) {
	return "", nil, errDied
}
func (s wrongSigner) Signer(context.Context, string) (crypto.Signer, error) { return s, nil }
func (s wrongSigner) Public() crypto.PublicKey                              { return s.key.Public() }

func (s wrongSigner) Sign(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.key.Sign(rand, append([]byte("x"), message...), opts)
}
