package boltstore

import (
	"fmt"

	"laurel/storage"
)

// The checks here keep keys unambiguous: a slug or id with a zero byte in it
// could reach another tenant's rows.

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", storage.ErrInvalid, fmt.Sprintf(format, args...))
}

func validSlug(slug string) error {
	if len(slug) < 3 || len(slug) > 40 {
		return invalid("tenant slug of %d characters", len(slug))
	}
	for i := range len(slug) {
		if c := slug[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return invalid("tenant slug with a character outside a-z, 0-9 and -")
		}
	}
	return nil
}

// validID allows what is safe in a URL's path segment.
func validID(what, id string) error {
	if id == "" || len(id) > 64 {
		return invalid("%s of %d characters", what, len(id))
	}
	for i := range len(id) {
		if !idCharacter(id[i]) {
			return invalid("%s with a character outside A-Z, a-z, 0-9, - and _", what)
		}
	}
	return nil
}

func validLength(what, text string, most int) error {
	if text == "" || len(text) > most {
		return invalid("%s of %d characters", what, len(text))
	}
	return nil
}

func idCharacter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

func validAct(act storage.Act) error {
	if err := validLength("actor", act.Actor, 128); err != nil {
		return err
	}
	if act.Time.IsZero() {
		return invalid("act without a time")
	}
	if act.Idempotency == nil {
		return nil
	}
	return validClaim(act.Idempotency)
}

func validClaim(claim *storage.IdempotencyClaim) error {
	if err := validID("API key id", claim.APIKey); err != nil {
		return err
	}
	if err := validLength("idempotency key", claim.Key, 128); err != nil {
		return err
	}
	for i := range len(claim.Key) {
		if claim.Key[i] < ' ' || claim.Key[i] > '~' {
			return invalid("idempotency key with a character that is not printable ASCII")
		}
	}
	if claim.Expires.Unix() <= 0 {
		return invalid("idempotency key without an expiry")
	}
	return nil
}

// first returns the first error there is.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
