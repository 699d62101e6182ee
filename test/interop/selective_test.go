package interop

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"laurel/contexts"
	"laurel/credential/bbs"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/credential/strictjson"
	"laurel/did"
	"laurel/verifier"
)

// request is what the foreign client for selective disclosure is asked, and
// answer what it says.
type (
	request struct {
		Do       string          `json:"do"`
		Suite    string          `json:"suite"`
		Document json.RawMessage `json:"document"`
		Pointers []string        `json:"pointers"`
	}
	answer struct {
		Document json.RawMessage `json:"document"`
		Verified bool            `json:"verified"`
		Error    string          `json:"error"`
	}
)

// foreignSelective runs the foreign client for selective disclosure.
func foreignSelective(t *testing.T, requests []request) []answer {
	t.Helper()
	return ask[request, answer](t, "selective.mjs", requests)
}

func cryptosuites(t *testing.T) *dataintegrity.Suites {
	t.Helper()
	set, err := contexts.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return dataintegrity.New(jsonld.New(set, jsonld.Options{}))
}

// selection is what the issuer makes mandatory and the holder selects of a
// shape.
type selection struct{ mandatory, selective []string }

var selections = map[string]selection{
	"minimal":                {nil, []string{"/credentialSubject"}},
	"achievement credential": {[]string{"/issuer", "/credentialSubject/achievement/name"}, []string{"/credentialSubject/identifier", "/validFrom"}},
	"context 3.0.2":          {[]string{"/credentialSubject/achievement"}, nil},
	"full": {
		[]string{"/issuer/id", "/issuer/address/geo", "/validFrom", "/validUntil", "/credentialSubject/achievement/name", "/credentialSubject/achievement/resultDescription/0", "/evidence/1/narrative"},
		[]string{"/issuer/image", "/credentialSubject/achievement/tag", "/credentialSubject/achievement/resultDescription/1/rubricCriterionLevel", "/credentialSubject/result/1/status", "/credentialSubject/creditsEarned", "/termsOfUse"},
	},
	"unicode": {[]string{"/name", "/issuer"}, []string{"/credentialSubject/achievement/description", "/credentialSubject/achievement/criteria/narrative"}},
	"numbers": {[]string{"/issuer"}, []string{"/credentialSubject/creditsEarned", "/credentialSubject/achievement/creditsAvailable"}},
	"arrays":  {[]string{"/issuer", "/credentialSubject/result"}, []string{"/credentialSubject/achievement/alignment", "/credentialSubject/achievement/tag"}},
}

// foreignCannot are shapes that the foreign client can verify and no more, with
// what it says. It gives every object an identifier for a while and compacts the
// document with them: lists get one too, which makes them invalid, and the
// coordinates of a place lose their type, without which they have no meaning.
var foreignCannot = map[string]string{
	"full":    `"@set" or "@list"`,
	"numbers": `"property":"latitude"`,
}

// tampered are changes that a document of any shape can have.
func tampered(t *testing.T, document json.RawMessage) map[string][]byte {
	t.Helper()
	changed := map[string][]byte{"the types": bytes.Replace(document, []byte(`"VerifiableCredential"`), []byte(`"VerifiableCredential","EndorsementCredential"`), 1)}
	if id := bytes.Index(document, []byte(`"id"`)); id >= 0 {
		changed["an expiry"] = bytes.Replace(document, []byte(`{`), []byte(`{"validUntil":"2099-01-01T00:00:00Z",`), 1)
		if bytes.Contains(document, []byte(`"validUntil"`)) {
			changed["an expiry"] = bytes.Replace(document, []byte(`"validUntil":"2096`), []byte(`"validUntil":"2097`), 1)
		}
	}
	for what, data := range changed {
		if bytes.Equal(data, document) {
			t.Fatalf("%s: nothing changed in %s", what, document)
		}
	}
	return changed
}

// verifiedHere verifies a document whose issuer has a did:key.
func verifiedHere(t *testing.T, s *dataintegrity.Suites, document []byte) error {
	t.Helper()
	parsed, err := strictjson.Parse(document)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.VerifyAll(context.Background(), parsed.Root(), func(_ context.Context, proof dataintegrity.Proof) (crypto.PublicKey, error) {
		_, fragment, _ := strings.Cut(proof.VerificationMethod, "#")
		return did.DecodeMultikey(fragment)
	}, dataintegrity.Expect{Now: time.Now()})
	return err
}

// selectiveSigners are new keys for the suites with selective disclosure.
func selectiveSigners(t *testing.T) map[string]crypto.Signer {
	t.Helper()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := bbs.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]crypto.Signer{dataintegrity.ECDSASD2023: p256, dataintegrity.BBS2023: key}
}

// TestSelectiveDisclosure: base proofs of either side are derived from by
// either side and verified by both, and what is changed by neither.
func TestSelectiveDisclosure(t *testing.T) {
	t.Parallel()
	s := cryptosuites(t)
	for suite, signer := range selectiveSigners(t) {
		t.Run(suite, func(t *testing.T) { selectiveRound(t, s, suite, signer) })
	}
}

// shown is a derived document with where it comes from.
type shown struct {
	name     string
	document json.RawMessage
	good     bool
}

func selectiveRound(t *testing.T, s *dataintegrity.Suites, suite string, signer crypto.Signer) {
	multikey, err := did.EncodeMultikey(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	var issuing, deriving []request
	var all []shown
	for name, shape := range shapes {
		if _, ok := selections[name]; !ok {
			t.Fatalf("there is no selection for the shape %q", name)
		}
		names = append(names, name)
		issuing = append(issuing, request{"issue", suite, json.RawMessage(shape), selections[name].mandatory})
	}
	foreign := foreignSelective(t, issuing)
	for i, name := range names {
		selected := selections[name]
		bases := map[string]json.RawMessage{"there": foreign[i].Document}
		says, cannot := foreignCannot[name]
		switch {
		case cannot && strings.Contains(foreign[i].Error, says):
			delete(bases, "there")
		case cannot, foreign[i].Error != "":
			t.Fatalf("%s: issuing there: %s", name, foreign[i].Error)
		}
		own, err := s.Sign(context.Background(), []byte(strings.Replace(shapes[name], `"issuer": {"id": ""`, `"issuer": {"id": "did:key:`+multikey+`"`, 1)), signer, dataintegrity.Options{
			Cryptosuite: suite, VerificationMethod: "did:key:" + multikey + "#" + multikey, Created: time.Now(), MandatoryPointers: selected.mandatory,
		})
		if err != nil {
			t.Fatalf("%s: issuing here: %v", name, err)
		}
		bases["here"] = own
		for origin, base := range bases {
			if err := verifiedHere(t, s, base); !errors.Is(err, dataintegrity.ErrMalformedProof) {
				t.Errorf("%s: the base proof from %s is verified here: %v", name, origin, err)
			}
			derived, err := s.Derive(context.Background(), base, dataintegrity.DeriveOptions{SelectivePointers: selected.selective})
			if err != nil {
				t.Errorf("%s: deriving here from %s: %v", name, origin, err)
				continue
			}
			all = append(all, shown{name + " from " + origin + ", derived here", derived, true})
			if cannot {
				continue
			}
			deriving = append(deriving, request{"derive", suite, base, selected.selective})
			all = append(all, shown{name + " from " + origin + ", derived there", nil, true})
		}
	}
	answers := foreignSelective(t, deriving)
	for i := range all {
		if all[i].document == nil {
			if answers[0].Error != "" {
				t.Errorf("%s: %s", all[i].name, answers[0].Error)
			}
			all[i].document, answers = answers[0].Document, answers[1:]
		}
	}
	for _, one := range all {
		for what, document := range tampered(t, one.document) {
			all = append(all, shown{one.name + ", " + what, document, false})
		}
	}
	verifying := make([]request, len(all))
	for i, one := range all {
		verifying[i] = request{"verify", suite, one.document, nil}
	}
	for i, there := range foreignSelective(t, verifying) {
		if here := verifiedHere(t, s, all[i].document); (here == nil) != all[i].good {
			t.Errorf("%s: here: %v", all[i].name, here)
		}
		if there.Verified != all[i].good {
			t.Errorf("%s: there: %v %s", all[i].name, there.Verified, there.Error)
		}
	}
}

// TestSelectiveVerdict: the program finds a derived badge that shows everything
// valid, and a base proof malformed.
func TestSelectiveVerdict(t *testing.T) {
	t.Parallel()
	s := cryptosuites(t)
	for suite, signer := range selectiveSigners(t) {
		multikey, err := did.EncodeMultikey(signer.Public())
		if err != nil {
			t.Fatal(err)
		}
		badge := strings.Replace(shapes["full"], `"issuer": {"id": ""`, `"issuer": {"id": "did:key:`+multikey+`"`, 1)
		base, err := s.Sign(context.Background(), []byte(badge), signer, dataintegrity.Options{
			Cryptosuite: suite, VerificationMethod: "did:key:" + multikey + "#" + multikey, Created: time.Now(), MandatoryPointers: []string{"/issuer", "/validFrom"},
		})
		if err != nil {
			t.Fatal(err)
		}
		derived, err := s.Derive(context.Background(), base, dataintegrity.DeriveOptions{SelectivePointers: []string{""}})
		if err != nil {
			t.Fatal(err)
		}
		holds(t, derived)
		code, report := verify(t, base)
		if decisive, _ := report.Decisive(); code != 1 || report.Verdict != verifier.VerdictInvalid || decisive.Code != verifier.CodeProofMalformed {
			t.Errorf("%s: the base proof: exit %d, %s %s", suite, code, report.Verdict, decisive.Code)
		}
	}
}
