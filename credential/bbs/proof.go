package bbs

import (
	"crypto/subtle"
	"fmt"
	"io"

	"github.com/cloudflare/circl/ecc/bls12381"
)

// The parts of a proof: three points, then scalars, of which the fewest are
// those of a proof that shows all messages.
const (
	proofPoints  = 3
	fewScalars   = 4
	leastProof   = proofPoints*pointSize + fewScalars*scalarSize
	randomBlinds = 5
)

// Disclosure is what a proof is about.
type Disclosure struct {
	// Header is the one that was signed.
	Header []byte
	// PresentationHeader binds the proof to its use, such as a nonce of the
	// verifier. It may be empty.
	PresentationHeader []byte
	// Messages are all that were signed for ProofGen, and those that are shown
	// for ProofVerify, in the order of the signature.
	Messages [][]byte
	// Indexes are the places of the messages that are shown among all that
	// were signed, counted from 0 and ascending.
	Indexes []int
}

// ProofGen makes a proof of a signature by this key that shows the messages of
// some indexes and hides the others but for their number (the draft, §3.5.3).
// It does not check that the signature is one; Verify does. random must be a
// good source of randomness: what is hidden depends on it.
//
// The errors are ErrEncoding for the signature, ErrInput and ErrLimit for the
// disclosure, and those of random.
func (k *PublicKey) ProofGen(random io.Reader, signature []byte, d Disclosure) ([]byte, error) {
	s, err := newStatement(k, d.Header, len(d.Messages))
	if err != nil {
		return nil, fmt.Errorf("making proof: %w", err)
	}
	hidden, ok := complement(d.Indexes, len(d.Messages))
	if !ok {
		return nil, fmt.Errorf("making proof: %w: the indexes are not ascending and within the messages", ErrInput)
	}
	a, e, err := readSignature(signature)
	if err != nil {
		return nil, fmt.Errorf("making proof: %w", err)
	}
	blinds, err := randomScalars(random, randomBlinds+len(hidden))
	if err != nil {
		return nil, fmt.Errorf("making proof: %w", err)
	}
	p := prover{statement: s, messages: scalarsOf(d.Messages), hidden: hidden, blinds: blinds}
	p.commit(a, e)
	shown := make([]bls12381.Scalar, len(d.Indexes))
	for i, at := range d.Indexes {
		shown[i] = p.messages[at]
	}
	c := challenge(&p.commitments, s, shown, &d)
	return p.respond(e, &c), nil
}

// complement returns the indexes below count that are not among indexes, which
// must be ascending.
func complement(indexes []int, count int) (rest []int, ok bool) {
	if len(indexes) > count {
		return nil, false
	}
	rest = make([]int, 0, count-len(indexes))
	next := 0
	for _, index := range indexes {
		if index < next || index >= count {
			return nil, false
		}
		for ; next < index; next++ {
			rest = append(rest, next)
		}
		next = index + 1
	}
	for ; next < count; next++ {
		rest = append(rest, next)
	}
	return rest, true
}

// commitments are the points that a challenge is made of.
type commitments struct{ aBar, bBar, d, t1, t2 bls12381.G1 }

// prover makes one proof.
type prover struct {
	*statement
	messages []bls12381.Scalar
	hidden   []int
	blinds   []bls12381.Scalar // r1, r2, ẽ, r̃1, r̃3, m̃…
	commitments
}

// commit is ProofInit (the draft, §3.7.1).
func (p *prover) commit(a *bls12381.G1, e *bls12381.Scalar) {
	r1, r2, eBlind, r1Blind, r3Blind := &p.blinds[0], &p.blinds[1], &p.blinds[2], &p.blinds[3], &p.blinds[4]
	b := p.commitment(p.messages)
	p.d.ScalarMult(r2, &b)
	var product bls12381.Scalar
	product.Mul(r1, r2)
	p.aBar.ScalarMult(&product, a)
	product.Set(e)
	product.Neg()
	p.bBar.ScalarMult(r1, &p.d)
	addProduct(&p.bBar, &product, &p.aBar)
	p.t1.ScalarMult(eBlind, &p.aBar)
	addProduct(&p.t1, r1Blind, &p.d)
	p.t2.ScalarMult(r3Blind, &p.d)
	for i, at := range p.hidden {
		addProduct(&p.t2, &p.blinds[randomBlinds+i], &p.points[at+1].point)
	}
}

// respond is ProofFinalize (the draft, §3.7.2).
func (p *prover) respond(e, c *bls12381.Scalar) []byte {
	proof := make([]byte, 0, leastProof+scalarSize*len(p.hidden))
	proof = appendPoint(appendPoint(appendPoint(proof, &p.aBar), &p.bBar), &p.d)
	var r1, r3, minus bls12381.Scalar
	minus.Set(c)
	minus.Neg()
	r1.Set(&p.blinds[0])
	r3.Inv(&p.blinds[1])
	answer := func(blind, secret, challenge *bls12381.Scalar) {
		var s bls12381.Scalar
		s.Mul(secret, challenge)
		s.Add(&s, blind)
		proof = appendScalar(proof, &s)
	}
	answer(&p.blinds[2], e, c)
	answer(&p.blinds[3], &r1, &minus)
	answer(&p.blinds[4], &r3, &minus)
	for i, at := range p.hidden {
		answer(&p.blinds[randomBlinds+i], &p.messages[at], c)
	}
	return appendScalar(proof, c)
}

// challenge is ProofChallengeCalculate (the draft, §3.7.4).
func challenge(made *commitments, s *statement, shown []bls12381.Scalar, d *Disclosure) bls12381.Scalar {
	input := appendCount(nil, len(shown))
	for i := range shown {
		input = appendScalar(appendCount(input, d.Indexes[i]), &shown[i])
	}
	for _, p := range []*bls12381.G1{&made.aBar, &made.bBar, &made.d, &made.t1, &made.t2} {
		input = appendPoint(input, p)
	}
	input = appendCount(appendScalar(input, &s.domain), len(d.PresentationHeader))
	return hashToScalar(append(input, d.PresentationHeader...), domainScalar)
}

// ProofVerify checks a proof of a signature by this key (the draft, §3.5.4). It
// returns nil, ErrEncoding, ErrSignature, ErrLimit, or ErrInput for a disclosure
// that no proof can be of.
func (k *PublicKey) ProofVerify(proof []byte, d Disclosure) error {
	p, err := readProof(proof)
	if err != nil {
		return fmt.Errorf("verifying proof: %w", err)
	}
	count := len(d.Indexes) + len(p.hidden)
	s, err := newStatement(k, d.Header, count)
	if err != nil {
		return fmt.Errorf("verifying proof: %w", err)
	}
	hidden, ok := complement(d.Indexes, count)
	if !ok || len(d.Messages) != len(d.Indexes) {
		return fmt.Errorf("verifying proof: %w: the indexes do not fit the messages", ErrInput)
	}
	shown := scalarsOf(d.Messages)
	p.recover(s, shown, d.Indexes, hidden)
	c := challenge(&p.commitments, s, shown, &d)
	if subtle.ConstantTimeCompare(appendScalar(nil, &c), appendScalar(nil, &p.challenge)) != 1 {
		return fmt.Errorf("verifying proof: %w", ErrSignature)
	}
	// e(Abar, W)·e(Bbar, -BP2) is one.
	opposite := p.bBar
	opposite.Neg()
	if !k.pairs(&p.aBar, &opposite) {
		return fmt.Errorf("verifying proof: %w", ErrSignature)
	}
	return nil
}

// parsedProof is a proof taken apart.
type parsedProof struct {
	commitments          // without t1 and t2
	e, r1, r3, challenge bls12381.Scalar
	hidden               []bls12381.Scalar // m̂ of the messages that are not shown
}

// readProof is octets_to_proof (the draft, §4.2.4.5).
func readProof(proof []byte) (*parsedProof, error) {
	rest := len(proof) - leastProof
	if rest < 0 || rest%scalarSize != 0 {
		return nil, ErrEncoding
	}
	if rest/scalarSize > MaxMessages {
		return nil, ErrLimit
	}
	p := &parsedProof{hidden: make([]bls12381.Scalar, rest/scalarSize)}
	for _, to := range []*bls12381.G1{&p.aBar, &p.bBar, &p.d} {
		point, ok := readPoint(proof[:pointSize])
		if !ok {
			return nil, ErrEncoding
		}
		*to, proof = *point, proof[pointSize:]
	}
	places := []*bls12381.Scalar{&p.e, &p.r1, &p.r3}
	for i := range p.hidden {
		places = append(places, &p.hidden[i])
	}
	for _, to := range append(places, &p.challenge) {
		scalar, ok := readScalar(proof[:scalarSize])
		if !ok {
			return nil, ErrEncoding
		}
		*to, proof = *scalar, proof[scalarSize:]
	}
	return p, nil
}

// recover is ProofVerifyInit (the draft, §3.7.3).
func (p *parsedProof) recover(s *statement, shown []bls12381.Scalar, indexes, hidden []int) {
	var aBar, bBar, d multiples
	aBar.of(&p.aBar)
	bBar.of(&p.bBar)
	d.of(&p.d)

	var t1, t2 tableSum
	t1.add(&p.challenge, &bBar)
	t1.add(&p.e, &aBar)
	t1.add(&p.r1, &d)
	p.t1 = t1.total()

	t2.add(&p.challenge, &basePoint().multiple)
	t2.add(&p.r3, &d)
	times := func(scalar *bls12381.Scalar, g *generator) {
		var product bls12381.Scalar
		product.Mul(scalar, &p.challenge)
		t2.add(&product, &g.multiple)
	}
	times(&s.domain, s.points[0])
	for i, at := range indexes {
		times(&shown[i], s.points[at+1])
	}
	for i, at := range hidden {
		t2.add(&p.hidden[i], &s.points[at+1].multiple)
	}
	p.t2 = t2.total()
}
