// Package negative holds the corpus of what must not verify: some thousands of
// documents that are forged, altered, malformed or out of date, each with the
// verdict and the code it must get, and each with a sibling that differs in one
// thing and is good.
//
// The documents are made anew by every run, from fixed keys; what must come out
// of them is in testdata/corpus.tsv. A change of a verdict or of a code, a case
// more or a case less fails the test; run it with -update to write the file, and
// read what changed. No case can be written down as valid that is not a sibling.
package negative

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"laurel/credential/strictjson"
	"laurel/verifier"
)

var (
	update = flag.Bool("update", false, "write testdata/corpus.tsv")
	only   = flag.String("family", "", "judge the cases of one family only")
)

const table = "testdata/corpus.tsv"

// least is how many cases there are without the siblings.
const least = 2000

// The bounds of one verification.
const (
	mostCPU    = 250 * time.Millisecond
	mostMemory = 64 << 20
)

// unreadable stands for a verdict where the input is no document at all.
const unreadable = "unreadable"

// sample is one case.
type sample struct {
	family, name string
	// sibling names the good sample that this one differs from in one thing; it
	// is "" for a good one.
	sibling string
	data    []byte
	world   *world
	expect  verifier.Expect
	strict  bool // every proof must be of a known kind
	// about, when it is set, is the finding that this is about: one that does
	// not bear on the verdict.
	about verifier.Code
	// random says that the proof has randomness in it: whether a bit more makes
	// it malformed or wrong is a matter of chance.
	random bool
}

// outcome is what comes of a sample: a verdict and the finding that decided, or
// the finding that the sample is about and its outcome.
type outcome struct{ verdict, code string }

// corpus collects samples.
type corpus struct {
	testing.TB
	samples []sample
	names   map[string]bool
}

func (c *corpus) add(s sample) {
	c.Helper()
	key := s.family + "/" + s.name
	if c.names[key] {
		c.Fatalf("two samples are named %s", key)
	}
	if strings.ContainsAny(key, "\t\n") {
		c.Fatalf("the name %q does not fit into the table", key)
	}
	c.names[key] = true
	c.samples = append(c.samples, s)
}

// good adds a sample that is valid, for others to be its siblings, and returns
// the name by which they know it.
func (c *corpus) good(family, name string, data []byte, w *world) string {
	c.Helper()
	c.add(sample{family: family, name: name, data: data, world: w})
	return family + "/" + name
}

// bad adds a sample that is not.
func (c *corpus) bad(family, name, sibling string, data []byte, w *world) {
	c.Helper()
	c.add(sample{family: family, name: name, sibling: sibling, data: data, world: w})
}

// generate makes all samples.
func generate(t testing.TB) []sample {
	t.Helper()
	c := &corpus{TB: t, names: map[string]bool{}}
	for _, family := range families {
		family(c)
	}
	return c.samples
}

var families = []func(c *corpus){
	jsonFamily, proofFamily, contentFamily, chainFamily, linkedDataFamily, lossFamily, poisonFamily, keyFamily, methodFamily, schemaFamily, dateFamily,
	statusFamily, status2021Family, tokenFamily, claimFamily, selectiveTokenFamily, pictureFamily, companyFamily, presentationFamily, olderFamily, recipientFamily, envelopeFamily,
}

// judge verifies a sample.
func judge(t testing.TB, s *sample) outcome {
	t.Helper()
	report, err := s.world.verifier(s.strict).Verify(context.Background(), s.data, s.expect)
	if err != nil {
		if !errors.Is(err, verifier.ErrNotReadable) {
			t.Errorf("%s/%s: %v", s.family, s.name, err)
		}
		code := "format"
		if syntax := (*strictjson.Error)(nil); errors.As(err, &syntax) {
			code = string(syntax.Code)
		}
		return outcome{unreadable, code}
	}
	if s.about != "" {
		for _, check := range report.Checks {
			if check.Code == s.about {
				return outcome{string(report.Verdict), string(check.Code) + ":" + string(check.Outcome)}
			}
		}
		return outcome{string(report.Verdict), string(s.about) + ":absent"}
	}
	check, _ := report.Decisive()
	if s.random && (check.Code == verifier.CodeProofMalformed || check.Code == verifier.CodeSignatureInvalid) {
		return outcome{string(report.Verdict), string(verifier.CodeProofMalformed) + "|" + string(verifier.CodeSignatureInvalid)}
	}
	return outcome{string(report.Verdict), string(check.Code)}
}

// isGood reports whether an outcome is one that only a sibling may have.
func (o outcome) isGood(about verifier.Code) bool {
	if about == "" {
		return o.verdict == string(verifier.VerdictValid)
	}
	return strings.HasSuffix(o.code, ":"+string(verifier.Passed))
}

// row is a line of the table.
func row(s *sample, o outcome) string {
	return strings.Join([]string{s.family, s.name, s.sibling, o.verdict, o.code}, "\t")
}

func TestCorpus(t *testing.T) {
	if *update && *only != "" {
		t.Fatal("-update writes all families")
	}
	samples := generate(t)
	want := readTable(t)
	var rows []string
	var most bounds
	for i := range samples {
		s := &samples[i]
		if *only != "" && s.family != *only {
			delete(want, s.family+"\t"+s.name)
			continue
		}
		o := most.judge(t, s)
		isSibling := s.sibling == ""
		if good := o.isGood(s.about); good != isSibling {
			t.Errorf("%s/%s is %s by %s", s.family, s.name, o.verdict, o.code)
			continue
		}
		rows = append(rows, row(s, o))
		id := s.family + "\t" + s.name
		if w, ok := want[id]; !*update && (!ok || w != row(s, o)) {
			t.Errorf("have %s\nwant %s", row(s, o), cmp.Or(w, "no such case"))
		}
		delete(want, id)
	}
	t.Logf("the most that a case takes is %v of CPU and %d KiB", most.time, most.memory>>10)
	if *update {
		if !t.Failed() {
			slices.Sort(rows)
			if err := os.WriteFile(table, []byte(strings.Join(rows, "\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	for _, w := range want {
		t.Errorf("no longer there: %s", w)
	}
}

// readTable reads the committed outcomes by family and name.
func readTable(t testing.TB) map[string]string {
	t.Helper()
	file, err := os.Open(table)
	if err != nil {
		if *update {
			return nil
		}
		t.Fatal(err)
	}
	defer file.Close()
	rows := map[string]string{}
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		line := scanner.Text()
		fields := strings.Split(line, "\t")
		if len(fields) != 5 {
			t.Fatalf("not a row of five: %q", line)
		}
		rows[fields[0]+"\t"+fields[1]] = line
	}
	return rows
}

// TestTable holds the committed table to what a corpus must be, whatever the
// generator makes of it.
func TestTable(t *testing.T) {
	if *update {
		t.Skip("the table is being written")
	}
	rows := readTable(t)
	negatives, byFamily := 0, map[string]int{}
	for _, line := range rows {
		fields := strings.Split(line, "\t")
		family, sibling, verdict := fields[0], fields[2], fields[3]
		if sibling == "" {
			if verdict != string(verifier.VerdictValid) {
				t.Errorf("a sibling that is %s: %s", verdict, line)
			}
			continue
		}
		negatives++
		byFamily[family]++
		of, name, _ := strings.Cut(sibling, "/")
		known, ok := rows[of+"\t"+name]
		if !ok || strings.Split(known, "\t")[2] != "" {
			t.Errorf("no such sibling: %s", line)
		}
		if verdict == string(verifier.VerdictValid) && !strings.Contains(fields[4], ":") {
			t.Errorf("written down as valid: %s", line)
		}
	}
	if negatives < least {
		t.Errorf("%d cases, want %d", negatives, least)
	}
	for _, family := range slices.Sorted(func(yield func(string) bool) {
		for family := range byFamily {
			if !yield(family) {
				return
			}
		}
	}) {
		t.Logf("%5d %s", byFamily[family], family)
	}
	t.Logf("%5d in all", negatives)
}

// bounds holds each case to the limits of time and memory. A machine that is busy
// with something else is given more tries.
type bounds struct {
	time   time.Duration
	memory uint64
}

// judge is judge within the bounds.
func (b *bounds) judge(t testing.TB, s *sample) (o outcome) {
	t.Helper()
	limit := mostCPU
	if raceEnabled {
		limit *= 10
	}
	var spent time.Duration
	var taken uint64
	for try := range 5 {
		if try > 0 {
			runtime.GC()
		}
		spent, taken = cost(func() { o = judge(t, s) })
		if spent <= limit && taken <= mostMemory {
			break
		}
	}
	if spent > limit || taken > mostMemory {
		t.Errorf("%s/%s takes %v and %d KiB", s.family, s.name, spent, taken>>10)
	}
	b.time, b.memory = max(b.time, spent), max(b.memory, taken)
	return o
}

// cost measures the CPU time of the process and the memory allocated.
func cost(work func()) (time.Duration, uint64) {
	time0, memory0 := cpuTime(), allocated()
	work()
	return cpuTime() - time0, allocated() - memory0
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(fmt.Sprintf("reading the CPU time: %v", err))
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
