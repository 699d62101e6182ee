package rdfc_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"laurel/credential/rdfc"
	"laurel/internal/testdata"
)

// badge returns the 58 quads of the benchmark credential as a compiler of
// JSON-LD would hand them over: predicates shared, nodes in document order.
func badge(tb testing.TB) []rdfc.Quad {
	quads, err := rdfc.ParseNQuads(testdata.Read(tb, "bench", "canon.nq"))
	if err != nil {
		tb.Fatal(err)
	}
	return shuffleNodes(quads)
}

// shuffleNodes keeps the quads of a node together and puts the nodes in
// another order than the canonical one.
func shuffleNodes(quads []rdfc.Quad) []rdfc.Quad {
	var out []rdfc.Quad
	for start := len(quads); start > 0; {
		end := start
		for start--; start > 0 && quads[start-1].Subject == quads[start].Subject; start-- {
		}
		out = append(out, quads[start:end]...)
	}
	return out
}

func blank(n int) rdfc.Term { return rdfc.Term{Kind: rdfc.BlankNode, Value: fmt.Sprintf("b%d", n)} }

func iri(s string) rdfc.Term {
	return rdfc.Term{Kind: rdfc.IRI, Value: "https://example.org/vocab#" + s}
}

func text(s string) rdfc.Term { return rdfc.Term{Kind: rdfc.Literal, Value: s} }

// fan is one node with n blank nodes, ten quads for each, all different or
// all alike.
func fan(n int, different bool) []rdfc.Quad {
	var quads []rdfc.Quad
	for i := range n {
		quads = append(quads, rdfc.Quad{Subject: iri("root"), Predicate: iri("evidence"), Object: blank(i)})
		for j := range 9 {
			value := fmt.Sprintf("value %d", j)
			if different && j == 4 {
				value = fmt.Sprintf("value of %d", i)
			}
			quads = append(quads, rdfc.Quad{Subject: blank(i), Predicate: iri(fmt.Sprintf("p%d", j)), Object: text(value)})
		}
	}
	return quads
}

// chain is n blank nodes in a row, like a JSON-LD list, with values that are
// different or all alike.
func chain(n int, different bool) []rdfc.Quad {
	var quads []rdfc.Quad
	for i := range n {
		value := "value"
		if different {
			value = fmt.Sprintf("value of %d", i)
		}
		quads = append(quads, rdfc.Quad{Subject: blank(i), Predicate: iri("first"), Object: text(value)})
		if i+1 < n {
			quads = append(quads, rdfc.Quad{Subject: blank(i), Predicate: iri("rest"), Object: blank(i + 1)})
		}
	}
	return quads
}

func BenchmarkBadge(b *testing.B) { run(b, badge(b)) }

func BenchmarkFan(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 2000} {
		b.Run(fmt.Sprintf("different/%d", n), func(b *testing.B) { run(b, fan(n, true)) })
		b.Run(fmt.Sprintf("alike/%d", n), func(b *testing.B) { run(b, fan(n, false)) })
	}
}

func BenchmarkChain(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 2000} {
		b.Run(fmt.Sprintf("different/%d", n), func(b *testing.B) { run(b, chain(n, true)) })
		b.Run(fmt.Sprintf("alike/%d", n), func(b *testing.B) { run(b, chain(n, false)) })
	}
}

func BenchmarkClique(b *testing.B) {
	for n := 4; n <= 12; n++ {
		b.Run(fmt.Sprint(n), func(b *testing.B) { run(b, clique(n)) })
	}
}

// run also times inputs that exhaust the budget; it reports how many did.
func run(b *testing.B, quads []rdfc.Quad) {
	ctx := context.Background()
	b.ReportAllocs()
	refused := 0
	for b.Loop() {
		if _, err := rdfc.Canonicalize(ctx, quads, rdfc.Options{}); errors.Is(err, rdfc.ErrBudget) {
			refused++
		} else if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(refused)/float64(b.N), "refused/op")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(quads)), "ns/quad")
}

// clique is n blank nodes, each with a quad to every other.
func clique(n int) []rdfc.Quad {
	return edges(n, func(i, j int) bool { return i != j })
}

// edges is the directed graph on n blank nodes with those edges.
func edges(n int, edge func(i, j int) bool) []rdfc.Quad {
	var quads []rdfc.Quad
	for i := range n {
		for j := range n {
			if edge(i, j) {
				quads = append(quads, rdfc.Quad{Subject: blank(i), Predicate: iri("p"), Object: blank(j)})
			}
		}
	}
	return quads
}
