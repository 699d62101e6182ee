package did

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

func TestParseParametersRefuses(t *testing.T) {
	for _, query := range []string{
		"a=%", "a=%zz", "a;b", "service=a&service=a", "hl=%C3%A9", "x=%00", "x=%0a", "x=%7f", "versionId=", "versionId=a&versionTime=2025-01-01T00:00:00Z",
		"versionTime=", "versionTime=2025-01-01", "versionTime=2025-01-01T00:00:00", "versionTime=2025-01-01T00:00:00.5Z", "versionTime=2025-01-01T00:00:60Z",
		"versionTime=2025-01-01T24:00:00Z", "versionTime=2025-01-01T00:00:00%2B00:00", "versionTime=12025-01-01T00:00:00Z",
		"relativeRef=a+b", "relativeRef=a?b", "relativeRef=a%23b", "relativeRef=%2F%2Fa", "relativeRef=a:b", "relativeRef=https:%2F%2Fa", "relativeRef=..",
		"relativeRef=.", "relativeRef=a%2F..", "relativeRef=%252e%252e", "relativeRef=a%252f..", "relativeRef=%25252e%25252e", "relativeRef=a%255cb",
		"relativeRef=a%2500", "relativeRef=a%250d%250ab", "relativeRef=" + strings.Repeat("%25", 12) + "2e", "relativeRef=%25",
	} {
		if p, err := ParseParameters(query); !errors.Is(err, ErrInvalidParameters) || p != (Parameters{}) {
			t.Errorf("%q: %+v, %v", query, p, err)
		}
	}
}

func TestParseParameters(t *testing.T) {
	p, err := ParseParameters("versionId=1-a&service=files&serviceType=T&relativeRef=%2Fa%2520b%2Fc%3A...&other=x&hl=zQm")
	want := Parameters{Version: Version{ID: "1-a"}, Service: "files", ServiceType: "T", RelativeRef: "/a%20b/c:..."}
	if err != nil || p != want {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := ParseParameters("versionTime=2025-10-07T14:30:00Z"); err != nil || p.Version.Time.Format("2006-01-02 15:04:05") != "2025-10-07 14:30:00" {
		t.Errorf("%+v, %v", p, err)
	}
}

// Wherever a reference leads, it is at the endpoint's host and below its place.
func FuzzDereference(f *testing.F) {
	const endpoint = "https://files.example/base/dir/"
	document := object("id", victim, "service", `[{"id":"#files","type":"T","serviceEndpoint":"`+endpoint+`"}]`)
	d, err := ParseDocument([]byte(document))
	if err != nil {
		f.Fatal(err)
	}
	resolver := Methods{"web": resolverFunc(func() (*Document, error) { return d, nil })}
	for _, seed := range []string{"?service=files&relativeRef=a%2F%252e.%2Fb#c", "#files", "/a?b#c", "?serviceType=T&relativeRef=%2Fbase%2Fdir%2Fx", "?relativeRef=x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, rest string) {
		u, err := ParseURL(victim + rest)
		if err != nil {
			return
		}
		content, err := resolver.Dereference(t.Context(), u)
		if err != nil {
			return
		}
		if content.Location != "" {
			located, err := url.Parse(content.Location)
			if err != nil || located.Host != "files.example" || located.Scheme != "https" || !strings.HasPrefix(located.JoinPath().Path, "/base/dir") {
				t.Fatalf("%q leads to %q, %v", rest, content.Location, err)
			}
			return
		}
		if _, err := ParseDocument(content.JSON()); err != nil && !content.Part.Exists() {
			t.Fatalf("%q gave %s", rest, content.JSON())
		}
	})
}
