package jsonld

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"laurel/contexts"
	"laurel/credential/strictjson"
)

// maxRoots bounds the lists of contexts that a Processor remembers.
const maxRoots = 16

// maxContexts bounds a list of contexts.
const maxContexts = 16

// The base contexts that the list of a credential begins with (VC Data Model
// 2.0 §4.3, 1.1 §4.1).
const (
	credentialsV1 = "https://www.w3.org/2018/credentials/v1"
	credentialsV2 = "https://www.w3.org/ns/credentials/v2"
)

// enterDocument makes the active context of the whole document.
func (w *walk) enterDocument() error {
	list := w.source.Context
	if !list.Exists() {
		list = w.source.Object.Get("@context")
	}
	switch {
	case list.Exists():
	case w.closed:
		return &ContextError{Path: w.source.Object.Pointer(), Err: ErrInvalidContext, Detail: "there is no @context"}
	default:
		w.active = newRoot(w.processor.set, w.source.Revisions)
		return nil
	}
	if !w.closed {
		next, err := w.enter(newRoot(w.processor.set, w.source.Revisions), list, w.source.Object)
		w.active = next
		return err
	}
	documents, err := w.closedList(list, false)
	if err != nil {
		return err
	}
	next, err := w.processor.root(documents, w.source.Revisions)
	if err != nil {
		return w.contextError(err, list)
	}
	return w.enterClosed(next, list)
}

// root returns the active context of a list of documents, remembered or new.
func (p *Processor) root(documents []contexts.Document, revisions Revisions) (*active, error) {
	key := listKey(documents)
	for _, url := range slices.Sorted(maps.Keys(revisions)) {
		key += url + " " + revisions[url] + "\n"
	}
	p.mu.Lock()
	known := p.roots[key]
	p.mu.Unlock()
	if known != nil {
		return known, nil
	}
	made, err := newRoot(p.set, revisions).parse(urls(documents), true, false)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.roots == nil || len(p.roots) >= maxRoots {
		p.roots = make(map[string]*active, maxRoots)
	}
	p.roots[key] = made
	return made, nil
}

// enterClosed makes next the context of the document unless it gives a meaning
// to every word, which the closed profile does not admit: nothing would be
// undefined, and so nothing added later would stand out.
func (w *walk) enterClosed(next *active, list strictjson.Value) error {
	if next.vocabulary() {
		return &ContextError{Path: list.Pointer(), Err: ErrUnknownContext, Detail: "it defines every word there is"}
	}
	w.active = next
	w.use(next)
	return nil
}

// enter applies the @context of the object v to a.
func (w *walk) enter(a *active, list, v strictjson.Value) (*active, error) {
	if !w.closed {
		return w.enterGeneral(a, list)
	}
	if !isCredential(v) {
		return nil, &ContextError{Path: list.Pointer(), Err: ErrInlineContext, Detail: "only a credential or presentation has one"}
	}
	documents, err := w.closedList(list, isEnveloped(v))
	if err != nil {
		return nil, err
	}
	if first := documents[0].URL; first != credentialsV1 && first != credentialsV2 {
		return nil, &ContextError{URL: first, Path: list.Pointer(), Err: ErrInvalidContext, Detail: "the list does not begin as that of a credential does"}
	}
	next, err := a.derive(derivation{kind: byList, name: listKey(documents)}, urls(documents))
	if err != nil {
		return nil, w.contextError(err, list)
	}
	if next.vocabulary() {
		return nil, &ContextError{Path: list.Pointer(), Err: ErrUnknownContext, Detail: "it defines every word there is"}
	}
	w.use(next)
	return next, nil
}

// enterGeneral applies any context that checkInline admits.
func (w *walk) enterGeneral(a *active, list strictjson.Value) (*active, error) {
	if err := w.checkInline(list); err != nil {
		return nil, err
	}
	var local any
	if err := json.Unmarshal(list.Raw(), &local); err != nil {
		return nil, &ContextError{Path: list.Pointer(), Err: ErrInvalidContext}
	}
	next, err := a.derive(derivation{kind: byList, name: string(list.Raw())}, local)
	if err != nil {
		return nil, w.contextError(err, list)
	}
	w.use(next)
	return next, nil
}

// closedList reads a list of context URLs: an array without repetition, all of
// them in the set. With bare it may be one URL without the array.
func (w *walk) closedList(list strictjson.Value, bare bool) ([]contexts.Document, error) {
	switch kind := list.Kind(); {
	case kind == strictjson.Object:
		return nil, &ContextError{Path: list.Pointer(), Err: ErrInlineContext}
	case kind == strictjson.String && bare:
	case kind != strictjson.Array || list.Len() == 0 || list.Len() > maxContexts:
		return nil, &ContextError{Path: list.Pointer(), Err: ErrInvalidContext, Detail: "it is not an array of a few URLs"}
	}
	documents := make([]contexts.Document, 0, list.Len())
	for item := range list.OneOrMany() {
		switch item.Kind() {
		case strictjson.String:
		case strictjson.Object, strictjson.Array:
			return nil, &ContextError{Path: item.Pointer(), Err: ErrInlineContext}
		default:
			return nil, &ContextError{Path: item.Pointer(), Err: ErrInvalidContext, Detail: "it is not a URL"}
		}
		document, err := choose(w.processor.set, item.Text(), w.source.Revisions)
		if err != nil {
			return nil, &ContextError{URL: item.Text(), Path: item.Pointer(), Err: classOf(err)}
		}
		if slices.ContainsFunc(documents, func(d contexts.Document) bool { return d.URL == document.URL }) {
			return nil, &ContextError{URL: item.Text(), Path: item.Pointer(), Err: ErrInvalidContext, Detail: "it stands in the list twice"}
		}
		documents = append(documents, document)
	}
	return documents, nil
}

// isCredential reports whether an object says that it is a credential or
// presentation, which alone have an @context inside another.
func isCredential(v strictjson.Value) bool {
	return hasType(v, "VerifiableCredential", "VerifiablePresentation") || isEnveloped(v)
}

// isEnveloped reports whether an object says that it holds a credential or
// presentation secured as a whole. VC Data Model 2.0 §4.13.2 shows them with a
// single context.
func isEnveloped(v strictjson.Value) bool {
	return hasType(v, "EnvelopedVerifiableCredential", "EnvelopedVerifiablePresentation")
}

func hasType(v strictjson.Value, names ...string) bool {
	for item := range v.Get("type").OneOrMany() {
		if slices.ContainsFunc(names, item.Is) {
			return true
		}
	}
	return false
}

// use notes the documents behind an active context.
func (w *walk) use(a *active) {
	for _, document := range a.documents {
		known := func(d contexts.Document) bool {
			return d.URL == document.URL && d.Revision == document.Revision
		}
		if !slices.ContainsFunc(w.used, known) {
			w.used = append(w.used, document)
		}
	}
}

// contextError gives an error of active.parse its place.
func (w *walk) contextError(err error, list strictjson.Value) error {
	return &ContextError{Path: list.Pointer(), Err: classOf(err), Detail: detailOf(err)}
}

// classOf returns the sentinel error behind an error of a context.
func classOf(err error) error {
	if errors.Is(err, ErrUnknownContext) {
		return ErrUnknownContext
	}
	return ErrInvalidContext
}

// detailOf returns what an error of a context says beyond its class.
func detailOf(err error) string {
	_, detail, _ := strings.Cut(err.Error(), ": ")
	return detail
}

// listKey names a list of documents.
func listKey(documents []contexts.Document) string {
	var key strings.Builder
	for _, document := range documents {
		key.WriteString(document.URL)
		key.WriteByte(' ')
		key.WriteString(document.Revision)
		key.WriteByte('\n')
	}
	return key.String()
}

// urls returns a list of documents as the local context it is.
func urls(documents []contexts.Document) any {
	list := make([]any, len(documents))
	for i, document := range documents {
		list[i] = document.URL
	}
	return list
}
