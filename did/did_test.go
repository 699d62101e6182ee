package did

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{
		"", "did", "did:", "did:web", "did:web:", "did::x", "DID:web:x", "did:Web:x", "did:we-b:x", "did:wéb:x",
		" did:web:x", "did:web:x ", "did:web:x\n", "did:web:x:", "did:web:x:y:", "did:web:a/b", "did:web:a?b", "did:web:a#b",
		"did:web:a@b", "did:web:a+b", "did:web:a;b", "did:web:%", "did:web:%4", "did:web:%4g", "did:web:a%", "did:web:é",
		"did:web:a\x00b", "did:web:a b", "did:web:[::1]", "did:web:a\\b", "https://example.org", "urn:uuid:x",
		"did:web:" + strings.Repeat("a", maxLength), "did:jwk:" + strings.Repeat("a", maxJWKLength),
		"did:" + strings.Repeat("a", maxLength) + ":x",
	} {
		d, err := Parse(s)
		if !errors.Is(err, ErrInvalidDID) || d != (DID{}) {
			t.Errorf("%.40q: %v, %v", s, d, err)
		}
		if err != nil && s != "" && len(s) > 12 && strings.Contains(err.Error(), s) {
			t.Errorf("%q: error quotes the text: %v", s, err)
		}
	}
}

func TestParse(t *testing.T) {
	for s, want := range map[string]DID{
		"did:web:example.org":                  {"web", "example.org"},
		"did:web:example.org%3A8443:issuers:a": {"web", "example.org%3A8443:issuers:a"},
		"did:example:a::b":                     {"example", "a::b"},
		"did:example::b":                       {"example", ":b"},
		"did:3:A.b-C_d":                        {"3", "A.b-C_d"},
		"did:jwk:" + strings.Repeat("a", 3000): {"jwk", strings.Repeat("a", 3000)},
	} {
		got, err := Parse(s)
		if err != nil || got != want || got.String() != s {
			t.Errorf("%.40q: %v, %v", s, got, err)
		}
	}
}

func TestParseURLRefuses(t *testing.T) {
	for _, s := range []string{
		"", "#key-1", "/path", "?q", "did:web:", "did:web:x#", "did:web:x?", "did:web:x?#", "did:web:x#a#b", "did:web:x# ", "did:web:x#é",
		"did:web:x#%", "did:web:x#%zz", "did:web:x/%2", "did:web:x?%", "did:web:x/a b", "did:web:x/[", "did:web:x?\"", "did:web:x:#a",
		"did:web:x\\#a", "https://example.org#key", "did:web:x#" + strings.Repeat("a", maxLength), "did:jwk:x#" + strings.Repeat("a", maxJWKLength),
	} {
		if u, err := ParseURL(s); !errors.Is(err, ErrInvalidDIDURL) || u != (URL{}) {
			t.Errorf("%.40q: %v, %v", s, u, err)
		}
	}
}

func TestParseURL(t *testing.T) {
	for s, want := range map[string]URL{
		"did:web:x":                 {DID: DID{"web", "x"}},
		"did:web:x#key-1":           {DID: DID{"web", "x"}, Fragment: "key-1"},
		"did:web:x/":                {DID: DID{"web", "x"}, Path: "/"},
		"did:web:x//a/%2F?b=c&d#/e": {DID: DID{"web", "x"}, Path: "//a/%2F", Query: "b=c&d", Fragment: "/e"},
		"did:web:x?a?b#c?d":         {DID: DID{"web", "x"}, Query: "a?b", Fragment: "c?d"},
	} {
		got, err := ParseURL(s)
		if err != nil {
			t.Errorf("%q: %v", s, err)
		}
		if diff := cmp.Diff(want, got); diff != "" || got.String() != s {
			t.Errorf("%q: prints %q, %s", s, got, diff)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"did:web:example.org%3A8443:a", "did:key:z6Mk", "did:x::", "did:web:%zz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse(s)
		if err != nil {
			if !errors.Is(err, ErrInvalidDID) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if d.String() != s {
			t.Fatalf("%q printed %q", s, d)
		}
		if u, err := ParseURL(s); err != nil || u != (URL{DID: d}) {
			t.Fatalf("%q is a DID but as URL %v, %v", s, u, err)
		}
	})
}

func FuzzParseURL(f *testing.F) {
	for _, s := range []string{"did:web:x/a?b#c", "did:web:x?#", "did:web:x#a%20", "did:web:x//"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := ParseURL(s)
		if err != nil {
			if !errors.Is(err, ErrInvalidDIDURL) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if u.String() != s {
			t.Fatalf("%q printed %q", s, u)
		}
		if d, err := Parse(u.DID.String()); err != nil || d != u.DID {
			t.Fatalf("%q: its DID is %v, %v", s, d, err)
		}
	})
}
