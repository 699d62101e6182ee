package jsonld

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/piprate/json-gold/ld"

	"laurel/contexts"
)

// active is an active context (JSON-LD 1.1 API §4.1): the meaning that every
// term has in one place of a document. json-gold decides what the terms mean,
// from pinned documents only; here it is compiled, once, into what the walk
// needs of it. An active context does not change once it is made; those derived
// from it are remembered, so that the contexts of a badge are worked out once
// in the life of a Processor.
type active struct {
	root      *root
	terms     index
	aliases   *aliases
	undefined *term   // what holds for members that are no terms
	vocab     *string // the IRI that words without a meaning are put behind
	previous  *active // what to go back to when a type-scoped context ends
	documents []contexts.Document

	step     step        // that led here, for a scoped context
	context  *ld.Context // for those derived
	derived  atomic.Pointer[map[derivation]*active]
	embedded lists // those of the lists of embedded credentials
}

// root is what all active contexts that derive from one list share.
type root struct {
	set       *contexts.Set
	revisions Revisions

	mu    sync.Mutex // held to remember a step
	kept  atomic.Int32
	lists []*active // what lists of contexts lead to, all different
}

// derivation says how an active context follows from another: by the scoped
// context of a term.
type derivation struct {
	kind kind
	term *term
}

type kind byte

const (
	byProperty kind = iota // property-scoped context
	byType                 // type-scoped context
)

// newRoot returns the initial context, which defines nothing.
func newRoot(set *contexts.Set, revisions Revisions) *active {
	options := &ld.JsonLdOptions{ProcessingMode: ld.JsonLd_1_1, DocumentLoader: &loader{}}
	a := &active{
		root:    &root{set: set, revisions: maps.Clone(revisions)},
		context: ld.NewContext(nil, options),
	}
	a.compile(nil)
	return a
}

// compile works out what the terms of a mean. Those that parent has with the
// same definition are the same.
func (a *active) compile(parent *active) {
	base := defaults{a.context.Values.Language, a.context.Values.Direction}
	a.vocab = a.context.Values.Vocab
	a.undefined = &term{definition: &ld.TermDefinition{}}
	a.undefined.compileValues(a.undefined.definition, base)
	entries := make([]entry, 0, len(a.context.TermDefinitions))
	shared := parent != nil && base == defaults{parent.context.Values.Language, parent.context.Values.Direction}
	for word, def := range a.context.TermDefinitions {
		var t *term
		if shared {
			if t = parent.terms.get([]byte(word)); t != nil && t.definition != def {
				t = nil
			}
		}
		if t == nil {
			t = compile(word, def, base)
		}
		entries = append(entries, entry{word, t})
	}
	markSynonyms(entries)
	a.terms = newIndex(entries)
	a.aliases = newAliases(entries)
	if parent != nil && parent.aliases.equal(a.aliases) {
		a.aliases = parent.aliases
	}
}

// term returns the definition of a term; nil when there is none, or when the
// contexts say that the term means nothing.
func (a *active) term(word []byte) *term {
	if t := a.terms.get(word); t != nil && t.definition != nil {
		return t
	}
	return nil
}

// vocabulary reports whether words that are not defined get a meaning anyway.
func (a *active) vocabulary() bool { return a.vocab != nil }

// expand turns a word into an IRI or keyword (JSON-LD 1.1 API §5.2), without a
// base IRI. vocab says that the word may be a term. The result is "" or still
// relative when the word means nothing.
func (a *active) expand(word string, vocab bool) string {
	if keywordOf(word) != noKeyword {
		return word
	}
	if keywordLike(word) {
		return ""
	}
	if vocab {
		if t := a.terms.get([]byte(word)); t != nil {
			return t.iri
		}
	}
	if colon := strings.IndexByte(word, ':'); colon > 0 {
		prefix, suffix := word[:colon], word[colon+1:]
		if prefix == "_" || strings.HasPrefix(suffix, "//") {
			return word
		}
		if t := a.terms.get([]byte(prefix)); t != nil && t.prefix {
			return t.iri + suffix
		}
		if isAbsolute(word) {
			return word
		}
	}
	if vocab && a.vocabulary() {
		return *a.vocab + word
	}
	return word
}

// keywordLike tells words that have the form of a keyword, which JSON-LD
// reserves.
func keywordLike(word string) bool {
	if len(word) < 2 || word[0] != '@' {
		return false
	}
	for i := 1; i < len(word); i++ {
		if c := word[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// known returns the active context that follows from a in the given way, when
// it is remembered.
func (a *active) known(by derivation) *active {
	if derived := a.derived.Load(); derived != nil {
		return (*derived)[by]
	}
	return nil
}

// derive makes the active context that follows from a in the given way, and
// remembers it. The error is errFull when there is no room for it.
func (a *active) derive(by derivation) (*active, error) {
	next, err := a.parse(by.term.definition.Context, by.kind != byType, by.kind == byProperty)
	if err != nil {
		return nil, err
	}
	a.root.mu.Lock()
	defer a.root.mu.Unlock()
	if other := a.known(by); other != nil {
		return other, nil
	}
	if next.step, err = a.root.newStep(); err != nil {
		return nil, err
	}
	derived := make(map[derivation]*active)
	if before := a.derived.Load(); before != nil {
		maps.Copy(derived, *before)
	}
	derived[by] = next
	a.derived.Store(&derived)
	return next, nil
}

// parse processes a local context (JSON-LD 1.1 API §4.1.2). propagate is false
// for a type-scoped context, override true for a property-scoped one, which
// may redefine protected terms. A document of the set that is unknown, or that
// reaches for @import, is an error, and so is a panic of json-gold.
func (a *active) parse(local any, propagate, override bool) (next *active, err error) {
	load := &loader{root: a.root}
	defer func() {
		if p := recover(); p != nil {
			next, err = nil, fmt.Errorf("%w: processing it panicked", ErrInvalidContext)
		}
	}()
	base, unprotected := a.copyContext(load, override)
	parsed, err := base.Parse(local)
	if load.err != nil {
		return nil, load.err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrInvalidContext, contextFault(err))
	}
	if len(parsed.TermDefinitions) > maxTerms {
		return nil, fmt.Errorf("%w: it has too many terms", ErrInvalidContext)
	}
	for word, def := range parsed.TermDefinitions {
		if original, ok := unprotected[def]; ok {
			parsed.TermDefinitions[word] = original
			parsed.Protected[word] = true
		}
	}
	next = &active{
		root:      a.root,
		context:   parsed,
		previous:  a.previousFor(local, propagate),
		documents: slices.Clip(load.documents),
	}
	next.compile(a)
	return next, nil
}

// copyContext returns json-gold's part of a for another loader. With
// unprotect, protected terms are replaced by unprotected copies, which are
// returned with their originals: json-gold has no public way to say that a
// context may override them.
func (a *active) copyContext(load *loader, unprotect bool) (*ld.Context, map[*ld.TermDefinition]*ld.TermDefinition) {
	options := &ld.JsonLdOptions{ProcessingMode: ld.JsonLd_1_1, DocumentLoader: load}
	base := ld.NewContext(nil, options)
	values := *a.context.Values
	base.Values = &values
	if !unprotect {
		maps.Copy(base.TermDefinitions, a.context.TermDefinitions)
		maps.Copy(base.Protected, a.context.Protected)
		return base, nil
	}
	originals := make(map[*ld.TermDefinition]*ld.TermDefinition)
	for word, def := range a.context.TermDefinitions {
		if def != nil && def.Protected {
			open := *def
			open.Protected = false
			originals[&open] = def
			def = &open
		}
		base.TermDefinitions[word] = def
	}
	return base, originals
}

// previousFor says which context a node below goes back to: a itself below a
// context that does not propagate, else the one that a goes back to. null
// forgets it.
func (a *active) previousFor(local any, propagate bool) *active {
	list, ok := local.([]any)
	if !ok {
		list = []any{local}
	}
	if len(list) > 0 {
		if first, ok := list[0].(map[string]any); ok {
			if stated, ok := first["@propagate"].(bool); ok {
				propagate = stated
			}
		}
	}
	previous := a.previous
	for _, item := range list {
		if item == nil {
			previous = nil
		}
	}
	if !propagate && previous == nil {
		return a
	}
	return previous
}

// contextFault is json-gold's name for what is wrong, without its detail, which
// quotes the document.
func contextFault(err error) string {
	var fault *ld.JsonLdError
	if errors.As(err, &fault) {
		return string(fault.Code)
	}
	return "not a context"
}
