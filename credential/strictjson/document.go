// Package strictjson is the reader that all inbound JSON passes.
//
// encoding/json is lenient where a signature must not be: it keeps the last of
// two equal names, folds their case, replaces bad UTF-8 and ignores what
// follows the value. Two readers of the same signed bytes could then see
// different credentials. This reader accepts exactly the texts of RFC 8259
// that are also I-JSON (RFC 7493): UTF-8 without a byte order mark, no
// duplicate names, no lone surrogates, no number that would change in a
// float64 beyond rounding of a fraction, nothing after the value, and limits
// on size and depth.
//
// A Document is a flat tree over the caller's bytes: nothing is copied, and
// every Value knows the exact bytes it came from. Parsing never does anything
// but read its input.
package strictjson

import "strconv"

// Limits bound what Parse accepts; a zero field means the default.
type Limits struct {
	Size  int // bytes of the whole text; default 1 MiB
	Depth int // nested arrays and objects; default 64
	Name  int // bytes of a member name as written; default 256
	Nodes int // values and names; default 100,000
}

// The defaults of Limits.
const (
	DefaultSize  = 1 << 20
	DefaultDepth = 64
	DefaultName  = 256
	DefaultNodes = 100_000
)

// bytesPerNode is what a value or name takes in a typical credential.
const bytesPerNode = 16

// maxSize keeps offsets and node indexes within 31 bits, and counts within 28.
const maxSize = 1 << 28

// Document is a parsed text. It refers to the bytes given to Parse, which must
// not be changed as long as the document is in use. It is safe for concurrent
// reading.
type Document struct {
	data  []byte
	nodes []node
	// The parser's stack, kept for the next Reset; usual is room for it.
	open  []int32
	usual [DefaultDepth]int32
}

// node is one value, or the name of a member, in document order. The value of
// a member follows its name directly; next is the index after the whole
// subtree, so children are walked without pointers.
type node struct {
	start, end uint32
	next       int32
	shape      shape
}

// shape is the kind of a node, whether it is a string with escapes, and the
// count of what it holds.
type shape uint32

const (
	kindBits  shape = 7
	escapedIs shape = 8
	oneMore   shape = 16
)

func (s shape) kind() Kind    { return Kind(s & kindBits) }
func (s shape) escaped() bool { return s&escapedIs != 0 }
func (s shape) count() int32  { return int32(s / oneMore) }

// Parse reads one JSON text under the default limits. Errors are of type
// *Error.
func Parse(data []byte) (*Document, error) { return ParseLimits(data, Limits{}) }

// ParseLimits reads one JSON text under the given limits.
func ParseLimits(data []byte, limits Limits) (*Document, error) {
	doc := new(Document)
	if err := doc.Reset(data, limits); err != nil {
		return nil, err
	}
	return doc, nil
}

// Reset makes the document that of another text, reusing its memory. Values of
// the former text must not be used any more. After an error the document is
// empty.
func (d *Document) Reset(data []byte, limits Limits) error {
	if limits.Size <= 0 || limits.Size > maxSize {
		limits.Size = DefaultSize
	}
	if limits.Depth <= 0 {
		limits.Depth = DefaultDepth
	}
	if limits.Name <= 0 {
		limits.Name = DefaultName
	}
	if limits.Nodes <= 0 {
		limits.Nodes = DefaultNodes
	}
	d.data = data
	d.nodes = d.nodes[:0]
	if d.nodes == nil {
		d.nodes = make([]node, 0, len(data)/bytesPerNode+4)
	}
	if d.open == nil {
		d.open = d.usual[:0]
	}
	p := parser{doc: d, data: data, limits: limits, open: d.open[:0]}
	err := p.text()
	d.open = p.open[:0]
	if err != nil {
		err.Path = d.errorPath(p.open) + err.Path
		d.data, d.nodes = nil, d.nodes[:0]
		return err
	}
	return nil
}

// Clear makes the document empty and keeps its memory for Reset.
func (d *Document) Clear() { d.data, d.nodes = nil, d.nodes[:0] }

// Root returns the value of the whole text; the zero Value for a document that
// was not parsed.
func (d *Document) Root() Value {
	if d == nil || len(d.nodes) == 0 {
		return Value{}
	}
	return Value{d, 0}
}

// Bytes returns the text as it was given to Parse.
func (d *Document) Bytes() []byte { return d.data }

// is compares the text of the string at index i without allocating.
func (d *Document) is(i int32, text string) bool {
	n := &d.nodes[i]
	raw := d.data[n.start+1 : n.end-1]
	if !n.shape.escaped() {
		return string(raw) == text
	}
	return string(appendUnescaped(make([]byte, 0, 64), raw)) == text
}

// pointer finds the way to a node by descending into the subtrees that hold it.
func (d *Document) pointer(target int32) string {
	var path []byte
	at := int32(0)
	for at != target {
		n := &d.nodes[at]
		i := at + 1
		isObject := n.shape.kind() == Object
		for position := int32(0); ; position++ {
			value := i
			if isObject {
				value++
			}
			if target < d.nodes[value].next {
				path = append(path, '/')
				if isObject {
					path = append(path, EscapePointer(Value{d, i}.Text())...)
				} else {
					path = strconv.AppendInt(path, int64(position), 10)
				}
				if target < value { // the name of a member: the member's path
					return string(path)
				}
				at = value
				break
			}
			i = d.nodes[value].next
		}
	}
	return string(path)
}

// errorPath gives the place of a syntax error from the containers that were
// open, whose nodes are not closed yet.
func (d *Document) errorPath(open []int32) string {
	var path []byte
	for level, at := range open {
		n := &d.nodes[at]
		if n.shape.kind() == Array {
			path = append(path, '/')
			path = strconv.AppendInt(path, int64(n.shape.count()), 10)
			continue
		}
		name := d.lastName(at, level, open)
		if name >= 0 {
			path = append(path, '/')
			path = append(path, EscapePointer(Value{d, name}.Text())...)
		}
	}
	return string(path)
}

// lastName returns the index of the name that was read last in an open object,
// or -1 when none was.
func (d *Document) lastName(at int32, level int, open []int32) int32 {
	if level+1 < len(open) {
		return open[level+1] - 1
	}
	last := int32(len(d.nodes)) - 1
	i := at + 1
	for i <= last {
		value := i + 1
		if value > last || d.nodes[value].next == 0 || d.nodes[value].next > last {
			return i
		}
		i = d.nodes[value].next
	}
	return -1
}
