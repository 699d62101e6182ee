package strictjson

import (
	"encoding/json"
	"iter"
	"strconv"
	"strings"
)

// Kind is the type of a JSON value (RFC 8259 §3).
type Kind uint8

// The kinds. Invalid is the kind of the zero Value, which stands for "not
// there".
const (
	Invalid Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// String names the kind as RFC 8259 does.
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "boolean"
	case Number:
		return "number"
	case String:
		return "string"
	case Array:
		return "array"
	case Object:
		return "object"
	default:
		return "nothing"
	}
}

// Value is one value inside a Document: a small handle to be passed by value.
// The zero Value means "not there"; all its methods may be called.
type Value struct {
	doc *Document
	at  int32
}

func (v Value) node() *node { return &v.doc.nodes[v.at] }

// Kind returns the type of the value.
func (v Value) Kind() Kind {
	if v.doc == nil {
		return Invalid
	}
	return v.node().shape.kind()
}

// Exists reports whether there is a value at all (null is a value).
func (v Value) Exists() bool { return v.doc != nil }

// Document returns the document that the value is part of.
func (v Value) Document() *Document { return v.doc }

// Len is the number of elements of an array or members of an object, else 0.
func (v Value) Len() int {
	if k := v.Kind(); k != Array && k != Object {
		return 0
	}
	return int(v.node().shape.count())
}

// Member returns the member of an object by its exact name; names are never
// folded. ok is false for an absent member and for anything but an object.
func (v Value) Member(name string) (member Value, ok bool) {
	if v.Kind() != Object {
		return Value{}, false
	}
	i := v.at + 1
	for range v.node().shape.count() {
		if v.doc.is(i, name) {
			return Value{v.doc, i + 1}, true
		}
		i = v.doc.nodes[i+1].next
	}
	return Value{}, false
}

// Get is Member with the zero Value for an absent one.
func (v Value) Get(name string) Value {
	member, _ := v.Member(name)
	return member
}

// Members yields the members of an object in document order.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for key, member := range v.Fields() {
			if !yield(key.Text(), member) {
				return
			}
		}
	}
}

// Fields yields the members of an object in document order with the name as a
// Value, which costs no allocation.
func (v Value) Fields() iter.Seq2[Value, Value] {
	return func(yield func(Value, Value) bool) {
		if v.Kind() != Object {
			return
		}
		i := v.at + 1
		for range v.node().shape.count() {
			if !yield(Value{v.doc, i}, Value{v.doc, i + 1}) {
				return
			}
			i = v.doc.nodes[i+1].next
		}
	}
}

// Elements yields the elements of an array in order.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != Array {
			return
		}
		i := v.at + 1
		for range v.node().shape.count() {
			if !yield(Value{v.doc, i}) {
				return
			}
			i = v.doc.nodes[i].next
		}
	}
}

// OneOrMany yields the elements of an array, or the value itself when it is
// anything else that exists: the way JSON-LD reads sets.
func (v Value) OneOrMany() iter.Seq[Value] {
	if v.Kind() == Array {
		return v.Elements()
	}
	return func(yield func(Value) bool) {
		if v.Exists() {
			yield(v)
		}
	}
}

// Cursor steps through the members of an object or the elements of an array,
// for loops that are too hot for an iterator:
//
//	for c := v.Cursor(); c.Next(); {
//		use(c.Name(), c.Value())
//	}
type Cursor struct {
	doc    *Document
	at     int32 // the value it stands at; before the first, ^ of what comes
	end    int32 // index of what follows the last value
	before int32 // how many nodes stand before each value: 1 for a name
}

// Cursor returns a cursor before the first member or element. For any other
// kind there is none.
func (v Value) Cursor() Cursor {
	if v.doc == nil {
		return Cursor{at: ^0}
	}
	switch n := v.node(); n.shape.kind() {
	case Object:
		return Cursor{v.doc, ^(v.at + 1), n.next, 1}
	case Array:
		return Cursor{v.doc, ^(v.at + 1), n.next, 0}
	}
	return Cursor{at: ^0}
}

// Items returns a cursor over what OneOrMany yields.
func (v Value) Items() Cursor {
	if v.doc == nil {
		return Cursor{at: ^0}
	}
	n := v.node()
	if n.shape.kind() == Array {
		return Cursor{v.doc, ^(v.at + 1), n.next, 0}
	}
	return Cursor{v.doc, ^v.at, n.next, 0}
}

// Next moves on and reports whether there is a value.
func (c *Cursor) Next() bool {
	next := ^c.at
	if next < 0 {
		next = c.doc.nodes[c.at].next
	}
	if next >= c.end {
		return false
	}
	c.at = next + c.before
	return true
}

// Value returns the value that the cursor stands at.
func (c *Cursor) Value() Value { return Value{c.doc, c.at} }

// Name returns the name of the member that the cursor stands at. It has no
// meaning for elements.
func (c *Cursor) Name() Value { return Value{c.doc, c.at - 1} }

// Text returns the decoded text of a string, "" for any other kind.
func (v Value) Text() string {
	if v.Kind() != String {
		return ""
	}
	n := v.node()
	raw := v.doc.data[n.start+1 : n.end-1]
	if !n.shape.escaped() {
		return string(raw)
	}
	return string(appendUnescaped(make([]byte, 0, len(raw)), raw))
}

// AppendText appends the decoded text of a string to dst; for any other kind
// it returns dst as it is.
func (v Value) AppendText(dst []byte) []byte {
	if v.Kind() != String {
		return dst
	}
	n := v.node()
	raw := v.doc.data[n.start+1 : n.end-1]
	if !n.shape.escaped() {
		return append(dst, raw...)
	}
	return appendUnescaped(dst, raw)
}

// Is reports whether the value is a string with exactly this text.
func (v Value) Is(text string) bool {
	return v.Kind() == String && v.doc.is(v.at, text)
}

// Plain returns the text of a string that holds no escape as a view into the
// document's bytes: no copy, valid only as long as nobody changes them.
func (v Value) Plain() (text []byte, ok bool) {
	if v.Kind() != String || v.node().shape.escaped() {
		return nil, false
	}
	n := v.node()
	return v.doc.data[n.start+1 : n.end-1], true
}

// Literal returns a number as it was written, "" for any other kind.
func (v Value) Literal() string {
	if v.Kind() != Number {
		return ""
	}
	return string(v.Raw())
}

// Float returns a number as the nearest float64 (always finite), 0 for any
// other kind.
func (v Value) Float() float64 {
	if v.Kind() != Number {
		return 0
	}
	f, _ := strconv.ParseFloat(string(v.Raw()), 64)
	return f
}

// Int returns a number that is written as a plain integer; ok is false for
// other kinds, fractions, exponents and anything outside int64.
func (v Value) Int() (n int64, ok bool) {
	if v.Kind() != Number {
		return 0, false
	}
	n, err := strconv.ParseInt(string(v.Raw()), 10, 64)
	return n, err == nil
}

// Bool reports whether the value is true.
func (v Value) Bool() bool {
	return v.Kind() == Bool && v.doc.data[v.node().start] == 't'
}

// Raw returns the exact bytes of the value, without surrounding white space.
// The caller must not change them.
func (v Value) Raw() []byte {
	if v.doc == nil {
		return nil
	}
	n := v.node()
	return v.doc.data[n.start:n.end:n.end]
}

// Start is the offset of the value's first byte in the document.
func (v Value) Start() int {
	if v.doc == nil {
		return 0
	}
	return int(v.node().start)
}

// End is the offset just after the value's last byte.
func (v Value) End() int {
	if v.doc == nil {
		return 0
	}
	return int(v.node().end)
}

// Pointer returns the place of the value as a JSON Pointer (RFC 6901), "" for
// the root. It walks from the root and is meant for error messages.
func (v Value) Pointer() string {
	if v.doc == nil {
		return ""
	}
	return v.doc.pointer(v.at)
}

// Any returns the value as encoding/json would decode it into an any, with
// json.Number for numbers. The result shares nothing with the document.
func (v Value) Any() any {
	switch v.Kind() {
	case Bool:
		return v.Bool()
	case Number:
		return json.Number(v.Literal())
	case String:
		return v.Text()
	case Array:
		list := make([]any, 0, v.Len())
		for element := range v.Elements() {
			list = append(list, element.Any())
		}
		return list
	case Object:
		object := make(map[string]any, v.Len())
		for name, member := range v.Members() {
			object[name] = member.Any()
		}
		return object
	default:
		return nil
	}
}

// EscapePointer escapes one reference token of a JSON Pointer (RFC 6901 §3).
func EscapePointer(token string) string {
	if !strings.ContainsAny(token, "~/") {
		return token
	}
	return strings.ReplaceAll(strings.ReplaceAll(token, "~", "~0"), "/", "~1")
}
