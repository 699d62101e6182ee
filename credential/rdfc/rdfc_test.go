package rdfc_test

import (
	"context"
	"crypto"
	_ "crypto/sha1"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"laurel/credential/rdfc"
	"laurel/internal/testdata"
)

func canonicalize(tb testing.TB, quads []rdfc.Quad, options rdfc.Options) string {
	tb.Helper()
	canonical, err := rdfc.Canonicalize(context.Background(), quads, options)
	if err != nil {
		tb.Fatal(err)
	}
	return string(canonical.NQuads)
}

func TestRefusedTerms(t *testing.T) {
	good := rdfc.Quad{Subject: iri("s"), Predicate: iri("p"), Object: iri("o"), Graph: iri("g")}
	term := func(kind rdfc.TermKind, value string) rdfc.Term { return rdfc.Term{Kind: kind, Value: value} }
	tests := []struct {
		name string
		term rdfc.Term
		// the positions where the term is refused; the others take it
		refused string
	}{
		{"no term in place of one", rdfc.Term{}, "spo"},
		{"no kind", rdfc.Term{Value: "urn:x"}, "spog"},
		{"unknown kind", rdfc.Term{Kind: 9, Value: "urn:x"}, "spog"},
		{"literal", text("x"), "spg"},
		{"blank node", blank(1), "p"},
		{"datatype on an IRI", rdfc.Term{Kind: rdfc.IRI, Value: "urn:x", Datatype: "urn:d"}, "spog"},
		{"language on a blank node", rdfc.Term{Kind: rdfc.BlankNode, Value: "x", Language: "en"}, "spog"},
		{"empty IRI", term(rdfc.IRI, ""), "spog"},
		{"relative IRI", term(rdfc.IRI, "TotallyUndefined"), "spog"},
		{"relative path", term(rdfc.IRI, "/a:b"), "spog"},
		{"scheme that is none", term(rdfc.IRI, "1a:b"), "spog"},
		{"empty scheme", term(rdfc.IRI, ":b"), "spog"},
		{"IRI that forges a graph name", term(rdfc.IRI, "did:o> <did:g"), "spog"},
		{"IRI that forges a line", term(rdfc.IRI, "did:o> .\n<did:s> <did:p> <did:o2"), "spog"},
		{"DEL in an IRI", term(rdfc.IRI, "urn:a\x7f"), "spog"},
		{"C1 control in an IRI", term(rdfc.IRI, "urn:a\u0085"), "spog"},
		{"noncharacter in an IRI", term(rdfc.IRI, "urn:a\ufffe"), "spog"},
		{"bad UTF-8 in an IRI", term(rdfc.IRI, "urn:\xff"), "spog"},
		{"surrogate in an IRI", term(rdfc.IRI, "urn:\xed\xa0\x80"), "spog"},
		{"bad UTF-8 in a literal", text("plain enough \xc3"), "spog"},
		{"surrogate in a literal", text("\xed\xa0\x80"), "spog"},
		{"empty label", term(rdfc.BlankNode, ""), "spog"},
		{"label with a space", term(rdfc.BlankNode, "a b"), "spog"},
		{"label with its prefix and a quad", term(rdfc.BlankNode, "a> .\n_:b"), "spog"},
		{"label that begins with a hyphen", term(rdfc.BlankNode, "-a"), "spog"},
		{"label that ends with a full stop", term(rdfc.BlankNode, "a."), "spog"},
		{"label of bad UTF-8", term(rdfc.BlankNode, "a\xff"), "spog"},
		{"language of a quote", rdfc.Term{Kind: rdfc.Literal, Value: "x", Language: `en" .`}, "spog"},
		{"language with a space", rdfc.Term{Kind: rdfc.Literal, Value: "x", Language: "en us"}, "spog"},
		{"language of digits", rdfc.Term{Kind: rdfc.Literal, Value: "x", Language: "12"}, "spog"},
		{"language with an empty subtag", rdfc.Term{Kind: rdfc.Literal, Value: "x", Language: "en--us"}, "spog"},
		{"language that ends in a hyphen", rdfc.Term{Kind: rdfc.Literal, Value: "x", Language: "en-"}, "spog"},
		{"language with nine letters", rdfc.Term{Kind: rdfc.Literal, Value: "x", Language: "englisches"}, "spog"},
		{"language that is not ASCII", rdfc.Term{Kind: rdfc.Literal, Value: "x", Language: "é"}, "spog"},
		{"language and datatype", rdfc.Term{Kind: rdfc.Literal, Value: "x", Language: "en", Datatype: rdfc.XSDString}, "spog"},
		{"langString without language", rdfc.Term{Kind: rdfc.Literal, Value: "x", Datatype: rdfc.RDFLangString}, "spog"},
		{"relative datatype", rdfc.Term{Kind: rdfc.Literal, Value: "x", Datatype: "date"}, "spog"},
		{"datatype that forges a graph name", rdfc.Term{Kind: rdfc.Literal, Value: "x", Datatype: "urn:d> <urn:g"}, "spog"},
	}
	for c := rune(0); c <= ' '; c++ {
		tests = append(tests, struct {
			name    string
			term    rdfc.Term
			refused string
		}{fmt.Sprintf("U+%04X in an IRI", c), term(rdfc.IRI, "urn:some"+string(c)+"thing:longer"), "spog"})
	}
	for _, c := range "<>\"{}|^`\\" {
		for _, form := range []string{"urn:%c", "urn:somethi%cng:longer", "urn:something:%clonger", "urn:something:longer:still%c"} {
			tests = append(tests, struct {
				name    string
				term    rdfc.Term
				refused string
			}{fmt.Sprintf("%q in an IRI", c), term(rdfc.IRI, fmt.Sprintf(form, c)), "spog"})
		}
	}
	positions := map[byte]string{'s': "subject", 'p': "predicate", 'o': "object", 'g': "graph name"}
	for _, test := range tests {
		for short, position := range positions {
			quad := good
			switch short {
			case 's':
				quad.Subject = test.term
			case 'p':
				quad.Predicate = test.term
			case 'o':
				quad.Object = test.term
			case 'g':
				quad.Graph = test.term
			}
			canonical, err := rdfc.Canonicalize(context.Background(), []rdfc.Quad{good, quad}, rdfc.Options{})
			if strings.IndexByte(test.refused, short) < 0 {
				if err != nil {
					t.Errorf("%s as %s: %v", test.name, position, err)
				}
				continue
			}
			var termErr *rdfc.TermError
			if !errors.As(err, &termErr) || canonical != nil {
				t.Errorf("%s as %s: got %v, %v; want a TermError", test.name, position, canonical, err)
				continue
			}
			if termErr.Quad != 1 || termErr.Position != position || termErr.Reason == "" {
				t.Errorf("%s as %s: got %+v", test.name, position, *termErr)
			}
			if test.term.Value != "" && strings.Contains(err.Error(), test.term.Value) {
				t.Errorf("%s: the error repeats the term: %v", test.name, err)
			}
		}
	}
}

func TestTerms(t *testing.T) {
	tests := []struct {
		name, want string
		term       rdfc.Term
	}{
		{"IRI", "<did:key:z6Mk>", rdfc.Term{Kind: rdfc.IRI, Value: "did:key:z6Mk"}},
		{"IRI beyond ASCII", "<urn:ex:\u00a0é\U0001F303>", rdfc.Term{Kind: rdfc.IRI, Value: "urn:ex:\u00a0é\U0001F303"}},
		{"IRI of all ASCII it may have", "<a+-.1:!#$%&'()*+,-./0123456789:;=?@ABCXYZ[]_abcxyz~>", rdfc.Term{Kind: rdfc.IRI, Value: "a+-.1:!#$%&'()*+,-./0123456789:;=?@ABCXYZ[]_abcxyz~"}},
		{"empty literal", `""`, text("")},
		{"xsd:string", `"x"`, rdfc.Term{Kind: rdfc.Literal, Value: "x", Datatype: rdfc.XSDString}},
		{"datatype", `"1"^^<urn:d>`, rdfc.Term{Kind: rdfc.Literal, Value: "1", Datatype: "urn:d"}},
		{"language", `"x"@de-CH-1996`, rdfc.Term{Kind: rdfc.Literal, Value: "x", Language: "de-CH-1996"}},
		{"langString", `"x"@x-a`, rdfc.Term{Kind: rdfc.Literal, Value: "x", Language: "x-a", Datatype: rdfc.RDFLangString}},
		{"noncharacters", `"\uFFFE\uFFFF` + "\ufffd\U0001fffe" + `"`, text("\ufffe\uffff\ufffd\U0001fffe")},
		{"escape after many plain bytes", `"0123456789abcdef\n\u007F` + "é" + `\\"`, text("0123456789abcdef\n\x7fé\\")},
		{"what is not escaped", "\"'<>`{}|^~\u0080\u2028\"", text("'<>`{}|^~\u0080\u2028")},
	}
	for _, test := range tests {
		got := canonicalize(t, []rdfc.Quad{{Subject: iri("s"), Predicate: iri("p"), Object: test.term}}, rdfc.Options{})
		want := "<https://example.org/vocab#s> <https://example.org/vocab#p> " + test.want + " .\n"
		if got != want {
			t.Errorf("%s: got %q, want %q", test.name, got, want)
		}
	}
}

func TestEscapesOfEveryByte(t *testing.T) {
	short := map[byte]string{'\b': `\b`, '\t': `\t`, '\n': `\n`, '\f': `\f`, '\r': `\r`, '"': `\"`, '\\': `\\`}
	for c := byte(0); c < 0x80; c++ {
		want, found := short[c]
		if !found {
			want = string(rune(c))
			if c < ' ' || c == 0x7f {
				want = fmt.Sprintf(`\u%04X`, c)
			}
		}
		// The byte alone and at every place of an eight-byte word.
		for before := range 9 {
			around := strings.Repeat("x", before)
			got := canonicalize(t, []rdfc.Quad{{Subject: iri("s"), Predicate: iri("p"), Object: text(around + string(rune(c)) + "12345678")}}, rdfc.Options{})
			if !strings.Contains(got, ` "`+around+want+`12345678" .`) {
				t.Errorf("U+%04X after %d bytes: got %q", c, before, got)
			}
		}
	}
}

func TestOptions(t *testing.T) {
	quads := chain(3, true)
	ctx := context.Background()
	if _, err := rdfc.Canonicalize(ctx, quads, rdfc.Options{Hash: crypto.SHA1}); !errors.Is(err, rdfc.ErrHash) {
		t.Errorf("SHA-1: got %v, want ErrHash", err)
	}
	if _, err := rdfc.Canonicalize(ctx, quads, rdfc.Options{Budget: 1}); err != nil {
		t.Errorf("without symmetry no budget is needed: got %v", err)
	}
	if _, err := rdfc.Canonicalize(ctx, clique(3), rdfc.Options{Budget: 1}); !errors.Is(err, rdfc.ErrBudget) {
		t.Errorf("budget of one step: got %v, want ErrBudget", err)
	}
	if _, err := rdfc.Canonicalize(ctx, clique(3), rdfc.Options{Budget: -1}); !errors.Is(err, rdfc.ErrBudget) {
		t.Errorf("negative budget: got %v, want ErrBudget", err)
	}
}

func TestEmptyDataset(t *testing.T) {
	canonical, err := rdfc.Canonicalize(context.Background(), nil, rdfc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if canonical.NQuads == nil || len(canonical.NQuads) != 0 || len(canonical.Labels()) != 0 {
		t.Errorf("got %q, %v", canonical.NQuads, canonical.Labels())
	}
}

func TestCancellation(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := rdfc.Canonicalize(ctx, chain(3, true), rdfc.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: got %v", err)
	}
	ctx, cancel = context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := rdfc.Canonicalize(ctx, clique(11), rdfc.Options{Budget: 1 << 60})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("deadline: got %v", err)
	}
	if took := time.Since(start); took > time.Second*slowdown {
		t.Errorf("stopped %v after the start, with a deadline of 20 ms", took)
	}
}

// TestBadge holds the benchmark credential to the form that another
// implementation gave.
func TestBadge(t *testing.T) {
	want := string(testdata.Read(t, "bench", "canon.nq"))
	quads := badge(t)
	if len(quads) != 58 {
		t.Fatalf("%d quads", len(quads))
	}
	if got := canonicalize(t, quads, rdfc.Options{}); got != want {
		t.Error(cmp.Diff(want, got))
	}
}

func TestLabels(t *testing.T) {
	quads := chain(20, true)
	canonical, err := rdfc.Canonicalize(context.Background(), quads, rdfc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	labels := canonical.Labels()
	if len(labels) != 20 {
		t.Fatalf("%d labels", len(labels))
	}
	rename := func(term *rdfc.Term) {
		if term.Kind == rdfc.BlankNode {
			term.Value = labels[term.Value]
		}
	}
	for i := range quads {
		rename(&quads[i].Subject)
		rename(&quads[i].Object)
	}
	reparsed, err := rdfc.ParseNQuads(canonical.NQuads)
	if err != nil {
		t.Fatal(err)
	}
	want := map[rdfc.Quad]bool{}
	for _, quad := range quads {
		want[quad] = true
	}
	got := map[rdfc.Quad]bool{}
	for _, quad := range reparsed {
		got[quad] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("relabelled quads (-want +got):\n%s", diff)
	}
}

// TestConcurrentUse has goroutines share the pool of workspaces.
func TestConcurrentUse(t *testing.T) {
	datasets := [][]rdfc.Quad{badge(t), chain(30, true), chain(10, false), clique(4), fan(40, false), clique(9), nil}
	want := make([]string, len(datasets))
	for i, quads := range datasets {
		if canonical, err := rdfc.Canonicalize(context.Background(), quads, rdfc.Options{}); err == nil {
			want[i] = string(canonical.NQuads)
		}
	}
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for round := range 20 {
				i := (g + round) % len(datasets)
				got := ""
				if canonical, err := rdfc.Canonicalize(context.Background(), datasets[i], rdfc.Options{}); err == nil {
					got = string(canonical.NQuads)
				}
				if got != want[i] {
					t.Errorf("dataset %d differs from its first canonical form", i)
				}
			}
		})
	}
	group.Wait()
}

// TestLinear holds large ordinary datasets to time in proportion to their size.
func TestLinear(t *testing.T) {
	for _, different := range []bool{true, false} {
		small, large := fan(200, different), fan(2000, different)
		best := func(quads []rdfc.Quad) time.Duration {
			least := time.Hour
			for range 5 {
				start := time.Now()
				canonicalize(t, quads, rdfc.Options{})
				least = min(least, time.Since(start))
			}
			return least
		}
		if s, l := best(small), best(large); l > 60*s {
			t.Errorf("fan, different %v: 2,000 quads take %v, 20,000 take %v", different, s, l)
		}
	}
}

func TestAllocations(t *testing.T) {
	if slowdown > 1 {
		t.Skip("the race detector empties pools at random")
	}
	quads := badge(t)
	canonicalize(t, quads, rdfc.Options{})
	if n := testing.AllocsPerRun(100, func() { canonicalize(t, quads, rdfc.Options{}) }); n > 3 {
		t.Errorf("%v allocations, want the result and its bytes and no more (and the test's string)", n)
	}
}

func ExampleCanonicalize() {
	quads, err := rdfc.ParseNQuads([]byte(`
_:subject <https://schema.org/name> "Ada" .
<urn:uuid:1> <https://www.w3.org/2018/credentials#credentialSubject> _:subject .
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	canonical, err := rdfc.Canonicalize(context.Background(), quads, rdfc.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s%s\n", canonical.NQuads, canonical.Labels())
	// Output:
	// <urn:uuid:1> <https://www.w3.org/2018/credentials#credentialSubject> _:c14n0 .
	// _:c14n0 <https://schema.org/name> "Ada" .
	// map[subject:c14n0]
}

// relabel gives the same dataset with other blank node labels, in another
// order and with some quads twice.
func relabel(random *rand.Rand, quads []rdfc.Quad) []rdfc.Quad {
	names := map[string]string{}
	var numbers []int
	rename := func(term rdfc.Term) rdfc.Term {
		if term.Kind == rdfc.BlankNode {
			if _, known := names[term.Value]; !known {
				if len(numbers) == 0 {
					numbers = random.Perm(3000)
				}
				names[term.Value] = fmt.Sprintf("x%d", numbers[0])
				numbers = numbers[1:]
			}
			term.Value = names[term.Value]
		}
		return term
	}
	var out []rdfc.Quad
	for _, i := range random.Perm(len(quads)) {
		quad := quads[i]
		quad.Subject, quad.Object, quad.Graph = rename(quad.Subject), rename(quad.Object), rename(quad.Graph)
		out = append(out, quad)
		if random.IntN(4) == 0 {
			out = append(out, quad)
		}
	}
	random.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}
