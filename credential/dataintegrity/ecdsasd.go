package dataintegrity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
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
		if public, ok := key.(*ecdsa.PublicKey); !ok || public == nil || public.Curve != elliptic.P256() {
			return 0, ErrKeyType
		}
		return crypto.SHA256, nil
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
		if base.Signatures[i], err = signP256(own, random, line); err != nil {
			return "", err
		}
	}
	if base.BaseSignature, err = signP256(signer, random, slices.Concat(m.proofHash, multikey, m.mandatoryHash)); err != nil {
		return "", err
	}
	return encodeProofValue(ecdsaBase, &base)
}

// pointersOf is a list that is never nil, which CBOR writes in another way.
func pointersOf(m *material) []string { return append([]string{}, m.pointers...) }

// signP256 signs data with ECDSA and SHA-256; the signature is r and s, 32 bytes
// each.
func signP256(signer crypto.Signer, random io.Reader, data []byte) ([]byte, error) {
	hash := sha256.Sum256(data)
	der, err := signer.Sign(random, hash[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	var numbers struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &numbers)
	if err != nil || len(rest) > 0 || !inP256(numbers.R) || !inP256(numbers.S) {
		return nil, fmt.Errorf("the signer returned no signature for P-256: %w", ErrKeyType)
	}
	signature := make([]byte, p256Signature)
	numbers.R.FillBytes(signature[:p256Signature/2])
	numbers.S.FillBytes(signature[p256Signature/2:])
	return signature, nil
}

func inP256(n *big.Int) bool { return n.Sign() > 0 && n.Cmp(elliptic.P256().Params().N) < 0 }

// verifyP256 checks a signature of signP256.
func verifyP256(key *ecdsa.PublicKey, data, signature []byte) bool {
	if len(signature) != p256Signature {
		return false
	}
	hash := sha256.Sum256(data)
	r, s := new(big.Int).SetBytes(signature[:p256Signature/2]), new(big.Int).SetBytes(signature[p256Signature/2:])
	return inP256(r) && inP256(s) && ecdsa.Verify(key, hash[:], r, s)
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
		return malformedValue(fmt.Sprintf("it has more than %d signatures", MaxStatements))
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
