package dataintegrity

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/mr-tron/base58"
)

// ECDSARDFC2019 is the cryptosuite of VC Data Integrity ECDSA 1.0 §3.2: P-256
// with SHA-256 or P-384 with SHA-384, over RDFC-1.0 with the same hash.
const ECDSARDFC2019 = "ecdsa-rdfc-2019"

var ecdsaRDFC2019 = cryptosuite{
	hash:   hashForECDSA,
	sign:   signECDSA,
	verify: verifyECDSA,
	keys:   []string{KeyP256, KeyP384},
}

// hashForECDSA tells the hash function that goes with the curve of a key.
func hashForECDSA(key crypto.PublicKey) (crypto.Hash, error) {
	public, ok := key.(*ecdsa.PublicKey)
	if !ok || public == nil {
		return 0, ErrKeyType
	}
	hash := crypto.Hash(0)
	switch public.Curve {
	case elliptic.P256():
		hash = crypto.SHA256
	case elliptic.P384():
		hash = crypto.SHA384
	default:
		return 0, ErrKeyType
	}
	if _, err := public.Bytes(); err != nil { // no point of the curve
		return 0, ErrKeyType
	}
	return hash, nil
}

// ecdsaSignature is a signature as crypto.Signer returns it.
type ecdsaSignature struct{ R, S *big.Int }

func signECDSA(signer crypto.Signer, data []byte) (string, error) {
	fixed, err := signFixed(signer, rand.Reader, data)
	if err != nil {
		return "", err
	}
	return "z" + base58.Encode(fixed), nil
}

// signFixed signs the hash of data and writes the signature as r and s of fixed
// length (IEEE P1363), which proofs have instead of ASN.1.
func signFixed(signer crypto.Signer, random io.Reader, data []byte) ([]byte, error) {
	hash, err := hashForECDSA(signer.Public())
	if err != nil {
		return nil, err
	}
	sum := sumOf(hash, data)
	encoded, err := signer.Sign(random, sum[:hash.Size()], hash)
	if err != nil {
		return nil, err
	}
	order := signer.Public().(*ecdsa.PublicKey).Params().N //nolint:errcheck // hashForECDSA has seen it
	signature, err := readSignature(encoded)
	if err != nil || !isScalar(signature.R, order) || !isScalar(signature.S, order) {
		return nil, fmt.Errorf("the signer returned no ECDSA signature: %w", ErrKeyType)
	}
	size := hash.Size() // as long as a scalar of the curve
	fixed := make([]byte, 2*size)
	signature.R.FillBytes(fixed[:size])
	signature.S.FillBytes(fixed[size:])
	return fixed, nil
}

// readSignature reads what a signer returned, which encoding/asn1 is lenient
// with: it may have more in it or behind it.
func readSignature(encoded []byte) (signature ecdsaSignature, err error) {
	if _, err := asn1.Unmarshal(encoded, &signature); err != nil {
		return signature, err
	}
	again, err := asn1.Marshal(signature)
	if err == nil && !bytes.Equal(again, encoded) {
		err = errors.New("not the encoding of a signature")
	}
	return signature, err
}

// isScalar reports whether n may stand in a signature: 1 to the order less one.
func isScalar(n, order *big.Int) bool { return n.Sign() > 0 && n.Cmp(order) < 0 }

func verifyECDSA(key crypto.PublicKey, data []byte, proofValue string) error {
	hash, err := hashForECDSA(key)
	if err != nil {
		return err
	}
	fixed, ok := decodeBase58(proofValue, 2*hash.Size())
	if !ok {
		return ErrMalformedProof
	}
	if !verifyFixed(key.(*ecdsa.PublicKey), hash, data, fixed) { //nolint:errcheck // hashForECDSA has seen it
		return ErrSignature
	}
	return nil
}

// verifyFixed checks a signature of signFixed, of which the length is right.
// Both s and its negative are good, as ECDSA has it: a signature is no name for
// what it signs.
func verifyFixed(public *ecdsa.PublicKey, hash crypto.Hash, data, fixed []byte) bool {
	size := hash.Size()
	r, s := new(big.Int).SetBytes(fixed[:size]), new(big.Int).SetBytes(fixed[size:])
	order := public.Params().N
	sum := sumOf(hash, data)
	return isScalar(r, order) && isScalar(s, order) && ecdsa.Verify(public, sum[:size], r, s)
}
