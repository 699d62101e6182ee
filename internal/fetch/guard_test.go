package fetch

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// special is every block that must never be dialled. Most are from the IANA special-purpose address registries.
var special = []string{
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32",
	"::/96", "::/128", "::1/128", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23",
	"2001::/32", "2001:2::/48", "2001:10::/28", "2001:20::/28", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
	"5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "4000::/3", "::/3", "8000::/1",
}

// public is just outside the blocks, on both sides, and a few addresses of well-known services.
var public = []string{
	"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
	"169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.1.255", "192.0.3.0", "192.31.195.255",
	"192.31.197.0", "192.52.192.255", "192.52.194.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0",
	"192.175.47.255", "192.175.49.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255",
	"203.0.114.0", "223.255.255.255", "8.8.8.8", "93.184.215.14",
	"2000::", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::",
	"2003::", "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8001::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	"2606:2800:21f:cb07:6820:80da:af6b:8b2c", "2a00:1450:4001:81b::200e",
}

func TestGuardBlocks(t *testing.T) {
	g := newGuard(nil, nil)
	for _, block := range special {
		prefix := netip.MustParsePrefix(block)
		first, last := prefix.Masked().Addr(), lastOf(prefix)
		for _, address := range []netip.Addr{first, first.Next(), last.Prev(), last} {
			if !address.IsValid() || !prefix.Contains(address) {
				continue // the block has one address
			}
			if err := g.check(netip.AddrPortFrom(address, 443)); !errors.Is(err, ErrBlocked) {
				t.Errorf("%s in %s: %v", address, block, err)
			}
		}
	}
	for _, text := range []string{
		"::ffff:8.8.8.8", "::ffff:127.0.0.1", "::8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808", "2002:7f00:1::",
		"fe80::1%eth0", "2a00:1450::1%eth0", "2a00:1450:4001:81b:0:5efe:127.0.0.1", "2a00:1450:4001:81b:200:5efe:a00:1",
	} {
		if err := g.check(netip.AddrPortFrom(netip.MustParseAddr(text), 443)); !errors.Is(err, ErrBlocked) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := g.check(netip.AddrPort{}); !errors.Is(err, ErrBlocked) {
		t.Errorf("no address: %v", err)
	}
}

func lastOf(prefix netip.Prefix) netip.Addr {
	bytes := prefix.Masked().Addr().AsSlice()
	for i := prefix.Bits(); i < len(bytes)*8; i++ {
		bytes[i/8] |= 1 << (7 - i%8)
	}
	last, _ := netip.AddrFromSlice(bytes)
	return last
}

func TestGuardPasses(t *testing.T) {
	g := newGuard(nil, nil)
	for _, text := range public {
		if err := g.check(netip.AddrPortFrom(netip.MustParseAddr(text), 443)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestGuardPortsAndDeny(t *testing.T) {
	g := newGuard([]uint16{8443}, []netip.Prefix{netip.MustParsePrefix("8.8.8.0/24"), netip.MustParsePrefix("2a00:1450::/32")})
	for text, want := range map[string]bool{
		"9.9.9.9:443": true, "9.9.9.9:8443": true, "9.9.9.9:80": false, "9.9.9.9:22": false, "9.9.9.9:0": false,
		"8.8.8.8:443": false, "8.8.9.8:443": true, "[2a00:1450::1]:443": false, "[2a00:1451::1]:443": true, "10.0.0.1:443": false,
	} {
		if err := g.check(netip.MustParseAddrPort(text)); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, call := range [][2]string{{"udp4", "9.9.9.9:443"}, {"tcp4", "a.example:443"}, {"tcp4", "127.0.0.1:443"}, {"unix", "/run/x"}} {
		if err := g.control(call[0], call[1], nil); !errors.Is(err, ErrBlocked) {
			t.Errorf("%v: %v", call, err)
		}
	}
	if err := g.control("tcp6", "[2a00:1451::1]:443", nil); err != nil {
		t.Error(err)
	}
}

// Should anything between the check and the socket go wrong, the socket itself refuses.
func TestDialerRefusesLoopback(t *testing.T) {
	var accepted atomic.Int32
	address := listen(t, func(net.Conn) { accepted.Add(1) })
	port := netip.MustParseAddrPort(address).Port()
	client := newClient(t, Config{Ports: []uint16{port}})
	if conn, err := client.dial(t.Context(), "tcp", address); !errors.Is(err, ErrBlocked) {
		t.Errorf("dialled %v: %v", conn, err)
	}
	if accepted.Load() != 0 {
		t.Error("a connection was made")
	}
}

func TestResolvedAddressesAreChecked(t *testing.T) {
	for name, list := range map[string][]netip.Addr{
		"loopback":        addresses("127.0.0.1"),
		"metadata":        addresses("169.254.169.254"),
		"private second":  addresses("93.184.215.14", "10.0.0.1"),
		"private first":   addresses("10.0.0.1", "93.184.215.14"),
		"private last":    addresses("1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5", "::1"),
		"mapped":          addresses("::ffff:93.184.215.14"),
		"translated":      addresses("64:ff9b::5db8:d70e"),
		"unique local":    addresses("2a00:1450:4001:81b::200e", "fd00::1"),
		"zone":            addresses("2a00:1450:4001:81b::200e%1"),
		"invalid address": {netip.Addr{}},
	} {
		client := newClient(t, Config{Resolver: &answers{lists: [][]netip.Addr{list}}})
		client.dial = func(context.Context, string, string) (net.Conn, error) {
			t.Errorf("%s: dialled", name)
			return nil, errors.New("must not be dialled")
		}
		_, err := client.Get(t.Context(), "https://www.example.org/", Request{MediaTypes: []string{"application/json"}})
		if !errors.Is(err, ErrBlocked) {
			t.Errorf("%s: %v", name, err)
		}
		if got, want := err.Error(), "fetching https://www.example.org/…: blocked address"; got != want {
			t.Errorf("%s: error text %q, want %q", name, got, want)
		}
	}
}

// A name that changes its address between check and connection gains nothing: it is looked up once.
func TestRebinding(t *testing.T) {
	server := serveLab(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
	})
	resolver := &answers{lists: [][]netip.Addr{addresses("93.184.215.14", "93.184.215.15"), addresses("127.0.0.1")}}
	client := newClient(t, Config{Resolver: resolver, NegativeAge: -1})
	client.guarded.TLSClientConfig.RootCAs = testAuthority().pool()
	var dialled []string
	client.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		dialled = append(dialled, address)
		if len(dialled) == 1 {
			return nil, errors.New("refused")
		}
		return (&net.Dialer{}).DialContext(ctx, network, server)
	}
	request := Request{MediaTypes: []string{"application/json"}}
	if _, err := client.Get(t.Context(), "https://"+labHost+"/", request); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"93.184.215.14:443", "93.184.215.15:443"}, dialled); diff != "" {
		t.Error(diff)
	}
	if resolver.queries != 1 {
		t.Errorf("%d look-ups, want 1", resolver.queries)
	}
	if _, err := client.Get(t.Context(), "https://"+labHost+"/", request); !errors.Is(err, ErrBlocked) {
		t.Errorf("after rebinding: %v", err)
	}
	if len(dialled) != 2 {
		t.Errorf("dialled %v after rebinding", dialled)
	}
}

func TestAtMostFourDials(t *testing.T) {
	client := newClient(t, Config{Resolver: &answers{lists: [][]netip.Addr{
		addresses("1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5", "1.1.1.6"),
	}}})
	dials := 0
	client.dial = func(context.Context, string, string) (net.Conn, error) { dials++; return nil, errors.New("refused") }
	_, err := client.Get(t.Context(), "https://www.example.org/", Request{})
	if !errors.Is(err, ErrUnavailable) || dials != maxDials {
		t.Errorf("%d dials, %v", dials, err)
	}
}

func TestLookupFaults(t *testing.T) {
	hang := resolverFunc(func(ctx context.Context) ([]netip.Addr, error) { <-ctx.Done(); return nil, ctx.Err() })
	missing := &net.DNSError{Err: "no such host", Name: "www.example.org", Server: "10.1.2.3:53", IsNotFound: true}
	for name, test := range map[string]struct {
		resolver Resolver
		want     error
	}{
		"no such host": {&answers{lists: [][]netip.Addr{nil}, err: missing}, ErrUnavailable},
		"no address":   {&answers{lists: [][]netip.Addr{nil}}, ErrUnavailable},
		"hanging":      {hang, ErrTimeout},
	} {
		client := newClient(t, Config{Resolver: test.resolver, HeaderTimeout: 30 * time.Millisecond})
		_, err := client.Get(t.Context(), "https://www.example.org/", Request{})
		if !errors.Is(err, test.want) || !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if got, want := err.Error(), "fetching https://www.example.org/…: document unavailable"; got != want {
			t.Errorf("%s: error text %q, want %q", name, got, want)
		}
	}
}

type resolverFunc func(ctx context.Context) ([]netip.Addr, error)

func (f resolverFunc) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	return f(ctx)
}

func TestSystemResolver(t *testing.T) {
	client := newClient(t, Config{})
	system, _ := client.config.Resolver.(systemResolver)
	if resolver, ok := system.resolver.(*net.Resolver); !ok || !resolver.PreferGo {
		t.Fatalf("default resolver: %#v", client.config.Resolver)
	}
	// localhost comes from the machine's own table, where there is one; whatever form the addresses have, the guard stops them.
	found, _ := system.LookupNetIP(t.Context(), "ip", "localhost")
	for _, address := range found {
		if address.Is4In6() || client.guard.check(netip.AddrPortFrom(address, 443)) == nil {
			t.Errorf("localhost: %s", address)
		}
	}
}

func TestSystemResolverAsksForWholeNames(t *testing.T) {
	inner := &answers{lists: [][]netip.Addr{addresses("::ffff:93.184.215.14", "2a00:1450::1", "::ffff:10.0.0.1")}}
	got, err := systemResolver{inner}.LookupNetIP(t.Context(), "ip", "www.example.org")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"www.example.org."}, inner.hosts); diff != "" {
		t.Error(diff)
	}
	if want := addresses("93.184.215.14", "2a00:1450::1", "10.0.0.1"); !slices.Equal(got, want) {
		t.Errorf("addresses %v, want %v", got, want)
	}
}

func TestOwnAddresses(t *testing.T) {
	own, err := OwnAddresses()
	if err != nil {
		t.Fatal(err)
	}
	g := newGuard(nil, own)
	for _, prefix := range own {
		if !prefix.IsSingleIP() {
			t.Errorf("%s is more than one address", prefix)
		}
		if err := g.check(netip.AddrPortFrom(prefix.Addr(), 443)); err == nil {
			t.Errorf("%s is not denied", prefix)
		}
	}
}
