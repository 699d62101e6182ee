package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes of the table
	_ "crypto/sha512"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
)

// An algorithm is one row of the table of signature algorithms (RFC 7518 §3,
// RFC 8037 §3.1). What has no row does not exist here: none and the HMAC family
// cannot be asked for.
type algorithm struct {
	name  string
	hash  crypto.Hash    // 0: the message itself is signed
	curve elliptic.Curve // ECDSA
	rsa   bool
	pss   bool
	// verifyOnly is never signed with.
	verifyOnly bool
}

var algorithms = []algorithm{
	{name: "EdDSA"},
	// The fully specified name of the same thing (RFC 9864).
	{name: "Ed25519", verifyOnly: true},
	{name: "ES256", hash: crypto.SHA256, curve: elliptic.P256()},
	{name: "ES384", hash: crypto.SHA384, curve: elliptic.P384()},
	// Only a KeyPair has a P-521 key; see ParseKeyPair.
	{name: "ES512", hash: crypto.SHA512, curve: elliptic.P521()},
	{name: "RS256", hash: crypto.SHA256, rsa: true},
	{name: "PS256", hash: crypto.SHA256, rsa: true, pss: true, verifyOnly: true},
}

func algorithmNamed(name string) (algorithm, bool) {
	for _, a := range algorithms {
		if a.name == name {
			return a, true
		}
	}
	return algorithm{}, false
}

// algorithmFor returns the row that a key signs with.
func algorithmFor(key crypto.PublicKey) (algorithm, error) {
	for _, a := range algorithms {
		if !a.verifyOnly && a.fits(key) {
			return a, nil
		}
	}
	return algorithm{}, &UnsupportedKeyError{Kind: fmt.Sprintf("Go type %T", key)}
}

// fits reports whether a key is of the one kind that the algorithm is for: its
// type and, for ECDSA, its curve.
func (a algorithm) fits(key crypto.PublicKey) bool {
	switch key := key.(type) {
	case ed25519.PublicKey:
		return a.hash == 0
	case *ecdsa.PublicKey:
		return key != nil && a.curve != nil && key.Curve == a.curve
	case *rsa.PublicKey:
		return key != nil && a.rsa
	default:
		return false
	}
}

// checkKey is CheckPublicKey with P-521 added.
func checkKey(key crypto.PublicKey) error {
	if ec, ok := key.(*ecdsa.PublicKey); ok && ec != nil && ec.Curve == elliptic.P521() {
		return guard(func() error {
			_, err := ec.Bytes()
			return err
		})
	}
	return CheckPublicKey(key)
}

// VerifySignature checks a JWS signature over message. The algorithm is one of
// EdDSA, Ed25519, ES256, ES384, ES512, RS256 and PS256, and must be one for
// that kind of key: ES256 with a P-384 key is refused. An ECDSA signature is
// r and s in full length, one after the other.
//
// The error matches ErrAlgorithm, ErrInvalidKey, ErrUnsupportedKey or
// ErrSignature. Never tell signatures apart by their bytes: of an ECDSA
// signature there are two.
func VerifySignature(name string, key crypto.PublicKey, message, signature []byte) error {
	a, ok := algorithmNamed(name)
	if !ok {
		return fmt.Errorf("%w: not one that Laurel verifies", ErrAlgorithm)
	}
	if err := checkKey(key); err != nil {
		return err
	}
	if !a.fits(key) {
		return fmt.Errorf("%w: %s is not for this kind of key", ErrAlgorithm, a.name)
	}
	if !a.verify(key, a.digest(message), signature) {
		return ErrSignature
	}
	return nil
}

func (a algorithm) digest(message []byte) []byte {
	if a.hash == 0 {
		return message
	}
	h := a.hash.New()
	h.Write(message)
	return h.Sum(nil)
}

func (a algorithm) verify(key crypto.PublicKey, digest, signature []byte) bool {
	switch key := key.(type) {
	case ed25519.PublicKey:
		return len(signature) == ed25519.SignatureSize && ed25519.Verify(key, digest, signature)
	case *ecdsa.PublicKey:
		size := coordinateSize(a.curve)
		if len(signature) != 2*size {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		return ecdsa.Verify(key, digest, r, s)
	case *rsa.PublicKey:
		if a.pss {
			// RFC 7518 §3.5: the salt is as long as the hash.
			return rsa.VerifyPSS(key, a.hash, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
		return rsa.VerifyPKCS1v15(key, a.hash, digest, signature) == nil
	default:
		return false
	}
}

func coordinateSize(curve elliptic.Curve) int { return (curve.Params().BitSize + 7) / 8 }

// CreateSignature signs message with the algorithm that belongs to the key, and
// returns its name and the signature in the form of JWS. What it returns has
// been verified: a signer that is faulty, or is not the one for its own public
// key, gives an error.
func CreateSignature(random io.Reader, signer crypto.Signer, message []byte) (name string, signature []byte, err error) {
	a, err := algorithmOf(signer)
	if err != nil {
		return "", nil, err
	}
	var options crypto.SignerOpts = a.hash
	signature, err = signer.Sign(random, a.digest(message), options)
	if err != nil {
		return "", nil, fmt.Errorf("signing: %w", err)
	}
	if a.curve != nil {
		if signature, err = fixedLength(signature, coordinateSize(a.curve)); err != nil {
			return "", nil, fmt.Errorf("signing: %w", err)
		}
	}
	if err := VerifySignature(a.name, signer.Public(), message, signature); err != nil {
		return "", nil, fmt.Errorf("checking own signature: %w", err)
	}
	return a.name, signature, nil
}

// SigningAlgorithm returns the alg value that CreateSignature uses for a signer:
// EdDSA, ES256, ES384, ES512 or RS256. The error matches ErrInvalidKey or
// ErrUnsupportedKey.
func SigningAlgorithm(signer crypto.Signer) (string, error) {
	a, err := algorithmOf(signer)
	return a.name, err
}

// algorithmOf returns the row for a signer whose public key is sound.
func algorithmOf(signer crypto.Signer) (algorithm, error) {
	if signer == nil {
		return algorithm{}, invalidKey("no key")
	}
	public := signer.Public()
	if err := checkKey(public); err != nil {
		return algorithm{}, err
	}
	return algorithmFor(public)
}

// fixedLength turns the ASN.1 form in which crypto.Signer gives an ECDSA
// signature into that of JWS.
func fixedLength(der []byte, size int) ([]byte, error) {
	var value struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &value)
	if err != nil || len(rest) > 0 || value.R.Sign() <= 0 || value.S.Sign() <= 0 ||
		len(value.R.Bytes()) > size || len(value.S.Bytes()) > size {
		return nil, fmt.Errorf("%w: the signer returned no ECDSA signature", ErrSignature)
	}
	out := make([]byte, 2*size)
	value.R.FillBytes(out[:size])
	value.S.FillBytes(out[size:])
	return out, nil
}
