package fetch

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// ParseResolve reads one entry of the laboratory exception, HOST=IP:PORT or HOST:PORT=IP:PORT, for [Config].Resolve. An IPv6
// address stands in brackets. The host may have a single label, such as localhost.
func ParseResolve(entry string) (host, address string, err error) {
	name, to, found := strings.Cut(entry, "=")
	if !found {
		return "", "", errors.New("parsing resolve entry: want HOST=IP:PORT")
	}
	host, err = exceptionName(name)
	if err != nil {
		return "", "", fmt.Errorf("parsing resolve entry: %w", err)
	}
	parsed, err := exceptionAddress(to)
	if err != nil {
		return "", "", fmt.Errorf("parsing resolve entry: %w", err)
	}
	return host, parsed.String(), nil
}

// exceptionName checks HOST or HOST:PORT and returns it in lower case.
func exceptionName(name string) (string, error) {
	name = strings.ToLower(name)
	host, port, hasPort := strings.Cut(name, ":")
	if !isLDH(host) || isIPLiteral(host) {
		return "", fmt.Errorf("%q is not a host name", host)
	}
	if hasPort {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil || port[0] == '0' {
			return "", fmt.Errorf("%q is not a port", port)
		}
	}
	return name, nil
}

func exceptionAddress(text string) (netip.AddrPort, error) {
	address, err := netip.ParseAddrPort(text)
	if err != nil || address.Port() == 0 || address.Addr().Zone() != "" {
		return netip.AddrPort{}, fmt.Errorf("%q is not IP:PORT", text)
	}
	return address, nil
}

func parseExceptions(resolve map[string]string) (map[string]netip.AddrPort, error) {
	exceptions := make(map[string]netip.AddrPort, len(resolve))
	for name, to := range resolve {
		host, err := exceptionName(name)
		if err != nil {
			return nil, fmt.Errorf("reading resolve entries: %w", err)
		}
		if _, twice := exceptions[host]; twice {
			return nil, fmt.Errorf("reading resolve entries: %s is there twice", host)
		}
		if exceptions[host], err = exceptionAddress(to); err != nil {
			return nil, fmt.Errorf("reading resolve entries: %w", err)
		}
	}
	return exceptions, nil
}

// Exceptions names the laboratory exceptions in force, in the words of the command line, sorted; empty in ordinary use. Every
// report made with this client has to show them.
func (c *Client) Exceptions() []string { return exceptionNames(c.exceptions, c.config.RootCAs) }

func exceptionNames(exceptions map[string]netip.AddrPort, roots *x509.CertPool) []string {
	var names []string
	for name, address := range exceptions {
		names = append(names, fmt.Sprintf("--resolve %s=%s", name, address))
	}
	slices.Sort(names)
	if roots != nil {
		names = append(names, "--ca")
	}
	return names
}

// exception returns where the laboratory exception sends a host and port; the entry for the port goes before that for the host.
func (c *Client) exception(host string, port uint16) (netip.AddrPort, bool) {
	return exceptionIn(c.exceptions, host, port)
}

func exceptionIn(exceptions map[string]netip.AddrPort, host string, port uint16) (netip.AddrPort, bool) {
	if address, ok := exceptions[net.JoinHostPort(host, strconv.Itoa(int(port)))]; ok {
		return address, true
	}
	address, ok := exceptions[host]
	return address, ok
}

// dialException dials a host of the laboratory exception, and no other.
func (c *Client) dialException(ctx context.Context, _, hostPort string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.HeaderTimeout)
	defer cancel()
	return dialException(ctx, c.exceptions, hostPort)
}

func dialException(ctx context.Context, exceptions map[string]netip.AddrPort, hostPort string) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, &dialError{err}
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, &dialError{err}
	}
	address, ok := exceptionIn(exceptions, host, uint16(port))
	if !ok {
		return nil, &dialError{ErrBlocked}
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address.String())
	if err != nil {
		return nil, &dialError{err}
	}
	return conn, nil
}
