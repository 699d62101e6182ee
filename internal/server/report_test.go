package server

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/verifier"
)

// TestAppendReport holds the hand-written form against encoding/json.
func TestAppendReport(t *testing.T) {
	reports := []verifier.Report{
		{Verdict: verifier.VerdictIndeterminate, Format: verifier.FormatPNG, Checks: []verifier.Check{}, CheckedAt: time.Unix(1, 5).UTC()},
		{
			Verdict: verifier.VerdictValid, Format: verifier.FormatJSON, CheckedAt: time.Unix(1_700_000_000, 0).UTC(),
			Checks: []verifier.Check{
				{Code: "a", Outcome: verifier.Passed, Message: "quotes \" and \\ and <b>&amp;</b>\u2028é😀"},
				{Code: "b", Outcome: verifier.Failed, Message: "control \x00\x1f\n\t", Path: "/x~1y/0", Params: map[string]string{"z": "1", "a": "\"", "": "\x7f"}},
			},
			Credential: json.RawMessage("{ \"a\" : [ 1.0, \"<\" ] }"),
			Credentials: []verifier.Contained{
				{Path: "/a/0", Verdict: verifier.VerdictValid, Checks: []verifier.Check{{Code: "c", Outcome: verifier.Passed, Message: "m"}}, Credential: json.RawMessage(`{}`)},
				{Path: "/a/1", Verdict: verifier.VerdictInvalid, Checks: []verifier.Check{}},
			},
		},
	}
	for _, report := range reports {
		want, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		var wanted, got any
		if err := json.Unmarshal(want, &wanted); err != nil {
			t.Fatal(err)
		}
		written := appendReport(nil, &report)
		if err := json.Unmarshal(written, &got); err != nil {
			t.Fatalf("%v in %s", err, written)
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("differs from encoding/json (-want +got):\n%s", diff)
		}
	}
}
