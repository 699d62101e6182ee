package jsonld

import (
	"slices"
	"strings"

	"github.com/piprate/json-gold/ld"

	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

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
