package verifier

import (
	"crypto/md5" // a hash of Open Badges 3.0 §B.1.18, for badges that have it
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"laurel/credential/strictjson"
)

// match is what comparing a badge with a person gives.
type match uint8

const (
	unsaid    match = iota // the badge does not say
	different              // it names somebody else
	folded                 // it names them, but for the case of letters
	same
)

// recipient compares for whom the badge is with whom the caller expects.
func (e *examination) recipient() {
	subjects := e.credential.Value().Get("credentialSubject")
	if e.expect.Email != "" {
		best := unsaid
		for subject := range subjects.OneOrMany() {
			best = max(best, matchEmail(subject, e.expect.Email))
		}
		e.recipientFound(best, subjects.Pointer(), "email")
	}
	if e.expect.ID != "" {
		best := unsaid
		for subject := range subjects.OneOrMany() {
			best = max(best, matchID(subject, e.expect.ID))
		}
		e.recipientFound(best, subjects.Pointer(), "id")
	}
}

func (e *examination) recipientFound(found match, path, by string) {
	params := map[string]string{"by": by}
	switch found {
	case same:
		e.add(CodeRecipient, Passed, path, params)
	case folded:
		params["letters"] = "folded"
		e.add(CodeRecipient, Passed, path, params)
	case different:
		e.add(CodeRecipientMismatch, Failed, path, params)
	default:
		e.add(CodeRecipientUnchecked, Indeterminate, path, params)
	}
}

// matchEmail compares an address with the identifiers of a subject that are
// addresses, hashed or plain. The specification folds no letters; an address
// that is the same but for their case is said to be.
func matchEmail(subject strictjson.Value, email string) match {
	best := unsaid
	if address, ok := strings.CutPrefix(subject.Get("id").Text(), "mailto:"); ok {
		best = matchText(address, email)
	}
	for identifier := range subject.Get("identifier").OneOrMany() {
		if identifier.Get("identityType").Is("emailAddress") {
			best = max(best, matchIdentity(identifier, email))
		}
	}
	return best
}

// matchID compares an identifier with the id of a subject and with its
// identifiers of other kinds.
func matchID(subject strictjson.Value, id string) match {
	best := unsaid
	if own := subject.Get("id").Text(); own != "" {
		best = different
		if own == id {
			return same
		}
	}
	for identifier := range subject.Get("identifier").OneOrMany() {
		if !identifier.Get("identityType").Is("emailAddress") {
			best = max(best, matchIdentity(identifier, id))
		}
	}
	return best
}

func matchText(stated, expected string) match {
	switch {
	case stated == expected:
		return same
	case strings.EqualFold(stated, expected):
		return folded
	}
	return different
}

// matchIdentity compares a value with an IdentityObject.
func matchIdentity(identity strictjson.Value, expected string) match {
	return matchHash(identity.Get("identityHash").Text(), identity.Get("hashed").Bool(), identity.Get("salt").Text(), expected)
}

// matchHash compares a value with one that is stated, hashed or plain.
func matchHash(stated string, isHashed bool, salt, expected string) match {
	switch {
	case stated == "" || isHashed && !isKnownHash(stated):
		return unsaid
	case !isHashed:
		return matchText(stated, expected)
	case hashMatches(stated, expected, salt):
		return same
	case hashMatches(stated, strings.ToLower(expected), salt):
		return folded
	}
	return different
}

func isKnownHash(stated string) bool {
	algorithm, _, _ := strings.Cut(stated, "$")
	return algorithm == "sha256" || algorithm == "md5"
}

// hashMatches computes the hash of an identifier with its salt behind it (Open
// Badges 3.0 §B.2.9). Its letters count in either case.
func hashMatches(stated, identifier, salt string) bool {
	algorithm, digest, _ := strings.Cut(stated, "$")
	text := []byte(identifier + salt)
	var sum []byte
	switch algorithm {
	case "sha256":
		s := sha256.Sum256(text)
		sum = s[:]
	case "md5":
		s := md5.Sum(text)
		sum = s[:]
	}
	return sum != nil && strings.EqualFold(digest, hex.EncodeToString(sum))
}
