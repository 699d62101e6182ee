package server

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"laurel/verifier"
)

func TestNetworkOf(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"fe80::1%eth0", "fe80::1%eth1", true},
		{"", "no address", true},
		{"", "192.0.2.1", false},
	} {
		if same := networkOf(c.a) == networkOf(c.b); same != c.same {
			t.Errorf("%q and %q: same is %t", c.a, c.b, same)
		}
	}
}

func TestClients(t *testing.T) {
	now := time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)
	table := newClients(1, 3, 2)
	count := func(address string) (n int) {
		for table.allow(networkOf(address), now) {
			n++
		}
		return n
	}
	if n := count("192.0.2.1"); n != 3 {
		t.Errorf("a burst is %d", n)
	}
	if n := count("192.0.2.2"); n != 3 {
		t.Errorf("another's burst is %d", n)
	}
	now = now.Add(2 * time.Second)
	if n := count("192.0.2.1"); n != 2 {
		t.Errorf("after two seconds there are %d", n)
	}
	if count("192.0.2.3"); table.recent.Len() != 2 || len(table.byAddr) != 2 {
		t.Errorf("the table has %d and %d entries", table.recent.Len(), len(table.byAddr))
	}
	if n := count("192.0.2.1"); n != 0 {
		t.Errorf("the busier client was forgotten: %d", n)
	}
	free := newClients(-1, 1, 2)
	for range 10 {
		if !free.allow(networkOf("192.0.2.1"), now) {
			t.Error("no limit is one")
		}
	}
}

func TestVerifyRate(t *testing.T) {
	w := newWorld(t, Limits{VerifyRate: 1, VerifyBurst: 2})
	post := func(headers ...string) reply {
		return w.do("POST", "/verify", []byte(`{}`), append(headers, "Content-Type: application/json")...)
	}
	_, _ = post(), post()
	for _, headers := range [][]string{nil, {"X-Forwarded-For: 192.0.2.7"}, {"X-Real-Ip: 192.0.2.8"}, {"Forwarded: for=192.0.2.9"}} {
		if r := post(headers...); r.status != 429 || r.code() != "rate-limited" || r.header.Get("Retry-After") == "" {
			t.Errorf("%v: %d %s", headers, r.status, r.body)
		}
	}
	w.pass(time.Second)
	if r := post(); r.status != 200 {
		t.Errorf("a second later: %d", r.status)
	}
	if r := w.get("/verify"); r.status != 200 {
		t.Errorf("the page: %d", r.status)
	}
}

func TestTrustedProxies(t *testing.T) {
	w := newWorld(t, Limits{})
	limited, err := New(Config{Verifier: w.server.verifier, PublicURL: testURL, TrustedProxies: []string{"127.0.0.1"}, Limits: Limits{VerifyRate: 1e-9, VerifyBurst: 1}})
	w.must(err)
	w.site.Config.Handler = limited.Handler()
	for _, c := range []struct {
		forwarded string
		status    int
	}{{"192.0.2.1", 200}, {"192.0.2.1", 429}, {"192.0.2.2", 200}, {"192.0.2.3, 192.0.2.2", 429}} {
		r := w.do("POST", "/verify", []byte(`{}`), "Content-Type: application/json", "X-Forwarded-For: "+c.forwarded)
		if r.status != c.status {
			t.Errorf("%s: %d", c.forwarded, r.status)
		}
	}
	for _, wrong := range []string{"0.0.0.0/0", "::/0", "proxy.example", "10.0.0.0/33", ""} {
		if _, err := New(Config{Verifier: w.server.verifier, PublicURL: testURL, TrustedProxies: []string{wrong}}); err == nil {
			t.Errorf("%q is taken for a proxy", wrong)
		}
	}
}

// stuck is a verifier that takes all the time there is.
type stuck struct{ entered chan struct{} }

func (v stuck) Verify(ctx context.Context, _ []byte, _ verifier.Expect) (*verifier.Report, error) {
	v.entered <- struct{}{}
	<-ctx.Done()
	return &verifier.Report{Verdict: verifier.VerdictIndeterminate, Checks: []verifier.Check{{}}}, nil
}

func TestRunShutsDown(t *testing.T) {
	v := stuck{make(chan struct{}, 1)}
	s, err := New(Config{Verifier: v, PublicURL: testURL, Limits: Limits{VerifyTime: 300 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	local, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, Listener{Listener: plain}, Listener{Listener: local, Local: true}) }()
	status := make(chan int, 1)
	go func() {
		response, err := http.Post("http://"+plain.Addr().String()+"/verify", "application/json", strings.NewReader("{}"))
		if err != nil {
			status <- 0
			return
		}
		_ = response.Body.Close()
		status <- response.StatusCode
	}()
	<-v.entered
	stop()
	if got := <-status; got != 200 {
		t.Errorf("the request at hand is answered %d", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("shutting down: %v", err)
	}
	if _, err := net.DialTimeout("tcp", plain.Addr().String(), time.Second); err == nil {
		t.Error("the listener is still open")
	}
}

func TestRunGivesUpOnTheSlow(t *testing.T) {
	v := stuck{make(chan struct{}, 1)}
	s, err := New(Config{Verifier: v, PublicURL: testURL, Limits: Limits{VerifyTime: 20 * time.Second, Shutdown: 50 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, Listener{Listener: l}) }()
	go func() {
		if response, err := http.Post("http://"+l.Addr().String()+"/verify", "application/json", strings.NewReader("{}")); err == nil {
			_ = response.Body.Close()
		}
	}()
	<-v.entered
	stop()
	if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a shutdown that took too long ends with %v", err)
	}
}

func TestRunRefuses(t *testing.T) {
	s, err := New(Config{Verifier: stuck{}, PublicURL: testURL})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context(), Listener{Listener: l, Local: true}); err == nil || !strings.Contains(err.Error(), "unix") {
		t.Errorf("the local API over TCP: %v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the listener is still open")
	}
}

func TestConnectionLimits(t *testing.T) {
	s, err := New(Config{Verifier: stuck{}, PublicURL: testURL})
	if err != nil {
		t.Fatal(err)
	}
	h := s.httpServer(Listener{})
	if h.ReadHeaderTimeout != 5*time.Second || h.MaxHeaderBytes != 32<<10 || h.ReadTimeout <= 0 || h.IdleTimeout <= 0 ||
		h.WriteTimeout <= s.limits.VerifyTime || h.HTTP2.MaxConcurrentStreams <= 0 {
		t.Errorf("the server waits without end: %+v", h)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, Listener{Listener: l}) }()
	request, err := http.NewRequest("GET", "http://"+l.Addr().String()+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Large", strings.Repeat("a", 64<<10))
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("64 KiB of headers: %v %v", response, err)
	} else {
		_ = response.Body.Close()
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestRunServesTLS(t *testing.T) {
	template := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	defer template.Close()
	s, err := New(Config{Verifier: stuck{}, PublicURL: testURL})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- s.Run(ctx, Listener{Listener: l, TLS: &tls.Config{Certificates: template.TLS.Certificates, MinVersion: tls.VersionTLS12}})
	}()
	client := template.Client()
	client.Transport.(*http.Transport).ForceAttemptHTTP2 = true
	response, err := client.Get("https://" + l.Addr().String() + "/healthz")
	if err != nil || response.StatusCode != 200 || response.ProtoMajor != 2 {
		t.Errorf("%v %v", response, err)
	} else {
		_ = response.Body.Close()
	}
	client.CloseIdleConnections()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestPanicBecomesAnAnswer(t *testing.T) {
	var log lockedBuffer
	s, err := New(Config{Verifier: stuck{}, PublicURL: testURL, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t}
	engine := s.engine()
	s.common(engine)
	engine.GET("/panic", s.handle(func(*gin.Context) error { panic("ada@example.org") }))
	engine.GET("/unmapped", s.handle(func(*gin.Context) error { return errors.New("the cause") }))
	w.server, w.site = s, newSite(t, engine)
	w.router = routerOf(t, s.openAPI)
	for path, cause := range map[string]string{"/panic": "limits_test.go", "/unmapped": "the cause"} {
		request, _ := http.NewRequestWithContext(t.Context(), "GET", w.site.URL+path, nil)
		response, err := w.site.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		r := reply{response.StatusCode, response.Header, body}
		if r.status != 500 || r.code() != "internal" || strings.Contains(string(body), cause) {
			t.Errorf("%s: %d %s", path, r.status, body)
		}
		if got := log.String(); strings.Count(got, cause) != 1 || strings.Contains(got, "ada@") {
			t.Errorf("%s: the log is %s", path, got)
		}
	}
}

func TestConfigRefused(t *testing.T) {
	for name, c := range map[string]Config{
		"no verifier":     {PublicURL: testURL},
		"no address":      {Verifier: stuck{}},
		"a path":          {Verifier: stuck{}, PublicURL: testURL + "/badges"},
		"no scheme":       {Verifier: stuck{}, PublicURL: "badges.example.ac.uk"},
		"another scheme":  {Verifier: stuck{}, PublicURL: "ftp://badges.example.ac.uk"},
		"not even an URL": {Verifier: stuck{}, PublicURL: "https://%zz"},
	} {
		if _, err := New(c); err == nil || !strings.HasPrefix(err.Error(), "configuring server: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
