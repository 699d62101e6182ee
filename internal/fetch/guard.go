package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// guard decides which addresses may be connected to: public IPv4, and IPv6 inside 2000::/3, less everything in the IANA
// special-purpose registries, less what the operator denies.
type guard struct {
	ports    []uint16
	guardian *ssrf.Guardian
}

func newGuard(ports []uint16, deny []netip.Prefix) *guard {
	var v4, v6 []netip.Prefix
	for _, prefix := range deny {
		if prefix.Addr().Is4() {
			v4 = append(v4, prefix)
		} else {
			v6 = append(v6, prefix)
		}
	}
	ports = append([]uint16{443}, ports...)
	return &guard{ports: ports, guardian: ssrf.New(
		ssrf.WithPorts(ports...), ssrf.WithNetworks("tcp4", "tcp6"),
		ssrf.WithDeniedV4Prefixes(v4...), ssrf.WithDeniedV6Prefixes(v6...),
	)}
}

func (g *guard) allowsPort(port uint16) bool { return slices.Contains(g.ports, port) }

// check returns an error that matches ErrBlocked for an address that must not be dialled.
func (g *guard) check(address netip.AddrPort) error {
	if !address.IsValid() { // the library takes what is not IPv6 for IPv4
		return fmt.Errorf("%w: not an address", ErrBlocked)
	}
	if err := g.guardian.SafeAddrPort(address); err != nil {
		return fmt.Errorf("%w: %w", ErrBlocked, err)
	}
	if isISATAP(address.Addr()) {
		return fmt.Errorf("%w: %s is an ISATAP address", ErrBlocked, address.Addr())
	}
	return nil
}

// control checks once more, at the last moment before a socket connects.
func (g *guard) control(network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: network %s", ErrBlocked, network)
	}
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBlocked, err)
	}
	return g.check(parsed)
}

// isISATAP reports an IPv6 address whose interface identifier embeds an IPv4 address for a tunnel (RFC 5214 §6.1), which may lie
// under any public prefix.
func isISATAP(address netip.Addr) bool {
	if !address.Is6() {
		return false
	}
	b := address.As16()
	return b[8]&^0x02 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}

// dialError says that nobody could be spoken to at a host and port.
type dialError struct{ err error }

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// checkedAddresses looks up where a host and port can be dialled: the first few
// addresses, if all that the host has pass the check.
func checkedAddresses(ctx context.Context, resolver Resolver, hostPort string, check func(netip.AddrPort) error) ([]netip.AddrPort, error) {
	host, portText, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, err
	}
	found, err := resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errors.New("host has no address")
	}
	var addresses []netip.AddrPort
	for _, ip := range found {
		address := netip.AddrPortFrom(ip, uint16(port))
		if err := check(address); err != nil {
			return nil, err
		}
		addresses = append(addresses, address)
	}
	return addresses[:min(len(addresses), maxDials)], nil
}

// dialGuarded looks a host up, refuses it when any of its addresses is special (a name with a private address beside a public
// one is an attack or an accident), and connects to the addresses it has checked. The name is never looked up a second time.
func (c *Client) dialGuarded(ctx context.Context, _, hostPort string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.HeaderTimeout)
	defer cancel()
	addresses, err := checkedAddresses(ctx, c.config.Resolver, hostPort, c.guard.check)
	if err != nil {
		return nil, &dialError{err}
	}
	var errs []error
	for i, address := range addresses {
		conn, err := c.dialShare(ctx, address, len(addresses)-i)
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, &dialError{errors.Join(errs...)}
}

// dialShare dials with its share of the time that is left, so that one dead address does not use up the next one's.
func (c *Client) dialShare(ctx context.Context, address netip.AddrPort, shares int) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(shares))
		defer cancel()
	}
	return c.dial(ctx, "tcp", address.String())
}

// systemResolver asks for the name as it stands: without the trailing dot the resolver would go on to try the name inside the
// operator's own search domains.
type systemResolver struct{ resolver Resolver }

func (r systemResolver) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	addresses, err := r.resolver.LookupNetIP(ctx, network, host+".")
	for i := range addresses {
		addresses[i] = addresses[i].Unmap() // net gives every IPv4 address in its IPv6 form
	}
	return addresses, err
}

// OwnAddresses lists the addresses of this machine's interfaces, for [Config].Deny.
func OwnAddresses() ([]netip.Prefix, error) {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("listing own addresses: %w", err)
	}
	var own []netip.Prefix
	for _, address := range interfaces {
		network, ok := address.(*net.IPNet)
		if !ok {
			continue
		}
		if parsed, ok := netip.AddrFromSlice(network.IP); ok {
			parsed = parsed.Unmap()
			own = append(own, netip.PrefixFrom(parsed, parsed.BitLen()))
		}
	}
	return own, nil
}
