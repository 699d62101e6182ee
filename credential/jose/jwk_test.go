package jose

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/strictjson"
)

// The public keys of RFC 8037 appendix A.2, RFC 7517 appendix A.1 (P-256) and
// RFC 7638 §3.1 (RSA), with the thumbprints that the RFCs print for two of them.
const (
	rfc8037X          = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
	rfc8037Thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
	rfc7517X          = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
	rfc7517Y          = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
	rfc7638N          = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	rfc7638Thumbprint = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
)

var (
	okp = `"kty":"OKP","crv":"Ed25519","x":"` + rfc8037X + `"`
	ec  = `"kty":"EC","crv":"P-256","x":"` + rfc7517X + `","y":"` + rfc7517Y + `"`
	rs  = `"kty":"RSA","e":"AQAB","n":"` + rfc7638N + `"`
)

func parse(t testing.TB, jwk string) (crypto.PublicKey, error) {
	t.Helper()
	doc, err := strictjson.Parse([]byte(jwk))
	if err != nil {
		t.Fatalf("test input is not strict JSON: %v: %s", err, jwk)
	}
	return ParseJWK(doc.Root())
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func okpX(b []byte) string { return `{"kty":"OKP","crv":"Ed25519","x":"` + b64(b) + `"}` }

func rsaN(n *big.Int, e string) string {
	return `{"kty":"RSA","e":"` + e + `","n":"` + b64(n.Bytes()) + `"}`
}

func TestParseJWKRefuses(t *testing.T) {
	pow := func(bits uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), bits) }
	odd := func(bits uint) *big.Int { return new(big.Int).Add(pow(bits-1), big.NewInt(1)) }
	x, _ := base64.RawURLEncoding.DecodeString(rfc8037X)
	p384 := testECDSA(t, elliptic.P384())
	point384, _ := p384.Bytes()

	tests := []struct {
		name, jwk string
		want      error
	}{
		{"null", `null`, ErrInvalidKey},
		{"array", `[]`, ErrInvalidKey},
		{"empty object", `{}`, ErrInvalidKey},
		{"too large", `{` + okp + `,"x5c":["` + strings.Repeat("A", maxJWK) + `"]}`, ErrInvalidKey},
		{"kty number", `{"kty":1,"crv":"Ed25519","x":"` + rfc8037X + `"}`, ErrInvalidKey},
		{"kty unknown", `{"kty":"AKP","crv":"Ed25519","x":"` + rfc8037X + `"}`, ErrUnsupportedKey},
		{"kty in wrong case", `{"kty":"okp","crv":"Ed25519","x":"` + rfc8037X + `"}`, ErrUnsupportedKey},
		{"names in wrong case", `{"KTY":"OKP","CRV":"Ed25519","X":"` + rfc8037X + `"}`, ErrInvalidKey},
		{"crv missing", `{"kty":"OKP","x":"` + rfc8037X + `"}`, ErrInvalidKey},
		{"crv null", `{"kty":"OKP","crv":null,"x":"` + rfc8037X + `"}`, ErrInvalidKey},
		{"crv of another kty", `{"kty":"OKP","crv":"P-256","x":"` + rfc8037X + `"}`, ErrInvalidKey},
		{"crv of OKP in EC", `{"kty":"EC","crv":"Ed25519","x":"` + rfc8037X + `"}`, ErrInvalidKey},
		{"crv unknown", `{"kty":"EC","crv":"P-255","x":"` + rfc7517X + `","y":"` + rfc7517Y + `"}`, ErrInvalidKey},
		{"X25519", `{"kty":"OKP","crv":"X25519","x":"` + rfc8037X + `"}`, ErrUnsupportedKey},
		{"secp256k1", `{"kty":"EC","crv":"secp256k1","x":"` + rfc7517X + `","y":"` + rfc7517Y + `"}`, ErrUnsupportedKey},
		{"P-521", `{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}`, ErrUnsupportedKey},
		{"symmetric", `{"kty":"oct","k":"AAAA"}`, ErrPrivateKey},
		{"symmetric without key", `{"kty":"oct"}`, ErrUnsupportedKey},

		// The library's remote panic: accepted at parse, fatal at verification.
		{"short OKP", okpX([]byte{1}), ErrInvalidKey},
		{"empty OKP", okpX(nil), ErrInvalidKey},
		{"31 bytes", okpX(x[:31]), ErrInvalidKey},
		{"33 bytes", okpX(append(bytes.Clone(x), 0)), ErrInvalidKey},
		{"no x", `{"kty":"OKP","crv":"Ed25519"}`, ErrInvalidKey},
		{"x number", `{"kty":"OKP","crv":"Ed25519","x":1}`, ErrInvalidKey},
		{"x array", `{"kty":"OKP","crv":"Ed25519","x":["` + rfc8037X + `"]}`, ErrInvalidKey},
		{"padding", `{"kty":"OKP","crv":"Ed25519","x":"` + rfc8037X + `="}`, ErrInvalidKey},
		{"standard alphabet", `{"kty":"OKP","crv":"Ed25519","x":"` + strings.NewReplacer("_", "/", "-", "+").Replace(rfc8037X) + `"}`, ErrInvalidKey},
		{"trailing bits", `{"kty":"OKP","crv":"Ed25519","x":"` + rfc8037X[:42] + `p"}`, ErrInvalidKey},
		{"line break", `{"kty":"OKP","crv":"Ed25519","x":"` + rfc8037X[:20] + `\n` + rfc8037X[20:] + `"}`, ErrInvalidKey},
		{"space", `{"kty":"OKP","crv":"Ed25519","x":" ` + rfc8037X + `"}`, ErrInvalidKey},
		{"OKP with y", `{` + okp + `,"y":"` + rfc8037X + `"}`, ErrInvalidKey},
		{"identity", okpX(append([]byte{1}, make([]byte, 31)...)), ErrInvalidKey},

		{"EC without y", `{"kty":"EC","crv":"P-256","x":"` + rfc7517X + `"}`, ErrInvalidKey},
		{"EC with n", `{` + ec + `,"n":"AQAB"}`, ErrInvalidKey},
		{"EC off curve", `{"kty":"EC","crv":"P-256","x":"` + rfc7517X + `","y":"` + rfc7517X + `"}`, ErrInvalidKey},
		{"EC zero point", `{"kty":"EC","crv":"P-256","x":"` + b64(make([]byte, 32)) + `","y":"` + b64(make([]byte, 32)) + `"}`, ErrInvalidKey},
		{"EC short x", `{"kty":"EC","crv":"P-256","x":"AQ","y":"` + rfc7517Y + `"}`, ErrInvalidKey},
		{"EC long x", `{"kty":"EC","crv":"P-256","x":"AA` + rfc7517X + `","y":"` + rfc7517Y + `"}`, ErrInvalidKey},
		{"EC x above p", `{"kty":"EC","crv":"P-256","x":"` + b64(bytes.Repeat([]byte{0xff}, 32)) + `","y":"` + rfc7517Y + `"}`, ErrInvalidKey},
		{"P-384 point as P-256", `{"kty":"EC","crv":"P-256","x":"` + b64(point384[1:49]) + `","y":"` + b64(point384[49:]) + `"}`, ErrInvalidKey},
		{"P-256 point as P-384", `{"kty":"EC","crv":"P-384","x":"` + rfc7517X + `","y":"` + rfc7517Y + `"}`, ErrInvalidKey},

		{"RSA-1024", rsaN(odd(1024), "AQAB"), ErrInvalidKey},
		{"RSA-2047", rsaN(odd(2047), "AQAB"), ErrInvalidKey},
		{"RSA-4097", rsaN(odd(4097), "AQAB"), ErrInvalidKey},
		{"RSA-17", rsaN(odd(17), "AQAB"), ErrInvalidKey},
		{"RSA even modulus", rsaN(pow(2047), "AQAB"), ErrInvalidKey},
		{"RSA e missing", `{"kty":"RSA","n":"` + rfc7638N + `"}`, ErrInvalidKey},
		{"RSA e empty", `{"kty":"RSA","e":"","n":"` + rfc7638N + `"}`, ErrInvalidKey},
		{"RSA e zero", `{"kty":"RSA","e":"AA","n":"` + rfc7638N + `"}`, ErrInvalidKey},
		{"RSA e one", `{"kty":"RSA","e":"AQ","n":"` + rfc7638N + `"}`, ErrInvalidKey},
		{"RSA e two", `{"kty":"RSA","e":"Ag","n":"` + rfc7638N + `"}`, ErrInvalidKey},
		{"RSA e even", `{"kty":"RSA","e":"AQAA","n":"` + rfc7638N + `"}`, ErrInvalidKey},
		{"RSA e with leading zero", `{"kty":"RSA","e":"AAEAAQ","n":"` + rfc7638N + `"}`, ErrInvalidKey},
		{"RSA e of 32 bits", `{"kty":"RSA","e":"` + b64([]byte{0xff, 0xff, 0xff, 0xff}) + `","n":"` + rfc7638N + `"}`, ErrInvalidKey},
		// The library keeps the low 64 bits: 65537 here.
		{"RSA e that the library cuts", `{"kty":"RSA","e":"` + b64([]byte{1, 0, 0, 0, 0, 0, 1, 0, 1}) + `","n":"` + rfc7638N + `"}`, ErrInvalidKey},
		{"RSA n with leading zero", `{"kty":"RSA","e":"AQAB","n":"AA` + rfc7638N + `"}`, ErrInvalidKey},
		{"RSA with crv", `{` + rs + `,"crv":"P-256"}`, ErrInvalidKey},
		{"RSA with empty crv", `{` + rs + `,"crv":""}`, ErrInvalidKey},
		{"RSA with x", `{` + rs + `,"x":"` + rfc8037X + `"}`, ErrInvalidKey},

		{"alg number", `{` + okp + `,"alg":1}`, ErrInvalidKey},
		{"alg none", `{` + okp + `,"alg":"none"}`, ErrInvalidKey},
		{"alg empty", `{` + okp + `,"alg":""}`, ErrInvalidKey},
		{"alg of another key", `{` + okp + `,"alg":"ES256"}`, ErrInvalidKey},
		{"ES256 with RSA", `{` + rs + `,"alg":"ES256"}`, ErrInvalidKey},
		{"ES384 with P-256", `{` + ec + `,"alg":"ES384"}`, ErrInvalidKey},
		{"HS256 with RSA", `{` + rs + `,"alg":"HS256"}`, ErrInvalidKey},
		{"alg for encryption", `{` + rs + `,"alg":"RSA-OAEP"}`, ErrInvalidKey},
		{"use enc", `{` + ec + `,"use":"enc"}`, ErrInvalidKey},
		{"use null", `{` + ec + `,"use":null}`, ErrInvalidKey},
		{"kid number", `{` + ec + `,"kid":7}`, ErrInvalidKey},
		{"key_ops string", `{` + ec + `,"key_ops":"verify"}`, ErrInvalidKey},
		{"key_ops empty", `{` + ec + `,"key_ops":[]}`, ErrInvalidKey},
		{"key_ops sign only", `{` + ec + `,"key_ops":["sign"]}`, ErrInvalidKey},
		{"key_ops deriveKey", `{` + ec + `,"key_ops":["deriveKey"]}`, ErrInvalidKey},
		{"key_ops twice", `{` + ec + `,"key_ops":["verify","verify"]}`, ErrInvalidKey},
		{"key_ops number", `{` + ec + `,"key_ops":["verify",1]}`, ErrInvalidKey},
	}
	for _, base := range []string{okp, ec, rs} {
		for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"} {
			for _, value := range []string{`"AQAB"`, `null`, `""`} {
				tests = append(tests, struct {
					name, jwk string
					want      error
				}{"private " + name + value, `{` + base + `,"` + name + `":` + value + `}`, ErrPrivateKey})
			}
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key, err := parse(t, tt.jwk)
			if key != nil || !errors.Is(err, tt.want) {
				t.Fatalf("got key %v, error %v, want %v", key, err, tt.want)
			}
			if strings.Contains(err.Error(), rfc8037X) || strings.Contains(err.Error(), rfc7517X) {
				t.Errorf("error quotes the key: %v", err)
			}
		})
	}
	if _, err := ParseJWK(strictjson.Value{}); !errors.Is(err, ErrInvalidKey) {
		t.Errorf("absent value: %v", err)
	}
}

func TestUnsupportedKindIsNamed(t *testing.T) {
	_, err := parse(t, `{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}`)
	var unsupported *UnsupportedKeyError
	if !errors.As(err, &unsupported) || unsupported.Kind != "secp256k1" {
		t.Errorf("got %v", err)
	}
}

func TestParseJWKAccepts(t *testing.T) {
	for _, tt := range []struct{ name, jwk string }{
		{"OKP", `{` + okp + `}`},
		{"EdDSA", `{` + okp + `,"alg":"EdDSA","use":"sig","kid":"https://example.org/keys/1"}`},
		{"Ed25519 (RFC 9864)", `{` + okp + `,"alg":"Ed25519"}`},
		{"WebCrypto export", `{` + ec + `,"ext":true,"key_ops":["verify"]}`},
		{"unknown members", `{` + ec + `,"iss":"did:web:example.org","exp":1,"x5c":["MIIB"],"https://example.org/":{}}`},
		{"RSA", `{` + rs + `,"alg":"PS256"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if key, err := parse(t, tt.jwk); err != nil || key == nil {
				t.Errorf("got %v, %v", key, err)
			}
		})
	}
}

func TestThumbprint(t *testing.T) {
	for _, tt := range []struct {
		jwk, canonical, want string
	}{
		{`{` + okp + `}`, `{"crv":"Ed25519","kty":"OKP","x":"` + rfc8037X + `"}`, rfc8037Thumbprint},
		{`{` + rs + `}`, `{"e":"AQAB","kty":"RSA","n":"` + rfc7638N + `"}`, rfc7638Thumbprint},
		{`{` + ec + `}`, `{"crv":"P-256","kty":"EC","x":"` + rfc7517X + `","y":"` + rfc7517Y + `"}`, ""},
	} {
		key, err := parse(t, tt.jwk)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Thumbprint(key)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(tt.canonical))
		if want := b64(sum[:]); got != want {
			t.Errorf("thumbprint %s, computed here %s", got, want)
		}
		if tt.want != "" && got != tt.want {
			t.Errorf("thumbprint %s, RFC has %s", got, tt.want)
		}
		bare, err := MarshalJWK(key)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.canonical, string(bare)); diff != "" {
			t.Errorf("MarshalJWK is not the canonical form: %s", diff)
		}
	}
}

func testECDSA(t testing.TB, curve elliptic.Curve) *ecdsa.PublicKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &key.PublicKey
}

// testKeys are fresh keys of each kind, several of those whose encodings vary
// with leading zeros.
func testKeys(t testing.TB) []crypto.PublicKey {
	t.Helper()
	var keys []crypto.PublicKey
	for range 20 {
		public, _, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, public, testECDSA(t, elliptic.P256()), testECDSA(t, elliptic.P384()))
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return append(keys, &private.PublicKey, zeroCoordinate(t))
}

// zeroCoordinate finds a P-256 key whose x begins with a zero byte, which naive
// encoders drop.
func zeroCoordinate(t testing.TB) crypto.PublicKey {
	t.Helper()
	for i := uint64(1); ; i++ {
		scalar := make([]byte, 32)
		new(big.Int).SetUint64(i).FillBytes(scalar)
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
		if err != nil {
			t.Fatal(err)
		}
		if point, _ := key.PublicKey.Bytes(); point[1] == 0 {
			return &key.PublicKey
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, key := range testKeys(t) {
		data, err := MarshalJWK(key)
		if err != nil {
			t.Fatal(err)
		}
		back, err := parse(t, string(data))
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if !key.(interface{ Equal(crypto.PublicKey) bool }).Equal(back) {
			t.Errorf("%s does not read back", data)
		}
	}
}

func TestMarshalRefuses(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		key  crypto.PublicKey
		want error
	}{
		{"nil", nil, ErrInvalidKey},
		{"nil Ed25519", ed25519.PublicKey(nil), ErrInvalidKey},
		{"nil ECDSA", (*ecdsa.PublicKey)(nil), ErrInvalidKey},
		{"empty ECDSA", &ecdsa.PublicKey{}, ErrInvalidKey},
		{"ECDSA without point", &ecdsa.PublicKey{Curve: elliptic.P256()}, ErrInvalidKey},
		{"nil RSA", (*rsa.PublicKey)(nil), ErrInvalidKey},
		{"empty RSA", &rsa.PublicKey{}, ErrInvalidKey},
		{"negative RSA", &rsa.PublicKey{N: new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 2047)), E: 3}, ErrInvalidKey},
		{"private Ed25519", private, ErrPrivateKey},
		{"private ECDSA", p256, ErrPrivateKey},
		{"ECDSA by value", p256.PublicKey, ErrUnsupportedKey},
		{"P-521", testECDSA(t, elliptic.P521()), ErrUnsupportedKey},
		{"P-224", testECDSA(t, elliptic.P224()), ErrUnsupportedKey},
		{"short Ed25519", ed25519.PublicKey{1}, ErrInvalidKey},
		{"bytes", []byte{1}, ErrUnsupportedKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if data, err := MarshalJWK(tt.key); data != nil || !errors.Is(err, tt.want) {
				t.Errorf("MarshalJWK: %s, %v, want %v", data, err, tt.want)
			}
			if s, err := Thumbprint(tt.key); s != "" || !errors.Is(err, tt.want) {
				t.Errorf("Thumbprint: %q, %v, want %v", s, err, tt.want)
			}
			if s, err := Algorithm(tt.key); s != "" || !errors.Is(err, tt.want) {
				t.Errorf("Algorithm: %q, %v, want %v", s, err, tt.want)
			}
		})
	}
	if _, err := (JWK{Key: p256.Public(), Use: "enc"}).MarshalJSON(); !errors.Is(err, ErrInvalidKey) {
		t.Errorf("use enc: %v", err)
	}
	if _, err := (JWK{Key: p256.Public(), Algorithm: "ES384"}).MarshalJSON(); !errors.Is(err, ErrInvalidKey) {
		t.Errorf("wrong algorithm: %v", err)
	}
}

func TestMarshalJWKSet(t *testing.T) {
	// A value that would break out of its string if it were not escaped.
	const issuer = "did:web:example.org\",\"d\":\"x\u2028<"
	keys := testKeys(t)[:3]
	var set []JWK
	for i, key := range keys {
		algorithm, err := Algorithm(key)
		if err != nil {
			t.Fatal(err)
		}
		set = append(set, JWK{Key: key, KeyID: fmt.Sprintf("https://example.org/keys/%d", i), Algorithm: algorithm, Use: "sig", Issuer: issuer})
	}
	data, err := MarshalJWKSet(set)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Keys []map[string]string `json:"keys"`
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Keys) != 3 {
		t.Fatalf("%d keys", len(got.Keys))
	}
	for i, want := range []string{"EdDSA", "ES256", "ES384"} {
		member := got.Keys[i]
		if member["alg"] != want || member["use"] != "sig" || member["iss"] != issuer ||
			member["kid"] != set[i].KeyID || member["d"] != "" {
			t.Errorf("key %d: %v", i, member)
		}
	}
	if empty, err := MarshalJWKSet(nil); err != nil || string(empty) != `{"keys":[]}` {
		t.Errorf("empty set: %s, %v", empty, err)
	}
	if _, err := MarshalJWKSet([]JWK{set[0], {}}); !errors.Is(err, ErrInvalidKey) {
		t.Errorf("set with an empty key: %v", err)
	}
}

func TestGuardHoldsPanics(t *testing.T) {
	if err := guard(func() error { panic("boom") }); !errors.Is(err, ErrInvalidKey) {
		t.Errorf("got %v", err)
	}
}

func FuzzParseJWK(f *testing.F) {
	for _, seed := range []string{
		`{` + okp + `}`, `{` + ec + `,"key_ops":["verify"],"ext":true}`, `{` + rs + `,"alg":"RS256"}`,
		`{"kty":"OKP","crv":"Ed25519","x":"AQ"}`, `{"kty":"oct","k":"AA"}`, `[]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := strictjson.Parse(data)
		if err != nil {
			return
		}
		key, err := ParseJWK(doc.Root())
		if err != nil {
			if !errors.Is(err, ErrInvalidKey) && !errors.Is(err, ErrUnsupportedKey) {
				t.Fatalf("error of no kind: %v", err)
			}
			return
		}
		first, err := MarshalJWK(key)
		if err != nil {
			t.Fatalf("accepted key does not marshal: %v", err)
		}
		back, err := parse(t, string(first))
		if err != nil {
			t.Fatalf("%s: %v", first, err)
		}
		second, err := MarshalJWK(back)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%s became %s, %v", first, second, err)
		}
	})
}
