package award

import (
	"testing"
	"time"

	"laurel/internal/issuer"
)

// TestQuota: a bulk award that is larger than a day's quota goes on the next day.
func TestQuota(t *testing.T) {
	w := newWorld(t)
	w.step = 2
	_, err := w.issuer.UpdateAccount(t.Context(), caller, caller.Tenant, func(a *issuer.Account) error {
		a.Quota.AwardsPerDay = 3
		return nil
	})
	w.must(err)
	job := w.award("email\na@example.org\nb@example.org\nc@example.org\nd@example.org\ne@example.org\n")
	if got := len(w.credentials()); got != 3 || job.Problem != Sentence("job_quota") || job.State == "done" {
		t.Fatalf("%d badges, %s: %q", got, job.State, job.Problem)
	}
	w.pass(24 * time.Hour)
	w.look()
	if job := w.seen(job.ID); len(w.credentials()) != 5 || job.Problem != "" || job.State != "done" {
		t.Errorf("%d badges on the next day, %s: %q", len(w.credentials()), job.State, job.Problem)
	}
}
