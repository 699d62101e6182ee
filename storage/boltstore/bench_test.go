package boltstore_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"laurel/storage"
	"laurel/storage/boltstore"
)

const benchTenant = "north-university"

func benchStore(b *testing.B) (*boltstore.Store, string) {
	b.Helper()
	config := boltstore.Config{Path: filepath.Join(b.TempDir(), "laurel.db")}
	if err := boltstore.Create(config); err != nil {
		b.Fatal(err)
	}
	store, err := boltstore.Open(config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	ctx, act := context.Background(), storage.Act{Actor: "bench", Time: time.Now()}
	for _, err := range []error{
		store.CreateTenant(ctx, act, storage.Tenant{Slug: benchTenant, DID: "did:web:example.org"}),
		store.CreateKey(ctx, act, storage.Key{Tenant: benchTenant, ID: "key-1", Thumbprint: "t"}),
	} {
		if err != nil {
			b.Fatal(err)
		}
	}
	if _, err := store.CreateAchievement(ctx, act, storage.Achievement{Tenant: benchTenant, ID: "achievement"}); err != nil {
		b.Fatal(err)
	}
	return store, config.Path
}

var benchSigned = bytes.Repeat([]byte("0123456789abcdef"), 200) // 3.2 KB

// award reserves and commits as the issuer does: two durable transactions.
func award(store *boltstore.Store, n int64) error {
	ctx := context.Background()
	now := time.Now()
	id := fmt.Sprintf("credential-%011d", n)
	r := storage.Reservation{
		Act: storage.Act{Actor: "apikey:bench", Time: now, Idempotency: &storage.IdempotencyClaim{
			APIKey: "bench", Key: id, Expires: now.Add(24 * time.Hour), Lease: now.Add(time.Minute),
		}},
		Tenant: benchTenant, ID: id, Achievement: "achievement", AchievementVersion: 1,
		Subject:   storage.SubjectKey{ID: id, Wrapped: benchSigned[:61], Lookup: []byte("lookup value of " + id)},
		Recipient: benchSigned[:120],
	}
	if _, err := store.ReserveCredential(ctx, r); err != nil {
		return err
	}
	_, err := store.CommitCredential(ctx, storage.Issuance{
		Act: storage.Act{Actor: "apikey:bench", Time: time.Now()}, Tenant: benchTenant, ID: id, Key: "key-1",
		Signed: benchSigned, Digest: benchSigned[:32], Status: 201, Answer: benchSigned[:100],
	})
	return err
}

// BenchmarkUpdate is one small durable write by a caller alone.
func BenchmarkUpdate(b *testing.B) {
	store, _ := benchStore(b)
	for b.Loop() {
		_, err := store.UpdateTenant(context.Background(), storage.Act{Actor: "bench", Time: time.Now()}, benchTenant,
			func(*storage.Tenant) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAward is a whole award with signed bytes of 3.2 KB.
func BenchmarkAward(b *testing.B) {
	for _, callers := range []int{1, 64, 128} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			store, path := benchStore(b)
			var n atomic.Int64
			b.SetParallelism(max(1, callers/runtime.GOMAXPROCS(0)))
			if callers == 1 {
				for b.Loop() {
					if err := award(store, n.Add(1)); err != nil {
						b.Fatal(err)
					}
				}
			} else {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := award(store, n.Add(1)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "awards/s")
			if info, err := os.Stat(path); err == nil && b.N > 1000 {
				b.ReportMetric(float64(info.Size())/float64(b.N), "file-B/award")
			}
		})
	}
}

// BenchmarkCredential reads one credential with its sealed fields.
func BenchmarkCredential(b *testing.B) {
	store, _ := benchStore(b)
	if err := award(store, 1); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := store.FindCredential(context.Background(), "credential-00000000001"); err != nil {
			b.Fatal(err)
		}
	}
}
