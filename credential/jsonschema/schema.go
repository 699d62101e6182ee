// Package jsonschema holds a document to a JSON Schema that a stranger wrote:
// drafts 7, 2019-09 and 2020-12, as far as a schema stands by itself.
//
// It is made for schemas that cannot be trusted. Nothing is ever fetched, what is
// spent on a validation is bounded whatever the schema says, regular expressions
// run in linear time, and a keyword that is not known to be an annotation, or
// could mean something else to another reader, makes the schema one that is not
// decided upon instead of one that is passed.
//
// Formats are annotations, as the later drafts have them.
package jsonschema

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"laurel/credential/strictjson"
)

var (
	// ErrUnsupported says that a schema is of a draft, or has a keyword, that is
	// not decided upon here: one that refers to another document, or a regular
	// expression that cannot run in linear time.
	ErrUnsupported = errors.New("schema is not supported")
	// ErrMalformed says that a text is no JSON Schema.
	ErrMalformed = errors.New("schema is malformed")
	// ErrBudget says that a validation is more work than is spent on one.
	ErrBudget = errors.New("schema asks for too much work")
)

const (
	// MaxSize bounds a schema in bytes.
	MaxSize     = 256 << 10
	maxPattern  = 1 << 10 // bytes of one regular expression
	maxPatterns = 256
	maxProgram  = 1 << 10 // instructions of one
	maxSchemas  = 20_000
)

// drafts are the values of $schema, without the # that may follow.
var drafts = map[string]draft{
	"http://json-schema.org/draft-07/schema":       draft7,
	"https://json-schema.org/draft/2019-09/schema": draft2019,
	"https://json-schema.org/draft/2020-12/schema": draft2020,
}

type draft uint8

const (
	draft7 draft = iota + 1
	draft2019
	draft2020
)

// Schema is a schema that can be decided upon. It is safe for concurrent use.
type Schema struct {
	root     strictjson.Value
	draft    draft
	base     string // the address of the schema itself, without a fragment
	anchors  map[string]strictjson.Value
	places   map[string]strictjson.Value // schemas, by their pointers
	patterns map[string]expression
}

// Compile reads a schema. A schema without $schema is taken for one of 2020-12.
// Errors match ErrMalformed or ErrUnsupported. data must not be changed while the
// Schema is in use.
func Compile(data []byte) (*Schema, error) {
	document, err := strictjson.ParseLimits(data, strictjson.Limits{Size: MaxSize})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	s := &Schema{
		root: document.Root(), draft: draft2020, anchors: make(map[string]strictjson.Value), places: make(map[string]strictjson.Value),
		patterns: make(map[string]expression),
	}
	if s.root.Kind() != strictjson.Object {
		return nil, fmt.Errorf("%w: it is not an object", ErrMalformed)
	}
	if named, ok := s.root.Member("$schema"); ok {
		known := false
		if s.draft, known = drafts[strings.TrimSuffix(named.Text(), "#")]; !known {
			return nil, fmt.Errorf("%w: $schema", ErrUnsupported)
		}
	}
	s.base, _, _ = strings.Cut(s.root.Get("$id").Text(), "#")
	if err := s.read("", s.root); err != nil {
		return nil, err
	}
	return s, s.references()
}

// kind is what a keyword holds.
type kind uint8

const (
	annotation kind = iota
	subschema
	subschemas   // an array of them
	oneOrMany    // items up to 2019-09
	members      // an object of them
	dependencies // an object of them, or of arrays of names
	number       // any
	count        // not negative and whole
	flag         // true or false
	names        // an array of texts
	nameLists    // an object of them
	types        // a name of a type, or several
	pattern      // a regular expression
	values       // an array of anything
	anything     // a value that counts
	reference    // to another schema
	anchor       // a name
	identifier   // $id
	untranslated // known, and not supported
	patternsOf   // members whose names are regular expressions
)

var keywords = map[string]kind{
	"$schema": annotation, "$comment": annotation, "title": annotation, "description": annotation, "default": annotation,
	"examples": annotation, "deprecated": annotation, "readOnly": annotation, "writeOnly": annotation, "format": annotation,
	"contentEncoding": annotation, "contentMediaType": annotation, "contentSchema": annotation, "$vocabulary": annotation,

	"$id": identifier, "$ref": reference, "$anchor": anchor, "$defs": members, "definitions": members,
	"$dynamicRef": untranslated, "$recursiveRef": untranslated, "$dynamicAnchor": untranslated, "$recursiveAnchor": untranslated,
	"unevaluatedProperties": untranslated, "unevaluatedItems": untranslated, "id": untranslated,

	"allOf": subschemas, "anyOf": subschemas, "oneOf": subschemas, "not": subschema, "if": subschema, "then": subschema, "else": subschema,
	"type": types, "enum": values, "const": anything,
	"multipleOf": number, "minimum": number, "maximum": number, "exclusiveMinimum": number, "exclusiveMaximum": number,
	"minLength": count, "maxLength": count, "pattern": pattern,
	"items": oneOrMany, "prefixItems": subschemas, "additionalItems": subschema, "contains": subschema, "minContains": count,
	"maxContains": count, "minItems": count, "maxItems": count, "uniqueItems": flag,
	"properties": members, "patternProperties": patternsOf, "additionalProperties": subschema, "propertyNames": subschema,
	"minProperties": count, "maxProperties": count, "required": names, "dependentRequired": nameLists, "dependentSchemas": members,
	"dependencies": dependencies,
}

// later are keywords that a draft does not have: a reader of it would pass them
// over, and another would not.
var later = map[string]draft{
	"$anchor": draft2019, "minContains": draft2019, "maxContains": draft2019, "dependentRequired": draft2019, "dependentSchemas": draft2019,
	"prefixItems": draft2020,
}

// earlier are keywords that later drafts do not have any more.
var earlier = map[string]draft{"dependencies": draft7, "additionalItems": draft2019}

// read checks a schema and everything in it.
func (s *Schema) read(path string, v strictjson.Value) error {
	if len(s.places) == maxSchemas {
		return fmt.Errorf("%w: too many schemas in it", ErrUnsupported)
	}
	s.places[path] = v
	switch v.Kind() {
	case strictjson.Bool:
		return nil
	case strictjson.Object:
	default:
		return malformed(v)
	}
	isReference := s.draft == draft7 && v.Get("$ref").Exists() // what stands beside it does not count
	for name, value := range v.Members() {
		if isReference && name != "$ref" && name != "definitions" {
			continue
		}
		if err := s.keyword(path, name, value); err != nil {
			return err
		}
	}
	return nil
}

func malformed(v strictjson.Value) error { return fmt.Errorf("%w: %s", ErrMalformed, v.Pointer()) }

func unsupported(v strictjson.Value) error {
	return fmt.Errorf("%w: %s", ErrUnsupported, v.Pointer())
}

// keyword checks one member of a schema. A name that is no keyword of any draft
// is an annotation.
func (s *Schema) keyword(parent, name string, v strictjson.Value) error {
	if s.draft < later[name] || s.draft > earlier[name] && earlier[name] != 0 {
		return unsupported(v)
	}
	path := parent + "/" + strictjson.EscapePointer(name)
	switch keywords[name] {
	case subschema:
		return s.read(path, v)
	case subschemas:
		return s.readAll(path, v)
	case oneOrMany:
		switch {
		case v.Kind() != strictjson.Array:
			return s.read(path, v)
		case s.draft == draft2020:
			return unsupported(v)
		}
		return s.readAll(path, v)
	case members, patternsOf, dependencies, nameLists:
		return s.readMembers(keywords[name], path, v)
	case pattern:
		if v.Kind() != strictjson.String {
			return malformed(v)
		}
		return s.compile(v, v.Text())
	case untranslated:
		return unsupported(v)
	case identifier:
		if v.Kind() != strictjson.String {
			return malformed(v)
		}
		if path != "/$id" {
			return unsupported(v) // references in it would be to somewhere else
		}
	case anchor:
		if _, twice := s.anchors[v.Text()]; twice || v.Kind() != strictjson.String {
			return malformed(v)
		}
		s.anchors[v.Text()] = s.places[parent]
	default:
		return checkValue(keywords[name], v)
	}
	return nil
}

// checkValue checks a keyword that holds no schema.
func checkValue(k kind, v strictjson.Value) error {
	good := true
	switch k {
	case number:
		good = v.Kind() == strictjson.Number
	case count:
		n, whole := v.Int()
		good = v.Kind() == strictjson.Number && whole && n >= 0
	case flag:
		good = v.Kind() == strictjson.Bool
	case reference:
		good = v.Kind() == strictjson.String
	case values:
		good = v.Kind() == strictjson.Array
	case names:
		good = areNames(v)
	case types:
		for name := range v.OneOrMany() {
			good = good && slices.Contains(typeNames, name.Text())
		}
	}
	if !good {
		return malformed(v)
	}
	return nil
}

var typeNames = []string{"null", "boolean", "object", "array", "number", "integer", "string"}

func areNames(v strictjson.Value) bool {
	good := v.Kind() == strictjson.Array
	for name := range v.Elements() {
		good = good && name.Kind() == strictjson.String
	}
	return good
}

func (s *Schema) readAll(path string, v strictjson.Value) error {
	if v.Kind() != strictjson.Array || v.Len() == 0 {
		return malformed(v)
	}
	i := 0
	for element := range v.Elements() {
		if err := s.read(path+"/"+strconv.Itoa(i), element); err != nil {
			return err
		}
		i++
	}
	return nil
}

// readMembers checks an object whose members are schemas, or lists of names.
func (s *Schema) readMembers(k kind, path string, v strictjson.Value) error {
	if v.Kind() != strictjson.Object {
		return malformed(v)
	}
	for name, member := range v.Members() {
		var err error
		switch {
		case k == nameLists || k == dependencies && member.Kind() == strictjson.Array:
			if !areNames(member) {
				err = malformed(member)
			}
		default:
			if k == patternsOf {
				err = s.compile(member, name)
			}
			if err == nil {
				err = s.read(path+"/"+strictjson.EscapePointer(name), member)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// compile reads a regular expression. Those of ECMA-262 that RE2 does not have
// are not supported, and those that it reads in another way are the same for what
// schemas are about.
func (s *Schema) compile(at strictjson.Value, text string) error {
	if _, known := s.patterns[text]; known {
		return nil
	}
	if len(text) > maxPattern || len(s.patterns) == maxPatterns {
		return unsupported(at)
	}
	size, err := programOf(text)
	if err != nil || size > maxProgram {
		return unsupported(at)
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		return unsupported(at)
	}
	s.patterns[text] = expression{compiled, size}
	return nil
}

// expression is a regular expression and the number of its instructions, which is
// what matching one character takes.
type expression struct {
	*regexp.Regexp
	size int
}

// programOf counts the instructions of a regular expression before it is
// compiled for use: a short one may have many.
func programOf(text string) (int, error) {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return 0, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 0, err
	}
	return len(program.Inst), nil
}

// references makes sure that every reference is to a schema in this document.
func (s *Schema) references() error {
	for _, v := range s.places {
		if v.Kind() != strictjson.Object {
			continue
		}
		if ref, ok := v.Member("$ref"); ok {
			if _, found := s.resolve(ref.Text()); !found {
				return unsupported(ref)
			}
		}
	}
	return nil
}

// resolve finds the schema that a reference is to.
func (s *Schema) resolve(ref string) (strictjson.Value, bool) {
	base, fragment, _ := strings.Cut(ref, "#")
	if base != "" && base != s.base {
		return strictjson.Value{}, false
	}
	if named, ok := s.anchors[fragment]; ok {
		return named, true
	}
	if strings.Contains(fragment, "%") {
		return strictjson.Value{}, false
	}
	found, ok := s.places[fragment]
	return found, ok
}
