package interop

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"laurel/credential/strictjson"
)

// changed is a copy of a credential with one leaf changed.
type changed struct {
	path string // of the leaf
	data []byte
}

// changeEachLeaf returns a copy for every leaf of a document. Everything but
// the leaf stays as it is, byte for byte.
func changeEachLeaf(t *testing.T, document []byte) []changed {
	t.Helper()
	var copies []changed
	var walk func(strictjson.Value)
	walk = func(v strictjson.Value) {
		switch v.Kind() {
		case strictjson.Object:
			for _, member := range v.Members() {
				walk(member)
			}
		case strictjson.Array:
			for element := range v.Elements() {
				walk(element)
			}
		default:
			data := slices.Concat(document[:v.Start()], otherLeaf(t, v), document[v.End():])
			copies = append(copies, changed{v.Pointer(), data})
		}
	}
	walk(parse(t, document))
	if len(copies) == 0 {
		t.Fatal("no leaf in the document")
	}
	return copies
}

// otherLeaf is another value of the same kind. Of a text the last character is
// another letter or digit.
func otherLeaf(t *testing.T, v strictjson.Value) []byte {
	t.Helper()
	switch v.Kind() {
	case strictjson.String:
		text := []rune(v.Text())
		if len(text) == 0 {
			return []byte(`"x"`)
		}
		switch last := &text[len(text)-1]; {
		case *last >= '0' && *last <= '9':
			*last = '0' + (*last-'0'+1)%10
		case *last == 'a':
			*last = 'b'
		default:
			*last = 'a'
		}
		quoted, err := json.Marshal(string(text))
		if err != nil {
			t.Fatal(err)
		}
		return quoted
	case strictjson.Number:
		return append([]byte("1"), bytes.TrimPrefix(v.Raw(), []byte("-"))...)
	case strictjson.Bool:
		if v.Bool() {
			return []byte("false")
		}
		return []byte("true")
	}
	return []byte(`"x"`) // of null
}

// without returns a document without a member of its top level.
func without(t *testing.T, document []byte, name string) []byte {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(document, &members); err != nil {
		t.Fatal(err)
	}
	if _, ok := members[name]; !ok {
		t.Fatalf("there is no %s to leave out", name)
	}
	delete(members, name)
	return marshal(t, members)
}

// with returns a document with a member of its top level set.
func with(t *testing.T, document []byte, name, value string) []byte {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(document, &members); err != nil {
		t.Fatal(err)
	}
	members[name] = json.RawMessage(value)
	return marshal(t, members)
}

func parse(t *testing.T, data []byte) strictjson.Value {
	t.Helper()
	document, err := strictjson.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return document.Root()
}

func marshal(t *testing.T, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
