package jsonld

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/piprate/json-gold/ld"

	"laurel/contexts"
)

// maxLoads bounds the documents that one list of contexts may draw in. json-gold
// follows contexts that include each other until the stack ends.
const maxLoads = 32

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
	if isUnfit(content, false) {
		return nil, fmt.Errorf("%w: it uses @import, or a context inside a context", ErrInvalidContext)
	}
	if !slices.ContainsFunc(l.documents, func(d contexts.Document) bool { return sameDocument(d, document) }) {
		l.documents = append(l.documents, document)
	}
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

// isUnfit reports whether decoded JSON, which may be a context or part of one,
// uses @import anywhere, or has a context where terms are defined, which json-gold
// reads in the place of what is around it.
func isUnfit(v any, context bool) bool {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if name == "@import" || name == "@context" && context || isUnfit(member, name == "@context") {
				return true
			}
		}
	case []any:
		for _, element := range v {
			if isUnfit(element, context) {
				return true
			}
		}
	}
	return false
}

// sameDocument reports whether two documents are one revision of one context.
func sameDocument(a, b contexts.Document) bool { return a.URL == b.URL && a.Revision == b.Revision }
