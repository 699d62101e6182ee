package issuer

import (
	"bytes"
	"encoding/json"

	"laurel/credential"
)

// object writes a JSON object member by member, in the order they are added.
// Values that are JSON already go in as they are. The zero value is ready.
type object struct {
	b []byte
}

// member begins a member, whose value the caller appends.
func (o *object) member(name string) {
	switch {
	case len(o.b) == 0:
		o.b = append(o.b, '{')
	case o.b[len(o.b)-1] != '{': // no value ends with it
		o.b = append(o.b, ',')
	}
	o.b = append(appendQuoted(o.b, name), ':')
}

// raw adds a value, and nothing for an empty one.
func (o *object) raw(name string, value []byte) {
	if len(value) > 0 {
		o.member(name)
		o.b = append(o.b, value...)
	}
}

// text adds a string, and nothing for an empty one.
func (o *object) text(name, value string) {
	if value != "" {
		o.member(name)
		o.b = appendQuoted(o.b, value)
	}
}

// object adds an object that has what write adds to it, which is something.
func (o *object) object(name string, write func(*object)) {
	o.member(name)
	o.element(write)
}

// element appends an object that has what write adds to it, which is something.
func (o *object) element(write func(*object)) {
	o.b = append(o.b, '{')
	write(o)
	o.b = append(o.b, '}')
}

// array adds an array of what write appends for each of count elements, and
// nothing for none.
func (o *object) array(name string, count int, write func(i int)) {
	if count == 0 {
		return
	}
	o.member(name)
	o.b = append(o.b, '[')
	for i := range count {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		write(i)
	}
	o.b = append(o.b, ']')
}

func (o *object) bytes() []byte {
	if len(o.b) == 0 {
		return []byte("{}")
	}
	return append(o.b, '}')
}

// array writes values that are JSON already, and nothing for none.
func array(values ...[]byte) []byte {
	if len(values) == 0 {
		return nil
	}
	return append(append([]byte{'['}, bytes.Join(values, []byte{','})...), ']')
}

func texts(values ...string) []byte {
	quoted := make([][]byte, len(values))
	for i, value := range values {
		quoted[i] = quote(value)
	}
	return array(quoted...)
}

// quote writes a JSON string without the escapes that HTML would need. Its
// input is UTF-8: everything from outside has passed strictjson.
func quote(text string) []byte { return appendQuoted(make([]byte, 0, len(text)+2), text) }

// appendQuoted is quote, appended to b.
func appendQuoted(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendEscaped(b, text)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

func appendEscaped(b []byte, text string) []byte {
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		panic(err) // a string always encodes
	}
	return append(b, bytes.TrimSuffix(quoted.Bytes(), []byte{'\n'})...)
}

// badgeContexts are the contexts of every badge, in their order.
var badgeContexts = []string{credential.ContextV2, credential.ContextOpenBadges}
