package schema

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// scanners are the hand-written scanners and the regular expressions that they
// stand for, with text that the expressions take.
var scanners = map[string]struct {
	scan    func([]byte) bool
	pattern *regexp.Regexp
	good    []string
}{
	"Open Badges context": {
		isOpenBadgesContext, regexp.MustCompile(`^https://purl\.imsglobal\.org/spec/ob/v3p0/context(-3\.[0-9]\.[0-9])*\.json$`),
		[]string{ContextOpenBadges, "https://purl.imsglobal.org/spec/ob/v3p0/context.json", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3-3.1.0.json"},
	},
	"extension term": {isExtensionTerm, regexp.MustCompile(`ext:[a-zA-Z0-9|._]`), []string{"ext:a", "x ext:-ext:|", "ext:ext:."}},
	"language code": {
		isLanguageCode, regexp.MustCompile(`^[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`),
		[]string{"en", "en-GB", "es-419", "zh-Hant-TW", "sr-Latn"},
	},
	"language tag": {
		isLanguageTag, regexp.MustCompile(`^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$`), []string{"en", "EN-gb", "sl-rozaj-biske-1994"},
	},
	"compact form": {
		isCompactForm, regexp.MustCompile(`^[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]*\.[a-zA-Z0-9_-]+$`), []string{"a.b.c", "a..c", "eyJ-_.0.Z"},
	},
	"identity hash": {
		isIdentityHash, regexp.MustCompile(`^(sha256\$[0-9a-fA-F]{64}|md5\$[0-9a-fA-F]{32})$`),
		[]string{"sha256$" + strings.Repeat("0aF9", 16), "md5$" + strings.Repeat("0aF9", 8)},
	},
	"control": {
		hasControl, regexp.MustCompile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u0080-\u009f\u202a-\u202e\u2066-\u2069]"),
		[]string{"\x00", "a long enough text\x7f", "é\u0080", "\u202a", "0123456701234567\u202e", "\u2066", "\u2069", "\t\t\t\t\t\t\t\x1f"},
	},
	"URI": {isURI, regexp.MustCompile(uriPattern), []string{
		"https://example.org/ä?b=%C3#c", "HTTP://u:p@[::1]:80", "urn:uuid:1", "did:web:example.org", "data:,x", "a+b-c.d:\u2027\u202f",
	}},
}

// What cutScheme takes, after RFC 3986 and RFC 3987: characters that may stand
// anywhere, first in a host, in the rest of an authority, and before its last @.
const (
	excluded   = `\x00-\x20\x7f-\xa0"<>\\^` + "`" + `{|}%\x{2028}-\x{202e}\x{2066}-\x{2069}`
	escaped    = `|%[0-9a-fA-F]{2})`
	uriChar    = `(?:[^` + excluded + `]` + escaped
	uriHost    = `(?:[^` + excluded + `/?#@:]` + escaped
	uriRest    = `(?:[^` + excluded + `/?#@]` + escaped
	uriUser    = `(?:[^` + excluded + `/?#]` + escaped
	notWeb     = `(?:[a-gi-zA-GI-Z]|[hH](?:[a-su-zA-SU-Z0-9+.-]|[tT](?:[a-su-zA-SU-Z0-9+.-]|[tT](?:[a-oq-zA-OQ-Z0-9+.-]|[pP](?:[a-rt-zA-RT-Z0-9+.-]|[sS][a-zA-Z0-9+.-])))))[a-zA-Z0-9+.-]*|[hH][tT]{0,2}`
	uriPattern = `^(?:(?i:https?)://(?:` + uriUser + `*@)?` + uriHost + uriRest + `*(?:[/?#]` + uriChar + `*)?|(?:` + notWeb + `):` + uriChar + `+)$`
)

// TestScanners compares every scanner with its pattern, over good text, good
// text with one change, and text of the bytes that the patterns speak of.
func TestScanners(t *testing.T) {
	pieces := []string{
		"a", "z", "A", "Z", "0", "9", "-", "_", ".", ":", "|", "+", "/", "?", "#", "@", "%", "%4", "%41", "%zz", " ", "\n", "\t", "\x00", "\x7f",
		"\u0080", "\u009f", "\u00a0", "\u00a1", "é", "\u2027", "\u2028", "\u2029", "\u202a", "\u202e", "\u202f", "\u2065", "\u2066", "\u2069",
		"\u206a", "ſ", "K", "😀", "ext:", "md5$", "sha256$", "-3.0.3", ".json", "en", "Latn", "http", "https:", "//", "<", "\"", "`", "{", "\\",
	}
	for name, s := range scanners {
		for _, good := range s.good {
			if !s.scan([]byte(good)) || !s.pattern.MatchString(good) {
				t.Errorf("%s: %q is refused", name, good)
			}
		}
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			text := rapid.SampledFrom(append(s.good, "")).Draw(t, "good")
			for range rapid.IntRange(0, 4).Draw(t, "changes") {
				runes := []rune(text)
				at := rapid.IntRange(0, len(runes)).Draw(t, "at")
				end := min(at+rapid.IntRange(0, 1).Draw(t, "cut"), len(runes))
				text = string(runes[:at]) + rapid.SampledFrom(pieces).Draw(t, "piece") + string(runes[end:])
			}
			if got, want := s.scan([]byte(text)), s.pattern.MatchString(text); got != want {
				t.Fatalf("%q is %v, the pattern says %v", text, got, want)
			}
		}))
	}
}

func FuzzScanners(f *testing.F) {
	for _, s := range scanners {
		for _, good := range s.good {
			f.Add(good)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		for name, s := range scanners {
			if got := s.scan([]byte(text)); got != s.pattern.MatchString(text) {
				t.Errorf("%s: %q is %v", name, text, got)
			}
		}
	})
}

func TestNames(t *testing.T) {
	for name, c := range classes {
		for i, p := range c.properties {
			if got := c.names.find([]byte(p.name)); got != i {
				t.Errorf("%s/%s is found at %d, not %d", name, p.name, got, i)
			}
			for _, other := range []string{p.name + "x", p.name[1:], strings.ToUpper(p.name), "", strings.Repeat("x", 99)} {
				for _, q := range c.properties {
					if q.name == other {
						other = "no property"
					}
				}
				if got := c.names.find([]byte(other)); got >= 0 {
					t.Errorf("%s/%s is found at %d", name, other, got)
				}
			}
		}
	}
}
