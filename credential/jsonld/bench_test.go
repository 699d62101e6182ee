package jsonld

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"testing"

	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
	"laurel/internal/testdata"
)

// benchmarkDocument is the badge that everything is measured with, minified.
func benchmarkDocument(t testing.TB) []byte {
	t.Helper()
	var document bytes.Buffer
	if err := json.Compact(&document, testdata.Read(t, "bench", "credential.json")); err != nil {
		t.Fatal(err)
	}
	return document.Bytes()
}

// BenchmarkFloor is the cryptography of verifying that badge, which the others
// are to be compared with.
func BenchmarkFloor(b *testing.B) {
	canonical := testdata.Read(b, "bench", "canon.nq")
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	sum := func() []byte {
		options, document := sha256.Sum256(canonical[:600]), sha256.Sum256(canonical)
		return append(options[:], document[:]...)
	}
	signature := ed25519.Sign(private, sum())
	public := private.Public().(ed25519.PublicKey)
	for b.Loop() {
		if !ed25519.Verify(public, sum(), signature) {
			b.Fatal("the signature is wrong")
		}
	}
}

func BenchmarkParse(b *testing.B) {
	data := benchmarkDocument(b)
	var document strictjson.Document
	b.ReportAllocs()
	for b.Loop() {
		if err := document.Reset(data, strictjson.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	p := New(embedded(b), Options{})
	source := Source{Object: parse(b, string(benchmarkDocument(b)))}
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Check(context.Background(), source); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCanonicalize is bytes in, canonical bytes out.
func BenchmarkCanonicalize(b *testing.B) {
	p := New(embedded(b), Options{})
	data := benchmarkDocument(b)
	b.ReportAllocs()
	for b.Loop() {
		document, err := strictjson.Parse(data)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Canonicalize(context.Background(), Source{Object: document.Root()}, nil, rdfc.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
