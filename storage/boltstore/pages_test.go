package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"

	"laurel/storage"
)

// TestCheckPages damages one place of a good file at a time.
func TestCheckPages(t *testing.T) {
	s := scratch(t, t.TempDir())
	for i := range 300 { // enough for a branch page
		if err := s.write(context.Background(), "writing", nil, putting(fmt.Sprintf("tenant-%05d", i))); err != nil {
			t.Fatal(err)
		}
	}
	branch, leaf := pageOf(t, s, "branch"), pageOf(t, s, "leaf")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(s.config.Path)
	if err != nil {
		t.Fatal(err)
	}
	meta, err := newestMeta(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	size := int(meta.pageSize)
	whole = whole[:int(meta.pages)*size]
	put16 := func(n uint16) []byte { return binary.LittleEndian.AppendUint16(nil, n) }
	put32 := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
	put64 := func(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }
	const element = pageHeader
	for name, damage := range map[string]struct {
		at    int
		bytes []byte
	}{
		"page of another place":    {leaf * size, put64(uint64(leaf + 1))},
		"page of no kind":          {leaf*size + 8, put16(0)},
		"page of two kinds":        {leaf*size + 8, put16(branchPage | leafPage)},
		"meta page as a leaf":      {leaf*size + 8, put16(0x04)},
		"too many elements":        {leaf*size + 10, put16(60_000)},
		"branch without elements":  {branch*size + 10, put16(0)},
		"endless page":             {leaf*size + 12, put32(1<<32 - 1)},
		"page over its neighbours": {leaf*size + 12, put32(uint32(meta.pages) - uint32(leaf) - 1)},
		"element far away":         {leaf*size + element + 4, put32(1<<32 - 1)},
		"endless key":              {leaf*size + element + 8, put32(1<<32 - 1)},
		"endless value":            {leaf*size + element + 12, put32(1<<32 - 1)},
		"empty key before another": {leaf*size + element + elementSize + 8, put32(0)},
		"cut bucket":               {leaf*size + element, put32(bucketElement)},
		"branch to itself":         {branch*size + element + 8, put64(uint64(branch))},
		"branch to a sibling":      {branch*size + element + 8, whole[branch*size+element+elementSize+8:][:8]},
		"branch beyond the end":    {branch*size + element + 8, put64(meta.pages)},
		"branch to the meta":       {branch*size + element + 8, put64(0)},
		"freelist of another kind": {int(meta.freelist)*size + 8, put16(leafPage)},
		"freelist without an end":  {int(meta.freelist)*size + 12, put32(1<<32 - 1)},
	} {
		data := bytes.Clone(whole)
		copy(data[damage.at:], damage.bytes)
		if bytes.Equal(data, whole) {
			t.Errorf("%s: no damage", name)
		}
		path := filepath.Join(t.TempDir(), "laurel.db")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := checkPages(context.Background(), path); !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := checkPages(context.Background(), s.config.Path); err != nil {
		t.Errorf("undamaged: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := checkPages(ctx, s.config.Path); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// pageOf finds a page of the bucket of tenants, of a kind, with two elements or
// more and no overflow.
func pageOf(t *testing.T, s *Store, kind string) (id int) {
	t.Helper()
	err := s.db.View(func(tx *bolt.Tx) error {
		for i := 2; ; i++ {
			info, err := tx.Page(i)
			if err != nil || info == nil {
				return errors.Join(err, fmt.Errorf("no %s page", kind))
			}
			if info.Type == kind && info.Count >= 2 && info.OverflowCount == 0 && s.holds(tx, i) {
				id = i
				return nil
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// holds says whether a page belongs to the bucket of tenants.
func (s *Store) holds(tx *bolt.Tx, id int) bool {
	data := make([]byte, s.db.Info().PageSize)
	file, err := os.Open(s.config.Path)
	if err != nil {
		return false
	}
	defer file.Close() //nolint:errcheck // only read
	if _, err := file.ReadAt(data, int64(id)*int64(len(data))); err != nil {
		return false
	}
	return bytes.Contains(data, []byte("tenant-0"))
}
