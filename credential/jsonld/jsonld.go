// Package jsonld turns a credential into the RDF dataset that a Data
// Integrity proof covers, and refuses the document when any part of it would
// not be covered.
//
// A JSON-LD processor drops what it cannot map: an undefined term, a relative
// identifier, a null. What is dropped is not signed, so anybody can change it
// afterwards. This package therefore answers either with a dataset in which
// every scalar of the document has its place, or with an error that names the
// place that has none; the same rules hold when a credential is issued and
// when it is checked.
//
// Contexts come from a [contexts.Set] only. Nothing is ever fetched or opened.
// Contexts written into the document are refused unless
// [Options.InlineContexts] is set; that general path is for conformance
// suites, not for a public verifier.
//
// It is the only package that uses json-gold, which it trusts with context
// processing and expansion and with nothing else.
package jsonld

import (
	"context"

	"laurel/contexts"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// Options configures a Processor.
type Options struct {
	// InlineContexts admits contexts written into the document, keywords in
	// any place where JSON-LD 1.1 has them, and absolute IRIs as member
	// names. An inline context may name only URLs of the set, and @import is
	// refused. Leave it off wherever strangers send documents: a context of
	// their choice gives every word the meaning of their choice.
	InlineContexts bool
}

// Revisions says which revision of a context URL is used where a set holds
// several: URL to contexts.Document.Revision. A URL that is missing means the
// newest; so does a nil map.
type Revisions map[string]string

// Source is what a dataset is made of.
type Source struct {
	// Object is the JSON object to be read.
	Object strictjson.Value
	// Context, when it exists, stands in for the object's own @context. The
	// options of a proof have none of their own and take the document's.
	Context strictjson.Value
	// Without lists members of Object that are left out, at its top level
	// only: "proof" for a document, "proofValue" for the options of a proof.
	Without []string
	// Revisions chooses among the revisions of a context URL.
	Revisions Revisions
}

// Dataset is the RDF dataset of a document.
type Dataset struct {
	// Quads holds the statements in document order, possibly with
	// duplicates. Blank node labels are free of meaning. The caller owns it.
	Quads []rdfc.Quad
	// Contexts lists the context documents that were used, in the order of
	// their first use, each once.
	Contexts []contexts.Document
	// General reports that the document was read with a context of its own,
	// which only Options.InlineContexts admits.
	General bool
}

// Processor makes datasets. It is safe for concurrent use.
type Processor struct {
	set     *contexts.Set
	options Options
}

// New returns a Processor that knows the contexts of set and no others.
func New(set *contexts.Set, options Options) *Processor {
	return &Processor{set: set, options: options}
}

// Dataset returns the dataset of source. A base IRI is never assumed.
//
// The errors are [*ContextError] for a context that is not in the set or is
// not allowed where it stands, [*LossError] for what the dataset would lose
// or leave ambiguous, [*LimitError] for a document larger than the limits, and
// the context's own error. Both [ErrDataLoss] and [ErrLimit] mean that the
// document can never have a proof; [ErrUnknownContext] means that it could
// not be read here.
func (p *Processor) Dataset(ctx context.Context, source Source) (*Dataset, error) {
	panic("not yet")
}

// Alternatives returns the other choices of revisions under which source can
// be read, the newest first, and nothing when there is only one reading. A
// proof made before a context was revised under its URL verifies under one of
// them.
func (p *Processor) Alternatives(source Source) []Revisions {
	panic("not yet")
}
