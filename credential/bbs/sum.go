package bbs

import "github.com/cloudflare/circl/ecc/bls12381"

// Sums of points times scalars come in two kinds. Products with the key of a
// signer or with what blinds a proof leave no trace in time or memory. Those
// with messages are several times faster: they take the same steps whatever the
// messages are, but read different places of tables that everybody knows.

// addProduct adds scalar·point to sum, in time that does not depend on them.
func addProduct(sum *bls12381.G1, scalar *bls12381.Scalar, point *bls12381.G1) {
	var product bls12381.G1
	product.ScalarMult(scalar, point)
	sum.Add(sum, &product)
}

// multiples are 0·p, 1·p, 2·p … of a point p.
type multiples [1 << window]bls12381.G1

const window = 4 // bits of a scalar that are looked at together

func (m *multiples) of(p *bls12381.G1) {
	m[0].SetIdentity()
	for i := 1; i < len(m); i++ {
		m[i].Add(&m[i-1], p)
	}
}

// tableSum adds up products of points whose multiples are there.
type tableSum struct {
	terms []tableTerm
}

type tableTerm struct {
	point  *multiples
	scalar [scalarSize]byte
}

// add adds scalar·p to the sum, whose multiples are given.
func (s *tableSum) add(scalar *bls12381.Scalar, p *multiples) {
	t := tableTerm{point: p}
	copy(t.scalar[:], appendScalar(nil, scalar))
	s.terms = append(s.terms, t)
}

// total adds the products up, a few bits of all scalars at a time.
func (s *tableSum) total() bls12381.G1 {
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
			sum.Add(&sum, &t.point[digit]) // complete: the identity is a point like others
		}
	}
	return sum
}
