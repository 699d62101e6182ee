package verifier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"laurel/credential/strictjson"
)

func TestNotReadable(t *testing.T) {
	l := newLab(t)
	good := string(l.issue(badge()))
	for name, data := range map[string]string{
		"nothing":        "",
		"space":          " \n",
		"words":          "hello",
		"cut off":        good[:len(good)-1],
		"more":           good + "x",
		"two":            good + good,
		"repeated":       `{"@context":1,"@context":2}`,
		"bad UTF-8":      "{\"a\":\"\xff\"}",
		"a mark":         "\xef\xbb\xbf" + good,
		"deep":           strings.Repeat("[", 100) + strings.Repeat("]", 100),
		"large":          `"` + strings.Repeat("x", 2<<20) + `"`,
		"almost a JWS":   "eyJhbGciOiJub25lIn0.e30",
		"not base64":     "eyJhbGciOiJub25lIn0.e=.x",
		"no header":      "e30x.e30.x",
		"a page":         "<html></html>",
		"almost a PNG":   "\x89PNG",
		"JSON in quotes": `"` + strings.ReplaceAll(good, `"`, `'`),
	} {
		report, err := New(l.config).Verify(context.Background(), []byte(data), Expect{})
		if report != nil || !errors.Is(err, ErrNotReadable) {
			t.Errorf("%s: %v, %v", name, report, err)
		}
		var syntax *strictjson.Error
		if !errors.As(err, &syntax) {
			t.Errorf("%s: no place in %v", name, err)
		}
	}
}

func TestInterrupted(t *testing.T) {
	l := newLab(t)
	data := l.issue(badge())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	report, err := New(l.config).Verify(ctx, data, Expect{})
	if err != nil || report.Verdict != VerdictIndeterminate {
		t.Fatalf("%v, %v", report, err)
	}
	if _, ok := find(report, CodeInterrupted); !ok {
		t.Error(describe(report))
	}
}

func TestNotConfigured(t *testing.T) {
	l := newLab(t)
	data := l.issue(badge())
	report, err := New(Config{}).Verify(context.Background(), data, Expect{})
	if err != nil || report.Verdict != VerdictIndeterminate || report.Credential != nil {
		t.Fatalf("%v, %v", report, err)
	}
	if report.CheckedAt.IsZero() || time.Since(report.CheckedAt) > time.Minute {
		t.Errorf("checked at %v", report.CheckedAt)
	}
}

// With nothing in reach nothing is ever valid, whoever issued it.
func TestNothingInReach(t *testing.T) {
	for _, s := range scenarios() {
		l := newLab(t)
		data := s.arrange(l)
		l.world.cut = true
		report := l.verify(data)
		if report.Verdict == VerdictValid || report.Credential != nil {
			t.Errorf("%s is %s\n%s", s.name, report.Verdict, describe(report))
		}
		if _, ok := report.Decisive(); !ok {
			t.Errorf("%s is %s for no reason\n%s", s.name, report.Verdict, describe(report))
		}
		sound(t, report)
	}
}

// fullBadge is a badge with most of what a badge can have, all of it good.
func fullBadge(l *lab) []byte {
	l.serveList(listURL, "revocation")
	key := keyOf('e')
	l.serve(endorser, controllerDocument(endorser, map[string]string{endorser + "#k": multikey(l, key)}))
	b := badgeWithStatus()
	b["description"] = "For peer mentors"
	b["awardedDate"] = "2026-02-01T09:00:00+01:00"
	b["image"] = object{"id": "https://badges.example.edu/1.png", "type": "Image", "caption": "A laurel"}
	b["evidence"] = []any{object{"id": "https://example.org/e", "type": []any{"Evidence"}, "name": "Diary"}}
	s := subject(b)
	s["creditsEarned"] = 2.5
	s["identifier"] = []any{object{
		"type": "IdentityObject", "hashed": true, "identityType": "emailAddress", "salt": "s",
		"identityHash": "sha256$" + strings.Repeat("0a", 32),
	}}
	a := achievement(b)
	a["inLanguage"] = "en"
	a["tag"] = []any{"mentoring", "peer"}
	a["alignment"] = []any{object{"type": []any{"Alignment"}, "targetName": "Mentor", "targetUrl": "https://example.org/m"}}
	e := decode(l, l.sign(endorsement(endorser, a["id"].(string)), key, optionsOf(endorser+"#k")))
	a["endorsement"] = []any{e}
	return l.issue(b)
}

// Whatever leaf of a good badge is changed, taken away or added to, and
// whatever member is renamed, the badge is not valid any more.
func TestEveryChange(t *testing.T) {
	l := newLab(t)
	data := fullBadge(l)
	l.wants(data, VerdictValid, CodeSignature)
	n := 0
	try := func(what string, document any) {
		n++
		if raceDetector && n%5 != 0 { // it makes the same calls, ten times slower
			return
		}
		if report := l.verify(marshal(t, document)); report.Verdict == VerdictValid {
			t.Errorf("%s: still valid", what)
		}
	}
	mutate(decode(t, data), "", try)
	if n < 300 {
		t.Errorf("only %d changes", n)
	}
	t.Logf("%d changes", n)
}

// mutate tries every change of one place of a document.
func mutate(document object, path string, try func(string, any)) {
	var walk func(v any, path string, set func(any))
	walk = func(v any, path string, set func(any)) {
		switch v := v.(type) {
		case object:
			for _, name := range sortedNames(v) {
				value := v[name]
				walk(value, path+"/"+name, func(changed any) { v[name] = changed })
				v[name] = value
				delete(v, name)
				try(path+"/"+name+" gone", document)
				v[name+"x"] = value
				try(path+"/"+name+" renamed", document)
				delete(v, name+"x")
				v[name] = value
			}
			v["narrative2"] = "x"
			try(path+" with a member more", document)
			delete(v, "narrative2")
		case []any:
			for i, element := range v {
				walk(element, fmt.Sprintf("%s/%d", path, i), func(changed any) { v[i] = changed })
				v[i] = element
			}
			set(append(slices.Clone(v), "x"))
			try(path+" with an element more", document)
			set(v)
		case string:
			for _, changed := range []any{v + "x", "x" + v, "", nil, 7, []any{v, "x"}, object{"id": v}} {
				set(changed)
				try(fmt.Sprintf("%s as %v", path, changed), document)
			}
		case bool:
			set(!v)
			try(path+" negated", document)
		case float64:
			for _, changed := range []any{v + 1, -v, nil} {
				set(changed)
				try(fmt.Sprintf("%s as %v", path, changed), document)
			}
		}
	}
	walk(document, path, func(any) {})
}

func sortedNames(v object) []string {
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Until the issuer has been shown to have written it, nothing of a document is
// quoted but the domain that it claims.
func TestNothingUnprovenQuoted(t *testing.T) {
	const mark = "QQQQ"
	var marked func(v any) any
	marked = func(v any) any {
		switch v := v.(type) {
		case object:
			for name, member := range v {
				if name != "@context" && name != "type" && name != "issuer" && name != "proof" {
					v[name] = marked(member)
				}
			}
			return v
		case []any:
			for i := range v {
				v[i] = marked(v[i])
			}
			return v
		case string:
			return v + mark
		}
		return v
	}
	for name, change := range map[string]func(l *lab, b object){
		"changed":           func(*lab, object) {},
		"out of reach":      func(l *lab, _ object) { l.world.cut = true },
		"unsigned":          func(_ *lab, b object) { delete(b, "proof") },
		"unknown suite":     func(_ *lab, b object) { b["proof"].(object)["cryptosuite"] = mark },
		"unknown context":   func(_ *lab, b object) { b["@context"].([]any)[1] = "https://example.org/" + mark },
		"unknown type":      func(_ *lab, b object) { b["type"].([]any)[1] = mark },
		"unsafe link":       func(l *lab, b object) { l.world.cut = true; achievement(b)["id"] = "javascript:" + mark },
		"unknown DID":       func(_ *lab, b object) { b["issuer"].(object)["id"] = "did:" + mark + ":x" },
		"malformed key":     func(_ *lab, b object) { b["proof"].(object)["verificationMethod"] = mark },
		"somebody's key":    func(_ *lab, b object) { b["proof"].(object)["verificationMethod"] = "https://example.org/#" + mark },
		"malformed date":    func(l *lab, b object) { l.world.cut = true; b["validUntil"] = mark },
		"name of a profile": func(_ *lab, b object) { b["issuer"].(object)["name"] = mark },
		"status":            func(_ *lab, b object) { b["credentialStatus"] = statusEntry(mark, mark, mark) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			b := marked(decode(t, fullBadge(l))).(object)
			change(l, b)
			report := l.verify(marshal(t, b))
			if report.Verdict == VerdictValid || report.Credential != nil {
				t.Fatal(describe(report))
			}
			data, err := json.Marshal(report)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(data), mark) {
				t.Errorf("quoted: %s", data)
			}
		})
	}
}

// The name of a member is in the path of what is wrong with it, and nowhere
// else.
func TestNameNotQuoted(t *testing.T) {
	const mark = "QQQQ"
	l := newLab(t)
	b := decode(t, fullBadge(l))
	b["image"].(object)[mark] = "x"
	l.world.cut = true
	report := l.verify(marshal(t, b))
	found := false
	for _, c := range report.Checks {
		found = found || c.Params["violation"] == "unknown_property"
		if strings.Contains(c.Message+fmt.Sprint(c.Params), mark) {
			t.Errorf("quoted: %+v", c)
		}
	}
	if !found {
		t.Error(describe(report))
	}
}

// A host that is not plain is not shown, since it would be shown as a fact.
func TestDomain(t *testing.T) {
	for id, want := range map[string]string{
		"did:web:badges.example.edu":            "badges.example.edu",
		"did:web:Badges.Example.EDU:issuers:a":  "badges.example.edu",
		"did:web:localhost%3A8443":              "localhost:8443",
		"did:web:ex%C3%A4mple.org":              "",
		"did:web:a%2Fb":                         "",
		"did:web:" + strings.Repeat("a.", 140):  "",
		"https://example.org/issuer":            "example.org",
		"https://example.org:8443/":             "example.org:8443",
		"https://user@example.org/":             "example.org",
		"https://exämple.org/":                  "",
		"https://%zz/":                          "",
		"did:key:z6Mk":                          "",
		"urn:uuid:1":                            "",
		"":                                      "",
		"http://example.org":                    "",
		"https:///":                             "",
		"https://<script>/":                     "",
		"javascript:alert(1)//https://evil.org": "",
	} {
		if got := domainOf(id); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}

// Every verdict follows from the checks by one rule.
func TestVerdict(t *testing.T) {
	var settled []Check
	for k, e := range catalogue {
		if e.effect == effectSettles {
			settled = append(settled, Check{Code: k.code, Outcome: k.outcome})
		}
	}
	if got := verdict(settled); got != VerdictValid {
		t.Errorf("everything settled: %s", got)
	}
	if got := verdict(nil); got != VerdictIndeterminate {
		t.Errorf("no checks: %s", got)
	}
	for _, s := range requiredSteps {
		without := slices.DeleteFunc(slices.Clone(settled), func(c Check) bool { return catalogue[key{c.Code, c.Outcome}].step == s })
		if len(without) == len(settled) {
			t.Errorf("nothing settles step %d", s)
		}
		if got := verdict(without); got != VerdictIndeterminate {
			t.Errorf("without step %d: %s", s, got)
		}
	}
	for k, e := range catalogue {
		want := map[effect]Verdict{effectInvalid: VerdictInvalid, effectIndeterminate: VerdictIndeterminate}[e.effect]
		if want == "" {
			want = VerdictValid
		}
		for _, at := range []int{0, len(settled)} {
			if got := verdict(slices.Insert(slices.Clone(settled), at, Check{Code: k.code, Outcome: k.outcome})); got != want {
				t.Errorf("with %v: %s, want %s", k, got, want)
			}
		}
	}
	for _, unknown := range []Check{{}, {Code: "new", Outcome: Passed}, {Code: CodeSignature, Outcome: Skipped}, {Code: CodeNoProof, Outcome: Passed}} {
		if got := verdict(append(slices.Clone(settled), unknown)); got != VerdictIndeterminate {
			t.Errorf("with %v: %s", unknown, got)
		}
	}
	both := []Check{{Code: CodeStatusUnavailable, Outcome: Indeterminate}, {Code: CodeRevoked, Outcome: Failed}}
	if got := verdict(append(both, settled...)); got != VerdictInvalid {
		t.Errorf("revoked and something open: %s", got)
	}
}

// TestCatalogue holds the catalogue against what is really said: every entry
// can be reached, and the source says nothing that is not in it.
func TestCatalogue(t *testing.T) {
	reached := make(map[key]bool)
	note := func(checks []Check) {
		for _, c := range checks {
			reached[key{c.Code, c.Outcome}] = true
		}
	}
	for _, s := range scenarios() {
		l := newLab(t)
		report := l.verify(s.arrange(l))
		note(report.Checks)
		for _, inside := range report.Credentials {
			note(inside.Checks)
		}
	}
	// A date that cannot be read, under a signature.
	l := newLab(t)
	note(l.verify(changed(func(b object) { b["validUntil"] = "next year" })(l)).Checks)
	// A badge for which the register of the installation vouches.
	vouching, data, register := vouching(t)
	vouching.config.Register = register
	note(vouching.verify(data).Checks)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	report, err := New(l.config).Verify(ctx, l.issue(badge()), Expect{})
	if err != nil {
		t.Fatal(err)
	}
	note(report.Checks)

	for k := range catalogue {
		if !reached[k] {
			t.Errorf("nothing is said by %s %s", k.code, k.outcome)
		}
	}
	entries := Codes()
	if len(entries) != len(catalogue) {
		t.Errorf("%d entries of %d", len(entries), len(catalogue))
	}
	for _, entry := range entries {
		if entry.Sentence == "" || !strings.HasSuffix(entry.Sentence, ".") && !strings.HasSuffix(entry.Sentence, "}") {
			t.Errorf("%s %s says %q", entry.Code, entry.Outcome, entry.Sentence)
		}
		if !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(string(entry.Code)) {
			t.Errorf("code %q", entry.Code)
		}
	}
}

// The pairs of code and outcome in the source are those of the catalogue.
func TestCatalogueIsWhole(t *testing.T) {
	names := make(map[string]Code)
	constant := regexp.MustCompile(`(Code\w+)\s+Code = "(\w+)"`)
	pair := regexp.MustCompile(`(Code[A-Z]\w+), (?:outcome: )?(Passed|Failed|Skipped|Indeterminate)\b`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var sources []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range constant.FindAllStringSubmatch(string(data), -1) {
			names[m[1]] = Code(m[2])
		}
		sources = append(sources, string(data))
	}
	outcomes := map[string]Outcome{"Passed": Passed, "Failed": Failed, "Skipped": Skipped, "Indeterminate": Indeterminate}
	n := 0
	for _, m := range pair.FindAllStringSubmatch(strings.Join(sources, "\n"), -1) {
		n++
		k := key{names[m[1]], outcomes[m[2]]}
		if _, ok := catalogue[k]; !ok {
			t.Errorf("%s %s is not in the catalogue", m[1], m[2])
		}
	}
	if n < 2*len(catalogue)-30 || len(names) < 80 {
		t.Errorf("found %d pairs and %d codes", n, len(names))
	}
}

func TestSentence(t *testing.T) {
	for _, c := range []struct{ template, want string }{
		{"a {b} c", "a {b} {d} c"},
		{"{d}{d}", "{b}{b}"},
		{"{none} {b}", "{none} {b} {d}"},
		{"open { b", "open { b"},
		{"", ""},
		{"a[, {b}][, {d}][, {none}].", "a, {b} {d}, {b}."},
		{"a[ from {b} to {none}] {none}", "a {none}"},
		{"[{none}", ""},
	} {
		if got := sentence(c.template, map[string]string{"b": "{b} {d}", "d": "{b}"}); got != c.want {
			t.Errorf("%q: %q, want %q", c.template, got, c.want)
		}
	}
}
