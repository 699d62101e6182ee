package dataintegrity

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"laurel/credential/bbs"
	"laurel/credential/jsonld"
	"laurel/credential/strictjson"
)

// selectiveSigners are keys for the suites with selective disclosure.
func selectiveSigners(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	p256, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	key, err := bbs.KeyGen(bytes.Repeat([]byte{1}, 32), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]crypto.Signer{ECDSASD2023: p256, BBS2023: key}
}

const selectiveMethod = "did:example:issuer#key"

// people is a credential with nodes without identifiers, two of them alike.
const people = `{"@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
	"id": "urn:uuid:1", "type": ["VerifiableCredential", "OpenBadgeCredential"], "name": "N", "issuer": {"id": "did:example:issuer", "type": ["Profile"], "name": "I"},
	"validFrom": "2026-01-01T00:00:00Z", "validUntil": "2096-01-01T00:00:00Z",
	"credentialSubject": {"type": ["AchievementSubject"], "id": "did:example:holder", "role": "student", "creditsEarned": 12.5,
		"result": [{"type": ["Result"], "value": "1"}, {"type": ["Result"], "value": "2", "status": "Completed"}],
		"achievement": {"id": "urn:uuid:2", "type": ["Achievement"], "name": "A", "description": "D", "criteria": {"narrative": "C"}, "tag": ["a", "b", "c"],
			"alignment": [{"type": ["Alignment"], "targetName": "same", "targetUrl": "https://example.org/t"}, {"type": ["Alignment"], "targetName": "same", "targetUrl": "https://example.org/t"}, {"type": ["Alignment"], "targetName": "other", "targetUrl": "https://example.org/t"}]}}}`

var mandatoryPeople = []string{"/issuer", "/validFrom", "/validUntil", "/credentialSubject/achievement/name"}

// signBase signs a document.
func signBase(t testing.TB, s *Suites, suite, document string, pointers []string) []byte {
	t.Helper()
	signed, err := s.Sign(ctx, []byte(document), selectiveSigners(t)[suite], Options{
		Cryptosuite: suite, VerificationMethod: selectiveMethod, Created: created, MandatoryPointers: pointers,
	})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func derive(t testing.TB, s *Suites, base []byte, pointers ...string) []byte {
	t.Helper()
	derived, err := s.Derive(ctx, base, DeriveOptions{SelectivePointers: pointers})
	if err != nil {
		t.Fatal(err)
	}
	return derived
}

// verifySelective verifies the one proof of a document with the test's key of
// its suite.
func verifySelective(t testing.TB, s *Suites, document []byte) error {
	t.Helper()
	parsed, err := strictjson.Parse(document)
	if err != nil {
		return err
	}
	proofs, err := Proofs(parsed.Root())
	if err != nil {
		return err
	}
	_, err = s.Verify(ctx, parsed.Root(), proofs[0], selectiveSigners(t)[proofs[0].Cryptosuite].Public(), Expect{Now: now})
	return err
}

// eachSelective runs a test for every suite with selective disclosure.
func eachSelective(t *testing.T, test func(t *testing.T, suite string)) {
	for _, suite := range []string{ECDSASD2023, BBS2023} {
		t.Run(suite, func(t *testing.T) { test(t, suite) })
	}
}

func TestSelectiveBadge(t *testing.T) {
	s := closed(t)
	eachSelective(t, func(t *testing.T, suite string) {
		base := signBase(t, s, suite, people, mandatoryPeople)
		if err := verifySelective(t, s, base); !errors.Is(err, ErrMalformedProof) || !strings.Contains(err.Error(), "base proof") {
			t.Errorf("the base proof: %v", err)
		}
		for _, pointers := range [][]string{
			nil,
			{""},
			{"/id"},
			{"/credentialSubject"},
			{"/credentialSubject/result/1"},
			{"/credentialSubject/result/1/status", "/credentialSubject/creditsEarned"},
			{"/credentialSubject/result/0", "/credentialSubject/result/1/value", "/credentialSubject/result/1"},
			{"/credentialSubject/achievement/alignment/1", "/credentialSubject/achievement/tag/2"},
			{"/credentialSubject/achievement/alignment/0", "/credentialSubject/achievement/alignment/1"},
			{"/type", "/@context", "/type/0", "/issuer/name", "/issuer/id"},
		} {
			derived := derive(t, s, base, pointers...)
			if err := verifySelective(t, s, derived); err != nil {
				t.Errorf("%q: %v\n%s", pointers, err, derived)
			}
			var text bytes.Buffer
			if err := json.Compact(&text, derived); err != nil {
				t.Fatal(err)
			}
			for _, shown := range []string{`"validFrom":"2026-01-01T00:00:00Z"`, `"name":"A"`, `"validUntil":`} {
				if !bytes.Contains(text.Bytes(), []byte(shown)) {
					t.Errorf("%q: %s is not shown in %s", pointers, shown, derived)
				}
			}
			if bytes.Contains(derived, []byte(`"criteria"`)) != (len(pointers) > 0 && (pointers[0] == "" || pointers[0] == "/credentialSubject")) {
				t.Errorf("%q: the criteria are hidden or not: %s", pointers, derived)
			}
			if err := verifySelective(t, s, bytes.Replace(derived, []byte(`"A"`), []byte(`"B"`), 1)); !errors.Is(err, ErrSignature) {
				t.Errorf("%q, with another name: %v", pointers, err)
			}
		}
	})
}

// TestDeriveKeepsTo what the pointers say, in the bytes of the document.
func TestDeriveKeepsTo(t *testing.T) {
	s := closed(t)
	derived := derive(t, s, signBase(t, s, ECDSASD2023, people, []string{"/issuer"}), "/credentialSubject/result/1/value")
	got, _, _ := strings.Cut(string(derived), `,"proof":`)
	want := `{"@context":["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],"id":"urn:uuid:1","type":["VerifiableCredential", "OpenBadgeCredential"],` +
		`"issuer":{"id": "did:example:issuer", "type": ["Profile"], "name": "I"},"credentialSubject":{"type":["AchievementSubject"],"id":"did:example:holder","result":[{"type":["Result"],"value":"2"}]}`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRefusesPointers(t *testing.T) {
	s, _ := laboratory(t)
	const document = `{"@context": ["https://www.w3.org/ns/credentials/v2", {"list": {"@id": "urn:x:list", "@container": "@list"}, "data": {"@id": "urn:x:data", "@type": "@json"}, "@vocab": "urn:v:"}],
		"type": ["VerifiableCredential"], "issuer": "did:example:issuer", "name": {"@value": "N", "@language": "en", "@direction": "ltr"},
		"credentialSubject": {"list": ["a", {"p": "b"}, "c"], "data": {"a": 1, "b": 2}, "a/b": "1", "c~d": "2", "0": "3", "p": ["x"]}}`
	base := signBase(t, s, ECDSASD2023, document, []string{"/issuer"})
	for _, pointer := range []string{
		"issuer", "#/issuer", "/Issuer", "/issuer/id", "/issuer/", "/", "//", "/credentialSubject/list/1", "/credentialSubject/list/1/p", "/credentialSubject/data/a",
		"/credentialSubject/p/1", "/credentialSubject/p/-", "/credentialSubject/p/00", "/credentialSubject/p/+0", "/credentialSubject/p/0/0", "/credentialSubject/p/18446744073709551616",
		"/credentialSubject/a~2b", "/credentialSubject/a~", "/credentialSubject/c~d", "/name/@value", "/proof", "/proof/proofValue", "/" + strings.Repeat("x", 2000),
	} {
		if _, err := s.Derive(ctx, base, DeriveOptions{SelectivePointers: []string{pointer}}); !errors.Is(err, ErrPointer) {
			t.Errorf("deriving with %.80q: %v", pointer, err)
		}
		_, err := s.Sign(ctx, []byte(document), selectiveSigners(t)[ECDSASD2023], Options{Cryptosuite: ECDSASD2023, VerificationMethod: selectiveMethod, MandatoryPointers: []string{pointer}})
		if !errors.Is(err, ErrPointer) {
			t.Errorf("signing with %.80q: %v", pointer, err)
		}
	}
	if _, err := s.Derive(ctx, base, DeriveOptions{SelectivePointers: make([]string, MaxPointers)}); !errors.Is(err, ErrPointer) {
		t.Errorf("too many pointers: %v", err)
	}
	for _, pointer := range []string{"", "/credentialSubject/a~1b", "/credentialSubject/c~0d", "/credentialSubject/0", "/credentialSubject/p/0", "/credentialSubject/list", "/credentialSubject/data", "/name"} {
		if err := verifySelective(t, s, derive(t, s, base, pointer)); err != nil {
			t.Errorf("%q: %v", pointer, err)
		}
	}
}

func TestRefusesSelectiveSigning(t *testing.T) {
	s := closed(t)
	signers := selectiveSigners(t)
	p384, err := ecdsa.ParseRawPrivateKey(elliptic.P384(), bytes.Repeat([]byte{1}, 48))
	if err != nil {
		t.Fatal(err)
	}
	seed := ed25519.NewKeyFromSeed(make([]byte, 32))
	for name, c := range map[string]struct {
		suite, document string
		signer          crypto.Signer
		pointers        []string
		want            error
	}{
		"P-384":                       {ECDSASD2023, people, p384, nil, ErrKeyType},
		"an Ed25519 key":              {BBS2023, people, seed, nil, ErrKeyType},
		"the key of the other suite":  {BBS2023, people, signers[ECDSASD2023], nil, ErrKeyType},
		"the other way round":         {ECDSASD2023, people, signers[BBS2023], nil, ErrKeyType},
		"pointers for another suite":  {EdDSARDFC2022, people, seed, []string{"/issuer"}, ErrPointer},
		"an undefined term":           {ECDSASD2023, strings.Replace(people, `"role"`, `"grade"`, 1), signers[ECDSASD2023], nil, jsonld.ErrDataLoss},
		"more statements than signed": {BBS2023, manyTags(MaxStatements), signers[BBS2023], nil, jsonld.ErrLimit},
	} {
		_, err := s.Sign(ctx, []byte(c.document), c.signer, Options{Cryptosuite: c.suite, VerificationMethod: selectiveMethod, MandatoryPointers: c.pointers})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// manyTags is a credential with so many tags.
func manyTags(count int) string {
	tags := make([]string, count)
	for i := range tags {
		tags[i] = fmt.Sprintf(`"%d"`, i)
	}
	return strings.Replace(people, `["a", "b", "c"]`, "["+strings.Join(tags, ",")+"]", 1)
}

func TestRefusesDerivation(t *testing.T) {
	s := closed(t)
	signers := selectiveSigners(t)
	base := string(signBase(t, s, ECDSASD2023, people, mandatoryPeople))
	bare := signBase(t, s, BBS2023, people, nil)
	plain, err := s.Sign(ctx, []byte(people), ed25519.NewKeyFromSeed(make([]byte, 32)), Options{VerificationMethod: selectiveMethod})
	if err != nil {
		t.Fatal(err)
	}
	twice, err := s.Sign(ctx, []byte(base), signers[BBS2023], Options{Cryptosuite: BBS2023, VerificationMethod: selectiveMethod})
	if err != nil {
		t.Fatal(err)
	}
	changed := func(document, from, to string) string { return strings.Replace(document, from, to, 1) }
	for name, c := range map[string]struct {
		document string
		want     error
	}{
		"no JSON":                     {`{`, nil},
		"no object":                   {`[]`, ErrNoProof},
		"no proof":                    {people, ErrNoProof},
		"another suite":               {string(plain), ErrDerive},
		"two base proofs":             {string(twice), ErrDerive},
		"a derived proof":             {string(derive(t, s, []byte(base), "/id")), ErrMalformedProof},
		"what is shown was changed":   {changed(base, `"student"`, `"teacher"`), ErrSignature},
		"a statement was added":       {changed(base, `["a", "b", "c"]`, `["a", "b", "c", "d"]`), ErrSignature},
		"an undefined term was added": {changed(base, `"role"`, `"grade": "A", "role"`), jsonld.ErrDataLoss},
		"a mandatory value is gone":   {changed(base, `"validUntil"`, `"awardedDate"`), ErrPointer},
		"a chain":                     {changed(base, `"type":"DataIntegrityProof"`, `"type":"DataIntegrityProof","previousProof":"urn:x:1"`), ErrMalformedProof},
		"bbs: changed":                {changed(string(bare), `"student"`, `"teacher"`), ErrSignature},
	} {
		derived, err := s.Derive(ctx, []byte(c.document), DeriveOptions{SelectivePointers: []string{"/credentialSubject/role"}})
		if err == nil || derived != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if _, err := s.Derive(ctx, bare, DeriveOptions{}); !errors.Is(err, ErrPointer) {
		t.Errorf("nothing to show: %v", err)
	}
	if _, err := s.Derive(ctx, []byte(base), DeriveOptions{PresentationHeader: []byte{1}}); !errors.Is(err, ErrUnsupportedProof) {
		t.Errorf("a presentation header for ecdsa-sd-2023: %v", err)
	}
}

// TestDeriveDropsOtherProofs, which are of the whole document.
func TestDeriveDropsOtherProofs(t *testing.T) {
	s := closed(t)
	base := signBase(t, s, BBS2023, people, mandatoryPeople)
	both, err := s.Sign(ctx, base, ed25519.NewKeyFromSeed(make([]byte, 32)), Options{VerificationMethod: selectiveMethod})
	if err != nil {
		t.Fatal(err)
	}
	derived := derive(t, s, both, "/credentialSubject/role")
	if proof := parse(t, derived).Get("proof"); proof.Kind() != strictjson.Object || !proof.Get("cryptosuite").Is(BBS2023) {
		t.Errorf("got proofs %s", proof.Raw())
	}
	if err := verifySelective(t, s, derived); err != nil {
		t.Error(err)
	}
}
