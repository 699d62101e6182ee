package verifier

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"fmt"
	"testing"
	"time"

	"laurel/credential/bbs"
	"laurel/credential/dataintegrity"
	"laurel/did"
)

// selective is a suite with selective disclosure and a key of the issuer's.
type selective struct {
	suite string
	key   crypto.Signer
}

func selectiveSuites(t testing.TB, l *lab) []selective {
	t.Helper()
	seed := make([]byte, 32)
	seed[0] = 1
	p256, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed)
	if err != nil {
		t.Fatal(err)
	}
	bls, err := bbs.KeyGen(seed, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	found := []selective{{dataintegrity.ECDSASD2023, p256}, {dataintegrity.BBS2023, bls}}
	listed := map[string]string{}
	for _, s := range found {
		if listed[issuerID+"#"+s.suite], err = did.EncodeMultikey(s.key.Public()); err != nil {
			t.Fatal(err)
		}
	}
	l.serve(issuerID, controllerDocument(issuerID, listed))
	return found
}

// derive signs a credential and shows a part of it.
func (s selective) derive(l *lab, credential any, pointers ...string) []byte {
	l.Helper()
	options := dataintegrity.Options{
		Cryptosuite: s.suite, VerificationMethod: issuerID + "#" + s.suite, Created: testNow.Add(-time.Hour), MandatoryPointers: []string{"/issuer"},
	}
	signed, err := l.config.Suites.Sign(context.Background(), marshal(l, credential), s.key, options)
	if err != nil {
		l.Fatal(err)
	}
	derived, err := l.config.Suites.Derive(context.Background(), signed, dataintegrity.DeriveOptions{SelectivePointers: pointers})
	if err != nil {
		l.Fatal(err)
	}
	return derived
}

// TestWorkIsBounded: proofs over hundreds of statements are made once and repeated
// for nothing.
func TestWorkIsBounded(t *testing.T) {
	for _, s := range selectiveSuites(t, newLab(t)) {
		l := newLab(t)
		selectiveSuites(t, l)
		b := badge()
		tags := []any{}
		for i := range 330 {
			tags = append(tags, fmt.Sprint("tag ", i))
		}
		achievement(b)["tag"] = tags
		shown := s.derive(l, b, "/id", "/validFrom", "/credentialSubject")
		if r := l.verify(shown); r.Verdict != VerdictValid {
			t.Fatalf("%s: %s", s.suite, describe(r))
		}
		many := decode(t, shown)
		many["proof"] = repeated(many["proof"], dataintegrity.MaxProofs)
		l.wants(marshal(t, many), VerdictIndeterminate, CodeTooComplex)
		presented := object{
			"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiablePresentation"},
			"verifiableCredential": repeated(decode(t, shown), MaxCredentials),
		}
		l.wants(marshal(t, presented), VerdictIndeterminate, CodeCredential)
		session := New(l.config).newSession(context.Background())
		if !session.work(maxWork) || session.work(1) {
			t.Error("there is more work than there may be")
		}
		// An honest wallet's twenty badges are not too many.
		presented["verifiableCredential"] = repeated(decode(t, s.derive(l, badge(), "/id", "/validFrom", "/credentialSubject")), MaxCredentials)
		if r := l.verify(marshal(t, presented)); r.Verdict != VerdictValid {
			t.Errorf("%s: %s", s.suite, describe(r))
		}
	}
}

func repeated(v any, n int) []any {
	if list, ok := v.([]any); ok {
		v = list[0]
	}
	all := make([]any, n)
	for i := range all {
		all[i] = v
	}
	return all
}
