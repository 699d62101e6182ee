package dataintegrity

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"maps"
	"slices"
	"sync"

	"laurel/contexts"
	"laurel/credential/jsonld"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// A cryptosuite signs the hash of the proof options followed by the hash of the
// document (VC Data Integrity §4.4), both in canonical form: of RDFC-1.0 or, if
// jcs is set, of the JSON Canonicalization Scheme.
type cryptosuite struct {
	// jcs says that what is signed is the JSON text.
	jcs bool
	// isType says that the name is the type of the proofs, which have no
	// cryptosuite.
	isType bool
	// verifyOnly says that no proofs are made.
	verifyOnly bool
	// keys names the kinds of keys.
	keys []string
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
	EdDSARDFC2022:        eddsaRDFC2022,
	EdDSAJCS2022:         eddsaJCS2022,
	ECDSARDFC2019:        ecdsaRDFC2019,
	ECDSAJCS2019:         ecdsaJCS2019,
	ECDSASD2023:          ecdsaSD2023,
	BBS2023:              bbs2023,
	Ed25519Signature2020: ed25519Signature2020,
	EdDSA2022:            eddsa2022,
}

// suiteOf returns the cryptosuite of proofs with a type and cryptosuite.
func suiteOf(proofType, name string) (cryptosuite, bool) {
	if proofType != Type {
		suite, known := suites[proofType]
		return suite, known && suite.isType
	}
	suite, known := suites[name]
	return suite, known && !suite.isType
}

// The kinds of keys: the key types and curves of CID 1.0 §2.2.2.
const (
	KeyEd25519    = "Ed25519"
	KeyP256       = "P-256"
	KeyP384       = "P-384"
	KeyBLS12381G2 = "BLS12-381 G2"
)

// Cryptosuite describes a cryptosuite of this package.
type Cryptosuite struct {
	// Name is what Options.Cryptosuite takes: the cryptosuite member of the
	// proofs, or, when ProofType is not Type, their type.
	Name string
	// ProofType is the type of the proofs.
	ProofType string
	// Signs is false for a cryptosuite of which proofs are only verified.
	Signs bool
	// JCS says that the proofs cover the JSON text of a document (RFC 8785),
	// not what it says as linked data.
	JCS bool
	// Keys lists the kinds of keys that go with it: KeyEd25519 and so on.
	Keys []string
}

// Cryptosuites lists the cryptosuites of this package by name.
func Cryptosuites() []Cryptosuite {
	list := make([]Cryptosuite, 0, len(suites))
	for _, name := range slices.Sorted(maps.Keys(suites)) {
		list = append(list, suites[name].describe(name))
	}
	return list
}

// CryptosuitesFor names the cryptosuites with which a key makes proofs, sorted;
// none for a key of another kind.
func CryptosuitesFor(key crypto.PublicKey) []string {
	var names []string
	for name, suite := range suites {
		if _, err := suite.hash(key); err == nil && !suite.verifyOnly {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (c cryptosuite) describe(name string) Cryptosuite {
	d := Cryptosuite{Name: name, ProofType: Type, Signs: !c.verifyOnly, JCS: c.jcs, Keys: slices.Clone(c.keys)}
	if c.isType {
		d.ProofType = name
	}
	return d
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

// Supported reports whether a proof is of a kind that Verify can check. One that
// is chained to a proof of another kind is not verified all the same.
func Supported(proof Proof) bool {
	_, known := suiteOf(proof.Type, proof.Cryptosuite)
	return known
}

// digest is the hash of a canonical form.
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

// largeForm is more than what is kept for the next.
const largeForm = 1 << 20

// digest reads, canonicalises and hashes a document.
func (s *Suites) digest(ctx context.Context, source jsonld.Source, hash crypto.Hash) (d digest) {
	form := forms.Get().(*[]byte)
	canonical, err := s.processor.Canonicalize(ctx, source, (*form)[:0], rdfc.Options{Hash: hash})
	if err != nil {
		return digest{err: err}
	}
	if cap(canonical.NQuads) <= largeForm {
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
