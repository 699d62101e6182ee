package main

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"laurel/credential/jsonld"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// TestMain lets the tests start servers as the program does.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && (os.Args[1] == "serve" || os.Args[1] == "crowd") {
		if err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
			os.Stderr.WriteString(err.Error() + "\n") //nolint:errcheck // the exit code says it as well
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func laurelWith(t *testing.T, load func() (input, error)) *laurel {
	t.Helper()
	in, err := load()
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLaurel(in)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func shape(t *testing.T, l *laurel, document []byte) (quads, blankNodes int) {
	t.Helper()
	parsed, err := strictjson.Parse(document)
	if err != nil {
		t.Fatal(err)
	}
	dataset, err := l.processor.Dataset(context.Background(), jsonld.Source{Object: parsed.Root()})
	if err != nil {
		t.Fatal(err)
	}
	labels := make(map[string]bool)
	for _, quad := range dataset.Quads {
		for _, term := range []rdfc.Term{quad.Subject, quad.Object} {
			if term.Kind == rdfc.BlankNode {
				labels[term.Value] = true
			}
		}
	}
	return len(dataset.Quads), len(labels)
}

// Our own input stands in for the shared one: 2,860 bytes, 7,893 canonical ones,
// 58 quads, 3 blank nodes.
func TestOwnInputHasTheShape(t *testing.T) {
	l := laurelWith(t, ownInput)
	if size := len(l.input.document); math.Abs(float64(size)/2860-1) > 0.01 {
		t.Errorf("it has %d bytes", size)
	}
	if size := len(l.canonical); math.Abs(float64(size)/7893-1) > 0.03 {
		t.Errorf("its canonical form has %d bytes", size)
	}
	if quads, blankNodes := shape(t, l, l.input.document); quads != 58 || blankNodes != 3 {
		t.Errorf("it has %d quads and %d blank nodes", quads, blankNodes)
	}
	if err := l.valid(l.signed); err != nil {
		t.Error(err)
	}
}

// Every operation works, on our own input and on the shared one where it is.
func TestOperations(t *testing.T) {
	for name, load := range map[string]func() (input, error){
		"own": ownInput, "found": func() (input, error) { return loadInput("..") },
	} {
		l := laurelWith(t, load)
		gold, err := newJSONGold(l)
		if err != nil {
			t.Fatal(err)
		}
		golden, err := gold.operations(l)
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range append(l.operations(), golden...) {
			if err := op.run(); err != nil {
				t.Errorf("%s: %s: %v", name, op.name, err)
			}
		}
		forged := bytes.Replace(l.signed, []byte(`"awardedDate":"2026`), []byte(`"awardedDate":"2025`), 1)
		if bytes.Equal(forged, l.signed) {
			t.Fatal("nothing was forged")
		}
		if l.verify(forged) == nil || l.proven(forged) == nil || gold.verify(forged, gold.naive, gold.naiveOptions) == nil ||
			gold.verify(forged, gold.prepared, preparedOptions) == nil {
			t.Error("a forged credential verifies")
		}
	}
}

func TestDocumentsGrow(t *testing.T) {
	l := laurelWith(t, ownInput)
	did := l.input.key.did
	for _, count := range []int{0, 1, 2000} {
		if _, got := shape(t, l, ofBlankNodes(did, count)); got != count {
			t.Errorf("there are %d blank nodes, not %d", got, count)
		}
	}
	for _, size := range []int{1000, 100_000} {
		document := ofSize(did, size)
		if len(document) < size || len(document) > size+300 {
			t.Errorf("%d bytes instead of %d", len(document), size)
		}
		if _, got := shape(t, l, document); got != 0 {
			t.Errorf("there are %d blank nodes", got)
		}
	}
}

// Attacks are what they are meant to be: well-formed where that is the point,
// and not accepted.
func TestAttacks(t *testing.T) {
	t.Parallel()
	l := laurelWith(t, ownInput)
	for _, d := range documentsOf(l.input.key) {
		if len(d.data) > 1<<20+1000 {
			t.Errorf("%s has %d bytes", d.name, len(d.data))
		}
		deep := strings.Contains(d.name, "deep") || strings.Contains(d.name, "brackets")
		if _, err := strictjson.ParseLimits(d.data, strictjson.Limits{Nodes: len(d.data)}); err != nil && !deep {
			t.Errorf("%s: %v", d.name, err)
		}
	}
	if testing.Short() {
		return
	}
	for _, a := range l.attacks() {
		if strings.HasPrefix(a.name, "canonicalise: ") {
			continue // takes long under the race detector; every measurement does it
		}
		ctx, cancel := context.WithTimeout(context.Background(), attackTime)
		accepted, err := a.run(ctx)
		cancel()
		if err != nil || accepted && a.refused {
			t.Errorf("%s: accepted %v, error %v", a.name, accepted, err)
		}
	}
}

func TestGraphs(t *testing.T) {
	for _, g := range graphs() {
		degrees := make([]int, g.nodes)
		seen := make(map[[2]int]bool)
		for _, e := range g.edges {
			if e[0] == e[1] || seen[e] || seen[[2]int{e[1], e[0]}] {
				t.Errorf("%s: edge %v is a loop or there twice", g.name, e)
			}
			seen[e] = true
			degrees[e[0]]++
			degrees[e[1]]++
		}
		for i, degree := range degrees {
			if degree == 0 || degree != degrees[0] && !strings.Contains(g.name, "gadgets") {
				t.Errorf("%s: node %d has %d edges, node 0 has %d", g.name, i, degree, degrees[0])
			}
		}
		if len(g.quads()) != 2*len(g.edges) {
			t.Errorf("%s: %d quads for %d edges", g.name, len(g.quads()), len(g.edges))
		}
	}
}

func TestServers(t *testing.T) {
	t.Parallel()
	l := laurelWith(t, ownInput)
	for _, mode := range []string{serveEcho, serveVerifier, serveLimited, serveInstallation, serveUnwritten} {
		p, err := start(mode, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		request, status := post("/verify", "", l.signed), 200
		if p.Token != "" {
			request, status = post("/api/v1/credentials", p.Token,
				[]byte(`{"achievement":"`+p.Achievement+`","recipient":{"email":"student@highvalley.example"}}`)), 201
		}
		open, err := connect(p, 2)
		if err != nil {
			t.Fatal(err)
		}
		turn, err := exchange{mode, p, 2, status, same(request)}.run(open, 20*time.Millisecond, 0)
		if err != nil {
			t.Errorf("%s: %v", mode, err)
		} else if turn.count < 2 || turn.processor <= 0 || len(turn.latencies) != turn.count {
			t.Errorf("%s: a turn is %+v", mode, turn)
		}
		if used, err := p.used(true); err != nil || used.Resident < 1<<20 || used.Live == 0 {
			t.Errorf("%s: used %+v: %v", mode, used, err)
		}
		open.close()
		if err := p.stop(); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
	if _, err := start("nothing", ""); err == nil {
		t.Error("a server that does not exist has started")
	}
}

func TestTemplateIsWhole(t *testing.T) {
	if _, err := os.Stat(filepath.Join("node", "package-lock.json")); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"Operations", "Suites", "HTTP", "Growth", "Attacks", "Loads", "Memory", "Ratios", "Date", "CPU"} {
		if !strings.Contains(performanceTemplate, "{{."+name+"}}") {
			t.Errorf("the template has no place for %s", name)
		}
	}
}
