package storagetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"laurel/storage"
)

// testPanic has one of many concurrent writes panic. It must be the only one
// that suffers, and its caller the one who hears of it.
func testPanic(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	const writes = 300
	parallel(writes, 32, func(i int) {
		if i%10 != 0 {
			w.issue(north)
			return
		}
		defer func() {
			if got := recover(); got != fmt.Sprint("panic ", i) {
				t.Errorf("recovered %v", got)
			}
		}()
		_, err := w.UpdateTenant(w.ctx(), w.act(), north, func(tenant *storage.Tenant) error {
			tenant.Name = "half done"
			panic(fmt.Sprint("panic ", i))
		})
		t.Errorf("panicking function returned %v", err)
	})
	w.reopen()
	wantEqual(t, "credentials", len(w.credentials(north, storage.CredentialFilter{State: storage.StateIssued}, 1000)), writes-writes/10)
	tenant, err := w.Tenant(w.ctx(), north)
	w.must(err)
	wantEqual(t, "tenant", tenant, tenantRecord(north))
	w.checkChain(north)
}

// testFailedChange has functions refuse in the midst of other writes.
func testFailedChange(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	refused := errors.New("refused")
	parallel(200, 32, func(i int) {
		act := w.act()
		act.Idempotency = claim(fmt.Sprint("change ", i), "body", act.Time)
		_, err := w.UpdateAchievement(w.ctx(), act, north, achievementOf(north), func(a *storage.Achievement) error {
			a.Document = fmt.Appendf(nil, `{"by":%d}`, i)
			if i%2 == 0 {
				return refused
			}
			return nil
		})
		if (i%2 == 0) != errors.Is(err, refused) {
			t.Errorf("change %d: %v", i, err)
		}
	})
	for i := range 200 { // a refused change leaves no idempotency record
		_, err := w.Idempotency(w.ctx(), north, "api-key", fmt.Sprint("change ", i))
		if (i%2 == 0) != errors.Is(err, storage.ErrNotFound) {
			t.Errorf("idempotency record of change %d: %v", i, err)
		}
	}
	last, err := w.Achievement(w.ctx(), north, achievementOf(north), 0)
	w.must(err)
	wantEqual(t, "version", last.Version, 101)
	updates := 0
	for _, entry := range w.checkChain(north) {
		if entry.Action == storage.ActionUpdateAchievement {
			updates++
			wantEqual(t, "audited version", entry.Detail, fmt.Sprint(updates+1))
		}
	}
	wantEqual(t, "audited updates", updates, 100)
}

// testContext has writes and reads come too late.
func testContext(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := w.ReserveCredential(ctx, w.reservation(north))
	wantError(t, "write", err, context.Canceled)
	_, err = w.Tenant(ctx, north)
	wantError(t, "read", err, context.Canceled)
	wantEqual(t, "credentials", len(w.credentials(north, storage.CredentialFilter{}, 10)), 0)

	// Whatever a deadline in the midst of things leaves must be all or nothing,
	// and all that was acknowledged.
	parallel(300, 32, func(i int) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*20*time.Microsecond)
		defer cancel()
		r := w.reservation(north)
		_, err := w.ReserveCredential(ctx, r)
		_, found := w.Credential(w.ctx(), north, r.ID)
		if err == nil && found != nil || err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("reservation: %v, then %v", err, found)
		}
		if err != nil && !errors.Is(found, storage.ErrNotFound) {
			t.Errorf("late reservation was kept: %v", found)
		}
	})
	w.checkChain(north)
	w.checkSlots(north)
}

func testAudit(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	c := w.issue(north)
	change := w.change(north, c.ID, storage.StateRevoked)
	_, err := w.SetStatus(w.ctx(), change)
	w.must(err)
	local := time.Date(2026, 3, 2, 10, 0, 0, 1, time.FixedZone("", 3600))
	appended, err := w.AppendAudit(w.ctx(), storage.AuditEntry{
		Tenant: north, Time: local, Actor: "cli", Action: "key.unlock", Object: "key/key-1",
	})
	w.must(err)
	w.reopen()
	chain := w.checkChain(north)
	wantEqual(t, "appended entry", chain[len(chain)-1], appended)
	var acts []string
	for _, entry := range chain {
		acts = append(acts, entry.Action+" "+entry.Object+" "+entry.Detail)
	}
	wantEqual(t, "acts", acts, []string{
		"key.create key/key-1 Ed25519",
		"achievement.create achievement/" + achievementOf(north) + " 1",
		"credential.reserve credential/" + c.ID + " ",
		"credential.issue credential/" + c.ID + " key-1",
		"credential.revoke credential/" + c.ID + " error",
		"key.unlock key/key-1 ",
	})
	if got := w.checkChain(""); len(got) != 3 || got[0].Action != storage.ActionCreateStore || got[2].Object != "tenant/"+south {
		t.Errorf("the installation's chain: %+v", got)
	}
	_, err = w.AppendAudit(w.ctx(), storage.AuditEntry{Tenant: "nowhere", Time: start, Actor: "cli", Action: "a", Object: "b"})
	wantError(t, "unknown tenant", err, storage.ErrNotFound)
	_, err = w.AppendAudit(w.ctx(), storage.AuditEntry{Tenant: north, Actor: "cli", Action: "a", Object: "b"})
	wantError(t, "no time", err, storage.ErrInvalid)
	meta, err := w.Meta(w.ctx())
	w.must(err)
	if meta.Schema < 1 || meta.Installation == "" || meta.Created.IsZero() {
		t.Errorf("meta: %+v", meta)
	}
}
