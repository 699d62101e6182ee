package dataintegrity

import (
	"context"
	"crypto"
	"fmt"
	"testing"

	"laurel/contexts"
	"laurel/credential/jsonld"
	"laurel/credential/strictjson"
)

// TestTemplate compares what templates give with what reading the options
// gives, the first time and when they are remembered.
func TestTemplate(t *testing.T) {
	set, err := contexts.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	s := New(jsonld.New(set, jsonld.Options{InlineContexts: true}))
	const v2, badges = `"https://www.w3.org/ns/credentials/v2"`, `"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"`
	lists := map[string]bool{ // and whether a template must do
		v2:                             true,
		`[` + v2 + `]`:                 true,
		`[` + v2 + `, ` + badges + `]`: true,
		`["https://www.w3.org/2018/credentials/v1","https://w3id.org/security/data-integrity/v2"]`: true,
		`[` + v2 + `,{"did":{"@id":"https://example.org/","@prefix":true}}]`:                       false,
		`[{"@vocab":"https://example.org/#"}]`:                                                     false,
	}
	taken := 0
	for list, must := range lists {
		for _, created := range []string{"", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678+01:00"} {
			for _, method := range []string{"did:web:example.org#key-1", "https://example.org/keys/1#a", "urn:uuid:1", "did:web:h%C3%A9#1", "did:o> <did:g"} {
				for _, purpose := range []string{AssertionMethod, Authentication, "noSuchPurpose"} {
					name := fmt.Sprint(list, created, method, purpose)
					if compareTemplate(t, s, name, list, created, method, purpose) {
						taken++
					} else if must && purpose != "noSuchPurpose" && created != "" && method == "did:web:example.org#key-1" {
						t.Errorf("%s: no template", name)
					}
				}
			}
		}
	}
	if taken == 0 {
		t.Error("no template was used")
	}
}

func compareTemplate(t *testing.T, s *Suites, name, list, created, method, purpose string) (used bool) {
	t.Helper()
	text := `{"@context":` + list + `,"proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022",` +
		`"verificationMethod":"` + method + `","proofPurpose":"` + purpose + `","proofValue":"z1"`
	if created != "" {
		text += `,"created":"` + created + `"`
	}
	document, err := strictjson.Parse([]byte(text + "}}"))
	if err != nil {
		t.Fatal(err)
	}
	proofs, err := Proofs(document.Root())
	if err != nil {
		return false // is refused before
	}
	want := s.digest(context.Background(), optionsSource(document.Root(), proofs[0].Value), crypto.SHA256)
	plain, ok := proofs[0].plain()
	if !ok {
		return false
	}
	// All of the test's options of one list and purpose follow each other, so
	// that what was filled in last is mostly another's.
	for _, lasting := range []bool{false, true, true} {
		plain.lasting = lasting
		if other, ok := s.digestPlain(context.Background(), document.Root(), &plain, crypto.SHA384); ok && other.sum == want.sum {
			t.Errorf("%s: SHA-384 gives what SHA-256 does", name)
		}
		got, ok := s.digestPlain(context.Background(), document.Root(), &plain, crypto.SHA256)
		if !ok {
			return false
		}
		if want.err != nil || got.sum != want.sum || got.general != want.general || len(got.contexts) != len(want.contexts) {
			t.Errorf("%s: the template and the reading of the options differ (%v)", name, want.err)
		}
	}
	return true
}

// TestTemplatesAreBounded tries more lists of contexts than are remembered.
func TestTemplatesAreBounded(t *testing.T) {
	var known templates
	for i := range 10 * maxTemplates {
		known.add(fmt.Append(nil, i), new(template))
		if known.get(fmt.Append(nil, i)) == nil {
			t.Fatal("a template is forgotten at once")
		}
	}
	if n := len(*known.known.Load()); n > maxTemplates {
		t.Errorf("%d templates are remembered", n)
	}
}
