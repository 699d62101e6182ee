package server

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
	"time"

	"laurel/credential/bake"
	"laurel/verifier"
)

// form makes a multipart form of name, file name and content.
func form(t *testing.T, parts ...[3]string) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	writer := multipart.NewWriter(&b)
	for _, p := range parts {
		disposition := fmt.Sprintf(`form-data; name=%q`, p[0])
		if p[1] != "-" {
			disposition += fmt.Sprintf(`; filename=%q`, p[1])
		}
		part, err := writer.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write([]byte(p[2]))
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), "Content-Type: " + writer.FormDataContentType()
}

func TestVerifyRefuses(t *testing.T) {
	w := newWorld(t, Limits{})
	badge := w.get("/credentials/" + w.award(w.achievement(), "")).body
	var zipped bytes.Buffer
	compressor := gzip.NewWriter(&zipped)
	_, _ = compressor.Write(badge)
	_ = compressor.Close()
	const jsonType = "Content-Type: application/json"
	large := append(append([]byte(`{"a":"`), bytes.Repeat([]byte("a"), 2<<20)...), `"}`...)
	both, bothType := form(t, [3]string{"credential", "-", "{}"}, [3]string{"credential", "a.json", "{}"})
	neither, neitherType := form(t, [3]string{"credential", "-", " "}, [3]string{"credential", "", ""})
	stranger, strangerType := form(t, [3]string{"upload", "a.json", string(badge)})
	many, manyType := form(t, make([][3]string, 20)...)
	largeForm, largeFormType := form(t, [3]string{"credential", "a.json", string(large)})
	for name, c := range map[string]struct {
		body   []byte
		header string
		status int
		code   string
	}{
		"nothing":                    {nil, jsonType, 400, "empty-input"},
		"white space":                {[]byte(" \n\t"), jsonType, 400, "empty-input"},
		"two megabytes":              {large, jsonType, 413, "too-large"},
		"two megabytes in a form":    {largeForm, largeFormType, 413, "too-large"},
		"one byte too many":          {bytes.Repeat([]byte(" "), 1<<20+1), jsonType, 413, "too-large"},
		"no type":                    {badge, "", 415, "unsupported-media-type"},
		"a type that is none":        {badge, "Content-Type: ;;", 415, "unsupported-media-type"},
		"HTML":                       {badge, "Content-Type: text/html", 415, "unsupported-media-type"},
		"XML":                        {badge, "Content-Type: application/xml", 415, "unsupported-media-type"},
		"bytes":                      {badge, "Content-Type: application/octet-stream", 415, "unsupported-media-type"},
		"another character set":      {badge, "Content-Type: application/json; charset=utf-16", 415, "unsupported-media-type"},
		"JSON called a JWS":          {badge, "Content-Type: application/vc+jwt", 415, "unsupported-media-type"},
		"JSON called a form":         {badge, "Content-Type: application/x-www-form-urlencoded", 415, "unsupported-media-type"},
		"JSON called a large form":   {badge, "Content-Type: multipart/form-data; boundary=x", 415, "unsupported-media-type"},
		"a form without the field":   {[]byte("a=b"), "Content-Type: application/x-www-form-urlencoded", 415, "unsupported-media-type"},
		"a form with it twice":       {[]byte("credential=a&credential=b"), "Content-Type: application/x-www-form-urlencoded", 400, "malformed-form"},
		"a form that is none":        {[]byte("credential=%zz"), "Content-Type: application/x-www-form-urlencoded", 400, "malformed-form"},
		"a form with an empty field": {[]byte("credential="), "Content-Type: application/x-www-form-urlencoded", 400, "empty-input"},
		"a form without boundary":    {neither, "Content-Type: multipart/form-data", 400, "malformed-form"},
		"a text and a file":          {both, bothType, 400, "malformed-form"},
		"neither text nor file":      {neither, neitherType, 400, "empty-input"},
		"a file of another name":     {stranger, strangerType, 415, "unsupported-media-type"},
		"a form of many parts":       {many, manyType, 400, "malformed-form"},
		"half a form":                {both[:len(both)-20], bothType, 400, "malformed-form"},
		"gzip":                       {zipped.Bytes(), jsonType + "\nContent-Encoding: gzip", 415, "unsupported-content-encoding"},
		"gzip that says nothing":     {zipped.Bytes(), jsonType, 400, ""},
		"truncated":                  {badge[:len(badge)-10], jsonType, 400, "json-truncated"},
		"truncated in a text":        {[]byte(`{"a":"b`), jsonType, 400, "json-truncated"},
		"two values":                 {append(bytes.Clone(badge), badge...), jsonType, 400, "json-trailing-data"},
		"a name twice":               {[]byte(`{"id":"a","\u0069d":"b"}`), jsonType, 400, "json-duplicate-key"},
		"deep nesting":               {[]byte(strings.Repeat("[", 1000) + strings.Repeat("]", 1000)), jsonType, 400, "json-too-deep"},
		"a million brackets":         {bytes.Repeat([]byte("["), 1_000_000), jsonType, 400, "json-too-deep"},
		"a long name":                {[]byte(`{"` + strings.Repeat("a", 300) + `":1}`), jsonType, 400, "json-name-too-long"},
		"bad UTF-8":                  {[]byte("{\"a\":\"\xff\"}"), jsonType, 400, "json-invalid-utf8"},
		"a byte order mark":          {append([]byte("\xef\xbb\xbf"), badge...), jsonType, 400, "json-invalid-utf8"},
		"a huge number":              {[]byte(`{"a":1e400}`), jsonType, 400, "json-number-range"},
		"no JSON":                    {[]byte(`{"a":undefined}`), jsonType, 400, "json-syntax"},
		"prose":                      {[]byte("This is my badge."), "Content-Type: text/plain", 400, ""},
		"a link that is not safe":    {[]byte("http://badges.example.ac.uk/credentials/x"), "Content-Type: text/plain", 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var headers []string
			if c.header != "" {
				headers = strings.Split(c.header, "\n")
			}
			r := w.do("POST", "/verify", c.body, headers...)
			if r.status != c.status || c.code != "" && r.code() != c.code || r.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%d %s", r.status, r.body)
			}
			if bytes.Contains(r.body, []byte("Peer mentor")) {
				t.Error("the answer repeats the input")
			}
		})
	}
}

// TestVerifyReports sends what is a badge in form, and looks for the check that
// says what is wrong with it.
func TestVerifyReports(t *testing.T) {
	w := newWorld(t, Limits{})
	badge := string(w.get("/credentials/" + w.award(w.achievement(), "")).body)
	mine := "did:web:badges.example.ac.uk"
	foreign := strings.ReplaceAll(badge, mine, "did:web:unknown.example")
	for name, c := range map[string]struct {
		body    string
		header  string
		verdict verifier.Verdict
		code    verifier.Code
	}{
		"no credential":            {`{"hello":"world"}`, "", verifier.VerdictInvalid, verifier.CodeNotCredential},
		"a list":                   {`[]`, "", verifier.VerdictInvalid, verifier.CodeNotCredential},
		"a changed word":           {strings.Replace(badge, "Peer mentor", "Peer master", 1), "", verifier.VerdictInvalid, verifier.CodeSignatureInvalid},
		"no proof":                 {badge[:strings.LastIndex(badge, `,"proof"`)] + "}", "", "", verifier.CodeNoProof},
		"an unknown context":       {strings.Replace(badge, `context-3.0.3.json"`, `context-3.0.3.json","https://example.org/context.jsonld"`, 1), "", verifier.VerdictIndeterminate, verifier.CodeContextUnknown},
		"an issuer nobody reaches": {foreign, "", verifier.VerdictIndeterminate, verifier.CodeKeyUnresolvable},
		"as a credential":          {badge, "Content-Type: application/vc", verifier.VerdictValid, verifier.CodeSignature},
		"as linked data":           {badge, "Content-Type: application/ld+json; charset=UTF-8", verifier.VerdictValid, verifier.CodeSignature},
		"as text":                  {"\n  " + badge + "\n", "Content-Type: text/plain;charset=utf-8", verifier.VerdictValid, verifier.CodeSignature},
		"in a form":                {"credential=" + url.QueryEscape(badge), "Content-Type: application/x-www-form-urlencoded", verifier.VerdictValid, verifier.CodeSignature},
		"a signed token":           {"eyJhbGciOiJFZERTQSJ9.e30.c2ln", "Content-Type: application/jwt", verifier.VerdictInvalid, verifier.CodeTokenType},
	} {
		t.Run(name, func(t *testing.T) {
			header := "Content-Type: application/json"
			if c.header != "" {
				header = c.header
			}
			report := w.verify([]byte(c.body), header)
			if c.verdict != "" && report.Verdict != c.verdict || report.Verdict == verifier.VerdictValid && c.verdict != verifier.VerdictValid {
				t.Errorf("the verdict is %s: %+v", report.Verdict, report.Checks)
			}
			found := false
			for _, check := range report.Checks {
				found = found || check.Code == c.code
			}
			if !found {
				t.Errorf("no check %s in %+v", c.code, report.Checks)
			}
			if report.Verdict != verifier.VerdictValid && report.Credential != nil {
				t.Error("the report quotes what is not proven")
			}
		})
	}
	body, contentType := form(t, [3]string{"credential", "-", ""}, [3]string{"credential", "badge.json", badge})
	if v := w.verify(body, contentType).Verdict; v != verifier.VerdictValid {
		t.Errorf("a file in a form is %s", v)
	}
	picture, err := bake.Write([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><desc>`+strings.Repeat("x", 2<<20)+`</desc></svg>`), []byte(badge))
	if err != nil {
		t.Fatal(err)
	}
	body, contentType = form(t, [3]string{"file", "badge.svg", string(picture)})
	if report := w.verify(body, contentType); report.Verdict != verifier.VerdictValid || report.Format != verifier.FormatSVG {
		t.Errorf("a picture in a form is %s %s", report.Format, report.Verdict)
	}
	if r := w.do("POST", "/verify", picture, "Content-Type: application/json"); r.status != 413 {
		t.Errorf("a picture as JSON: %d", r.status)
	}
}

// TestVerifyLink follows a link to a badge of this installation, and none to
// what it does not publish.
func TestVerifyLink(t *testing.T) {
	w := newWorld(t, Limits{})
	id := w.award(w.achievement(), "")
	for link, want := range map[string]verifier.Verdict{
		"/credentials/" + id:           verifier.VerdictValid,
		"/credentials/" + id + ".json": verifier.VerdictValid,
		"/credentials/none":            verifier.VerdictIndeterminate,
		"/api/v1/credentials/" + id:    verifier.VerdictIndeterminate,
	} {
		report := w.verify([]byte(`{"url":"`+testURL+link+`"}`), "Content-Type: application/json")
		if report.Verdict != want {
			t.Errorf("%s is %s: %+v", link, report.Verdict, report.Checks)
		}
	}
}

// A body may come in pieces and without a length.
func TestVerifyEndlessBody(t *testing.T) {
	w := newWorld(t, Limits{VerifyTime: time.Second})
	r := w.do("POST", "/verify", bytes.Repeat([]byte(`{"a":1},`), 1<<18), "Content-Type: application/json", "Transfer-Encoding: chunked")
	if r.status != 413 {
		t.Errorf("%d %s", r.status, r.body)
	}
}
