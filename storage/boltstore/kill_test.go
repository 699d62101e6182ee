package boltstore_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"laurel/storage"
	"laurel/storage/boltstore"
)

// The kill test starts this test binary again as a child that awards and
// revokes as fast as it can and writes down what was acknowledged to it; what
// is written survives the writer's death without an fsync. The parent kills the
// child at a random moment and looks at what is left.
//
//	LAUREL_KILLS            how many times, 20 when not set
//	LAUREL_CRASH_DIRECTORY  set for the child alone: where its store is
const (
	crashKills     = "LAUREL_KILLS"
	crashDirectory = "LAUREL_CRASH_DIRECTORY"
	crashTenant    = "north-university"
	crashCallers   = 16
)

// crashConfig has lists so small that several roll over between two kills.
func crashConfig(directory string) boltstore.Config {
	return boltstore.Config{Path: filepath.Join(directory, "laurel.db"), StatusListSize: 256}
}

func TestKill(t *testing.T) {
	kills := 20
	if text := os.Getenv(crashKills); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatalf("%s: %v", crashKills, err)
		}
	}
	if testing.Short() {
		kills = 3
	}
	directory := t.TempDir()
	prepareCrash(t, directory)
	aftermath := &aftermath{t: t, directory: directory, acknowledged: map[string]ack{}}
	for kill := range kills {
		aftermath.kill()
		aftermath.look(kill == kills-1)
		if t.Failed() {
			t.Fatalf("after kill %d", kill+1)
		}
	}
	t.Logf("%d kills, %d credentials acknowledged, slowest reopening %v", kills, len(aftermath.acknowledged), aftermath.slowest)
	if len(aftermath.acknowledged) < kills {
		t.Errorf("%d acknowledgements in %d lives: too few to show anything", len(aftermath.acknowledged), kills)
	}
}

func prepareCrash(t *testing.T, directory string) {
	t.Helper()
	if err := boltstore.Create(crashConfig(directory)); err != nil {
		t.Fatal(err)
	}
	store, err := boltstore.Open(crashConfig(directory))
	if err != nil {
		t.Fatal(err)
	}
	ctx, act := context.Background(), storage.Act{Actor: "test", Time: time.Now()}
	err = errors.Join(
		store.CreateTenant(ctx, act, storage.Tenant{Slug: crashTenant, DID: "did:web:example.org"}),
		store.CreateKey(ctx, act, storage.Key{Tenant: crashTenant, ID: "key-1", Thumbprint: "key-1"}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.CreateAchievement(ctx, act, storage.Achievement{Tenant: crashTenant, ID: "achievement"})
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestKilledChild is the life of a child. It does nothing in other runs.
func TestKilledChild(t *testing.T) {
	directory := os.Getenv(crashDirectory)
	if directory == "" {
		t.Skip("started by TestKill alone")
	}
	store, err := boltstore.Open(crashConfig(directory))
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.OpenFile(filepath.Join(directory, "acknowledged"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	acknowledge := func(what, id string, entry storage.StatusEntry) error {
		mu.Lock()
		defer mu.Unlock()
		_, err := fmt.Fprintln(log, what, id, entry.List, entry.Index)
		return err
	}
	var callers sync.WaitGroup
	for range crashCallers {
		callers.Go(func() {
			for {
				if err := crashAward(store, acknowledge); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	callers.Wait() // until killed
}

// crashAward reserves, commits three of four and revokes half of those.
func crashAward(store *boltstore.Store, acknowledge func(what, id string, entry storage.StatusEntry) error) error {
	ctx := context.Background()
	id := fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64())
	act := func(what string) storage.Act {
		now := time.Now()
		return storage.Act{Actor: "test", Time: now, Idempotency: &storage.IdempotencyClaim{
			APIKey: "test", Key: what + id, Expires: now.Add(time.Hour), Lease: now.Add(time.Minute), Status: 200,
		}}
	}
	reserved, err := store.ReserveCredential(ctx, storage.Reservation{
		Act: act("award "), Tenant: crashTenant, ID: id, Achievement: "achievement", AchievementVersion: 1,
		Subject: storage.SubjectKey{ID: id, Wrapped: []byte("wrapped " + id)},
	})
	if err != nil {
		return err
	}
	entry := reserved.Credential.Status[0]
	if err := acknowledge("reserved", id, entry); err != nil || rand.IntN(4) == 0 {
		return err
	}
	_, err = store.CommitCredential(ctx, storage.Issuance{
		Act: storage.Act{Actor: "test", Time: time.Now()}, Tenant: crashTenant, ID: id, Key: "key-1",
		Signed: crashSigned(id), Status: 201,
	})
	if err != nil {
		return err
	}
	if err := acknowledge("issued", id, entry); err != nil || rand.IntN(2) == 0 {
		return err
	}
	_, err = store.SetStatus(ctx, storage.StatusChange{Act: act("revoke "), Tenant: crashTenant, ID: id, State: storage.StateRevoked})
	if err != nil {
		return err
	}
	return acknowledge("revoked", id, entry)
}

func crashSigned(id string) []byte { return bytes.Repeat([]byte(id), 100) }

// ack is the last that was acknowledged of a credential.
type ack struct {
	what  string
	entry storage.StatusEntry
}

// aftermath looks at what a killed child left.
type aftermath struct {
	t            *testing.T
	directory    string
	acknowledged map[string]ack
	slowest      time.Duration
}

// kill starts a child and kills it at a random moment: one in four perhaps while
// it still opens the store, the others in the midst of commits.
func (a *aftermath) kill() {
	a.t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestKilledChild$", "-test.v")
	child.Env = append(os.Environ(), crashDirectory+"="+a.directory)
	var output bytes.Buffer
	child.Stdout, child.Stderr = &output, &output
	if err := child.Start(); err != nil {
		a.t.Fatal(err)
	}
	if rand.IntN(4) > 0 {
		a.awaitAcknowledgement()
	}
	time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
	if err := child.Process.Kill(); err != nil {
		a.t.Fatal(err)
	}
	if err := child.Wait(); err == nil || strings.Contains(output.String(), "FAIL") {
		a.t.Fatalf("the child ended before it was killed: %v\n%s", err, output.String())
	}
	a.readLog()
}

// awaitAcknowledgement waits until the log grows.
func (a *aftermath) awaitAcknowledgement() {
	a.t.Helper()
	size := func() int64 {
		info, err := os.Stat(filepath.Join(a.directory, "acknowledged"))
		if err != nil {
			return 0
		}
		return info.Size()
	}
	before := size()
	for deadline := time.Now().Add(20 * time.Second); size() == before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			a.t.Fatal("the child acknowledges nothing")
		}
	}
}

func (a *aftermath) readLog() {
	a.t.Helper()
	data, err := os.ReadFile(filepath.Join(a.directory, "acknowledged"))
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		a.t.Fatal(err)
	}
	scanner := bufio.NewScanner(bytes.NewReader(data[:bytes.LastIndexByte(data, '\n')+1]))
	for scanner.Scan() {
		var what, id string
		entry := storage.StatusEntry{Purpose: storage.PurposeRevocation}
		if _, err := fmt.Sscan(scanner.Text(), &what, &id, &entry.List, &entry.Index); err != nil {
			a.t.Fatalf("log line %q: %v", scanner.Text(), err)
		}
		a.acknowledged[id] = ack{what: what, entry: entry}
	}
}

// look opens the store again and compares it with what was acknowledged.
func (a *aftermath) look(thoroughly bool) {
	a.t.Helper()
	begun := time.Now()
	store, err := boltstore.Open(crashConfig(a.directory))
	if err != nil {
		a.t.Fatalf("opening again: %v", err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			a.t.Error(err)
		}
	}()
	took := time.Since(begun)
	a.slowest = max(a.slowest, took)
	if took > time.Second {
		a.t.Errorf("opening again took %v", took)
	}
	stored := a.stored(store)
	for id, ack := range a.acknowledged {
		c, ok := stored[id]
		if !ok || c.Status[0] != ack.entry {
			a.t.Errorf("%s was acknowledged as %+v, is %+v", id, ack, c)
		}
		if ack.what == "issued" && c.State == storage.StatePending || ack.what == "revoked" && c.State != storage.StateRevoked {
			a.t.Errorf("%s was %s, is %s", id, ack.what, c.State)
		}
	}
	a.compareBits(store, stored)
	a.compareAudit(store, stored)
	if thoroughly {
		a.readAll(store, stored)
		if err := store.Check(context.Background()); err != nil {
			a.t.Error(err)
		}
	}
}

// stored reads every credential and sees to it that no entry is given twice.
func (a *aftermath) stored(store *boltstore.Store) map[string]storage.Credential {
	a.t.Helper()
	credentials := map[string]storage.Credential{}
	owners := map[storage.StatusEntry]string{}
	page := storage.Page{Limit: storage.PageLimit}
	for {
		part, next, err := store.ListCredentials(context.Background(), crashTenant, storage.CredentialFilter{}, page)
		if err != nil {
			a.t.Fatal(err)
		}
		for _, c := range part {
			if other, taken := owners[c.Status[0]]; taken {
				a.t.Errorf("%s and %s share %+v", other, c.ID, c.Status[0])
			}
			owners[c.Status[0]], credentials[c.ID] = c.ID, c
		}
		if page.Cursor = next; next == "" {
			return credentials
		}
	}
}

// compareBits compares the lists with the credentials.
func (a *aftermath) compareBits(store *boltstore.Store, stored map[string]storage.Credential) {
	a.t.Helper()
	ctx := context.Background()
	want := map[storage.StatusEntry]bool{}
	for _, c := range stored {
		if c.State == storage.StateRevoked {
			want[c.Status[0]] = true
		}
	}
	lists, err := store.ListStatusLists(ctx, crashTenant)
	if err != nil {
		a.t.Fatal(err)
	}
	used, set := 0, 0
	for _, list := range lists {
		_, indexes, err := store.StatusBits(ctx, crashTenant, list.ID)
		if err != nil {
			a.t.Fatal(err)
		}
		for _, index := range indexes {
			own := storage.StatusEntry{Purpose: list.Purpose, List: list.ID, Index: index}
			mirrored := own
			mirrored.Index = storage.MirrorIndex(index)
			if !want[own] && !want[mirrored] {
				a.t.Errorf("bit %d of %s is set for nobody", index, list.ID)
			}
		}
		revoked := len(indexes) / 2 // each with its mirror
		if list.Version != uint64(revoked+1) {
			a.t.Errorf("list %s has version %d and %d revoked", list.ID, list.Version, revoked)
		}
		used, set = used+list.Used, set+revoked
	}
	if used != len(stored) || set != len(want) {
		a.t.Errorf("%d entries used for %d credentials, %d revoked in lists and %d in records", used, len(stored), set, len(want))
	}
}

// compareAudit checks that the chain is whole and has one entry for each act.
func (a *aftermath) compareAudit(store *boltstore.Store, stored map[string]storage.Credential) {
	a.t.Helper()
	acts := map[string]int{}
	var previous [32]byte
	page := storage.Page{Limit: storage.PageLimit}
	for sequence := uint64(1); ; {
		entries, next, err := store.ListAudit(context.Background(), crashTenant, page)
		if err != nil {
			a.t.Fatal(err)
		}
		for _, entry := range entries {
			if entry.Sequence != sequence || entry.Previous != previous || entry.Hash != entry.ComputeHash() {
				a.t.Fatalf("audit chain is broken at %d", sequence)
			}
			previous = entry.Hash
			sequence++
			acts[entry.Action+" "+entry.Object]++
		}
		if page.Cursor = next; next == "" {
			break
		}
	}
	want := map[string]int{"key.create key/key-1": 1, "achievement.create achievement/achievement": 1}
	for id, c := range stored {
		want["credential.reserve credential/"+id] = 1
		if c.State != storage.StatePending {
			want["credential.issue credential/"+id] = 1
		}
		if c.State == storage.StateRevoked {
			want["credential.revoke credential/"+id] = 1
		}
	}
	for act, n := range acts {
		if want[act] != n {
			a.t.Errorf("%s is in the audit chain %d times", act, n)
		}
	}
	if len(acts) != len(want) {
		a.t.Errorf("%d acts in the audit chain, want %d", len(acts), len(want))
	}
}

// readAll reads the sealed bytes and the idempotency records too.
func (a *aftermath) readAll(store *boltstore.Store, stored map[string]storage.Credential) {
	a.t.Helper()
	ctx := context.Background()
	for id, listed := range stored {
		c, err := store.FindCredential(ctx, id)
		if err != nil {
			a.t.Fatal(err)
		}
		issued := listed.State != storage.StatePending
		if issued && !bytes.Equal(c.Signed, crashSigned(id)) || !issued && c.Signed != nil {
			a.t.Errorf("%s is %s with %d signed bytes", id, c.State, len(c.Signed))
		}
		row, err := store.Idempotency(ctx, crashTenant, "test", "award "+id)
		if err != nil || row.Done != issued || row.Object != "credential/"+id {
			a.t.Errorf("%s is %s with idempotency record %+v, %v", id, c.State, row, err)
		}
	}
}
