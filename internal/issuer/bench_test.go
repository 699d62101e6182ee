package issuer

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// BenchmarkAward is a whole award, acknowledged when it is on disk, by one
// caller and by as many as a busy installation has.
func BenchmarkAward(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			w := newWorld(b, nil)
			achievement := w.mentor()
			w.award(ada(achievement))
			before, _ := os.Stat(w.path())
			var next atomic.Int64
			var wait sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			used := processorTime()
			for range callers {
				wait.Go(func() {
					for {
						n := next.Add(1)
						if n > int64(b.N) {
							return
						}
						request := Request{Achievement: achievement.ID, Recipient: Recipient{
							Email: fmt.Sprintf("student-%d@example.org", n), Name: fmt.Sprintf("Student %d", n),
						}}
						if _, err := w.Award(background, caller, request); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wait.Wait()
			b.ReportMetric(float64(processorTime()-used)/float64(b.N)/float64(time.Microsecond), "cpu-µs/op")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "awards/s")
			if after, err := os.Stat(w.path()); err == nil {
				b.ReportMetric(float64(after.Size()-before.Size())/float64(b.N), "file-B/op")
			}
		})
	}
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
