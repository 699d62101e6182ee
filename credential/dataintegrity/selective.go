package dataintegrity

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"laurel/credential/jsonld"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// Cryptosuites with selective disclosure sign a document statement by
// statement. The issuer's proof, the base proof, is for the holder, who derives
// from it a document with a part of the statements and a proof for that part
// (VC Data Integrity ECDSA §3.5, BBS §3.4).

// MaxStatements bounds the statements of a document that its mandatory pointers
// do not select: each is signed, and checked, on its own.
const MaxStatements = 400

var errStatements error = &jsonld.LimitError{Limit: "statements that are not mandatory", Max: MaxStatements}

// selectiveSuite is what such a cryptosuite does in its own way.
type selectiveSuite struct {
	// labelling makes the labels of blank nodes with the HMAC key of a proof.
	labelling func(key []byte) labelling
	// sign makes the value of a base proof.
	sign func(signer crypto.Signer, m *material) (proofValue string, err error)
	// readBase and readDerived take proof values apart. The error is
	// ErrMalformedProof or ErrUnsupportedProof.
	readBase    func(proofValue string) (baseProof, error)
	readDerived func(proofValue string) (derivedProof, error)
}

// material is what a base proof is made of.
type material struct {
	hmacKey      []byte
	pointers     []string // that are mandatory
	proofHash    []byte
	nonMandatory [][]byte
	// mandatoryHash is the hash of the other statements.
	mandatoryHash []byte
}

// baseProof is the value of a base proof.
type baseProof interface {
	// secrets returns the HMAC key and the mandatory pointers.
	secrets() (hmacKey []byte, pointers []string)
	// derive makes the value of a derived proof. The error is ErrSignature
	// where the base proof is not one of this document.
	derive(d *disclosure) (proofValue string, err error)
}

// disclosure is what a derived proof is made of.
type disclosure struct {
	labels        []string // of the blank nodes of the derived document
	mandatory     []int    // indexes of the mandatory statements among those disclosed
	nonMandatory  [][]byte // of the whole document
	selected      []int    // indexes of those disclosed among nonMandatory
	mandatoryHash []byte
	header        []byte // of the presentation
}

// derivedProof is the value of a derived proof.
type derivedProof interface {
	// labels returns the labels of the blank nodes, of which there are count.
	// ok is false when the proof labels more or fewer, or two of them alike.
	labels(count int) (labels []string, ok bool)
	// mandatory returns the indexes of the mandatory statements, ascending.
	mandatory() []int
	// verify checks the signatures: nil, ErrMalformedProof, ErrKeyType or
	// ErrSignature.
	verify(key crypto.PublicKey, proofHash, mandatoryHash []byte, nonMandatory [][]byte) error
	// presentation returns the presentation header.
	presentation() []byte
}

// hmacKeySize is the length of the key that labels are made with.
const hmacKeySize = 32

// proveSelectively makes the value of a base proof.
func (s *Suites) proveSelectively(ctx context.Context, root strictjson.Value, signer crypto.Signer, options *digest, proofOptions *Options) (string, error) {
	suite := suites[proofOptions.Cryptosuite].selective
	m := material{hmacKey: make([]byte, hmacKeySize), pointers: proofOptions.MandatoryPointers, proofHash: options.sum[:sha256.Size]}
	if _, err := rand.Read(m.hmacKey); err != nil {
		return "", err
	}
	if err := s.prepare(ctx, root, suite, &m); err != nil {
		return "", err
	}
	return suite.sign(signer, &m)
}

// prepare divides the statements of a document into those that are mandatory
// and the others.
func (s *Suites) prepare(ctx context.Context, root strictjson.Value, suite *selectiveSuite, m *material) error {
	all, err := s.statements(ctx, root, suite.labelling(m.hmacKey))
	if err != nil {
		return err
	}
	mandatory, err := s.group(ctx, root, all, m.pointers)
	if err != nil {
		return err
	}
	var hashed [][]byte
	hashed, m.nonMandatory = split(all.lines, mandatory.indexes)
	if len(m.nonMandatory) > MaxStatements {
		return errStatements
	}
	m.mandatoryHash = hashLines(hashed)
	return nil
}

// hashLines is hashMandatoryNQuads (VC Data Integrity ECDSA §3.4.18).
func hashLines(lines [][]byte) []byte {
	h := sha256.New()
	for _, line := range lines {
		h.Write(line)
	}
	return h.Sum(nil)
}

// DeriveOptions say what a derived document shows.
type DeriveOptions struct {
	// SelectivePointers are JSON pointers into the document (RFC 6901): what
	// they lead to is shown, besides what the issuer made mandatory. At least
	// one pointer must be the issuer's or the holder's.
	SelectivePointers []string
	// PresentationHeader binds a proof of the suite bbs-2023 to its use, such
	// as a nonce of the verifier. Other suites have none and refuse it.
	PresentationHeader []byte
}

// ErrDerive: the document has no base proof that another could be derived from,
// or several.
var ErrDerive = errors.New("there is not one base proof to derive from")

// Derive makes, from a document with a base proof, the document that its holder
// shows: a part of it, with a derived proof and no other. The holder needs no
// key. The result is JSON that is made of the bytes of the document.
//
// Errors: *strictjson.Error, errors of jsonld and rdfc as in Sign, ErrDerive,
// ErrPointer, ErrMalformedProof and ErrUnsupportedProof for a base proof that
// cannot be read, ErrSignature for one that is not of this document.
func (s *Suites) Derive(ctx context.Context, document []byte, options DeriveOptions) ([]byte, error) {
	parsed, err := strictjson.Parse(document)
	if err != nil {
		return nil, fmt.Errorf("deriving: %w", err)
	}
	derived, err := s.derive(ctx, parsed.Root(), options)
	if err != nil {
		return nil, fmt.Errorf("deriving: %w", err)
	}
	return derived, nil
}

func (s *Suites) derive(ctx context.Context, root strictjson.Value, options DeriveOptions) ([]byte, error) {
	proof, base, err := findBase(root)
	if err != nil {
		return nil, err
	}
	suite := suites[proof.Cryptosuite].selective
	d := disclosure{header: options.PresentationHeader}
	hmacKey, pointers := base.secrets()
	all, err := s.statements(ctx, root, suite.labelling(hmacKey))
	if err != nil {
		return nil, err
	}
	mandatory, err := s.group(ctx, root, all, pointers)
	if err != nil {
		return nil, err
	}
	combined, err := s.group(ctx, root, all, slices.Concat(pointers, options.SelectivePointers))
	switch {
	case err != nil:
		return nil, err
	case combined.selection == nil:
		return nil, fmt.Errorf("%w: there is none, and so nothing to show", ErrPointer)
	}
	d.labels = combined.labels
	var hashed [][]byte
	hashed, d.nonMandatory = split(all.lines, mandatory.indexes)
	if len(d.nonMandatory) > MaxStatements {
		return nil, errStatements
	}
	d.mandatoryHash = hashLines(hashed)
	d.choose(mandatory.indexes, combined.indexes)
	value, err := base.derive(&d)
	if err != nil {
		return nil, err
	}
	shown, err := strictjson.Parse(combined.selection.text)
	if err != nil {
		return nil, err
	}
	return splice(shown.Root(), withProofValue(proof.Value, value)), nil
}

// choose works out the indexes that a derived proof has, from those of the
// mandatory statements and of all that are shown, which include them.
func (d *disclosure) choose(mandatory, combined []int) {
	passed := 0 // mandatory statements before the one at hand
	for place, index := range combined {
		for passed < len(mandatory) && mandatory[passed] < index {
			passed++
		}
		if passed < len(mandatory) && mandatory[passed] == index {
			d.mandatory = append(d.mandatory, place)
			continue
		}
		d.selected = append(d.selected, index-passed)
	}
}

// findBase finds the one base proof of a document.
func findBase(root strictjson.Value) (Proof, baseProof, error) {
	if root.Kind() != strictjson.Object {
		return Proof{}, nil, ErrNoProof
	}
	proofs, err := Proofs(root)
	if err != nil {
		return Proof{}, nil, err
	}
	proofs = slices.DeleteFunc(proofs, func(p Proof) bool { return p.Type != Type || suites[p.Cryptosuite].selective == nil })
	if len(proofs) != 1 {
		return Proof{}, nil, ErrDerive
	}
	proof := proofs[0]
	if len(proof.PreviousProof) > 0 {
		return Proof{}, nil, proof.fault("previousProof", ErrUnsupportedProof)
	}
	base, err := suites[proof.Cryptosuite].selective.readBase(proof.ProofValue)
	if err != nil {
		return Proof{}, nil, proof.fault("proofValue", err)
	}
	return proof, base, nil
}

// withProofValue is a proof with another value.
func withProofValue(proof strictjson.Value, value string) []byte {
	document, old := proof.Document().Bytes(), proof.Get("proofValue")
	out := slices.Concat(document[proof.Start():old.Start()], []byte{'"'}, []byte(value), []byte{'"'})
	return append(out, document[old.End():proof.End()]...)
}

// verifySelectively checks a derived proof: the statements of the document are
// those that were signed, all of them, and the mandatory ones are all there.
func (d *Document) verifySelectively(ctx context.Context, a *attempt, revisions jsonld.Revisions, options *digest) (Verified, error) {
	if len(a.proof.PreviousProof) > 0 {
		return Verified{}, ErrUnsupportedProof
	}
	proof, err := a.suite.selective.readDerived(a.proof.ProofValue)
	if err != nil {
		return Verified{}, err
	}
	source := documentSource(d.value)
	source.Revisions = revisions
	canonical, err := d.suites.processor.Canonicalize(ctx, source, []byte{}, rdfc.Options{Hash: a.hash})
	if err != nil {
		return Verified{}, err
	}
	labels, ok := proof.labels(countBlankNodes(canonical.NQuads))
	if !ok {
		return Verified{}, errLabels
	}
	lines, err := relabel(canonical.NQuads, labels)
	if err != nil {
		return Verified{}, err
	}
	indexes := proof.mandatory()
	if len(indexes) > 0 && indexes[len(indexes)-1] >= len(lines) {
		return Verified{}, fmt.Errorf("%w: it has more mandatory statements than the document", ErrSignature)
	}
	mandatory, others := split(lines, indexes)
	if len(others) > MaxStatements {
		return Verified{}, errStatements
	}
	if err := proof.verify(a.key, options.sum[:sha256.Size], hashLines(mandatory), others); err != nil {
		return Verified{}, err
	}
	return Verified{
		Proof: a.proof, Contexts: slices.Clone(canonical.Contexts), General: canonical.General,
		PresentationHeader: proof.presentation(),
	}, nil
}
