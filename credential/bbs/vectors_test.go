package bbs

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cloudflare/circl/ecc/bls12381"

	"laurel/internal/testdata"
)

// octets is a JSON string of hexadecimal digits.
type octets []byte

func (o *octets) UnmarshalText(text []byte) (err error) {
	*o, err = hex.DecodeString(string(text))
	return err
}

func raw(list []octets) [][]byte {
	out := make([][]byte, len(list))
	for i, item := range list {
		out[i] = item
	}
	return out
}

// fixture reads one file of the draft's fixtures.
func fixture[T any](t *testing.T, path ...string) (v T) {
	t.Helper()
	path = append([]string{"w3c", "bbs-ietf-fixtures", "bls12-381-sha-256"}, path...)
	if err := json.Unmarshal(testdata.Read(t, path...), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// fixtures lists the files of a folder of them.
func fixtures(t *testing.T, folder string, least int) []string {
	t.Helper()
	entries, err := os.ReadDir(testdata.Shared(t, "w3c", "bbs-ietf-fixtures", "bls12-381-sha-256", folder))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) == ".json" {
			names = append(names, entry.Name())
		}
	}
	if len(names) < least {
		t.Fatalf("only %d fixtures of %s", len(names), folder)
	}
	return names
}

func scalarText(s bls12381.Scalar) string { return hex.EncodeToString(appendScalar(nil, &s)) }

func pointText(p bls12381.G1) string { return hex.EncodeToString(appendPoint(nil, &p)) }

func TestKeyVector(t *testing.T) {
	v := fixture[struct {
		KeyMaterial, KeyInfo, KeyDst octets
		KeyPair                      struct{ SecretKey, PublicKey octets }
	}](t, "keypair.json")
	key, err := KeyGen(v.KeyMaterial, v.KeyInfo, v.KeyDst)
	if err != nil || !bytes.Equal(key.Bytes(), v.KeyPair.SecretKey) {
		t.Fatalf("got key %x, %v", key.Bytes(), err)
	}
	if got := key.public.Bytes(); !bytes.Equal(got, v.KeyPair.PublicKey) {
		t.Errorf("got public key %x", got)
	}
	parsed, err := ParsePrivateKey(v.KeyPair.SecretKey)
	if err != nil || !parsed.Equal(key) {
		t.Errorf("parsing the private key: %v", err)
	}
	public, err := ParsePublicKey(v.KeyPair.PublicKey)
	if err != nil || !public.Equal(key.Public()) {
		t.Errorf("parsing the public key: %v", err)
	}
}

func TestHashVectors(t *testing.T) {
	h := fixture[struct {
		Message, Dst octets
		Scalar       string
	}](t, "h2s.json")
	if got := scalarText(hashToScalar(h.Message, string(h.Dst))); got != h.Scalar || string(h.Dst) != domainScalar {
		t.Errorf("hash_to_scalar gives %s under %s", got, h.Dst)
	}
	m := fixture[struct {
		Dst   octets
		Cases []struct {
			Message octets
			Scalar  string
		}
	}](t, "MapMessageToScalarAsHash.json")
	for _, c := range m.Cases {
		if got := scalarText(scalarsOf([][]byte{c.Message})[0]); got != c.Scalar || string(m.Dst) != domainMessage {
			t.Errorf("message %x gives %s under %s", c.Message, got, m.Dst)
		}
	}
}

func TestGeneratorVectors(t *testing.T) {
	v := fixture[struct {
		P1, Q1        string
		MsgGenerators []string
	}](t, "generators.json")
	if got := pointText(basePoint().point); got != v.P1 {
		t.Errorf("got P1 %s", got)
	}
	for i, g := range generators.first(len(v.MsgGenerators) + 1) {
		if got, want := pointText(g.point), append([]string{v.Q1}, v.MsgGenerators...)[i]; got != want {
			t.Errorf("got generator %d %s, want %s", i, got, want)
		}
	}
}

// mocked is the random source of the fixtures.
func mocked(seed octets, dst string, count int) *bytes.Reader {
	return bytes.NewReader(expand(seed, dst, uint(expandedSize*count)))
}

func TestRandomVector(t *testing.T) {
	v := fixture[struct {
		Seed, Dst     octets
		Count         int
		MockedScalars []string
	}](t, "mockedRng.json")
	scalars, err := randomScalars(mocked(v.Seed, string(v.Dst), v.Count), v.Count)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range v.MockedScalars {
		if got := scalarText(scalars[i]); got != want {
			t.Errorf("got scalar %d %s, want %s", i, got, want)
		}
	}
}

func TestSignatureVectors(t *testing.T) {
	for _, name := range fixtures(t, "signature", 10) {
		t.Run(strings.TrimSuffix(name, ".json"), func(t *testing.T) {
			v := fixture[struct {
				CaseName          string
				SignerKeyPair     struct{ SecretKey, PublicKey octets }
				Header, Signature octets
				Messages          []octets
				Result            struct{ Valid bool }
				Trace             struct{ B, Domain string }
			}](t, "signature", name)
			private, err := ParsePrivateKey(v.SignerKeyPair.SecretKey)
			if err != nil {
				t.Fatal(err)
			}
			public, err := ParsePublicKey(v.SignerKeyPair.PublicKey)
			if err != nil {
				t.Fatal(err)
			}
			err = public.Verify(v.Signature, v.Header, raw(v.Messages))
			if v.Result.Valid && err != nil || !v.Result.Valid && !errors.Is(err, ErrSignature) {
				t.Errorf("%s: %v", v.CaseName, err)
			}
			if !v.Result.Valid {
				return
			}
			made, err := private.Sign(nil, v.Header, Messages(raw(v.Messages)))
			if err != nil || !bytes.Equal(made, v.Signature) {
				t.Errorf("%s: signing gave %x, %v", v.CaseName, made, err)
			}
			s, err := newStatement(public, v.Header, len(v.Messages))
			if err != nil || scalarText(s.domain) != v.Trace.Domain {
				t.Errorf("got domain %s, %v", scalarText(s.domain), err)
			}
			scalars := scalarsOf(raw(v.Messages))
			if got := pointText(s.commitment(scalars)); got != v.Trace.B {
				t.Errorf("got B %s", got)
			}
		})
	}
}

func TestProofVectors(t *testing.T) {
	rng := fixture[struct{ Seed, Dst octets }](t, "mockedRng.json")
	for _, name := range fixtures(t, "proof", 15) {
		t.Run(strings.TrimSuffix(name, ".json"), func(t *testing.T) {
			v := fixture[struct {
				CaseName                                               string
				SignerPublicKey, Signature, Header, PresentationHeader octets
				Messages                                               []octets
				DisclosedIndexes                                       []int
				Proof                                                  octets
				Result                                                 struct{ Valid bool }
			}](t, "proof", name)
			public, err := ParsePublicKey(v.SignerPublicKey)
			if err != nil {
				t.Fatal(err)
			}
			d := Disclosure{Header: v.Header, PresentationHeader: v.PresentationHeader, Indexes: v.DisclosedIndexes}
			for _, at := range v.DisclosedIndexes {
				d.Messages = append(d.Messages, v.Messages[at])
			}
			err = public.ProofVerify(v.Proof, d)
			wrong := ErrSignature
			if !slices.IsSorted(v.DisclosedIndexes) {
				wrong = ErrInput
			}
			if v.Result.Valid && err != nil || !v.Result.Valid && !errors.Is(err, wrong) {
				t.Errorf("%s: %v", v.CaseName, err)
			}
			if !v.Result.Valid {
				return
			}
			d.Messages = raw(v.Messages)
			count := randomBlinds + len(v.Messages) - len(v.DisclosedIndexes)
			made, err := public.ProofGen(mocked(rng.Seed, string(rng.Dst), count), v.Signature, d)
			if err != nil || !bytes.Equal(made, v.Proof) {
				t.Errorf("%s: got proof %x, %v", v.CaseName, made, err)
			}
		})
	}
}
