package rdfc

import (
	"bytes"
	"slices"
	"strconv"
)

// document appends the canonical N-Quads document.
func (w *workspace) document(out []byte) []byte {
	w.lines = w.lines[:0]
	for q := range w.quads {
		r := &w.quads[q]
		l := line{start: r.start, end: r.end}
		if r.node != [3]int32{none, none, none} {
			l.start = int32(len(w.buf))
			w.buf = w.labelled(w.buf, r, w.appendCanonical)
			l.end = int32(len(w.buf))
		}
		w.lines = append(w.lines, l)
	}
	sortLines(w.buf, w.lines, 0)
	size := 0
	for i := range w.lines {
		size += int(w.lines[i].end - w.lines[i].start)
	}
	out = slices.Grow(out, size)
	var last []byte
	for i := range w.lines {
		if text := w.lines[i].text(w.buf, 0); !bytes.Equal(text, last) {
			out, last = append(out, text...), text
		}
	}
	return out
}

// labelled appends a quad's line with labels for its blank nodes.
func (w *workspace) labelled(dst []byte, r *record, label func(dst []byte, n int32) []byte) []byte {
	from := r.start
	for place, n := range r.node {
		if n == none {
			continue
		}
		dst = append(dst, w.buf[from:r.mark[place]]...)
		dst = label(dst, n)
		from = r.mark[place] + 1
	}
	return append(dst, w.buf[from:r.end]...)
}

// appendCanonical appends the canonical label of a blank node.
func (w *workspace) appendCanonical(dst []byte, n int32) []byte {
	return strconv.AppendInt(append(dst, "c14n"...), int64(w.nodes[n].canonical), 10)
}
