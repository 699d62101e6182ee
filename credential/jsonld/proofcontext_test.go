package jsonld

import (
	"errors"
	"strings"
	"testing"
)

// TestProofContext: the proof of a credential in a presentation may repeat the
// contexts of the credential, as proofs with JCS do, and nothing else may have
// any.
func TestProofContext(t *testing.T) {
	const good = `{"@context": [` + v2 + `], "type": ["VerifiablePresentation"], "verifiableCredential": [{
		"@context": [` + v2 + `, ` + ob3 + `], "type": ["VerifiableCredential", "OpenBadgeCredential"], "issuer": "did:web:badges.example",
		"proof": {"@context": [` + v2 + `, ` + ob3 + `], "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "proofValue": "z3"}}]}`
	p := New(embedded(t), Options{})
	if _, err := read(t, p, []byte(good)); err != nil {
		t.Fatal(err)
	}
	list := `{"@context": [` + v2 + `, ` + ob3 + `], "type": "DataIntegrityProof"`
	for name, c := range map[string]struct {
		proof string
		want  error
	}{
		"another type":      {strings.Replace(list, "DataIntegrityProof", "Ed25519Signature2020", 1), ErrInlineContext},
		"one of two types":  {strings.Replace(list, `"DataIntegrityProof"`, `["DataIntegrityProof", "Profile"]`, 1), ErrInlineContext},
		"a context inline":  {strings.Replace(list, ob3, `{"cryptosuite": "urn:x:x"}`, 1), ErrInlineContext},
		"another beginning": {strings.Replace(list, v2+`, `, "", 1), ErrInvalidContext},
		"an unknown one":    {strings.Replace(list, ob3, `"https://example.org/c"`, 1), ErrUnknownContext},
	} {
		if _, err := read(t, p, []byte(strings.Replace(good, list, c.proof, 1))); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}
