package josecose

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"laurel/contexts"
	"laurel/credential/jose"
)

// The key of RFC 8037 appendix A.1.
const (
	private = `{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"k","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	public  = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	method1 = `{"id":"did:example:i#key-1","type":"JsonWebKey","controller":"did:example:i","publicKeyJwk":` + public + `,"secretKeyJwk":` + private + `}`
)

const (
	contextList = `"@context":["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/examples/v2"]`
	vc          = `{` + contextList + `,"id":"https://i.example/1","type":["VerifiableCredential","ExampleCredential"],"issuer":"did:example:i",` +
		`"validFrom":"2024-01-01T00:00:00Z","credentialSubject":{"id":"did:example:s","name":"N","phones":[{"number":"1"},{"number":"2"}]}}`
	envelope = `{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiableCredential","id":"data:application/vc+jwt,eyJhbGciOiJFUzI1NiJ9.e30.AA"}`
	vp       = `{` + contextList + `,"type":["VerifiablePresentation"],"holder":"did:example:i","verifiableCredential":[` + envelope + `]}`
)

func bench(t testing.TB) *Bench {
	t.Helper()
	set, err := contexts.Conformance()
	if err != nil {
		t.Fatal(err)
	}
	return New(set, rand.Reader)
}

func p521(t testing.TB) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d, _ := key.Bytes()
	point, _ := key.PublicKey.Bytes()
	b64 := base64.RawURLEncoding.EncodeToString
	return `{"kty":"EC","crv":"P-521","alg":"ES512","x":"` + b64(point[1:67]) + `","y":"` + b64(point[67:]) + `","d":"` + b64(d) + `"}`
}

func TestIssueThenVerify(t *testing.T) {
	b := bench(t)
	for name := range features {
		document := vc
		paths := `["credentialSubject.name","credentialSubject.phones[1]","/credentialSubject/phones/0/number"]`
		if strings.HasPrefix(name, "presentation") {
			document, paths = vp, `["holder","verifiableCredential[0]"]`
		}
		for _, key := range []string{method1, private, p521(t)} {
			issued := b.Issue(context.Background(), Request{Feature: name, Input: []byte(" " + document + "\n"), Key: []byte(key), Disclose: []byte(paths)})
			if issued.Outcome != Success {
				t.Errorf("%s: %+v", name, issued)
				continue
			}
			verified := b.Verify(context.Background(), Request{Feature: name, Input: []byte(issued.Data + "\n"), Key: []byte(key)})
			var got, want map[string]any
			if verified.Outcome != Success || json.Unmarshal([]byte(verified.Data), &got) != nil || json.Unmarshal([]byte(document), &want) != nil || len(got) != len(want) {
				t.Errorf("%s: %+v", name, verified)
			}
			other := public
			if strings.Contains(key, "OKP") {
				other = `{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}`
			}
			if r := b.Verify(context.Background(), Request{Feature: name, Input: []byte(issued.Data), Key: []byte(other)}); r.Outcome != Failure {
				t.Errorf("%s with another key: %+v", name, r)
			}
			for wrong := range features {
				if wrong == name {
					continue
				}
				if r := b.Verify(context.Background(), Request{Feature: wrong, Input: []byte(issued.Data), Key: []byte(key)}); r.Outcome != Failure {
					t.Errorf("%s taken for %s: %+v", name, wrong, r)
				}
			}
		}
	}
}

// What the data model refuses is refused when it is issued and when it is
// verified, in every format.
func TestDataModel(t *testing.T) {
	b := bench(t)
	replace := func(document, from, to string) string {
		if !strings.Contains(document, from) {
			t.Fatalf("%s is not in the document", from)
		}
		return strings.Replace(document, from, to, 1)
	}
	cases := map[string]struct {
		document     string
		presentation bool
		want         Outcome
	}{
		"good":                        {vc, false, Success},
		"no context":                  {replace(vc, contextList+",", ""), false, Failure},
		"context of version 1.1":      {replace(vc, "ns/credentials/v2", "2018/credentials/v1"), false, Failure},
		"context in another order":    {replace(vc, contextList, `"@context":["https://www.w3.org/ns/credentials/examples/v2","https://www.w3.org/ns/credentials/v2"]`), false, Failure},
		"unknown context":             {replace(vc, "examples/v2", "unheard-of/v2"), false, Indeterminate},
		"no type":                     {replace(vc, `"type":["VerifiableCredential","ExampleCredential"],`, ""), false, Failure},
		"wrong type":                  {replace(vc, `"VerifiableCredential",`, ""), false, Failure},
		"type a number":               {replace(vc, `["VerifiableCredential","ExampleCredential"]`, "1"), false, Failure},
		"no issuer":                   {replace(vc, `"issuer":"did:example:i",`, ""), false, Failure},
		"issuer no URL":               {replace(vc, `"did:example:i"`, `"me"`), false, Failure},
		"issuer null":                 {replace(vc, `"did:example:i"`, `null`), false, Failure},
		"issuer a list":               {replace(vc, `"did:example:i"`, `["did:example:i"]`), false, Failure},
		"issuer without id":           {replace(vc, `"did:example:i"`, `{"name":"I"}`), false, Failure},
		"id no URL":                   {replace(vc, `"https://i.example/1"`, `"1"`), false, Failure},
		"no subject":                  {replace(vc, `"credentialSubject"`, `"evidence"`), false, Failure},
		"subject a text":              {replace(vc, `{"id":"did:example:s","name":"N","phones":[{"number":"1"},{"number":"2"}]}`, `"x"`), false, Failure},
		"validFrom no date":           {replace(vc, "2024-01-01T00:00:00Z", "2024"), false, Failure},
		"schema without type":         {replace(vc, `"issuer"`, `"credentialSchema":{"id":"https://s.example"},"issuer"`), false, Failure},
		"status without type":         {replace(vc, `"issuer"`, `"credentialStatus":{"id":"https://s.example"},"issuer"`), false, Failure},
		"unknown extension":           {replace(vc, `"issuer"`, `"badExtension":{"huh":"what?"},"issuer"`), false, Failure},
		"extension with a context":    {replace(replace(vc, `"issuer"`, `"goodExtension":"x","issuer"`), "]", `,{"goodExtension":"https://x.example/v#g"}]`), false, Success},
		"redefined term":              {replace(vc, `"https://www.w3.org/ns/credentials/examples/v2"]`, `{"issuer":"https://x.example/v#i"}]`), false, Failure},
		"claim vc":                    {replace(vc, `"issuer"`, `"vc":{},"issuer"`), false, Failure},
		"claim vp":                    {replace(vc, `"issuer"`, `"vp":"x","issuer"`), false, Failure},
		"name twice":                  {replace(vc, `"issuer"`, `"issuer":"did:example:x","issuer"`), false, Failure},
		"null":                        {replace(vc, `"name":"N"`, `"name":null`), false, Failure},
		"presentation as credential":  {vp, false, Failure},
		"envelope as credential":      {envelope, false, Failure},
		"not JSON":                    {"x", false, Failure},
		"array":                       {"[" + vc + "]", false, Failure},
		"good presentation":           {vp, true, Success},
		"presentation of nothing":     {replace(vp, `,"verifiableCredential":[`+envelope+`]`, ""), true, Success},
		"credential as presentation":  {vc, true, Failure},
		"presentation without type":   {replace(vp, `"VerifiablePresentation"`, `"Thing"`), true, Failure},
		"presentation, holder no URL": {replace(vp, `"did:example:i"`, `"me"`), true, Failure},
		"bare credential inside":      {replace(vp, envelope, vc), true, Failure},
		"text inside":                 {replace(vp, envelope, `"eyJhbGciOiJFUzI1NiJ9.e30.AA"`), true, Failure},
		"envelope without data: URL":  {replace(vp, "data:application/vc+jwt,eyJhbGciOiJFUzI1NiJ9.e30.AA", "not-a-credential"), true, Failure},
		"envelope of https":           {replace(vp, "data:application/vc+jwt,eyJhbGciOiJFUzI1NiJ9.e30.AA", "https://i.example/1"), true, Failure},
		"envelope of another type":    {replace(vp, "application/vc+jwt", "text/plain"), true, Failure},
		"envelope of plain JSON":      {replace(vp, "application/vc+jwt", "application/vc"), true, Failure},
		"envelope of nothing":         {replace(vp, "eyJhbGciOiJFUzI1NiJ9.e30.AA", ""), true, Failure},
		"envelope of alg none":        {replace(vp, "eyJhbGciOiJFUzI1NiJ9", "eyJhbGciOiJub25lIn0"), true, Failure},
		"envelope without context":    {replace(vp, `{"@context":"https://www.w3.org/ns/credentials/v2","type":"Env`, `{"type":"Env`), true, Failure},
		"space inside an envelope":    {replace(vp, "eyJhbGciOiJFUzI1NiJ9.e30.AA", "eyJhbGciOiJFUzI1NiJ9.e30.AA ~WyJ~"), true, Success},
	}
	for name, test := range cases {
		for feature, f := range features {
			if f.presentation != test.presentation {
				continue
			}
			got := b.Issue(context.Background(), Request{Feature: feature, Input: []byte(test.document), Key: []byte(method1)})
			if got.Outcome != test.want {
				t.Errorf("issuing %s, %s: %+v, want %s", feature, name, got, test.want)
			}
		}
		// Signed by somebody who does not care.
		typ := "vc+jwt"
		feature := "credential_jose"
		if test.presentation {
			typ, feature = "vp+jwt", "presentation_jose"
		}
		pair, err := parseMethod([]byte(method1))
		if err != nil {
			t.Fatal(err)
		}
		token, err := jose.Sign([]byte(test.document), pair.signer, jose.SigningOptions{Type: typ})
		if err != nil {
			continue // not even a JWS of strict JSON
		}
		got := b.Verify(context.Background(), Request{Feature: feature, Input: []byte(token), Key: []byte(public)})
		if got.Outcome != test.want {
			t.Errorf("verifying %s: %+v, want %s", name, got, test.want)
		}
	}
}

func TestVerifyTypes(t *testing.T) {
	pair, err := parseMethod([]byte(method1))
	if err != nil {
		t.Fatal(err)
	}
	withClaims := strings.Replace(vc, `"issuer"`, `"iss":"did:example:i","jti":"https://i.example/1","iat":"2010-01-01T19:23:24Z","exp":2,"issuer"`, 1)
	for name, test := range map[string]struct {
		payload string
		options jose.SigningOptions
		want    Outcome
	}{
		"as it should be":              {vc, jose.SigningOptions{Type: "vc+jwt", ContentType: "vc"}, Success},
		"no typ":                       {vc, jose.SigningOptions{}, Success},
		"claims, signed long ago":      {withClaims, jose.SigningOptions{Type: "vc+jwt"}, Success},
		"JWT":                          {vc, jose.SigningOptions{Type: "JWT"}, Failure},
		"bad typ and cty":              {vc, jose.SigningOptions{Type: "bad+typ", ContentType: "bad+cty"}, Failure},
		"bad cty":                      {vc, jose.SigningOptions{Type: "vc+jwt", ContentType: "bad+cty"}, Failure},
		"typ of a presentation":        {vc, jose.SigningOptions{Type: "vp+jwt"}, Failure},
		"iss of somebody else":         {strings.Replace(withClaims, `"iss":"did:example:i"`, `"iss":"did:example:x"`, 1), jose.SigningOptions{Type: "vc+jwt"}, Failure},
		"iss of somebody else, header": {vc, jose.SigningOptions{Type: "vc+jwt", Issuer: "did:example:x"}, Failure},
	} {
		token, err := jose.Sign([]byte(test.payload), pair.signer, test.options)
		if err != nil {
			t.Fatal(err)
		}
		got := bench(t).Verify(context.Background(), Request{Feature: "credential_jose", Input: []byte(token), Key: []byte(method1)})
		if got.Outcome != test.want {
			t.Errorf("%s: %+v, want %s", name, got, test.want)
		}
	}
}

func TestErrorsOfTheRequest(t *testing.T) {
	b := bench(t)
	for name, test := range map[string]struct {
		request Request
		want    Outcome
	}{
		"feature":            {Request{Feature: "credential_pgp", Input: []byte(vc), Key: []byte(method1)}, Indeterminate},
		"no key":             {Request{Feature: "credential_jose", Input: []byte(vc)}, Error},
		"key not JSON":       {Request{Feature: "credential_jose", Input: []byte(vc), Key: []byte("x")}, Error},
		"key of nothing":     {Request{Feature: "credential_jose", Input: []byte(vc), Key: []byte("{}")}, Error},
		"public key":         {Request{Feature: "credential_jose", Input: []byte(vc), Key: []byte(public)}, Error},
		"two keys":           {Request{Feature: "credential_jose", Input: []byte(vc), Key: []byte(`{"publicKeyJwk":{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},"secretKeyJwk":` + private + `}`)}, Error},
		"symmetric key":      {Request{Feature: "credential_jose", Input: []byte(vc), Key: []byte(`{"kty":"oct","k":"AAAA"}`)}, Error},
		"paths not JSON":     {Request{Feature: "credential_sdjwt", Input: []byte(vc), Key: []byte(method1), Disclose: []byte("name")}, Error},
		"paths not texts":    {Request{Feature: "credential_sdjwt", Input: []byte(vc), Key: []byte(method1), Disclose: []byte("[1]")}, Error},
		"path not there":     {Request{Feature: "credential_sdjwt", Input: []byte(vc), Key: []byte(method1), Disclose: []byte(`["credentialSubject.shoe"]`)}, Failure},
		"path to the type":   {Request{Feature: "credential_sdjwt", Input: []byte(vc), Key: []byte(method1), Disclose: []byte(`["type"]`)}, Failure},
		"COSE not in base64": {Request{Feature: "credential_cose", Input: []byte("-_-_"), Key: []byte(method1)}, Failure},
	} {
		operation := b.Issue
		if strings.HasPrefix(name, "COSE") {
			operation = b.Verify
		}
		if got := operation(context.Background(), test.request); got.Outcome != test.want || got.Data == "" {
			t.Errorf("%s: %+v, want %s", name, got, test.want)
		}
	}
}

func TestPointerOf(t *testing.T) {
	for path, want := range map[string]string{
		"issuer": "/issuer", "credentialSubject.id": "/credentialSubject/id", "a[0]": "/a/0", "a[10].b[2][3].c": "/a/10/b/2/3/c", "/a/b": "/a/b", "a/b.c~d": "/a~1b/c~0d",
	} {
		if got, ok := pointerOf(path); !ok || got != want {
			t.Errorf("%q: got %q, %v", path, got, ok)
		}
	}
	for _, path := range []string{"", ".", "a.", ".a", "a..b", "[0]", "a[", "a[]", "a[x]", "a[-1]", "a[01]", "a[0]b", "a[0", "a[0][", "a[0]]"} {
		if got, ok := pointerOf(path); ok {
			t.Errorf("%q: got %q", path, got)
		}
	}
}

func FuzzVerify(f *testing.F) {
	b := bench(f)
	for name := range features {
		document := vc
		if strings.HasPrefix(name, "presentation") {
			document = vp
		}
		issued := b.Issue(context.Background(), Request{Feature: name, Input: []byte(document), Key: []byte(method1)})
		if issued.Outcome != Success {
			f.Fatalf("%s: %+v", name, issued)
		}
		f.Add(name, issued.Data)
	}
	f.Fuzz(func(t *testing.T, name, data string) {
		r := b.Verify(context.Background(), Request{Feature: name, Input: []byte(data), Key: []byte(public)})
		if _, err := json.Marshal(r); err != nil || r.Outcome == "" {
			t.Fatalf("%+v: %v", r, err)
		}
	})
}
