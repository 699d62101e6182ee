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

const credentialsV1 = "https://www.w3.org/2018/credentials/v1"

// Options are the proof options of a new proof.
type Options struct {
	// Cryptosuite defaults to EdDSARDFC2022.
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
	// MandatoryPointers are JSON pointers (RFC 6901) to what every document
	// derived from this one must show, for suites with selective disclosure.
	// Others refuse them.
	MandatoryPointers []string
}

// Sign adds a proof to a JSON document and returns the new document: the
// caller's bytes with the proof written after the last member, or, when there
// are proofs already, after the last of them. The existing proofs are kept as
// they are and the new one is independent of them (a proof set, VC Data
// Integrity §2.1.1).
//
// The key must be an Ed25519 key for EdDSARDFC2022. Errors: *strictjson.Error
// for a document that is not strict JSON, an error of jsonld or rdfc for one
// that cannot be covered whole, ErrKeyType, ErrUnsupportedCryptosuite,
// ErrMalformedProof for options that make no valid proof or existing proofs
// that are none, ErrVersion for a credential of version 1.1, and the signer's
// own. On an error nothing is returned.
func (s *Suites) Sign(ctx context.Context, document []byte, signer crypto.Signer, proofOptions Options) ([]byte, error) {
	parsed := documents.Get().(*strictjson.Document)
	defer release(parsed)
	if err := parsed.Reset(document, strictjson.Limits{}); err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	root := parsed.Root()
	if err := checkSignable(root, proofOptions); err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	proof, err := s.prove(ctx, root, signer, proofOptions)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return splice(root, proof), nil
}

// documents are read for signing, which keeps nothing of them.
var documents = sync.Pool{New: func() any { return new(strictjson.Document) }}

func release(document *strictjson.Document) {
	const large = 64 << 10
	if len(document.Bytes()) > large {
		return
	}
	document.Clear()
	documents.Put(document)
}

// checkSignable refuses documents that get no proof, whatever it would be.
func checkSignable(root strictjson.Value, proofOptions Options) error {
	if root.Kind() != strictjson.Object {
		return fmt.Errorf("%w: the document is not an object", ErrMalformedProof)
	}
	for c := root.Get("@context").Items(); c.Next(); {
		if item := c.Value(); item.Is(credentialsV1) {
			return ErrVersion
		}
	}
	if !root.Get("proof").Exists() {
		return nil
	}
	existing, err := Proofs(root)
	switch {
	case errors.Is(err, ErrNoProof):
		return fmt.Errorf("%w: the proof of the document is empty", ErrMalformedProof)
	case err != nil:
		return err
	case len(existing) == MaxProofs:
		return fmt.Errorf("%w: there are %d proofs already", ErrMalformedProof, MaxProofs)
	}
	same := func(p Proof) bool { return p.ID != "" && p.ID == proofOptions.ID }
	if slices.ContainsFunc(existing, same) {
		return fmt.Errorf("%w: another proof has the same id", ErrMalformedProof)
	}
	return nil
}

// prove makes a proof for a document and returns it as JSON.
func (s *Suites) prove(ctx context.Context, root strictjson.Value, signer crypto.Signer, proofOptions Options) ([]byte, error) {
	proofOptions = proofOptions.withDefaults()
	suite, known := suites[proofOptions.Cryptosuite]
	if !known {
		return nil, fmt.Errorf("%w: %q", ErrUnsupportedCryptosuite, proofOptions.Cryptosuite)
	}
	if suite.selective == nil && len(proofOptions.MandatoryPointers) > 0 {
		return nil, fmt.Errorf("%w: %s has no mandatory pointers", ErrPointer, proofOptions.Cryptosuite)
	}
	hash, err := suite.hash(signer.Public())
	if err != nil {
		return nil, err
	}
	written := proofOptions.append(make([]byte, 0, usualProof))
	options := s.digestOptions(ctx, root, &proofOptions, written, hash)
	if options.err != nil {
		return nil, fmt.Errorf("reading proof options: %w", options.err)
	}
	if suite.selective != nil {
		value, err := s.proveSelectively(ctx, root, signer, &options, &proofOptions)
		if err != nil {
			return nil, err
		}
		return appendProofValue(written, value), nil
	}
	document := s.digest(ctx, documentSource(root), hash)
	if document.err != nil {
		return nil, document.err
	}
	var buffer [2 * maxSum]byte
	value, err := suite.sign(signer, signed(&buffer, hash, &options, &document))
	if err != nil {
		return nil, err
	}
	return appendProofValue(written, value), nil
}

// usualProof is more than the length of a proof without an unusual option.
const usualProof = 512

// digestOptions hashes options, written or by a template, as a verifier will,
// who reads them back.
func (s *Suites) digestOptions(ctx context.Context, root strictjson.Value, o *Options, written []byte, hash crypto.Hash) digest {
	if plain, ok := o.plain(); ok {
		if made, ok := s.digestPlain(ctx, root, &plain, hash); ok {
			return made
		}
	}
	parsed := documents.Get().(*strictjson.Document)
	defer release(parsed)
	whole := appendProofValue(written, "z") // what is not signed
	if err := parsed.Reset(whole, strictjson.Limits{}); err != nil {
		return digest{err: fmt.Errorf("%w: %w", ErrMalformedProof, err)}
	}
	if _, err := parseProof(0, parsed.Root()); err != nil {
		return digest{err: err}
	}
	return s.digest(ctx, optionsSource(root, parsed.Root()), hash)
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
	if o.ID != "" || !o.Expires.IsZero() || len(o.Domain) > 0 || o.Challenge != "" || o.Nonce != "" {
		return plainOptions{}, false
	}
	p := plainOptions{o.Cryptosuite, o.ProofPurpose, formatTime(o.Created), o.VerificationMethod}
	if _, ok := timeOf(p.created); !ok {
		return plainOptions{}, false
	}
	return p, p.fits()
}

// append appends the proof as it is written, up to its proofValue.
func (o Options) append(dst []byte) []byte {
	for _, member := range [...]struct{ name, value string }{
		{`{"id":`, o.ID},
		{`,"type":`, Type},
		{`,"cryptosuite":`, o.Cryptosuite},
		{`,"created":`, formatTime(o.Created)},
		{`,"verificationMethod":`, o.VerificationMethod},
		{`,"proofPurpose":`, o.ProofPurpose},
		{`,"expires":`, formatTime(o.Expires)},
	} {
		dst = appendMember(dst, member.name, member.value)
	}
	for i, domain := range o.Domain {
		if i == 0 {
			dst = append(dst, `,"domain":[`...)
		} else {
			dst = append(dst, ',')
		}
		dst = jcs.AppendString(dst, domain)
	}
	if len(o.Domain) > 0 {
		dst = append(dst, ']')
	}
	dst = appendMember(dst, `,"challenge":`, o.Challenge)
	return appendMember(dst, `,"nonce":`, o.Nonce)
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
	return t.UTC().Format("2006-01-02T15:04:05Z")
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
