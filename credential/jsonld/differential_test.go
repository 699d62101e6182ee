package jsonld

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/piprate/json-gold/ld"

	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// goldCanonical is the canonical form of what json-gold reads in a document.
func goldCanonical(t testing.TB, document string) (string, error) {
	t.Helper()
	options := goldOptions(t)
	expanded, err := ld.NewJsonLdProcessor().Expand(decode(t, document), options)
	if err != nil {
		return "", err
	}
	nquads, err := ld.NewJsonLdProcessor().ToRDF(expanded, options)
	if err != nil {
		return "", err
	}
	quads, err := rdfc.ParseNQuads([]byte(nquads.(string)))
	if err != nil {
		return "", err
	}
	form, err := rdfc.Canonicalize(context.Background(), quads, rdfc.Options{})
	if err != nil {
		return "", err
	}
	return string(form.NQuads), nil
}

// canonicalize reads a document on the way that proofs take.
func canonicalize(t testing.TB, p *Processor, document string) (string, error) {
	t.Helper()
	parsed, err := strictjson.Parse([]byte(document))
	if err != nil {
		return "", err
	}
	form, err := p.Canonicalize(context.Background(), Source{Object: parsed.Root()}, nil, rdfc.Options{})
	return string(form.NQuads), err
}

// generated is the SHA-256 of what the first 10,000 generated documents become,
// all of which were compared with json-gold (LAUREL_FULL=1 does so again).
const generated = "36e23799a4bb4859b7ae275ec850d591e34fefdffafe5fc71fbb4a3382127a77"

// TestGenerated reads 10,000 generated documents and compares with json-gold:
// directly some of them, and all by a digest of the results.
func TestGenerated(t *testing.T) {
	p := New(embedded(t), Options{})
	all, every := 10_000, uint64(40) // all of them for the digest
	sampled := false
	switch {
	case os.Getenv("LAUREL_FULL") != "":
		every = 1
	case testing.Short() || raceEnabled:
		all, every, sampled = 500, 50, true
	}
	digest := sha256.New()
	accepted, compared := 0, 0
	for seed := range uint64(all) {
		document := generate(seed)
		got, err := canonicalize(t, p, document)
		if err != nil {
			got = "refused\n"
		} else {
			accepted++
		}
		digest.Write([]byte(got))
		if seed%every != 0 || err != nil {
			continue
		}
		want, err := goldCanonical(t, document)
		if err != nil {
			t.Errorf("%d: json-gold refuses it: %v\n%s", seed, err, document)
			continue
		}
		compared++
		if got != want {
			t.Fatalf("%d: got\n%s\njson-gold has\n%s\nof %s", seed, got, want, document)
		}
	}
	t.Logf("%d accepted, %d compared", accepted, compared)
	if accepted < all*9/10 {
		t.Errorf("only %d documents are good", accepted)
	}
	if sum := hex.EncodeToString(digest.Sum(nil)); sum != generated && !sampled {
		t.Errorf("the results have the digest %s", sum)
	}
}

// plainIRI are IRIs that json-gold does not drop.
var plainIRI = regexp.MustCompile(`^(https?://[a-z]+(\.[a-z]+)*(/[A-Za-z0-9/._~#-]*)?|(did|urn):[A-Za-z0-9:.-]+)$`)

// FuzzCanonicalize holds the way that proofs take against the quads, and both
// against json-gold, where that is known to be right.
func FuzzCanonicalize(f *testing.F) {
	for _, seed := range []string{whole, endorsed(ownList, "did:web:badges.example", "x"), version1(""), generate(1), generate(2), generate(3)} {
		f.Add([]byte(seed))
	}
	p := New(embedded(f), Options{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 16<<10 {
			return
		}
		document, err := strictjson.Parse(data)
		if err != nil {
			return
		}
		dataset, err := p.Dataset(context.Background(), Source{Object: document.Root()})
		form, formErr := p.Canonicalize(context.Background(), Source{Object: document.Root()}, nil, rdfc.Options{})
		if err != nil {
			if formErr == nil || formErr.Error() != err.Error() {
				t.Errorf("got %v and %v", err, formErr)
			}
			return
		}
		again, err := rdfc.Canonicalize(context.Background(), dataset.Quads, rdfc.Options{})
		if (err != nil) != (formErr != nil) || err == nil && string(again.NQuads) != string(form.NQuads) {
			t.Fatalf("two forms of one document: %v %v", err, formErr)
		}
		if err != nil || !goldIsRight(string(data), dataset.Quads) {
			return
		}
		want, err := goldCanonical(t, string(data))
		if err != nil || want != string(form.NQuads) {
			t.Errorf("got\n%s\njson-gold has %v\n%s", form.NQuads, err, want)
		}
	})
}

// goldIsRight reports whether a document keeps clear of what json-gold reads in
// another way: base directions, JSON literals, graphs of credentials, IRIs
// beyond its own notion of URLs, escapes in N-Quads.
func goldIsRight(document string, quads []rdfc.Quad) bool {
	for _, hazard := range []string{"@direction", "verifiableCredential", "proof", `\u`, `\b`, `\f`, "\x7f"} {
		if strings.Contains(document, hazard) {
			return false
		}
	}
	for _, quad := range quads {
		for _, term := range []rdfc.Term{quad.Subject, quad.Predicate, quad.Object, quad.Graph} {
			if term.Kind == rdfc.IRI && !plainIRI.MatchString(term.Value) || strings.HasSuffix(term.Datatype, "#JSON") {
				return false
			}
		}
	}
	return true
}
