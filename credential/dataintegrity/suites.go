package dataintegrity

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"sync"

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
	// selective, where it is set, stands in for sign and verify.
	selective *selectiveSuite
}

// suites are the cryptosuites by name. A new one is a file beside eddsa.go and
// a line here.
var suites = map[string]cryptosuite{
	EdDSARDFC2022: eddsaRDFC2022,
	ECDSASD2023:   ecdsaSD2023,
	BBS2023:       bbs2023,
}

// Suites makes and verifies proofs. It is safe for concurrent use.
type Suites struct {
	processor *jsonld.Processor
	templates templates
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
	sum      [maxSum]byte // as far as the hash function goes
	contexts []contexts.Document
	general  bool
	err      error
}

// maxSum is the length of the longest hash.
const maxSum = sha512.Size384

// forms are buffers for canonical forms.
var forms = sync.Pool{New: func() any { return new([]byte) }}

// digest reads, canonicalises and hashes a document.
func (s *Suites) digest(ctx context.Context, source jsonld.Source, hash crypto.Hash) (d digest) {
	const large = 1 << 20
	form := forms.Get().(*[]byte)
	canonical, err := s.processor.Canonicalize(ctx, source, (*form)[:0], rdfc.Options{Hash: hash})
	if err != nil {
		return digest{err: err}
	}
	if cap(canonical.NQuads) <= large {
		*form = canonical.NQuads
		defer forms.Put(form)
	}
	d.contexts, d.general = canonical.Contexts, canonical.General
	d.sum = sumOf(hash, canonical.NQuads)
	return d
}

func sumOf(hash crypto.Hash, data []byte) (sum [maxSum]byte) {
	if hash == crypto.SHA256 {
		short := sha256.Sum256(data)
		copy(sum[:], short[:])
		return sum
	}
	h := hash.New()
	h.Write(data)
	copy(sum[:], h.Sum(nil))
	return sum
}

// signed gives the data that is signed (VC Data Integrity §4.4).
func signed(buffer *[2 * maxSum]byte, hash crypto.Hash, options, document *digest) []byte {
	size := hash.Size()
	return append(append(buffer[:0], options.sum[:size]...), document.sum[:size]...)
}

// documentSource is a document as it is signed by proofs that do not depend on
// each other: without its proofs.
func documentSource(document strictjson.Value) jsonld.Source {
	return jsonld.Source{Object: document, Without: proofMember}
}

// optionsSource is a proof as it is signed: its options, under the contexts of
// the document (VC Data Integrity EdDSA §3.2.5).
func optionsSource(document, proof strictjson.Value) jsonld.Source {
	return jsonld.Source{Object: proof, Context: document.Get("@context"), Without: proofValueMember}
}

var proofMember, proofValueMember = []string{"proof"}, []string{"proofValue"}
