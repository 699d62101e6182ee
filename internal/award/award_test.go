package award

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"laurel/storage"
)

func people(n int) string {
	var b strings.Builder
	b.WriteString("E-mail;Naam\r\n")
	for i := range n {
		fmt.Fprintf(&b, "person%d@example.org;Person %d\r\n", i, i)
	}
	return b.String()
}

func TestAward(t *testing.T) {
	w := newWorld(t)
	job := w.draft(people(3))
	if job.State != storage.AwardDraft || job.Total != 3 || job.Valid != 3 || len(w.credentials()) != 0 {
		t.Fatalf("draft %+v", job)
	}
	job = w.carriedOut(job.ID)
	if job.State != storage.AwardDone || job.Issued != 3 || len(w.credentials()) != 3 {
		t.Fatalf("job %+v", job)
	}
	again := w.award(people(3))
	if again.State != storage.AwardDone || again.AlreadyAwarded != 3 || again.Valid != 0 || len(w.credentials()) != 3 {
		t.Fatalf("again %+v", again)
	}
}

func BenchmarkAward(b *testing.B) {
	w := newWorld(b)
	const n = 5000
	for b.Loop() {
		b.StopTimer()
		data := strings.ReplaceAll(people(n), "person", fmt.Sprint("p", time.Now().UnixNano()))
		b.StartTimer()
		job := w.draft(data)
		drafted := b.Elapsed()
		job = w.carriedOut(job.ID)
		if job.Issued != n {
			b.Fatal(job)
		}
		b.ReportMetric(float64(drafted.Milliseconds()), "ms/draft")
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "awards/s")
}
