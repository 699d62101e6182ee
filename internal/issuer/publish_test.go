package issuer

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/credential"
	"laurel/credential/jose"
	"laurel/credential/jsonld"
	"laurel/did"
	"laurel/internal/keys"
	"laurel/storage"
	"laurel/verifier"
)

func TestAddresses(t *testing.T) {
	for url, want := range map[string]string{
		"https://badges.example.ac.uk":      "did:web:badges.example.ac.uk",
		"https://badges.example.ac.uk/":     "did:web:badges.example.ac.uk",
		"https://badges.example.ac.uk:8443": "did:web:badges.example.ac.uk%3A8443",
		"http://localhost:8080":             "did:web:localhost%3A8080",
		"http://a.localhost:1":              "did:web:a.localhost%3A1",
		"https://xn--bcher-kva.example":     "did:web:xn--bcher-kva.example",
	} {
		got, err := parseAddress(url)
		if err != nil || got.did != want || strings.HasSuffix(got.url, "/") {
			t.Errorf("%s: %+v, %v; want %s", url, got, err, want)
		}
	}
	for _, url := range []string{
		"", "badges.example.ac.uk", "//badges.example.ac.uk", "ftp://example.org", "http://example.org",
		"https://example.org/badges", "https://example.org//", "https://example.org?x", "https://example.org?", "https://example.org#",
		"https://user@example.org", "https://Example.org", "https://example.org.", "https://example.org:443", "https://example.org:",
		"http://localhost:80", "https://192.0.2.1", "http://127.0.0.1:8080", "https://[::1]:8080", "https://", "https://:8080",
		"https://ex ample.org", "https://bücher.example", "https://a_b.example:99999", "https://localhost.evil.example:0",
		"https://example.org:08443", "https://exa%2fmple.org", "HTTPS://example.org", "https://example.org:８",
	} {
		if got, err := parseAddress(url); !errors.Is(err, ErrAddress) {
			t.Errorf("%q: %+v, %v; want ErrAddress", url, got, err)
		}
	}
}

func TestSlugs(t *testing.T) {
	for _, slug := range []string{"ab", "", strings.Repeat("a", 41), "Law", "law_school", "law/x", "law.json", "lawé", "admin", "keys", "well-known", "law:x", "a%2f"} {
		violationIs(t, slug, CheckSlug(slug), "/slug", "slug_invalid")
	}
	for _, slug := range []string{"law", "law-school", "2026", strings.Repeat("a", 40)} {
		if err := CheckSlug(slug); err != nil {
			t.Errorf("%s: %v", slug, err)
		}
	}
	w := newWorld(t, nil)
	if _, err := w.CreateIssuer(t.Context(), "cli", DefaultSlug, Institution{Name: "x"}); !errors.Is(err, storage.ErrExists) {
		t.Errorf("a second default issuer: %v", err)
	}
}

func TestSetUp(t *testing.T) {
	w := newWorld(t, nil)
	if _, err := w.SetUp(t.Context(), "cli", Institution{Name: "Again"}); !errors.Is(err, storage.ErrExists) {
		t.Errorf("SetUp twice: %v", err)
	}
	for name, test := range map[string]struct {
		institution Institution
		path, code  string
	}{
		"no name":      {Institution{}, "/name", "name_malformed"},
		"two lines":    {Institution{Name: "a\nb"}, "/name", "name_malformed"},
		"relative url": {Institution{Name: "a", URL: "/about"}, "/url", "uri_malformed"},
		"script":       {Institution{Name: "a", URL: "javascript:alert(1)"}, "/url", "uri_unsafe"},
		"no address":   {Institution{Name: "a", Email: "badges"}, "/email", "email_malformed"},
		"image":        {Institution{Name: "a", Image: "logo.png"}, "/image", "uri_malformed"},
	} {
		_, err := w.CreateIssuer(t.Context(), "cli", "law", test.institution)
		violationIs(t, name, err, test.path, test.code)
	}
	if err := w.Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
	w.config.PublicURL = "https://elsewhere.example.ac.uk"
	w.rebuild()
	if err := w.Check(t.Context()); !errors.Is(err, ErrAddress) {
		t.Errorf("Check under another address: %v", err)
	}
}

// TestSetUpGoesOn: a crash between the tenant and its key.
func TestSetUpGoesOn(t *testing.T) {
	w := newWorld(t, nil)
	err := w.store.CreateTenant(t.Context(), w.act(), storage.Tenant{Slug: "law", DID: w.base.didOf("law"), Name: "Law", Profile: []byte(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.CreateIssuer(t.Context(), "cli", "law", Institution{Name: "Law"}); err != nil {
		t.Errorf("completing: %v", err)
	}
	if _, err := w.ring.Signing(t.Context(), "law"); err != nil {
		t.Error(err)
	}
}

func TestDocuments(t *testing.T) {
	w := newWorld(t, nil)
	if _, err := w.CreateIssuer(t.Context(), "cli", "law", Institution{Name: "Law School", Image: "https://example.org/logo.png"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ring.Rotate(t.Context(), w.act(), "law", keys.NewKey{}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ slug, id, document string }{
		{"", "did:web:badges.example.ac.uk", "did"},
		{"law", "did:web:badges.example.ac.uk:issuers:law", "did"},
		{"default", testURL + "/issuers/default", "profile"},
		{"law", testURL + "/issuers/law", "profile"},
	} {
		read := w.DIDDocument
		if test.document == "profile" {
			read = w.Profile
		}
		data, err := read(t.Context(), test.slug)
		if err != nil {
			t.Fatal(err)
		}
		document, err := did.ParseDocument(data)
		if err != nil {
			t.Fatal(err)
		}
		if document.ID != test.id {
			t.Errorf("id %s, want %s", document.ID, test.id)
		}
		fragments := []string{"key-1"}
		if test.slug == "law" {
			fragments = append(fragments, "key-2") // the retired one stays
		}
		var listed []string
		for id := range document.Value.Get("assertionMethod").Elements() {
			listed = append(listed, strings.TrimPrefix(id.Text(), test.id+"#"))
		}
		if diff := cmp.Diff(fragments, listed); diff != "" {
			t.Errorf("%s: %s", test.id, diff)
		}
		// What we publish can be read as JSON-LD without loss.
		if _, err := w.processor.Dataset(t.Context(), jsonld.Source{Object: document.Value}); err != nil {
			t.Errorf("%s: %v\n%s", test.id, err, data)
		}
	}
	profile, err := w.Profile(t.Context(), "law")
	if err != nil {
		t.Fatal(err)
	}
	decoded := credential.Decode[credential.Profile](parse(t, profile))
	if decoded.Name != "Law School" || decoded.Image == nil || decoded.Type[0] != "Profile" {
		t.Errorf("profile %+v", decoded)
	}
	for _, slug := range []string{"default", "nobody", "../x", "a\x00b"} {
		if _, err := w.DIDDocument(t.Context(), slug); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("DID document of %q: %v", slug, err)
		}
	}
	if _, err := w.Profile(t.Context(), ""); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("profile of nobody: %v", err)
	}
}

func TestJWKS(t *testing.T) {
	w := newWorld(t, nil)
	if _, err := w.CreateIssuer(t.Context(), "cli", "law", Institution{Name: "Law School"}); err != nil {
		t.Fatal(err)
	}
	data, err := w.JWKS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Keys []struct{ Kid, Iss, Use, Alg, D string }
	}
	if err := json.Unmarshal(data, &set); err != nil {
		t.Fatal(err)
	}
	issuers := map[string]bool{}
	for _, key := range set.Keys {
		issuers[key.Iss] = true
		bare, err := w.JWK(t.Context(), key.Kid)
		if err != nil {
			t.Fatal(err)
		}
		public, err := jose.ParseJWK(parse(t, bare))
		if err != nil {
			t.Fatal(err)
		}
		if thumbprint, _ := jose.Thumbprint(public); thumbprint != key.Kid || key.Use != "sig" || key.Alg != "EdDSA" || key.D != "" {
			t.Errorf("key %+v", key)
		}
	}
	if want := map[string]bool{"did:web:badges.example.ac.uk": true, "did:web:badges.example.ac.uk:issuers:law": true}; !cmp.Equal(issuers, want) {
		t.Errorf("issuers %v", issuers)
	}
	if _, err := w.JWK(t.Context(), "nothing"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("unknown kid: %v", err)
	}
}

// TestKeysOfEveryKind: in the documents each has the type that its readers know.
func TestKeysOfEveryKind(t *testing.T) {
	w := newWorld(t, nil)
	for _, algorithm := range keys.Algorithms[1:] {
		if _, err := w.ring.Create(t.Context(), w.act(), DefaultSlug, keys.NewKey{Algorithm: algorithm}); err != nil {
			t.Fatal(err)
		}
	}
	check := func(revoked string, want map[string]string) {
		t.Helper()
		for _, read := range []func() ([]byte, error){
			func() ([]byte, error) { return w.DIDDocument(t.Context(), "") },
			func() ([]byte, error) { return w.Profile(t.Context(), DefaultSlug) },
		} {
			data, err := read()
			if err != nil {
				t.Fatal(err)
			}
			document := parse(t, data)
			if _, err := w.processor.Dataset(t.Context(), jsonld.Source{Object: document}); err != nil {
				t.Errorf("%v\n%s", err, data)
			}
			id := document.Get("id").Text()
			got, asserting := map[string]string{}, map[string]bool{}
			for method := range document.Get("assertionMethod").Elements() {
				asserting[method.Text()] = true
			}
			for method := range document.Get("verificationMethod").Elements() {
				name := strings.TrimPrefix(method.Get("id").Text(), id+"#")
				got[name] = method.Get("type").Text()
				gone := strings.HasPrefix(name+"-", revoked+"-")
				if asserting[method.Get("id").Text()] == gone || method.Get("revoked").Exists() != gone || method.Get("expires").Exists() || !method.Get("controller").Is(id) {
					t.Errorf("%s: %s", name, method.Raw())
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
	}
	types := map[string]string{
		"key-1": "Multikey", "key-2": "Multikey", "key-2-jwk": "JsonWebKey2020", "key-3": "Multikey", "key-3-jwk": "JsonWebKey2020",
		"key-4": "JsonWebKey2020", "key-5": "Multikey",
	}
	check("none", types)
	set, err := w.JWKS(t.Context())
	if err != nil || parse(t, set).Get("keys").Len() != 4 {
		t.Errorf("JWKS %s, %v", set, err)
	}
	list, err := w.ring.List(t.Context(), DefaultSlug)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range list {
		jwk, err := w.JWK(t.Context(), key.Thumbprint)
		if key.HasJWK() && (err != nil || !parse(t, jwk).Get("kid").Is(key.Thumbprint)) || !key.HasJWK() && !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: %s, %v", key.Algorithm, jwk, err)
		}
	}
	// Badges go on being signed with Ed25519.
	award := w.award(ada(w.mentor()))
	if got := parse(t, w.badge(award.ID).Signed).Get("proof").Get("verificationMethod").Text(); got != "did:web:badges.example.ac.uk#key-1" {
		t.Errorf("signed with %s", got)
	}
	// What is compromised leaves assertionMethod under both names, what is
	// retired stays.
	if _, err := w.ring.Retire(t.Context(), w.act(), DefaultSlug, "key-3"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ring.Compromise(t.Context(), w.act(), DefaultSlug, "key-2", w.clockNow()); err != nil {
		t.Fatal(err)
	}
	types["key-2-jwk"] = "JsonWebKey" // whose context has revoked
	check("key-2", types)
}

func TestKeysInTime(t *testing.T) {
	w := newWorld(t, nil)
	request := ada(w.mentor())
	first := w.award(request)
	w.pass(time.Hour)
	if _, err := w.ring.Rotate(t.Context(), w.act(), DefaultSlug, keys.NewKey{}); err != nil {
		t.Fatal(err)
	}
	second := w.award(request)
	signed := w.badge(second.ID).Signed
	if got := parse(t, signed).Get("proof").Get("verificationMethod").Text(); got != "did:web:badges.example.ac.uk#key-2" {
		t.Errorf("signed with %s", got)
	}
	for _, made := range []Award{first, second} {
		if got := w.verdict(w.badge(made.ID).Signed); got != verifier.VerdictValid {
			t.Errorf("after a rotation %s is %s", made.ID, got)
		}
	}
	w.pass(time.Hour)
	if _, err := w.ring.Compromise(t.Context(), w.act(), DefaultSlug, "key-1", w.clockNow().Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := w.verdict(w.badge(first.ID).Signed); got != verifier.VerdictInvalid {
		t.Errorf("a badge of a compromised key is %s", got)
	}
	if got := w.verdict(w.badge(second.ID).Signed); got != verifier.VerdictValid {
		t.Errorf("a badge of the other key is %s", got)
	}
	old, err := w.ring.List(t.Context(), DefaultSlug)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.JWK(t.Context(), old[0].Thumbprint); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("JWK of a compromised key: %v", err)
	}
}

// An installation on a loopback host without TLS, such as the demo, has
// profiles too.
func TestProfileWithoutTLS(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.PublicURL = "http://localhost:8080" })
	data, err := w.Profile(t.Context(), DefaultSlug)
	if err != nil {
		t.Fatal(err)
	}
	profile := parse(t, data)
	if id := profile.Get("id").Text(); id != "http://localhost:8080/issuers/default" {
		t.Errorf("id %q", id)
	}
	if name := profile.Get("name").Text(); name != "Example University" || profile.Get("@context").Len() != 3 {
		t.Errorf("profile %s", data)
	}
	if profile.Get("verificationMethod").Exists() || profile.Get("assertionMethod").Exists() {
		t.Errorf("an http URL was given keys: %s", data)
	}
}
