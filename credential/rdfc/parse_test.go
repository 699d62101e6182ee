package rdfc_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/rdfc"
)

func TestParseNQuadsRefuses(t *testing.T) {
	for name, line := range map[string]string{
		"no full stop":            `<urn:s> <urn:p> <urn:o>`,
		"two terms":               `<urn:s> <urn:p> .`,
		"five terms":              `<urn:s> <urn:p> <urn:o> <urn:g> <urn:h> .`,
		"text after":              `<urn:s> <urn:p> <urn:o> . <urn:s>`,
		"unterminated IRI":        `<urn:s> <urn:p> <urn:o .`,
		"unterminated literal":    `<urn:s> <urn:p> "o .`,
		"escaped closing quote":   `<urn:s> <urn:p> "o\" .`,
		"literal subject":         `"s" <urn:p> <urn:o> .`,
		"blank predicate":         `<urn:s> _:p <urn:o> .`,
		"literal graph":           `<urn:s> <urn:p> <urn:o> "g" .`,
		"relative IRI":            `<s> <urn:p> <urn:o> .`,
		"space in an IRI":         `<urn:s s> <urn:p> <urn:o> .`,
		"escaped space in an IRI": `<urn:s\u0020s> <urn:p> <urn:o> .`,
		"ECHAR in an IRI":         `<urn:s\n> <urn:p> <urn:o> .`,
		"unknown escape":          `<urn:s> <urn:p> "\x" .`,
		"short escape":            `<urn:s> <urn:p> "\u12" .`,
		"signed escape":           `<urn:s> <urn:p> "\u+123" .`,
		"escaped surrogate":       `<urn:s> <urn:p> "\uD800" .`,
		"escape beyond Unicode":   `<urn:s> <urn:p> "\U00110000" .`,
		"empty label":             `_: <urn:p> <urn:o> .`,
		"label of a hyphen":       `_:- <urn:p> <urn:o> .`,
		"empty language":          `<urn:s> <urn:p> "o"@ .`,
		"bad language":            `<urn:s> <urn:p> "o"@e1 .`,
		"empty datatype":          `<urn:s> <urn:p> "o"^^<> .`,
		"bad datatype":            `<urn:s> <urn:p> "o"^^_:d .`,
		"bad UTF-8":               "<urn:s> <urn:p> \"\xff\" .",
		"triple-quoted":           `<urn:s> <urn:p> """o""" .`,
	} {
		quads, err := rdfc.ParseNQuads([]byte("# first\n" + line + "\n"))
		var syntax *rdfc.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%s: got %v, %v; want a SyntaxError", name, quads, err)
			continue
		}
		if syntax.Line != 2 {
			t.Errorf("%s: in line %d, want 2", name, syntax.Line)
		}
	}
}

func TestParseNQuads(t *testing.T) {
	got, err := rdfc.ParseNQuads([]byte("\n \t# comment\r\n" +
		"<urn:s>\t<urn:p> \"\\u0041\\n\"^^<urn:d> _:g1 . # more\r" +
		"_:a.b<urn:p>\"\"@en-GB.\n" +
		`<urn:s> <urn:p> "." <urn:\u00e9> .`))
	if err != nil {
		t.Fatal(err)
	}
	urn := func(s string) rdfc.Term { return rdfc.Term{Kind: rdfc.IRI, Value: "urn:" + s} }
	node := func(s string) rdfc.Term { return rdfc.Term{Kind: rdfc.BlankNode, Value: s} }
	want := []rdfc.Quad{
		{Subject: urn("s"), Predicate: urn("p"), Object: rdfc.Term{Kind: rdfc.Literal, Value: "A\n", Datatype: "urn:d"}, Graph: node("g1")},
		{Subject: node("a.b"), Predicate: urn("p"), Object: rdfc.Term{Kind: rdfc.Literal, Language: "en-GB"}},
		{Subject: urn("s"), Predicate: urn("p"), Object: text("."), Graph: urn("é")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
