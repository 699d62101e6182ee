package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fakeClock is a clock that tests set.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newFakeClock() *fakeClock { return &fakeClock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func TestCacheIsBounded(t *testing.T) {
	c := newCache[int](10, newFakeClock().Now)
	for i := range 6 {
		c.put(strconv.Itoa(i), i, 3, time.Minute)
	}
	for i, want := range []bool{false, false, false, true, true, true} {
		if _, ok := c.get(strconv.Itoa(i)); ok != want {
			t.Errorf("entry %d kept: %v", i, ok)
		}
	}
	c.get("3") // now the most recently used
	c.put("6", 6, 3, time.Minute)
	if _, ok := c.get("4"); ok {
		t.Error("the least recently used entry was kept")
	}
	c.put("7", 7, 11, time.Minute) // does not fit, and pushes nobody out
	c.put("3", 33, 1, time.Minute) // takes its own place
	c.put("5", 5, 3, 0)            // is not to be kept any more
	if value, ok := c.get("3"); !ok || value != 33 {
		t.Errorf("entry 3: %d, %v", value, ok)
	}
	if c.size != 4 || len(c.byKey) != 2 || c.recent.Len() != 2 {
		t.Errorf("size %d, %d keys, %d entries", c.size, len(c.byKey), c.recent.Len())
	}
}

func TestFreshness(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"": 0, "max-age=60": time.Minute, "public, MAX-AGE=60, must-revalidate": time.Minute, `max-age="60"`: time.Minute,
		"max-age=60, no-store": 0, "no-cache, max-age=60": 0, "private, max-age=60": 0, `max-age=60, no-cache="set-cookie"`: 0,
		"max-age=60, s-maxage=5": 5 * time.Second, "s-maxage=0, max-age=60": 0, "max-age=-1": 0, "max-age=x": 0, "max-age": 0,
		"max-age=0": 0, "max-age=99999999999999999999999": 365 * 24 * time.Hour, "immutable": 0,
	} {
		if got := freshness(http.Header{"Cache-Control": {header}}); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
	if got := freshness(http.Header{"Cache-Control": {"public", "max-age=60"}, "Age": {"15"}}); got != 45*time.Second {
		t.Errorf("with age: %v", got)
	}
	if got := freshness(http.Header{"Cache-Control": {"max-age=60"}, "Age": {"90"}}); got > 0 {
		t.Errorf("too old: %v", got)
	}
	if got := freshness(http.Header{"Cache-Control": {"max-age=60"}, "Vary": {"Accept", "*"}}); got != 0 {
		t.Errorf("varies: %v", got)
	}
}

// counted serves the number of the request, with a Cache-Control.
func counted(control string) http.HandlerFunc {
	var count atomic.Int32
	return func(w http.ResponseWriter, _ *http.Request) {
		if control != "" {
			w.Header().Set("Cache-Control", control)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, count.Add(1))
	}
}

func getText(t *testing.T, client *Client, path string, request Request) string {
	t.Helper()
	response, err := client.Get(t.Context(), "https://"+labHost+path, request)
	if err != nil {
		t.Fatal(err)
	}
	return string(response.Body)
}

func TestDocumentsAreKept(t *testing.T) {
	clock := newFakeClock()
	handler := counted("max-age=86400")
	client := labClient(t, serveLab(t, handler), func(c *Config) { c.Clock = clock.Now })
	for i, step := range []struct {
		path    string
		request Request
		advance time.Duration
		want    string
	}{
		{"/", jsonOnly, 0, "1"},
		{"/", jsonOnly, 0, "1"},
		{"/", jsonOnly, 10*time.Minute - 1, "1"},
		{"/", jsonOnly, 1, "2"}, // ten minutes are the most
		{"/?", jsonOnly, 0, "3"},
		{"/other", jsonOnly, 0, "4"},
		{"/", jsonOnly, 0, "2"},
		{"/", Request{MediaTypes: []string{"application/json", "text/plain"}}, 0, "5"},
		{"/", Request{MediaTypes: jsonOnly.MediaTypes, Accept: "*/*"}, 0, "6"},
		{"/", Request{MediaTypes: jsonOnly.MediaTypes, MaxBytes: 5}, 0, "7"},
		{"/", Request{MediaTypes: jsonOnly.MediaTypes, Redirects: SameHost}, 0, "8"},
		{"/", jsonOnly, 0, "2"},
		{"/", Request{MediaTypes: jsonOnly.MediaTypes, Fresh: true}, 0, "9"},
		{"/", jsonOnly, 0, "9"}, // what was fetched afresh takes the older one's place
	} {
		clock.advance(step.advance)
		if got := getText(t, client, step.path, step.request); got != step.want {
			t.Errorf("step %d: answer %s, want %s", i, got, step.want)
		}
	}
}

func TestDocumentsAreNotKept(t *testing.T) {
	for name, test := range map[string]struct {
		control string
		change  func(*Config)
	}{
		"server says nothing": {"", nil},
		"server says no":      {"no-store, max-age=60", nil},
		"cache switched off":  {"max-age=60", func(c *Config) { c.CacheBytes = -1 }},
	} {
		handler := counted(test.control)
		client := labClient(t, serveLab(t, handler), test.change)
		if first, second := getText(t, client, "/", jsonOnly), getText(t, client, "/", jsonOnly); first != "1" || second != "2" {
			t.Errorf("%s: answers %s, %s", name, first, second)
		}
	}
}

// A document is kept as long as its contents, its server and we allow: the least of the three.
func TestDocumentsAreKeptAsTheyAsk(t *testing.T) {
	for name, test := range map[string]struct {
		control string
		keep    time.Duration
		want    time.Duration
	}{
		"contents ask for less":   {"max-age=600", time.Minute, time.Minute},
		"contents ask for more":   {"max-age=60", time.Hour, time.Minute},
		"contents ask for none":   {"max-age=60", 0, 0},
		"contents ask for before": {"max-age=60", -time.Minute, 0},
		"server asks for none":    {"no-store", time.Hour, 0},
		"all ask for much":        {"max-age=86400", 24 * time.Hour, DefaultMaxAge},
	} {
		clock := newFakeClock()
		request := jsonOnly
		request.Keep = func(body []byte) time.Duration {
			if len(body) != 1 {
				t.Errorf("%s: body %q", name, body)
			}
			return test.keep
		}
		client := labClient(t, serveLab(t, counted(test.control)), func(c *Config) { c.Clock = clock.Now })
		getText(t, client, "/", request)
		if test.want > 0 {
			clock.advance(test.want - 1)
			if got := getText(t, client, "/", request); got != "1" {
				t.Errorf("%s: not kept", name)
			}
			clock.advance(1)
		}
		if got := getText(t, client, "/", request); got != "2" {
			t.Errorf("%s: kept too long", name)
		}
	}
}

// Whatever strangers ask us for, one host does not get more than its share of fetches from us.
func TestHostRate(t *testing.T) {
	clock := newFakeClock()
	resolver := &answers{lists: [][]netip.Addr{addresses("10.0.0.1")}}
	client := newClient(t, Config{Resolver: resolver, Clock: clock.Now, NegativeAge: -1, HostRate: 1, HostBurst: 3})
	get := func(url string) error {
		_, err := client.Get(t.Context(), url, jsonOnly)
		return err
	}
	for i := range 3 {
		if err := get(fmt.Sprintf("https://www.example.org/%d", i)); !errors.Is(err, ErrBlocked) {
			t.Fatal(err)
		}
	}
	for range 2 {
		err := get("https://WWW.example.org:443/x")
		if !errors.Is(err, ErrBusy) || resolver.queries != 3 {
			t.Errorf("one too many: %v after %d look-ups", err, resolver.queries)
		}
	}
	if err := get("https://example.org/"); !errors.Is(err, ErrBlocked) {
		t.Errorf("another host: %v", err)
	}
	clock.advance(time.Second)
	if err := get("https://www.example.org/x"); !errors.Is(err, ErrBlocked) {
		t.Errorf("a second later: %v", err)
	}
	if err := get("https://www.example.org/y"); !errors.Is(err, ErrBusy) {
		t.Errorf("two a second later: %v", err)
	}
	clock.advance(time.Hour)
	for i := range 4 {
		if err := get(fmt.Sprintf("https://www.example.org/%d", i)); errors.Is(err, ErrBusy) != (i == 3) {
			t.Errorf("an hour later, fetch %d: %v", i, err)
		}
	}
	free := newClient(t, Config{Resolver: resolver, NegativeAge: -1, HostRate: -1})
	for range DefaultHostBurst + 10 {
		if _, err := free.Get(t.Context(), "https://www.example.org/", jsonOnly); !errors.Is(err, ErrBlocked) {
			t.Fatal(err)
		}
	}
}

func TestCountedHostsAreBounded(t *testing.T) {
	client := newClient(t, Config{Resolver: &answers{lists: [][]netip.Addr{addresses("10.0.0.1")}}})
	for i := range maxTargets + 100 {
		client.Get(t.Context(), fmt.Sprintf("https://a%d.example.org/", i), jsonOnly)
	}
	if n := len(client.targets.byKey); n != maxTargets {
		t.Errorf("%d hosts are counted", n)
	}
}

// Failures are remembered, of a document, or of the whole host when it could not be reached.
func TestFailuresAreRemembered(t *testing.T) {
	clock := newFakeClock()
	var asked atomic.Int32
	address := serveLab(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path == "/missing" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		serveJSON("{}")(w, r)
	})
	client := labClient(t, address, func(c *Config) { c.Clock = clock.Now })
	get := func(path string, request Request) error {
		_, err := client.Get(t.Context(), "https://"+labHost+path, request)
		return err
	}
	for range 3 {
		if err := get("/missing", jsonOnly); !errors.Is(err, ErrStatus) {
			t.Fatal(err)
		}
	}
	fresh := jsonOnly
	fresh.Fresh = true
	if err := get("/missing", fresh); !errors.Is(err, ErrStatus) || asked.Load() != 1 {
		t.Errorf("%v after %d requests", err, asked.Load())
	}
	if err := get("/there", jsonOnly); err != nil {
		t.Errorf("another document of the host: %v", err)
	}
	clock.advance(time.Minute)
	if err := get("/missing", jsonOnly); !errors.Is(err, ErrStatus) || asked.Load() != 3 {
		t.Errorf("a minute later: %v after %d requests", err, asked.Load())
	}
}

func TestUnreachableHostIsRemembered(t *testing.T) {
	clock := newFakeClock()
	resolver := &answers{lists: [][]netip.Addr{addresses("10.0.0.1")}}
	client := newClient(t, Config{Resolver: resolver, Clock: clock.Now})
	for _, url := range []string{"https://www.example.org/1", "https://www.example.org/2", "https://www.example.org:443/3"} {
		if _, err := client.Get(t.Context(), url, jsonOnly); !errors.Is(err, ErrBlocked) {
			t.Error(err)
		}
	}
	if resolver.queries != 1 {
		t.Errorf("%d look-ups, want 1", resolver.queries)
	}
	if _, err := client.Get(t.Context(), "https://example.org/", jsonOnly); !errors.Is(err, ErrBlocked) || resolver.queries != 2 {
		t.Errorf("another host: %v, %d look-ups", err, resolver.queries)
	}
	clock.advance(time.Minute)
	if _, err := client.Get(t.Context(), "https://www.example.org/1", jsonOnly); !errors.Is(err, ErrBlocked) || resolver.queries != 3 {
		t.Errorf("a minute later: %v, %d look-ups", err, resolver.queries)
	}
}

// A caller with little time left must not be able to make a good host look bad to everybody else.
func TestHasteIsNotRemembered(t *testing.T) {
	release := make(chan struct{})
	address := serveLab(t, func(w http.ResponseWriter, r *http.Request) {
		<-release
		serveJSON("{}")(w, r)
	})
	client := labClient(t, address, nil)
	ctx, cancel := WithBudget(t.Context(), 8, 30*time.Millisecond)
	defer cancel()
	if _, err := client.Get(ctx, "https://"+labHost+"/", jsonOnly); !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	close(release)
	if _, err := client.Get(t.Context(), "https://"+labHost+"/", jsonOnly); err != nil {
		t.Error(err)
	}
}

func TestRememberedFailuresAreBounded(t *testing.T) {
	client := newClient(t, Config{Resolver: &answers{lists: [][]netip.Addr{addresses("10.0.0.1")}}})
	for i := range maxFailures + 100 {
		client.Get(t.Context(), fmt.Sprintf("https://a%d.example.org/", i), jsonOnly)
	}
	if n := len(client.failures.byKey); n != maxFailures {
		t.Errorf("%d failures remembered", n)
	}
}
