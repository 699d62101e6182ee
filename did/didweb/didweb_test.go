package didweb_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"laurel/did"
	"laurel/did/didweb"
	"laurel/internal/fetch"
)

var (
	_ didweb.Fetcher = (*fetch.Client)(nil)
	_ did.Resolver   = (*didweb.Resolver)(nil)
)

var good = map[string]string{
	"did:web:example.org":                          "https://example.org/.well-known/did.json",
	"did:web:badges.example.ac.uk":                 "https://badges.example.ac.uk/.well-known/did.json",
	"did:web:example.org:issuers:arts":             "https://example.org/issuers/arts/did.json",
	"did:web:example.org%3A8443":                   "https://example.org:8443/.well-known/did.json",
	"did:web:example.org%3a8443:a":                 "https://example.org:8443/a/did.json",
	"did:web:example.org%3A65535":                  "https://example.org:65535/.well-known/did.json",
	"did:web:localhost":                            "https://localhost/.well-known/did.json",
	"did:web:localhost%3A8080":                     "https://localhost:8080/.well-known/did.json",
	"did:web:xn--bcher-kva.example":                "https://xn--bcher-kva.example/.well-known/did.json",
	"did:web:1and1.example":                        "https://1and1.example/.well-known/did.json",
	"did:web:123.example":                          "https://123.example/.well-known/did.json",
	"did:web:r3---sn.example":                      "https://r3---sn.example/.well-known/did.json",
	"did:web:a.0xg":                                "https://a.0xg/.well-known/did.json",
	"did:web:example.org:User.Name_1-x":            "https://example.org/User.Name_1-x/did.json",
	"did:web:example.org:%C3%A9t%c3%a9":            "https://example.org/%C3%A9t%c3%a9/did.json",
	"did:web:example.org:a%20b%7E":                 "https://example.org/a%20b%7E/did.json",
	"did:web:example.org:...":                      "https://example.org/.../did.json",
	"did:web:example.org:.well-known":              "https://example.org/.well-known/did.json",
	"did:web:example.org:did.json":                 "https://example.org/did.json/did.json",
	"did:web:" + strings.Repeat("a.", 125) + "abc": "https://" + strings.Repeat("a.", 125) + "abc/.well-known/did.json",
}

// attacks are method-specific identifiers that are not did:web, whoever may read them otherwise.
var attacks = []string{
	// no host, or not a DNS name
	"", ":", ":a", "example.org:", "example.org::a", "example.org:a:", "example.org:a::b", ".", "..", "example.org.", ".example.org",
	"example..org", "-a.example", "a-.example", "a_b.example", "*.example", "example.org%00", "a,b.example", "Example.org", "EXAMPLE.ORG",
	strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 126) + "ab", "example.org/", "example.org/path", "example.org?x", "example.org#x",
	"example.org\\a", "ex ample.org", "example.org\n", "\x00", "example.org\x7f", "~.example",
	// addresses in every spelling
	"127.0.0.1", "127.0.0.1%3A6379", "10.0.0.1", "169.254.169.254", "8.8.8.8", "127.1", "127.0.1", "0", "2130706433", "0x7f000001",
	"0x7f.1", "0177.0.0.1", "0x7f.0x0.0x0.0x1", "127.0.0.0x1", "999.999.999.999", "a.0x", "example.org.1", "127%2E0%2E0%2E1", "127%2e0%2e0%2e1",
	"127.0.0.1%3a80", "%31%32%37.0.0.1", "[::1]", "%5B::1%5D", "%5B%3A%3A1%5D", "::1", "%3A%3A1", "%3A%3Affff%3A127.0.0.1", "fe80%3A%3A1%25eth0",
	// what would move the host
	"user@example.org", "user%40example.org", "user%3Apass%40example.org", "example.org%40127.0.0.1", "example.org%2F", "example.org%2fpath",
	"example.org%5C", "example.org%5c127.0.0.1", "example.org%3F", "example.org%3Fx", "example.org%23", "example.org%23x", "example.org%20",
	"example.org%0a", "example.org%0D%0AHost", "%65xample.org", "example%2Eorg", "example%2eorg", "example.org%2E", "%E2%91%A0.example",
	"b%C3%BCcher.example", "bücher.example", "example。org", "ex\u00adample.org", "①②⑦.0.0.1", "localhost%2f",
	// ports
	"example.org%3A", "example.org%3A0", "example.org%3A00", "example.org%3A0443", "example.org%3A65536", "example.org%3A99999",
	"example.org%3A-1", "example.org%3A+1", "example.org%3Ax", "example.org%3A1x", "example.org%3A1%3A2", "example.org%3A%31", "%3A443",
	"example.org%253A443", "example.org%3A443%2F", "example.org%3A443@a", "example.org%3A443.a", "example.org%3A 1", "example.org%3A１",
	// paths
	"example.org:.", "example.org:..", "example.org:..:a", "example.org:a:..", "example.org:%2e", "example.org:%2E%2E", "example.org:.%2e:a",
	"example.org:%2e%2e%2fa", "example.org:a%2Fb", "example.org:a%2fb", "example.org:a%5Cb", "example.org:a%5cb", "example.org:a%3Fb",
	"example.org:a%3fb", "example.org:a%23b", "example.org:a%40b", "example.org:a%25b", "example.org:%252e%252e", "example.org:%25", "example.org:a%3Ab",
	"example.org:a%00", "example.org:a%0a", "example.org:a%0D", "example.org:a%7f", "example.org:a%C2%85", "example.org:%", "example.org:%2",
	"example.org:%zz", "example.org:%ff", "example.org:%C0%AE", "example.org:%ED%A0%80", "example.org:a/b", "example.org:a?b", "example.org:a#b",
	"example.org:a@b", "example.org:a\\b", "example.org:a b", "example.org:é", "example.org:a;b", "example.org:a+b", "example.org:8443 ",
	// internationalised labels that nothing encodes to
	"xn--.example", "xn--a.example", "xn--abc-.example", "xn--99999999999.example", "xn--example.org", "xn---.example", "xn--mller-kva-.example",
	"xn--a-ecp.ru.xn--0", "xn--bcher-KVA.example",
	// too long
	"example.org:" + strings.Repeat("a", 2048), "example.org" + strings.Repeat(":a", 1100),
}

func TestDocumentURL(t *testing.T) {
	for text, want := range good {
		d, err := did.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := didweb.DocumentURL(d); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestDocumentURLRefuses(t *testing.T) {
	for _, id := range attacks {
		got, err := didweb.DocumentURL(did.DID{Method: "web", ID: id})
		if !errors.Is(err, did.ErrInvalidDID) || got != "" {
			t.Errorf("%.80q: %q, %v", id, got, err)
		}
	}
	if len(attacks) < 60 {
		t.Errorf("only %d attacks", len(attacks))
	}
	for _, method := range []string{"", "key", "webvh", "WEB"} {
		if _, err := didweb.DocumentURL(did.DID{Method: method, ID: "example.org"}); !errors.Is(err, did.ErrMethodNotSupported) {
			t.Errorf("method %q: %v", method, err)
		}
	}
}

// fromURL is the way back: the DID that a document's URL stands for.
func fromURL(t *testing.T, documentURL string) string {
	t.Helper()
	rest, ok := strings.CutPrefix(documentURL, "https://")
	if !ok {
		t.Fatalf("%q is not https", documentURL)
	}
	rest, ok = strings.CutSuffix(rest, "/did.json")
	if !ok {
		t.Fatalf("%q is not a did.json", documentURL)
	}
	authority, path, _ := strings.Cut(rest, "/")
	id := strings.ReplaceAll(authority, ":", "%3A")
	if path != ".well-known" {
		id += ":" + strings.ReplaceAll(path, "/", ":")
	}
	return "did:web:" + id
}

func FuzzDocumentURL(f *testing.F) {
	for text := range good {
		f.Add(strings.TrimPrefix(text, "did:web:"))
	}
	for _, id := range attacks {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		d := did.DID{Method: "web", ID: id}
		got, err := didweb.DocumentURL(d)
		if err != nil {
			if !errors.Is(err, did.ErrInvalidDID) || got != "" {
				t.Fatalf("%q: %q, %v", id, got, err)
			}
			return
		}
		if _, err := did.Parse(d.String()); err != nil && !strings.Contains(id, "~") {
			t.Errorf("%q is not a DID: %v", id, err)
		}
		u, err := url.Parse(got)
		if err != nil || u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" {
			t.Fatalf("%q: %q reads as %#v, %v", id, got, u, err)
		}
		host := u.Hostname()
		if strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" || !strings.HasPrefix(id, host) {
			t.Errorf("%q: host %q", id, host)
		}
		last := host[strings.LastIndexByte(host, '.')+1:]
		if strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") && strings.Trim(last[2:], "0123456789abcdef") == "" {
			t.Errorf("%q: host %q is an address", id, host)
		}
		if joined := u.JoinPath(); joined.Path != u.Path {
			t.Errorf("%q: path %q is %q when cleaned", id, u.Path, joined.Path)
		}
		// One document, one DID; but for the two spellings of an encoded colon, and the explicit path /.well-known.
		want := strings.Replace(d.String(), "%3a", "%3A", 1)
		if back := fromURL(t, got); back != want && back+":.well-known" != want {
			t.Errorf("%q: %q is the document of %q", id, got, back)
		}
	})
}

// source is a Fetcher with one answer.
type source struct {
	body        string
	err         error
	url, accept string
}

func (s *source) Fetch(_ context.Context, url, accept string) ([]byte, error) {
	s.url, s.accept = url, accept
	return []byte(s.body), s.err
}

func resolve(t *testing.T, s *source, text string) (*did.Document, error) {
	t.Helper()
	d, err := did.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return didweb.New(didweb.Config{Fetcher: s}).Resolve(t.Context(), d)
}

const documentText = `{"@context":["https://www.w3.org/ns/did/v1","https://w3id.org/security/multikey/v1"],
 "id":"did:web:example.org:a",
 "verificationMethod":[{"id":"did:web:example.org:a#key-1","type":"Multikey","controller":"did:web:example.org:a",
  "publicKeyMultibase":"z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"}],
 "assertionMethod":["did:web:example.org:a#key-1"]}`

func TestResolve(t *testing.T) {
	s := &source{body: documentText}
	document, err := resolve(t, s, "did:web:example.org:a")
	if err != nil {
		t.Fatal(err)
	}
	if document.ID != "did:web:example.org:a" {
		t.Errorf("id %q", document.ID)
	}
	if _, err := document.Method("did:web:example.org:a#key-1", did.AssertionMethod); err != nil {
		t.Error(err)
	}
	if s.url != "https://example.org/a/did.json" || s.accept != didweb.Accept {
		t.Errorf("asked for %q, %q", s.url, s.accept)
	}
}

func TestResolveFaults(t *testing.T) {
	status := func(code int) error { return fmt.Errorf("fetching: %w", &fetch.StatusError{Status: code}) }
	for name, test := range map[string]struct {
		did  string
		s    source
		want error
	}{
		"404":                 {"did:web:example.org:a", source{err: status(404)}, did.ErrNotFound},
		"410":                 {"did:web:example.org:a", source{err: status(410)}, did.ErrNotFound},
		"400":                 {"did:web:example.org:a", source{err: status(400)}, did.ErrUnavailable},
		"403":                 {"did:web:example.org:a", source{err: status(403)}, did.ErrUnavailable},
		"500":                 {"did:web:example.org:a", source{err: status(500)}, did.ErrUnavailable},
		"redirect":            {"did:web:example.org:a", source{err: fetch.ErrRedirect}, did.ErrUnavailable},
		"blocked":             {"did:web:localhost", source{err: fetch.ErrBlocked}, did.ErrUnavailable},
		"media type":          {"did:web:example.org:a", source{err: fetch.ErrMediaType}, did.ErrUnavailable},
		"fault with a body":   {"did:web:example.org:a", source{body: documentText, err: fetch.ErrTooLarge}, did.ErrUnavailable},
		"another DID":         {"did:web:example.org:b", source{body: documentText}, did.ErrDocumentID},
		"the domain's":        {"did:web:example.org", source{body: documentText}, did.ErrInvalidDocument},
		"encoded otherwise":   {"did:web:example.org:%61", source{body: documentText}, did.ErrDocumentID},
		"nothing":             {"did:web:example.org:a", source{}, did.ErrInvalidDocument},
		"page":                {"did:web:example.org:a", source{body: "<html>"}, did.ErrInvalidDocument},
		"null":                {"did:web:example.org:a", source{body: "null"}, did.ErrInvalidDocument},
		"array":               {"did:web:example.org:a", source{body: "[" + documentText + "]"}, did.ErrInvalidDocument},
		"no id":               {"did:web:example.org:a", source{body: "{}"}, did.ErrInvalidDocument},
		"id twice":            {"did:web:example.org:a", source{body: strings.Replace(documentText, "{", `{"id":"did:web:example.org:b",`, 1)}, did.ErrInvalidDocument},
		"id in other letters": {"did:web:example.org:a", source{body: strings.Replace(documentText, `"id"`, `"ID"`, 1)}, did.ErrInvalidDocument},
		"trailing":            {"did:web:example.org:a", source{body: documentText + "{}"}, did.ErrInvalidDocument},
		"truncated":           {"did:web:example.org:a", source{body: documentText[:200]}, did.ErrInvalidDocument},
		"address":             {"did:web:127.0.0.1", source{body: documentText}, did.ErrInvalidDID},
		"method":              {"did:key:z6Mk", source{body: documentText}, did.ErrMethodNotSupported},
	} {
		document, err := resolve(t, &test.s, test.did)
		if !errors.Is(err, test.want) || document != nil {
			t.Errorf("%s: %v, %v; want %v", name, document, err, test.want)
		}
		if test.s.err != nil && !errors.Is(err, test.s.err) {
			t.Errorf("%s: %v hides its cause", name, err)
		}
		if (errors.Is(test.want, did.ErrInvalidDID) || errors.Is(test.want, did.ErrMethodNotSupported)) && test.s.url != "" {
			t.Errorf("%s: asked for %q", name, test.s.url)
		}
	}
}

// A document is read once for its bytes, and a changed one counts at once.
func TestReadDocumentsAreKept(t *testing.T) {
	s := source{body: documentText}
	r := didweb.New(didweb.Config{Fetcher: &s})
	d := did.DID{Method: "web", ID: "example.org:a"}
	resolve := func() *did.Document {
		document, err := r.Resolve(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		return document
	}
	first := resolve()
	if resolve() != first {
		t.Error("the same bytes were read twice")
	}
	s.body = documentText + "\n"
	if resolve() == first {
		t.Error("other bytes gave the former document")
	}
	s.body = strings.Replace(documentText, "example.org:a", "example.org:b", 1)
	if _, err := r.Resolve(t.Context(), d); !errors.Is(err, did.ErrInvalidDocument) {
		t.Errorf("another DID's document: %v", err)
	}
}
