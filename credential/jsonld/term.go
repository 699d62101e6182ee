package jsonld

import (
	"slices"
	"strings"

	"github.com/piprate/json-gold/ld"

	"laurel/credential/rdfc"
)

// term is what a word means in an active context, with everything worked out
// that does not depend on the document.
type term struct {
	// definition is json-gold's; nil when the contexts say that the word means
	// nothing.
	definition *ld.TermDefinition

	iri     string  // "" when the word means nothing
	keyword keyword // that the word, or iri, stands for

	// name is iri as a property or type; reason says why it cannot be one.
	name   rdfc.Name
	reason Reason
	// outside says why the closed profile has no such member name.
	outside Reason

	coercion  coercion
	datatype  string // of coerceDatatype
	language  string // of strings that are not coerced
	direction string
	// literal is the type that strings get; unfit says that there is none,
	// since datatype, language or direction are not well-formed.
	literal rdfc.LiteralType
	unfit   bool

	container container
	scoped    bool // it has a context of its own
	reverse   bool
	prefix    bool // it may begin a compact IRI
}

// coercion is what the scalars of a term become.
type coercion byte

const (
	coerceNothing coercion = iota
	coerceID
	coerceVocab
	coerceJSON
	coerceDatatype
)

// container is a set of containers.
type container byte

const (
	containerLanguage container = 1 << iota
	containerList
	containerGraph
	containerMap // @index, @id and @type
)

var containers = map[string]container{
	"@language": containerLanguage, "@list": containerList, "@graph": containerGraph,
	"@index": containerMap, "@id": containerMap, "@type": containerMap,
}

// keyword is a keyword of JSON-LD 1.1.
type keyword byte

const (
	noKeyword keyword = iota
	keywordContext
	keywordDirection
	keywordGraph
	keywordID
	keywordIncluded
	keywordIndex
	keywordLanguage
	keywordList
	keywordNest
	keywordNone
	keywordReverse
	keywordSet
	keywordType
	keywordValue
	otherKeyword // one that stands nowhere in a document
)

var keywords = map[string]keyword{
	"@context": keywordContext, "@direction": keywordDirection, "@graph": keywordGraph, "@id": keywordID,
	"@included": keywordIncluded, "@index": keywordIndex, "@language": keywordLanguage, "@list": keywordList,
	"@nest": keywordNest, "@none": keywordNone, "@reverse": keywordReverse, "@set": keywordSet,
	"@type": keywordType, "@value": keywordValue,
}

func keywordOf(word string) keyword {
	if len(word) == 0 || word[0] != '@' {
		return noKeyword
	}
	if k := keywords[word]; k != noKeyword {
		return k
	}
	if ld.IsKeyword(word) {
		return otherKeyword
	}
	return noKeyword
}

// defaults are what an active context says of strings whose term says nothing.
type defaults struct{ language, direction string }

// compile works out the meaning of a word from json-gold's definition, which
// may be nil.
func compile(word string, def *ld.TermDefinition, base defaults) *term {
	t := &term{definition: def, keyword: keywordOf(word), outside: outsideOf(word)}
	if def == nil {
		t.reason = ReasonUndefinedTerm
		return t
	}
	t.iri = def.ID
	if t.keyword == noKeyword {
		t.keyword = keywordOf(def.ID)
	}
	t.name, t.reason = nameOfProperty(t.iri)
	t.compileValues(def, base)
	for _, name := range def.Container {
		t.container |= containers[name]
	}
	t.scoped, t.reverse = def.HasContext, def.Reverse
	t.prefix = def.ID != "" && def.Prefix != nil && *def.Prefix
	return t
}

// outsideOf says why the closed profile has no member with a name.
func outsideOf(name string) Reason {
	switch {
	case strings.HasPrefix(name, "@"):
		return ReasonKeyword
	case strings.Contains(name, ":"):
		return ReasonFullIRI
	}
	return ""
}

// compileValues works out what becomes of the scalars of a term.
func (t *term) compileValues(def *ld.TermDefinition, base defaults) {
	switch def.Type {
	case "", "@none":
	case "@id":
		t.coercion = coerceID
	case "@vocab":
		t.coercion = coerceVocab
	case atJSON:
		t.coercion = coerceJSON
	default:
		t.coercion, t.datatype = coerceDatatype, def.Type
	}
	t.language, t.direction = base.language, base.direction
	if def.HasLanguage {
		t.language = valueOf(def.Language)
	}
	if def.HasDirection {
		t.direction = valueOf(def.Direction)
	}
	if t.coercion == coerceDatatype {
		var ok bool
		t.literal, ok = rdfc.NewDatatype(t.datatype)
		t.unfit = !ok || checkIRI(t.datatype) != ""
		return
	}
	var reason Reason
	t.literal, _, reason = textType(t.language, t.direction)
	t.unfit = reason != ""
}

func valueOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// alias is a word that stands for a keyword.
type alias struct {
	word    string
	keyword keyword
}

// aliases are those of an active context.
type aliases struct {
	list    []alias
	lengths uint64 // a bit for each length of a word, to rule out most at once
}

func newAliases(entries []entry) *aliases {
	a := new(aliases)
	for _, e := range entries {
		if k := e.term.keyword; k != noKeyword && e.word[0] != '@' {
			a.list = append(a.list, alias{e.word, k})
			a.lengths |= 1 << min(len(e.word), 63)
		}
	}
	slices.SortFunc(a.list, func(a, b alias) int { return strings.Compare(a.word, b.word) })
	return a
}

// keyword returns the keyword that a word is or stands for.
func (a *aliases) keyword(word []byte) keyword {
	if len(word) > 0 && word[0] == '@' {
		return keywordOf(string(word))
	}
	if a.lengths&(1<<min(len(word), 63)) == 0 {
		return noKeyword
	}
	for i := range a.list {
		if a.list[i].word == string(word) {
			return a.list[i].keyword
		}
	}
	return noKeyword
}

func (a *aliases) equal(b *aliases) bool { return slices.Equal(a.list, b.list) }
