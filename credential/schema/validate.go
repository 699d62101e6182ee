package schema

import (
	"cmp"
	"errors"
	"math/bits"
	"slices"

	"laurel/credential/strictjson"
)

// MaxViolations bounds what Validate reports.
const MaxViolations = 100

// Validate checks a credential against the data model of its version, both as
// Identify told them: a badge or an endorsement by Open Badges 3.0, anything
// else by VC Data Model alone. Endorsements inside are checked too, at any
// depth. The violations are in document order and at most MaxViolations; when
// there are more, errors go before warnings. It needs neither a clock nor the
// network, and takes time linear in the size of the document.
func Validate(credential strictjson.Value, version Version, kind Kind) []Violation {
	var v validator
	v.credential(credential, version, kind)
	return v.violations()
}

// ValidatePresentation checks a presentation of a version and every credential
// in it, like Validate.
func ValidatePresentation(presentation strictjson.Value, version Version) []Violation {
	v := validator{version: version}
	if hasType(presentation.Get("type"), "EnvelopedVerifiablePresentation") {
		v.node(envelopedPresentations[version], presentation)
		return v.violations()
	}
	v.node(presentations[version], presentation)
	v.presented(presentation.Get("verifiableCredential"))
	return v.violations()
}

// rule checks what the table cannot say about one node.
type rule func(v *validator, node strictjson.Value)

// finding is a violation whose place is not written down yet: a value, or the
// member of this name that it should have or should not have.
type finding struct {
	Violation
	at     strictjson.Value
	member string
}

// validator walks a document. It is used once.
type validator struct {
	version  Version
	badge    bool // by the stricter rules of Open Badges
	errors   []finding
	warnings []finding
	decoded  []byte // the text of the last string that holds an escape
}

// credential validates a whole credential as what it is.
func (v *validator) credential(credential strictjson.Value, version Version, kind Kind) {
	outerVersion, outerBadge := v.version, v.badge
	v.version = version
	v.badge = kind == KindAchievement || kind == KindEndorsement
	if kind == KindOther {
		v.warnMember("not_a_badge", credential, "type")
	}
	v.node(credentials[version][kind], credential)
	v.version, v.badge = outerVersion, outerBadge
}

// presented validates the values of verifiableCredential. Version 1.1 allows
// JWTs there.
func (v *validator) presented(credentials strictjson.Value) {
	for element := range credentials.OneOrMany() {
		switch {
		case element.Kind() == strictjson.String && v.version == V1:
		case element.Kind() != strictjson.Object:
			v.fail("not_embedded", element)
		default:
			version, kind, err := Identify(element)
			if err != nil {
				v.fail("credential_malformed", element, "reason", reasonOf(err))
				continue
			}
			v.credential(element, version, kind)
		}
	}
}

// node validates an object as one of a class.
func (v *validator) node(c *class, object strictjson.Value) {
	var present uint64
	for key, member := range object.Fields() {
		i := c.find(key)
		switch {
		case i >= 0:
			present |= 1 << i
			v.property(&c.properties[i], member)
		case c.closed:
			v.fail("unknown_property", member, "class", c.name, "property", key.Text())
		default:
			v.extension(key, member)
		}
	}
	for missing := c.required &^ present; missing != 0; missing &= missing - 1 {
		name := c.properties[bits.TrailingZeros64(missing)].name
		v.failMember("property_missing", object, name, "property", name)
	}
	for _, check := range c.rules {
		check(v, object)
	}
}

// find returns the position of the property that a member is, or -1.
func (c *class) find(key strictjson.Value) int {
	if name, plain := key.Plain(); plain {
		return c.names.find(name)
	}
	return c.names.find([]byte(key.Text()))
}

// property validates the value or values of one property.
func (v *validator) property(p *property, member strictjson.Value) {
	kind := member.Kind()
	switch {
	case kind == strictjson.Null:
		v.fail("null_value", member)
	case kind == strictjson.Array && member.Len() == 0:
		v.fail("empty_array", member)
	case p.shape == contextList:
		v.contexts(p, member)
	case p.shape == typeSet:
		v.types(p, member)
	case p.shape == localized:
		for value := range member.OneOrMany() {
			v.localized(value)
		}
	case kind != strictjson.Array:
		if p.amount == list {
			v.fail("array_expected", member)
		}
		v.single(p, member)
	case p.amount == one:
		v.fail("single_expected", member)
	default:
		if p.amount == oneInOB && v.badge {
			v.warn("single_recommended", member)
		}
		for element := range member.Elements() {
			v.single(p, element)
		}
	}
}

// extension looks into what the table does not know: only that ids are URIs,
// types are types and, in a badge, that nothing is null or an empty array.
// Contexts are left alone.
func (v *validator) extension(key, member strictjson.Value) {
	switch {
	case key.Is("@context"):
	case key.Is("id"):
		v.uri(member)
	case key.Is("type"):
		v.types(&unknownTypes, member)
	case member.Kind() == strictjson.Null && v.badge:
		v.fail("null_value", member)
	case member.Kind() == strictjson.Array && member.Len() == 0 && v.badge:
		v.fail("empty_array", member)
	default:
		v.extended(member)
	}
}

func (v *validator) extended(value strictjson.Value) {
	for key, member := range value.Fields() {
		v.extension(key, member)
	}
	for element := range value.Elements() {
		if element.Kind() == strictjson.Null && v.badge {
			v.fail("null_value", element)
		}
		v.extended(element)
	}
}

// words returns the text of a string and says so when it is none. It is valid
// until the next call.
func (v *validator) words(value strictjson.Value) ([]byte, bool) {
	if !v.is(value, strictjson.String) {
		return nil, false
	}
	return v.textOf(value), true
}

// textOf is words for a value that need not be a string; then it is empty.
func (v *validator) textOf(value strictjson.Value) []byte {
	if text, plain := value.Plain(); plain {
		return text
	}
	v.decoded = value.AppendText(v.decoded[:0])
	return v.decoded
}

// fail reports an error at a value; params are names and values.
func (v *validator) fail(code string, at strictjson.Value, params ...string) {
	v.errors = report(v.errors, finding{Violation{Code: code, Severity: SeverityError}, at, ""}, params)
}

// failMember reports an error at a member that a node should have, or should
// not have as it is.
func (v *validator) failMember(code string, node strictjson.Value, name string, params ...string) {
	v.errors = report(v.errors, finding{Violation{Code: code, Severity: SeverityError}, node, name}, params)
}

// warn is fail for a warning.
func (v *validator) warn(code string, at strictjson.Value, params ...string) {
	v.warnings = report(v.warnings, finding{Violation{Code: code, Severity: SeverityWarning}, at, ""}, params)
}

// warnMember is failMember for a warning.
func (v *validator) warnMember(code string, node strictjson.Value, name string) {
	v.warnings = report(v.warnings, finding{Violation{Code: code, Severity: SeverityWarning}, node, name}, nil)
}

func report(findings []finding, f finding, params []string) []finding {
	if len(findings) >= MaxViolations {
		return findings
	}
	for i := 0; i+1 < len(params); i += 2 {
		if f.Params == nil {
			f.Params = make(map[string]string)
		}
		f.Params[params[i]] = params[i+1]
	}
	return append(findings, f)
}

// violations returns what was found: errors first when not all of it fits,
// then in document order. Only here are places written as JSON Pointers.
func (v *validator) violations() []Violation {
	if len(v.errors)+len(v.warnings) == 0 {
		return nil
	}
	found := append(v.errors, v.warnings...)
	found = found[:min(len(found), MaxViolations)]
	slices.SortStableFunc(found, func(a, b finding) int { return cmp.Compare(a.at.Start(), b.at.Start()) })
	violations := make([]Violation, len(found))
	for i, f := range found {
		f.Path = f.at.Pointer()
		if f.member != "" {
			f.Path += "/" + f.member
		}
		violations[i] = f.Violation
	}
	return violations
}

// reasonOf names the code of an error of Identify.
func reasonOf(err error) string {
	if e := (*ParseError)(nil); errors.As(err, &e) {
		return e.Code
	}
	return "unreadable"
}
