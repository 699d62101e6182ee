package main

import (
	"errors"
	"math"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{3}, 3},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 3, 2}, 2.5},
		{[]float64{1, 1, 1, 1e9}, 1},
	} {
		given := append([]float64(nil), test.values...)
		if got := median(test.values); got != test.want {
			t.Errorf("median of %v is %v, want %v", test.values, got, test.want)
		}
		for i := range given {
			if test.values[i] != given[i] {
				t.Errorf("median changed %v to %v", given, test.values)
			}
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing is %v", got)
	}
}

func TestQuantile(t *testing.T) {
	values := []float64{50, 10, 40, 20, 30}
	for share, want := range map[float64]float64{0: 10, 0.25: 20, 0.5: 30, 0.99: 49.6, 1: 50} {
		if got := quantile(values, share); math.Abs(got-want) > 1e-9 {
			t.Errorf("quantile %v is %v, want %v", share, got, want)
		}
	}
}

// A neighbour that slows down whole rounds does not change a ratio.
func TestRatioIsTakenWithinRounds(t *testing.T) {
	s := series{
		"a": {{median: 30, cpu: 40}, {median: 300, cpu: 80}, {median: 33, cpu: 44}},
		"b": {{median: 10, cpu: 10}, {median: 100, cpu: 20}, {median: 10, cpu: 11}},
	}
	if got := s.ratio("a", "b", sample.wall); got != 3 {
		t.Errorf("the ratio is %v, want 3", got)
	}
	if got := s.ratio("a", "b", sample.processor); got != 4 {
		t.Errorf("the ratio by CPU is %v, want 4", got)
	}
	if got := s.ratio("a", "missing", sample.wall); !math.IsNaN(got) {
		t.Errorf("the ratio to what was not measured is %v", got)
	}
	s["c"] = []sample{{median: 6, cpu: 100}, {median: 6, cpu: 200}, {median: 6, cpu: 33}}
	if got := httpRatio(s, "c", "b", "a"); got != 2 {
		t.Errorf("the ratio over HTTP is %v, want 2", got)
	}
}

func TestFigure(t *testing.T) {
	s := series{"a": {{median: 5, least: 4, cpu: 6}, {median: 7, least: 3, cpu: 8}, {median: 6, least: 5, cpu: 7}}}
	if got, want := s.figure("a"), (figure{median: 6, least: 3, cpu: 7}); got != want {
		t.Errorf("the figure is %v, want %v", got, want)
	}
	if got := s.figure("missing"); got != (figure{}) {
		t.Errorf("the figure of nothing is %v", got)
	}
}

func TestMeasure(t *testing.T) {
	const nap = 30 * time.Millisecond
	s, err := measure(operation{"nap", func() error { time.Sleep(nap); return nil }}, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if s.runs < minRuns || s.median < s.least {
		t.Errorf("a nap of %v is %+v", nap, s)
	}
	if fine() && s.median > float64(nap)/2 { // sleeping is hardly work
		t.Errorf("a nap of %v takes %+v", nap, s)
	}
	const spell = 2 * time.Millisecond
	spin := func() error {
		for begin := time.Now(); time.Since(begin) < spell; {
		}
		return nil
	}
	if s, err = measure(operation{"spin", spin}, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if s.median > 2*float64(spell) || s.cpu < float64(spell)/20 {
		t.Errorf("spinning for %v takes %+v", spell, s)
	}
	var count int
	if _, err := measure(operation{"quick", func() error { count++; return nil }}, time.Millisecond); err != nil || count < 100 {
		t.Errorf("something quick was run %d times: %v", count, err)
	}
	broken := errors.New("broken")
	if _, err := measure(operation{"broken", func() error { return broken }}, time.Millisecond); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
}

func TestRoundGivesEverybodyATurn(t *testing.T) {
	first := make(map[string]int)
	var order []string
	operations := make([]operation, 3)
	for i, name := range []string{"a", "b", "c"} {
		operations[i] = operation{name, func() error { order = append(order, name); return nil }}
	}
	s := make(series)
	const rounds = 60
	for range rounds {
		order = nil
		if err := s.round(0, operations); err != nil {
			t.Fatal(err)
		}
		first[order[0]]++
	}
	for _, op := range operations {
		if len(s[op.name]) != rounds {
			t.Errorf("%s had %d turns", op.name, len(s[op.name]))
		}
		if first[op.name] == 0 {
			t.Errorf("%s was never the first", op.name)
		}
	}
}

var sink []byte

func TestAllocations(t *testing.T) {
	count, bytes, err := allocations(operation{"one", func() error { sink = make([]byte, 4096); return nil }})
	if err != nil || math.Abs(count-1) > 0.5 || bytes < 4096 || bytes > 5000 {
		t.Errorf("one allocation of 4096 bytes counts as %v of %v: %v", count, bytes, err)
	}
}
