package jsonld

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isAbsolute reports whether s begins with a scheme (RFC 3987 §2.2).
func isAbsolute(s string) bool {
	colon := strings.IndexByte(s, ':')
	if colon <= 0 {
		return false
	}
	for i := range colon {
		switch c := s[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return true
}

// checkIRI says why s cannot stand for a thing in a dataset; "" when it can.
//
// Every character that RFC 3987 excludes from IRIs is refused, since writers
// escape, drop or keep them each in their own way. The structure behind the
// scheme is not looked at: hosts, ports and percent signs that are unusual or
// wrong still name something, and are signed as they are written.
func checkIRI(s string) Reason {
	if strings.HasPrefix(s, "_:") {
		return ReasonBlankNode
	}
	if !isAbsolute(s) {
		return ReasonNotAbsolute
	}
	for _, r := range s {
		if !isIRIRune(r) {
			return ReasonMalformedIRI
		}
	}
	return ""
}

// isIRIRune reports whether a character may stand in an IRI. Beyond RFC 3987
// §2.2 it refuses what cannot be seen: the formatting characters of
// bidirectional text (§4.1 there) and the byte order mark.
func isIRIRune(r rune) bool {
	if r < utf8.RuneSelf {
		switch r {
		case '<', '>', '"', '{', '}', '|', '\\', '^', '`', 0x7f:
			return false
		}
		return r > ' '
	}
	switch {
	case unicode.IsControl(r), unicode.IsSpace(r), unicode.Is(unicode.Zs, r):
		return false
	case r == 0x2028, r == 0x2029, r == 0xfeff:
		return false
	case r >= 0xfdd0 && r <= 0xfdef, r&0xfffe == 0xfffe: // not characters
		return false
	case r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return false
	}
	return true
}

// isLanguageTag reports whether s has the form of a language tag: the form of
// BCP 47, not its registry, as JSON-LD 1.1 asks for.
func isLanguageTag(s string) bool {
	for i, part := range strings.Split(s, "-") {
		if len(part) < 1 || len(part) > 8 {
			return false
		}
		for j := range len(part) {
			c := part[j]
			letter := 'a' <= c|0x20 && c|0x20 <= 'z'
			digit := '0' <= c && c <= '9'
			if !letter && (i == 0 || !digit) {
				return false
			}
		}
	}
	return true
}
