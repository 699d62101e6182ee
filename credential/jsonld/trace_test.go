package jsonld

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// TestTrace: the origin of every blank node is the value that it stands for.
func TestTrace(t *testing.T) {
	const document = `{"@context": ["https://www.w3.org/ns/credentials/v2", {"list": {"@id": "urn:x:list", "@container": "@list"}, "p": "urn:x:p"}],
		"type": ["VerifiableCredential"], "issuer": "did:example:1",
		"credentialSubject": [{"p": "one"}, {"id": "did:example:2", "p": {"p": {"p": "three"}}}],
		"list": ["first", {"p": "second"}],
		"proof": {"type": "DataIntegrityProof", "cryptosuite": "none"}}`
	parsed, err := strictjson.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	p := New(embedded(t), Options{InlineContexts: true})
	source := Source{Object: parsed.Root()}
	traced, err := p.Trace(context.Background(), source, rdfc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := p.Canonicalize(context.Background(), source, nil, rdfc.Options{})
	if err != nil || string(plain.NQuads) != string(traced.NQuads) {
		t.Errorf("got canonical form\n%s\nwant\n%s", traced.NQuads, plain.NQuads)
	}
	// Each is found by a statement of its own.
	for suffix, want := range map[string]Origin{
		` <urn:x:p> "one" .`:    {Offset: strings.Index(document, `{"p": "one"`)},
		` <urn:x:p> "three" .`:  {Offset: strings.Index(document, `{"p": "three"`)},
		` <urn:x:p> "second" .`: {Offset: strings.Index(document, `{"p": "second"`)},
		`#first> "first" .`:     {Offset: strings.Index(document, `"first"`)},
		`> "none"^^<https://w3id.org/security#cryptosuiteString>`: {Offset: strings.Index(document, `{"type": "DataIntegrityProof"`), Nth: 1},
		`<https://w3id.org/security#proof>`:                       {Offset: strings.Index(document, `{"type": "DataIntegrityProof"`)},
		`#VerifiableCredential> .`:                                {},
	} {
		found := false
		for line := range strings.Lines(string(traced.NQuads)) {
			label := line
			if strings.HasPrefix(suffix, "<") {
				_, label, _ = strings.Cut(line, suffix+" ")
			}
			var n int
			if !strings.Contains(line, suffix) {
				continue
			}
			if _, err := fmt.Sscanf(label, "_:c14n%d ", &n); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			found = true
			if traced.Origins[n] != want {
				t.Errorf("the node of %q has the origin %v, want %v", line, traced.Origins[n], want)
			}
		}
		if !found {
			t.Errorf("there is no statement %q in\n%s", suffix, traced.NQuads)
		}
	}
	if want := 9; len(traced.Origins) != want {
		t.Errorf("got %d origins, want %d", len(traced.Origins), want)
	}
}
