package keys

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
)

func TestSecretsMakeTheSameKeyAgain(t *testing.T) {
	for _, algorithm := range []string{Ed25519, P256, P384, RSA2048, BLS12381G2} {
		t.Run(algorithm, func(t *testing.T) {
			secret, err := Generate(rand.Reader, algorithm)
			if err != nil {
				t.Fatal(err)
			}
			first, err := Signer(algorithm, secret)
			if err != nil {
				t.Fatal(err)
			}
			second, err := Signer(algorithm, secret)
			if err != nil {
				t.Fatal(err)
			}
			equal, ok := first.Public().(interface{ Equal(x any) bool })
			if ok && !equal.Equal(second.Public()) {
				t.Error("two keys of one secret")
			}
			other, err := Generate(rand.Reader, algorithm)
			if err != nil {
				t.Fatal(err)
			}
			if string(other) == string(secret) {
				t.Error("the same secret twice")
			}
			for _, wrong := range [][]byte{nil, secret[1:], append([]byte{0}, secret...), make([]byte, len(secret))} {
				if algorithm == Ed25519 && len(wrong) == len(secret) {
					continue // every seed is one
				}
				key, err := Signer(algorithm, wrong)
				if err == nil {
					t.Errorf("%d bytes make a key: %T", len(wrong), key)
				} else if len(wrong) > 8 && strings.Contains(err.Error(), string(wrong)) {
					t.Error("the error shows the secret")
				}
			}
		})
	}
}

func TestOtherAlgorithmsAreRefused(t *testing.T) {
	for _, algorithm := range []string{"", "P-521", "ed25519", "secp256k1"} {
		if _, err := Generate(rand.Reader, algorithm); !errors.Is(err, ErrAlgorithm) {
			t.Errorf("Generate(%q): %v", algorithm, err)
		}
		if _, err := Signer(algorithm, make([]byte, 32)); !errors.Is(err, ErrAlgorithm) {
			t.Errorf("Signer(%q): %v", algorithm, err)
		}
	}
}
