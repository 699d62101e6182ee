package jsonld

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/rdfc"
	"laurel/internal/testdata"
)

// toRDFTest is an entry of the manifest of the W3C's JSON-LD 1.1 tests.
type toRDFTest struct {
	ID     string   `json:"@id"`
	Type   []string `json:"@type"`
	Input  string
	Expect string
	Option struct{ SpecVersion, ProcessingMode string }
}

// TestToRDF runs the W3C's tests without the bounds of the closed profile. What
// ends otherwise than the manifest says is listed by name in testdata/tordf.tsv
// with the reason: this package refuses where the tests expect a part of the
// document to be left out.
func TestToRDF(t *testing.T) {
	var manifest struct{ Sequence []toRDFTest }
	if err := json.Unmarshal(testdata.Read(t, "w3c", "json-ld-api", "toRdf-manifest.jsonld"), &manifest); err != nil {
		t.Fatal(err)
	}
	p := New(embedded(t), Options{InlineContexts: true})
	got := make(map[string]string)
	as := make(map[string]int)
	for _, test := range manifest.Sequence {
		if test.Option.SpecVersion == "json-ld-1.0" || test.Option.ProcessingMode == "json-ld-1.0" {
			as["of version 1.0, not run"]++
			continue
		}
		outcome := test.run(t, p)
		as[outcome]++
		if outcome != "as expected" {
			got[strings.TrimPrefix(test.ID, "#")] = outcome
		}
	}
	want := make(map[string]string)
	for _, row := range table(t, "tordf.tsv") {
		want[row[0]] = row[1]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the outcomes differ from testdata/tordf.tsv (-want +got):\n%s", diff)
	}
	for _, outcome := range slices.Sorted(maps.Keys(as)) {
		t.Logf("%d %s", as[outcome], outcome)
	}
}

// run says how a test ended: "as expected", "refused", "accepted", "other".
func (test toRDFTest) run(t *testing.T, p *Processor) string {
	t.Helper()
	folder := testdata.Shared(t, "w3c", "json-ld-api")
	input, err := os.ReadFile(filepath.Join(folder, test.Input))
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(t, p, input)
	if slices.Contains(test.Type, "jld:NegativeEvaluationTest") {
		if err != nil {
			return "as expected"
		}
		return "accepted"
	}
	if err != nil {
		return "refused"
	}
	if !slices.Contains(test.Type, "jld:PositiveEvaluationTest") {
		return "as expected" // any result will do
	}
	expect, err := os.ReadFile(filepath.Join(folder, test.Expect))
	if err != nil {
		t.Fatal(err)
	}
	if got != canonical(t, expect) {
		return "other"
	}
	return "as expected"
}

// canonical puts an N-Quads document into canonical form.
func canonical(t testing.TB, nquads []byte) string {
	t.Helper()
	quads, err := rdfc.ParseNQuads(nquads)
	if err != nil {
		t.Fatal(err)
	}
	form, err := rdfc.Canonicalize(context.Background(), quads, rdfc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return string(form.NQuads)
}

// table reads the rows of a file in testdata, without its comments.
func table(t testing.TB, name string) [][]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimRight(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			rows = append(rows, strings.Split(line, "\t"))
		}
	}
	return rows
}
