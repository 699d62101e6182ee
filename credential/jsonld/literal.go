package jsonld

import (
	"math"
	"strconv"
	"strings"

	"laurel/credential/jcs"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

const (
	xsd         = "http://www.w3.org/2001/XMLSchema#"
	xsdString   = rdfc.XSDString
	xsdBoolean  = xsd + "boolean"
	xsdInteger  = xsd + "integer"
	xsdDouble   = xsd + "double"
	rdf         = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	rdfType     = rdf + "type"
	rdfFirst    = rdf + "first"
	rdfRest     = rdf + "rest"
	rdfNil      = rdf + "nil"
	rdfJSON     = rdf + "JSON"
	i18n        = "https://www.w3.org/ns/i18n#"
	atJSON      = "@json"
	maxInteger  = 1 << 53
	minFraction = 1e-6
)

// literal makes the term of a value with a datatype.
func literal(value, datatype string) rdfc.Term {
	if datatype == xsdString {
		datatype = ""
	}
	return rdfc.Term{Kind: rdfc.Literal, Value: value, Datatype: datatype}
}

// text makes the term of a string with a language and a base direction, either
// of which may be empty. The language is a well-formed tag. A direction
// becomes part of the datatype, as every known verifier has it
// (https://www.w3.org/TR/json-ld11/#the-i18n-namespace).
func text(value, language, direction string) rdfc.Term {
	language = strings.ToLower(language)
	if direction != "" {
		return literal(value, i18n+language+"_"+direction)
	}
	return rdfc.Term{Kind: rdfc.Literal, Value: value, Language: language}
}

// native makes the term of a boolean or number (JSON-LD 1.1 API §8.2.2).
// datatype may be empty. closed holds numbers to the range in which every
// reader agrees.
func native(v strictjson.Value, datatype string, closed bool) (rdfc.Term, Reason) {
	if v.Kind() == strictjson.Bool {
		if datatype == "" {
			datatype = xsdBoolean
		}
		return literal(strconv.FormatBool(v.Bool()), datatype), ""
	}
	f := v.Float()
	if magnitude := math.Abs(f); closed && magnitude > maxInteger || magnitude < minFraction && f != 0 {
		return rdfc.Term{}, ReasonNumber
	}
	var canonical, shortest string
	if f != math.Trunc(f) || math.Abs(f) >= 1e21 || datatype == xsdDouble {
		canonical, shortest = formatDouble(f), strconv.FormatFloat(f, 'E', -1, 64)
		if datatype == "" {
			datatype = xsdDouble
		}
	} else {
		canonical = strconv.FormatFloat(f, 'f', 0, 64)
		if canonical == "-0" {
			canonical = "0"
		}
		shortest = canonical
		if datatype == "" {
			datatype = xsdInteger
		}
	}
	// Two numbers that differ as written must not share a form: 0.1 and the
	// same with eighteen digits, 2^53 and one more. So a number has to be
	// written as briefly as its value allows, and its form, which has sixteen
	// digits (9.37 becomes 9.369999999999999E0), has to lead back to it.
	if back, err := strconv.ParseFloat(canonical, 64); err != nil || back != f || !sameNumber(v.Literal(), shortest) {
		return rdfc.Term{}, ReasonNumber
	}
	return literal(canonical, datatype), ""
}

// formatDouble writes f as JSON-LD 1.1 API §8.6 says: sixteen significant
// digits, trailing zeros dropped except one after the point, and E.
func formatDouble(f float64) string {
	if f == 0 {
		return "0.0E0"
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', 15, 64), "E")
	mantissa = strings.TrimRight(mantissa, "0")
	if strings.HasSuffix(mantissa, ".") {
		mantissa += "0"
	}
	sign := ""
	if exponent[0] == '-' {
		sign = "-"
	}
	exponent = strings.TrimLeft(exponent, "+-0")
	if exponent == "" {
		exponent, sign = "0", ""
	}
	return mantissa + "E" + sign + exponent
}

// sameNumber reports whether two decimal literals denote the same number.
func sameNumber(a, b string) bool {
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

// jsonLiteral makes the term of a JSON literal (JSON-LD 1.1 API §8.2.2), and
// says where a number in it has no form of its own.
func jsonLiteral(v strictjson.Value) (rdfc.Term, strictjson.Value) {
	if lost := lossyNumber(v); lost.Exists() {
		return rdfc.Term{}, lost
	}
	return literal(string(jcs.Append(nil, v)), rdfJSON), strictjson.Value{}
}

// lossyNumber finds a number that JCS would write as another number.
func lossyNumber(v strictjson.Value) strictjson.Value {
	switch v.Kind() {
	case strictjson.Number:
		if !sameNumber(v.Literal(), string(jcs.AppendNumber(nil, v.Float()))) {
			return v
		}
	case strictjson.Array:
		for element := range v.Elements() {
			if lost := lossyNumber(element); lost.Exists() {
				return lost
			}
		}
	case strictjson.Object:
		for _, member := range v.Members() {
			if lost := lossyNumber(member); lost.Exists() {
				return lost
			}
		}
	}
	return strictjson.Value{}
}
