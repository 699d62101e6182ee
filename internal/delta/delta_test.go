package delta

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const most = 1 << 20

func TestApplyRefuses(t *testing.T) {
	base := []byte("the base that both sides have")
	bomb := func() []byte {
		var short bytes.Buffer
		w, _ := flate.NewWriter(&short, flate.BestSpeed)
		_, _ = w.Write(make([]byte, 8<<20))
		_ = w.Close()
		return append([]byte{formDeflated}, short.Bytes()...)
	}
	huge := binary.AppendUvarint([]byte{formPlain}, 1<<63)
	for name, delta := range map[string][]byte{
		"nothing":                   {},
		"an unknown form":           {2, 1, 1, 'x'},
		"no length":                 {formPlain},
		"a length without an end":   {formPlain, 0x80},
		"a length beyond all":       huge,
		"a text longer than most":   append(binary.AppendUvarint([]byte{formPlain}, most+1), 0),
		"less than it says":         {formPlain, 4, 2, 'a', 'b'},
		"a literal cut short":       {formPlain, 4, 4, 'a', 'b'},
		"a literal too long":        {formPlain, 1, 2, 'a', 'b'},
		"a copy too long":           {formPlain, 4, 0, 5, 0},
		"a copy of nothing":         {formPlain, 4, 0, 0, 0, 4, 'a', 'b', 'c', 'd'},
		"a copy beyond the base":    {formPlain, 9, 0, 9, byte(len(base) - 8)},
		"a copy longer than a base": append(binary.AppendUvarint([]byte{formPlain}, 100), 0, 100, 0),
		"a copy from nowhere":       {formPlain, 4, 0, 4},
		"something after its end":   {formPlain, 4, 4, 'a', 'b', 'c', 'd', 0},
		"a bomb":                    bomb(),
		"no deflated data":          {formDeflated, 0xff, 0xff},
	} {
		text, err := Apply(base, delta, most)
		if !errors.Is(err, ErrCorrupt) || text != nil {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

func TestApplyBoundsMemory(t *testing.T) {
	var short bytes.Buffer
	w, _ := flate.NewWriter(&short, flate.BestSpeed)
	_, _ = w.Write(make([]byte, 64<<20))
	_ = w.Close()
	delta := append([]byte{formDeflated}, short.Bytes()...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Apply(nil, delta, most); err == nil {
		t.Fatal("a bomb was taken")
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 20*most {
		t.Errorf("%d bytes were taken for a text of at most %d", taken, most)
	}
}

func TestAppendIsShort(t *testing.T) {
	part := strings.Repeat("What is the same in all of them, word by word. ", 40)
	random := rand.NewChaCha8([32]byte{1})
	noise := func(n int) string {
		b := make([]byte, n)
		_, _ = random.Read(b)
		return string(b)
	}
	base := NewBase([]byte("id:" + noise(30) + part[:1000] + "name:" + noise(20) + part + "end"))
	text := []byte("id:" + noise(30) + part[:1000] + "name:" + noise(26) + part + "end")
	delta := base.Append(nil, text)
	if len(delta) > 56+40 {
		t.Errorf("%d bytes, of which 56 are new, became %d", len(text), len(delta))
	}
	again, err := Apply(base.text, delta, most)
	if err != nil || !bytes.Equal(again, text) {
		t.Fatalf("%d bytes came back, %v", len(again), err)
	}
}

func TestAppendDeflates(t *testing.T) {
	text := []byte(strings.Repeat("Nothing of this is in the base, but it has much in common with itself. ", 100))
	base := NewBase([]byte("0123456789"))
	delta := base.Append([]byte("before"), text)
	if len(delta) > len(text)/4 || !bytes.HasPrefix(delta, []byte("before")) {
		t.Errorf("%d bytes became %d", len(text), len(delta))
	}
	again, err := Apply(base.text, delta[len("before"):], len(text))
	if err != nil || !bytes.Equal(again, text) {
		t.Fatalf("%d bytes came back, %v", len(again), err)
	}
	if _, err := Apply(base.text, delta[len("before"):], len(text)-1); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a text longer than allowed: %v", err)
	}
}

// Whatever the base and the text, the text comes back, also where the base is so
// long that not every position is known.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"a", "ab", "alpine flora", "\x00\xff", strings.Repeat("x", 300), "0123456789abcdef", "é"})
		text := []byte(strings.Join(rapid.SliceOf(word).Draw(t, "text"), ""))
		base := []byte(strings.Join(rapid.SliceOf(word).Draw(t, "base"), ""))
		if rapid.Bool().Draw(t, "long") {
			base = append(bytes.Repeat([]byte("some of the base. "), dense/16), base...)
		}
		delta := NewBase(base).Append(nil, text)
		again, err := Apply(base, delta, len(text))
		if err != nil || !bytes.Equal(again, text) {
			t.Fatalf("%q from %q became %q, %v", text, base, again, err)
		}
	})
}

func FuzzApply(f *testing.F) {
	base := []byte(`{"type":["VerifiableCredential"],"name":"-","issuer":{"id":"did:web:example.org"}}`)
	f.Add(NewBase(base).Append(nil, []byte(`{"type":["VerifiableCredential"],"name":"Botany","issuer":{"id":"did:web:example.org"}}`)))
	f.Add(NewBase(base).Append(nil, bytes.Repeat([]byte("evidence "), 400)))
	f.Add([]byte{formPlain, 4, 0, 4, 0})
	f.Fuzz(func(t *testing.T, delta []byte) {
		text, err := Apply(base, delta, 1<<12)
		if err != nil {
			return
		}
		if len(text) > 1<<12 {
			t.Errorf("%d bytes", len(text))
		}
		again, err := Apply(base, NewBase(base).Append(nil, text), 1<<12)
		if err != nil || !bytes.Equal(again, text) {
			t.Errorf("%q came back as %q, %v", text, again, err)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	part := strings.Repeat("What is the same in all of them, word by word, as it is in badges. ", 40)
	base := NewBase([]byte(`{"id":"` + strings.Repeat("0", 60) + part + strings.Repeat("1", 300) + `"}`))
	text := []byte(`{"id":"` + strings.Repeat("abcdef", 10) + part + strings.Repeat("bcdefa", 50) + `"}`)
	var delta []byte
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		delta = base.Append(delta[:0], text)
	}
}
