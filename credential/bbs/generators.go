package bbs

import (
	"sync"

	"github.com/cloudflare/circl/ecc/bls12381"
)

// MaxMessages is the most messages of one signature. The draft has no such
// bound; here it bounds the time that a proof can take.
const MaxMessages = 512

// basePoint is P1 of the ciphersuite (the draft, §7.2.2).
var basePoint = sync.OnceValue(func() bls12381.G1 { return newSeries(basePointSeed).first(1)[0] })

// generators are Q_1, H_1, H_2 …: the same for every key, made when they are
// first needed.
var generators = newSeries(generatorSeed)

// series is what create_generators makes of a seed (the draft, §4.1.1). How
// many are asked for makes no difference to those before.
type series struct {
	mu     sync.Mutex // held to read and to add
	state  []byte
	points []bls12381.G1
}

func newSeries(seed string) *series {
	return &series{state: expand([]byte(seed), domainSeed, expandedSize)}
}

// first returns the first count points, which are shared and must not be
// changed.
func (s *series) first(count int) []bls12381.G1 {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.points) < count {
		s.state = expand(appendCount(s.state, len(s.points)+1), domainSeed, expandedSize)
		var p bls12381.G1
		p.Hash(s.state, []byte(domainGenerator))
		s.points = append(s.points, p)
	}
	return s.points[:count:count]
}
