package bbs

import (
	"sync"

	"github.com/cloudflare/circl/ecc/bls12381"
)

// MaxMessages is the most messages of one signature. The draft has no such
// bound; here it bounds the time that a proof can take.
const MaxMessages = 512

// basePoint is P1 of the ciphersuite (the draft, §7.2.2).
var basePoint = sync.OnceValue(func() *generator { return newSeries(basePointSeed).first(1)[0] })

// generators are Q_1, H_1, H_2 …: the same for every key, made when they are
// first needed.
var generators = newSeries(generatorSeed)

// generator is a point that everybody knows.
type generator struct {
	point    bls12381.G1
	encoded  [pointSize]byte
	multiple multiples
}

// series is what create_generators makes of a seed (the draft, §4.1.1). How
// many are asked for makes no difference to those before.
type series struct {
	mu     sync.Mutex // held to read and to add
	state  []byte
	points []*generator
}

func newSeries(seed string) *series {
	return &series{state: expand([]byte(seed), domainSeed, expandedSize)}
}

// first returns the first count generators, which are shared and must not be
// changed.
func (s *series) first(count int) []*generator {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.points) < count {
		s.state = expand(appendCount(s.state, len(s.points)+1), domainSeed, expandedSize)
		g := new(generator)
		g.point.Hash(s.state, []byte(domainGenerator))
		copy(g.encoded[:], g.point.BytesCompressed())
		g.multiple.of(&g.point)
		s.points = append(s.points, g)
	}
	return s.points[:count:count]
}
