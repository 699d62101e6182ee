// Package dataintegrity adds Data Integrity proofs to JSON documents and
// verifies them (W3C Verifiable Credential Data Integrity 1.0, with the
// cryptosuites that [Cryptosuites] lists).
//
// It answers one question, whether this key made this proof over this whole
// document for this purpose, and no other: who owns the key, and whether that
// is the issuer, is for the caller to find out.
//
// No function here reports success without a proof that verified: a document
// without one is [ErrNoProof], and a proof of a kind not known here is
// [ErrUnsupportedCryptosuite], never nothing.
package dataintegrity

import (
	"errors"
	"fmt"
	"time"

	"laurel/credential/strictjson"
)

// Purposes of a proof (Controlled Identifiers 1.0 §2.3).
const (
	AssertionMethod = "assertionMethod"
	Authentication  = "authentication"
)

// Type is the type of every proof with a cryptosuite.
const Type = "DataIntegrityProof"

// MaxProofs is the largest number of proofs a document may carry.
const MaxProofs = 16

// The classes of failure, for errors.Is. Each error that stands for a single
// proof is a *ProofError.
var (
	// ErrNoProof: there is no proof, or it is null or an empty array.
	ErrNoProof = errors.New("no proof")
	// ErrMalformedProof: a proof breaks the data model of VC Data Integrity
	// §2.1.
	ErrMalformedProof = errors.New("malformed proof")
	// ErrUnsupportedCryptosuite: the type or cryptosuite of the proof is not
	// one this package can check; nothing is said about the proof.
	ErrUnsupportedCryptosuite = errors.New("unsupported cryptosuite")
	// ErrUnsupportedProof: the proof is chained to one that this package
	// cannot check; nothing is said about the proof.
	ErrUnsupportedProof = errors.New("unsupported proof")
	// ErrSignature: the signature does not belong to this document, these
	// proof options and this key.
	ErrSignature = errors.New("signature does not match")
	// ErrContext: the proof was made under other contexts than the document
	// has. It is an ErrSignature.
	ErrContext = fmt.Errorf("%w: the proof was made under other contexts", ErrSignature)
	// ErrKeyType: the key is not of the kind the cryptosuite needs.
	ErrKeyType = errors.New("key does not fit the cryptosuite")
	// ErrExpiredProof: the proof's own expires has passed.
	ErrExpiredProof = errors.New("proof has expired")
	// ErrFutureProof: the proof was created in the future.
	ErrFutureProof = errors.New("proof was created in the future")
	// ErrPurpose: the purpose of the proof is not the expected one.
	ErrPurpose = errors.New("proof purpose is not the expected one")
	// ErrDomain: the domains of the proof are not the expected ones.
	ErrDomain = errors.New("proof domain is not the expected one")
	// ErrChallenge: the challenge of the proof is not the expected one.
	ErrChallenge = errors.New("proof challenge is not the expected one")
)

// Proof is one proof of a document, checked for shape only. Of a proof with a
// type that is not known here the strings are given as they are found.
type Proof struct {
	ID                 string
	Type               string
	Cryptosuite        string // of a proof of the type Type only
	Created            string // as written: a dateTimeStamp, or one without a zone, or ""
	Expires            string // likewise
	VerificationMethod string
	ProofPurpose       string
	Domain             []string
	Challenge          string
	Nonce              string
	ProofValue         string
	PreviousProof      []string
	// Context is the @context that a proof of a suite with JCS has; else it
	// does not exist.
	Context strictjson.Value

	// Index is the position of the proof in the document's set of proofs.
	Index int
	// Value is the proof as it stands in the document.
	Value strictjson.Value

	created, expires time.Time
}

// CreatedTime returns the moment of Created, and false when there is none. A
// value without a zone is in UTC (VC Data Integrity §2.1).
func (p Proof) CreatedTime() (time.Time, bool) { return p.created, p.Created != "" }

// ExpiresTime returns the moment of Expires, and false when there is none.
func (p Proof) ExpiresTime() (time.Time, bool) { return p.expires, p.Expires != "" }

// ProofError is what is wrong with one proof.
type ProofError struct {
	// Index of the proof in the document's set of proofs.
	Index int
	// Path is the JSON Pointer of the value at fault in the document.
	Path string
	// Reason says more than Err where there is more to say; it may be "".
	Reason string
	// Err is one of the sentinel errors of this package, or an error of
	// package jsonld or rdfc, or the context's.
	Err error
}

// Error implements error.
func (e *ProofError) Error() string {
	s := fmt.Sprintf("checking proof at %q: %v", e.Path, e.Err)
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	return s
}

// Unwrap returns Err.
func (e *ProofError) Unwrap() error { return e.Err }
