package bbs

import "github.com/cloudflare/circl/ecc/bls12381"

// commitment is B = P1 + Q_1·domain + H_1·message_1 + …, in time that does not
// depend on the messages.
func (s *statement) commitment(messages []bls12381.Scalar) bls12381.G1 {
	b := basePoint()
	addProduct(&b, &s.domain, &s.points[0])
	for i := range messages {
		addProduct(&b, &messages[i], &s.points[i+1])
	}
	return b
}

// addProduct adds scalar·point to sum.
func addProduct(sum *bls12381.G1, scalar *bls12381.Scalar, point *bls12381.G1) {
	var product bls12381.G1
	product.ScalarMult(scalar, point)
	sum.Add(sum, &product)
}

// publicCommitment is commitment for messages that everybody knows: those of
// indexes, or all of them where indexes is nil.
func (s *statement) publicCommitment(messages []bls12381.Scalar, indexes []int) bls12381.G1 {
	b := basePoint()
	addProduct(&b, &s.domain, &s.points[0])
	for i := range messages {
		at := i
		if indexes != nil {
			at = indexes[i]
		}
		addProduct(&b, &messages[i], &s.points[at+1])
	}
	return b
}
