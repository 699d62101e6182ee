package schema

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCodes: every code that the package's source reports has a sentence, and
// every sentence is of a code that is reported.
func TestCodes(t *testing.T) {
	reported := make(map[string]bool)
	for _, name := range []string{"validate.go", "shapes.go", "rules.go"} {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range regexp.MustCompile(`v\.(?:fail(?:Member)?|warn(?:Member)?|distinct)\("([a-z_0-9]+)"`).FindAllSubmatch(source, -1) {
			reported[string(call[1])] = true
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(reported)), Codes()); diff != "" {
		t.Errorf("codes (-reported +with a sentence):\n%s", diff)
	}
}
