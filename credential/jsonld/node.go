package jsonld

import (
	"bytes"
	"slices"

	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// node is a node object that is being read.
type node struct {
	value       strictjson.Value
	active      *active // for its members
	typeScope   *active // for its types
	subject     rdfc.Node
	graph       rdfc.Node
	endorsement bool // it has the type EndorsementCredential
	leans       bool // on the contexts around it
}

// node reads a node object and ties it to its place; a is its context before
// its types are looked at, and o its outline in that.
func (w *walk) node(at *place, a *active, o *outline, v strictjson.Value) (err error) {
	if w.closed && v.Len() == 0 {
		return loss(v, "", ReasonEmpty)
	}
	n := node{value: v, active: a, typeScope: a, graph: at.graph, leans: w.closed && !o.context.Exists() && !w.isDocument(v)}
	if err = w.typeScopes(&n, o); err != nil {
		return err
	}
	if n.active.aliases != o.aliases {
		o.read(n.active, v)
	}
	if err = w.identify(&n, o); err != nil {
		return err
	}
	if w.closed && o.ids > 0 {
		w.identified = append(w.identified, identified{
			value: v, name: at.name, owner: at.owner, ofEndorsement: at.endorsement, subject: n.subject, graph: n.graph,
		})
	}
	if err = w.link(at, n.subject); err != nil {
		return err
	}
	without := w.source.Without
	if !w.isDocument(v) {
		without = nil
	}
	inner := place{active: n.active, graph: n.graph, owner: v, endorsement: n.endorsement, subject: n.subject}
	for c := v.Cursor(); c.Next(); {
		if len(without) > 0 && isOneOf(without, c.Name()) {
			continue
		}
		if member := c.Value(); o.keyword || member != o.id && member != o.kind {
			inner.name = c.Name()
			err = w.member(&n, &inner, member)
		} else if member == o.kind {
			err = w.typesOf(&n, member)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func isOneOf(names []string, v strictjson.Value) bool {
	for _, name := range names {
		if v.Is(name) {
			return true
		}
	}
	return false
}

// scopedType is a type that brings a context.
type scopedType struct {
	name []byte
	term *term
}

// typeScopes looks at the types of a node and applies the contexts that they
// bring, in the order of their names (JSON-LD 1.1 API §5.1.2, step 11).
func (w *walk) typeScopes(n *node, o *outline) error {
	start := len(w.types)
	if o.kinds == 1 {
		if err := w.scopesOf(n, o.kind); err != nil {
			return err
		}
	} else if o.kinds > 1 {
		for c := n.value.Cursor(); c.Next(); {
			name, member := c.Name().Text(), c.Value()
			if n.active.aliases.keyword([]byte(name)) != keywordType {
				continue
			}
			if err := w.scopesOf(n, member); err != nil {
				return err
			}
		}
	}
	types := w.types[start:]
	if len(types) > 1 {
		slices.SortFunc(types, func(a, b scopedType) int { return bytes.Compare(a.name, b.name) })
	}
	for i, t := range types {
		if i > 0 && bytes.Equal(t.name, types[i-1].name) {
			continue
		}
		next, err := w.scoped(n.active, byType, t.term, n.value)
		if err != nil {
			return err
		}
		n.active = next
	}
	w.types = w.types[:start]
	return nil
}

// scopesOf notes the types with a context among the values of a member.
func (w *walk) scopesOf(n *node, v strictjson.Value) error {
	for c := v.Items(); c.Next(); {
		item := c.Value()
		if item.Kind() != strictjson.String {
			return loss(item, "", ReasonNotString)
		}
		name, plain := item.Plain()
		if !plain {
			name = item.AppendText(nil)
		}
		if bytes.HasSuffix(name, []byte("Credential")) || bytes.HasSuffix(name, []byte("Presentation")) {
			n.endorsement = n.endorsement || string(name) == "EndorsementCredential"
			if n.leans && kindOfType(name) != noCredential {
				// It would be another credential when it is taken out.
				return &ContextError{Path: n.value.Pointer(), Err: ErrInvalidContext, Detail: "a credential has its own @context"}
			}
		}
		if t := n.typeScope.term(name); t != nil && t.scoped {
			w.types = append(w.types, scopedType{name, t})
		}
	}
	return nil
}

// identify gives a node its subject.
func (w *walk) identify(n *node, o *outline) (err error) {
	switch o.ids {
	case 0:
		n.subject, err = w.blank(n.value)
		return err
	case 1:
	default:
		return w.secondID(n)
	}
	if o.id.Kind() != strictjson.String {
		return loss(o.id, w.nameOf(n, o.id), ReasonNotString)
	}
	n.subject, err = w.resource(n.active, o.id, false)
	return err
}

// nameOf gives the name of a member of a node.
func (w *walk) nameOf(n *node, member strictjson.Value) string {
	for c := n.value.Cursor(); c.Next(); {
		name, v := c.Name().Text(), c.Value()
		if v == member {
			return name
		}
	}
	return ""
}

// secondID makes the error for a node with two identifiers.
func (w *walk) secondID(n *node) error {
	first := true
	for c := n.value.Cursor(); c.Next(); {
		name, member := c.Name().Text(), c.Value()
		if n.active.aliases.keyword([]byte(name)) != keywordID {
			continue
		}
		if !first {
			return loss(member, name, ReasonDuplicate)
		}
		if first = false; member.Kind() != strictjson.String {
			return loss(member, name, ReasonNotString)
		}
	}
	return loss(n.value, "", ReasonDuplicate)
}

// resource makes the node of an identifier. vocab says that it may be a term.
func (w *walk) resource(a *active, v strictjson.Value, vocab bool) (rdfc.Node, error) {
	text := w.textOf(v)
	if len(text) == 0 || text[0] == '@' {
		return w.expanded(a, v, vocab)
	}
	if vocab {
		if t := a.terms.get(text); t != nil {
			if t.reason != "" || t.keyword != noKeyword {
				return w.expanded(a, v, vocab)
			}
			return w.out.Node(t.name), nil
		}
	}
	colon := bytes.IndexByte(text, ':')
	if colon <= 0 {
		return w.expanded(a, v, vocab)
	}
	if !bytes.HasPrefix(text[colon+1:], []byte("//")) {
		if t := a.terms.get(text[:colon]); t != nil && t.prefix {
			return w.expanded(a, v, vocab)
		}
	}
	return w.iri(v, text)
}

// expanded is resource where the identifier is not written in full.
func (w *walk) expanded(a *active, v strictjson.Value, vocab bool) (rdfc.Node, error) {
	return w.iri(v, []byte(a.expand(v.Text(), vocab)))
}

// iri makes the node of an expanded identifier, which v stands for.
func (w *walk) iri(v strictjson.Value, iri []byte) (rdfc.Node, error) {
	n, ascii, fault := w.out.IRI(iri)
	if fault == "" && ascii {
		return n, nil
	}
	reason := checkIRI(string(iri))
	switch {
	case reason == "" && fault == "":
		return n, nil
	case reason == "":
		return n, loss(v, v.Text(), ReasonMalformedIRI)
	case reason != ReasonBlankNode || w.closed:
		return n, loss(v, v.Text(), reason)
	}
	if known, ok := w.labels[string(iri)]; ok {
		return known, nil
	}
	n, err := w.blank(v)
	if err != nil {
		return n, err
	}
	if w.labels == nil {
		w.labels = make(map[string]rdfc.Node)
	}
	w.labels[string(iri)] = n
	return n, nil
}

// member reads one member of a node, whose name at has.
func (w *walk) member(n *node, at *place, v strictjson.Value) error {
	t := n.active.term(w.textOf(at.name))
	if t == nil || w.closed && t.outside != "" {
		return w.otherMember(n, at, v, t)
	}
	if t.keyword != noKeyword {
		return w.keyword(n, at.name, t.keyword, v)
	}
	if t.reason != "" {
		return loss(v, at.name.Text(), t.reason)
	}
	at.def, at.property, at.tie = t, t.name, tieProperty
	if t.reverse {
		at.tie = tieReverse
	}
	return w.values(at, v)
}

// otherMember reads a member with a name that is no term, or not one that the
// closed profile has.
func (w *walk) otherMember(n *node, at *place, v strictjson.Value, t *term) error {
	if at.name.Is("@context") {
		return nil
	}
	word := at.name.Text()
	if w.closed {
		reason := outsideOf(word)
		switch {
		case t != nil:
			reason = t.outside
		case reason == "":
			reason = ReasonUndefinedTerm
		}
		return loss(v, word, reason)
	}
	iri := n.active.expand(word, true)
	if k := keywordOf(iri); k != noKeyword {
		return w.keyword(n, at.name, k, v)
	}
	var reason Reason
	if at.property, reason = nameOfProperty(iri); reason != "" {
		if reason == ReasonUndefinedTerm && keywordLike(word) {
			reason = ReasonKeyword
		}
		return loss(v, word, reason)
	}
	at.def, at.tie = t, tieProperty
	return w.values(at, v)
}

// nameOfProperty makes a name of the IRI that a word was expanded to.
func nameOfProperty(iri string) (rdfc.Name, Reason) {
	switch reason := checkIRI(iri); reason {
	case "":
	case ReasonNotAbsolute:
		return rdfc.Name{}, ReasonUndefinedTerm
	default:
		return rdfc.Name{}, reason
	}
	name, ok := rdfc.NewName(iri)
	if !ok {
		return rdfc.Name{}, ReasonMalformedIRI
	}
	return name, ""
}

// keyword reads a member whose name stands for a keyword.
func (w *walk) keyword(n *node, name strictjson.Value, k keyword, v strictjson.Value) error {
	switch {
	case k == keywordID: // read by identify
		return nil
	case k == keywordType:
		return w.typesOf(n, v)
	case k == keywordIndex:
		return loss(v, name.Text(), ReasonIndex)
	case w.closed:
		return loss(v, name.Text(), ReasonKeyword)
	}
	return w.generalKeyword(n, name, k, v)
}

// typesOf states the types of a node.
func (w *walk) typesOf(n *node, v strictjson.Value) error {
	if v.Kind() == strictjson.Array && v.Len() == 0 {
		return loss(v, "", ReasonEmpty)
	}
	at := place{graph: n.graph, tie: tieProperty, subject: n.subject, property: nameType}
	for c := v.Items(); c.Next(); {
		item := c.Value()
		resource, err := w.resource(n.typeScope, item, true)
		if err != nil {
			if lost, ok := err.(*LossError); ok && lost.Reason == ReasonNotAbsolute { //nolint:errorlint // made just now
				lost.Reason = ReasonUndefinedType
			}
			return err
		}
		if err := w.link(&at, resource); err != nil {
			return err
		}
	}
	return nil
}
