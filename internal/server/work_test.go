package server

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestClientsWork(t *testing.T) {
	table := newClients(-1, 1, 4)
	busy, quiet := networkOf("192.0.2.1"), networkOf("192.0.2.2")
	if table.isHeavy(busy) {
		t.Error("a network that nothing is known of is heavy")
	}
	for range 2 * recent {
		table.worked(busy, 4*ordinaryWork)
		table.worked(quiet, ordinaryWork/4)
	}
	if !table.isHeavy(busy) || table.isHeavy(quiet) {
		t.Errorf("heavy: the busy one %t, the quiet one %t", table.isHeavy(busy), table.isHeavy(quiet))
	}
	table.worked(quiet, 4*ordinaryWork)
	if table.isHeavy(quiet) {
		t.Error("one large badge among small ones makes a network heavy")
	}
	for range 3 * recent {
		table.worked(busy, 0)
	}
	if table.isHeavy(busy) {
		t.Error("a network is heavy for ever")
	}
}

func TestWorkCountsAndEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := &work{Context: ctx}
	begin := time.Now()
	for range ordinaryWork + 10*spell {
		if err := w.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if elapsed := time.Since(begin); elapsed < 10*pause {
		t.Errorf("it did not pause in %s", elapsed)
	}
	cancel()
	if err := w.Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	if asked := w.asked.Load(); asked != ordinaryWork+10*spell+1 {
		t.Errorf("counted %d", asked)
	}
}

func TestRefusalsTakeTime(t *testing.T) {
	if err := refuseLate(t.Context(), nil); err != nil {
		t.Error(err)
	}
	refusal := refuse(problemBusy)
	begin := time.Now()
	if err := refuseLate(t.Context(), refusal); err != refusal || time.Since(begin) < penalty {
		t.Errorf("%v after %s", err, time.Since(begin))
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	begin = time.Now()
	if err := refuseLate(gone, refusal); err != refusal || time.Since(begin) >= penalty {
		t.Errorf("a client that is gone is kept: %v after %s", err, time.Since(begin))
	}
}

// A network whose checks have been heavy waits for itself alone, and is refused
// before its body is read.
func TestHeavyNetworksHaveTheirOwnLane(t *testing.T) {
	s, err := New(Config{Verifier: stuck{make(chan struct{}, 9)}, PublicURL: testURL, Limits: Limits{VerifyParallel: 2, VerifyQueue: 2}})
	if err != nil {
		t.Fatal(err)
	}
	heavy, light := networkOf("192.0.2.1"), networkOf("192.0.2.2")
	for range 2 * recent {
		s.clients.worked(heavy, 4*ordinaryWork)
	}
	if s.lane(heavy, 1) != s.heavy || s.lane(light, 1) != s.gate || s.lane(light, heavyBody+1) != s.heavy {
		t.Fatal("the lanes are mixed up")
	}
	if s.heavy.parallel != 1 {
		t.Errorf("%d heavy checks run on two processors", s.heavy.parallel)
	}
	for i, want := range []bool{true, true, false} {
		if err := s.admit(t.Context(), heavy, 1); (err == nil) != want {
			t.Errorf("heavy request %d: %v", i, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		go s.check(ctx, heavy, submission{data: []byte("{}")}) //nolint:errcheck // is stuck
		for deadline := time.Now().Add(time.Second); time.Now().Before(deadline) && s.heavy.occupied() < min(i+1, 2); {
			time.Sleep(time.Millisecond)
		}
	}
	if err := s.admit(t.Context(), light, 1); err != nil {
		t.Errorf("another network is turned away: %v", err)
	}
}

func (g *gate) occupied() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.running + g.waiting
}
