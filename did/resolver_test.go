package did

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/bbs"
	"laurel/credential/jose"
	"laurel/credential/strictjson"
	"laurel/internal/testdata"
)

// resolve goes the way of a verifier: parse, dispatch, resolve.
func resolve(s string) (*Document, error) {
	d, err := Parse(s)
	if err != nil {
		return nil, err
	}
	return Methods{"key": KeyResolver{}, "jwk": JWKResolver{}}.Resolve(context.Background(), d)
}

func didJWK(jwk string) string { return "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(jwk)) }

func TestResolveRefuses(t *testing.T) {
	key := encode(t, testEd25519(t))
	data, err := jose.MarshalJWK(testEd25519(t))
	if err != nil {
		t.Fatal(err)
	}
	jwk := string(data)
	with := func(member string) string { return strings.TrimSuffix(jwk, "}") + "," + member + "}" }
	for _, tt := range []struct {
		name, did string
		want      error
	}{
		{"unknown method", "did:example:123", ErrMethodNotSupported},
		{"no method resolver", "did:web:example.org", ErrMethodNotSupported},
		{"key empty version", "did:key::" + key, ErrInvalidDID},
		{"key version 0", "did:key:0:" + key, ErrInvalidDID},
		{"key version 1.1", "did:key:1.1:" + key, ErrInvalidDID},
		{"key version -1", "did:key:-1:" + key, ErrInvalidDID},
		{"key version 2", "did:key:2:" + key, ErrInvalidDID},
		{"key version only", "did:key:1", ErrInvalidDID},
		{"key two versions", "did:key:1:1:" + key, ErrInvalidDID},
		{"key not z", "did:key:u" + key[1:], ErrInvalidDID},
		{"key percent-encoded", "did:key:%7A" + key[1:], ErrInvalidDID},
		{"key bad base58", "did:key:" + key + "0", ErrInvalidKey},
		{"key trailing", "did:key:" + key + "1", ErrInvalidKey},
		{"key too long", "did:key:z" + strings.Repeat("6", 1500), ErrInvalidKey},
		{"key X25519", "did:key:" + join([]byte{0xec, 1}, make([]byte, 32)), ErrUnsupportedKey},
		{"key overlong varint", "did:key:" + join([]byte{0xed, 0x81, 0}, testEd25519(t)), ErrInvalidKey},
		{"key small order", "did:key:" + join([]byte{0xed, 1, 1}, make([]byte, 31)), ErrInvalidKey},
		{"key secret", "did:key:" + join([]byte{0x80, 0x26}, make([]byte, 32)), ErrPrivateKey},

		{"jwk not base64", "did:jwk:a.b", ErrInvalidDID},
		{"jwk padded", didJWK(jwk+" ") + "%3D", ErrInvalidDID},
		{"jwk trailing bits", "did:jwk:e31", ErrInvalidDID},
		{"jwk empty object", didJWK(`{}`), ErrInvalidKey},
		{"jwk array", didJWK(`[` + jwk + `]`), ErrInvalidKey},
		{"jwk trailing data", didJWK(jwk + `{}`), ErrInvalidDID},
		{"jwk duplicate member", didJWK(with(`"kty":"OKP"`)), ErrInvalidDID},
		{"jwk bad UTF-8", didJWK("{\"kty\":\"\xff\"}"), ErrInvalidDID},
		{"jwk breaking out", didJWK(jwk + `,"controller":"did:web:victim.example"`), ErrInvalidDID},
		{"jwk private", didJWK(with(`"d":"AA"`)), ErrPrivateKey},
		{"jwk symmetric", didJWK(`{"kty":"oct","k":"AA"}`), ErrPrivateKey},
		{"jwk short", didJWK(`{"kty":"OKP","crv":"Ed25519","x":"AQ"}`), ErrInvalidKey},
		{"jwk for encryption", didJWK(with(`"use":"enc"`)), ErrInvalidKey},
		{"jwk X25519", didJWK(strings.Replace(jwk, "Ed25519", "X25519", 1)), ErrUnsupportedKey},
		{"jwk too deep", didJWK(with(`"a":` + strings.Repeat("[", 63) + strings.Repeat("]", 63))), ErrInvalidDocument},
		{"jwk too large", didJWK(with(`"a":"` + strings.Repeat("a", 4096) + `"`)), ErrInvalidDID},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d, err := resolve(tt.did); d != nil || !errors.Is(err, tt.want) {
				t.Errorf("got %v, %v, want %v", d, err, tt.want)
			}
		})
	}
}

// Resolvers take a DID that nobody need have parsed.
func TestResolversCheckHandMadeDIDs(t *testing.T) {
	ctx := context.Background()
	key := encode(t, testEd25519(t))
	for _, id := range []string{"", ":", "1:", key + "#" + key, key + `","a":"`, key + "/a"} {
		if d, err := (KeyResolver{}).Resolve(ctx, DID{"key", id}); d != nil || !errors.Is(err, ErrInvalidDID) {
			t.Errorf("did:key %q: %v, %v", id, d, err)
		}
		if d, err := (JWKResolver{}).Resolve(ctx, DID{"jwk", id}); d != nil || !errors.Is(err, ErrInvalidDID) {
			t.Errorf("did:jwk %q: %v, %v", id, d, err)
		}
	}
	if _, err := (KeyResolver{}).Resolve(ctx, DID{"jwk", key}); !errors.Is(err, ErrMethodNotSupported) {
		t.Errorf("did:jwk at KeyResolver: %v", err)
	}
	if _, err := (JWKResolver{}).Resolve(ctx, DID{"key", "e30"}); !errors.Is(err, ErrMethodNotSupported) {
		t.Errorf("did:key at JWKResolver: %v", err)
	}
}

type resolverFunc func() (*Document, error)

func (f resolverFunc) Resolve(context.Context, DID) (*Document, error) { return f() }

func TestMethodsTrustNoResolver(t *testing.T) {
	asked := DID{"web", "victim.example"}
	for name, tt := range map[string]struct {
		resolver resolverFunc
		want     error
	}{
		"another document": {func() (*Document, error) { return &Document{ID: "did:web:attacker.example"}, nil }, ErrDocumentID},
		"no document":      {func() (*Document, error) { return nil, nil }, ErrDocumentID},
		"unavailable":      {func() (*Document, error) { return nil, fmt.Errorf("%w: timeout", ErrUnavailable) }, ErrUnavailable},
	} {
		d, err := Methods{"web": tt.resolver}.Resolve(context.Background(), asked)
		if d != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
}

func TestResolveKey(t *testing.T) {
	for _, key := range []crypto.PublicKey{testEd25519(t), testECDSA(t, elliptic.P256()), testECDSA(t, elliptic.P384()), testBLS(t)} {
		multibase := encode(t, key)
		for _, did := range []string{"did:key:" + multibase, "did:key:1:" + multibase} {
			d, err := resolve(did)
			if err != nil {
				t.Fatal(err)
			}
			id := did + "#" + multibase
			for _, relationship := range []Relationship{AssertionMethod, Authentication, CapabilityInvocation, CapabilityDelegation} {
				m, err := d.Method(id, relationship)
				if err != nil || !equal(m.PublicKey, key) || m.Type != "Multikey" || m.Controller != did {
					t.Errorf("%s: %+v, %v", relationship, m, err)
				}
			}
			if _, err := d.Method(id, KeyAgreement); !errors.Is(err, ErrNotAuthorized) {
				t.Errorf("keyAgreement: %v", err)
			}
			for id, want := range map[string]error{
				did:                                 ErrInvalidVerificationMethodURL,
				did + "#key-1":                      ErrInvalidVerificationMethod,
				did + "#" + multibase[1:]:           ErrInvalidVerificationMethod,
				did + "#" + did:                     ErrInvalidVerificationMethod,
				did + "/a#" + multibase:             ErrDocumentID,
				did + "?a=b#" + multibase:           ErrDocumentID,
				did + "#z6Mk" + multibase[4:] + "1": ErrInvalidVerificationMethod,
			} {
				if _, err := d.Method(id, AssertionMethod); !errors.Is(err, want) {
					t.Errorf("%s: %v, want %v", id, err, want)
				}
			}
		}
	}
}

func TestResolveJWK(t *testing.T) {
	key := testECDSA(t, elliptic.P256())
	data, err := jose.MarshalJWK(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, jwk string
		agreement bool
	}{
		{"bare", string(data), true},
		// The spelling of the JWK is part of the identifier.
		{"spaced, another order", `{ "ext":true, "use":"sig",` + strings.TrimPrefix(string(data), "{"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			did := didJWK(tt.jwk)
			d, err := resolve(did)
			if err != nil {
				t.Fatal(err)
			}
			m, err := d.Method(did+"#0", AssertionMethod)
			if err != nil || !equal(m.PublicKey, key) || m.Type != "JsonWebKey2020" {
				t.Errorf("%+v, %v", m, err)
			}
			if _, err := d.Method(did+"#0", KeyAgreement); (err == nil) != tt.agreement {
				t.Errorf("keyAgreement: %v", err)
			}
			for _, fragment := range []string{"00", "1", "key-1", strings.TrimPrefix(did, "did:jwk:")} {
				if _, err := d.Method(did+"#"+fragment, AssertionMethod); !errors.Is(err, ErrInvalidVerificationMethod) {
					t.Errorf("#%s: %v", fragment, err)
				}
			}
		})
	}
}

// vector is one did:key of the shared data.
type vector struct {
	PublicKeyHex  string          `json:"publicKeyHex"`
	CompressedHex string          `json:"compressedHex"`
	JWK           json.RawMessage `json:"jwk"`
	DID           string          `json:"did"`
	VMID          string          `json:"vmId"`
	X25519VMID    string          `json:"x25519VmId"`
}

func TestVectorsDIDKey(t *testing.T) {
	var vectors map[string]json.RawMessage
	if err := json.Unmarshal(testdata.Read(t, "w3c", "did-key", "vectors.json"), &vectors); err != nil {
		t.Fatal(err)
	}
	delete(vectors, "source")
	unsupported := map[string]string{"p521": "P-521", "secp256k1": "secp256k1", "x25519": "X25519"}
	ran := 0
	for name, raw := range vectors {
		var list []vector
		if err := json.Unmarshal(raw, &list); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, v := range list {
			t.Run(fmt.Sprintf("%s %d", name, i), func(t *testing.T) {
				if kind, ok := unsupported[name]; ok {
					refuseVector(t, v, kind)
				} else {
					checkVector(t, v)
				}
			})
			ran++
		}
	}
	if ran < 20 {
		t.Errorf("only %d vectors", ran)
	}
}

func refuseVector(t *testing.T, v vector, kind string) {
	_, err := resolve(v.DID)
	var unsupportedKey *UnsupportedKeyError
	if !errors.As(err, &unsupportedKey) || unsupportedKey.Kind != kind {
		t.Errorf("%s: %v, want %s", v.DID, err, kind)
	}
}

func checkVector(t *testing.T, v vector) {
	d, err := resolve(v.DID)
	if err != nil {
		t.Fatal(err)
	}
	if v.VMID == "" {
		v.VMID = v.DID + "#" + strings.TrimPrefix(v.DID, "did:key:")
	}
	m, err := d.Method(v.VMID, AssertionMethod)
	if err != nil {
		t.Fatal(err)
	}
	if back := "did:key:" + encode(t, m.PublicKey); back != v.DID {
		t.Errorf("%s encodes as %s", v.DID, back)
	}
	raw := v.PublicKeyHex + v.CompressedHex
	switch key := m.PublicKey.(type) {
	case ed25519.PublicKey:
		if got := hex.EncodeToString(key); got != raw {
			t.Errorf("key %s, want %s", got, raw)
		}
	case *bbs.PublicKey:
		if got := hex.EncodeToString(key.Bytes()); got != raw {
			t.Errorf("key %s, want %s", got, raw)
		}
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(point); got[2:len(raw)] != raw[2:] {
			t.Errorf("key %s, want %s", got, raw)
		}
	}
	if v.JWK == nil { // BLS keys have none
		return
	}
	jwk, err := strictjson.Parse(v.JWK)
	if err != nil {
		t.Fatal(err)
	}
	key, err := jose.ParseJWK(jwk.Root())
	if err != nil || !equal(key, m.PublicKey) {
		t.Errorf("JWK: %v, %v", key, err)
	}
	if v.X25519VMID != "" {
		if _, err := d.Method(v.X25519VMID, KeyAgreement); !errors.Is(err, ErrInvalidVerificationMethod) {
			t.Errorf("derived X25519 method: %v", err)
		}
	}
}

func TestDocumentShape(t *testing.T) {
	multibase := encode(t, testEd25519(t))
	did := "did:key:" + multibase
	d, err := resolve(did)
	if err != nil {
		t.Fatal(err)
	}
	id := did + "#" + multibase
	want := map[string]any{
		"@context": []any{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"},
		"id":       did,
		"verificationMethod": []any{map[string]any{
			"id": id, "type": "Multikey", "controller": did, "publicKeyMultibase": multibase,
		}},
		"authentication": []any{id}, "assertionMethod": []any{id},
		"capabilityInvocation": []any{id}, "capabilityDelegation": []any{id},
	}
	if diff := cmp.Diff(want, d.Value.Any()); diff != "" {
		t.Error(diff)
	}
}

// What a verifier pays for a badge of a did:key issuer that it has not seen.
func BenchmarkResolveKey(b *testing.B) {
	multibase := encode(b, testEd25519(b))
	did := "did:key:" + multibase
	b.ReportAllocs()
	for b.Loop() {
		d, err := resolve(did)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := d.Method(did+"#"+multibase, AssertionMethod); err != nil {
			b.Fatal(err)
		}
	}
}
