package jose

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"laurel/credential/strictjson"
)

func envelopeOf(t testing.TB, text string) (Envelope, error) {
	t.Helper()
	doc, err := strictjson.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return ParseEnvelope(doc.Root())
}

func TestParseEnvelope(t *testing.T) {
	const context = `"@context":"https://www.w3.org/ns/credentials/v2"`
	credential := func(id string) string {
		return `{` + context + `,"type":"EnvelopedVerifiableCredential","id":"` + id + `"}`
	}
	for text, want := range map[string]Envelope{
		credential("data:application/vc+jwt,a.b.c"):        {"application/vc+jwt", []byte("a.b.c"), false},
		credential("data:Application/VC+JWT,a.b.c"):        {"application/vc+jwt", []byte("a.b.c"), false},
		credential("data:application/jwt,a.b.c"):           {"application/jwt", []byte("a.b.c"), false},
		credential("data:application/vc-ld+jwt,a.b.c"):     {"application/vc-ld+jwt", []byte("a.b.c"), false},
		credential("data:application/vc+sd-jwt,a.b.c~d~"):  {"application/vc+sd-jwt", []byte("a.b.c~d~"), false},
		credential("data:application/dc+sd-jwt,a.b.c~"):    {"application/dc+sd-jwt", []byte("a.b.c~"), false},
		credential("data:application/vc+cose;base64,AQI="): {"application/vc+cose", []byte{1, 2}, false},
		credential("data:application/vc+cose;base64,AQI"):  {"application/vc+cose", []byte{1, 2}, false},
		`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["EnvelopedVerifiablePresentation"],"id":"data:application/vp+jwt,a.b.c"}`: {"application/vp+jwt", []byte("a.b.c"), true},
		`{` + context + `,"type":"EnvelopedVerifiablePresentation","id":"data:application/jwt,a.b.c"}`:                                          {"application/jwt", []byte("a.b.c"), true},
	} {
		got, err := envelopeOf(t, text)
		if err != nil || got.MediaType != want.MediaType || string(got.Data) != string(want.Data) || got.Presentation != want.Presentation {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	for name, text := range map[string]string{
		"no context":              `{"type":"EnvelopedVerifiableCredential","id":"data:application/vc+jwt,a.b.c"}`,
		"context 1.1":             `{"@context":"https://www.w3.org/2018/credentials/v1","type":"EnvelopedVerifiableCredential","id":"data:application/vc+jwt,a.b.c"}`,
		"two types":               `{` + context + `,"type":["EnvelopedVerifiableCredential","VerifiableCredential"],"id":"data:application/vc+jwt,a.b.c"}`,
		"both types":              `{` + context + `,"type":["EnvelopedVerifiableCredential","EnvelopedVerifiablePresentation"],"id":"data:application/jwt,a.b.c"}`,
		"no type":                 `{` + context + `,"id":"data:application/vc+jwt,a.b.c"}`,
		"another member":          `{` + context + `,"type":"EnvelopedVerifiableCredential","id":"data:application/vc+jwt,a.b.c","issuer":"did:example:x"}`,
		"id missing":              `{` + context + `,"type":"EnvelopedVerifiableCredential"}`,
		"id null":                 `{` + context + `,"type":"EnvelopedVerifiableCredential","id":null}`,
		"id list":                 `{` + context + `,"type":"EnvelopedVerifiableCredential","id":["data:application/vc+jwt,a.b.c"]}`,
		"id plain":                credential("not-a-credential"),
		"id https":                credential("https://a.example/vc"),
		"empty data":              credential("data:application/vc+jwt,"),
		"no comma":                credential("data:application/vc+jwt"),
		"media type unknown":      credential("data:text/plain,a"),
		"media type of plain VC":  credential("data:application/vc,{}"),
		"presentation as VC":      credential("data:application/vp+jwt,a.b.c"),
		"parameter":               credential("data:application/vc+jwt;charset=utf-8,a.b.c"),
		"JWT in base64":           credential("data:application/vc+jwt;base64,YS5iLmM="),
		"COSE not in base64":      credential("data:application/vc+cose,AQI="),
		"COSE in base64url":       credential("data:application/vc+cose;base64,_-8"),
		"COSE with a line break":  credential(`data:application/vc+cose;base64,AQI=\n`),
		"COSE not canonical":      credential("data:application/vc+cose;base64,AQJ="),
		"COSE with wrong padding": credential("data:application/vc+cose;base64,AQI=="),
		"percent":                 credential("data:application/vc+jwt,a%2Eb.c"),
		"fragment":                credential("data:application/vc+jwt,a.b.c#d"),
		"space":                   credential("data:application/vc+sd-jwt,a.b.c ~d~"),
		"a string":                `"data:application/vc+jwt,a.b.c"`,
	} {
		if _, err := envelopeOf(t, text); !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrType) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestMarshalEnvelope(t *testing.T) {
	for _, e := range []Envelope{
		{"application/vc+jwt", []byte("a.b.c"), false},
		{"application/vp+sd-jwt", []byte("a.b.c~"), true},
		{"application/vc+cose", []byte{0xd2, 0x84, 0xff, 0xfe}, false},
	} {
		data, err := MarshalEnvelope(e)
		if err != nil {
			t.Errorf("%s: %v", e.MediaType, err)
			continue
		}
		got, err := envelopeOf(t, string(data))
		if err != nil || got.MediaType != e.MediaType || string(got.Data) != string(e.Data) || got.Presentation != e.Presentation {
			t.Errorf("%s: %+v, %v", data, got, err)
		}
	}
	for _, e := range []Envelope{{"application/vc", []byte("a"), false}, {"application/vp+jwt", []byte("a.b.c"), false}, {"application/vc+jwt", nil, false}, {"application/vc+jwt", []byte("a b"), false}} {
		if data, err := MarshalEnvelope(e); err == nil {
			t.Errorf("made %s", data)
		}
	}
}

func FuzzParseEnvelope(f *testing.F) {
	f.Add(`{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiableCredential","id":"data:application/vc+jwt,a.b.c"}`)
	f.Add(`{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiableCredential","id":"data:application/vc+cose;base64,AQI="}`)
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := strictjson.Parse([]byte(text))
		if err != nil {
			return
		}
		e, err := ParseEnvelope(doc.Root())
		if err != nil {
			return
		}
		data, err := MarshalEnvelope(e)
		if err != nil {
			t.Fatalf("%+v cannot be written: %v", e, err)
		}
		again, err := envelopeOf(t, string(data))
		if err != nil || again.MediaType != e.MediaType || string(again.Data) != string(e.Data) {
			t.Fatalf("%+v reads back as %+v, %v", e, again, err)
		}
	})
}

// The key of RFC 8037 appendix A.1 and that of RFC 7515 appendix A.3.
const (
	rfc8037Private = `{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	rfc7515Private = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}`
)

func keyPairOf(t testing.TB, text string) (KeyPair, error) {
	t.Helper()
	doc, err := strictjson.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return ParseKeyPair(doc.Root())
}

func TestParseKeyPair(t *testing.T) {
	p521 := testSigners()["ES512"].(*ecdsa.PrivateKey)
	d, _ := p521.Bytes()
	point, _ := p521.PublicKey.Bytes()
	public521 := `"kty":"EC","crv":"P-521","x":"` + b64(point[1:67]) + `","y":"` + b64(point[67:]) + `"`
	rs256 := testSigners()["RS256"].(*rsa.PrivateKey)
	publicRSA := `"kty":"RSA","e":"AQAB","n":"` + b64(rs256.N.Bytes()) + `"`
	primes := `"p":"` + b64(rs256.Primes[0].Bytes()) + `","q":"` + b64(rs256.Primes[1].Bytes()) + `"`
	privateRSA := `"d":"` + b64(rs256.D.Bytes()) + `",` + primes
	for text, alg := range map[string]string{
		`{` + publicRSA + `,` + privateRSA + `}`: "RS256",
		rfc8037Private:                           "EdDSA", rfc7515Private: "ES256", `{` + public521 + `,"d":"` + b64(d) + `","alg":"ES512"}`: "ES512",
	} {
		pair, err := keyPairOf(t, text)
		if err != nil {
			t.Errorf("%s: %v", alg, err)
			continue
		}
		token, err := Sign([]byte(`{}`), pair.Signer, SigningOptions{Random: rand.Reader})
		if err != nil {
			t.Errorf("%s: %v", alg, err)
			continue
		}
		if j, err := Parse([]byte(token)); err != nil || j.Header.Algorithm != alg || j.Verify(pair.Public) != nil {
			t.Errorf("%s: does not verify: %v", alg, err)
		}
	}
	for _, text := range []string{`{` + okp + `}`, `{` + ec + `}`, `{` + rs + `}`, `{` + public521 + `}`} {
		if pair, err := keyPairOf(t, text); err != nil || pair.Signer != nil || pair.Public == nil {
			t.Errorf("%s: %+v, %v", text, pair, err)
		}
	}
	for name, text := range map[string]string{
		"not an object":          `[]`,
		"private of another":     strings.Replace(rfc8037Private, "nWGx", "nWGy", 1),
		"private short":          strings.Replace(rfc8037Private, "nWGxne", "nWGx", 1),
		"private with padding":   strings.Replace(rfc8037Private, "uf2A", "uf2A=", 1),
		"private zero":           strings.Replace(rfc7515Private, "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 1),
		"private number":         `{` + okp + `,"d":1}`,
		"P-521 off curve":        `{"kty":"EC","crv":"P-521","x":"` + b64(point[1:67]) + `","y":"` + b64(point[1:67]) + `"}`,
		"P-521 short":            `{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}`,
		"P-521 as OKP":           `{"kty":"OKP","crv":"P-521","x":"AA"}`,
		"RSA private, no primes": `{` + rs + `,"d":"AQAB"}`,
		"RSA private of another": `{` + rs + `,` + privateRSA + `}`,
		"RSA private, another d": `{` + publicRSA + `,"d":"AQAB",` + primes + `}`,
		"RSA of three primes":    `{` + publicRSA + `,"oth":[],` + privateRSA + `}`,
		"RSA primes of zero":     `{` + publicRSA + `,"d":"AA","p":"AA","q":"AA"}`,
		"symmetric":              `{"kty":"oct","k":"AAAA"}`,
		"X25519":                 `{"kty":"OKP","crv":"X25519","x":"` + rfc8037X + `","d":"` + rfc8037X + `"}`,
		"larger than the limit":  `{` + okp + `,"x":"` + strings.Repeat("A", maxJWK) + `"}`,
	} {
		if name == "larger than the limit" {
			text = `{"y":"` + strings.Repeat("A", maxJWK) + `"}`
		}
		if pair, err := keyPairOf(t, text); err == nil || pair.Signer != nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := parse(t, `{`+public521+`}`); !errors.Is(err, ErrUnsupportedKey) {
		t.Errorf("ParseJWK takes P-521: %v", err)
	}
	if err := VerifySignature("ES512", &ecdsa.PublicKey{Curve: elliptic.P521()}, nil, nil); err == nil {
		t.Error("a key without coordinates verifies")
	}
}

func FuzzParseKeyPair(f *testing.F) {
	for _, seed := range []string{rfc8037Private, rfc7515Private, `{` + rs + `}`, `{"keys":[{` + okp + `}]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := strictjson.Parse([]byte(text))
		if err != nil {
			return
		}
		pair, err := ParseKeyPair(doc.Root())
		if err != nil {
			return
		}
		if pair.Public == nil || !json.Valid([]byte(text)) {
			t.Fatalf("no key from %s", text)
		}
		if pair.Signer != nil {
			if _, err := Sign([]byte(`{}`), pair.Signer, SigningOptions{Random: rand.Reader}); err != nil {
				t.Fatalf("a key that was accepted does not sign: %v", err)
			}
		}
	})
}
