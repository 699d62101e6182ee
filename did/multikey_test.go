package did

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mr-tron/base58"

	"laurel/credential/bbs"
)

func multibase(b ...byte) string { return "z" + base58.Encode(b) }

func join(parts ...[]byte) string { return multibase(slices.Concat(parts...)...) }

func testEd25519(t testing.TB) ed25519.PublicKey {
	t.Helper()
	key, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func testECDSA(t testing.TB, curve elliptic.Curve) *ecdsa.PublicKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &key.PublicKey
}

func testBLS(t testing.TB) *bbs.PublicKey {
	t.Helper()
	key, err := bbs.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key.Public().(*bbs.PublicKey)
}

func encode(t testing.TB, key crypto.PublicKey) string {
	t.Helper()
	s, err := EncodeMultikey(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func equal(a, b crypto.PublicKey) bool {
	e, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && e.Equal(b)
}

func TestDecodeMultikeyRefuses(t *testing.T) {
	ed := testEd25519(t)
	p256, _ := testECDSA(t, elliptic.P256()).Bytes()
	p384, _ := testECDSA(t, elliptic.P384()).Bytes()
	compressed256 := append([]byte{2 | p256[64]&1}, p256[1:33]...)
	compressed384 := append([]byte{2 | p384[96]&1}, p384[1:49]...)
	offCurve := slices.Clone(compressed256)
	for offCurve[0] = 2; ; offCurve[32]++ {
		if x, _ := elliptic.UnmarshalCompressed(elliptic.P256(), offCurve); x == nil {
			break
		}
	}
	bls := testBLS(t).Bytes()
	good := encode(t, ed)

	for _, tt := range []struct {
		name, s string
		want    error
	}{
		{"empty", "", ErrInvalidKey},
		{"z alone", "z", ErrInvalidKey},
		{"one byte", multibase(0xed), ErrInvalidKey},
		{"prefix alone", multibase(0xed, 0x01), ErrInvalidKey},
		{"no multibase", good[1:], ErrInvalidKey},
		{"other multibase", "u" + good[1:], ErrInvalidKey},
		{"Z", "Z" + good[1:], ErrInvalidKey},
		{"bad alphabet", good[:20] + "0" + good[20:], ErrInvalidKey},
		{"not ASCII", good + "é", ErrInvalidKey},
		{"space before", " " + good, ErrInvalidKey},
		{"space after", good + " ", ErrInvalidKey},
		{"leading zero byte", "z1" + good[1:], ErrInvalidKey},
		{"too long", "z" + strings.Repeat("2", maxMultikey), ErrInvalidKey},
		{"unknown prefix", join([]byte{0x99, 0x24}, ed), ErrInvalidKey},
		{"raw key", join(ed), ErrInvalidKey},
		{"short", join([]byte{0xed, 0x01}, ed[:31]), ErrInvalidKey},
		{"long", join([]byte{0xed, 0x01}, ed, []byte{0}), ErrInvalidKey},
		{"overlong varint", join([]byte{0xed, 0x81, 0x00}, ed), ErrInvalidKey},
		{"code without varint", join([]byte{0xed}, ed), ErrInvalidKey},
		{"identity", join([]byte{0xed, 0x01, 1}, make([]byte, 31)), ErrInvalidKey},
		{"zero", join([]byte{0xed, 0x01}, make([]byte, 32)), ErrInvalidKey},
		{"P-256 uncompressed", join([]byte{0x80, 0x24}, p256), ErrInvalidKey},
		{"P-256 without parity", join([]byte{0x80, 0x24}, p256[1:33]), ErrInvalidKey},
		{"P-256 hybrid", join([]byte{0x80, 0x24, 6}, p256[1:33]), ErrInvalidKey},
		{"P-256 off curve", join([]byte{0x80, 0x24}, offCurve), ErrInvalidKey},
		{"P-256 x above p", join([]byte{0x80, 0x24, 2}, slices.Repeat([]byte{0xff}, 32)), ErrInvalidKey},
		{"P-256 infinity", multibase(0x80, 0x24, 0), ErrInvalidKey},
		{"P-384 as P-256", join([]byte{0x80, 0x24}, compressed384), ErrInvalidKey},
		{"P-256 as P-384", join([]byte{0x81, 0x24}, compressed256), ErrInvalidKey},
		{"P-256 as Ed25519", join([]byte{0xed, 0x01}, compressed256), ErrInvalidKey},
		{"overlong varint of P-256", join([]byte{0x80, 0xa4, 0x00}, compressed256), ErrInvalidKey},
		{"X25519", join([]byte{0xec, 0x01}, ed), ErrUnsupportedKey},
		{"short X25519", join([]byte{0xec, 0x01}, ed[:31]), ErrInvalidKey},
		{"secp256k1", join([]byte{0xe7, 0x01}, compressed256), ErrUnsupportedKey},
		{"short secp256k1", join([]byte{0xe7, 0x01}, compressed256[:32]), ErrInvalidKey},
		{"BLS short", join([]byte{0xeb, 0x01}, bls[:95]), ErrInvalidKey},
		{"BLS long", join([]byte{0xeb, 0x01}, bls, []byte{0}), ErrInvalidKey},
		{"BLS identity", join([]byte{0xeb, 0x01, 0xc0}, make([]byte, 95)), ErrInvalidKey},
		{"BLS zero", join([]byte{0xeb, 0x01}, make([]byte, 96)), ErrInvalidKey},
		{"BLS without compression flag", join([]byte{0xeb, 0x01, bls[0] &^ 0x80}, bls[1:]), ErrInvalidKey},
		{"BLS outside the subgroup", join([]byte{0xeb, 0x01, 0x80}, make([]byte, 94), []byte{2}), ErrInvalidKey},
		{"secret BLS", join([]byte{0x8a, 0x26}, make([]byte, 32)), ErrPrivateKey},
		{"RSA", multibase(0x85, 0x24, 0x30, 0x82), ErrUnsupportedKey},
		{"secret Ed25519", join([]byte{0x80, 0x26}, ed), ErrPrivateKey},
		{"secret Ed25519 of 64 bytes", join([]byte{0x80, 0x26}, ed, ed), ErrPrivateKey},
		{"secret P-256", join([]byte{0x86, 0x26}, ed), ErrPrivateKey},
		{"secret P-384", join([]byte{0x87, 0x26}, p384[1:49]), ErrPrivateKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			key, err := DecodeMultikey(tt.s)
			if key != nil || !errors.Is(err, tt.want) {
				t.Fatalf("got %v, %v, want %v", key, err, tt.want)
			}
			if len(tt.s) > 4 && strings.Contains(err.Error(), tt.s[2:]) {
				t.Errorf("error quotes the key: %v", err)
			}
		})
	}
}

func TestEncodeMultikeyRefuses(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		key  crypto.PublicKey
		want error
	}{
		"nil":            {nil, ErrInvalidKey},
		"short":          {ed25519.PublicKey{1}, ErrInvalidKey},
		"small order":    {make(ed25519.PublicKey, 32), ErrInvalidKey},
		"RSA":            {&private.PublicKey, ErrUnsupportedKey},
		"private":        {private, ErrPrivateKey},
		"P-521":          {testECDSA(t, elliptic.P521()), ErrUnsupportedKey},
		"no BLS point":   {new(bbs.PublicKey), ErrInvalidKey},
		"nil BLS":        {(*bbs.PublicKey)(nil), ErrInvalidKey},
		"private BLS":    {new(bbs.PrivateKey), ErrPrivateKey},
		"ECDSA by value": {*testECDSA(t, elliptic.P256()), ErrUnsupportedKey},
	} {
		if s, err := EncodeMultikey(tt.key); s != "" || !errors.Is(err, tt.want) {
			t.Errorf("%s: %q, %v, want %v", name, s, err, tt.want)
		}
	}
}

func TestMultikeyRoundTrip(t *testing.T) {
	for range 50 {
		for prefix, key := range map[string]crypto.PublicKey{
			"z6Mk": testEd25519(t), "zDn": testECDSA(t, elliptic.P256()), "z82": testECDSA(t, elliptic.P384()), "zUC": testBLS(t),
		} {
			s := encode(t, key)
			back, err := DecodeMultikey(s)
			if err != nil || !equal(key, back) || !strings.HasPrefix(s, prefix) {
				t.Errorf("%s: %v, %v", s, back, err)
			}
		}
	}
}

func FuzzDecodeMultikey(f *testing.F) {
	f.Add(encode(f, testEd25519(f)))
	f.Add(encode(f, testECDSA(f, elliptic.P256())))
	f.Add(encode(f, testECDSA(f, elliptic.P384())))
	f.Add(encode(f, testBLS(f)))
	f.Add(multibase(0xec, 0x01, 0))
	f.Add("z1")
	f.Fuzz(func(t *testing.T, s string) {
		key, err := DecodeMultikey(s)
		if err != nil {
			if key != nil || !errors.Is(err, ErrInvalidKey) && !errors.Is(err, ErrUnsupportedKey) {
				t.Fatalf("%q: %v, %v", s, key, err)
			}
			return
		}
		if back, err := EncodeMultikey(key); err != nil || back != s {
			t.Fatalf("%q became %q, %v", s, back, err)
		}
	})
}
