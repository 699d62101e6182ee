package didweb

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"laurel/did"
)

// maxBytes is the length of the longest DID that is resolved.
const maxBytes = 2 << 10

// DocumentURL returns the https URL of the DID document of a did:web DID: that of /.well-known/did.json on the host, or of
// did.json under the path. A did:web DID is host[%3Aport][:segment…]; the rules on top of the DID syntax are:
//
//   - the host is a DNS name in lower case, internationalised labels as valid A-labels; never an IP address, in any spelling;
//   - nothing but the colon before the port is percent-encoded in it; the port is 1 to 65535 without leading zeros;
//   - no path segment is empty, "." or "..", and none holds, percent-encoded, a slash, backslash, question mark, number sign,
//     at sign, percent sign, colon, control character or bad UTF-8.
//
// A host of one label, such as localhost, is a did:web host like any other; whether it may be spoken to is for the Fetcher to
// say. Errors are did.ErrInvalidDID, or did.ErrMethodNotSupported when the DID is not did:web.
func DocumentURL(d did.DID) (string, error) {
	if d.Method != "web" {
		return "", fmt.Errorf("%w: %.32q", did.ErrMethodNotSupported, d.Method)
	}
	if len(d.String()) > maxBytes {
		return "", invalid("longer than %d bytes", maxBytes)
	}
	authority, path, hasPath := strings.Cut(d.ID, ":")
	host, port, err := splitAuthority(authority)
	if err != nil {
		return "", err
	}
	if err := checkHost(host); err != nil {
		return "", err
	}
	address := "https://" + host
	if port != "" {
		address += ":" + port
	}
	if !hasPath {
		return address + "/.well-known/did.json", nil
	}
	for segment := range strings.SplitSeq(path, ":") {
		if err := checkSegment(segment); err != nil {
			return "", err
		}
		address += "/" + segment // as it was written: what is percent-encoded means the same in the URL
	}
	return address + "/did.json", nil
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: did:web: %s", did.ErrInvalidDID, fmt.Sprintf(format, args...))
}

func splitAuthority(authority string) (host, port string, err error) {
	host, rest, encoded := strings.Cut(authority, "%")
	if !encoded {
		return host, "", nil
	}
	if !strings.HasPrefix(rest, "3A") && !strings.HasPrefix(rest, "3a") {
		return "", "", invalid("percent-encoded host")
	}
	port = rest[2:]
	if _, err := strconv.ParseUint(port, 10, 16); err != nil || port[0] == '0' {
		return "", "", invalid("malformed port")
	}
	return host, port, nil
}

// checkHost takes DNS names in letters, digits and hyphens.
func checkHost(host string) error {
	if len(host) > 253 {
		return invalid("host longer than 253 bytes")
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return invalid("host is not a DNS name in lower case")
		}
		if strings.HasPrefix(label, "xn--") && !isALabel(label) {
			return invalid("malformed internationalised label in the host")
		}
	}
	// Readers of the URL Standard take every host that ends in a number for an IPv4 address: 127.1, 2130706433, 0x7f.0x1.
	last, digits := labels[len(labels)-1], "0123456789"
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		last, digits = hex, "0123456789abcdef"
	}
	if strings.Trim(last, digits) == "" {
		return invalid("IP address instead of a host name")
	}
	return nil
}

// isALabel reports whether a label beginning with xn-- is what its own Unicode form is encoded to.
func isALabel(label string) bool {
	unicode, err := idna.Lookup.ToUnicode(label)
	if err != nil || unicode == label {
		return false
	}
	again, err := idna.Lookup.ToASCII(unicode)
	return err == nil && again == label
}

func checkSegment(segment string) error {
	for i := range len(segment) {
		c := segment[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-._~%", rune(c)) {
			return invalid("character not allowed in the path")
		}
	}
	decoded, err := url.PathUnescape(segment)
	switch {
	case err != nil || !utf8.ValidString(decoded):
		return invalid("malformed percent-encoding in the path")
	case decoded == "" || decoded == "." || decoded == "..":
		return invalid("empty or dot segment in the path")
	case strings.ContainsAny(decoded, `/\?#@%:`) || strings.ContainsFunc(decoded, isControl):
		return invalid("percent-encoded character that is not allowed in the path")
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }
