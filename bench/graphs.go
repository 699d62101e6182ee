package main

import (
	"fmt"
	"strconv"

	"laurel/credential/rdfc"
)

// graph is an undirected graph of blank nodes. The canonical form of one whose
// nodes are all alike takes the longest to find.
type graph struct {
	name    string
	refused bool // is beyond the budget of whatever implementation
	nodes   int
	edges   [][2]int
}

// graphs are those with which RDF canonicalisation is attacked.
func graphs() []graph {
	var all []graph
	for n := 5; n <= 12; n++ {
		all = append(all, graph{name: fmt.Sprintf("clique of %d", n), refused: n >= 10, nodes: n, edges: clique(n)})
	}
	for _, n := range []int{4, 8, 16, 32} {
		all = append(all, graph{name: fmt.Sprintf("cycle of %d", n), nodes: n, edges: generalizedCycle(n, 1)})
	}
	for _, n := range []int{4, 6, 8} {
		all = append(all, graph{name: fmt.Sprintf("complete bipartite graph of %d and %d", n, n), nodes: 2 * n, edges: bipartite(n)})
	}
	for _, d := range []int{3, 4, 5} {
		all = append(all, graph{name: fmt.Sprintf("cube of %d dimensions", d), nodes: 1 << d, edges: cube(d)})
	}
	all = append(all,
		graph{name: "Petersen graph", nodes: 10, edges: petersen(5, 2)},
		graph{name: "Möbius-Kantor graph", nodes: 16, edges: petersen(8, 3)},
		graph{name: "Desargues graph", nodes: 20, edges: petersen(10, 3)},
		graph{name: "Nauru graph", nodes: 24, edges: petersen(12, 5)},
	)
	for _, n := range []int{2, 3, 4} {
		all = append(all, graph{name: fmt.Sprintf("rook's graph on a board of %d", n+1), nodes: (n + 1) * (n + 1), edges: rook(n + 1)})
	}
	all = append(all, graph{name: "twisted gadgets of Cai, Fürer and Immerman on a clique of 4", nodes: 40, edges: gadgets()})
	return all
}

// quads states each edge in both directions.
func (g graph) quads() []rdfc.Quad {
	node := func(i int) rdfc.Term { return rdfc.Term{Kind: rdfc.BlankNode, Value: "n" + strconv.Itoa(i)} }
	predicate := rdfc.Term{Kind: rdfc.IRI, Value: "https://highvalley.example/beside"}
	quads := make([]rdfc.Quad, 0, 2*len(g.edges))
	for _, e := range g.edges {
		quads = append(quads,
			rdfc.Quad{Subject: node(e[0]), Predicate: predicate, Object: node(e[1])},
			rdfc.Quad{Subject: node(e[1]), Predicate: predicate, Object: node(e[0])})
	}
	return quads
}

func clique(n int) (edges [][2]int) {
	for i := range n {
		for j := range i {
			edges = append(edges, [2]int{i, j})
		}
	}
	return edges
}

func generalizedCycle(n, step int) (edges [][2]int) {
	for i := range n {
		edges = append(edges, [2]int{i, (i + step) % n})
	}
	return edges
}

func bipartite(n int) (edges [][2]int) {
	for i := range n {
		for j := range n {
			edges = append(edges, [2]int{i, n + j})
		}
	}
	return edges
}

func cube(dimensions int) (edges [][2]int) {
	for i := range 1 << dimensions {
		for d := range dimensions {
			if j := i ^ 1<<d; i < j {
				edges = append(edges, [2]int{i, j})
			}
		}
	}
	return edges
}

// petersen is the generalised Petersen graph: an outer cycle, an inner one by
// steps, and spokes.
func petersen(n, step int) [][2]int {
	edges := generalizedCycle(n, 1)
	for _, e := range generalizedCycle(n, step) {
		edges = append(edges, [2]int{n + e[0], n + e[1]})
	}
	for i := range n {
		edges = append(edges, [2]int{i, n + i})
	}
	return edges
}

func rook(n int) (edges [][2]int) {
	for i := range n * n {
		for j := range i {
			if i/n == j/n || i%n == j%n {
				edges = append(edges, [2]int{i, j})
			}
		}
	}
	return edges
}

// gadgets replaces each node of a clique of four by four nodes, one for each
// even set of its three edges, and each end of an edge by a pair of nodes. One
// edge is twisted. Miyazaki's graphs are chains of such gadgets.
func gadgets() (edges [][2]int) {
	const corners, degree = 4, 3
	evens := [][degree]int{{0, 0, 0}, {0, 1, 1}, {1, 0, 1}, {1, 1, 0}}
	inner := func(corner, even int) int { return corner*len(evens) + even }
	outer := func(corner, edge, bit int) int { return corners*len(evens) + (corner*degree+edge)*2 + bit }
	for corner := range corners {
		for e, even := range evens {
			for edge, bit := range even {
				edges = append(edges, [2]int{inner(corner, e), outer(corner, edge, bit)})
			}
		}
	}
	for a := range corners {
		for b := range a {
			twist := 0
			if a == 1 && b == 0 {
				twist = 1
			}
			for bit := range 2 { // b is the b-th neighbour of a, a the (a-1)-th of b
				edges = append(edges, [2]int{outer(a, b, bit), outer(b, a-1, bit^twist)})
			}
		}
	}
	return edges
}
