package jsonld

import (
	"encoding/binary"
	"math/bits"
)

// index finds terms by their words, as they stand in a document. It does not
// change once it is made. The words come from the contexts, so that a document
// has no say in how they are spread.
type index struct {
	entries []entry
	slots   []uint16 // one more than an index of entries, 0 for none
	shift   uint8
}

type entry struct {
	word string
	term *term
}

// maxTerms bounds the terms of one index: a slot has 16 bits.
const maxTerms = 1<<16 - 2

// newIndex returns a index of entries with different words.
func newIndex(entries []entry) index {
	const spare = 2 // slots for each entry, at least
	width := bits.Len(uint(spare*len(entries)) | 7)
	t := index{entries: entries, slots: make([]uint16, 1<<width), shift: uint8(64 - width)}
	for i := range entries {
		at := hashOf([]byte(entries[i].word)) >> t.shift
		for t.slots[at] != 0 {
			at = (at + 1) & uint64(len(t.slots)-1)
		}
		t.slots[at] = uint16(i + 1)
	}
	return t
}

// get returns the term of a word, nil when there is none.
func (t *index) get(word []byte) *term {
	if len(t.slots) == 0 {
		return nil
	}
	for at := hashOf(word) >> t.shift; ; at++ {
		at &= uint64(len(t.slots) - 1)
		slot := t.slots[at]
		if slot == 0 {
			return nil
		}
		if e := &t.entries[slot-1]; e.word == string(word) {
			return e.term
		}
	}
}

// hashOf mixes the length of a word with its first and its last eight bytes.
func hashOf(word []byte) uint64 {
	const first, last = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	n := len(word)
	var head, tail uint64
	switch {
	case n >= 8:
		head, tail = binary.LittleEndian.Uint64(word), binary.LittleEndian.Uint64(word[n-8:])
	case n >= 4:
		head, tail = uint64(binary.LittleEndian.Uint32(word)), uint64(binary.LittleEndian.Uint32(word[n-4:]))
	case n > 0:
		head, tail = uint64(word[0]), uint64(word[n/2])<<8|uint64(word[n-1])
	}
	mixed := head*first ^ bits.RotateLeft64(tail*last, 29) ^ uint64(n)
	return (mixed ^ mixed>>32) * first
}
