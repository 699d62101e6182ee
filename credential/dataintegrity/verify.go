package dataintegrity

import (
	"context"
	"crypto"
	"errors"
	"slices"
	"time"

	"laurel/contexts"
	"laurel/credential/jsonld"
	"laurel/credential/strictjson"
)

// maxSkew is how far ahead of us a signer's clock may be.
const maxSkew = time.Minute

// Expect is what a caller demands of a proof besides a good signature.
type Expect struct {
	// Purpose the proof must have. Empty means AssertionMethod.
	Purpose string
	// Domain holds the domains the proof must name, all of them and no
	// others, in any order. Empty means that the proof's domain is not looked
	// at.
	Domain []string
	// Challenge the proof must carry. Empty means that it is not looked at.
	Challenge string
	// AddedContexts admits contexts that were added to a document behind those
	// that a proof of a suite with JCS was made under. Such a proof says
	// nothing of them: what verifies is the document under Proof.Context, and
	// the caller must read it with these.
	AddedContexts bool
	// Now is the time to judge created and expires by. When it is not set, a
	// proof with either of them fails.
	Now time.Time
}

// Verified says what a proof was verified with.
type Verified struct {
	// Proof is the proof that verified.
	Proof Proof
	// Contexts lists the context documents, with their revisions, under which
	// document and proof verified. A document that has no contexts, which only
	// suites with JCS sign, has none here.
	Contexts []contexts.Document
	// Superseded reports that a revision among Contexts is not the newest: the
	// context was changed under its URL after the proof was made.
	Superseded bool
	// General is jsonld.Dataset.General of the document.
	General bool
	// PresentationHeader is that of a proof derived with bbs-2023, else nil.
	// Whether it is the one that was asked for is for the caller to check.
	PresentationHeader []byte
}

// KeyFunc finds the public key of a proof. Its error is kept, inside a
// *ProofError.
type KeyFunc func(ctx context.Context, proof Proof) (crypto.PublicKey, error)

// Check compares a proof with what the caller expects of it, signature aside:
// purpose, domain, challenge, created no more than a minute ahead of Now, and
// expires later than Now. Verify calls it first; a caller may call it before
// it looks for the key. The error is a *ProofError.
func (p Proof) Check(expect Expect) error {
	purpose := expect.Purpose
	if purpose == "" {
		purpose = AssertionMethod
	}
	switch {
	case p.ProofPurpose != purpose:
		return p.fault("proofPurpose", ErrPurpose)
	case len(expect.Domain) > 0 && !sameSet(p.Domain, expect.Domain):
		return p.fault("domain", ErrDomain)
	case expect.Challenge != "" && p.Challenge != expect.Challenge:
		return p.fault("challenge", ErrChallenge)
	case p.Created != "" && p.created.After(expect.Now.Add(maxSkew)):
		return p.fault("created", ErrFutureProof)
	case p.Expires != "" && (expect.Now.IsZero() || !p.expires.After(expect.Now)):
		return p.fault("expires", ErrExpiredProof)
	}
	return nil
}

// fault makes the error for a member of the proof, or for the proof when it
// has no such member.
func (p Proof) fault(member string, err error) error {
	at := first(p.Value.Get(member), p.Value)
	return &ProofError{Index: p.Index, Path: at.Pointer(), Err: err}
}

func sameSet(a, b []string) bool {
	return slices.Equal(unique(a), unique(b))
}

func unique(list []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(list)))
}

// Document is a document whose proofs are being verified. It remembers the
// document's hash, so that several proofs cost one canonicalisation. It is not
// safe for concurrent use.
type Document struct {
	suites  *Suites
	value   strictjson.Value
	all     []Proof // once they are needed
	digests []reading
	texts   []*textReading
}

// reading is the hash of a document under one choice of revisions: 0 for the
// newest, then the alternatives.
type reading struct {
	hash     crypto.Hash
	number   int
	previous []Proof
	digest
}

// Read returns document for the verification of its proofs.
func (s *Suites) Read(document strictjson.Value) *Document {
	return &Document{suites: s, value: document}
}

// Verify is Read and Document.Verify in one.
func (s *Suites) Verify(ctx context.Context, document strictjson.Value, proof Proof, key crypto.PublicKey, expect Expect) (Verified, error) {
	return s.Read(document).Verify(ctx, proof, key, expect)
}

// Verify checks one proof, which must be one that Proofs returned for this
// document. See Check for what Expect demands. A document with contexts is read
// as linked data whatever the suite: what has no meaning is an error.
//
// A proof that is chained to others (previousProof) says that they were there
// when it was made, not that they hold: each must be verified by itself, too.
//
// The error is always a *ProofError, except the context's own. ErrSignature
// means that the proof is bad; ErrUnsupportedCryptosuite, ErrUnsupportedProof,
// jsonld.ErrUnknownContext and rdfc.ErrBudget mean that nothing can be said.
func (d *Document) Verify(ctx context.Context, proof Proof, key crypto.PublicKey, expect Expect) (Verified, error) {
	suite, known := suiteOf(proof.Type, proof.Cryptosuite)
	if !known {
		member := "cryptosuite"
		if proof.Type != Type {
			member = "type"
		}
		return Verified{}, proof.fault(member, ErrUnsupportedCryptosuite)
	}
	if err := proof.Check(expect); err != nil {
		return Verified{}, err
	}
	hash, err := suite.hash(key)
	if err != nil {
		return Verified{}, proof.fault("verificationMethod", err)
	}
	base, err := d.base(&proof)
	if err != nil {
		return Verified{}, proof.fault("previousProof", err)
	}
	a := attempt{suite, hash, proof, key, base}
	var verified Verified
	if suite.jcs {
		verified, err = d.verifyText(ctx, &a, expect)
	} else {
		verified, err = d.verifyReadings(ctx, &a)
	}
	switch {
	case err == nil || err == ctx.Err():
		return verified, err
	case errors.Is(err, ErrContext):
		return Verified{}, proof.fault("@context", err)
	case errors.Is(err, ErrSignature), errors.Is(err, ErrMalformedProof):
		return Verified{}, proof.fault("proofValue", err)
	}
	return Verified{}, proof.fault("", err)
}

// attempt is what a proof is verified with.
type attempt struct {
	suite cryptosuite
	hash  crypto.Hash
	proof Proof
	key   crypto.PublicKey
	base  base
}

// base returns what a proof of the document is made over.
func (d *Document) base(proof *Proof) (base, error) {
	if len(proof.PreviousProof) == 0 {
		return newBase(d.value, nil)
	}
	if d.all == nil {
		all, err := Proofs(d.value)
		if err != nil {
			return base{}, err
		}
		d.all = all
	}
	previous, err := previousOf(d.all, proof.PreviousProof)
	if err != nil {
		return base{}, err
	}
	for _, p := range previous {
		if !Supported(p) {
			return base{}, ErrUnsupportedProof
		}
	}
	return newBase(d.value, previous)
}

// verifyReadings checks the signature under the newest revisions of the
// contexts and, if it fails or they do not go with the document, under the older
// ones that the document may have been signed with. When none will do, the error
// is ErrSignature as soon as one of them could be read, else that of the newest.
func (d *Document) verifyReadings(ctx context.Context, a *attempt) (Verified, error) {
	verified, err := d.verifyReading(ctx, a, 0, nil)
	if !errors.Is(err, ErrSignature) && !jsonld.Outdated(err) {
		return verified, err
	}
	for i, revisions := range d.suites.processor.Alternatives(a.base.source) {
		verified, other := d.verifyReading(ctx, a, i+1, revisions)
		if other == nil {
			verified.Superseded = true
			return verified, nil
		}
		if ctx.Err() != nil {
			return Verified{}, ctx.Err()
		}
		if errors.Is(other, ErrSignature) {
			err = other
		}
	}
	return Verified{}, err
}

// verifyReading checks the signature under one choice of revisions.
func (d *Document) verifyReading(ctx context.Context, a *attempt, number int, revisions jsonld.Revisions) (Verified, error) {
	options := d.optionsDigest(ctx, a, revisions)
	if options.err != nil {
		return Verified{}, options.err
	}
	if a.suite.selective != nil {
		return d.verifySelectively(ctx, a, revisions, &options)
	}
	document := d.digest(ctx, a, number, revisions)
	if document.err != nil {
		return Verified{}, document.err
	}
	var buffer [2 * maxSum]byte
	if err := a.suite.verify(a.key, signed(&buffer, a.hash, &options, document), a.proof.ProofValue); err != nil {
		return Verified{}, err
	}
	// What the processor remembers is shared, and this is the caller's.
	used := slices.Clone(document.contexts)
	return Verified{Proof: a.proof, Contexts: used, General: document.general}, nil
}

// optionsDigest returns the hash of the options of a proof.
func (d *Document) optionsDigest(ctx context.Context, a *attempt, revisions jsonld.Revisions) digest {
	if plain, ok := a.proof.plain(); ok && revisions == nil {
		if made, ok := d.suites.digestPlain(ctx, d.value, &plain, a.hash); ok {
			return made
		}
	}
	source := optionsSource(d.value, a.proof.Value)
	source.Revisions = revisions
	return d.suites.digest(ctx, source, a.hash)
}

// digest returns the hash of what a proof is made over.
func (d *Document) digest(ctx context.Context, a *attempt, number int, revisions jsonld.Revisions) *digest {
	for i := range d.digests {
		if known := &d.digests[i]; known.hash == a.hash && known.number == number && a.base.same(known.previous) {
			return &known.digest
		}
	}
	source := a.base.source
	source.Revisions = revisions
	made := d.suites.digest(ctx, source, a.hash)
	if ctx.Err() != nil {
		return &made
	}
	made.err = a.base.place(made.err)
	d.digests = append(d.digests, reading{a.hash, number, a.base.previous, made})
	return &d.digests[len(d.digests)-1].digest
}

// VerifyAll checks every proof of a document and succeeds only if there is at
// least one and all of them verify. It returns one Verified for each proof, in
// their order. The error joins those of all proofs that did not verify, each a
// *ProofError.
func (s *Suites) VerifyAll(ctx context.Context, document strictjson.Value, key KeyFunc, expect Expect) ([]Verified, error) {
	proofs, err := Proofs(document)
	if err != nil {
		return nil, err
	}
	read := s.Read(document)
	all := make([]Verified, 0, len(proofs))
	var faults []error
	for _, proof := range proofs {
		public, err := key(ctx, proof)
		if err != nil {
			faults = append(faults, proof.fault("verificationMethod", err))
			continue
		}
		verified, err := read.Verify(ctx, proof, public, expect)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		all = append(all, verified)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return all, nil
}
