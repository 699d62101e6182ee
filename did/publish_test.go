package did

import (
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/jose"
)

func TestPublishRefuses(t *testing.T) {
	key := PublishedKey{Fragment: "key-1", PublicKey: testEd25519(t)}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	document := func(keys ...PublishedKey) PublishedDocument { return PublishedDocument{ID: victim, Keys: keys} }
	member := func(name, value string) PublishedDocument {
		return PublishedDocument{ID: victim, Members: map[string]json.RawMessage{name: json.RawMessage(value)}}
	}
	for _, tt := range []struct {
		name     string
		document PublishedDocument
		want     error
	}{
		{"no id", PublishedDocument{Keys: []PublishedKey{key}}, ErrInvalidDocument},
		{"id with fragment", PublishedDocument{ID: victimID}, ErrInvalidDocument},
		{"no fragment", document(PublishedKey{PublicKey: key.PublicKey}), ErrInvalidVerificationMethodURL},
		{"bad fragment", document(PublishedKey{Fragment: "key 1", PublicKey: key.PublicKey}), ErrInvalidVerificationMethodURL},
		{"same fragment", document(key, key), ErrInvalidDocument},
		{"no key", document(PublishedKey{Fragment: "key-1"}), ErrInvalidKey},
		{"small order", document(PublishedKey{Fragment: "key-1", PublicKey: make(ed25519.PublicKey, 32)}), ErrInvalidKey},
		{"private key", document(PublishedKey{Fragment: "key-1", PublicKey: private}), ErrPrivateKey},
		{"private key as JWK", document(PublishedKey{Fragment: "key-1", Type: TypeJSONWebKey2020, PublicKey: private}), ErrPrivateKey},
		{"RSA as Multikey", document(PublishedKey{Fragment: "key-1", PublicKey: &private.PublicKey}), ErrUnsupportedKey},
		{"BLS as JWK", document(PublishedKey{Fragment: "key-1", Type: TypeJSONWebKey, PublicKey: testBLS(t)}), ErrUnsupportedKey},
		{"BLS as Ed25519 type", document(PublishedKey{Fragment: "key-1", Type: TypeEd25519Key2020, PublicKey: testBLS(t)}), ErrInvalidVerificationMethod},
		{"P-256 as Ed25519 type", document(PublishedKey{Fragment: "key-1", Type: TypeEd25519Key2020, PublicKey: testECDSA(t, elliptic.P256())}), ErrInvalidVerificationMethod},
		{"unknown type", document(PublishedKey{Fragment: "key-1", Type: "MysteryKey", PublicKey: key.PublicKey}), ErrInvalidVerificationMethod},
		{"base58 type", document(PublishedKey{Fragment: "key-1", Type: TypeEd25519Key2018, PublicKey: key.PublicKey}), ErrInvalidVerificationMethod},
		{"revoked key without fragment", document(PublishedKey{PublicKey: key.PublicKey, Revoked: time.Now()}), ErrInvalidVerificationMethodURL},
		{"member id", member("id", `"did:web:attacker.example"`), ErrInvalidDocument},
		{"member @context", member("@context", `[]`), ErrInvalidDocument},
		{"member authentication", member("authentication", `[]`), ErrInvalidDocument},
		{"member assertionMethod", member("assertionMethod", `[]`), ErrInvalidDocument},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if data, err := tt.document.MarshalJSON(); data != nil || !errors.Is(err, tt.want) {
				t.Errorf("%s, %v, want %v", data, err, tt.want)
			}
		})
	}
	if data, err := member("name", `{`).MarshalJSON(); data != nil || err == nil {
		t.Errorf("malformed member: %s, %v", data, err)
	}
}

func TestPublish(t *testing.T) {
	ed, old, leaked, p256 := testEd25519(t), testEd25519(t), testEd25519(t), testECDSA(t, elliptic.P256())
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := PublishedDocument{
		ID: victim,
		Keys: []PublishedKey{
			{Fragment: "key-1", PublicKey: old},
			{Fragment: "key-2", PublicKey: leaked, Revoked: time.Date(2026, 11, 1, 13, 0, 0, 999, time.FixedZone("", 3600))},
			{Fragment: "key-3", PublicKey: ed},
			{Fragment: "key-3-2020", Type: TypeEd25519Key2020, PublicKey: ed},
			{Fragment: "jwt-1", Type: TypeJSONWebKey2020, PublicKey: p256},
			{Fragment: "jwt-2", Type: TypeJSONWebKey2020, PublicKey: &private.PublicKey},
			{Fragment: "jwt-0", Type: TypeJSONWebKey2020, PublicKey: testECDSA(t, elliptic.P384()), Revoked: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
		},
		Members: map[string]json.RawMessage{"name": json.RawMessage(`"University <&> École"`), "alsoKnownAs": json.RawMessage(`[]`)},
	}
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	thumbprint, err := jose.Thumbprint(p256)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	multikey := func(fragment, typ string, key crypto.PublicKey) map[string]any {
		return map[string]any{"id": victim + "#" + fragment, "type": typ, "controller": victim, "publicKeyMultibase": encode(t, key)}
	}
	methods := got["verificationMethod"].([]any)
	revoked := multikey("key-2", "Multikey", leaked)
	revoked["revoked"] = "2026-11-01T12:00:00Z"
	if diff := cmp.Diff([]any{multikey("key-1", "Multikey", old), revoked, multikey("key-3", "Multikey", ed), multikey("key-3-2020", "Ed25519VerificationKey2020", ed)}, methods[:4]); diff != "" {
		t.Error(diff)
	}
	jwk := methods[4].(map[string]any)["publicKeyJwk"].(map[string]any)
	if jwk["alg"] != "ES256" || jwk["kid"] != thumbprint || jwk["crv"] != "P-256" {
		t.Errorf("JWK %v", jwk)
	}
	if revoked := methods[6].(map[string]any); revoked["type"] != "JsonWebKey" || revoked["revoked"] != "2026-01-01T00:00:00Z" {
		t.Errorf("revoked JWK %v", revoked)
	}
	delete(got, "verificationMethod")
	want := map[string]any{
		"@context": []any{
			"https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1",
			"https://w3id.org/security/suites/ed25519-2020/v1", "https://w3id.org/security/suites/jws-2020/v1",
			"https://w3id.org/security/jwk/v1",
		},
		"id":              victim,
		"assertionMethod": []any{victim + "#key-1", victim + "#key-3", victim + "#key-3-2020", victim + "#jwt-1", victim + "#jwt-2"},
		"alsoKnownAs":     []any{},
		"name":            "University <&> École",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	d := mustParse(t, string(data))
	if m, err := d.Method(victim+"#key-1", AssertionMethod); err != nil || !equal(m.PublicKey, old) || m.CheckTime(time.Now()) != nil {
		t.Errorf("retired key: %v, %v", m, err)
	}
	if _, err := d.Method(victim+"#key-2", AssertionMethod); !errors.Is(err, ErrNotAuthorized) {
		t.Errorf("compromised key: %v", err)
	}
}

func TestPublishProfile(t *testing.T) {
	const id = "https://issuer.example/issuers/physics"
	data, err := PublishedDocument{
		ID:       id,
		Contexts: []string{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
		Keys:     []PublishedKey{{Fragment: "key-1", PublicKey: testEd25519(t)}},
		Members:  map[string]json.RawMessage{"type": json.RawMessage(`["Profile"]`)},
	}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	const begin = `{"@context":["https://www.w3.org/ns/did/v1","https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",` +
		`"https://w3id.org/security/multikey/v1"],"id":"` + id + `","verificationMethod":[{"id":"` + id + `#key-1",`
	if !strings.HasPrefix(string(data), begin) {
		t.Errorf("got %s", data)
	}
	if _, err := mustParse(t, string(data)).Method(id+"#key-1", AssertionMethod); err != nil {
		t.Error(err)
	}
	empty, err := PublishedDocument{ID: id}.MarshalJSON()
	if want := `{"@context":["https://www.w3.org/ns/did/v1"],"id":"` + id + `","verificationMethod":[],"assertionMethod":[]}`; err != nil || string(empty) != want {
		t.Errorf("no keys: %s, %v", empty, err)
	}
}
