package credential

import (
	"slices"
	"strconv"

	"laurel/credential/strictjson"
)

// MaxViolations bounds what Validate reports.
const MaxViolations = 100

// Validate checks the credential against the data model of its version: a
// badge or an endorsement by Open Badges 3.0, anything else by VC Data Model
// alone. Endorsements inside are checked too, at any depth. The violations are
// in document order and at most MaxViolations; when there are more, errors go
// before warnings. None of it needs a clock or the network: whether the
// credential is current, and whether contexts define its terms, is decided
// elsewhere. It takes time linear in the size of the document.
func (c *Credential) Validate() []Violation {
	v := &validator{base: c.value.Pointer()}
	v.credential(c)
	return v.violations()
}

// Validate checks the presentation and every credential in it, like
// Credential.Validate.
func (p *Presentation) Validate() []Violation {
	v := &validator{base: p.value.Pointer(), version: p.Version}
	if hasType(p.value.Get("type"), "EnvelopedVerifiablePresentation") {
		v.node("EnvelopedVerifiablePresentation", p.value)
		return v.violations()
	}
	v.node("VerifiablePresentation", p.value)
	v.presented(p.value.Get("verifiableCredential"))
	return v.violations()
}

// rule checks what the table cannot say about one node.
type rule func(v *validator, node strictjson.Value)

// step is one reference token of the path that is being walked: the name of a
// member as it stands in the document, a name of ours, or an index.
type step struct {
	key   strictjson.Value
	name  string
	index int
}

// finding is a violation and where in the document it is, for sorting.
type finding struct {
	Violation
	offset int
}

// validator walks a document. It is used once.
type validator struct {
	version  Version
	badge    bool   // by the stricter rules of Open Badges
	base     string // pointer of the root within its document
	path     []step
	at       int // offset of the node being walked
	errors   []finding
	warnings []finding
}

// credential validates a whole credential as what it is.
func (v *validator) credential(c *Credential) {
	version, badge := v.version, v.badge
	v.version = c.Version
	v.badge = c.Kind == KindAchievement || c.Kind == KindEndorsement
	switch c.Kind {
	case KindAchievement:
		v.node("AchievementCredential", c.value)
	case KindEndorsement:
		v.node("EndorsementCredential", c.value)
	case KindEnveloped:
		v.node("EnvelopedVerifiableCredential", c.value)
	default:
		if c.Kind == KindOther {
			v.member("type", func() { v.warn("not_a_badge") })
		}
		v.node("VerifiableCredential", c.value)
	}
	v.version, v.badge = version, badge
}

// presented validates the values of verifiableCredential. Version 1.1 allows
// JWTs there.
func (v *validator) presented(credentials strictjson.Value) {
	v.each("verifiableCredential", credentials, func(element strictjson.Value) {
		switch {
		case element.Kind() == strictjson.String && v.version == V1:
		case element.Kind() != strictjson.Object:
			v.fail("not_embedded")
		default:
			c, err := FromValue(element)
			if err != nil {
				v.fail("credential_malformed", "reason", reasonOf(err))
				return
			}
			v.credential(c)
		}
	})
}

// classOf finds a class in the version of the document.
func (v *validator) classOf(name string) *class {
	if v.version == V1 {
		if c, ok := classes[name+" 1.1"]; ok {
			return c
		}
	}
	return classes[name]
}

// node validates an object as one of a class.
func (v *validator) node(name string, object strictjson.Value) {
	c := v.classOf(name)
	outer := v.at
	v.at = object.Start()
	var present uint64
	for key, member := range object.Fields() {
		i, known := c.find(key)
		v.path = append(v.path, step{key: key})
		switch {
		case known:
			present |= 1 << i
			v.property(&c.properties[i], member)
		case c.closed:
			v.fail("unknown_property", "class", name, "property", key.Text())
		default:
			v.extension(key, member)
		}
		v.path = v.path[:len(v.path)-1]
	}
	for i := range c.properties {
		if p := &c.properties[i]; p.required && present&(1<<i) == 0 {
			v.member(p.name, func() { v.fail("property_missing", "property", p.name) })
		}
	}
	for _, check := range c.rules {
		check(v, object)
	}
	v.at = outer
}

// find looks a member name up in the table of the class.
func (c *class) find(key strictjson.Value) (int, bool) {
	name, plain := key.Plain()
	if !plain {
		name = []byte(key.Text())
	}
	i, ok := c.index[string(name)]
	return i, ok
}

// property validates the value or values of one property.
func (v *validator) property(p *property, member strictjson.Value) {
	switch {
	case member.Kind() == strictjson.Null:
		v.fail("null_value")
	case member.Kind() == strictjson.Array && member.Len() == 0:
		v.fail("empty_array")
	case p.shape == contextList:
		v.contexts(p, member)
	case p.shape == typeSet:
		v.types(p, member)
	case p.shape == localized:
		v.localized(member)
	case member.Kind() != strictjson.Array:
		if p.amount == list {
			v.fail("array_expected")
		}
		v.single(p, member)
	case p.amount == one:
		v.fail("single_expected")
	default:
		if p.amount == oneInOB && v.badge {
			v.warn("single_recommended")
		}
		v.elements(member, func(element strictjson.Value) { v.single(p, element) })
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
		v.types(&property{shape: typeSet, amount: oneOrMany}, member)
	case member.Kind() == strictjson.Null && v.badge:
		v.fail("null_value")
	case member.Kind() == strictjson.Array && member.Len() == 0 && v.badge:
		v.fail("empty_array")
	default:
		v.extended(member)
	}
}

func (v *validator) extended(value strictjson.Value) {
	for key, member := range value.Fields() {
		v.path = append(v.path, step{key: key})
		v.extension(key, member)
		v.path = v.path[:len(v.path)-1]
	}
	if value.Kind() == strictjson.Array {
		v.elements(value, func(element strictjson.Value) {
			if element.Kind() == strictjson.Null && v.badge {
				v.fail("null_value")
			}
			v.extended(element)
		})
	}
}

// member runs check with the path one member deeper.
func (v *validator) member(name string, check func()) {
	v.path = append(v.path, step{name: name})
	check()
	v.path = v.path[:len(v.path)-1]
}

// elements runs check for every element of an array, its index on the path.
func (v *validator) elements(array strictjson.Value, check func(strictjson.Value)) {
	i := 0
	for element := range array.Elements() {
		v.path = append(v.path, step{index: i})
		check(element)
		v.path = v.path[:len(v.path)-1]
		i++
	}
}

// each runs check for the value, or all values, of a member.
func (v *validator) each(name string, value strictjson.Value, check func(strictjson.Value)) {
	v.member(name, func() {
		if value.Kind() == strictjson.Array {
			v.elements(value, check)
		} else if value.Exists() {
			check(value)
		}
	})
}

// fail reports an error at the current path; params are names and values.
func (v *validator) fail(code string, params ...string) {
	v.errors = v.report(v.errors, SeverityError, code, params)
}

// warn is fail for a warning.
func (v *validator) warn(code string, params ...string) {
	v.warnings = v.report(v.warnings, SeverityWarning, code, params)
}

func (v *validator) report(findings []finding, severity Severity, code string, params []string) []finding {
	if len(findings) >= MaxViolations {
		return findings
	}
	violation := Violation{Path: v.pointer(), Code: code, Severity: severity}
	for i := 0; i+1 < len(params); i += 2 {
		if violation.Params == nil {
			violation.Params = make(map[string]string)
		}
		violation.Params[params[i]] = params[i+1]
	}
	offset := v.at
	for _, s := range slices.Backward(v.path) {
		if s.key.Exists() {
			offset = max(offset, s.key.Start())
			break
		}
	}
	return append(findings, finding{violation, offset})
}

// pointer writes the current path as a JSON Pointer.
func (v *validator) pointer() string {
	pointer := []byte(v.base)
	for _, s := range v.path {
		pointer = append(pointer, '/')
		switch {
		case s.key.Exists():
			pointer = append(pointer, strictjson.EscapePointer(s.key.Text())...)
		case s.name != "":
			pointer = append(pointer, s.name...)
		default:
			pointer = strconv.AppendInt(pointer, int64(s.index), 10)
		}
	}
	return string(pointer)
}

// violations returns what was found: errors first when not all of it fits,
// then in document order.
func (v *validator) violations() []Violation {
	found := append(v.errors, v.warnings...)
	found = found[:min(len(found), MaxViolations)]
	slices.SortStableFunc(found, func(a, b finding) int { return a.offset - b.offset })
	violations := make([]Violation, len(found))
	for i, f := range found {
		violations[i] = f.Violation
	}
	return violations
}

func init() {
	for name, c := range classes {
		if len(c.properties) > 64 {
			panic("credential: class " + name + " has more properties than a word has bits")
		}
		c.index = make(map[string]int, len(c.properties))
		for i, p := range c.properties {
			c.index[p.name] = i
		}
	}
}
