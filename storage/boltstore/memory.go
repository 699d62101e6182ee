package boltstore

import (
	"bytes"
	"sync"

	"laurel/storage"
)

// memory keeps what rows decode to: those that are read over and over and seldom
// change, tenants, keys and achievements, and those that are read right after
// they were written, pending credentials and open status lists. It is asked with
// the row as it is stored now and answers for that alone, so that it can never be
// out of date.
type memory struct {
	mutex sync.RWMutex
	rows  map[string]remembered // by bucket and key
	size  int                   // of the rows
}

// remembered is a row and what it decodes to, which is shared by all readers.
type remembered struct {
	row   []byte
	value any
}

// memoryLimit bounds the rows that are remembered, in bytes.
const memoryLimit = 16 << 20

// recall is record for such a row. blank is what the row is decoded into, with
// what is not part of it. What the result holds must not be changed.
func recall[T any](t *txn, f *family, k []byte, blank T) (T, error) {
	row := t.get(f, k)
	if known, ok := t.memory.get(f, k); ok && row != nil && bytes.Equal(known.row, row) {
		return known.value.(T), nil
	}
	if row == nil {
		return blank, storage.ErrNotFound
	}
	err := decode(f, row, &blank)
	if err == nil {
		t.memory.put(f, k, remembered{bytes.Clone(row), blank})
	}
	return blank, err
}

// retain is putRecord for such a row. v is as it will be when it is decoded.
func (t *txn) retain(f *family, k []byte, v any) {
	row := t.encode(f, v)
	t.put(f, k, row)
	t.memory.put(f, k, remembered{row, v})
}

// get finds nothing in a memory that is nil.
func (m *memory) get(f *family, k []byte) (remembered, bool) {
	if m == nil {
		return remembered{}, false
	}
	var buffer [128]byte
	name := append(append(buffer[:0], f.name...), k...)
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	known, ok := m.rows[string(name)]
	return known, ok
}

func (m *memory) put(f *family, k []byte, r remembered) {
	if m == nil {
		return
	}
	name := string(f.name) + string(k)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.size += len(name) + len(r.row) - len(m.rows[name].row)
	if m.rows == nil || m.size > memoryLimit {
		m.rows, m.size = make(map[string]remembered), len(name)+len(r.row)
	}
	m.rows[name] = r
}
