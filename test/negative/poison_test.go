package negative

import (
	"fmt"
	"slices"
)

// graph is a set of nodes and whom each leads to.
type graph [][]int

// poison are graphs that look alike from many of their nodes, on which naive
// canonicalisation takes forever.
func poison() map[string]graph {
	all := make(map[string]graph)
	add := func(name string, nodes int, edges func(i int) []int) {
		g := make(graph, nodes)
		for i := range g {
			g[i] = edges(i)
		}
		all[name] = g
	}
	for _, n := range []int{1, 2, 3, 10, 100} {
		add(fmt.Sprintf("a ring of %d", n), n, func(i int) []int { return []int{(i + 1) % n} })
	}
	for _, n := range []int{3, 5, 7, 8, 12, 40} {
		add(fmt.Sprintf("a clique of %d", n), n, func(i int) []int {
			return slices.DeleteFunc(until(n), func(j int) bool { return j == i })
		})
	}
	for _, n := range []int{3, 6, 20} {
		add(fmt.Sprintf("two rings of %d", n), 2*n, func(i int) []int { return []int{i/n*n + (i+1)%n} })
		add(fmt.Sprintf("a ladder of %d", n), 2*n, func(i int) []int { return []int{i/n*n + (i+1)%n, (i + n) % (2 * n)} })
		add(fmt.Sprintf("a prism of %d, twisted", n), 2*n, func(i int) []int { return []int{i/n*n + (i+1)%n, (i + n + i/n) % (2 * n)} })
		add(fmt.Sprintf("a wheel of %d", n), n+1, func(i int) []int {
			if i == n {
				return until(n)
			}
			return []int{(i + 1) % n, n}
		})
		add(fmt.Sprintf("a star of %d", n), n+1, func(i int) []int {
			if i == n {
				return until(n)
			}
			return nil
		})
		add(fmt.Sprintf("each of %d with each of %d", n, n), 2*n, func(i int) []int {
			if i < n {
				return slices.DeleteFunc(until(2*n), func(j int) bool { return j < n })
			}
			return nil
		})
	}
	for _, d := range []int{3, 5, 7} {
		add(fmt.Sprintf("a cube of %d dimensions", d), 1<<d, func(i int) (to []int) {
			for bit := range d {
				to = append(to, i^1<<bit)
			}
			return to
		})
	}
	add("the graph of Petersen", 10, func(i int) []int {
		if i < 5 {
			return []int{(i + 1) % 5, i + 5}
		}
		return []int{5 + (i-5+2)%5, i - 5}
	})
	for _, n := range []int{4, 8} { // strongly regular
		rook := func(i int) (to []int) {
			for j := range n * n {
				if j != i && (j/n == i/n || j%n == i%n) {
					to = append(to, j)
				}
			}
			return to
		}
		add(fmt.Sprintf("the moves of a rook on %d by %d", n, n), n*n, rook)
		add(fmt.Sprintf("a torus of %d by %d", n, n), n*n, func(i int) []int { return []int{i/n*n + (i+1)%n, (i + n) % (n * n)} })
	}
	return all
}

func until(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// labelled writes a graph as organisations with blank labels.
func (g graph) labelled() array {
	nodes := array{}
	for i, to := range g {
		parents := array{}
		for _, j := range to {
			parents = append(parents, object{"id": fmt.Sprintf("_:n%d", j), "type": array{"Profile"}})
		}
		nodes = append(nodes, object{"id": fmt.Sprintf("_:n%d", i), "type": array{"Profile"}, "parentOrg": parents})
	}
	return nodes
}

// crowds are what can be written without labels: nodes without an id of which
// many are alike, within others that are alike.
func crowds() map[string]any {
	alike := func(count int, inner any) array {
		return many(count, func(int) any {
			node := object{"type": array{"Profile"}}
			if inner != nil {
				node["parentOrg"] = inner
			}
			return node
		})
	}
	all := make(map[string]any)
	for _, count := range []int{2, 7, 8, 9, 16, 64, 512} {
		all[fmt.Sprintf("two with %d alike in each", count)] = alike(2, alike(count, nil))
		all[fmt.Sprintf("%d alike", count)] = alike(count, nil)
		all[fmt.Sprintf("%d alike with two in each", count)] = alike(count, alike(2, nil))
	}
	for _, shape := range []struct{ width, depth int }{{2, 3}, {2, 6}, {2, 9}, {2, 12}, {3, 3}, {3, 6}, {8, 3}, {16, 2}, {1, 20}, {1, 60}} {
		var tree any
		for range shape.depth {
			tree = alike(shape.width, tree)
		}
		all[fmt.Sprintf("a tree of %d in each, %d deep", shape.width, shape.depth)] = tree
	}
	return all
}

// poisonFamily puts graphs into a badge that take long to canonicalise. Whoever
// hands it over can do so without a key, since that comes before the signature.
func poisonFamily(c *corpus) {
	sound := func() object {
		b := badge()
		achievement(b)["creator"] = object{
			"id": "https://badges.example.edu/faculty", "type": array{"Profile"}, "name": "Faculty",
			"parentOrg": object{"id": "https://badges.example.edu/university", "type": array{"Profile"}, "name": "University"},
		}
		return b
	}
	parent := func(o object) object { return achievement(o)["creator"].(object) }
	for _, s := range everySuite {
		if s.label != everySuite[0].label && !s.selective {
			continue // the others canonicalise as the first does
		}
		signed := s.issue(c, sound())
		sibling := c.good("poison", s.label+": an organisation within another", signed, usual())
		for name, crowd := range crowds() {
			c.add(sample{
				family: "poison", name: s.label + ": " + name + " (RC-01)", sibling: sibling, world: usual(), random: s.selective,
				data: changed(signed, func(o object) { parent(o)["parentOrg"] = crowd }),
			})
		}
		if s.selective {
			continue // labels are refused before anything depends on the suite
		}
		for name, g := range poison() {
			c.bad("poison", s.label+": "+name+" (RC-01)", sibling, changed(signed, func(o object) { parent(o)["parentOrg"] = g.labelled() }), usual())
		}
	}
	// The issuer itself may be the attacker: its signature over the text is good.
	sibling := c.good("poison", "by the issuer: an organisation within another", issueText(c, sound()), usual())
	for name, g := range poison() {
		b := sound()
		parent(b)["parentOrg"] = g.labelled()
		c.bad("poison", "by the issuer: "+name+" (RC-01)", sibling, issueText(c, b), usual())
	}
}
