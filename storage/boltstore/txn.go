package boltstore

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"

	bolt "go.etcd.io/bbolt"

	"laurel/storage"
)

// txn is a transaction. All access to buckets goes through it, so that it
// knows whether anything was written and no row is used that is damaged. Such a
// row, or a write that fails, is remembered and fails the transaction at its
// end, whatever else it came to.
type txn struct {
	tx     *bolt.Tx
	memory *memory // may be nil
	dirty  bool
	err    error
}

func (t *txn) bucket(f *family) rows { return rows{t: t, f: f, b: t.unchecked(f)} }

// unchecked is a bucket with the sums of its rows.
func (t *txn) unchecked(f *family) *bolt.Bucket {
	b := t.tx.Bucket(f.name)
	b.FillPercent = f.fill // not stored by bbolt
	return b
}

// get returns nil for no row. The bytes die with the transaction.
func (t *txn) get(f *family, k []byte) []byte { return t.bucket(f).Get(k) }

func (t *txn) put(f *family, k, v []byte) {
	t.dirty = true
	t.note(t.unchecked(f).Put(k, f.summed(k, v)))
}

func (t *txn) remove(f *family, k []byte) {
	t.dirty = true
	t.note(t.unchecked(f).Delete(k))
}

func (t *txn) note(err error) {
	if t.err == nil {
		t.err = err
	}
}

func (t *txn) cursor(f *family) *cursor {
	r := t.bucket(f)
	return &cursor{rows: r, c: r.b.Cursor()}
}

// record reads a row's JSON into v. No row is storage.ErrNotFound.
func (t *txn) record(f *family, k []byte, v any) error {
	data := t.get(f, k)
	if data == nil {
		return storage.ErrNotFound
	}
	return decode(f, data, v)
}

func decode(f *family, data []byte, v any) error {
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%w: row of %q: %w", storage.ErrCorrupt, f.name, err)
	}
	return nil
}

func (t *txn) putRecord(f *family, k []byte, v any) { t.put(f, k, t.encode(f, v)) }

func (t *txn) encode(f *family, v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		t.note(fmt.Errorf("encoding row of %q: %w", f.name, err))
	}
	return data
}

// next is the sequence number after the last one under the prefix, from 1.
// Rows of such families are never deleted, so none is given twice.
func (t *txn) next(f *family, prefix key) uint64 {
	k := lastWithin(t.cursor(f), prefix)
	if k == nil {
		return 1
	}
	return sequenceOf(k) + 1
}

// lastWithin gives the last key that begins with the prefix, nil for none.
func lastWithin(c *cursor, prefix []byte) []byte {
	// No key has eight 0xff after its prefix: sequences do not get there.
	k, _ := c.Seek(binary.BigEndian.AppendUint64(bytes.Clone(prefix), 1<<64-1))
	if k == nil {
		k, _ = c.Last()
	} else {
		k, _ = c.Prev()
	}
	if !bytes.HasPrefix(k, prefix) {
		return nil
	}
	return k
}

// key builds a row's key from the tenant on. Its methods leave the key that
// they extend as it is.
type key []byte

// of begins a key. No tenant's key begins with another's, since slugs have no
// zero byte.
func of(tenant string) key { return key(tenant).byte(0) }

func (k key) clip() key             { return k[:len(k):len(k)] }
func (k key) sequence(n uint64) key { return binary.BigEndian.AppendUint64(k.clip(), n) }
func (k key) number(n int) key      { return binary.BigEndian.AppendUint32(k.clip(), uint32(n)) }
func (k key) byte(b byte) key       { return append(k.clip(), b) }

// text may be the last part only, word may be followed by others.
func (k key) text(s string) key { return append(k.clip(), s...) }
func (k key) word(s string) key { return k.text(s).byte(0) }

// sequenceOf reads the sequence number that ends a key.
func sequenceOf(k []byte) uint64 { return binary.BigEndian.Uint64(k[len(k)-8:]) }

// tenantOf reads the tenant that begins a key.
func tenantOf(k []byte) string {
	tenant, _, _ := bytes.Cut(k, []byte{0})
	return string(tenant)
}

// kind is what a public id stands for.
type kind byte

const (
	credentialKind  kind = 'c'
	achievementKind kind = 'a'
	listKind        kind = 'l'
	keyKind         kind = 't' // by thumbprint
	apiKeyKind      kind = 'k'
	didKind         kind = 'd'
	awardJobKind    kind = 'j'
	statusJobKind   kind = 's'
)

// locate gives the key of what a public id names, whichever tenant has it.
func (t *txn) locate(k kind, id string) (key, error) {
	found := t.get(locationFamily, key{byte(k)}.text(id))
	if found == nil {
		return nil, storage.ErrNotFound
	}
	return bytes.Clone(found), nil
}

// within is locate for one tenant: what another has is not found.
func (t *txn) within(tenant string, k kind, id string) (key, error) {
	found, err := t.locate(k, id)
	if err == nil && !bytes.HasPrefix(found, of(tenant)) {
		return nil, storage.ErrNotFound
	}
	return found, err
}

// register makes a public id known. That it is free was asked before.
func (t *txn) register(k kind, id string, location key) {
	t.put(locationFamily, key{byte(k)}.text(id), location)
}

// free gives storage.ErrExists for a public id that is taken.
func (t *txn) free(k kind, id string) error {
	if t.get(locationFamily, key{byte(k)}.text(id)) != nil {
		return storage.ErrExists
	}
	return nil
}

// randomID gives 128 random bits as 22 characters.
func randomID(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("reading random bytes: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// numberOf reads the 4-byte number that ends a key.
func numberOf(k []byte) int { return int(binary.BigEndian.Uint32(k[len(k)-4:])) }
