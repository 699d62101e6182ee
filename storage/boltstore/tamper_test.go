package boltstore_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"laurel/internal/audit"
	"laurel/storage"
	"laurel/storage/boltstore"
)

// auditStore is a file that somebody gets at. It has 12 entries of a tenant.
type auditStore struct {
	testing.TB
	path    string
	secrets []byte // the installation's key
	outside []byte // a copy of the checkpoints that is kept elsewhere
}

const auditTenant = "north-university"

var auditTime = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func newAuditStore(t testing.TB) *auditStore {
	t.Helper()
	s := &auditStore{TB: t, path: filepath.Join(t.TempDir(), "laurel.db"), secrets: bytes.Repeat([]byte{7}, 32)}
	if err := boltstore.Create(boltstore.Config{Path: s.path, Clock: func() time.Time { return auditTime }}); err != nil {
		t.Fatal(err)
	}
	s.open(func(store *boltstore.Store, log *audit.Log) {
		act := storage.Act{Actor: "cli", Time: auditTime}
		for _, slug := range []string{auditTenant, "south-university"} {
			if err := store.CreateTenant(context.Background(), act, storage.Tenant{Slug: slug, DID: "did:web:" + slug}); err != nil {
				t.Fatal(err)
			}
		}
		s.enter(store, 12)
	})
	return s
}

// enter adds entries to the tenant's chain.
func (s *auditStore) enter(store *boltstore.Store, n int) {
	for range n {
		_, err := store.AppendAudit(context.Background(), storage.AuditEntry{
			Tenant: auditTenant, Time: auditTime, Actor: "apikey:1", Action: "credential.revoke", Object: "credential/1", Detail: "error",
		})
		if err != nil {
			s.Fatal(err)
		}
	}
}

// open does something with the open store.
func (s *auditStore) open(do func(*boltstore.Store, *audit.Log)) {
	s.Helper()
	store, err := boltstore.Open(boltstore.Config{Path: s.path})
	if err != nil {
		s.Fatal(err)
	}
	defer store.Close()
	log, err := audit.New(audit.Config{Store: store, InstallationKey: s.secrets, Clock: func() time.Time { return auditTime }})
	if err != nil {
		s.Fatal(err)
	}
	do(store, log)
}

// checkpoint makes a checkpoint and keeps a copy of it elsewhere.
func (s *auditStore) checkpoint() {
	s.Helper()
	s.open(func(_ *boltstore.Store, log *audit.Log) {
		note, made, err := log.Checkpoint(context.Background())
		if err != nil || !made {
			s.Fatalf("making checkpoint: made %t, %v", made, err)
		}
		s.outside = append(s.outside, note...)
	})
}

// tamper changes the file as one does who has it.
func (s *auditStore) tamper(do func(entries, checkpoints *bolt.Bucket)) {
	s.Helper()
	db, err := bolt.Open(s.path, 0o600, nil)
	if err != nil {
		s.Fatal(err)
	}
	defer db.Close()
	err = db.Update(func(tx *bolt.Tx) error {
		do(tx.Bucket([]byte("audit")), tx.Bucket([]byte("audit checkpoints")))
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
}

// verify returns what is found, as "code chain sequence".
func (s *auditStore) verify(outside []byte) []string {
	s.Helper()
	found := []string{}
	s.open(func(_ *boltstore.Store, log *audit.Log) {
		report, err := log.Verify(context.Background(), outside)
		if err != nil {
			s.Fatal(err)
		}
		for _, p := range report.Problems {
			found = append(found, strings.TrimSpace(p.Code+" "+p.Tenant)+" "+strconv.FormatUint(p.Sequence, 10))
			if p.Message == "" {
				s.Errorf("%s has no message", p.Code)
			}
		}
	})
	return found
}

func entryKey(n uint64) []byte { return binary.BigEndian.AppendUint64([]byte(auditTenant+"\x00"), n) }

// value is an entry's row without its sum.
func value(b *bolt.Bucket, n uint64) []byte {
	row := b.Get(entryKey(n))
	return bytes.Clone(row[:len(row)-4])
}

func put(b *bolt.Bucket, n uint64, value []byte) {
	if err := b.Put(entryKey(n), boltstore.Summed("audit", entryKey(n), value)); err != nil {
		panic(err)
	}
}

func remove(b *bolt.Bucket, n uint64) {
	if err := b.Delete(entryKey(n)); err != nil {
		panic(err)
	}
}

// forge makes the row of an entry that follows from the one before.
func forge(b *bolt.Bucket, n uint64, detail string) {
	entry := storage.AuditEntry{
		Tenant: auditTenant, Sequence: n, Time: auditTime, Actor: "apikey:1", Action: "credential.revoke", Object: "credential/1", Detail: detail,
	}
	if n > 1 {
		copy(entry.Previous[:], b.Get(entryKey(n-1)))
	}
	hash := entry.ComputeHash()
	put(b, n, append(hash[:], `{"time":"2026-03-01T09:00:00Z","actor":"apikey:1","action":"credential.revoke","object":"credential/1","detail":"`+detail+`"}`...))
}

// TestTamperedAudit is everything that can be done to a chain, and the entry
// that must be named for it.
func TestTamperedAudit(t *testing.T) {
	for _, test := range []struct {
		name   string
		do     func(entries, checkpoints *bolt.Bucket)
		inside []string // what is found without a copy from elsewhere
		with   []string // and with one, if that is more
	}{
		{"nothing", func(*bolt.Bucket, *bolt.Bucket) {}, nil, nil},
		{"a flipped word", func(b, _ *bolt.Bucket) {
			put(b, 5, bytes.Replace(value(b, 5), []byte("error"), []byte("fraud"), 1))
		}, []string{"entry-changed " + auditTenant + " 5"}, nil},
		{"another time", func(b, _ *bolt.Bucket) {
			put(b, 12, bytes.Replace(value(b, 12), []byte("2026"), []byte("2025"), 1))
		}, []string{"entry-changed " + auditTenant + " 12"}, nil},
		{"another actor, with a new hash", func(b, _ *bolt.Bucket) { forge(b, 5, "fraud") }, []string{"entry-changed " + auditTenant + " 6"}, nil},
		{"a flipped hash", func(b, _ *bolt.Bucket) {
			v := value(b, 5)
			v[3] ^= 1
			put(b, 5, v)
		}, []string{"entry-changed " + auditTenant + " 5"}, nil},
		{"a flipped bit that the sum shows", func(b, _ *bolt.Bucket) {
			row := bytes.Clone(b.Get(entryKey(5)))
			row[40] ^= 1
			if err := b.Put(entryKey(5), row); err != nil {
				panic(err)
			}
		}, []string{"entry-unreadable " + auditTenant + " 5"}, nil},
		{"a row that is no entry", func(b, _ *bolt.Bucket) { put(b, 5, []byte("x")) }, []string{"entry-unreadable " + auditTenant + " 5"}, nil},
		{"a key that is no key", func(b, _ *bolt.Bucket) {
			if err := b.Put(append(entryKey(5), 0), []byte("x")); err != nil {
				panic(err)
			}
		}, []string{"entry-unreadable " + auditTenant + " 6"}, nil},
		{"deleted first", func(b, _ *bolt.Bucket) { remove(b, 1) }, []string{"entry-missing " + auditTenant + " 1"}, nil},
		{"deleted", func(b, _ *bolt.Bucket) { remove(b, 5) }, []string{"entry-missing " + auditTenant + " 5"}, nil},
		{"deleted, the others moved up", func(b, _ *bolt.Bucket) {
			for n := uint64(5); n < 12; n++ {
				put(b, n, value(b, n+1))
			}
			remove(b, 12)
		}, []string{"entry-changed " + auditTenant + " 5"}, nil},
		{"swapped", func(b, _ *bolt.Bucket) {
			five, eight := value(b, 5), value(b, 8)
			put(b, 5, eight)
			put(b, 8, five)
		}, []string{"entry-changed " + auditTenant + " 5"}, nil},
		{"inserted", func(b, _ *bolt.Bucket) {
			for n := uint64(12); n >= 5; n-- {
				put(b, n+1, value(b, n))
			}
			forge(b, 5, "fraud")
		}, []string{"entry-changed " + auditTenant + " 6"}, nil},
		{"the end cut off", func(b, _ *bolt.Bucket) { remove(b, 12); remove(b, 11) }, []string{"chain-cut " + auditTenant + " 11"}, nil},
		{"all cut off", func(b, _ *bolt.Bucket) {
			for n := uint64(1); n <= 12; n++ {
				remove(b, n)
			}
		}, []string{"chain-cut " + auditTenant + " 1"}, nil},
		{"rewritten from the middle on", func(b, _ *bolt.Bucket) {
			for n := uint64(5); n <= 12; n++ {
				forge(b, n, "fraud")
			}
		}, []string{"chain-rewritten " + auditTenant + " 8"}, nil},
		{"rewritten after the first checkpoint", func(b, _ *bolt.Bucket) {
			for n := uint64(9); n <= 12; n++ {
				forge(b, n, "fraud")
			}
		}, []string{"chain-rewritten " + auditTenant + " 12"}, nil},
		{"the end cut off with its checkpoint", func(b, c *bolt.Bucket) {
			remove(b, 12)
			if err := c.Delete(binary.BigEndian.AppendUint64([]byte{0}, 2)); err != nil {
				panic(err)
			}
		}, nil, []string{"store-rolled-back 0", "chain-cut " + auditTenant + " 12"}},
		{"rewritten, with all checkpoints gone", func(b, c *bolt.Bucket) {
			for n := uint64(5); n <= 12; n++ {
				forge(b, n, "fraud")
			}
			for n := uint64(1); n <= 2; n++ {
				if err := c.Delete(binary.BigEndian.AppendUint64([]byte{0}, n)); err != nil {
					panic(err)
				}
			}
		}, nil, []string{"store-rolled-back 0", "chain-rewritten " + auditTenant + " 8"}},
		{"a forged checkpoint", func(_, c *bolt.Bucket) {
			k := binary.BigEndian.AppendUint64([]byte{0}, 2)
			row := c.Get(k)
			forged := bytes.Replace(row[:len(row)-4], []byte(" 12 "), []byte(" 11 "), 1)
			if err := c.Put(bytes.Clone(k), boltstore.Summed("audit checkpoints", k, forged)); err != nil {
				panic(err)
			}
		}, []string{"checkpoint-forged 0"}, nil},
		{"a damaged checkpoint", func(_, c *bolt.Bucket) {
			k := binary.BigEndian.AppendUint64([]byte{0}, 1)
			row := bytes.Clone(c.Get(k))
			row[80] ^= 4
			if err := c.Put(k, row); err != nil {
				panic(err)
			}
		}, []string{"checkpoint-forged 0"}, nil},
		{"a chain of nobody", func(b, _ *bolt.Bucket) {
			k := append([]byte("nobody\x00"), entryKey(1)[len(auditTenant)+1:]...)
			if err := b.Put(k, boltstore.Summed("audit", k, value(b, 1))); err != nil {
				panic(err)
			}
		}, []string{"chain-unknown nobody 0", "entry-changed nobody 1"}, nil},
	} {
		t.Run(strings.ReplaceAll(test.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			s := tamperedStore(t)
			s.tamper(test.do)
			want(t, "alone", s.verify(nil), test.inside)
			with := test.with
			if with == nil {
				with = test.inside
			}
			want(t, "with a copy from elsewhere", s.verify(s.outside), with)
		})
	}
}

// tamperedStore has checkpoints at entry 8 and at entry 12.
func tamperedStore(t testing.TB) *auditStore {
	t.Helper()
	s := newAuditStore(t)
	s.tamper(func(b, _ *bolt.Bucket) {
		for n := uint64(9); n <= 12; n++ {
			remove(b, n)
		}
	})
	s.checkpoint()
	s.open(func(store *boltstore.Store, _ *audit.Log) { s.enter(store, 4) })
	s.checkpoint()
	return s
}

func want(t testing.TB, what string, got, want []string) {
	t.Helper()
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("%s: found %q, want %q", what, got, want)
	}
}

// TestRolledBackStore goes back to a copy of the whole file.
func TestRolledBackStore(t *testing.T) {
	s := tamperedStore(t)
	copied, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	s.open(func(store *boltstore.Store, _ *audit.Log) { s.enter(store, 3) })
	s.checkpoint()
	want(t, "before", s.verify(s.outside), nil)
	if err := os.WriteFile(s.path, copied, 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, "alone", s.verify(nil), nil)
	want(t, "with a copy from elsewhere", s.verify(s.outside), []string{"store-rolled-back 0", "chain-cut " + auditTenant + " 13"})
	// Going on from there as if nothing had happened is a fork.
	s.open(func(store *boltstore.Store, _ *audit.Log) {
		s.enter(store, 2)
		_, err := store.AppendAudit(context.Background(), storage.AuditEntry{Tenant: auditTenant, Time: auditTime, Actor: "cli", Action: "other", Object: "x"})
		if err != nil {
			t.Fatal(err)
		}
	})
	s.checkpoint()
	want(t, "after a fork", s.verify(s.outside[:bytes.LastIndex(s.outside, []byte("laurel audit checkpoint 1\n"))]), []string{"chain-rewritten " + auditTenant + " 15"})
}

// TestNoCheckpointOverGap holds that what was cut off is not signed away.
func TestNoCheckpointOverGap(t *testing.T) {
	s := tamperedStore(t)
	s.tamper(func(b, _ *bolt.Bucket) { remove(b, 12) })
	s.open(func(_ *boltstore.Store, log *audit.Log) {
		if _, _, err := log.Checkpoint(context.Background()); !errors.Is(err, audit.ErrShortened) {
			t.Errorf("checkpoint over a gap: %v", err)
		}
	})
}
