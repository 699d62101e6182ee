package credential

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"
)

// Marshal writes one of this package's structs (or a pointer to one) as JSON:
// members in the order of the struct, empty ones left out, sets always as
// arrays, no HTML escaping. An empty Type becomes the class's own; an empty
// Context becomes ContextV2 and ContextOpenBadges, and ContextExtensions where
// a 1EdTech schema, status or refresh type is used. Text that is not UTF-8 and
// numbers that are not JSON are errors. It does not validate.
func Marshal(v any) ([]byte, error) {
	e := encoder{}
	value := reflect.Indirect(reflect.ValueOf(v))
	if value.Kind() != reflect.Struct {
		return nil, fmt.Errorf("marshalling credential: %T is not a struct of this package", v)
	}
	if err := e.structure(value, ""); err != nil {
		return nil, fmt.Errorf("marshalling credential: %w", err)
	}
	return e.out, nil
}

// MarshalJSON is Marshal, so that encoding/json writes the same members.
func (c AchievementCredential) MarshalJSON() ([]byte, error) { return Marshal(c) }

// MarshalJSON is Marshal, so that encoding/json writes the same members.
func (c EndorsementCredential) MarshalJSON() ([]byte, error) { return Marshal(c) }

// MarshalJSON is Marshal, so that encoding/json writes the same members.
func (a Achievement) MarshalJSON() ([]byte, error) { return Marshal(a) }

// MarshalJSON is Marshal, so that encoding/json writes the same members.
func (p Profile) MarshalJSON() ([]byte, error) { return Marshal(p) }

func (c AchievementCredential) defaultContext() []string {
	return defaultContext(c.CredentialSchema, c.CredentialStatus, c.RefreshService)
}

func (c EndorsementCredential) defaultContext() []string {
	return defaultContext(c.CredentialSchema, c.CredentialStatus, c.RefreshService)
}

// defaultContext lists the contexts that define what a credential uses.
func defaultContext(schemas []CredentialSchema, statuses []CredentialStatus, refresh *RefreshService) []string {
	contexts := []string{ContextV2, ContextOpenBadges}
	extended := refresh != nil && strings.HasPrefix(refresh.Type, "1EdTech")
	for _, schema := range schemas {
		extended = extended || strings.HasPrefix(schema.Type, "1EdTech")
	}
	for _, status := range statuses {
		extended = extended || strings.HasPrefix(status.Type, "1EdTech")
	}
	if extended {
		contexts = append(contexts, ContextExtensions)
	}
	return contexts
}

// member is a struct field as JSON sees it.
type member struct {
	index     int
	name      string
	as        []string // what an empty type member becomes
	single    bool     // one element is written without its array
	always    bool     // written even when zero
	reference bool     // a Profile with only an ID is written as that URI
	literal   bool     // on decoding, a number becomes its literal
}

var memberCache sync.Map // reflect.Type -> []member

// membersOf reads the tags of a struct type: json for the name, as for the
// default of type, form for what is special.
func membersOf(t reflect.Type) []member {
	if cached, ok := memberCache.Load(t); ok {
		return cached.([]member)
	}
	members := make([]member, 0, t.NumField())
	for i := range t.NumField() {
		field := t.Field(i)
		form := field.Tag.Get("form")
		members = append(members, member{
			index:     i,
			name:      field.Tag.Get("json"),
			as:        strings.Fields(field.Tag.Get("as")),
			single:    form == "single",
			always:    form == "always",
			reference: form == "reference",
			literal:   form == "literal",
		})
	}
	memberCache.Store(t, members)
	return members
}

// encoder collects the output. Paths are JSON Pointers for its errors.
type encoder struct{ out []byte }

func (e *encoder) structure(v reflect.Value, path string) error {
	e.out = append(e.out, '{')
	first := true
	for _, m := range membersOf(v.Type()) {
		field := defaulted(v, m)
		if m.omitted(field) {
			continue
		}
		if !first {
			e.out = append(e.out, ',')
		}
		first = false
		e.out = append(e.out, '"')
		e.out = append(e.out, m.name...)
		e.out = append(e.out, '"', ':')
		if err := e.field(field, m, path+"/"+m.name); err != nil {
			return err
		}
	}
	e.out = append(e.out, '}')
	return nil
}

// defaulted returns the field of v, or its default when it is empty.
func defaulted(v reflect.Value, m member) reflect.Value {
	field := v.Field(m.index)
	if len(m.as) > 0 && field.Len() == 0 {
		if field.Kind() == reflect.String {
			return reflect.ValueOf(m.as[0])
		}
		return reflect.ValueOf(m.as)
	}
	if m.name == "@context" && field.Len() == 0 {
		if c, ok := v.Interface().(interface{ defaultContext() []string }); ok {
			return reflect.ValueOf(c.defaultContext())
		}
	}
	return field
}

func (m member) omitted(field reflect.Value) bool {
	switch field.Kind() {
	case reflect.Struct:
		return false
	case reflect.Slice:
		return field.Len() == 0
	default:
		return field.IsZero() && !m.always
	}
}

func (e *encoder) field(v reflect.Value, m member, path string) error {
	switch v.Kind() {
	case reflect.Pointer:
		return e.structure(v.Elem(), path)
	case reflect.Struct:
		if m.reference && isReference(v) {
			return e.text(v.FieldByName("ID").String(), path)
		}
		return e.structure(v, path)
	case reflect.Slice:
		if m.single && v.Len() == 1 {
			return e.field(v.Index(0), member{}, path)
		}
		return e.array(v, path)
	case reflect.Bool:
		e.out = fmt.Appendf(e.out, "%t", v.Bool())
		return nil
	default:
		if v.Type() == reflect.TypeFor[json.Number]() {
			return e.number(v.String(), path)
		}
		return e.text(v.String(), path)
	}
}

func (e *encoder) array(v reflect.Value, path string) error {
	e.out = append(e.out, '[')
	for i := range v.Len() {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		if err := e.field(v.Index(i), member{}, fmt.Sprintf("%s/%d", path, i)); err != nil {
			return err
		}
	}
	e.out = append(e.out, ']')
	return nil
}

// isReference reports whether nothing but the ID of a Profile is set.
func isReference(v reflect.Value) bool {
	p, ok := v.Interface().(Profile)
	if !ok || p.ID == "" {
		return false
	}
	p.ID = ""
	return reflect.ValueOf(p).IsZero()
}

func (e *encoder) number(literal, path string) error {
	if !json.Valid([]byte(literal)) || strings.Trim(literal[:1], "-0123456789") != "" {
		return fmt.Errorf("%s is not a JSON number", path)
	}
	e.out = append(e.out, literal...)
	return nil
}

const hexDigits = "0123456789abcdef"

// text writes a string with no more escapes than RFC 8259 §7 demands.
func (e *encoder) text(text, path string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("%s is not UTF-8", path)
	}
	e.out = append(e.out, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			e.out = append(e.out, '\\', c)
		case c == '\n':
			e.out = append(e.out, '\\', 'n')
		case c == '\t':
			e.out = append(e.out, '\\', 't')
		case c < 0x20:
			e.out = append(e.out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			e.out = append(e.out, c)
		}
	}
	e.out = append(e.out, '"')
	return nil
}
