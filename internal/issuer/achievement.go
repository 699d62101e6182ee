package issuer

import (
	"context"
	"encoding/json"
	"time"

	"laurel/storage"
)

// Achievement is one version of what can be awarded.
type Achievement struct {
	// ID is the public id, URL the address that is the achievement's id in
	// badges.
	ID      string
	URL     string
	Tenant  string
	Version int
	// Document is the Open Badges Achievement, without an @context.
	Document json.RawMessage
	// Created is when the achievement was first described, Updated when this
	// version was.
	Created, Updated time.Time
}

// CreateAchievement stores a new achievement. document is an Open Badges
// Achievement as JSON, without an id, which is given here; type may be left
// out. Members beyond those of Open Badges 3.0 are allowed where the contexts
// of a badge define them. The *InvalidError names the path of what cannot be
// part of a badge; storage errors are those of idempotency keys, whose replay
// returns the achievement that was created the first time.
func (s *Service) CreateAchievement(ctx context.Context, caller Caller, document []byte) (Achievement, error) {
	return Achievement{}, errNotYet
}

// UpdateAchievement makes a new version. Badges awarded before keep the text of
// theirs. The document is as for CreateAchievement; it may have its own id.
func (s *Service) UpdateAchievement(ctx context.Context, caller Caller, id string, document []byte) (Achievement, error) {
	return Achievement{}, errNotYet
}

// Achievement returns a version of an achievement, the latest for 0, to
// whoever has its id.
func (s *Service) Achievement(ctx context.Context, id string, version int) (Achievement, error) {
	return Achievement{}, errNotYet
}

// Achievements lists a tenant's achievements in their latest versions, the
// newest first, and the cursor of the next page, "" after the last.
func (s *Service) Achievements(ctx context.Context, tenant string, page storage.Page) ([]Achievement, string, error) {
	return nil, "", errNotYet
}

// JSONLD returns the achievement as a JSON-LD document of its own, the way it is
// served at its URL.
func (a Achievement) JSONLD() []byte { return nil }
