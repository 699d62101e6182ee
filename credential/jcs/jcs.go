// Package jcs writes JSON in the one form of the JSON Canonicalization Scheme
// (RFC 8785): members sorted, no white space, numbers and strings as
// ECMAScript writes them.
package jcs

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"laurel/credential/strictjson"
)

// Append appends the canonical form of v to dst. The strict reader has already
// refused what RFC 8785 §3.1 excludes: duplicate names, lone surrogates and
// numbers that no float64 holds.
//
// A number is written as the float64 nearest to it (RFC 8785 §3.2.2.3), so
// that two different literals can have one form; whoever needs them apart
// must refuse such numbers first, with LossyNumber. The zero Value appends
// nothing.
func Append(dst []byte, v strictjson.Value) []byte {
	switch v.Kind() {
	case strictjson.String:
		if _, plain := v.Plain(); plain {
			return append(dst, v.Raw()...) // what JCS escapes, JSON escapes too
		}
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

// Member is a member of an object that is put together by the caller.
type Member struct {
	Name  string
	Value strictjson.Value
	// Form, when not nil, is the canonical form of the value, which stands
	// instead of Value.
	Form []byte
}

// AppendMembers appends the canonical form of the object with these members,
// whose names must differ. It sorts them in place.
func AppendMembers(dst []byte, members []Member) []byte {
	slices.SortFunc(members, func(a, b Member) int { return compareNames(a.Name, b.Name) })
	dst = append(dst, '{')
	for i, m := range members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendString(dst, m.Name), ':')
		if m.Form != nil {
			dst = append(dst, m.Form...)
		} else {
			dst = Append(dst, m.Value)
		}
	}
	return append(dst, '}')
}

func appendObject(dst []byte, v strictjson.Value) []byte {
	const usual = 16
	var room [usual]Member
	members := room[:0]
	for name, value := range v.Members() {
		members = append(members, Member{Name: name, Value: value})
	}
	return AppendMembers(dst, members)
}

// compareNames orders names by UTF-16 code units (RFC 8785 §3.2.3). That is the
// order of their bytes in UTF-8, except that characters beyond U+FFFF, which
// UTF-16 writes with surrogates, stand before those from U+E000 on.
func compareNames(a, b string) int {
	const (
		private = 0xee // the first byte of U+E000 and later ones
		beyond  = 0xf0 // the first byte of those beyond U+FFFF
	)
	for i := range min(len(a), len(b)) {
		x, y := a[i], b[i]
		switch {
		case x == y:
		case x >= private && y >= private && (x >= beyond) != (y >= beyond):
			return cmp.Compare(y, x)
		default:
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(len(a), len(b))
}

const hexDigits = "0123456789abcdef"

// AppendString escapes what RFC 8785 §3.2.2.2 escapes and nothing else.
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
