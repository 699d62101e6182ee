package bbs

import (
	"bytes"
	"crypto"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/cloudflare/circl/ecc/bls12381"
)

// The lengths of the encodings, in bytes.
const (
	PublicKeySize  = bls12381.G2SizeCompressed
	PrivateKeySize = bls12381.ScalarSize
)

// PublicKey is a point of the group G2 other than the identity. It is made by
// ParsePublicKey or belongs to a PrivateKey; it does not change. The zero
// PublicKey is no key and verifies nothing.
type PublicKey struct {
	point   bls12381.G2
	encoded [PublicKeySize]byte
}

// ParsePublicKey reads a public key: the 96 bytes of a compressed point of G2,
// which is in the subgroup of prime order and not the identity (the draft,
// §4.2.4.6). Any other input is ErrKey.
func ParsePublicKey(data []byte) (*PublicKey, error) {
	k := new(PublicKey)
	if len(data) != PublicKeySize {
		return nil, fmt.Errorf("%w: %d bytes", ErrKey, len(data))
	}
	if err := k.point.SetBytes(data); err != nil || k.point.IsIdentity() {
		return nil, fmt.Errorf("%w: no point of the group", ErrKey)
	}
	copy(k.encoded[:], data)
	// A point has one encoding, so that keys can be compared as bytes.
	if !bytes.Equal(k.point.BytesCompressed(), data) {
		return nil, fmt.Errorf("%w: no point of the group", ErrKey)
	}
	return k, nil
}

// Bytes returns the encoding that ParsePublicKey reads. The caller owns it.
func (k *PublicKey) Bytes() []byte { return bytes.Clone(k.encoded[:]) }

// isKey reports whether k was made by ParsePublicKey: every encoding of a point
// begins with a bit that is set.
func (k *PublicKey) isKey() bool { return k != nil && k.encoded[0] != 0 }

// Equal reports whether other is a *PublicKey with the same point.
func (k *PublicKey) Equal(other crypto.PublicKey) bool {
	o, ok := other.(*PublicKey)
	return ok && o != nil && k.encoded == o.encoded
}

// PrivateKey is a scalar that is not zero, with its public key. It does not
// change. Printing one shows nothing of it.
type PrivateKey struct {
	secret bls12381.Scalar
	public *PublicKey
}

// ParsePrivateKey reads a private key: 32 bytes, big endian, above zero and
// below the order of the group. Any other input is ErrKey.
func ParsePrivateKey(data []byte) (*PrivateKey, error) {
	secret, ok := readScalar(data)
	if !ok {
		return nil, fmt.Errorf("%w: no scalar", ErrKey)
	}
	return newPrivateKey(secret)
}

func newPrivateKey(secret *bls12381.Scalar) (*PrivateKey, error) {
	var point bls12381.G2
	point.ScalarMult(secret, bls12381.G2Generator())
	public, err := ParsePublicKey(point.BytesCompressed())
	if err != nil {
		return nil, err
	}
	return &PrivateKey{secret: *secret, public: public}, nil
}

// KeyGen derives a private key from secret material of at least 32 bytes and
// from information about its use, which may be empty (the draft, §3.4.1). A nil
// domain is the draft's. The error is ErrKey.
func KeyGen(material, info, domain []byte) (*PrivateKey, error) {
	const least, most = 32, 1<<16 - 1
	if domain == nil {
		domain = []byte(domainKeyGen)
	}
	if len(material) < least || len(info) > most || len(domain) > maxDomain {
		return nil, fmt.Errorf("%w: unfit key material", ErrKey)
	}
	input := append(bytes.Clone(material), 0, 0)
	binary.BigEndian.PutUint16(input[len(material):], uint16(len(info)))
	secret := hashToScalar(append(input, info...), string(domain))
	if secret.IsZero() == 1 {
		return nil, fmt.Errorf("%w: unfit key material", ErrKey)
	}
	return newPrivateKey(&secret)
}

// GenerateKey makes a new private key from random bytes.
func GenerateKey(random io.Reader) (*PrivateKey, error) {
	material := make([]byte, 48)
	if _, err := io.ReadFull(random, material); err != nil {
		return nil, fmt.Errorf("generating BBS key: %w", err)
	}
	return KeyGen(material, nil, nil)
}

// Bytes returns the encoding that ParsePrivateKey reads. The caller owns it and
// keeps it secret.
func (k *PrivateKey) Bytes() []byte { return appendScalar(nil, &k.secret) }

// Public returns the *PublicKey.
func (k *PrivateKey) Public() crypto.PublicKey { return k.public }

// Equal reports whether other is the same key.
func (k *PrivateKey) Equal(other crypto.PrivateKey) bool {
	o, ok := other.(*PrivateKey)
	return ok && o != nil && k.secret.IsEqual(&o.secret) == 1
}

// String keeps the key out of texts.
func (k *PrivateKey) String() string { return "BBS private key" }

// GoString keeps the key out of texts.
func (k *PrivateKey) GoString() string { return k.String() }

// Format keeps the key out of texts, whatever the verb.
func (k *PrivateKey) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, k.String()) }
