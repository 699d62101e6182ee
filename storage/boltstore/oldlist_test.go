package boltstore_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"laurel/storage"
	"laurel/storage/boltstore"
)

// TestListOfVersion1: a list of which a program of schema version 1 gave out
// places anywhere goes on: nobody gets a place that is taken or whose mirror is,
// and a bit that is set sets its mirror only where that is nobody's.
func TestListOfVersion1(t *testing.T) {
	const tenant, size = "north-university", 64
	config := boltstore.Config{Path: filepath.Join(t.TempDir(), "laurel.db"), StatusListSize: size}
	if err := boltstore.Create(config); err != nil {
		t.Fatal(err)
	}
	open := func() *boltstore.Store {
		store, err := boltstore.Open(config)
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	store, act := open(), storage.Act{Actor: "test", Time: time.Now()}
	if err := store.CreateTenant(t.Context(), act, storage.Tenant{Slug: tenant, DID: "did:web:north.example"}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.CreateAchievement(t.Context(), act, storage.Achievement{Tenant: tenant, ID: "knots", Document: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	n := 0
	reserve := func() storage.StatusEntry {
		t.Helper()
		n++
		reserved, err := store.ReserveCredential(t.Context(), storage.Reservation{
			Act: act, Tenant: tenant, ID: fmt.Sprintf("c%d", n), Achievement: "knots", AchievementVersion: 1,
			Subject: storage.SubjectKey{ID: fmt.Sprintf("s%d", n), Wrapped: []byte("key")},
		})
		if err != nil {
			t.Fatal(err)
		}
		return reserved.Credential.Status[0]
	}
	first := reserve()
	taken := map[int]bool{first.Index: true}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	// As version 1 did it: both sides of a byte, pairs among them, two bits set.
	old := []int{4, 5, 3, 11, 12, 22, 23, 30, 31, 39, 55, 63}
	old = slices.DeleteFunc(old, func(index int) bool { return taken[index] })
	set := []int{4, 12}
	db, err := bolt.Open(config.Path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	put := func(tx *bolt.Tx, bucket string, k, v []byte) error {
		return tx.Bucket([]byte(bucket)).Put(k, boltstore.Summed(bucket, k, v))
	}
	err = db.Update(func(tx *bolt.Tx) error {
		row := append([]byte(tenant+"\x00"), 0, 0, 0, 0, 0, 0, 0, 1)
		place := func(index int) []byte { return binary.BigEndian.AppendUint32(slices.Clone(row), uint32(index)) }
		for i, index := range old {
			taken[index] = true
			if err := put(tx, "status slots", place(index), binary.BigEndian.AppendUint64(nil, uint64(1000+i))); err != nil {
				return err
			}
		}
		for _, index := range set {
			if err := put(tx, "status bits", place(index), nil); err != nil {
				return err
			}
		}
		var list storage.StatusList
		stored := tx.Bucket([]byte("status lists")).Get(row)
		if err := json.Unmarshal(stored[:len(stored)-4], &list); err != nil { // a sum follows
			return err
		}
		list.Used = len(taken)
		data, err := json.Marshal(list)
		if err != nil {
			return err
		}
		return put(tx, "status lists", row, data)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	store = open()
	defer store.Close()
	_, bits, err := store.StatusBits(t.Context(), tenant, first.List)
	if want := []int{4, 12}; taken[3] && taken[11] && (err != nil || !slices.Equal(bits, want)) {
		t.Errorf("bits %v, %v; want %v", bits, err, want)
	}
	given := maps.Clone(taken)
	for len(given) < storage.UsablePlaces(size) {
		entry := reserve()
		if entry.List != first.List || given[entry.Index] || given[storage.MirrorIndex(entry.Index)] || entry.Index%8 > 3 {
			t.Fatalf("%+v was given out; before: %v", entry, slices.Sorted(maps.Keys(given)))
		}
		given[entry.Index] = true
	}
	if entry := reserve(); entry.List == first.List {
		t.Errorf("%+v is of a list that is used up", entry)
	}
	if _, err := store.SetStatus(t.Context(), storage.StatusChange{Act: act, Tenant: tenant, ID: "c2", State: storage.StateRevoked}); err != nil {
		t.Fatal(err)
	}
	c, err := store.Credential(t.Context(), tenant, "c2")
	if err != nil {
		t.Fatal(err)
	}
	index := c.Status[0].Index
	_, bits, err = store.StatusBits(t.Context(), tenant, first.List)
	if err != nil || !slices.Contains(bits, index) || !slices.Contains(bits, storage.MirrorIndex(index)) || len(bits) != 4 {
		t.Errorf("after revoking %d: %v, %v", index, bits, err)
	}
}
