package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var jsonOnly = Request{MediaTypes: []string{"application/json"}}

func serveJSON(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, body)
	}
}

func answerStatus(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
	}
}

func redirectTo(location string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			serveJSON("{}")(w, r)
			return
		}
		w.Header().Set("Location", location)
		w.WriteHeader(http.StatusFound)
	}
}

// hijacked lets a handler write its answer byte by byte.
func hijacked(write func(conn net.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		write(conn)
	}
}

func reset(conn net.Conn) {
	if tlsConn, ok := conn.(*tls.Conn); ok {
		conn = tlsConn.NetConn()
	}
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

// trickle writes piece for ever, once every pause.
func trickle(conn net.Conn, piece string, pause time.Duration) {
	for {
		if _, err := io.WriteString(conn, piece); err != nil {
			return
		}
		time.Sleep(pause)
	}
}

const jsonHead = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

func TestGet(t *testing.T) {
	var seen *http.Request
	address := serveLab(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		w.Header().Set("Content-Type", "application/did+json; charset=utf-8")
		io.WriteString(w, `{"id":"x"}`)
	})
	client := labClient(t, address, nil)
	for range 2 {
		got, err := client.Get(t.Context(), "https://Badges.Example.ORG:443/a%20b/did.json?q=1", Request{
			Accept: "application/did+json, application/json;q=0.5", MediaTypes: []string{"application/json", "application/did+json"},
		})
		if err != nil {
			t.Fatal(err)
		}
		want := &Response{
			Body: []byte(`{"id":"x"}`), MediaType: "application/did+json", ContentType: "application/did+json; charset=utf-8",
			URL: "https://badges.example.org/a%20b/did.json?q=1",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	if seen.Host != labHost || seen.URL.RequestURI() != "/a%20b/did.json?q=1" || seen.Method != http.MethodGet {
		t.Errorf("asked %s %s of %s", seen.Method, seen.URL.RequestURI(), seen.Host)
	}
	want := http.Header{
		"Accept": {"application/did+json, application/json;q=0.5"}, "User-Agent": {"laurel"}, "Connection": {"close"},
	}
	if diff := cmp.Diff(want, seen.Header); diff != "" { // no cookie, no Accept-Encoding, no Referer
		t.Error(diff)
	}
}

// Every way in which a server can misbehave, and beside them the servers that do not.
func TestServerModes(t *testing.T) {
	quick := func(c *Config) {
		c.Timeout, c.HeaderTimeout, c.RateInterval = 600*time.Millisecond, 250*time.Millisecond, 100*time.Millisecond
	}
	small := func(c *Config) { c.MaxBytes = 1000 }
	following := Request{MediaTypes: jsonOnly.MediaTypes, Redirects: SameHost}
	tests := map[string]struct {
		handler http.HandlerFunc
		change  func(*Config)
		request Request
		want    error
	}{
		"well":                       {serveJSON("{}"), nil, jsonOnly, nil},
		"well, empty":                {serveJSON(""), nil, jsonOnly, nil},
		"well, of the greatest size": {serveJSON(strings.Repeat("x", 1000)), small, jsonOnly, nil},
		"no header":                  {hijacked(func(net.Conn) { time.Sleep(500 * time.Millisecond) }), quick, jsonOnly, ErrTimeout},
		"header byte by byte":        {hijacked(func(c net.Conn) { trickle(c, "H", 20*time.Millisecond) }), quick, jsonOnly, ErrUnavailable},
		"header without end":         {hijacked(func(c net.Conn) { trickle(c, "HTTP/1.1 200 OK\r\nA: b\r\n", 0) }), quick, jsonOnly, ErrUnavailable},
		"slow header without end":    {hijacked(func(c net.Conn) { io.WriteString(c, jsonHead); trickle(c, "A: b\r\n", 20*time.Millisecond) }), quick, jsonOnly, ErrTimeout},
		"huge header":                {hijacked(func(c net.Conn) { io.WriteString(c, jsonHead+"A: "+strings.Repeat("b", 64<<10)+"\r\n\r\n") }), nil, jsonOnly, ErrUnavailable},
		"informational without end":  {hijacked(func(c net.Conn) { trickle(c, "HTTP/1.1 103 Early Hints\r\n\r\n", time.Millisecond) }), quick, jsonOnly, ErrUnavailable},
		"reset before the header":    {hijacked(reset), nil, jsonOnly, ErrUnavailable},
		"closed before the header":   {hijacked(func(net.Conn) {}), nil, jsonOnly, ErrUnavailable},
		"not HTTP":                   {hijacked(func(c net.Conn) { io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n") }), nil, jsonOnly, ErrUnavailable},
		"switching protocols": {hijacked(func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
		}), nil, jsonOnly, ErrStatus},
		"reset inside the body":       {hijacked(func(c net.Conn) { io.WriteString(c, jsonHead+"Content-Length: 9\r\n\r\n{"); reset(c) }), nil, jsonOnly, ErrUnavailable},
		"body shorter than announced": {hijacked(func(c net.Conn) { io.WriteString(c, jsonHead+"Content-Length: 9\r\n\r\n{}") }), nil, jsonOnly, ErrUnavailable},
		"chunks without the last":     {hijacked(func(c net.Conn) { io.WriteString(c, jsonHead+"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n") }), nil, jsonOnly, ErrUnavailable},
		"two lengths":                 {hijacked(func(c net.Conn) { io.WriteString(c, jsonHead+"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ") }), nil, jsonOnly, ErrUnavailable},
		"length and chunks": {hijacked(func(c net.Conn) {
			io.WriteString(c, jsonHead+"Content-Length: 100\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
		}), nil, jsonOnly, nil}, // chunks win, and the connection is used once (RFC 9112 §6.3)
		"chunk size that is no number": {hijacked(func(c net.Conn) {
			io.WriteString(c, jsonHead+"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")
		}), nil, jsonOnly, ErrUnavailable},
		"chunk size beyond numbers": {hijacked(func(c net.Conn) {
			io.WriteString(c, jsonHead+"Transfer-Encoding: chunked\r\n\r\n"+strings.Repeat("f", 17)+"\r\n")
		}), nil, jsonOnly, ErrUnavailable},
		"chunk longer than its size": {hijacked(func(c net.Conn) { io.WriteString(c, jsonHead+"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n") }), nil, jsonOnly, ErrUnavailable},
		"chunk extensions without end": {hijacked(func(c net.Conn) {
			io.WriteString(c, jsonHead+"Transfer-Encoding: chunked\r\n\r\n1;")
			trickle(c, strings.Repeat("a", 1024), 0)
		}), quick, jsonOnly, ErrUnavailable},
		"tiny chunks without end": {hijacked(func(c net.Conn) {
			io.WriteString(c, jsonHead+"Transfer-Encoding: chunked\r\n\r\n")
			trickle(c, strings.Repeat("1;"+strings.Repeat("a", 500)+"\r\nx\r\n", 10), 0)
		}), nil, jsonOnly, ErrUnavailable},
		"trailers without end": {hijacked(func(c net.Conn) {
			io.WriteString(c, jsonHead+"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
			trickle(c, "A: b\r\n", 0)
		}), quick, jsonOnly, ErrUnavailable},
		"unknown transfer encoding": {hijacked(func(c net.Conn) { io.WriteString(c, jsonHead+"Transfer-Encoding: gzip\r\n\r\n{}") }), nil, jsonOnly, ErrUnavailable},
		"negative length":           {hijacked(func(c net.Conn) { io.WriteString(c, jsonHead+"Content-Length: -1\r\n\r\n{}") }), nil, jsonOnly, ErrUnavailable},
		"length beyond numbers":     {hijacked(func(c net.Conn) { io.WriteString(c, jsonHead+"Content-Length: 99999999999999999999\r\n\r\n{}") }), nil, jsonOnly, ErrUnavailable},
		"header without colon":      {hijacked(func(c net.Conn) { io.WriteString(c, jsonHead+"garbage\r\nContent-Length: 2\r\n\r\n{}") }), nil, jsonOnly, ErrUnavailable},
		"answer of HTTP/2":          {hijacked(func(c net.Conn) { c.Write([]byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00")) }), nil, jsonOnly, ErrUnavailable},
		"preface of HTTP/2":         {hijacked(func(c net.Conn) { io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") }), nil, jsonOnly, ErrUnavailable},
		"HTTP/3.7": {hijacked(func(c net.Conn) {
			io.WriteString(c, strings.Replace(jsonHead, "1.1", "3.7", 1)+"Content-Length: 2\r\n\r\n{}")
		}), nil, jsonOnly, nil},
		"HTTP/0.9":             {hijacked(func(c net.Conn) { io.WriteString(c, "{}") }), nil, jsonOnly, ErrUnavailable},
		"status of two digits": {hijacked(func(c net.Conn) { io.WriteString(c, "HTTP/1.1 20 OK\r\n\r\n{}") }), nil, jsonOnly, ErrUnavailable},
		"early hints, then well": {hijacked(func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"+jsonHead+"Content-Length: 2\r\n\r\n{}")
		}), nil, jsonOnly, nil},
		"encoded as br": {hijacked(func(c net.Conn) { io.WriteString(c, jsonHead+"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}") }), nil, jsonOnly, ErrMediaType},
		"encoded as gzip, twice": {hijacked(func(c net.Conn) {
			io.WriteString(c, jsonHead+"Content-Encoding: identity\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}")
		}), nil, jsonOnly, ErrMediaType},
		"encoded as nothing": {hijacked(func(c net.Conn) {
			io.WriteString(c, jsonHead+"Content-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}")
		}), nil, jsonOnly, nil},
		"one byte at a time": {hijacked(func(c net.Conn) { io.WriteString(c, jsonHead+"\r\n"); trickle(c, "x", 20*time.Millisecond) }), quick, jsonOnly, ErrTimeout},
		"body that stops":    {hijacked(func(c net.Conn) { io.WriteString(c, jsonHead+"\r\n{"); time.Sleep(500 * time.Millisecond) }), quick, jsonOnly, ErrTimeout},
		"longer than the total time": {hijacked(func(c net.Conn) {
			io.WriteString(c, jsonHead+"\r\n")
			trickle(c, strings.Repeat("x", 100), 20*time.Millisecond)
		}), quick, jsonOnly, ErrTimeout},
		"body without end":          {hijacked(func(c net.Conn) { io.WriteString(c, jsonHead+"\r\n"); trickle(c, strings.Repeat("x", 4096), 0) }), nil, jsonOnly, ErrTooLarge},
		"one byte too many":         {serveJSON(strings.Repeat("x", 1001)), small, jsonOnly, ErrTooLarge},
		"too much for this request": {serveJSON(strings.Repeat("x", 11)), small, Request{MediaTypes: jsonOnly.MediaTypes, MaxBytes: 10}, ErrTooLarge},
		"announced too large": {hijacked(func(c net.Conn) {
			io.WriteString(c, jsonHead+"Content-Length: 1001\r\n\r\n")
			time.Sleep(500 * time.Millisecond)
		}), small, jsonOnly, ErrTooLarge},
		"gzip bomb":                {gzipBomb, nil, jsonOnly, ErrMediaType},
		"page of HTML":             {servePage("text/html; charset=utf-8"), nil, jsonOnly, ErrMediaType},
		"no media type":            {hijacked(func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") }), nil, jsonOnly, ErrMediaType},
		"two media types":          {hijacked(func(c net.Conn) { io.WriteString(c, jsonHead+"Content-Type: text/html\r\nContent-Length: 2\r\n\r\n{}") }), nil, jsonOnly, ErrMediaType},
		"malformed media type":     {servePage("application/json; charset=\""), nil, jsonOnly, ErrMediaType},
		"media type like it":       {servePage("application/json-seq"), nil, jsonOnly, ErrMediaType},
		"no media type asked for":  {serveJSON("{}"), nil, Request{}, ErrMediaType},
		"204":                      {answerStatus(204), nil, jsonOnly, ErrStatus},
		"206":                      {answerStatus(206), nil, jsonOnly, ErrStatus},
		"304":                      {answerStatus(304), nil, jsonOnly, ErrStatus},
		"401":                      {answerStatus(401), nil, jsonOnly, ErrStatus},
		"404":                      {answerStatus(404), nil, jsonOnly, ErrStatus},
		"410":                      {answerStatus(410), nil, jsonOnly, ErrStatus},
		"500":                      {answerStatus(500), nil, jsonOnly, ErrStatus},
		"503":                      {answerStatus(503), nil, jsonOnly, ErrStatus},
		"redirect":                 {redirectTo("/end"), nil, jsonOnly, ErrRedirect},
		"well, redirect":           {redirectTo("/end"), nil, following, nil},
		"well, absolute redirect":  {redirectTo("https://" + labHost + ":443/end"), nil, following, nil},
		"redirect to nowhere":      {redirectTo(""), nil, following, ErrRedirect},
		"redirect loop":            {redirectTo("/again"), nil, following, ErrRedirect},
		"redirect elsewhere":       {redirectTo("https://other.example.org/end"), nil, following, ErrRedirect},
		"redirect below":           {redirectTo("https://sub." + labHost + "/end"), nil, following, ErrRedirect},
		"redirect without scheme":  {redirectTo("//127.0.0.1/end"), nil, following, ErrRedirect},
		"redirect to loopback":     {redirectTo("https://127.0.0.1/end"), nil, following, ErrRedirect},
		"redirect to metadata":     {redirectTo("http://169.254.169.254/latest/meta-data/"), nil, following, ErrRedirect},
		"redirect down to http":    {redirectTo("http://" + labHost + "/end"), nil, following, ErrRedirect},
		"redirect to http on 443":  {redirectTo("http://" + labHost + ":443/end"), nil, following, ErrRedirect},
		"redirect to another port": {redirectTo("https://" + labHost + ":444/end"), nil, following, ErrRedirect},
		"redirect with a password": {redirectTo("https://a:b@" + labHost + "/end"), nil, following, ErrRedirect},
		"redirect to a file":       {redirectTo("file:///etc/passwd"), nil, following, ErrRedirect},
		"redirect to a zone":       {redirectTo("https://[fe80::1%25eth0]/end"), nil, following, ErrRedirect},
		"redirect to IPv6":         {redirectTo("https://[::1]/end"), nil, following, ErrRedirect},
		"redirect to decimal":      {redirectTo("https://2130706433/end"), nil, following, ErrRedirect},
		"redirect to Unicode":      {redirectTo("https://bücher.example/end"), nil, following, ErrRedirect},
		"redirect with a fragment": {redirectTo("/end#a"), nil, following, ErrRedirect},
		"redirect up the path":     {redirectTo("/a/%2e%2e/%2e%2e/end"), nil, following, ErrRedirect},
		"redirect by 300":          {answerStatus(300), nil, following, ErrStatus},
		"redirect to a broken URL": {redirectTo("https://%zz/"), nil, following, ErrRedirect},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := labClient(t, serveLab(t, test.handler), test.change)
			response, err := client.Get(t.Context(), "https://"+labHost+"/", test.request)
			checkFault(t, response, err, test.want)
		})
	}
}

func servePage(contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		io.WriteString(w, "<!doctype html><title>Sign in</title>")
	}
}

func gzipBomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Encoding", "gzip")
	w.Write(packedBomb())
}

// packedBomb is packed once, before anybody's time runs out.
var packedBomb = sync.OnceValue(func() []byte {
	var bomb bytes.Buffer
	packed := gzip.NewWriter(&bomb)
	for range 1 << 10 {
		packed.Write(make([]byte, 1<<10))
	}
	packed.Close()
	return bomb.Bytes()
})

// checkFault checks an error's kind and that its text is the one that all errors of its kind have.
func checkFault(t *testing.T, response *Response, err, want error) {
	t.Helper()
	if want == nil {
		if err != nil || response == nil {
			t.Errorf("got %v, %v", response, err)
		}
		return
	}
	if !errors.Is(err, want) || response != nil {
		t.Fatalf("got %v, %v; want %v", response, err, want)
	}
	var own *Error
	if !errors.As(err, &own) {
		t.Errorf("%T is not an *Error", err)
	}
	if errors.Is(want, ErrUnavailable) || want == ErrTimeout {
		if text := "fetching https://" + labHost + "/…: document unavailable"; err.Error() != text {
			t.Errorf("error text %q, want %q", err, text)
		}
	}
	if strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "169.254") {
		t.Errorf("error text names an address: %q", err)
	}
}

// A server gets nothing back that it gave us, nor anything that is ours: not on the next request, not after a redirect.
func TestNothingIsCarriedOver(t *testing.T) {
	var mu sync.Mutex
	var seen []http.Header
	address := serveLab(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Header.Clone())
		mu.Unlock()
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "secret", Path: "/"})
		w.Header().Set("WWW-Authenticate", "Basic")
		w.Header().Set("ETag", `"tracking"`)
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		w.Header().Set("Accept-CH", "Sec-CH-UA")
		w.Header().Set("Alt-Svc", `h3="evil.example:443"; ma=86400`)
		redirectTo("/end")(w, r)
	})
	client := labClient(t, address, nil)
	for range 2 {
		if _, err := client.Get(t.Context(), "https://"+labHost+"/start", Request{MediaTypes: jsonOnly.MediaTypes, Redirects: SameHost}); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != 4 {
		t.Fatalf("%d requests", len(seen))
	}
	for _, header := range seen {
		want := http.Header{"Accept": {"application/json"}, "User-Agent": {"laurel"}, "Connection": {"close"}}
		if diff := cmp.Diff(want, header); diff != "" {
			t.Error(diff)
		}
	}
}

// A server that speaks nothing but HTTP/2 is none for us: its frames are never read.
func TestHTTP2IsNotSpoken(t *testing.T) {
	config := &tls.Config{Certificates: []tls.Certificate{testAuthority().issue(t, nil)}, NextProtos: []string{"h2", "http/1.1"}}
	var protocol atomic.Value
	address := serve(t, config, func(w http.ResponseWriter, r *http.Request) {
		protocol.Store(r.Proto + " " + r.TLS.NegotiatedProtocol)
		serveJSON("{}")(w, r)
	})
	if _, err := labClient(t, address, nil).Get(t.Context(), "https://"+labHost+"/", jsonOnly); err != nil {
		t.Error(err)
	}
	if got := protocol.Load(); got != "HTTP/1.1 " && got != "HTTP/1.1 http/1.1" {
		t.Errorf("spoken: %q", got)
	}
}

func TestStatusError(t *testing.T) {
	client := labClient(t, serveLab(t, answerStatus(http.StatusGone)), nil)
	_, err := client.Get(t.Context(), "https://"+labHost+"/private/name", jsonOnly)
	var status *StatusError
	if !errors.As(err, &status) || status.HTTPStatus() != 410 {
		t.Fatalf("got %v", err)
	}
	if got, want := err.Error(), "fetching https://"+labHost+"/…: unexpected status 410"; got != want {
		t.Errorf("error text %q, want %q", got, want)
	}
}

func TestTLS(t *testing.T) {
	ca := testAuthority()
	with := func(change func(*x509.Certificate)) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{ca.issue(t, change)}}
	}
	stranger := makeAuthority()
	old := with(nil)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	just := with(nil)
	just.MaxVersion = tls.VersionTLS12
	tests := map[string]struct {
		config *tls.Config
		want   error
	}{
		"well":              {with(nil), nil},
		"well, wildcard":    {with(func(c *x509.Certificate) { c.DNSNames = []string{"*.example.org"} }), nil},
		"well, TLS 1.2":     {just, nil},
		"TLS 1.1":           {old, ErrUnavailable},
		"another host":      {with(func(c *x509.Certificate) { c.DNSNames = []string{"example.org"} }), ErrUnavailable},
		"wider wildcard":    {with(func(c *x509.Certificate) { c.DNSNames = []string{"*.org"} }), ErrUnavailable},
		"common name only":  {with(func(c *x509.Certificate) { c.DNSNames = nil }), ErrUnavailable},
		"IP address only":   {with(func(c *x509.Certificate) { c.DNSNames = nil; c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} }), ErrUnavailable},
		"expired":           {with(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), ErrUnavailable},
		"not yet valid":     {with(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }), ErrUnavailable},
		"for clients":       {with(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), ErrUnavailable},
		"unknown authority": {&tls.Config{Certificates: []tls.Certificate{stranger.issue(t, nil)}}, ErrUnavailable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Bool
			address := serve(t, test.config, func(w http.ResponseWriter, r *http.Request) {
				asked.Store(true)
				serveJSON("{}")(w, r)
			})
			response, err := labClient(t, address, nil).Get(t.Context(), "https://"+labHost+"/", jsonOnly)
			checkFault(t, response, err, test.want)
			if asked.Load() != (test.want == nil) {
				t.Errorf("request sent: %v", asked.Load())
			}
		})
	}
}

// The extra authorities are for the named hosts alone, and the named hosts trust them alone.
func TestRootCAs(t *testing.T) {
	address := serveLab(t, serveJSON("{}"))
	client := labClient(t, address, func(c *Config) { c.RootCAs = nil })
	if _, err := client.Get(t.Context(), "https://"+labHost+"/", jsonOnly); !errors.Is(err, ErrUnavailable) {
		t.Errorf("without the authority: %v", err)
	}
	if client := labClient(t, address, nil); client.guarded.TLSClientConfig.RootCAs != nil {
		t.Error("the extra authorities are trusted for every host")
	}
}

func TestConnectionFaults(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	listener.Close()
	for name, test := range map[string]struct {
		address string
		want    error
	}{
		"refused":    {closed, ErrUnavailable},
		"silent":     {listen(t, func(net.Conn) { time.Sleep(time.Second) }), ErrTimeout},
		"closed":     {listen(t, func(net.Conn) {}), ErrUnavailable},
		"reset":      {listen(t, reset), ErrUnavailable},
		"plain HTTP": {listen(t, func(c net.Conn) { io.WriteString(c, jsonHead+"Content-Length: 2\r\n\r\n{}") }), ErrUnavailable},
		"garbage":    {listen(t, func(c net.Conn) { trickle(c, "\x00", 0) }), ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			client := labClient(t, test.address, func(c *Config) { c.HeaderTimeout = 150 * time.Millisecond })
			response, err := client.Get(t.Context(), "https://"+labHost+"/", jsonOnly)
			checkFault(t, response, err, test.want)
		})
	}
}

// proxyTrap is a proxy that counts its callers. It outlives the test since net/http reads the environment only once.
var proxyTrap = sync.OnceValues(func() (string, *atomic.Int32) {
	var used atomic.Int32
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			used.Add(1)
			conn.Close()
		}
	}()
	return "http://" + listener.Addr().String(), &used
})

// A proxy named by the environment would connect on our behalf, past every check.
func TestProxyEnvironmentIsIgnored(t *testing.T) {
	proxy, used := proxyTrap()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		t.Setenv(name, proxy)
	}
	t.Setenv("NO_PROXY", "")
	t.Setenv("no_proxy", "")
	// The default transport does use it: were ours the same, this test would see it.
	ordinary := &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}, Timeout: time.Second}
	if response, err := ordinary.Get("https://" + labHost + "/"); err == nil {
		response.Body.Close()
	}
	if used.Swap(0) == 0 {
		t.Error("the trap does not work")
	}
	client := labClient(t, serveLab(t, serveJSON("{}")), nil)
	if _, err := client.Get(t.Context(), "https://"+labHost+"/", jsonOnly); err != nil {
		t.Error(err)
	}
	guarded := newClient(t, Config{Resolver: &answers{lists: [][]netip.Addr{addresses("127.0.0.1")}}})
	if _, err := guarded.Get(t.Context(), "https://www.example.org/", jsonOnly); !errors.Is(err, ErrBlocked) {
		t.Error(err)
	}
	if used.Load() != 0 || client.guarded.Proxy != nil || client.laboratory.Proxy != nil {
		t.Error("the proxy was used")
	}
}

func TestFetch(t *testing.T) {
	var accept atomic.Value
	address := serveLab(t, func(w http.ResponseWriter, r *http.Request) {
		accept.Store(r.Header.Get("Accept"))
		switch r.URL.Path {
		case "/redirect":
			redirectTo("/end")(w, r)
		default:
			servePage(strings.TrimPrefix(r.URL.Path, "/"))(w, r)
		}
	})
	client := labClient(t, address, nil)
	const header = "application/did+json, Application/JSON;q=0.5, */*, ;"
	for path, want := range map[string]error{
		"/application/did+json": nil, "/application/json": nil, "/text/html": ErrMediaType, "/*/*": ErrMediaType, "/redirect": ErrRedirect,
	} {
		body, err := client.Fetch(t.Context(), "https://"+labHost+path, header)
		if !errors.Is(err, want) || (err == nil) != (len(body) > 0) {
			t.Errorf("%s: %q, %v", path, body, err)
		}
		if accept.Load() != header {
			t.Errorf("Accept: %v", accept.Load())
		}
	}
}

func TestBudget(t *testing.T) {
	address := serveLab(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/kept" {
			w.Header().Set("Cache-Control", "max-age=60")
		}
		serveJSON("{}")(w, r)
	})
	client := labClient(t, address, nil)
	get := func(ctx context.Context, path string) error {
		_, err := client.Get(ctx, "https://"+labHost+path, jsonOnly)
		return err
	}
	outer, cancel := WithBudget(t.Context(), 4, time.Minute)
	defer cancel()
	ctx, cancel := WithBudget(outer, 3, time.Minute)
	defer cancel()
	for i, path := range []string{"/1", "/kept", "/kept", "/kept", "/2"} {
		if err := get(ctx, path); err != nil {
			t.Fatalf("fetch %d: %v", i, err)
		}
	}
	if err := get(ctx, "/3"); !errors.Is(err, ErrBudget) {
		t.Errorf("fetch too many: %v", err)
	}
	if err := get(ctx, "/kept"); err != nil {
		t.Errorf("from the cache: %v", err)
	}
	if err := get(outer, "/4"); err != nil {
		t.Errorf("in the wider budget: %v", err)
	}
	if err := get(outer, "/5"); !errors.Is(err, ErrBudget) {
		t.Errorf("wider budget: %v", err)
	}
	if err := get(t.Context(), "/6"); err != nil {
		t.Errorf("no budget: %v", err)
	}
	short, cancel := WithBudget(t.Context(), 8, 0)
	defer cancel()
	if err := get(short, "/7"); !errors.Is(err, ErrTimeout) {
		t.Errorf("no time: %v", err)
	}
}

// Many callers make one fetch, and one that gives up harms neither the others nor those that come later.
func TestSingleFlight(t *testing.T) {
	var asked atomic.Int32
	release := make(chan struct{})
	address := serveLab(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		<-release
		serveJSON("{}")(w, r)
	})
	client := labClient(t, address, nil)
	hasty, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := client.Get(hasty, "https://"+labHost+"/", jsonOnly)
		first <- err
	}()
	for asked.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) || !errors.Is(err, ErrTimeout) {
		t.Errorf("the caller that gave up: %v", err)
	}
	var group sync.WaitGroup
	bodies := make([][]byte, 8)
	for i := range bodies {
		group.Go(func() {
			response, err := client.Get(t.Context(), "https://"+labHost+"/", jsonOnly)
			if err != nil {
				t.Error(err)
				return
			}
			bodies[i] = response.Body
			bodies[i][0] = byte(i) // each has its own copy
		})
	}
	time.Sleep(20 * time.Millisecond)
	close(release)
	group.Wait()
	for i, body := range bodies {
		if string(body) != fmt.Sprintf("%c}", i) {
			t.Errorf("body %d: %q", i, body)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}
