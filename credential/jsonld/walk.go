package jsonld

import (
	"context"
	"sync"

	"laurel/contexts"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// The limits of one dataset.
const (
	MaxQuads      = 20_000
	MaxBlankNodes = 2_000
	// MaxBytes bounds the statements as they are written, in bytes: a long
	// identifier is repeated in every statement about its node.
	MaxBytes = 8 << 20
)

// walk reads one document. It is expansion and the making of RDF (JSON-LD 1.1
// API §5.1 and §8.1) in one pass: every value is visited once and either
// becomes part of a statement or ends the walk with an error that knows its
// place. Nothing is skipped, so nothing can be lost.
type walk struct {
	ctx       context.Context
	processor *Processor
	source    Source
	closed    bool // the profile for documents of strangers

	out    rdfc.Builder
	active *active // of the whole document
	budget budget
	labels map[string]rdfc.Node // blank nodes that the document names itself
	used   []contexts.Document

	// Memory that is kept from one document to the next.
	text       []byte
	identified []identified
	types      []scopedType
	firsts     map[identity]int32
}

var walks = sync.Pool{New: func() any { return &walk{firsts: make(map[identity]int32)} }}

func newWalk(ctx context.Context, p *Processor, source Source) *walk {
	w := walks.Get().(*walk)
	w.ctx, w.processor, w.source, w.closed = ctx, p, source, true
	w.out = rdfc.NewBuilder()
	return w
}

// restart makes the walk that of the same document from its beginning, in the
// closed profile or without its bounds.
func (w *walk) restart(closed bool) {
	// Not by way of the pool, where another would find this walk.
	w.out.Close()
	*w = walk{
		ctx: w.ctx, processor: w.processor, source: w.source, closed: closed,
		out: rdfc.NewBuilder(), firsts: make(map[identity]int32),
	}
	if w.source.trace != nil {
		*w.source.trace = trace{}
	}
}

// release gives the memory of the walk back, without what it has of the
// document.
func (w *walk) release() {
	const large = 1 << 16
	w.out.Close()
	clear(w.identified)
	clear(w.types)
	if cap(w.text) > large || cap(w.identified) > large {
		return
	}
	if len(w.firsts) > 0 {
		clear(w.firsts)
	}
	*w = walk{text: w.text[:0], identified: w.identified[:0], types: w.types[:0], firsts: w.firsts}
	walks.Put(w)
}

// place is where a value stands, and what it is a value of.
type place struct {
	active *active
	graph  rdfc.Node
	// name is that of the member, and def its definition in active; def is nil
	// where the name is no term, and name does not exist where no property
	// leads here.
	name strictjson.Value
	def  *term
	// owner is the node with that member, and endorsement says that it has the
	// type EndorsementCredential.
	owner       strictjson.Value
	endorsement bool
	// entered says that active is what the property-scoped context of def has
	// made of the context of owner.
	entered bool

	tie      tie
	subject  rdfc.Node
	property rdfc.Name
	list     *list
}

// tie says what a value is to the node that it is a value of.
type tie byte

const (
	tieNone     tie = iota // nothing: it only stands in a graph
	tieProperty            // a value of a property
	tieReverse             // a node with a property that leads back
	tieList                // an element of a list
)

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
	if err := w.unlinked(&at, v); err != nil {
		return err
	}
	if w.closed {
		return w.checkIdentifiers()
	}
	return nil
}

// unlinked reads nodes that no property leads to: the document itself, the
// content of a graph. Each must say something.
func (w *walk) unlinked(at *place, v strictjson.Value) error {
	for c := v.Items(); c.Next(); {
		item := c.Value()
		switch item.Kind() {
		case strictjson.Object:
		case strictjson.Null:
			return loss(item, "", ReasonNull)
		default:
			return loss(item, "", ReasonNotObject)
		}
		before := w.out.Len()
		var o outline
		a, err := w.contextFor(at, item, &o)
		if err != nil {
			return err
		}
		if o.shape != nodeObject {
			return loss(item, "", ReasonNotCovered)
		}
		if err := w.node(at, a, &o, item); err != nil {
			return err
		}
		if w.out.Len() == before {
			return loss(item, "", ReasonNotCovered)
		}
	}
	return nil
}

// isDocument reports whether v is the object that the walk began with.
func (w *walk) isDocument(v strictjson.Value) bool { return v == w.source.Object }

// blank makes a blank node that nothing else names, for the value v.
func (w *walk) blank(v strictjson.Value) (rdfc.Node, error) {
	if w.out.BlankNodes() >= MaxBlankNodes {
		return rdfc.Node{}, &LimitError{Limit: "blank nodes", Max: MaxBlankNodes}
	}
	if w.source.trace != nil {
		w.source.trace.add(v)
	}
	return w.out.BlankNode(), nil
}

// room reports whether another statement may be made.
func (w *walk) room() error {
	count := w.out.Len()
	switch {
	case count >= MaxQuads:
		return &LimitError{Limit: "quads", Max: MaxQuads}
	case w.out.Size() >= MaxBytes:
		return &LimitError{Limit: "bytes of quads", Max: MaxBytes}
	case count%256 == 0:
		return w.ctx.Err()
	}
	return nil
}

// link states that a node is a value in its place.
func (w *walk) link(at *place, n rdfc.Node) error {
	if err := w.room(); err != nil {
		return err
	}
	switch at.tie {
	case tieProperty:
		w.out.Link(at.subject, at.property, n, at.graph)
	case tieReverse:
		w.out.Link(n, at.property, at.subject, at.graph)
	case tieList:
		cell, err := w.cell(at)
		if err != nil {
			return err
		}
		w.out.Link(cell, nameFirst, n, at.graph)
	}
	return nil
}

// literal states that a literal is a value in its place, where v stands.
func (w *walk) literal(at *place, v strictjson.Value, form []byte, t rdfc.LiteralType) error {
	if err := w.room(); err != nil {
		return err
	}
	subject, property := at.subject, at.property
	switch at.tie {
	case tieNone:
		return nil
	case tieReverse:
		return loss(v, "", ReasonNotObject)
	case tieList:
		cell, err := w.cell(at)
		if err != nil {
			return err
		}
		subject, property = cell, nameFirst
	}
	if !w.out.Literal(subject, property, form, t, at.graph) {
		return loss(v, "", ReasonNotString)
	}
	return nil
}

// textOf gives the text of a string, valid until the next call.
func (w *walk) textOf(v strictjson.Value) []byte {
	if text, ok := v.Plain(); ok {
		return text
	}
	w.text = v.AppendText(w.text[:0])
	return w.text
}
