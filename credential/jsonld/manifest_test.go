package jsonld

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
	"laurel/internal/testdata"
)

// manifestTest is an entry of a manifest of the W3C's JSON-LD 1.1 tests.
type manifestTest struct {
	ID     string   `json:"@id"`
	Type   []string `json:"@type"`
	Input  string
	Expect string
	Option struct{ SpecVersion, ProcessingMode string }
}

// TestToRDF runs the W3C's tests of making RDF.
func TestToRDF(t *testing.T) {
	runManifest(t, "toRdf-manifest.jsonld", "tordf.tsv", func(expect []byte) (string, error) {
		return canonical(t, expect), nil
	})
}

// TestExpand runs the W3C's tests of expansion. This package has no expanded
// documents to show: it must make of the input what RDF makes of the expanded
// document that the test expects.
func TestExpand(t *testing.T) {
	runManifest(t, "expand-manifest.jsonld", "expand.tsv", canonicalExpanded)
}

// The ends of a test. The first three are what the manifest asks for.
const (
	compiled = "compiled" // on the compiled path of the closed profile
	general  = "general"  // only without its bounds
	negative = "negative" // refused by both, as it has to be
	refused  = "refused"  // what the manifest wants read
	accepted = "accepted" // what the manifest wants refused
	other    = "other"    // it is read in another way
)

// runManifest holds every test of a manifest to the outcome that a file in
// testdata lists for it by name. Those that end otherwise than the manifest says
// have the reason there: what is refused, that of the error. Above all, this
// package refuses where the tests expect a part of the document to be left out.
func runManifest(t *testing.T, manifestFile, tableFile string, expectation func([]byte) (string, error)) {
	var manifest struct{ Sequence []manifestTest }
	if err := json.Unmarshal(testdata.Read(t, "w3c", "json-ld-api", manifestFile), &manifest); err != nil {
		t.Fatal(err)
	}
	open := New(embedded(t), Options{InlineContexts: true})
	got := make(map[string]string)
	as := make(map[string]int)
	for _, test := range manifest.Sequence {
		if test.Option.SpecVersion == "json-ld-1.0" || test.Option.ProcessingMode == "json-ld-1.0" {
			continue
		}
		outcome, err := test.run(t, open, expectation)
		as[outcome]++
		if outcome == refused {
			outcome += ": " + reasonOf(err)
		}
		got[strings.TrimPrefix(test.ID, "#")] = outcome
	}
	want := make(map[string]string)
	for _, row := range table(t, tableFile) {
		explained := len(row) > 2
		if explained != slices.Contains([]string{refused, accepted, other}, row[1]) {
			t.Errorf("%s of %s must have a reason if it does not end as the manifest says, and only then", row[0], tableFile)
		}
		if want[row[0]] = row[1]; explained && row[1] == refused {
			want[row[0]] += ": " + row[2]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the outcomes differ from testdata/%s (-want +got):\n%s", tableFile, diff)
	}
	for _, outcome := range slices.Sorted(maps.Keys(as)) {
		t.Logf("%d %s", as[outcome], outcome)
	}
}

// reasonOf gives the reason of an error without the place and words of the
// document.
func reasonOf(err error) string {
	var lost *LossError
	var fault *ContextError
	switch {
	case errors.As(err, &lost):
		return string(lost.Reason)
	case errors.As(err, &fault) && fault.Detail != "":
		return fault.Err.Error() + ": " + fault.Detail
	case errors.As(err, &fault):
		return fault.Err.Error()
	}
	return err.Error()
}

// run says how a test ended; when it is refused, with the error of the general
// path.
func (test manifestTest) run(t *testing.T, open *Processor, expectation func([]byte) (string, error)) (outcome string, err error) {
	t.Helper()
	folder := testdata.Shared(t, "w3c", "json-ld-api")
	input, err := os.ReadFile(filepath.Join(folder, test.Input))
	if err != nil {
		t.Fatal(err)
	}
	var results [2]string
	var errs [2]error
	results[0], errs[0] = readPinned(t, input)
	results[1], errs[1] = read(t, open, input)
	if slices.Contains(test.Type, "jld:NegativeEvaluationTest") {
		if errs[0] == nil || errs[1] == nil {
			return accepted, nil
		}
		return negative, nil
	}
	var want string
	if slices.Contains(test.Type, "jld:PositiveEvaluationTest") {
		expect, err := os.ReadFile(filepath.Join(folder, test.Expect))
		if err != nil {
			t.Fatal(err)
		}
		if want, err = expectation(expect); err != nil {
			want = "no form: " + err.Error()
		}
	}
	end := refused
	for i, outcome := range []string{compiled, general} {
		switch {
		case errs[i] != nil:
		case want != "" && results[i] != want:
			return other, nil
		case end == refused:
			end = outcome
		}
	}
	return end, errs[1]
}

// keywordMember is a member that a credential names with an alias.
var keywordMember = regexp.MustCompile(`"@(id|type)"(\s*:)`)

// readPinned reads a document in the closed profile, as an operator would have
// had it: the context is pinned under a URL, and id and type are what Open Badges
// calls @id and @type.
func readPinned(t *testing.T, input []byte) (string, error) {
	t.Helper()
	const url = "https://tests.example/context"
	document, err := strictjson.Parse(input)
	if err != nil {
		return "", err
	}
	list := document.Root().Get("@context")
	pinned := slices.Concat([]byte(`{"@context":[{"id":"@id","type":"@type"},`), list.Raw(), []byte(`]}`))
	if list.Kind() == strictjson.Array && list.Len() > 0 {
		pinned = slices.Concat([]byte(`{"@context":[{"id":"@id","type":"@type"},`), list.Raw()[1:], []byte(`}`))
	}
	digest := sha256.Sum256(pinned)
	set, err := embedded(t).With(url, pinned, hex.EncodeToString(digest[:]))
	if err != nil {
		return read(t, New(embedded(t), Options{}), input)
	}
	alias := func(text []byte) []byte { return keywordMember.ReplaceAll(text, []byte(`"$1"$2`)) }
	return read(t, New(set, Options{}), slices.Concat(alias(input[:list.Start()]), []byte(`["`+url+`"]`), alias(input[list.End():])))
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
