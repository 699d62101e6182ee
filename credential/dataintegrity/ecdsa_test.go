package dataintegrity

import (
	"crypto"
	"crypto/ecdsa"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"slices"
	"testing"

	"github.com/mr-tron/base58"
)

// TestECDSASignatures has DI-13, JW-14 and the forms of a signature.
func TestECDSASignatures(t *testing.T) {
	suites := closed(t)
	for _, s := range signings {
		key, isECDSA := s.key.(*ecdsa.PrivateKey)
		if !isECDSA {
			continue
		}
		signed := s.sign(t, badge, Options{Created: created})
		value := parse(t, []byte(signed)).Get("proof").Get("proofValue").Text()
		fixed := mustDecode(t, value[1:])
		size := len(fixed) / 2
		order := key.Params().N
		r, sc := new(big.Int).SetBytes(fixed[:size]), new(big.Int).SetBytes(fixed[size:])
		scalars := func(r, s *big.Int) string {
			return "z" + base58.Encode(append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...))
		}
		der, err := asn1.Marshal(ecdsaSignature{r, sc})
		if err != nil {
			t.Fatal(err)
		}
		zero := new(big.Int)
		for name, c := range map[string]struct {
			value string
			want  error
		}{
			"as it is":         {value, nil},
			"the other s":      {scalars(r, new(big.Int).Sub(order, sc)), nil},
			"r and s swapped":  {scalars(sc, r), ErrSignature},
			"zeros":            {scalars(zero, zero), ErrSignature},
			"r zero":           {scalars(zero, sc), ErrSignature},
			"s zero":           {scalars(r, zero), ErrSignature},
			"r the order":      {scalars(order, sc), ErrSignature},
			"s the order":      {scalars(r, order), ErrSignature},
			"all bits":         {"z" + base58.Encode(slices.Repeat([]byte{0xff}, 2*size)), ErrSignature},
			"ASN.1":            {"z" + base58.Encode(der), ErrMalformedProof},
			"a byte less":      {"z" + base58.Encode(fixed[1:]), ErrMalformedProof},
			"a byte more":      {"z" + base58.Encode(append([]byte{0}, fixed...)), ErrMalformedProof},
			"of 64 or 96":      {"z" + base58.Encode(make([]byte, 160-2*size)), ErrMalformedProof},
			"base64url":        {"u" + base64.RawURLEncoding.EncodeToString(fixed), ErrMalformedProof},
			"a leading 1":      {"z1" + value[1:], ErrMalformedProof},
			"nothing":          {"z", ErrMalformedProof},
			"capital Z":        {"Z" + value[1:], ErrMalformedProof},
			"no base at start": {value[1:], ErrMalformedProof},
		} {
			document := proofWith(t, signed, "proofValue", `"`+c.value+`"`)
			if err := s.verify(suites, []byte(document), Expect{}); !errors.Is(err, c.want) {
				t.Errorf("%s, %s: got %v, want %v", s.name, name, err, c.want)
			}
		}
	}
}

// oddSigner signs with its key and hands out something else.
type oddSigner struct {
	*ecdsa.PrivateKey
	change func(r, s *big.Int) []byte
}

func (o oddSigner) Sign(random io.Reader, data []byte, options crypto.SignerOpts) ([]byte, error) {
	encoded, err := o.PrivateKey.Sign(random, data, options)
	if err != nil {
		return nil, err
	}
	var signature ecdsaSignature
	if _, err := asn1.Unmarshal(encoded, &signature); err != nil {
		return nil, err
	}
	return o.change(signature.R, signature.S), nil
}

func encode(r, s *big.Int) []byte {
	data, err := asn1.Marshal(ecdsaSignature{r, s})
	if err != nil {
		panic(err)
	}
	return data
}

// TestOddSigners: a key store that returns no signature makes no proof.
func TestOddSigners(t *testing.T) {
	order := p256Key.Params().N
	for name, change := range map[string]func(r, s *big.Int) []byte{
		"nothing": func(_, _ *big.Int) []byte { return nil },
		"fixed length": func(r, s *big.Int) []byte {
			return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		},
		"more behind":   func(r, s *big.Int) []byte { return append(encode(r, s), 0) },
		"r too large":   func(r, s *big.Int) []byte { return encode(new(big.Int).Add(r, order), s) },
		"s very large":  func(r, _ *big.Int) []byte { return encode(r, new(big.Int).Lsh(order, 300)) },
		"s negative":    func(r, s *big.Int) []byte { return encode(r, new(big.Int).Neg(s)) },
		"r zero":        func(_, s *big.Int) []byte { return encode(new(big.Int), s) },
		"three numbers": func(r, s *big.Int) []byte { return mustMarshal([]*big.Int{r, s, s}) },
		"one number":    func(r, _ *big.Int) []byte { return mustMarshal([]*big.Int{r}) },
	} {
		options := Options{Cryptosuite: ECDSARDFC2019, VerificationMethod: method}
		got, err := closed(t).Sign(ctx, []byte(badge), oddSigner{p256Key, change}, options)
		if !errors.Is(err, ErrKeyType) || got != nil {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	// Short numbers keep their place.
	short := func(_, _ *big.Int) []byte { return encode(big.NewInt(1), big.NewInt(2)) }
	value, err := signECDSA(oddSigner{p256Key, short}, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if fixed := mustDecode(t, value[1:]); len(fixed) != 64 || fixed[31] != 1 || fixed[63] != 2 {
		t.Errorf("got %x", fixed)
	}
}

func mustMarshal(v any) []byte {
	data, err := asn1.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// TestECDSARandomness: two proofs differ, and both hold.
func TestECDSARandomness(t *testing.T) {
	one, err := signECDSA(p384Key, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	two, err := signECDSA(p384Key, []byte("x"))
	if err != nil || one == two {
		t.Errorf("%s twice, %v", one, err)
	}
	for _, value := range []string{one, two} {
		if err := verifyECDSA(p384Key.Public(), []byte("x"), value); err != nil {
			t.Error(err)
		}
	}
	if err := verifyECDSA(p384Key.Public(), []byte("y"), one); !errors.Is(err, ErrSignature) {
		t.Error(err)
	}
}
