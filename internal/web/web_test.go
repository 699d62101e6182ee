package web

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"laurel/credential"
	"laurel/verifier"
)

// hostile is a badge that would like to be more than text.
const hostile = `{
"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
"id":"https://badges.example.ac.uk/credentials/1","type":["VerifiableCredential","OpenBadgeCredential"],
"name":"</title><script>alert(1)</script>",
"issuer":{"id":"did:web:badges.example.ac.uk","type":["Profile"],"name":"Bank <b onclick=x>of</b> England"},
"validFrom":"2026-02-02T00:00:00Z",
"credentialSubject":{"type":["AchievementSubject"],
 "identifier":[{"type":"IdentityObject","hashed":false,"identityType":"name","identityHash":"Ada \u202e<i>"}],
 "achievement":{"id":"javascript:alert(1)","type":["Achievement"],"name":"\"><script>alert(1)</script>","inLanguage":"en\" onload=\"x",
  "description":"First.\r\n\r\n<img src=x onerror=alert(1)>\nSecond line.",
  "image":{"id":"https://tracker.example/pixel.png","type":"Image","caption":"A \"star\""},
  "criteria":{"id":"  javascript:alert(1)","narrative":"[x](javascript:alert(1)) <iframe src=//evil.example></iframe>"},
  "alignment":[{"type":["Alignment"],"targetName":"<u>Skill","targetUrl":"vbscript:x"},{"type":["Alignment"],"targetName":"Mentoring","targetUrl":"https://skills.example/1?a=1&b=2"}],
  "tag":["<svg/onload=x>"]}},
"evidence":[{"id":"data:text/html,<script>","type":["Evidence"],"name":"<script>"},{"id":"//evil.example","type":["Evidence"]},{"id":"https://user:pass@evil.example/","type":["Evidence"]},{"id":"https://example.org/essay","type":["Evidence"],"narrative":"<b>"}]
}`

func parsed(t *testing.T, text string) *credential.Credential {
	t.Helper()
	c, err := credential.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var now = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

func report(verdict verifier.Verdict, checks ...verifier.Check) *verifier.Report {
	r := &verifier.Report{Verdict: verdict, Format: verifier.FormatJSON, Checks: checks, CheckedAt: now}
	if verdict == verifier.VerdictValid {
		r.Credential = json.RawMessage(hostile)
	}
	return r
}

var (
	passed = verifier.Check{Code: verifier.CodeSignature, Outcome: verifier.Passed, Message: "The signature is good."}
	failed = verifier.Check{Code: verifier.CodeExpired, Outcome: verifier.Failed, Message: "The badge <b>has</b> expired.", Path: "/validUntil"}
	open   = verifier.Check{Code: verifier.CodeStatusUnavailable, Outcome: verifier.Indeterminate, Message: "The list could not be had."}
	left   = verifier.Check{Code: verifier.CodeStatusUnchecked, Outcome: verifier.Skipped, Message: "Not looked up."}
)

// everyPage is one of each, with what the worst badge has to say.
func everyPage(t *testing.T) map[string]Page {
	badge := parsed(t, hostile)
	achievement := badge.Value().Get("credentialSubject").Get("achievement").Raw()
	profile := badge.Value().Get("issuer").Raw()
	return map[string]Page{
		"home":          HomePage{Issuer: "<script>", IssuerURL: "https://badges.example.ac.uk/issuers/default"},
		"privacy":       PrivacyPage{Controller: "<b>", Contact: "javascript:x", URL: "javascript:x", Issues: true},
		"problem":       ProblemPage{Status: 404, Title: "<script>", Remedy: "<b>", Detail: "</main>"},
		"achievement":   AchievementPage{Document: achievement, Version: 2, URL: "https://badges.example.ac.uk/achievements/1"},
		"issuer":        IssuerPage{Profile: profile, DID: "did:web:badges.example.ac.uk", Slug: "default", Default: true},
		"badge":         BadgePage{Badge: badge, URL: "https://badges.example.ac.uk/credentials/1", State: StateOf("issued", time.Time{}, ""), Now: now},
		"badge revoked": BadgePage{Badge: badge, URL: "https://badges.example.ac.uk/credentials/1", State: StateOf("revoked", now, "<script>"), Now: now, Public: true},
		"verify":        VerifyPage{},
		"verify refuse": VerifyPage{Problem: &ProblemPage{Title: "<script>", Remedy: "<b>"}},
		"verify valid":  VerifyPage{Report: report(verifier.VerdictValid, passed)},
		"verify not":    VerifyPage{Report: report(verifier.VerdictInvalid, passed, left, open, failed)},
		"verify open":   VerifyPage{Report: report(verifier.VerdictIndeterminate, passed, open)},
	}
}

func rendered(t *testing.T, page Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := page.Render(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func text(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// TestPagesAreInert looks for anything that would run, load or lead astray.
func TestPagesAreInert(t *testing.T) {
	elements := []string{
		"html", "head", "meta", "title", "link", "body", "a", "header", "nav", "main", "footer", "h1", "h2", "h3", "p", "span", "strong",
		"bdi", "dl", "dt", "dd", "ul", "li", "article", "section", "div", "time", "form", "label", "textarea", "input", "button", "img", "details", "summary",
	}
	attributes := []string{
		"lang", "charset", "name", "content", "rel", "href", "class", "aria-label", "aria-labelledby", "aria-describedby", "aria-hidden", "id",
		"tabindex", "dir", "datetime", "method", "action", "enctype", "for", "rows", "spellcheck", "autocomplete", "type", "accept", "value",
		"src", "alt", "role", "download",
	}
	for name, page := range everyPage(t) {
		source := rendered(t, page)
		document, err := html.Parse(strings.NewReader(source))
		if err != nil {
			t.Fatal(err)
		}
		for n := range document.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if !slices.Contains(elements, n.Data) {
				t.Errorf("%s: an element %s", name, n.Data)
			}
			for _, a := range n.Attr {
				if !slices.Contains(attributes, a.Key) {
					t.Errorf("%s: an attribute %s=%q of %s", name, a.Key, a.Val, n.Data)
				}
			}
			if href, ok := attribute(n, "href"); ok {
				own := strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "//") || href == "#main" || strings.HasPrefix(href, "https://badges.example.ac.uk/")
				rel, _ := attribute(n, "rel")
				if !own && (!strings.HasPrefix(href, "https://") || rel != "noopener nofollow ugc") {
					t.Errorf("%s: a link to %q rel=%q", name, href, rel)
				}
				if strings.Contains(href, "evil") {
					t.Errorf("%s: a link to %q", name, href)
				}
			}
			if src, ok := attribute(n, "src"); ok && !strings.HasPrefix(src, "data:image/") {
				t.Errorf("%s: loads %q", name, src)
			}
		}
		if strings.Contains(source, "ZgotmplZ") {
			t.Errorf("%s: a template had to be rescued", name)
		}
	}
}

// TestPagesAreAccessible checks what a machine can check of WCAG 2.2.
func TestPagesAreAccessible(t *testing.T) {
	for name, page := range everyPage(t) {
		document, err := html.Parse(strings.NewReader(rendered(t, page)))
		if err != nil {
			t.Fatal(err)
		}
		ids, labelled, referred := map[string]bool{}, map[string]bool{}, []string{}
		count := map[string]int{}
		level := 0
		for n := range document.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			count[n.Data]++
			if id, ok := attribute(n, "id"); ok {
				if ids[id] {
					t.Errorf("%s: the id %s is there twice", name, id)
				}
				ids[id] = true
			}
			for _, reference := range []string{"aria-labelledby", "aria-describedby", "for"} {
				if id, ok := attribute(n, reference); ok {
					referred = append(referred, id)
					labelled[id] = labelled[id] || reference == "for"
				}
			}
			switch n.Data {
			case "html":
				if lang, _ := attribute(n, "lang"); lang != "en" {
					t.Errorf("%s: the language is %q", name, lang)
				}
			case "h1", "h2", "h3":
				next, _ := strconv.Atoi(n.Data[1:])
				if next > level+1 || text(n) == "" {
					t.Errorf("%s: %s %q after level %d", name, n.Data, text(n), level)
				}
				level = next
			case "a", "button", "title", "label", "dt":
				if text(n) == "" {
					t.Errorf("%s: a %s without text", name, n.Data)
				}
			case "img":
				if _, ok := attribute(n, "alt"); !ok {
					t.Errorf("%s: a picture without alternative text", name)
				}
			}
		}
		for n := range document.Descendants() {
			kind, _ := attribute(n, "type")
			if n.Data == "textarea" || n.Data == "input" && kind != "hidden" {
				if id, _ := attribute(n, "id"); !labelled[id] {
					t.Errorf("%s: a field %q without label", name, id)
				}
			}
		}
		for _, id := range referred {
			if !ids[id] {
				t.Errorf("%s: nothing has the id %s", name, id)
			}
		}
		if count["h1"] != 1 || count["main"] != 1 || count["title"] != 1 || count["header"] != 1 || count["footer"] != 1 {
			t.Errorf("%s: %v", name, count)
		}
	}
}

func TestVerifyPageSaysTheVerdictFirst(t *testing.T) {
	in := func(source string, parts ...string) {
		t.Helper()
		at := 0
		for _, part := range parts {
			i := strings.Index(source[at:], part)
			if i < 0 {
				t.Fatalf("no %q where it should be in\n%s", part, source)
			}
			at += i + len(part)
		}
	}
	document := func(r *verifier.Report) string { return rendered(t, VerifyPage{Report: r}) }
	in(document(report(verifier.VerdictValid, passed)),
		"<h1", "Valid: this badge holds", "1 of 1 checks passed", "badges.example.ac.uk", "Bank &lt;b", "What was checked", "Passed:", "The signature is good.", "<form")
	invalid := document(report(verifier.VerdictInvalid, passed, left, open, failed))
	in(invalid, "<h1", "Not valid: do not rely on this badge", "The badge &lt;b&gt;has&lt;/b&gt; expired.", "1 of 3 checks passed",
		"Failed:", "The badge &lt;b&gt;has&lt;/b&gt; expired.", "/validUntil", "Not checked:", "Passed:", "Skipped:")
	if strings.Contains(invalid, "Mentoring") || strings.Contains(invalid, "Ada") {
		t.Error("a badge that is not proven is shown")
	}
	in(document(report(verifier.VerdictIndeterminate, passed, open)), "<h1", "Could not be checked", "The list could not be had.", "Not checked:")
	unknown := document(report("splendid", passed))
	if strings.Contains(unknown, "Valid") || strings.Contains(unknown, "good\"><span aria-hidden=\"true\">✔</span> </h1>") {
		t.Error("an unknown verdict looks good")
	}
}

// TestToneOfVerdict: what may pass calls for caution, as long as the badge is
// shown to be its issuer's and nothing else speaks against it.
func TestToneOfVerdict(t *testing.T) {
	held := verifier.Check{Code: verifier.CodeSuspended, Outcome: verifier.Failed, Message: "On hold."}
	revoked := verifier.Check{Code: verifier.CodeRevoked, Outcome: verifier.Failed, Message: "Withdrawn."}
	proven := func(checks ...verifier.Check) *verifier.Report {
		r := report(verifier.VerdictInvalid, checks...)
		r.Credential = json.RawMessage(hostile)
		return r
	}
	for name, c := range map[string]struct {
		report *verifier.Report
		tone   string
	}{
		"valid":                 {report(verifier.VerdictValid, passed), "good"},
		"on hold":               {proven(passed, held), "caution"},
		"expired and on hold":   {proven(passed, failed, held), "caution"},
		"on hold and withdrawn": {proven(passed, held, revoked), "stop"},
		"withdrawn":             {proven(passed, revoked), "stop"},
		"expired, not proven":   {report(verifier.VerdictInvalid, failed, open), "stop"},
		"not checked":           {report(verifier.VerdictIndeterminate, passed, open), "caution"},
	} {
		if page := rendered(t, VerifyPage{Report: c.report}); !strings.Contains(page, `<h1 class="state `+c.tone+`">`) {
			t.Errorf("%s: not %s", name, c.tone)
		}
	}
}

func TestBadgePageOrder(t *testing.T) {
	const logo = "data:image/png;base64,iVBORw0KGgo="
	badge := parsed(t, strings.Replace(hostile, "https://tracker.example/pixel.png", logo, 1))
	source := rendered(t, BadgePage{Badge: badge, URL: "https://badges.example.ac.uk/credentials/1", State: StateOf("issued", time.Time{}, ""), Now: now})
	at := 0
	for _, part := range []string{
		`src="` + logo, `alt="A &#34;star&#34;"`, "<h1>", "Awarded to", "Awarded by", "badges.example.ac.uk", "2 February 2026", "it does not", "In force, says the issuer",
		"What it took", "Evidence", "Skills", "Take it with you", "Show it", "Check it yourself",
	} {
		i := strings.Index(source[at:], part)
		if i < 0 {
			t.Fatalf("no %q where it should be in\n%s", part, source)
		}
		at += i + len(part)
	}
	if !strings.Contains(source, `<meta name="robots" content="noindex">`) {
		t.Error("a badge that is not public may be indexed")
	}
	// The form sends the very bytes of the badge.
	document, err := html.Parse(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	for n := range document.Descendants() {
		if kind, _ := attribute(n, "type"); n.Data == "input" && kind == "hidden" {
			if value, _ := attribute(n, "value"); value != string(badge.Raw()) {
				t.Errorf("the form sends %s", value)
			}
			return
		}
	}
	t.Error("there is no form")
}

func TestStanding(t *testing.T) {
	until := strings.Replace(hostile, `"validFrom"`, `"validUntil":"2026-03-14T15:09:26Z","validFrom"`, 1)
	for _, c := range []struct {
		badge, state string
		now          time.Time
		want         string
	}{
		{hostile, "issued", now, "In force, says the issuer"},
		{hostile, "issued", now.AddDate(-1, 0, 0), "Not valid before 2 February 2026"},
		{until, "issued", now, "In force, says the issuer"},
		{until, "issued", now.Add(time.Second), "Expired on 14 March 2026"},
		{until, "suspended", now, "On hold since 1 March 2026"},
		{until, "revoked", now.Add(time.Hour), "Withdrawn by the issuer on 1 March 2026"},
		{strings.Replace(hostile, "2026-02-02T00", "2026-02-30T00", 1), "issued", now, "Its dates cannot be read"},
	} {
		page := BadgePage{Badge: parsed(t, c.badge), Now: c.now, State: StateOf(c.state, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), "")}
		if got := page.standing().Words; got != c.want {
			t.Errorf("%s at %s: %q, want %q", c.state, c.now, got, c.want)
		}
	}
}

func TestPicture(t *testing.T) {
	for id, want := range map[string]bool{
		"data:image/png;base64,AAAA":                          true,
		"data:image/svg+xml;base64,PHN2Zz4=":                  true,
		"data:image/svg+xml,<svg onload=x>":                   false,
		"data:text/html;base64,AAAA":                          false,
		"data:image/png;base64,AAAA\" onerror=\"x":            false,
		"https://tracker.example/pixel.png":                   false,
		"javascript:alert(1)":                                 false,
		"":                                                    false,
		"data:image/png;base64," + strings.Repeat("A", 3<<20): false,
	} {
		if got := picture(&credential.Image{ID: id}) != ""; got != want {
			t.Errorf("%.40q is shown: %t", id, got)
		}
	}
	if picture(nil) != "" {
		t.Error("no picture is shown")
	}
}

func TestHost(t *testing.T) {
	for id, want := range map[string]string{
		"did:web:example.ac.uk":                 "example.ac.uk",
		"did:web:example.ac.uk:issuers:physics": "example.ac.uk",
		"did:web:localhost%3A8080":              "localhost:8080",
		"https://example.ac.uk/issuers/1":       "example.ac.uk",
		"https://user@example.ac.uk/":           "example.ac.uk",
		"http://example.ac.uk/":                 "",
		"did:key:z6Mk":                          "",
		"urn:uuid:1":                            "",
		"did:web:%zz":                           "",
	} {
		if got := host(id); got != want {
			t.Errorf("%s: %q", id, got)
		}
	}
}

func TestRenderReportsFaults(t *testing.T) {
	for _, page := range []Page{
		AchievementPage{Document: []byte("{")},
		IssuerPage{Profile: []byte("{")},
		VerifyPage{Report: &verifier.Report{Verdict: verifier.VerdictValid, Credential: json.RawMessage("{")}},
	} {
		var b bytes.Buffer
		if err := page.Render(&b); err == nil || b.Len() > 0 {
			t.Errorf("%T: %v, %d bytes", page, err, b.Len())
		}
	}
}
