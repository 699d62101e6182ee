package boltstore_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"laurel/storage"
	"laurel/storage/boltstore"
)

// stuckSource is a source of random bytes that always gives the same.
type stuckSource struct{}

func (stuckSource) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestLastPlaces: however badly the draws go, every usable place of a list is
// given out before the next list is opened.
func TestLastPlaces(t *testing.T) {
	const tenant, size = "north-university", 64
	config := boltstore.Config{Path: filepath.Join(t.TempDir(), "laurel.db"), StatusListSize: size, Rand: stuckSource{}}
	if err := boltstore.Create(config); err != nil {
		t.Fatal(err)
	}
	store, err := boltstore.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	act := storage.Act{Actor: "test", Time: time.Now()}
	if err := store.CreateTenant(t.Context(), act, storage.Tenant{Slug: tenant, DID: "did:web:north.example"}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.CreateAchievement(t.Context(), act, storage.Achievement{Tenant: tenant, ID: "knots", Document: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	given := map[int]bool{}
	for n := range storage.UsablePlaces(size) {
		reserved, err := store.ReserveCredential(t.Context(), storage.Reservation{
			Act: act, Tenant: tenant, ID: fmt.Sprintf("c%d", n), Achievement: "knots", AchievementVersion: 1,
			Subject: storage.SubjectKey{ID: fmt.Sprintf("s%d", n), Wrapped: []byte("key")},
		})
		if err != nil {
			t.Fatal(err)
		}
		given[reserved.Credential.Status[0].Index] = true
	}
	for n := range storage.UsablePlaces(size) {
		if !given[storage.UsableIndex(n)] {
			t.Errorf("%d was not given out, of %v", storage.UsableIndex(n), given)
		}
	}
	lists, err := store.ListStatusLists(t.Context(), tenant)
	if err != nil || len(lists) != 1 || lists[0].Open || lists[0].Used != storage.UsablePlaces(size) {
		t.Errorf("lists %+v, %v", lists, err)
	}
}
