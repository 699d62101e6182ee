package dataintegrity

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"laurel/credential/jcs"
	"laurel/credential/strictjson"
)

// Options are the proof options of a new proof.
type Options struct {
	// Cryptosuite is the Name of one of Cryptosuites that signs. It defaults to
	// EdDSARDFC2022.
	Cryptosuite string
	// VerificationMethod is the URL of the signer's public key. Required.
	VerificationMethod string
	// ProofPurpose defaults to AssertionMethod.
	ProofPurpose string
	// Created is written in UTC as whole seconds. The zero time leaves it out.
	Created time.Time
	// Expires is written like Created. The zero time leaves it out.
	Expires time.Time
	// Domain and Challenge bind the proof to an exchange. Empty ones are left
	// out.
	Domain    []string
	Challenge string
	// Nonce is left out when empty.
	Nonce string
	// ID names the proof, a URL; it is left out when empty.
	ID string
	// PreviousProof names the proofs of the document that the new one is
	// chained to: it covers them, as they are, too.
	PreviousProof []string
	// MandatoryPointers are JSON pointers (RFC 6901) to what every document
	// derived from this one must show, for suites with selective disclosure.
	// Others refuse them.
	MandatoryPointers []string
}

// Sign adds a proof to a JSON document and returns the new document: the
// caller's bytes with the proof written after the last member, or, when there
// are proofs already, after the last of them. The existing proofs are kept as
// they are and the new one is independent of them (a proof set, VC Data
// Integrity §2.1.1) unless it is chained to some with PreviousProof (§2.1.2).
//
// A credential whose contexts do not define the terms of the proof gets one more
// that does, behind the others: one of version 1.1, and any for
// Ed25519Signature2020. Other bytes never change.
//
// The key must be of a kind that goes with the cryptosuite. Errors:
// *strictjson.Error for a document that is not strict JSON, an error of jsonld
// or rdfc for one that cannot be covered whole or has contexts that leave part
// of it without a meaning, ErrKeyType, ErrUnsupportedCryptosuite,
// ErrMalformedProof for options that make no valid proof or existing proofs
// that are none, and the signer's own. On an error nothing is returned.
func (s *Suites) Sign(ctx context.Context, document []byte, signer crypto.Signer, proofOptions Options) ([]byte, error) {
	parsed := documents.Get().(*strictjson.Document)
	defer release(parsed)
	if err := parsed.Reset(document, strictjson.Limits{}); err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	p, err := s.draft(parsed.Root(), signer, proofOptions)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	if missing := s.missingContext(ctx, p); missing != "" {
		extended, err := p.withContext(missing)
		if err == nil {
			err = parsed.Reset(extended, strictjson.Limits{})
		}
		if err == nil {
			p, err = s.draft(parsed.Root(), signer, proofOptions)
		}
		if err != nil {
			return nil, fmt.Errorf("signing: %w", err)
		}
	}
	proof, err := s.prove(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return splice(p.root, proof), nil
}

// documents are read for signing, which keeps nothing of them.
var documents = sync.Pool{New: func() any { return new(strictjson.Document) }}

func release(document *strictjson.Document) {
	const large = strictjson.DefaultSize
	if len(document.Bytes()) > large {
		return
	}
	document.Clear()
	documents.Put(document)
}

// draft is all that goes into a proof.
type draft struct {
	root     strictjson.Value
	existing []Proof
	base     base
	suite    cryptosuite
	hash     crypto.Hash
	signer   crypto.Signer
	options  Options // with their defaults
}

// draft refuses documents, keys and options that make no proof.
func (s *Suites) draft(root strictjson.Value, signer crypto.Signer, o Options) (p draft, err error) {
	p = draft{root: root, signer: signer, options: o.withDefaults()}
	if p.existing, err = existingProofs(root, o.ID); err != nil {
		return p, err
	}
	known := false
	if p.suite, known = suites[p.options.Cryptosuite]; !known || p.suite.verifyOnly {
		return p, fmt.Errorf("%w: %q", ErrUnsupportedCryptosuite, p.options.Cryptosuite)
	}
	switch {
	case p.suite.selective == nil && len(o.MandatoryPointers) > 0:
		return p, fmt.Errorf("%w: %s has no mandatory pointers", ErrPointer, p.options.Cryptosuite)
	case p.suite.selective != nil && len(o.PreviousProof) > 0:
		return p, fmt.Errorf("%w: %s has no proof chains", ErrMalformedProof, p.options.Cryptosuite)
	}
	if p.hash, err = p.suite.hash(signer.Public()); err != nil {
		return p, err
	}
	previous, err := previousOf(p.existing, o.PreviousProof)
	if err != nil {
		return p, err
	}
	p.base, err = newBase(root, previous)
	return p, err
}

// existingProofs returns the proofs of a document that is to get another one,
// with the given id.
func existingProofs(root strictjson.Value, id string) ([]Proof, error) {
	if root.Kind() != strictjson.Object {
		return nil, fmt.Errorf("%w: the document is not an object", ErrMalformedProof)
	}
	if !root.Get("proof").Exists() {
		if root.Len() == 0 {
			return nil, fmt.Errorf("%w: the document is empty", ErrMalformedProof)
		}
		return nil, nil
	}
	existing, err := Proofs(root)
	switch {
	case errors.Is(err, ErrNoProof):
		return nil, fmt.Errorf("%w: the proof of the document is empty", ErrMalformedProof)
	case err != nil:
		return nil, err
	case len(existing) == MaxProofs:
		return nil, fmt.Errorf("%w: there are %d proofs already", ErrMalformedProof, MaxProofs)
	}
	same := func(p Proof) bool { return p.ID != "" && p.ID == id }
	if slices.ContainsFunc(existing, same) {
		return nil, fmt.Errorf("%w: another proof has the same id", ErrMalformedProof)
	}
	return existing, nil
}

// prove makes a proof and returns it as JSON.
func (s *Suites) prove(ctx context.Context, p draft) ([]byte, error) {
	written := p.write()
	options := s.digestOptions(ctx, &p, written)
	if options.err != nil {
		return nil, fmt.Errorf("reading proof options: %w", options.err)
	}
	var document digest
	switch {
	case p.suite.selective != nil:
		value, err := s.proveSelectively(ctx, p.root, p.signer, &options, &p.options)
		if err != nil {
			return nil, err
		}
		return appendProofValue(written, value), nil
	case p.suite.jcs:
		document = s.digestNewText(ctx, &p)
	default:
		document = s.digest(ctx, p.base.source, p.hash)
		document.err = p.base.place(document.err)
	}
	if document.err != nil {
		return nil, document.err
	}
	var buffer [2 * maxSum]byte
	value, err := p.suite.sign(p.signer, signed(&buffer, p.hash, &options, &document))
	if err != nil {
		return nil, err
	}
	return appendProofValue(written, value), nil
}

// usualProof is more than the length of a proof without an unusual option.
const usualProof = 512

// write writes the proof up to its proofValue.
func (p *draft) write() []byte {
	written := p.options.append(make([]byte, 0, usualProof), p.suite.isType)
	if context, ok := p.root.Member("@context"); ok && p.suite.jcs {
		written = jcs.Append(append(written, `,"@context":`...), context)
	}
	return written
}

// digestOptions hashes options, written or by a template, as a verifier will,
// who reads them back.
func (s *Suites) digestOptions(ctx context.Context, p *draft, written []byte) digest {
	if plain, ok := p.options.plain(); ok && !p.suite.jcs && !p.suite.isType {
		if made, ok := s.digestPlain(ctx, p.root, &plain, p.hash); ok {
			return made
		}
	}
	var made digest
	err := readOptions(written, func(proof strictjson.Value) {
		if p.suite.jcs {
			made = digestOptionsText(proof, p.hash)
		} else {
			made = s.digest(ctx, optionsSource(p.root, proof), p.hash)
		}
	})
	if err != nil {
		return digest{err: err}
	}
	return made
}

// readOptions reads a written proof, which has no proofValue yet.
func readOptions(written []byte, use func(proof strictjson.Value)) error {
	parsed := documents.Get().(*strictjson.Document)
	defer release(parsed)
	whole := appendProofValue(written, "z") // what is not signed
	if err := parsed.Reset(whole, strictjson.Limits{}); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformedProof, err)
	}
	if _, err := parseProof(0, parsed.Root()); err != nil {
		return err
	}
	use(parsed.Root())
	return nil
}

// withDefaults gives the options their defaults.
func (o Options) withDefaults() Options {
	if o.Cryptosuite == "" {
		o.Cryptosuite = EdDSARDFC2022
	}
	if o.ProofPurpose == "" {
		o.ProofPurpose = AssertionMethod
	}
	return o
}

// plain returns the options, with their defaults, if they are of the usual kind.
func (o *Options) plain() (plainOptions, bool) {
	if o.ID != "" || !o.Expires.IsZero() || len(o.Domain) > 0 || o.Challenge != "" || o.Nonce != "" || len(o.PreviousProof) > 0 {
		return plainOptions{}, false
	}
	p := plainOptions{cryptosuite: o.Cryptosuite, purpose: o.ProofPurpose, created: formatTime(o.Created), method: o.VerificationMethod, lasting: true}
	if _, ok := timeOf(p.created); !ok {
		return plainOptions{}, false
	}
	return p, p.fits()
}

// append appends the proof as it is written, up to its proofValue and the
// contexts that those of some suites have. isType says that the cryptosuite is
// the type of the proof.
func (o Options) append(dst []byte, isType bool) []byte {
	proofType, name := Type, o.Cryptosuite
	if isType {
		proofType, name = name, ""
	}
	for _, member := range [...]struct{ name, value string }{
		{`{"id":`, o.ID},
		{`,"type":`, proofType},
		{`,"cryptosuite":`, name},
		{`,"created":`, formatTime(o.Created)},
		{`,"verificationMethod":`, o.VerificationMethod},
		{`,"proofPurpose":`, o.ProofPurpose},
		{`,"expires":`, formatTime(o.Expires)},
	} {
		dst = appendMember(dst, member.name, member.value)
	}
	dst = appendStrings(dst, `,"domain":`, o.Domain)
	dst = appendMember(dst, `,"challenge":`, o.Challenge)
	dst = appendMember(dst, `,"nonce":`, o.Nonce)
	return appendStrings(dst, `,"previousProof":`, o.PreviousProof)
}

// appendStrings appends a member of one string or several, if it has any.
func appendStrings(dst []byte, name string, values []string) []byte {
	switch len(values) {
	case 0:
		return dst
	case 1:
		// Many a verifier does not know that it may be an array.
		return jcs.AppendString(append(dst, name...), values[0])
	}
	dst = append(dst, name...)
	for i, value := range values {
		separator := byte(',')
		if i == 0 {
			separator = '['
		}
		dst = jcs.AppendString(append(dst, separator), value)
	}
	return append(dst, ']')
}

// appendMember appends a member, if it has a value; name is written with what
// stands before and after it.
func appendMember(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	if len(dst) == 0 {
		dst, name = append(dst, '{'), name[1:]
	}
	return jcs.AppendString(append(dst, name...), value)
}

// appendProofValue ends a written proof.
func appendProofValue(written []byte, value string) []byte {
	return append(append(append(written, `,"proofValue":"`...), value...), '"', '}')
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// splice writes a proof into the bytes of a document and changes nothing else.
func splice(root strictjson.Value, proof []byte) []byte {
	document := root.Document().Bytes()
	out := make([]byte, 0, len(document)+len(proof)+len(`,"proof":[]`))
	existing := root.Get("proof")
	switch existing.Kind() {
	case strictjson.Invalid:
		at := lastEnd(root)
		out = append(append(out, document[:at]...), `,"proof":`...)
		return append(append(out, proof...), document[at:]...)
	case strictjson.Array:
		at := lastEnd(existing)
		out = append(append(out, document[:at]...), ',')
		return append(append(out, proof...), document[at:]...)
	default:
		out = append(append(out, document[:existing.Start()]...), '[')
		out = append(append(out, existing.Raw()...), ',')
		out = append(append(out, proof...), ']')
		return append(out, document[existing.End():]...)
	}
}

// lastEnd is the offset after the last value inside an object or array, which
// is not empty.
func lastEnd(v strictjson.Value) int {
	end := v.End()
	for c := v.Cursor(); c.Next(); {
		end = c.Value().End()
	}
	return end
}
