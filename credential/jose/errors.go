package jose

import (
	"errors"
	"fmt"
)

// Errors of keys. Match them with errors.Is.
var (
	// ErrInvalidKey says that something is not a well-formed public key: wrong
	// length or encoding, a point off its curve or of small order, a modulus
	// out of bounds, members that contradict each other.
	ErrInvalidKey = errors.New("invalid key")
	// ErrPrivateKey says that private or secret key material stands where a
	// public key belongs. It is an ErrInvalidKey.
	ErrPrivateKey = fmt.Errorf("%w: private key material", ErrInvalidKey)
	// ErrUnsupportedKey says that a key may be sound, but is of a kind that
	// Laurel does not verify with. It always comes as an *UnsupportedKeyError.
	ErrUnsupportedKey = errors.New("unsupported key")
)

// Errors of signatures and of what they cover. Match them with errors.Is.
var (
	// ErrMalformed says that something is not a compact JWS, or not one of
	// strict JSON.
	ErrMalformed = errors.New("malformed JWS")
	// ErrAlgorithm says that alg names no algorithm of this package, or one for
	// another kind of key.
	ErrAlgorithm = errors.New("algorithm not allowed")
	// ErrHeader says that the header has a parameter that is refused, or a value
	// that is.
	ErrHeader = errors.New("header not allowed")
	// ErrSignature says that a signature does not belong to the message and key.
	ErrSignature = errors.New("signature does not verify")
	// ErrClaims says that the claims of a JWT are missing, wrong, or contradict
	// the credential. It always comes as a *ClaimError.
	ErrClaims = errors.New("claims do not fit")
	// ErrType says that a JWT is sound but not what was asked for: another typ,
	// or neither a credential nor a presentation.
	ErrType = errors.New("not the expected type of JWT")
)

// A ClaimError names the claim at fault. It matches ErrClaims.
type ClaimError struct {
	// Claim is its name: "iss", "nbf" …
	Claim string
	// Path is the JSON Pointer in the credential of the value that the claim
	// contradicts, "" when the claim itself is at fault.
	Path string
	// Reason says what is wrong, in words without values.
	Reason string
}

func (e *ClaimError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("claim %s: %s", e.Claim, e.Reason)
	}
	return fmt.Sprintf("claim %s at %s: %s", e.Claim, e.Path, e.Reason)
}

// Is makes the error match ErrClaims.
func (e *ClaimError) Is(target error) bool { return target == ErrClaims }

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// UnsupportedKeyError names the kind of a key that is known or plausible but
// not supported. It matches ErrUnsupportedKey.
type UnsupportedKeyError struct {
	// Kind is the name of the key type, for example "X25519" or "secp256k1";
	// of a kind that is not known at all it is a description.
	Kind string
}

func (e *UnsupportedKeyError) Error() string { return fmt.Sprintf("unsupported key: %s", e.Kind) }

// Is makes the error match ErrUnsupportedKey.
func (e *UnsupportedKeyError) Is(target error) bool { return target == ErrUnsupportedKey }

func invalidKey(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalidKey, fmt.Sprintf(format, args...))
}
