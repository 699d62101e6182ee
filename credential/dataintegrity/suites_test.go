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
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/jose"
	"laurel/credential/strictjson"
)

var (
	p256Key = curveKey(elliptic.P256())
	p384Key = curveKey(elliptic.P384())
)

func curveKey(curve elliptic.Curve) *ecdsa.PrivateKey {
	key, err := ecdsa.ParseRawPrivateKey(curve, bytes.Repeat([]byte{9}, (curve.Params().BitSize+7)/8))
	if err != nil {
		panic(err)
	}
	return key
}

// signing is a cryptosuite with a key to sign with.
type signing struct {
	name, suite string
	key         crypto.Signer
}

// signings are the cryptosuites that sign a document whole, with each kind of
// key.
var signings = []signing{
	{"eddsa-rdfc-2022", EdDSARDFC2022, signingKey},
	{"eddsa-jcs-2022", EdDSAJCS2022, signingKey},
	{"ecdsa-rdfc-2019 P-256", ECDSARDFC2019, p256Key},
	{"ecdsa-rdfc-2019 P-384", ECDSARDFC2019, p384Key},
	{"ecdsa-jcs-2019 P-256", ECDSAJCS2019, p256Key},
	{"ecdsa-jcs-2019 P-384", ECDSAJCS2019, p384Key},
	{"Ed25519Signature2020", Ed25519Signature2020, signingKey},
}

func (s signing) sign(t testing.TB, document string, options Options) string {
	t.Helper()
	options.Cryptosuite = s.suite
	if options.VerificationMethod == "" {
		options.VerificationMethod = method
	}
	signed, err := closed(t).Sign(ctx, []byte(document), s.key, options)
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	return string(signed)
}

// verify checks all proofs of a document with the key of the signing.
func (s signing) verify(suites *Suites, document []byte, expect Expect) error {
	parsed, err := strictjson.Parse(document)
	if err != nil {
		return err
	}
	if expect.Now.IsZero() {
		expect.Now = now
	}
	key := func(context.Context, Proof) (crypto.PublicKey, error) { return s.key.Public(), nil }
	_, err = suites.VerifyAll(ctx, parsed.Root(), key, expect)
	return err
}

var everyOption = Options{
	Created: created, Expires: now.AddDate(1, 0, 0), Domain: []string{"a.example", "b.example"}, Challenge: "c", Nonce: "n", ID: "urn:x:1",
}

// TestEverySuite signs with every option, and no change of a scalar or a member
// goes unnoticed, in the badge and in the proof.
func TestEverySuite(t *testing.T) {
	suites := closed(t)
	for _, s := range signings {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			signed := s.sign(t, badge, everyOption)
			expect := Expect{Domain: []string{"b.example", "a.example"}, Challenge: "c"}
			if err := s.verify(suites, []byte(signed), expect); err != nil {
				t.Fatal(err)
			}
			copies := changedCopies(parse(t, []byte(signed)))
			for i, c := range copies {
				if raceEnabled && i%sampled != 0 {
					continue
				}
				if s.verify(suites, c.data, Expect{}) == nil {
					t.Errorf("%s at %s: the copy verifies", c.kind, c.path)
				}
			}
			if len(copies) < 60 {
				t.Errorf("there are %d copies only", len(copies))
			}
			// White space and the order of members are not signed.
			if err := s.verify(suites, []byte(compact(signed)), Expect{}); err != nil {
				t.Errorf("without white space: %v", err)
			}
		})
	}
}

// TestNoOtherSuite: a proof of one suite is none of another, whatever the name
// in it is changed to.
func TestNoOtherSuite(t *testing.T) {
	suites := closed(t)
	for _, s := range signings {
		signed := s.sign(t, badge, Options{Created: created})
		for _, other := range Cryptosuites() {
			if other.Name == s.suite {
				continue
			}
			changed := proofWith(t, signed, "cryptosuite", `"`+other.Name+`"`)
			if other.ProofType != Type {
				changed = proofWith(t, signed, "type", `"`+other.Name+`"`)
			}
			if s.suite == Ed25519Signature2020 {
				changed = proofWith(t, changed, "type", `"`+Type+`"`)
			}
			err := s.verify(suites, []byte(changed), Expect{})
			if !errors.Is(err, ErrSignature) && !errors.Is(err, ErrMalformedProof) && !errors.Is(err, ErrKeyType) {
				t.Errorf("%s called %s: %v", s.name, other.Name, err)
			}
		}
	}
}

// TestKeyBinding: a suite takes its own kinds of keys and no others.
func TestKeyBinding(t *testing.T) {
	//lint:ignore SA1019 the functions that replace the fields make no key off its curve
	offCurve := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}
	var typedNil *ecdsa.PublicKey
	keys := map[string]crypto.PublicKey{
		KeyEd25519: signingKey.Public(), KeyP256: p256Key.Public(), KeyP384: p384Key.Public(),
		"P-224": generated(t, elliptic.P224()), "P-521": generated(t, elliptic.P521()),
		"off the curve": offCurve, "typed nil": typedNil, "nil": nil, "no pointer": *p256Key.Public().(*ecdsa.PublicKey),
		"zero": ed25519.PublicKey(make([]byte, ed25519.PublicKeySize)), "short": ed25519.PublicKey{1},
	}
	suites := closed(t)
	for _, s := range signings {
		root := parse(t, []byte(s.sign(t, badge, Options{})))
		proofs, err := Proofs(root)
		if err != nil {
			t.Fatal(err)
		}
		for name, key := range keys {
			_, err := suites.Verify(ctx, root, proofs[0], key, Expect{Now: now})
			fits := slices.Contains(described(s.suite).Keys, name)
			same := fits && strings.HasSuffix(s.name, " "+name) || fits && name == KeyEd25519
			switch {
			case same && err != nil:
				t.Errorf("%s with its own key: %v", s.name, err)
			case fits && !same && !errors.Is(err, ErrMalformedProof): // the other curve, another length
				t.Errorf("%s with a key of %s: %v", s.name, name, err)
			case !fits && !errors.Is(err, ErrKeyType):
				t.Errorf("%s with a key of kind %s: %v", s.name, name, err)
			}
		}
	}
}

func described(name string) Cryptosuite { return suites[name].describe(name) }

func generated(t testing.TB, curve elliptic.Curve) crypto.PublicKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key.Public()
}

// TestSmallOrder compares the table of keys under which anything can be signed
// with what they are by arithmetic, and shows that it is needed.
func TestSmallOrder(t *testing.T) {
	for _, y := range smallOrder {
		for _, sign := range []byte{0, 0x80} {
			key := bytes.Clone(y[:])
			key[len(key)-1] |= sign
			if jose.CheckEd25519(key) == nil {
				t.Errorf("%x is a good key", key)
			}
			if _, err := hashForEd25519(ed25519.PublicKey(key)); !errors.Is(err, ErrKeyType) {
				t.Errorf("%x: %v", key, err)
			}
		}
	}
	identity := ed25519.PublicKey(bytes.Clone(smallOrder[1][:]))
	signature := slices.Concat(identity, make([]byte, 32)) // R is the identity, S is 0
	if !ed25519.Verify(identity, []byte("anything"), signature) {
		t.Error("crypto/ed25519 has begun to refuse the identity")
	}
}

func TestCryptosuites(t *testing.T) {
	var names []string
	for _, suite := range Cryptosuites() {
		names = append(names, suite.Name)
		if len(suite.Keys) == 0 || (suite.ProofType == Type) == (suite.Name == Ed25519Signature2020) || suite.Signs == (suite.Name == EdDSA2022) {
			t.Errorf("%+v", suite)
		}
		if suite.JCS != strings.Contains(suite.Name, "-jcs-") {
			t.Errorf("%s: JCS is %v", suite.Name, suite.JCS)
		}
	}
	want := []string{
		Ed25519Signature2020, BBS2023, ECDSAJCS2019, ECDSARDFC2019, ECDSASD2023, EdDSA2022, EdDSAJCS2022, EdDSARDFC2022,
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	for name, c := range map[string]struct {
		key  crypto.PublicKey
		want []string
	}{
		"Ed25519": {signingKey.Public(), []string{Ed25519Signature2020, EdDSAJCS2022, EdDSARDFC2022}},
		"P-256":   {p256Key.Public(), []string{ECDSAJCS2019, ECDSARDFC2019, ECDSASD2023}},
		"P-384":   {p384Key.Public(), []string{ECDSAJCS2019, ECDSARDFC2019}},
		"P-521":   {generated(t, elliptic.P521()), nil},
		"none":    {nil, nil},
	} {
		if diff := cmp.Diff(c.want, CryptosuitesFor(c.key)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestEdDSA2022 verifies a proof with the older name, made here only for that.
func TestEdDSA2022(t *testing.T) {
	suites := closed(t)
	unsigned := strings.Replace(sign(t, badge, Options{Created: created}), EdDSARDFC2022, EdDSA2022, 1)
	root := parse(t, []byte(unsigned))
	options := suites.digest(ctx, optionsSource(root, root.Get("proof")), crypto.SHA256)
	document := suites.digest(ctx, documentSource(root), crypto.SHA256)
	var buffer [2 * maxSum]byte
	value, err := signEd25519(signingKey, signed(&buffer, crypto.SHA256, &options, &document))
	if err != nil {
		t.Fatal(err)
	}
	good := proofWith(t, unsigned, "proofValue", `"`+value+`"`)
	if _, err := verifyAll(t, good, Expect{}); err != nil {
		t.Error(err)
	}
	if _, err := verifyAll(t, strings.Replace(good, EdDSA2022, EdDSARDFC2022, 1), Expect{}); !errors.Is(err, ErrSignature) {
		t.Errorf("called by the newer name: %v", err)
	}
}

// TestSuitesAreIndependent: proofs of all suites over one document hold beside
// each other.
func TestSuitesAreIndependent(t *testing.T) {
	keys := map[string]crypto.PublicKey{}
	document := strings.Replace(badge, `context-3.0.3.json"`, `context-3.0.3.json", "`+ed25519Context+`"`, 1)
	for i, s := range signings {
		methodOf := method + string(rune('a'+i))
		keys[methodOf] = s.key.Public()
		document = s.sign(t, document, Options{VerificationMethod: methodOf, Created: created.Add(time.Duration(i) * time.Hour)})
	}
	key := func(_ context.Context, p Proof) (crypto.PublicKey, error) { return keys[p.VerificationMethod], nil }
	all, err := closed(t).VerifyAll(ctx, parse(t, []byte(document)), key, Expect{Now: now})
	if err != nil || len(all) != len(signings) {
		t.Errorf("%d proofs: %v", len(all), err)
	}
}
