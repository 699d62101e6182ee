package jsonld

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/piprate/json-gold/ld"

	"laurel/contexts"
)

// The tests here are about the pinned version of json-gold. When one fails, a
// fault that this package guards against is mended upstream: look whether the
// guard can go.

// setLoader gives json-gold the newest documents of a set.
type setLoader struct{ set *contexts.Set }

func (l setLoader) LoadDocument(url string) (*ld.RemoteDocument, error) {
	revisions, err := l.set.Revisions(url)
	if err != nil {
		return nil, err
	}
	var content any
	if err := json.Unmarshal(revisions[0].Bytes, &content); err != nil {
		return nil, err
	}
	return &ld.RemoteDocument{DocumentURL: url, Document: content}, nil
}

func goldOptions(t testing.TB) *ld.JsonLdOptions {
	t.Helper()
	return &ld.JsonLdOptions{
		ProcessingMode: ld.JsonLd_1_1, DocumentLoader: setLoader{embedded(t)}, SafeMode: true,
		Format: "application/n-quads", Algorithm: ld.AlgorithmURDNA2015,
	}
}

func decode(t testing.TB, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func goldNormalize(t testing.TB, text string) string {
	t.Helper()
	got, err := ld.NewJsonLdProcessor().Normalize(decode(t, text), goldOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	return got.(string)
}

// TestCanaryNormalize: Normalize does not heed SafeMode.
func TestCanaryNormalize(t *testing.T) {
	if goldNormalize(t, badge(`"grade": "A+"`)) != goldNormalize(t, whole) {
		t.Error("json-gold's Normalize no longer drops an undefined term in safe mode")
	}
}

// TestCanarySafeMode: what SafeMode of ToRDF lets pass.
func TestCanarySafeMode(t *testing.T) {
	for name, document := range map[string]string{
		"relative id":     with("https://badges.example/achievements/1", "achievements/1"),
		"relative type":   with(`"OpenBadgeCredential"`, `"OpenBadgeCredential", "Other"`),
		"null":            badge(`"evidence": null`),
		"base direction":  badge(`"name": {"@value": "x", "@direction": "rtl"}`),
		"bad percent":     with("https://badges.example/achievements/1", "https://badges.example/%zz"),
		"full IRI as key": badge(`"https://www.w3.org/2018/credentials#issuer": "did:web:evil.example"`),
	} {
		if _, err := ld.NewJsonLdProcessor().ToRDF(decode(t, document), goldOptions(t)); err != nil {
			t.Errorf("%s: json-gold now refuses it: %v", name, err)
		}
	}
}

// TestCanaryPanics: contexts on which json-gold panics.
func TestCanaryPanics(t *testing.T) {
	for _, context := range []string{
		`{"x": {"@id": "urn:x:p", "@container": 1}}`,
		`{"@protected": "yes"}`,
		`{"x": {"@id": "urn:x:p", "@nest": ""}}`,
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("json-gold no longer panics on %s", context)
				}
			}()
			_, _ = ld.NewJsonLdProcessor().Expand(decode(t, with(ob3, ob3+", "+context)), goldOptions(t))
		}()
		_, err := read(t, New(embedded(t), Options{InlineContexts: true}), []byte(with(ob3, ob3+", "+context)))
		if err == nil || !strings.Contains(err.Error(), "panicked") {
			t.Errorf("%s: got %v", context, err)
		}
	}
}

// TestOracle compares the walk with json-gold's own expansion and conversion on
// documents that json-gold reads rightly.
func TestOracle(t *testing.T) {
	p := New(embedded(t), Options{})
	documents := map[string]string{"the badge": whole}
	for name, data := range sampleDocuments(t) {
		documents[name] = data
	}
	compared := 0
	for name, document := range documents {
		got, err := read(t, p, []byte(document))
		if err != nil {
			continue
		}
		compared++
		expanded, err := ld.NewJsonLdProcessor().Expand(decode(t, document), goldOptions(t))
		if err != nil {
			t.Errorf("%s: json-gold refuses it: %v", name, err)
			continue
		}
		nquads, err := ld.NewJsonLdProcessor().ToRDF(expanded, goldOptions(t))
		if err != nil {
			t.Errorf("%s: json-gold refuses it: %v", name, err)
			continue
		}
		if want := canonical(t, []byte(nquads.(string))); got != want {
			t.Errorf("%s: got\n%s\njson-gold has\n%s", name, got, want)
		}
	}
	if compared < 30 {
		t.Errorf("only %d documents were compared", compared)
	}
}
