package dataintegrity

import (
	"context"
	"crypto"
	"slices"

	"laurel/credential/jcs"
	"laurel/credential/jsonld"
	"laurel/credential/strictjson"
)

// A suite with JCS signs the JSON text of a document and of the proof options,
// whatever the words in it mean. The options have the contexts of the document
// (VC Data Integrity EdDSA §3.3.1), those that it had then: more may have been
// added since, and stand behind them.

// digestText hashes the canonical JSON of the base of a proof, under the given
// contexts when they exist instead of its own.
func digestText(b *base, contexts strictjson.Value, hash crypto.Hash) digest {
	members := make([]jcs.Member, 0, b.source.Object.Len())
	for name, value := range b.source.Object.Members() {
		switch {
		case name == "proof" && len(b.previous) == 0:
			continue
		case name == "@context" && contexts.Exists():
			value = contexts
		}
		members = append(members, jcs.Member{Name: name, Value: value})
	}
	d := sumOfMembers(members, hash)
	d.err = b.place(d.err)
	return d
}

// digestOptionsText hashes the canonical JSON of proof options.
func digestOptionsText(proof strictjson.Value, hash crypto.Hash) digest {
	members := make([]jcs.Member, 0, proof.Len())
	for name, value := range proof.Members() {
		if name != "proofValue" {
			members = append(members, jcs.Member{Name: name, Value: value})
		}
	}
	return sumOfMembers(members, hash)
}

func sumOfMembers(members []jcs.Member, hash crypto.Hash) digest {
	for _, m := range members {
		if lost := jcs.LossyNumber(m.Value); lost.Exists() {
			return digest{err: &jsonld.LossError{Path: lost.Pointer(), Term: lost.Literal(), Reason: jsonld.ReasonNumber}}
		}
	}
	form := forms.Get().(*[]byte)
	defer forms.Put(form)
	text := jcs.AppendMembers((*form)[:0], members)
	if cap(text) <= largeForm {
		*form = text
	}
	return digest{sum: sumOf(hash, text)}
}

// extends compares the contexts of a document with those of a proof. begins
// says that the document has those of the proof first, in the same order; more
// that it has others behind them.
func extends(document, proof strictjson.Value) (begins, more bool) {
	if !document.Exists() {
		return false, false
	}
	ours, theirs := formsOf(document), formsOf(proof)
	if len(theirs) > len(ours) || !slices.Equal(ours[:len(theirs)], theirs) {
		return false, false
	}
	return true, len(ours) > len(theirs)
}

func formsOf(contexts strictjson.Value) []string {
	var list []string
	for item := range contexts.OneOrMany() {
		list = append(list, string(jcs.Append(nil, item)))
	}
	return list
}

// digestNewText is digestText for a proof that is being made. A document with
// contexts must have a meaning under them, as every verifier of credentials
// will ask.
func (s *Suites) digestNewText(ctx context.Context, p *draft) digest {
	if p.root.Get("@context").Exists() {
		if err := s.processor.Check(ctx, documentSource(p.root)); err != nil {
			return digest{err: err}
		}
	}
	return digestText(&p.base, strictjson.Value{}, p.hash)
}

// textReading is the hash of a document under the contexts of a proof, and what
// the document says as linked data.
type textReading struct {
	hash     crypto.Hash
	previous []Proof
	under    string // the contexts of the proof, in canonical form; "" for none
	digest
	read       bool
	superseded bool
}

// verifyText checks the signature over the text of a document and then that all
// of it has a meaning.
func (d *Document) verifyText(ctx context.Context, a *attempt, expect Expect) (Verified, error) {
	if err := ctx.Err(); err != nil {
		return Verified{}, err
	}
	if a.proof.Context.Exists() {
		begins, more := extends(d.value.Get("@context"), a.proof.Context)
		if !begins || more && !expect.AddedContexts {
			return Verified{}, ErrContext
		}
	}
	options := digestOptionsText(a.proof.Value, a.hash)
	if options.err != nil {
		return Verified{}, options.err
	}
	document := d.text(a)
	if document.err != nil {
		return Verified{}, document.err
	}
	var buffer [2 * maxSum]byte
	if err := a.suite.verify(a.key, signed(&buffer, a.hash, &options, &document.digest), a.proof.ProofValue); err != nil {
		return Verified{}, err
	}
	if err := d.readText(ctx, document, a.proof.Context); err != nil {
		return Verified{}, err
	}
	return Verified{
		Proof: a.proof, Contexts: slices.Clone(document.contexts), Superseded: document.superseded, General: document.general,
	}, nil
}

// text returns the hash of what a proof is made over.
func (d *Document) text(a *attempt) *textReading {
	under := string(jcs.Append(nil, a.proof.Context))
	for _, known := range d.texts {
		if known.hash == a.hash && known.under == under && a.base.same(known.previous) {
			return known
		}
	}
	made := &textReading{hash: a.hash, previous: a.base.previous, under: under}
	made.digest = digestText(&a.base, a.proof.Context, a.hash)
	d.texts = append(d.texts, made)
	return made
}

// readText reads the document as linked data, under the contexts of the proof if
// it has some, under their newest revisions or, where those do not go with it, the
// older ones that it may have been made under.
func (d *Document) readText(ctx context.Context, t *textReading, contexts strictjson.Value) error {
	if t.read || !d.value.Get("@context").Exists() {
		return nil
	}
	source := documentSource(d.value)
	source.Context = contexts
	reading, err := d.suites.processor.Reading(ctx, source)
	if err != nil {
		return err
	}
	t.read, t.contexts, t.general, t.superseded = true, reading.Contexts, reading.General, reading.Superseded
	return nil
}
