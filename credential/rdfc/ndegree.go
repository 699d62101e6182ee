package rdfc

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"slices"
	"strconv"
)

// search is the state of the Hash N-Degree Quads algorithm.
//
// The specification copies the identifier issuer for every permutation. Here
// one issuer is extended in place and cut back: trail lists the blank nodes
// that have a temporary identifier, in the order of issue.
type search struct {
	steps, budget int
	trail         []int32
	frames        []*frame
	results       []result
	issued        []int32 // the trails of results, one after the other
}

// frame is what one level of the recursion keeps.
type frame struct {
	related []related
	order   []int32 // the permutation being tried
	pending []int32 // recursion list
	data    []byte
	path    []byte
	chosen  []byte
	best    []int32 // trail of the chosen path
	sum     digest
}

// related is a blank node that shares a quad with the one being hashed.
type related struct {
	hash digest
	node int32
}

// result is what hashing one blank node of a group gave.
type result struct {
	hash       digest
	start, end int // of its trail in issued
}

func (s *search) reset() {
	s.steps = 0
	s.trail, s.results, s.issued = s.trail[:0], s.results[:0], s.issued[:0]
}

// size estimates the memory held, in bytes.
func (s *search) size() int {
	const perFrame = 1 << 10
	return len(s.frames)*perFrame + 4*cap(s.issued)
}

// spend counts steps against the budget and looks at the context now and then.
func (w *workspace) spend(steps int) error {
	const pause = 256
	before := w.steps
	w.steps += steps
	if w.steps > w.budget {
		return ErrBudget
	}
	if before/pause != w.steps/pause {
		return w.ctx.Err()
	}
	return nil
}

// labelGroup issues canonical identifiers to blank nodes that share a first
// degree hash: step 5 of the canonicalization algorithm.
func (w *workspace) labelGroup(group []int32) error {
	w.results, w.issued = w.results[:0], w.issued[:0]
	for _, n := range group {
		if w.nodes[n].canonical != none {
			continue
		}
		w.issue(n)
		var r result
		if err := w.hashNDegree(n, 0, &r.hash); err != nil {
			return err
		}
		r.start = len(w.issued)
		w.issued = append(w.issued, w.trail...)
		r.end = len(w.issued)
		w.results = append(w.results, r)
		w.cutBack(0)
	}
	slices.SortStableFunc(w.results, func(a, b result) int { return bytes.Compare(a.hash[:], b.hash[:]) })
	for _, r := range w.results {
		for _, n := range w.issued[r.start:r.end] {
			w.issueCanonical(n)
		}
	}
	return nil
}

// issue gives a blank node the next temporary identifier.
func (w *workspace) issue(n int32) {
	w.nodes[n].issued = int32(len(w.trail))
	w.trail = append(w.trail, n)
}

// cutBack takes back the temporary identifiers from number length on.
func (w *workspace) cutBack(length int) {
	for _, n := range w.trail[length:] {
		w.nodes[n].issued = none
	}
	w.trail = w.trail[:length]
}

// hashNDegree is the Hash N-Degree Quads algorithm, RDFC-1.0 section 4.8.3.
// On return the issuer has the identifiers that the chosen paths issued.
func (w *workspace) hashNDegree(n int32, depth int, to *digest) error {
	if depth == len(w.frames) {
		w.frames = append(w.frames, &frame{})
	}
	f := w.frames[depth]
	f.related = f.related[:0]
	for _, q := range w.occurrences[w.nodes[n].first : w.nodes[n].first+w.nodes[n].count] {
		for place, other := range w.quads[q].node {
			if other != none && other != n {
				f.related = append(f.related, related{node: other})
				w.hashRelated(&f.related[len(f.related)-1].hash, other, q, place)
			}
		}
	}
	if err := w.spend(1 + len(f.related)); err != nil {
		return err
	}
	slices.SortFunc(f.related, func(a, b related) int {
		return cmp.Or(bytes.Compare(a.hash[:], b.hash[:]), cmp.Compare(a.node, b.node))
	})
	f.data = f.data[:0]
	for start := 0; start < len(f.related); {
		f.order = f.order[:0]
		end := start
		for ; end < len(f.related) && f.related[end].hash == f.related[start].hash; end++ {
			f.order = append(f.order, f.related[end].node)
		}
		f.data = w.appendHash(f.data, &f.related[start].hash)
		if err := w.choosePath(f, depth); err != nil {
			return err
		}
		f.data = append(f.data, f.chosen...)
		start = end
	}
	w.sum(to, f.data)
	return nil
}

// choosePath tries every permutation of f.order and leaves the least path in
// f.chosen and its identifiers issued: step 5.4 of Hash N-Degree Quads.
func (w *workspace) choosePath(f *frame, depth int) error {
	base := len(w.trail)
	f.chosen = f.chosen[:0]
	for {
		taken, err := w.tryPath(f, depth)
		if err != nil {
			return err
		}
		more := nextPermutation(f.order)
		if taken {
			f.path, f.chosen = f.chosen, f.path
			if !more {
				return nil // its identifiers are issued already
			}
			f.best = append(f.best[:0], w.trail[base:]...)
		}
		w.cutBack(base)
		if !more {
			break
		}
	}
	for _, n := range f.best {
		w.issue(n)
	}
	return nil
}

// tryPath makes f.path for one permutation and reports whether it is to be
// chosen over f.chosen.
func (w *workspace) tryPath(f *frame, depth int) (taken bool, err error) {
	if err := w.spend(len(f.order)); err != nil {
		return false, err
	}
	f.path, f.pending = f.path[:0], f.pending[:0]
	for _, n := range f.order {
		if w.nodes[n].canonical == none && w.nodes[n].issued == none {
			f.pending = append(f.pending, n)
			w.issue(n)
		}
		f.path = w.appendLabel(f.path, n)
		if f.beaten() {
			return false, nil
		}
	}
	for _, n := range f.pending {
		if err := w.hashNDegree(n, depth+1, &f.sum); err != nil {
			return false, err
		}
		f.path = w.appendLabel(f.path, n)
		f.path = append(f.path, '<')
		f.path = w.appendHash(f.path, &f.sum)
		f.path = append(f.path, '>')
		if f.beaten() {
			return false, nil
		}
	}
	return len(f.chosen) == 0 || bytes.Compare(f.path, f.chosen) < 0, nil
}

// beaten reports that the path cannot become the least one any more.
func (f *frame) beaten() bool {
	return len(f.chosen) > 0 && len(f.path) >= len(f.chosen) && bytes.Compare(f.path, f.chosen) > 0
}

// hashRelated is the Hash Related Blank Node algorithm, RDFC-1.0 section
// 4.7.3. place is that of the related blank node n in the quad.
func (w *workspace) hashRelated(to *digest, n, quad int32, place int) {
	b := append(w.scratch[:0], "sog"[place])
	if place != 2 {
		b = append(b, w.buf[w.quads[quad].predicate:w.quads[quad].predicateEnd]...)
	}
	if w.nodes[n].canonical != none || w.nodes[n].issued != none {
		b = w.appendLabel(b, n)
	} else {
		b = w.appendHash(b, &w.nodes[n].hash)
	}
	w.scratch = b
	w.sum(to, b)
}

// appendLabel appends the canonical or else the temporary label of a blank
// node that has one.
func (w *workspace) appendLabel(b []byte, n int32) []byte {
	if number := w.nodes[n].canonical; number != none {
		return strconv.AppendInt(append(b, "_:c14n"...), int64(number), 10)
	}
	return strconv.AppendInt(append(b, "_:b"...), int64(w.nodes[n].issued), 10)
}

func (w *workspace) appendHash(b []byte, d *digest) []byte {
	if w.sha384 {
		return hex.AppendEncode(b, d[:])
	}
	return hex.AppendEncode(b, d[:32])
}

// nextPermutation steps to the next arrangement in lexical order and reports
// whether there was one. The first arrangement is the ascending one, and
// arrangements that look the same come once.
func nextPermutation(s []int32) bool {
	i := len(s) - 2
	for i >= 0 && s[i] >= s[i+1] {
		i--
	}
	if i < 0 {
		return false
	}
	j := len(s) - 1
	for s[j] <= s[i] {
		j--
	}
	s[i], s[j] = s[j], s[i]
	slices.Reverse(s[i+1:])
	return true
}
