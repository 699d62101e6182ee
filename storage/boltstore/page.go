package boltstore

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"iter"

	"laurel/storage"
)

const defaultLimit = 100

// cursorVersion begins every cursor, so that its form may change.
const cursorVersion = 1

// window is a page asked for, checked. after is the sequence number of the last
// item of the page before; zero for the first page.
type window struct {
	limit int
	after uint64
}

func windowOf(page storage.Page) (window, error) {
	w := window{limit: page.Limit}
	if w.limit == 0 {
		w.limit = defaultLimit
	}
	if w.limit < 0 || w.limit > storage.PageLimit {
		return w, invalid("page limit %d", page.Limit)
	}
	if page.Cursor == "" {
		return w, nil
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(page.Cursor)
	if err != nil || len(data) != 9 || data[0] != cursorVersion {
		return w, invalid("cursor")
	}
	if w.after = binary.BigEndian.Uint64(data[1:]); w.after == 0 {
		return w, invalid("cursor")
	}
	return w, nil
}

func cursorAfter(sequence uint64) string {
	return base64.RawURLEncoding.EncodeToString(key{cursorVersion}.sequence(sequence))
}

// collect loads the items of a page. next is empty when there is no more.
func collect[T any](sequences iter.Seq[uint64], limit int, load func(uint64) (T, error)) (items []T, next string, err error) {
	var last uint64
	for sequence := range sequences {
		if len(items) == limit {
			return items, cursorAfter(last), nil
		}
		item, err := load(sequence)
		if err != nil {
			return nil, "", err
		}
		items, last = append(items, item), sequence
	}
	return items, "", nil
}

// descending gives the sequence numbers that end the keys under the prefixes,
// merged, newest first, from the one below before on (zero: from the newest).
func (t *txn) descending(f *family, before uint64, prefixes ...key) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		if before == 0 {
			before = 1<<64 - 1
		}
		heads := make([]func() (uint64, bool), len(prefixes))
		current := make([]uint64, len(prefixes)) // zero: no more
		for i, prefix := range prefixes {
			heads[i] = t.backwards(f, prefix, before)
			current[i], _ = heads[i]()
		}
		for {
			newest := 0
			for i := range current {
				if current[i] > current[newest] {
					newest = i
				}
			}
			if current[newest] == 0 || !yield(current[newest]) {
				return
			}
			current[newest], _ = heads[newest]()
		}
	}
}

// backwards steps through the keys under one prefix, down from before.
func (t *txn) backwards(f *family, prefix key, before uint64) func() (uint64, bool) {
	c := t.cursor(f)
	started := false
	return func() (uint64, bool) {
		var k []byte
		if started {
			k, _ = c.Prev()
		} else {
			started = true
			if k, _ = c.Seek(prefix.sequence(before)); k == nil {
				k, _ = c.Last()
			} else {
				k, _ = c.Prev()
			}
		}
		if len(k) != len(prefix)+8 || !bytes.HasPrefix(k, prefix) {
			return 0, false
		}
		return sequenceOf(k), true
	}
}
