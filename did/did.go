package did

import (
	"fmt"
	"strings"
)

// Bounds on identifiers, in bytes. A did:jwk carries a whole key.
const (
	maxLength    = 2 << 10
	maxJWKLength = 4 << 10
)

// DID is a decentralized identifier without path, query and fragment. Two DIDs
// are the same exactly when they are equal as Go values: nothing is normalised.
type DID struct {
	// Method is the name of the method, for example "web".
	Method string
	// ID is the method-specific identifier, percent-encoded as it was written.
	ID string
}

// String returns the DID as it is written.
func (d DID) String() string { return "did:" + d.Method + ":" + d.ID }

// Parse reads a DID by the grammar of DID Core 1.0 §3.1. A DID is at most 2 KiB
// long, a did:jwk 4 KiB. The error is an ErrInvalidDID; the text is not in it.
func Parse(s string) (DID, error) {
	rest, ok := strings.CutPrefix(s, "did:")
	if !ok {
		return DID{}, fmt.Errorf("%w: no did: scheme", ErrInvalidDID)
	}
	method, id, ok := strings.Cut(rest, ":")
	if !ok {
		return DID{}, fmt.Errorf("%w: no method-specific identifier", ErrInvalidDID)
	}
	limit := maxLength
	if method == "jwk" {
		limit = maxJWKLength
	}
	if len(s) > limit {
		return DID{}, fmt.Errorf("%w: longer than %d bytes", ErrInvalidDID, limit)
	}
	if method == "" || strings.Trim(method, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return DID{}, fmt.Errorf("%w: malformed method name", ErrInvalidDID)
	}
	if id == "" || strings.HasSuffix(id, ":") || !consistsOf(id, isIDChar) {
		return DID{}, fmt.Errorf("%w: malformed method-specific identifier", ErrInvalidDID)
	}
	return DID{Method: method, ID: id}, nil
}

// URL is an absolute DID URL (DID Core 1.0 §3.2). Its parts are kept as they
// were written; Path begins with "/" when it is not empty.
type URL struct {
	DID      DID
	Path     string
	Query    string
	Fragment string
}

// String returns the URL as it is written.
func (u URL) String() string {
	s := u.DID.String() + u.Path
	if u.Query != "" {
		s += "?" + u.Query
	}
	if u.Fragment != "" {
		s += "#" + u.Fragment
	}
	return s
}

// ParseURL reads an absolute DID URL; a DID is one. A question mark or number
// sign with nothing after it is refused, so that equal URLs are equal texts.
// The limits of Parse hold for the whole URL. The error is an ErrInvalidDIDURL.
func ParseURL(s string) (URL, error) {
	var u URL
	if len(s) > maxJWKLength {
		return URL{}, fmt.Errorf("%w: longer than %d bytes", ErrInvalidDIDURL, maxJWKLength)
	}
	rest, fragment, ok := strings.Cut(s, "#")
	if ok && (fragment == "" || !consistsOf(fragment, isQueryChar)) {
		return URL{}, fmt.Errorf("%w: malformed fragment", ErrInvalidDIDURL)
	}
	u.Fragment = fragment
	rest, query, ok := strings.Cut(rest, "?")
	if ok && (query == "" || !consistsOf(query, isQueryChar)) {
		return URL{}, fmt.Errorf("%w: malformed query", ErrInvalidDIDURL)
	}
	u.Query = query
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		rest, u.Path = rest[:i], rest[i:]
		if !consistsOf(u.Path, isPathChar) {
			return URL{}, fmt.Errorf("%w: malformed path", ErrInvalidDIDURL)
		}
	}
	d, err := Parse(rest)
	if err != nil {
		return URL{}, fmt.Errorf("%w: %w", ErrInvalidDIDURL, err)
	}
	u.DID = d
	if d.Method != "jwk" && len(s) > maxLength {
		return URL{}, fmt.Errorf("%w: longer than %d bytes", ErrInvalidDIDURL, maxLength)
	}
	return u, nil
}

// consistsOf reports whether s holds only characters that ok admits and whole
// percent-encoded octets.
func consistsOf(s string, ok func(byte) bool) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' {
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return false
			}
			i += 2
			continue
		}
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// isIDChar is idchar of DID Core without pct-encoded, and the colon that
// separates the parts.
func isIDChar(c byte) bool { return isAlphanumeric(c) || strings.IndexByte(".-_:", c) >= 0 }

// isPathChar is pchar of RFC 3986 without pct-encoded, and the slash.
func isPathChar(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("-._~!$&'()*+,;=:@/", c) >= 0
}

// isQueryChar is a character of a query or fragment without pct-encoded.
func isQueryChar(c byte) bool { return isPathChar(c) || c == '?' }
