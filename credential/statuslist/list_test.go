package statuslist_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"laurel/credential/statuslist"
	"laurel/internal/testdata"
)

// zeroList is the encoding of 131,072 zero bits that the specification prints.
const zeroList = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"

func compress(data []byte) []byte {
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		panic(err)
	}
	if _, err := zip.Write(data); err != nil {
		panic(err)
	}
	if err := zip.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func encode(compressed []byte) string {
	return "u" + base64.RawURLEncoding.EncodeToString(compressed)
}

func TestNewRefusesLengths(t *testing.T) {
	for _, size := range []int{-1, 0, 8, 131_064, 131_073, 131_076, 1<<26 + 8, 1 << 40} {
		if list, err := statuslist.New(size); !errors.Is(err, statuslist.ErrLength) || list != nil {
			t.Errorf("%d: got %v, %v; want ErrLength", size, list, err)
		}
	}
	for _, size := range []int{131_072, 131_080, 1 << 26} {
		if list, err := statuslist.New(size); err != nil || list.Len() != size {
			t.Errorf("%d: got %v", size, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	zeros := make([]byte, 1<<14)
	good := compress(zeros)
	badChecksum := bytes.Clone(good)
	badChecksum[len(badChecksum)-5] ^= 1
	smallClaim := compress(make([]byte, 1<<20))
	copy(smallClaim[len(smallClaim)-4:], []byte{0, 0x40, 0, 0})
	largeClaim := bytes.Clone(good)
	copy(largeClaim[len(largeClaim)-4:], []byte{0, 0, 0x80, 0}) // 8 MiB
	noise := make([]byte, 2<<20)
	chacha := rand.NewChaCha8([32]byte{})
	_, _ = chacha.Read(noise)
	slashes := bytes.Clone(good) // in whose base64 the alphabets differ
	copy(slashes[4:], "\xff\xff\xff\xff")
	if _, err := statuslist.Decode(encode(slashes)); err != nil {
		t.Fatal(err)
	}
	text := strings.TrimPrefix(encode(good), "u")
	tests := []struct {
		name, encoded string
		want          error
	}{
		{"empty", "", statuslist.ErrEncoding},
		{"only the prefix", "u", statuslist.ErrEncoding},
		{"no prefix", text, statuslist.ErrEncoding},
		{"upper-case prefix", "U" + text, statuslist.ErrEncoding},
		{"prefix of another base", "m" + text, statuslist.ErrEncoding},
		{"prefix twice", "uu" + text, statuslist.ErrEncoding},
		{"padding", encode(good) + "=", statuslist.ErrEncoding},
		{"standard alphabet", "u" + base64.RawStdEncoding.EncodeToString(slashes), statuslist.ErrEncoding},
		{"space", encode(good) + " ", statuslist.ErrEncoding},
		{"line feed", encode(good)[:40] + "\n" + encode(good)[40:], statuslist.ErrEncoding},
		{"stray bits at the end", encode(append(bytes.Clone(good), 0))[:len(encode(good))] + "B", statuslist.ErrEncoding},
		{"not gzip", encode(append([]byte("not gzip"), zeros...)), statuslist.ErrEncoding},
		{"text", encode([]byte("revoked? no, all is well, believe me\x00\x00\x00\x00")), statuslist.ErrEncoding},
		{"bad checksum", encode(badChecksum), statuslist.ErrEncoding},
		{"cut off", encode(good[:len(good)-9]), statuslist.ErrEncoding},
		{"trailing byte", encode(append(bytes.Clone(good), 0)), statuslist.ErrEncoding},
		{"trailing zeros", encode(append(bytes.Clone(good), make([]byte, 64)...)), statuslist.ErrEncoding},
		{"two members", encode(append(bytes.Clone(good), good...)), statuslist.ErrEncoding},
		{"trailing empty member", encode(append(bytes.Clone(good), compress(nil)...)), statuslist.ErrEncoding},
		{"leading empty member", encode(append(compress(nil), good...)), statuslist.ErrEncoding},
		{"empty list", encode(compress(nil)), statuslist.ErrLength},
		{"one byte short", encode(compress(zeros[1:])), statuslist.ErrLength},
		{"one byte beyond the limit", encode(compress(make([]byte, 8<<20+1))), statuslist.ErrTooLarge},
		{"bomb", encode(compress(make([]byte, 32<<20))), statuslist.ErrTooLarge},
		{"bomb that claims to be small", encode(smallClaim), statuslist.ErrEncoding},
		{"list that claims to be large", encode(largeClaim), statuslist.ErrEncoding},
		{"more than 1 MiB compressed", encode(compress(noise)), statuslist.ErrTooLarge},
	}
	for _, test := range tests {
		start := time.Now()
		list, err := statuslist.Decode(test.encoded)
		if !errors.Is(err, test.want) || list != nil {
			t.Errorf("%s: got %v; want %v", test.name, err, test.want)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: took %v", test.name, took)
		}
	}
}

func TestDecodeStatusList2021(t *testing.T) {
	list, err := statuslist.New(statuslist.MinimumLength)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		if err := list.Set(random.IntN(list.Len()), true); err != nil {
			t.Fatal(err)
		}
	}
	want := list.Encode()
	compressed, err := base64.RawURLEncoding.DecodeString(want[1:])
	if err != nil {
		t.Fatal(err)
	}
	for name, encoding := range map[string]*base64.Encoding{
		"URL": base64.RawURLEncoding, "padded URL": base64.URLEncoding,
		"standard": base64.RawStdEncoding, "padded standard": base64.StdEncoding,
	} {
		list, err := statuslist.DecodeStatusList2021(encoding.EncodeToString(compressed))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if list.Encode() != want {
			t.Errorf("%s: another list", name)
		}
	}
	for name, encoded := range map[string]string{
		"empty":           "",
		"multibase":       want,
		"both alphabets":  "-/" + want[3:],
		"three padding":   strings.TrimRight(base64.StdEncoding.EncodeToString(compressed), "=") + "===",
		"only padding":    "====",
		"line feed":       want[1:] + "\n",
		"not a gzip file": "AAAA",
	} {
		if _, err := statuslist.DecodeStatusList2021(encoded); !errors.Is(err, statuslist.ErrEncoding) {
			t.Errorf("%s: got %v, want ErrEncoding", name, err)
		}
	}
}

func TestZeroList(t *testing.T) {
	list, err := statuslist.Decode(zeroList)
	if err != nil {
		t.Fatal(err)
	}
	if list.Len() != statuslist.MinimumLength {
		t.Errorf("length %d", list.Len())
	}
	for i := range list.Len() {
		if set, err := list.Get(i); set || err != nil {
			t.Fatalf("bit %d: %v, %v", i, set, err)
		}
	}
	empty, err := statuslist.New(statuslist.MinimumLength)
	if err != nil {
		t.Fatal(err)
	}
	if empty.Encode() != list.Encode() {
		t.Error("equal lists have different encodings")
	}
}

func TestBitOrder(t *testing.T) {
	for i, first := range map[int][2]byte{0: {0x80, 0}, 7: {0x01, 0}, 8: {0, 0x80}, 15: {0, 0x01}} {
		list, err := statuslist.New(statuslist.MinimumLength)
		if err != nil {
			t.Fatal(err)
		}
		if err := list.Set(i, true); err != nil {
			t.Fatal(err)
		}
		bits := make([]byte, statuslist.MinimumLength/8)
		copy(bits, first[:])
		want, err := statuslist.Decode(encode(compress(bits)))
		if err != nil {
			t.Fatal(err)
		}
		if list.Encode() != want.Encode() {
			t.Errorf("bit %d is not where it should be", i)
		}
	}
}

func TestRange(t *testing.T) {
	list, err := statuslist.New(statuslist.MinimumLength)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{-1, -131_072, 131_072, 1 << 31, 1 << 62, -1 << 63} {
		if set, err := list.Get(i); !errors.Is(err, statuslist.ErrRange) || set {
			t.Errorf("Get(%d): %v, %v; want ErrRange", i, set, err)
		}
		if err := list.Set(i, true); !errors.Is(err, statuslist.ErrRange) {
			t.Errorf("Set(%d): %v; want ErrRange", i, err)
		}
		if value, err := list.Status(i, 1); !errors.Is(err, statuslist.ErrRange) || value != 0 {
			t.Errorf("Status(%d, 1): %v, %v; want ErrRange", i, value, err)
		}
	}
	for _, size := range []int{-1, 0, 65} {
		if _, err := list.Status(0, size); !errors.Is(err, statuslist.ErrRange) {
			t.Errorf("Status(0, %d): %v; want ErrRange", size, err)
		}
	}
	if _, err := list.Status(0, 2); !errors.Is(err, statuslist.ErrLength) {
		t.Errorf("Status(0, 2) of %d bits: %v; want ErrLength", list.Len(), err)
	}
	for _, i := range []int{0, 131_071} {
		if value, err := list.Status(i, 1); err != nil || value != 0 {
			t.Errorf("Status(%d, 1): %v, %v", i, value, err)
		}
	}
}

// TestVectors decodes lists that another implementation encoded.
func TestVectors(t *testing.T) {
	var vectors struct {
		Examples []struct {
			EncodedList  string
			DecodedBytes int
		}
		Generated []struct {
			StatusSize, Index, Value int
			EncodedList              string
			SHA256                   string `json:"sha256OfDecoded"`
		}
	}
	if err := json.Unmarshal(testdata.Read(t, "w3c", "bitstring", "examples.json"), &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors.Examples) != 1 || len(vectors.Generated) != 4 {
		t.Fatalf("%d examples, %d generated", len(vectors.Examples), len(vectors.Generated))
	}
	for _, example := range vectors.Examples {
		list, err := statuslist.Decode(example.EncodedList)
		if err != nil || list.Len() != 8*example.DecodedBytes {
			t.Errorf("example: %v", err)
		}
	}
	for _, vector := range vectors.Generated {
		list, err := statuslist.Decode(vector.EncodedList)
		if err != nil {
			t.Errorf("size %d: %v", vector.StatusSize, err)
			continue
		}
		bits := make([]byte, list.Len()/8)
		value := 0
		for i := range list.Len() {
			set, err := list.Get(i)
			if err != nil {
				t.Fatal(err)
			}
			inside := i/vector.StatusSize == vector.Index
			if inside {
				value <<= 1
			}
			if set {
				bits[i/8] |= 0x80 >> (i % 8)
				if inside {
					value |= 1
				} else {
					t.Errorf("size %d: bit %d is set", vector.StatusSize, i)
				}
			}
		}
		if value != vector.Value {
			t.Errorf("size %d: value %d, want %d", vector.StatusSize, value, vector.Value)
		}
		if sum := sha256.Sum256(bits); hex.EncodeToString(sum[:]) != vector.SHA256 {
			t.Errorf("size %d: the bits are others", vector.StatusSize)
		}
		again, err := statuslist.Decode(list.Encode())
		if err != nil || again.Encode() != list.Encode() {
			t.Errorf("size %d: does not survive encoding: %v", vector.StatusSize, err)
		}
		// With its 131,072 bits only the list of single bits has entries enough.
		got, err := list.Status(vector.Index, vector.StatusSize)
		if vector.StatusSize == 1 && (err != nil || got != uint64(vector.Value)) {
			t.Errorf("size 1: status %d, %v", got, err)
		}
		if vector.StatusSize > 1 && !errors.Is(err, statuslist.ErrLength) {
			t.Errorf("size %d: %v, want ErrLength", vector.StatusSize, err)
		}
	}
}

func TestStatusSizes(t *testing.T) {
	for _, size := range []int{1, 2, 3, 5, 8, 13, 64} {
		length := (size*statuslist.MinimumLength + 7) / 8 * 8
		list, err := statuslist.New(length)
		if err != nil {
			t.Fatal(err)
		}
		const index = 77_777
		want := uint64(0xB5D4_93A1_7E2F_C865) >> (64 - size)
		for bit := range size {
			if err := list.Set(index*size+bit, want>>(size-1-bit)&1 == 1); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := list.Status(index, size); err != nil || got != want {
			t.Errorf("size %d: got %x, %v; want %x", size, got, err, want)
		}
		for _, other := range []int{index - 1, index + 1, 0, length/size - 1} {
			if got, err := list.Status(other, size); err != nil || got != 0 {
				t.Errorf("size %d: entry %d is %x, %v", size, other, got, err)
			}
		}
		if _, err := list.Status(length/size, size); !errors.Is(err, statuslist.ErrRange) {
			t.Errorf("size %d: the entry after the last: %v, want ErrRange", size, err)
		}
	}
}

// TestRoundTrip compares a list with a plain set of indexes, before and after
// encoding.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := 8 * rapid.IntRange(statuslist.MinimumLength/8, statuslist.MinimumLength/8+4096).Draw(t, "bytes")
		list, err := statuslist.New(size)
		if err != nil {
			t.Fatal(err)
		}
		model := map[int]bool{}
		index := rapid.OneOf(rapid.IntRange(0, size-1), rapid.IntRange(0, 20))
		for range rapid.IntRange(0, 40).Draw(t, "operations") {
			i, v := index.Draw(t, "index"), rapid.Bool().Draw(t, "value")
			if err := list.Set(i, v); err != nil {
				t.Fatal(err)
			}
			model[i] = v
		}
		encoded := list.Encode()
		decoded, err := statuslist.Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if decoded.Len() != size || decoded.Encode() != encoded {
			t.Fatal("the list changed in encoding")
		}
		bits := make([]byte, size/8)
		for i, v := range model {
			if v {
				bits[i/8] |= 0x80 >> (i % 8)
			}
			if got, err := decoded.Get(i); err != nil || got != v {
				t.Fatalf("bit %d: %v, %v; want %v", i, got, err, v)
			}
		}
		want, err := statuslist.Decode(encode(compress(bits)))
		if err != nil || want.Encode() != encoded {
			t.Fatalf("bits that were not set are set: %v", err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(zeroList)
	f.Add("uH4sIAAAAAAAA_w")
	f.Add(encode(compress(make([]byte, 1<<14)))[:30])
	f.Fuzz(func(t *testing.T, encoded string) {
		for _, decode := range []func(string) (*statuslist.List, error){statuslist.Decode, statuslist.DecodeStatusList2021} {
			list, err := decode(encoded)
			if err != nil {
				if list != nil || !errors.Is(err, statuslist.ErrEncoding) && !errors.Is(err, statuslist.ErrLength) && !errors.Is(err, statuslist.ErrTooLarge) {
					t.Fatalf("%v, %v", list, err)
				}
				continue
			}
			again, err := statuslist.Decode(list.Encode())
			if err != nil || again.Len() != list.Len() || again.Encode() != list.Encode() {
				t.Fatalf("does not survive encoding: %v", err)
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	list, err := statuslist.New(statuslist.MinimumLength)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; i < list.Len(); i += 1009 {
		_ = list.Set(i, true)
	}
	b.ReportAllocs()
	for b.Loop() {
		list.Encode()
	}
}

func BenchmarkDecode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := statuslist.Decode(zeroList); err != nil {
			b.Fatal(err)
		}
	}
}
