package issuer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"laurel/credential"
	"laurel/internal/delta"
	"laurel/storage"
)

// pattern is what all badges of one version of an achievement have in common.
type pattern struct {
	tenant   string
	did      string
	profile  []byte // of the issuer
	document []byte // the Achievement
	name     string // of the achievement
	frame    storage.Frame
	base     *delta.Base // the frame's text and the document
	judged   atomic.Bool // that a plain badge of it is good
}

// pattern returns that of an issuer and an achievement, which is made once for
// as long as they stay what they are.
func (s *Service) pattern(tenant storage.Tenant, a storage.Achievement) *pattern {
	id := a.ID + "/" + decimal(a.Version)
	if p := s.patterns.get(id); p != nil && p.tenant == tenant.Slug && p.did == tenant.DID &&
		bytes.Equal(p.profile, tenant.Profile) && bytes.Equal(p.document, a.Document) {
		return p
	}
	p := &pattern{
		tenant: tenant.Slug, did: tenant.DID, profile: tenant.Profile, document: a.Document,
		name: s.achievement(a).Decode().Name, frame: s.frame(tenant),
	}
	p.base = delta.NewBase(slices.Concat(p.frame.Text, p.document))
	s.patterns.put(id, p, 16*(len(p.frame.Text)+len(p.document)))
	return p
}

// frame writes a badge of an issuer with samples of all that it can have, save
// the achievement, which is stored by itself. Other samples would do no harm but
// to the size of what is stored.
func (s *Service) frame(tenant storage.Tenant) storage.Frame {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	sample := draft{
		id: s.base.credential(""), name: "-", issuer: tenant.Profile, subject: sampleURN, base: s.base,
		validFrom: day, validUntil: day, awardedDate: day,
		identifiers: []credential.IdentityObject{
			{Hashed: true, IdentityHash: "sha256$", IdentityType: "emailAddress", Salt: "-"},
			{IdentityHash: "-", IdentityType: "name"},
		},
		status: []storage.StatusEntry{{Purpose: storage.PurposeRevocation}, {Purpose: storage.PurposeSuspension}},
	}
	text := sample.unsigned()
	text = append(text[:len(text)-1], `,"proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022",`+
		`"created":"2026-01-01T00:00:00Z","proofPurpose":"assertionMethod","proofValue":"z","verificationMethod":"`+tenant.DID+`#key-1"}}`...)
	sum := sha256.Sum256(text)
	return storage.Frame{Tenant: tenant.Slug, ID: [16]byte(sum[:]), Text: text}
}

// shorten writes a signed badge as the frame that it needs and what it has
// besides.
func (p *pattern) shorten(signed []byte) []byte {
	return p.base.Append(append(make([]byte, 0, 1024), p.frame.ID[:]...), signed)
}

// largestBadge bounds what a shortened badge is made whole to: more than was
// ever signed.
const largestBadge = 4 << 20

// whole undoes shorten for a badge of the record's achievement. What it needs
// and does not find is storage.ErrCorrupt.
func (s *Service) whole(ctx context.Context, record storage.Credential, short []byte) ([]byte, error) {
	frame := storage.Frame{}
	if len(short) < len(frame.ID) {
		return nil, fmt.Errorf("%w: no frame is named", storage.ErrCorrupt)
	}
	short = short[copy(frame.ID[:], short):]
	frame, err := s.store.Frame(ctx, record.Tenant, frame.ID)
	var achieved storage.Achievement
	if err == nil && record.Achievement != "" {
		achieved, err = s.store.Achievement(ctx, record.Tenant, record.Achievement, record.AchievementVersion)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("%w: what it is written as a part of is gone", storage.ErrCorrupt)
	}
	if err != nil {
		return nil, err
	}
	signed, err := delta.Apply(slices.Concat(frame.Text, achieved.Document), short, largestBadge)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", storage.ErrCorrupt, err)
	}
	return signed, nil
}

// patterns keeps patterns by achievement and version, within a bound. The zero
// value is ready.
type patterns struct {
	mutex sync.RWMutex
	made  map[string]*pattern
	size  int
}

// patternMemory bounds the patterns that are kept, in bytes or so.
const patternMemory = 32 << 20

func (c *patterns) get(id string) *pattern {
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	return c.made[id]
}

// put keeps a pattern; when there is no more room, all others go.
func (c *patterns) put(id string, p *pattern, size int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.made == nil || c.size+size > patternMemory {
		c.made, c.size = make(map[string]*pattern), 0
	}
	c.made[id], c.size = p, c.size+size
}
