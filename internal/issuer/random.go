package issuer

import (
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func (s *Service) random(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.rand, b); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	return b, nil
}

// newID makes a public id of 128 random bits: 26 characters a-z and 2-7.
func (s *Service) newID() (string, error) {
	b, err := s.random(16)
	return idEncoding.EncodeToString(b), err
}

// newSubjectID makes the store's name of a person: 48 bits of time, which keep
// rows of one time together, and 80 random ones. It is never published.
func (s *Service) newSubjectID() (string, error) {
	b, err := s.random(18)
	if err != nil {
		return "", err
	}
	binary.BigEndian.PutUint64(b, uint64(s.clock().UnixMilli()))
	return idEncoding.EncodeToString(b[2:]), nil
}

// newUUID makes a random UUID as a URN (RFC 9562 section 5.4).
func (s *Service) newUUID() (string, error) {
	b, err := s.random(16)
	if err != nil {
		return "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	digits := hex.EncodeToString(b)
	return "urn:uuid:" + strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-"), nil
}

// newSalt makes the salt of an IdentityObject: 128 random bits in hexadecimal.
func (s *Service) newSalt() (string, error) {
	b, err := s.random(16)
	return hex.EncodeToString(b), err
}
