package issuer

import (
	"bytes"
	"encoding/json"

	"laurel/credential"
)

// object writes a JSON object member by member, in the order they are added.
// Values that are JSON already go in as they are.
type object struct {
	b bytes.Buffer
}

func (o *object) raw(name string, value []byte) {
	if len(value) == 0 {
		return
	}
	if o.b.Len() == 0 {
		o.b.WriteByte('{')
	} else {
		o.b.WriteByte(',')
	}
	o.b.Write(quote(name))
	o.b.WriteByte(':')
	o.b.Write(value)
}

// text adds a string, and nothing for an empty one.
func (o *object) text(name, value string) {
	if value != "" {
		o.raw(name, quote(value))
	}
}

func (o *object) bytes() []byte {
	if o.b.Len() == 0 {
		return []byte("{}")
	}
	return append(o.b.Bytes(), '}')
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
func quote(text string) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		panic(err) // a string always encodes
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

// badgeContexts are the contexts of every badge, in their order.
var badgeContexts = []string{credential.ContextV2, credential.ContextOpenBadges}
