package issuer

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"laurel/credential/statuslist"
	"laurel/credential/strictjson"

	"laurel/internal/keys"
	"laurel/storage"
	"laurel/verifier"
)

func (w *world) list(id string) SignedList {
	w.Helper()
	c, err := w.store.Credential(w.Context(), DefaultSlug, id)
	if err != nil {
		w.Fatal(err)
	}
	list, err := w.StatusListCredential(w.Context(), c.Status[0].List)
	if err != nil {
		w.Fatal(err)
	}
	return list
}

func TestRevoke(t *testing.T) {
	w := newWorld(t, nil)
	request := ada(w.mentor())
	made, other := w.award(request), w.award(request)
	before := w.list(made.ID)
	changed, err := w.SetStatus(t.Context(), caller, made.ID, Change{State: storage.StateRevoked, Reason: "awarded-in-error", Wording: "Awarded in error."})
	if err != nil || changed.State != storage.StateRevoked || changed.Wording != "Awarded in error." {
		t.Fatalf("%+v, %v", changed, err)
	}
	// At once, and without anybody having renewed anything.
	if got := w.verdict(w.badge(made.ID).Signed); got != verifier.VerdictInvalid {
		t.Errorf("a revoked badge is %s", got)
	}
	if got := w.verdict(w.badge(other.ID).Signed); got != verifier.VerdictValid {
		t.Errorf("another badge is %s", got)
	}
	after := w.list(made.ID)
	if before.ETag == after.ETag {
		t.Error("the entity tag did not change")
	}
	if again := w.list(made.ID); again.ETag != after.ETag {
		t.Error("an unchanged list was signed again")
	}
	if _, err := w.SetStatus(t.Context(), caller, made.ID, Change{State: storage.StateIssued}); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("reinstating a revoked badge: %v", err)
	}
	if _, err := w.SetStatus(t.Context(), caller, made.ID, Change{State: storage.StateRevoked}); err != nil {
		t.Errorf("revoking twice: %v", err)
	}
	if _, err := w.SetStatus(t.Context(), caller, other.ID, Change{State: storage.StateSuspended}); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("suspending without a suspension entry: %v", err)
	}
	stranger := Caller{Tenant: "law", Actor: "cli"}
	if _, err := w.SetStatus(t.Context(), stranger, other.ID, Change{State: storage.StateRevoked}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a stranger revokes: %v", err)
	}
	_, err = w.SetStatus(t.Context(), caller, other.ID, Change{State: storage.StateRevoked, Reason: "Ada was late"})
	violationIs(t, "reason", err, "/reason", "reason_malformed")
	_, err = w.SetStatus(t.Context(), caller, other.ID, Change{State: storage.StateRevoked, Wording: "a\nb"})
	violationIs(t, "wording", err, "/wording", "wording_malformed")
	if _, err := w.SetStatus(t.Context(), caller, other.ID, Change{State: "lost"}); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("unknown state: %v", err)
	}
}

// A verification that began just before a list was signed can use it, and so
// can a verifier whose clock is a little behind.
func TestListForClocksBehind(t *testing.T) {
	w := newWorld(t, nil)
	made := w.award(ada(w.mentor()))
	w.pass(time.Second)
	if _, err := w.SetStatus(t.Context(), caller, made.ID, Change{State: storage.StateRevoked}); err != nil {
		t.Fatal(err)
	}
	document, err := strictjson.Parse(w.list(made.ID).Signed)
	if err != nil {
		t.Fatal(err)
	}
	list, err := statuslist.ParseListCredential(document.Root())
	if err != nil {
		t.Fatal(err)
	}
	if err := list.ValidAt(w.clockNow().Add(-30 * time.Second)); err != nil {
		t.Errorf("half a minute before it was signed: %v", err)
	}
}

func TestSuspend(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Suspension = true })
	made := w.award(ada(w.mentor()))
	for _, step := range []struct {
		to   storage.State
		want verifier.Verdict
	}{
		{storage.StateSuspended, verifier.VerdictInvalid},
		{storage.StateIssued, verifier.VerdictValid},
		{storage.StateRevoked, verifier.VerdictInvalid},
	} {
		if _, err := w.SetStatus(t.Context(), caller, made.ID, Change{State: step.to}); err != nil {
			t.Fatal(err)
		}
		if got := w.verdict(w.badge(made.ID).Signed); got != step.want {
			t.Errorf("%s: %s", step.to, got)
		}
	}
}

// TestStatusReplay: a repeated request is answered as it was the first time,
// although the badge has moved on.
func TestStatusReplay(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Suspension = true })
	made := w.award(ada(w.mentor()))
	suspend := func() (Credential, error) {
		by := caller
		by.Idempotency = &Idempotency{Space: "k", Key: "suspend", Body: [32]byte{1}}
		return w.SetStatus(t.Context(), by, made.ID, Change{State: storage.StateSuspended, Reason: "under-review"})
	}
	first, err := suspend()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.SetStatus(t.Context(), caller, made.ID, Change{State: storage.StateIssued}); err != nil {
		t.Fatal(err)
	}
	second, err := suspend()
	if diff := cmp.Diff(first, second); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if got := w.verdict(w.badge(made.ID).Signed); got != verifier.VerdictValid {
		t.Errorf("the repetition made the badge %s", got)
	}
}

func TestStatusListLife(t *testing.T) {
	w := newWorld(t, nil)
	made := w.award(ada(w.mentor()))
	first := w.list(made.ID)
	if first.MaxAge != time.Minute || first.ValidUntil != w.clockNow().Truncate(time.Second).Add(DefaultStatusLife) {
		t.Errorf("list %s, %s", first.MaxAge, first.ValidUntil)
	}
	w.pass(17 * time.Hour)
	if w.list(made.ID).ETag != first.ETag {
		t.Error("signed again before three quarters of its life")
	}
	w.pass(2 * time.Hour)
	second := w.list(made.ID)
	if second.ETag == first.ETag {
		t.Error("not signed again after three quarters of its life")
	}
	w.pass(30 * time.Hour)
	if err := w.RenewStatusLists(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.verdict(w.badge(made.ID).Signed); got != verifier.VerdictValid {
		t.Errorf("after a renewal: %s", got)
	}
	if _, err := w.StatusListCredential(t.Context(), "nothing"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("unknown list: %v", err)
	}
}

// TestStatusListWithoutKey: a list that shows everything is served for as long
// as it is valid; one that does not is not.
func TestStatusListWithoutKey(t *testing.T) {
	w := newWorld(t, nil)
	made := w.award(ada(w.mentor()))
	first := w.list(made.ID)
	key, err := w.ring.Signing(t.Context(), DefaultSlug)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.ring.Retire(t.Context(), w.act(), DefaultSlug, key.Fragment); err != nil {
		t.Fatal(err)
	}
	w.pass(20 * time.Hour)
	if w.list(made.ID).ETag != first.ETag {
		t.Error("another list")
	}
	c, err := w.store.Credential(t.Context(), DefaultSlug, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.pass(5 * time.Hour)
	if _, err := w.StatusListCredential(t.Context(), c.Status[0].List); !errors.Is(err, keys.ErrNoSigningKey) {
		t.Errorf("an expired list: %v", err)
	}
	w.pass(-5 * time.Hour)
	if _, err := w.SetStatus(t.Context(), caller, made.ID, Change{State: storage.StateRevoked}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.StatusListCredential(t.Context(), c.Status[0].List); !errors.Is(err, keys.ErrNoSigningKey) {
		t.Errorf("a list that lacks a revocation: %v", err)
	}
	if err := w.RenewStatusLists(t.Context()); !errors.Is(err, keys.ErrNoSigningKey) {
		t.Errorf("renewal: %v", err)
	}
	if err := w.Check(t.Context()); !errors.Is(err, keys.ErrNoSigningKey) {
		t.Errorf("Check: %v", err)
	}
	if _, err := w.Award(t.Context(), caller, ada(w.mentor())); !errors.Is(err, keys.ErrNoSigningKey) {
		t.Errorf("Award: %v", err)
	}
}

// TestEveryRevocationIsServed: while lists are signed and read on all sides, a
// read that begins after a revocation was acknowledged shows it.
func TestEveryRevocationIsServed(t *testing.T) {
	w := newWorld(t, nil)
	request := ada(w.mentor())
	const n = 12
	made := make([]Award, n)
	for i := range made {
		made[i] = w.award(request)
	}
	ctx, stop := context.WithCancel(background)
	var readers, writers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				if err := w.RenewStatusLists(ctx); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	for _, award := range made {
		writers.Go(func() {
			if _, err := w.SetStatus(background, caller, award.ID, Change{State: storage.StateRevoked}); err != nil {
				t.Error(err)
				return
			}
			c, err := w.store.Credential(background, DefaultSlug, award.ID)
			if err != nil {
				t.Error(err)
				return
			}
			list, err := w.StatusListCredential(background, c.Status[0].List)
			if err != nil {
				t.Error(err)
				return
			}
			read, err := statuslist.ParseListCredential(parse(t, list.Signed))
			if err != nil {
				t.Error(err)
				return
			}
			if set, err := read.List.Get(c.Status[0].Index); err != nil || !set {
				t.Errorf("revocation of %s is not shown (%v)", award.ID, err)
			}
		})
	}
	writers.Wait()
	stop()
	readers.Wait()
}
