package rdfc_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"laurel/credential/rdfc"
)

// unbounded is a budget that every graph of a handful of nodes keeps.
const unbounded = 1 << 40

// TestInvariance: order, repetition and blank node labels do not matter, and a
// canonical form is its own canonical form.
func TestInvariance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		node := rapid.Custom(func(t *rapid.T) rdfc.Term { return blank(rapid.IntRange(0, 5).Draw(t, "node")) })
		subject := rapid.OneOf(node, node, rapid.Just(iri("s")))
		object := rapid.OneOf(node, node, node, rapid.SampledFrom([]rdfc.Term{iri("o"), text("one"), text("two")}))
		graph := rapid.OneOf(rapid.Just(rdfc.Term{}), rapid.Just(rdfc.Term{}), rapid.Just(iri("g")), node)
		quad := rapid.Custom(func(t *rapid.T) rdfc.Quad {
			return rdfc.Quad{
				Subject:   subject.Draw(t, "subject"),
				Predicate: rapid.SampledFrom([]rdfc.Term{iri("p"), iri("q")}).Draw(t, "predicate"),
				Object:    object.Draw(t, "object"),
				Graph:     graph.Draw(t, "graph"),
			}
		})
		quads := rapid.SliceOfN(quad, 0, 14).Draw(t, "quads")
		options := rdfc.Options{Budget: unbounded}
		want, err := rdfc.Canonicalize(context.Background(), quads, options)
		if err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for range 3 {
			got, err := rdfc.Canonicalize(context.Background(), relabel(random, quads), options)
			if err != nil {
				t.Fatal(err)
			}
			if string(got.NQuads) != string(want.NQuads) {
				t.Fatalf("the same dataset has two forms:\n%s\n%s", want.NQuads, got.NQuads)
			}
		}
		reparsed, err := rdfc.ParseNQuads(want.NQuads)
		if err != nil {
			t.Fatal(err)
		}
		again, err := rdfc.Canonicalize(context.Background(), reparsed, options)
		if err != nil {
			t.Fatal(err)
		}
		if string(again.NQuads) != string(want.NQuads) {
			t.Fatalf("not its own canonical form:\n%s\n%s", want.NQuads, again.NQuads)
		}
	})
}

// TestEveryGraph canonicalises every directed graph on a few nodes: two get
// the same form exactly if one is the other relabelled. The numbers of graphs
// are those of OEIS A000595 (with loops) and A000273 (without).
func TestEveryGraph(t *testing.T) {
	tests := []struct {
		nodes, graphs int
		loops         bool
	}{
		{nodes: 3, loops: true, graphs: 104},
		{nodes: 4, loops: false, graphs: 218},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%d nodes, loops %v", test.nodes, test.loops), func(t *testing.T) {
			var pairs [][2]int
			for i := range test.nodes {
				for j := range test.nodes {
					if i != j || test.loops {
						pairs = append(pairs, [2]int{i, j})
					}
				}
			}
			orders := permutations(test.nodes)
			bit := map[[2]int]int{}
			for b, pair := range pairs {
				bit[pair] = b
			}
			formOf, graphOf := map[int]string{}, map[string]int{}
			for graph := range 1 << len(pairs) {
				least := graph
				for _, order := range orders {
					image := 0
					for b, pair := range pairs {
						if graph>>b&1 == 1 {
							image |= 1 << bit[[2]int{order[pair[0]], order[pair[1]]}]
						}
					}
					least = min(least, image)
				}
				form := canonicalize(t, edges(test.nodes, func(i, j int) bool {
					b, drawn := bit[[2]int{i, j}]
					return drawn && graph>>b&1 == 1
				}), rdfc.Options{})
				if known, found := formOf[least]; found && known != form {
					t.Fatalf("graph %b and its image %b differ:\n%s\n%s", graph, least, form, known)
				}
				if known, found := graphOf[form]; found && known != least {
					t.Fatalf("graphs %b and %b are different and have one form:\n%s", known, least, form)
				}
				formOf[least], graphOf[form] = form, least
			}
			if len(graphOf) != test.graphs {
				t.Errorf("%d canonical forms, want %d", len(graphOf), test.graphs)
			}
		})
	}
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, shorter := range permutations(n - 1) {
		for at := 0; at <= len(shorter); at++ {
			order := append(append(append([]int(nil), shorter[:at]...), n-1), shorter[at:]...)
			all = append(all, order)
		}
	}
	return all
}

// TestPoison: symmetric graphs get their form, the same for any relabelling,
// or ErrBudget, and either within 20 ms.
func TestPoison(t *testing.T) {
	type graph struct {
		name  string
		quads []rdfc.Quad
	}
	both := func(n int, edge func(i, j int) bool) []rdfc.Quad {
		return edges(n, func(i, j int) bool { return edge(i, j) || edge(j, i) })
	}
	graphs := []graph{
		{"Petersen graph", both(10, func(i, j int) bool {
			return i < 5 && j < 5 && j == (i+1)%5 || j == i+5 || i >= 5 && j >= 5 && j-5 == (i-5+2)%5
		})},
		{"cube", both(8, func(i, j int) bool { x := i ^ j; return x == 1 || x == 2 || x == 4 })},
		{"hypercube", both(16, func(i, j int) bool { x := i ^ j; return x == 1 || x == 2 || x == 4 || x == 8 })},
		{"K3,3", both(6, func(i, j int) bool { return i < 3 && j >= 3 })},
		{"Möbius ladder", both(16, func(i, j int) bool { return j == (i+1)%16 || j == i+8 })},
		{"prism", both(20, func(i, j int) bool {
			return i < 10 && j < 10 && j == (i+1)%10 || i >= 10 && j >= 10 && j-10 == (i-9)%10 || j == i+10
		})},
		{"4-regular circulant", both(24, func(i, j int) bool { return j == (i+1)%24 || j == (i+3)%24 })},
		{"rook's graph", edges(16, func(i, j int) bool { return i != j && (i/4 == j/4 || i%4 == j%4) })},
		{"Paley graph", edges(13, func(i, j int) bool {
			d := (j - i + 13) % 13
			return d == 1 || d == 3 || d == 4 || d == 9 || d == 10 || d == 12
		})},
		{"2,000 pairs", edges(2000, func(i, j int) bool { return i != j && i/2 == j/2 })},
		{"a ring of 2,000", edges(2000, func(i, j int) bool { return j == (i+1)%2000 })},
		{"a complete hub", edges(2000, func(i, j int) bool { return i == 0 && j > 0 || j == 0 && i > 0 })},
		{"two hubs", edges(1000, func(i, j int) bool { return i < 2 && j >= 2 })},
		{"a chain of 2,000", chain(2000, false)},
		{"chains of 40", edges(2000, func(i, j int) bool { return j == i+1 && j%40 != 0 })},
	}
	for n := 3; n <= 12; n++ {
		graphs = append(graphs,
			graph{fmt.Sprintf("clique %d", n), clique(n)},
			graph{fmt.Sprintf("clique %d with loops", n), edges(n, func(int, int) bool { return true })},
			graph{fmt.Sprintf("twins with %d alignments", n), edges(2+2*n, func(i, j int) bool { return i < 2 && j >= 2 && j%2 == i })})
	}
	for n := 4; n <= 32; n += 4 {
		graphs = append(graphs,
			graph{fmt.Sprintf("cycle %d", n), edges(n, func(i, j int) bool { return j == (i+1)%n })},
			graph{fmt.Sprintf("two-way cycle %d", n), both(n, func(i, j int) bool { return j == (i+1)%n })})
	}
	random := rand.New(rand.NewPCG(1, 2))
	finished := 0
	for _, g := range graphs {
		t.Run(g.name, func(t *testing.T) {
			best := time.Hour
			form := ""
			for attempt := 0; attempt < 20 && (attempt == 0 || best > 20*time.Millisecond*slowdown); attempt++ {
				start := time.Now()
				canonical, err := rdfc.Canonicalize(context.Background(), g.quads, rdfc.Options{})
				best = min(best, time.Since(start))
				if err != nil && !errors.Is(err, rdfc.ErrBudget) {
					t.Fatal(err)
				}
				if err == nil {
					form = string(canonical.NQuads)
				}
			}
			t.Logf("%d quads, %v, finished %v", len(g.quads), best, form != "")
			if best > 20*time.Millisecond*slowdown {
				t.Errorf("took %v", best)
			}
			if form == "" {
				return
			}
			finished++
			got := canonicalize(t, relabel(random, g.quads), rdfc.Options{Budget: unbounded})
			if got != form {
				t.Error("relabelled, the graph has another form")
			}
		})
	}
	if finished < len(graphs)/3 {
		t.Errorf("only %d of %d graphs finished", finished, len(graphs))
	}
}

// TestSymmetricBadges: repetition that real documents have is no poison.
func TestSymmetricBadges(t *testing.T) {
	for _, test := range []struct{ subjects, children int }{{2, 2}, {2, 5}, {20, 3}, {100, 2}, {2000, 0}, {500, 3}} {
		var quads []rdfc.Quad
		for i := range test.subjects {
			quads = append(quads, rdfc.Quad{Subject: iri("credential"), Predicate: iri("subject"), Object: blank(i)})
			for j := range test.children {
				child := blank(test.subjects + i*test.children + j)
				quads = append(quads,
					rdfc.Quad{Subject: blank(i), Predicate: iri("alignment"), Object: child},
					rdfc.Quad{Subject: child, Predicate: iri("name"), Object: text("the same")})
			}
		}
		form := canonicalize(t, quads, rdfc.Options{})
		random := rand.New(rand.NewPCG(3, 4))
		if canonicalize(t, relabel(random, quads), rdfc.Options{}) != form {
			t.Errorf("%+v: relabelled, the graph has another form", test)
		}
	}
}

func FuzzParseNQuads(f *testing.F) {
	f.Add([]byte("_:a <urn:p> \"x\"@en .\n_:a <urn:p> _:b <urn:g> . # comment\r\n\n"))
	f.Add([]byte(`<urn:\u0073> <urn:p> "\t\U0001F303\"\\"^^<urn:d> _:g.h .`))
	f.Add([]byte("_:a <urn:p> _:b .\n_:b <urn:p> _:a .\n"))
	f.Add([]byte("<a> <b> <c .\n"))
	f.Add([]byte("_:\x8a"))
	f.Add([]byte("_:a<urn:p>\"\"@en-us_:g."))
	f.Fuzz(func(t *testing.T, data []byte) {
		quads, err := rdfc.ParseNQuads(data)
		if err != nil {
			var syntax *rdfc.SyntaxError
			if !errors.As(err, &syntax) || syntax.Line < 1 || syntax.Reason == "" {
				t.Fatalf("not a syntax error: %v", err)
			}
			return
		}
		canonical, err := rdfc.Canonicalize(context.Background(), quads, rdfc.Options{})
		if errors.Is(err, rdfc.ErrBudget) {
			return
		}
		if err != nil {
			t.Fatalf("parsed, but: %v", err)
		}
		again, err := rdfc.ParseNQuads(canonical.NQuads)
		if err != nil {
			t.Fatalf("canonical form does not parse: %v\n%s", err, canonical.NQuads)
		}
		if len(again) > len(quads) {
			t.Fatalf("%d quads became %d", len(quads), len(again))
		}
		random := rand.New(rand.NewPCG(uint64(len(data)), 1))
		got, err := rdfc.Canonicalize(context.Background(), relabel(random, again), rdfc.Options{})
		if errors.Is(err, rdfc.ErrBudget) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if string(got.NQuads) != string(canonical.NQuads) {
			t.Fatalf("two forms:\n%s\n%s", canonical.NQuads, got.NQuads)
		}
	})
}
