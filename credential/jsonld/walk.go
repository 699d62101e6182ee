package jsonld

import (
	"context"
	"strconv"

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
