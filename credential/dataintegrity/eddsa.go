package dataintegrity

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/mr-tron/base58"
)

// EdDSARDFC2022 is the cryptosuite of VC Data Integrity EdDSA 1.0 §3.2:
// Ed25519 over RDFC-1.0 with SHA-256.
const EdDSARDFC2022 = "eddsa-rdfc-2022"

var eddsaRDFC2022 = cryptosuite{
	hash:   hashForEd25519,
	sign:   signEd25519,
	verify: verifyEd25519,
	keys:   []string{KeyEd25519},
}

// hashForEd25519 tells the hash function of all suites with Ed25519 keys.
func hashForEd25519(key crypto.PublicKey) (crypto.Hash, error) {
	public, ok := key.(ed25519.PublicKey)
	if !ok || len(public) != ed25519.PublicKeySize || isOfSmallOrder(public) {
		return 0, ErrKeyType
	}
	return crypto.SHA256, nil
}

// smallOrder has the encodings, less the sign, of the y coordinates of the
// points of small order, those that are not canonical included. Under such a
// key a signature can hold for every message, and crypto/ed25519 accepts it.
var smallOrder = [...][ed25519.PublicKeySize]byte{
	encoded("0000000000000000000000000000000000000000000000000000000000000000"),
	encoded("0100000000000000000000000000000000000000000000000000000000000000"),
	encoded("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
	encoded("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
	encoded("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
	encoded("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
	encoded("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
}

func encoded(s string) [ed25519.PublicKeySize]byte {
	data, err := hex.DecodeString(s)
	if err != nil {
		panic("dataintegrity: " + err.Error())
	}
	return [ed25519.PublicKeySize]byte(data)
}

func isOfSmallOrder(key ed25519.PublicKey) bool {
	y := [ed25519.PublicKeySize]byte(key)
	y[len(y)-1] &= 0x7f // the sign of x
	for i := range smallOrder {
		if y == smallOrder[i] {
			return true
		}
	}
	return false
}

func signEd25519(signer crypto.Signer, data []byte) (string, error) {
	signature, err := signer.Sign(rand.Reader, data, crypto.Hash(0))
	if err != nil {
		return "", err
	}
	if len(signature) != ed25519.SignatureSize {
		return "", fmt.Errorf("the signer returned %d bytes: %w", len(signature), ErrKeyType)
	}
	return "z" + base58.Encode(signature), nil
}

func verifyEd25519(key crypto.PublicKey, data []byte, proofValue string) error {
	signature, ok := decodeBase58(proofValue, ed25519.SignatureSize)
	if !ok {
		return ErrMalformedProof
	}
	public, ok := key.(ed25519.PublicKey)
	if !ok || !ed25519.Verify(public, data, signature) {
		return ErrSignature
	}
	return nil
}

// decodeBase58 decodes a multibase value in base58btc that stands for exactly
// size bytes. There is one way to write them.
func decodeBase58(s string, size int) ([]byte, bool) {
	if len(s) < 2 || s[0] != 'z' || len(s) > 1+2*size {
		return nil, false
	}
	data, err := base58.Decode(s[1:])
	if err != nil || len(data) != size || base58.Encode(data) != s[1:] {
		return nil, false
	}
	return data, true
}
