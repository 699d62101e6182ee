package dataintegrity

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"

	"laurel/credential/bbs"
	"laurel/credential/jsonld"
	"laurel/credential/rdfc"
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

// setProofValue replaces the proof value of a document that has one proof.
func setProofValue(t testing.TB, document []byte, value string) []byte {
	t.Helper()
	old := parse(t, document).Get("proof").Get("proofValue").Text()
	return bytes.Replace(document, []byte(old), []byte(value), 1)
}

// valueOf takes the content of a proof value.
func valueOf[T any](t testing.TB, document []byte) *T {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(parse(t, document).Get("proof").Get("proofValue").Text()[1:])
	if err != nil {
		t.Fatal(err)
	}
	content := new(T)
	if err := cbor.Unmarshal(data[3:], content); err != nil {
		t.Fatal(err)
	}
	return content
}

// withValue puts a changed content into a document.
func withValue[T any](t testing.TB, document []byte, kind byte, change func(content *T)) []byte {
	t.Helper()
	content := valueOf[T](t, document)
	change(content)
	value, err := encodeProofValue(kind, content)
	if err != nil {
		t.Fatal(err)
	}
	return setProofValue(t, document, value)
}

func TestRefusesForgedECDSA(t *testing.T) {
	s := closed(t)
	base := signBase(t, s, ECDSASD2023, people, mandatoryPeople)
	good := derive(t, s, base, "/credentialSubject/result", "/credentialSubject/role")
	other := derive(t, s, signBase(t, s, ECDSASD2023, people, mandatoryPeople), "/credentialSubject/result", "/credentialSubject/role")
	narrow := derive(t, s, base, "/credentialSubject/role")
	change := func(change func(p *ecdsaDerivedProof)) []byte { return withValue(t, good, ecdsaDerived, change) }
	foreign := valueOf[ecdsaDerivedProof](t, other)
	for name, c := range map[string]struct {
		document []byte
		want     error
	}{
		"signatures of another proof":   {change(func(p *ecdsaDerivedProof) { p.Signatures = foreign.Signatures }), ErrSignature},
		"the key of another proof":      {change(func(p *ecdsaDerivedProof) { p.PublicKey, p.Signatures = foreign.PublicKey, foreign.Signatures }), ErrSignature},
		"the base signature of another": {change(func(p *ecdsaDerivedProof) { p.BaseSignature = foreign.BaseSignature }), ErrSignature},
		"signatures in another order":   {change(func(p *ecdsaDerivedProof) { slices.Reverse(p.Signatures) }), ErrSignature},
		"a signature less":              {change(func(p *ecdsaDerivedProof) { p.Signatures = p.Signatures[1:] }), ErrSignature},
		"a signature more":              {change(func(p *ecdsaDerivedProof) { p.Signatures = append(p.Signatures, p.Signatures[0]) }), ErrSignature},
		"no signatures":                 {change(func(p *ecdsaDerivedProof) { p.Signatures = [][]byte{} }), ErrSignature},
		"a zero signature":              {change(func(p *ecdsaDerivedProof) { p.Signatures[0] = make([]byte, 64) }), ErrSignature},
		"a signature of 63 bytes":       {change(func(p *ecdsaDerivedProof) { p.Signatures[0] = p.Signatures[0][:63] }), ErrMalformedProof},
		"a base signature of 65 bytes":  {change(func(p *ecdsaDerivedProof) { p.BaseSignature = append(p.BaseSignature, 0) }), ErrMalformedProof},
		"all statements mandatory": {change(func(p *ecdsaDerivedProof) {
			p.MandatoryIndexes, p.Signatures = append(p.MandatoryIndexes, 40, 41), [][]byte{}
		}), ErrSignature},
		"no statement mandatory":          {change(func(p *ecdsaDerivedProof) { p.MandatoryIndexes = []uint64{} }), ErrSignature},
		"one mandatory statement less":    {change(func(p *ecdsaDerivedProof) { p.MandatoryIndexes = p.MandatoryIndexes[1:] }), ErrSignature},
		"an index twice":                  {change(func(p *ecdsaDerivedProof) { p.MandatoryIndexes[1] = p.MandatoryIndexes[0] }), ErrMalformedProof},
		"indexes in another order":        {change(func(p *ecdsaDerivedProof) { slices.Reverse(p.MandatoryIndexes) }), ErrMalformedProof},
		"an index too large":              {change(func(p *ecdsaDerivedProof) { p.MandatoryIndexes = append(p.MandatoryIndexes, 5000) }), ErrSignature},
		"an index far too large":          {change(func(p *ecdsaDerivedProof) { p.MandatoryIndexes = append(p.MandatoryIndexes, 1<<63) }), jsonld.ErrLimit},
		"a label less":                    {change(func(p *ecdsaDerivedProof) { delete(p.Labels, 0) }), ErrMalformedProof},
		"a label more":                    {change(func(p *ecdsaDerivedProof) { p.Labels[99] = make([]byte, 32) }), ErrMalformedProof},
		"labels exchanged":                {change(func(p *ecdsaDerivedProof) { p.Labels[0], p.Labels[1] = p.Labels[1], p.Labels[0] }), ErrSignature},
		"a label twice":                   {change(func(p *ecdsaDerivedProof) { p.Labels[0] = p.Labels[1] }), ErrMalformedProof},
		"a label of 31 bytes":             {change(func(p *ecdsaDerivedProof) { p.Labels[0] = p.Labels[0][:31] }), ErrMalformedProof},
		"a key off the curve":             {change(func(p *ecdsaDerivedProof) { copy(p.PublicKey[3:], bytes.Repeat([]byte{0xff}, 32)) }), ErrMalformedProof},
		"a key of another curve":          {change(func(p *ecdsaDerivedProof) { p.PublicKey[0] = 0x81 }), ErrMalformedProof},
		"null for signatures":             {change(func(p *ecdsaDerivedProof) { p.Signatures = nil }), ErrMalformedProof},
		"null for labels":                 {change(func(p *ecdsaDerivedProof) { p.Labels = nil }), ErrMalformedProof},
		"null for indexes":                {change(func(p *ecdsaDerivedProof) { p.MandatoryIndexes = nil }), ErrMalformedProof},
		"no key":                          {change(func(p *ecdsaDerivedProof) { p.PublicKey = nil }), ErrMalformedProof},
		"the proof of a narrower part":    {setProofValue(t, good, parse(t, narrow).Get("proof").Get("proofValue").Text()), ErrMalformedProof},
		"the proof of another derivation": {setProofValue(t, good, parse(t, other).Get("proof").Get("proofValue").Text()), nil},
		"another purpose":                 {bytes.Replace(good, []byte(`"proofPurpose":"assertionMethod"`), []byte(`"proofPurpose":"authentication"`), 1), ErrPurpose},
		"another time":                    {bytes.Replace(good, []byte(`"created":"2026-`), []byte(`"created":"2025-`), 1), ErrSignature},
		"a mandatory member is gone":      {bytes.Replace(good, []byte(`"validUntil":"2096-01-01T00:00:00Z",`), nil, 1), ErrSignature},
		"an undefined term":               {bytes.Replace(good, []byte(`"role":`), []byte(`"grade": "A", "role":`), 1), jsonld.ErrDataLoss},
		"a chain":                         {bytes.Replace(good, []byte(`"type":"DataIntegrityProof"`), []byte(`"previousProof":"urn:x:1","type":"DataIntegrityProof"`), 1), ErrMalformedProof},
	} {
		if err := verifySelective(t, s, c.document); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// TestRefusesSplitNode: what was signed of one thing cannot be shown as said of
// two, by giving both the label of the one.
func TestRefusesSplitNode(t *testing.T) {
	s := closed(t)
	const whole, parts = `{"type":["Result"],"value":"2","status":"Completed"}`, `{"type":["Result"],"value":"2"},{"type":["Result"],"status":"Completed"}`
	base := signBase(t, s, ECDSASD2023, people, []string{"/issuer"})
	good := derive(t, s, base, "/credentialSubject/result/1/value", "/credentialSubject/result/1/status")
	if !bytes.Contains(good, []byte(whole)) {
		t.Fatalf("not as expected: %s", good)
	}
	split := bytes.Replace(good, []byte(whole), []byte(parts), 1)
	// The signatures that go with the statements, those of type and tie twice.
	proof, err := readECDSADerived(parse(t, good).Get("proof").Get("proofValue").Text())
	if err != nil {
		t.Fatal(err)
	}
	signed := proof.(*ecdsaDerivedProof)
	own, err := parseOwnKey(signed.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	canonical, err := s.processor.Canonicalize(ctx, documentSource(parse(t, split)), nil, rdfc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	label := ecdsaLabel(signed.Labels[0])
	lines, err := relabel(canonical.NQuads, []string{label, label})
	if err != nil {
		t.Fatal(err)
	}
	for name, lines := range map[string][][]byte{"repeated": lines, "once": slices.CompactFunc(slices.Clone(lines), bytes.Equal)} {
		forged := withValue(t, split, ecdsaDerived, func(p *ecdsaDerivedProof) {
			p.Labels[1] = p.Labels[0]
			p.Signatures, p.MandatoryIndexes = [][]byte{}, []uint64{}
			for i, line := range lines {
				at := slices.IndexFunc(signed.Signatures, func(signature []byte) bool { return verifyP256(own, line, signature) })
				if at < 0 {
					p.MandatoryIndexes = append(p.MandatoryIndexes, uint64(i))
					continue
				}
				p.Signatures = append(p.Signatures, signed.Signatures[at])
			}
		})
		if err := verifySelective(t, s, forged); !errors.Is(err, ErrMalformedProof) {
			t.Errorf("two objects with one label, with statements %s: %v", name, err)
		}
	}
}

func TestRefusesForgedBBS(t *testing.T) {
	s := closed(t)
	base := signBase(t, s, BBS2023, people, mandatoryPeople)
	good, err := s.Derive(ctx, base, DeriveOptions{SelectivePointers: []string{"/credentialSubject/result", "/credentialSubject/role"}, PresentationHeader: []byte("nonce")})
	if err != nil {
		t.Fatal(err)
	}
	if err := verifySelective(t, s, good); err != nil {
		t.Fatal(err)
	}
	change := func(change func(p *bbsDerivedProof)) []byte { return withValue(t, good, bbsDerived, change) }
	for name, c := range map[string]struct {
		document []byte
		want     error
	}{
		"another presentation header": {change(func(p *bbsDerivedProof) { p.PresentationHeader = []byte("other") }), ErrSignature},
		"no presentation header":      {change(func(p *bbsDerivedProof) { p.PresentationHeader = []byte{} }), ErrSignature},
		"a byte of the proof":         {change(func(p *bbsDerivedProof) { p.Proof[150]++ }), ErrSignature},
		"an empty proof":              {change(func(p *bbsDerivedProof) { p.Proof = []byte{} }), ErrMalformedProof},
		"a proof without a scalar":    {change(func(p *bbsDerivedProof) { p.Proof = p.Proof[:len(p.Proof)-32] }), ErrSignature},
		"another index":               {change(func(p *bbsDerivedProof) { p.SelectiveIndexes[0]++ }), ErrMalformedProof},
		"an index less":               {change(func(p *bbsDerivedProof) { p.SelectiveIndexes = p.SelectiveIndexes[1:] }), ErrSignature},
		"an index too large":          {change(func(p *bbsDerivedProof) { p.SelectiveIndexes[len(p.SelectiveIndexes)-1] = 399 }), ErrSignature},
		"an index far too large":      {change(func(p *bbsDerivedProof) { p.SelectiveIndexes[len(p.SelectiveIndexes)-1] = 1 << 40 }), jsonld.ErrLimit},
		"no statement mandatory":      {change(func(p *bbsDerivedProof) { p.MandatoryIndexes = []uint64{} }), ErrSignature},
		"all statements mandatory": {change(func(p *bbsDerivedProof) {
			p.MandatoryIndexes, p.SelectiveIndexes = append(p.MandatoryIndexes, p.MandatoryIndexes[len(p.MandatoryIndexes)-1]+1), p.SelectiveIndexes[1:]
		}), ErrSignature},
		"null for the header":        {change(func(p *bbsDerivedProof) { p.PresentationHeader = nil }), ErrMalformedProof},
		"null for the selection":     {change(func(p *bbsDerivedProof) { p.SelectiveIndexes = nil }), ErrMalformedProof},
		"null for the proof":         {change(func(p *bbsDerivedProof) { p.Proof = nil }), ErrMalformedProof},
		"a label less":               {change(func(p *bbsDerivedProof) { delete(p.Labels, 0) }), ErrMalformedProof},
		"a label twice":              {change(func(p *bbsDerivedProof) { p.Labels[0] = p.Labels[1] }), ErrMalformedProof},
		"another label":              {change(func(p *bbsDerivedProof) { p.Labels[0] = 77 }), ErrSignature},
		"another issuer":             {bytes.Replace(good, []byte(`"name": "I"`), []byte(`"name": "J"`), 1), ErrSignature},
		"a mandatory member is gone": {bytes.Replace(good, []byte(`"validUntil":"2096-01-01T00:00:00Z",`), nil, 1), ErrSignature},
	} {
		if err := verifySelective(t, s, c.document); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	root := parse(t, good)
	proofs, err := Proofs(root)
	if err != nil {
		t.Fatal(err)
	}
	verified, err := s.Verify(ctx, root, proofs[0], selectiveSigners(t)[BBS2023].Public(), Expect{Now: now})
	if err != nil || string(verified.PresentationHeader) != "nonce" || verified.General || len(verified.Contexts) != 2 {
		t.Errorf("got %+v, %v", verified, err)
	}
	for name, key := range map[string]crypto.PublicKey{"another kind": selectiveSigners(t)[ECDSASD2023].Public(), "none": nil, "nil": (*bbs.PublicKey)(nil)} {
		if _, err := s.Verify(ctx, root, proofs[0], key, Expect{Now: now}); !errors.Is(err, ErrKeyType) {
			t.Errorf("a key of %s: %v", name, err)
		}
	}
	if _, err := s.Verify(ctx, root, proofs[0], new(bbs.PublicKey), Expect{Now: now}); !errors.Is(err, ErrSignature) {
		t.Errorf("the zero key: %v", err)
	}
}

// TestRefusesProofValues: a value has one encoding.
func TestRefusesProofValues(t *testing.T) {
	s := closed(t)
	for suite, read := range map[string]func(string) (derivedProof, error){ECDSASD2023: readECDSADerived, BBS2023: readBBSDerived} {
		good := parse(t, derive(t, s, signBase(t, s, suite, people, mandatoryPeople), "/credentialSubject/result")).Get("proof").Get("proofValue").Text()
		if _, err := read(good); err != nil {
			t.Fatal(err)
		}
		data, err := base64.RawURLEncoding.DecodeString(good[1:])
		if err != nil {
			t.Fatal(err)
		}
		encode := func(data ...[]byte) string {
			return "u" + base64.RawURLEncoding.EncodeToString(slices.Concat(data...))
		}
		kind := func(kind byte) string { return encode(data[:2], []byte{kind}, data[3:]) }
		// The byte string at the front, with its length in more bytes.
		long := slices.Concat(data[:4], []byte{0x59, 0x00, 0x40}, data[6:])
		if suite == BBS2023 {
			long = slices.Concat(data[:4], []byte{0x5a, 0x00, 0x00}, data[5:])
		}
		for name, value := range map[string]string{
			"nothing":                  "",
			"only the multibase":       "u",
			"another multibase":        "z" + good[1:],
			"padding":                  good + "=",
			"a line break":             good[:9] + "\n" + good[9:],
			"the standard alphabet":    "u" + strings.NewReplacer("-", "+", "_", "/").Replace(good[1:]) + "+",
			"only the prefix":          encode(data[:3]),
			"half the prefix":          encode(data[:2]),
			"another prefix":           encode([]byte{0xd9, 0x5c}, data[2:]),
			"a kind that is not known": kind(0x20),
			"trailing data":            encode(data, []byte{0}),
			"cut short":                encode(data[:len(data)-1]),
			"an array of one more":     encode(data[:3], []byte{data[3] + 1}, data[4:], []byte{0}),
			"a tag":                    encode(data[:4], []byte{0xd8, 0x40}, data[4:]),
			"an indefinite array":      encode(data[:3], []byte{0x9f}, data[4:], []byte{0xff}),
			"a longer length":          encode(long),
			"a map":                    encode(data[:3], []byte{0xa0}),
			"null":                     encode(data[:3], []byte{0xf6}),
			"nested arrays":            encode(data[:3], bytes.Repeat([]byte{0x81}, 5000)),
			"a huge array":             encode(data[:3], []byte{0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
			"a huge string":            encode(data[:4], []byte{0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
			"too long":                 "u" + strings.Repeat("A", maxProofValue),
		} {
			if _, err := read(value); !errors.Is(err, ErrMalformedProof) {
				t.Errorf("%s: %s: %v", suite, name, err)
			}
		}
		if _, err := read(kind(0x05)); suite == BBS2023 && !errors.Is(err, ErrUnsupportedProof) {
			t.Errorf("a feature of bbs-2023: %v", err)
		}
	}
	duplicate := slices.Concat([]byte{0xd9, 0x5d, 3, 0x85, 0x40, 0xa2, 0, 0, 0, 1, 0x80, 0x80, 0x40})
	if _, err := readBBSDerived("u" + base64.RawURLEncoding.EncodeToString(duplicate)); !errors.Is(err, ErrMalformedProof) {
		t.Errorf("a label map with a name twice: %v", err)
	}
}

// TestSelectiveCost: a document with as many statements as are signed is
// derived from and verified within the bounds of one request.
func TestSelectiveCost(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes its own time")
	}
	const processor, memory = 250 * time.Millisecond, 64 << 20
	s := closed(t)
	eachSelective(t, func(t *testing.T, suite string) {
		base := signBase(t, s, suite, manyTags(MaxStatements-60), nil)
		derived := derive(t, s, base, "/credentialSubject/achievement/tag/1")
		whole := derive(t, s, base, "/credentialSubject")
		for name, do := range map[string]func(){
			"deriving":         func() { derive(t, s, base, "/credentialSubject/achievement/tag/1") },
			"deriving all":     func() { derive(t, s, base, "/credentialSubject") },
			"verifying little": func() { check(t, verifySelective(t, s, derived)) },
			"verifying all":    func() { check(t, verifySelective(t, s, whole)) },
		} {
			least, most := time.Duration(math.MaxInt64), uint64(0)
			for range 3 {
				spent, allocated := costOf(t, do)
				least, most = min(least, spent), max(most, allocated)
			}
			if t.Logf("%s: %v, %d kB", name, least, most>>10); least > processor || most > memory {
				t.Errorf("%s takes %v of the processor and %d bytes", name, least, most)
			}
		}
	})
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// costOf measures the time of the processor and the memory that a call takes.
func costOf(t *testing.T, do func()) (time.Duration, uint64) {
	t.Helper()
	spent := func() time.Duration {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			t.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := spent()
	do()
	end := spent()
	runtime.ReadMemStats(&after)
	return end - start, after.TotalAlloc - before.TotalAlloc
}

// The random documents.

var randomContext = json.RawMessage(`["https://www.w3.org/ns/credentials/v2", {"@vocab": "urn:v:", "list": {"@id": "urn:x:list", "@container": "@list"}, "data": {"@id": "urn:x:data", "@type": "@json"}, "link": {"@id": "urn:x:link", "@type": "@id"}, "graph": {"@id": "urn:x:graph", "@container": "@graph"}}]`)

// randomNode draws a node object.
func randomNode(t *rapid.T, depth int) map[string]any {
	node := map[string]any{}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"p", "q", "r", "a/b", "s~", "list", "data", "link", "graph"}), 1, 4, rapid.ID).Draw(t, "members") {
		switch name {
		case "data":
			node[name] = map[string]any{"any": []any{1, nil, "x", map[string]any{}}, "more": true}
		case "link":
			node[name] = fmt.Sprint("urn:x:", rapid.IntRange(0, 3).Draw(t, "link"))
		case "list":
			node[name] = randomValues(t, depth, 1)
		case "graph":
			if depth > 0 {
				node[name] = randomNode(t, depth-1)
			}
		default:
			values := randomValues(t, depth, 1)
			if node[name] = values; len(values) == 1 && rapid.Bool().Draw(t, "single") {
				node[name] = values[0]
			}
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "identified") == 0 {
		node["id"] = fmt.Sprint("urn:id:", rapid.IntRange(0, 5).Draw(t, "id"))
	}
	if rapid.Bool().Draw(t, "typed") {
		node["type"] = rapid.SampledFrom([]any{"T", []any{"T", "U"}, []any{"T"}}).Draw(t, "type")
	}
	if len(node) == 0 || len(node) == 1 && node["id"] != nil {
		node["p"] = "x"
	}
	return node
}

func randomValues(t *rapid.T, depth, least int) []any {
	values := make([]any, rapid.IntRange(least, 3).Draw(t, "values"))
	for i := range values {
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			values[i] = rapid.IntRange(-3, 3).Draw(t, "number")
		case 1:
			values[i] = rapid.Bool().Draw(t, "boolean")
		case 2:
			values[i] = map[string]any{"@value": "x", "@language": "en"}
		case 3, 4:
			if depth > 0 {
				values[i] = randomNode(t, depth-1)
				break
			}
			fallthrough
		default:
			values[i] = rapid.SampledFrom([]string{"x", "y", "_:c14n0", `"_:c14n0 . \`, "é\u0001"}).Draw(t, "text")
		}
	}
	return values
}

// pointersIn lists the JSON pointers to values of a document. whole is false
// for those into what is signed as one.
func pointersIn(v any, pointer string, whole bool, add func(pointer string, whole bool)) {
	if pointer != "" {
		add(pointer, whole)
	}
	switch v := v.(type) {
	case map[string]any:
		_, isValue := v["@value"]
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if name == "@context" || name == "type" || name == "id" {
				continue
			}
			token := strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
			if name == "data" || name == "list" {
				add(pointer+"/"+token, whole)
				pointersInside(v[name], pointer+"/"+token, add)
				continue
			}
			pointersIn(v[name], pointer+"/"+token, whole && !isValue, add)
		}
	case []any:
		for i, item := range v {
			pointersIn(item, fmt.Sprint(pointer, "/", i), whole, add)
		}
	}
}

func pointersInside(v any, pointer string, add func(pointer string, whole bool)) {
	if list, ok := v.([]any); ok && len(list) == 1 {
		return // the one element of a list is the list
	}
	pointersIn(v, pointer, false, func(p string, _ bool) {
		if p != pointer {
			add(p, false)
		}
	})
}

// TestSelectiveProperty: what a holder derives from any document with any
// pointers verifies, and whatever states something else does not.
func TestSelectiveProperty(t *testing.T) {
	s, processor := laboratory(t)
	checks := 0
	rapid.Check(t, func(t *rapid.T) {
		if checks++; raceEnabled && checks > 40 {
			return // the race detector takes its own time
		}
		document := randomNode(t, 2)
		document["@context"], document["type"] = randomContext, []any{"VerifiableCredential"}
		document["issuer"], document["credentialSubject"] = "did:example:issuer", randomNode(t, 2)
		delete(document, "id")
		data, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		var whole, parts []string
		pointersIn(document, "", true, func(pointer string, isWhole bool) {
			if isWhole {
				whole = append(whole, pointer)
			} else {
				parts = append(parts, pointer)
			}
		})
		choose := rapid.SliceOfN(rapid.SampledFrom(whole), 0, 3)
		mandatory, selective := choose.Draw(t, "mandatory"), choose.Draw(t, "selective")
		suite := ECDSASD2023
		if rapid.IntRange(0, 9).Draw(t, "suite") == 0 && !raceEnabled {
			suite = BBS2023
		}
		signer := signersOf[suite]
		base, err := s.Sign(ctx, data, signer, Options{Cryptosuite: suite, VerificationMethod: selectiveMethod, MandatoryPointers: mandatory})
		if err != nil {
			t.Fatalf("signing: %v\n%s", err, data)
		}
		check := func(document []byte) (string, error) {
			parsed, err := strictjson.Parse(document)
			if err != nil {
				return "", err
			}
			proofs, err := Proofs(parsed.Root())
			if err != nil {
				return "", err
			}
			form, err := processor.Canonicalize(ctx, documentSource(parsed.Root()), nil, rdfc.Options{})
			if err != nil {
				return "", err
			}
			_, err = s.Verify(ctx, parsed.Root(), proofs[0], signer.Public(), Expect{Now: now})
			return string(form.NQuads), err
		}
		if len(parts) > 0 {
			part := rapid.SampledFrom(parts).Draw(t, "part")
			// Refused, unless the part happens to be stated elsewhere too.
			derived, err := s.Derive(ctx, base, DeriveOptions{SelectivePointers: []string{part}})
			if err == nil {
				_, err = check(derived)
			} else if errors.Is(err, ErrPointer) {
				err = nil
			}
			if err != nil {
				t.Fatalf("deriving with %s: %v\n%s", part, err, data)
			}
		}
		derived, err := s.Derive(ctx, base, DeriveOptions{SelectivePointers: selective})
		if len(mandatory)+len(selective) == 0 {
			if !errors.Is(err, ErrPointer) {
				t.Fatalf("deriving nothing: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatalf("deriving: %v\n%s", err, data)
		}
		form, err := check(derived)
		if err != nil {
			t.Fatalf("verifying: %v\n%s\n%s", err, data, derived)
		}
		for range 3 {
			changed := mutate(t, derived)
			if other, err := check(changed); (err == nil) != (other == form) && err == nil {
				t.Fatalf("what was changed verifies:\n%s\n%s", derived, changed)
			}
		}
	})
}

// signersOf are those of selectiveSigners, made once.
var signersOf = func() map[string]crypto.Signer { return selectiveSigners(new(testing.T)) }()

// mutate changes, repeats or removes one value of a derived document.
func mutate(t *rapid.T, derived []byte) []byte {
	var document map[string]any
	if err := json.Unmarshal(derived, &document); err != nil {
		t.Fatal(err)
	}
	var places []func()
	var visit func(v any, set func(any), remove func())
	visit = func(v any, set func(any), remove func()) {
		if remove != nil {
			places = append(places, remove)
		}
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				if name == "@context" || name == "proof" {
					continue
				}
				visit(v[name], func(n any) { v[name] = n }, func() { delete(v, name) })
			}
		case []any:
			for i, item := range v {
				visit(item, func(n any) { v[i] = n }, func() { set(slices.Delete(slices.Clone(v), i, i+1)) })
			}
			if len(v) > 0 {
				places = append(places, func() { set(append(slices.Clone(v), v[0])) })
			}
		case string:
			places = append(places, func() { set(v + "x") })
		case float64:
			places = append(places, func() { set(v + 1) })
		case bool:
			places = append(places, func() { set(!v) })
		}
	}
	visit(document, nil, nil)
	places[rapid.IntRange(0, len(places)-1).Draw(t, "place")]()
	changed, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// FuzzProofValue: whatever is read is written as the same text.
func FuzzProofValue(f *testing.F) {
	s := closed(f)
	for _, suite := range []string{ECDSASD2023, BBS2023} {
		base := signBase(f, s, suite, people, mandatoryPeople)
		for _, document := range [][]byte{base, derive(f, s, base, "/credentialSubject/result")} {
			f.Add(parse(f, document).Get("proof").Get("proofValue").Text())
		}
	}
	f.Add("u")
	f.Add("u2V0DhUCg")
	f.Fuzz(func(t *testing.T, value string) {
		check := func(kind byte, content any, err error) {
			if err != nil {
				if !errors.Is(err, ErrMalformedProof) && !errors.Is(err, ErrUnsupportedProof) && !errors.Is(err, jsonld.ErrLimit) {
					t.Errorf("reading: %v", err)
				}
				return
			}
			if again, err := encodeProofValue(kind, content); err != nil || again != value {
				t.Errorf("%q is written %q, %v", value, again, err)
			}
		}
		ecdsaBaseRead, err := readECDSABase(value)
		check(ecdsaBase, ecdsaBaseRead, err)
		ecdsaRead, err := readECDSADerived(value)
		check(ecdsaDerived, ecdsaRead, err)
		bbsBaseRead, err := readBBSBase(value)
		check(bbsBase, bbsBaseRead, err)
		bbsRead, err := readBBSDerived(value)
		check(bbsDerived, bbsRead, err)
	})
}

// TestRefusesEveryChange: no bit of a derived document can be changed.
func TestRefusesEveryChange(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes its own time")
	}
	s := closed(t)
	for suite, step := range map[string]int{ECDSASD2023: 3, BBS2023: 11} {
		derived := derive(t, s, signBase(t, s, suite, people, mandatoryPeople), "/credentialSubject/result", "/credentialSubject/role")
		if err := verifySelective(t, s, derived); err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(derived); at += step {
			changed := bytes.Clone(derived)
			changed[at] ^= 1 << (at % 7)
			if strings.TrimSpace(string(changed[at:at+1])) == "" && strings.TrimSpace(string(derived[at:at+1])) == "" {
				continue
			}
			if verifyAnySelective(t, s, suite, changed) == nil {
				t.Errorf("%s: byte %d can be changed: %s", suite, at, changed[max(at-20, 0):at+1])
			}
		}
	}
}

// verifyAnySelective is verifySelective for documents that may have any
// cryptosuite, with the key of one.
func verifyAnySelective(t testing.TB, s *Suites, suite string, document []byte) error {
	t.Helper()
	parsed, err := strictjson.Parse(document)
	if err != nil {
		return err
	}
	key := signersOf[suite].Public()
	_, err = s.VerifyAll(ctx, parsed.Root(), func(context.Context, Proof) (crypto.PublicKey, error) { return key, nil }, Expect{Now: now})
	return err
}
