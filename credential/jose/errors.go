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
