package dataintegrity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/bbs"
	"laurel/credential/jsonld"
	"laurel/internal/testdata"
)

// Vectors of the specifications that are not of base features, with the reason
// for which they are not verified. They must be refused without a verdict.
var featureVectors = map[string]string{
	"HolderBinding": "anonymous holder binding (proof values d95d04, d95d05) is an optional feature; its context https://w3id.org/vdl/aamva/v1 is not held",
	"Pseudonym":     "pseudonyms (proof values d95d08, d95d09) are an optional feature; its context https://w3id.org/vdl/aamva/v1 is not held",
	"PseudonymHB":   "pseudonyms (proof values d95d08, d95d09) are an optional feature; its context https://w3id.org/vdl/aamva/v1 is not held",
}

// selectiveVector is a folder of the vectors with all the steps.
type selectiveVector struct {
	folder               []string
	mandatory, selective []string // files, beside the folder
	cryptosuite          string
	presentationHeader   []byte
}

var selectiveVectors = map[string]selectiveVector{
	"ecdsa employ": {
		folder: []string{"vc-di-ecdsa", "ecdsa-sd-2023", "employ"}, cryptosuite: ECDSASD2023,
		mandatory: []string{"vc-di-ecdsa", "employMandatory.json"}, selective: []string{"vc-di-ecdsa", "employSelective.json"},
	},
	"ecdsa resident": {
		folder: []string{"vc-di-ecdsa", "ecdsa-sd-2023", "prc"}, cryptosuite: ECDSASD2023,
		mandatory: []string{"vc-di-ecdsa", "prCredMandatory.json"}, selective: []string{"vc-di-ecdsa", "prCredSelective.json"},
	},
	"bbs windsurfing": {
		folder: []string{"vc-di-bbs"}, cryptosuite: BBS2023, presentationHeader: []byte{0x11, 0x33, 0x77, 0xaa},
		mandatory: []string{"vc-di-bbs", "windMandatory.json"}, selective: []string{"vc-di-bbs", "windSelective.json"},
	},
	"bbs resident": {
		folder: []string{"vc-di-bbs", "prc"}, cryptosuite: BBS2023, presentationHeader: []byte{0x11, 0x33, 0x77, 0xaa},
		mandatory: []string{"vc-di-bbs", "prCredMandatory.json"}, selective: []string{"vc-di-bbs", "prCredSelective.json"},
	},
}

func (v *selectiveVector) read(t testing.TB, name string) []byte {
	t.Helper()
	return testdata.Read(t, append(append([]string{"w3c"}, v.folder...), name)...)
}

// into reads a file of JSON.
func into[T any](t testing.TB, data []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func shared(t testing.TB, path []string) []byte {
	t.Helper()
	return testdata.Read(t, append([]string{"w3c"}, path...)...)
}

// selectiveKeys are the keys of the vectors.
func selectiveKeys(t testing.TB, cryptosuite string) (signer crypto.Signer, own *ecdsa.PrivateKey, hmacKey []byte) {
	t.Helper()
	p256 := func(text string) *ecdsa.PrivateKey {
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), multikey(t, text))
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	decode := func(text string) []byte {
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if cryptosuite == ECDSASD2023 {
		keys := into[struct {
			BaseKeyPair, ProofKeyPair struct{ SecretKeyMultibase string }
			HMACKeyString             string
		}](t, shared(t, []string{"vc-di-ecdsa", "ecdsa-sd-2023", "SDKeyMaterial.json"}))
		return p256(keys.BaseKeyPair.SecretKeyMultibase), p256(keys.ProofKeyPair.SecretKeyMultibase), decode(keys.HMACKeyString)
	}
	keys := into[struct{ PrivateKeyHex, HMACKeyString string }](t, shared(t, []string{"vc-di-bbs", "BBSKeyMaterial.json"}))
	key, err := bbs.ParsePrivateKey(decode(keys.PrivateKeyHex))
	if err != nil {
		t.Fatal(err)
	}
	return key, nil, decode(keys.HMACKeyString)
}

// TestSelectiveBaseVectors reproduces the base proofs of the specifications
// with every step on the way, byte for byte.
func TestSelectiveBaseVectors(t *testing.T) {
	suites2, _ := laboratory(t)
	for name, v := range selectiveVectors {
		t.Run(name, func(t *testing.T) {
			signer, own, hmacKey := selectiveKeys(t, v.cryptosuite)
			// Not the unsigned document: that of the resident card is another.
			root := parse(t, v.read(t, "addSignedSDBase.json"))
			suite := suites[v.cryptosuite].selective
			m := material{hmacKey: hmacKey, pointers: into[[]string](t, shared(t, v.mandatory))}
			all, err := suites2.statements(ctx, root, suite.labelling(hmacKey))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(into[[]string](t, v.read(t, "addBaseDocHMACCanon.json")), textsOf(all.lines)); diff != "" {
				t.Errorf("statements (-want +got):\n%s", diff)
			}
			transformed := into[struct {
				Mandatory, NonMandatory struct{ Value [][2]any }
			}](t, v.read(t, "addBaseTransform.json"))
			mandatory, err := suites2.group(ctx, root, all, m.pointers)
			if err != nil {
				t.Fatal(err)
			}
			var wanted []int
			for _, pair := range transformed.Mandatory.Value {
				wanted = append(wanted, int(pair[0].(float64)))
			}
			if diff := cmp.Diff(wanted, mandatory.indexes); diff != "" {
				t.Errorf("mandatory statements (-want +got):\n%s", diff)
			}
			if err := suites2.prepare(ctx, root, suite, &m); err != nil {
				t.Fatal(err)
			}
			hashes := into[struct{ ProofHash, MandatoryHash string }](t, v.read(t, "addHashData.json"))
			if got := hex.EncodeToString(m.mandatoryHash); got != hashes.MandatoryHash {
				t.Errorf("got mandatory hash %s, want %s", got, hashes.MandatoryHash)
			}
			proofs, err := Proofs(root)
			if err != nil {
				t.Fatal(err)
			}
			options := suites2.digest(ctx, optionsSource(root, proofs[0].Value), crypto.SHA256)
			if got := hex.EncodeToString(options.sum[:32]); options.err != nil || got != hashes.ProofHash {
				t.Errorf("got proof hash %s, %v, want %s", got, options.err, hashes.ProofHash)
			}
			m.proofHash = options.sum[:32]
			var value string
			if own != nil {
				value, err = signECDSASD(signer, own, nil, &m)
			} else {
				value, err = suite.sign(signer, &m)
			}
			if err != nil || value != proofs[0].ProofValue {
				t.Errorf("got base proof %s, %v, want %s", value, err, proofs[0].ProofValue)
			}
		})
	}
}

func textsOf(lines [][]byte) []string {
	texts := make([]string, len(lines))
	for i, line := range lines {
		texts[i] = string(line)
	}
	return texts
}

// TestSelectiveDerivedVectors derives what the specifications derive, and
// verifies theirs and ours.
func TestSelectiveDerivedVectors(t *testing.T) {
	suites2, _ := laboratory(t)
	for name, v := range selectiveVectors {
		t.Run(name, func(t *testing.T) {
			signer, _, _ := selectiveKeys(t, v.cryptosuite)
			base, published := v.read(t, "addSignedSDBase.json"), v.read(t, "derivedRevealDocument.json")
			verify := func(document []byte) error {
				root := parse(t, document)
				proofs, err := Proofs(root)
				if err != nil {
					t.Fatal(err)
				}
				verified, err := suites2.Verify(ctx, root, proofs[0], signer.Public(), Expect{Now: now})
				if err == nil && string(verified.PresentationHeader) != string(v.presentationHeader) {
					t.Errorf("got presentation header %x", verified.PresentationHeader)
				}
				return err
			}
			if err := verify(published); err != nil {
				t.Errorf("the published document: %v", err)
			}
			if err := verify(base); !errors.Is(err, ErrMalformedProof) {
				t.Errorf("the base proof: %v", err)
			}
			derived, err := suites2.Derive(ctx, base, DeriveOptions{
				SelectivePointers: into[[]string](t, shared(t, v.selective)), PresentationHeader: v.presentationHeader,
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := verify(derived); err != nil {
				t.Errorf("the document derived here: %v", err)
			}
			want, got := into[map[string]any](t, published), into[map[string]any](t, derived)
			if v.cryptosuite == BBS2023 {
				// A proof is never made twice, but all around it is the same.
				wantValue, gotValue := takeProofValue(t, want), takeProofValue(t, got)
				wantValue.Proof, gotValue.Proof = nil, nil
				if diff := cmp.Diff(wantValue, gotValue, cmp.AllowUnexported(bbsDerivedProof{})); diff != "" {
					t.Errorf("proof value (-want +got):\n%s", diff)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("derived document (-want +got):\n%s", diff)
			}
		})
	}
}

func takeProofValue(t *testing.T, document map[string]any) *bbsDerivedProof {
	t.Helper()
	proof := document["proof"].(map[string]any)
	read, err := readBBSDerived(proof["proofValue"].(string))
	if err != nil {
		t.Fatal(err)
	}
	delete(proof, "proofValue")
	return read.(*bbsDerivedProof)
}

// TestSelectiveFeatureVectors: what is not implemented is named and refused.
func TestSelectiveFeatureVectors(t *testing.T) {
	suites2, _ := laboratory(t)
	signer, _, _ := selectiveKeys(t, BBS2023)
	for folder, reason := range featureVectors {
		t.Run(folder, func(t *testing.T) {
			t.Logf("not verified: %s", reason)
			derived := shared(t, []string{"vc-di-bbs", folder, "derivedRevealDocument.json"})
			base := shared(t, []string{"vc-di-bbs", folder, "addSignedSDBase.json"})
			root := parse(t, derived)
			proofs, err := Proofs(root)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := readBBSDerived(proofs[0].ProofValue); !errors.Is(err, ErrUnsupportedProof) {
				t.Errorf("reading the derived proof: %v", err)
			}
			if _, err := suites2.Derive(ctx, base, DeriveOptions{SelectivePointers: []string{"/name"}}); !errors.Is(err, ErrUnsupportedProof) {
				t.Errorf("deriving: %v", err)
			}
			_, err = suites2.Verify(ctx, root, proofs[0], signer.Public(), Expect{Now: now})
			if !errors.Is(err, jsonld.ErrUnknownContext) || !strings.Contains(err.Error(), "vdl") {
				t.Errorf("verifying: %v", err)
			}
		})
	}
}

// TestSelectiveSample: a derived badge of the public validator verifies with the
// key that its verification method names.
func TestSelectiveSample(t *testing.T) {
	data := testdata.Read(t, "openbadges", "1EdTech+digital-credentials-public-validator", "inspector-vc", "src", "test", "resources", "ob30", "sd", "derivedcredential.json")
	root := parse(t, data)
	proofs, err := Proofs(root)
	if err != nil {
		t.Fatal(err)
	}
	_, fragment, _ := strings.Cut(proofs[0].VerificationMethod, "#")
	key, err := parseOwnKey(append([]byte{0x80, 0x24}, multikey(t, fragment)...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := closed(t).Verify(ctx, root, proofs[0], key, Expect{Now: now}); err != nil {
		t.Error(err)
	}
	other := parse(t, []byte(strings.Replace(string(data), "Teamwork", "teamwork", 1)))
	proofs, err = Proofs(other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := closed(t).Verify(ctx, other, proofs[0], key, Expect{Now: now}); !errors.Is(err, ErrSignature) {
		t.Errorf("with another name: %v", err)
	}
}
