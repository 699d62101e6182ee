package schema

import (
	"testing"

	"laurel/credential/strictjson"
)

// document is a credential as the tests read it.
type document struct {
	value   strictjson.Value
	version Version
	kind    Kind
}

func read(data []byte) (document, error) {
	parsed, err := strictjson.Parse(data)
	if err != nil {
		return document{}, err
	}
	version, kind, err := Identify(parsed.Root())
	return document{parsed.Root(), version, kind}, err
}

func mustRead(t testing.TB, data []byte) document {
	t.Helper()
	d, err := read(data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d document) validate() []Violation { return Validate(d.value, d.version, d.kind) }
