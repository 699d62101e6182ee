package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io"

	"laurel/credential/bbs"
)

// The algorithms of keys.
const (
	// Ed25519 signs with eddsa-rdfc-2022, eddsa-jcs-2022, Ed25519Signature2020
	// and EdDSA.
	Ed25519 = "Ed25519"
	// P256 signs with the ecdsa suites of Data Integrity and ES256.
	P256 = "P-256"
	// P384 signs with ecdsa-rdfc-2019, ecdsa-jcs-2019 and ES384.
	P384 = "P-384"
	// RSA2048 signs with RS256.
	RSA2048 = "RSA-2048"
	// BLS12381G2 signs with bbs-2023. Only the sealed file can hold it, and
	// there is no JWK of it.
	BLS12381G2 = "BLS12-381-G2"
)

// Algorithms are all of them, the one of badges first.
var Algorithms = []string{Ed25519, P256, P384, RSA2048, BLS12381G2}

// Generate makes the secret of a new key: of Ed25519 the seed (RFC 8032), of
// P-256, P-384 and BLS12-381-G2 the scalar in its full length, big-endian, of
// RSA-2048 a PKCS #8 document. Not every algorithm reads random; the others
// take the system's. ErrAlgorithm is the answer to any other algorithm.
func Generate(random io.Reader, algorithm string) (secret []byte, err error) {
	switch algorithm {
	case Ed25519:
		secret = make([]byte, ed25519.SeedSize)
		_, err = io.ReadFull(random, secret)
	case P256, P384:
		var key *ecdsa.PrivateKey
		if key, err = ecdsa.GenerateKey(curves[algorithm], random); err == nil {
			secret, err = key.Bytes()
		}
	case RSA2048:
		var key *rsa.PrivateKey
		if key, err = rsa.GenerateKey(random, rsaBits); err == nil {
			secret, err = x509.MarshalPKCS8PrivateKey(key)
		}
	case BLS12381G2:
		var key *bbs.PrivateKey
		if key, err = bbs.GenerateKey(random); err == nil {
			secret = key.Bytes()
		}
	default:
		return nil, fmt.Errorf("%w %q", ErrAlgorithm, algorithm)
	}
	if err != nil {
		return nil, fmt.Errorf("making key: %w", err)
	}
	return secret, nil
}

const rsaBits = 2048

var curves = map[string]elliptic.Curve{P256: elliptic.P256(), P384: elliptic.P384()}

// Signer makes a key of the secret that Generate made. The error is
// ErrAlgorithm, or one that says that the secret is none of the algorithm and
// nothing of what it is.
func Signer(algorithm string, secret []byte) (crypto.Signer, error) {
	unfit := fmt.Errorf("reading key: not a secret of %s", algorithm)
	switch algorithm {
	case Ed25519:
		if len(secret) != ed25519.SeedSize {
			return nil, unfit
		}
		return ed25519.NewKeyFromSeed(secret), nil
	case P256, P384:
		key, err := ecdsa.ParseRawPrivateKey(curves[algorithm], secret)
		if err != nil {
			return nil, unfit
		}
		return key, nil
	case RSA2048:
		parsed, err := x509.ParsePKCS8PrivateKey(secret)
		key, ok := parsed.(*rsa.PrivateKey)
		if err != nil || !ok || key.N.BitLen() != rsaBits {
			return nil, unfit
		}
		return key, nil
	case BLS12381G2:
		key, err := bbs.ParsePrivateKey(secret)
		if err != nil {
			return nil, unfit
		}
		return key, nil
	}
	return nil, fmt.Errorf("%w %q", ErrAlgorithm, algorithm)
}
