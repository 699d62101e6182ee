package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/binary"
	"fmt"
	"math/big"
	"sync/atomic"
)

// Bounds on RSA keys. Moduli above 4096 bits only serve to burn time.
// crypto/rsa verifies with no exponent above 31 bits, so none is let in.
const (
	minRSABits     = 2048
	maxRSABits     = 4096
	maxRSAExponent = 1<<31 - 1
)

// CheckPublicKey reports whether a key is one that Laurel verifies with and is
// well formed: the same test for keys that come in by any encoding and for those
// that go out. Errors match ErrPrivateKey, ErrInvalidKey or ErrUnsupportedKey.
func CheckPublicKey(key crypto.PublicKey) error {
	switch key := key.(type) {
	case ed25519.PublicKey:
		return CheckEd25519(key)
	case *ecdsa.PublicKey:
		return checkECDSA(key)
	case *rsa.PublicKey:
		return checkRSA(key)
	case nil:
		return invalidKey("no key")
	case crypto.Signer:
		return ErrPrivateKey
	default:
		return &UnsupportedKeyError{Kind: fmt.Sprintf("Go type %T", key)}
	}
}

func checkECDSA(key *ecdsa.PublicKey) error {
	if key == nil || key.Curve == nil {
		return invalidKey("no key")
	}
	if key.Curve != elliptic.P256() && key.Curve != elliptic.P384() {
		return &UnsupportedKeyError{Kind: key.Curve.Params().Name}
	}
	// Bytes refuses what is off the curve or at infinity, and panics on a key
	// put together without coordinates.
	return guard(func() error {
		_, err := key.Bytes()
		return err
	})
}

func checkRSA(key *rsa.PublicKey) error {
	if key == nil || key.N == nil {
		return invalidKey("no key")
	}
	if bits := key.N.BitLen(); key.N.Sign() < 0 || bits < minRSABits || bits > maxRSABits {
		return invalidKey("RSA modulus is not of %d to %d bits", minRSABits, maxRSABits)
	}
	if key.N.Bit(0) == 0 {
		return invalidKey("RSA modulus is even")
	}
	if key.E < 3 || key.E > maxRSAExponent || key.E%2 == 0 {
		return invalidKey("RSA exponent is not odd between 3 and 2^31")
	}
	return nil
}

// The field and curve constant of edwards25519 (RFC 8032 §5.1).
var (
	fieldPrime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	curveD     = edwardsD()
	one        = big.NewInt(1)
)

// edwardsD computes d = -121665/121666.
func edwardsD() *big.Int {
	d := new(big.Int).ModInverse(big.NewInt(121666), fieldPrime)
	d.Mul(d, big.NewInt(-121665))
	return d.Mod(d, fieldPrime)
}

// CheckEd25519 refuses what crypto/ed25519 lets pass: keys that are no point,
// that are not the canonical encoding of their point, and the eight points of
// small order, under which a signature can hold for every message. The error
// matches ErrInvalidKey.
//
// It takes some tens of microseconds for a key that was not checked lately.
func CheckEd25519(key ed25519.PublicKey) error {
	if len(key) != ed25519.PublicKeySize {
		return invalidKey("Ed25519 key has %d bytes, not %d", len(key), ed25519.PublicKeySize)
	}
	encoding := [ed25519.PublicKeySize]byte(key)
	checked := &goodKeys[binary.LittleEndian.Uint16(encoding[:])%uint16(len(goodKeys))]
	if good := checked.Load(); good != nil && *good == encoding {
		return nil
	}
	if err := checkPoint(encoding); err != nil {
		return err
	}
	kept := encoding
	checked.Store(&kept)
	return nil
}

// goodKeys are keys that were checked and found good, each in the place that its
// first bytes say, until another takes it. That a key is good never changes.
var goodKeys [256]atomic.Pointer[[ed25519.PublicKeySize]byte]

func checkPoint(key [ed25519.PublicKeySize]byte) error {
	var bigEndian [ed25519.PublicKeySize]byte
	for i, b := range key {
		bigEndian[len(key)-1-i] = b
	}
	bigEndian[0] &= 0x7f // the sign of x
	y := new(big.Int).SetBytes(bigEndian[:])
	if y.Cmp(fieldPrime) >= 0 {
		return invalidKey("Ed25519 key is not canonical")
	}
	// -x² + y² = 1 + d·x²·y², hence x² = (y²-1) / (d·y²+1). The denominator is
	// never zero, because -1/d is no square.
	yy := new(big.Int).Mul(y, y)
	yy.Mod(yy, fieldPrime)
	denominator := new(big.Int).Mul(curveD, yy)
	denominator.Add(denominator, one)
	denominator.ModInverse(denominator, fieldPrime)
	xx := new(big.Int).Sub(yy, one)
	xx.Mul(xx, denominator)
	xx.Mod(xx, fieldPrime)
	if big.Jacobi(xx, fieldPrime) < 0 {
		return invalidKey("Ed25519 key is not a point")
	}
	// x = 0 (y = ±1): the identity and the point of order 2, and their
	// non-canonical encodings with a sign. y = 0: the points of order 4. The
	// points of order 8 are those whose double has y = 0, that is y² = -x².
	sum := new(big.Int).Add(xx, yy)
	sum.Mod(sum, fieldPrime)
	if xx.Sign() == 0 || yy.Sign() == 0 || sum.Sign() == 0 {
		return invalidKey("Ed25519 key is of small order")
	}
	return nil
}
