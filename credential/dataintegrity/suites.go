package dataintegrity

import (
	"context"
	"crypto"

	"laurel/contexts"
	"laurel/credential/jsonld"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// A cryptosuite that canonicalises with RDFC-1.0 and signs the hash of the
// proof options followed by the hash of the document (VC Data Integrity §4.4).
type cryptosuite struct {
	// hash tells the hash function that a key calls for, or ErrKeyType.
	hash func(key crypto.PublicKey) (crypto.Hash, error)
	// sign makes the proofValue over the hashed data.
	sign func(signer crypto.Signer, data []byte) (proofValue string, err error)
	// verify checks a proofValue: nil, ErrMalformedProof or ErrSignature.
	verify func(key crypto.PublicKey, data []byte, proofValue string) error
}

// suites are the cryptosuites by name. A new one is a file beside eddsa.go and
// a line here.
var suites = map[string]cryptosuite{
	EdDSARDFC2022: eddsaRDFC2022,
}

// Suites makes and verifies proofs. It is safe for concurrent use.
type Suites struct {
	processor *jsonld.Processor
}

// New returns the cryptosuites of this package, reading documents with
// processor.
func New(processor *jsonld.Processor) *Suites {
	return &Suites{processor: processor}
}

// Supported reports whether a proof is of a kind that Verify can check.
func Supported(proof Proof) bool {
	_, known := suites[proof.Cryptosuite]
	return proof.Type == Type && known && len(proof.PreviousProof) == 0
}

// digest is the hash of the canonical form of a dataset.
type digest struct {
	sum      []byte
	contexts []contexts.Document
	general  bool
	err      error
}

// digest reads, canonicalises and hashes a document.
func (s *Suites) digest(ctx context.Context, source jsonld.Source, hash crypto.Hash) digest {
	dataset, err := s.processor.Dataset(ctx, source)
	if err != nil {
		return digest{err: err}
	}
	canonical, err := rdfc.Canonicalize(ctx, dataset.Quads, rdfc.Options{Hash: hash})
	if err != nil {
		return digest{err: err}
	}
	h := hash.New()
	h.Write(canonical.NQuads)
	return digest{sum: h.Sum(nil), contexts: dataset.Contexts, general: dataset.General}
}

// documentSource is a document as it is signed by proofs that do not depend on
// each other: without its proofs.
func documentSource(document strictjson.Value) jsonld.Source {
	return jsonld.Source{Object: document, Without: []string{"proof"}}
}

// optionsSource is a proof as it is signed: its options, under the contexts of
// the document (VC Data Integrity EdDSA §3.2.5).
func optionsSource(document, proof strictjson.Value) jsonld.Source {
	return jsonld.Source{Object: proof, Context: document.Get("@context"), Without: []string{"proofValue"}}
}
