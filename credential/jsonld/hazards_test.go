package jsonld

import (
	"context"
	"encoding/json"
	"strings"
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
	form, err := rdfc.Canonicalize(context.Background(), dataset.Quads, rdfc.Options{})
	if err != nil {
		t.Fatalf("what was accepted cannot be canonicalised: %v", err)
	}
	return string(form.NQuads), nil
}

// TestHazards reads documents on which JSON-LD processors differ, and compares
// with what jsonld.js made of them in safe mode: equal where that is right,
// refused where it is not, as testdata/hazards.tsv says case by case.
func TestHazards(t *testing.T) {
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
	want := make(map[string][]string)
	for _, row := range table(t, "hazards.tsv") {
		want[row[0]] = row
	}
	if len(cases) != 106 || len(want) != len(cases) {
		t.Fatalf("there are %d cases and %d rows", len(cases), len(want))
	}
	closed := New(embedded(t), Options{})
	open := New(embedded(t), Options{InlineContexts: true})
	for _, c := range cases {
		row := want[c.Name]
		for column, p := range map[int]*Processor{1: closed, 2: open} {
			got, err := read(t, p, c.Doc)
			outcome := "equal"
			switch {
			case err != nil:
				outcome = "refused"
			case got != node[c.Name].Safe:
				outcome = "other"
			}
			if outcome != row[column] {
				t.Errorf("%s (column %d): %s, want %s: %v\n%s", c.Name, column, outcome, row[column], err, got)
			}
			if safe := node[c.Name].Safe; outcome == "refused" && !strings.HasPrefix(safe, "ERR") && len(row) < 4 {
				t.Errorf("%s: the table does not say why it is refused", c.Name)
			}
		}
	}
}

// TestDirection has the one hazard that is accepted with bytes of our own.
func TestDirection(t *testing.T) {
	for value, want := range map[string]string{
		`{"@value":"x","@language":"AR","@direction":"rtl"}`: `"x"^^<https://www.w3.org/ns/i18n#ar_rtl>`,
		`{"@value":"x","@direction":"ltr"}`:                  `"x"^^<https://www.w3.org/ns/i18n#_ltr>`,
		`{"@value":"x","@language":"en-GB"}`:                 `"x"@en-gb`,
		`{"@value":"x"}`:                                     `"x"`,
		`[{"@value":"x"},"y"]`:                               `"y"`,
	} {
		got, err := read(t, New(embedded(t), Options{}), []byte(badge(`"name":`+value)))
		if line := `<https://schema.org/name> ` + want + " .\n"; err != nil || !strings.Contains(got, line) {
			t.Errorf("%s: %v\n%s", value, err, got)
		}
	}
}
