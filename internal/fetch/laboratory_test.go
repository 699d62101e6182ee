package fetch

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const labHost = "badges.example.org"

// authority is a certificate authority made for the test run.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// testAuthority gives the one that the laboratory trusts.
var testAuthority = sync.OnceValue(makeAuthority)

func makeAuthority() authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Laurel test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return authority{certificate, key}
}

func (a authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// issue makes a server certificate for labHost, after change has spoilt it.
func (a authority) issue(t *testing.T, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: labHost}, DNSNames: []string{labHost},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
}

// serve runs a TLS server on loopback and returns its address.
func serve(t *testing.T, config *tls.Config, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.TLS = config
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.Listener.Addr().String()
}

func serveLab(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	return serve(t, &tls.Config{Certificates: []tls.Certificate{testAuthority().issue(t, nil)}}, handler)
}

// listen runs a raw TCP server on loopback.
func listen(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { defer conn.Close(); handle(conn) }()
		}
	}()
	return listener.Addr().String()
}

// labClient reaches the server at address under the name labHost, and nobody else: every look-up fails the test.
func labClient(t *testing.T, address string, change func(*Config)) *Client {
	t.Helper()
	config := Config{Resolve: map[string]string{labHost: address}, RootCAs: testAuthority().pool(), Resolver: noLookup{t}}
	if change != nil {
		change(&config)
	}
	return newClient(t, config)
}

func newClient(t *testing.T, config Config) *Client {
	t.Helper()
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// noLookup is a resolver that must not be asked.
type noLookup struct{ t *testing.T }

func (r noLookup) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	r.t.Errorf("looked up %q", host)
	return nil, errors.New("must not be asked")
}

// answers is a resolver that gives one answer after the other, the last one for ever.
type answers struct {
	mu      sync.Mutex
	lists   [][]netip.Addr
	err     error
	queries int
	hosts   []string
}

func (r *answers) LookupNetIP(_ context.Context, network, host string) ([]netip.Addr, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if network != "ip" {
		return nil, errors.New("network " + network)
	}
	answer := r.lists[min(r.queries, len(r.lists)-1)]
	r.queries++
	r.hosts = append(r.hosts, host)
	return answer, r.err
}

func addresses(texts ...string) []netip.Addr {
	var list []netip.Addr
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

func TestParseResolve(t *testing.T) {
	good := map[string][2]string{
		"badges.example.org=127.0.0.1:8443":      {"badges.example.org", "127.0.0.1:8443"},
		"Badges.Example.ORG:444=127.0.0.1:8443":  {"badges.example.org:444", "127.0.0.1:8443"},
		"localhost=127.0.0.1:1":                  {"localhost", "127.0.0.1:1"},
		"localhost:8080=[::1]:65535":             {"localhost:8080", "[::1]:65535"},
		"xn--bcher-kva.example=192.168.0.1:8443": {"xn--bcher-kva.example", "192.168.0.1:8443"},
	}
	for entry, want := range good {
		host, address, err := ParseResolve(entry)
		if err != nil || host != want[0] || address != want[1] {
			t.Errorf("ParseResolve(%q) = %q, %q, %v", entry, host, address, err)
		}
	}
	for _, entry := range []string{
		"", "=", "a.example", "a.example=", "=127.0.0.1:1", "a.example=127.0.0.1", "a.example=127.0.0.1:0", "a.example=127.0.0.1:65536",
		"a.example=b.example:443", "a.example=:443", "a.example=::1:443", "a.example=[fe80::1%eth0]:443", "a.example:0=127.0.0.1:1",
		"a.example:=127.0.0.1:1", "a.example:x=127.0.0.1:1", "a.example:080=127.0.0.1:1", "*=127.0.0.1:1", "*.example=127.0.0.1:1",
		".example=127.0.0.1:1", "a.example.=127.0.0.1:1", "a b=127.0.0.1:1", "10.0.0.1=127.0.0.1:1", "127.1=127.0.0.1:1",
		"bücher.example=127.0.0.1:1", "https://a.example=127.0.0.1:1", "a.example=127.0.0.1:1=2", "a.example:1:2=127.0.0.1:1",
	} {
		if host, address, err := ParseResolve(entry); err == nil {
			t.Errorf("ParseResolve(%q) = %q, %q; want an error", entry, host, address)
		}
	}
}

func TestNewRefusesBadExceptions(t *testing.T) {
	for name, config := range map[string]Config{
		"name":             {Resolve: map[string]string{"*": "127.0.0.1:1"}},
		"address":          {Resolve: map[string]string{labHost: "elsewhere.example:1"}},
		"twice":            {Resolve: map[string]string{"a.example": "127.0.0.1:1", "A.example": "127.0.0.1:2"}},
		"roots for nobody": {RootCAs: x509.NewCertPool()},
	} {
		if _, err := New(config); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestExceptionsAreNamed(t *testing.T) {
	if got := newClient(t, Config{}).Exceptions(); len(got) != 0 {
		t.Errorf("exceptions of an ordinary client: %q", got)
	}
	client := newClient(t, Config{
		Resolve: map[string]string{"localhost:8080": "[::1]:1", "A.example": "127.0.0.1:8443"}, RootCAs: x509.NewCertPool(),
	})
	want := []string{"--resolve a.example=127.0.0.1:8443", "--resolve localhost:8080=[::1]:1", "--ca"}
	if diff := cmp.Diff(want, client.Exceptions()); diff != "" {
		t.Error(diff)
	}
}

// The exception is for exactly the hosts it names: for its neighbours every rule stands.
func TestExceptionIsExact(t *testing.T) {
	reached := 0
	address := serveLab(t, func(w http.ResponseWriter, _ *http.Request) {
		reached++
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "{}")
	})
	_, port, _ := net.SplitHostPort(address)
	client := newClient(t, Config{
		Resolve:  map[string]string{labHost + ":8443": address, "plain.example": address},
		RootCAs:  testAuthority().pool(),
		Resolver: &answers{lists: [][]netip.Addr{addresses("127.0.0.1")}},
	})
	request := Request{MediaTypes: []string{"application/json"}}
	if _, err := client.Get(t.Context(), "https://"+labHost+":8443/", request); err != nil {
		t.Fatalf("the named host and port: %v", err)
	}
	for _, url := range []string{
		"https://" + labHost + "/",                            // another port
		"https://" + labHost + ":" + port + "/",               // the port it is really on
		"https://sub." + labHost + ":8443/",                   // below it
		"https://example.org/",                                // above it
		"https://" + labHost + ".evil.example.com/",           // beside it
		"https://sub.plain.example/",                          // below one named for all ports
		"https://127.0.0.1:" + port + "/",                     // its address
		"https://plain.example@" + labHost + ":" + port + "/", // in another place
	} {
		_, err := client.Get(t.Context(), url, request)
		if !errors.Is(err, ErrBlocked) && !errors.Is(err, ErrInvalidURL) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if reached != 1 {
		t.Errorf("the server was reached %d times, want once", reached)
	}
	if _, err := client.dialException(t.Context(), "tcp", "other.example:443"); !errors.Is(err, ErrBlocked) {
		t.Errorf("dialling a host without exception: %v", err)
	}
}

func TestPlainHTTPIsForNamedHostsOnly(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "{}")
	}))
	t.Cleanup(server.Close)
	client := newClient(t, Config{Resolve: map[string]string{"localhost": server.Listener.Addr().String()}, Resolver: noLookup{t}})
	request := Request{MediaTypes: []string{"application/json"}}
	if _, err := client.Get(t.Context(), "http://localhost/", request); err != nil {
		t.Errorf("named host: %v", err)
	}
	for _, url := range []string{"http://example.org/", "http://example.org:443/", "ftp://localhost/", "file:///etc/passwd"} {
		if _, err := client.Get(t.Context(), url, request); !errors.Is(err, ErrInvalidURL) {
			t.Errorf("%s: %v", url, err)
		}
	}
}
