package fetch

import (
	"bytes"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// TestExchange: an operator's own host with an authority of its own, at an
// address that is not public.
func TestExchange(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/echo":
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(http.StatusTeapot)
			_, _ = w.Write(append([]byte(r.Method+" "+r.Header.Get("X-Token")+" "), body...))
		case "/long":
			_, _ = w.Write(make([]byte, maxExchange+1))
		default:
			http.Redirect(w, r, "/echo", http.StatusFound)
		}
	}))
	defer server.Close()
	_, port, _ := strings.Cut(server.Listener.Addr().String(), ":")
	authorities := x509.NewCertPool()
	authorities.AddCert(server.Certificate())
	host := "example.com:" + port // as the certificate has it
	config := DestinationsConfig{
		Hosts: []string{host + "=127.0.0.0/8"}, Authorities: authorities, Resolver: fixedResolver{netip.MustParseAddr("127.0.0.1")},
	}
	d := newDestinations(t, config)
	status, answer, err := d.Exchange(t.Context(), http.MethodPut, "https://"+host+"/echo", map[string]string{"X-Token": "t"}, []byte("body"))
	if err != nil || status != http.StatusTeapot || string(answer) != "PUT t body" {
		t.Errorf("%d %q, %v", status, answer, err)
	}
	if status, _, err := d.Exchange(t.Context(), http.MethodGet, "https://"+host+"/", nil, nil); err != nil || status != http.StatusFound {
		t.Errorf("a redirect: %d, %v", status, err)
	}
	if _, _, err := d.Exchange(t.Context(), http.MethodGet, "https://"+host+"/long", nil, nil); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a long answer: %v", err)
	}
	client := d.Client()
	for url, want := range map[string]error{"https://elsewhere.example/": ErrBlocked, "http://" + host + "/": ErrInvalidURL, "https://127.0.0.1:" + port + "/": ErrBlocked} {
		if _, _, err := d.Exchange(t.Context(), http.MethodGet, url, nil, nil); !errors.Is(err, want) {
			t.Errorf("%s: %v", url, err)
		}
		if response, err := client.Get(url); !errors.Is(err, want) { //nolint:noctx // a client as libraries have it
			t.Errorf("%s by the client: %v, %v", url, response, err)
		}
	}
	response, err := client.Post("https://"+host+"/echo", "text/plain", bytes.NewReader([]byte("body"))) //nolint:noctx // likewise
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got, _ := io.ReadAll(response.Body); string(got) != "POST  body" {
		t.Errorf("by the client: %q", got)
	}
	config.Hosts = []string{host}
	if _, _, err := newDestinations(t, config).Exchange(t.Context(), http.MethodGet, "https://"+host+"/echo", nil, nil); !errors.Is(err, ErrBlocked) {
		t.Errorf("an address that is not public: %v", err)
	}
	config.Hosts, config.Authorities = []string{host + "=127.0.0.0/8"}, nil
	if _, _, err := newDestinations(t, config).Exchange(t.Context(), http.MethodGet, "https://"+host+"/echo", nil, nil); !errors.Is(err, ErrUnavailable) {
		t.Errorf("an authority that nobody named: %v", err)
	}
}
