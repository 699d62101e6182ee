package dataintegrity

import (
	"context"
	"crypto"
	"time"

	"laurel/contexts"
	"laurel/credential/jsonld"
	"laurel/credential/strictjson"
)

// Suites makes and verifies proofs. It is safe for concurrent use.
type Suites struct {
	processor *jsonld.Processor
}

// New returns the cryptosuites of this package, reading documents with
// processor.
func New(processor *jsonld.Processor) *Suites {
	return &Suites{processor: processor}
}

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
	// ID names the proof; it is left out when empty.
	ID string
}

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
	// Now is the time to judge created and expires by. It must be set.
	Now time.Time
}

// Verified says what a proof was verified with.
type Verified struct {
	// Proof is the proof that verified.
	Proof Proof
	// Contexts lists the context documents, with their revisions, under which
	// document and proof verified.
	Contexts []contexts.Document
	// General is jsonld.Dataset.General of the document.
	General bool
}

// KeyFunc finds the public key of a proof. Its error is returned as it is,
// inside a *ProofError.
type KeyFunc func(ctx context.Context, proof Proof) (crypto.PublicKey, error)

// Sign adds a proof to a JSON document and returns the new document: the
// caller's bytes with the proof written before the final brace, or, when there
// are proofs already, after the last of them. The existing proofs are kept and
// the new one is independent of them (a proof set, VC Data Integrity §2.1.1).
//
// The key must be an Ed25519 key for EdDSARDFC2022. Errors: *strictjson.Error
// for a document that is not strict JSON, an error of jsonld for one that
// cannot be covered whole, ErrKeyType, ErrUnsupportedCryptosuite,
// ErrMalformedProof for options that make no valid proof or existing proofs
// that are not valid, ErrVersion for a credential of version 1.1,
// and the signer's own. On an error nothing is returned.
func (s *Suites) Sign(ctx context.Context, document []byte, signer crypto.Signer, options Options) ([]byte, error) {
	panic("not yet")
}

// Verify checks one proof of a document, which must be one that Proofs
// returned for this same document. See Check for what Expect demands.
//
// The error is always a *ProofError, except the context's own. ErrSignature
// means that the proof is bad; ErrUnsupportedCryptosuite, ErrUnsupportedProof
// and jsonld.ErrUnknownContext mean that nothing can be said.
func (s *Suites) Verify(ctx context.Context, document strictjson.Value, proof Proof, key crypto.PublicKey, expect Expect) (Verified, error) {
	panic("not yet")
}

// VerifyAll checks every proof of a document and succeeds only if there is at
// least one and all of them verify. It returns one Verified for each proof, in
// their order. The error joins those of all proofs that did not verify.
func (s *Suites) VerifyAll(ctx context.Context, document strictjson.Value, key KeyFunc, expect Expect) ([]Verified, error) {
	panic("not yet")
}

// Check compares a proof with what the caller expects of it, signature aside:
// purpose, domain, challenge, created no more than a minute ahead of Now, and
// expires not before Now. Verify calls it first; a caller may call it before
// it looks for the key. The error is a *ProofError.
func (p Proof) Check(expect Expect) error {
	panic("not yet")
}

// EdDSARDFC2022 is the cryptosuite of VC Data Integrity EdDSA 1.0 §3.2.
const EdDSARDFC2022 = "eddsa-rdfc-2022"
