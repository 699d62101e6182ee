package server

import (
	"container/list"
	"context"
	"errors"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// joined are places in the lines before a gate, made without waiting for a turn.
type joined struct {
	testing.TB
	*gate
}

// places joins n times and fails when one of them may run at once.
func (j joined) places(network netip.Prefix, n int) (all []*list.Element) {
	j.Helper()
	for range n {
		place, err := j.join(network)
		if err != nil || place == nil {
			j.Fatalf("%v gets the place %v and %v", network, place, err)
		}
		all = append(all, place)
	}
	return all
}

// run joins n times and fails when one of them must wait.
func (j joined) run(network netip.Prefix, n int) {
	j.Helper()
	for range n {
		if place, err := j.join(network); err != nil || place != nil {
			j.Fatalf("%v gets the place %v and %v", network, place, err)
		}
	}
}

// turns counts the places whose turn has come.
func turns(places []*list.Element) (n int) {
	for _, place := range places {
		select {
		case <-place.Value.(chan struct{}):
			n++
		default:
		}
	}
	return n
}

var (
	flooder  = networkOf("192.0.2.1")
	ordinary = networkOf("2001:db8::1")
	third    = networkOf("192.0.2.3")
)

func TestGateRefuses(t *testing.T) {
	j := joined{t, newGate(2, 16)}
	if j.gate.share != 12 {
		t.Errorf("of a queue of 16, a network may take %d", j.gate.share)
	}
	j.gate.share = 2
	refused := func(network netip.Prefix, want problem) {
		t.Helper()
		var refused *refusal
		if _, err := j.join(network); !errors.As(err, &refused) || refused.problem != want {
			t.Errorf("%v is told %v", network, err)
		}
	}
	j.run(flooder, 2) // nobody else is there
	j.places(flooder, 2)
	refused(flooder, problemRate)
	j.places(ordinary, 2)
	refused(ordinary, problemRate)
	for i := range 6 {
		j.places(networkOf(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}).String()), 2)
	}
	refused(third, problemBusy)
	if len(j.lines) != 8 || j.gate.turns.Len() != 8 {
		t.Errorf("there are %d lines and %d turns", len(j.lines), j.gate.turns.Len())
	}
	j.leave(flooder)
	j.places(third, 1)
	if small := newGate(1, 1); small.share != 1 {
		t.Errorf("of a queue of one, a network may take %d", small.share)
	}
}

func TestGateTakesTurns(t *testing.T) {
	for _, parallel := range []int{1, 2, 4} {
		j := joined{t, newGate(parallel, 64)}
		j.run(flooder, parallel)
		flood, one, two := j.places(flooder, 8), j.places(ordinary, 1), j.places(third, 1)
		j.leave(flooder)
		j.leave(flooder)
		if turns(flood) != 1 || turns(one) != 1 || turns(two) != 0 {
			t.Errorf("of %d: turns %d, %d, %d", parallel, turns(flood), turns(one), turns(two))
		}
		j.leave(ordinary)
		if turns(flood) != 1 || turns(two) != 1 {
			t.Errorf("of %d: turns %d, %d", parallel, turns(flood), turns(two))
		}
	}
}

// One who floods gives up the first place that is free when others come, and
// has no more than all but one while they wait.
func TestGateKeepsAPlaceForOthers(t *testing.T) {
	j := joined{t, newGate(3, 64)}
	j.run(flooder, 3)
	flood, others := j.places(flooder, 8), j.places(ordinary, 3)
	j.leave(flooder) // two are left, which is its share
	if turns(flood) != 0 || turns(others) != 1 {
		t.Fatalf("turns: %d, %d", turns(flood), turns(others))
	}
	for range 2 {
		j.leave(ordinary)
	}
	if turns(flood) != 0 || turns(others) != 3 {
		t.Errorf("turns: %d, %d", turns(flood), turns(others))
	}
	j.leave(ordinary) // and nobody else waits
	if turns(flood) != 1 || j.lines[flooder].running != 3 {
		t.Errorf("alone it has %d turns and runs %d", turns(flood), j.lines[flooder].running)
	}
}

func TestGateAbandoned(t *testing.T) {
	j := joined{t, newGate(1, 64)}
	j.run(flooder, 1)
	flood, one := j.places(flooder, 3), j.places(ordinary, 1)
	j.abandon(flooder, flood[1])
	j.abandon(ordinary, one[0])
	if j.waiting != 2 || j.gate.turns.Len() != 1 || j.lines[ordinary] != nil {
		t.Errorf("%d wait in %d lines", j.waiting, j.gate.turns.Len())
	}
	j.leave(flooder)
	if turns(flood[:1]) != 1 {
		t.Fatal("the first did not get its turn")
	}
	j.abandon(flooder, flood[0]) // too late: the turn goes on to the next
	if turns(flood[2:]) != 1 || turns(flood[1:2]) != 0 {
		t.Error("the turn was lost")
	}
	j.leave(flooder)
	if j.running != 0 || j.waiting != 0 || len(j.lines) != 0 {
		t.Errorf("what is left: %+v", j.gate)
	}
}

func TestGateWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, 16)
		if err := g.enter(t.Context(), flooder); err != nil {
			t.Fatal(err)
		}
		results := make(chan error, 1)
		go func() { results <- g.enter(t.Context(), flooder) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.enter(ctx, ordinary); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one who waits too long is told %v", err)
		}
		g.leave(flooder)
		if err := <-results; err != nil {
			t.Errorf("one who waited is told %v", err)
		}
		g.leave(flooder)
		if err := g.enter(t.Context(), ordinary); err != nil {
			t.Errorf("the next one is told %v", err)
		}
	})
}

// Whatever comes and goes: the limits hold, no place stays empty while somebody
// waits, and while one waits that runs nothing, nobody else has two turns.
func TestGateIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := newGate(rapid.IntRange(1, 4).Draw(t, "parallel"), rapid.IntRange(1, 40).Draw(t, "queue"))
		networks := []netip.Prefix{flooder, ordinary, third, networkOf("192.0.2.4")}
		type waiter struct {
			network netip.Prefix
			place   *list.Element
			first   bool                 // of a network that had nothing here
			ahead   map[netip.Prefix]int // turns of others meanwhile
		}
		var waiting []*waiter
		var running []netip.Prefix
		turned := func() { // notes whose turn came
			for i, w := range waiting {
				if turns([]*list.Element{w.place}) == 0 {
					continue
				}
				waiting = slices.Delete(waiting, i, i+1)
				running = append(running, w.network)
				for _, other := range waiting {
					other.ahead[w.network]++
					if other.first && other.ahead[w.network] > 1 {
						t.Fatalf("%v had two turns while %v waited", w.network, other.network)
					}
				}
				return
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"join": func(t *rapid.T) {
				network := rapid.SampledFrom(networks).Draw(t, "network")
				first := g.lines[network] == nil
				place, err := g.join(network)
				switch {
				case err != nil:
					if g.lines[network].count() < g.share && g.waiting < g.queue {
						t.Fatalf("refused without need: %v", err)
					}
				case place == nil:
					running = append(running, network)
				default:
					waiting = append(waiting, &waiter{network, place, first, make(map[netip.Prefix]int)})
				}
			},
			"leave": func(t *rapid.T) {
				if len(running) == 0 {
					t.Skip("nobody runs")
				}
				i := rapid.IntRange(0, len(running)-1).Draw(t, "which")
				network := running[i]
				running = slices.Delete(running, i, i+1)
				g.leave(network)
				turned()
			},
			"abandon": func(t *rapid.T) {
				if len(waiting) == 0 {
					t.Skip("nobody waits")
				}
				i := rapid.IntRange(0, len(waiting)-1).Draw(t, "which")
				w := waiting[i]
				waiting = slices.Delete(waiting, i, i+1)
				g.abandon(w.network, w.place)
			},
			"": func(t *rapid.T) {
				if g.running != len(running) || g.waiting != len(waiting) || g.running > g.parallel || g.waiting > g.queue {
					t.Fatalf("%d run and %d wait, it should be %d and %d", g.running, g.waiting, len(running), len(waiting))
				}
				if g.waiting > 0 && g.running < g.parallel {
					t.Fatal("a place is empty and somebody waits")
				}
				for network, l := range g.lines {
					if l.waiting.Len() > g.share || l.running+l.waiting.Len() == 0 || (l.turn != nil) != (l.waiting.Len() > 0) {
						t.Fatalf("%v runs %d and waits %d", network, l.running, l.waiting.Len())
					}
				}
			},
		})
	})
}

// count is how many of a line wait; of none, none.
func (l *line) count() int {
	if l == nil {
		return 0
	}
	return l.waiting.Len()
}

func TestGateConcurrently(t *testing.T) {
	const parallel = 3
	g := newGate(parallel, 16)
	var now, most, served atomic.Int64
	var all sync.WaitGroup
	for i := range 24 {
		network := networkOf(netip.AddrFrom4([4]byte{10, 0, 0, byte(i % 6)}).String())
		all.Go(func() {
			for n := range 200 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n%5)*50*time.Microsecond)
				if g.enter(ctx, network) == nil {
					running := now.Add(1)
					for m := most.Load(); running > m && !most.CompareAndSwap(m, running); m = most.Load() {
					}
					time.Sleep(20 * time.Microsecond)
					now.Add(-1)
					served.Add(1)
					g.leave(network)
				}
				cancel()
			}
		})
	}
	all.Wait()
	if most.Load() > parallel || served.Load() == 0 {
		t.Errorf("%d ran at once, %d in all", most.Load(), served.Load())
	}
	if g.running != 0 || g.waiting != 0 || len(g.lines) != 0 || g.turns.Len() != 0 {
		t.Errorf("what is left: %d run, %d wait, %d lines", g.running, g.waiting, len(g.lines))
	}
}

// The address by which the rate counts is the one that takes turns.
func TestVerifyTakesTurns(t *testing.T) {
	v := stuck{make(chan struct{}, 3)}
	s, err := New(Config{
		Verifier: v, PublicURL: testURL, TrustedProxies: []string{"192.0.2.250"},
		Limits: Limits{VerifyParallel: 1, VerifyQueue: 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.gate.share = 1
	ctx, hangUp := context.WithCancel(t.Context())
	post := func(address string) *httptest.ResponseRecorder {
		request := httptest.NewRequestWithContext(ctx, "POST", "/verify", strings.NewReader("{}"))
		request.RemoteAddr = "192.0.2.250:443"
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-Forwarded-For", address)
		answer := httptest.NewRecorder()
		s.Handler().ServeHTTP(answer, request)
		return answer
	}
	counts := func() (waiting, lines int) {
		s.gate.mu.Lock()
		defer s.gate.mu.Unlock()
		return s.gate.waiting, len(s.gate.lines)
	}
	var all sync.WaitGroup
	wait := func(address string, want int) {
		all.Go(func() { post(address) })
		for n := 0; n < want; n, _ = counts() {
			time.Sleep(time.Millisecond)
		}
	}
	wait("2001:db8::1", 0)
	<-v.entered
	wait("2001:db8::2", 1)
	if r := post("2001:db8::3"); r.Code != 429 || r.Header().Get("Retry-After") == "" || !strings.Contains(r.Body.String(), "rate-limited") {
		t.Errorf("a third of the same network: %d %s", r.Code, r.Body)
	}
	wait("192.0.2.1", 2)
	if _, lines := counts(); lines != 2 {
		t.Errorf("there are %d lines", lines)
	}
	hangUp()
	all.Wait()
	if waiting, lines := counts(); waiting != 0 || lines != 0 {
		t.Errorf("%d wait in %d lines after all hung up", waiting, lines)
	}
}
