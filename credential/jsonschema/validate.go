package jsonschema

import (
	"math"
	"math/big"
	"slices"
	"unicode/utf8"

	"laurel/credential/jcs"
	"laurel/credential/strictjson"
)

// MaxWork is more than any honest schema needs of the work of Validate.
const MaxWork = 100_000

// maxDepth bounds schemas within schemas that are about the same value.
const maxDepth = 200

// Violation says where a document is not as the schema has it.
type Violation struct {
	// Path is the JSON Pointer of what is at fault in the document.
	Path string
	// Keyword is the word of the schema that it is against.
	Keyword string
}

// Validate holds a document to the schema. It returns the first violation, or nil
// for none, and the work that it took: schemas that were held against values, and
// what took as long, about a microsecond each. The error is ErrBudget, when more
// than budget was needed.
func (s *Schema) Validate(document strictjson.Value, budget int) (violation *Violation, work int, err error) {
	v := &validation{schema: s, budget: budget}
	failed := v.check(s.root, document, 0)
	switch {
	case v.work > budget || v.tooDeep:
		return nil, v.work, ErrBudget
	case failed == nil:
		return nil, v.work, nil
	}
	return &Violation{Path: failed.at.Pointer(), Keyword: failed.keyword}, v.work, nil
}

// validation is the work of one Validate. When it is exhausted, every answer is
// without meaning.
type validation struct {
	schema  *Schema
	budget  int
	work    int
	tooDeep bool
}

// spend takes work and reports whether any was left.
func (v *validation) spend(work int) bool {
	v.work += work
	return v.work <= v.budget
}

// failure is a Violation whose path is not written yet: most are never told.
type failure struct {
	at      strictjson.Value
	keyword string
}

func against(at strictjson.Value, keyword string) *failure { return &failure{at, keyword} }

// check holds a value to a schema.
func (v *validation) check(schema, value strictjson.Value, depth int) *failure {
	if depth > maxDepth {
		v.tooDeep = true
	}
	if !v.spend(1+schema.Len()/4) || v.tooDeep {
		return against(value, "")
	}
	if schema.Kind() == strictjson.Bool {
		if schema.Bool() {
			return nil
		}
		return against(value, "false")
	}
	if ref, ok := schema.Member("$ref"); ok {
		target, _ := v.schema.resolve(ref.Text()) // Compile has found it
		if failed := v.check(target, value, depth+1); failed != nil || v.schema.draft == draft7 {
			return failed
		}
	}
	for _, group := range []func(schema, value strictjson.Value, depth int) *failure{v.plain, v.combined, v.text, v.number, v.array, v.object} {
		if failed := group(schema, value, depth); failed != nil {
			return failed
		}
	}
	return nil
}

// plain is type, enum and const.
func (v *validation) plain(schema, value strictjson.Value, _ int) *failure {
	if types, ok := schema.Member("type"); ok {
		is := false
		for name := range types.OneOrMany() {
			is = is || isOf(value, name.Text())
		}
		if !is {
			return against(value, "type")
		}
	}
	if constant, ok := schema.Member("const"); ok && !v.equal(constant, value) {
		return against(value, "const")
	}
	if values, ok := schema.Member("enum"); ok {
		is := false
		for one := range values.Elements() {
			is = is || v.equal(one, value)
		}
		if !is {
			return against(value, "enum")
		}
	}
	return nil
}

func isOf(value strictjson.Value, name string) bool {
	switch value.Kind() {
	case strictjson.Null:
		return name == "null"
	case strictjson.Bool:
		return name == "boolean"
	case strictjson.Object:
		return name == "object"
	case strictjson.Array:
		return name == "array"
	case strictjson.String:
		return name == "string"
	case strictjson.Number:
		return name == "number" || name == "integer" && rational(value).IsInt()
	}
	return false
}

// rational is the number that a value is: exactly, unless it is written with more
// digits, or a larger exponent, than would be computed with at little cost.
func rational(value strictjson.Value) *big.Rat {
	const most = 32 // characters
	raw := value.Raw()
	f := value.Float()
	if len(raw) <= most && math.Abs(f) > 1e-100 && math.Abs(f) < 1e100 {
		if r, ok := new(big.Rat).SetString(string(raw)); ok {
			return r
		}
	}
	if r := new(big.Rat).SetFloat64(f); r != nil {
		return r
	}
	return new(big.Rat)
}

func (v *validation) equal(a, b strictjson.Value) bool {
	if !v.spend(1 + (len(a.Raw())+len(b.Raw()))/100) {
		return false
	}
	return a.Kind() == b.Kind() && string(jcs.Append(nil, a)) == string(jcs.Append(nil, b))
}

// combined is what is made of other schemas about the same value.
func (v *validation) combined(schema, value strictjson.Value, depth int) *failure {
	for one := range schema.Get("allOf").Elements() {
		if failed := v.check(one, value, depth+1); failed != nil {
			return failed
		}
	}
	if any, ok := schema.Member("anyOf"); ok && v.passing(any, value, depth) == 0 {
		return against(value, "anyOf")
	}
	if one, ok := schema.Member("oneOf"); ok && v.passing(one, value, depth) != 1 {
		return against(value, "oneOf")
	}
	if not, ok := schema.Member("not"); ok && v.check(not, value, depth+1) == nil {
		return against(value, "not")
	}
	condition, ok := schema.Member("if")
	if !ok {
		return nil
	}
	branch := "then"
	if v.check(condition, value, depth+1) != nil {
		branch = "else"
	}
	if consequence, ok := schema.Member(branch); ok {
		return v.check(consequence, value, depth+1)
	}
	return nil
}

// passing counts the schemas that a value passes.
func (v *validation) passing(schemas, value strictjson.Value, depth int) int {
	n := 0
	for one := range schemas.Elements() {
		if v.check(one, value, depth+1) == nil {
			n++
		}
	}
	return n
}

// within holds a count to a lower and an upper bound.
func within(schema, value strictjson.Value, n int, least, most string) *failure {
	if bound, ok := schema.Member(least); ok {
		if limit, _ := bound.Int(); int64(n) < limit {
			return against(value, least)
		}
	}
	if bound, ok := schema.Member(most); ok {
		if limit, _ := bound.Int(); int64(n) > limit {
			return against(value, most)
		}
	}
	return nil
}

func (v *validation) text(schema, value strictjson.Value, _ int) *failure {
	if value.Kind() != strictjson.String {
		return nil
	}
	pattern, ok := schema.Member("pattern")
	if ok && !v.matches(pattern.Text(), value.Text()) {
		return against(value, "pattern")
	}
	return within(schema, value, utf8.RuneCountInString(value.Text()), "minLength", "maxLength")
}

// matches runs a regular expression, whose time is that of both together.
func (v *validation) matches(pattern, text string) bool {
	expression := v.schema.patterns[pattern]
	return v.spend(1+expression.size*len(text)/100) && expression.MatchString(text)
}

func (v *validation) number(schema, value strictjson.Value, _ int) *failure {
	if value.Kind() != strictjson.Number {
		return nil
	}
	for _, bound := range []struct {
		keyword string
		good    func(sign int) bool
	}{
		{"minimum", func(sign int) bool { return sign >= 0 }},
		{"maximum", func(sign int) bool { return sign <= 0 }},
		{"exclusiveMinimum", func(sign int) bool { return sign > 0 }},
		{"exclusiveMaximum", func(sign int) bool { return sign < 0 }},
	} {
		if limit, ok := schema.Member(bound.keyword); ok && !bound.good(rational(value).Cmp(rational(limit))) {
			return against(value, bound.keyword)
		}
	}
	if step, ok := schema.Member("multipleOf"); ok {
		if by := rational(step); by.Sign() <= 0 || !by.Quo(rational(value), by).IsInt() {
			return against(value, "multipleOf")
		}
	}
	return nil
}

func (v *validation) array(schema, value strictjson.Value, depth int) *failure {
	if value.Kind() != strictjson.Array {
		return nil
	}
	if failed := within(schema, value, value.Len(), "minItems", "maxItems"); failed != nil {
		return failed
	}
	if failed := v.items(schema, value, depth); failed != nil {
		return failed
	}
	if contained, ok := schema.Member("contains"); ok {
		n := 0
		for element := range value.Elements() {
			if v.check(contained, element, depth+1) == nil {
				n++
			}
		}
		if _, ok := schema.Member("minContains"); n == 0 && !ok {
			return against(value, "contains")
		}
		if failed := within(schema, value, n, "minContains", "maxContains"); failed != nil {
			return failed
		}
	}
	if schema.Get("uniqueItems").Bool() && v.repeats(value) {
		return against(value, "uniqueItems")
	}
	return nil
}

// items holds the elements to their schemas: the first ones each to its own.
func (v *validation) items(schema, value strictjson.Value, depth int) *failure {
	firsts, rest := schema.Get("prefixItems"), schema.Get("items")
	if rest.Kind() == strictjson.Array {
		firsts, rest = rest, schema.Get("additionalItems")
	}
	own := slices.Collect(firsts.Elements())
	i := 0
	for element := range value.Elements() {
		one := rest
		if i < len(own) {
			one = own[i]
		}
		i++
		if !one.Exists() {
			continue
		}
		if failed := v.check(one, element, depth+1); failed != nil {
			return failed
		}
	}
	return nil
}

func (v *validation) repeats(value strictjson.Value) bool {
	seen := make(map[string]bool)
	for element := range value.Elements() {
		if !v.spend(1 + len(element.Raw())/100) {
			return true
		}
		key := string(jcs.Append(nil, element))
		if seen[key] {
			return true
		}
		seen[key] = true
	}
	return false
}

func (v *validation) object(schema, value strictjson.Value, depth int) *failure {
	if value.Kind() != strictjson.Object {
		return nil
	}
	if failed := within(schema, value, value.Len(), "minProperties", "maxProperties"); failed != nil {
		return failed
	}
	for name := range schema.Get("required").Elements() {
		if _, ok := value.Member(name.Text()); !v.spend(1+value.Len()/8) || !ok {
			return against(value, "required")
		}
	}
	for name, member := range value.Members() {
		if failed := v.member(schema, name, member, depth); failed != nil {
			return failed
		}
	}
	return v.dependent(schema, value, depth)
}

// member holds one member to the schemas that are about it.
func (v *validation) member(schema strictjson.Value, name string, member strictjson.Value, depth int) *failure {
	if !v.spend(schema.Get("properties").Len() / 8) {
		return against(member, "")
	}
	others := true // whether it is one of those that additionalProperties is about
	if own, ok := schema.Get("properties").Member(name); ok {
		others = false
		if failed := v.check(own, member, depth+1); failed != nil {
			return failed
		}
	}
	for pattern, one := range schema.Get("patternProperties").Members() {
		if !v.matches(pattern, name) {
			continue
		}
		others = false
		if failed := v.check(one, member, depth+1); failed != nil {
			return failed
		}
	}
	if rest, ok := schema.Member("additionalProperties"); ok && others {
		if failed := v.check(rest, member, depth+1); failed != nil {
			return failed
		}
	}
	if named, ok := schema.Member("propertyNames"); ok {
		text, err := strictjson.Parse(jcs.AppendString(nil, name))
		if err != nil || v.check(named, text.Root(), depth+1) != nil {
			return against(member, "propertyNames")
		}
	}
	return nil
}

// dependent is what the presence of members demands.
func (v *validation) dependent(schema, value strictjson.Value, depth int) *failure {
	for _, keyword := range []string{"dependentRequired", "dependentSchemas", "dependencies"} {
		for name, demand := range schema.Get(keyword).Members() {
			if _, given := value.Member(name); !given {
				continue
			}
			if demand.Kind() != strictjson.Array {
				if failed := v.check(demand, value, depth+1); failed != nil {
					return failed
				}
				continue
			}
			for other := range demand.Elements() {
				if _, given := value.Member(other.Text()); !v.spend(1) || !given {
					return against(value, keyword)
				}
			}
		}
	}
	return nil
}
