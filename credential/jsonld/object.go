package jsonld

import (
	"errors"

	"laurel/credential/strictjson"
)

// shape tells the kinds of object apart.
type shape byte

const (
	nodeObject shape = iota
	valueObject
	listObject
	setObject
)

// outline is what the names of an object's members tell before they are read.
type outline struct {
	aliases *aliases // by which the names were read

	id, kind   strictjson.Value // the first members that are @id and @type
	ids, kinds int              // how many there are
	shape      shape
	value      bool             // it has @value
	context    strictjson.Value // its @context
	types      strictjson.Value // the member with the very name type
	// keyword says that a member has a keyword for its name.
	keyword bool
}

// read makes o the outline of v.
func (o *outline) read(a *active, v strictjson.Value) {
	*o = outline{aliases: a.aliases}
	for c := v.Cursor(); c.Next(); {
		name, plain := c.Name().Plain()
		if !plain {
			name = c.Name().AppendText(nil)
		}
		if len(name) == len("type") && string(name) == "type" {
			o.types = c.Value()
		}
		if k := a.aliases.keyword(name); k != noKeyword {
			o.note(k, name, c.Value())
		}
	}
}

// note takes in a member whose name stands for a keyword.
func (o *outline) note(k keyword, name []byte, v strictjson.Value) {
	found := nodeObject
	o.keyword = o.keyword || name[0] == '@'
	switch k {
	case keywordID:
		if o.ids++; o.ids == 1 {
			o.id = v
		}
	case keywordType:
		if o.kinds++; o.kinds == 1 {
			o.kind = v
		}
	case keywordContext:
		if string(name) == "@context" {
			o.context = v
		}
	case keywordValue:
		o.value, found = true, valueObject
	case keywordList:
		found = listObject
	case keywordSet:
		found = setObject
	}
	if o.shape == nodeObject {
		o.shape = found
	}
}

// keepsTypeScope reports whether an object is a value or a mere reference,
// which the type-scoped context of the node around it still governs.
func (o *outline) keepsTypeScope(v strictjson.Value) bool {
	return o.value || o.ids == 1 && v.Len() == 1
}

// contextFor returns the active context for an object before its types are
// looked at (JSON-LD 1.1 API §5.1.2, steps 7 to 9), and makes o its outline in
// that.
func (w *walk) contextFor(at *place, v strictjson.Value, o *outline) (*active, error) {
	a := at.active
	o.read(a, v)
	if a.previous != nil && !o.keepsTypeScope(v) {
		a = a.previous
	}
	var err error
	if at.def != nil && at.def.scoped && !at.entered {
		if a, err = w.scoped(a, byProperty, at.def, v); err != nil {
			return nil, err
		}
	}
	if o.context.Exists() && !w.isDocument(v) {
		if a, err = w.enter(a, o.context, o.types); err != nil {
			return nil, err
		}
	}
	if o.aliases != a.aliases {
		o.read(a, v)
	}
	return a, nil
}

// scoped applies the scoped context of a term to a.
func (w *walk) scoped(a *active, kind kind, t *term, v strictjson.Value) (*active, error) {
	by := derivation{kind, t}
	next := a.known(by)
	if next == nil {
		if err := w.budget.allows(workOfScoped); err != nil {
			return nil, err
		}
		var err error
		if next, err = a.derive(by); errors.Is(err, errFull) {
			return nil, err
		} else if err != nil {
			return nil, &ContextError{Path: v.Pointer(), Err: classOf(err), Detail: detailOf(err)}
		}
	}
	if err := w.budget.charge(next.step, workOfScoped); err != nil {
		return nil, err
	}
	if len(next.documents) > 0 {
		w.use(next)
	}
	return next, nil
}
