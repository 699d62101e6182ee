package credential

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"laurel/credential/strictjson"
)

// The patterns of the published schemas, and of BCP 47 as far as JSON-LD wants
// it.
var (
	openBadgesContext = regexp.MustCompile(`^https://purl\.imsglobal\.org/spec/ob/v3p0/context(-3\.[0-9]\.[0-9])*\.json$`)
	extensionTerm     = regexp.MustCompile(`ext:[a-zA-Z0-9|._]`)
	languageCode      = regexp.MustCompile(`^[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)
	languageTag       = regexp.MustCompile(`^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$`)
	compactForm       = regexp.MustCompile(`^[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]*\.[a-zA-Z0-9_-]+$`)
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
		v.fail("null_value")
		return
	}
	v.fail("wrong_type", "expected", expected, "found", kindPhrases[value.Kind()])
}

// single validates one value that is no array of values.
func (v *validator) single(p *property, value strictjson.Value) {
	switch p.shape {
	case text:
		v.text(value)
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
			v.node(p.class, value)
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
	if !v.is(value, strictjson.String) {
		return
	}
	words := value.Text()
	switch {
	case p.shape == date && !isDate(words):
		v.fail("date_malformed")
	case p.shape == language && !languageCode.MatchString(words):
		v.fail("language_malformed")
	case p.shape == compactJWS && !compactForm.MatchString(words):
		v.fail("jws_malformed")
	case p.shape == term && !p.vocabulary.holds(words):
		v.fail("term_unknown", "vocabulary", p.vocabulary.name)
	}
}

// text validates a short text.
func (v *validator) text(value strictjson.Value) {
	if !v.is(value, strictjson.String) {
		return
	}
	words, plain := value.Plain()
	if !plain {
		words = value.AppendText(nil)
	}
	switch {
	case len(words) == 0:
		v.warn("empty_text")
	case bytes.ContainsFunc(words, isControl):
		v.warn("text_controls")
	}
}

// isControl reports whether a character changes what others look like: C0 and
// C1 controls save for white space, and the directional ones (HT-04).
func isControl(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r <= 0x9f ||
		r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// uri validates an absolute URI.
func (v *validator) uri(value strictjson.Value) {
	if !v.is(value, strictjson.String) {
		return
	}
	words := value.Text()
	if !isURI(words) {
		v.fail("uri_malformed")
		return
	}
	scheme, rest, _ := strings.Cut(words, ":")
	switch scheme = strings.ToLower(scheme); {
	case scheme == "javascript" || scheme == "vbscript":
		v.fail("uri_unsafe", "scheme", scheme)
	case scheme == "data" && strings.HasPrefix(strings.ToLower(rest), "text/html"):
		v.warn("uri_unsafe", "scheme", scheme)
	}
}

// isURI reports whether text is an absolute URI or IRI (RFC 3986 §4.3, RFC
// 3987): a scheme, something after it, no character that RFC 3987 excludes,
// whole percent escapes, and a host where the scheme is http or https.
func isURI(text string) bool {
	scheme, rest, ok := strings.Cut(text, ":")
	if !ok || rest == "" || !isScheme(scheme) {
		return false
	}
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c <= 0x20 || c == 0x7f || strings.IndexByte("<>\"{}|\\^`", c) >= 0:
			return false
		case c == '%' && (i+2 >= len(rest) || !isHex(rest[i+1]) || !isHex(rest[i+2])):
			return false
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(rest[i:])
			if isControl(r) || r == 0xa0 || r == 0x2028 || r == 0x2029 {
				return false
			}
			i += size - 1
		}
	}
	if s := strings.ToLower(scheme); s == "http" || s == "https" {
		authority, found := strings.CutPrefix(rest, "//")
		if end := strings.IndexAny(authority, "/?#"); end >= 0 {
			authority = authority[:end]
		}
		host := authority[strings.LastIndexByte(authority, '@')+1:]
		return found && host != "" && host[0] != ':'
	}
	return true
}

func isScheme(text string) bool {
	for i := range len(text) {
		c := text[i] | 0x20
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || strings.IndexByte("0123456789+-.", text[i]) < 0) {
			return false
		}
	}
	return text != ""
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// timestamp validates an xsd:dateTimeStamp. The schemas of Open Badges want
// one that is an RFC 3339 date-time as well; VC Data Model tells verifiers to
// read one without a zone as UTC.
func (v *validator) timestamp(value strictjson.Value) {
	if !v.is(value, strictjson.String) {
		return
	}
	words := value.Text()
	_, zoned, err := ParseDateTimeStamp(words)
	switch {
	case err != nil || v.badge && !isRFC3339(words):
		v.fail("date_time_malformed")
	case !zoned && v.badge:
		v.fail("date_time_zone_missing")
	case !zoned:
		v.warn("date_time_zone_missing")
	}
}

// index validates a statusListIndex, which W3C writes as a string of digits
// and 1EdTech as an integer.
func (v *validator) index(value strictjson.Value) {
	digits := value.Text()
	if value.Kind() == strictjson.Number {
		digits = value.Literal()
	}
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		v.fail("status_index_malformed")
	}
}

// reference validates a URI or a node. A badge should embed its issuer.
func (v *validator) reference(p *property, value strictjson.Value) {
	switch value.Kind() {
	case strictjson.String:
		v.uri(value)
		if v.badge {
			v.warn("issuer_not_embedded")
		}
	case strictjson.Object:
		v.node(p.class, value)
	default:
		v.wrongType(value, "a URI or an object")
	}
}

// types validates the type of a node.
func (v *validator) types(p *property, member strictjson.Value) {
	switch {
	case member.Kind() == strictjson.Array && p.amount == one:
		v.fail("single_expected")
	case member.Kind() == strictjson.Array:
		v.elements(member, v.typeName)
	default:
		if p.amount == list {
			v.fail("array_expected")
		}
		v.typeName(member)
	}
	for _, group := range p.types {
		if !hasType(member, group...) {
			v.fail("type_mismatch", "expected", strings.Join(group, " or "))
		}
	}
}

// hasType reports whether one of the names is the type or among the types.
func hasType(types strictjson.Value, names ...string) bool {
	for t := range types.OneOrMany() {
		if slices.ContainsFunc(names, t.Is) {
			return true
		}
	}
	return false
}

// typeName validates one type: a term or an absolute URL.
func (v *validator) typeName(value strictjson.Value) {
	if !v.is(value, strictjson.String) {
		return
	}
	words := value.Text()
	if words == "" || strings.ContainsAny(words, " \t\r\n") || strings.HasPrefix(words, "_:") {
		v.fail("type_malformed")
	}
}

// contexts validates @context: the first is that of the version; in a badge
// the second is that of Open Badges.
func (v *validator) contexts(p *property, member strictjson.Value) {
	if member.Kind() != strictjson.Array && p.amount == list {
		v.fail("array_expected")
	}
	count := 0
	seen := make(map[string]bool)
	check := func(element strictjson.Value) {
		if url := element.Text(); url != "" && seen[url] {
			v.fail("context_repeated")
		} else {
			seen[url] = true
		}
		switch {
		case count == 0:
			v.firstContext(element)
		case count == 1 && v.badge:
			v.openBadgesContext(element)
		case element.Kind() == strictjson.Object && element.Len() > 0:
		case element.Kind() != strictjson.String || !isURI(element.Text()):
			v.fail("context_malformed")
		}
		count++
	}
	if member.Kind() == strictjson.Array {
		v.elements(member, check)
	} else {
		check(member)
	}
	if count == 1 && v.badge {
		v.fail("context_missing")
	}
}

func (v *validator) firstContext(first strictjson.Value) {
	expected := ContextV2
	if v.version == V1 {
		expected = ContextV1
	}
	if !first.Is(expected) {
		v.fail("context_first", "expected", expected)
	}
}

func (v *validator) openBadgesContext(second strictjson.Value) {
	switch words := second.Text(); {
	case words == openBadgesAlias:
		v.warn("context_alias")
	case !openBadgesContext.MatchString(words):
		v.fail("context_missing")
	case v.version == V2 && words != ContextOpenBadges:
		v.warn("context_superseded")
	}
}

// localized validates the name or description of VC Data Model 2.0 §4.4.
func (v *validator) localized(member strictjson.Value) {
	if member.Kind() == strictjson.Array {
		v.elements(member, v.localizedValue)
		return
	}
	v.localizedValue(member)
}

func (v *validator) localizedValue(value strictjson.Value) {
	if value.Kind() == strictjson.String {
		v.text(value)
		return
	}
	well := value.Kind() == strictjson.Object && value.Get("@value").Kind() == strictjson.String
	for name, member := range value.Members() {
		switch name {
		case "@value":
		case "@language":
			well = well && languageTag.MatchString(member.Text())
		case "@direction":
			well = well && (member.Is("ltr") || member.Is("rtl"))
		default:
			well = false
		}
	}
	if !well {
		v.fail("localized_malformed")
	}
}
