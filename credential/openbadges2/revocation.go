package openbadges2

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"time"

	"laurel/credential/schema"
	"laurel/credential/strictjson"
)

// Dates gives the dates of an Assertion; expires is zero when it has none, and
// both are when they cannot be read, which CheckAssertion reports.
func Dates(assertion strictjson.Value) (issuedOn, expires time.Time) {
	issuedOn, _ = date(assertion, "issuedOn", nil)
	expires, _ = date(assertion, "expires", nil)
	return issuedOn, expires
}

func date(v strictjson.Value, name string, f *[]Fault) (time.Time, bool) {
	member, ok := v.Member(name)
	if !ok {
		return time.Time{}, false
	}
	moment, _, err := schema.ParseDateTimeStamp(member.Text())
	if err != nil && f != nil {
		*f = append(*f, Fault{member.Pointer(), "A date is not readable."})
	}
	return moment, err == nil
}

// ErrRevocationList says that a document is no RevocationList.
var ErrRevocationList = errors.New("not a RevocationList")

// Revoked looks for an Assertion in a RevocationList (§4.9), by its id or, as
// older lists have it, its uid. The reason is the issuer's text, or "".
func Revoked(list strictjson.Value, issuer string, assertion strictjson.Value) (revoked bool, reason string, err error) {
	entries, ok := list.Member("revokedAssertions")
	if stated := Reference(list.Get("issuer")); list.Kind() != strictjson.Object || !ok || stated != "" && stated != issuer {
		return false, "", ErrRevocationList
	}
	id, uid := assertion.Get("id").Text(), assertion.Get("uid").Text()
	for entry := range entries.OneOrMany() {
		listed := entry.Text()
		if entry.Kind() == strictjson.Object {
			if listed = entry.Get("id").Text(); listed == "" {
				listed = entry.Get("uid").Text()
			}
		}
		if listed != "" && (listed == id || listed == uid) {
			return true, entry.Get("revocationReason").Text(), nil
		}
	}
	return false, "", nil
}

// ErrKey says that a document is no CryptographicKey with a public key.
var ErrKey = errors.New("not a CryptographicKey")

// Key reads a CryptographicKey (§4.8) and who owns it. Whether the key is one to
// verify with is for the caller to find out.
func Key(v strictjson.Value) (key crypto.PublicKey, owner string, err error) {
	block, rest := pem.Decode([]byte(v.Get("publicKeyPem").Text()))
	if block == nil || len(rest) > 1 {
		return nil, "", ErrKey
	}
	switch block.Type {
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	default:
		err = ErrKey
	}
	if err != nil {
		return nil, "", ErrKey
	}
	return key, Reference(v.Get("owner")), nil
}
