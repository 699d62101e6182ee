package dataintegrity

import (
	"context"
	"crypto"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/jcs"
	"laurel/credential/jsonld"
)

const (
	badgeContexts = `["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]`
	written       = `"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]`
)

// signText makes a proof with eddsa-jcs-2022 over a document by the letter of
// the specification, without the checks of Sign.
func signText(t testing.TB, document, proof string) string {
	t.Helper()
	unsigned, options := parse(t, []byte(document)), parse(t, []byte(proof))
	documentText := jcs.Append(nil, unsigned)
	optionsText := jcs.Append(nil, options)
	data := append(append([]byte(nil), sum256(optionsText)...), sum256(documentText)...)
	value, err := signEd25519(signingKey, data)
	if err != nil {
		t.Fatal(err)
	}
	whole := proof[:len(proof)-1] + `,"proofValue":"` + value + `"}`
	end := strings.LastIndex(document, "}")
	return document[:end] + `,"proof":` + whole + document[end:]
}

func sum256(data []byte) []byte {
	sum := sumOf(crypto.SHA256, data)
	return sum[:crypto.SHA256.Size()]
}

const textOptions = `"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","verificationMethod":"did:web:badges.example#key-1","proofPurpose":"assertionMethod"}`

// TestTextContexts: the contexts of a proof begin those of the document (VC Data
// Integrity EdDSA §3.3.2), and are all of them unless more are expected.
func TestTextContexts(t *testing.T) {
	without := signText(t, badge, `{`+textOptions)
	with := sign(t, badge, Options{Cryptosuite: EdDSAJCS2022})
	if !strings.Contains(with, written) {
		t.Fatalf("the proof has no contexts: %s", with)
	}
	one := `["https://www.w3.org/ns/credentials/v2"]`
	plain := `{"@context": ` + one + `, "type": ["VerifiablePresentation"], "holder": "did:web:a.example"}`
	replaced := func(document, old, with string) string {
		if !strings.Contains(document, old) {
			t.Fatalf("%s is not in %s", old, document)
		}
		return strings.Replace(document, old, with, 1)
	}
	more := replaced(badgeContexts, `]`, `, "https://w3id.org/security/multikey/v1"]`)
	for name, c := range map[string]struct {
		document       string
		want, wantMore error // the latter where added contexts are expected
	}{
		"the same":               {with, nil, nil},
		"an older proof without": {without, nil, nil},
		"an older proof, one more in the document": {replaced(without, badgeContexts, more), ErrSignature, ErrSignature},
		"one more in the document":                 {replaced(with, badgeContexts, more), ErrContext, nil},
		"one more in both":                         {replaced(replaced(with, badgeContexts, more), `3.0.3.json"],"proofValue`, `3.0.3.json","https://w3id.org/security/multikey/v1"],"proofValue`), ErrSignature, ErrSignature},
		"one less in the document":                 {replaced(with, badgeContexts, one), ErrContext, ErrContext},
		"one less in the proof":                    {replaced(with, written, `"@context":`+one), ErrContext, ErrSignature},
		"none in the proof":                        {replaced(with, written, `"@context":[]`), ErrContext, ErrSignature},
		"null in the proof":                        {replaced(with, written, `"@context":null`), ErrContext, ErrContext},
		"another order in the proof":               {replaced(with, written, `"@context":["https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json","https://www.w3.org/ns/credentials/v2"]`), ErrContext, ErrContext},
		"an object in the proof":                   {replaced(with, written, `"@context":[{"@vocab":"https://www.w3.org/ns/credentials/v2"}]`), ErrContext, ErrContext},
		"no contexts in the document":              {replaced(with, `"@context": `+badgeContexts+`,`, ``), ErrContext, ErrContext},
		"a string in the proof":                    {signText(t, plain, `{"@context":"https://www.w3.org/ns/credentials/v2",`+textOptions), ErrSignature, ErrSignature},
	} {
		if _, err := verifyAll(t, c.document, Expect{}); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if _, err := verifyAll(t, c.document, Expect{AddedContexts: true}); !errors.Is(err, c.wantMore) {
			t.Errorf("%s, more expected: got %v, want %v", name, err, c.wantMore)
		}
	}
	// A string is the same as a list of one, and what the proof has is signed.
	list := signText(t, strings.Replace(plain, one, `"https://www.w3.org/ns/credentials/v2"`, 1), `{"@context":"https://www.w3.org/ns/credentials/v2",`+textOptions)
	list = replaced(list, `{"@context": "https://www.w3.org/ns/credentials/v2"`, `{"@context": `+one)
	if err := signings[1].verify(laboratoryOf(t), []byte(list), Expect{}); err != nil {
		t.Errorf("a list of one: %v", err)
	}
}

func laboratoryOf(t testing.TB) *Suites {
	t.Helper()
	suites, _ := laboratory(t)
	return suites
}

// TestTextHasMeaning: a good signature over words without a meaning is not
// enough, and none is made.
func TestTextHasMeaning(t *testing.T) {
	for name, c := range map[string]struct {
		document string
		want     error
	}{
		"an undefined term":  {strings.Replace(badge, `"validFrom"`, `"grade": "A", "validFrom"`, 1), jsonld.ErrDataLoss},
		"a relative id":      {strings.Replace(badge, "https://badges.example/achievements/1", "achievements/1", 1), jsonld.ErrDataLoss},
		"an unknown context": {strings.Replace(badge, "context-3.0.3", "context-9", 1), jsonld.ErrUnknownContext},
		"an inline context":  {strings.Replace(badge, badgeContexts, `[{"@vocab": "urn:x:"}]`, 1), jsonld.ErrInlineContext},
		"contexts null":      {strings.Replace(badge, badgeContexts, `null`, 1), jsonld.ErrInvalidContext},
	} {
		signed := signText(t, c.document, `{`+textOptions)
		if _, err := verifyAll(t, signed, Expect{}); !errors.Is(err, c.want) {
			t.Errorf("%s: verifying: got %v, want %v", name, err, c.want)
		}
		options := Options{Cryptosuite: EdDSAJCS2022, VerificationMethod: method}
		if got, err := closed(t).Sign(ctx, []byte(c.document), signingKey, options); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: signing: got %v, want %v", name, err, c.want)
		}
		// The signature is looked at first.
		broken := strings.Replace(signed, "Teamwork", "Leadership", 1)
		if _, err := verifyAll(t, broken, Expect{}); !errors.Is(err, ErrSignature) {
			t.Errorf("%s, changed: %v", name, err)
		}
	}
}

// TestTextWithoutContexts: a document that is no linked data is signed as it is.
func TestTextWithoutContexts(t *testing.T) {
	const entry = `{"versionId": "1-x", "parameters": {"method": "did:webvh:1.0"}, "n": [1, 2.50, 1E2, -0.0, true, null], "é😀": {}}`
	signed := sign(t, entry, Options{Cryptosuite: EdDSAJCS2022, Created: created})
	all, err := verifyAll(t, signed, Expect{})
	if err != nil || all[0].Contexts != nil || all[0].Proof.Context.Exists() {
		t.Fatal(all, err)
	}
	for old, with := range map[string]string{"null": "false", "2.50": "2.5000001", "1-x": "1-y", "é": "e", "{}": "[]", "true, null": "null, true"} {
		if _, err := verifyAll(t, strings.Replace(signed, old, with, 1), Expect{}); !errors.Is(err, ErrSignature) {
			t.Errorf("%s instead of %s: %v", with, old, err)
		}
	}
	// RFC 8785 writes numbers in one way, and these are the same.
	for old, with := range map[string]string{"2.50": "2.5", "1E2": "100", "-0.0": "0"} {
		if _, err := verifyAll(t, strings.Replace(signed, old, with, 1), Expect{}); err != nil {
			t.Errorf("%s instead of %s: %v", with, old, err)
		}
	}
	// These are not, but would be written alike.
	options := Options{Cryptosuite: EdDSAJCS2022, VerificationMethod: method}
	for _, lossy := range []string{"0.10000000000000001", "1.23456789012345678"} {
		document := strings.Replace(entry, "2.50", lossy, 1)
		var loss *jsonld.LossError
		if _, err := closed(t).Sign(ctx, []byte(document), signingKey, options); !errors.As(err, &loss) || loss.Path != "/n/1" {
			t.Errorf("signing %s: %v", lossy, err)
		}
		if _, err := verifyAll(t, signText(t, document, `{`+textOptions), Expect{}); !errors.Is(err, jsonld.ErrDataLoss) {
			t.Errorf("verifying %s: %v", lossy, err)
		}
	}
	for name, document := range map[string]string{"empty": `{}`, "an array": `[]`, "a string": `"x"`} {
		if got, err := closed(t).Sign(ctx, []byte(document), signingKey, options); !errors.Is(err, ErrMalformedProof) || got != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTextContextsUsed: the contexts that give the text its meaning are named.
func TestTextContextsUsed(t *testing.T) {
	all, err := verifyAll(t, sign(t, badge, Options{Cryptosuite: EdDSAJCS2022}), Expect{})
	if err != nil || all[0].Superseded || all[0].General {
		t.Fatal(all, err)
	}
	var urls []string
	for _, document := range all[0].Contexts {
		urls = append(urls, document.URL+" "+document.Revision)
	}
	want := []string{"https://www.w3.org/ns/credentials/v2 ", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json 2026-06"}
	if diff := cmp.Diff(want, urls); diff != "" {
		t.Error(diff)
	}
}

// TestTextOnce: several proofs over one text cost one reading.
func TestTextOnce(t *testing.T) {
	signed := sign(t, sign(t, badge, Options{Cryptosuite: EdDSAJCS2022}), Options{Cryptosuite: EdDSAJCS2022, Created: created})
	root := parse(t, []byte(signed))
	proofs, err := Proofs(root)
	if err != nil {
		t.Fatal(err)
	}
	read := closed(t).Read(root)
	for _, p := range proofs {
		if _, err := read.Verify(ctx, p, signingKey.Public(), Expect{Now: now}); err != nil {
			t.Fatal(err)
		}
	}
	if len(read.texts) != 1 || !read.texts[0].read {
		t.Errorf("%d texts", len(read.texts))
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := closed(t).Verify(over, root, proofs[0], signingKey.Public(), Expect{Now: now}); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is over: %v", err)
	}
}
