package jose

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"laurel/credential/strictjson"
)

// without returns an object as it is written, less some of its members. The
// bytes of everything that stays are kept.
func without(object strictjson.Value, names []string) []byte {
	drop := false
	for _, name := range names {
		drop = drop || object.Get(name).Exists()
	}
	if !drop {
		return object.Raw()
	}
	var out bytes.Buffer
	out.WriteByte('{')
	for name, value := range object.Fields() {
		if slices.Contains(names, name.Text()) {
			continue
		}
		writeMember(&out, name.Raw(), value.Raw())
	}
	out.WriteByte('}')
	return out.Bytes()
}

func writeMember(out *bytes.Buffer, name, value []byte) {
	if out.Bytes()[out.Len()-1] != '{' {
		out.WriteByte(',')
	}
	out.Write(name)
	out.WriteByte(':')
	out.Write(value)
}

// A member is a string to be put into a document at a place of one or two
// names: "/id", "/issuer/id".
type member struct{ path, value string }

// with returns an object with members put in that are not there.
func with(object strictjson.Value, added []member) []byte {
	if len(added) == 0 {
		return object.Raw()
	}
	inner := map[string][]member{}
	var own []member
	for _, m := range added {
		parent, name, nested := strings.Cut(strings.TrimPrefix(m.path, "/"), "/")
		if nested {
			inner[parent] = append(inner[parent], member{path: "/" + name, value: m.value})
			continue
		}
		own = append(own, m)
	}
	var out bytes.Buffer
	out.WriteByte('{')
	for name, value := range object.Fields() {
		raw := value.Raw()
		target := value
		// The subject may be the only one of a list.
		if target.Kind() == strictjson.Array && target.Len() == 1 {
			for element := range target.Elements() {
				target = element
			}
		}
		if add := inner[name.Text()]; len(add) > 0 && target.Kind() == strictjson.Object {
			raw = with(target, add)
		}
		writeMember(&out, name.Raw(), raw)
	}
	seen := map[string]bool{}
	for _, m := range own {
		if seen[m.path] {
			continue
		}
		seen[m.path] = true
		name, _ := json.Marshal(strings.TrimPrefix(m.path, "/")) // a constant
		value, _ := json.Marshal(m.value)                        // a string
		writeMember(&out, name, value)
	}
	out.WriteByte('}')
	return out.Bytes()
}

// subjectID returns the id that sub gives to the only subject, when that has
// none.
func subjectID(document strictjson.Value, sub string) []member {
	subject := document.Get("credentialSubject")
	for s := range subject.OneOrMany() {
		if s.Kind() != strictjson.Object || s.Get("id").Exists() {
			return nil
		}
	}
	if !subject.Exists() {
		return nil
	}
	return []member{{path: "/credentialSubject/id", value: sub}}
}
