package jsonschema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	oracle "github.com/santhosh-tekuri/jsonschema/v6"

	"laurel/credential/strictjson"
)

func parse(t testing.TB, text string) strictjson.Value {
	t.Helper()
	document, err := strictjson.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return document.Root()
}

const (
	in2019 = `"$schema":"https://json-schema.org/draft/2019-09/schema#"`
	in7    = `"$schema":"http://json-schema.org/draft-07/schema#"`
)

// documents are held against every schema of TestOracle.
var documents = []string{
	`null`, `true`, `false`, `0`, `1`, `1.0`, `-1`, `2.5`, `7`, `10`, `1e2`, `""`, `"a"`, `"ab"`, `"abc"`, `"über"`, `"2026-01-01"`, `[]`, `[1]`, `[1,2]`,
	`[1,1]`, `[1,1.0]`, `["a",1]`, `["a",1,true]`, `[{"a":1},{"a":1.0}]`, `{}`, `{"a":1}`, `{"a":"x"}`, `{"a":null}`, `{"a":1,"b":2}`, `{"b":2}`, `{"aa":1}`,
	`{"a":{"a":{"a":1}}}`, `{"c":[1,"x"]}`, `{"type":"a","a":1}`, `{"a/b":1}`, `{"x-y":true}`,
}

var schemas = []string{
	`{}`, `{"type":"integer"}`, `{"type":["string","null"]}`, `{"const":1}`, `{"const":{"a":1}}`, `{"enum":[1,"a",null]}`, `{"not":{}}`,
	`{"minimum":1}`, `{"exclusiveMinimum":1,"maximum":7}`, `{"exclusiveMaximum":2.5}`, `{"multipleOf":2.5}`, `{"multipleOf":0.5}`,
	`{"minLength":2}`, `{"maxLength":3,"type":"string"}`, `{"maxLength":4}`, `{"pattern":"^a"}`, `{"pattern":"b"}`, `{"format":"date"}`,
	`{"items":{"type":"integer"}}`, `{"items":false}`, `{"prefixItems":[{"type":"string"}],"items":{"type":"integer"}}`, `{"minItems":1,"maxItems":2}`,
	`{"uniqueItems":true}`, `{"uniqueItems":false}`, `{"contains":{"const":1}}`, `{"contains":{"const":1},"minContains":2}`, `{"contains":{"const":1},"minContains":0,"maxContains":1}`,
	`{"properties":{"a":{"type":"integer"}}}`, `{"properties":{"a":true},"additionalProperties":false}`, `{"additionalProperties":{"type":"integer"}}`,
	`{"patternProperties":{"^a":{"type":"integer"}},"additionalProperties":false}`, `{"propertyNames":{"maxLength":1}}`, `{"required":["a"]}`, `{"minProperties":1,"maxProperties":1}`,
	`{"dependentRequired":{"a":["b"]}}`, `{"dependentSchemas":{"a":{"required":["b"]}}}`,
	`{"allOf":[{"type":"object"},{"required":["a"]}]}`, `{"anyOf":[{"type":"string"},{"minimum":7}]}`, `{"oneOf":[{"type":"integer"},{"minimum":2}]}`,
	`{"if":{"type":"string"},"then":{"minLength":2},"else":{"type":"object"}}`, `{"if":{"required":["a"]},"then":{"required":["b"]}}`, `{"then":false}`,
	`{"$ref":"#/$defs/x","$defs":{"x":{"type":"integer"}}}`, `{"$ref":"#x","$defs":{"x":{"$anchor":"x","type":"string"}}}`, `{"$ref":"#/$defs/a~1b","$defs":{"a/b":{"type":"object"}},"minProperties":1}`,
	`{"type":"object","properties":{"a":{"$ref":"#"}}}`, `{"$id":"https://s.example/a.json","$ref":"https://s.example/a.json#/$defs/x","$defs":{"x":{"type":"array"}}}`,
	`{` + in2019 + `,"items":[{"type":"string"}],"additionalItems":{"type":"integer"}}`, `{` + in2019 + `,"items":[{"type":"string"}],"additionalItems":false}`, `{` + in2019 + `,"items":{"type":"integer"}}`,
	`{` + in7 + `,"$ref":"#/definitions/x","definitions":{"x":{"type":"integer"}},"minimum":7}`, `{` + in7 + `,"dependencies":{"a":["b"]}}`, `{` + in7 + `,"dependencies":{"a":{"required":["b"]}}}`,
	`{"type":"object","required":["type"],"properties":{"type":{"enum":["a"]}}}`,
}

// TestOracle holds every value against every schema, and compares with another
// implementation.
func TestOracle(t *testing.T) {
	for _, text := range schemas {
		schema, err := Compile([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		root, err := oracle.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		compiler := oracle.NewCompiler()
		address := "https://s.example/a.json"
		if err := compiler.AddResource(address, root); err != nil {
			t.Fatal(err)
		}
		other, err := compiler.Compile(address)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for _, value := range documents {
			violation, _, err := schema.Validate(parse(t, value), MaxWork)
			if err != nil {
				t.Errorf("%s: %s: %v", text, value, err)
			}
			decoded, err := oracle.UnmarshalJSON(strings.NewReader(value))
			if err != nil {
				t.Fatal(err)
			}
			if want := other.Validate(decoded); (want == nil) != (violation == nil) {
				t.Errorf("%s: %s: %v, want %v", text, value, violation, want)
			}
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for text, want := range map[string]error{
		`[]`: ErrMalformed, `true`: ErrMalformed, `{`: ErrMalformed, `{"a":1,"a":2}`: ErrMalformed,
		`{"type":"text"}`: ErrMalformed, `{"type":7}`: ErrMalformed, `{"required":"a"}`: ErrMalformed, `{"required":[1]}`: ErrMalformed,
		`{"minLength":-1}`: ErrMalformed, `{"minLength":1.5}`: ErrMalformed, `{"minimum":"1"}`: ErrMalformed, `{"enum":1}`: ErrMalformed,
		`{"properties":[]}`: ErrMalformed, `{"properties":{"a":1}}`: ErrMalformed, `{"allOf":[]}`: ErrMalformed, `{"allOf":{}}`: ErrMalformed,
		`{"not":null}`: ErrMalformed, `{"uniqueItems":1}`: ErrMalformed, `{"$ref":1}`: ErrMalformed, `{"dependentRequired":{"a":[1]}}`: ErrMalformed,
		`{"$schema":"http://json-schema.org/draft-04/schema#"}`:   ErrUnsupported,
		`{"$schema":"https://schema.example/of-our-own"}`:         ErrUnsupported,
		`{"$ref":"https://other.example/schema.json"}`:            ErrUnsupported,
		`{"$ref":"#/$defs/absent"}`:                               ErrUnsupported,
		`{"$ref":"other.json"}`:                                   ErrUnsupported,
		`{"pattern":"(?=a)b"}`:                                    ErrUnsupported,
		`{"pattern":"(a)\\1"}`:                                    ErrUnsupported,
		`{"patternProperties":{"(?!a)":{}}}`:                      ErrUnsupported,
		`{"unevaluatedProperties":false}`:                         ErrUnsupported,
		`{"$dynamicRef":"#x"}`:                                    ErrUnsupported,
		`{"properties":{"a":{"$id":"https://a.example/"}}}`:       ErrUnsupported,
		`{"items":[{}]}`:                                          ErrUnsupported,
		`{"dependencies":{}}`:                                     ErrUnsupported,
		`{` + in2019 + `,"prefixItems":[{}]}`:                     ErrUnsupported,
		`{` + in7 + `,"minContains":1}`:                           ErrUnsupported,
		`{"pattern":"` + strings.Repeat("a", maxPattern+1) + `"}`: ErrUnsupported,
	} {
		if _, err := Compile([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
}

// TestBudget holds documents to schemas that would take for ever.
func TestBudget(t *testing.T) {
	doubling := func(keyword string) string {
		var b strings.Builder
		b.WriteString(`{"$ref":"#/$defs/0","$defs":{`)
		for i := range 40 {
			fmt.Fprintf(&b, `"%d":{"%s":[{"$ref":"#/$defs/%d"},{"$ref":"#/$defs/%d"}]},`, i, keyword, i+1, i+1)
		}
		b.WriteString(`"40":{"type":"object"}}}`)
		return b.String()
	}
	many := make([]int, 3000)
	list, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]int)
	for i := range 5000 {
		names[fmt.Sprint("n", i)] = i
	}
	object, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ schema, value string }{
		"a reference to itself": {`{"$ref":"#"}`, `1`},
		"all of doubles":        {doubling("allOf"), `{}`},
		"any of doubles":        {doubling("anyOf"), `{}`},
		"one of doubles":        {doubling("oneOf"), `{}`},
		"a slow expression":     {`{"items":{"pattern":"` + strings.Repeat("(a?){1,30}", 30) + `$"}}`, `["` + strings.Repeat(strings.Repeat("a", 900)+`","`, 200) + `"]`},
		"a large list":          {`{"items":{"enum":` + string(list[:len(list)-1]) + `,1]}}`, string(list)},
		"long numbers":          {`{"items":{"multipleOf":1e-999999}}`, `[` + strings.Repeat(`1e-999999,`, 2000) + `1]`},
		"many members":          {`{"properties":` + strings.ReplaceAll(string(object), ":", `:{"const":`)[:len(object)-1] + `}`, `1`},
	} {
		schema, err := Compile([]byte(test.schema))
		if err != nil {
			continue // refused at once
		}
		begin := time.Now()
		_, _, err = schema.Validate(parse(t, test.value), MaxWork)
		if spent := time.Since(begin); spent > 2*time.Second {
			t.Errorf("%s took %s", name, spent)
		}
		if !errors.Is(err, ErrBudget) && name != "a large list" && name != "many members" && name != "long numbers" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestViolation(t *testing.T) {
	schema, err := Compile([]byte(`{"type":"object","properties":{"a/b":{"items":{"type":"string"}}},"required":["a/b"]}`))
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{`{"a/b":["x",1]}`: "/a~1b/1 type", `{}`: " required", `[]`: " type"} {
		violation, _, err := schema.Validate(parse(t, value), MaxWork)
		if err != nil || violation == nil || violation.Path+" "+violation.Keyword != want {
			t.Errorf("%s: %v, want %s", value, violation, want)
		}
	}
}

// FuzzValidate: nothing panics, and nothing takes long.
func FuzzValidate(f *testing.F) {
	for i, schema := range schemas {
		f.Add([]byte(schema), []byte(documents[i%len(documents)]))
	}
	f.Fuzz(func(t *testing.T, text, value []byte) {
		if len(text)+len(value) > 8<<10 {
			return
		}
		schema, err := Compile(bytes.Clone(text))
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnsupported) {
				t.Errorf("an error of no kind: %v", err)
			}
			return
		}
		document, err := strictjson.Parse(value)
		if err != nil {
			return
		}
		if _, _, err := schema.Validate(document.Root(), MaxWork); err != nil && !errors.Is(err, ErrBudget) {
			t.Errorf("an error of no kind: %v", err)
		}
	})
}
