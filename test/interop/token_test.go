package interop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/cose"
	"laurel/credential/jose"
	"laurel/credential/sdjwt"
	"laurel/credential/strictjson"
)

// tokenRequest is what the foreign client for JOSE and COSE is asked, and
// tokenAnswer what it says.
type (
	tokenRequest struct {
		Do        string          `json:"do"`
		Form      string          `json:"form"`
		Algorithm string          `json:"algorithm"`
		Document  json.RawMessage `json:"document,omitempty"`
		Key       json.RawMessage `json:"key,omitempty"`
		Text      string          `json:"text,omitempty"`
	}
	tokenAnswer struct {
		Text     string          `json:"text"`
		Key      json.RawMessage `json:"key"`
		Document json.RawMessage `json:"document"`
		Error    string          `json:"error"`
	}
)

func foreignTokens(t *testing.T, requests []tokenRequest) []tokenAnswer {
	t.Helper()
	return ask[tokenRequest, tokenAnswer](t, "token.mjs", requests)
}

const (
	secured = `{"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"],"id":"urn:uuid:1","type":["VerifiableCredential"],` +
		`"issuer":"did:example:i","validFrom":"2024-01-01T00:00:00Z","credentialSubject":{"id":"did:example:s","name":"Nö 漢","list":["a","b",{"c":1}]}}`
	secured1 = `{"@context":["https://www.w3.org/2018/credentials/v1"],"id":"urn:uuid:1","type":["VerifiableCredential"],` +
		`"issuer":{"id":"did:example:i"},"issuanceDate":"2024-01-01T00:00:00Z","expirationDate":"2094-01-01T00:00:00Z","credentialSubject":{"id":"did:example:s","degree":{"name":"B"}}}`
)

// cases are what both sides can do.
var tokenCases = []struct{ form, algorithm string }{
	{"jwt", "EdDSA"},
	{"jwt", "ES256"},
	{"jwt", "ES384"},
	{"jwt", "RS256"},
	{"jwt", "PS256"},
	{"sd-jwt", "ES256"},
	{"sd-jwt", "EdDSA"},
	{"vc-jwt", "EdDSA"},
	{"vc-jwt", "ES256"},
	{"cose", "EdDSA"},
	{"cose", "ES256"},
	{"cose", "ES384"},
}

func documentOf(form string) string {
	if form == "vc-jwt" {
		return secured1
	}
	return secured
}

// openToken reads what somebody has secured; it does not verify it.
func openToken(form, text string) (document []byte, verify func(crypto.PublicKey) error, err error) {
	switch form {
	case "sd-jwt":
		token, err := sdjwt.Parse([]byte(text))
		if err != nil {
			return nil, nil, err
		}
		inside, err := token.Document(jose.Options{})
		if err != nil {
			return nil, nil, err
		}
		return inside.Bytes, token.JWS.Verify, nil
	case "cose":
		data, err := jose.DecodeBase64(text)
		if err != nil {
			return nil, nil, err
		}
		message, err := cose.Parse(data)
		if err != nil {
			return nil, nil, err
		}
		document, _, err := message.Document(false, jose.Options{})
		return document, message.Verify, err
	default:
		token, err := jose.OpenCredential([]byte(text), jose.Options{})
		if err != nil {
			return nil, nil, err
		}
		return token.Document, token.JWS.Verify, nil
	}
}

func sameJSON(t *testing.T, a, b []byte) string {
	t.Helper()
	var values [2]any
	for i, data := range [][]byte{a, b} {
		if err := json.Unmarshal(data, &values[i]); err != nil {
			t.Fatalf("%v: %s", err, data)
		}
	}
	return cmp.Diff(values[0], values[1])
}

func TestTokensOfOthers(t *testing.T) {
	t.Parallel()
	var requests []tokenRequest
	for _, c := range tokenCases {
		requests = append(requests, tokenRequest{Do: "issue", Form: c.form, Algorithm: c.algorithm, Document: json.RawMessage(documentOf(c.form))})
	}
	for i, answer := range foreignTokens(t, requests) {
		name := tokenCases[i].form + " " + tokenCases[i].algorithm
		if answer.Error != "" {
			t.Errorf("%s: the foreign client: %s", name, answer.Error)
			continue
		}
		doc, err := strictjson.Parse(answer.Key)
		if err != nil {
			t.Fatal(err)
		}
		key, err := jose.ParseJWK(doc.Root())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		document, verify, err := openToken(tokenCases[i].form, answer.Text)
		if err == nil {
			err = verify(key)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := documentOf(tokenCases[i].form)
		if tokenCases[i].form == "vc-jwt" {
			want = strings.Replace(want, `{"id":"did:example:i"}`, `"did:example:i"`, 1) // the claim iss has taken its place
		}
		if diff := sameJSON(t, []byte(want), document); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		changed := []byte(answer.Text)
		changed[len(changed)/2] ^= 1
		if _, verify, err := openToken(tokenCases[i].form, string(changed)); err == nil && verify(key) == nil {
			t.Errorf("%s: one letter changed and still verified", name)
		}
	}
}

// secureToken is the other side of openToken.
func secureToken(form string, key crypto.Signer) (string, error) {
	options := jose.SigningOptions{KeyID: "did:example:i#key-1", Random: rand.Reader}
	switch form {
	case "sd-jwt":
		return sdjwt.Issue([]byte(secured), key, sdjwt.IssueOptions{
			Signing: options, Random: rand.Reader, Decoys: 2, Disclose: []string{"/credentialSubject/name", "/credentialSubject/list/0"},
		})
	case "cose":
		data, err := cose.Sign([]byte(secured), key, cose.SignOptions{KeyID: options.KeyID, Random: rand.Reader})
		return base64.StdEncoding.EncodeToString(data), err
	default:
		return jose.SignVC([]byte(secured), key, options)
	}
}

func TestTokensForOthers(t *testing.T) {
	t.Parallel()
	must := func(key crypto.Signer, err error) crypto.Signer {
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	keys := map[string]crypto.Signer{
		"EdDSA": must(edwards, err),
		"ES256": must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
		"ES384": must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)),
		"RS256": must(rsa.GenerateKey(rand.Reader, 2048)),
	}
	var requests []tokenRequest
	for _, c := range tokenCases {
		key := keys[c.algorithm]
		if key == nil || c.form == "vc-jwt" { // verified here, never issued
			continue
		}
		text, err := secureToken(c.form, key)
		if err != nil {
			t.Fatalf("%s %s: %v", c.form, c.algorithm, err)
		}
		jwk, err := jose.MarshalJWK(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		good := tokenRequest{Do: "verify", Form: c.form, Algorithm: c.algorithm, Key: jwk, Text: text}
		bad := good
		changed := []byte(text)
		changed[len(changed)/3] ^= 1
		bad.Text = string(changed)
		requests = append(requests, good, bad)
	}
	for i, answer := range foreignTokens(t, requests) {
		name := requests[i].Form + " " + requests[i].Algorithm
		if i%2 == 1 {
			if answer.Error == "" {
				t.Errorf("%s: the foreign client accepts a changed letter", name)
			}
			continue
		}
		if answer.Error != "" {
			t.Errorf("%s: the foreign client: %s", name, answer.Error)
			continue
		}
		want := secured
		if requests[i].Form == "sd-jwt" {
			want = strings.Replace(want, `"a","b"`, `"b"`, 1) // the first element was held back
		}
		if diff := sameJSON(t, []byte(want), answer.Document); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
