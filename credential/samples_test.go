package credential

import (
	"bufio"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"laurel/internal/testdata"
)

// TestSampleVerdicts holds every sample against our table of verdicts.
func TestSampleVerdicts(t *testing.T) {
	got := make(map[string]string)
	for name, data := range samples(t) {
		got[name] = verdict(data)
	}
	file, err := os.Open("testdata/verdicts.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	want := make(map[string]string)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, verdict, ok := strings.Cut(lines.Text(), "\t"); ok && !strings.HasPrefix(name, "#") {
			want[name] = verdict
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdicts differ (-want +got):\n%s", diff)
		for _, name := range slices.Sorted(maps.Keys(got)) {
			t.Logf("%s\t%s", name, got[name])
		}
	}
}

// verdict is the kind and the distinct violations, errors marked with !.
func verdict(data []byte) string {
	c, err := Parse(data)
	if parse := (*ParseError)(nil); errors.As(err, &parse) {
		return "refused " + parse.Code
	}
	if err != nil {
		return "refused as JSON"
	}
	found := make(map[string]bool)
	for _, v := range c.Validate() {
		mark := ""
		if v.Severity == SeverityError {
			mark = "!"
		}
		found[mark+v.Code] = true
	}
	return strings.Join(append([]string{c.Version.String(), c.Kind.String()}, slices.Sorted(maps.Keys(found))...), " ")
}

// plainSamples reads the examples of VC Data Model 2.0 and some of the vectors
// of Data Integrity.
func plainSamples(t testing.TB) map[string][]byte {
	t.Helper()
	root := testdata.Shared(t, "w3c")
	found := make(map[string][]byte)
	for _, pattern := range []string{
		"vcdm-schema/verifiable-credential/example-*.json", "vc-di-eddsa/*.json", "vc-di-eddsa/proof-set-chain/signed*.json",
		"vc-di-eddsa/eddsa-rdfc-2022/signed*.json", "vc-di-ecdsa/*.json",
	} {
		paths, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if found[filepath.Base(path)], err = os.ReadFile(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	return found
}

// samples reads every JSON document of Open Badges 3.0 among the shared data.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	root := testdata.Shared(t, "openbadges")
	found := make(map[string][]byte)
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		if err != nil || entry.IsDir() || !strings.Contains(name, "/ob30/") && !strings.HasPrefix(name, "derived/") {
			return err
		}
		if ext := filepath.Ext(name); ext == ".json" || ext == ".1ob" || ext == "" {
			if at := strings.Index(name, "/ob30/"); at >= 0 {
				name = name[at+1:]
			}
			if found[name] != nil {
				t.Fatalf("two samples named %s", name)
			}
			found[name], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 50 {
		t.Fatalf("only %d samples found", len(found))
	}
	return found
}
