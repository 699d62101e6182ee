package dataintegrity

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"laurel/credential/jsonld"
	"laurel/credential/strictjson"
)

// chained is a badge with two independent proofs and one that is chained to
// both, then one chained to that.
func (s signing) chained(t testing.TB) string {
	t.Helper()
	document := s.sign(t, badge, Options{ID: "urn:x:1", Created: created})
	document = s.sign(t, document, Options{ID: "urn:x:2", Created: created})
	document = s.sign(t, document, Options{ID: "urn:x:3", Created: created, PreviousProof: []string{"urn:x:2", "urn:x:1"}})
	return s.sign(t, document, Options{Created: created, PreviousProof: []string{"urn:x:3"}})
}

// proofsOf gives the proofs of a document as they are written.
func proofsOf(t testing.TB, document string) []string {
	t.Helper()
	proofs, err := Proofs(parse(t, []byte(document)))
	if err != nil {
		t.Fatal(err)
	}
	var raw []string
	for _, p := range proofs {
		raw = append(raw, string(p.Value.Raw()))
	}
	return raw
}

func withProofs(proofs ...string) string {
	return strings.Replace(badge, `"validFrom"`, `"proof": [`+strings.Join(proofs, ",")+`], "validFrom"`, 1)
}

// TestChains: a chained proof covers the proofs it names, as they are, in every
// suite.
func TestChains(t *testing.T) {
	suites := closed(t)
	for _, s := range signings {
		if s.suite == Ed25519Signature2020 {
			continue // its context has no term for it
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			document := s.chained(t)
			if err := s.verify(suites, []byte(document), Expect{}); err != nil {
				t.Fatal(err)
			}
			p := proofsOf(t, document)
			other := proofsOf(t, s.sign(t, badge, Options{ID: "urn:x:1", Created: created.AddDate(0, 0, 1)}))[0]
			text := strings.Contains(s.suite, "-jcs-")
			for name, c := range map[string]struct {
				document string
				want     error
			}{
				"in another order":        {withProofs(p[3], p[2], p[1], p[0]), nil},
				"without the last":        {withProofs(p[:3]...), nil},
				"without a previous one":  {withProofs(p[1:]...), ErrMalformedProof},
				"a previous one replaced": {withProofs(other, p[1], p[2], p[3]), ErrSignature},
				"with one more":           {withProofs(p[0], p[1], p[2], p[3], strings.Replace(other, "urn:x:1", "urn:x:4", 1)), ErrSignature},
				"without its links":       {withProofs(p[0], p[1], strings.Replace(p[2], `,"previousProof":["urn:x:2","urn:x:1"]`, "", 1)), ErrSignature},
				"with one link":           {withProofs(p[0], p[1], strings.Replace(p[2], `["urn:x:2","urn:x:1"]`, `"urn:x:1"`, 1)), ErrSignature},
				"links in another order":  {withProofs(p[0], p[1], strings.Replace(p[2], `["urn:x:2","urn:x:1"]`, `["urn:x:1","urn:x:2"]`, 1)), map[bool]error{true: ErrSignature}[text]},
				"the same link twice":     {withProofs(p[0], p[1], strings.Replace(p[2], `["urn:x:2","urn:x:1"]`, `["urn:x:1","urn:x:1"]`, 1)), ErrMalformedProof},
				"an empty link":           {withProofs(p[0], strings.Replace(p[2], `["urn:x:2","urn:x:1"]`, `""`, 1)), ErrMalformedProof},
				"no links":                {withProofs(p[0], strings.Replace(p[2], `["urn:x:2","urn:x:1"]`, `[]`, 1)), ErrMalformedProof},
				"an unknown link":         {withProofs(p[0], strings.Replace(p[3], `urn:x:3`, `urn:x:9`, 1)), ErrMalformedProof},
				"a link to itself":        {withProofs(strings.Replace(p[3], `{`, `{"id":"urn:x:3",`, 1)), ErrMalformedProof},
				"a circle": {withProofs(
					strings.Replace(p[0], `{`, `{"previousProof":"urn:x:3",`, 1), p[1], p[2],
				), ErrMalformedProof},
				"a longer circle, seen from outside": {withProofs(
					strings.Replace(p[0], `{`, `{"previousProof":"urn:x:2",`, 1), strings.Replace(p[1], `{`, `{"previousProof":"urn:x:1",`, 1), p[2], p[3],
				), ErrMalformedProof},
			} {
				if err := s.verify(suites, []byte(c.document), Expect{}); !errors.Is(err, c.want) {
					t.Errorf("%s: got %v, want %v", name, err, c.want)
				}
			}
		})
	}
}

// TestChainToUnknown: what a proof is chained to has to be checked too, which a
// proof of an unknown kind cannot be.
func TestChainToUnknown(t *testing.T) {
	for name, unknown := range map[string]string{
		"type":        `{"id":"urn:x:1","type":"SomeProofType"}`,
		"cryptosuite": strings.Replace(proofsOf(t, sign(t, badge, Options{ID: "urn:x:1"}))[0], EdDSARDFC2022, "xyz-2030", 1),
	} {
		first := proofsOf(t, signings[0].chained(t))[2]
		second := strings.Replace(first, `["urn:x:2","urn:x:1"]`, `"urn:x:1"`, 1)
		root := parse(t, []byte(withProofs(unknown, second)))
		proofs, err := Proofs(root)
		if err != nil || Supported(proofs[0]) || !Supported(proofs[1]) {
			t.Fatal(name, proofs, err)
		}
		_, err = closed(t).Verify(ctx, root, proofs[1], signingKey.Public(), Expect{Now: now})
		var fault *ProofError
		if !errors.Is(err, ErrUnsupportedProof) || !errors.As(err, &fault) || fault.Path != "/proof/1/previousProof" {
			t.Errorf("an unknown %s: %v", name, err)
		}
	}
}

func TestSignRefusesChains(t *testing.T) {
	once := sign(t, badge, Options{ID: "urn:x:1", Cryptosuite: EdDSARDFC2022})
	for name, c := range map[string]struct {
		document string
		options  Options
		want     error
	}{
		"no proofs":                {badge, Options{PreviousProof: []string{"urn:x:1"}}, ErrMalformedProof},
		"no such proof":            {once, Options{PreviousProof: []string{"urn:x:2"}}, ErrMalformedProof},
		"the same twice":           {once, Options{PreviousProof: []string{"urn:x:1", "urn:x:1"}}, ErrMalformedProof},
		"nothing":                  {once, Options{PreviousProof: []string{""}}, ErrMalformedProof},
		"itself":                   {once, Options{ID: "urn:x:2", PreviousProof: []string{"urn:x:2"}}, ErrMalformedProof},
		"a type without the term":  {once, Options{Cryptosuite: Ed25519Signature2020, PreviousProof: []string{"urn:x:1"}}, jsonld.ErrDataLoss},
		"a chain that is a circle": {strings.Replace(once, `"proof":{`, `"proof":{"previousProof":"urn:x:1",`, 1), Options{}, ErrMalformedProof},
	} {
		c.options.VerificationMethod = method
		if got, err := closed(t).Sign(ctx, []byte(c.document), signingKey, c.options); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// TestChainPaths: errors lead into the document as it is.
func TestChainPaths(t *testing.T) {
	document := signings[0].chained(t)
	p := proofsOf(t, document)
	undefined := strings.Replace(badge, `"name": "Teamwork"`, `"name": "Teamwork", "grade": "A"`, 1)
	at := func(document string) string {
		root := parse(t, []byte(`{"inside": [`+document+`]}`)).Get("inside")
		var inner strictjson.Value
		for element := range root.Elements() {
			inner = element
		}
		proofs, err := Proofs(inner)
		if err != nil {
			t.Fatal(err)
		}
		_, err = closed(t).Verify(ctx, inner, proofs[len(proofs)-1], signingKey.Public(), Expect{Now: now})
		var loss *jsonld.LossError
		if !errors.As(err, &loss) {
			t.Fatal(err)
		}
		return loss.Path
	}
	with := func(badge string, proofs ...string) string {
		return strings.Replace(badge, `"validFrom"`, `"proof": [`+strings.Join(proofs, ",")+`], "validFrom"`, 1)
	}
	if got, want := at(with(undefined, p[0], p[1], p[2])), "/inside/0/credentialSubject/achievement/grade"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	odd := strings.Replace(p[1], `"proofPurpose":"assertionMethod"`, `"proofPurpose":"odd"`, 1)
	if got, want := at(with(badge, p[0], odd, p[2])), "/inside/0/proof/1/proofPurpose"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestLongChain: the longest chain there may be is signed and verified, and as
// many proofs chained to as many others do no harm.
func TestLongChain(t *testing.T) {
	document, previous := badge, []string(nil)
	for i := range MaxProofs {
		id := fmt.Sprintf("urn:x:%d", i)
		document = sign(t, document, Options{ID: id, PreviousProof: slices.Clone(previous)})
		previous = append(previous, id)
	}
	key := func(context.Context, Proof) (crypto.PublicKey, error) { return signingKey.Public(), nil }
	all, err := closed(t).VerifyAll(ctx, parse(t, []byte(document)), key, Expect{Now: now})
	if err != nil || len(all) != MaxProofs {
		t.Errorf("%d proofs: %v", len(all), err)
	}
}
