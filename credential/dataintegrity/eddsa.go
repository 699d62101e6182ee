package dataintegrity

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"

	"github.com/mr-tron/base58"
)

// EdDSARDFC2022 is the cryptosuite of VC Data Integrity EdDSA 1.0 §3.2:
// Ed25519 over RDFC-1.0 with SHA-256.
const EdDSARDFC2022 = "eddsa-rdfc-2022"

var eddsaRDFC2022 = cryptosuite{
	hash: func(key crypto.PublicKey) (crypto.Hash, error) {
		if public, ok := key.(ed25519.PublicKey); !ok || len(public) != ed25519.PublicKeySize {
			return 0, ErrKeyType
		}
		return crypto.SHA256, nil
	},
	sign: func(signer crypto.Signer, data []byte) (string, error) {
		signature, err := signer.Sign(rand.Reader, data, crypto.Hash(0))
		if err != nil {
			return "", err
		}
		if len(signature) != ed25519.SignatureSize {
			return "", fmt.Errorf("the signer returned %d bytes: %w", len(signature), ErrKeyType)
		}
		return "z" + base58.Encode(signature), nil
	},
	verify: func(key crypto.PublicKey, data []byte, proofValue string) error {
		signature, ok := decodeBase58(proofValue, ed25519.SignatureSize)
		if !ok {
			return ErrMalformedProof
		}
		public, ok := key.(ed25519.PublicKey)
		if !ok || !ed25519.Verify(public, data, signature) {
			return ErrSignature
		}
		return nil
	},
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
