package jsonld

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/piprate/json-gold/ld"
)

// meaning is a definition as the specification speaks of it, to compare ours
// with json-gold's.
type meaning struct {
	IRI, Type           string
	Language, Direction string
	Container           []string
	Reverse, Prefix     bool
	Keyword, HasContext bool
	Null, CanBeProperty bool
	LiteralIsWellFormed bool
}

func meaningOf(def *ld.TermDefinition, word string, values *ld.Values) meaning {
	if def == nil {
		return meaning{Null: true, Keyword: ld.IsKeyword(word)}
	}
	m := meaning{
		IRI: def.ID, Type: def.Type, Reverse: def.Reverse, HasContext: def.HasContext,
		Keyword: ld.IsKeyword(def.ID) || ld.IsKeyword(word), Language: values.Language, Direction: values.Direction,
		Prefix: def.Prefix != nil && *def.Prefix, CanBeProperty: ld.IsAbsoluteIri(def.ID),
		LiteralIsWellFormed: true,
	}
	if m.Type == "@none" {
		m.Type = ""
	}
	if def.HasLanguage {
		m.Language = valueOf(def.Language)
	}
	if def.HasDirection {
		m.Direction = valueOf(def.Direction)
	}
	for _, c := range def.Container {
		switch c {
		case "@index", "@id", "@type":
			c = "map"
		case "@set":
			continue
		}
		m.Container = append(m.Container, c)
	}
	slices.Sort(m.Container)
	return m
}

func (t *term) meaning() meaning {
	if t.definition == nil {
		return meaning{Null: true, Keyword: t.keyword != noKeyword}
	}
	m := meaning{
		IRI: t.iri, Language: t.language, Direction: t.direction, Reverse: t.reverse, Prefix: t.prefix,
		Keyword: t.keyword != noKeyword, HasContext: t.scoped, CanBeProperty: !t.name.IsZero(),
		Type:                map[coercion]string{coerceID: "@id", coerceVocab: "@vocab", coerceJSON: "@json"}[t.coercion] + t.datatype,
		LiteralIsWellFormed: !t.unfit,
	}
	for _, c := range []struct {
		bit  container
		name string
	}{{containerGraph, "@graph"}, {containerLanguage, "@language"}, {containerList, "@list"}, {containerMap, "map"}} {
		if t.container&c.bit != 0 {
			m.Container = append(m.Container, c.name)
		}
	}
	return m
}

// compareTerms compares every compiled term of an active context with what
// json-gold has, and those of the contexts that its terms bring. Terms that
// above has as well, the same in memory, were compared there.
func compareTerms(t *testing.T, where string, a, above *active, depth int, counted map[string]int) {
	t.Helper()
	if len(a.terms.entries) != len(a.context.TermDefinitions) {
		t.Errorf("%s: %d terms, json-gold has %d", where, len(a.terms.entries), len(a.context.TermDefinitions))
	}
	for _, word := range slices.Sorted(maps.Keys(a.context.TermDefinitions)) {
		def := a.context.TermDefinitions[word]
		compiled := a.terms.get([]byte(word))
		if compiled == nil {
			t.Errorf("%s: %q is not found", where, word)
			continue
		}
		if above != nil && above.terms.get([]byte(word)) == compiled {
			counted["shared terms"]++
			continue
		}
		counted["terms"]++
		if diff := cmp.Diff(meaningOf(def, word, a.context.Values), compiled.meaning()); diff != "" {
			t.Errorf("%s: %q (-json-gold +ours):\n%s", where, word, diff)
		}
		expanded, err := a.context.ExpandIri(word, false, true, nil, nil)
		if got := a.expand(word, true); err != nil || got != expanded {
			t.Errorf("%s: %q expands to %q, with json-gold to %q, %v", where, word, got, expanded, err)
		}
		if !compiled.scoped || depth == 0 {
			continue
		}
		for _, kind := range []kind{byProperty, byType} {
			next, err := a.parse(def.Context, kind != byType, kind == byProperty)
			if err != nil {
				counted["scopes that do not fit"]++
				continue
			}
			counted["scopes"]++
			if (kind == byType) != (next.previous == a) && a.previous == nil {
				t.Errorf("%s: %q has the wrong way back", where, word)
			}
			compareTerms(t, where+" > "+word, next, a, depth-1, counted)
		}
	}
}

// TestCompiledTerms: the compiled contexts say what json-gold says, for every
// term of every embedded context, alone and after that of credentials, in every
// scope two levels deep.
func TestCompiledTerms(t *testing.T) {
	set := embedded(t)
	counted := make(map[string]int)
	for _, url := range set.URLs() {
		documents, err := set.Revisions(url)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range documents {
			for _, list := range [][]any{{url}, {credentialsV2, url}} {
				if len(list) == 2 && url == credentialsV2 {
					continue
				}
				a, err := newRoot(set, Revisions{document.URL: document.Revision}).parse(list, true, false)
				if err != nil {
					counted["lists that do not fit"]++
					continue
				}
				counted["lists"]++
				depth := 1
				if len(list) == 2 && document.Revision == documents[0].Revision {
					depth = 2
				}
				if testing.Short() || raceEnabled {
					depth = 0 // the race detector and haste leave the scopes out
				}
				compareTerms(t, fmt.Sprint(list, document.Revision), a, nil, depth, counted)
			}
		}
	}
	t.Log(counted)
	if counted["lists"] < 20 || counted["terms"] < 1000 {
		t.Errorf("only %v were compared", counted)
	}
}

// TestIndependentParse: what we hand to json-gold in pieces, it reads in the
// same way by itself.
func TestIndependentParse(t *testing.T) {
	set := embedded(t)
	for _, url := range set.URLs() {
		list := []any{credentialsV2, url}
		a, err := newRoot(set, nil).parse(list, true, false)
		context, goldErr := ld.NewContext(nil, goldOptions(t)).Parse(list)
		if (err == nil) != (goldErr == nil) {
			t.Errorf("%s: %v, json-gold alone: %v", url, err, goldErr)
		}
		if err != nil || goldErr != nil {
			continue
		}
		exported := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".termHasColon" }, cmp.Ignore())
		if diff := cmp.Diff(context.TermDefinitions, a.context.TermDefinitions, exported); diff != "" {
			t.Errorf("%s: (-json-gold alone +ours):\n%s", url, diff)
		}
	}
}

// TestKeywords: the keywords are those of json-gold.
func TestKeywords(t *testing.T) {
	for word := range keywords {
		if !ld.IsKeyword(word) {
			t.Errorf("%s is none", word)
		}
	}
	for _, word := range []string{"@import", "@default", "@always", "@omitDefault"} {
		if keywordOf(word) != otherKeyword {
			t.Errorf("%s is not taken for another keyword", word)
		}
	}
	for _, word := range []string{"", "@", "id", "@x", "@ids", "type"} {
		if keywordOf(word) != noKeyword || ld.IsKeyword(word) {
			t.Errorf("%q is taken for a keyword", word)
		}
	}
}

// TestIndex finds every word, and none that is not there.
func TestIndex(t *testing.T) {
	for _, size := range []int{0, 1, 7, 300, 5000} {
		entries := make([]entry, size)
		for i := range entries {
			entries[i] = entry{fmt.Sprintf("%.*s%d", i%11, "achievement", i), &term{}}
		}
		index := newIndex(entries)
		for _, e := range entries {
			if index.get([]byte(e.word)) != e.term {
				t.Errorf("%d: %q is not found", size, e.word)
			}
			if index.get([]byte(e.word+"_")) != nil || index.get([]byte("_"+e.word)) != nil {
				t.Errorf("%d: a word that is not there is found", size)
			}
		}
		if (&index).get(nil) != nil {
			t.Errorf("%d: the empty word is found", size)
		}
	}
}
