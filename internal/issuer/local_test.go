package issuer

import (
	"context"
	"errors"
	"testing"

	"laurel/did"
	"laurel/verifier"
)

// recorder is a resolver and a source of documents that only remembers.
type recorder struct{ asked []string }

var errRecorded = errors.New("recorded")

func (r *recorder) Resolve(_ context.Context, id did.DID) (*did.Document, error) {
	r.asked = append(r.asked, id.String())
	return nil, errRecorded
}

func (r *recorder) Document(_ context.Context, url string, _ verifier.Kind) ([]byte, error) {
	r.asked = append(r.asked, url)
	return nil, errRecorded
}

func TestResolver(t *testing.T) {
	w := newWorld(t, nil)
	if _, err := w.CreateIssuer(t.Context(), "cli", "law", Institution{Name: "Law School"}); err != nil {
		t.Fatal(err)
	}
	next := &recorder{}
	own := "did:web:badges.example.ac.uk"
	for id, want := range map[string]error{
		own:                             nil,
		own + ":issuers:law":            nil,
		own + ":issuers:default":        did.ErrNotFound,
		own + ":issuers:nobody":         did.ErrNotFound,
		own + ":issuers:law:x":          did.ErrNotFound,
		own + ":law":                    did.ErrNotFound,
		own + ".evil.example":           errRecorded,
		own + "%3A8443":                 errRecorded,
		"did:web:example.org":           errRecorded,
		"did:web:law":                   errRecorded,
		"did:key:z6MkhaXgBZDvotDkL5257": errRecorded,
	} {
		parsed, err := did.Parse(id)
		if err != nil {
			t.Fatal(err)
		}
		document, err := w.Resolver(next).Resolve(t.Context(), parsed)
		if !errors.Is(err, want) || want == nil && (err != nil || document.ID != id) {
			t.Errorf("%s: %v, want %v", id, err, want)
		}
		if errors.Is(want, errRecorded) {
			if _, err := w.Resolver(nil).Resolve(t.Context(), parsed); !errors.Is(err, did.ErrUnavailable) {
				t.Errorf("%s without a network: %v", id, err)
			}
		}
	}
	if len(next.asked) != 5 {
		t.Errorf("asked for %v", next.asked)
	}
}

func TestLocalDocuments(t *testing.T) {
	w := newWorld(t, nil)
	made := w.award(ada(w.mentor()))
	c, err := w.store.Credential(t.Context(), DefaultSlug, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	next := &recorder{}
	list := testURL + "/status/" + c.Status[0].List
	for _, test := range []struct {
		url     string
		kind    verifier.Kind
		found   bool
		foreign bool
	}{
		{testURL + "/issuers/default", verifier.KindControllerDocument, true, false},
		{list, verifier.KindStatusList, true, false},
		{list, verifier.KindControllerDocument, false, false},
		{testURL + "/issuers/default", verifier.KindStatusList, false, false},
		{testURL + "/issuers/nobody", verifier.KindControllerDocument, false, false},
		{testURL + "/status/../x", verifier.KindStatusList, false, false},
		{testURL, verifier.KindControllerDocument, false, false},
		{"HTTPS://Badges.Example.ac.uk/issuers/default", verifier.KindControllerDocument, false, false},
		{testURL + ".evil.example/issuers/default", verifier.KindControllerDocument, false, true},
		{testURL + ":8443/issuers/default", verifier.KindControllerDocument, false, true},
		{"https://example.org/status/1", verifier.KindStatusList, false, true},
	} {
		before := len(next.asked)
		data, err := w.Documents(next).Document(t.Context(), test.url, test.kind)
		var answer interface{ HTTPStatus() int }
		switch {
		case test.found && (err != nil || len(data) == 0):
			t.Errorf("%s: %v", test.url, err)
		case !test.found && !test.foreign && (!errors.As(err, &answer) || answer.HTTPStatus() != 404):
			t.Errorf("%s: %v, want not found", test.url, err)
		case test.foreign != (len(next.asked) > before):
			t.Errorf("%s: asked for %v", test.url, next.asked)
		}
	}
	if _, err := w.Documents(nil).Document(t.Context(), "https://example.org/", verifier.KindStatusList); err == nil || errors.As(err, new(interface{ HTTPStatus() int })) {
		t.Errorf("without a network: %v", err)
	}
}

// TestLoopback: the demonstration runs without TLS on this machine alone.
func TestLoopback(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.PublicURL = "http://localhost:8080" })
	made := w.award(ada(w.mentor()))
	signed := w.badge(made.ID).Signed
	if got := w.verdict(signed); got != verifier.VerdictValid {
		t.Errorf("verdict %s", got)
	}
	if got := parse(t, signed).Get("issuer").Get("id").Text(); got != "did:web:localhost%3A8080" {
		t.Errorf("issuer %s", got)
	}
}
