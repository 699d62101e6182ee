package storagetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"laurel/storage"
)

// testQuota reserves as much as a tenant may on one day, and then on the next.
func testQuota(t *testing.T, open Opener) {
	w := newWorld(t, open, Options{})
	const most = 5
	quota := func(n int) error {
		_, err := w.UpdateTenant(w.ctx(), w.act(), north, func(tenant *storage.Tenant) error {
			tenant.Quota.AwardsPerDay = n
			tenant.Usage.Awards = 0 // is the store's
			return nil
		})
		return err
	}
	wantError(t, "a quota below nothing", quota(-1), storage.ErrInvalid)
	w.must(quota(most))
	day := time.Date(2030, 5, 6, 23, 59, 59, 0, time.UTC)
	reserve := func(tenant string, at time.Time) error {
		r := w.reservation(tenant)
		r.Act.Time = at
		_, err := w.ReserveCredential(w.ctx(), r)
		return err
	}
	var wait sync.WaitGroup
	outcomes := make(chan error, 4*most)
	for range 4 * most {
		wait.Go(func() { outcomes <- reserve(north, day) })
	}
	wait.Wait()
	close(outcomes)
	reserved := 0
	for err := range outcomes {
		var used *storage.QuotaError
		switch {
		case err == nil:
			reserved++
		case !errors.As(err, &used) || used.AwardsPerDay != most || !errors.Is(err, storage.ErrQuota):
			t.Errorf("the error is %v", err)
		}
	}
	if reserved != most {
		t.Errorf("%d were reserved of %d that may be", reserved, most)
	}
	w.must(quota(most)) // said again, it gives no more
	w.reopen()
	wantError(t, "after a restart", reserve(north, day), storage.ErrQuota)
	wantError(t, "by a clock that was put back", reserve(north, day.Add(-48*time.Hour)), storage.ErrQuota)
	w.must(reserve(south, day))
	w.must(reserve(north, day.Add(2*time.Second)))
	tenant, err := w.Tenant(w.ctx(), north)
	w.must(err)
	wantEqual(t, "usage", tenant.Usage, storage.Usage{Day: "2030-05-07", Awards: 1})
	w.must(quota(0))
	for range most + 1 {
		w.must(reserve(north, day.Add(2*time.Second)))
	}
}
