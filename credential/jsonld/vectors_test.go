package jsonld

import (
	"testing"

	"laurel/internal/testdata"
)

// TestBenchmark reads the badge that the benchmarks use.
func TestBenchmark(t *testing.T) {
	want := string(testdata.Read(t, "bench", "canon.nq"))
	for _, options := range []Options{{}, {InlineContexts: true}} {
		got, err := read(t, New(embedded(t), options), testdata.Read(t, "bench", "credential.json"))
		if err != nil || got != want {
			t.Errorf("with %+v: %v\n%s", options, err, got)
		}
	}
}
