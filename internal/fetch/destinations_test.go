package fetch

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// fixedResolver gives every host the same addresses.
type fixedResolver []netip.Addr

func (r fixedResolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return r, nil
}

func newDestinations(t *testing.T, config DestinationsConfig) *Destinations {
	t.Helper()
	d, err := NewDestinations(config)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestParseDestination(t *testing.T) {
	for _, entry := range []string{"hooks.example.org", "hooks.example.org:8443", "records=10.0.0.0/8", "a.example:8443=10.1.0.0/16+fd00::/8"} {
		if err := ParseDestination(entry); err != nil {
			t.Errorf("%s: %v", entry, err)
		}
	}
	for _, entry := range []string{"", "*", "*.example.org", "https://a.example", "a.example/", "10.0.0.1", "[::1]", "a.example:0", "a.example:x", "a.example=", "a.example=10.0.0.1", "a.example=0.0.0.0/0", "a b"} {
		if err := ParseDestination(entry); err == nil {
			t.Errorf("%q is taken", entry)
		}
	}
}

func TestAllows(t *testing.T) {
	d := newDestinations(t, DestinationsConfig{
		Hosts:   []string{"hooks.example.org", "records.example.org:8443", "lab.example:80"},
		Resolve: map[string]string{"lab.example": "127.0.0.1:1", "other.example": "127.0.0.1:1"},
	})
	for _, url := range []string{
		"https://hooks.example.org/a?b=c", "https://HOOKS.example.org:443", "https://records.example.org:8443/", "http://lab.example/x",
	} {
		if err := d.Allows(url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	for url, want := range map[string]error{
		"http://hooks.example.org/":          ErrInvalidURL,
		"https://user@hooks.example.org/":    ErrInvalidURL,
		"https://hooks.example.org/#x":       ErrInvalidURL,
		"https://hooks.example.org/../x":     ErrInvalidURL,
		"ftp://hooks.example.org/":           ErrInvalidURL,
		"":                                   ErrInvalidURL,
		"https://hooks.example.org:8443/":    ErrBlocked,
		"https://records.example.org/":       ErrBlocked,
		"https://evil.example/":              ErrBlocked,
		"https://hooks.example.org.evil.x/":  ErrBlocked,
		"https://evil.hooks.example.org/":    ErrBlocked,
		"https://127.0.0.1/":                 ErrBlocked,
		"https://[::1]/":                     ErrBlocked,
		"https://0x7f.1/":                    ErrBlocked,
		"http://other.example/":              ErrBlocked, // the laboratory does not widen the list
		"https://hooks.example.org./":        ErrInvalidURL,
		"https://hooks.example.org\\@evil.x": ErrInvalidURL,
	} {
		if err := d.Allows(url); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", url, err, want)
		}
		if _, err := d.Post(t.Context(), url, nil, nil); !errors.Is(err, want) {
			t.Errorf("posting to %s: %v, want %v", url, err, want)
		}
	}
}

// TestDestinationAddresses: what a name stands for is checked when it is
// dialled, and every address of it counts.
func TestDestinationAddresses(t *testing.T) {
	public, private, loopback := netip.MustParseAddr("93.184.215.14"), netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("127.0.0.1")
	for _, test := range []struct {
		name      string
		entry     string
		addresses []netip.Addr
		dialled   bool
	}{
		{"public", "hooks.example.org", []netip.Addr{public}, true},
		{"private", "hooks.example.org", []netip.Addr{private}, false},
		{"loopback", "hooks.example.org", []netip.Addr{loopback}, false},
		{"metadata", "hooks.example.org", []netip.Addr{netip.MustParseAddr("169.254.169.254")}, false},
		{"both", "hooks.example.org", []netip.Addr{public, private}, false},
		{"named network", "hooks.example.org=10.1.0.0/16", []netip.Addr{private}, true},
		{"other network", "hooks.example.org=10.2.0.0/16", []netip.Addr{private}, false},
		{"outside of its network", "hooks.example.org=10.1.0.0/16", []netip.Addr{public}, false},
		{"nothing", "hooks.example.org", nil, false},
	} {
		d := newDestinations(t, DestinationsConfig{Hosts: []string{test.entry}, Resolver: fixedResolver(test.addresses)})
		dialled := ""
		d.dial = func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = address
			return nil, errors.New("no network here")
		}
		_, err := d.Post(t.Context(), "https://hooks.example.org/", nil, nil)
		if (dialled != "") != test.dialled || err == nil {
			t.Errorf("%s: dialled %q, %v", test.name, dialled, err)
		}
		if !test.dialled && test.addresses != nil && !errors.Is(err, ErrBlocked) || test.dialled && !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestPost(t *testing.T) {
	var got *http.Request
	var body string
	hang := make(chan struct{})
	site := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		got, body = r.Clone(context.Background()), string(data)
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		case "/busy":
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/endless":
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		case "/slow":
			<-hang
		case "/elsewhere":
			t.Error("the redirect was followed")
		}
	}))
	site.StartTLS()
	defer site.Close()
	defer close(hang)
	roots := x509.NewCertPool()
	roots.AddCert(site.Certificate())
	config := DestinationsConfig{
		Hosts: []string{"example.com"}, Timeout: 500 * time.Millisecond, UserAgent: "laurel/test",
		Resolve: map[string]string{"example.com": site.Listener.Addr().String()}, RootCAs: roots,
	}
	d := newDestinations(t, config)
	for path, want := range map[string]Answer{
		"/":         {Status: 200},
		"/redirect": {Status: 307},
		"/busy":     {Status: 503, RetryAfter: 2 * time.Minute},
		"/endless":  {Status: 200},
	} {
		answer, err := d.Post(t.Context(), "https://example.com"+path, map[string]string{"Laurel-Event": "award.issued"}, []byte("body of "+path))
		if err != nil || answer != want {
			t.Errorf("%s: %+v, %v", path, answer, err)
		}
		if got.Method != "POST" || got.Host != "example.com" || got.Header.Get("User-Agent") != "laurel/test" ||
			got.Header.Get("Laurel-Event") != "award.issued" || body != "body of "+path {
			t.Errorf("%s: sent %s %s %v %q", path, got.Method, got.Host, got.Header, body)
		}
	}
	start := time.Now()
	if _, err := d.Post(t.Context(), "https://example.com/slow", nil, nil); !errors.Is(err, ErrTimeout) || time.Since(start) > 5*time.Second {
		t.Errorf("slow: %v after %s", err, time.Since(start))
	}
	if names := strings.Join(d.Exceptions(), " "); !strings.Contains(names, "--resolve example.com=") || !strings.Contains(names, "--ca") {
		t.Errorf("exceptions: %s", names)
	}
	config.RootCAs = nil
	if _, err := newDestinations(t, config).Post(t.Context(), "https://example.com/", nil, nil); !errors.Is(err, ErrUnavailable) {
		t.Errorf("a certificate of nobody: %v", err)
	}
}
