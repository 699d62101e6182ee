// Package delta writes a text as its differences from another that both sides
// have: the badges of one achievement are alike but for a few hundred bytes.
//
// # Form
//
// A delta begins with its form: 0, or 1 for one whose rest is deflated (RFC
// 1951). The rest is, with all numbers as unsigned varints, the length of the
// text; then in turn the length of a literal and its bytes, and the length of a
// copy and where in the base it begins, until the text is whole. The last
// literal has no copy after it.
package delta

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"sync"
)

// ErrCorrupt means that bytes are no delta, or none of this base.
var ErrCorrupt = errors.New("delta does not fit")

// The forms of a delta.
const (
	formPlain byte = iota
	formDeflated
)

const (
	// window is the least length of a copy that is looked for: what is shorter
	// takes hardly less than its bytes.
	window = 8
	// dense is the length up to which a base is indexed at every position,
	// beyond it at every sparse one.
	dense  = 64 << 10
	sparse = 16
	// worthDeflating is from what length on a delta is deflated. The rest of an
	// ordinary badge is shorter, and random for the most part.
	worthDeflating = 1024
)

// Base is a text that others are written as differences from. It is safe for
// concurrent use.
type Base struct {
	text []byte
	// index has positions of the text plus one, by the hash of the window that
	// begins there. Of windows with one hash the first is in it.
	index []uint32
	shift uint
}

// NewBase indexes a text, which must not be changed any more. It takes about ten
// nanoseconds a byte and up to sixteen times the memory.
func NewBase(text []byte) *Base {
	step := 1
	if len(text) > dense {
		step = sparse
	}
	size, shift := 256, uint(64-8)
	for size < 2*len(text)/step {
		size, shift = 2*size, shift-1
	}
	b := &Base{text: text, index: make([]uint32, size), shift: shift}
	for i := 0; i+window <= len(text); i += step {
		if place := &b.index[b.hash(word(text, i))]; *place == 0 {
			*place = uint32(i) + 1
		}
	}
	return b
}

// word is a window of a text.
func word(text []byte, at int) uint64 { return binary.LittleEndian.Uint64(text[at : at+window]) }

func (b *Base) hash(word uint64) uint64 { return word * 0x9e3779b97f4a7c15 >> b.shift }

// find looks for a window in the base: where the copy before would go on, had
// the literal since been as long there, or wherever there is one.
func (b *Base) find(wanted uint64, expected int) (position int, ok bool) {
	if expected+window <= len(b.text) && word(b.text, expected) == wanted {
		return expected, true
	}
	position = int(b.index[b.hash(wanted)]) - 1
	return position, position >= 0 && word(b.text, position) == wanted
}

// same is how many bytes two texts have in common from their beginnings.
func same(a, b []byte) int {
	n, most := 0, min(len(a), len(b))
	for n+window <= most {
		if differ := word(a, n) ^ word(b, n); differ != 0 {
			return n + bits.TrailingZeros64(differ)/8
		}
		n += window
	}
	for n < most && a[n] == b[n] {
		n++
	}
	return n
}

// Append appends a text as its differences from the base.
func (b *Base) Append(delta, text []byte) []byte {
	start := len(delta)
	delta = append(delta, formPlain)
	delta = binary.AppendUvarint(delta, uint64(len(text)))
	literal, expected := 0, 0
	for i := 0; i+window <= len(text); {
		position, ok := b.find(word(text, i), expected+i-literal)
		if !ok {
			i++
			continue
		}
		end := i + same(text[i:], b.text[position:])
		for i > literal && position > 0 && text[i-1] == b.text[position-1] {
			i, position = i-1, position-1
		}
		delta = appendLiteral(delta, text[literal:i])
		delta = binary.AppendUvarint(delta, uint64(end-i))
		delta = binary.AppendUvarint(delta, uint64(position))
		expected = position + end - i
		i, literal = end, end
	}
	if literal < len(text) {
		delta = appendLiteral(delta, text[literal:])
	}
	if len(delta)-start < worthDeflating {
		return delta
	}
	return deflated(delta, start)
}

func appendLiteral(delta, literal []byte) []byte {
	return append(binary.AppendUvarint(delta, uint64(len(literal))), literal...)
}

// deflated deflates the delta that begins at start, if that makes it shorter.
func deflated(delta []byte, start int) []byte {
	var short bytes.Buffer
	w := writers.Get().(*flate.Writer)
	defer writers.Put(w)
	w.Reset(&short)
	_, err := w.Write(delta[start+1:])
	if err = errors.Join(err, w.Close()); err != nil || short.Len() >= len(delta)-start-1 {
		return delta // a buffer takes everything
	}
	return append(append(delta[:start], formDeflated), short.Bytes()...)
}

var writers = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err) // the level is one that there is
	}
	return w
}}

// Apply gives the text back that a delta was made of with the same base. It
// returns ErrCorrupt, also for a text longer than most; before it knows, it takes
// no more memory than that.
func Apply(base, delta []byte, most int) ([]byte, error) {
	if len(delta) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrCorrupt)
	}
	form, rest := delta[0], delta[1:]
	switch form {
	case formPlain:
	case formDeflated:
		// Of a text there is nothing in a delta twice, and a copy of less than
		// a window is not made.
		limit := int64(2*most + 2*binary.MaxVarintLen64)
		var err error
		rest, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(rest)), limit))
		if err != nil {
			return nil, fmt.Errorf("%w: inflating it: %w", ErrCorrupt, err)
		}
	default:
		return nil, fmt.Errorf("%w: form %d is not known", ErrCorrupt, form)
	}
	text, ok := apply(base, rest, most)
	if !ok {
		return nil, ErrCorrupt
	}
	return text, nil
}

func apply(base, rest []byte, most int) (text []byte, ok bool) {
	number := func(limit int) int {
		n, size := binary.Uvarint(rest)
		if size <= 0 || limit < 0 || n > uint64(limit) {
			return -1
		}
		rest = rest[size:]
		return int(n)
	}
	length := number(most)
	if length < 0 {
		return nil, false
	}
	text = make([]byte, 0, length)
	for len(text) < length {
		n := number(min(length-len(text), len(rest)))
		if n < 0 || n > len(rest) {
			return nil, false
		}
		text, rest = append(text, rest[:n]...), rest[n:]
		if len(text) == length {
			break
		}
		n = number(length - len(text))
		position := -1
		if n > 0 {
			position = number(len(base) - n)
		}
		if position < 0 {
			return nil, false
		}
		text = append(text, base[position:position+n]...)
	}
	return text, len(rest) == 0
}
