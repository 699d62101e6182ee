package jcs

import (
	"strconv"
	"strings"

	"laurel/credential/strictjson"
)

// LossyNumber returns the first number in v that Append would write as another
// number, such as one with more digits than a float64 holds; the zero Value
// when there is none.
func LossyNumber(v strictjson.Value) strictjson.Value {
	switch v.Kind() {
	case strictjson.Number:
		if !SameNumber(v.Literal(), string(AppendNumber(nil, v.Float()))) {
			return v
		}
	case strictjson.Array:
		for element := range v.Elements() {
			if lost := LossyNumber(element); lost.Exists() {
				return lost
			}
		}
	case strictjson.Object:
		for _, member := range v.Members() {
			if lost := LossyNumber(member); lost.Exists() {
				return lost
			}
		}
	}
	return strictjson.Value{}
}

// SameNumber reports whether two decimal literals denote the same number.
func SameNumber(a, b string) bool {
	signA, digitsA, exponentA := decimal(a)
	signB, digitsB, exponentB := decimal(b)
	return digitsA == digitsB && (digitsA == "" || signA == signB && exponentA == exponentB)
}

// decimal takes a literal apart: the number is 0.digits × 10^exponent, digits
// has no zeros at its ends and is empty for zero.
func decimal(s string) (negative bool, digits string, exponent int) {
	s, negative = strings.CutPrefix(s, "-")
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		// An exponent that is no int belongs to zero: the strict reader
		// refuses overflow, and underflow is zero to it too.
		exponent, _ = strconv.Atoi(strings.TrimPrefix(s[i+1:], "+"))
		s = s[:i]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	exponent += len(whole)
	digits = whole + fraction
	trimmed := strings.TrimLeft(digits, "0")
	exponent -= len(digits) - len(trimmed)
	return negative, strings.TrimRight(trimmed, "0"), exponent
}
