package storage_test

import (
	"encoding/hex"
	"testing"
	"time"

	"laurel/storage"
)

func entry() storage.AuditEntry {
	return storage.AuditEntry{
		Tenant: "north-university", Sequence: 7, Time: time.Date(2026, 3, 1, 9, 0, 0, 5, time.UTC),
		Actor: "cli", Action: storage.ActionRevoke, Object: "credential/1", Detail: "error", Previous: [32]byte{1},
	}
}

// TestComputeHash pins the hash: chains written by every earlier version must
// go on being whole. The value was computed by another program from the
// definition.
func TestComputeHash(t *testing.T) {
	e := entry()
	hash := e.ComputeHash()
	const want = "6690dfae3fd5c43c2c8e82c7ae523dd9b44a625654c2d8091b1a0c6986893865"
	if got := hex.EncodeToString(hash[:]); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
	e.Time = e.Time.In(time.FixedZone("", 3600))
	e.Hash = [32]byte{9}
	if e.ComputeHash() != hash {
		t.Error("the hash depends on the time zone or on Hash itself")
	}
}

func TestComputeHashCoversEverything(t *testing.T) {
	base := entry()
	seen := map[[32]byte]string{base.ComputeHash(): "nothing"}
	for name, change := range map[string]func(*storage.AuditEntry){
		"tenant":   func(e *storage.AuditEntry) { e.Tenant = "" },
		"sequence": func(e *storage.AuditEntry) { e.Sequence++ },
		"second":   func(e *storage.AuditEntry) { e.Time = e.Time.Add(time.Second) },
		"nano":     func(e *storage.AuditEntry) { e.Time = e.Time.Add(1) },
		"actor":    func(e *storage.AuditEntry) { e.Actor = "CLI" },
		"action":   func(e *storage.AuditEntry) { e.Action = storage.ActionSuspend },
		"object":   func(e *storage.AuditEntry) { e.Object = "credential/2" },
		"detail":   func(e *storage.AuditEntry) { e.Detail = "" },
		"previous": func(e *storage.AuditEntry) { e.Previous[31] = 1 },
		"shifted":  func(e *storage.AuditEntry) { e.Object, e.Detail = e.Object+"e", "rror" },
	} {
		e := entry()
		change(&e)
		if other, ok := seen[e.ComputeHash()]; ok {
			t.Errorf("changing %s gives the hash of changing %s", name, other)
		}
		seen[e.ComputeHash()] = name
	}
}
