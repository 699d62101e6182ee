package envelope

import (
	"crypto/cipher"
	"fmt"
)

// Safe seals what belongs to the installation itself and to no person, such as
// the secret that a webhook's deliveries are signed with. It may be used from
// any goroutine.
type Safe struct{ aead cipher.AEAD }

// NewSafe takes the installation's key, as [New] does.
func NewSafe(installationKey []byte) (*Safe, error) {
	if len(installationKey) != KeySize {
		return nil, fmt.Errorf("opening safe: installation key of %d bytes: %w", len(installationKey), ErrKeySize)
	}
	aead, err := derivedAEAD(installationKey, "laurel installation secret 1")
	if err != nil {
		return nil, fmt.Errorf("opening safe: %w", err)
	}
	return &Safe{aead: aead}, nil
}

// Seal encrypts a field of a record.
func (s *Safe) Seal(place Place, plaintext []byte) []byte { return seal(s.aead, place, plaintext) }

// Open decrypts what Seal made for the same place, or returns [ErrOpen] or
// [ErrFormat].
func (s *Safe) Open(place Place, sealed []byte) ([]byte, error) {
	plaintext, err := open(s.aead, place, sealed)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", place.Field, err)
	}
	return plaintext, nil
}
