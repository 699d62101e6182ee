package credential

import (
	"strings"
	"testing"
)

// The hashes are those of the specification and its implementation guide.
var knownHashes = []struct{ identifier, salt, hash string }{
	{"a@example.com", "Kosher", "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"},
	{"jjefferson18@example.com", "FleurDeSel", "sha256$658625b25ab3d75d613ca97d9a5a77f70e2192feca5557f4ad09a4d4f121f5fc"},
	{"mayze", "", "sha256$7a1a1b3f7d40552e4299180e346e3add12bf9a751a43d9c4ca4518febc2c60c6"},
}

func TestIdentityHash(t *testing.T) {
	for _, known := range knownHashes {
		if got := IdentityHash(known.identifier, known.salt); got != known.hash {
			t.Errorf("IdentityHash(%q, %q) = %s", known.identifier, known.salt, got)
		}
	}
}

func TestMatchIdentity(t *testing.T) {
	const md5 = "md5$dcfdc9c8b0ff1bd0f5d4a2d1e1e7a7a8"
	hashed := func(hash, salt string) IdentityObject {
		return IdentityObject{Hashed: true, IdentityHash: hash, IdentityType: "emailAddress", Salt: salt}
	}
	clear := func(value string) IdentityObject {
		return IdentityObject{IdentityHash: value, IdentityType: "emailAddress"}
	}
	known := knownHashes[0]
	tests := []struct {
		name       string
		object     IdentityObject
		identifier string
		kind       string
		want       Match
	}{
		{"hash", hashed(known.hash, known.salt), known.identifier, "emailAddress", ExactMatch},
		{"hex in upper case", hashed("sha256$"+strings.ToUpper(known.hash[7:]), known.salt), known.identifier, "emailAddress", ExactMatch},
		{"algorithm in upper case", hashed("SHA256$"+known.hash[7:], known.salt), known.identifier, "emailAddress", NoMatch},
		{"e-mail in upper case", hashed(known.hash, known.salt), " A@Example.COM ", "emailAddress", NormalizedMatch},
		{"other type", hashed(known.hash, known.salt), known.identifier, "identifier", NoMatch},
		{"other salt", hashed(known.hash, "kosher"), known.identifier, "emailAddress", NoMatch},
		{"no salt", hashed(known.hash, ""), known.identifier, "emailAddress", NoMatch},
		{"other identifier", hashed(known.hash, known.salt), "b@example.com", "emailAddress", NoMatch},
		{"hash given as identifier", hashed(known.hash, known.salt), known.hash, "emailAddress", NoMatch},
		{"md5", hashed("md5$"+"900150983cd24fb0d6963f7d28e17f72", ""), "abc", "emailAddress", ExactMatch},
		{"md5 of something else", hashed(md5, ""), "abc", "emailAddress", NoMatch},
		{"unknown algorithm", hashed("sha1$a9993e364706816aba3e25717850c26c9cd0d89d", ""), "abc", "emailAddress", NoMatch},
		{"cut hash", hashed(known.hash[:20], known.salt), known.identifier, "emailAddress", NoMatch},
		{"empty hash", hashed("", ""), "", "emailAddress", NoMatch},
		{"no digits", hashed("sha256$", ""), "", "emailAddress", NoMatch},
		{"clear", clear("a@example.com"), "a@example.com", "emailAddress", ExactMatch},
		{"clear in other case", clear("A@example.com"), "a@EXAMPLE.com", "emailAddress", NormalizedMatch},
		{"clear of another", clear("b@example.com"), "a@example.com", "emailAddress", NoMatch},
		{"clear, not e-mail", IdentityObject{IdentityHash: "Ann", IdentityType: "name"}, "ann", "name", NoMatch},
		{"clear, salt ignored", IdentityObject{IdentityHash: "ann", IdentityType: "name", Salt: "not-used"}, "ann", "name", ExactMatch},
		{"empty clear", clear(""), "", "emailAddress", NoMatch},
	}
	for _, test := range tests {
		if got := MatchIdentity(test.object, test.identifier, test.kind); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
}
