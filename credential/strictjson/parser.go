package strictjson

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf8"
)

// parser makes the nodes of one document. It keeps its own stack of open
// containers instead of recursing, so that depth costs no goroutine stack.
type parser struct {
	doc    *Document
	data   []byte
	at     int
	limits Limits
	open   []int32 // indexes of the containers not closed yet
}

func (p *parser) fail(code Code, offset int, detail string) *Error {
	return &Error{Code: code, Offset: offset, Detail: detail}
}

// text reads the whole input: one value and white space.
func (p *parser) text() *Error {
	switch {
	case len(p.data) > p.limits.Size:
		return p.fail(CodeTooLarge, p.limits.Size, "the text is longer than "+strconv.Itoa(p.limits.Size)+" bytes")
	case bytes.HasPrefix(p.data, []byte("\xef\xbb\xbf")):
		return p.fail(CodeUTF8, 0, "a byte order mark")
	case !utf8.Valid(p.data):
		return p.fail(CodeUTF8, invalidUTF8(p.data), "bytes that are not UTF-8")
	}
	p.space()
	if err := p.values(); err != nil {
		return err
	}
	p.space()
	if p.at < len(p.data) {
		return p.fail(CodeTrailing, p.at, "data after the value")
	}
	return nil
}

func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}

func (p *parser) space() {
	for p.at < len(p.data) {
		switch p.data[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// peek returns the next byte, 0 at the end (a NUL byte is an error anyway).
func (p *parser) peek() byte {
	if p.at < len(p.data) {
		return p.data[p.at]
	}
	return 0
}

// values reads values until the outermost one is complete.
func (p *parser) values() *Error {
	for {
		opened, err := p.value()
		if err != nil {
			return err
		}
		complete := !opened
		if opened {
			if complete, err = p.first(); err != nil {
				return err
			}
		}
		for complete {
			if len(p.open) == 0 {
				return nil
			}
			more, err := p.after()
			if err != nil {
				return err
			}
			complete = !more
		}
	}
}

// first follows the opening of a container: it is closed at once, or its first
// name is read and the parser stands before a value.
func (p *parser) first() (closed bool, err *Error) {
	at := p.open[len(p.open)-1]
	isObject := p.doc.nodes[at].shape.kind() == Object
	p.space()
	switch c := p.peek(); {
	case c == '}' && isObject, c == ']' && !isObject:
		p.at++
		return true, p.close()
	case isObject:
		return false, p.name()
	default:
		return false, nil
	}
}

// after follows a complete element or member: more says that another value
// comes; otherwise the container was closed.
func (p *parser) after() (more bool, err *Error) {
	at := p.open[len(p.open)-1]
	n := &p.doc.nodes[at]
	p.space()
	switch c := p.peek(); {
	case c == ',':
		if len(p.doc.nodes) > p.limits.Nodes {
			return false, p.fail(CodeTooLarge, p.at, "more than "+strconv.Itoa(p.limits.Nodes)+" values")
		}
		n.shape += oneMore
		p.at++
		p.space()
		if n.shape.kind() == Object {
			return true, p.name()
		}
		return true, nil
	case c == '}' && n.shape.kind() == Object, c == ']' && n.shape.kind() == Array:
		n.shape += oneMore
		p.at++
		return false, p.close()
	case n.shape.kind() == Object:
		return false, p.fail(CodeSyntax, p.at, "expected a comma or a closing brace")
	default:
		return false, p.fail(CodeSyntax, p.at, "expected a comma or a closing bracket")
	}
}

// close completes the innermost container.
func (p *parser) close() *Error {
	at := p.open[len(p.open)-1]
	n := &p.doc.nodes[at]
	n.end = uint32(p.at)
	n.next = int32(len(p.doc.nodes))
	p.open = p.open[:len(p.open)-1]
	if n.shape.kind() == Object && n.shape.count() > 1 {
		if i := p.doc.duplicate(at); i >= 0 {
			err := p.fail(CodeDuplicate, int(p.doc.nodes[i].start), "a name that the object already has")
			err.Path = "/" + EscapePointer(Value{p.doc, i}.Text())
			return err
		}
	}
	return nil
}

// name reads the name of a member and its colon.
func (p *parser) name() *Error {
	if p.peek() != '"' {
		return p.fail(CodeSyntax, p.at, "expected a name in quotes")
	}
	start := p.at
	if err := p.str(); err != nil {
		return err
	}
	if p.at-start-2 > p.limits.Name {
		return p.fail(CodeTooLarge, start, "a name longer than "+strconv.Itoa(p.limits.Name)+" bytes")
	}
	p.space()
	if p.peek() != ':' {
		return p.fail(CodeSyntax, p.at, "expected a colon")
	}
	p.at++
	p.space()
	return nil
}

// value reads a scalar, or opens a container and reports that.
func (p *parser) value() (opened bool, err *Error) {
	p.space()
	switch c := p.peek(); c {
	case '"':
		return false, p.str()
	case '{':
		return true, p.enter(Object)
	case '[':
		return true, p.enter(Array)
	case 't':
		return false, p.word("true", Bool)
	case 'f':
		return false, p.word("false", Bool)
	case 'n':
		return false, p.word("null", Null)
	default:
		if c == '-' || c >= '0' && c <= '9' {
			return false, p.number()
		}
		return false, p.fail(CodeSyntax, p.at, "expected a value")
	}
}

func (p *parser) enter(kind Kind) *Error {
	if len(p.open) >= p.limits.Depth {
		return p.fail(CodeTooDeep, p.at, "more than "+strconv.Itoa(p.limits.Depth)+" levels")
	}
	p.open = append(p.open, int32(len(p.doc.nodes)))
	p.room()
	p.doc.nodes = append(p.doc.nodes, node{shape: shape(kind), start: uint32(p.at)})
	p.at++
	return nil
}

// room makes room for one more node: for twice as many as there are, but not for
// more than are let in, since a text of many values is likely to be refused.
func (p *parser) room() {
	count := len(p.doc.nodes)
	if count < cap(p.doc.nodes) {
		return
	}
	more := max(count, 1)
	if left := p.limits.Nodes + nodesBeyond - count; left > 0 {
		more = min(more, left)
	}
	p.doc.nodes = slices.Grow(p.doc.nodes, more)
}

// nodesBeyond is how many nodes there may be when the limit is noticed.
const nodesBeyond = 4

// leaf adds a node that ends at the parser's place.
func (p *parser) leaf(kind Kind, start int, escaped bool) {
	p.room()
	nodes := p.doc.nodes
	nodes = nodes[:len(nodes)+1]
	n := &nodes[len(nodes)-1]
	n.shape = shape(kind)
	if escaped {
		n.shape |= escapedIs
	}
	n.start, n.end, n.next = uint32(start), uint32(p.at), int32(len(nodes))
	p.doc.nodes = nodes
}

func (p *parser) word(word string, kind Kind) *Error {
	start := p.at
	if len(p.data)-start < len(word) || string(p.data[start:start+len(word)]) != word {
		return p.fail(CodeSyntax, start, "expected a value")
	}
	p.at += len(word)
	p.leaf(kind, start, false)
	return nil
}

// str reads a string, checking its escapes; UTF-8 was checked before.
func (p *parser) str() *Error {
	start := p.at
	escaped := false
	i := start + 1
	for {
		i = skipPlain(p.data, i)
		if i >= len(p.data) {
			return p.fail(CodeSyntax, len(p.data), "a string without an end")
		}
		switch c := p.data[i]; {
		case c == '"':
			p.at = i + 1
			p.leaf(String, start, escaped)
			return nil
		case c < 0x20:
			return p.fail(CodeSyntax, i, "a control character inside a string")
		case c == '\\':
			escaped = true
			size, err := p.escape(i)
			if err != nil {
				return err
			}
			i += size
		default:
			i++
		}
	}
}

// skipPlain returns an offset from i on up to which no byte is a quote, a
// backslash or a control character. It looks at eight bytes at a time, and may
// stop early: a byte that follows one of those in the same eight can be taken
// for one by the borrow of the subtraction, never the other way round.
func skipPlain(data []byte, i int) int {
	const low, high = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(data); i += 8 {
		word := binary.LittleEndian.Uint64(data[i:])
		quote := word ^ low*'"'
		backslash := word ^ low*'\\'
		found := (quote-low)&^quote | (backslash-low)&^backslash | (word-low*0x20)&^word
		if found &= high; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(data) && data[i] != '"' && data[i] != '\\' && data[i] >= 0x20 {
		i++
	}
	return i
}

// escape checks the escape at offset i and returns its length; a surrogate
// pair counts as one escape.
func (p *parser) escape(i int) (size int, err *Error) {
	if i+1 >= len(p.data) {
		return 0, p.fail(CodeSyntax, len(p.data), "a string without an end")
	}
	switch p.data[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, nil
	case 'u':
	default:
		return 0, p.fail(CodeSyntax, i, "an escape that JSON does not have")
	}
	unit, ok := hex4(p.data[i+2:])
	switch {
	case !ok:
		return 0, p.fail(CodeSyntax, i, "an escape without four hexadecimal digits")
	case unit < 0xD800 || unit > 0xDFFF:
		return 6, nil
	case unit >= 0xDC00:
		return 0, p.fail(CodeUTF8, i, "a lone surrogate")
	}
	rest := p.data[i+6:]
	if len(rest) < 6 || rest[0] != '\\' || rest[1] != 'u' {
		return 0, p.fail(CodeUTF8, i, "a lone surrogate")
	}
	if low, ok := hex4(rest[2:]); !ok || low < 0xDC00 || low > 0xDFFF {
		return 0, p.fail(CodeUTF8, i, "a lone surrogate")
	}
	return 12, nil
}

// number reads a number by the grammar of RFC 8259 §6 and refuses one that
// would not survive: an overflow, an underflow to zero, an integer that is not
// itself as a float64.
func (p *parser) number() *Error {
	start := p.at
	isInteger := true
	if p.peek() == '-' {
		p.at++
	}
	switch c := p.peek(); {
	case c == '0':
		p.at++
	case c >= '1' && c <= '9':
		p.digits()
	default:
		return p.fail(CodeSyntax, p.at, "expected a digit")
	}
	if p.peek() == '.' {
		isInteger = false
		p.at++
		if !p.digits() {
			return p.fail(CodeSyntax, p.at, "expected a digit")
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		isInteger = false
		p.at++
		if c := p.peek(); c == '+' || c == '-' {
			p.at++
		}
		if !p.digits() {
			return p.fail(CodeSyntax, p.at, "expected a digit")
		}
	}
	if !isFaithful(p.data[start:p.at], isInteger) {
		return p.fail(CodeNumberRange, start, "a number that other readers would change")
	}
	p.leaf(Number, start, false)
	return nil
}

// digits skips a run of digits and reports whether there was one.
func (p *parser) digits() bool {
	start := p.at
	for p.at < len(p.data) && p.data[p.at] >= '0' && p.data[p.at] <= '9' {
		p.at++
	}
	return p.at > start
}

// exactDigits is a length up to which every integer is exact in a float64.
const exactDigits = 15

func isFaithful(literal []byte, isInteger bool) bool {
	if len(literal) <= exactDigits && isInteger {
		return true
	}
	f, err := strconv.ParseFloat(string(literal), 64)
	if err != nil || math.IsInf(f, 0) {
		return false
	}
	if f == 0 {
		return isZero(literal)
	}
	if !isInteger {
		return true
	}
	return strconv.FormatFloat(f, 'f', -1, 64) == string(literal) ||
		strconv.FormatFloat(f, 'f', 0, 64) == string(literal)
}

// isZero reports whether a literal has no digit but zero before its exponent.
func isZero(literal []byte) bool {
	for _, c := range literal {
		switch {
		case c == 'e' || c == 'E':
			return true
		case c >= '1' && c <= '9':
			return false
		}
	}
	return true
}
