package crash

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"laurel/test/figures"
	"laurel/test/program"
)

// deed is a command over data that no server has open, with the files that take
// part in it.
type deed struct {
	name  string
	files []string
	// prepare makes the next command: what it is at the first attempt and at the
	// second, and what to look at when it has been done by one or the other.
	prepare func(*deedRun) attempts
	// again are exit codes of the second attempt, besides 0, that say that the
	// first has done it.
	again []int
	// moves is set for a command that puts another data directory in the place of
	// the old one: for a moment there may be none.
	moves bool
}

type attempts struct {
	first, second []string
	done          func()
}

// rows is how many people are in a file.
const rows = 5

var deeds = []deed{
	{
		name:    "award file",
		files:   []string{"internal/award/*.go", "internal/issuer/batch.go", "storage/boltstore/awardjobs.go", "storage/boltstore/writer.go"},
		prepare: (*deedRun).awardFile,
	},
	{name: "erase", files: []string{"cmd/laurel/person.go", "internal/issuer/person.go", "storage/boltstore/subjects.go"}, prepare: (*deedRun).erase, again: []int{69}},
	{
		name:    "status revoke",
		files:   []string{"cmd/laurel/statusselection.go", "internal/issuer/statusjobs.go", "storage/boltstore/statusjobs.go", "storage/boltstore/status.go"},
		prepare: (*deedRun).revokeSome,
	},
	{
		name:    "reissue",
		files:   []string{"cmd/laurel/reissue.go", "internal/issuer/reissue.go", "storage/boltstore/reserve.go", "storage/boltstore/status.go"},
		prepare: (*deedRun).reissue, again: []int{1}, // it was replaced
	},
	{name: "compact", files: []string{"cmd/laurel/compact.go", "storage/boltstore/compact.go"}, prepare: (*deedRun).compact},
	{name: "backup", files: []string{"cmd/laurel/backup.go", "storage/boltstore/backup.go"}, prepare: (*deedRun).backup},
	{name: "restore", files: []string{"cmd/laurel/restore.go", "storage/boltstore/backup.go", "storage/boltstore/status.go"}, prepare: (*deedRun).restore, moves: true},
}

// deedRun has commands die at one kill point after the other.
type deedRun struct {
	t        *testing.T
	registry *registry
	launch   program.Launch
	points   *points
	outcomes map[string]int
	made     int
	people   []string // addresses of people who have a badge
}

// awardFile awards a badge to people who have none. However often the command
// dies, each has one afterwards.
func (d *deedRun) awardFile() attempts {
	d.t.Helper()
	path := d.file(rows)
	before := len(d.look().credentials)
	args := []string{"award", path, "--achievement", d.registry.achievement, "--yes"}
	return attempts{args, args, func() {
		i := d.look()
		if n := len(i.credentials) - before; n != rows || i.unfinished > 0 {
			d.registry.fault("award file: %d badges for %d people, %d of all unfinished", n, rows, i.unfinished)
		}
	}}
}

// file writes a file of new people.
func (d *deedRun) file(n int) string {
	d.t.Helper()
	d.made++
	text := "Name,E-mail\n"
	for k := range n {
		address := fmt.Sprintf("learner-%d-%d@example.org", d.made, k)
		text += fmt.Sprintf("\"Learner, No. %d\",%s\n", k, address)
		d.people = append(d.people, address)
	}
	return d.write(text)
}

// write writes a file.
func (d *deedRun) write(text string) string {
	d.t.Helper()
	path := filepath.Join(d.t.TempDir(), "people.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

// erase erases one of the people.
func (d *deedRun) erase() attempts {
	d.t.Helper()
	if len(d.people) == 0 {
		args := []string{"award", d.file(100), "--achievement", d.registry.achievement, "--yes"}
		if r := d.run(args); r.Code != 0 {
			d.t.Fatalf("awarding: exit %d\n%s", r.Code, r.Stderr)
		}
	}
	address := d.people[len(d.people)-1]
	d.people = d.people[:len(d.people)-1]
	args := []string{"erase", "--email", address, "--yes"}
	before := d.look().erased()
	return attempts{args, args, func() {
		if n := d.look().erased() - before; n != 1 {
			d.registry.fault("erase: %d badges are erased, want 1", n)
		}
	}}
}

func (d *deedRun) compact() attempts {
	args := []string{"compact"}
	return attempts{args, args, func() { d.look() }}
}

// backup makes a backup, under another name at the second attempt: the first may
// be there.
func (d *deedRun) backup() attempts {
	folder := d.t.TempDir()
	path := filepath.Join(folder, "second")
	return attempts{
		[]string{"backup", filepath.Join(folder, "first")},
		[]string{"backup", path},
		func() {
			if r := d.run([]string{"restore", path, "--check", "--identity", keyFile(d.registry.institution)}); r.Code != 0 {
				d.registry.fault("trying the backup: exit %d\n%s%s", r.Code, r.Stdout, r.Stderr)
			}
		},
	}
}

// restore puts a backup of the data in their place.
func (d *deedRun) restore() attempts {
	d.t.Helper()
	path := filepath.Join(d.t.TempDir(), "backup")
	if r := d.run([]string{"backup", path}); r.Code != 0 {
		d.t.Fatalf("backup: exit %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	args := []string{"restore", path, "--force", "--key-file", keyFile(d.registry.institution)}
	return attempts{args, args, func() { d.look() }}
}

// erased is how many badges are without a person's data.
func (i *inspection) erased() (n int) {
	for _, c := range i.credentials {
		if !c.Erased.IsZero() {
			n++
		}
	}
	return n
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
	most := int(number(t, "LAUREL_POINTS", 2))
	registry, server := newRegistry(t)
	for range 20 {
		registry.act(t.Context(), server, random)
	}
	server.Stop()
	d := &deedRun{t: t, registry: registry, points: newPoints(t), outcomes: make(map[string]int)}
	d.launch = program.Launch{Binary: buildWithPoints(t), Environment: d.points.environment()}
	table := figures.New("commands")
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
		table.Note("statements of `laurel "+deed.name+"`", "%d, of which %d tried", reached, len(tried))
	}
	registry.fsck(t)
	if len(registry.faults) > 0 {
		t.Fatalf("at the end:\n%s", some(registry.faults))
	}
	for _, what := range slices.Sorted(maps.Keys(d.outcomes)) {
		table.Note(what, "%d", d.outcomes[what])
	}
	table.Hold("lost, done twice, not to be completed, or found by `laurel fsck`", "0", len(registry.faults) == 0, "%d", len(registry.faults))
	table.Finish(t)
}

// choose finds the kill points of a command, and picks some.
func (d *deedRun) choose(deed deed, most int, random *rand.Rand) (tried []string, reached int) {
	d.t.Helper()
	doing := deed.prepare(d)
	tried = d.points.record(func() {
		if r := d.run(doing.first); r.Code != 0 {
			d.t.Fatalf("%s: exit %d\n%s%s", deed.name, r.Code, r.Stdout, r.Stderr)
		}
	})
	if deed.moves {
		time.Sleep(time.Second)
	}
	if r := d.run(doing.second); r.Code != 0 && !slices.Contains(deed.again, r.Code) {
		d.t.Fatalf("%s again: exit %d\n%s%s", deed.name, r.Code, r.Stdout, r.Stderr)
	}
	doing.done()
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
	doing := deed.prepare(d)
	d.points.arm(point, mode)
	first := d.run(doing.first)
	fired := d.points.disarm()
	if _, err := os.Stat(d.registry.institution.Data); err == nil || !deed.moves {
		d.look()
	}
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
	if deed.moves {
		time.Sleep(time.Second) // what is kept beside is named after the second
	}
	if again := d.run(doing.second); again.Code != 0 && !slices.Contains(deed.again, again.Code) {
		d.registry.fault("given again: exit %d\n%s%s", again.Code, again.Stdout, again.Stderr)
	}
	doing.done()
}
