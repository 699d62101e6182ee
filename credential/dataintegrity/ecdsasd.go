package dataintegrity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
)

// ECDSASD2023 is the cryptosuite with selective disclosure of VC Data Integrity
// ECDSA 1.0 §3.5: each statement that is not mandatory has a signature by a key
// of its own proof, and the issuer's P-256 key signs that key with the rest.
// What its holder shows twice can be known again by those signatures.
const ECDSASD2023 = "ecdsa-sd-2023"

var ecdsaSD2023 = cryptosuite{
	keys: []string{KeyP256},
	hash: func(key crypto.PublicKey) (crypto.Hash, error) {
		hash, err := hashForECDSA(key)
		if err == nil && hash != crypto.SHA256 {
			return 0, ErrKeyType
		}
		return hash, err
	},
	selective: &selectiveSuite{
		labelling: hmacLabelling,
		sign: func(signer crypto.Signer, m *material) (string, error) {
			own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			if err != nil {
				return "", err
			}
			return signECDSASD(signer, own, rand.Reader, m)
		},
		readBase:    readECDSABase,
		readDerived: readECDSADerived,
	},
}

// The lengths of the parts of a proof value, in bytes.
const (
	p256Signature = 64
	p256Multikey  = 35
	macSize       = sha256.Size
)

// ecdsaBaseProof is the content of a base proof's value.
type ecdsaBaseProof struct {
	_                 struct{} `cbor:",toarray"`
	BaseSignature     []byte
	PublicKey         []byte // of the proof, as a Multikey without multibase
	HMACKey           []byte
	Signatures        [][]byte // of the statements that are not mandatory
	MandatoryPointers []string
}

// signECDSASD makes a base proof with the proof's own key.
func signECDSASD(signer crypto.Signer, own *ecdsa.PrivateKey, random io.Reader, m *material) (string, error) {
	public, err := own.PublicKey.Bytes()
	if err != nil {
		return "", err
	}
	const coordinate = 32
	multikey := slices.Concat([]byte{0x80, 0x24, 2 | public[2*coordinate]&1}, public[1:1+coordinate])
	base := ecdsaBaseProof{PublicKey: multikey, HMACKey: m.hmacKey, Signatures: make([][]byte, len(m.nonMandatory)), MandatoryPointers: pointersOf(m)}
	for i, line := range m.nonMandatory {
		if base.Signatures[i], err = signFixed(own, random, line); err != nil {
			return "", err
		}
	}
	if base.BaseSignature, err = signFixed(signer, random, slices.Concat(m.proofHash, multikey, m.mandatoryHash)); err != nil {
		return "", err
	}
	return encodeProofValue(ecdsaBase, &base)
}

// pointersOf is a list that is never nil, which CBOR writes in another way.
func pointersOf(m *material) []string { return append([]string{}, m.pointers...) }

// verifyP256 checks a signature of signFixed.
func verifyP256(key *ecdsa.PublicKey, data, signature []byte) bool {
	return len(signature) == p256Signature && verifyFixed(key, crypto.SHA256, data, signature)
}

// parseOwnKey reads the public key of a proof.
func parseOwnKey(multikey []byte) (*ecdsa.PublicKey, error) {
	if len(multikey) != p256Multikey || multikey[0] != 0x80 || multikey[1] != 0x24 {
		return nil, malformedValue("its public key is not one of P-256")
	}
	x, y := elliptic.UnmarshalCompressed(elliptic.P256(), multikey[2:])
	if x == nil {
		return nil, malformedValue("its public key is not one of P-256")
	}
	const coordinate = 32
	point := append([]byte{4}, make([]byte, 2*coordinate)...)
	x.FillBytes(point[1 : 1+coordinate])
	y.FillBytes(point[1+coordinate:])
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

func readECDSABase(value string) (baseProof, error) {
	p := new(ecdsaBaseProof)
	if err := decodeProofValue(value, ecdsaBase, ecdsaBase, p); err != nil {
		return nil, err
	}
	if len(p.HMACKey) != hmacKeySize || p.Signatures == nil || p.MandatoryPointers == nil {
		return nil, malformedValue("the parts of its value are others")
	}
	if err := checkECDSA(p.BaseSignature, p.PublicKey, p.Signatures); err != nil {
		return nil, err
	}
	return p, checkPointers(p.MandatoryPointers)
}

// checkECDSA checks what base and derived proofs have in common.
func checkECDSA(baseSignature, publicKey []byte, signatures [][]byte) error {
	if len(signatures) > MaxStatements {
		return errStatements
	}
	wrong := func(signature []byte) bool { return len(signature) != p256Signature }
	if wrong(baseSignature) || slices.ContainsFunc(signatures, wrong) {
		return malformedValue("its signatures are not of 64 bytes")
	}
	_, err := parseOwnKey(publicKey)
	return err
}

func (p *ecdsaBaseProof) secrets() (hmacKey []byte, pointers []string) {
	return p.HMACKey, p.MandatoryPointers
}

func (p *ecdsaBaseProof) derive(d *disclosure) (string, error) {
	own, err := parseOwnKey(p.PublicKey)
	if err != nil {
		return "", err
	}
	if len(d.header) > 0 {
		return "", fmt.Errorf("%w: %s has no presentation header", ErrUnsupportedProof, ECDSASD2023)
	}
	if len(p.Signatures) != len(d.nonMandatory) {
		return "", fmt.Errorf("%w: the base proof is for another document", ErrSignature)
	}
	derived := ecdsaDerivedProof{
		BaseSignature: p.BaseSignature, PublicKey: p.PublicKey, Signatures: make([][]byte, 0, len(d.selected)),
		Labels: make(map[uint64][]byte, len(d.labels)), MandatoryIndexes: unsigned(d.mandatory),
	}
	for _, index := range d.selected {
		if !verifyP256(own, d.nonMandatory[index], p.Signatures[index]) {
			return "", fmt.Errorf("%w: the base proof is for another document", ErrSignature)
		}
		derived.Signatures = append(derived.Signatures, p.Signatures[index])
	}
	for n, label := range d.labels {
		if derived.Labels[uint64(n)], err = base64.RawURLEncoding.DecodeString(label[1:]); err != nil {
			return "", err
		}
	}
	return encodeProofValue(ecdsaDerived, &derived)
}

// ecdsaDerivedProof is the content of a derived proof's value.
type ecdsaDerivedProof struct {
	_                struct{} `cbor:",toarray"`
	BaseSignature    []byte
	PublicKey        []byte
	Signatures       [][]byte
	Labels           map[uint64][]byte
	MandatoryIndexes []uint64

	indexes []int
}

func readECDSADerived(value string) (derivedProof, error) {
	p := new(ecdsaDerivedProof)
	if err := decodeProofValue(value, ecdsaDerived, ecdsaBase, p); err != nil {
		return nil, err
	}
	if p.Signatures == nil || p.Labels == nil || p.MandatoryIndexes == nil {
		return nil, malformedValue("the parts of its value are others")
	}
	for _, mac := range p.Labels {
		if len(mac) != macSize {
			return nil, malformedValue("its labels are not of 32 bytes")
		}
	}
	if err := checkECDSA(p.BaseSignature, p.PublicKey, p.Signatures); err != nil {
		return nil, err
	}
	var err error
	p.indexes, err = ascending(p.MandatoryIndexes, maxMandatory)
	return p, err
}

func (p *ecdsaDerivedProof) labels(count int) ([]string, bool) {
	return labelsOf(p.Labels, count, ecdsaLabel)
}

func (p *ecdsaDerivedProof) mandatory() []int { return p.indexes }

func (p *ecdsaDerivedProof) presentation() []byte { return nil }

func (p *ecdsaDerivedProof) verify(key crypto.PublicKey, proofHash, mandatoryHash []byte, nonMandatory [][]byte) error {
	public, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return ErrKeyType
	}
	own, err := parseOwnKey(p.PublicKey)
	if err != nil {
		return err
	}
	// The issuer's signature comes first: whoever has none costs little.
	if !verifyP256(public, slices.Concat(proofHash, p.PublicKey, mandatoryHash), p.BaseSignature) {
		return ErrSignature
	}
	if len(p.Signatures) != len(nonMandatory) {
		return ErrSignature
	}
	for i, line := range nonMandatory {
		if !verifyP256(own, line, p.Signatures[i]) {
			return ErrSignature
		}
	}
	return nil
}
