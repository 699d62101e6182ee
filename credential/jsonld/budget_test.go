package jsonld

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"laurel/credential/strictjson"
)

// chain nests endorsements, each with one of the lists of contexts.
func chain(depth int, lists ...string) string {
	inner := ""
	for i := range depth {
		inner = fmt.Sprintf(`{"@context": %s, "id": "urn:x:e%d", "type": ["VerifiableCredential", "EndorsementCredential"], "name": "n",
			"issuer": {"id": "urn:x:i%d", "type": ["Profile"]%s}, "validFrom": "2026-01-01T00:00:00Z",
			"credentialSubject": {"id": "urn:x:s%d", "type": ["EndorsementSubject"]}}`, lists[i%len(lists)], i, i, inner, i)
		inner = `, "endorsement": [` + inner + `]`
	}
	return badge(strings.TrimPrefix(inner, ", "))
}

// subsets has a node for every combination of types, each of which has an active
// context of its own.
func subsets(types ...string) string {
	var nodes []string
	for subset := 1; subset < 1<<len(types); subset++ {
		var some []string
		for i, name := range types {
			if subset>>i&1 == 1 {
				some = append(some, `"`+name+`"`)
			}
		}
		nodes = append(nodes, fmt.Sprintf(`{"id": "urn:x:%d", "type": [%s]}`, subset, strings.Join(some, ",")))
	}
	return badge(`"evidence": [` + strings.Join(nodes, ",") + `]`)
}

const (
	listPlain  = `[` + v2 + `, ` + ob3 + `]`
	listLonger = `[` + v2 + `, ` + ob3 + `, "https://w3id.org/security/multikey/v1"]`
	listShort  = `[` + v2 + `]`
)

// costly are documents that make a processor compile contexts.
func costly() map[string]string {
	return map[string]string{
		"ten endorsements in each other":        chain(10, listPlain),
		"ten with lists by turns":               chain(10, listPlain, listLonger),
		"twenty, as deep as JSON may be":        chain(20, listPlain),
		"three types in every combination":      subsets("Achievement", "Alignment", "Evidence"),
		"four types in every combination":       subsets("Profile", "Result", "Related", "Address"),
		"seven types in every combination":      subsets("Profile", "Result", "Related", "Address", "GeoCoordinates", "IdentityObject", "Evidence"),
		"a chain of lists that differ":          chain(20, listShort, listPlain, listLonger, `[`+v2+`, "https://w3id.org/security/jwk/v1"]`, `[`+v2+`, "https://www.w3.org/ns/cid/v1"]`),
		"a chain of all that there is in pairs": chain(20, pairs()...),
	}
}

func pairs() (lists []string) {
	few := []string{"https://w3id.org/security/multikey/v1", "https://w3id.org/security/jwk/v1", "https://www.w3.org/ns/cid/v1", "https://w3id.org/security/data-integrity/v2"}
	for i, a := range few {
		for _, b := range few[i+1:] {
			lists = append(lists, fmt.Sprintf("[%s, %s, %q, %q]", v2, ob3, a, b))
		}
	}
	return lists
}

// outcome is all that a caller sees of a reading.
func outcome(t testing.TB, p *Processor, document string) string {
	t.Helper()
	form, err := canonicalize(t, p, document)
	if err != nil {
		return "refused: " + err.Error()
	}
	return form
}

// TestOneAnswer: a document has one answer, whatever a processor has read before,
// and among others that are read at the same time.
func TestOneAnswer(t *testing.T) {
	documents := make(map[string]string)
	for name, document := range costly() {
		documents[name] = document
	}
	random := rand.New(rand.NewPCG(2, 3))
	types := []string{"Achievement", "Alignment", "Evidence", "Profile", "Result", "Related", "Address", "Image", "GeoCoordinates", "IdentityObject"}
	lists := append(pairs(), listPlain, listShort, listLonger)
	count := 24
	if testing.Short() || raceEnabled {
		count = 1
	}
	for i := range count {
		random.Shuffle(len(types), func(i, j int) { types[i], types[j] = types[j], types[i] })
		random.Shuffle(len(lists), func(i, j int) { lists[i], lists[j] = lists[j], lists[i] })
		documents[fmt.Sprint("types ", i)] = subsets(types[:1+random.IntN(7)]...)
		documents[fmt.Sprint("chain ", i)] = chain(1+random.IntN(18), lists[:1+random.IntN(len(lists))]...)
		documents[fmt.Sprint("generated ", i)] = generate(uint64(i))
	}
	warmed := New(embedded(t), Options{})
	want := make(map[string]string)
	read, limited := 0, 0
	for name, document := range documents {
		want[name] = outcome(t, New(embedded(t), Options{}), document)
		switch {
		case !strings.HasPrefix(want[name], "refused"):
			read++
		case strings.Contains(want[name], "units of work"):
			limited++
		}
		for range 2 {
			if got := outcome(t, warmed, document); got != want[name] {
				t.Errorf("%s: a processor that has read others says %.200s, a fresh one %.200s", name, got, want[name])
			}
		}
	}
	t.Logf("%d read, %d beyond the budget, of %d", read, limited, len(documents))
	if read < 5 || limited < 2 {
		t.Error("the documents are not on both sides of the budget")
	}
	done := make(chan string)
	shared := New(embedded(t), Options{})
	for range 3 {
		go func() {
			fault := ""
			for name, document := range documents { // in an order of its own
				if got := outcome(t, shared, document); got != want[name] {
					fault = name
				}
			}
			done <- fault
		}()
	}
	for range 3 {
		if fault := <-done; fault != "" {
			t.Errorf("%s has another answer beside others", fault)
		}
	}
}

// TestBudget: what a fresh processor reads, what it refuses, and how quickly.
func TestBudget(t *testing.T) {
	for name, document := range costly() {
		beyond := strings.HasPrefix(name, "seven") || strings.Contains(name, "all that there is")
		const most, least = 20 * time.Millisecond, 3
		best := time.Hour
		// Another process may have the processor meanwhile: one good run of a
		// dozen shows what it costs.
		for i := 0; i < least || i < 4*least && best > most && !raceEnabled; i++ {
			p := New(embedded(t), Options{})
			parsed, err := strictjson.Parse([]byte(document))
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			err = p.Check(t.Context(), Source{Object: parsed.Root()})
			best = min(best, time.Since(start))
			if beyond != errors.Is(err, ErrLimit) || !beyond && err != nil {
				t.Errorf("%s: got %v", name, err)
			}
		}
		t.Logf("%s: %v", name, best)
		if best > most && !raceEnabled {
			t.Errorf("%s: took %v of a fresh process", name, best)
		}
	}
}
