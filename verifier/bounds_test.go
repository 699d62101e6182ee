package verifier

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"laurel/did"
)

func TestPlaceOf(t *testing.T) {
	for id, want := range map[string]string{
		"did:web:badges.example.edu":                      "badges.example.edu",
		"did:web:badges.example.edu%3A8443":               "badges.example.edu:8443",
		"did:web:badges.example.edu:students:bob":         "badges.example.edu/students/bob",
		"did:webvh:QmUy:badges.example.edu":               "badges.example.edu",
		"did:webvh:QmUy:badges.example.edu%3A8443:a:b":    "badges.example.edu:8443/a/b",
		"did:webvh:badges.example.edu":                    "",
		"https://badges.example.edu":                      "badges.example.edu",
		"https://badges.example.edu/":                     "badges.example.edu",
		"https://badges.example.edu/uploads/bob.json":     "badges.example.edu/uploads/bob.json",
		"https://badges.example.edu/<b>":                  "badges.example.edu/%3Cb%3E",
		"https://h.example/" + strings.Repeat("a", 200):   "h.example/" + strings.Repeat("a", maxPlacePath) + "…",
		"did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbn": "",
		"https://bad host/":                               "",
		"":                                                "",
	} {
		if got := placeOf(id); got != want {
			t.Errorf("placeOf(%q) = %q, want %q", id, got, want)
		}
	}
}

// TestFindingsAreBounded: a report does not grow with what a stranger repeats.
func TestFindingsAreBounded(t *testing.T) {
	l := newLab(t)
	b := badge()
	contexts := b["@context"].([]any)
	for i := range 2_000 {
		contexts = append(contexts, fmt.Sprintf("https://example.org/unknown/%d", i))
	}
	b["@context"] = contexts
	if r := l.verify(marshal(t, b)); r.Verdict == VerdictValid || len(r.Checks) > 60 {
		t.Errorf("%s with %d checks", r.Verdict, len(r.Checks))
	}
}

// TestNestedEndorsementsAreBounded: each is read again inside every other.
func TestNestedEndorsementsAreBounded(t *testing.T) {
	l := newLab(t)
	inner := endorsementOf(badge()["id"].(string))
	inner["description"] = strings.Repeat("long ", 12_000)
	for range 3 {
		outer := endorsementOf(badge()["id"].(string))
		outer["endorsement"] = []any{inner}
		inner = outer
	}
	b := badge()
	b["endorsement"] = []any{inner}
	r := l.verify(l.issue(b))
	checked, unchecked := 0, false
	for _, c := range r.Checks {
		switch c.Code {
		case CodeEndorsement:
			checked++
		case CodeEndorsementUnchecked:
			unchecked = true
		}
	}
	if checked == 0 || checked > 2 || !unchecked {
		t.Errorf("%d of 4 endorsements checked, others said to be unchecked: %v", checked, unchecked)
	}
}

// nobody is a resolver that finds nobody.
type nobody struct{}

func (nobody) Resolve(context.Context, did.DID) (*did.Document, error) {
	return nil, did.ErrUnavailable
}

// TestFetchesAreCounted: resolving a did:webvh is two fetches.
func TestFetchesAreCounted(t *testing.T) {
	config := newLab(t).config
	config.Resolver = nobody{}
	for id, want := range map[string]int{
		"did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK": MaxFetches, "did:web:a.example": MaxFetches - 1, "did:webvh:QmUy:a.example": MaxFetches - 2,
	} {
		session := New(config).newSession(t.Context())
		if _, err := session.controllerDocument(id); err == nil || session.left != want {
			t.Errorf("%s leaves %d fetches, want %d", id, session.left, want)
		}
		session.close()
	}
}
