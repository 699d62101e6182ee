package interop

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"laurel/credential/dataintegrity"
	"laurel/did"
)

// suiteRequest is what the foreign client for cryptosuites is asked.
type suiteRequest struct {
	Do       string          `json:"do"`
	Suite    string          `json:"suite"`
	Curve    string          `json:"curve,omitempty"`
	Document json.RawMessage `json:"document"`
	// Challenge and Domain are those of a presentation.
	Challenge string `json:"challenge,omitempty"`
	Domain    string `json:"domain,omitempty"`
}

// foreignSuites runs the foreign client for cryptosuites.
func foreignSuites(t *testing.T, requests []suiteRequest) []answer {
	t.Helper()
	return ask[suiteRequest, answer](t, "suites.mjs", requests)
}

// ownKey makes a key of a kind.
func ownKey(t *testing.T, kind string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch kind {
	case dataintegrity.KeyEd25519:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case dataintegrity.KeyP256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case dataintegrity.KeyP384:
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	default:
		t.Fatalf("no key of kind %s", kind)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// older is a credential of version 1.1, which gets the context that its proof
// needs.
const older = `{
  "@context": ["https://www.w3.org/2018/credentials/v1"],
  "id": "urn:uuid:0b6f1d0e-6b0e-4f6f-9a53-6d8c7a1e2f31", "type": ["VerifiableCredential"],
  "issuer": {"id": ""}, "issuanceDate": "2026-01-01T00:00:00Z", "credentialSubject": {"id": "did:example:learner"}
}`

// TestCryptosuites: what either side signs, with every suite and kind of key
// that both have, both verify; and what is changed, neither.
func TestCryptosuites(t *testing.T) {
	t.Parallel()
	s := cryptosuites(t)
	documents := map[string]string{"version 1.1": older}
	for name, shape := range shapes {
		documents[name] = shape
	}
	for _, suite := range dataintegrity.Cryptosuites() {
		if !suite.Signs || suite.Name == dataintegrity.ECDSASD2023 || suite.Name == dataintegrity.BBS2023 {
			continue
		}
		for _, kind := range suite.Keys {
			t.Run(suite.Name+" "+kind, func(t *testing.T) {
				key := ownKey(t, kind)
				multikey, err := did.EncodeMultikey(key.Public())
				if err != nil {
					t.Fatal(err)
				}
				var all []shown
				var issuing []suiteRequest
				for name, document := range documents {
					own, err := s.Sign(context.Background(), []byte(strings.Replace(document, `"issuer": {"id": ""`, `"issuer": {"id": "did:key:`+multikey+`"`, 1)), key, dataintegrity.Options{
						Cryptosuite: suite.Name, VerificationMethod: "did:key:" + multikey + "#" + multikey, Created: time.Now(),
					})
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					all = append(all, shown{name + " from here", own, true})
					issuing = append(issuing, suiteRequest{Do: "issue", Suite: suite.Name, Curve: kind, Document: json.RawMessage(document)})
				}
				for i, issued := range foreignSuites(t, issuing) {
					if issued.Error != "" {
						t.Fatalf("issuing there: %s: %s", issuing[i].Document, issued.Error)
					}
					all = append(all, shown{"from there", issued.Document, true})
				}
				for _, one := range all {
					for what, document := range changes(t, one.document) {
						all = append(all, shown{one.name + ", " + what, document, false})
					}
				}
				judge(t, s, suite.Name, all)
			})
		}
	}
}

// changes are copies of a signed credential, each with one thing changed.
func changes(t *testing.T, document json.RawMessage) map[string][]byte {
	t.Helper()
	change := func(at func(credential map[string]any)) []byte {
		var credential map[string]any
		if err := json.Unmarshal(document, &credential); err != nil {
			t.Fatal(err)
		}
		at(credential)
		data, err := json.Marshal(credential)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	subject := func(c map[string]any) map[string]any { return c["credentialSubject"].(map[string]any) }
	proof := func(c map[string]any) map[string]any { return c["proof"].(map[string]any) }
	return map[string][]byte{
		"another subject":   change(func(c map[string]any) { subject(c)["id"] = "did:example:thief" }),
		"another issuer":    change(func(c map[string]any) { c["issuer"].(map[string]any)["id"] = "did:example:thief" }),
		"without its types": change(func(c map[string]any) { c["type"] = []string{"VerifiableCredential", "VerifiablePresentation"} }),
		"another time":      change(func(c map[string]any) { proof(c)["created"] = "2025-01-01T00:00:00Z" }),
		"a longer life":     change(func(c map[string]any) { proof(c)["expires"] = "2099-01-01T00:00:00Z" }),
	}
}

// judge has both sides verify documents.
func judge(t *testing.T, s *dataintegrity.Suites, suite string, all []shown) {
	t.Helper()
	verifying := make([]suiteRequest, len(all))
	for i, one := range all {
		verifying[i] = suiteRequest{Do: "verify", Suite: suite, Document: one.document}
	}
	for i, there := range foreignSuites(t, verifying) {
		if here := verifiedHere(t, s, all[i].document); (here == nil) != all[i].good {
			t.Errorf("%s: here: %v", all[i].name, here)
		}
		if there.Verified != all[i].good {
			t.Errorf("%s: there: %v %s", all[i].name, there.Verified, there.Error)
		}
	}
}
