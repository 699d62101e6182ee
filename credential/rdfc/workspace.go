package rdfc

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"slices"
	"sync"
)

// digest holds a SHA-256 (in its first 32 bytes) or a SHA-384.
type digest [sha512.Size384]byte

// record is a quad of the dataset as the workspace knows it.
type record struct {
	// buf[start:end] is the quad's line, line feed included, with "_:z" for
	// every blank node; buf[predicate:predicateEnd] its predicate.
	start, end              int32
	predicate, predicateEnd int32
	// node and mark are, for subject, object and graph name, the blank node
	// (or none) and where in buf its letter z stands.
	node [3]int32
	mark [3]int32
}

const none = -1

// node is a blank node.
type node struct {
	hash digest // Hash First Degree Quads
	// occurrences[first:first+count] are the quads that mention it, each once.
	first, count int32
	canonical    int32 // number of its canonical identifier, or none
	issued       int32 // number of its temporary identifier, or none
}

// workspace is the state of one canonicalisation. Blank nodes and quads are
// small numbers in it, and everything is kept from one use to the next but
// the strings of the dataset.
type workspace struct {
	ctx    context.Context
	sha384 bool

	buf         []byte
	terms       []byte // the nodes of a Builder, as they are written
	quads       []record
	nodes       []node
	labels      []string // of nodes
	numbers     map[string]int32
	occurrences []int32
	lines       []line
	scratch     []byte
	order       []int32
	canonical   []int32 // nodes in the order their canonical identifiers were issued

	search
}

var workspaces = sync.Pool{New: func() any {
	return &workspace{terms: []byte(blank), numbers: map[string]int32{}}
}}

// largest is how long the lines of a dataset may be before labelling, so that
// with labels every place in them is an int32.
const largest = 1 << 30

// fewNodes is how many blank node labels are looked for one by one.
const fewNodes = 8

// release returns the workspace to the pool, without the dataset's strings
// and unless a large dataset has made it large.
func (w *workspace) release() {
	const large = 16 << 20
	clear(w.labels)
	if len(w.labels) > fewNodes {
		clear(w.numbers)
	}
	w.ctx = nil
	if cap(w.buf) > large || cap(w.scratch) > large || cap(w.terms) > large || w.search.size() > large {
		return
	}
	w.buf, w.scratch, w.terms = w.buf[:0], w.scratch[:0], w.terms[:len(blank)]
	w.quads, w.nodes, w.labels = w.quads[:0], w.nodes[:0], w.labels[:0]
	w.occurrences, w.lines, w.order, w.canonical = w.occurrences[:0], w.lines[:0], w.order[:0], w.canonical[:0]
	w.search.reset()
	workspaces.Put(w)
}

// load writes the template line of every quad and numbers the blank nodes.
func (w *workspace) load(quads []Quad) error {
	w.quads = slices.Grow(w.quads, len(quads))[:len(quads)]
	for i := range quads {
		if i&1023 == 1023 {
			if err := w.ctx.Err(); err != nil {
				return err
			}
		}
		r := &w.quads[i]
		w.buf = slices.Grow(w.buf, quads[i].size())
		if i > 0 && sameNode(&quads[i].Subject, &quads[i-1].Subject) {
			// The quads of one node mostly come together.
			w.repeatSubject(r, &w.quads[i-1])
		} else if reason := w.loadSubject(r, &quads[i].Subject); reason != "" {
			return &TermError{Quad: i, Position: "subject", Reason: reason}
		}
		if position, reason := w.loadQuad(r, &quads[i]); reason != "" {
			return &TermError{Quad: i, Position: position, Reason: reason}
		}
		if len(w.buf) > largest {
			return ErrTooLarge
		}
	}
	return nil
}

// size is the length of a quad's line, if nothing in it needs an escape.
func (q *Quad) size() int {
	const punctuation = len(`<> <> ""^^<>@ <> .`) + 1
	return len(q.Subject.Value) + len(q.Predicate.Value) + len(q.Object.Value) + len(q.Object.Datatype) +
		len(q.Object.Language) + len(q.Graph.Value) + punctuation
}

// sameNode reports whether two terms are one IRI or blank node.
func sameNode(a, b *Term) bool {
	return a.Kind == b.Kind && a.Value == b.Value && a.Datatype == "" && a.Language == ""
}

// loadSubject begins the line of a quad.
func (w *workspace) loadSubject(r *record, subject *Term) (reason string) {
	r.start = int32(len(w.buf))
	r.node = [3]int32{none, none, none}
	if subject.Kind == Literal {
		return "literal"
	}
	reason = w.loadTerm(r, 0, subject)
	w.buf = append(w.buf, ' ')
	return reason
}

// repeatSubject begins the line of a quad like that of the one before.
func (w *workspace) repeatSubject(r, before *record) {
	r.start = int32(len(w.buf))
	r.node = [3]int32{before.node[0], none, none}
	if n := r.node[0]; n != none {
		r.mark[0] = r.start + 2
		w.nodes[n].count++
	}
	w.buf = append(w.buf, w.buf[before.start:before.predicate]...)
}

// loadQuad ends the line that the subject has begun.
func (w *workspace) loadQuad(r *record, q *Quad) (position, reason string) {
	if q.Predicate.Kind != IRI {
		return "predicate", "not an IRI"
	}
	r.predicate = int32(len(w.buf))
	if reason = w.loadTerm(r, 0, &q.Predicate); reason != "" {
		return "predicate", reason
	}
	r.predicateEnd = int32(len(w.buf))
	w.buf = append(w.buf, ' ')
	if reason = w.loadTerm(r, 1, &q.Object); reason != "" {
		return "object", reason
	}
	w.buf = append(w.buf, ' ')
	if !q.Graph.IsZero() {
		if q.Graph.Kind == Literal {
			return "graph name", "literal"
		}
		if reason = w.loadTerm(r, 2, &q.Graph); reason != "" {
			return "graph name", reason
		}
		w.buf = append(w.buf, ' ')
	}
	w.buf = append(w.buf, '.', '\n')
	r.end = int32(len(w.buf))
	return "", ""
}

// loadTerm appends one term of a quad to the buffer, or says what is wrong
// with it.
func (w *workspace) loadTerm(r *record, place int, t *Term) (reason string) {
	if t.Kind != Literal && (t.Datatype != "" || t.Language != "") {
		return "datatype or language on a term that is no literal"
	}
	switch t.Kind {
	case IRI:
		w.buf, reason = appendIRI(w.buf, t.Value)
	case Literal:
		w.buf, reason = appendLiteral(w.buf, t)
	case BlankNode:
		n, valid := w.number(t.Value)
		if !valid {
			return "malformed blank node label"
		}
		w.mention(r, place, n)
	default:
		return "no term"
	}
	return reason
}

// number gives the number of the blank node with a label.
func (w *workspace) number(label string) (n int32, valid bool) {
	if len(w.labels) <= fewNodes {
		for i := len(w.labels) - 1; i >= 0; i-- {
			if w.labels[i] == label {
				return int32(i), true
			}
		}
	} else if n, found := w.numbers[label]; found {
		return n, true
	}
	if !validLabel(label) {
		return none, false
	}
	n = int32(len(w.labels))
	w.labels = append(w.labels, label)
	w.nodes = append(w.nodes, node{canonical: none, issued: none})
	switch {
	case len(w.labels) == fewNodes+1:
		for i, l := range w.labels {
			w.numbers[l] = int32(i)
		}
	case len(w.labels) > fewNodes+1:
		w.numbers[label] = n
	}
	return n, true
}

// canonicalize labels the blank nodes of what has been loaded.
func (w *workspace) canonicalize(ctx context.Context, options Options) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case options.Hash != 0 && options.Hash != crypto.SHA256 && options.Hash != crypto.SHA384:
		return ErrHash
	case len(w.buf) > largest:
		return ErrTooLarge
	}
	w.ctx = ctx
	w.sha384 = options.Hash == crypto.SHA384
	w.budget = options.Budget
	if w.budget == 0 {
		w.budget = DefaultBudget(len(w.nodes))
	}
	return w.label()
}

// label issues the canonical identifiers: steps 2 to 5 of the
// canonicalization algorithm.
func (w *workspace) label() error {
	switch len(w.nodes) {
	case 0:
		return nil
	case 1: // whatever its hash is
		w.issueCanonical(0)
		return nil
	}
	w.index()
	for n := range w.nodes {
		if n&255 == 255 {
			if err := w.ctx.Err(); err != nil {
				return err
			}
		}
		w.hashFirstDegree(int32(n))
		w.order = append(w.order, int32(n))
	}
	slices.SortFunc(w.order, func(a, b int32) int {
		return cmp.Or(bytes.Compare(w.nodes[a].hash[:], w.nodes[b].hash[:]), cmp.Compare(a, b))
	})
	// Blank nodes with a hash of their own first; the groups that share one
	// are moved to the front of order and follow in the order of their hashes.
	shared := w.order[:0]
	for start := 0; start < len(w.order); {
		end := w.groupEnd(start)
		if end == start+1 {
			w.issueCanonical(w.order[start])
		} else {
			shared = append(shared, w.order[start:end]...)
		}
		start = end
	}
	w.order = shared
	for start := 0; start < len(w.order); {
		end := w.groupEnd(start)
		if err := w.labelGroup(w.order[start:end]); err != nil {
			return err
		}
		start = end
	}
	return nil
}

// groupEnd gives the end of the run of blank nodes with one hash at start.
func (w *workspace) groupEnd(start int) int {
	end := start + 1
	for end < len(w.order) && w.nodes[w.order[end]].hash == w.nodes[w.order[start]].hash {
		end++
	}
	return end
}

// index fills in the quads of each blank node.
func (w *workspace) index() {
	total := int32(0)
	for n := range w.nodes {
		w.nodes[n].first = total
		total += w.nodes[n].count
		w.nodes[n].count = 0
	}
	w.occurrences = slices.Grow(w.occurrences, int(total))[:total]
	for q := range w.quads {
		r := &w.quads[q]
		for place, n := range r.node {
			if n == none || place > 0 && n == r.node[0] || place > 1 && n == r.node[1] {
				continue
			}
			w.occurrences[w.nodes[n].first+w.nodes[n].count] = int32(q)
			w.nodes[n].count++
		}
	}
}

// hashFirstDegree is the Hash First Degree Quads algorithm, RDFC-1.0 section
// 4.6.3. It also drops repeated quads from the blank node's list: a dataset is
// a set, and the hash must not see a quad twice.
func (w *workspace) hashFirstDegree(n int32) {
	nd := &w.nodes[n]
	quads := w.occurrences[nd.first : nd.first+nd.count]
	w.lines = w.lines[:0]
	for _, q := range quads {
		w.mark(q, n, 'a')
		w.lines = append(w.lines, line{start: w.quads[q].start, end: w.quads[q].end, quad: q})
	}
	sortLines(w.buf, w.lines, 0)
	w.scratch = w.scratch[:0]
	count := 0
	for start := 0; start < len(w.lines); {
		text := w.lines[start].text(w.buf, 0)
		end := start + 1
		for end < len(w.lines) && bytes.Equal(w.lines[end].text(w.buf, 0), text) {
			end++
		}
		for _, l := range w.distinct(w.lines[start:end]) {
			quads[count] = l.quad
			count++
			w.scratch = append(w.scratch, text...)
		}
		start = end
	}
	for _, l := range w.lines {
		w.mark(l.quad, n, 'z')
	}
	nd.count = int32(count)
	w.sum(&nd.hash, w.scratch)
}

// distinct drops repeated quads from lines with the same text, which can
// differ in their blank nodes only. It keeps the dropped lines in the slice
// behind those it returns.
func (w *workspace) distinct(same []line) []line {
	if len(same) == 1 {
		return same
	}
	slices.SortFunc(same, func(a, b line) int {
		return slices.Compare(w.quads[a.quad].node[:], w.quads[b.quad].node[:])
	})
	kept := 1
	for i := 1; i < len(same); i++ {
		if w.quads[same[i].quad].node != w.quads[same[kept-1].quad].node {
			same[kept], same[i] = same[i], same[kept]
			kept++
		}
	}
	return same[:kept]
}

// mark writes a letter for the blank node n in the template of a quad.
func (w *workspace) mark(quad, n int32, letter byte) {
	r := &w.quads[quad]
	for place, other := range r.node {
		if other == n {
			w.buf[r.mark[place]] = letter
		}
	}
}

func (w *workspace) issueCanonical(n int32) {
	if w.nodes[n].canonical == none {
		w.nodes[n].canonical = int32(len(w.canonical))
		w.canonical = append(w.canonical, n)
	}
}

func (w *workspace) sum(to *digest, data []byte) {
	if w.sha384 {
		*to = sha512.Sum384(data)
		return
	}
	sum := sha256.Sum256(data)
	copy(to[:], sum[:])
}
