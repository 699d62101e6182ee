package boltstore

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	bolt "go.etcd.io/bbolt"

	"laurel/storage"
)

// TestDamagedSum flips every bit of a row: nothing may come of it but
// ErrCorrupt, above all not "not found".
func TestDamagedSum(t *testing.T) {
	s := scratch(t, t.TempDir())
	ctx := context.Background()
	k, v := of("north-university"), []byte(`{"slug":"north-university"}`)
	if err := s.write(ctx, "writing", nil, func(t *txn) error { t.put(tenantFamily, k, v); return nil }); err != nil {
		t.Fatal(err)
	}
	row := tenantFamily.summed(k, v)
	for bit := range 8 * len(row) {
		damaged := bytes.Clone(row)
		damaged[bit/8] ^= 1 << (bit % 8)
		s.put(t, tenantFamily, k, damaged)
		if _, err := s.Tenant(ctx, "north-university"); !errors.Is(err, storage.ErrCorrupt) {
			t.Fatalf("bit %d: %v", bit, err)
		}
	}
	for name, damaged := range map[string][]byte{"empty": {}, "short": row[:3], "cut": row[:len(row)-1], "of version 1": v} {
		s.put(t, tenantFamily, k, damaged)
		if _, err := s.Tenant(ctx, "north-university"); !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := s.ListTenants(ctx); !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("%s, listing: %v", name, err)
		}
		err := s.write(ctx, "writing", nil, func(t *txn) error {
			t.put(lookupFamily, of("north-university").text("x"), nil)
			return t.known("north-university")
		})
		if !errors.Is(err, storage.ErrCorrupt) {
			t.Errorf("%s, writing: %v", name, err)
		}
	}
	if tenantFamily.sum(k, v) == tenantFamily.sum(k[:5], append(bytes.Clone(k[5:]), v...)) {
		t.Error("a key that loses its end to the value keeps its sum")
	}
	if tenantFamily.sum(k, v) == keyFamily.sum(k, v) {
		t.Error("a row in another bucket keeps its sum")
	}
}

// put writes a row as it is.
func (s *Store) put(t *testing.T, f *family, k, row []byte) {
	t.Helper()
	err := s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(f.name).Put(k, row) })
	if err != nil {
		t.Fatal(err)
	}
}

// TestDamagedDescription flips every bit of the store's description.
func TestDamagedDescription(t *testing.T) {
	s := scratch(t, t.TempDir())
	var row []byte
	err := s.db.View(func(tx *bolt.Tx) error {
		row = bytes.Clone(tx.Bucket(metaFamily.name).Get(metaKey))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * len(row) {
		damaged := bytes.Clone(row)
		damaged[bit/8] ^= 1 << (bit % 8)
		s.put(t, metaFamily, metaKey, damaged)
		if meta, err := s.Meta(context.Background()); !errors.Is(err, storage.ErrCorrupt) {
			t.Fatalf("bit %d: %+v, %v", bit, meta, err)
		}
	}
	s.put(t, metaFamily, metaKey, bytes.Replace(row, []byte(`"schema":2`), []byte(`"schema":1`), 1))
	if err := prepare(s.db, schemaVersion, migrations); !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("migrating what says to be of version 1: %v", err)
	}
}

// TestFlippedBytes flips single bytes in what a store's rows are made of, and
// reads everything. What is read is what was written, or nothing.
func TestFlippedBytes(t *testing.T) {
	s := scratch(t, t.TempDir())
	ctx := context.Background()
	want := map[string]bool{}
	for i := range 200 {
		slug := "tenant-" + decimal(1000+i)
		want[slug] = true
		if err := s.write(ctx, "writing", nil, putting(slug)); err != nil {
			t.Fatal(err)
		}
	}
	path := s.config.Path
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var places []int // in the live rows and the old pages alike
	for at := 0; ; {
		next := bytes.Index(whole[at:], []byte("tenant-1"))
		if next < 0 {
			break
		}
		at += next
		for i := range 8 {
			places = append(places, at+i)
		}
		at++
	}
	random := rand.New(rand.NewPCG(5, 7))
	for range 40 {
		at := places[random.IntN(len(places))]
		data := bytes.Clone(whole)
		data[at] ^= byte(1 + random.IntN(255))
		if err := errors.Join(os.Remove(path), os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatal(err)
		}
		damaged, err := Open(Config{Path: path})
		if err != nil {
			continue
		}
		tenants, err := damaged.ListTenants(ctx)
		if err == nil && len(tenants) != len(want) {
			t.Errorf("byte %d: %d tenants and no error", at, len(tenants))
		}
		for slug := range want {
			if _, err := damaged.Tenant(ctx, slug); err != nil && !errors.Is(err, storage.ErrCorrupt) && !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("byte %d: %v", at, err)
			}
		}
		if err := damaged.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
