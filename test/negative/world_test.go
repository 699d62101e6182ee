package negative

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"laurel/contexts"
	"laurel/credential/bbs"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/did"
	"laurel/did/didweb"
	"laurel/verifier"
)

// The issuer of the corpus, and what it publishes.
const (
	issuerID = "did:web:badges.example.edu"
	siteID   = "https://badges.example.edu/issuer" // the same issuer by an https identifier
	listURL  = "https://badges.example.edu/status/1"
	place    = 94567 // on the list
)

var now = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

// object and array are JSON.
type (
	object = map[string]any
	array  = []any
)

// statusError is an answer with a status other than 200.
type statusError int

func (e statusError) Error() string   { return fmt.Sprintf("status %d", int(e)) }
func (e statusError) HTTPStatus() int { return int(e) }

// world is everything outside the verifier, by URL. What it does not have is out
// of reach.
type world struct {
	answers map[string][]byte
	errors  map[string]error
}

// with returns the world with one answer more, or another.
func (w *world) with(url string, answer any) *world {
	other := &world{maps.Clone(w.answers), maps.Clone(w.errors)}
	switch answer := answer.(type) {
	case error:
		delete(other.answers, url)
		other.errors[url] = answer
	case []byte:
		other.answers[url] = answer
	default:
		other.answers[url] = encode(answer)
	}
	return other
}

var errUnreachable = errors.New("no route to host")

func (w *world) get(url string) ([]byte, error) {
	if err := w.errors[url]; err != nil {
		return nil, err
	}
	if answer, ok := w.answers[url]; ok {
		return answer, nil
	}
	return nil, errUnreachable
}

// Document implements verifier.Documents.
func (w *world) Document(_ context.Context, url string, _ verifier.Kind) ([]byte, error) {
	return w.get(url)
}

// Fetch implements didweb.Fetcher.
func (w *world) Fetch(_ context.Context, url, _ string) ([]byte, error) { return w.get(url) }

// shared are the parts of the product that remember nothing of a document.
var shared = sync.OnceValue(func() (parts struct {
	contexts  *contexts.Set
	processor *jsonld.Processor
	suites    *dataintegrity.Suites
},
) {
	set, err := contexts.Embedded()
	if err != nil {
		panic(err)
	}
	parts.contexts, parts.processor = set, jsonld.New(set, jsonld.Options{})
	parts.suites = dataintegrity.New(parts.processor)
	return parts
})

// verifier makes a new verifier in the world, which remembers nothing.
func (w *world) verifier(strict bool) *verifier.Verifier {
	parts := shared()
	return verifier.New(verifier.Config{
		Contexts: parts.contexts, JSONLD: parts.processor, Suites: parts.suites, Clock: func() time.Time { return now },
		Resolver:  did.Methods{"key": did.KeyResolver{}, "jwk": did.JWKResolver{}, "web": didweb.New(didweb.Config{Fetcher: w})},
		Documents: w, StrictProofs: strict,
	})
}

// repeatable signs with ECDSA as RFC 6979 has it, so that a document is the same
// in every run.
type repeatable struct{ *ecdsa.PrivateKey }

func (k repeatable) Sign(_ io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, error) {
	return k.PrivateKey.Sign(nil, digest, options)
}

func edKey(seed string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat(seed, ed25519.SeedSize)[:ed25519.SeedSize]))
}

func ecKey(curve elliptic.Curve, seed string) crypto.Signer {
	size := (curve.Params().BitSize + 7) / 8
	key, err := ecdsa.ParseRawPrivateKey(curve, []byte(strings.Repeat(seed, size)[:size]))
	if err != nil {
		panic(err)
	}
	return repeatable{key}
}

func bbsKey(seed string) crypto.Signer {
	key, err := bbs.KeyGen([]byte(strings.Repeat(seed, 32)[:32]), nil, nil)
	if err != nil {
		panic(err)
	}
	return key
}

// rsaKey is new in every run: Go makes no RSA key from a seed.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// The keys of the issuer by the fragment of their URL, and those of somebody
// else by the same.
var (
	keys = sync.OnceValue(func() map[string]crypto.Signer {
		return map[string]crypto.Signer{
			"ed": edKey("i"), "ed-2": edKey("j"), "p256": ecKey(elliptic.P256(), "i"), "p384": ecKey(elliptic.P384(), "i"), "bls": bbsKey("i"),
		}
	})
	foreign = sync.OnceValue(func() map[string]crypto.Signer {
		return map[string]crypto.Signer{
			"ed": edKey("a"), "ed-2": edKey("b"), "p256": ecKey(elliptic.P256(), "a"), "p384": ecKey(elliptic.P384(), "a"), "bls": bbsKey("a"),
		}
	})
)

func multikey(signer crypto.Signer) string {
	text, err := did.EncodeMultikey(signer.Public())
	if err != nil {
		panic(err)
	}
	return text
}

// documentURL is where the document of an issuer is.
func documentURL(id string) string {
	if id == issuerID {
		return "https://badges.example.edu/.well-known/did.json"
	}
	return id
}

// issuerDocument is the document of the issuer under one of its names.
func issuerDocument(id string) object {
	methods, listed := array{}, array{}
	for _, fragment := range slices.Sorted(maps.Keys(keys())) {
		url := id + "#" + fragment
		methods = append(methods, object{"id": url, "type": "Multikey", "controller": id, "publicKeyMultibase": multikey(keys()[fragment])})
		listed = append(listed, url)
	}
	return object{"@context": array{"https://www.w3.org/ns/cid/v1"}, "id": id, "verificationMethod": methods, "assertionMethod": listed}
}

// usual is the world in which the issuer's documents are as they should be. It
// must not be changed.
var usual = sync.OnceValue(func() *world {
	w := &world{map[string][]byte{}, map[string]error{}}
	return w.with(documentURL(issuerID), issuerDocument(issuerID)).with(siteID, issuerDocument(siteID))
})

// encode writes JSON as it would be written by hand.
func encode(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func decode(data []byte) object {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var v object
	if err := decoder.Decode(&v); err != nil {
		panic(err)
	}
	return v
}

// changed returns a document after a change to a copy of it.
func changed(data []byte, change func(o object)) []byte {
	o := decode(data)
	change(o)
	return encode(o)
}

// badge is a badge that validates, with something of everything.
func badge() object {
	return object{
		"@context": array{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
		"id":       "https://badges.example.edu/credentials/1", "type": array{"VerifiableCredential", "OpenBadgeCredential"}, "name": "Peer mentor",
		"issuer":    object{"id": issuerID, "type": array{"Profile"}, "name": "Example University", "url": "https://example.edu/"},
		"validFrom": "2026-02-02T09:00:00Z", "validUntil": "2036-02-02T09:00:00Z", "awardedDate": "2026-02-01T09:00:00Z",
		"credentialSubject": object{
			"id": "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b11", "type": array{"AchievementSubject"}, "role": "Mentor", "creditsEarned": 5,
			"achievement": object{
				"id": "https://badges.example.edu/achievements/1", "type": array{"Achievement"}, "name": "Peer mentor", "achievementType": "Badge",
				"description": "Mentored first-year students for a term.", "tag": array{"mentoring"},
				"criteria": object{"id": "https://badges.example.edu/criteria/1", "narrative": "Met weekly with three students."},
			},
		},
		"evidence": array{object{"id": "https://badges.example.edu/evidence/1", "type": array{"Evidence"}, "name": "Report"}},
	}
}

// at leads to a member of a document by names and numbers, and returns the object
// or array around it.
func at(root any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			root = root.(object)[step]
		case int:
			root = root.(array)[step]
		}
	}
	return root
}

func achievement(b object) object { return at(b, "credentialSubject", "achievement").(object) }

// suite is a cryptosuite with a kind of key.
type suite struct {
	label, name, key string
	selective        bool
}

var everySuite = []suite{
	{"eddsa-rdfc-2022", dataintegrity.EdDSARDFC2022, "ed", false},
	{"eddsa-jcs-2022", dataintegrity.EdDSAJCS2022, "ed", false},
	{"ecdsa-rdfc-2019-p256", dataintegrity.ECDSARDFC2019, "p256", false},
	{"ecdsa-rdfc-2019-p384", dataintegrity.ECDSARDFC2019, "p384", false},
	{"ecdsa-jcs-2019-p256", dataintegrity.ECDSAJCS2019, "p256", false},
	{"ecdsa-jcs-2019-p384", dataintegrity.ECDSAJCS2019, "p384", false},
	{"ed25519-2020", dataintegrity.Ed25519Signature2020, "ed", false},
	{"ecdsa-sd-2023", dataintegrity.ECDSASD2023, "p256", true},
	{"bbs-2023", dataintegrity.BBS2023, "bls", true},
}

// sign adds a proof.
func sign(t testing.TB, document any, key crypto.Signer, options dataintegrity.Options) []byte {
	t.Helper()
	data, ok := document.([]byte)
	if !ok {
		data = encode(document)
	}
	if options.Created.IsZero() {
		options.Created = now.Add(-time.Hour)
	}
	signed, err := shared().suites.Sign(context.Background(), data, key, options)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// everything are pointers to all that badge has, for a derived document that
// keeps nothing back.
var everything = []string{"/id", "/name", "/issuer", "/validFrom", "/validUntil", "/awardedDate", "/credentialSubject", "/evidence"}

// issueWith signs as a suite has it; with selective disclosure it derives a
// document that shows all.
func (s suite) issueWith(t testing.TB, document any, key crypto.Signer, method string) []byte {
	t.Helper()
	options := dataintegrity.Options{Cryptosuite: s.name, VerificationMethod: method}
	if s.selective {
		options.MandatoryPointers = []string{"/issuer", "/validFrom"}
	}
	signed := sign(t, document, key, options)
	if !s.selective {
		return signed
	}
	derived, err := shared().suites.Derive(context.Background(), signed, dataintegrity.DeriveOptions{SelectivePointers: everything})
	if err != nil {
		t.Fatal(err)
	}
	return derived
}

// issue signs as the issuer.
func (s suite) issue(t testing.TB, document any) []byte {
	t.Helper()
	return s.issueWith(t, document, keys()[s.key], issuerID+"#"+s.key)
}

// issue signs as the issuer with the usual suite.
func issue(t testing.TB, document any) []byte {
	t.Helper()
	return everySuite[0].issue(t, document)
}

// optionsOf are the options of a proof by a key of the issuer's.
func optionsOf(key string) dataintegrity.Options {
	return dataintegrity.Options{VerificationMethod: issuerID + "#" + key}
}
