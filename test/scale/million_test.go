package scale

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"laurel/storage"
	"laurel/storage/boltstore"
	"laurel/test/figures"
	"laurel/test/program"
)

// writers is how many fill a store at the same time: as many as go into one
// commit.
const writers = 256

// sealedSize is about what a sealed badge takes.
const sealedSize = 2500

// fill writes so many badges into a store that no server has open: the records
// are as any others, the sealed bytes are noise.
func fill(t *testing.T, i institution, count int) {
	t.Helper()
	store, err := boltstore.Open(boltstore.Config{Path: filepath.Join(i.Data, "laurel.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	tenants, err := store.ListTenants(t.Context())
	if err != nil || len(tenants) != 1 {
		t.Fatalf("%d tenants, %v", len(tenants), err)
	}
	noise := make([]byte, sealedSize)
	_, _ = rand.Read(noise) // never fails
	var next atomic.Int64
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for n := next.Add(1); n <= int64(count); n = next.Add(1) {
				if err := add(t.Context(), store, tenants[0].Slug, i.achievement, noise); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

func add(ctx context.Context, store *boltstore.Store, tenant, achievement string, noise []byte) error {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	id := hex.EncodeToString(random[:])
	act := storage.Act{Actor: "test", Time: time.Now()}
	_, err := store.ReserveCredential(ctx, storage.Reservation{
		Act: act, Tenant: tenant, ID: id, Achievement: achievement, AchievementVersion: 1,
		Subject: storage.SubjectKey{ID: id, Wrapped: noise[:60], Lookup: random[:]}, Recipient: noise[:120],
	})
	if err != nil {
		return err
	}
	_, err = store.CommitCredential(ctx, storage.Issuance{Act: act, Tenant: tenant, ID: id, Key: "key-1", Signed: noise, Digest: noise[:32]})
	return err
}

// TestMillion starts a server over a million badges and turns the pages of its
// list, all of them.
func TestMillion(t *testing.T) {
	a := amountsOf(t)
	table := figures.New("million")
	i := newInstitution(t)
	begun := time.Now()
	fill(t, i, a.stored)
	info, err := os.Stat(filepath.Join(i.Data, "laurel.db"))
	if err != nil {
		t.Fatal(err)
	}
	progress("%d badges were written in %v", a.stored, time.Since(begun))
	table.Note(fmt.Sprintf("a store of %d badges", a.stored), "%.1f GB, written in %.0f s", float64(info.Size())/1e9, time.Since(begun).Seconds())
	var server *program.Server
	var slowest time.Duration
	for range 3 {
		server = program.Serve(t, i.Institution)
		slowest = max(slowest, server.Ready)
		server.Kill()
	}
	table.Hold("start until ready, the slowest of three after a kill", "≤ 2 s", !a.strict || slowest <= 2*time.Second, "%.2f s", slowest.Seconds())
	server = program.Serve(t, i.Institution)
	for _, filter := range []string{"", "state=issued", "achievement=" + url.QueryEscape(i.achievement)} {
		times, items := pages(t, server, filter)
		slices.Sort(times)
		name := "every page of 100 of the list"
		if filter != "" {
			name, _, _ = strings.Cut(filter, "=")
			name = "the same, by " + name
		}
		most := times[len(times)-1]
		table.Hold(name, "≤ 50 ms", items == a.stored && (!a.strict || most <= 50*time.Millisecond), "%d pages, %d badges: median %.1f ms, 99 of 100 %.1f ms, slowest %.1f ms",
			len(times), items, ms(times[len(times)/2]), ms(times[len(times)*99/100]), ms(most))
	}
	table.Note("anonymous memory of the server afterwards", "%.0f MB", float64(anonymousMemory(server.PID()))/1e6)
	if code := server.Stop(); code != 0 {
		t.Errorf("stopping server: exit %d", code)
	}
	table.Finish(t)
}

// pages reads a list from its beginning to its end.
func pages(t *testing.T, server *program.Server, filter string) (times []time.Duration, items int) {
	t.Helper()
	for next := ""; ; {
		query := "/api/v1/credentials?limit=100&" + filter
		if next != "" {
			query += "&cursor=" + url.QueryEscape(next)
		}
		begun := time.Now()
		answer, err := server.Operate(t.Context(), http.MethodGet, query, "", nil)
		times = append(times, time.Since(begun))
		var page struct {
			Items []json.RawMessage
			Next  string
		}
		if err != nil || answer.Status != http.StatusOK || json.Unmarshal(answer.Body, &page) != nil {
			t.Fatalf("page %d: %d %s %v", len(times), answer.Status, answer.Body, err)
		}
		items += len(page.Items)
		if next = page.Next; next == "" {
			return times, items
		}
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
