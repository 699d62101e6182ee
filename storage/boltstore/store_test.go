package boltstore_test

import (
	"errors"
	"path/filepath"
	"testing"

	"laurel/storage"
	"laurel/storage/boltstore"
	"laurel/storage/storagetest"
)

func open(t testing.TB, options storagetest.Options) storagetest.Store {
	t.Helper()
	config := boltstore.Config{
		Path:           filepath.Join(options.Directory, "laurel.db"),
		StatusListSize: options.StatusListSize,
	}
	if err := boltstore.Create(config); err != nil && !errors.Is(err, storage.ErrExists) {
		t.Fatal(err)
	}
	store, err := boltstore.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestStore(t *testing.T) { storagetest.Run(t, open) }
