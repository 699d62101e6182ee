package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"laurel/internal/testdata"
)

// testSigners are one signer of each kind, made once.
var testSigners = sync.OnceValue(func() map[string]crypto.Signer {
	must := func(s crypto.Signer, err error) crypto.Signer {
		if err != nil {
			panic(err)
		}
		return s
	}
	seed := sha256.Sum256([]byte("laurel"))
	return map[string]crypto.Signer{
		"EdDSA": ed25519.NewKeyFromSeed(seed[:]),
		"ES256": must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
		"ES384": must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)),
		"ES512": must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)),
		"RS256": must(rsa.GenerateKey(rand.Reader, 2048)),
	}
})

func sign(t testing.TB, alg, payload string, options SigningOptions) string {
	t.Helper()
	options.Random = rand.Reader
	token, err := Sign([]byte(payload), testSigners()[alg], options)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// signRaw signs any header and payload bytes with Ed25519, past every check.
func signRaw(header, payload string) string {
	input := b64([]byte(header)) + "." + b64([]byte(payload))
	return input + "." + b64(ed25519.Sign(testSigners()["EdDSA"].(ed25519.PrivateKey), []byte(input)))
}

func TestEveryAlgorithmSignsAndVerifies(t *testing.T) {
	for alg, signer := range testSigners() {
		token := sign(t, alg, `{"a":1}`, SigningOptions{KeyID: "did:example:1#k", Type: "JWT"})
		j, err := Parse([]byte(token))
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		if j.Header.Algorithm != alg || j.Header.Type != "jwt" || j.Header.KeyID != "did:example:1#k" || string(j.Payload) != `{"a":1}` {
			t.Errorf("%s: read %+v %s", alg, j.Header, j.Payload)
		}
		for other, verifier := range testSigners() {
			err := j.Verify(verifier.Public())
			if other == alg && err != nil || other != alg && !errors.Is(err, ErrAlgorithm) {
				t.Errorf("%s with a key for %s: %v", alg, other, err)
			}
		}
		if err := j.Verify(signer); err == nil {
			t.Errorf("%s: a private key was taken for a public one", alg)
		}
		if err := j.Verify(nil); err == nil {
			t.Errorf("%s: verified without a key", alg)
		}
	}
}

func TestVerifyRefusesOtherKeyOfTheSameKind(t *testing.T) {
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	j, err := Parse([]byte(sign(t, "ES256", `{}`, SigningOptions{})))
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Verify(other.Public()); !errors.Is(err, ErrSignature) {
		t.Errorf("got %v", err)
	}
}

// Every row of the table of what libraries accept, with the nearest JWS that is
// accepted beside it.
func TestParseRefuses(t *testing.T) {
	const header, payload = `{"alg":"EdDSA","typ":"JWT"}`, `{"iss":"did:example:1","exp":1}`
	good := signRaw(header, payload)
	if j, err := Parse([]byte(good)); err != nil || j.Verify(testSigners()["EdDSA"].Public()) != nil {
		t.Fatalf("the sibling of every case is refused: %v", err)
	}
	parts := strings.Split(good, ".")
	private := `{"kty":"OKP","crv":"Ed25519","x":"` + rfc8037X + `","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}`
	headers := map[string]struct {
		header string
		want   error
	}{
		"crit unknown, parameter present": {`{"alg":"EdDSA","crit":["exp"],"exp":1}`, ErrHeader},
		"crit empty":                      {`{"alg":"EdDSA","crit":[]}`, ErrHeader},
		"crit names an absent parameter":  {`{"alg":"EdDSA","crit":["http://example.com/UNDEFINED"]}`, ErrHeader},
		"crit null":                       {`{"alg":"EdDSA","crit":null}`, ErrHeader},
		"b64 false with crit":             {`{"alg":"EdDSA","b64":false,"crit":["b64"]}`, ErrHeader},
		"b64 false without crit":          {`{"alg":"EdDSA","b64":false}`, ErrHeader},
		"b64 true":                        {`{"alg":"EdDSA","b64":true}`, ErrHeader},
		"alg twice, none last":            {`{"alg":"EdDSA","alg":"none"}`, ErrMalformed},
		"alg twice, none first":           {`{"alg":"none","alg":"EdDSA"}`, ErrMalformed},
		"alg twice by escape":             {`{"alg":"EdDSA","\u0061lg":"none"}`, ErrMalformed},
		"zip":                             {`{"alg":"EdDSA","zip":"DEF"}`, ErrHeader},
		"enc":                             {`{"alg":"EdDSA","enc":"A256GCM"}`, ErrHeader},
		"p2c":                             {`{"alg":"EdDSA","p2c":100000000}`, ErrHeader},
		"jku":                             {`{"alg":"EdDSA","jku":"https://evil.example/jwks"}`, ErrHeader},
		"x5u":                             {`{"alg":"EdDSA","x5u":"https://evil.example/x"}`, ErrHeader},
		"x5c":                             {`{"alg":"EdDSA","x5c":["MIIB"]}`, ErrHeader},
		"x5t":                             {`{"alg":"EdDSA","x5t":"AA"}`, ErrHeader},
		"x5t#S256":                        {`{"alg":"EdDSA","x5t#S256":"AA"}`, ErrHeader},
		"private key in jwk":              {`{"alg":"EdDSA","jwk":` + private + `}`, ErrPrivateKey},
		"symmetric key in jwk":            {`{"alg":"EdDSA","jwk":{"kty":"oct","k":"AAAA"}}`, ErrPrivateKey},
		"short key in jwk":                {`{"alg":"EdDSA","jwk":` + okpX([]byte{1}) + `}`, ErrInvalidKey},
		"jwk string":                      {`{"alg":"EdDSA","jwk":"x"}`, ErrInvalidKey},
		"jwk null":                        {`{"alg":"EdDSA","jwk":null}`, ErrInvalidKey},
		"cty JWT":                         {`{"alg":"EdDSA","cty":"JWT"}`, ErrHeader},
		"cty application/jwt":             {`{"alg":"EdDSA","cty":"application/jwt"}`, ErrHeader},
		"typ number":                      {`{"alg":"EdDSA","typ":1}`, ErrHeader},
		"typ empty":                       {`{"alg":"EdDSA","typ":""}`, ErrHeader},
		"typ long":                        {`{"alg":"EdDSA","typ":"` + strings.Repeat("a", 513) + `"}`, ErrHeader},
		"iss null":                        {`{"alg":"EdDSA","iss":null}`, ErrHeader},
		"kid null":                        {`{"alg":"EdDSA","kid":null}`, ErrHeader},
		"header array":                    {`["alg"]`, ErrMalformed},
		"header string":                   {`"alg"`, ErrMalformed},
		"header with something after":     {`{"alg":"EdDSA"} ` + "x", ErrMalformed},
		"header with bad UTF-8":           {"{\"alg\":\"EdDSA\",\"a\":\"\xff\"}", ErrMalformed},
		"header with a byte order mark":   {"\xef\xbb\xbf" + `{"alg":"EdDSA"}`, ErrMalformed},
		"header empty object":             {`{}`, ErrAlgorithm},
		"ALG":                             {`{"ALG":"EdDSA"}`, ErrAlgorithm},
	}
	for _, alg := range []string{
		`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `""`, `" none"`, `"none\u0000"`, `null`, `1`, `["EdDSA"]`, `{"a":"EdDSA"}`, `false`,
		`"HS256"`, `"HS384"`, `"HS512"`, `"ES256K"`, `"eddsa"`, `"EDDSA"`, `"es256"`, `"ES256 "`, `"RS1"`, `"RS384"`, `"RS512"`,
		`"PS384"`, `"PS512"`, `"Ed448"`, `"ESB256"`, `"dir"`, `"RSA-OAEP"`, `"A256KW"`, `"PBES2-HS256+A128KW"`,
	} {
		headers["alg "+alg] = struct {
			header string
			want   error
		}{`{"alg":` + alg + `}`, ErrAlgorithm}
	}
	for name, test := range headers {
		token := signRaw(test.header, payload)
		cut := token[:strings.LastIndexByte(token, '.')+1]
		for _, data := range []string{token, cut, cut + "AA"} {
			if data == cut {
				if _, err := Parse([]byte(data)); err == nil {
					t.Errorf("%s without a signature: accepted", name)
				}
				continue
			}
			if _, err := Parse([]byte(data)); !errors.Is(err, test.want) {
				t.Errorf("%s: got %v, want %v", name, err, test.want)
			}
		}
	}
	standard := strings.NewReplacer("-", "+", "_", "/")
	forms := map[string]string{
		"empty":                       "",
		"dots":                        "..",
		"two parts":                   parts[0] + "." + parts[1],
		"four parts":                  good + ".AA",
		"five parts, as of JWE":       good + ".AA.AA",
		"empty header":                "." + parts[1] + "." + parts[2],
		"empty payload":               parts[0] + ".." + parts[2],
		"empty signature":             parts[0] + "." + parts[1] + ".",
		"detached":                    parts[0] + ".." + parts[2],
		"leading space":               " " + good,
		"trailing space":              good + " ",
		"trailing newline":            good + "\n",
		"trailing CRLF":               good + "\r\n",
		"newline inside signature":    good[:len(good)-10] + "\n" + good[len(good)-10:],
		"newline inside payload":      parts[0] + "." + parts[1][:4] + "\n" + parts[1][4:] + "." + parts[2],
		"newline inside header":       parts[0][:4] + "\n" + parts[0][4:] + "." + parts[1] + "." + parts[2],
		"padding on the header":       parts[0] + "=." + parts[1] + "." + parts[2],
		"padding on the payload":      parts[0] + "." + parts[1] + "==." + parts[2],
		"padding on the signature":    good + "==",
		"standard alphabet":           parts[0] + "." + parts[1] + "." + standard.Replace(strings.Repeat("-_", 43)),
		"trailing bits":               good[:len(good)-1] + nextLetter(good[len(good)-1]),
		"percent":                     strings.Replace(good, ".", "%2E", 1),
		"NUL":                         good + "\x00",
		"byte order mark":             "\xef\xbb\xbf" + good,
		"quotes":                      `"` + good + `"`,
		"Bearer":                      "Bearer " + good,
		"flattened JSON":              `{"protected":"` + parts[0] + `","payload":"` + parts[1] + `","signature":"` + parts[2] + `"}`,
		"general JSON, one bad":       `{"payload":"` + parts[1] + `","signatures":[{"protected":"` + parts[0] + `","signature":"` + parts[2] + `"},{"protected":"` + parts[0] + `","signature":"AAAA"}]}`,
		"payload with garbage":        signRaw(header, `{"iss":"a"} garbage`),
		"payload twice":               signRaw(header, `{"iss":"a"}{"iss":"b"}`),
		"payload with bad UTF-8":      signRaw(header, "{\"iss\":\"\xff\"}"),
		"payload with lone surrogate": signRaw(header, `{"iss":"\ud800"}`),
		"payload claim twice":         signRaw(header, `{"iss":"a","iss":"b"}`),
		"payload exp twice":           signRaw(header, `{"exp":1,"exp":9999999999}`),
		"payload array":               signRaw(header, `[]`),
		"payload null":                signRaw(header, `null`),
		"payload string":              signRaw(header, `"a"`),
		"payload JWT":                 signRaw(header, good),
		"payload deep":                signRaw(header, strings.Repeat(`{"a":`, 100)+"1"+strings.Repeat("}", 100)),
		"million dots":                strings.Repeat(".", MaxJWS),
		"20 MiB":                      strings.Repeat("A", 20<<20),
		"20 MiB payload":              parts[0] + "." + strings.Repeat("A", 20<<20) + "." + parts[2],
		"long header":                 strings.Repeat("A", maxHeader+4) + "." + parts[1] + "." + parts[2],
	}
	for name, data := range forms {
		start := time.Now()
		if _, err := Parse([]byte(data)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v, want ErrMalformed", name, err)
		}
		if took := time.Since(start); took > 250*time.Millisecond {
			t.Errorf("%s: took %v", name, took)
		}
	}
}

// nextLetter gives a letter of base64url whose low bits, which the last letter
// of 64 bytes does not use, are not zero.
func nextLetter(c byte) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return letters[strings.IndexByte(letters, c)+1 : strings.IndexByte(letters, c)+2]
}

func TestKeyID(t *testing.T) {
	good := []string{
		"did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp#z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
		"did:web:badges.example:issuers:a#key-1", "did:web:localhost%3A8080#key-1", "https://badges.example/keys/1?v=2#x", "http://badges.example/keys/1",
		"key-1", "#key-1", "urn:ietf:params:oauth:jwk-thumbprint:sha-256:NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "user@example.org", "a/b", strings.Repeat("k", 512),
		"did:jwk:eyJrdHkiOiJPS1AifQ#0", "1",
	}
	bad := []string{
		"../../etc/passwd", "..", "a/../b", "https://a.example/../b", "https://a.example/./b", "https://a.example/%2e%2e/b", "https://a.example/%2E%2E/b",
		"https://a.example/a%2fb", "https://a.example/a%5Cb", "file:///etc/passwd", "file:/etc/passwd", "FILE:etc", "data:text/plain,a", "javascript:alert",
		"ftp://a.example/k", "gopher://a.example/", "jar://x", "/etc/passwd", "//a.example/k", "https://", "https:/a", `C:\windows\x`,
		"' OR 1=1 --", "a' or '1'='1", `a"b`, "a;b", "a|b", "a`b`", "$(id)", "a<b>", "a{b}", "a^b", "a\\b", "key 1", " key", "key ", "key\n", "key\r\nX: y",
		"key\tx", "key\x00", "key%00", "key%0d%0aX", "key\x7f", "ключ", "key\u202e", "k\u0301", "key\ufeff", strings.Repeat("k", 513), strings.Repeat("k", 1<<20),
		"(a)", "a*b",
	}
	for _, kid := range good {
		if !soundKeyID(kid) {
			t.Errorf("%q is refused", kid)
		}
	}
	for _, kid := range bad {
		header := fmt.Sprintf(`{"alg":"EdDSA","kid":%s}`, jsonText(kid))
		if _, err := Parse([]byte(signRaw(header, `{}`))); !errors.Is(err, ErrHeader) && !errors.Is(err, ErrMalformed) {
			t.Errorf("%.40q: got %v", kid, err)
		}
	}
}

func jsonText(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r < 0x20 || r == '"' || r == '\\' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// A verifier that hands the bytes of a public key to an HMAC is fooled by
// whoever knows the public key, which is everybody.
func TestPublicKeyIsNoSecret(t *testing.T) {
	public := testSigners()["RS256"].Public().(*rsa.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	key, err := MarshalJWK(public)
	if err != nil {
		t.Fatal(err)
	}
	secrets := [][]byte{der, key, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), public.N.Bytes()}
	for _, secret := range secrets {
		for _, alg := range []string{"HS256", "HS384", "HS512", "RS256", "PS256"} {
			input := b64([]byte(`{"alg":"`+alg+`"}`)) + "." + b64([]byte(`{}`))
			mac := hmac.New(sha256.New, secret)
			mac.Write([]byte(input))
			j, err := Parse([]byte(input + "." + b64(mac.Sum(nil))))
			if err == nil {
				err = j.Verify(public)
			}
			if !errors.Is(err, ErrAlgorithm) && !errors.Is(err, ErrSignature) {
				t.Errorf("%s: got %v", alg, err)
			}
		}
	}
}

func TestVerifySignatureOfECDSA(t *testing.T) {
	message := []byte("message")
	signer := testSigners()["ES256"].(*ecdsa.PrivateKey)
	_, good, err := CreateSignature(rand.Reader, signer, message)
	if err != nil {
		t.Fatal(err)
	}
	der, err := ecdsa.SignASN1(rand.Reader, signer, digestOf(message))
	if err != nil {
		t.Fatal(err)
	}
	n := elliptic.P256().Params().N
	r, s := good[:32], good[32:]
	fill := func(v *big.Int) []byte { return v.FillBytes(make([]byte, 32)) }
	flipped := fill(new(big.Int).Sub(n, new(big.Int).SetBytes(s)))
	zero, order, more := make([]byte, 32), fill(n), fill(new(big.Int).Add(n, big.NewInt(1)))
	join := func(a, b []byte) []byte { return append(append([]byte{}, a...), b...) }
	if err := VerifySignature("ES256", signer.Public(), message, join(r, flipped)); err != nil {
		t.Errorf("the other valid signature, n-s: %v", err)
	}
	for name, signature := range map[string][]byte{
		"both zero": join(zero, zero), "r zero": join(zero, s), "s zero": join(r, zero), "r n": join(order, s), "s n": join(r, order),
		"r n+1": join(more, s), "s n+1": join(r, more), "both n": join(order, order), "DER": der, "short": good[:63], "long": append(join(r, s), 0),
		"66 bytes": append(join(r, s), 0, 0), "P-384 length": make([]byte, 96), "empty": nil, "swapped": join(s, r), "all ones": []byte(strings.Repeat("\xff", 64)),
	} {
		if err := VerifySignature("ES256", signer.Public(), message, signature); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func digestOf(message []byte) []byte {
	sum := sha256.Sum256(message)
	return sum[:]
}

func TestVerifySignatureOfRSA(t *testing.T) {
	signer := testSigners()["RS256"].(*rsa.PrivateKey)
	message := []byte("message")
	pkcs, err := rsa.SignPKCS1v15(rand.Reader, signer, crypto.SHA256, digestOf(message))
	if err != nil {
		t.Fatal(err)
	}
	pss, err := rsa.SignPSS(rand.Reader, signer, crypto.SHA256, digestOf(message), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	if err != nil {
		t.Fatal(err)
	}
	salt, err := rsa.SignPSS(rand.Reader, signer, crypto.SHA256, digestOf(message), &rsa.PSSOptions{SaltLength: 20})
	if err != nil {
		t.Fatal(err)
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skipf("this Go makes no RSA-1024 keys: %v", err)
	}
	weak, err := rsa.SignPKCS1v15(rand.Reader, small, crypto.SHA256, digestOf(message))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, alg string
		key       crypto.PublicKey
		signature []byte
		want      error
	}{
		{"RS256", "RS256", signer.Public(), pkcs, nil},
		{"PS256", "PS256", signer.Public(), pss, nil},
		{"PSS as RS256", "RS256", signer.Public(), pss, ErrSignature},
		{"PKCS as PS256", "PS256", signer.Public(), pkcs, ErrSignature},
		{"salt of 20 bytes", "PS256", signer.Public(), salt, ErrSignature},
		{"RSA-1024", "RS256", small.Public(), weak, ErrInvalidKey},
		{"leading zero", "RS256", signer.Public(), append([]byte{0}, pkcs...), ErrSignature},
		{"PS256 of EC", "PS256", testSigners()["ES256"].Public(), pss, ErrAlgorithm},
		{"none", "none", signer.Public(), nil, ErrAlgorithm},
	} {
		if err := VerifySignature(test.alg, test.key, message, test.signature); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
}

// With the identity as key, R = identity and S = 0 holds for every message.
func TestSmallOrderKey(t *testing.T) {
	identity := append([]byte{1}, make([]byte, 31)...)
	signature := append(append([]byte{}, identity...), make([]byte, 32)...)
	if !ed25519.Verify(identity, []byte("anything"), signature) {
		t.Fatal("crypto/ed25519 has changed: the case says nothing any more")
	}
	if err := VerifySignature("EdDSA", ed25519.PublicKey(identity), []byte("anything"), signature); !errors.Is(err, ErrInvalidKey) {
		t.Errorf("got %v", err)
	}
}

func TestSignRefuses(t *testing.T) {
	key := testSigners()["EdDSA"]
	for name, test := range map[string]struct {
		payload string
		signer  crypto.Signer
		options SigningOptions
		want    error
	}{
		"no signer":            {`{}`, nil, SigningOptions{}, ErrInvalidKey},
		"payload not JSON":     {`{`, key, SigningOptions{}, ErrMalformed},
		"payload not object":   {`[]`, key, SigningOptions{}, ErrMalformed},
		"payload duplicate":    {`{"a":1,"a":2}`, key, SigningOptions{}, ErrMalformed},
		"kid of another world": {`{}`, key, SigningOptions{KeyID: "file:///k"}, ErrHeader},
		"too large":            {`{"a":"` + strings.Repeat("a", MaxJWS) + `"}`, key, SigningOptions{}, ErrMalformed},
		"wrong signer":         {`{}`, wrongSigner{key, testSigners()["ES256"]}, SigningOptions{Random: rand.Reader}, ErrSignature},
		"signer of raw bytes":  {`{}`, rawSigner{testSigners()["ES256"]}, SigningOptions{Random: rand.Reader}, ErrSignature},
	} {
		token, err := Sign([]byte(test.payload), test.signer, test.options)
		if token != "" || !errors.Is(err, test.want) {
			t.Errorf("%s: got %q, %v; want %v", name, token, err, test.want)
		}
	}
}

// wrongSigner shows the public key of one and signs with another.
type wrongSigner struct {
	shown crypto.Signer
	crypto.Signer
}

func (s wrongSigner) Public() crypto.PublicKey { return s.shown.Public() }

type rawSigner struct{ crypto.Signer }

func (rawSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return make([]byte, 64), nil
}

// Any change of a letter makes a JWS that is refused or does not verify.
func TestNoByteCanChange(t *testing.T) {
	good := []byte(sign(t, "EdDSA", `{"iss":"did:example:1"}`, SigningOptions{KeyID: "did:example:1#k", Type: "JWT"}))
	public := testSigners()["EdDSA"].Public()
	for i := range good {
		for _, flip := range []byte{1, 2, 4, 32} {
			changed := append([]byte{}, good...)
			changed[i] ^= flip
			j, err := Parse(changed)
			if err == nil && j.Verify(public) == nil {
				t.Fatalf("byte %d changed from %q to %q and still verifies", i, good[i], changed[i])
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(signRaw(`{"alg":"EdDSA","typ":"JWT"}`, `{"iss":"a"}`)))
	f.Add([]byte("a.b.c"))
	f.Add([]byte(`{"payload":"e30","signatures":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		testdata.Bounded(t, func() { _, _ = Open(data, Options{}) })
		j, err := Parse(data)
		if err != nil {
			return
		}
		parts := strings.Split(string(data), ".")
		if len(parts) != 3 {
			t.Fatalf("accepted %d parts", len(parts))
		}
		for i, part := range parts {
			decoded, err := base64.RawURLEncoding.DecodeString(part)
			if err != nil || b64(decoded) != part {
				t.Fatalf("part %d is not the encoding of its bytes", i)
			}
		}
		if b64(j.Payload) != parts[1] || string(j.signingInput) != parts[0]+"."+parts[1] {
			t.Fatal("what is read is not what is signed")
		}
		_ = j.Verify(testSigners()["EdDSA"].Public())
	})
}
