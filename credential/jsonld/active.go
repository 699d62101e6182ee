package jsonld

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/piprate/json-gold/ld"

	"laurel/contexts"
)

// active is an active context (JSON-LD 1.1 API §4.1): the meaning that every
// term has in one place of a document. json-gold decides what the terms mean,
// from pinned documents only. An active context does not change once it is
// made; those derived from it are remembered, so that the contexts of a badge
// are worked out once in the life of a Processor.
type active struct {
	root      *root
	id        uint64 // unique below root
	context   *ld.Context
	previous  *active // what to go back to when a type-scoped context ends
	documents []contexts.Document

	mu      sync.Mutex
	derived map[derivation]*active
}

// root is what all active contexts that derive from one list share.
type root struct {
	set       *contexts.Set
	revisions Revisions
	ids       atomic.Uint64
	kept      atomic.Int32
}

// derivation says how an active context follows from another: by a list of
// context URLs, or by the scoped context that a term has in the context with
// the id origin.
type derivation struct {
	kind   kind
	origin uint64
	name   string
}

type kind byte

const (
	byList     kind = iota // @context of a node, name is the list
	byProperty             // property-scoped context of the term name
	byType                 // type-scoped context of the term name
)

// maxKept bounds the active contexts remembered below one root. A real badge
// needs about ten; a hostile one could ask for any number.
const maxKept = 256

// maxLoads bounds the documents that one list of contexts may draw in. json-gold
// follows contexts that include each other until the stack ends.
const maxLoads = 32

// newRoot returns the initial context, which defines nothing.
func newRoot(set *contexts.Set, revisions Revisions) *active {
	options := &ld.JsonLdOptions{ProcessingMode: ld.JsonLd_1_1, DocumentLoader: &loader{}}
	return &active{
		root:    &root{set: set, revisions: revisions},
		context: ld.NewContext(nil, options),
	}
}

// term returns the definition of a term; nil when there is none, or when the
// contexts say that the term means nothing.
func (a *active) term(name string) *ld.TermDefinition { return a.context.TermDefinitions[name] }

// vocabulary reports whether words that are not defined get a meaning anyway.
func (a *active) vocabulary() bool { return a.context.Values.Vocab != nil }

// expand turns a word into an IRI or keyword (JSON-LD 1.1 API §5.2), without a
// base IRI. vocab says that the word may be a term. The result is "" or still
// relative when the word means nothing.
func (a *active) expand(word string, vocab bool) string {
	if ld.IsKeyword(word) {
		return word
	}
	if keywordLike(word) {
		return ""
	}
	if vocab {
		if def, ok := a.context.TermDefinitions[word]; ok {
			if def == nil {
				return ""
			}
			return def.ID
		}
	}
	if colon := strings.IndexByte(word, ':'); colon > 0 {
		prefix, suffix := word[:colon], word[colon+1:]
		if prefix == "_" || strings.HasPrefix(suffix, "//") {
			return word
		}
		if def := a.term(prefix); def != nil && def.ID != "" && def.Prefix != nil && *def.Prefix {
			return def.ID + suffix
		}
		if isAbsolute(word) {
			return word
		}
	}
	if vocab && a.vocabulary() {
		return *a.context.Values.Vocab + word
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

// derive returns the active context that follows from a in the given way,
// making it when it is not remembered. local is the context as decoded JSON.
func (a *active) derive(by derivation, local any) (*active, error) {
	a.mu.Lock()
	next := a.derived[by]
	a.mu.Unlock()
	if next != nil {
		return next, nil
	}
	next, err := a.parse(local, by.kind != byType, by.kind == byProperty)
	if err != nil {
		return nil, err
	}
	if a.root.kept.Add(1) > maxKept {
		a.root.kept.Add(-1)
		return next, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.derived == nil {
		a.derived = make(map[derivation]*active)
	}
	a.derived[by] = next
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
	for term, def := range parsed.TermDefinitions {
		if original, ok := unprotected[def]; ok {
			parsed.TermDefinitions[term] = original
			parsed.Protected[term] = true
		}
	}
	return &active{
		root:      a.root,
		id:        a.root.ids.Add(1),
		context:   parsed,
		previous:  a.previousFor(local, propagate),
		documents: load.documents,
	}, nil
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
	for term, def := range a.context.TermDefinitions {
		if def != nil && def.Protected {
			open := *def
			open.Protected = false
			originals[&open] = def
			def = &open
		}
		base.TermDefinitions[term] = def
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

// loader gives json-gold the documents of a set and nothing else. Every call
// gets a copy of its own: json-gold writes into what it is given.
type loader struct {
	root      *root
	loads     int
	documents []contexts.Document
	err       error
}

// LoadDocument implements ld.DocumentLoader.
func (l *loader) LoadDocument(url string) (*ld.RemoteDocument, error) {
	content, err := l.load(url)
	if err != nil {
		l.err = err
		return nil, err
	}
	return &ld.RemoteDocument{DocumentURL: url, Document: content}, nil
}

func (l *loader) load(url string) (any, error) {
	if l.loads++; l.loads > maxLoads || l.root == nil {
		return nil, fmt.Errorf("%w: it includes too many others", ErrInvalidContext)
	}
	document, err := choose(l.root.set, url, l.root.revisions)
	if err != nil {
		return nil, err
	}
	var content map[string]any
	if err := json.Unmarshal(document.Bytes, &content); err != nil {
		return nil, fmt.Errorf("%w: it is not a JSON object", ErrInvalidContext)
	}
	if imports(content) {
		return nil, fmt.Errorf("%w: it uses @import", ErrInvalidContext)
	}
	l.documents = append(l.documents, document)
	return content, nil
}

// choose returns the chosen revision of a context.
func choose(set *contexts.Set, url string, revisions Revisions) (contexts.Document, error) {
	documents, err := set.Revisions(url)
	if err != nil || len(documents) == 0 {
		return contexts.Document{}, ErrUnknownContext
	}
	want, stated := revisions[url]
	if !stated {
		want, stated = revisions[documents[0].URL]
	}
	if !stated {
		return documents[0], nil
	}
	for _, document := range documents {
		if document.Revision == want {
			return document, nil
		}
	}
	return contexts.Document{}, ErrUnknownContext
}

// imports reports whether @import stands anywhere in decoded JSON.
func imports(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if name == "@import" || imports(member) {
				return true
			}
		}
	case []any:
		for _, element := range v {
			if imports(element) {
				return true
			}
		}
	}
	return false
}
