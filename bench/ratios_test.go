package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// names are those that others read out of the line.
var names = []string{
	"issue_over_floor", "verify_over_floor", "report_over_floor", "issue_vs_jsongold", "verify_vs_jsongold",
	"canon_over_floor", "http_verify_cpu_over_echo_plus_floor", "hostile_max_ms",
}

func TestRatiosAreOneLineOfJSON(t *testing.T) {
	var out bytes.Buffer
	if err := (ratios{1.23456, 2, 3, 40.00049, 50, 0.3, 1.5, 12.3456}).print(&out); err != nil {
		t.Fatal(err)
	}
	const want = `{"issue_over_floor":1.235,"verify_over_floor":2,"report_over_floor":3,"issue_vs_jsongold":40,"verify_vs_jsongold":50,` +
		`"canon_over_floor":0.3,"http_verify_cpu_over_echo_plus_floor":1.5,"hostile_max_ms":12.346}` + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestRegressions(t *testing.T) {
	limits := ratios{2, 2, 2, 40, 20, 0.4, 2, 20}
	for _, test := range []struct {
		name   string
		change func(*ratios)
		want   []string
	}{
		{"the same", func(*ratios) {}, nil},
		{"within the margin", func(r *ratios) { r.Issue, r.IssueJSONGold, r.HostileMaxMilli = 2.49, 32.1, 24.9 }, nil},
		{"better", func(r *ratios) { *r = ratios{1, 1, 1, 400, 200, 0.1, 1, 1} }, nil},
		{"slower", func(r *ratios) { r.Issue = 2.51 }, []string{"issue_over_floor"}},
		{"no longer so much faster", func(r *ratios) { r.VerifyJSONGold = 15.9 }, []string{"verify_vs_jsongold"}},
		{"not measured", func(r *ratios) { r.HTTPVerify = 0 }, []string{"http_verify_cpu_over_echo_plus_floor"}},
		{"all", func(r *ratios) { *r = ratios{9, 9, 9, 9, 9, 9, 9, 99} }, names},
	} {
		measured := limits
		test.change(&measured)
		var got []string
		for _, text := range measured.regressions(limits) {
			name, _, _ := strings.Cut(text, " ")
			got = append(got, name)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
	if got := limits.regressions(ratios{}); len(got) != len(names) {
		t.Errorf("without limits there are %d regressions", len(got))
	}
}

// A regression makes the check fail, a busy moment does not.
func TestHold(t *testing.T) {
	limits := ratios{2, 2, 2, 40, 20, 0.4, 2, 20}
	slow := func(change func(*ratios)) ratios {
		r := limits
		change(&r)
		return r
	}
	issue := slow(func(r *ratios) { r.Issue = 2.6 })
	for _, test := range []struct {
		name     string
		measured []ratios
		want     string // in the error
	}{
		{"as it was", []ratios{limits}, ""},
		{"a busy moment", []ratios{issue, limits}, ""},
		{"two busy moments, each elsewhere", []ratios{issue, slow(func(r *ratios) { r.VerifyJSONGold = 5 })}, ""},
		{"a regression", []ratios{issue, issue}, "issue_over_floor is 2.6"},
		{"one against json-gold", []ratios{slow(func(r *ratios) { r.IssueJSONGold = 31 }), slow(func(r *ratios) { r.IssueJSONGold = 30 })}, "issue_vs_jsongold is 31"},
		{"not measured", []ratios{slow(func(r *ratios) { r.HTTPVerify = 0 }), slow(func(r *ratios) { r.HTTPVerify = 0 })}, "http_verify"},
	} {
		var stderr bytes.Buffer
		turn := 0
		_, err := hold(limits, &stderr, func(time.Duration) (ratios, error) {
			turn++
			return test.measured[turn-1], nil
		})
		if turn != len(test.measured) {
			t.Errorf("%s: measured %d times", test.name, turn)
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: the error is %v", test.name, err)
		}
	}
	broken := errors.New("broken")
	if _, err := hold(limits, io.Discard, func(time.Duration) (ratios, error) { return ratios{}, broken }); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	if firstCheck+secondCheck > 50*time.Second {
		t.Error("a check does not end within a minute")
	}
}

// The limits on record are complete: one that is missing would hold nothing.
func TestLimits(t *testing.T) {
	data, err := os.ReadFile("limits.json")
	if err != nil {
		t.Fatal(err)
	}
	var given map[string]float64
	if err := json.Unmarshal(data, &given); err != nil {
		t.Fatal(err)
	}
	for _, key := range names {
		if given[key] <= 0 {
			t.Errorf("limits.json has no %s", key)
		}
	}
	limits, err := readLimits("limits.json")
	if err != nil {
		t.Fatal(err)
	}
	if worse := limits.regressions(limits); len(worse) > 0 {
		t.Errorf("the limits are worse than themselves: %v", worse)
	}
	unknown := filepath.Join(t.TempDir(), "limits.json")
	if err := os.WriteFile(unknown, []byte(`{"issue_over_flor":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readLimits(unknown); err == nil {
		t.Error("a limit of an unknown name is read")
	}
}

func TestRatiosOfNothing(t *testing.T) {
	if _, err := ratiosOf(series{}, 1); err == nil {
		t.Error("there are ratios without a measurement")
	}
}
