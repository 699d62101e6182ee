package jsonld

import (
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// What only Options.InlineContexts admits: the keywords of JSON-LD 1.1 beyond
// @context and those of value objects.

// generalKeyword reads a member of a node whose name stands for a keyword.
func (w *walk) generalKeyword(n *node, name strictjson.Value, k keyword, v strictjson.Value) error {
	switch k {
	case keywordGraph:
		return w.graphMember(n, v)
	case keywordIncluded:
		return w.unlinked(&place{active: n.active, graph: n.graph, owner: n.value, endorsement: n.endorsement}, v)
	case keywordReverse:
		return w.reverse(n, v)
	case keywordNest:
		return w.nest(n, name, v)
	}
	return loss(v, name.Text(), ReasonKeyword)
}

// graphMember reads the content of the graph that a node names. A document of
// nothing but @graph is the default graph.
func (w *walk) graphMember(n *node, v strictjson.Value) error {
	graph := n.subject
	if w.isDocument(n.value) && w.onlyGraph(n) {
		graph = rdfc.Node{}
	}
	return w.unlinked(&place{active: n.active, graph: graph, owner: n.value, endorsement: n.endorsement}, v)
}

func (w *walk) onlyGraph(n *node) bool {
	for c := n.value.Cursor(); c.Next(); {
		name := c.Name().Text()
		if k := n.active.aliases.keyword([]byte(name)); k != keywordContext && k != keywordGraph {
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
	for c := v.Cursor(); c.Next(); {
		name, member := c.Name(), c.Value()
		word := name.Text()
		def := n.active.term([]byte(word))
		property, reason := nameOfProperty(n.active.expand(word, true))
		if reason != "" {
			return loss(member, word, ReasonUndefinedTerm)
		}
		at := place{
			active: n.active, graph: n.graph, name: name, def: def, owner: n.value, endorsement: n.endorsement,
			tie: tieReverse, subject: n.subject, property: property,
		}
		if def != nil && def.reverse {
			at.tie = tieProperty
		}
		if err := w.values(&at, member); err != nil {
			return err
		}
	}
	return nil
}

// nest reads objects whose members are the node's own.
func (w *walk) nest(n *node, name, v strictjson.Value) error {
	inner := *n
	at := place{graph: n.graph, owner: n.value, subject: n.subject}
	var o outline
	if def := n.active.term(w.textOf(name)); def != nil && def.scoped {
		next, err := w.scoped(n.active, byProperty, def, v)
		if err != nil {
			return err
		}
		inner.active = next
	}
	for c := v.Items(); c.Next(); {
		item := c.Value()
		if item.Kind() != strictjson.Object {
			return loss(item, name.Text(), ReasonNotObject)
		}
		if o.read(inner.active, item); o.shape != nodeObject {
			return loss(item, name.Text(), ReasonNotObject)
		}
		for c := item.Cursor(); c.Next(); {
			name, member := c.Name(), c.Value()
			k := inner.active.aliases.keyword([]byte(name.Text()))
			if k == keywordContext || k == keywordID {
				return loss(member, name.Text(), ReasonKeyword)
			}
			at.active, at.name = inner.active, name
			if err := w.member(&inner, &at, member); err != nil {
				return err
			}
		}
	}
	return nil
}

// collection reads a list or set object.
func (w *walk) collection(at *place, a *active, v strictjson.Value) error {
	if v.Len() != 1 {
		return loss(v, "", ReasonNested)
	}
	inner := *at
	inner.active = a
	inner.entered = at.entered || at.def != nil && at.def.scoped
	c := v.Cursor()
	c.Next()
	if a.aliases.keyword([]byte(c.Name().Text())) == keywordSet {
		return w.items(&inner, c.Value())
	}
	return w.listOf(&inner, c.Value())
}

// typedValue reads a value object with a type.
func (w *walk) typedValue(at *place, a *active, v strictjson.Value, parts valueParts) error {
	value, stated := parts.value, parts.kind
	if stated.Kind() != strictjson.String || parts.count != 2 {
		return loss(v, "", ReasonValueObject)
	}
	datatype := a.expand(stated.Text(), true)
	if datatype == atJSON {
		return w.jsonLiteral(at, value)
	}
	if reason := checkIRI(datatype); reason != "" {
		return loss(stated, stated.Text(), reason)
	}
	t, ok := rdfc.NewDatatype(datatype)
	if !ok {
		return loss(stated, stated.Text(), ReasonMalformedIRI)
	}
	switch value.Kind() {
	case strictjson.String:
		return w.literal(at, value, w.textOf(value), t)
	case strictjson.Bool, strictjson.Number:
		return w.native(at, value, datatype, t)
	}
	return loss(value, "", ReasonNotString)
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
		for c := v.Cursor(); c.Next(); {
			name, member := c.Name().Text(), c.Value()
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
