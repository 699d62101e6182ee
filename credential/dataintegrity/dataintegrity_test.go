package dataintegrity

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mr-tron/base58"

	"laurel/credential/jsonld"
	"laurel/credential/strictjson"
)

// badge is a small Open Badge, written with white space that must survive.
const badge = `{
  "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
  "id": "urn:uuid:0b6f1d0e-6b0e-4f6f-9a53-6d8c7a1e2f30",
  "type": ["VerifiableCredential", "OpenBadgeCredential"],
  "issuer": {"id": "did:web:badges.example", "type": ["Profile"], "name": "Example University"},
  "validFrom": "2026-01-01T00:00:00Z",
  "credentialSubject": {
    "id": "did:example:learner", "type": ["AchievementSubject"],
    "achievement": {
      "id": "https://badges.example/achievements/1", "type": ["Achievement"],
      "name": "Teamwork", "description": "Works well with others", "criteria": {"narrative": "Nominated by peers"}
    }
  }
}
`

const method = "did:web:badges.example#key-1"

var (
	signingKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	otherKey   = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))
	created    = time.Date(2026, 1, 2, 3, 4, 5, 678, time.FixedZone("", 3600))
)

func sign(t testing.TB, document string, options Options) string {
	t.Helper()
	if options.VerificationMethod == "" {
		options.VerificationMethod = method
	}
	signed, err := closed(t).Sign(ctx, []byte(document), signingKey, options)
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}

// verifyAll checks all proofs of a document with the signing key.
func verifyAll(t testing.TB, document string, expect Expect) ([]Verified, error) {
	t.Helper()
	if expect.Now.IsZero() {
		expect.Now = now
	}
	key := func(context.Context, Proof) (crypto.PublicKey, error) { return signingKey.Public(), nil }
	return closed(t).VerifyAll(ctx, parse(t, []byte(document)), key, expect)
}

func TestSignSplices(t *testing.T) {
	for name, document := range map[string]string{
		"with white space": badge,
		"without":          compact(badge),
	} {
		signed := sign(t, document, Options{
			Created: created, Expires: created.AddDate(50, 0, 0), Domain: []string{"a.example", "b.example"},
			Challenge: "c&d", Nonce: "n", ID: "urn:uuid:1",
		})
		before, after, found := strings.Cut(signed, `,"proof":{`)
		proof, rest, closed := strings.Cut(after, "}")
		if !found || !closed || before+rest != document {
			t.Errorf("%s: the other bytes changed: %s", name, signed)
		}
		want := `"id":"urn:uuid:1","type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022",` +
			`"created":"2026-01-02T02:04:05Z","verificationMethod":"did:web:badges.example#key-1",` +
			`"proofPurpose":"assertionMethod","expires":"2076-01-02T02:04:05Z","domain":["a.example","b.example"],` +
			`"challenge":"c&d","nonce":"n","proofValue":"z`
		if !strings.HasPrefix(proof, want) {
			t.Errorf("%s: got proof %s", name, proof)
		}
		if _, err := verifyAll(t, signed, Expect{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// compact drops the white space that badge has.
func compact(document string) string {
	return strings.NewReplacer("\n", "", "  ", "", `": `, `":`, `", "`, `","`).Replace(document)
}

func TestSignAddsToASet(t *testing.T) {
	once := sign(t, badge, Options{Created: created})
	twice := sign(t, once, Options{Created: created.Add(time.Hour)})
	thrice := sign(t, twice, Options{})
	proofs, err := Proofs(parse(t, []byte(thrice)))
	if err != nil || len(proofs) != 3 {
		t.Fatal(len(proofs), err)
	}
	all, err := verifyAll(t, thrice, Expect{})
	if err != nil || len(all) != 3 {
		t.Fatal(len(all), err)
	}
	if got := string(parse(t, []byte(once)).Get("proof").Raw()); string(proofs[0].Value.Raw()) != got {
		t.Errorf("the first proof became %s", got)
	}
	if proofs[2].Created != "" {
		t.Errorf("created is %q", proofs[2].Created)
	}
	full := thrice
	for range MaxProofs - 3 {
		full = sign(t, full, Options{})
	}
	if _, err := closed(t).Sign(ctx, []byte(full), signingKey, Options{VerificationMethod: method}); !errors.Is(err, ErrMalformedProof) {
		t.Errorf("proof %d: %v", MaxProofs+1, err)
	}
}

// brokenSigner has the key but returns something else.
type brokenSigner struct {
	ed25519.PrivateKey
	signature []byte
	err       error
}

func (s brokenSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return s.signature, s.err
}

func TestSignRefuses(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	failure := errors.New("the key store is locked")
	good := Options{VerificationMethod: method}
	replaced := func(old, with string) string { return strings.Replace(badge, old, with, 1) }
	var syntax *strictjson.Error
	for name, c := range map[string]struct {
		document string
		signer   crypto.Signer
		options  Options
		want     error
	}{
		"an undefined term":       {replaced(`"validFrom"`, `"grade": "A", "validFrom"`), signingKey, good, jsonld.ErrDataLoss},
		"an unknown context":      {replaced("context-3.0.3", "context-9"), signingKey, good, jsonld.ErrUnknownContext},
		"a relative id":           {replaced("https://badges.example/achievements/1", "achievements/1"), signingKey, good, jsonld.ErrDataLoss},
		"an array":                {`[]`, signingKey, good, ErrMalformedProof},
		"no context":              {`{"id":"urn:x:y"}`, signingKey, good, jsonld.ErrInvalidContext},
		"an empty set of proofs":  {replaced(`"validFrom"`, `"proof": [], "validFrom"`), signingKey, good, ErrMalformedProof},
		"a proof that is null":    {replaced(`"validFrom"`, `"proof": null, "validFrom"`), signingKey, good, ErrMalformedProof},
		"a proof that is none":    {replaced(`"validFrom"`, `"proof": {"type": "DataIntegrityProof"}, "validFrom"`), signingKey, good, ErrMalformedProof},
		"a key of another kind":   {badge, p256, good, ErrKeyType},
		"a failing signer":        {badge, brokenSigner{signingKey, nil, failure}, good, failure},
		"a short signature":       {badge, brokenSigner{signingKey, make([]byte, 63), nil}, good, ErrKeyType},
		"another cryptosuite":     {badge, signingKey, Options{VerificationMethod: method, Cryptosuite: "eddsa-2022"}, ErrUnsupportedCryptosuite},
		"no verification method":  {badge, signingKey, Options{}, ErrMalformedProof},
		"a relative method":       {badge, signingKey, Options{VerificationMethod: "#key-1"}, ErrMalformedProof},
		"an undefined purpose":    {badge, signingKey, Options{VerificationMethod: method, ProofPurpose: "fun"}, jsonld.ErrDataLoss},
		"an option not in UTF-8":  {badge, signingKey, Options{VerificationMethod: method, Challenge: "\xff"}, ErrMalformedProof},
		"an id that is no URL":    {badge, signingKey, Options{VerificationMethod: method, ID: "one"}, ErrMalformedProof},
		"the same domain twice":   {badge, signingKey, Options{VerificationMethod: method, Domain: []string{"a", "a"}}, ErrMalformedProof},
		"the id of another proof": {sign(t, badge, Options{ID: "urn:x:1"}), signingKey, Options{VerificationMethod: method, ID: "urn:x:1"}, ErrMalformedProof},
	} {
		got, err := closed(t).Sign(ctx, []byte(c.document), c.signer, c.options)
		if !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if _, err := closed(t).Sign(ctx, []byte(`{"a":1,"a":2}`), signingKey, good); !errors.As(err, &syntax) {
		t.Errorf("a duplicate name: %v", err)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := closed(t).Sign(over, []byte(badge), signingKey, good); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is over: %v", err)
	}
}

// TestNoProof: nothing is not success.
func TestNoProof(t *testing.T) {
	for _, member := range []string{"", `"proof": null,`, `"proof": [],`} {
		document := strings.Replace(badge, `"validFrom"`, member+` "validFrom"`, 1)
		if all, err := verifyAll(t, document, Expect{}); !errors.Is(err, ErrNoProof) || all != nil {
			t.Errorf("%q: %v", member, err)
		}
	}
	if _, err := Proofs(strictjson.Value{}); !errors.Is(err, ErrNoProof) {
		t.Errorf("nothing: %v", err)
	}
}

// proofWith returns the signed badge with a member of its proof replaced, or
// added when it has none.
func proofWith(t testing.TB, signed, name, value string) string {
	t.Helper()
	proof := parse(t, []byte(signed)).Get("proof")
	member, ok := proof.Member(name)
	if !ok {
		at := proof.Start() + 1
		return signed[:at] + fmt.Sprintf("%q:%s,", name, value) + signed[at:]
	}
	return signed[:member.Start()] + value + signed[member.End():]
}

// proofWithout returns the signed badge without a member of its proof, which
// is not the last.
func proofWithout(t testing.TB, signed, name string) string {
	t.Helper()
	member := parse(t, []byte(signed)).Get("proof").Get(name)
	start := strings.LastIndex(signed[:member.Start()], `"`+name+`"`)
	return signed[:start] + signed[member.End()+1:]
}

// TestProofOptions has the attacks on one proof (DI-01, DI-08 to DI-11): each
// is refused, by the error named, and the badge they start from is good.
func TestProofOptions(t *testing.T) {
	signed := sign(t, badge, Options{Created: created, Expires: now.AddDate(1, 0, 0), Domain: []string{"a", "b"}, Challenge: "c", Nonce: "n"})
	if _, err := verifyAll(t, signed, Expect{Domain: []string{"b", "a", "b"}, Challenge: "c"}); err != nil {
		t.Fatal(err)
	}
	value := parse(t, []byte(signed)).Get("proof").Get("proofValue").Text()
	longer := base58.Encode(append(mustDecode(t, value[1:]), 1))
	shorter := base58.Encode(mustDecode(t, value[1:])[:63])
	set := func(name, value string) string { return proofWith(t, signed, name, value) }
	for name, c := range map[string]struct {
		document string
		expect   Expect
		want     error
	}{
		"DI-01 authentication":             {set("proofPurpose", `"authentication"`), Expect{}, ErrPurpose},
		"DI-01 authentication, expected":   {set("proofPurpose", `"authentication"`), Expect{Purpose: Authentication}, ErrSignature},
		"DI-01 purpose missing":            {proofWithout(t, signed, "proofPurpose"), Expect{}, ErrMalformedProof},
		"DI-01 purpose an array":           {set("proofPurpose", `["assertionMethod"]`), Expect{}, ErrMalformedProof},
		"DI-01 purpose a URL":              {set("proofPurpose", `"https://w3id.org/security#assertionMethod"`), Expect{}, ErrPurpose},
		"DI-01 another expected":           {signed, Expect{Purpose: Authentication}, ErrPurpose},
		"DI-08 eddsa-2022":                 {set("cryptosuite", `"eddsa-2022"`), Expect{}, ErrSignature},
		"DI-08 jcs":                        {set("cryptosuite", `"eddsa-jcs-2022"`), Expect{}, ErrSignature},
		"DI-08 cryptosuite in capitals":    {set("cryptosuite", `"EDDSA-RDFC-2022"`), Expect{}, ErrUnsupportedCryptosuite},
		"DI-08 no cryptosuite":             {proofWithout(t, signed, "cryptosuite"), Expect{}, ErrMalformedProof},
		"DI-08 Ed25519Signature2020":       {set("type", `"Ed25519Signature2020"`), Expect{}, ErrMalformedProof},
		"DI-08 RsaSignature2018":           {set("type", `"RsaSignature2018"`), Expect{}, ErrUnsupportedCryptosuite},
		"DI-08 type a URL":                 {set("type", `"https://w3id.org/security#DataIntegrityProof"`), Expect{}, ErrUnsupportedCryptosuite},
		"DI-08 type an array":              {set("type", `["DataIntegrityProof"]`), Expect{}, ErrMalformedProof},
		"DI-08 no type":                    {proofWithout(t, signed, "type"), Expect{}, ErrMalformedProof},
		"DI-09 created":                    {set("created", `"2026-01-02T02:04:06Z"`), Expect{}, ErrSignature},
		"DI-09 created, the same moment":   {set("created", `"2026-01-02T03:04:05+01:00"`), Expect{}, ErrSignature},
		"DI-09 no created":                 {proofWithout(t, signed, "created"), Expect{}, ErrSignature},
		"DI-09 created no date":            {set("created", `"yesterday"`), Expect{}, ErrMalformedProof},
		"DI-09 created with a comma":       {set("created", `"2026-01-02T02:04:05,5Z"`), Expect{}, ErrMalformedProof},
		"DI-09 created a number":           {set("created", `1`), Expect{}, ErrMalformedProof},
		"DI-09 created null":               {set("created", `null`), Expect{}, ErrMalformedProof},
		"DI-09 expires":                    {set("expires", `"2099-01-01T00:00:00Z"`), Expect{}, ErrSignature},
		"DI-09 no expires":                 {proofWithout(t, signed, "expires"), Expect{}, ErrSignature},
		"DI-09 domain":                     {set("domain", `["a","c"]`), Expect{}, ErrSignature},
		"DI-09 domain, expected":           {set("domain", `["a","c"]`), Expect{Domain: []string{"a", "b"}}, ErrDomain},
		"DI-09 no domain, expected":        {proofWithout(t, signed, "domain"), Expect{Domain: []string{"a", "b"}}, ErrDomain},
		"DI-09 domain empty":               {set("domain", `[]`), Expect{}, ErrMalformedProof},
		"DI-09 fewer domains expected":     {signed, Expect{Domain: []string{"a"}}, ErrDomain},
		"DI-09 challenge":                  {set("challenge", `"d"`), Expect{}, ErrSignature},
		"DI-09 another challenge expected": {signed, Expect{Challenge: "d"}, ErrChallenge},
		"DI-09 no challenge":               {proofWithout(t, signed, "challenge"), Expect{Challenge: "c"}, ErrChallenge},
		"DI-09 nonce":                      {set("nonce", `"m"`), Expect{}, ErrSignature},
		"DI-09 another member":             {set("grade", `"A"`), Expect{}, ErrMalformedProof},
		"DI-09 a defined member":           {set("name", `"A"`), Expect{}, ErrMalformedProof},
		"DI-09 a full IRI":                 {set("https://w3id.org/security#challenge", `"d"`), Expect{}, ErrMalformedProof},
		"DI-09 @context in the proof":      {set("@context", `["https://www.w3.org/ns/credentials/v2"]`), Expect{}, ErrMalformedProof},
		"DI-09 an id":                      {set("id", `"urn:x:1"`), Expect{}, ErrSignature},
		"DI-09 an id that is no URL":       {set("id", `"1"`), Expect{}, ErrMalformedProof},
		"DI-09 the method":                 {set("verificationMethod", `"did:web:badges.example#key-2"`), Expect{}, ErrSignature},
		"DI-09 the method an object":       {set("verificationMethod", `{"id":"did:web:badges.example#key-1"}`), Expect{}, ErrMalformedProof},
		"DI-09 the method relative":        {set("verificationMethod", `"#key-1"`), Expect{}, ErrMalformedProof},
		"DI-09 the method missing":         {proofWithout(t, signed, "verificationMethod"), Expect{}, ErrMalformedProof},
		"DI-10 expired":                    {signed, Expect{Now: now.AddDate(1, 0, 0)}, ErrExpiredProof},
		"DI-10 created in the future":      {signed, Expect{Now: created.Add(-61 * time.Second)}, ErrFutureProof},
		"DI-10 created without a zone":     {set("created", `"2026-01-02T02:04:05"`), Expect{}, ErrSignature},
		"DI-11 base64":                     {set("proofValue", `"m`+value[1:]+`"`), Expect{}, ErrMalformedProof},
		"DI-11 base64url":                  {set("proofValue", `"u`+value[1:]+`"`), Expect{}, ErrMalformedProof},
		"DI-11 hexadecimal":                {set("proofValue", `"f00"`), Expect{}, ErrMalformedProof},
		"DI-11 capital Z":                  {set("proofValue", `"Z`+value[1:]+`"`), Expect{}, ErrMalformedProof},
		"DI-11 a leading zero":             {set("proofValue", `"z1`+value[1:]+`"`), Expect{}, ErrMalformedProof},
		"DI-11 65 bytes":                   {set("proofValue", `"z`+longer+`"`), Expect{}, ErrMalformedProof},
		"DI-11 63 bytes":                   {set("proofValue", `"z`+shorter+`"`), Expect{}, ErrMalformedProof},
		"DI-11 a space":                    {set("proofValue", `"`+value+` "`), Expect{}, ErrMalformedProof},
		"DI-11 a letter outside base58":    {set("proofValue", `"`+value[:9]+`0`+value[10:]+`"`), Expect{}, ErrMalformedProof},
		"DI-11 empty":                      {set("proofValue", `""`), Expect{}, ErrMalformedProof},
		"DI-11 only the prefix":            {set("proofValue", `"z"`), Expect{}, ErrMalformedProof},
		"DI-11 an array":                   {set("proofValue", `["`+value+`"]`), Expect{}, ErrMalformedProof},
		"DI-12 S not reduced":              {set("proofValue", `"z`+base58.Encode(unreduced(mustDecode(t, value[1:])))+`"`), Expect{}, ErrSignature},
		"a previous proof":                 {set("previousProof", `"urn:x:1"`), Expect{}, ErrMalformedProof},
		"a proof that is a string":         {strings.Replace(badge, `"validFrom"`, `"proof": "x", "validFrom"`, 1), Expect{}, ErrMalformedProof},
	} {
		all, err := verifyAll(t, c.document, c.expect)
		if !errors.Is(err, c.want) || all != nil {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if fault := new(ProofError); !errors.As(err, &fault) || !strings.HasPrefix(fault.Path, "/proof") {
			t.Errorf("%s: the error does not say where: %v", name, err)
		}
	}
	for name, expect := range map[string]Expect{
		"created a minute ahead": {Now: created.Add(-59 * time.Second)},
		"just before it expires": {Now: now.AddDate(1, 0, 0).Add(-time.Second)},
		"without expectations":   {},
	} {
		if _, err := verifyAll(t, signed, expect); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func mustDecode(t testing.TB, text string) []byte {
	t.Helper()
	data, err := base58.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// unreduced adds the order of the group to the S of a signature, which a
// verifier that does not look would take for the same.
func unreduced(signature []byte) []byte {
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := slices.Clone(signature[32:])
	slices.Reverse(s)
	sum := new(big.Int).Add(new(big.Int).SetBytes(s), order).FillBytes(make([]byte, 32))
	slices.Reverse(sum)
	return slices.Concat(signature[:32], sum)
}

// TestProofSets: every proof of a set must verify (DI-06, DI-07).
func TestProofSets(t *testing.T) {
	good := string(parse(t, []byte(sign(t, badge, Options{Created: created}))).Get("proof").Raw())
	other := string(parse(t, []byte(sign(t, badge, Options{Created: created.Add(time.Hour), ID: "urn:x:1"}))).Get("proof").Raw())
	bad := strings.Replace(good, "02:04:05Z", "02:04:06Z", 1)
	unknown := `{"type":"SomeProofType","created":1}`
	suite := strings.Replace(good, "eddsa-rdfc-2022", "mirrors-2099", 1)
	chained := strings.Replace(good, `{`, `{"previousProof":"urn:x:1",`, 1)
	for name, c := range map[string]struct {
		proofs string
		want   error
	}{
		"two good":          {good + "," + other, nil},
		"one in an array":   {good, nil},
		"good and bad":      {good + "," + bad, ErrSignature},
		"bad and good":      {bad + "," + good, ErrSignature},
		"the same id twice": {other + "," + other, ErrMalformedProof},
		"unknown type":      {good + "," + unknown, ErrUnsupportedCryptosuite},
		"unknown first":     {unknown + "," + good, ErrUnsupportedCryptosuite},
		"unknown suite":     {good + "," + suite, ErrUnsupportedCryptosuite},
		"a chain":           {other + "," + chained, ErrSignature},
		"a chain to itself": {strings.Replace(chained, `{`, `{"id":"urn:x:1",`, 1), ErrMalformedProof},
		"null among them":   {good + ",null", ErrMalformedProof},
		"an array inside":   {"[" + good + "]", ErrMalformedProof},
		"seventeen":         {strings.Repeat(good+",", MaxProofs) + good, ErrMalformedProof},
		"sixteen":           {strings.Repeat(good+",", MaxProofs-1) + good, nil},
	} {
		document := strings.Replace(badge, `"validFrom"`, `"proof": [`+c.proofs+`], "validFrom"`, 1)
		all, err := verifyAll(t, document, Expect{})
		if !errors.Is(err, c.want) || (err == nil) != (len(all) > 0) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	// DI-07: the known proof beside the unknown one can be verified alone.
	document := parse(t, []byte(strings.Replace(badge, `"validFrom"`, `"proof": [`+unknown+`,`+good+`], "validFrom"`, 1)))
	proofs, err := Proofs(document)
	if err != nil || Supported(proofs[0]) || !Supported(proofs[1]) {
		t.Fatal(proofs, err)
	}
	verified, err := closed(t).Verify(ctx, document, proofs[1], signingKey.Public(), Expect{Now: now})
	if err != nil || verified.Proof.Index != 1 || verified.Superseded || verified.General {
		t.Errorf("got %+v, %v", verified, err)
	}
	var urls []string
	for _, document := range verified.Contexts {
		urls = append(urls, document.URL+" "+document.Revision)
	}
	want := []string{"https://www.w3.org/ns/credentials/v2 ", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json 2026-06"}
	if diff := cmp.Diff(want, urls); diff != "" {
		t.Error(diff)
	}
}

// TestWrongDocumentOrKey has DI-12 and DI-15: a proof belongs to one document
// and one key.
func TestWrongDocumentOrKey(t *testing.T) {
	signed := sign(t, badge, Options{Created: created})
	proof := string(parse(t, []byte(signed)).Get("proof").Raw())
	onto := func(document string) string {
		return strings.Replace(document, `"validFrom"`, `"proof": `+proof+`, "validFrom"`, 1)
	}
	presentation := `{"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"], "proof": ` + proof + `}`
	for name, document := range map[string]string{
		"another credential": onto(strings.Replace(badge, "Teamwork", "Leadership", 1)),
		"a presentation":     presentation,
	} {
		if _, err := verifyAll(t, document, Expect{}); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	root := parse(t, []byte(signed))
	proofs, err := Proofs(root)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key  crypto.PublicKey
		want error
	}{
		"another key":         {otherKey.Public(), ErrSignature},
		"a key of other kind": {p256.Public(), ErrKeyType},
		"a short key":         {ed25519.PublicKey(make([]byte, 31)), ErrKeyType},
		"a private key":       {signingKey, ErrKeyType},
		"no key":              {nil, ErrKeyType},
	} {
		if _, err := closed(t).Verify(ctx, root, proofs[0], c.key, Expect{Now: now}); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// TestKeyErrors: what the caller's KeyFunc says is not lost.
func TestKeyErrors(t *testing.T) {
	unreachable := errors.New("the issuer's document cannot be had")
	document := parse(t, []byte(sign(t, badge, Options{})))
	key := func(context.Context, Proof) (crypto.PublicKey, error) { return nil, unreachable }
	all, err := closed(t).VerifyAll(ctx, document, key, Expect{Now: now})
	if !errors.Is(err, unreachable) || all != nil {
		t.Errorf("got %v", err)
	}
}

// TestNoClock: without a time to judge by, dates fail.
func TestNoClock(t *testing.T) {
	for name, options := range map[string]Options{"created": {Created: created}, "expires": {Expires: now.AddDate(9, 0, 0)}} {
		proofs, err := Proofs(parse(t, []byte(sign(t, badge, options))))
		if err != nil || proofs[0].Check(Expect{}) == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestVersion1: a credential of version 1.1 gets the context that its proof
// needs when it is signed, and does not verify without it.
func TestVersion1(t *testing.T) {
	const integrity, legacy = `"https://w3id.org/security/data-integrity/v2"`, `"https://w3id.org/security/suites/ed25519-2020/v1"`
	const first = `"https://www.w3.org/2018/credentials/v1"`
	credential := func(contexts string) string {
		return `{"@context": ` + contexts + `, "id": "urn:x:1", "type": ["VerifiableCredential"], "issuer": "did:web:badges.example",
			"issuanceDate": "2020-01-01T00:00:00Z", "credentialSubject": {"id": "did:example:learner"}}`
	}
	for _, c := range []struct{ contexts, suite, want string }{
		{`[` + first + `]`, EdDSARDFC2022, `[` + first + `,` + integrity + `]`},
		{`[` + first + `]`, EdDSAJCS2022, `[` + first + `,` + integrity + `]`},
		{`[` + first + `, ` + integrity + ` ]`, EdDSARDFC2022, `[` + first + `, ` + integrity + ` ]`},
		{`[` + first + `, "https://w3id.org/security/data-integrity/v1"]`, EdDSARDFC2022, `[` + first + `, "https://w3id.org/security/data-integrity/v1"]`},
		{`[` + first + `]`, Ed25519Signature2020, `[` + first + `,` + legacy + `]`},
		{`[` + first + `, ` + legacy + `]`, Ed25519Signature2020, `[` + first + `, ` + legacy + `]`},
	} {
		signed := sign(t, credential(c.contexts), Options{Cryptosuite: c.suite, Created: created})
		if got := string(parse(t, []byte(signed)).Get("@context").Raw()); got != c.want {
			t.Errorf("%s with %s: got contexts %s, want %s", c.contexts, c.suite, got, c.want)
		}
		if _, err := verifyAll(t, signed, Expect{}); err != nil {
			t.Errorf("%s with %s: %v", c.contexts, c.suite, err)
		}
		bare := strings.Replace(signed, c.want, `[`+first+`]`, 1)
		want := jsonld.ErrDataLoss
		if c.suite == EdDSAJCS2022 {
			want = ErrContext
		}
		if _, err := verifyAll(t, bare, Expect{}); !errors.Is(err, want) {
			t.Errorf("%s with %s, then without the terms: %v", c.contexts, c.suite, err)
		}
	}
	version2 := sign(t, badge, Options{Cryptosuite: Ed25519Signature2020})
	if _, err := verifyAll(t, version2, Expect{}); err != nil || !strings.Contains(version2, `,`+legacy+`]`) {
		t.Errorf("version 2 with the older type: %v: %s", err, version2)
	}
	// A proof over the text would not hold under one more context.
	text := sign(t, badge, Options{Cryptosuite: EdDSAJCS2022})
	options := Options{VerificationMethod: method, Cryptosuite: Ed25519Signature2020}
	if _, err := closed(t).Sign(ctx, []byte(text), signingKey, options); !errors.Is(err, ErrMalformedProof) {
		t.Errorf("after a proof over the text: %v", err)
	}
}

func TestParseTime(t *testing.T) {
	for in, want := range map[string]string{
		"2026-01-02T03:04:05Z":         "2026-01-02T03:04:05Z",
		"2026-01-02T03:04:05.25+02:00": "2026-01-02T01:04:05.25Z",
		"2026-01-02T03:04:05":          "2026-01-02T03:04:05Z",
		"2026-01-02":                   "",
		"2026-01-02T03:04":             "",
		"2026-02-30T03:04:05Z":         "",
		"2026-01-02 03:04:05Z":         "",
		"2026-01-02T03:04:05,5Z":       "",
		"2026-01-02T3:04:05Z":          "",
		"20260102T030405Z":             "",
		"2026-01-02T03:04:05+25:00":    "",
	} {
		got, err := parseTime(in)
		if (err == nil) != (want != "") || err == nil && got.UTC().Format(time.RFC3339Nano) != want {
			t.Errorf("%s: got %v, %v", in, got, err)
		}
	}
}

// FuzzVerify: no document but those made with the key verifies, and none does
// harm.
func FuzzVerify(f *testing.F) {
	signed := sign(f, badge, Options{Created: created})
	for _, seed := range []string{
		signed, badge, `{"proof":[{"type":"DataIntegrityProof"}]}`, `{"proof":[[]]}`, `[]`, `"x"`,
		strings.Replace(signed, "eddsa-rdfc-2022", "x", 1),
	} {
		f.Add([]byte(seed))
	}
	suites := closed(f)
	key := signingKey.Public()
	f.Fuzz(func(t *testing.T, data []byte) {
		document, err := strictjson.Parse(data)
		if err != nil {
			return
		}
		root := document.Root()
		proofs, err := Proofs(root)
		if err != nil {
			if fault := new(ProofError); !errors.Is(err, ErrNoProof) && !errors.As(err, &fault) {
				t.Errorf("got an error of another kind: %v", err)
			}
			return
		}
		for _, proof := range proofs {
			_, err := suites.Verify(ctx, root, proof, key, Expect{Now: now})
			if err == nil && proof.ProofValue != proofValueOf(t, signed) {
				t.Errorf("a document that was not signed verifies: %s", data)
			}
		}
	})
}

func proofValueOf(t testing.TB, signed string) string {
	t.Helper()
	return parse(t, []byte(signed)).Get("proof").Get("proofValue").Text()
}
