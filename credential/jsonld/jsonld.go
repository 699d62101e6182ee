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
// processing and with nothing else. What the contexts mean is compiled once;
// documents are read in one pass from JSON to statements.
package jsonld

import (
	"context"
	"errors"
	"maps"
	"slices"

	"laurel/contexts"
	"laurel/credential/rdfc"
	"laurel/credential/strictjson"
)

// Options configures a Processor.
type Options struct {
	// InlineContexts admits contexts written into the document, keywords in
	// any place where JSON-LD 1.1 has them, and absolute IRIs as member
	// names. An inline context may name only URLs of the set, and @import is
	// refused. A document that needs any of this is also free to use one
	// identifier for several things. Leave it off wherever strangers send
	// documents: a context of their choice gives every word the meaning of
	// their choice.
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

	trace *trace // of the blank nodes, where it is asked for
}

// Dataset is the RDF dataset of a document.
type Dataset struct {
	// Quads holds the statements in no particular order, possibly with
	// duplicates. Blank node labels are free of meaning. The caller owns it.
	Quads []rdfc.Quad
	// Contexts lists the context documents that were used, in the order of
	// their first use, each once.
	Contexts []contexts.Document
	// General reports that the document was read with a context of its own, or
	// with other features that only Options.InlineContexts admits.
	General bool
}

// Processor makes datasets. It remembers what the contexts it has met mean. It
// is safe for concurrent use.
type Processor struct {
	set     *contexts.Set
	options Options
	roots   lists
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
// the context's own error. [ErrDataLoss] and [ErrLimit] mean that the document
// can never have a proof that is accepted here; [ErrUnknownContext] means that
// it could not be read, and that nothing is said about it.
func (p *Processor) Dataset(ctx context.Context, source Source) (*Dataset, error) {
	dataset := new(Dataset)
	err := p.read(ctx, source, func(w *walk) error {
		dataset.Quads = w.out.Quads()
		dataset.Contexts, dataset.General = slices.Clone(w.used), !w.closed
		return nil
	})
	if err != nil {
		return nil, err
	}
	return dataset, nil
}

// Canonical is a document in canonical form.
type Canonical struct {
	// NQuads is the canonical N-Quads document.
	NQuads []byte
	// Contexts and General are those of Dataset. Contexts is shared and must
	// not be changed.
	Contexts []contexts.Document
	General  bool
}

// Canonicalize appends the canonical form (RDFC-1.0) of the dataset of source
// to dst: what Dataset and [rdfc.Canonicalize] do, without making the quads.
// The errors are those of both.
func (p *Processor) Canonicalize(ctx context.Context, source Source, dst []byte, options rdfc.Options) (Canonical, error) {
	var canonical Canonical
	err := p.read(ctx, source, func(w *walk) (err error) {
		canonical.NQuads, err = w.out.AppendCanonical(ctx, dst, options)
		canonical.Contexts, canonical.General = w.used, !w.closed
		return err
	})
	if err != nil {
		return Canonical{}, err
	}
	return canonical, nil
}

// Check reports whether source has a dataset, without making it: nil, or the
// error of Dataset.
func (p *Processor) Check(ctx context.Context, source Source) error {
	return p.read(ctx, source, func(*walk) error { return nil })
}

// Reading is how a document can be read.
type Reading struct {
	// Contexts and General are those of Canonical.
	Contexts []contexts.Document
	General  bool
	// Superseded reports that the newest revisions of the contexts do not go
	// with the document, and Contexts are the first of the Alternatives that do.
	Superseded bool
}

// Reading is Check, with the first of the Alternatives that source can be read
// under where the error of the newest revisions is Outdated, and tells how. When
// there is none, the error is that of the newest.
func (p *Processor) Reading(ctx context.Context, source Source) (Reading, error) {
	reading, newest := p.readingUnder(ctx, source)
	if newest == nil || !Outdated(newest) {
		return reading, newest
	}
	for _, revisions := range p.Alternatives(source) {
		source.Revisions = revisions
		reading, err := p.readingUnder(ctx, source)
		if err == nil {
			reading.Superseded = true
			return reading, nil
		}
		if ctx.Err() != nil {
			return Reading{}, ctx.Err()
		}
	}
	return Reading{}, newest
}

func (p *Processor) readingUnder(ctx context.Context, source Source) (reading Reading, err error) {
	err = p.read(ctx, source, func(w *walk) error {
		reading.Contexts, reading.General = w.used, !w.closed
		return nil
	})
	return reading, err
}

// Outdated reports whether a document that could not be read under the newest
// revisions of its contexts may have been made under older ones: a term that was
// added since may contradict another context, or be another word for a property.
func Outdated(err error) bool {
	return errors.Is(err, ErrInvalidContext) || errors.Is(err, ErrDataLoss)
}

// read reads source, in the closed profile or, where that is allowed and
// needed, without its bounds, and hands the result to take.
func (p *Processor) read(ctx context.Context, source Source, take func(w *walk) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := newWalk(ctx, p, source)
	defer w.release()
	err := w.document()
	if errors.Is(err, errFull) {
		w.restart(true)
		w.budget.alone = true
		err = w.document()
	}
	if err != nil && p.options.InlineContexts && outsideProfile(err) {
		w.restart(false)
		err = w.document()
	}
	if err != nil {
		return err
	}
	return take(w)
}

// outsideProfile reports whether a document that the closed profile refused
// may still be good JSON-LD.
func outsideProfile(err error) bool {
	var fault *ContextError
	return errors.Is(err, ErrDataLoss) ||
		errors.As(err, &fault) && (fault.Err != ErrUnknownContext || fault.URL == "")
}

// maxAlternatives bounds the readings that Alternatives offers.
const maxAlternatives = 8

// Alternatives returns the other choices of revisions under which source can
// be read, the newest first, and nothing when there is only one reading. A
// proof made before a context was revised under its URL verifies under one of
// them. There are at most eight.
func (p *Processor) Alternatives(source Source) []Revisions {
	choices := []Revisions{maps.Clone(source.Revisions)}
	for _, url := range contextURLs(source) {
		documents, err := p.set.Revisions(url)
		if err != nil || len(documents) < 2 {
			continue
		}
		url = documents[0].URL
		if _, fixed := choices[0][url]; fixed {
			continue
		}
		more := choices[:0:0]
		for _, document := range documents {
			for _, choice := range choices {
				next := Revisions{url: document.Revision}
				maps.Copy(next, choice)
				more = append(more, next)
			}
		}
		choices = more
	}
	return choices[1:min(len(choices), maxAlternatives+1)]
}

// contextURLs lists the context URLs anywhere in source, each once.
func contextURLs(source Source) []string {
	var found []string
	add := func(list strictjson.Value) {
		for item := range list.OneOrMany() {
			if url := item.Text(); url != "" && !slices.Contains(found, url) {
				found = append(found, url)
			}
		}
	}
	var visit func(v strictjson.Value)
	visit = func(v strictjson.Value) {
		for element := range v.Elements() {
			visit(element)
		}
		for name, member := range v.Members() {
			if name == "@context" {
				add(member)
			} else {
				visit(member)
			}
		}
	}
	add(source.Context)
	visit(source.Object)
	return found
}
