// Package statuslist reads and writes Bitstring Status List 1.0, the W3C's way
// to say of a credential that it is revoked or suspended: a credential has
// entries, each of which points at one position of a list that is itself a
// credential. Its forerunner StatusList2021 is read, never written.
//
// The package decides what the bytes say and nothing else. It fetches nothing,
// checks no proof and makes no verdict: the caller verifies a list credential
// before it believes it, and treats every error of this package as "status
// unknown", neither as good nor as revoked.
package statuslist

import (
	"errors"
	"fmt"

	"laurel/credential/strictjson"
)

var (
	// ErrRange reports an index outside the list (RANGE_ERROR).
	ErrRange = errors.New("reading status: index outside the status list")
	// ErrLength reports a list with fewer entries than the 131,072 that keep
	// its readers from being told apart (STATUS_LIST_LENGTH_ERROR).
	ErrLength = errors.New("reading status list: not a length a status list may have")
	// ErrEncoding reports an encodedList that is not multibase base64url of
	// one gzip member.
	ErrEncoding = errors.New("decoding status list: not base64url of one gzip member")
	// ErrTooLarge reports a list beyond MaximumLength or maximum compressed size.
	ErrTooLarge = errors.New("decoding status list: list too large")
	// ErrMalformed is what every MalformedError is (MALFORMED_VALUE_ERROR).
	ErrMalformed = errors.New("malformed status information")
	// ErrMismatch reports an entry and a list that do not belong together: the
	// list lacks the entry's purpose, is of another specification or has
	// another entry size (STATUS_VERIFICATION_ERROR).
	ErrMismatch = errors.New("reading status: the status list does not answer for the entry")
	// ErrNotYetValid and ErrExpired report a list credential outside its
	// validity period.
	ErrNotYetValid = errors.New("status list credential is not yet valid")
	ErrExpired     = errors.New("status list credential has expired")
)

// MalformedError says what is wrong in a credentialStatus or in a list
// credential. It is an ErrMalformed.
type MalformedError struct {
	// Path is the JSON Pointer of the wrong value, from the root of its
	// document.
	Path   string
	Reason string
}

func (e *MalformedError) Error() string {
	return fmt.Sprintf("%v: %s: %s", ErrMalformed, e.Path, e.Reason)
}

// Is makes every MalformedError an ErrMalformed.
func (e *MalformedError) Is(target error) bool { return target == ErrMalformed }

func malformed(v strictjson.Value, reason string) error {
	return &MalformedError{Path: v.Pointer(), Reason: reason}
}

// missing reports an absent member of v.
func missing(v strictjson.Value, member string) error {
	return &MalformedError{Path: v.Pointer() + "/" + member, Reason: "missing"}
}

// The status purposes that the specification defines. Others exist; what they
// mean for a credential only its issuer and its verifier know.
const (
	// Revocation ends the validity of a credential for good.
	Revocation = "revocation"
	// Suspension ends the validity of a credential for the time being.
	Suspension = "suspension"
	// Refresh says that an updated credential can be had; it does not affect
	// validity.
	Refresh = "refresh"
	// Message conveys a message; it does not affect validity.
	Message = "message"
)
