package bbs

import (
	"bytes"
	"crypto"
	_ "crypto/sha256" // for the expander
	"encoding/binary"
	"fmt"
	"io"

	"github.com/cloudflare/circl/ecc/bls12381"
	"github.com/cloudflare/circl/expander"
)

const (
	pointSize  = bls12381.G1SizeCompressed
	scalarSize = bls12381.ScalarSize
	// expandedSize is how many bytes are taken modulo the order of the group,
	// so that the result is as good as uniform.
	expandedSize = 48
	// maxDomain is the longest domain of a hash (RFC 9380 §5.3.1).
	maxDomain = 255
)

// expand is expand_message_xmd with SHA-256 (RFC 9380 §5.3.1).
func expand(message []byte, domain string, size uint) []byte {
	return expander.NewExpanderMD(crypto.SHA256, []byte(domain)).Expand(message, size)
}

// hashToScalar is hash_to_scalar (the draft, §4.2.2).
func hashToScalar(message []byte, domain string) bls12381.Scalar {
	return reduce(expand(message, domain, expandedSize))
}

// shift is 2^128.
var shift = func() (s bls12381.Scalar) {
	s.SetBytes(append([]byte{1}, make([]byte, 16)...))
	return s
}()

// reduce takes a number of 48 bytes, big endian, modulo the order of the group.
// It takes the same time for all numbers, as they may be secret.
func reduce(number []byte) (s bls12381.Scalar) {
	const third = expandedSize / 3
	for at := 0; at < expandedSize; at += third {
		var padded [scalarSize]byte
		copy(padded[scalarSize-third:], number[at:at+third])
		var part bls12381.Scalar
		_ = part.UnmarshalBinary(padded[:]) // is below the order
		s.Mul(&s, &shift)
		s.Add(&s, &part)
	}
	return s
}

// randomScalars reads count scalars that are not zero.
func randomScalars(random io.Reader, count int) ([]bls12381.Scalar, error) {
	scalars := make([]bls12381.Scalar, count)
	var number [expandedSize]byte
	for i := range scalars {
		if _, err := io.ReadFull(random, number[:]); err != nil {
			return nil, fmt.Errorf("reading random scalars: %w", err)
		}
		if scalars[i] = reduce(number[:]); scalars[i].IsZero() == 1 {
			return nil, fmt.Errorf("%w: the random source returns zero", ErrInput)
		}
	}
	return scalars, nil
}

// readScalar reads a scalar of exactly 32 bytes above zero and below the order
// of the group.
func readScalar(data []byte) (*bls12381.Scalar, bool) {
	s := new(bls12381.Scalar)
	if len(data) != scalarSize || s.UnmarshalBinary(data) != nil || s.IsZero() == 1 {
		return nil, false
	}
	return s, true
}

// readPoint reads a compressed point of G1 that is in the subgroup of prime
// order and not the identity, in its one encoding.
func readPoint(data []byte) (*bls12381.G1, bool) {
	p := new(bls12381.G1)
	if len(data) != pointSize || p.SetBytes(data) != nil || p.IsIdentity() || !bytes.Equal(p.BytesCompressed(), data) {
		return nil, false
	}
	return p, true
}

func appendPoint(dst []byte, p *bls12381.G1) []byte { return append(dst, p.BytesCompressed()...) }

func appendScalar(dst []byte, s *bls12381.Scalar) []byte {
	octets, _ := s.MarshalBinary() // never fails
	return append(dst, octets...)
}

func appendCount(dst []byte, n int) []byte { return binary.BigEndian.AppendUint64(dst, uint64(n)) }
