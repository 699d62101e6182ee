package outbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"laurel/internal/envelope"
	"laurel/internal/fetch"
	"laurel/storage"
	"laurel/storage/boltstore"
)

const (
	north = "north-university"
	south = "south-university"
)

// world is an outbox over a real store, with a clock that tests set.
type world struct {
	testing.TB
	path   string
	store  *boltstore.Store
	config Config
	*Outbox
	poster *recordingPoster
	log    bytes.Buffer

	mu  sync.Mutex
	now time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, path: filepath.Join(t.TempDir(), "laurel.db"), poster: &recordingPoster{}, now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	w.must(boltstore.Create(boltstore.Config{Path: w.path}))
	w.config = Config{
		InstallationKey: bytes.Repeat([]byte{7}, envelope.KeySize), PublicURL: "https://badges.example.ac.uk",
		Poster: w.poster, Clock: w.clock, Random: func() float64 { return 0.5 }, Interval: time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(&w.log, nil)),
	}
	w.open()
	for _, tenant := range []string{north, south} {
		w.must(w.store.CreateTenant(w.Context(), w.act(), storage.Tenant{Slug: tenant, DID: "did:web:badges.example.ac.uk:issuers:" + tenant}))
	}
	return w
}

func (w *world) open() {
	w.Helper()
	var err error
	w.store, err = boltstore.Open(boltstore.Config{Path: w.path})
	w.must(err)
	w.Cleanup(func() { _ = w.store.Close() })
	w.config.Store = w.store
	w.Outbox, err = New(w.config)
	w.must(err)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) act() storage.Act { return storage.Act{Actor: "cli", Time: w.clock()} }

func (w *world) webhook(tenant, url string, events ...string) (storage.Webhook, string) {
	w.Helper()
	made, secret, err := w.CreateWebhook(w.Context(), w.act(), storage.Webhook{Tenant: tenant, URL: url, Events: events})
	w.must(err)
	return made, secret
}

// happen enters an act that webhooks are told of.
func (w *world) happen(tenant string, credentials ...string) {
	w.Helper()
	for _, id := range credentials {
		_, err := w.store.AppendAudit(w.Context(), storage.AuditEntry{
			Tenant: tenant, Time: w.clock(), Actor: "cli", Action: storage.ActionIssue, Object: "credential/" + id,
		})
		w.must(err)
	}
}

// round sends everything that is due, to every destination.
func (w *world) round() {
	w.Helper()
	destinations, err := w.store.Destinations(w.Context())
	w.must(err)
	for _, d := range destinations {
		if !d.Due.After(w.clock()) {
			w.must(w.drain(w.Context(), d))
		}
	}
}

func (w *world) states(tenant string) string {
	w.Helper()
	deliveries, _, err := w.Deliveries(w.Context(), tenant, storage.DeliveryFilter{}, storage.Page{})
	w.must(err)
	var all []string
	for _, d := range slices.Backward(deliveries) {
		_, id, _ := strings.Cut(d.Object, "/")
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s:%s:%d %s", id, d.State, d.Attempts, d.LastError)))
	}
	return strings.Join(all, ", ")
}

func (w *world) want(tenant, states string) {
	w.Helper()
	if got := w.states(tenant); got != states {
		w.Errorf("deliveries are\n%s, want\n%s", got, states)
	}
}

// posted is one request that arrived.
type posted struct {
	url    string
	header map[string]string
	body   []byte
}

// recordingPoster answers as it is told to.
type recordingPoster struct {
	mu     sync.Mutex
	got    []posted
	answer func(posted) (fetch.Answer, error) // 204 when nil
	deny   error
}

func (p *recordingPoster) Allows(string) error { return p.deny }

func (p *recordingPoster) Post(_ context.Context, url string, header map[string]string, body []byte) (fetch.Answer, error) {
	request := posted{url, header, body}
	p.mu.Lock()
	p.got = append(p.got, request)
	answer := p.answer
	p.mu.Unlock()
	if answer == nil {
		return fetch.Answer{Status: 204}, nil
	}
	return answer(request)
}

func (p *recordingPoster) set(answer func(posted) (fetch.Answer, error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func (p *recordingPoster) status(status int) {
	p.set(func(posted) (fetch.Answer, error) { return fetch.Answer{Status: status}, nil })
}

// take returns what arrived since it was last asked.
func (p *recordingPoster) take() []posted {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.got
	p.got = nil
	return got
}

// objects are the ids of what requests are about.
func objects(t testing.TB, requests []posted) string {
	t.Helper()
	var ids []string
	for _, r := range requests {
		var e event
		if err := json.Unmarshal(r.body, &e); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.Data.ID)
	}
	return strings.Join(ids, " ")
}

func (w *world) arrived(want string) {
	w.Helper()
	if got := objects(w, w.poster.take()); got != want {
		w.Errorf("arrived %q, want %q", got, want)
	}
}

// TestWebhookForm looks at a delivery as its receiver would, who knows nothing
// of this package.
func TestWebhookForm(t *testing.T) {
	w := newWorld(t)
	hook, secret := w.webhook(north, "https://hooks.example/a")
	w.happen(north, "c1")
	w.wait(time.Minute)
	w.round()
	got := w.poster.take()
	if len(got) != 1 || got[0].url != hook.URL || got[0].header["Content-Type"] != "application/json" {
		t.Fatalf("arrived: %+v", got)
	}
	id := got[0].header["Laurel-Delivery"]
	wantBody := `{"id":"` + id + `","type":"award.issued","time":"2026-03-01T09:00:00Z","issuer":"did:web:badges.example.ac.uk:issuers:north-university",` +
		`"data":{"kind":"credential","id":"c1","url":"https://badges.example.ac.uk/credentials/c1"}}`
	if string(got[0].body) != wantBody || got[0].header["Laurel-Event"] != "award.issued" || len(id) != 32 {
		t.Errorf("arrived %s\nwant %s", got[0].body, wantBody)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s.%s", w.clock().Unix(), id, got[0].body)
	if want := fmt.Sprintf("t=%d,v1=%s", w.clock().Unix(), hex.EncodeToString(mac.Sum(nil))); got[0].header["Laurel-Signature"] != want {
		t.Errorf("signature %s, want %s", got[0].header["Laurel-Signature"], want)
	}
	if !strings.HasPrefix(secret, "laurelwh_") || len(secret) != 52 || bytes.Contains(hook.Secret, []byte(secret)) {
		t.Errorf("secret %q is stored as %q", secret, hook.Secret)
	}
	w.want(north, "c1:sent:1")
	w.round()
	w.arrived("")
}

// TestSignature pins the signature: the value was computed by another program
// from the definition.
func TestSignature(t *testing.T) {
	const want = "t=1772355600,v1=e345f1af86d7fb6f7f5f7209a138a0f20fecbf415a10edf667112716018cf477"
	if got := Signature("laurelwh_secret", time.Unix(1772355600, 0), "id", []byte(`{"a":1}`)); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

func TestCreateWebhook(t *testing.T) {
	w := newWorld(t)
	for name, test := range map[string]struct {
		hook storage.Webhook
		deny error
		want error
	}{
		"unknown event":   {storage.Webhook{Tenant: north, URL: "https://a.example/", Events: []string{"award.stolen"}}, nil, ErrEvent},
		"host not on it":  {storage.Webhook{Tenant: north, URL: "https://a.example/"}, fetch.ErrBlocked, ErrHost},
		"bad address":     {storage.Webhook{Tenant: north, URL: "nonsense"}, fetch.ErrInvalidURL, ErrURL},
		"unknown tenant":  {storage.Webhook{Tenant: "nowhere", URL: "https://a.example/"}, nil, storage.ErrNotFound},
		"too long":        {storage.Webhook{Tenant: north, URL: "https://a.example/" + strings.Repeat("a", 2048)}, nil, ErrURL},
		"empty, no check": {storage.Webhook{Tenant: north}, fetch.ErrInvalidURL, ErrURL},
	} {
		w.poster.deny = test.deny
		if _, _, err := w.CreateWebhook(w.Context(), w.act(), test.hook); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	w.Outbox.config.Poster = nil // as in a command that sends nothing
	for url, want := range map[string]error{"ftp://a.example/": ErrURL, "": ErrURL, "https://anything.example/": nil} {
		if _, _, err := w.CreateWebhook(w.Context(), w.act(), storage.Webhook{Tenant: north, URL: url}); !errors.Is(err, want) {
			t.Errorf("%q without a sender: %v, want %v", url, err, want)
		}
	}
}

// TestDownThenUp: what could not be sent is sent later, in order, with the same
// id and body and a signature of its own time.
func TestDownThenUp(t *testing.T) {
	w := newWorld(t)
	w.webhook(north, "https://hooks.example/a")
	w.happen(north, "c1", "c2", "c3")
	for name, answer := range map[string]func(posted) (fetch.Answer, error){
		"unreachable": func(posted) (fetch.Answer, error) { return fetch.Answer{}, fetch.ErrUnavailable },
		"timeout":     func(posted) (fetch.Answer, error) { return fetch.Answer{}, fetch.ErrTimeout },
		"blocked":     func(posted) (fetch.Answer, error) { return fetch.Answer{}, fetch.ErrBlocked },
		"http-503":    func(posted) (fetch.Answer, error) { return fetch.Answer{Status: 503}, nil },
		"http-429":    func(posted) (fetch.Answer, error) { return fetch.Answer{Status: 429, RetryAfter: time.Hour}, nil },
	} {
		w.wait(8 * time.Hour)
		w.poster.set(answer)
		w.poster.take()
		w.round()
		w.arrived("c1") // the others wait behind it
		if got := w.states(north); !strings.Contains(got, " "+name+",") {
			t.Errorf("%s: %s", name, got)
		}
		w.round()
		w.arrived("")
	}
	w.poster.status(503)
	w.wait(8 * time.Hour)
	w.round()
	first := w.poster.take()
	w.poster.set(nil)
	w.wait(8 * time.Hour)
	w.round()
	again := w.poster.take()
	if objects(t, again) != "c1 c2 c3" {
		t.Fatalf("arrived %s", objects(t, again))
	}
	if first[0].header["Laurel-Delivery"] != again[0].header["Laurel-Delivery"] || !bytes.Equal(first[0].body, again[0].body) ||
		first[0].header["Laurel-Signature"] == again[0].header["Laurel-Signature"] {
		t.Errorf("first %+v, again %+v", first[0], again[0])
	}
	w.want(north, "c1:sent:7, c2:sent:1, c3:sent:1")
}

// TestRefused: a delivery that is refused keeps none waiting.
func TestRefused(t *testing.T) {
	w := newWorld(t)
	w.webhook(north, "https://hooks.example/a")
	w.happen(north, "c1", "c2", "c3")
	w.poster.set(func(r posted) (fetch.Answer, error) {
		if objects(t, []posted{r}) == "c1" {
			return fetch.Answer{Status: 400}, nil
		}
		return fetch.Answer{Status: 200}, nil
	})
	w.round()
	w.arrived("c1 c2 c3")
	w.want(north, "c1:waiting:1 http-400, c2:sent:1, c3:sent:1")
	w.wait(5 * time.Second)
	w.happen(north, "c4")
	w.round()
	w.arrived("c1 c4")
	w.poster.set(nil)
	w.wait(10 * time.Second)
	w.round()
	w.arrived("c1")
	w.want(north, "c1:sent:3, c2:sent:1, c3:sent:1, c4:sent:1")
	for _, status := range []int{301, 302, 307, 401, 404, 410, 100} {
		w.poster.status(status)
		w.happen(north, "c5")
		w.round()
		if got := w.states(north); !strings.Contains(got, fmt.Sprintf("c5:waiting:1 http-%d", status)) {
			t.Errorf("%d: %s", status, got)
		}
	}
}

// TestWaiting: the times between attempts double up to a limit, and a week ends
// them.
func TestWaiting(t *testing.T) {
	w := newWorld(t)
	w.webhook(north, "https://hooks.example/a")
	w.happen(north, "c1", "c2")
	w.wait(24 * time.Hour)
	w.happen(north, "c3")
	w.wait(-24 * time.Hour)
	w.poster.status(500)
	start := w.clock()
	var gaps []time.Duration
	last := start
	for w.clock().Sub(start) < 7*24*time.Hour {
		w.round()
		if len(w.poster.take()) > 0 {
			gaps = append(gaps, w.clock().Sub(last))
			last = w.clock()
		}
		destinations, err := w.store.Destinations(t.Context())
		w.must(err)
		w.wait(destinations[0].Due.Sub(w.clock()))
	}
	want := []time.Duration{0, 5 * time.Second, 10 * time.Second, 20 * time.Second}
	if !slices.Equal(gaps[:4], want) || slices.Max(gaps) != 4*time.Hour || len(gaps) < 45 || len(gaps) > 70 {
		t.Errorf("%d attempts, after %v", len(gaps), gaps)
	}
	w.round()
	// Those that are as old are given up with it; the younger one goes on.
	if got := w.states(north); !strings.HasPrefix(got, "c1:failed:") || !strings.Contains(got, "c2:failed:0 http-500, c3:waiting:0") {
		t.Errorf("after a week: %s", got)
	}
	if log := w.log.String(); !strings.Contains(log, "given up") || strings.Contains(log, "hooks.example") {
		t.Errorf("log: %s", log)
	}
	w.poster.take()
	w.poster.set(nil)
	n, err := w.Replay(t.Context(), w.act(), north, nil)
	w.must(err)
	w.round()
	if got := objects(t, w.poster.take()); n != 2 || got != "c1 c2 c3" && got != "c2 c1 c3" {
		t.Errorf("replayed %d: %s", n, got)
	}
	w.want(north, "c1:sent:1, c2:sent:1, c3:sent:1")
	if n, err := w.Replay(t.Context(), w.act(), north, nil); n != 0 || err != nil {
		t.Errorf("replaying nothing: %d, %v", n, err)
	}
}

func TestJitter(t *testing.T) {
	w := newWorld(t)
	for random, want := range map[float64]time.Duration{0: 7500 * time.Millisecond, 0.5: 10 * time.Second, 0.999999: 12500 * time.Millisecond} {
		w.Outbox.config.Random = func() float64 { return random }
		if got := w.waiting(1).Round(time.Millisecond); got != want {
			t.Errorf("with %v: %s, want %s", random, got, want)
		}
		if got := w.waiting(1 << 40); got <= 0 || got > 5*time.Hour {
			t.Errorf("after very many attempts: %s", got)
		}
	}
}

// TestKilled: what happened between the commit and the sending, or between the
// sending and the record of it, is sent after the restart; the same id shows
// what was sent twice.
func TestKilled(t *testing.T) {
	w := newWorld(t)
	w.webhook(north, "https://hooks.example/a")
	w.happen(north, "c1", "c2")
	w.must(w.store.Close()) // committed, never sent
	w.open()
	w.poster.set(func(posted) (fetch.Answer, error) {
		_ = w.store.Close() // sent, never recorded
		return fetch.Answer{Status: 200}, nil
	})
	destination := storage.Destination{Tenant: north, ID: w.destination()}
	if err := w.drain(t.Context(), destination); !errors.Is(err, storage.ErrClosed) {
		t.Fatalf("recording in a store that is gone: %v", err)
	}
	first := w.poster.take()
	w.poster.set(nil)
	w.open()
	w.round()
	again := w.poster.take()
	if objects(t, first) != "c1" || objects(t, again) != "c1 c2" || first[0].header["Laurel-Delivery"] != again[0].header["Laurel-Delivery"] {
		t.Errorf("first %s, again %s", objects(t, first), objects(t, again))
	}
}

// fullStore is on a disk that is full.
type fullStore struct{ *boltstore.Store }

func (fullStore) RecordAttempt(context.Context, storage.Attempt) (storage.Delivery, error) {
	return storage.Delivery{}, storage.ErrFull
}

// TestFullDisk: what cannot be recorded is not sent over and over.
func TestFullDisk(t *testing.T) {
	w := newWorld(t)
	w.webhook(north, "https://hooks.example/a")
	w.happen(north, "c1", "c2")
	w.Outbox.config.Store = fullStore{w.store}
	d := newDispatcher(w.Outbox)
	pass := func() {
		t.Helper()
		w.must(d.pass(t.Context()))
		d.group.Wait()
	}
	pass()
	pass()
	w.arrived("c1")
	w.wait(time.Minute)
	pass()
	pass()
	w.arrived("c1")
	w.Outbox.config.Store = w.store
	w.wait(time.Minute)
	pass()
	w.arrived("c1 c2")
	w.want(north, "c1:sent:1, c2:sent:1")
}

func (w *world) destination() string {
	w.Helper()
	hooks, err := w.Webhooks(w.Context(), north)
	w.must(err)
	return hooks[0].ID
}

func TestDeletedWebhook(t *testing.T) {
	w := newWorld(t)
	hook, _ := w.webhook(north, "https://hooks.example/a")
	w.happen(north, "c1", "c2")
	w.must(w.DeleteWebhook(t.Context(), w.act(), north, hook.ID))
	w.round()
	w.arrived("")
	w.want(north, "c1:failed:0 webhook-deleted, c2:failed:0 webhook-deleted")
	if n, err := w.Replay(t.Context(), w.act(), north, nil); n != 0 || err != nil {
		t.Errorf("replaying to nobody: %d, %v", n, err)
	}
}

// TestSlowReceiver: one that does not answer keeps no other waiting, and Run
// ends without waiting for it for long.
func TestSlowReceiver(t *testing.T) {
	w := newWorld(t)
	w.webhook(north, "https://slow.example/")
	w.webhook(south, "https://quick.example/")
	w.happen(north, "n1")
	w.happen(south, "s1", "s2")
	blocked := make(chan struct{})
	defer close(blocked)
	arrived := make(chan string, 10)
	w.poster.set(func(r posted) (fetch.Answer, error) {
		arrived <- r.url
		if r.url == "https://slow.example/" {
			<-blocked
			return fetch.Answer{}, fetch.ErrTimeout
		}
		return fetch.Answer{Status: 200}, nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	seen := map[string]int{}
	for seen["https://quick.example/"] < 2 || seen["https://slow.example/"] < 1 {
		select {
		case url := <-arrived:
			seen[url]++
		case <-time.After(10 * time.Second):
			t.Fatalf("arrived: %v", seen)
		}
	}
	cancel()
	blocked <- struct{}{}
	select {
	case err := <-ended:
		w.must(err)
	case <-time.After(10 * time.Second):
		t.Fatal("Run does not end")
	}
	if seen["https://slow.example/"] != 1 {
		t.Errorf("the slow one got %d at a time", seen["https://slow.example/"])
	}
	w.want(south, "s1:sent:1, s2:sent:1")
}

func TestPruned(t *testing.T) {
	w := newWorld(t)
	w.webhook(north, "https://hooks.example/a")
	w.happen(north, "c1")
	w.round()
	w.wait(29 * 24 * time.Hour)
	w.must(w.prune(t.Context(), w.clock()))
	w.want(north, "c1:sent:1")
	w.wait(48 * time.Hour)
	w.must(w.prune(t.Context(), w.clock()))
	w.want(north, "")
}
