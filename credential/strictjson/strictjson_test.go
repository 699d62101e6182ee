package strictjson

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"laurel/internal/testdata"
)

func TestParseRefuses(t *testing.T) {
	deep := strings.Repeat("[", 65) + strings.Repeat("]", 65)
	tests := []struct {
		name, text, path string
		code             Code
	}{
		{"nothing", ``, "", CodeSyntax},
		{"white space only", " \n", "", CodeSyntax},
		{"two values", `{} {}`, "", CodeTrailing},
		{"trailing comma text", `{},`, "", CodeTrailing},
		{"newline-delimited", "1\n2", "", CodeTrailing},
		{"byte order mark", "\xef\xbb\xbf{}", "", CodeUTF8},
		{"UTF-16", "\xff\xfe{\x00}\x00", "", CodeUTF8},
		{"bad UTF-8 in a string", "{\"a\":\"\xff\"}", "", CodeUTF8},
		{"overlong UTF-8", "\"\xc0\xaf\"", "", CodeUTF8},
		{"encoded surrogate", "\"\xed\xa0\x80\"", "", CodeUTF8},
		{"lone high surrogate", `{"a":"\ud800"}`, "/a", CodeUTF8},
		{"lone low surrogate", `["\udc00"]`, "/0", CodeUTF8},
		{"high surrogate and letter", `"\ud800x"`, "", CodeUTF8},
		{"two high surrogates", `"\ud800\ud800"`, "", CodeUTF8},
		{"duplicate", `{"a":{"b":1,"c":2,"b":1}}`, "/a/b", CodeDuplicate},
		{"duplicate by escape", `{"issuer":1,"is\u0073uer":2}`, "/issuer", CodeDuplicate},
		{"duplicate in array", `[0,{"x~y/":1,"x~y/":1}]`, "/1/x~0y~1", CodeDuplicate},
		{"trailing comma in array", `[1,]`, "/1", CodeSyntax},
		{"trailing comma in object", `{"a":1,}`, "/a", CodeSyntax},
		{"missing colon", `{"a" 1}`, "/a", CodeSyntax},
		{"missing value", `{"a":}`, "/a", CodeSyntax},
		{"unquoted name", `{a:1}`, "", CodeSyntax},
		{"single quotes", `{'a':1}`, "", CodeSyntax},
		{"comment", `{/**/}`, "", CodeSyntax},
		{"NaN", `[NaN]`, "/0", CodeSyntax},
		{"Infinity", `[-Infinity]`, "/0", CodeSyntax},
		{"hexadecimal", `0x1`, "", CodeTrailing},
		{"leading zero", `01`, "", CodeTrailing},
		{"plus", `+1`, "", CodeSyntax},
		{"bare point", `[1.]`, "/0", CodeSyntax},
		{"bare exponent", `[1e]`, "/0", CodeSyntax},
		{"overflow", `[1e400]`, "/0", CodeNumberRange},
		{"negative overflow", `[-1e400]`, "/0", CodeNumberRange},
		{"underflow", `[1e-400]`, "/0", CodeNumberRange},
		{"integer that rounds", `{"n":9007199254740993}`, "/n", CodeNumberRange},
		{"control character", "\"a\nb\"", "", CodeSyntax},
		{"NUL", "\x00", "", CodeSyntax},
		{"unknown escape", `"\x41"`, "", CodeSyntax},
		{"short escape", `"\u12"`, "", CodeSyntax},
		{"open string", `{"a":"b`, "/a", CodeSyntax},
		{"open escape", `"\`, "", CodeSyntax},
		{"open object", `{"a":{"b":1`, "/a/b", CodeSyntax},
		{"open array", `[[1,2`, "/0/1", CodeSyntax},
		{"wrong close", `[1}`, "/0", CodeSyntax},
		{"wrong close of object", `{"a":1]`, "/a", CodeSyntax},
		{"too deep", deep, "", CodeTooDeep},
		{"too large", `"` + strings.Repeat("a", DefaultSize) + `"`, "", CodeTooLarge},
		{"long name", `{"` + strings.Repeat("a", DefaultName+1) + `":1}`, "", CodeTooLarge},
		{"too many values", `{"a":[` + strings.Repeat("[],", DefaultNodes) + `[]]}`, "/a/99997", CodeTooLarge},
		{"word", `[tru]`, "/0", CodeSyntax},
		{"word with case", `True`, "", CodeSyntax},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			doc, err := Parse([]byte(test.text))
			var refusal *Error
			if !errors.As(err, &refusal) {
				t.Fatalf("Parse accepted it: %v, %v", doc, err)
			}
			if refusal.Code != test.code {
				t.Errorf("code %q, want %q (%v)", refusal.Code, test.code, err)
			}
			if test.code != CodeTooDeep && test.name != "long name" && refusal.Path != test.path {
				t.Errorf("path %q, want %q", refusal.Path, test.path)
			}
		})
	}
}

func TestParseAccepts(t *testing.T) {
	tests := []string{
		`{}`, `[]`, `null`, `true`, `false`, `""`, `0`, `-0`, `-0.0`, `0e5`, `0.000e-999`,
		`1.5e3`, `1E+2`, `5e-324`, `9007199254740992`, `100000000000000000000`, `123456789012345680000`,
		` { "a" : [ 1 , { "b" : null } , "x" ] } `,
		`"\"\\\/\b\f\n\r\t\u0041\ud83d\ude00"`, `"é😀` + "\u2028" + `"`,
		`{"":1," ":2,"A":3,"a":4,"ſ":5,"s":6}`,
		strings.Repeat("[", 64) + strings.Repeat("]", 64),
		`[[],{},[[]],{"a":{}},[{}]]`,
		manyMembers(40),
	}
	for _, text := range tests {
		doc, err := Parse([]byte(text))
		if err != nil {
			t.Errorf("Parse(%.60q): %v", text, err)
			continue
		}
		if got, want := doc.Root().Any(), standard(t, text); !reflect.DeepEqual(got, want) { // cmp.Diff is exponential in depth
			t.Errorf("Parse(%.60q) = %v, encoding/json says %v", text, got, want)
		}
	}
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`,"k` + strings.Repeat("x", i) + `":` + `[` + strings.Repeat("0,", i) + `1]`)
	}
	return "{" + b.String()[1:] + "}"
}

func TestDuplicateAmongMany(t *testing.T) {
	text := manyMembers(40)
	text = text[:len(text)-1] + `,"\u006b":1}`
	var refusal *Error
	if _, err := Parse([]byte(text)); !errors.As(err, &refusal) || refusal.Code != CodeDuplicate || refusal.Path != "/k" {
		t.Errorf("got %v, want a duplicate at /k", err)
	}
}

func standard(t *testing.T, text string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestValue(t *testing.T) {
	const text = ` {"a":{"b/c~d":[10,"\u0041b",{"x":true}]},"n":-12,"f":1.5,"z":null,"e\u0065":"y"} `
	doc, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	root := doc.Root()
	list := root.Get("a").Get("b/c~d")
	var elements []Value
	for element := range list.Elements() {
		elements = append(elements, element)
	}
	x := elements[2].Get("x")
	if got, want := x.Pointer(), "/a/b~1c~0d/2/x"; got != want {
		t.Errorf("Pointer = %q, want %q", got, want)
	}
	if got := string(x.Raw()); got != "true" || !x.Bool() {
		t.Errorf("Raw = %q, Bool = %v", got, x.Bool())
	}
	if got := elements[1].Text(); got != "Ab" || !elements[1].Is("Ab") || elements[1].Is("A") {
		t.Errorf("Text = %q", got)
	}
	if _, ok := elements[1].Plain(); ok {
		t.Error("Plain gave a string with an escape")
	}
	if plain, ok := root.Get("ee").Plain(); !ok || string(plain) != "y" {
		t.Errorf("Plain = %q, %v", plain, ok)
	}
	if n, ok := root.Get("n").Int(); n != -12 || !ok {
		t.Errorf("Int = %d, %v", n, ok)
	}
	if _, ok := root.Get("f").Int(); ok || root.Get("f").Float() != 1.5 || root.Get("f").Literal() != "1.5" {
		t.Error("1.5 was read wrongly")
	}
	if z := root.Get("z"); z.Kind() != Null || !z.Exists() {
		t.Error("null is a value")
	}
	if got := string(root.Raw()); got != strings.TrimSpace(text) || text[root.Start():root.End()] != got {
		t.Errorf("Raw of the root = %q", got)
	}
	var names []string
	for name := range root.Members() {
		names = append(names, name)
	}
	if want := []string{"a", "n", "f", "z", "ee"}; !reflect.DeepEqual(names, want) {
		t.Errorf("names %q, want %q", names, want)
	}
}

func TestZeroValue(t *testing.T) {
	var v Value
	if v.Exists() || v.Kind() != Invalid || v.Len() != 0 || v.Text() != "" || v.Literal() != "" || v.Bool() || v.Raw() != nil ||
		v.Pointer() != "" || v.Any() != nil || v.Get("x").Exists() || v.Is("") || v.Float() != 0 || v.Start() != 0 || v.End() != 0 {
		t.Error("the zero Value is not empty")
	}
	for range v.OneOrMany() {
		t.Error("the zero Value has an element")
	}
}

// TestResetReusesMemory holds the promise that a reused document costs nothing.
func TestResetReusesMemory(t *testing.T) {
	text := []byte(`{"a":[1,2,{"b":"c"}],"d":{"e":null,"f":1.25}}`)
	doc := new(Document)
	allocations := testing.AllocsPerRun(100, func() {
		if err := doc.Reset(text, Limits{}); err != nil {
			t.Fatal(err)
		}
	})
	if allocations > 0 {
		t.Errorf("%v allocations, want none", allocations)
	}
	if err := doc.Reset([]byte(`{`), Limits{}); err == nil || doc.Root().Exists() {
		t.Error("a document is not empty after an error")
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"a":[1,-0.5e3,"\ud83d\ude00\u0041"],"b":{"c":null}}`, `[[],{},""]`, `{"a":1,"a":2}`, `[1e400]`, `"\ud800"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		testdata.Bounded(t, func() { _, _ = Parse(text) })
		doc, err := Parse(text)
		if err != nil {
			return
		}
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.UseNumber()
		var want any
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("accepted, but encoding/json says %v", err)
		}
		if got := doc.Root().Any(); !reflect.DeepEqual(got, want) {
			t.Fatalf("read %v, encoding/json says %v", got, want)
		}
		again, err := Parse(doc.Root().Raw())
		if err != nil || !reflect.DeepEqual(again.Root().Any(), want) {
			t.Fatalf("Raw does not parse to the same: %v", err)
		}
		checkPointers(t, doc.Root(), "")
	})
}

func checkPointers(t *testing.T, v Value, path string) {
	if got := v.Pointer(); got != path {
		t.Fatalf("Pointer = %q, want %q", got, path)
	}
	for name, member := range v.Members() {
		checkPointers(t, member, path+"/"+EscapePointer(name))
	}
	i := 0
	for element := range v.Elements() {
		checkPointers(t, element, path+"/"+string(json.Number(itoa(i))))
		i++
	}
}

func itoa(i int) string {
	b, _ := json.Marshal(i)
	return string(b)
}

func TestCursor(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct{ cursor, items string }{
		`{"a":1,"b":[2,3],"c":{}}`: {"a=1 b=[2,3] c={} ", `{"a":1,"b":[2,3],"c":{}} `},
		`[1,[2],{"a":3},4]`:        {`1 [2] {"a":3} 4 `, `1 [2] {"a":3} 4 `},
		`{}`:                       {"", "{} "},
		`[]`:                       {"", ""},
		`1`:                        {"", "1 "},
		`"s"`:                      {"", `"s" `},
		`null`:                     {"", "null "},
	} {
		// Inside another value, so that something stands behind it.
		document, err := Parse([]byte("[" + text + `,"behind"]`))
		if err != nil {
			t.Fatal(err)
		}
		first := document.Root().Cursor()
		if !first.Next() {
			t.Fatal("there is nothing")
		}
		v, got := first.Value(), ""
		cursor := v.Cursor()
		for cursor.Next() {
			if v.Kind() == Object {
				got += cursor.Name().Text() + "="
			}
			got += string(cursor.Value().Raw()) + " "
		}
		if got != want.cursor || cursor.Next() {
			t.Errorf("%s: the cursor gives %q and may go on", text, got)
		}
		got = ""
		items := v.Items()
		for items.Next() {
			got += string(items.Value().Raw()) + " "
		}
		if got != want.items || items.Next() {
			t.Errorf("%s: the items are %q and may go on", text, got)
		}
	}
	for _, cursor := range []Cursor{Value{}.Cursor(), Value{}.Items()} {
		if cursor.Next() {
			t.Error("there is something in nothing")
		}
	}
}
