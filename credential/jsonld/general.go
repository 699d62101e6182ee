package jsonld

import (
	"github.com/piprate/json-gold/ld"

	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// What only Options.InlineContexts admits: the keywords of JSON-LD 1.1 beyond
// @context and those of value objects.

// generalKeyword reads a member of a node whose name stands for a keyword.
func (w *walk) generalKeyword(n *node, name, keyword string, v strictjson.Value) error {
	switch keyword {
	case "@graph":
		return w.graphMember(n, v)
	case "@included":
		return w.unlinked(place{active: n.active, graph: n.graph, owner: n}, v)
	case "@reverse":
		return w.reverse(n, v)
	case "@nest":
		return w.nest(n, name, v)
	}
	return loss(v, name, ReasonKeyword)
}

// graphMember reads the content of the graph that a node names. A document of
// nothing but @graph is the default graph.
func (w *walk) graphMember(n *node, v strictjson.Value) error {
	graph := n.subject
	if w.isDocument(n.value) && w.onlyGraph(n) {
		graph = rdfc.Term{}
	}
	return w.unlinked(place{active: n.active, graph: graph, owner: n}, v)
}

func (w *walk) onlyGraph(n *node) bool {
	for name := range n.value.Members() {
		if name != "@context" && n.active.expand(name, true) != "@graph" {
			return false
		}
	}
	return true
}

// reverse reads a map of properties that lead to the node.
func (w *walk) reverse(n *node, v strictjson.Value) error {
	if v.Kind() != strictjson.Object {
		return loss(v, "@reverse", ReasonNotObject)
	}
	for name, member := range v.Members() {
		def := n.active.term(name)
		iri := n.active.expand(name, true)
		if reason := checkIRI(iri); reason != "" || ld.IsKeyword(iri) {
			return loss(member, name, ReasonUndefinedTerm)
		}
		at := place{active: n.active, graph: n.graph, term: name, def: def, owner: n}
		at.reversed = def == nil || !def.Reverse
		terms, err := w.values(at, member)
		if err != nil {
			return err
		}
		if err := w.link(n, iri, terms, member, at.reversed); err != nil {
			return err
		}
	}
	return nil
}

// nest reads objects whose members are the node's own.
func (w *walk) nest(n *node, name string, v strictjson.Value) error {
	inner := *n
	at := place{active: n.active, term: name, def: n.active.term(name)}
	if at.def != nil && at.def.HasContext {
		next, err := w.scoped(n.active, byProperty, at, v)
		if err != nil {
			return err
		}
		inner.active = next
	}
	for item := range v.OneOrMany() {
		if item.Kind() != strictjson.Object || w.shapeOf(inner.active, item) != nodeObject {
			return loss(item, name, ReasonNotObject)
		}
		for name, member := range item.Members() {
			if name == "@context" || inner.active.expand(name, true) == "@id" {
				return loss(member, name, ReasonKeyword)
			}
			if err := w.member(&inner, name, member); err != nil {
				return err
			}
		}
	}
	return nil
}

// collection reads a list or set object.
func (w *walk) collection(at place, a *active, v strictjson.Value) ([]rdfc.Term, error) {
	if v.Len() != 1 {
		return nil, loss(v, "", ReasonNested)
	}
	inner := at
	inner.active = a
	if at.def != nil && at.def.HasContext {
		// The property-scoped context is part of a already.
		open := *at.def
		open.HasContext, open.Context = false, nil
		inner.def = &open
	}
	for name, member := range v.Members() {
		if a.expand(name, true) == "@set" {
			return w.items(inner, member)
		}
		head, err := w.list(inner, member)
		if err != nil {
			return nil, err
		}
		return []rdfc.Term{head}, nil
	}
	return nil, nil
}

// typedValue makes the term of a value object with a type.
func (w *walk) typedValue(a *active, v strictjson.Value, parts map[string]strictjson.Value) (rdfc.Term, error) {
	value, stated := parts["@value"], parts["@type"]
	if stated.Kind() != strictjson.String || len(parts) != 2 {
		return rdfc.Term{}, loss(v, "", ReasonValueObject)
	}
	datatype := a.expand(stated.Text(), true)
	if datatype == atJSON {
		term, lost := jsonLiteral(value)
		if lost.Exists() {
			return rdfc.Term{}, loss(lost, lost.Literal(), ReasonNumber)
		}
		return term, nil
	}
	if reason := checkIRI(datatype); reason != "" {
		return rdfc.Term{}, loss(stated, stated.Text(), reason)
	}
	switch value.Kind() {
	case strictjson.String:
		return literal(value.Text(), datatype), nil
	case strictjson.Bool, strictjson.Number:
		return w.nativeValue(value, datatype)
	}
	return rdfc.Term{}, loss(value, "", ReasonNotString)
}

// checkInline refuses what an inline context may not hold: @import, @base, and
// URLs that are not in the set.
func (w *walk) checkInline(v strictjson.Value) error {
	switch v.Kind() {
	case strictjson.String:
		if _, err := choose(w.processor.set, v.Text(), w.source.Revisions); err != nil {
			return &ContextError{URL: v.Text(), Path: v.Pointer(), Err: classOf(err)}
		}
	case strictjson.Array:
		for element := range v.Elements() {
			if err := w.checkInline(element); err != nil {
				return err
			}
		}
	case strictjson.Object:
		for name, member := range v.Members() {
			if name == "@import" || name == "@base" || name == "@context" {
				return &ContextError{Path: member.Pointer(), Err: ErrInlineContext, Detail: name + " is refused"}
			}
			if err := w.checkDefinition(name, member); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkDefinition looks for contexts inside the definition of a term.
func (w *walk) checkDefinition(name string, v strictjson.Value) error {
	if name == "" {
		return &ContextError{Path: v.Pointer(), Err: ErrInvalidContext, Detail: "a term has no name"}
	}
	if scoped, ok := v.Member("@context"); ok {
		return w.checkInline(scoped)
	}
	return nil
}
