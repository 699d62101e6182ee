package rdfc

import (
	"context"
	"slices"
	"strconv"
)

// Builder takes a dataset statement by statement, in the form in which it is
// canonicalised, for a reader that has the terms as bytes of its document. What
// it does is what Canonicalize does with the same quads. It is taken from a
// pool by NewBuilder and must be given back with Close, after which neither it
// nor its nodes may be used. It is for one goroutine.
type Builder struct{ w *workspace }

// Node is an IRI or a blank node of one Builder. The zero Node is none; as the
// graph of a statement it stands for the default graph.
type Node struct {
	start, end int32 // of its written form in terms
	blank      int32 // one more than the number of the blank node, 0 for an IRI
}

// IsZero reports whether n is no node.
func (n Node) IsZero() bool { return n.end == 0 }

// Name is an IRI that was checked once, to be used in many datasets: a property
// or a type. The zero Name is none.
type Name struct{ written string }

// IsZero reports whether n is no name.
func (n Name) IsZero() bool { return n.written == "" }

// NewName checks an IRI. ok is false for one that canonical N-Quads cannot
// have.
func NewName(iri string) (name Name, ok bool) {
	written, reason := appendIRI(nil, iri)
	if reason != "" {
		return Name{}, false
	}
	return Name{string(written)}, true
}

// LiteralType is the datatype or the language of literals, checked once. The
// zero LiteralType is the datatype xsd:string.
type LiteralType struct{ written string }

// NewDatatype checks a datatype. ok is false for an IRI that canonical N-Quads
// cannot have, and for rdf:langString, which needs a language.
func NewDatatype(iri string) (t LiteralType, ok bool) {
	return newLiteralType(&Term{Kind: Literal, Datatype: iri})
}

// NewLanguage checks a language tag, which is taken as it is written.
func NewLanguage(tag string) (t LiteralType, ok bool) {
	return newLiteralType(&Term{Kind: Literal, Language: tag})
}

func newLiteralType(t *Term) (LiteralType, bool) {
	const quotes = `""`
	written, reason := appendLiteral(nil, t)
	if reason != "" {
		return LiteralType{}, false
	}
	return LiteralType{string(written[len(quotes):])}, true
}

// NewBuilder returns an empty Builder.
func NewBuilder() Builder {
	return Builder{workspaces.Get().(*workspace)}
}

// Close gives the Builder's memory back.
func (b Builder) Close() { b.w.release() }

// Len is the number of statements so far, repeated ones included.
func (b Builder) Len() int { return len(b.w.quads) }

// Size is the length of the statements so far, in bytes.
func (b Builder) Size() int { return len(b.w.buf) }

// BlankNodes is the number of blank nodes so far.
func (b Builder) BlankNodes() int { return len(b.w.nodes) }

// BlankNode returns a new blank node.
func (b Builder) BlankNode() Node {
	w := b.w
	w.nodes = append(w.nodes, node{canonical: none, issued: none})
	return Node{end: int32(len(blank)), blank: int32(len(w.nodes))}
}

// IRI returns the node with an IRI, of which it keeps no reference. ascii says
// that it has ASCII characters only. reason, where it is not empty, says why
// the IRI cannot be written; there is no node then.
func (b Builder) IRI(iri []byte) (n Node, ascii bool, reason string) {
	w := b.w
	found := classify(iri)
	if !hasScheme(iri) {
		return Node{}, false, "IRI without a scheme"
	}
	ascii = found&beyondASCII == 0
	if found&notIRI != 0 || !ascii {
		if reason := checkIRI(iri); reason != "" {
			return Node{}, ascii, reason
		}
	}
	n.start = int32(len(w.terms))
	w.terms = append(w.terms, '<')
	w.terms = append(w.terms, iri...)
	w.terms = append(w.terms, '>')
	n.end = int32(len(w.terms))
	return n, ascii, ""
}

// Node returns the node with a name.
func (b Builder) Node(name Name) Node {
	w := b.w
	n := Node{start: int32(len(w.terms))}
	w.terms = append(w.terms, name.written...)
	n.end = int32(len(w.terms))
	return n
}

// Text returns the written form of a node: the same for two nodes of a Builder
// that are one IRI. It is valid until the next call.
func (b Builder) Text(n Node) []byte { return b.w.terms[n.start:n.end] }

// Link states that object is a value of a property of subject, in graph.
func (b Builder) Link(subject Node, property Name, object, graph Node) {
	w := b.w
	r := w.open(subject, property, int(object.end-object.start+graph.end-graph.start))
	w.put(r, 1, object)
	w.end(r, graph)
}

// Literal states that a literal with this lexical form, of which it keeps no
// reference, is a value of a property of subject, in graph. It reports false,
// and the Builder must be given up, when the form is not UTF-8.
func (b Builder) Literal(subject Node, property Name, form []byte, t LiteralType, graph Node) bool {
	w := b.w
	r := w.open(subject, property, len(form)+len(t.written)+int(graph.end-graph.start))
	w.buf = append(w.buf, '"')
	var valid bool
	if w.buf, valid = appendText(w.buf, form); !valid {
		return false
	}
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, t.written...)
	w.end(r, graph)
	return true
}

// blank is how a blank node is written before it has a label.
const blank = "_:z"

// open begins the line of a statement. more is how long the rest will be.
func (w *workspace) open(subject Node, property Name, more int) *record {
	const punctuation = len("  \"\"  .\n")
	if need := int(subject.end-subject.start) + len(property.written) + more + punctuation; cap(w.buf)-len(w.buf) < need {
		w.buf = slices.Grow(w.buf, need)
	}
	if len(w.quads) == cap(w.quads) {
		w.quads = slices.Grow(w.quads, 1)
	}
	w.quads = w.quads[:len(w.quads)+1]
	r := &w.quads[len(w.quads)-1]
	r.start = int32(len(w.buf))
	r.node = [3]int32{none, none, none}
	w.put(r, 0, subject)
	w.buf = append(w.buf, ' ')
	r.predicate = int32(len(w.buf))
	w.buf = append(w.buf, property.written...)
	r.predicateEnd = int32(len(w.buf))
	w.buf = append(w.buf, ' ')
	return r
}

// put appends a node in its place of a statement.
func (w *workspace) put(r *record, place int, n Node) {
	if n.blank == 0 {
		w.buf = append(w.buf, w.terms[n.start:n.end]...)
		return
	}
	w.mention(r, place, n.blank-1)
}

// mention appends a blank node in its place of a statement.
func (w *workspace) mention(r *record, place int, n int32) {
	r.node[place], r.mark[place] = n, int32(len(w.buf)+2)
	w.buf = append(w.buf, blank...)
	// Counted once for each quad, whatever the number of its places.
	if place == 0 || r.node[0] != n && (place == 1 || r.node[1] != n) {
		w.nodes[n].count++
	}
}

// end ends the line of a statement.
func (w *workspace) end(r *record, graph Node) {
	w.buf = append(w.buf, ' ')
	if !graph.IsZero() {
		w.put(r, 2, graph)
		w.buf = append(w.buf, ' ')
	}
	w.buf = append(w.buf, '.', '\n')
	r.end = int32(len(w.buf))
}

// AppendCanonical appends the canonical N-Quads document to dst. The errors are
// those of Canonicalize. It may be called once.
func (b Builder) AppendCanonical(ctx context.Context, dst []byte, options Options) ([]byte, error) {
	if err := b.w.canonicalize(ctx, options); err != nil {
		return nil, err
	}
	return b.w.document(dst), nil
}

// CanonicalOrder returns, after AppendCanonical, the blank nodes in the order of
// their canonical labels c14n0, c14n1 …: each as its number among those that
// BlankNode has returned, counted from 0. The caller owns the slice.
func (b Builder) CanonicalOrder() []int {
	order := make([]int, len(b.w.canonical))
	for i, n := range b.w.canonical {
		order[i] = int(n)
	}
	return order
}

// Quads returns the dataset for the use of others. The blank nodes have labels
// without a meaning.
func (b Builder) Quads() []Quad {
	w := b.w
	quads := make([]Quad, 0, len(w.quads))
	for i := range w.quads {
		p := parser{rest: string(w.labelled(nil, &w.quads[i], appendNumber))}
		quad, _ := p.quad() // is what open to end have written
		quads = append(quads, quad)
	}
	return quads
}

func appendNumber(dst []byte, n int32) []byte {
	return strconv.AppendInt(append(dst, 'b'), int64(n), 10)
}
