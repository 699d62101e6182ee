package didweb_test

import (
	"testing"

	"laurel/did"
	"laurel/did/didweb"
)

// What a verifier pays for an issuer's document that it has read before: nothing of its keys.
func BenchmarkResolveAgain(b *testing.B) {
	s := source{body: documentText}
	r := didweb.New(didweb.Config{Fetcher: &s})
	d := did.DID{Method: "web", ID: "example.org:a"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Resolve(b.Context(), d); err != nil {
			b.Fatal(err)
		}
	}
}
