package credential

import (
	"crypto/md5" // for reading only: old badges hash recipients with it
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"
)

// IdentityHash returns the salted hash of a recipient's identifier as Open
// Badges 3.0 writes it: "sha256$" and the lower-case hex SHA-256 of the UTF-8
// identifier followed by the salt. An empty salt stands for none.
func IdentityHash(identifier, salt string) string {
	sum := sha256.Sum256([]byte(identifier + salt))
	return "sha256$" + hex.EncodeToString(sum[:])
}

// Match says how a known identifier agrees with an IdentityObject.
type Match uint8

// The outcomes of MatchIdentity.
const (
	NoMatch         Match = iota
	ExactMatch            // the identifier as it was given
	NormalizedMatch       // only after trimming and lower-casing an e-mail address, which the specification does not ask for
)

// MatchIdentity compares a known identifier of the given type (such as
// "emailAddress") with an IdentityObject: plainly, or by its hash, for which
// md5 and sha256 are known and the hex is read in either case. An e-mail
// address that does not match as given is tried trimmed and in lower case;
// that match has its own outcome.
func MatchIdentity(object IdentityObject, identifier, identityType string) Match {
	if object.IdentityType != identityType || object.IdentityHash == "" {
		return NoMatch
	}
	if matchesIdentity(object, identifier) {
		return ExactMatch
	}
	if identityType != "emailAddress" {
		return NoMatch
	}
	normalized := strings.ToLower(strings.TrimSpace(identifier))
	if !object.Hashed {
		object.IdentityHash = strings.ToLower(strings.TrimSpace(object.IdentityHash))
	}
	if matchesIdentity(object, normalized) {
		return NormalizedMatch
	}
	return NoMatch
}

func matchesIdentity(object IdentityObject, identifier string) bool {
	if !object.Hashed {
		return subtle.ConstantTimeCompare([]byte(object.IdentityHash), []byte(identifier)) == 1
	}
	algorithm, digits, _ := strings.Cut(object.IdentityHash, "$")
	want, err := hex.DecodeString(digits)
	if err != nil {
		return false
	}
	salted := []byte(identifier + object.Salt)
	switch algorithm {
	case "sha256":
		sum := sha256.Sum256(salted)
		return subtle.ConstantTimeCompare(sum[:], want) == 1
	case "md5":
		sum := md5.Sum(salted)
		return subtle.ConstantTimeCompare(sum[:], want) == 1
	default:
		return false
	}
}
