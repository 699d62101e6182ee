package credential

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"laurel/credential/strictjson"
	"laurel/internal/testdata"
)

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		document, code, path string
		err                  error
	}{
		{`[]`, "not_an_object", "", ErrNotCredential},
		{`"x"`, "not_an_object", "", ErrNotCredential},
		{`{}`, "context_missing", "/@context", ErrNotCredential},
		{`{"@context":[]}`, "context_missing", "/@context", ErrNotCredential},
		{`{"@context":null}`, "context_unknown", "/@context", ErrNotCredential},
		{`{"@context":["https://w3id.org/openbadges/v2"]}`, "context_unknown", "/@context/0", ErrNotCredential},
		{`{"@context":["https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json","https://www.w3.org/ns/credentials/v2"]}`, "context_unknown", "/@context/0", ErrNotCredential},
		{`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"VerifiablePresentation"}`, "is_presentation", "/type", ErrPresentation},
		{`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential","VerifiablePresentation"]}`, "is_presentation", "/type", ErrPresentation},
	}
	for _, test := range tests {
		_, err := Parse([]byte(test.document))
		var parseError *ParseError
		if !errors.As(err, &parseError) || parseError.Code != test.code || parseError.Path != test.path || !errors.Is(err, test.err) {
			t.Errorf("%s: got %v, want %s at %q", test.document, err, test.code, test.path)
		}
	}
	_, err := Parse([]byte(`{"@context":[],"@context":[]}`))
	var strict *strictjson.Error
	if !errors.As(err, &strict) || strict.Code != strictjson.CodeDuplicate {
		t.Errorf("a duplicate name gave %v", err)
	}
	for _, document := range []string{badge, plain, `{"@context":["https://www.w3.org/ns/credentials/v2"]}`} {
		if _, err := ParsePresentation([]byte(document)); !errors.Is(err, ErrNotPresentation) {
			t.Errorf("a credential parsed as a presentation: %v", err)
		}
	}
}

func TestRawIsByteForByte(t *testing.T) {
	for name, data := range testdata.OpenBadges(t) {
		c, err := Parse(data)
		if err == nil && !bytes.Equal(c.Raw(), data) {
			t.Errorf("%s: Raw differs", name)
		}
	}
	padded := []byte("\n " + badge + " \n")
	c, err := Parse(padded)
	if err != nil || !bytes.Equal(c.Raw(), padded) {
		t.Errorf("white space around a credential is not kept: %v", err)
	}
}

func TestPresentation(t *testing.T) {
	presentation := `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"],"holder":"did:example:h","verifiableCredential":[` + badge + `]}`
	envelope := `{"@context":"https://www.w3.org/ns/credentials/v2","id":"data:application/vc+jwt,a.b.c","type":"EnvelopedVerifiableCredential"}`
	tests := []struct{ pointer, value, want string }{
		{"/id", `"urn:uuid:1"`, ""},
		{"/id", `"x"`, "error uri_malformed /id"},
		{"/holder", `{"id":"did:example:h"}`, ""},
		{"/holder", `{"name":"h"}`, "error property_missing /holder/id"},
		{"/verifiableCredential", `"a.b.c"`, "error not_embedded /verifiableCredential"},
		{"/verifiableCredential", `[1]`, "error not_embedded /verifiableCredential/0"},
		{"/verifiableCredential", `[` + badge + `,{}]`, "error credential_malformed /verifiableCredential/1"},
		{"/verifiableCredential/0/id", `"x"`, "error uri_malformed /verifiableCredential/0/id"},
		{"/verifiableCredential", `[` + envelope + `]`, ""},
		{"/verifiableCredential", edit(t, envelope, "/id", `"https://example.org/"`), "error envelope_not_data /verifiableCredential/id"},
		{"/verifiableCredential", edit(t, envelope, "/@context", ``), "error credential_malformed /verifiableCredential"},
		{"/verifiableCredential", edit(t, envelope, "/type", `"Other"`), "error type_mismatch /verifiableCredential/type"},
	}
	for _, test := range tests {
		p, err := ParsePresentation([]byte(edit(t, presentation, test.pointer, test.value)))
		if err != nil {
			t.Fatal(err)
		}
		checkViolations(t, test.pointer+" "+test.value, p.Validate(), test.want)
	}
	p, err := ParsePresentation([]byte(presentation))
	if err != nil || p.Holder() != "did:example:h" || len(p.Credentials()) != 1 || string(p.Raw()) != presentation {
		t.Errorf("the presentation is not what it was made of: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{badge, plain, endorsement, `{"@context":["https://www.w3.org/2018/credentials/v1",5],"type":"VerifiablePresentation","verifiableCredential":[{}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := ParsePresentation(data); err == nil {
			p.Validate()
		}
		c, err := Parse(data)
		if err != nil {
			return
		}
		violations := c.Validate()
		if len(violations) > MaxViolations {
			t.Errorf("%d violations", len(violations))
		}
		c.Endorsements()
		written, err := Marshal(c.AchievementCredential())
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if _, err := strictjson.Parse(written); err != nil && !strings.Contains(err.Error(), "deep") {
			t.Errorf("what was written cannot be read: %v", err)
		}
	})
}
