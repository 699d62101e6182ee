package bbs

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/cloudflare/circl/ecc/bls12381"
)

var _ crypto.Signer = (*PrivateKey)(nil)

// testKey is a key from a fixed seed.
func testKey(t testing.TB, seed byte) *PrivateKey {
	t.Helper()
	key, err := KeyGen(bytes.Repeat([]byte{seed}, 32), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// numbered are count different messages.
func numbered(count int) [][]byte {
	messages := make([][]byte, count)
	for i := range messages {
		messages[i] = fmt.Append(nil, "message ", i)
	}
	return messages
}

func sign(t testing.TB, key *PrivateKey, header []byte, messages [][]byte) []byte {
	t.Helper()
	signature, err := key.Sign(nil, header, Messages(messages))
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// order is the order of the groups, big endian.
func order() []byte { return bls12381.Order() }

// outsideG2 is a point of the curve of G2 that is not in the group.
func outsideG2(t testing.TB) []byte {
	t.Helper()
	for x := byte(1); x < 200; x++ {
		data := make([]byte, PublicKeySize)
		data[0], data[PublicKeySize-1] = 0x80, x
		// Only the check of the subgroup tells it from a good one: most of the
		// points of the curve are outside.
		if _, err := ParsePublicKey(data); err == nil {
			t.Fatalf("a point with x = %d is in the group", x)
		}
	}
	data := make([]byte, PublicKeySize)
	data[0], data[PublicKeySize-1] = 0x80, 2
	return data
}

func TestRefusesKeys(t *testing.T) {
	good := testKey(t, 1).public.Bytes()
	flip := func(bit byte) []byte {
		data := bytes.Clone(good)
		data[0] ^= bit
		return data
	}
	var uncompressed bls12381.G2
	if err := uncompressed.SetBytes(good); err != nil {
		t.Fatal(err)
	}
	modulus, _ := hex.DecodeString("1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab")
	modulus[0] |= 0x80
	for name, data := range map[string][]byte{
		"nothing":             nil,
		"one byte short":      good[:95],
		"one byte long":       append(bytes.Clone(good), 0),
		"uncompressed":        uncompressed.Bytes(),
		"not compressed flag": flip(0x80),
		"infinity flag":       flip(0x40),
		"identity":            append([]byte{0xc0}, make([]byte, 95)...),
		"identity with sign":  append([]byte{0xe0}, make([]byte, 95)...),
		"identity with rest":  append(append([]byte{0xc0}, make([]byte, 94)...), 1),
		"zeros":               make([]byte, 96),
		"outside the group":   outsideG2(t),
		"x too large":         append(modulus, make([]byte, 48)...),
		"all ones":            bytes.Repeat([]byte{0xff}, 96),
	} {
		if key, err := ParsePublicKey(data); !errors.Is(err, ErrKey) || key != nil {
			t.Errorf("public key, %s: %v", name, err)
		}
	}
	// The other sign is the opposite point: another key.
	other, err := ParsePublicKey(flip(0x20))
	if err != nil || other.Equal(testKey(t, 1).public) {
		t.Errorf("the opposite point: %v", err)
	}
	above := order()
	above[31]++
	for name, data := range map[string][]byte{
		"nothing": nil, "zero": make([]byte, 32), "the order": order(), "above": above,
		"short": bytes.Repeat([]byte{1}, 31), "long": bytes.Repeat([]byte{1}, 33), "all ones": bytes.Repeat([]byte{0xff}, 32),
	} {
		if key, err := ParsePrivateKey(data); !errors.Is(err, ErrKey) || key != nil {
			t.Errorf("private key, %s: %v", name, err)
		}
	}
	if _, err := KeyGen(make([]byte, 31), nil, nil); !errors.Is(err, ErrKey) {
		t.Errorf("too little key material: %v", err)
	}
	if _, err := KeyGen(make([]byte, 32), make([]byte, 1<<16), nil); !errors.Is(err, ErrKey) {
		t.Errorf("too much key information: %v", err)
	}
	if _, err := KeyGen(make([]byte, 32), nil, make([]byte, 256)); !errors.Is(err, ErrKey) {
		t.Errorf("too long a domain: %v", err)
	}
}

func TestKeepsKeysOutOfTexts(t *testing.T) {
	key := testKey(t, 7)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		if text := fmt.Sprintf(format, key); text != "BBS private key" {
			t.Errorf("%s writes %s", format, text)
		}
	}
	if key.Equal(testKey(t, 8)) || !key.Equal(testKey(t, 7)) || key.Equal(nil) || key.public.Equal(nil) {
		t.Error("keys are compared wrongly")
	}
	generated, err := GenerateKey(rand.Reader)
	if err != nil || generated.Equal(key) {
		t.Errorf("generating: %v", err)
	}
	if _, err := GenerateKey(iotest.ErrReader(errors.New("broken"))); err == nil {
		t.Error("a key was generated without randomness")
	}
}

// TestZeroKeyVerifiesNothing: the zero PublicKey would be the identity, for
// which anybody can sign.
func TestZeroKeyVerifiesNothing(t *testing.T) {
	signature := sign(t, testKey(t, 1), nil, nil)
	for _, key := range []*PublicKey{nil, {}} {
		if err := key.Verify(signature, nil, nil); !errors.Is(err, ErrInput) {
			t.Errorf("verifying: %v", err)
		}
		if _, err := key.ProofGen(rand.Reader, signature, Disclosure{}); !errors.Is(err, ErrInput) {
			t.Errorf("making a proof: %v", err)
		}
	}
	if _, err := new(PrivateKey).Sign(nil, nil, Messages{}); !errors.Is(err, ErrInput) {
		t.Errorf("signing: %v", err)
	}
}

func TestRefusesSigning(t *testing.T) {
	key := testKey(t, 1)
	if _, err := key.Sign(nil, nil, Messages(numbered(MaxMessages+1))); !errors.Is(err, ErrLimit) {
		t.Errorf("too many messages: %v", err)
	}
	if _, err := key.Sign(nil, make([]byte, 32), crypto.SHA256); !errors.Is(err, ErrInput) {
		t.Errorf("signing a hash: %v", err)
	}
}

// malformations are encodings that stand in no signature or proof: the points
// and scalars at the given offsets are replaced.
func malformations(good []byte, points, scalars []int) map[string][]byte {
	bad := map[string][]byte{
		"nothing": nil, "short": good[:len(good)-1], "long": append(bytes.Clone(good), 0), "zeros": make([]byte, len(good)),
	}
	put := func(name string, at int, with []byte) {
		data := bytes.Clone(good)
		copy(data[at:], with)
		bad[fmt.Sprint(name, " at ", at)] = data
	}
	for _, at := range points {
		put("identity", at, append([]byte{0xc0}, make([]byte, 47)...))
		put("point outside the group", at, append(append([]byte{0x80}, make([]byte, 46)...), 4))
		put("uncompressed flag", at, []byte{good[at] &^ 0x80})
		put("large x", at, bytes.Repeat([]byte{0x9f}, 48))
	}
	for _, at := range scalars {
		put("zero", at, make([]byte, 32))
		put("order", at, order())
		put("ones", at, bytes.Repeat([]byte{0xff}, 32))
	}
	return bad
}

func TestRefusesMalformedSignatures(t *testing.T) {
	key, messages := testKey(t, 1), numbered(2)
	good := sign(t, key, nil, messages)
	for name, signature := range malformations(good, []int{0}, []int{48}) {
		if err := key.public.Verify(signature, nil, messages); !errors.Is(err, ErrEncoding) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := key.public.ProofGen(rand.Reader, signature, Disclosure{Messages: messages}); !errors.Is(err, ErrEncoding) {
			t.Errorf("making a proof, %s: %v", name, err)
		}
	}
}

func TestRefusesMalformedProofs(t *testing.T) {
	key, messages := testKey(t, 1), numbered(3)
	d := Disclosure{Messages: messages, Indexes: []int{1}}
	good, err := key.public.ProofGen(rand.Reader, sign(t, key, nil, messages), d)
	if err != nil {
		t.Fatal(err)
	}
	d.Messages = messages[1:2]
	if err := key.public.ProofVerify(good, d); err != nil {
		t.Fatal(err)
	}
	for name, proof := range malformations(good, []int{0, 48, 96}, []int{144, 176, 208, 240, 272, 304}) {
		if err := key.public.ProofVerify(proof, d); !errors.Is(err, ErrEncoding) {
			t.Errorf("%s: %v", name, err)
		}
	}
	huge := append(bytes.Clone(good), make([]byte, scalarSize*MaxMessages)...)
	if err := key.public.ProofVerify(huge, d); !errors.Is(err, ErrLimit) {
		t.Errorf("a proof over too many messages: %v", err)
	}
}

func TestRefusesDisclosures(t *testing.T) {
	key, messages := testKey(t, 1), numbered(3)
	signature := sign(t, key, nil, messages)
	proof, err := key.public.ProofGen(rand.Reader, signature, Disclosure{Messages: messages, Indexes: []int{0, 2}})
	if err != nil {
		t.Fatal(err)
	}
	for _, indexes := range [][]int{{1, 1}, {2, 1}, {-1}, {3}, {0, 1, 2, 3}, {0, 1 << 62}} {
		if _, err := key.public.ProofGen(rand.Reader, signature, Disclosure{Messages: messages, Indexes: indexes}); !errors.Is(err, ErrInput) {
			t.Errorf("making a proof with indexes %d: %v", indexes, err)
		}
		d := Disclosure{Messages: make([][]byte, len(indexes)), Indexes: indexes}
		if err := key.public.ProofVerify(proof, d); len(indexes) != 4 && !errors.Is(err, ErrInput) && !errors.Is(err, ErrSignature) || err == nil {
			t.Errorf("verifying a proof with indexes %d: %v", indexes, err)
		}
	}
	for _, d := range []Disclosure{
		{Messages: messages[:1], Indexes: []int{0, 2}},
		{Messages: messages, Indexes: []int{0, 2}},
	} {
		if err := key.public.ProofVerify(proof, d); !errors.Is(err, ErrInput) {
			t.Errorf("%d messages for %d indexes: %v", len(d.Messages), len(d.Indexes), err)
		}
	}
	many := Disclosure{Messages: make([][]byte, MaxMessages), Indexes: make([]int, MaxMessages)}
	if err := key.public.ProofVerify(proof, many); !errors.Is(err, ErrLimit) {
		t.Errorf("too many messages: %v", err)
	}
	if _, err := key.public.ProofGen(strings.NewReader("short"), signature, Disclosure{Messages: messages}); err == nil {
		t.Error("a proof was made without randomness")
	}
	if _, err := key.public.ProofGen(bytes.NewReader(make([]byte, 1000)), signature, Disclosure{Messages: messages}); !errors.Is(err, ErrInput) {
		t.Errorf("a proof was made with zeros for randomness: %v", err)
	}
}

// TestSignsAndProves: for any messages and any choice of them, what was signed
// verifies, and nothing else does.
func TestSignsAndProves(t *testing.T) {
	key, other := testKey(t, 1), testKey(t, 2)
	checks := 0
	rapid.Check(t, func(t *rapid.T) {
		if checks++; raceEnabled && checks > 15 {
			return // the race detector takes its own time
		}
		short := rapid.SliceOfN(rapid.Byte(), 0, 12)
		header, presentation := short.Draw(t, "header"), short.Draw(t, "presentation header")
		messages := rapid.SliceOfN(short, 0, 8).Draw(t, "messages")
		signature, err := key.Sign(nil, header, Messages(messages))
		if err != nil {
			t.Fatal(err)
		}
		if err := key.public.Verify(signature, header, messages); err != nil {
			t.Fatal(err)
		}
		d := Disclosure{Header: header, PresentationHeader: presentation, Messages: messages}
		var shown [][]byte
		for i, message := range messages {
			if rapid.Bool().Draw(t, "show") {
				d.Indexes, shown = append(d.Indexes, i), append(shown, message)
			}
		}
		proof, err := key.public.ProofGen(rand.Reader, signature, d)
		if err != nil {
			t.Fatal(err)
		}
		d.Messages = shown
		if err := key.public.ProofVerify(proof, d); err != nil {
			t.Fatal(err)
		}
		refuse := func(what string, err error) {
			t.Helper()
			if !errors.Is(err, ErrSignature) && !errors.Is(err, ErrEncoding) {
				t.Errorf("%s: %v", what, err)
			}
		}
		refuse("another key", other.public.Verify(signature, header, messages))
		refuse("another key for the proof", other.public.ProofVerify(proof, d))
		refuse("a message more", key.public.Verify(signature, header, append(messages[:len(messages):len(messages)], nil)))
		refuse("another header", key.public.Verify(signature, append(header[:len(header):len(header)], 0), messages))
		at, bit := rapid.IntRange(0, len(proof)-1).Draw(t, "byte"), byte(1)<<rapid.IntRange(0, 7).Draw(t, "bit")
		changed := bytes.Clone(proof)
		changed[at] ^= bit
		refuse("a bit of the proof", key.public.ProofVerify(changed, d))
		changed = bytes.Clone(signature)
		changed[at%SignatureSize] ^= bit
		refuse("a bit of the signature", key.public.Verify(changed, header, messages))
		d.PresentationHeader = append(presentation[:len(presentation):len(presentation)], 1)
		refuse("another presentation header", key.public.ProofVerify(proof, d))
		d.PresentationHeader = presentation
		if len(shown) > 0 {
			i := rapid.IntRange(0, len(shown)-1).Draw(t, "changed")
			d.Messages = append([][]byte(nil), shown...)
			d.Messages[i] = append(bytes.Clone(shown[i]), 'x')
			refuse("a message", key.public.ProofVerify(proof, d))
		}
	})
}

// TestSumsAgree: the quick sums are those of the careful ones.
func TestSumsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := generators.first(rapid.IntRange(1, 5).Draw(t, "points"))
		var sum tableSum
		var want bls12381.G1
		want.SetIdentity()
		for _, g := range points {
			scalar := reduce(rapid.SliceOfN(rapid.Byte(), expandedSize, expandedSize).Draw(t, "scalar"))
			sum.add(&scalar, &g.multiple)
			addProduct(&want, &scalar, &g.point)
		}
		if got := sum.total(); !got.IsEqual(&want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// TestReduces: 48 bytes are taken modulo the order as a whole.
func TestReduces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.SliceOfN(rapid.Byte(), expandedSize, expandedSize).Draw(t, "number")
		var want bls12381.Scalar
		want.SetBytes(number)
		if got := reduce(number); got.IsEqual(&want) != 1 {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// FuzzProof: whatever the octets, the answer is an error of this package, for
// a proof that was not made by the test.
func FuzzProof(f *testing.F) {
	key, messages := testKey(f, 1), numbered(4)
	d := Disclosure{Messages: messages, Indexes: []int{0, 3}}
	// The same proof in every process.
	random := mocked(bytes.Repeat([]byte{1}, 32), "fuzz", randomBlinds+2)
	good, err := key.public.ProofGen(random, sign(f, key, nil, messages), d)
	if err != nil {
		f.Fatal(err)
	}
	d.Messages = [][]byte{messages[0], messages[3]}
	f.Add(good)
	f.Add(good[:len(good)-32])
	f.Add([]byte{})
	f.Add(make([]byte, leastProof))
	f.Add(bytes.Repeat([]byte{0xc0}, leastProof+64))
	f.Fuzz(func(t *testing.T, proof []byte) {
		err := key.public.ProofVerify(proof, d)
		if err == nil {
			if !bytes.Equal(proof, good) {
				t.Errorf("a proof that nobody made: %x", proof)
			}
			return
		}
		if !errors.Is(err, ErrEncoding) && !errors.Is(err, ErrSignature) && !errors.Is(err, ErrInput) && !errors.Is(err, ErrLimit) {
			t.Errorf("verifying: %v", err)
		}
	})
}

// FuzzKey: what is read as a key is written as the same octets.
func FuzzKey(f *testing.F) {
	f.Add(testKey(f, 1).public.Bytes())
	f.Add(testKey(f, 1).Bytes())
	f.Add(append([]byte{0xc0}, make([]byte, 95)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		if key, err := ParsePublicKey(data); err == nil && !bytes.Equal(key.Bytes(), data) {
			t.Errorf("public key %x is written %x", data, key.Bytes())
		}
		if key, err := ParsePrivateKey(data); err == nil && !bytes.Equal(key.Bytes(), data) {
			t.Error("a private key is written otherwise")
		}
	})
}

func BenchmarkBBS(b *testing.B) {
	key := testKey(b, 1)
	for _, count := range []int{40, MaxMessages} {
		messages := numbered(count)
		signature := sign(b, key, nil, messages)
		d := Disclosure{Messages: messages, Indexes: []int{0, 1, 2, 3}}
		proof, err := key.public.ProofGen(rand.Reader, signature, d)
		if err != nil {
			b.Fatal(err)
		}
		shown := Disclosure{Messages: messages[:4], Indexes: d.Indexes}
		for name, do := range map[string]func() error{
			"sign":                func() error { _, err := key.Sign(nil, nil, Messages(messages)); return err },
			"verify":              func() error { return key.public.Verify(signature, nil, messages) },
			"prove":               func() error { _, err := key.public.ProofGen(rand.Reader, signature, d); return err },
			"check":               func() error { return key.public.ProofVerify(proof, shown) },
			"make the generators": func() error { newSeries(generatorSeed).first(count); return nil },
		} {
			b.Run(fmt.Sprint(name, "/", count), func(b *testing.B) {
				for b.Loop() {
					if err := do(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
