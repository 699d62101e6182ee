package rdfc

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// line is one N-Quads line in the workspace's buffer.
type line struct {
	key        uint64 // eight bytes at the depth being sorted on
	start, end int32
	quad       int32
}

// sortLines sorts lines of buf, which agree in their first depth bytes, in
// byte order, which in UTF-8 is code point order. RDF lines share long
// prefixes: the sort steps over what all lines of a range share and orders
// them by the next eight bytes, so that each byte is looked at about once.
func sortLines(buf []byte, lines []line, depth int) {
	const few = 6
	if len(lines) <= few {
		for i := 1; i < len(lines); i++ {
			for j := i; j > 0 && bytes.Compare(lines[j].text(buf, depth), lines[j-1].text(buf, depth)) < 0; j-- {
				lines[j], lines[j-1] = lines[j-1], lines[j]
			}
		}
		return
	}
	first := lines[0].text(buf, depth)
	shared := len(first)
	for i := 1; i < len(lines) && shared > 0; i++ {
		shared = commonPrefix(first[:shared], lines[i].text(buf, depth))
	}
	depth += shared
	for i := range lines {
		lines[i].key = load(lines[i].text(buf, depth))
	}
	sortKeys(lines)
	for start := 0; start < len(lines); {
		end := start + 1
		for end < len(lines) && lines[end].key == lines[start].key {
			end++
		}
		// A line feed ends every line and is found nowhere else in it, so a
		// key that reaches it belongs to equal lines.
		if run := lines[start:end]; len(run) > 1 && int(run[0].start)+depth+8 < int(run[0].end) {
			sortLines(buf, run, depth+8)
		}
		start = end
	}
}

// sortKeys sorts lines by key.
func sortKeys(lines []line) {
	// Below many, the square that a hostile order can cost is small and the
	// calls of the general sort are not.
	const few, many = 12, 256
	if len(lines) > many {
		slices.SortFunc(lines, func(a, b line) int { return cmp.Compare(a.key, b.key) })
		return
	}
	for len(lines) > few {
		a, b, c := lines[0].key, lines[len(lines)/2].key, lines[len(lines)-1].key
		pivot := max(min(a, b), min(max(a, b), c))
		below, above := 0, len(lines)
		for i := 0; i < above; {
			switch key := lines[i].key; {
			case key < pivot:
				lines[i], lines[below] = lines[below], lines[i]
				below++
				i++
			case key > pivot:
				above--
				lines[i], lines[above] = lines[above], lines[i]
			default:
				i++
			}
		}
		sortKeys(lines[:below])
		lines = lines[above:]
	}
	for i := 1; i < len(lines); i++ {
		moved := lines[i]
		j := i
		for ; j > 0 && moved.key < lines[j-1].key; j-- {
			lines[j] = lines[j-1]
		}
		lines[j] = moved
	}
}

func (l *line) text(buf []byte, depth int) []byte { return buf[int(l.start)+depth : l.end] }

// load reads up to eight bytes so that integer order is byte order.
func load(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var key uint64
	for i, c := range b {
		key |= uint64(c) << (56 - 8*i)
	}
	return key
}

// commonPrefix gives the number of bytes two slices share from their start.
func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for ; i < n && a[i] == b[i]; i++ {
	}
	return i
}
