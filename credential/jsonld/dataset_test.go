package jsonld

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/contexts"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
	"laurel/internal/testdata"
)

// TestBenchmark reads the badge that the benchmarks use.
func TestBenchmark(t *testing.T) {
	want := string(testdata.Read(t, "bench", "canon.nq"))
	for _, options := range []Options{{}, {InlineContexts: true}} {
		got, err := read(t, New(embedded(t), options), testdata.Read(t, "bench", "credential.json"))
		if err != nil || got != want || strings.Count(got, "\n") != 58 {
			t.Errorf("with %+v: %v\n%s", options, err, got)
		}
	}
}

func parse(t testing.TB, text string) strictjson.Value {
	t.Helper()
	document, err := strictjson.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return document.Root()
}

// names lists context documents as URL and revision.
func names(documents []contexts.Document) []string {
	var list []string
	for _, document := range documents {
		list = append(list, strings.TrimSpace(document.URL+" "+document.Revision))
	}
	return list
}

// TestRevisions reads a badge under the revisions of its contexts.
func TestRevisions(t *testing.T) {
	const ob = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	p := New(embedded(t), Options{})
	root := parse(t, badge(`"jti": "urn:uuid:1"`))
	for revision, want := range map[string]error{
		"":        nil,
		"2026-06": nil,
		"2025-11": nil,
		"2024-03": ErrDataLoss, // jti was not defined yet
		"1999-01": ErrUnknownContext,
	} {
		source := Source{Object: root}
		if revision != "" {
			source.Revisions = Revisions{ob: revision}
		}
		dataset, err := p.Dataset(context.Background(), source)
		if !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", revision, err, want)
		}
		if err != nil {
			continue
		}
		if revision == "" {
			revision = "2026-06"
		}
		used := []string{"https://www.w3.org/ns/credentials/v2", ob + " " + revision}
		if diff := cmp.Diff(used, names(dataset.Contexts)); diff != "" {
			t.Error(diff)
		}
	}
	got := p.Alternatives(Source{Object: root})
	want := []Revisions{{ob: "2025-11"}, {ob: "2024-03"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, source := range map[string]Source{
		"one revision only": {Object: parse(t, version1(""))},
		"nothing":           {},
		"already chosen":    {Object: root, Revisions: Revisions{ob: "2024-03"}},
	} {
		if got := p.Alternatives(source); len(got) != 0 {
			t.Errorf("%s: got %v", name, got)
		}
	}
	inside := Source{Object: parse(t, `{"proof": {"a": {"@context": ["`+ob+`"]}}}`)}
	if got := p.Alternatives(inside); len(got) != 2 {
		t.Errorf("a context inside: got %v", got)
	}
}

// TestPresentation: each credential of a presentation is in a graph of its own,
// as JSON-LD says and json-gold alone would not have it.
func TestPresentation(t *testing.T) {
	presentation := `{"@context": [` + v2 + `], "type": ["VerifiablePresentation"], "holder": "did:example:learner",
		"verifiableCredential": [` + whole + `, ` + strings.Replace(whole, "Example University", "Other", 1) + `]}`
	dataset, err := New(embedded(t), Options{}).Dataset(context.Background(), Source{Object: parse(t, presentation)})
	if err != nil {
		t.Fatal(err)
	}
	count := make(map[rdfc.Term]int)
	for _, quad := range dataset.Quads {
		count[quad.Graph]++
	}
	// The second credential names the issuer otherwise; that is its own affair.
	if len(count) != 3 || count[rdfc.Term{}] != 4 {
		t.Errorf("got %v", count)
	}
	if diff := cmp.Diff([]string{strings.Trim(v2, `"`), strings.Trim(ob3, `"`) + " 2026-06"}, names(dataset.Contexts)); diff != "" {
		t.Error(diff)
	}
	for name, c := range map[string]struct {
		document string
		want     Reason
		path     string
	}{
		"a credential that is a string": {strings.Replace(presentation, whole, `"urn:uuid:1"`, 1), ReasonNotCovered, "/verifiableCredential/0"},
		"one that is a reference":       {strings.Replace(presentation, whole, `{"id": "urn:uuid:1"}`, 1), ReasonUndefinedTerm, "/verifiableCredential/0/id"},
		"an array inside":               {strings.Replace(presentation, whole, `[`+whole+`]`, 1), ReasonNested, "/verifiableCredential/0"},
	} {
		var lost *LossError
		_, err := read(t, New(embedded(t), Options{}), []byte(c.document))
		if !errors.As(err, &lost) || lost.Reason != c.want || lost.Path != c.path {
			t.Errorf("%s: got %v", name, err)
		}
	}
	enveloped := `{"@context": [` + v2 + `], "type": ["VerifiablePresentation"], "verifiableCredential": [
		{"@context": ` + v2 + `, "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,eyJ.e30.AA"}]}`
	if _, err := read(t, New(embedded(t), Options{}), []byte(enveloped)); err != nil {
		t.Errorf("an enveloped credential: %v", err)
	}
}

// TestLimits: a document that is too large is refused, and quickly.
func TestLimits(t *testing.T) {
	p := New(embedded(t), Options{})
	many := func(n int, item string) string {
		items := make([]string, n)
		for i := range items {
			items[i] = strings.ReplaceAll(item, "#", strconv.Itoa(i))
		}
		return badge(`"evidence": [` + strings.Join(items, ",") + `]`)
	}
	for name, c := range map[string]struct {
		document string
		want     error
	}{
		"2,000 blank nodes":         {many(MaxBlankNodes, `{"type": ["Evidence"], "name": "#"}`), nil},
		"more blank nodes":          {many(MaxBlankNodes+1, `{"type": ["Evidence"], "name": "#"}`), ErrLimit},
		"20,000 quads":              {many(MaxQuads-14, `"urn:x:#"`), nil},
		"more quads":                {many(MaxQuads-13, `"urn:x:#"`), ErrLimit},
		"one identifier repeated":   {many(9_000, `{"id": "urn:x:e", "name": "#"}`), ErrDataLoss},
		"equal objects repeated":    {many(9_000, `{"id": "urn:x:e", "name": "a"}`), nil},
		"many list of contexts":     {with(ob3, ob3+strings.Repeat(`, "https://w3id.org/security/multikey/v1"`, 20)), ErrInvalidContext},
		"62 levels":                 {with(`"name": "Example University"`, strings.Repeat(`"parentOrg":{"type":["Profile"],`, 60)+`"name":"x"`+strings.Repeat(`}`, 60)), nil},
		"a key that is very long":   {badge(`"` + strings.Repeat("a", 200) + `": "x"`), ErrDataLoss},
		"a value that is very long": {with("Teamwork", strings.Repeat("a", 900_000)), nil},
	} {
		document, err := strictjson.Parse([]byte(c.document))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		start := time.Now()
		_, err = p.Dataset(context.Background(), Source{Object: document.Root()})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.Dataset(over, Source{Object: parse(t, whole)}); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is over: %v", err)
	}
}

// TestInlineContexts: what even the general reading refuses.
func TestInlineContexts(t *testing.T) {
	p := New(embedded(t), Options{InlineContexts: true})
	inline := func(context string) string { return with(ob3, ob3+", "+context) }
	graphs := func(value string) string {
		document := inline(`{"g": {"@id": "urn:x:g", "@container": "@graph"}}`)
		return strings.Replace(document, `"validFrom"`, `"g": `+value+`, "validFrom"`, 1)
	}
	for name, c := range map[string]struct {
		document string
		want     error
	}{
		"@import":                  {inline(`{"@import": ` + v2 + `}`), ErrInlineContext},
		"@import in a scope":       {inline(`{"x": {"@id": "urn:x:x", "@context": {"@import": ` + v2 + `}}}`), ErrInlineContext},
		"@base":                    {inline(`{"@base": "https://example.org/"}`), ErrInlineContext},
		"an unknown URL":           {inline(`"https://example.org/c"`), ErrUnknownContext},
		"an unknown URL in a term": {inline(`{"x": {"@id": "urn:x:x", "@context": "https://example.org/c"}}`), ErrUnknownContext},
		"a file":                   {inline(`"/etc/hostname"`), ErrUnknownContext},
		"a protected term":         {inline(`{"VerifiableCredential": "urn:x:y"}`), ErrInvalidContext},
		"an undefined term":        {inline(`{"x": "urn:x:x"}`)[:len(inline(`{"x": "urn:x:x"}`))-1] + `, "y": 1}`, ErrDataLoss},
		"a list in a graph":        {graphs(`{"@list": ["x"]}`), ErrDataLoss},
		"a set in a graph":         {graphs(`{"@set": [{"name": "x"}]}`), ErrDataLoss},
		"a literal in a graph":     {graphs(`[{"name": "x"}, "y"]`), ErrDataLoss},
		"a reference in a graph":   {graphs(`[{"name": "x"}, {"id": "urn:x:y"}]`), ErrDataLoss},
		"an unknown URL and loss":  {strings.Replace(inline(`"https://example.org/c"`), `"validFrom"`, `"x": 1, "validFrom"`, 1), ErrUnknownContext},
	} {
		if _, err := read(t, p, []byte(c.document)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	for name, document := range map[string]string{
		"nodes in graphs": graphs(`[[{"name": "x"}], {"name": "y"}]`),
		"a term":          strings.Replace(inline(`{"x": "urn:x:x"}`), `"validFrom"`, `"x": 1, "validFrom"`, 1),
		"undefined-terms": with(ob3, ob3+`, "https://www.w3.org/ns/credentials/undefined-terms/v2"`),
		"a known scope":   inline(`{"x": {"@id": "urn:x:x", "@context": ` + v2 + `}}`),
	} {
		dataset, err := p.Dataset(context.Background(), Source{Object: parse(t, document)})
		if err != nil || !dataset.General {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestInclusion: contexts of an operator that include each other, or reach for
// @import, end in an error; json-gold would run out of stack, which nothing
// recovers from.
func TestInclusion(t *testing.T) {
	set := embedded(t)
	for url, content := range map[string]string{
		"https://example.org/a":      `{"@context": ["https://example.org/b"]}`,
		"https://example.org/b":      `{"@context": ["https://example.org/a"]}`,
		"https://example.org/import": `{"@context": {"@import": "https://example.org/a"}}`,
		"https://example.org/more":   `{"@context": {"grade": "https://example.org/grade"}}`,
	} {
		sum := sha256.Sum256([]byte(content))
		var err error
		if set, err = set.With(url, []byte(content), hex.EncodeToString(sum[:])); err != nil {
			t.Fatal(err)
		}
	}
	p := New(set, Options{})
	for url, want := range map[string]error{"a": ErrInvalidContext, "import": ErrInvalidContext, "more": nil} {
		document := with(ob3, ob3+`, "https://example.org/`+url+`"`)
		if _, err := read(t, p, []byte(document)); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", url, err, want)
		}
	}
	if _, err := read(t, p, []byte(strings.Replace(with(ob3, ob3+`, "https://example.org/more"`), `"validFrom"`, `"grade": "A", "validFrom"`, 1))); err != nil {
		t.Errorf("a term of an operator: %v", err)
	}
}

// TestConcurrency shares one Processor among many, with hostile lists among the
// good ones.
func TestConcurrency(t *testing.T) {
	p := New(embedded(t), Options{})
	want, err := read(t, New(embedded(t), Options{}), []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 40 {
				list := `, "https://w3id.org/security/multikey/v1", "https://w3id.org/security/jwk/v1", "https://www.w3.org/ns/cid/v1"`
				if (i+j)%3 == 0 {
					_, _ = p.Dataset(context.Background(), Source{Object: parse(t, with(ob3, ob3+list))})
				}
				dataset, err := p.Dataset(context.Background(), Source{Object: parse(t, whole)})
				if err != nil {
					t.Error(err)
					return
				}
				form, err := rdfc.Canonicalize(context.Background(), dataset.Quads, rdfc.Options{})
				if err != nil || string(form.NQuads) != want {
					t.Errorf("got %s, %v", form.NQuads, err)
				}
			}
		})
	}
	group.Wait()
}

// TestMemory: however many lists of contexts and scopes are asked for, the
// number of those remembered is bounded.
func TestMemory(t *testing.T) {
	p := New(embedded(t), Options{})
	urls := embedded(t).URLs()
	for i := range 60 {
		list := `, "` + urls[i%len(urls)] + `", "` + urls[(i*7+3)%len(urls)] + `"`
		_, _ = p.Dataset(context.Background(), Source{Object: parse(t, with(ob3, ob3+list))})
		_, _ = p.Dataset(context.Background(), Source{Object: parse(t, strings.Replace(endorsed(ownList, "did:web:badges.example", "x"), ownList, `"@context": [`+v2+list+`],`, 1))})
	}
	count := func(l *lists) (all []*listed) {
		if entries := l.entries.Load(); entries != nil {
			all = *entries
		}
		if len(all) > maxLists {
			t.Errorf("%d lists are remembered", len(all))
		}
		return all
	}
	for _, root := range count(&p.roots) {
		count(&root.active.embedded)
		if kept := root.active.root.kept.Load(); kept > maxKept {
			t.Errorf("%d scopes are remembered", kept)
		}
	}
}

// TestErrors: the texts name the place and the class, and cut what strangers
// write.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&LossError{Path: "/a", Term: "a", Reason: ReasonUndefinedTerm}, `reading "/a" as linked data: the term is not defined by the contexts: "a"`},
		{&LossError{Path: "/a", Reason: ReasonNull}, `reading "/a" as linked data: null carries no statement`},
		{&ContextError{URL: "https://x.example/", Path: "/@context/1", Err: ErrUnknownContext}, `reading context "/@context/1": unknown context: "https://x.example/"`},
		{&ContextError{Path: "/@context", Err: ErrInvalidContext, Detail: "why"}, `reading context "/@context": invalid context: why`},
		{&LimitError{Limit: "quads", Max: 1}, `reading linked data: more than 1 quads`},
		{&LossError{Term: strings.Repeat("é", 60) + "x", Reason: ReasonNull}, `reading "" as linked data: null carries no statement: "` + strings.Repeat("é", 50) + `…"`},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// FuzzDataset: no document makes a panic or takes long, and what is accepted
// can be canonicalised.
func FuzzDataset(f *testing.F) {
	for _, seed := range []string{
		whole, endorsed(ownList, "did:web:badges.example", "x"), version1(""),
		badge(`"name": [{"@value": "x", "@language": "en", "@direction": "rtl"}], "_sd": ["a", {"b": 1.5}]`),
		with(ob3, ob3+`, {"l": {"@id": "urn:x:l", "@container": "@list"}, "j": {"@id": "urn:x:j", "@type": "@json"}, "g": {"@id": "urn:x:g", "@container": "@graph"}, "n": "@nest"}`),
		`{"@context": {"@vocab": "urn:x:"}, "@graph": [{"@id": "_:a", "@reverse": {"b": {"c": [[1], {"@list": []}]}}}], "@included": {"d": true}}`,
		`{"@context": [[null]]}`, `[]`, `{}`, `{"@context": {"@protected": 1}}`,
	} {
		f.Add([]byte(seed))
	}
	set := embedded(f)
	closed, open := New(set, Options{}), New(set, Options{InlineContexts: true})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 16<<10 {
			return
		}
		document, err := strictjson.Parse(data)
		if err != nil {
			return
		}
		for _, p := range []*Processor{closed, open} {
			start := time.Now()
			dataset, err := p.Dataset(context.Background(), Source{Object: document.Root()})
			if took := time.Since(start); took > time.Second {
				t.Errorf("took %v", took)
			}
			if err != nil {
				checkClass(t, err)
				continue
			}
			_, err = rdfc.Canonicalize(context.Background(), dataset.Quads, rdfc.Options{})
			if err != nil && !errors.Is(err, rdfc.ErrBudget) {
				t.Errorf("what was accepted cannot be canonicalised: %v", err)
			}
		}
	})
}

// checkClass: every error is of a documented class.
func checkClass(t *testing.T, err error) {
	t.Helper()
	for _, class := range []error{ErrDataLoss, ErrUnknownContext, ErrInlineContext, ErrInvalidContext, ErrLimit} {
		if errors.Is(err, class) {
			return
		}
	}
	t.Errorf("got an error of no class: %v", err)
}
