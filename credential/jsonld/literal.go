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
	xsdBoolean  = xsd + "boolean"
	xsdInteger  = xsd + "integer"
	xsdDouble   = xsd + "double"
	rdf         = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	i18n        = "https://www.w3.org/ns/i18n#"
	atJSON      = "@json"
	maxInteger  = 1 << 53
	minFraction = 1e-6
)

// The names and datatypes that do not come from the contexts.
var (
	nameType  = mustName(rdf + "type")
	nameFirst = mustName(rdf + "first")
	nameRest  = mustName(rdf + "rest")
	nameNil   = mustName(rdf + "nil")

	typeJSON    = mustDatatype(rdf + "JSON")
	typeBoolean = mustDatatype(xsdBoolean)
	typeInteger = mustDatatype(xsdInteger)
	typeDouble  = mustDatatype(xsdDouble)
)

func mustName(iri string) rdfc.Name {
	name, ok := rdfc.NewName(iri)
	if !ok {
		panic("jsonld: a name that is none")
	}
	return name
}

func mustDatatype(iri string) rdfc.LiteralType {
	t, ok := rdfc.NewDatatype(iri)
	if !ok {
		panic("jsonld: a datatype that is none")
	}
	return t
}

// textType gives the type of a string with a language and a base direction,
// either of which may be empty; it says which is not well-formed. A direction
// becomes part of the datatype, as every known verifier has it
// (https://www.w3.org/TR/json-ld11/#the-i18n-namespace).
func textType(language, direction string) (t rdfc.LiteralType, wrong string, reason Reason) {
	if language != "" && !isLanguageTag(language) {
		return t, language, ReasonLanguage
	}
	if direction != "" && direction != "ltr" && direction != "rtl" {
		return t, direction, ReasonDirection
	}
	ok := true
	switch lower := strings.ToLower(language); {
	case direction != "":
		t, ok = rdfc.NewDatatype(i18n + lower + "_" + direction)
	case language != "":
		t, ok = rdfc.NewLanguage(lower)
	}
	if !ok {
		return t, language, ReasonLanguage
	}
	return t, "", ""
}

var formTrue, formFalse = []byte("true"), []byte("false")

// nativeForm gives the lexical form of a boolean or number (JSON-LD 1.1 API
// §8.2.2), and the datatype it has where datatype is empty. closed holds
// numbers to the range in which every reader agrees.
func nativeForm(v strictjson.Value, datatype string, closed bool) ([]byte, rdfc.LiteralType, Reason) {
	if v.Kind() == strictjson.Bool {
		if v.Bool() {
			return formTrue, typeBoolean, ""
		}
		return formFalse, typeBoolean, ""
	}
	if raw := v.Raw(); datatype != xsdDouble && isShortInteger(raw) {
		return raw, typeInteger, ""
	}
	f := v.Float()
	if magnitude := math.Abs(f); closed && magnitude > maxInteger || magnitude < minFraction && f != 0 {
		return nil, typeDouble, ReasonNumber
	}
	var canonical, shortest string
	given := typeInteger
	if f != math.Trunc(f) || math.Abs(f) >= 1e21 || datatype == xsdDouble {
		canonical, shortest, given = formatDouble(f), strconv.FormatFloat(f, 'E', -1, 64), typeDouble
	} else {
		canonical = strconv.FormatFloat(f, 'f', 0, 64)
		if canonical == "-0" {
			canonical = "0"
		}
		shortest = canonical
	}
	// Two numbers that differ as written must not share a form: 0.1 and the
	// same with eighteen digits, 2^53 and one more. So a number has to be
	// written as briefly as its value allows, and its form, which has sixteen
	// digits (9.37 becomes 9.369999999999999E0), has to lead back to it.
	if back, err := strconv.ParseFloat(canonical, 64); err != nil || back != f || !jcs.SameNumber(v.Literal(), shortest) {
		return nil, typeDouble, ReasonNumber
	}
	return []byte(canonical), given, ""
}

// isShortInteger reports whether a number is written as an integer that is its
// own canonical form and far from the bounds of what is exact.
func isShortInteger(literal []byte) bool {
	const exact = 15
	for _, c := range literal {
		if c < '0' || c > '9' { // a sign too: there is -0
			return false
		}
	}
	return len(literal) <= exact
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

// jsonForm gives the lexical form of a JSON literal, or the number in it that
// has no form of its own.
func jsonForm(v strictjson.Value) (form []byte, lost strictjson.Value) {
	if lost := jcs.LossyNumber(v); lost.Exists() {
		return nil, lost
	}
	return jcs.Append(nil, v), strictjson.Value{}
}
