package rdfc_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/rdfc"
)

func name(t *testing.T, iri string) rdfc.Name {
	t.Helper()
	name, ok := rdfc.NewName(iri)
	if !ok {
		t.Fatalf("%s is no name", iri)
	}
	return name
}

// TestBuilder builds a dataset both ways.
func TestBuilder(t *testing.T) {
	b := rdfc.NewBuilder()
	defer b.Close()
	subject, ascii, reason := b.IRI([]byte("https://example.org/ü"))
	if ascii || reason != "" {
		t.Fatal(ascii, reason)
	}
	language, ok := rdfc.NewLanguage("de")
	if !ok {
		t.Fatal("de is no language")
	}
	datatype, ok := rdfc.NewDatatype("urn:x:type")
	if !ok {
		t.Fatal("urn:x:type is no datatype")
	}
	first, second := b.BlankNode(), b.BlankNode()
	p, q := name(t, "urn:x:p"), name(t, "urn:x:q")
	b.Link(subject, p, first, rdfc.Node{})
	b.Link(subject, p, second, first)
	b.Link(second, q, b.Node(q), second)
	forms := []string{"", "plain text of some length", "a \"b\"\n\\\x7f\x01", "Bär \U0001F600", "\uffff \ufffe \uffbf \uffbe", "\xef\xbf\xbd"}
	for i, form := range forms {
		if !b.Literal(first, q, []byte(form), []rdfc.LiteralType{{}, language, datatype}[i%3], rdfc.Node{}) {
			t.Errorf("%q is refused", form)
		}
	}
	b.Link(subject, p, first, rdfc.Node{}) // a repetition
	if b.Len() != 4+len(forms) || b.BlankNodes() != 2 {
		t.Errorf("%d statements, %d blank nodes", b.Len(), b.BlankNodes())
	}
	quads := b.Quads()
	var values []string
	for _, quad := range quads[3 : 3+len(forms)] {
		values = append(values, quad.Object.Value)
	}
	if diff := cmp.Diff(forms, values); diff != "" {
		t.Error(diff)
	}
	want, err := rdfc.Canonicalize(context.Background(), quads, rdfc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.AppendCanonical(context.Background(), []byte("before"), rdfc.Options{})
	if err != nil || string(got) != "before"+string(want.NQuads) {
		t.Errorf("got %s, %v\nwant %s", got, err, want.NQuads)
	}
}

// TestBuilderRefuses has terms that canonical N-Quads cannot have.
func TestBuilderRefuses(t *testing.T) {
	b := rdfc.NewBuilder()
	defer b.Close()
	for _, iri := range []string{"", "relative", "_:b0", "urn:x:a b", "urn:x:<", "urn:x:>", "urn:x:\xff", "urn:x:\u0080", "urn:x:\x7f", `urn:x:"`, "1:x", "urn:x:\uffff"} {
		if _, _, reason := b.IRI([]byte(iri)); reason == "" {
			t.Errorf("the IRI %q is taken", iri)
		}
		if _, ok := rdfc.NewName(iri); ok {
			t.Errorf("the name %q is taken", iri)
		}
		if _, ok := rdfc.NewDatatype(iri); ok && iri != "" {
			t.Errorf("the datatype %q is taken", iri)
		}
	}
	if _, ok := rdfc.NewDatatype(rdfc.RDFLangString); ok {
		t.Error("rdf:langString is taken without a language")
	}
	if _, ok := rdfc.NewLanguage("not a tag"); ok {
		t.Error("a language with spaces is taken")
	}
	if b.Literal(b.BlankNode(), name(t, "urn:x:p"), []byte("long enough text \xff"), rdfc.LiteralType{}, rdfc.Node{}) {
		t.Error("a literal that is not UTF-8 is taken")
	}
}
