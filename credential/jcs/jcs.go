// Package jcs writes JSON in the one form of the JSON Canonicalization Scheme
// (RFC 8785): members sorted, no white space, numbers and strings as
// ECMAScript writes them.
package jcs

import (
	"math"
	"slices"
	"strconv"
	"unicode/utf16"

	"laurel/credential/strictjson"
)

// Append appends the canonical form of v to dst. The strict reader has already
// refused what RFC 8785 §3.1 excludes: duplicate names, lone surrogates and
// numbers that no float64 holds.
//
// A number is written as the float64 nearest to it (RFC 8785 §3.2.2.3), so
// that two different literals can have one form; whoever needs them apart
// must refuse such numbers first. The zero Value appends nothing.
func Append(dst []byte, v strictjson.Value) []byte {
	switch v.Kind() {
	case strictjson.String:
		return AppendString(dst, v.Text())
	case strictjson.Number:
		return AppendNumber(dst, v.Float())
	case strictjson.Array:
		dst = append(dst, '[')
		first := true
		for element := range v.Elements() {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = Append(dst, element)
		}
		return append(dst, ']')
	case strictjson.Object:
		return appendObject(dst, v)
	default: // null, true, false
		return append(dst, v.Raw()...)
	}
}

// member is a member of an object with the key it is sorted by.
type member struct {
	name  string
	units []uint16
	value strictjson.Value
}

// appendObject sorts by UTF-16 code units, which is not the order of the bytes
// where characters beyond U+FFFF meet those above U+D7FF (RFC 8785 §3.2.3).
func appendObject(dst []byte, v strictjson.Value) []byte {
	members := make([]member, 0, v.Len())
	for name, value := range v.Members() {
		members = append(members, member{name, utf16.Encode([]rune(name)), value})
	}
	slices.SortFunc(members, func(a, b member) int { return slices.Compare(a.units, b.units) })
	dst = append(dst, '{')
	for i, m := range members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, m.name)
		dst = append(dst, ':')
		dst = Append(dst, m.value)
	}
	return append(dst, '}')
}

const hexDigits = "0123456789abcdef"

// appendString escapes what RFC 8785 §3.2.2.2 escapes and nothing else.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c >= 0x20:
			dst = append(dst, c)
		case c == '\b':
			dst = append(dst, '\\', 'b')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\f':
			dst = append(dst, '\\', 'f')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(dst, '"')
}

// AppendNumber appends a finite number as ECMAScript's Number::toString writes
// it: the shortest digits that read back as f, plain from 1e-6 up to 1e21 and
// with an exponent outside.
func AppendNumber(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, '0') // minus zero too
	}
	if magnitude := math.Abs(f); magnitude >= 1e-6 && magnitude < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// Go pads the exponent to two digits, ECMAScript does not.
	if n := len(dst); dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}
