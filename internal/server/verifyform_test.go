package server

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"laurel/verifier"
)

// TestVerifyExpects asks about a person in every way there is. The badge is Ada's.
func TestVerifyExpects(t *testing.T) {
	w := newWorld(t, Limits{})
	badge := string(w.get("/credentials/" + w.award(w.achievement(), "")).body)
	text, err := json.Marshal(badge)
	if err != nil {
		t.Fatal(err)
	}
	urlencoded := "Content-Type: application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		body    string
		header  string
		verdict verifier.Verdict
		code    verifier.Code
	}{
		"nobody":              {`{"credential":` + badge + `,"expect":{}}`, "", verifier.VerdictValid, verifier.CodeSignature},
		"a wrapped badge":     {`{"credential":` + badge + `}`, "", verifier.VerdictValid, verifier.CodeSignature},
		"a wrapped text":      {`{"credential":` + string(text) + `}`, "", verifier.VerdictValid, verifier.CodeSignature},
		"the right person":    {`{"credential":` + badge + `,"expect":{"email":"ada@example.org"}}`, "", verifier.VerdictValid, verifier.CodeRecipient},
		"another person":      {`{"credential":` + badge + `,"expect":{"email":"bob@example.org"}}`, "", verifier.VerdictInvalid, verifier.CodeRecipientMismatch},
		"a DID":               {`{"credential":` + badge + `,"expect":{"id":"did:key:z6Mk"}}`, "", verifier.VerdictInvalid, verifier.CodeRecipientMismatch},
		"a badge as text":     {`{"credential":` + string(text) + `,"expect":{"email":"bob@example.org"}}`, "", verifier.VerdictInvalid, verifier.CodeRecipientMismatch},
		"a newer copy":        {`{"credential":` + badge + `,"expect":{"refresh":true}}`, "", verifier.VerdictValid, verifier.CodeSignature},
		"both in one":         {`{"credential":` + badge + `,"expect":{"email":"ada@example.org","id":"x"}}`, "", verifier.VerdictInvalid, verifier.CodeRecipientMismatch},
		"a form, right":       {"email=ada%40example.org&credential=" + url.QueryEscape(badge), urlencoded, verifier.VerdictValid, verifier.CodeRecipient},
		"a form, wrong":       {"email=bob%40example.org&credential=" + url.QueryEscape(badge), urlencoded, verifier.VerdictInvalid, verifier.CodeRecipientMismatch},
		"a form, left empty":  {"email=&id=&challenge=&domain=&credential=" + url.QueryEscape(badge), urlencoded, verifier.VerdictValid, verifier.CodeSignature},
		"a challenge":         {presented(badge, `{"challenge":"c"}`), "", verifier.VerdictInvalid, verifier.CodePresentationSignature},
		"two domains":         {presented(badge, `{"domain":["a.example","b.example"]}`), "", verifier.VerdictInvalid, verifier.CodePresentationSignature},
		"an unsigned bundle":  {presented(badge, `{}`), "", verifier.VerdictValid, verifier.CodePresentationSignature},
		"a link nobody opens": {`{"url":"https://unknown.example/1","expect":{"email":"ada@example.org"}}`, "", verifier.VerdictIndeterminate, verifier.CodeLinkUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			header := "Content-Type: application/json"
			if c.header != "" {
				header = c.header
			}
			report := w.verify([]byte(c.body), header)
			found := false
			for _, check := range report.Checks {
				found = found || check.Code == c.code
			}
			if report.Verdict != c.verdict || !found {
				t.Errorf("the verdict is %s, without %s: %+v", report.Verdict, c.code, report.Checks)
			}
		})
	}
	body, contentType := form(t, [3]string{"email", "-", "bob@example.org"}, [3]string{"credential", "badge.json", badge})
	if report := w.verify(body, contentType); report.Verdict != verifier.VerdictInvalid {
		t.Errorf("a file in a form, of another person, is %s", report.Verdict)
	}
	page := w.do("POST", "/verify", body, contentType, "Accept: text/html")
	if !strings.Contains(string(page.body), "somebody else") || strings.Contains(string(page.body), "bob@example.org") {
		t.Errorf("the page does not say that the badge is somebody else’s, or repeats who was asked for: %s", page.body)
	}
	if strings.Contains(w.log.String(), "bob@") || strings.Contains(w.log.String(), "ada@") {
		t.Error("the log has an address in it")
	}
}

// presented is a bundle with a badge, and what is expected of it.
func presented(badge, expect string) string {
	return `{"credential":{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"],"verifiableCredential":[` +
		badge + `]},"expect":` + expect + `}`
}

func TestVerifyExpectsRefused(t *testing.T) {
	w := newWorld(t, Limits{})
	long := strings.Repeat("x", maxExpected+1)
	for name, c := range map[string]struct {
		path, body, faults string
	}{
		"an unknown member":   {"", `{"credential":{},"expect":{"mail":"a"}}`, "/expect/mail member_unknown"},
		"a member beside":     {"", `{"credential":{},"x":1,"expect":{}}`, "/x member_unknown"},
		"no badge":            {"", `{"expect":{"email":"a"}}`, "/credential member_missing"},
		"two badges":          {"", `{"credential":{},"url":"https://a.example","expect":{}}`, "/credential member_missing"},
		"a badge as number":   {"", `{"credential":7,"expect":{}}`, "/credential value_unknown"},
		"null":                {"", `{"credential":{},"expect":null}`, "/expect object_expected"},
		"not a flag":          {"", `{"credential":{},"expect":{"refresh":"yes"}}`, "/expect/refresh flag_expected"},
		"not a text":          {"", `{"credential":{},"expect":{"email":7}}`, "/expect/email text_expected"},
		"a list of people":    {"", `{"credential":{},"expect":{"email":["a","b"]}}`, "/expect/email text_expected"},
		"an empty list":       {"", `{"credential":{},"expect":{"email":[]}}`, "/expect/email text_expected"},
		"a list of one":       {"", `{"credential":{},"expect":{"id":["a"]}}`, "/expect/id text_expected"},
		"an object":           {"", `{"credential":{},"expect":{"challenge":{}}}`, "/expect/challenge text_expected"},
		"a null":              {"", `{"credential":{},"expect":{"email":null}}`, "/expect/email text_expected"},
		"no text":             {"", `{"credential":{},"expect":{"email":"","id":" ","challenge":"\t","domain":""}}`, "/expect/email empty, /expect/id empty, /expect/challenge empty, /expect/domain empty"},
		"no domains":          {"", `{"credential":{},"expect":{"domain":[]}}`, "/expect/domain empty"},
		"an empty domain":     {"", `{"credential":{},"expect":{"domain":["a.example",""]}}`, "/expect/domain/1 empty"},
		"a list in a list":    {"", `{"credential":{},"expect":{"domain":[[]]}}`, "/expect/domain/0 text_expected"},
		"an escaped name":     {"", `{"credential":{},"\u0065xpect":{"email":""}}`, "/expect/email empty"},
		"beside a badge":      {"", `{"credential":{},"x":1}`, "/x member_unknown"},
		"a number wrapped":    {"", `{"credential":7}`, "/credential value_unknown"},
		"no https address":    {"", `{"url":"http://127.0.0.1/","expect":{}}`, "/url url_malformed"},
		"an address alone":    {"", `{"url":"http://127.0.0.1/"}`, "/url url_malformed"},
		"too long":            {"", `{"credential":{},"expect":{"email":"` + long + `"}}`, "/expect/email too_long"},
		"too many":            {"", `{"credential":{},"expect":{"domain":["1","2","3","4","5","6","7","8","9"]}}`, "/expect/domain/8 too_many"},
		"an address in a URL": {"?email=ada%40example.org", `{}`, "?email not_in_url"},
		"a challenge in one":  {"?challenge=1", `{}`, "?challenge not_in_url"},
	} {
		t.Run(name, func(t *testing.T) {
			r := w.do("POST", "/verify"+c.path, []byte(c.body), "Content-Type: application/json")
			if r.status != 400 || r.code() != "invalid-request" || r.paths() != c.faults {
				t.Errorf("%d %s", r.status, r.body)
			}
		})
	}
	body, contentType := form(t, [3]string{"email", "-", "a"}, [3]string{"email", "-", "b"}, [3]string{"credential", "-", "{}"})
	if r := w.do("POST", "/verify", body, contentType); r.status != 400 || r.paths() != "/email too_many" {
		t.Errorf("two addresses in a form: %d %s", r.status, r.body)
	}
	if strings.Contains(w.log.String(), "example.org") {
		t.Error("the log has what stood in a URL")
	}
}
