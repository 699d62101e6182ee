package credential

import (
	"bufio"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"laurel/internal/testdata"
)

// TestSampleVerdicts holds every sample against our table of verdicts.
func TestSampleVerdicts(t *testing.T) {
	got := make(map[string]string)
	for name, data := range testdata.OpenBadges(t) {
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
