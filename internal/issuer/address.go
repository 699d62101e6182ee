package issuer

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"laurel/did"
	"laurel/did/didweb"
)

// address is the installation's public URL and the names that follow from it.
type address struct {
	url string // without a slash at its end
	did string // of the default issuer
}

// parseAddress reads a public URL. Two spellings of one address would be two
// issuers, so only one is taken: lower case, no default port, nothing after
// the host but a slash.
func parseAddress(text string) (address, error) {
	fault := func(reason string) (address, error) {
		return address{}, fmt.Errorf("reading public URL: %w: %s", ErrAddress, reason)
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fault("not a URL")
	case u.Host == "" || u.Hostname() == "":
		return fault("no host")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(text, "#"):
		return fault("more than scheme, host and port")
	case u.Path != "" && u.Path != "/":
		return fault("a path; the public URL has none")
	case strings.TrimSuffix(text, "/") != u.Scheme+"://"+u.Host:
		return fault("not in its plain form")
	case u.Scheme != "https" && u.Scheme != "http":
		return fault("not https")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return fault("not https, which only a loopback host may be without")
	case net.ParseIP(u.Hostname()) != nil:
		return fault("an IP address; did:web needs a name")
	case strings.HasSuffix(u.Host, ":") || u.Port() == "443" && u.Scheme == "https" || u.Port() == "80" && u.Scheme == "http":
		return fault("an empty or default port")
	}
	name := "did:web:" + strings.ReplaceAll(u.Host, ":", "%3A")
	// The rules for hosts and ports are those of did:web, and what strangers
	// make of our DID must lead back here.
	parsed, err := did.Parse(name)
	if err != nil {
		return fault("the host cannot be part of a DID")
	}
	if document, err := didweb.DocumentURL(parsed); err != nil || document != "https://"+u.Host+"/.well-known/did.json" {
		return fault("the host or port is not one that did:web allows")
	}
	return address{url: u.Scheme + "://" + u.Host, did: name}, nil
}

// loopback reports whether a host is this machine whatever the resolver says
// (RFC 6761 section 6.3).
func loopback(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// didOf is the DID of an issuer that is not the default one.
func (a address) didOf(slug string) string { return a.did + ":issuers:" + slug }

func (a address) issuer(slug string) string    { return a.url + "/issuers/" + slug }
func (a address) achievement(id string) string { return a.url + "/achievements/" + id }
func (a address) credential(id string) string  { return a.url + "/credentials/" + id }
func (a address) statusList(id string) string  { return a.url + "/status/" + id }

// reservedSlugs are names of issuers that would be taken for something else,
// now or later.
var reservedSlugs = []string{
	"achievements", "admin", "api", "credentials", "did", "issuer", "issuers", "keys",
	"laurel", "new", "root", "static", "status", "system", "verify", "well-known", "www",
}

// CheckSlug says whether an issuer can have this name: 3 to 40 of a-z, 0-9 and
// "-", not a reserved word. The error is an *InvalidError at path "/slug".
func CheckSlug(slug string) error {
	ok := len(slug) >= 3 && len(slug) <= 40
	for i := range len(slug) {
		c := slug[i]
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !ok || slices.Contains(reservedSlugs, slug) {
		return fault("/slug", "slug_invalid")
	}
	return nil
}
