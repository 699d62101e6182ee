package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"laurel/did"
	"laurel/did/didweb"
	"laurel/did/didwebvh"
)

// The rules for identifiers and fetching, as they hold for a stranger's DID from its text to the document: the resolvers over
// this client. Each rule's details are tested where it is kept; here it is seen to hold for all of it together.

const ruleDID = "did:web:" + labHost

// resolveOver resolves a DID with the resolvers that a verifier has.
func resolveOver(t *testing.T, client *Client, text string) (*did.Document, error) {
	t.Helper()
	parsed, err := did.Parse(text)
	if err != nil {
		return nil, err
	}
	methods := did.Methods{
		"web": didweb.New(didweb.Config{Fetcher: client}), "webvh": didwebvh.New(didwebvh.Config{Fetcher: client}),
		"key": did.KeyResolver{}, "jwk": did.JWKResolver{},
	}
	return methods.Resolve(t.Context(), parsed)
}

func didDocument(id, more string) string {
	return `{"id":"` + id + `","verificationMethod":[{"id":"#key-1","type":"Multikey","controller":"` + id +
		`","publicKeyMultibase":"z6MktKwz7Ge1Yxzr4JHavN33wiwa8y81QdcMRLXQsrH9T53b"}],"assertionMethod":["#key-1"]` + more + `}`
}

// untouched fails the test when anybody is asked or dialled.
func untouched(t *testing.T) *Client {
	t.Helper()
	client := newClient(t, Config{Resolver: noLookup{t}})
	client.dial = func(context.Context, string, string) (net.Conn, error) {
		t.Error("dialled")
		return nil, errors.New("must not be dialled")
	}
	return client
}

// pointedAt finds every name at the given addresses and dials none.
func pointedAt(t *testing.T, texts ...string) *Client {
	t.Helper()
	client := newClient(t, Config{Resolver: &answers{lists: [][]netip.Addr{addresses(texts...)}}})
	client.dial = func(context.Context, string, string) (net.Conn, error) {
		t.Error("dialled")
		return nil, errors.New("must not be dialled")
	}
	return client
}

// laid serves one document under labHost.
func laid(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	return labClient(t, serveLab(t, handler), func(c *Config) {
		c.Timeout, c.HeaderTimeout, c.RateInterval = 600*time.Millisecond, 250*time.Millisecond, 100*time.Millisecond
	})
}

var webPrefixes = []string{"did:web:", "did:webvh:QmUy89VrfryQ254CeHZzQfmcKqByPoKNGqYykP3SeXuegQ:"}

func TestDD01NoAddressesInIdentifiers(t *testing.T) {
	client := untouched(t)
	for _, place := range []string{
		"127.0.0.1%3A6379", "127.0.0.1", "10.0.0.1", "169.254.169.254", "%5B%3A%3A1%5D", "[::1]", "2130706433", "0x7f000001", "0177.0.0.1", "127.1",
		"127%2E0%2E0%2E1", "0x7f.1", "①②⑦.0.0.1", "localhost", "localhost%3A8080", "intranet", "host.local", "host.internal", "a.localhost", "1.0.0.127.in-addr.arpa",
	} {
		for _, prefix := range webPrefixes {
			if document, err := resolveOver(t, client, prefix+place); err == nil || document != nil {
				t.Errorf("%s: %v", place, document)
			}
		}
	}
}

func TestDD02NoSpecialAddresses(t *testing.T) {
	for _, list := range [][]string{
		{"127.0.0.1"},
		{"10.1.2.3"},
		{"100.64.0.1"},
		{"198.18.0.1"},
		{"169.254.169.254"},
		{"::1"},
		{"::ffff:10.0.0.1"},
		{"64:ff9b::7f00:1"},
		{"64:ff9b:1::1"},
		{"2002:7f00:1::"},
		{"::127.0.0.1"},
		{"fec0::1"},
		{"fd00::1"},
		{"2a00:1450::5efe:7f00:1"},
		{"93.184.215.14", "10.0.0.1"},
	} {
		if _, err := resolveOver(t, pointedAt(t, list...), "did:web:www.example.org"); !errors.Is(err, ErrBlocked) || !errors.Is(err, did.ErrUnavailable) {
			t.Errorf("%v: %v", list, err)
		}
	}
}

func TestDD03NoRebinding(t *testing.T) {
	resolver := &answers{lists: [][]netip.Addr{addresses("93.184.215.14"), addresses("127.0.0.1")}}
	client := newClient(t, Config{Resolver: resolver, NegativeAge: -1})
	var dialled []string
	client.dial = func(_ context.Context, _, address string) (net.Conn, error) {
		dialled = append(dialled, address)
		return nil, errors.New("refused")
	}
	for range 2 {
		if _, err := resolveOver(t, client, "did:web:www.example.org"); !errors.Is(err, did.ErrUnavailable) {
			t.Error(err)
		}
	}
	if fmt.Sprint(dialled) != "[93.184.215.14:443]" || resolver.queries != 2 {
		t.Errorf("dialled %v after %d look-ups", dialled, resolver.queries)
	}
}

func TestDD04NoRedirects(t *testing.T) {
	for _, location := range []string{"/end", "https://" + labHost + "/end", "http://" + labHost + "/end", "https://127.0.0.1/", "https://other.example.org/", "/.well-known/did.json"} {
		if _, err := resolveOver(t, laid(t, redirectTo(location)), ruleDID); !errors.Is(err, ErrRedirect) {
			t.Errorf("%s: %v", location, err)
		}
	}
}

func TestDD05StrictGrammar(t *testing.T) {
	client := untouched(t)
	for _, place := range []string{
		"user@example.org", "user%40example.org", "example.org%3A8443", "example.org%3A80", "example.org%3A0", "example.org%3A99999", "example.org%2f",
		"example.org:%2e%2e", "example.org:..", "example.org:a%00", "example.org::a", "example.org.", "EXAMPLE.org", strings.Repeat("a.", 127) + "org", "example.org:",
		"example.org:a%2Fb", "example.org?x", "example.org#x", "example.org/a",
	} {
		for _, prefix := range webPrefixes {
			if document, err := resolveOver(t, client, prefix+place); err == nil || document != nil {
				t.Errorf("%s: %v", place, document)
			}
		}
	}
	allowed := newClient(t, Config{Ports: []uint16{8443}, Resolver: &answers{lists: [][]netip.Addr{addresses("10.0.0.1")}}})
	if _, err := resolveOver(t, allowed, "did:web:example.org%3A8443"); !errors.Is(err, ErrBlocked) {
		t.Errorf("allowed port: %v", err)
	}
}

func TestDD06ALabelsOnly(t *testing.T) {
	client := untouched(t)
	for _, place := range []string{"bücher.example", "b%C3%BCcher.example", "xn--.example", "xn--99999999999.example", "xn--bcher-KVA.example", "example。org", "ex\u00adample.org", "xn--a.example"} {
		for _, prefix := range webPrefixes {
			if document, err := resolveOver(t, client, prefix+place); err == nil || document != nil {
				t.Errorf("%s: %v", place, document)
			}
		}
	}
}

func TestDD07DocumentsAreBounded(t *testing.T) {
	methods := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`{"id":"#k%d"}`, i))
		}
		return `{"id":"` + ruleDID + `","verificationMethod":[` + strings.Join(list, ",") + `]}`
	}
	document := func(body string) http.HandlerFunc { return serveJSON(body) }
	packedBomb()
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    error
	}{
		"well":          {document(didDocument(ruleDID, "")), nil},
		"too large":     {document(didDocument(ruleDID, `,"x":"`+strings.Repeat("x", DefaultMaxBytes)+`"`)), ErrTooLarge},
		"many methods":  {document(methods(10_000)), did.ErrInvalidDocument},
		"257 methods":   {document(methods(257)), did.ErrInvalidDocument},
		"256 methods":   {document(methods(256)), nil},
		"deep":          {document(didDocument(ruleDID, `,"x":`+strings.Repeat("[", 70)+strings.Repeat("]", 70))), did.ErrInvalidDocument},
		"garbage":       {document("\x00\xff{"), did.ErrInvalidDocument},
		"endless":       {hijacked(func(c net.Conn) { c.Write([]byte(jsonHead + "\r\n")); trickle(c, strings.Repeat("x", 4096), 0) }), ErrTooLarge},
		"slow":          {hijacked(func(c net.Conn) { c.Write([]byte(jsonHead + "\r\n")); trickle(c, "x", 20*time.Millisecond) }), ErrTimeout},
		"silent":        {hijacked(func(net.Conn) { time.Sleep(500 * time.Millisecond) }), ErrTimeout},
		"gzip bomb":     {gzipBomb, ErrMediaType},
		"page":          {servePage("text/html"), ErrMediaType},
		"octet-stream":  {servePage("application/octet-stream"), ErrMediaType},
		"text as a log": {servePage("text/plain"), ErrMediaType},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := resolveOver(t, laid(t, test.handler), ruleDID); !errors.Is(err, test.want) || (got == nil) != (test.want != nil) {
				t.Errorf("%v, want %v", err, test.want)
			}
		})
	}
}

func TestDD08DocumentsAreTheirOwn(t *testing.T) {
	for name, body := range map[string]string{
		"another's":     didDocument("did:web:victim.example", ""),
		"a path's":      didDocument(ruleDID+":a", ""),
		"in capitals":   didDocument(strings.ToUpper(ruleDID), ""),
		"with fragment": didDocument(ruleDID+"#key-1", ""),
		"id twice":      strings.Replace(didDocument(ruleDID, ""), "{", `{"id":"did:web:victim.example",`, 1),
		"method twice":  strings.Replace(didDocument(ruleDID, ""), `"verificationMethod":[`, `"verificationMethod":[{"id":"#key-1"},`, 1),
	} {
		if document, err := resolveOver(t, laid(t, serveJSON(body)), ruleDID); !errors.Is(err, did.ErrInvalidDocument) {
			t.Errorf("%s: %v, %v", name, document, err)
		}
	}
	foreign := strings.ReplaceAll(didDocument(ruleDID, ""), `"#key-1"`, `"did:web:victim.example#key-1"`)
	document, err := resolveOver(t, laid(t, serveJSON(foreign)), ruleDID)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := document.Method("did:web:victim.example#key-1", did.AssertionMethod); err == nil {
		t.Errorf("method of another document: %+v", m)
	}
}

func TestDD09RemovedAndRevokedKeys(t *testing.T) {
	for name, change := range map[string][2]string{
		"revoked":       {`"controller"`, `"revoked":"2020-01-01T00:00:00Z","controller"`},
		"expired":       {`"controller"`, `"expires":"2020-01-01T00:00:00Z","controller"`},
		"not listed":    {`"assertionMethod":["#key-1"]`, `"assertionMethod":[]`},
		"not there":     {`{"id":"#key-1",`, `{"id":"#key-2",`},
		"for something": {`"assertionMethod"`, `"authentication"`},
	} {
		document, err := resolveOver(t, laid(t, serveJSON(strings.Replace(didDocument(ruleDID, ""), change[0], change[1], 1))), ruleDID)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		m, err := document.Method(ruleDID+"#key-1", did.AssertionMethod)
		if err == nil {
			err = m.CheckTime(time.Now())
		}
		if err == nil {
			t.Errorf("%s: the key may be used", name)
		}
	}
}

func TestDD10GoodCertificatesOnly(t *testing.T) {
	for name, change := range map[string]func(*x509.Certificate){
		"expired":      func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) },
		"another host": func(c *x509.Certificate) { c.DNSNames = []string{"other.example.org"} },
		"address":      func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, []net.IP{net.IPv4(127, 0, 0, 1)} },
	} {
		address := serve(t, &tls.Config{Certificates: []tls.Certificate{testAuthority().issue(t, change)}}, serveJSON(didDocument(ruleDID, "")))
		if _, err := resolveOver(t, labClient(t, address, nil), ruleDID); !errors.Is(err, did.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	old := &tls.Config{Certificates: []tls.Certificate{testAuthority().issue(t, nil)}, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	if _, err := resolveOver(t, labClient(t, serve(t, old, serveJSON(didDocument(ruleDID, ""))), nil), ruleDID); !errors.Is(err, did.ErrUnavailable) {
		t.Errorf("TLS 1.1: %v", err)
	}
}

func TestDD11BudgetOfAVerification(t *testing.T) {
	var asked atomic.Int32
	client := laid(t, func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); answerStatus(404)(w, nil) })
	ctx, cancel := WithBudget(t.Context(), 8, time.Minute)
	defer cancel()
	resolver := didweb.New(didweb.Config{Fetcher: client})
	for i := range 1000 {
		_, err := resolver.Resolve(ctx, did.DID{Method: "web", ID: fmt.Sprintf("%s:%d", labHost, i)})
		if want := i >= 8; errors.Is(err, ErrBudget) != want || errors.Is(err, did.ErrUnavailable) != want {
			t.Fatalf("document %d: %v", i, err)
		}
	}
	if asked.Load() != 8 {
		t.Errorf("%d requests", asked.Load())
	}
}

func TestDD12NothingIsFoundOut(t *testing.T) {
	texts := map[string]bool{}
	closed := listen(t, func(net.Conn) {})
	for _, client := range []*Client{
		newClient(t, Config{Resolver: &answers{lists: [][]netip.Addr{nil}, err: errors.New("no such host")}}),
		laid(t, hijacked(reset)), laid(t, hijacked(func(net.Conn) { time.Sleep(300 * time.Millisecond) })), labClient(t, closed, nil),
		labClient(t, serve(t, &tls.Config{Certificates: []tls.Certificate{makeAuthority().issue(t, nil)}}, serveJSON("{}")), nil),
	} {
		_, err := resolveOver(t, client, ruleDID)
		if err == nil {
			t.Fatal("no error")
		}
		texts[err.Error()] = true
		begun := time.Now()
		if _, again := resolveOver(t, client, ruleDID); again == nil || again.Error() != err.Error() || time.Since(begun) > 100*time.Millisecond {
			t.Errorf("the failure is not remembered: %v", again)
		}
	}
	if len(texts) != 1 {
		t.Errorf("faults can be told apart: %v", texts)
	}
}

func TestDD13NotOurselves(t *testing.T) {
	own, err := OwnAddresses()
	if err != nil {
		t.Fatal(err)
	}
	own = append(own, netip.MustParsePrefix("93.184.215.14/32")) // as a machine with a public address has
	client := newClient(t, Config{Deny: own, Resolver: &answers{lists: [][]netip.Addr{addresses("93.184.215.14")}}})
	if _, err := resolveOver(t, client, "did:web:www.example.org"); !errors.Is(err, ErrBlocked) {
		t.Error(err)
	}
	if client.guarded.Proxy != nil || client.laboratory.Proxy != nil {
		t.Error("a proxy of the environment is used")
	}
	if _, err := untouched(t).Get(t.Context(), "https://[fe80::1%25eth0]/", jsonOnly); !errors.Is(err, ErrBlocked) {
		t.Errorf("zone: %v", err)
	}
}

// DD-14, schemas, is kept by never fetching one: there is no such kind of document. What can be fetched has these types only.
func TestDD14NoFiles(t *testing.T) {
	client := untouched(t)
	for _, url := range []string{"file:///etc/passwd", "data:application/json,{}", "ftp://example.org/", "unix:///run/x", "gopher://example.org/", "//example.org/", "javascript:1"} {
		if _, err := client.Get(t.Context(), url, jsonOnly); !errors.Is(err, ErrInvalidURL) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestDD15CacheKeys(t *testing.T) {
	clock := newFakeClock()
	var body atomic.Value
	body.Store(didDocument(ruleDID, ""))
	var asked atomic.Int32
	handler := func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Cache-Control", "max-age=86400")
		serveJSON(body.Load().(string))(w, r)
	}
	client := labClient(t, serveLab(t, handler), func(c *Config) { c.Clock = clock.Now })
	for range 3 {
		if _, err := resolveOver(t, client, ruleDID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Get(t.Context(), "https://"+labHost+"/.well-known/did.json?x", jsonOnly); err != nil || asked.Load() != 2 {
		t.Errorf("a variant is not its own document: %v after %d requests", err, asked.Load())
	}
	// The document of a path is not that of the host, though the host serves it for both.
	if _, err := resolveOver(t, client, ruleDID+":a"); !errors.Is(err, did.ErrDocumentID) {
		t.Errorf("path: %v", err)
	}
	body.Store(didDocument("did:web:attacker.example", ""))
	clock.advance(10*time.Minute - 1)
	if _, err := resolveOver(t, client, ruleDID); err != nil {
		t.Errorf("kept: %v", err)
	}
	clock.advance(1)
	if _, err := resolveOver(t, client, ruleDID); !errors.Is(err, did.ErrDocumentID) {
		t.Errorf("after ten minutes: %v", err)
	}
}

func TestDD16ComputedIdentifiers(t *testing.T) {
	client := untouched(t)
	for _, id := range []string{
		"did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc", "did:key:z6MktKwz7Ge1Yxzr4JHavN33wiwa8y81QdcMRLXQsrH9T53b1", "did:key:z", "did:key:z6Mk",
		"did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme", "did:key:u7QEut6Knb", "did:jwk:eyJrdHkiOiJvY3QiLCJrIjoiQUEifQ",
		"did:jwk:" + strings.Repeat("e30", 2000), "did:jwk:" + strings.Repeat("A", 1<<20), "did:jwk:e30", "did:jwk:e30%3D",
	} {
		if document, err := resolveOver(t, client, id); err == nil || document != nil {
			t.Errorf("%.60s: %v", id, document)
		}
	}
}
