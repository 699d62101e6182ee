package dataintegrity

import (
	"math"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// TestSelectiveCost: a document with as many statements as are signed is
// derived from and verified within the bounds of one request.
func TestSelectiveCost(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes its own time")
	}
	const processor, memory = 250 * time.Millisecond, 64 << 20
	s := closed(t)
	eachSelective(t, func(t *testing.T, suite string) {
		base := signBase(t, s, suite, manyTags(MaxStatements-60), nil)
		derived := derive(t, s, base, "/credentialSubject/achievement/tag/1")
		whole := derive(t, s, base, "/credentialSubject")
		for name, do := range map[string]func(){
			"deriving":         func() { derive(t, s, base, "/credentialSubject/achievement/tag/1") },
			"deriving all":     func() { derive(t, s, base, "/credentialSubject") },
			"verifying little": func() { check(t, verifySelective(t, s, derived)) },
			"verifying all":    func() { check(t, verifySelective(t, s, whole)) },
		} {
			least, most := time.Duration(math.MaxInt64), uint64(0)
			for range 3 {
				spent, allocated := costOf(t, do)
				least, most = min(least, spent), max(most, allocated)
			}
			if t.Logf("%s: %v, %d kB", name, least, most>>10); least > processor || most > memory {
				t.Errorf("%s takes %v of the processor and %d bytes", name, least, most)
			}
		}
	})
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// costOf measures the time of the processor and the memory that a call takes.
func costOf(t *testing.T, do func()) (time.Duration, uint64) {
	t.Helper()
	spent := func() time.Duration {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			t.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := spent()
	do()
	end := spent()
	runtime.ReadMemStats(&after)
	return end - start, after.TotalAlloc - before.TotalAlloc
}
