package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"laurel/internal/keys"
	"laurel/internal/keys/filekeys"
	"laurel/storage"
)

func TestExplain(t *testing.T) {
	for _, test := range []struct {
		err  error
		code int
		hint bool
	}{
		{errors.New("anything"), exitCannotRun, false},
		{fmt.Errorf("opening store: %w", storage.ErrBusy), exitBusy, true},
		{storage.ErrCorrupt, exitFault, true},
		{storage.ErrFull, exitCannotRun, true},
		{storage.ErrVersion, exitCannotRun, true},
		{filekeys.ErrLocked, exitMissing, true},
		{filekeys.ErrCorrupt, exitFault, true},
		{keys.ErrNoSigningKey, exitMissing, true},
		{fs.ErrPermission, exitCannotRun, true},
		{fmt.Errorf("x: %w", missing(errors.New("y"), "z")), exitMissing, true},
		{errors.Join(usage(errors.New("y"), "z"), storage.ErrBusy), exitUsage, true},
	} {
		got := explain(test.err)
		if got.code != test.code || (got.hint != "") != test.hint || got.Error() != test.err.Error() {
			t.Errorf("explain(%v) = %d, %q, hint %q; want %d, hint %t", test.err, got.code, got, got.hint, test.code, test.hint)
		}
	}
}

func TestExplainProblem(t *testing.T) {
	for _, test := range []struct {
		status int
		code   string
		want   int
	}{
		{http.StatusBadRequest, "invalid-request", exitFault},
		{http.StatusNotFound, "not-found", exitMissing},
		{http.StatusGone, "gone", exitMissing},
		{http.StatusConflict, "conflict", exitFault},
		{http.StatusTooManyRequests, "busy", exitBusy},
		{http.StatusInternalServerError, "internal", exitCannotRun},
		{http.StatusInternalServerError, "damaged", exitFault},
		{http.StatusInsufficientStorage, "insufficient-storage", exitCannotRun},
		{http.StatusServiceUnavailable, "unavailable", exitBusy},
		{http.StatusServiceUnavailable, "no-signing-key", exitMissing},
	} {
		err := explainProblem("doing", &problem{Type: "urn:laurel:problem:" + test.code, Title: "It went wrong.", Status: test.status})
		got := explain(err)
		if got.code != test.want || got.Error() != "doing: it went wrong" {
			t.Errorf("%d %s: exit %d, %q, want %d", test.status, test.code, got.code, got, test.want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"Zażółć gęślą 名前":    "Zażółć gęślą 名前",
		"\x1b[31mred\x07":    `\x1b[31mred\a`,
		"a\nb\tc\r":          `a\nb\tc\r`,
		"\u202egnp.exe":      `\u202egnp.exe`,
		"\xff":               `\ufffd`,
		"it's \"quoted\" \\": "it's \"quoted\" \\",
	} {
		if got := printable(text); got != want {
			t.Errorf("printable(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	const width = 90
	for _, line := range []string{
		"", "short", strings.Repeat("word ", 60), strings.Repeat("słowo ", 60), strings.Repeat("x", 200), "  " + strings.Repeat("y", 100) + " z",
	} {
		got := wrap(line, "    ")
		if cmp.Diff(strings.Fields(line), strings.Fields(got)) != "" {
			t.Errorf("wrap(%q) lost something: %q", line, got)
		}
		for _, part := range strings.Split(got, "\n") {
			if utf8.RuneCountInString(part) > width && strings.Contains(strings.TrimSpace(part), " ") && !strings.Contains(line, "yyy") {
				t.Errorf("wrap(%q) has a line of %d: %q", line, utf8.RuneCountInString(part), part)
			}
		}
	}
}

func TestBadgeID(t *testing.T) {
	const public = "https://badges.example.ac.uk"
	for text, want := range map[string]string{
		"abc":                                    "abc",
		public + "/credentials/abc":              "abc",
		public + "/credentials/abc.json":         "abc",
		public + "/credentials/":                 "",
		public + "/achievements/abc":             "",
		public + "/credentials/abc/def":          "",
		public + "/credentials/../keys":          "",
		public + ".evil.example/credentials/abc": "",
		"":                                       "",
		".":                                      "",
		"..":                                     "",
		"a?b":                                    "",
		"a%2fb":                                  "",
	} {
		got, err := badgeID(text, public)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("badgeID(%q) = %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		"2031-12-31":                "2031-12-31T23:59:59Z",
		"2031-12-31T10:00:00+02:00": "2031-12-31T08:00:00Z",
		"2031-13-01":                "",
		"31.12.2031":                "",
		"":                          "",
	} {
		got, err := parseTime(text, true)
		if (err == nil) != (want != "") || err == nil && got.UTC().Format("2006-01-02T15:04:05Z") != want {
			t.Errorf("parseTime(%q) = %v, %v, want %s", text, got, err, want)
		}
	}
}
