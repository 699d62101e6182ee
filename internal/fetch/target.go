package fetch

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// target is a checked URL in its canonical form.
type target struct {
	url       *url.URL
	host      string
	port      uint16
	exception bool // host and port are named by the laboratory exception
}

func (t target) String() string   { return t.url.String() }
func (t target) hostPort() string { return net.JoinHostPort(t.host, strconv.Itoa(int(t.port))) }

// origin is what error texts show: a path may hold what is not for logs.
func (t target) origin() string { return t.url.Scheme + "://" + t.url.Host + "/…" }

// reservedTLDs never belong to a public host, and asking a resolver for them asks the operator's own network.
// RFC 6761, RFC 6762, RFC 7686, RFC 8375, RFC 9476, and the private-use TLD.
var reservedTLDs = []string{"alt", "arpa", "internal", "local", "localhost", "onion"}

// parseTarget checks everything about a URL that can be checked without asking anybody.
func (c *Client) parseTarget(raw string) (target, error) {
	u, err := parseURL(raw)
	if err != nil {
		return target{}, err
	}
	t := target{url: u, host: strings.ToLower(u.Hostname())}
	t.port, err = portOf(u)
	if err != nil {
		return target{}, err
	}
	_, t.exception = c.exception(t.host, t.port)
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !t.exception):
		return target{}, invalidURL("not https")
	case isIPLiteral(t.host):
		return target{}, &Error{kind: ErrBlocked, detail: "IP address instead of a host name"}
	case !isLDH(t.host):
		return target{}, invalidURL("host is not a DNS name")
	}
	u.Host = t.host
	if t.port != defaultPort(u.Scheme) {
		u.Host = t.hostPort()
	}
	if u.Path == "" {
		u.Path = "/"
	}
	if t.exception {
		return t, nil
	}
	labels := strings.Split(t.host, ".")
	switch {
	case len(labels) < 2:
		return target{}, &Error{origin: t.origin(), kind: ErrBlocked, detail: "host has no domain"}
	case slices.Contains(reservedTLDs, labels[len(labels)-1]):
		return target{}, &Error{origin: t.origin(), kind: ErrBlocked, detail: "host is not public"}
	case !c.guard.allowsPort(t.port):
		return target{}, &Error{origin: t.origin(), kind: ErrBlocked, detail: "port is not allowed"}
	}
	return t, nil
}

// parseURL takes the URLs that every reader reads alike.
func parseURL(raw string) (*url.URL, error) {
	if len(raw) > maxURLBytes {
		return nil, invalidURL("too long")
	}
	for i := range len(raw) {
		if raw[i] <= ' ' || raw[i] >= 0x7f || raw[i] == '\\' {
			return nil, invalidURL("character that must be encoded")
		}
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, invalidURL("syntax") // url.Error repeats the URL, so it is no cause
	case u.Opaque != "" || u.Host == "":
		return nil, invalidURL("no host")
	case u.User != nil:
		return nil, invalidURL("user information")
	case strings.Contains(raw, "#"):
		return nil, invalidURL("fragment")
	}
	for segment := range strings.SplitSeq(u.Path, "/") { // decoded, so that an encoded dot counts
		if segment == "." || segment == ".." {
			return nil, invalidURL("dot segment")
		}
	}
	return u, nil
}

func portOf(u *url.URL) (uint16, error) {
	text := u.Port()
	if text == "" {
		if strings.HasSuffix(u.Host, ":") {
			return 0, invalidURL("empty port")
		}
		return defaultPort(u.Scheme), nil
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || text[0] == '0' {
		return 0, invalidURL("port")
	}
	return uint16(port), nil
}

func defaultPort(scheme string) uint16 {
	if scheme == "http" {
		return 80
	}
	return 443
}

// isIPLiteral reports hosts that some resolver takes for an address: IPv6 text, and names that end in a number, as do 127.1,
// 2130706433 and 0x7f.0x1 (the URL Standard's "ends in a number").
func isIPLiteral(host string) bool {
	if strings.ContainsAny(host, ":%") {
		return true
	}
	last := strings.TrimSuffix(host, ".")
	last = last[strings.LastIndexByte(last, '.')+1:]
	if last == "" {
		return false
	}
	digits := "0123456789"
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		last, digits = hex, "0123456789abcdef"
	}
	return strings.Trim(last, digits) == ""
}

// isLDH reports whether host is a DNS name in letters, digits and hyphens (RFC 1123 §2.1), lower case, without a trailing dot.
func isLDH(host string) bool {
	if len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}
