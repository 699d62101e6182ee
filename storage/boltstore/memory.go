package boltstore

import (
	"bytes"
	"sync"
)

// memory keeps what rows decode to that are read over and over and seldom
// change: tenants, keys, achievements. It is asked with the row as it is stored
// now and answers for that alone, so that it can never be out of date.
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
	if t.memory == nil {
		return blank, t.record(f, k, &blank)
	}
	row := t.get(f, k)
	if known, ok := t.memory.get(f, k); ok && row != nil && bytes.Equal(known.row, row) {
		return known.value.(T), nil
	}
	err := t.record(f, k, &blank)
	if err == nil {
		t.memory.put(f, k, remembered{bytes.Clone(row), blank})
	}
	return blank, err
}

func (m *memory) get(f *family, k []byte) (remembered, bool) {
	var buffer [128]byte
	name := append(append(buffer[:0], f.name...), k...)
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	known, ok := m.rows[string(name)]
	return known, ok
}

func (m *memory) put(f *family, k []byte, r remembered) {
	name := string(f.name) + string(k)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.size += len(name) + len(r.row) - len(m.rows[name].row)
	if m.rows == nil || m.size > memoryLimit {
		m.rows, m.size = make(map[string]remembered), len(name)+len(r.row)
	}
	m.rows[name] = r
}
