package dataintegrity

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"laurel/credential/bbs"
)

// BBS2023 is the cryptosuite with selective disclosure of VC Data Integrity BBS
// 1.0 §3.4, with its base features: two proofs derived from one base proof have
// nothing in common but what they show. Anonymous holder binding and pseudonyms
// are refused with ErrUnsupportedProof.
const BBS2023 = "bbs-2023"

var bbs2023 = cryptosuite{
	keys: []string{KeyBLS12381G2},
	hash: func(key crypto.PublicKey) (crypto.Hash, error) {
		if public, ok := key.(*bbs.PublicKey); !ok || public == nil {
			return 0, ErrKeyType
		}
		return crypto.SHA256, nil
	},
	selective: &selectiveSuite{
		labelling:   shuffledLabelling,
		sign:        signBBS,
		readBase:    readBBSBase,
		readDerived: readBBSDerived,
	},
}

// bbsHeaderSize is the length of the hashes of proof options and mandatory
// statements.
const bbsHeaderSize = 64

// bbsBaseProof is the content of a base proof's value.
type bbsBaseProof struct {
	_                 struct{} `cbor:",toarray"`
	Signature         []byte
	Header            []byte
	PublicKey         []byte
	HMACKey           []byte
	MandatoryPointers []string
}

func signBBS(signer crypto.Signer, m *material) (string, error) {
	public, ok := signer.Public().(*bbs.PublicKey)
	if !ok {
		return "", ErrKeyType
	}
	base := bbsBaseProof{
		Header: slices.Concat(m.proofHash, m.mandatoryHash), PublicKey: public.Bytes(),
		HMACKey: m.hmacKey, MandatoryPointers: pointersOf(m),
	}
	var err error
	if base.Signature, err = signer.Sign(rand.Reader, base.Header, bbs.Messages(m.nonMandatory)); err != nil {
		return "", err
	}
	if len(base.Signature) != bbs.SignatureSize {
		return "", fmt.Errorf("the signer returned %d bytes: %w", len(base.Signature), ErrKeyType)
	}
	return encodeProofValue(bbsBase, &base)
}

func readBBSBase(value string) (baseProof, error) {
	p := new(bbsBaseProof)
	if err := decodeProofValue(value, bbsBase, bbsBase, p); err != nil {
		return nil, err
	}
	if len(p.Signature) != bbs.SignatureSize || len(p.Header) != bbsHeaderSize || len(p.PublicKey) != bbs.PublicKeySize || len(p.HMACKey) != hmacKeySize || p.MandatoryPointers == nil {
		return nil, malformedValue("the parts of its value are others")
	}
	return p, checkPointers(p.MandatoryPointers)
}

func (p *bbsBaseProof) secrets() (hmacKey []byte, pointers []string) {
	return p.HMACKey, p.MandatoryPointers
}

func (p *bbsBaseProof) derive(d *disclosure) (string, error) {
	public, err := bbs.ParsePublicKey(p.PublicKey)
	if err != nil {
		return "", malformedValue("its public key is none")
	}
	err = public.Verify(p.Signature, p.Header, d.nonMandatory)
	switch {
	case errors.Is(err, bbs.ErrEncoding):
		return "", malformedValue("its signature is not well formed")
	case err != nil, !bytes.Equal(p.Header[bbsHeaderSize/2:], d.mandatoryHash):
		return "", fmt.Errorf("%w: the base proof is for another document", ErrSignature)
	}
	proof, err := public.ProofGen(rand.Reader, p.Signature, bbs.Disclosure{
		Header: p.Header, PresentationHeader: d.header, Messages: d.nonMandatory, Indexes: d.selected,
	})
	if err != nil {
		return "", err
	}
	return writeBBSDerived(proof, d)
}

// writeBBSDerived makes the value of a derived proof.
func writeBBSDerived(proof []byte, d *disclosure) (string, error) {
	derived := bbsDerivedProof{
		Proof: proof, Labels: make(map[uint64]uint64, len(d.labels)), MandatoryIndexes: unsigned(d.mandatory),
		SelectiveIndexes: unsigned(d.selected), PresentationHeader: append([]byte{}, d.header...),
	}
	for n, label := range d.labels {
		number, err := strconv.ParseUint(label[1:], 10, 32)
		if err != nil {
			return "", err
		}
		derived.Labels[uint64(n)] = number
	}
	return encodeProofValue(bbsDerived, &derived)
}

// bbsDerivedProof is the content of a derived proof's value.
type bbsDerivedProof struct {
	_                  struct{} `cbor:",toarray"`
	Proof              []byte
	Labels             map[uint64]uint64
	MandatoryIndexes   []uint64
	SelectiveIndexes   []uint64
	PresentationHeader []byte

	indexes, selected []int
}

func readBBSDerived(value string) (derivedProof, error) {
	p := new(bbsDerivedProof)
	if err := decodeProofValue(value, bbsDerived, bbsBase, p); err != nil {
		return nil, err
	}
	if p.Proof == nil || p.Labels == nil || p.MandatoryIndexes == nil || p.SelectiveIndexes == nil || p.PresentationHeader == nil {
		return nil, malformedValue("the parts of its value are others")
	}
	var err error
	if p.indexes, err = ascending(p.MandatoryIndexes, maxMandatory); err != nil {
		return nil, err
	}
	p.selected, err = ascending(p.SelectiveIndexes, bbs.MaxMessages)
	return p, err
}

func (p *bbsDerivedProof) labels(count int) ([]string, bool) {
	return labelsOf(p.Labels, count, bbsLabel)
}

func (p *bbsDerivedProof) mandatory() []int { return p.indexes }

func (p *bbsDerivedProof) presentation() []byte { return p.PresentationHeader }

func (p *bbsDerivedProof) verify(key crypto.PublicKey, proofHash, mandatoryHash []byte, nonMandatory [][]byte) error {
	public, ok := key.(*bbs.PublicKey)
	if !ok {
		return ErrKeyType
	}
	if len(p.selected) != len(nonMandatory) {
		return ErrSignature
	}
	err := public.ProofVerify(p.Proof, bbs.Disclosure{
		Header: slices.Concat(proofHash, mandatoryHash), PresentationHeader: p.PresentationHeader,
		Messages: nonMandatory, Indexes: p.selected,
	})
	switch {
	case errors.Is(err, bbs.ErrEncoding):
		return malformedValue("its BBS proof is not well formed")
	case errors.Is(err, bbs.ErrLimit):
		return errStatements
	case err != nil:
		return ErrSignature
	}
	return nil
}
