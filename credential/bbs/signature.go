package bbs

import (
	"crypto"
	"errors"
	"fmt"
	"io"

	"github.com/cloudflare/circl/ecc/bls12381"
)

// SignatureSize is the length of a signature in bytes.
const SignatureSize = pointSize + scalarSize

// Messages are what a signature is made over, as the options of a
// crypto.Signer.
type Messages [][]byte

// HashFunc returns 0: messages are hashed by the scheme itself.
func (Messages) HashFunc() crypto.Hash { return 0 }

// Sign makes the signature over a header and messages, of which there may be
// none (the draft, §3.5.1). It is deterministic: the random source is not used
// and may be nil. options must be of the type Messages, and so a PrivateKey can
// stand where a crypto.Signer is asked for, and only with a caller who knows
// what it is.
//
// The error is ErrLimit for more than MaxMessages, or ErrInput for options of
// another type.
func (k *PrivateKey) Sign(_ io.Reader, header []byte, options crypto.SignerOpts) ([]byte, error) {
	messages, ok := options.(Messages)
	if !ok || !k.public.isKey() {
		return nil, fmt.Errorf("signing: %w: no messages or no key", ErrInput)
	}
	s, err := newStatement(k.public, header, len(messages))
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	scalars := scalarsOf(messages)
	input := appendScalar(nil, &k.secret)
	for i := range scalars {
		input = appendScalar(input, &scalars[i])
	}
	e := hashToScalar(appendScalar(input, &s.domain), domainScalar)
	var exponent bls12381.Scalar
	exponent.Add(&k.secret, &e)
	if exponent.IsZero() == 1 {
		return nil, errors.New("signing: the key is that of the message") // happens to nobody
	}
	exponent.Inv(&exponent)
	a := s.commitment(scalars)
	a.ScalarMult(&exponent, &a)
	return appendScalar(appendPoint(make([]byte, 0, SignatureSize), &a), &e), nil
}

// Verify checks a signature over a header and messages, in their order (the
// draft, §3.5.2). It returns nil, ErrEncoding, ErrSignature, ErrLimit, or ErrInput
// where there is no key.
func (k *PublicKey) Verify(signature, header []byte, messages [][]byte) error {
	s, err := newStatement(k, header, len(messages))
	if err != nil {
		return fmt.Errorf("verifying: %w", err)
	}
	a, e, err := readSignature(signature)
	if err != nil {
		return fmt.Errorf("verifying: %w", err)
	}
	// e(A, W + BP2·e) = e(B, BP2), which is e(A, W)·e(A·e - B, BP2) = 1.
	b := s.commitment(scalarsOf(messages))
	b.Neg()
	var right bls12381.G1
	right.ScalarMult(e, a)
	right.Add(&right, &b)
	if !k.pairs(a, &right) {
		return fmt.Errorf("verifying: %w", ErrSignature)
	}
	return nil
}

// pairs reports whether e(p, W)·e(q, BP2) is one. It is not where q is the
// identity, because p and W are not.
func (k *PublicKey) pairs(p, q *bls12381.G1) bool {
	if p.IsIdentity() || q.IsIdentity() {
		return false
	}
	product := bls12381.ProdPairFrac([]*bls12381.G1{p, q}, []*bls12381.G2{&k.point, bls12381.G2Generator()}, []int{1, 1})
	return product.IsIdentity()
}

// readSignature reads A and e.
func readSignature(signature []byte) (*bls12381.G1, *bls12381.Scalar, error) {
	if len(signature) != SignatureSize {
		return nil, nil, ErrEncoding
	}
	a, ok := readPoint(signature[:pointSize])
	if !ok {
		return nil, nil, ErrEncoding
	}
	e, ok := readScalar(signature[pointSize:])
	if !ok {
		return nil, nil, ErrEncoding
	}
	return a, e, nil
}

// statement is what a signature is about but the messages themselves.
type statement struct {
	points []*generator    // Q_1, H_1 …
	domain bls12381.Scalar // calculate_domain (the draft, §4.2.1)
}

func newStatement(k *PublicKey, header []byte, messages int) (*statement, error) {
	switch {
	case !k.isKey():
		return nil, fmt.Errorf("%w: no key", ErrInput)
	case messages > MaxMessages:
		return nil, ErrLimit
	}
	s := &statement{points: generators.first(messages + 1)}
	input := make([]byte, 0, PublicKeySize+8+pointSize*len(s.points)+len(api)+8+len(header))
	input = appendCount(append(input, k.encoded[:]...), messages)
	for _, g := range s.points {
		input = append(input, g.encoded[:]...)
	}
	input = appendCount(append(input, api...), len(header))
	s.domain = hashToScalar(append(input, header...), domainScalar)
	return s, nil
}

// scalarsOf is messages_to_scalars (the draft, §4.1.2).
func scalarsOf(messages [][]byte) []bls12381.Scalar {
	scalars := make([]bls12381.Scalar, len(messages))
	for i, message := range messages {
		scalars[i] = hashToScalar(message, domainMessage)
	}
	return scalars
}

// commitment is B = P1 + Q_1·domain + H_1·message_1 + ….
func (s *statement) commitment(messages []bls12381.Scalar) bls12381.G1 {
	var sum tableSum
	sum.add(&s.domain, &s.points[0].multiple)
	for i := range messages {
		sum.add(&messages[i], &s.points[i+1].multiple)
	}
	b := sum.total()
	b.Add(&b, &basePoint().point)
	return b
}
