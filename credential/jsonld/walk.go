package jsonld

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/piprate/json-gold/ld"

	"laurel/contexts"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// The limits of one dataset.
const (
	MaxQuads      = 20_000
	MaxBlankNodes = 2_000
)

// walk reads one document. It is expansion and the making of RDF (JSON-LD 1.1
// API §5.1 and §8.1) in one pass: every value is visited once and either
// becomes part of a quad or ends the walk with an error that knows its place.
// Nothing is skipped, so nothing can be lost.
type walk struct {
	ctx       context.Context
	processor *Processor
	source    Source
	closed    bool // the profile for documents of strangers

	active *active // of the whole document
	quads  []rdfc.Quad
	blanks int
	labels map[string]rdfc.Term // blank nodes that the document names itself
	used   []contexts.Document
	nodes  []*node // those with an identifier, for checkIdentifiers
}

// place is where a value stands.
type place struct {
	active *active
	graph  rdfc.Term
	// term is the member name, and def its definition in active; def is nil
	// where the name is no term, term is "" where no property leads here.
	term  string
	def   *ld.TermDefinition
	owner *node // the node with that member
	// reversed says that the property leads back to owner, so that only nodes
	// can stand here.
	reversed bool
}

// node is a node object that is being read.
type node struct {
	value     strictjson.Value
	active    *active // for its members
	typeScope *active // for its types
	subject   rdfc.Term
	graph     rdfc.Term
	types     []string // as written
	role      string   // the member name that led here, "" for the document
	owner     *node
}

// loss makes the error for a value that would be lost.
func loss(v strictjson.Value, term string, reason Reason) error {
	return &LossError{Path: v.Pointer(), Term: term, Reason: reason}
}

// document reads the whole.
func (w *walk) document() error {
	v := w.source.Object
	if v.Kind() != strictjson.Object && (w.closed || v.Kind() != strictjson.Array) {
		return loss(v, "", ReasonNotObject)
	}
	if err := w.enterDocument(); err != nil {
		return err
	}
	at := place{active: w.active}
	if err := w.unlinked(at, v); err != nil {
		return err
	}
	if w.closed {
		return w.checkIdentifiers()
	}
	return nil
}

// unlinked reads nodes that no property leads to: the document itself, the
// content of a graph. Each must say something.
func (w *walk) unlinked(at place, v strictjson.Value) error {
	for item := range v.OneOrMany() {
		switch item.Kind() {
		case strictjson.Object:
		case strictjson.Null:
			return loss(item, "", ReasonNull)
		default:
			return loss(item, "", ReasonNotObject)
		}
		before := len(w.quads)
		a, err := w.contextFor(at, item)
		if err != nil {
			return err
		}
		if shape := w.shapeOf(a, item); shape != nodeObject {
			return loss(item, "", ReasonNotCovered)
		}
		if _, err := w.node(at, a, item); err != nil {
			return err
		}
		if len(w.quads) == before {
			return loss(item, "", ReasonNotCovered)
		}
	}
	return nil
}

// contextFor returns the active context for an object before its types are
// looked at (JSON-LD 1.1 API §5.1.2, steps 7 to 9).
func (w *walk) contextFor(at place, v strictjson.Value) (*active, error) {
	a := at.active
	if a.previous != nil && !w.keepsTypeScope(a, v) {
		a = a.previous
	}
	if at.def != nil && at.def.HasContext {
		next, err := w.scoped(a, byProperty, at, v)
		if err != nil {
			return nil, err
		}
		a = next
	}
	switch local, ok := v.Member("@context"); {
	case w.isDocument(v):
	case ok:
		return w.enter(a, local, v)
	case w.closed && isCredential(v):
		// It would lean on the contexts around it, and be another credential
		// when it is taken out.
		return nil, &ContextError{Path: v.Pointer(), Err: ErrInvalidContext, Detail: "a credential has its own @context"}
	}
	return a, nil
}

// isDocument reports whether v is the object that the walk began with.
func (w *walk) isDocument(v strictjson.Value) bool { return v == w.source.Object }

// keepsTypeScope reports whether an object is a value or a mere reference,
// which the type-scoped context of the node around it still governs.
func (w *walk) keepsTypeScope(a *active, v strictjson.Value) bool {
	for name := range v.Members() {
		switch a.expand(name, true) {
		case "@value":
			return true
		case "@id":
			if v.Len() == 1 {
				return true
			}
		}
	}
	return false
}

// scoped applies the scoped context of the term at.term to a.
func (w *walk) scoped(a *active, kind kind, at place, v strictjson.Value) (*active, error) {
	next, err := a.derive(derivation{kind, at.active.id, at.term}, at.def.Context)
	if err != nil {
		return nil, &ContextError{Path: v.Pointer(), Err: classOf(err), Detail: detailOf(err)}
	}
	w.use(next)
	return next, nil
}

// shape tells the kinds of object apart.
type shape byte

const (
	nodeObject shape = iota
	valueObject
	listObject
	setObject
)

func (w *walk) shapeOf(a *active, v strictjson.Value) shape {
	for name := range v.Members() {
		switch a.expand(name, true) {
		case "@value":
			return valueObject
		case "@list":
			return listObject
		case "@set":
			return setObject
		}
	}
	return nodeObject
}

// node reads a node object and returns it; a is its context before its types
// are looked at.
func (w *walk) node(at place, a *active, v strictjson.Value) (*node, error) {
	if w.closed && v.Len() == 0 {
		return nil, loss(v, "", ReasonEmpty)
	}
	n := &node{value: v, active: a, typeScope: a, graph: at.graph, role: at.term, owner: at.owner}
	if err := w.typeScopes(n); err != nil {
		return nil, err
	}
	if err := w.identify(n); err != nil {
		return nil, err
	}
	for name, member := range v.Members() {
		if name == "@context" || w.isDocument(v) && slices.Contains(w.source.Without, name) {
			continue
		}
		if err := w.member(n, name, member); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// typeScopes collects the types of a node and applies the contexts that they
// bring, in the order of their names (JSON-LD 1.1 API §5.1.2, step 11).
func (w *walk) typeScopes(n *node) error {
	for name, member := range n.value.Members() {
		if n.active.expand(name, true) != "@type" {
			continue
		}
		for item := range member.OneOrMany() {
			if item.Kind() != strictjson.String {
				return loss(item, "", ReasonNotString)
			}
			n.types = append(n.types, item.Text())
		}
	}
	if len(n.types) == 0 {
		return nil
	}
	ordered := slices.Compact(slices.Sorted(slices.Values(n.types)))
	for _, name := range ordered {
		def := n.typeScope.term(name)
		if def == nil || !def.HasContext {
			continue
		}
		next, err := w.scoped(n.active, byType, place{active: n.typeScope, term: name, def: def}, n.value)
		if err != nil {
			return err
		}
		n.active = next
	}
	return nil
}

// identify gives a node its subject term.
func (w *walk) identify(n *node) error {
	for name, member := range n.value.Members() {
		if n.active.expand(name, true) != "@id" {
			continue
		}
		if !n.subject.IsZero() {
			return loss(member, name, ReasonDuplicate)
		}
		if member.Kind() != strictjson.String {
			return loss(member, name, ReasonNotString)
		}
		subject, err := w.resource(member, n.active.expand(member.Text(), false))
		if err != nil {
			return err
		}
		n.subject = subject
		if w.closed {
			w.nodes = append(w.nodes, n)
		}
	}
	if n.subject.IsZero() {
		subject, err := w.blank()
		if err != nil {
			return err
		}
		n.subject = subject
	}
	return nil
}

// resource makes the term of an expanded identifier, which v stands for.
func (w *walk) resource(v strictjson.Value, iri string) (rdfc.Term, error) {
	reason := checkIRI(iri)
	if reason == "" {
		return rdfc.Term{Kind: rdfc.IRI, Value: iri}, nil
	}
	if reason != ReasonBlankNode || w.closed {
		return rdfc.Term{}, loss(v, v.Text(), reason)
	}
	if known, ok := w.labels[iri]; ok {
		return known, nil
	}
	term, err := w.blank()
	if err != nil {
		return rdfc.Term{}, err
	}
	if w.labels == nil {
		w.labels = make(map[string]rdfc.Term)
	}
	w.labels[iri] = term
	return term, nil
}

// member reads one member of a node.
func (w *walk) member(n *node, name string, v strictjson.Value) error {
	def := n.active.term(name)
	iri := n.active.expand(name, true)
	if w.closed {
		switch {
		case strings.HasPrefix(name, "@"):
			return loss(v, name, ReasonKeyword)
		case strings.Contains(name, ":"):
			return loss(v, name, ReasonFullIRI)
		case def == nil:
			return loss(v, name, ReasonUndefinedTerm)
		}
	}
	if ld.IsKeyword(iri) {
		return w.keyword(n, name, iri, v)
	}
	switch reason := checkIRI(iri); {
	case reason == ReasonNotAbsolute && keywordLike(name):
		return loss(v, name, ReasonKeyword)
	case reason == ReasonNotAbsolute:
		return loss(v, name, ReasonUndefinedTerm)
	case reason != "":
		return loss(v, name, reason)
	}
	at := place{active: n.active, graph: n.graph, term: name, def: def, owner: n}
	at.reversed = def != nil && def.Reverse
	terms, err := w.values(at, v)
	if err != nil {
		return err
	}
	return w.link(n, iri, terms, v, at.reversed)
}

// link states that a node has the given values of a property, or, reversed,
// that they have it as theirs.
func (w *walk) link(n *node, property string, terms []rdfc.Term, v strictjson.Value, reversed bool) error {
	predicate := rdfc.Term{Kind: rdfc.IRI, Value: property}
	for _, term := range terms {
		quad := rdfc.Quad{Subject: n.subject, Predicate: predicate, Object: term, Graph: n.graph}
		if reversed {
			if term.Kind == rdfc.Literal {
				return loss(v, "", ReasonNotObject)
			}
			quad.Subject, quad.Object = term, n.subject
		}
		if err := w.emit(quad); err != nil {
			return err
		}
	}
	return nil
}

// keyword reads a member whose name stands for a keyword.
func (w *walk) keyword(n *node, name, keyword string, v strictjson.Value) error {
	switch {
	case keyword == "@id": // read by identify
		return nil
	case keyword == "@type":
		return w.types(n, v)
	case keyword == "@index":
		return loss(v, name, ReasonIndex)
	case w.closed:
		return loss(v, name, ReasonKeyword)
	}
	return w.generalKeyword(n, name, keyword, v)
}

// types states the types of a node.
func (w *walk) types(n *node, v strictjson.Value) error {
	if v.Kind() == strictjson.Array && v.Len() == 0 {
		return loss(v, "", ReasonEmpty)
	}
	for item := range v.OneOrMany() {
		iri := n.typeScope.expand(item.Text(), true)
		if checkIRI(iri) == ReasonNotAbsolute {
			return loss(item, item.Text(), ReasonUndefinedType)
		}
		term, err := w.resource(item, iri)
		if err != nil {
			return err
		}
		if err := w.link(n, rdfType, []rdfc.Term{term}, item, false); err != nil {
			return err
		}
	}
	return nil
}

// blank makes a blank node that nothing else names.
func (w *walk) blank() (rdfc.Term, error) {
	if w.blanks++; w.blanks > MaxBlankNodes {
		return rdfc.Term{}, &LimitError{Limit: "blank nodes", Max: MaxBlankNodes}
	}
	return rdfc.Term{Kind: rdfc.BlankNode, Value: "b" + strconv.Itoa(w.blanks)}, nil
}

// emit adds a quad.
func (w *walk) emit(quad rdfc.Quad) error {
	if len(w.quads) >= MaxQuads {
		return &LimitError{Limit: "quads", Max: MaxQuads}
	}
	if len(w.quads)%256 == 0 {
		if err := w.ctx.Err(); err != nil {
			return err
		}
	}
	w.quads = append(w.quads, quad)
	return nil
}
