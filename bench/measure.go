package main

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"
)

// operation is something that is measured.
type operation struct {
	name string
	run  func() error
}

// sample is one turn of an operation. Times are nanoseconds for one run.
type sample struct {
	// median and least are by the clock, less the time in which the processor
	// was taken away.
	median, least float64
	// cpu is the processor time of the whole process, the garbage collector's
	// included, and so a mean.
	cpu float64
	// runs is how many there were.
	runs int
}

const (
	// clockGrain is the least time that is taken at once, so that reading the
	// clocks does not count.
	clockGrain = 200 * time.Microsecond
	// minRuns is how many runs a turn has at least, however long they take.
	minRuns = 3
	// patience is how much longer than its turn an operation may take by the
	// clock when the processor is often taken away.
	patience = 10
)

// measure runs an operation for about a time, after a warm-up of a quarter of
// it, in which the collector deals with what others have left. It is not made
// to collect: a process that issues all day long is never just after that.
func measure(op operation, turn time.Duration) (sample, error) {
	estimate, err := warmUp(op, turn/4)
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w", op.name, err)
	}
	batch := int(clockGrain/max(estimate, 1)) + 1
	times := make([]float64, 0, 16+int(turn/clockGrain))
	begin, beginUsed := time.Now(), processorTime()
	used := beginUsed
	for len(times) < minRuns || used-beginUsed < turn && time.Since(begin) < patience*turn {
		start := time.Now()
		for range batch {
			if err := op.run(); err != nil {
				return sample{}, fmt.Errorf("%s: %w", op.name, err)
			}
		}
		elapsed := time.Since(start)
		now := processorTime()
		if fine() {
			elapsed = min(elapsed, now-used)
		}
		used = now
		times = append(times, float64(elapsed)/float64(batch))
	}
	runs := len(times) * batch
	return sample{
		median: median(times), least: slices.Min(times),
		cpu: float64(used-beginUsed) / float64(runs), runs: runs,
	}, nil
}

// fine reports whether this machine counts processor time finely enough to tell
// what part of a clockGrain was used: by the least step in which it is counted.
var fine = sync.OnceValue(func() bool {
	least := time.Duration(math.MaxInt64)
	last := processorTime()
	for begin := time.Now(); least > clockGrain/20 && time.Since(begin) < time.Second; {
		if now := processorTime(); now > last {
			least, last = min(least, now-last), now
		}
	}
	return least <= clockGrain/20
})

// warmUp runs an operation for a time and at least once, and tells how long it
// takes.
func warmUp(op operation, length time.Duration) (time.Duration, error) {
	best := time.Duration(math.MaxInt64)
	for begin := time.Now(); best == math.MaxInt64 || time.Since(begin) < length; {
		start := time.Now()
		if err := op.run(); err != nil {
			return 0, err
		}
		best = min(best, time.Since(start))
	}
	return best, nil
}

// processorTime is what this process has used of the processors.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0 // cannot fail for oneself
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// allocations tells how many allocations and bytes a run of an operation takes.
func allocations(op operation) (count, bytes float64, err error) {
	const runs = 50
	for range 5 {
		if err := op.run(); err != nil {
			return 0, 0, fmt.Errorf("%s: %w", op.name, err)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		if err := op.run(); err != nil {
			return 0, 0, fmt.Errorf("%s: %w", op.name, err)
		}
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / runs, float64(after.TotalAlloc-before.TotalAlloc) / runs, nil
}

// series is the turns of each operation, in the order of rounds.
type series map[string][]sample

// round gives every operation a turn. The order is another one each round, so
// that nobody always comes after the same.
func (s series) round(turn time.Duration, operations []operation) error {
	for _, i := range rand.Perm(len(operations)) {
		one, err := measure(operations[i], turn)
		if err != nil {
			return err
		}
		s[operations[i].name] = append(s[operations[i].name], one)
	}
	return nil
}

// figure is an operation over all its turns.
type figure struct {
	median, least, cpu float64 // nanoseconds
}

func (s series) figure(name string) figure {
	turns := s[name]
	if len(turns) == 0 {
		return figure{}
	}
	return figure{
		median: median(each(turns, sample.wall)),
		least:  slices.MinFunc(turns, func(a, b sample) int { return cmp.Compare(a.least, b.least) }).least,
		cpu:    median(each(turns, sample.processor)),
	}
}

func (s sample) wall() float64      { return s.median }
func (s sample) processor() float64 { return s.cpu }

// ratio is the median of what a takes over what b takes in the same round. It
// is NaN when they have no round in common.
func (s series) ratio(a, b string, of func(sample) float64) float64 {
	return medianRatio(each(s[a], of), each(s[b], of))
}

func each(samples []sample, of func(sample) float64) []float64 {
	values := make([]float64, len(samples))
	for i, one := range samples {
		values[i] = of(one)
	}
	return values
}

// medianRatio is the median of a[i]/b[i].
func medianRatio(a, b []float64) float64 {
	ratios := make([]float64, 0, min(len(a), len(b)))
	for i := range min(len(a), len(b)) {
		if b[i] > 0 {
			ratios = append(ratios, a[i]/b[i])
		}
	}
	return median(ratios)
}

// median is the middle of values, the mean of the two in the middle of an even
// number, and NaN of none. It does not change values.
func median(values []float64) float64 {
	return quantile(values, 0.5)
}

// quantile is the value below which a share of values lies, between neighbours
// in proportion.
func quantile(values []float64, share float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	at := share * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (sorted[high]-sorted[low])*(at-float64(low))
}
