package jose

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"slices"
	"testing"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// signAs signs any header and payload with an algorithm, past every check.
func signAs(t testing.TB, alg, header, payload string) (token []byte, public crypto.PublicKey) {
	t.Helper()
	input := b64([]byte(`{"alg":"`+alg+`"`+header+`}`)) + "." + b64([]byte(payload))
	row, _ := algorithmNamed(alg)
	var signature []byte
	var err error
	if row.pss {
		key := testSigners()["RS256"].(*rsa.PrivateKey)
		hash := crypto.SHA256.New()
		hash.Write([]byte(input))
		public = key.Public()
		signature, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, hash.Sum(nil), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	} else {
		name := alg
		if alg == "Ed25519" {
			name = "EdDSA"
		}
		public = testSigners()[name].Public()
		_, signature, err = CreateSignature(rand.Reader, testSigners()[name], []byte(input))
	}
	if err != nil {
		t.Fatal(err)
	}
	return []byte(input + "." + b64(signature)), public
}

// edit is a change of one byte.
type edit byte

const (
	keep edit = iota
	replace
	insert
	remove
	edits
)

func (e edit) apply(data []byte, at int, by byte) []byte {
	at %= len(data)
	switch e % edits {
	case replace:
		data = bytes.Clone(data)
		data[at] = by
	case insert:
		data = slices.Insert(bytes.Clone(data), at, by)
	case remove:
		data = slices.Delete(bytes.Clone(data), at, at+1)
	}
	return data
}

// otherVerifies is the judgement of another implementation.
func otherVerifies(alg string, token []byte, key crypto.PublicKey) ([]byte, error) {
	if alg == "Ed25519" { // a name that it does not know
		parts := bytes.Split(token, []byte("."))
		signature, err := base64.RawURLEncoding.DecodeString(string(parts[2]))
		if err != nil || !ed25519.Verify(key.(ed25519.PublicKey), bytes.Join(parts[:2], []byte(".")), signature) {
			return nil, ErrSignature
		}
		return base64.RawURLEncoding.DecodeString(string(parts[1]))
	}
	return jws.Verify(token, jws.WithKey(jwa.SignatureAlgorithm(alg), key))
}

// FuzzVerifyDifferential: what passes the gate and verifies here, verifies in
// jwx, and has the same payload; and whatever was changed does not verify.
func FuzzVerifyDifferential(f *testing.F) {
	for i := range algorithms {
		for e := range edits {
			for _, at := range []uint16{3, 20, 60, 65000} {
				f.Add(uint8(i), `,"kid":"did:example:1#k","typ":"JWT"`, `{"iss":"a"}`, byte(e), at, byte('A'))
			}
		}
		f.Add(uint8(i), `,"alg":"none"`, `{}`, byte(keep), uint16(0), byte(0))
		f.Add(uint8(i), `,"crit":["b64"],"b64":false`, `{}`, byte(keep), uint16(0), byte(0))
		f.Add(uint8(i), `,"x":"\ud83d\ude00"`, ` {"a":1e2} `, byte(keep), uint16(0), byte(0))
	}
	f.Fuzz(func(t *testing.T, which uint8, header, payload string, how byte, at uint16, by byte) {
		alg := algorithms[int(which)%len(algorithms)].name
		good, public := signAs(t, alg, header, payload)
		token := edit(how).apply(good, int(at), by)
		j, err := Parse(token)
		if err == nil {
			err = j.Verify(public)
		}
		if err != nil {
			if j != nil && edit(how)%edits == keep {
				t.Fatalf("%s: what was just signed does not verify: %v", alg, err)
			}
			return
		}
		if !bytes.Equal(token, good) {
			t.Fatalf("%s: %q verifies, %q was signed", alg, token, good)
		}
		other, err := otherVerifies(j.Header.Algorithm, token, public)
		if err != nil {
			t.Fatalf("%s: verified here, and there %v: %s", alg, err, token)
		}
		if !bytes.Equal(other, j.Payload) {
			t.Fatalf("%s: the payload is %q here and %q there", alg, j.Payload, other)
		}
	})
}
