package dataintegrity

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/mr-tron/base58"

	"laurel/contexts"
	"laurel/credential/jsonld"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
	"laurel/internal/testdata"
)

var ctx = context.Background()

// now is later than every vector was made.
var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// closed reads documents as a public verifier does.
func closed(t testing.TB) *Suites {
	t.Helper()
	set, err := contexts.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return New(jsonld.New(set, jsonld.Options{}))
}

// laboratory also knows the contexts of the W3C's examples.
func laboratory(t testing.TB) (*Suites, *jsonld.Processor) {
	t.Helper()
	set, err := contexts.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for url, path := range map[string][]string{
		"https://www.w3.org/ns/credentials/examples/v2": {"credentials", "examples", "v2"},
		"https://w3id.org/citizenship/v4rc1":            {"citizenship", "v4rc1.jsonld"},
	} {
		data := testdata.Read(t, append([]string{"w3c", "contexts"}, path...)...)
		sum := sha256.Sum256(data)
		if set, err = set.With(url, data, hex.EncodeToString(sum[:])); err != nil {
			t.Fatal(err)
		}
	}
	processor := jsonld.New(set, jsonld.Options{InlineContexts: true})
	return New(processor), processor
}

// multikey decodes a Multikey with a two-byte prefix.
func multikey(t testing.TB, text string) []byte {
	t.Helper()
	data, err := base58.Decode(strings.TrimPrefix(text, "z"))
	if err != nil || len(data) < 34 {
		t.Fatalf("decoding key %q: %v", text, err)
	}
	return data[2:]
}

// keyOf takes the public key out of the fragment of a verification method.
// Only a test may do that.
func keyOf(t testing.TB, proof Proof) ed25519.PublicKey {
	t.Helper()
	_, fragment, _ := strings.Cut(proof.VerificationMethod, "#")
	return ed25519.PublicKey(multikey(t, fragment))
}

func parse(t testing.TB, data []byte) strictjson.Value {
	t.Helper()
	document, err := strictjson.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return document.Root()
}

// vector is a published signed document with what it is made of.
type vector struct {
	name                            string
	signed                          []byte
	private                         ed25519.PrivateKey
	documentCanon, proofCanon       []byte
	documentHash, proofHash, sigHex string
	combined                        string
}

func openBadgesVectors(t *testing.T) []vector {
	var vectors []vector
	for name, folder := range map[string]string{"ob3": "obv3p0", "clr2": "clrv2p0"} {
		var values struct {
			SecretKeyMultibase string
			Values             []string `json:"values_in_document_order"`
		}
		file := "eddsa-rdfc-2022-" + name
		if err := json.Unmarshal(testdata.Read(t, "openbadges", "derived", "vectors", file+"-values.json"), &values); err != nil {
			t.Fatal(err)
		}
		canon := func(name string) []byte {
			return testdata.Read(t, "openbadges", "1EdTech+openbadges-specification@develop", "ob_v3p0", "impl", "test-vectors", folder, name)
		}
		vectors = append(vectors, vector{
			name: file, signed: testdata.Read(t, "openbadges", "derived", "vectors", file+"-signed.json"),
			private:       ed25519.NewKeyFromSeed(multikey(t, values.SecretKeyMultibase)[:32]),
			documentCanon: canon("document-canon.txt"), proofCanon: canon("proof-canon.txt"),
			documentHash: values.Values[2], proofHash: values.Values[3],
			combined: values.Values[4], sigHex: values.Values[5],
		})
	}
	return vectors
}

// TestVectors reproduces every intermediate value of the vectors of 1EdTech.
func TestVectors(t *testing.T) {
	suites, processor := laboratory(t)
	for _, v := range openBadgesVectors(t) {
		t.Run(v.name, func(t *testing.T) {
			root := parse(t, v.signed)
			proofs, err := Proofs(root)
			if err != nil || len(proofs) != 1 {
				t.Fatal(len(proofs), err)
			}
			checkCanon(t, processor, documentSource(root), v.documentCanon, v.documentHash)
			checkCanon(t, processor, optionsSource(root, proofs[0].Value), v.proofCanon, v.proofHash)
			if v.combined != v.proofHash+v.documentHash {
				t.Errorf("the hashes are combined as %s", v.combined)
			}
			checkProofValue(t, v, proofs[0])
			key := v.private.Public()
			if _, err := suites.Verify(ctx, root, proofs[0], key, Expect{Now: now}); err != nil {
				t.Errorf("verifying: %v", err)
			}
			checkSigning(t, suites, v, root, proofs[0])
		})
	}
}

func checkCanon(t *testing.T, processor *jsonld.Processor, source jsonld.Source, want []byte, wantHash string) {
	t.Helper()
	dataset, err := processor.Dataset(ctx, source)
	if err != nil {
		t.Fatal(err)
	}
	canonical, err := rdfc.Canonicalize(ctx, dataset.Quads, rdfc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := canonical.NQuads; strings.TrimSpace(string(got)) != strings.TrimSpace(string(want)) {
		t.Errorf("got canonical form\n%s\nwant\n%s", got, want)
	}
	sum := sha256.Sum256(canonical.NQuads)
	if got := hex.EncodeToString(sum[:]); got != wantHash {
		t.Errorf("got hash %s, want %s", got, wantHash)
	}
}

func checkProofValue(t *testing.T, v vector, proof Proof) {
	t.Helper()
	data, err := hex.DecodeString(v.combined)
	if err != nil {
		t.Fatal(err)
	}
	value, err := eddsaRDFC2022.sign(v.private, data)
	if err != nil || value != proof.ProofValue {
		t.Errorf("signing the combined hash gives %s, %v, want %s", value, err, proof.ProofValue)
	}
	signature, ok := decodeBase58(value, ed25519.SignatureSize)
	if got := hex.EncodeToString(signature); !ok || got != v.sigHex {
		t.Errorf("got signature %s, want %s", got, v.sigHex)
	}
}

// checkSigning signs the document without its proof under the same options and
// expects the same proofValue.
func checkSigning(t *testing.T, suites *Suites, v vector, root strictjson.Value, proof Proof) {
	t.Helper()
	unsigned := withoutProof(t, root)
	created, _ := proof.CreatedTime()
	signed, err := suites.Sign(ctx, unsigned, v.private, Options{
		VerificationMethod: proof.VerificationMethod, ProofPurpose: proof.ProofPurpose, Created: created,
	})
	if err != nil {
		t.Fatal(err)
	}
	again, err := Proofs(parse(t, signed))
	if err != nil || again[0].ProofValue != proof.ProofValue {
		t.Errorf("signing gave %s, %v, want %s", again[0].ProofValue, err, proof.ProofValue)
	}
}

// withoutProof cuts the member proof, which is the last, out of a document.
func withoutProof(t testing.TB, root strictjson.Value) []byte {
	t.Helper()
	data := root.Document().Bytes()
	at := bytes.LastIndex(data[:root.Get("proof").Start()], []byte(","))
	if at < 0 {
		t.Fatal("the proof is not a later member")
	}
	return append(bytes.Clone(data[:at]), data[root.Get("proof").End():]...)
}

var _ crypto.Signer = ed25519.PrivateKey(nil)
