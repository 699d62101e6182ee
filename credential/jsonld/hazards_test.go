package jsonld

import (
	"context"
	"encoding/json"
	"testing"

	"laurel/contexts"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
	"laurel/internal/testdata"
)

func embedded(t testing.TB) *contexts.Set {
	t.Helper()
	set, err := contexts.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// read returns the canonical form of a document.
func read(t testing.TB, p *Processor, data []byte) (string, error) {
	t.Helper()
	document, err := strictjson.Parse(data)
	if err != nil {
		return "", err
	}
	dataset, err := p.Dataset(context.Background(), Source{Object: document.Root()})
	if err != nil {
		return "", err
	}
	canonical, err := rdfc.Canonicalize(context.Background(), dataset.Quads, rdfc.Options{})
	if err != nil {
		t.Errorf("what was accepted cannot be canonicalised: %v", err)
		return "", err
	}
	return string(canonical.NQuads), nil
}

func TestHazardsX(t *testing.T) {
	var cases []struct {
		Name string
		Doc  json.RawMessage
	}
	if err := json.Unmarshal(testdata.Read(t, "bench", "hazards", "cases.json"), &cases); err != nil {
		t.Fatal(err)
	}
	var node map[string]struct{ Safe string }
	if err := json.Unmarshal(testdata.Read(t, "bench", "hazards", "node.json"), &node); err != nil {
		t.Fatal(err)
	}
	closed := New(embedded(t), Options{})
	open := New(embedded(t), Options{InlineContexts: true})
	for _, c := range cases {
		want := node[c.Name].Safe
		a, err1 := read(t, closed, c.Doc)
		b, err2 := read(t, open, c.Doc)
		v := func(got string, err error) string {
			if err != nil {
				if len(want) > 3 && want[:3] == "ERR" {
					return "both refuse: " + err.Error()
				}
				return "REFUSED: " + err.Error()
			}
			if got == want {
				return "equal"
			}
			return "OTHER " + got
		}
		t.Logf("%s\n    closed %s\n    open %s", c.Name, v(a, err1), v(b, err2))
	}
}
