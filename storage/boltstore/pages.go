package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"os"

	"laurel/storage"
)

// This file reads bbolt's file format (version 2) without bbolt, which trusts
// what it maps: a wrong length or pointer in it is a fault or an endless loop.
// All numbers are little-endian on every machine that Laurel is built for.

// Layout of a page: header, elements, then keys and values.
const (
	pageHeader    = 16 // id 8 bytes, flags 2, count 2, number of overflow pages 4
	elementSize   = 16 // branch: position 4, key length 4, child 8; leaf: flags, position, key length, value length
	bucketHeader  = 16 // root page 8, sequence 8; the page itself follows when root is 0
	branchPage    = 0x01
	leafPage      = 0x02
	freelistPage  = 0x10
	bucketElement = 0x01
)

// Layout of the meta in a meta page, after the page's header.
const (
	metaMagic    = 0xED0CDAED
	metaPageSize = 8
	metaRoot     = 16
	metaFreelist = 32
	metaPages    = 40
	metaTxid     = 48
	metaChecksum = 56
	metaLength   = 64
	// noFreelist stands for a freelist that was not written.
	noFreelist = math.MaxUint64
)

// metaPage is what a file says about itself. pages is how many there are.
type metaPage struct {
	pageSize, root, freelist, pages, txid uint64
}

// newestMeta reads the meta page that counts: of the two, the valid one of the
// later transaction.
func newestMeta(file io.ReaderAt) (metaPage, error) {
	var newest metaPage
	for pageSize := int64(1024); pageSize <= 64<<10; pageSize *= 2 {
		for _, start := range []int64{0, pageSize} {
			data := make([]byte, metaLength)
			if n, _ := file.ReadAt(data, start+pageHeader); n < metaLength {
				continue
			}
			sum := fnv.New64a()
			sum.Write(data[:metaChecksum])
			meta := metaPage{
				pageSize: uint64(binary.LittleEndian.Uint32(data[metaPageSize:])),
				root:     binary.LittleEndian.Uint64(data[metaRoot:]),
				freelist: binary.LittleEndian.Uint64(data[metaFreelist:]),
				pages:    binary.LittleEndian.Uint64(data[metaPages:]),
				txid:     binary.LittleEndian.Uint64(data[metaTxid:]),
			}
			if binary.LittleEndian.Uint32(data) == metaMagic &&
				binary.LittleEndian.Uint64(data[metaChecksum:]) == sum.Sum64() && meta.txid >= newest.txid {
				newest = meta
			}
		}
	}
	if newest.pageSize == 0 {
		return newest, fmt.Errorf("%w: no valid meta page", storage.ErrCorrupt)
	}
	return newest, nil
}

// walker follows every pointer of a file once.
type walker struct {
	ctx  context.Context
	file io.ReaderAt
	meta metaPage
	seen []bool
}

// checkPages follows all pages from the root, and checks that each is where it
// says, is reached once, and holds its elements within itself and in order.
func checkPages(ctx context.Context, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	meta, err := newestMeta(file)
	if err != nil {
		return err
	}
	w := &walker{ctx: ctx, file: file, meta: meta, seen: make([]bool, meta.pages)}
	if meta.freelist != noFreelist {
		if _, err := w.page(meta.freelist, freelistPage); err != nil {
			return err
		}
	}
	return w.walk(meta.root)
}

func (w *walker) damaged(id uint64, what string) error {
	return fmt.Errorf("%w: page %d: %s", storage.ErrCorrupt, id, what)
}

// page reads a page of one of the kinds with its overflow pages.
func (w *walker) page(id uint64, kinds uint16) ([]byte, error) {
	if err := w.ctx.Err(); err != nil {
		return nil, err
	}
	if id < 2 || id >= w.meta.pages {
		return nil, w.damaged(id, "is not in the file")
	}
	header := make([]byte, pageHeader)
	if _, err := w.file.ReadAt(header, int64(id*w.meta.pageSize)); err != nil {
		return nil, fmt.Errorf("reading page %d: %w", id, err)
	}
	flags := binary.LittleEndian.Uint16(header[8:])
	span := 1 + uint64(binary.LittleEndian.Uint32(header[12:]))
	if binary.LittleEndian.Uint64(header) != id || flags&(flags-1) != 0 || flags&kinds == 0 || span > w.meta.pages-id {
		return nil, w.damaged(id, "has a wrong header")
	}
	for i := range span {
		if w.seen[id+i] {
			return nil, w.damaged(id, "is used twice")
		}
		w.seen[id+i] = true
	}
	data := make([]byte, span*w.meta.pageSize)
	if _, err := w.file.ReadAt(data, int64(id*w.meta.pageSize)); err != nil {
		return nil, fmt.Errorf("reading page %d: %w", id, err)
	}
	return data, nil
}

func (w *walker) walk(id uint64) error {
	data, err := w.page(id, branchPage|leafPage)
	if err != nil {
		return err
	}
	return w.elements(id, data)
}

// elements checks the elements of a page, or of a bucket kept inside a value.
func (w *walker) elements(id uint64, data []byte) error {
	if len(data) < pageHeader {
		return w.damaged(id, "has a bucket without a page")
	}
	leaf := binary.LittleEndian.Uint16(data[8:])&leafPage != 0
	count := int(binary.LittleEndian.Uint16(data[10:]))
	if pageHeader+count*elementSize > len(data) {
		return w.damaged(id, "has more elements than fit")
	}
	if count == 0 && !leaf {
		return w.damaged(id, "is a branch to nowhere")
	}
	var before []byte
	for i := range count {
		at := data[pageHeader+i*elementSize:]
		key, value, ok := element(at, leaf)
		if !ok {
			return w.damaged(id, "has an element outside itself")
		}
		if i > 0 && bytes.Compare(before, key) >= 0 {
			return w.damaged(id, "has keys out of order")
		}
		before = key
		var err error
		if !leaf {
			err = w.walk(binary.LittleEndian.Uint64(at[8:]))
		} else if binary.LittleEndian.Uint32(at)&bucketElement != 0 {
			err = w.bucket(id, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// element gives the key and, in a leaf, the value of the element that begins
// at. Positions count from there.
func element(at []byte, leaf bool) (key, value []byte, ok bool) {
	field := func(n int) uint64 { return uint64(binary.LittleEndian.Uint32(at[4*n:])) }
	position, keyLength, valueLength := field(0), field(1), uint64(0)
	if leaf {
		position, keyLength, valueLength = field(1), field(2), field(3)
	}
	if position+keyLength+valueLength > uint64(len(at)) {
		return nil, nil, false
	}
	return at[position : position+keyLength], at[position+keyLength : position+keyLength+valueLength], true
}

// bucket follows a bucket to its pages.
func (w *walker) bucket(id uint64, value []byte) error {
	if len(value) < bucketHeader {
		return w.damaged(id, "has a bucket that is cut short")
	}
	if root := binary.LittleEndian.Uint64(value); root != 0 {
		return w.walk(root)
	}
	inline := value[bucketHeader:]
	if len(inline) >= pageHeader && binary.LittleEndian.Uint16(inline[8:]) != leafPage {
		return w.damaged(id, "has a bucket inside that is not a leaf")
	}
	return w.elements(id, inline)
}
