package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"

	"laurel/credential/strictjson"
)

// KeyPair is a key as a conformance suite or an operator gives it in one JWK.
type KeyPair struct {
	Public crypto.PublicKey
	// Signer is nil when the JWK has the public part only.
	Signer crypto.Signer
}

// ParseKeyPair reads a JWK that may have the private part: Ed25519, P-256,
// P-384, RSA with its two primes, or P-521. Of the last this is the only reader:
// the suite of VC-JOSE-COSE signs with it, badges do not, and ParseJWK refuses
// it. The private part must belong to the public one.
//
// Errors are those of ParseJWK. They never quote the key.
func ParseKeyPair(v strictjson.Value) (KeyPair, error) {
	if v.Kind() != strictjson.Object || len(v.Raw()) > maxJWK {
		return KeyPair{}, invalidKey("a JWK is an object of at most %d bytes", maxJWK)
	}
	private, hasPrivate := v.Member("d")
	curve := v.Get("crv").Text()
	if !hasPrivate && curve != p521.crv {
		public, err := ParseJWK(v)
		return KeyPair{Public: public}, err
	}
	k := p521
	if curve != p521.crv {
		var err error
		if k, err = kindOf(v); err != nil {
			return KeyPair{}, err
		}
	} else if !v.Get("kty").Is(k.kty) {
		return KeyPair{}, invalidKey("crv of a JWK does not belong to its kty")
	}
	members, err := k.members(v)
	if err != nil {
		return KeyPair{}, err
	}
	public, err := k.loadAny(members)
	if err != nil || !hasPrivate {
		return KeyPair{Public: public}, err
	}
	var signer crypto.Signer
	if rs, isRSA := public.(*rsa.PublicKey); isRSA {
		signer, err = signerOfRSA(v, rs)
	} else {
		signer, err = k.signer(private)
	}
	if err != nil {
		return KeyPair{}, err
	}
	if !signer.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(public) {
		return KeyPair{}, invalidKey("the private part of a JWK is not that of its public part")
	}
	return KeyPair{Public: public, Signer: signer}, nil
}

// p521 is the row that the table of supported keys does not have.
var p521 = kind{kty: "EC", crv: "P-521", algorithms: []string{"ES512"}, size: 66, curve: elliptic.P521()}

// loadAny is load for a row that may be p521.
func (k kind) loadAny(members map[string]string) (crypto.PublicKey, error) {
	if k.crv != p521.crv {
		return k.load(members)
	}
	point := []byte{4}
	for _, name := range []string{"x", "y"} {
		decoded, err := decodeBase64(members[name])
		if err != nil {
			return nil, invalidKey("member %q of a JWK is not base64url", name)
		}
		point = append(point, decoded...)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P521(), point)
	if err != nil {
		return nil, invalidKey("JWK is not on %s", k.crv)
	}
	return key, nil
}

// signer makes the private key from the member d.
func (k kind) signer(d strictjson.Value) (crypto.Signer, error) {
	decoded, err := decodeBase64(d.Text())
	if err != nil || len(decoded) != k.size {
		return nil, invalidKey(`member "d" of a JWK has the wrong form or length`)
	}
	if k.curve == nil {
		return ed25519.NewKeyFromSeed(decoded), nil
	}
	key, err := ecdsa.ParseRawPrivateKey(k.curve, decoded)
	if err != nil {
		return nil, invalidKey("JWK is not a private key of %s", k.crv)
	}
	return key, nil
}

// signerOfRSA makes the private key from the members d, p and q (RFC 7518
// §6.3.2). The others can be computed, and are not read.
func signerOfRSA(v strictjson.Value, public *rsa.PublicKey) (crypto.Signer, error) {
	if v.Get("oth").Exists() {
		return nil, &UnsupportedKeyError{Kind: "RSA with more than two primes"}
	}
	var numbers [3]*big.Int
	for i, name := range []string{"d", "p", "q"} {
		decoded, err := decodeBase64(v.Get(name).Text())
		if err != nil || len(decoded) == 0 || len(decoded) > maxRSABits/8 {
			return nil, invalidKey("member %q of a JWK has the wrong form or length", name)
		}
		numbers[i] = new(big.Int).SetBytes(decoded)
	}
	key := &rsa.PrivateKey{PublicKey: *public, D: numbers[0], Primes: numbers[1:]}
	err := guard(func() error {
		key.Precompute()
		return key.Validate()
	})
	if err != nil {
		return nil, invalidKey("JWK is not a private key of RSA")
	}
	return key, nil
}
