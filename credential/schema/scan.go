package schema

import (
	"bytes"
	"encoding/binary"
)

// The scanners stand for regular expressions, which cost more than a whole
// validation; scan_test.go compares them with those expressions. Their input is
// text of the strict reader, so it is UTF-8.

// What a byte is to the scanners.
const (
	isLower   = 1 << iota // a-z
	isUpper               // A-Z
	isDigit               // 0-9
	isOther               // - and _ as in base64url
	isNoURI               // excluded from URIs and IRIs by RFC 3986 and RFC 3987
	isSpecial             // a percent sign or the first byte of a control in UTF-8
	isHexByte             // 0-9, a-f, A-F
	isScheme              // may stand in a scheme, though not first unless it is a letter
)

const isAlnum = isLower | isUpper | isDigit

var byteClass = func() (table [256]uint8) {
	for c := range table {
		switch b := byte(c); {
		case b >= 'a' && b <= 'z':
			table[c] = isLower | isScheme
		case b >= 'A' && b <= 'Z':
			table[c] = isUpper | isScheme
		case b >= '0' && b <= '9':
			table[c] = isDigit | isHexByte | isScheme
		case b == '-' || b == '_':
			table[c] = isOther
		case b <= ' ' || b == 0x7f || bytes.IndexByte([]byte("<>\"{}|\\^`"), b) >= 0:
			table[c] = isNoURI
		case b == '%' || b == 0xc2 || b == 0xe2:
			table[c] = isSpecial
		}
		if b := byte(c) | 0x20; b >= 'a' && b <= 'f' {
			table[c] |= isHexByte
		}
	}
	for _, c := range "+-." {
		table[c] |= isScheme
	}
	return table
}()

// run returns how many bytes text begins with that are of the classes.
func run(text []byte, classes uint8) int {
	for i, c := range text {
		if byteClass[c]&classes == 0 {
			return i
		}
	}
	return len(text)
}

// consistsOf reports whether all bytes of text are of the classes.
func consistsOf(text []byte, classes uint8) bool { return run(text, classes) == len(text) }

// isOpenBadgesContext: the pattern of the published schemas for the context of
// Open Badges 3.0.
//
//	^https://purl\.imsglobal\.org/spec/ob/v3p0/context(-3\.[0-9]\.[0-9])*\.json$
func isOpenBadgesContext(text []byte) bool {
	text, ok := bytes.CutPrefix(text, []byte("https://purl.imsglobal.org/spec/ob/v3p0/context"))
	if !ok {
		return false
	}
	for len(text) >= 6 && string(text[:3]) == "-3." && text[4] == '.' && byteClass[text[3]]&byteClass[text[5]]&isDigit != 0 {
		text = text[6:]
	}
	return string(text) == ".json"
}

// isExtensionTerm: the pattern of the published schemas for a term that extends
// a vocabulary, which is not anchored and takes a | but no hyphen.
//
//	ext:[a-zA-Z0-9|._]
func isExtensionTerm(text []byte) bool {
	for {
		at := bytes.Index(text, []byte("ext:"))
		if at < 0 || at+4 == len(text) {
			return false
		}
		text = text[at+4:]
		if c := text[0]; byteClass[c]&isAlnum != 0 || c == '|' || c == '.' || c == '_' {
			return true
		}
	}
}

// isLanguageCode: the pattern of the published schemas.
//
//	^[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$
func isLanguageCode(text []byte) bool {
	n := run(text, isLower)
	if n < 2 || n > 4 {
		return false
	}
	text = text[n:]
	if len(text) >= 5 && text[0] == '-' && byteClass[text[1]]&isUpper != 0 && consistsOf(text[2:5], isLower) {
		text = text[5:]
	}
	switch {
	case len(text) == 0:
		return true
	case text[0] != '-':
		return false
	}
	region := text[1:]
	return len(region) == 2 && consistsOf(region, isUpper) || len(region) == 3 && consistsOf(region, isDigit)
}

// isLanguageTag: BCP 47 as far as JSON-LD wants it.
//
//	^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$
func isLanguageTag(text []byte) bool {
	for classes := uint8(isLower | isUpper); ; classes = isAlnum {
		n := run(text, classes)
		if n < 1 || n > 8 {
			return false
		}
		if n == len(text) {
			return true
		}
		if text[n] != '-' {
			return false
		}
		text = text[n+1:]
	}
}

// isCompactForm: a JWS in compact serialization; the payload may be detached.
//
//	^[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]*\.[a-zA-Z0-9_-]+$
func isCompactForm(text []byte) bool {
	const base64URL = isAlnum | isOther
	n := run(text, base64URL)
	if n == 0 || n == len(text) || text[n] != '.' {
		return false
	}
	text = text[n+1:]
	n = run(text, base64URL)
	if n == len(text) || text[n] != '.' {
		return false
	}
	text = text[n+1:]
	return len(text) > 0 && consistsOf(text, base64URL)
}

// isIdentityHash: a hash of an identity in one of the two forms that there are.
//
//	^(sha256\$[0-9a-fA-F]{64}|md5\$[0-9a-fA-F]{32})$
func isIdentityHash(text []byte) bool {
	if digits, ok := bytes.CutPrefix(text, []byte("sha256$")); ok {
		return len(digits) == 64 && consistsOf(digits, isHexByte)
	}
	digits, ok := bytes.CutPrefix(text, []byte("md5$"))
	return ok && len(digits) == 32 && consistsOf(digits, isHexByte)
}

// hasControl reports whether text holds a character that changes what others
// look like: C0 and C1 controls save for white space, and the directional ones
// (U+202A to U+202E, U+2066 to U+2069).
func hasControl(text []byte) bool {
	const low, high = 0x0101010101010101, 0x8080808080808080
	for i := 0; i < len(text); {
		if i+8 <= len(text) {
			// Eight bytes of 0x20 to 0x7e at once. A borrow can only take a good
			// byte for a bad one, which is then looked at by itself.
			word := binary.LittleEndian.Uint64(text[i:])
			if (word|(word-low*0x20)|(word+low))&high == 0 {
				i += 8
				continue
			}
		}
		for end := min(i+8, len(text)); i < end; i++ {
			switch c := text[i]; {
			case c < 0x20 && c != '\t' && c != '\n' && c != '\r', c == 0x7f:
				return true
			case c == 0xc2 || c == 0xe2:
				if isControlAt(text[i:]) {
					return true
				}
			}
		}
	}
	return false
}

// isControlAt reports whether text begins with one of the controls of hasControl
// that are not ASCII.
func isControlAt(text []byte) bool {
	switch text[0] {
	case 0xc2:
		return text[1] <= 0x9f
	case 0xe2:
		return text[1] == 0x80 && text[2] >= 0xaa && text[2] <= 0xae || text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9
	default:
		return false
	}
}

// cutScheme splits an absolute URI or IRI (RFC 3986 §4.3, RFC 3987) after its
// scheme. ok says that it is one: a scheme, something after it, no character
// that RFC 3987 excludes, whole percent escapes, and a host where the scheme is
// http or https.
func cutScheme(text []byte) (scheme, rest []byte, ok bool) {
	n := run(text, isScheme)
	if n == 0 || n+1 >= len(text) || text[n] != ':' || byteClass[text[0]]&(isLower|isUpper) == 0 {
		return nil, nil, false
	}
	scheme, rest = text[:n], text[n+1:]
	for i := 0; i < len(rest); i++ {
		switch class := byteClass[rest[i]]; {
		case class&(isNoURI|isSpecial) == 0:
		case class&isNoURI != 0 || !isAllowed(rest[i:]):
			return nil, nil, false
		}
	}
	if isWeb(scheme) {
		return scheme, rest, hasHost(rest)
	}
	return scheme, rest, true
}

// isURI reports whether text is what cutScheme takes.
func isURI(text []byte) bool {
	_, _, ok := cutScheme(text)
	return ok
}

// isAllowed looks at what the special bytes of a URI begin: a whole percent
// escape, or a character that is neither a control nor a space or a separator
// (U+00A0, U+2028, U+2029).
func isAllowed(text []byte) bool {
	switch {
	case text[0] == '%':
		return len(text) >= 3 && byteClass[text[1]]&byteClass[text[2]]&isHexByte != 0
	case text[0] == 0xc2:
		return text[1] > 0xa0
	default:
		return !isControlAt(text) && (text[1] != 0x80 || text[2] != 0xa8 && text[2] != 0xa9)
	}
}

func isWeb(scheme []byte) bool {
	return (len(scheme) == 4 || len(scheme) == 5 && scheme[4]|0x20 == 's') &&
		scheme[0]|0x20 == 'h' && scheme[1]|0x20 == 't' && scheme[2]|0x20 == 't' && scheme[3]|0x20 == 'p'
}

// hasHost reports whether what follows http: or https: has an authority with a
// host.
func hasHost(rest []byte) bool {
	authority, found := bytes.CutPrefix(rest, []byte("//"))
	if end := bytes.IndexAny(authority, "/?#"); end >= 0 {
		authority = authority[:end]
	}
	host := authority[bytes.LastIndexByte(authority, '@')+1:]
	return found && len(host) > 0 && host[0] != ':'
}
