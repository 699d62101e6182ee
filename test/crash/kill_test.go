// Package crash holds the tests of what a server has kept when it comes back
// after it was killed, at any moment or at a certain one, after the power
// failed, and when the disk fails, is full or cannot be written to.
//
//	LAUREL_KILLS  how many times, 20 when not set
//	LAUREL_SEED   repeats the moments and choices of a run
package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"laurel/test/figures"
	"laurel/test/program"
)

func TestMain(m *testing.M) { program.Main(m) }

// restart is how long a server may take until it is ready, whatever happened
// to it. Beside tests that are slowed down by the race detector it has less of
// the machine.
func restart() time.Duration {
	if raceDetector {
		return 5 * time.Second
	}
	return time.Second
}

// number reads a setting.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestKill kills the server at random moments while several clients award,
// revoke, suspend, reinstate, and make new keys. Nothing that was acknowledged is lost, no index is used twice, and
// what was not acknowledged happens exactly once when it is asked for again.
func TestKill(t *testing.T) {
	kills := int(number(t, "LAUREL_KILLS", 20))
	if testing.Short() {
		kills = min(kills, 3)
	}
	seed := number(t, "LAUREL_SEED", uint64(time.Now().UnixNano()))
	t.Logf("LAUREL_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	registry, server := newRegistry(t)
	checker := newChecker(registry)
	var restarts []time.Duration
	for kill := range kills {
		worked := server
		if working := registry.workUntilKill(server, moment(random), random.Uint64()); !working {
			t.Fatalf("before kill %d the server stopped answering: %v", kill+1, registry.faults)
		}
		registry.fsck(t)
		server = registry.serve(t)
		restarts = append(restarts, server.Ready)
		checker.check(t, server, random, kill == kills-1)
		if kill%20 == 19 {
			progress("%d of %d kills", kill+1, kills)
		}
		if len(registry.faults) > 0 {
			errors := slices.Concat(worked.Errors(), server.Errors())
			t.Fatalf("after kill %d: %d faults, such as:\n%serrors of the servers:\n%s", kill+1, len(registry.faults), some(registry.faults), some(errors))
		}
	}
	if code := server.Stop(); code != 0 {
		t.Errorf("stopping the last server: exit %d", code)
	}
	registry.fsck(t)
	if len(registry.faults) > 0 {
		t.Errorf("at the end:\n%s", some(registry.faults))
	}
	report(t, checker, restarts)
}

// moment is a random time in the life of a server.
func moment(random *rand.Rand) time.Duration {
	return 50*time.Millisecond + time.Duration(random.Int64N(int64(950*time.Millisecond)))
}

// workUntilKill lets the clients work and kills the server after a while. It
// reports whether they worked until then.
func (r *registry) workUntilKill(server *program.Server, after time.Duration, seed uint64) bool {
	idle := make(chan struct{})
	go func() {
		defer close(idle)
		r.work(context.Background(), server, seed)
	}()
	select {
	case <-idle:
		server.Kill()
		return false
	case <-time.After(after):
		server.Kill()
		<-idle
		return true
	}
}

// report says what was done, and fails when that was too little or too slow.
func report(t *testing.T, c *checker, restarts []time.Duration) {
	t.Helper()
	count := make(map[string]int)
	for _, b := range c.record.badges {
		count[b.state]++
	}
	quarter := (len(restarts) + 3) / 4
	early, late := median(restarts[:quarter]), median(restarts[len(restarts)-quarter:])
	slices.Sort(restarts)
	at := func(share float64) time.Duration {
		return restarts[int(share*float64(len(restarts)-1))].Round(time.Millisecond)
	}
	t.Logf("ready after: least %v, median of the first quarter %v, of the last %v", at(0), early, late)
	table := figures.New("kills")
	table.Note("kills at random moments", "%d", len(restarts))
	table.Note("badges awarded meanwhile", "%d, of which %d revoked and %d suspended; %d new keys", len(c.record.badges), count[revoked], count[suspended], len(c.record.keys))
	table.Note("requests without an answer", "%d, of which %d had been done and %d were half done", c.resumed+c.settled, c.settled, c.unfinished)
	table.Hold("lost, done twice, or found by `laurel fsck`", "0", len(c.faults) == 0, "%d", len(c.faults))
	table.Note("ready again after", "median %v, nine of ten %v, at most %v", at(0.5), at(0.9), at(1))
	table.Hold("a change of status is seen after, at most", "1 s", c.slowest <= visibleWithin, "%v", c.slowest.Round(time.Millisecond))
	table.Finish(t)
	if most := restarts[len(restarts)-1]; most > restart() {
		t.Errorf("a server was ready after %v, later than %v", most, restart())
	}
	if len(c.record.badges) < 2*len(restarts) || count[revoked] < len(restarts)/4 {
		t.Errorf("too little was done to show anything")
	}
}

func median(times []time.Duration) time.Duration {
	times = slices.Sorted(slices.Values(times))
	return times[len(times)/2].Round(time.Millisecond)
}

// some is the first few of many lines.
func some(lines []string) (text string) {
	for _, line := range lines[:min(10, len(lines))] {
		text += "\t" + line + "\n"
	}
	return text
}

// progress tells whoever waits for a long run how far it is.
func progress(format string, args ...any) {
	if os.Getenv("LAUREL_PROGRESS") != "" {
		fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
	}
}
