package jcs

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"

	"laurel/credential/strictjson"
	"laurel/internal/testdata"
)

func canonical(t testing.TB, text []byte) []byte {
	t.Helper()
	document, err := strictjson.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return Append(nil, document.Root())
}

// TestVectors runs the input and output pairs published with RFC 8785.
func TestVectors(t *testing.T) {
	inputs, err := filepath.Glob(filepath.Join(testdata.Shared(t, "w3c", "jcs", "input"), "*.json"))
	if err != nil || len(inputs) < 6 {
		t.Fatalf("found %d inputs: %v", len(inputs), err)
	}
	for _, input := range inputs {
		t.Run(filepath.Base(input), func(t *testing.T) {
			text, err := os.ReadFile(input)
			if err != nil {
				t.Fatal(err)
			}
			want := testdata.Read(t, "w3c", "jcs", "output", filepath.Base(input))
			if got := canonical(t, text); !bytes.Equal(got, bytes.TrimSpace(want)) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestAppendNumber has the samples of RFC 8785 appendix B.
func TestAppendNumber(t *testing.T) {
	for bits, want := range map[uint64]string{
		0x0000000000000000: "0",
		0x8000000000000000: "0",
		0x0000000000000001: "5e-324",
		0x8000000000000001: "-5e-324",
		0x7fefffffffffffff: "1.7976931348623157e+308",
		0xffefffffffffffff: "-1.7976931348623157e+308",
		0x4340000000000000: "9007199254740992",
		0xc340000000000000: "-9007199254740992",
		0x4430000000000000: "295147905179352830000",
		0x44b52d02c7e14af5: "9.999999999999997e+22",
		0x44b52d02c7e14af6: "1e+23",
		0x44b52d02c7e14af7: "1.0000000000000001e+23",
		0x444b1ae4d6e2ef4e: "999999999999999700000",
		0x444b1ae4d6e2ef4f: "999999999999999900000",
		0x444b1ae4d6e2ef50: "1e+21",
		0x3eb0c6f7a0b5ed8c: "9.999999999999997e-7",
		0x3eb0c6f7a0b5ed8d: "0.000001",
		0x41b3de4355555553: "333333333.3333332",
		0x41b3de4355555554: "333333333.33333325",
		0x41b3de4355555555: "333333333.3333333",
		0xbecbf647612f3696: "-0.0000033333333333333333",
	} {
		if got := AppendNumber(nil, math.Float64frombits(bits)); string(got) != want {
			t.Errorf("%016x: got %s, want %s", bits, got, want)
		}
	}
}

func TestAppend(t *testing.T) {
	for in, want := range map[string]string{
		` null `:                        `null`,
		`[ ]`:                           `[]`,
		`{ }`:                           `{}`,
		"\"\\u0008\\u001F\\u007f\\/\"":  "\"\\b\\u001f\u007f/\"",
		`"<b>&\u2028"`:                  "\"<b>&\u2028\"",
		`{"b":[1.0,1e2],"a":{"z":-0}}`:  `{"a":{"z":0},"b":[1,100]}`,
		`{"\ufb33":1,"\ud83d\ude00":2}`: "{\"\U0001F600\":2,\"\ufb33\":1}",
	} {
		if got := canonical(t, []byte(in)); string(got) != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func FuzzAppend(f *testing.F) {
	f.Add([]byte(`{"b":[1.5,"\u00e9",null,true],"a":{"":0}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		document, err := strictjson.Parse(text)
		if err != nil {
			return
		}
		once := Append(nil, document.Root())
		if twice := canonical(t, once); !bytes.Equal(once, twice) {
			t.Errorf("the canonical form of %s is %s", once, twice)
		}
	})
}
