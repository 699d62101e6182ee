package jose

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"math/big"
	"testing"
)

// littleEndian encodes y with the sign of x.
func littleEndian(y *big.Int, sign byte) ed25519.PublicKey {
	b := y.FillBytes(make([]byte, 32))
	for i := range 16 {
		b[i], b[31-i] = b[31-i], b[i]
	}
	b[31] |= sign << 7
	return b
}

func TestCheckEd25519Refuses(t *testing.T) {
	// The y coordinates of the points of order 8, as published with the attacks
	// on them; everything else about the table is arithmetic.
	order8 := []string{
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	}
	keys := map[string]ed25519.PublicKey{
		"nil": nil, "short": make([]byte, 31), "long": make([]byte, 33),
	}
	for _, sign := range []byte{0, 1} {
		name := []string{" positive", " negative"}[sign]
		for _, s := range order8 {
			b, err := hex.DecodeString(s)
			if err != nil {
				t.Fatal(err)
			}
			b[31] |= sign << 7
			keys["order 8 "+s[:4]+name] = b
		}
		keys["identity"+name] = littleEndian(one, sign)
		keys["order 4"+name] = littleEndian(new(big.Int), sign)
		keys["order 2"+name] = littleEndian(new(big.Int).Sub(fieldPrime, one), sign)
		// y = p … 2^255-1 are 0 … 18 once more.
		for i := range int64(19) {
			keys["not canonical"+name+big.NewInt(i).String()] = littleEndian(new(big.Int).Add(fieldPrime, big.NewInt(i)), sign)
		}
	}
	for name, key := range keys {
		t.Run(name, func(t *testing.T) {
			if err := CheckEd25519(key); !errors.Is(err, ErrInvalidKey) {
				t.Errorf("%x: %v", []byte(key), err)
			}
		})
	}
}

// About half of all y have no x.
func TestCheckEd25519KnowsTheCurve(t *testing.T) {
	points := 0
	for y := int64(2); y < 1002; y++ {
		key := littleEndian(big.NewInt(y), 0)
		onCurve := CheckEd25519(key) == nil
		if onCurve {
			points++
		}
		// crypto/ed25519 says whether it can decompress a key only by the time
		// it takes; the equation itself is the oracle here.
		if want := hasX(big.NewInt(y)); onCurve != want {
			t.Errorf("y = %d: %v, want %v", y, onCurve, want)
		}
	}
	if points < 400 || points > 600 {
		t.Errorf("%d of 1000 on the curve", points)
	}
}

// hasX solves the curve equation for x by another way than the code under test.
func hasX(y *big.Int) bool {
	yy := new(big.Int).Mul(y, y)
	u := new(big.Int).Sub(yy, one)
	v := new(big.Int).Mul(curveD, yy)
	v.Add(v, one)
	xx := u.Mul(u, v.ModInverse(v.Mod(v, fieldPrime), fieldPrime))
	return new(big.Int).ModSqrt(xx.Mod(xx, fieldPrime), fieldPrime) != nil
}

func TestCheckEd25519AcceptsKeys(t *testing.T) {
	seed := make([]byte, ed25519.SeedSize)
	for i := range 200 {
		seed[0] = byte(i)
		key := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
		if err := CheckEd25519(key); err != nil {
			t.Fatalf("%x: %v", []byte(key), err)
		}
	}
}

// The attack that CheckEd25519 stands against: under the identity as key, R =
// identity and S = 0 hold for every message.
func TestIdentityKeyVerifiesAnything(t *testing.T) {
	identity := littleEndian(one, 0)
	signature := append(append([]byte{}, identity...), make([]byte, 32)...)
	if CheckEd25519(identity) == nil {
		t.Error("the identity is accepted as a key")
	}
	if !ed25519.Verify(identity, []byte("any message"), signature) {
		t.Log("crypto/ed25519 now refuses the identity itself")
	}
}

func BenchmarkCheckEd25519(b *testing.B) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey)
	for b.Loop() {
		if err := CheckEd25519(key); err != nil {
			b.Fatal(err)
		}
	}
}
