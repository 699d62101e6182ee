package did

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"fmt"
	"math/big"

	"github.com/mr-tron/base58"

	"laurel/credential/bbs"
	"laurel/credential/jose"
)

// maxMultikey bounds the text of a Multikey before base58, whose cost is
// quadratic, is decoded. The longest key of the table, an RSA key of 4096 bits,
// takes some 720 characters.
const maxMultikey = 1 << 10

// multikeyKind is one row of the Multikey table (CID 1.0 §2.2.2) or of the
// multicodec registry.
type multikeyKind struct {
	name   string
	prefix [2]byte // the multicodec code as a minimal varint
	size   int     // bytes after the prefix; 0: not fixed
	curve  elliptic.Curve
	secret bool
}

// nameBLS is the kind of key that bbs-2023 proofs are made with.
const nameBLS = "BLS12-381 G2"

var multikeyKinds = []multikeyKind{
	{name: "Ed25519", prefix: [2]byte{0xed, 0x01}, size: ed25519.PublicKeySize},
	{name: "P-256", prefix: [2]byte{0x80, 0x24}, size: 33, curve: elliptic.P256()},
	{name: "P-384", prefix: [2]byte{0x81, 0x24}, size: 49, curve: elliptic.P384()},
	{name: nameBLS, prefix: [2]byte{0xeb, 0x01}, size: bbs.PublicKeySize},

	// Known, so that the error can name them.
	{name: "X25519", prefix: [2]byte{0xec, 0x01}, size: 32},
	{name: "secp256k1", prefix: [2]byte{0xe7, 0x01}, size: 33},
	{name: "P-521", prefix: [2]byte{0x82, 0x24}, size: 67},
	{name: "SM2", prefix: [2]byte{0x86, 0x24}, size: 33},
	{name: "RSA", prefix: [2]byte{0x85, 0x24}},

	{name: "Ed25519", prefix: [2]byte{0x80, 0x26}, secret: true},
	{name: "secp256k1", prefix: [2]byte{0x81, 0x26}, secret: true},
	{name: "X25519", prefix: [2]byte{0x82, 0x26}, secret: true},
	{name: "P-256", prefix: [2]byte{0x86, 0x26}, secret: true},
	{name: "P-384", prefix: [2]byte{0x87, 0x26}, secret: true},
	{name: "P-521", prefix: [2]byte{0x88, 0x26}, secret: true},
	{name: nameBLS, prefix: [2]byte{0x8a, 0x26}, secret: true},
	{name: "SM2", prefix: [2]byte{0x90, 0x26}, secret: true},
}

// DecodeMultikey reads a public key from the publicKeyMultibase form of a
// Multikey (CID 1.0 §2.2.2): base58btc with its z, a multicodec prefix and a
// key of exactly the right length. It returns an ed25519.PublicKey, an
// *ecdsa.PublicKey on P-256 or P-384, or a *bbs.PublicKey (BLS12-381 G2). All of
// them are checked as points: on the curve, in the group, not of small order.
//
// Errors match ErrInvalidKey (of which ErrKeyLength and ErrKeyCode are two),
// ErrPrivateKey for a secret key, or
// ErrUnsupportedKey for the other kinds of the table. They never quote the key.
func DecodeMultikey(s string) (crypto.PublicKey, error) {
	if len(s) > maxMultikey {
		return nil, invalidKey("multikey longer than %d bytes", maxMultikey)
	}
	if s == "" || s[0] != 'z' {
		return nil, invalidKey("multikey is not base58btc (z)")
	}
	data, err := decodeBase58(s[1:])
	if err != nil {
		return nil, err
	}
	if len(data) < 2 {
		return nil, invalidKey("multikey without a key")
	}
	for _, kind := range multikeyKinds {
		if bytes.Equal(kind.prefix[:], data[:2]) {
			return kind.decode(data[2:])
		}
	}
	return nil, ErrKeyCode
}

// decodeBase58 decodes exactly the one encoding of each byte string. The error
// of the library is dropped because it quotes its input.
func decodeBase58(s string) ([]byte, error) {
	if s == "" {
		return nil, invalidKey("empty base58")
	}
	data, err := base58.Decode(s)
	if err != nil || base58.Encode(data) != s {
		return nil, invalidKey("malformed base58")
	}
	return data, nil
}

func (k multikeyKind) decode(raw []byte) (crypto.PublicKey, error) {
	switch {
	case k.secret:
		return nil, ErrPrivateKey
	case k.size != 0 && len(raw) != k.size:
		return nil, fmt.Errorf("%w of a %s multikey", ErrKeyLength, k.name)
	case k.curve != nil:
		return decompress(k.curve, raw)
	case k.name == "Ed25519":
		key := ed25519.PublicKey(raw)
		if err := CheckEd25519(key); err != nil {
			return nil, err
		}
		return key, nil
	case k.name == nameBLS:
		key, err := bbs.ParsePublicKey(raw)
		if err != nil {
			return nil, invalidKey("point not in the group of %s", k.name)
		}
		return key, nil
	default:
		return nil, &UnsupportedKeyError{Kind: k.name}
	}
}

// decompress reads a compressed point (SEC 1 §2.3.4).
func decompress(curve elliptic.Curve, raw []byte) (crypto.PublicKey, error) {
	x, y := elliptic.UnmarshalCompressed(curve, raw)
	if x == nil {
		return nil, invalidKey("point not on %s", curve.Params().Name)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, uncompressed(curve, x, y))
	if err != nil {
		return nil, invalidKey("point not on %s", curve.Params().Name)
	}
	return key, nil
}

func uncompressed(curve elliptic.Curve, x, y *big.Int) []byte {
	size := (curve.Params().BitSize + 7) / 8
	point := make([]byte, 1+2*size)
	point[0] = 4
	x.FillBytes(point[1 : 1+size])
	y.FillBytes(point[1+size:])
	return point
}

// EncodeMultikey returns the publicKeyMultibase form of a public key: an
// ed25519.PublicKey, an *ecdsa.PublicKey on P-256 or P-384, or a
// *bbs.PublicKey. Errors are those of DecodeMultikey.
func EncodeMultikey(key crypto.PublicKey) (string, error) {
	switch key := key.(type) {
	case *bbs.PublicKey:
		return encodeBLS(key)
	case *bbs.PrivateKey:
		return "", ErrPrivateKey
	}
	if err := jose.CheckPublicKey(key); err != nil {
		return "", err
	}
	switch key := key.(type) {
	case ed25519.PublicKey:
		return encodeMultikey("Ed25519", key), nil
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil {
			return "", invalidKey("%v", err)
		}
		size := len(point) / 2
		compressed := append([]byte{2 | point[2*size]&1}, point[1:1+size]...)
		return encodeMultikey(key.Params().Name, compressed), nil
	default:
		return "", &UnsupportedKeyError{Kind: "RSA"}
	}
}

// encodeBLS reads the key anew, since one that was not made by package bbs holds
// no point.
func encodeBLS(key *bbs.PublicKey) (string, error) {
	if key == nil {
		return "", invalidKey("no key")
	}
	raw := key.Bytes()
	if _, err := bbs.ParsePublicKey(raw); err != nil {
		return "", invalidKey("point not in the group of %s", nameBLS)
	}
	return encodeMultikey(nameBLS, raw), nil
}

func encodeMultikey(name string, raw []byte) string {
	for _, kind := range multikeyKinds {
		if kind.name == name && !kind.secret {
			return "z" + base58.Encode(append(kind.prefix[:], raw...))
		}
	}
	panic("did: no multikey kind " + name) // unreachable: callers pass names of the table
}

// CheckEd25519 refuses Ed25519 keys that are no point of the curve, not the
// canonical encoding of their point, or of small order: under those a signature
// can hold for every message, and crypto/ed25519 accepts them. The error
// matches ErrInvalidKey.
func CheckEd25519(key ed25519.PublicKey) error { return jose.CheckEd25519(key) }
