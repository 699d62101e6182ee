package crash

import (
	"bufio"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"laurel/test/figures"
	"laurel/test/program"
)

// failing are the system calls that are made to fail, with what they fail with:
// an error, or the end of the process.
var (
	failing      = []string{"renameat", "fsync", "ftruncate", "openat", "unlinkat", "fdatasync", "pwrite64"} // those of new keys first
	failingWith  = []string{"error=EIO", "error=ENOSPC", "signal=KILL"}
	failuresMost = 60 // of one kind
)

// TestSystemCallsFail has each system call of a server fail in turn, from its
// start to its end: the first that a thread makes, the second, and so on until
// there is none. Nothing is acknowledged that is not there afterwards; after an
// fsync that failed nothing is acknowledged at all, and the process ends.
//
// LAUREL_FAULTS says how many of each kind are tried, 0 for all.
func TestSystemCallsFail(t *testing.T) {
	requireTracer(t)
	seed := number(t, "LAUREL_SEED", uint64(time.Now().UnixNano()))
	t.Logf("LAUREL_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 4))
	most := int(number(t, "LAUREL_FAULTS", 1))
	registry, server := newRegistry(t)
	server.Stop()
	f := &faultRun{t: t, registry: registry, log: filepath.Join(t.TempDir(), "trace"), outcomes: make(map[string]int)}
	for _, call := range failing {
		for _, with := range failingWith {
			f.series(call, with, most, random)
			if len(registry.faults) > 0 {
				t.Fatalf("%s %s:\n%s", call, with, some(registry.faults))
			}
		}
	}
	server = registry.serve(t)
	newChecker(registry).check(t, server, random, true)
	server.Stop()
	registry.fsck(t)
	if len(registry.faults) > 0 {
		t.Fatalf("at the end:\n%s", some(registry.faults))
	}
	table := figures.New("faults")
	for _, what := range slices.Sorted(maps.Keys(f.outcomes)) {
		table.Note(what, "%d", f.outcomes[what])
	}
	table.Hold("lost, or acknowledged after an fsync had failed, of failures", "0", len(registry.faults) == 0, "%d of %d", len(registry.faults), f.failures)
	table.Finish(t)
	if f.failures < len(failing) {
		t.Errorf("too few failures to show anything")
	}
}

// faultRun runs one server after the other over the same data.
type faultRun struct {
	t        *testing.T
	registry *registry
	log      string
	failures int
	outcomes map[string]int
}

// series has the first call fail, the second, and so on, or some of them.
func (f *faultRun) series(call, with string, most int, random *rand.Rand) {
	missed, first, last := 0, 1, failuresMost
	if most > 0 && (call == "pwrite64" || call == "fdatasync") { // of the others there are few
		first = 1 + random.IntN(4)
	}
	if most > 0 {
		last = first + most - 1
	}
	for n := first; n <= last && missed < 2; n++ {
		if f.try(fmt.Sprintf("%s:%s:when=%d", call, with, n), call) {
			missed = 0
		} else {
			missed++
		}
		if len(f.registry.faults) > 0 {
			return
		}
	}
	progress("%s %s: %d failures so far", call, with, f.failures)
}

// try runs a server with one fault and looks at what is there afterwards. It
// reports whether the fault came about.
func (f *faultRun) try(fault, call string) bool {
	f.t.Helper()
	data := f.registry.institution.Data
	under := []string{"strace", "-f", "--seccomp-bpf", "-ttt", "-y", "-o", f.log, "-e", "trace=" + call, "-e", "inject=" + fault}
	if call == "openat" { // others are not about the data
		for _, name := range []string{".", "laurel.db", "keys.age", "settings.json"} {
			under = append(under, "-P", filepath.Join(data, name))
		}
	}
	server, err := program.Launch{Under: under}.Serve(f.t, f.registry.institution, proxy...)
	outcome := "did not start"
	if err == nil {
		outcome = f.work(server)
		server.Stop()
	}
	at, path := f.injected()
	if at.IsZero() {
		return false
	}
	f.failures++
	name, _, _ := strings.Cut(fault, ":when")
	if strings.HasPrefix(call, "f") && strings.Contains(fault, "sync:error") && filepath.Base(path) == "laurel.db" {
		f.stopped(server, at)
	}
	if strings.Contains(server.Stderr(), "goroutine ") {
		f.registry.fault("%s: the server panicked:\n%s", fault, server.Stderr())
	}
	if err != nil && !strings.Contains(fault, "KILL") && server.Code() <= 0 {
		f.registry.fault("%s: a server that does not start ended with %d:\n%s", fault, server.Code(), server.Stderr())
	}
	f.outcomes[name+": "+outcome]++
	f.settle(fault)
	return true
}

// work asks for everything once, one after the other.
func (f *faultRun) work(server *program.Server) (outcome string) {
	ctx := f.t.Context()
	refused := 0
	send := func(e entry) badge {
		e.Event = sent
		if err := f.registry.journal.write(e); err != nil {
			f.t.Fatal(err)
		}
		b, status := f.registry.attempt(ctx, server, e)
		if status >= http.StatusBadRequest || status == 0 {
			refused++
		}
		return b
	}
	for _, op := range []string{revoke, suspend} {
		if b := send(f.registry.awardEntry()); b.id != "" {
			send(entry{Op: op, Key: f.registry.nextKey(op), ID: b.id})
			_, _ = f.registry.fetch(ctx, server, &b)
		}
	}
	if f.registry.mayRotate() {
		send(entry{Op: rotate, Key: f.registry.nextKey(rotate)})
	}
	send(f.registry.awardEntry())
	if server.Ended(0) {
		return "ended"
	}
	if refused > 0 {
		return "refused"
	}
	return "went on"
}

// injected finds when the fault came about, and on which file.
func (f *faultRun) injected() (at time.Time, path string) {
	f.t.Helper()
	file, err := os.Open(f.log)
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		line := lines.Text()
		killed := strings.Contains(line, "+++ killed by SIGKILL")
		if !killed && !strings.Contains(line, "(INJECTED)") {
			continue
		}
		_, rest, _ := strings.Cut(line, " ")
		stamp, rest, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
		_, rest, _ = strings.Cut(rest, "<")
		path, _, _ = strings.Cut(rest, ">")
		return parseStamp(f.t, stamp), path
	}
	return at, ""
}

// stopped holds that after an fsync that failed nothing is acknowledged, and
// that the process ends, and says that something was wrong.
func (f *faultRun) stopped(server *program.Server, at time.Time) {
	for _, e := range f.registry.journal.entries(f.t) {
		if e.Event == acked && e.Time.After(at) {
			f.registry.fault("%s %s was acknowledged after an fsync had failed", e.Op, e.Key)
		}
	}
	if code := server.Code(); code <= 0 {
		f.registry.fault("after an fsync had failed the server ended with %d", code)
	}
}

// settle looks into the data, and has what was refused done by a server that
// nothing is wrong with.
func (f *faultRun) settle(fault string) {
	f.t.Helper()
	ctx := f.t.Context()
	data := f.registry.institution.Data
	i := inspect(ctx, data)
	r := f.registry.journal.read(f.t)
	i.compareRecord(r, nil)
	for _, found := range i.faults {
		f.registry.fault("%s: %s", fault, found)
	}
	if !slices.ContainsFunc(r.requests, func(r *request) bool { return !r.acked && r.Op != rotate }) {
		return
	}
	server := f.registry.serve(f.t)
	defer server.Stop()
	for _, r := range r.requests {
		if r.acked || r.Op == rotate {
			continue
		}
		if _, _, ok := f.registry.ask(ctx, server, r.entry); !ok {
			f.registry.fault("%s: %s %s: no answer when it is repeated", fault, r.Op, r.Key)
		}
	}
}
