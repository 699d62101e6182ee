//go:build pkcs11

package hsmkeys

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/miekg/pkcs11"

	"laurel/internal/keys"
)

// What PKCS #11 v3.0 has for Edwards curves, which the library knows no names of.
const (
	keyTypeEdwards      = 0x40
	mechanismEdwardsGen = 0x1055
	mechanismEdDSA      = 0x1057
)

// kind is how a token makes keys of an algorithm.
type kind struct {
	keyType  uint
	generate uint
	// parameters are what the public half needs to say, in the forms that tokens
	// want it in, the likeliest first.
	parameters [][]*pkcs11.Attribute
}

// DER of what names curves.
var (
	curveP256       = []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}
	curveP384       = []byte{0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22}
	curveEdwards    = append([]byte{0x13, 0x0c}, "edwards25519"...)
	curveEdwardsOID = []byte{0x06, 0x03, 0x2b, 0x65, 0x70} // RFC 8410
)

var kinds = map[string]kind{
	keys.Ed25519: {keyTypeEdwards, mechanismEdwardsGen, [][]*pkcs11.Attribute{curve(curveEdwards), curve(curveEdwardsOID)}},
	keys.P256:    {pkcs11.CKK_EC, pkcs11.CKM_EC_KEY_PAIR_GEN, [][]*pkcs11.Attribute{curve(curveP256)}},
	keys.P384:    {pkcs11.CKK_EC, pkcs11.CKM_EC_KEY_PAIR_GEN, [][]*pkcs11.Attribute{curve(curveP384)}},
	keys.RSA2048: {pkcs11.CKK_RSA, pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, [][]*pkcs11.Attribute{{
		pkcs11.NewAttribute(pkcs11.CKA_MODULUS_BITS, 2048), pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}),
	}}},
}

func curve(der []byte) []*pkcs11.Attribute {
	return []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, der)}
}

// signer is one key of a token.
type signer struct {
	token  *Token
	id     []byte
	public crypto.PublicKey
}

// open finds the key and reads its public half.
func (s *signer) open(session pkcs11.SessionHandle) error {
	if _, err := s.token.object(session, pkcs11.CKO_PRIVATE_KEY, s.id); err != nil {
		return err
	}
	object, err := s.token.object(session, pkcs11.CKO_PUBLIC_KEY, s.id)
	if err != nil {
		return err
	}
	read := func(types ...uint) ([][]byte, error) {
		wanted := make([]*pkcs11.Attribute, len(types))
		for i, t := range types {
			wanted[i] = pkcs11.NewAttribute(t, nil)
		}
		got, err := s.token.module.GetAttributeValue(session, object, wanted)
		if err != nil {
			return nil, err
		}
		values := make([][]byte, len(got))
		for i, attribute := range got {
			values[i] = attribute.Value
		}
		return values, nil
	}
	if values, err := read(pkcs11.CKA_MODULUS, pkcs11.CKA_PUBLIC_EXPONENT); err == nil && len(values[0]) > 0 {
		exponent := new(big.Int).SetBytes(values[1])
		if !exponent.IsInt64() || exponent.Int64() > 1<<31-1 {
			return errors.New("the token has a key of an odd exponent")
		}
		s.public = &rsa.PublicKey{N: new(big.Int).SetBytes(values[0]), E: int(exponent.Int64())}
		return nil
	}
	values, err := read(pkcs11.CKA_EC_PARAMS, pkcs11.CKA_EC_POINT)
	if err != nil {
		return err
	}
	s.public, err = point(string(values[0]), values[1])
	return err
}

// point reads the public key of a curve. Tokens write it bare, or as the OCTET
// STRING that the standard has.
func point(curve string, value []byte) (crypto.PublicKey, error) {
	var inside []byte
	if rest, err := asn1.Unmarshal(value, &inside); err == nil && len(rest) == 0 {
		value = inside
	}
	switch curve {
	case string(curveEdwards), string(curveEdwardsOID):
		if len(value) == ed25519.PublicKeySize {
			return ed25519.PublicKey(value), nil
		}
	case string(curveP256):
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), value)
	case string(curveP384):
		return ecdsa.ParseUncompressedPublicKey(elliptic.P384(), value)
	}
	return nil, errors.New("the token has a key of another kind")
}

// Public implements crypto.Signer.
func (s *signer) Public() crypto.PublicKey { return s.public }

// digestInfo begins what RSA signs of a SHA-256 digest (RFC 8017 §9.2).
var digestInfo = []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}

// Sign implements crypto.Signer: of Ed25519 for a message, of P-256, P-384 and
// RSA (PKCS #1 v1.5 with SHA-256) for a digest. The token brings its own
// randomness.
func (s *signer) Sign(_ io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, error) {
	mechanism, input := uint(0), digest
	_, pss := options.(*rsa.PSSOptions)
	switch s.public.(type) {
	case ed25519.PublicKey:
		if mechanism = mechanismEdDSA; options.HashFunc() != 0 {
			return nil, fmt.Errorf("signing: %w: Ed25519 of a digest", keys.ErrAlgorithm)
		}
	case *ecdsa.PublicKey:
		if mechanism = pkcs11.CKM_ECDSA; options.HashFunc().Size() != len(digest) {
			return nil, fmt.Errorf("signing: %w: not a digest", keys.ErrAlgorithm)
		}
	default:
		if mechanism = pkcs11.CKM_RSA_PKCS; pss || options.HashFunc() != crypto.SHA256 || len(digest) != crypto.SHA256.Size() {
			return nil, fmt.Errorf("signing: %w: RSA in another way than RS256", keys.ErrAlgorithm)
		}
		input = append(append([]byte(nil), digestInfo...), digest...)
	}
	var signature []byte
	err := s.token.with(context.Background(), func(session pkcs11.SessionHandle) error {
		object, err := s.token.object(session, pkcs11.CKO_PRIVATE_KEY, s.id)
		if err == nil {
			err = s.token.module.SignInit(session, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}, object)
		}
		if err == nil {
			signature, err = s.token.module.Sign(session, input)
		}
		return err
	})
	if err != nil {
		return nil, unavailable("signing by token", err)
	}
	if _, ok := s.public.(*ecdsa.PublicKey); !ok {
		return signature, nil
	}
	half := len(signature) / 2
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])})
}
