package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"laurel/credential/statuslist"
	"laurel/test/program"
)

// A proxy in front of the server does something wrong to one request in five
// of a kind; everything else goes through.
func brokenProxy(t *testing.T, server *program.Server, path string, wrong func(http.ResponseWriter, *http.Request, *httputil.ReverseProxy)) *program.Server {
	t.Helper()
	target, err := url.Parse(server.Address)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorLog = log.New(io.Discard, "", 0) // of clients that are gone
	var asked atomic.Int64
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, path) && asked.Add(1)%5 == 0 {
			wrong(w, r, proxy)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	return server.Via(front.URL)
}

// acknowledge answers without asking the server.
func acknowledge(status int, answer string) func(http.ResponseWriter, *http.Request, *httputil.ReverseProxy) {
	return func(w http.ResponseWriter, r *http.Request, _ *httputil.ReverseProxy) {
		parts := strings.Split(r.URL.Path, "/")
		id := parts[len(parts)-2] // of a change of status
		if status == http.StatusCreated {
			id = fmt.Sprintf("made-up-%d", rand.Int64())
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, strings.ReplaceAll(answer, "ID", id))
	}
}

// pretend acknowledges a change of status.
func pretend(w http.ResponseWriter, r *http.Request, _ *httputil.ReverseProxy) {
	var asked struct{ Action string }
	_ = json.NewDecoder(r.Body).Decode(&asked)
	acknowledge(http.StatusOK, fmt.Sprintf(`{"id": "ID", "state": %q}`, stateAfter[asked.Action]))(w, r, nil)
}

// TestCheckerFinds is the test of the test: what is broken is found.
func TestCheckerFinds(t *testing.T) {
	for _, c := range []struct {
		name, path string
		wrong      func(http.ResponseWriter, *http.Request, *httputil.ReverseProxy)
		want       string // in a fault
	}{
		{
			"awards that are only acknowledged", "/credentials",
			acknowledge(http.StatusCreated, `{"id": "ID", "url": "https://badges.example.ac.uk/credentials/ID", "state": "issued"}`),
			"is lost: GET",
		},
		{
			"changes of status that are only acknowledged", "/status", pretend,
			"is lost: it is false in the signed list",
		},
		{
			"awards that happen twice", "/credentials",
			func(w http.ResponseWriter, r *http.Request, proxy *httputil.ReverseProxy) {
				r.Header.Del("Idempotency-Key")
				proxy.ServeHTTP(discard{w}, r)
				panic(http.ErrAbortHandler) // the client gets no answer
			},
			"is listed, which no answer ever named",
		},
		{
			"answers with the badge of another", "/credentials",
			acknowledge(http.StatusCreated, `{"id": "always", "url": "https://badges.example.ac.uk/credentials/always", "state": "issued"}`),
			"two awards were answered with the id always",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			registry, server := newRegistry(t)
			registry.workUntil(t, 60, brokenProxy(t, server, c.path, c.wrong))
			registry.expectFault(t, server, c.want)
		})
	}
	t.Run("a store of yesterday", func(t *testing.T) {
		t.Parallel()
		registry, server := newRegistry(t)
		server.Stop()
		putBack := registry.institution.Snapshot(t)
		server = registry.serve(t)
		registry.workUntil(t, 20, server)
		server.Kill()
		putBack()
		registry.expectFault(t, registry.serve(t), "is lost: GET")
	})
	t.Run("nothing", func(t *testing.T) {
		t.Parallel()
		registry, server := newRegistry(t)
		registry.workUntil(t, 20, brokenProxy(t, server, "/nothing", nil))
		newChecker(registry).check(t, server, rand.New(rand.NewPCG(1, 1)), true)
		if len(registry.faults) > 0 {
			t.Errorf("found what is not there:\n%s", some(registry.faults))
		}
	})
}

// workUntil lets the clients work until so many requests were answered.
func (r *registry) workUntil(t *testing.T, answers int, server *program.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	go func() {
		for ctx.Err() == nil && r.answers() < answers {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	for ctx.Err() == nil { // a client without an answer stops
		r.work(ctx, server, rand.Uint64())
	}
	if n := r.answers(); n < answers {
		t.Fatalf("%d answers in a minute", n)
	}
}

// expectFault checks everything and wants a certain fault to be found.
func (r *registry) expectFault(t *testing.T, server *program.Server, want string) {
	t.Helper()
	newChecker(r).check(t, server, rand.New(rand.NewPCG(1, 1)), true)
	for _, fault := range r.faults {
		if strings.Contains(fault, want) {
			t.Logf("found, among %d faults: %s", len(r.faults), fault)
			return
		}
	}
	t.Errorf("among %d faults none says %q:\n%s", len(r.faults), want, some(r.faults))
}

// discard keeps an answer from the client.
type discard struct{ http.ResponseWriter }

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return io.Discard.Write(p) }
func (discard) WriteHeader(int)             {}

func TestCheckerFindsSharedIndex(t *testing.T) {
	place := statuslist.Entry{StatusListCredential: "https://badges.example.ac.uk/status/1", StatusListIndex: 7}
	other := place
	other.StatusListIndex = 8
	c := newChecker(&registry{})
	c.places = map[string][]statuslist.Entry{"a": {place}, "b": {other}}
	if c.compareIndexes(); len(c.faults) > 0 {
		t.Errorf("found what is not there: %v", c.faults)
	}
	c.places["c"] = []statuslist.Entry{other, place}
	if c.compareIndexes(); len(c.faults) != 2 {
		t.Errorf("found %q, want two shared indexes", c.faults)
	}
}
