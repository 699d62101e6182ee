package testdata

import (
	"runtime/metrics"
	"testing"
	"time"
)

// The most that one input may cost, whatever it is.
const (
	MostTime   = 250 * time.Millisecond
	MostMemory = 64 << 20 // bytes allocated in all
)

// spare is how much longer a machine may take that has other work.
const spare = 4

// Bounded does what a fuzz target does with one input, and fails the test when
// that takes longer or allocates more than one input may. What is too much at
// first is done once more: only the better counts, so that it is not for
// something else that ran at the same time.
func Bounded(t testing.TB, do func()) {
	t.Helper()
	bounded(t, MostTime*spare*slowdown, do)
}

func bounded(t testing.TB, most time.Duration, do func()) {
	t.Helper()
	took, allocated := measure(do)
	if took > most || allocated > MostMemory {
		again, allocatedAgain := measure(do)
		took, allocated = min(took, again), min(allocated, allocatedAgain)
	}
	if took > most {
		t.Errorf("one input took %v", took)
	}
	if allocated > MostMemory {
		t.Errorf("one input had %d bytes allocated", allocated)
	}
}

func measure(do func()) (took time.Duration, allocated uint64) {
	before, begin := allocations(), time.Now()
	do()
	return time.Since(begin), allocations() - before
}

// allocations is how many bytes the process has allocated so far.
func allocations() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
