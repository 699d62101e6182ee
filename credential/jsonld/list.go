package jsonld

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"laurel/contexts"
	"laurel/credential/strictjson"
)

// maxLists bounds the lists of contexts that are remembered in one place.
const maxLists = 16

// maxContexts bounds a list of contexts.
const maxContexts = 16

// The base contexts that the list of a credential begins with (VC Data Model
// 2.0 §4.3, 1.1 §4.1).
const (
	credentialsV1 = "https://www.w3.org/2018/credentials/v1"
	credentialsV2 = "https://www.w3.org/ns/credentials/v2"
)

// lists remembers the active contexts of lists of contexts, by the list as it is
// written. To find one takes no lock and makes no string.
type lists struct {
	mu      sync.Mutex // held to add
	entries atomic.Pointer[[]*listed]
}

// listed is a list of contexts and what it means.
type listed struct {
	kind      strictjson.Kind // of the list
	urls      []string
	revisions Revisions
	active    *active
	step      step        // that led there, for the list of an embedded credential
	used      atomic.Bool // since the last time that one had to go
}

// find returns what is remembered of a list, or nil.
func (l *lists) find(list strictjson.Value, revisions Revisions) *listed {
	entries := l.entries.Load()
	if entries == nil {
		return nil
	}
	for _, e := range *entries {
		if e.is(list, revisions) && !e.active.root.full() {
			if !e.used.Load() {
				e.used.Store(true)
			}
			return e
		}
	}
	return nil
}

func (e *listed) is(list strictjson.Value, revisions Revisions) bool {
	if list.Kind() != e.kind || e.kind == strictjson.Array && list.Len() != len(e.urls) {
		return false
	}
	i := 0
	for c := list.Items(); c.Next(); i++ {
		if !c.Value().Is(e.urls[i]) {
			return false
		}
	}
	return maps.Equal(e.revisions, revisions)
}

func newListed(list strictjson.Value, revisions Revisions, a *active) *listed {
	e := &listed{kind: list.Kind(), revisions: maps.Clone(revisions), active: a}
	for item := range list.OneOrMany() {
		e.urls = append(e.urls, item.Text())
	}
	return e
}

// add remembers the active context of a list. Where there are too many already,
// one goes that was not used for a while.
func (l *lists) add(list strictjson.Value, revisions Revisions, a *active) {
	e := newListed(list, revisions, a)
	l.mu.Lock()
	defer l.mu.Unlock()
	var entries []*listed
	if before := l.entries.Load(); before != nil {
		entries = slices.Clone(*before)
	}
	entries = slices.DeleteFunc(entries, func(other *listed) bool { return other.is(list, revisions) })
	if len(entries) >= maxLists {
		oldest := slices.IndexFunc(entries, func(other *listed) bool { return !other.used.Swap(false) })
		entries = slices.Delete(entries, max(oldest, 0), max(oldest, 0)+1)
	}
	entries = append(entries, e)
	l.entries.Store(&entries)
}

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
	var err error
	if !w.closed {
		w.active, err = w.enterGeneral(newRoot(w.processor.set, w.source.Revisions), list)
		return err
	}
	if known := w.processor.roots.find(list, w.source.Revisions); known != nil && !w.budget.alone {
		w.active = known.active
	} else {
		w.active, err = w.enterList(newRoot(w.processor.set, w.source.Revisions), list, false)
		if err != nil {
			return err
		}
		w.active.root.lists = []*active{w.active}
		if !w.budget.alone {
			w.processor.roots.add(list, w.source.Revisions, w.active)
		}
	}
	w.budget.worked = workOfContext * list.Len()
	w.use(w.active)
	return nil
}

// enterList applies a list of context URLs to a. With bare it may be one URL
// without the array. The context must not give a meaning to every word: nothing
// would be undefined, and so nothing added later would stand out.
func (w *walk) enterList(a *active, list strictjson.Value, bare bool) (*active, error) {
	documents, err := w.closedList(list, bare)
	if err != nil {
		return nil, err
	}
	if first := documents[0].URL; len(a.terms.entries) > 0 && first != credentialsV1 && first != credentialsV2 {
		return nil, &ContextError{URL: first, Path: list.Pointer(), Err: ErrInvalidContext, Detail: "the list does not begin as that of a credential does"}
	}
	if err := w.budget.allows(workOfContext * len(documents)); err != nil {
		return nil, err
	}
	next, err := a.parse(urls(documents), true, false)
	if err != nil {
		return nil, w.contextError(err, list)
	}
	if next.vocabulary() {
		return nil, &ContextError{Path: list.Pointer(), Err: ErrUnknownContext, Detail: "it defines every word there is"}
	}
	return next, nil
}

// enter applies the @context of the object v, whose types are given, to a.
func (w *walk) enter(a *active, list, types strictjson.Value) (next *active, err error) {
	if !w.closed {
		return w.enterGeneral(a, list)
	}
	kind := credentialKind(types)
	bare := kind == envelopedCredential
	if kind == noCredential && !types.Is(proofWithContext) {
		return nil, &ContextError{Path: list.Pointer(), Err: ErrInlineContext, Detail: "only a credential, presentation or proof has one"}
	}
	var entry *listed
	if bare || list.Kind() == strictjson.Array {
		entry = a.embedded.find(list, nil)
	}
	if entry == nil {
		if next, err = w.enterList(a, list, bare); err != nil {
			return nil, err
		}
		if entry, err = a.embed(list, next); err != nil {
			return nil, err
		}
	}
	if err := w.budget.charge(entry.step, workOfContext*len(entry.urls)); err != nil {
		return nil, err
	}
	w.use(entry.active)
	return entry.active, nil
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
	next, err := a.parse(local, true, false)
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

// proofWithContext is the type of a proof that has an @context of its own: one
// with JCS repeats that of its credential (Data Integrity EdDSA Cryptosuites
// §3.3.1, ECDSA §3.3.1). It is met where the credential is in a presentation.
const proofWithContext = "DataIntegrityProof"

// What an object says of itself with its types.
const (
	noCredential = iota
	// plainCredential is a credential or presentation, which alone have an
	// @context inside another.
	plainCredential
	// envelopedCredential holds a credential or presentation secured as a
	// whole. VC Data Model 2.0 §4.13.2 shows them with a single context.
	envelopedCredential
)

func credentialKind(types strictjson.Value) (kind int) {
	for c := types.Items(); c.Next(); {
		kind = max(kind, kindOfType(c.Value().AppendText(nil)))
	}
	return kind
}

func kindOfType(name []byte) int {
	switch string(name) {
	case "VerifiableCredential", "VerifiablePresentation":
		return plainCredential
	case "EnvelopedVerifiableCredential", "EnvelopedVerifiablePresentation":
		return envelopedCredential
	}
	return noCredential
}

// use notes the documents behind an active context.
func (w *walk) use(a *active) {
	if w.used == nil {
		w.used = a.documents // clipped: what is added goes into a copy
		return
	}
	for _, document := range a.documents {
		if !slices.ContainsFunc(w.used, func(d contexts.Document) bool { return sameDocument(d, document) }) {
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

// urls returns a list of documents as the local context it is.
func urls(documents []contexts.Document) any {
	list := make([]any, len(documents))
	for i, document := range documents {
		list[i] = document.URL
	}
	return list
}
