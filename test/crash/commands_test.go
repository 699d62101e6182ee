package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"laurel/test/program"
)

// deed is a command over data that no server has open, with the files that take
// part in it.
type deed struct {
	name  string
	files []string
	// prepare gives the arguments of the next command, and what to look at when
	// it has been done, perhaps at the second attempt.
	prepare func(*deedRun) (args []string, done func())
}

// rows is how many people are in a file.
const rows = 5

var deeds = []deed{
	{
		"award file",
		[]string{"internal/award/*.go", "internal/issuer/batch.go", "storage/boltstore/awardjobs.go", "storage/boltstore/writer.go"},
		(*deedRun).awardFile,
	},
}

// deedRun has commands die at one kill point after the other.
type deedRun struct {
	t        *testing.T
	registry *registry
	launch   program.Launch
	points   *points
	outcomes map[string]int
	made     int
}

// awardFile awards a badge to people who have none. However often the command
// dies, each has one afterwards.
func (d *deedRun) awardFile() (args []string, done func()) {
	d.t.Helper()
	d.made++
	path := filepath.Join(d.t.TempDir(), fmt.Sprintf("people-%d.csv", d.made))
	text := "Name,E-mail\n"
	for n := range rows {
		text += fmt.Sprintf("\"Learner, No. %d\",learner-%d-%d@example.org\n", n, d.made, n)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	before := len(d.look().credentials)
	done = func() {
		i := d.look()
		if n := len(i.credentials) - before; n != rows || i.unfinished > 0 {
			d.registry.fault("award file: %d badges for %d people, %d of all unfinished", n, rows, i.unfinished)
		}
	}
	return []string{"award", path, "--achievement", d.registry.achievement, "--yes"}, done
}

// look looks into the data.
func (d *deedRun) look() *inspection {
	d.t.Helper()
	i := inspect(d.t.Context(), d.registry.institution.Data)
	i.compareRecord(d.registry.journal.read(d.t), nil)
	for _, fault := range i.faults {
		d.registry.fault("%s", fault)
	}
	return i
}

// run runs a command over the data.
func (d *deedRun) run(args []string) program.Result {
	return d.launch.Run(d.t, append(slices.Clone(args), "--data", d.registry.institution.Data)...)
}

// TestCommandsDie has commands killed, panic and fail before the statements that
// they execute, and holds that the data is whole, and that the same command, given
// again, does what was left. As many points are tried as LAUREL_POINTS says for
// each command, 0 for all.
func TestCommandsDie(t *testing.T) {
	seed := number(t, "LAUREL_SEED", uint64(time.Now().UnixNano()))
	t.Logf("LAUREL_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 5))
	most := int(number(t, "LAUREL_POINTS", 4))
	registry, server := newRegistry(t)
	for range 20 {
		registry.act(t.Context(), server, random)
	}
	server.Stop()
	d := &deedRun{t: t, registry: registry, points: newPoints(t), outcomes: make(map[string]int)}
	var files []string
	for _, deed := range deeds {
		files = append(files, deed.files...)
	}
	d.launch = program.Launch{Binary: buildWithPoints(t, files), Environment: d.points.environment()}
	for _, deed := range deeds {
		tried, reached := d.choose(deed, most, random)
		for n, point := range tried {
			for _, mode := range []byte{pointKill, pointPanic, pointError} {
				d.try(deed, point, mode)
				if len(registry.faults) > 0 {
					t.Fatalf("%s, %s at %s:\n%s", deed.name, pointModes[mode], point, some(registry.faults))
				}
			}
			if n%20 == 19 {
				progress("%s: %d of %d kill points", deed.name, n+1, len(tried))
			}
		}
		t.Logf("%s: %d kill points are reached, %d tried", deed.name, reached, len(tried))
	}
	registry.fsck(t)
	if len(registry.faults) > 0 {
		t.Fatalf("at the end:\n%s", some(registry.faults))
	}
	t.Logf("%v", d.outcomes)
}

// choose finds the kill points of a command, and picks some.
func (d *deedRun) choose(deed deed, most int, random *rand.Rand) (tried []string, reached int) {
	d.t.Helper()
	args, done := deed.prepare(d)
	tried = d.points.record(func() {
		if r := d.run(args); r.Code != 0 {
			d.t.Fatalf("%s: exit %d\n%s%s", deed.name, r.Code, r.Stdout, r.Stderr)
		}
	})
	done()
	own := productFiles(d.t, deed.files)
	tried = slices.DeleteFunc(tried, func(point string) bool {
		file, _, _ := strings.Cut(point, ":")
		return !slices.Contains(own, file)
	})
	reached = len(tried)
	if most > 0 && reached > most {
		random.Shuffle(reached, func(i, j int) { tried[i], tried[j] = tried[j], tried[i] })
		tried = tried[:most]
	}
	return tried, reached
}

// try has a command fail at a point, looks into the data, and gives it again.
func (d *deedRun) try(deed deed, point string, mode byte) {
	d.t.Helper()
	args, done := deed.prepare(d)
	d.points.arm(point, mode)
	first := d.run(args)
	fired := d.points.disarm()
	d.look()
	outcome := "went on"
	switch {
	case !fired:
		outcome = "not reached"
	case first.Code != 0:
		outcome = "ended"
	}
	d.outcomes[pointModes[mode]+": "+outcome]++
	if fired && mode == pointKill && first.Code != -1 {
		d.registry.fault("a killed command ended with %d", first.Code)
	}
	if again := d.run(args); again.Code != 0 {
		d.registry.fault("given again: exit %d\n%s%s", again.Code, again.Stdout, again.Stderr)
	}
	done()
}
