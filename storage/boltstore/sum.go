package boltstore

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	bolt "go.etcd.io/bbolt"

	"laurel/storage"
)

// From version 2 on, every row ends with a CRC-32C over its bucket, its key and
// its value, big-endian. bbolt does not check what it reads: without the sum a
// bit that flips on the disk could make a revoked badge a valid one, or give an
// index out twice. A row whose sum is wrong is never used; it fails the
// transaction that meets it with storage.ErrCorrupt. The sum is no protection
// from people: whoever can write to the file can compute it.

const sumSize = crc32.Size

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is that of a row. The key's length is part of it, so that a key cannot
// grow at the cost of its value.
func (f *family) sum(k, v []byte) uint32 {
	return crc32.Update(crc32.Update(f.seed, castagnoli, k), castagnoli, v) ^ uint32(len(k))
}

// summed is a value as it is stored.
func (f *family) summed(k, v []byte) []byte {
	row := make([]byte, len(v)+sumSize)
	copy(row, v)
	binary.BigEndian.PutUint32(row[len(v):], f.sum(k, v))
	return row
}

// intact takes the sum off a stored value, and reports whether it is right.
func (f *family) intact(k, row []byte) (v []byte, ok bool) {
	n := len(row) - sumSize
	if n < 0 {
		return nil, false
	}
	return row[:n:n], binary.BigEndian.Uint32(row[n:]) == f.sum(k, row[:n])
}

// damagedRow is what a transaction fails with that met a row with a wrong sum.
func damagedRow(f *family) error {
	return fmt.Errorf("%w: row of %q has a wrong sum", storage.ErrCorrupt, f.name)
}

// rows is a bucket whose rows are checked as they are read.
type rows struct {
	t *txn
	f *family
	b *bolt.Bucket
}

// Get returns nil for no row, and for a damaged one, which fails the
// transaction. The bytes die with the transaction.
func (r rows) Get(k []byte) []byte {
	row := r.b.Get(k)
	if row == nil {
		return nil
	}
	v, ok := r.f.intact(k, row)
	if !ok {
		r.t.note(damagedRow(r.f))
		return nil
	}
	return v
}

// ForEach calls fn with all rows in the order of their keys.
func (r rows) ForEach(fn func(k, v []byte) error) error {
	c := cursor{rows: r, c: r.b.Cursor()}
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if err := fn(k, v); err != nil {
			return err
		}
	}
	return r.t.err
}

// cursor steps through a bucket. At a damaged row, which fails the transaction,
// it says that there are no more.
type cursor struct {
	rows
	c *bolt.Cursor
}

func (c *cursor) First() (k, v []byte)           { return c.checked(c.c.First()) }
func (c *cursor) Last() (k, v []byte)            { return c.checked(c.c.Last()) }
func (c *cursor) Next() (k, v []byte)            { return c.checked(c.c.Next()) }
func (c *cursor) Prev() (k, v []byte)            { return c.checked(c.c.Prev()) }
func (c *cursor) Seek(seek []byte) (k, v []byte) { return c.checked(c.c.Seek(seek)) }

func (c *cursor) checked(k, row []byte) ([]byte, []byte) {
	if k == nil {
		return nil, nil
	}
	v, ok := c.f.intact(k, row)
	if !ok {
		c.t.note(damagedRow(c.f))
		return nil, nil
	}
	return k, v
}
