package dataintegrity

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/jcs"
	"laurel/credential/jsonld"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
	"laurel/internal/testdata"
)

// published are the folders of W3C vectors with all intermediate values of one
// proof.
var published = []struct{ folder, suite, key string }{
	{"vc-di-eddsa/Ed25519Signature2020", Ed25519Signature2020, "vc-di-eddsa/keyPair.json"},
	{"vc-di-eddsa/eddsa-jcs-2022", EdDSAJCS2022, "vc-di-eddsa/keyPair.json"},
	{"vc-di-eddsa/eddsa-rdfc-2022", EdDSARDFC2022, "vc-di-eddsa/keyPair.json"},
	{"vc-di-eddsa/eddsa-rdfc-2022/employ", EdDSARDFC2022, "vc-di-eddsa/keyPair.json"},
	{"vc-di-ecdsa/ecdsa-jcs-2019-p256", ECDSAJCS2019, "vc-di-ecdsa/p256KeyPair.json"},
	{"vc-di-ecdsa/ecdsa-jcs-2019-p384", ECDSAJCS2019, "vc-di-ecdsa/p384KeyPair.json"},
	{"vc-di-ecdsa/ecdsa-rdfc-2019-p256", ECDSARDFC2019, "vc-di-ecdsa/p256KeyPair.json"},
	{"vc-di-ecdsa/ecdsa-rdfc-2019-p256/employ", ECDSARDFC2019, "vc-di-ecdsa/p256KeyPair.json"},
	{"vc-di-ecdsa/ecdsa-rdfc-2019-p384", ECDSARDFC2019, "vc-di-ecdsa/p384KeyPair.json"},
	{"vc-di-ecdsa/ecdsa-rdfc-2019-p384/employ", ECDSARDFC2019, "vc-di-ecdsa/p384KeyPair.json"},
}

// deterministic signs without randomness (RFC 6979), as the vectors were made.
type deterministic struct{ crypto.Signer }

func (s deterministic) Sign(_ io.Reader, data []byte, options crypto.SignerOpts) ([]byte, error) {
	return s.Signer.Sign(nil, data, options)
}

// publishedKey reads a key pair; the prefixes of its keys say what they are.
func publishedKey(t testing.TB, path string) crypto.Signer {
	t.Helper()
	var pair map[string]string
	if err := json.Unmarshal(testdata.Read(t, append([]string{"w3c"}, strings.Split(path, "/")...)...), &pair); err != nil {
		t.Fatal(err)
	}
	secret := multikey(t, pair["privateKeyMultibase"]+pair["secretKeyMultibase"])
	switch {
	case strings.HasPrefix(pair["publicKeyMultibase"], "z6Mk"):
		return ed25519.NewKeyFromSeed(secret[:ed25519.SeedSize])
	case strings.HasPrefix(pair["publicKeyMultibase"], "zDn"):
		return scalarKey(t, elliptic.P256(), secret)
	}
	return scalarKey(t, elliptic.P384(), secret)
}

func scalarKey(t testing.TB, curve elliptic.Curve, secret []byte) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.ParseRawPrivateKey(curve, secret)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// folderOf reads the files of a vector by the beginnings of their names.
func folderOf(t testing.TB, folder string) func(prefix string) []byte {
	t.Helper()
	path := testdata.Shared(t, append([]string{"w3c"}, strings.Split(folder, "/")...)...)
	return func(prefix string) []byte {
		t.Helper()
		matches, err := filepath.Glob(filepath.Join(path, prefix+"*"))
		if err != nil || len(matches) != 1 {
			t.Fatalf("%s*: %v, %v", prefix, matches, err)
		}
		data, err := os.ReadFile(matches[0])
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
}

// TestPublishedVectors reproduces the intermediate values of every vector of the
// W3C with one proof, verifies the proof and makes it again.
func TestPublishedVectors(t *testing.T) {
	suites, processor := laboratory(t)
	for _, v := range published {
		t.Run(v.folder, func(t *testing.T) {
			file := folderOf(t, v.folder)
			text := func(prefix string) string { return strings.TrimSpace(string(file(prefix))) }
			signer := deterministic{publishedKey(t, v.key)}
			root := parse(t, file("signed"))
			proofs, err := Proofs(root)
			if err != nil || len(proofs) != 1 {
				t.Fatal(len(proofs), err)
			}
			suite, _ := suiteOf(proofs[0].Type, proofs[0].Cryptosuite)
			hash, err := suite.hash(signer.Public())
			if err != nil {
				t.Fatal(err)
			}
			document := canonicalText(t, processor, suite, hash, documentSource(root))
			options := canonicalText(t, processor, suite, hash, optionsSource(root, proofs[0].Value))
			for name, c := range map[string]struct{ got, want string }{
				"canonical document": {strings.TrimSpace(string(document)), text("canonDoc")},
				"canonical options":  {strings.TrimSpace(string(options)), text("proofCanon")},
				"document hash":      {hexSum(hash, document), text("docHash")},
				"options hash":       {hexSum(hash, options), text("proofHash")},
				"combined hash":      {hexSum(hash, options) + hexSum(hash, document), text("combinedHash")},
				"proof value":        {proofs[0].ProofValue, text("sigBTC58")},
			} {
				if c.got != c.want {
					t.Errorf("%s: got\n%s\nwant\n%s", name, c.got, c.want)
				}
			}
			verified, err := suites.Verify(ctx, root, proofs[0], signer.Public(), Expect{Now: now})
			if err != nil || len(verified.Contexts) != root.Get("@context").Len() {
				t.Fatalf("verifying: %v, with %d contexts", err, len(verified.Contexts))
			}
			moment, _ := proofs[0].CreatedTime()
			again, err := suites.Sign(ctx, withoutProof(t, root), signer, Options{
				Cryptosuite: v.suite, VerificationMethod: proofs[0].VerificationMethod, Created: moment,
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := parse(t, again).Get("proof").Get("proofValue").Text(); got != proofs[0].ProofValue {
				t.Errorf("signing gave %s, want %s", got, proofs[0].ProofValue)
			}
		})
	}
}

// TestVectorsOfUnknownContexts: the contexts of the W3C's examples are not held
// by the product, which says so and nothing else of these vectors.
func TestVectorsOfUnknownContexts(t *testing.T) {
	suites := closed(t)
	lacking := map[string]string{}
	for _, v := range published {
		root := parse(t, folderOf(t, v.folder)("signed"))
		proofs, err := Proofs(root)
		if err != nil {
			t.Fatal(err)
		}
		_, err = suites.Verify(ctx, root, proofs[0], publishedKey(t, v.key).Public(), Expect{Now: now})
		var unknown *jsonld.ContextError
		if !errors.As(err, &unknown) || !errors.Is(err, jsonld.ErrUnknownContext) {
			t.Errorf("%s: %v", v.folder, err)
			continue
		}
		lacking[v.folder] = unknown.URL
	}
	const examples, citizenship = "https://www.w3.org/ns/credentials/examples/v2", "https://w3id.org/citizenship/v4rc1"
	want := map[string]string{
		"vc-di-eddsa/Ed25519Signature2020":        examples,
		"vc-di-eddsa/eddsa-jcs-2022":              examples,
		"vc-di-eddsa/eddsa-rdfc-2022":             examples,
		"vc-di-eddsa/eddsa-rdfc-2022/employ":      citizenship,
		"vc-di-ecdsa/ecdsa-jcs-2019-p256":         examples,
		"vc-di-ecdsa/ecdsa-jcs-2019-p384":         examples,
		"vc-di-ecdsa/ecdsa-rdfc-2019-p256":        examples,
		"vc-di-ecdsa/ecdsa-rdfc-2019-p256/employ": citizenship,
		"vc-di-ecdsa/ecdsa-rdfc-2019-p384":        examples,
		"vc-di-ecdsa/ecdsa-rdfc-2019-p384/employ": citizenship,
	}
	if diff := cmp.Diff(want, lacking); diff != "" {
		t.Error(diff)
	}
}

// canonicalText gives the canonical form that a suite hashes.
func canonicalText(t testing.TB, processor *jsonld.Processor, suite cryptosuite, hash crypto.Hash, source jsonld.Source) []byte {
	t.Helper()
	if !suite.jcs {
		canonical, err := processor.Canonicalize(ctx, source, nil, rdfc.Options{Hash: hash})
		if err != nil {
			t.Fatal(err)
		}
		return canonical.NQuads
	}
	var members []jcs.Member
	for name, value := range source.Object.Members() {
		if !slices.Contains(source.Without, name) {
			members = append(members, jcs.Member{Name: name, Value: value})
		}
	}
	return jcs.AppendMembers(nil, members)
}

func hexSum(hash crypto.Hash, data []byte) string {
	h := hash.New()
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// TestPublishedChains verifies the sets and chains of proofs of the W3C, makes
// the last proof of each again, and breaks them.
func TestPublishedChains(t *testing.T) {
	suites, _ := laboratory(t)
	file := folderOf(t, "vc-di-eddsa/proof-set-chain")
	var pairs map[string]struct{ PublicKeyMultibase, PrivateKeyMultibase string }
	if err := json.Unmarshal(file("multiKeyPairs.json"), &pairs); err != nil {
		t.Fatal(err)
	}
	private := make(map[string]ed25519.PrivateKey)
	for _, pair := range pairs {
		private[pair.PublicKeyMultibase] = ed25519.NewKeyFromSeed(multikey(t, pair.PrivateKeyMultibase)[:ed25519.SeedSize])
	}
	signerOf := func(p Proof) ed25519.PrivateKey {
		_, fragment, _ := strings.Cut(p.VerificationMethod, "#")
		return private[fragment]
	}
	for name, count := range map[string]int{
		"signedProofSet1": 1, "signedProofSet2": 2, "signedProofChain1": 3, "signedProofChain2": 4,
	} {
		signed := file(name + ".json")
		root := parse(t, signed)
		all, err := suites.VerifyAll(ctx, root, publicKeyOf(signerOf), Expect{Now: now})
		if err != nil || len(all) != count {
			t.Errorf("%s: %d proofs, %v", name, len(all), err)
			continue
		}
		last := all[count-1].Proof
		unsigned := slices.Concat(signed[:root.Get("proof").Start()], rawProofs(all[:count-1]), signed[root.Get("proof").End():])
		if count == 1 {
			unsigned = withoutProof(t, root)
		}
		moment, _ := last.CreatedTime()
		again, err := suites.Sign(ctx, unsigned, signerOf(last), Options{
			ID: last.ID, VerificationMethod: last.VerificationMethod, Created: moment, PreviousProof: last.PreviousProof,
		})
		if err != nil || !bytes.Contains(again, []byte(last.ProofValue)) {
			t.Errorf("%s: the last proof is made differently: %v", name, err)
		}
		for _, c := range changedCopies(root) {
			if !strings.HasPrefix(c.path, "/proof") || verifiesAll(suites, c.data, publicKeyOf(signerOf)) != nil {
				continue
			}
			t.Errorf("%s: %s at %s verifies", name, c.kind, c.path)
		}
	}
}

func rawProofs(all []Verified) []byte {
	var raw [][]byte
	for _, v := range all {
		raw = append(raw, v.Proof.Value.Raw())
	}
	return slices.Concat([]byte{'['}, bytes.Join(raw, []byte{','}), []byte{']'})
}

func publicKeyOf(signerOf func(Proof) ed25519.PrivateKey) KeyFunc {
	return func(_ context.Context, p Proof) (crypto.PublicKey, error) {
		private := signerOf(p)
		if private == nil {
			return nil, ErrKeyType
		}
		return private.Public(), nil
	}
}

func verifiesAll(suites *Suites, data []byte, key KeyFunc) error {
	document, err := strictjson.Parse(data)
	if err != nil {
		return err
	}
	_, err = suites.VerifyAll(ctx, document.Root(), key, Expect{Now: now})
	return err
}
