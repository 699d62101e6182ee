package rdfc_test

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/rdfc"
	"laurel/internal/testdata"
)

type suiteEntry struct {
	ID, Type, Name string
	HashAlgorithm  string
	Action, Result string
}

// TestSuite runs the test suite of the W3C RDF Dataset Canonicalization
// working group, every entry of its manifest.
func TestSuite(t *testing.T) {
	root := testdata.Shared(t, "w3c", "rdf-canon")
	read := func(t *testing.T, name string) []byte {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	var manifest struct{ Entries []suiteEntry }
	if err := json.Unmarshal(read(t, "manifest.jsonld"), &manifest); err != nil {
		t.Fatal(err)
	}
	ran := map[string]int{}
	for _, entry := range manifest.Entries {
		t.Run(entry.ID[1:], func(t *testing.T) {
			quads, err := rdfc.ParseNQuads(read(t, entry.Action))
			if err != nil {
				t.Fatal(err)
			}
			var options rdfc.Options
			switch entry.HashAlgorithm {
			case "":
			case "SHA384":
				options.Hash = crypto.SHA384
			default:
				t.Fatalf("hash algorithm %q", entry.HashAlgorithm)
			}
			start := time.Now()
			canonical, err := rdfc.Canonicalize(context.Background(), quads, options)
			took := time.Since(start)
			switch entry.Type {
			case "rdfc:RDFC10EvalTest":
				if err != nil {
					t.Fatalf("%s: %v", entry.Name, err)
				}
				if diff := cmp.Diff(string(read(t, entry.Result)), string(canonical.NQuads)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", entry.Name, diff)
				}
			case "rdfc:RDFC10MapTest":
				if err != nil {
					t.Fatalf("%s: %v", entry.Name, err)
				}
				var want map[string]string
				if err := json.Unmarshal(read(t, entry.Result), &want); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, canonical.Labels()); diff != "" {
					t.Errorf("%s (-want +got):\n%s", entry.Name, diff)
				}
			case "rdfc:RDFC10NegativeEvalTest":
				if !errors.Is(err, rdfc.ErrBudget) || canonical != nil {
					t.Errorf("%s: got %v, %v; want ErrBudget", entry.Name, canonical, err)
				}
			default:
				t.Fatalf("test type %q", entry.Type)
			}
			t.Logf("%v", took)
			ran[entry.Type]++
		})
	}
	want := map[string]int{"rdfc:RDFC10EvalTest": 64, "rdfc:RDFC10MapTest": 21, "rdfc:RDFC10NegativeEvalTest": 1}
	if diff := cmp.Diff(want, ran); diff != "" {
		t.Errorf("tests that ran (-want +got):\n%s", diff)
	}
}
