package crash

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"laurel/test/figures"
	"laurel/test/program"
)

// act is a thing that is done to a running server, with the files that take
// part in it.
type act struct {
	name  string
	files []string
	do    func(*pointRun) entry // makes the next request
}

// storeFiles take part in every change.
var storeFiles = []string{"storage/boltstore/writer.go", "storage/boltstore/txn.go", "storage/boltstore/audit.go"}

var acts = []act{
	{
		"award",
		[]string{"internal/issuer/award.go", "internal/issuer/check.go", "internal/issuer/seal.go", "storage/boltstore/reserve.go", "storage/boltstore/slots.go", "storage/boltstore/idempotency.go"},
		(*pointRun).award,
	},
	{
		"revoke",
		[]string{"internal/issuer/status.go", "storage/boltstore/status.go"},
		func(p *pointRun) entry { return entry{Op: revoke, Key: p.registry.nextKey(revoke), ID: p.fresh()} },
	},
	{
		"suspend",
		[]string{"internal/issuer/status.go", "storage/boltstore/status.go"},
		func(p *pointRun) entry { return entry{Op: suspend, Key: p.registry.nextKey(suspend), ID: p.fresh()} },
	},
	{
		"rotate",
		[]string{"internal/keys/ring.go", "internal/keys/filekeys/filekeys.go", "internal/keys/filekeys/place.go", "storage/boltstore/keys.go"},
		func(p *pointRun) entry {
			p.registry.mayRotate() // counts it
			return entry{Op: rotate, Key: p.registry.nextKey(rotate)}
		},
	},
}

// pointRun has the server fail at one kill point after the other.
type pointRun struct {
	t        *testing.T
	registry *registry
	launch   program.Launch
	points   *points
	server   *program.Server
	random   *rand.Rand
	badges   []string // ids of badges that nothing was done to yet
	count    map[byte]int
	outcomes map[string]int
	reached  map[string][2]int // points of an act: all, and tried
}

func (p *pointRun) award() entry { return p.registry.awardEntry() }

// fresh is the id of a badge that nothing was done to.
func (p *pointRun) fresh() string {
	p.t.Helper()
	if len(p.badges) == 0 {
		for range 50 {
			b, ok := p.registry.send(p.t.Context(), p.server, p.award())
			if !ok {
				p.t.Fatalf("awarding: no answer\n%s", p.server.Stderr())
			}
			p.badges = append(p.badges, b.id)
		}
	}
	id := p.badges[len(p.badges)-1]
	p.badges = p.badges[:len(p.badges)-1]
	return id
}

// TestKillPoints has the server killed, a function panic, and a function fail
// before the statements of every act. As many are tried as LAUREL_POINTS says
// for each act, 0 for all.
func TestKillPoints(t *testing.T) {
	seed := number(t, "LAUREL_SEED", uint64(time.Now().UnixNano()))
	t.Logf("LAUREL_SEED=%d", seed)
	p := newPointRun(t, seed)
	most := int(number(t, "LAUREL_POINTS", 2))
	for _, a := range acts {
		reached := p.reach(a)
		tried := slices.Clone(reached)
		if most > 0 && len(tried) > most {
			p.random.Shuffle(len(tried), func(i, j int) { tried[i], tried[j] = tried[j], tried[i] })
			tried = tried[:most]
		}
		for n, point := range tried {
			for _, mode := range []byte{pointError, pointPanic, pointKill} {
				p.try(a, point, mode)
				if a.name == rotate && p.registry.rotated > rotateMost {
					p.renew()
				}
				if len(p.registry.faults) > 0 {
					t.Fatalf("%s, %s at %s:\n%s%s", a.name, pointModes[mode], point, some(p.registry.faults), some(p.server.Errors()))
				}
			}
			p.progress(a, n+1, len(tried))
		}
		p.reached[a.name] = [2]int{len(reached), len(tried)}
	}
	p.end()
	if len(p.registry.faults) > 0 {
		t.Fatalf("at the end:\n%s", some(p.registry.faults))
	}
	t.Logf("%v", p.outcomes)
	table := figures.New("points")
	for _, a := range acts {
		table.Note("statements that take part in: "+a.name, "%d, of which %d tried", p.reached[a.name][0], p.reached[a.name][1])
	}
	table.Note("tried", "%d kills, %d panics, %d errors", p.count[pointKill], p.count[pointPanic], p.count[pointError])
	table.Hold("lost, done twice, not to be completed, or found by `laurel fsck`", "0", len(p.registry.faults) == 0, "%d", len(p.registry.faults))
	table.Finish(t)
}

func newPointRun(t *testing.T, seed uint64) *pointRun {
	t.Helper()
	registry, server := newRegistry(t)
	server.Stop()
	p := &pointRun{
		t: t, registry: registry, points: newPoints(t), random: rand.New(rand.NewPCG(seed, 3)),
		count: make(map[byte]int), outcomes: make(map[string]int), reached: make(map[string][2]int),
	}
	p.launch = program.Launch{Binary: buildWithPoints(t), Environment: p.points.environment()}
	p.start()
	return p
}

// end looks at everything a last time.
func (p *pointRun) end() {
	p.t.Helper()
	newChecker(p.registry).check(p.t, p.server, p.random, true)
	p.server.Kill()
	p.look()
	p.registry.fsck(p.t)
}

// renew goes on with another institution.
func (p *pointRun) renew() {
	p.t.Helper()
	p.end()
	faults := p.registry.faults
	registry, server := newRegistry(p.t)
	server.Stop()
	p.registry, p.badges = registry, nil
	p.registry.faults = faults
	p.start()
}

func (p *pointRun) start() {
	p.t.Helper()
	server, err := p.launch.Serve(p.t, p.registry.institution, proxy...)
	if err != nil {
		p.t.Fatalf("starting server: %v\n%s", err, server.Stderr())
	}
	p.server = server
}

// restart kills the server, looks into its data, and starts it again.
func (p *pointRun) restart() {
	p.t.Helper()
	p.server.Kill()
	p.look()
	p.start()
}

// look looks into the data.
func (p *pointRun) look() {
	p.t.Helper()
	i := inspect(p.t.Context(), p.registry.institution.Data)
	i.compareRecord(p.registry.journal.read(p.t), nil)
	for _, fault := range i.faults {
		p.registry.fault("%s", fault)
	}
}

// reach finds the kill points of an act.
func (p *pointRun) reach(a act) []string {
	p.t.Helper()
	e := a.do(p)
	reached := p.points.record(func() {
		if _, ok := p.registry.send(p.t.Context(), p.server, e); !ok {
			p.t.Fatalf("%s: no answer\n%s", a.name, p.server.Stderr())
		}
	})
	return slices.DeleteFunc(reached, func(point string) bool {
		file, _, _ := strings.Cut(point, ":")
		return !slices.Contains(a.files, file) && !slices.Contains(storeFiles, file)
	})
}

// try has an act fail at a point, and then asks for it again until it is done.
func (p *pointRun) try(a act, point string, mode byte) {
	p.t.Helper()
	e := a.do(p)
	e.Event = sent
	if err := p.registry.journal.write(e); err != nil {
		p.t.Fatal(err)
	}
	p.points.arm(point, mode)
	_, status := p.registry.attempt(p.t.Context(), p.server, e)
	if mode == pointKill && status == 0 {
		p.server.Ended(5 * time.Second)
	}
	if !p.points.disarm() {
		p.outcomes["not reached"]++ // it depends on what else happens
	} else {
		p.count[mode]++
		p.outcomes[fmt.Sprintf("%s: %d", pointModes[mode], status)]++
	}
	if mode == pointKill || p.server.Ended(0) {
		p.restart()
	}
	if status == http.StatusCreated || status == http.StatusOK || e.Op == rotate {
		return
	}
	for range 2 {
		switch _, status = p.registry.attempt(p.t.Context(), p.server, e); status {
		case http.StatusCreated, http.StatusOK:
			return
		}
		// Whoever was at it has died without saying so: the lease ends with the
		// process.
		p.restart()
	}
	p.registry.fault("%s %s: %d when it is asked for again", e.Op, e.Key, status)
}

func (p *pointRun) progress(a act, n, of int) {
	if n%20 == 0 {
		progress("%s: %d of %d kill points", a.name, n, of)
	}
}
