package fetch

import (
	"errors"
	"strings"
	"testing"
)

func TestTarget(t *testing.T) {
	client := newClient(t, Config{Ports: []uint16{8443}})
	for raw, want := range map[string]string{
		"https://example.org":                      "https://example.org/",
		"https://example.org/":                     "https://example.org/",
		"HTTPS://EXAMPLE.org:443/A":                "https://example.org/A",
		"https://example.org:8443/a/b?c=d&e=%20":   "https://example.org:8443/a/b?c=d&e=%20",
		"https://xn--bcher-kva.example.org/%C3%A9": "https://xn--bcher-kva.example.org/%C3%A9",
		"https://1and1.example.org/...":            "https://1and1.example.org/...",
		"https://123.example.org/":                 "https://123.example.org/",
		"https://a.0x7g/":                          "https://a.0x7g/",
		"https://example.org/a?b/../c":             "https://example.org/a?b/../c",
	} {
		got, err := client.parseTarget(raw)
		if err != nil || got.String() != want {
			t.Errorf("%q: %q, %v; want %q", raw, got.url, err, want)
		}
	}
}

// refused is what is never fetched; for none of it may anybody be asked for an address.
var refused = map[string]error{
	"": ErrInvalidURL, "example.org": ErrInvalidURL, "/path": ErrInvalidURL, "//example.org/": ErrInvalidURL,
	"https:": ErrInvalidURL, "https://": ErrInvalidURL, "https:///a": ErrInvalidURL, "https://:443/": ErrInvalidURL,
	"https:example.org": ErrInvalidURL, "https:/example.org": ErrInvalidURL,
	"http://example.org/": ErrInvalidURL, "ftp://example.org/": ErrInvalidURL, "file:///etc/passwd": ErrInvalidURL,
	"gopher://example.org/": ErrInvalidURL, "unix:///run/x.sock": ErrInvalidURL, "data:application/json,{}": ErrInvalidURL,
	"javascript:alert(1)": ErrInvalidURL, "did:web:example.org": ErrInvalidURL,
	"https://user@example.org/": ErrInvalidURL, "https://user:pass@example.org/": ErrInvalidURL, "https://@example.org/": ErrInvalidURL,
	"https://example.org@127.0.0.1/":  ErrInvalidURL,
	"https://example.org\\@10.0.0.1/": ErrInvalidURL, "https://10.0.0.1\\.example.org/": ErrInvalidURL,
	"https://example.org/#": ErrInvalidURL, "https://example.org/#key-1": ErrInvalidURL,
	"https://example.org:/": ErrInvalidURL, "https://example.org:0/": ErrInvalidURL, "https://example.org:99999/": ErrInvalidURL,
	"https://example.org:65536/": ErrInvalidURL, "https://example.org:-1/": ErrInvalidURL, "https://example.org:0443/": ErrInvalidURL,
	"https://example.org:443:443/": ErrInvalidURL, "https://example.org:https/": ErrInvalidURL,
	"https://example.org:80/": ErrBlocked, "https://example.org:22/": ErrBlocked, "https://example.org:8080/": ErrBlocked,
	"https://example.org:6379/": ErrBlocked,
	"https://example.org./":     ErrInvalidURL, "https://example..org/": ErrInvalidURL, "https://.example.org/": ErrInvalidURL,
	"https://-a.example.org/": ErrInvalidURL, "https://a-.example.org/": ErrInvalidURL, "https://a_b.example.org/": ErrInvalidURL,
	"https://*.example.org/": ErrInvalidURL, "https://a,b.example.org/": ErrInvalidURL, "https://%65xample.org/": ErrInvalidURL,
	"https://example%2eorg/": ErrInvalidURL, "https://example.org%00/": ErrInvalidURL, "https://example.org%2f/": ErrInvalidURL,
	"https://bücher.example.org/": ErrInvalidURL, "https://b%C3%BCcher.example.org/": ErrInvalidURL,
	"https://①②⑦.0.0.1/": ErrInvalidURL, "https://example。org/": ErrInvalidURL, "https://ex\u00adample.org/": ErrInvalidURL,
	"https://example.org/\u202e": ErrInvalidURL, "https://example.org/a b": ErrInvalidURL, " https://example.org/": ErrInvalidURL,
	"https://example.org/\n": ErrInvalidURL, "https://example.org/\x00": ErrInvalidURL, "https://example.org/\x7f": ErrInvalidURL,
	"https://example.org\t/": ErrInvalidURL, "https://exa\r\nmple.org/": ErrInvalidURL,
	"https://example.org/%": ErrInvalidURL, "https://example.org/%zz": ErrInvalidURL,
	"https://example.org/../a": ErrInvalidURL, "https://example.org/a/..": ErrInvalidURL, "https://example.org/./a": ErrInvalidURL,
	"https://example.org/%2e%2e/a": ErrInvalidURL, "https://example.org/.%2E/a": ErrInvalidURL, "https://example.org/a%2f..%2fb": ErrInvalidURL,
	"https://127.0.0.1/": ErrBlocked, "https://8.8.8.8/": ErrBlocked, "https://127.0.0.1:443/": ErrBlocked, "https://127.0.0.1./": ErrBlocked,
	"https://127.1/": ErrBlocked, "https://127.0.1/": ErrBlocked, "https://2130706433/": ErrBlocked, "https://0/": ErrBlocked,
	"https://0x7f000001/": ErrBlocked, "https://0x7f.1/": ErrBlocked, "https://0x7f.0x0.0x0.0x1/": ErrBlocked, "https://0177.0.0.1/": ErrBlocked,
	"https://0X7F.1/": ErrBlocked, "https://a.0x/": ErrBlocked, "https://127.0.0.0x1/": ErrBlocked, "https://example.org.1/": ErrBlocked,
	"https://999.999.999.999/": ErrBlocked, "https://169.254.169.254/latest/": ErrBlocked, "https://0.0.0.0/": ErrBlocked,
	"https://[::1]/": ErrBlocked, "https://[::]/": ErrBlocked, "https://[2a00:1450::1]/": ErrBlocked, "https://[::ffff:127.0.0.1]/": ErrBlocked,
	"https://[fe80::1%25eth0]/": ErrBlocked, "https://[::1/": ErrInvalidURL, "https://::1/": ErrInvalidURL, "https://[localhost]/": ErrInvalidURL,
	"https://localhost/": ErrBlocked, "https://LOCALHOST/": ErrBlocked, "https://localhost:8080/": ErrBlocked, "https://intranet/": ErrBlocked,
	"https://a.localhost/": ErrBlocked, "https://printer.local/": ErrBlocked, "https://metadata.google.internal/": ErrBlocked,
	"https://1.0.0.127.in-addr.arpa/": ErrBlocked, "https://router.home.arpa/": ErrBlocked, "https://a.onion/": ErrBlocked,
	"https://a.alt/": ErrBlocked, "https://org/": ErrBlocked,
	"https://" + strings.Repeat("a.", 126) + "ab/":       ErrInvalidURL, // a host of 254 bytes
	"https://" + strings.Repeat("a", 64) + ".org/":       ErrInvalidURL,
	"https://example.org/" + strings.Repeat("a", 4<<10):  ErrInvalidURL,
	"https://example.org/?" + strings.Repeat("a", 4<<10): ErrInvalidURL,
}

func TestRefusedURLs(t *testing.T) {
	client := newClient(t, Config{Resolver: noLookup{t}})
	for raw, want := range refused {
		response, err := client.Get(t.Context(), raw, jsonOnly)
		if !errors.Is(err, want) || response != nil {
			t.Errorf("%.80q: %v, want %v", raw, err, want)
			continue
		}
		if strings.Contains(err.Error(), "pass") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.80q: error text %q repeats it", raw, err)
		}
	}
}

func FuzzTarget(f *testing.F) {
	for raw := range refused {
		f.Add(raw)
	}
	f.Add("https://Example.org:8443/a%20b?c=d")
	client, err := New(Config{Ports: []uint16{8443}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		parsed, err := client.parseTarget(raw)
		if err != nil {
			return
		}
		again, err := client.parseTarget(parsed.String())
		if err != nil || again.String() != parsed.String() {
			t.Errorf("%q: canonical form %q reads as %q, %v", raw, parsed, again.url, err)
		}
		if !isLDH(parsed.host) || isIPLiteral(parsed.host) || !strings.Contains(parsed.host, ".") || parsed.url.Scheme != "https" {
			t.Errorf("%q: host %q", raw, parsed.host)
		}
		if parsed.port != 443 && parsed.port != 8443 {
			t.Errorf("%q: port %d", raw, parsed.port)
		}
	})
}
