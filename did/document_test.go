package did

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mr-tron/base58"

	"laurel/credential/jose"
)

const (
	victim   = "did:web:victim.example"
	victimID = victim + "#key-1"
)

var literal = regexp.MustCompile(`^([{\["].*|null|\d)$`)

// object makes a JSON object from alternating names and values. A value that is
// written as an object, array, string, null or one digit stands as it is; any
// other text becomes a string.
func object(members ...string) string {
	var parts []string
	for i := 0; i < len(members); i += 2 {
		value := members[i+1]
		if !literal.MatchString(value) {
			encoded, _ := json.Marshal(value)
			value = string(encoded)
		}
		parts = append(parts, fmt.Sprintf("%q:%s", members[i], value))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func multikeyMethod(id, controller, multibase string, more ...string) string {
	return object(append([]string{"id", id, "type", "Multikey", "controller", controller, "publicKeyMultibase", multibase}, more...)...)
}

func array(values ...string) string { return "[" + strings.Join(values, ",") + "]" }

func mustParse(t testing.TB, s string) *Document {
	t.Helper()
	d, err := ParseDocument([]byte(s))
	if err != nil {
		t.Fatalf("%v: %s", err, s)
	}
	return d
}

func TestParseDocumentRefuses(t *testing.T) {
	key := encode(t, testEd25519(t))
	method := multikeyMethod(victimID, victim, key)
	var many, references []string
	for i := range maxMethods + 1 {
		many = append(many, multikeyMethod(fmt.Sprintf("#%d", i), victim, key))
		references = append(references, fmt.Sprintf(`"#%d"`, i))
	}
	for name, s := range map[string]string{
		"empty":                      "",
		"not JSON":                   "<html>",
		"trailing data":              object("id", victim) + "x",
		"array":                      "[]",
		"null":                       "null",
		"no id":                      "{}",
		"id null":                    `{"id":null}`,
		"id array":                   `{"id":["` + victim + `"]}`,
		"id twice":                   `{"id":"` + victim + `","id":"did:web:other"}`,
		"id twice by escape":         `{"id":"` + victim + `","\u0069d":"did:web:other"}`,
		"id with fragment":           object("id", victimID),
		"id with path":               object("id", victim+"/a"),
		"id relative":                object("id", "/issuers/1"),
		"id http":                    object("id", "http://victim.example/"),
		"id upper-case scheme":       object("id", "HTTPS://victim.example/"),
		"id without host":            object("id", "https:///issuers"),
		"id with port only":          object("id", "https://:443/issuers"),
		"id with user":               object("id", "https://user@victim.example/"),
		"id https with fragment":     object("id", "https://victim.example/#a"),
		"id with space":              object("id", "https://victim.example/a b"),
		"id not ASCII":               object("id", "https://victim.example/é"),
		"id urn":                     object("id", "urn:uuid:1"),
		"methods object":             object("id", victim, "verificationMethod", method),
		"methods null":               object("id", victim, "verificationMethod", "null"),
		"method string":              object("id", victim, "verificationMethod", `["`+victimID+`"]`),
		"method without id":          object("id", victim, "verificationMethod", `[{"type":"Multikey"}]`),
		"method id number":           object("id", victim, "verificationMethod", `[{"id":1}]`),
		"same id":                    object("id", victim, "verificationMethod", array(method, method)),
		"same id relative":           object("id", victim, "verificationMethod", array(method, multikeyMethod("#key-1", victim, key))),
		"same id embedded":           object("id", victim, "verificationMethod", array(method), "assertionMethod", array(method)),
		"same id embedded elsewhere": object("id", victim, "authentication", array(method), "assertionMethod", array(method)),
		"too many methods":           object("id", victim, "verificationMethod", array(many...)),
		"too many with embedded":     object("id", victim, "verificationMethod", array(many[1:]...), "keyAgreement", array(method)),
		"too many references":        object("id", victim, "assertionMethod", array(references...)),
		"relationship string":        object("id", victim, "assertionMethod", victimID),
		"relationship object":        object("id", victim, "assertionMethod", method),
		"reference number":           object("id", victim, "assertionMethod", "[1]"),
		"reference null":             object("id", victim, "assertionMethod", "[null]"),
		"reference array":            object("id", victim, "assertionMethod", `[["`+victimID+`"]]`),
		"too large":                  object("id", victim, "name", strings.Repeat("a", maxDocument)),
	} {
		t.Run(name, func(t *testing.T) {
			if d, err := ParseDocument([]byte(s)); d != nil || !errors.Is(err, ErrInvalidDocument) {
				t.Errorf("got %v, %v", d, err)
			}
		})
	}
}

// The attacks of which each could pass off another's key as the victim's.
func TestMethodRefuses(t *testing.T) {
	key, attacker := encode(t, testEd25519(t)), encode(t, testEd25519(t))
	good := multikeyMethod(victimID, victim, key)
	document := func(members ...string) string { return object(append([]string{"id", victim}, members...)...) }
	listed := func(method string) string {
		return document("verificationMethod", array(method), "assertionMethod", array(`"`+victimID+`"`))
	}
	both := object("id", victimID, "type", "Multikey", "controller", victim, "publicKeyMultibase", key,
		"publicKeyJwk", `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`)

	for _, tt := range []struct {
		name, document, id string
		want               error
	}{
		{"no id", listed(good), "", ErrInvalidVerificationMethodURL},
		{"relative id", listed(good), "#key-1", ErrInvalidVerificationMethodURL},
		{"no fragment", listed(good), victim, ErrInvalidVerificationMethodURL},
		{"empty fragment", listed(good), victim + "#", ErrInvalidDIDURL},
		{"two fragments", listed(good), victimID + "#key-1", ErrInvalidDIDURL},
		{"http", listed(good), "http://victim.example#key-1", ErrInvalidVerificationMethodURL},
		{"no scheme", listed(good), "victim.example#key-1", ErrInvalidVerificationMethodURL},
		{"https with bad fragment", listed(good), "https://victim.example#a b", ErrInvalidVerificationMethodURL},
		{"path", listed(good), victim + "/a#key-1", ErrDocumentID},
		{"query", listed(good), victim + "?versionId=1#key-1", ErrDocumentID},
		{"another DID", listed(good), "did:web:attacker.example#key-1", ErrDocumentID},
		{"a DID as prefix", listed(good), victim + ".attacker.example#key-1", ErrDocumentID},
		{"another case", listed(good), "did:web:Victim.example#key-1", ErrDocumentID},
		{"a key as fragment", listed(good), victim + "#" + attacker, ErrInvalidVerificationMethod},
		{"the same key as fragment", listed(good), victim + "#" + key, ErrInvalidVerificationMethod},
		{"absent", listed(good), victim + "#key-2", ErrInvalidVerificationMethod},
		{"listed but not there", document("assertionMethod", array(`"`+victimID+`"`)), victimID, ErrInvalidVerificationMethod},
		{"percent-encoded fragment", listed(good), victim + "#key%2D1", ErrInvalidVerificationMethod},

		{"no relationship", document("verificationMethod", array(good)), victimID, ErrNotAuthorized},
		{"other relationship", document("verificationMethod", array(good), "authentication", array(`"`+victimID+`"`)), victimID, ErrNotAuthorized},
		{"embedded in another", document("authentication", array(good)), victimID, ErrNotAuthorized},
		{"embedded in another and referred to", document("authentication", array(good), "assertionMethod", array(`"`+victimID+`"`)), victimID, ErrNotAuthorized},
		{"reference without number sign", document("verificationMethod", array(good), "assertionMethod", `["key-1"]`), victimID, ErrNotAuthorized},
		{"reference to another document", document("verificationMethod", array(good), "assertionMethod", `["did:web:attacker.example#key-1"]`), "did:web:attacker.example#key-1", ErrDocumentID},
		{"method of another document", document("verificationMethod", array(multikeyMethod("did:web:attacker.example#key-1", victim, attacker)), "assertionMethod", `["did:web:attacker.example#key-1"]`), "did:web:attacker.example#key-1", ErrDocumentID},

		{"other controller", listed(multikeyMethod(victimID, "did:web:attacker.example", attacker)), victimID, ErrInvalidVerificationMethod},
		{"no controller", listed(object("id", victimID, "type", "Multikey", "publicKeyMultibase", key)), victimID, ErrInvalidVerificationMethod},
		{"controller array", listed(object("id", victimID, "type", "Multikey", "controller", `["`+victim+`"]`, "publicKeyMultibase", key)), victimID, ErrInvalidVerificationMethod},
		{"controller is the method", listed(multikeyMethod(victimID, victimID, key)), victimID, ErrInvalidVerificationMethod},
		{"no type", listed(object("id", victimID, "controller", victim, "publicKeyMultibase", key)), victimID, ErrInvalidVerificationMethod},
		{"type array", listed(object("id", victimID, "type", `["Multikey"]`, "controller", victim, "publicKeyMultibase", key)), victimID, ErrInvalidVerificationMethod},
		{"type unknown", listed(object("id", victimID, "type", "MysteryKey2031", "controller", victim, "publicKeyMultibase", key)), victimID, ErrUnsupportedKey},
		{"type unknown and not listed", document("verificationMethod", array(object("id", victimID, "type", "MysteryKey2031", "controller", victim, "publicKeyMultibase", key))), victimID, ErrNotAuthorized},
		{"no key", listed(object("id", victimID, "type", "Multikey", "controller", victim)), victimID, ErrInvalidVerificationMethod},
		{"two keys", listed(both), victimID, ErrInvalidVerificationMethod},
		{"key number", listed(object("id", victimID, "type", "Multikey", "controller", victim, "publicKeyMultibase", "1")), victimID, ErrInvalidVerificationMethod},
		{"key malformed", listed(multikeyMethod(victimID, victim, key[:20])), victimID, ErrInvalidKey},
		{"key X25519", listed(multikeyMethod(victimID, victim, join([]byte{0xec, 1}, make([]byte, 32)))), victimID, ErrUnsupportedKey},
		{"key of small order", listed(multikeyMethod(victimID, victim, join([]byte{0xed, 1}, make([]byte, 32)))), victimID, ErrInvalidKey},
		{"secret key", listed(multikeyMethod(victimID, victim, key, "secretKeyMultibase", "z3")), victimID, ErrPrivateKey},
		{"old secret key", listed(multikeyMethod(victimID, victim, key, "privateKeyBase58", "3")), victimID, ErrPrivateKey},
		{"Multikey as JWK", listed(object("id", victimID, "type", "Multikey", "controller", victim, "publicKeyJwk", `{}`)), victimID, ErrInvalidVerificationMethod},
		{"JWK as Multikey", listed(object("id", victimID, "type", "JsonWebKey", "controller", victim, "publicKeyMultibase", key)), victimID, ErrInvalidVerificationMethod},
		{"short JWK", listed(object("id", victimID, "type", "JsonWebKey", "controller", victim, "publicKeyJwk", `{"kty":"OKP","crv":"Ed25519","x":"AQ"}`)), victimID, ErrInvalidKey},
		{"JWK string", listed(object("id", victimID, "type", "JsonWebKey", "controller", victim, "publicKeyJwk", "x")), victimID, ErrInvalidKey},
		{"Ed25519 type with P-256", listed(object("id", victimID, "type", "Ed25519VerificationKey2020", "controller", victim, "publicKeyMultibase", encode(t, testECDSA(t, elliptic.P256())))), victimID, ErrInvalidVerificationMethod},
		{"P-256 type with P-384", listed(object("id", victimID, "type", "EcdsaSecp256r1VerificationKey2019", "controller", victim, "publicKeyMultibase", encode(t, testECDSA(t, elliptic.P384())))), victimID, ErrInvalidVerificationMethod},
		{"2018 with prefix", listed(object("id", victimID, "type", "Ed25519VerificationKey2018", "controller", victim, "publicKeyBase58", key[1:])), victimID, ErrInvalidKey},
		{"2018 of small order", listed(object("id", victimID, "type", "Ed25519VerificationKey2018", "controller", victim, "publicKeyBase58", base58.Encode(make([]byte, 32)))), victimID, ErrInvalidKey},
		{"2018 too long", listed(object("id", victimID, "type", "Ed25519VerificationKey2018", "controller", victim, "publicKeyBase58", strings.Repeat("z", maxMultikey+1))), victimID, ErrInvalidKey},
		{"expires malformed", listed(multikeyMethod(victimID, victim, key, "expires", "soon")), victimID, ErrInvalidVerificationMethod},
		{"expires without zone", listed(multikeyMethod(victimID, victim, key, "expires", `"2031-01-01T00:00:00"`)), victimID, ErrInvalidVerificationMethod},
		{"revoked null", listed(multikeyMethod(victimID, victim, key, "revoked", "null")), victimID, ErrInvalidVerificationMethod},
		{"revoked number", listed(multikeyMethod(victimID, victim, key, "revoked", "0")), victimID, ErrInvalidVerificationMethod},
		{"revoked on no day", listed(multikeyMethod(victimID, victim, key, "revoked", `"2031-02-30T00:00:00Z"`)), victimID, ErrInvalidVerificationMethod},
		{"revoked in year one", listed(multikeyMethod(victimID, victim, key, "revoked", `"0001-01-01T00:00:00Z"`)), victimID, ErrInvalidVerificationMethod},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := mustParse(t, tt.document).Method(tt.id, AssertionMethod)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if diff := cmp.Diff(VerificationMethod{}, got); diff != "" {
				t.Errorf("a method came with the error: %s", diff)
			}
		})
	}
}

func TestMethod(t *testing.T) {
	ed, p256, p384 := testEd25519(t), testECDSA(t, elliptic.P256()), testECDSA(t, elliptic.P384())
	const profile = "https://issuer.example/issuers/1?v=2"
	jwk := func(key any) string {
		data, err := jose.MarshalJWK(key)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	x25519 := object("id", "#agree", "type", "X25519KeyAgreementKey2020", "controller", victim, "publicKeyMultibase", "z6LS")
	broken := multikeyMethod("#broken", victim, "z")
	for _, tt := range []struct {
		name, document, id string
		relationship       Relationship
		want               VerificationMethod
	}{
		{
			"Multikey by full id among others",
			object("id", victim, "verificationMethod", array(x25519, broken, multikeyMethod(victimID, victim, encode(t, ed))), "assertionMethod", array(`"#broken"`, `"`+victimID+`"`), "keyAgreement", `["#agree"]`),
			victimID, AssertionMethod,
			VerificationMethod{ID: victimID, Type: "Multikey", Controller: victim, PublicKey: ed},
		},
		{
			"relative ids",
			object("id", victim, "verificationMethod", array(multikeyMethod("#key-1", victim, encode(t, p256))), "assertionMethod", `["#key-1"]`),
			victimID, AssertionMethod,
			VerificationMethod{ID: victimID, Type: "Multikey", Controller: victim, PublicKey: p256},
		},
		{
			"full id, relative reference",
			object("id", victim, "verificationMethod", array(multikeyMethod(victimID, victim, encode(t, p384))), "authentication", `["#key-1"]`),
			victimID, Authentication,
			VerificationMethod{ID: victimID, Type: "Multikey", Controller: victim, PublicKey: p384},
		},
		{
			"embedded",
			object("id", victim, "assertionMethod", array(multikeyMethod("#key-1", victim, encode(t, ed)))),
			victimID, AssertionMethod,
			VerificationMethod{ID: victimID, Type: "Multikey", Controller: victim, PublicKey: ed},
		},
		{
			"Profile at an https URL",
			object("@context", `["https://www.w3.org/ns/credentials/v2"]`, "id", profile, "type", `["Profile"]`, "name", "University",
				"verificationMethod", array(object("id", profile+"#key-1", "type", "JsonWebKey", "controller", profile, "publicKeyJwk", jwk(p256))), "assertionMethod", `["`+profile+`#key-1"]`),
			profile + "#key-1", AssertionMethod,
			VerificationMethod{ID: profile + "#key-1", Type: "JsonWebKey", Controller: profile, PublicKey: p256},
		},
		{
			"JsonWebKey2020",
			object("id", victim, "verificationMethod", array(object("id", victimID, "type", "JsonWebKey2020", "controller", victim, "publicKeyJwk", jwk(ed))), "assertionMethod", `["#key-1"]`),
			victimID, AssertionMethod,
			VerificationMethod{ID: victimID, Type: "JsonWebKey2020", Controller: victim, PublicKey: ed},
		},
		{
			"Ed25519VerificationKey2020",
			object("id", victim, "verificationMethod", array(object("id", victimID, "type", "Ed25519VerificationKey2020", "controller", victim, "publicKeyMultibase", encode(t, ed))), "assertionMethod", `["#key-1"]`),
			victimID, AssertionMethod,
			VerificationMethod{ID: victimID, Type: "Ed25519VerificationKey2020", Controller: victim, PublicKey: ed},
		},
		{
			"Ed25519VerificationKey2018",
			object("id", victim, "verificationMethod", array(`{"id":"`+victimID+`","type":"Ed25519VerificationKey2018","controller":"`+victim+`","publicKeyBase58":"`+base58.Encode(ed)+`"}`), "assertionMethod", `["#key-1"]`),
			victimID, AssertionMethod,
			VerificationMethod{ID: victimID, Type: "Ed25519VerificationKey2018", Controller: victim, PublicKey: ed},
		},
		{
			"EcdsaSecp256r1VerificationKey2019, times",
			object("id", victim, "verificationMethod", array(object("id", victimID, "type", "EcdsaSecp256r1VerificationKey2019", "controller", victim, "publicKeyMultibase", encode(t, p256),
				"expires", `"2031-01-01T00:00:00+01:00"`, "revoked", `"2030-06-01T12:00:00.5Z"`)), "assertionMethod", `["#key-1"]`),
			victimID, AssertionMethod,
			VerificationMethod{
				ID: victimID, Type: "EcdsaSecp256r1VerificationKey2019", Controller: victim, PublicKey: p256,
				Expires: time.Date(2030, 12, 31, 23, 0, 0, 0, time.UTC), Revoked: time.Date(2030, 6, 1, 12, 0, 0, 5e8, time.UTC),
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := mustParse(t, tt.document)
			got, err := d.Method(tt.id, tt.relationship)
			if err != nil {
				t.Fatal(err)
			}
			if !equal(tt.want.PublicKey, got.PublicKey) {
				t.Errorf("key %v", got.PublicKey)
			}
			got.PublicKey, tt.want.PublicKey = nil, nil
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			for _, other := range relationships {
				if other == tt.relationship {
					continue
				}
				if _, err := d.Method(tt.id, other); !errors.Is(err, ErrNotAuthorized) {
					t.Errorf("%s: %v", other, err)
				}
			}
			if _, err := d.Method(tt.id, "verificationMethod"); !errors.Is(err, ErrNotAuthorized) {
				t.Errorf("as relationship verificationMethod: %v", err)
			}
		})
	}
}

func TestMethodOfAnotherDocumentHasNoKey(t *testing.T) {
	foreign := multikeyMethod("did:web:attacker.example#key-1", victim, encode(t, testEd25519(t)))
	d := mustParse(t, object("id", victim, "verificationMethod", array(foreign)))
	if m := d.VerificationMethods[0]; m.PublicKey != nil || !errors.Is(m.Err, ErrInvalidVerificationMethod) {
		t.Errorf("got %v, %v", m.PublicKey, m.Err)
	}
}

func TestCheckTime(t *testing.T) {
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		method VerificationMethod
		now    time.Time
		want   error
	}{
		{"no times", VerificationMethod{}, at, nil},
		{"before expiry", VerificationMethod{Expires: at}, at.Add(-1), nil},
		{"at expiry", VerificationMethod{Expires: at}, at, ErrExpired},
		{"before revocation", VerificationMethod{Revoked: at}, at.Add(-1), nil},
		{"at revocation", VerificationMethod{Revoked: at}, at, ErrRevoked},
		{"both", VerificationMethod{Revoked: at, Expires: at}, at.Add(time.Hour), ErrRevoked},
	} {
		if err := tt.method.CheckTime(tt.now); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func FuzzParseDocument(f *testing.F) {
	key := encode(f, ed25519.NewKeyFromSeed(make([]byte, 32)).Public())
	f.Add([]byte(object("id", victim, "verificationMethod", array(multikeyMethod(victimID, victim, key)), "assertionMethod", `["#key-1"]`)))
	f.Add([]byte(object("id", "https://a.example/", "assertionMethod", array(multikeyMethod("#a", "https://a.example/", key, "revoked", `"2030-06-01T12:00:00Z"`)))))
	f.Add([]byte(`{"id":"did:web:x","verificationMethod":[{"id":"#a","type":"JsonWebKey","controller":"did:web:x","publicKeyJwk":{"kty":"OKP","crv":"Ed25519","x":"AQ"}}],"assertionMethod":["#a"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ParseDocument(data)
		if err != nil {
			if d != nil || !errors.Is(err, ErrInvalidDocument) {
				t.Fatalf("%v, %v", d, err)
			}
			return
		}
		for _, m := range d.VerificationMethods {
			if (m.PublicKey == nil) != (m.Err != nil) {
				t.Fatalf("key %v with error %v", m.PublicKey, m.Err)
			}
			for _, relationship := range relationships {
				got, err := d.Method(m.ID, relationship)
				if err != nil {
					continue
				}
				if got.PublicKey == nil || got.Controller != d.ID || !strings.HasPrefix(m.ID, d.ID+"#") || !d.Value.Get(string(relationship)).Exists() {
					t.Fatalf("%s gave %+v for %s", data, got, relationship)
				}
			}
		}
	})
}
