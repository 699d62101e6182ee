package bbs

import "github.com/cloudflare/circl/ecc/bls12381"

// Sums of points times scalars come in two kinds: those with secrets in them
// take the same time whatever the secrets are; those that a verifier makes of
// what everybody knows are several times faster.

// addProduct adds scalar·point to sum, in time that does not depend on them.
func addProduct(sum *bls12381.G1, scalar *bls12381.Scalar, point *bls12381.G1) {
	var product bls12381.G1
	product.ScalarMult(scalar, point)
	sum.Add(sum, &product)
}

// multiples are 1·p, 2·p … of a point p.
type multiples [1<<window - 1]bls12381.G1

const window = 4 // bits of a scalar that are looked at together

func (m *multiples) of(p *bls12381.G1) {
	m[0] = *p
	for i := 1; i < len(m); i++ {
		m[i].Add(&m[i-1], p)
	}
}

// publicSum adds up products. No scalar may be secret.
type publicSum struct {
	terms []publicTerm
}

type publicTerm struct {
	point  *multiples
	scalar [scalarSize]byte
}

// add adds scalar·p to the sum, whose multiples are given.
func (s *publicSum) add(scalar *bls12381.Scalar, p *multiples) {
	t := publicTerm{point: p}
	copy(t.scalar[:], appendScalar(nil, scalar))
	s.terms = append(s.terms, t)
}

// total adds the products up, a few bits of all scalars at a time.
func (s *publicSum) total() bls12381.G1 {
	const perByte = 8 / window
	var sum bls12381.G1
	sum.SetIdentity()
	for at := range scalarSize * perByte {
		if at > 0 {
			for range window {
				sum.Double()
			}
		}
		for i := range s.terms {
			t := &s.terms[i]
			digit := t.scalar[at/perByte] >> (8 - window - at%perByte*window) & (1<<window - 1)
			if digit != 0 {
				sum.Add(&sum, &t.point[digit-1])
			}
		}
	}
	return sum
}
