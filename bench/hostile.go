package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/mr-tron/base58"

	"laurel/credential/rdfc"
	"laurel/verifier"
)

// attack is an input that is made to cost more than it should.
type attack struct {
	name string
	// size is the length of the document, 0 for a graph that is none.
	size int
	// refused says that it must not be accepted for signing or canonicalised.
	refused bool
	run     func(ctx context.Context) (accepted bool, err error)
}

// attackTime ends an attack that Laurel does not end by itself.
const attackTime = 5 * time.Second

// document is an attack that is a credential, posted and signed.
type document struct {
	name    string
	refused bool
	data    []byte // with a proof that is well formed and wrong
	bare    []byte // without
}

// documentsOf are the attacks that are documents.
func documentsOf(k key) []document {
	chain := func(depth int) string {
		return strings.Repeat(`{"type":["Profile"],"name":"x","parentOrg":`, depth) + `{"type":["Profile"],"name":"x"}` + strings.Repeat("}", depth)
	}
	subjectWith := func(members string) string {
		return `{"type":["AchievementSubject"],` + members + `,"achievement":` + plainAchievement + `}`
	}
	twins := func(count int) string {
		one := `{"type":["AchievementSubject"],"achievement":{"type":["Achievement"],"alignment":[` +
			list(count, func(int) string { return `{"type":["Alignment"]}` }) + `]}}`
		return "[" + one + "," + one + "]"
	}
	tree := func(depth int) string {
		text := `{"type":["Profile"]}`
		for range depth {
			text = `{"type":["Profile"],"parentOrg":[` + text + "," + text + "]}"
		}
		return text
	}
	tags := `{"id":"https://people.example/7","type":["AchievementSubject"],"achievement":` +
		strings.TrimSuffix(plainAchievement, "}") + `,"tag":[` + list(8000, func(i int) string { return `"t` + strconv.Itoa(i) + `"` }) + `]}}`
	evidences := func(count int, item func(int) string) string { return `"evidence":[` + list(count, item) + "]" }
	same := func(int) string { return `{"type":"Evidence","name":"e"}` }
	labelled := func(int) string {
		return `{"id":"_:b0","type":"Profile","parentOrg":[{"id":"_:b1","parentOrg":{"id":"_:b0"}}]}`
	}

	var all []document
	add := func(name string, refused bool, bare []byte) {
		all = append(all, document{name: name, refused: refused, bare: bare, data: splice(bare, wrongProof(k))})
	}
	for _, count := range []int{7, 8, 9, 16, 64} {
		add(fmt.Sprintf("two subjects alike, with %d alignments alike each", count), count > 8, made(k.did, twins(count)))
	}
	for _, depth := range []int{48, 64, 192, 256, 1000, 20_000} {
		add(fmt.Sprintf("profiles nested %d deep", depth), depth >= 64, made(k.did, subjectWith(`"source":`+chain(depth))))
	}
	for _, depth := range []int{6, 9, 12} {
		add(fmt.Sprintf("a tree of %d profiles alike", 2<<depth-1), depth > 9, made(k.did, subjectWith(`"source":`+tree(depth))))
	}
	add("8,000 tags", false, made(k.did, tags))
	add("1,900 pieces of evidence alike", false, made(k.did, plainSubject, evidences(1900, same)))
	add("20,000 pieces of evidence alike", true, made(k.did, plainSubject, evidences(20_000, same)))
	// As many as the strict reader lets in: what is behind it has to bear them.
	add("19,000 pieces of evidence alike", true, made(k.did, plainSubject, evidences(19_000, same)))
	add("90,000 empty arrays", true, made(k.did, plainSubject, evidences(90_000, func(int) string { return "[]" })))
	add("45,000 members that no context knows", true, made(k.did, plainSubject, list(45_000, func(i int) string { return fmt.Sprintf(`"m%d":{}`, i) })))
	add("9,000 subjects alike", true, made(k.did, "["+list(9000, func(int) string { return `{"type":["AchievementSubject"]}` })+"]"))
	add("90,000 types alike", true, made(k.did, plainSubject, `"evidence":{"type":[`+list(90_000, func(int) string { return `"Evidence"` })+"]}"))
	add("14,000 status entries", true, made(k.did, plainSubject, `"credentialStatus":[`+
		list(14_000, func(i int) string { return fmt.Sprintf(`{"id":"urn:x:%d","type":"BitstringStatusListEntry"}`, i) })+"]"))
	add("a name of 170,000 escapes", false, made(k.did, plainSubject, `"name":"`+strings.Repeat(`\u00e9`, 170_000)+`"`))
	add("20,000 members that no context knows", true, made(k.did, plainSubject, list(20_000, func(i int) string { return fmt.Sprintf(`"m%d":{}`, i) })))
	add("blank nodes with labels, in a ring", true, made(k.did, subjectWith(`"source":`+labelled(0))))
	add("a name of a megabyte", false, made(k.did, plainSubject, `"name":"`+strings.Repeat("n", 1<<20-2000)+`"`))
	add("340,000 empty arrays", true, made(k.did, plainSubject, `"evidence":[`+list(340_000, func(int) string { return "[]" })+"]"))
	add("brackets for a megabyte", true, []byte(strings.Repeat("[", 1<<20)))
	return all
}

// list joins so many items of a JSON array or members of an object.
func list(count int, item func(int) string) string {
	items := make([]string, count)
	for i := range items {
		items[i] = item(i)
	}
	return strings.Join(items, ",")
}

// wrongProof is a proof member that is well formed, names the key, and has the
// signature of something else: canonicalisation comes before its refusal.
func wrongProof(k key) string {
	value := "z" + base58.Encode(ed25519.Sign(k.private, nil))
	return `"proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022","created":"2026-02-02T08:00:00Z","verificationMethod":"` +
		k.method + `","proofPurpose":"assertionMethod","proofValue":"` + value + `"}`
}

// attacks are all there are: documents, each verified and signed, and graphs.
func (l *laurel) attacks() []attack {
	var all []attack
	for _, d := range documentsOf(l.input.key) {
		all = append(all,
			attack{"verify: " + d.name, len(d.data), true, func(ctx context.Context) (bool, error) {
				result, err := l.verifier.Verify(ctx, d.data, verifier.Expect{})
				if errors.Is(err, verifier.ErrNotReadable) {
					return false, nil
				}
				return err == nil && result.Verdict == verifier.VerdictValid, err
			}},
			attack{"issue: " + d.name, len(d.bare), d.refused, func(ctx context.Context) (bool, error) {
				_, err := l.issueContext(ctx, d.bare)
				return err == nil, nil
			}})
	}
	for _, g := range graphs() {
		all = append(all, attack{"canonicalise: " + g.name, 0, g.refused, func(ctx context.Context) (bool, error) {
			_, err := rdfc.Canonicalize(ctx, g.quads(), rdfc.Options{})
			if err != nil && !errors.Is(err, rdfc.ErrBudget) {
				return false, err
			}
			return err == nil, nil
		}})
	}
	return all
}

// suffered is what an attack did.
type suffered struct {
	attack
	// milliseconds is the time that it took, less that in which the processor
	// was taken away, the garbage collector's share included.
	milliseconds float64
	bytes        float64 // allocated
	accepted     bool
	// stopped means that Laurel did not end it by itself.
	stopped bool
}

// suffer makes every attack twice and times the second.
func suffer(attacks []attack) ([]suffered, error) {
	all := make([]suffered, len(attacks))
	for i, a := range attacks {
		runtime.GC() // of what the attack before has left
		one := suffered{attack: a}
		ctx, cancel := context.WithTimeout(context.Background(), attackTime)
		_, _ = a.run(ctx) // warms up; the same comes of it again
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		used, begin := processorTime(), time.Now()
		accepted, err := a.run(ctx)
		elapsed := time.Since(begin)
		if fine() {
			elapsed = min(elapsed, processorTime()-used)
		}
		runtime.ReadMemStats(&after)
		one.accepted, one.stopped = accepted, ctx.Err() != nil
		cancel()
		one.milliseconds = float64(elapsed) / 1e6
		one.bytes = float64(after.TotalAlloc - before.TotalAlloc)
		switch {
		case err != nil && !one.stopped:
			return nil, fmt.Errorf("%s: %w", a.name, err)
		case accepted && a.refused:
			return nil, fmt.Errorf("%s: accepted, and must not be", a.name)
		}
		all[i] = one
	}
	return all, nil
}

// worst is the longest time that an attack took.
func worst(all []suffered) suffered {
	var longest suffered
	for _, one := range all {
		if one.milliseconds > longest.milliseconds {
			longest = one
		}
	}
	return longest
}

// together takes several passes over the same attacks as one: the median time
// and the most memory of each.
func together(passes [][]suffered) []suffered {
	if len(passes) == 0 {
		return nil
	}
	all := make([]suffered, len(passes[0]))
	for i := range all {
		all[i] = passes[0][i]
		var times []float64
		for _, pass := range passes {
			times = append(times, pass[i].milliseconds)
			all[i].bytes = max(all[i].bytes, pass[i].bytes)
			all[i].stopped = all[i].stopped || pass[i].stopped
		}
		all[i].milliseconds = median(times)
	}
	return all
}
