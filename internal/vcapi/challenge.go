package vcapi

import (
	"encoding/base64"
	"io"
	"sync"
	"time"
)

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
