package schema

import (
	"bytes"
	"strings"

	"laurel/credential/strictjson"
)

// openBadgesAlias is another name of the first Open Badges 3.0 context.
const openBadgesAlias = "https://purl.imsglobal.org/spec/ob/v3p0/context/ob_v3p0.jsonld"

// kindPhrases name the kinds of JSON values in sentences.
var kindPhrases = [...]string{
	strictjson.Invalid: "missing", strictjson.Null: "null", strictjson.Bool: "true or false", strictjson.Number: "a number",
	strictjson.String: "a string", strictjson.Array: "an array", strictjson.Object: "an object",
}

// is reports whether a value has the kind and says so when it has not.
func (v *validator) is(value strictjson.Value, kind strictjson.Kind) bool {
	if value.Kind() == kind {
		return true
	}
	v.wrongType(value, kindPhrases[kind])
	return false
}

func (v *validator) wrongType(value strictjson.Value, expected string) {
	if value.Kind() == strictjson.Null {
		v.fail("null_value", value)
		return
	}
	v.fail("wrong_type", value, "expected", expected, "found", kindPhrases[value.Kind()])
}

// single validates one value that is no array of values.
func (v *validator) single(p *property, value strictjson.Value) {
	switch p.shape {
	case text:
		v.text(value)
	case prose:
		v.is(value, strictjson.String)
	case uri:
		v.uri(value)
	case timestamp:
		v.timestamp(value)
	case number:
		v.is(value, strictjson.Number)
	case boolean:
		v.is(value, strictjson.Bool)
	case object:
		if v.is(value, strictjson.Object) {
			v.node(p.nodes[v.version], value)
		}
	case reference:
		v.reference(p, value)
	case textOrInteger:
		v.index(value)
	case anything:
	default:
		v.wording(p, value)
	}
}

// wording validates the shapes that are strings of a certain form.
func (v *validator) wording(p *property, value strictjson.Value) {
	words, ok := v.words(value)
	switch {
	case !ok:
	case p.shape == date && !isDate(string(words)):
		v.fail("date_malformed", value)
	case p.shape == language && !isLanguageCode(words):
		v.fail("language_malformed", value)
	case p.shape == compactJWS && !isCompactForm(words):
		v.fail("jws_malformed", value)
	case p.shape == term && !p.vocabulary.holds(words):
		v.fail("term_unknown", value, "vocabulary", p.vocabulary.name)
	}
}

// text validates a short text.
func (v *validator) text(value strictjson.Value) {
	words, ok := v.words(value)
	switch {
	case !ok:
	case len(words) == 0:
		v.warn("empty_text", value)
	case hasControl(words):
		v.warn("text_controls", value)
	}
}

// uri validates an absolute URI.
func (v *validator) uri(value strictjson.Value) {
	words, ok := v.words(value)
	if !ok {
		return
	}
	scheme, rest, ok := cutScheme(words)
	if !ok {
		v.fail("uri_malformed", value)
		return
	}
	switch len(scheme) {
	case len("javascript"), len("vbscript"):
		if name := strings.ToLower(string(scheme)); name == "javascript" || name == "vbscript" {
			v.fail("uri_unsafe", value, "scheme", name)
		}
	case len("data"):
		const page = "text/html"
		if len(rest) >= len(page) && strings.EqualFold(string(scheme), "data") && strings.ToLower(string(rest[:len(page)])) == page {
			v.warn("uri_unsafe", value, "scheme", "data")
		}
	}
}

// timestamp validates an xsd:dateTimeStamp. The schemas of Open Badges want
// one that is an RFC 3339 date-time as well; VC Data Model tells verifiers to
// read one without a zone as UTC.
func (v *validator) timestamp(value strictjson.Value) {
	words, ok := v.words(value)
	if !ok {
		return
	}
	_, zoned, err := ParseDateTimeStamp(string(words))
	switch {
	case err != nil || v.badge && !isRFC3339(string(words)):
		v.fail("date_time_malformed", value)
	case !zoned && v.badge:
		v.fail("date_time_zone_missing", value)
	case !zoned:
		v.warn("date_time_zone_missing", value)
	}
}

// index validates a statusListIndex, which W3C writes as a string of digits
// and 1EdTech as an integer.
func (v *validator) index(value strictjson.Value) {
	digits := value.Text()
	if value.Kind() == strictjson.Number {
		digits = value.Literal()
	}
	if digits == "" || !consistsOf([]byte(digits), isDigit) {
		v.fail("status_index_malformed", value)
	}
}

// reference validates a URI or a node. A badge should embed its issuer.
func (v *validator) reference(p *property, value strictjson.Value) {
	switch value.Kind() {
	case strictjson.String:
		v.uri(value)
		if v.badge {
			v.warn("issuer_not_embedded", value)
		}
	case strictjson.Object:
		v.node(p.nodes[v.version], value)
	default:
		v.wrongType(value, "a URI or an object")
	}
}

// types validates the type of a node.
func (v *validator) types(p *property, member strictjson.Value) {
	isArray := member.Kind() == strictjson.Array
	switch {
	case isArray && p.amount == one:
		v.fail("single_expected", member)
	case !isArray && p.amount == list:
		v.fail("array_expected", member)
	}
	switch {
	case !isArray:
		v.typeName(member)
	case p.amount != one:
		for name := range member.Elements() {
			v.typeName(name)
		}
	}
	for _, group := range p.types {
		if !hasType(member, group...) {
			v.fail("type_mismatch", member, "expected", strings.Join(group, " or "))
		}
	}
}

// hasType reports whether one of the names is the type or among the types.
func hasType(types strictjson.Value, names ...string) bool {
	if types.Kind() != strictjson.Array {
		return isOneOf(types, names)
	}
	for t := range types.Elements() {
		if isOneOf(t, names) {
			return true
		}
	}
	return false
}

func isOneOf(value strictjson.Value, texts []string) bool {
	for _, text := range texts {
		if value.Is(text) {
			return true
		}
	}
	return false
}

// typeName validates one type: a term or an absolute URL.
func (v *validator) typeName(value strictjson.Value) {
	words, ok := v.words(value)
	if !ok {
		return
	}
	malformed := len(words) == 0 || len(words) >= 2 && words[0] == '_' && words[1] == ':'
	for _, c := range words {
		malformed = malformed || c == ' ' || c == '\t' || c == '\r' || c == '\n'
	}
	if malformed {
		v.fail("type_malformed", value)
	}
}

// contexts validates @context: the first is that of the version; in a badge
// the second is that of Open Badges.
func (v *validator) contexts(p *property, member strictjson.Value) {
	if member.Kind() != strictjson.Array && p.amount == list {
		v.fail("array_expected", member)
	}
	if member.Kind() != strictjson.Array {
		v.context(0, member)
	}
	i := 0
	for context := range member.Elements() {
		v.context(i, context)
		i++
	}
	v.distinct("context_repeated", member, func(context strictjson.Value) strictjson.Value { return context })
	if i < 2 && v.badge {
		v.fail("context_missing", member)
	}
}

// context validates one of the contexts, the one at position i.
func (v *validator) context(i int, context strictjson.Value) {
	switch {
	case i == 0:
		v.firstContext(context)
	case i == 1 && v.badge:
		v.openBadgesContext(context)
	case context.Kind() == strictjson.Object && context.Len() > 0:
	case !isURI(v.textOf(context)):
		v.fail("context_malformed", context)
	}
}

// few is how many values are compared each with each; that costs less than a map.
const few = 8

// distinct reports what stands a second time among the texts that of returns
// for each value, as far as they are not empty.
func (v *validator) distinct(code string, member strictjson.Value, of func(strictjson.Value) strictjson.Value) {
	if member.Kind() != strictjson.Array || member.Len() < 2 {
		return
	}
	if member.Len() <= few && isDistinct(member, of) {
		return
	}
	seen := make(map[string]bool, member.Len())
	for element := range member.Elements() {
		at := of(element)
		words := at.Text()
		if words != "" && seen[words] {
			v.fail(code, at)
		}
		seen[words] = true
	}
}

// isDistinct reports whether no two values have the same text. Of escaped
// text it cannot tell.
func isDistinct(member strictjson.Value, of func(strictjson.Value) strictjson.Value) bool {
	var seen [few][]byte
	count := 0
	for element := range member.Elements() {
		at := of(element)
		words, plain := at.Plain()
		if !plain && at.Kind() == strictjson.String {
			return false
		}
		for _, other := range seen[:count] {
			if bytes.Equal(other, words) {
				return false
			}
		}
		if len(words) > 0 {
			seen[count] = words
			count++
		}
	}
	return true
}

func (v *validator) firstContext(first strictjson.Value) {
	expected := ContextV2
	if v.version == V1 {
		expected = ContextV1
	}
	if !first.Is(expected) {
		v.fail("context_first", first, "expected", expected)
	}
}

func (v *validator) openBadgesContext(second strictjson.Value) {
	if second.Is(ContextOpenBadges) {
		return
	}
	switch {
	case second.Is(openBadgesAlias):
		v.warn("context_alias", second)
	case !isOpenBadgesContext(v.textOf(second)):
		v.fail("context_missing", second)
	case v.version == V2:
		v.warn("context_superseded", second)
	}
}

// localized validates one name or description of VC Data Model 2.0 §4.4.
func (v *validator) localized(value strictjson.Value) {
	if value.Kind() == strictjson.String {
		v.text(value)
		return
	}
	well := value.Get("@value").Kind() == strictjson.String
	for name, member := range value.Fields() {
		switch {
		case name.Is("@value"):
		case name.Is("@language"):
			well = well && isLanguageTag(v.textOf(member))
		case name.Is("@direction"):
			well = well && (member.Is("ltr") || member.Is("rtl"))
		default:
			well = false
		}
	}
	if !well {
		v.fail("localized_malformed", value)
	}
}
