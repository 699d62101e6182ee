package vcapi

import (
	"encoding/base64"
	"io"
	"sync"
	"time"
)

// maxIssued is how many credentials an instance remembers; the oldest is
// forgotten for one more.
const maxIssued = 10_000

// record is one credential that was issued.
type record struct {
	secured []byte
	// indexes are its places in the status lists, by purpose.
	indexes map[string]int
	deleted bool
}

// issued remembers credentials by their identifiers.
type issued struct {
	mu      sync.Mutex
	records map[string]record
	order   []string // of the identifiers, the oldest first
}

func newIssued() *issued { return &issued{records: make(map[string]record)} }

// put keeps a credential. Issuing under an identifier again replaces it.
func (s *issued) put(id string, r record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.records[id]; !known {
		s.order = append(s.order, id)
	}
	s.records[id] = r
	if len(s.order) > maxIssued {
		delete(s.records, s.order[0])
		s.order = s.order[1:]
	}
}

// get returns a credential, or ErrNotFound or ErrDeleted.
func (s *issued) get(id string) (record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.records[id]
	switch {
	case !ok:
		return record{}, &Error{ErrNotFound, []Problem{{Type: "about:blank", Title: "There is no credential of this id."}}}
	case r.deleted:
		return record{}, &Error{ErrDeleted, []Problem{{Type: "about:blank", Title: "The credential was deleted."}}}
	}
	return r, nil
}

// remove forgets what a credential said, but not that it was there: its status
// goes on.
func (s *issued) remove(id string) error {
	if _, err := s.get(id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.records[id]
	r.secured, r.deleted = nil, true
	s.records[id] = r
	return nil
}

// Credential returns what was issued under an identifier. The error unwraps to
// ErrNotFound or ErrDeleted.
func (i *Instance) Credential(id string) ([]byte, error) {
	r, err := i.issued.get(id)
	return r.secured, err
}

// Delete forgets a credential; its status stays. Errors are those of Credential.
func (i *Instance) Delete(id string) error { return i.issued.remove(id) }

// Bounds of challenges.
const (
	maxChallenges = 10_000
	challengeLife = 10 * time.Minute
)

// challenges are the challenges that were given out, each for one use.
type challenges struct {
	mu    sync.Mutex
	known map[string]*challenge
	order []string
}

type challenge struct {
	expires time.Time
	uses    int
}

func newChallenges() *challenges { return &challenges{known: make(map[string]*challenge)} }

// Challenge gives out a challenge for one presentation within ten minutes.
func (i *Instance) Challenge() (string, error) {
	raw := make([]byte, 24)
	if _, err := io.ReadFull(i.config.Random, raw); err != nil {
		return "", err
	}
	text := "u" + base64.RawURLEncoding.EncodeToString(raw)
	c := i.challenges
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[text] = &challenge{expires: i.now().Add(challengeLife)}
	if c.order = append(c.order, text); len(c.order) > maxChallenges {
		delete(c.known, c.order[0])
		c.order = c.order[1:]
	}
	return text, nil
}

// use counts a use of a challenge. ours is false for one that was not given out
// here, which is the business of whoever made it.
func (c *challenges) use(text string, now time.Time) (ours, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ours := c.known[text]
	if !ours {
		return false, false
	}
	known.uses++
	return true, known.uses == 1 && now.Before(known.expires)
}
