package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"laurel/credential"
	"laurel/credential/strictjson"
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

// maxAchievement bounds the document of an achievement: it is part of every
// badge, which may have 1 MiB.
const maxAchievement = 512 << 10

// CreateAchievement stores a new achievement. document is an Open Badges
// Achievement as JSON, without an id, which is given here; type may be left
// out. Members beyond those of Open Badges 3.0 are allowed where the contexts
// of a badge define them. The *InvalidError names the path of what cannot be
// part of a badge; storage errors are those of idempotency keys, whose replay
// returns the achievement that was created the first time.
func (s *Service) CreateAchievement(ctx context.Context, caller Caller, document []byte) (Achievement, error) {
	id, err := s.newID()
	if err != nil {
		return Achievement{}, err
	}
	whole, err := s.achievementDocument(ctx, caller.Tenant, id, document)
	if err != nil {
		return Achievement{}, err
	}
	answer, err := json.Marshal(achievementAnswer{ID: id, Version: 1})
	if err != nil {
		return Achievement{}, err
	}
	created, err := s.store.CreateAchievement(ctx, s.act(caller, answer), storage.Achievement{
		Tenant: caller.Tenant, ID: id, Document: whole,
	})
	return s.achievementOr(ctx, caller, created, err)
}

// UpdateAchievement makes a new version. Badges awarded before keep the text of
// theirs. The document is as for CreateAchievement; it may have its own id. The
// error is storage.ErrConflict when somebody else changed it at the same time.
func (s *Service) UpdateAchievement(ctx context.Context, caller Caller, id string, document []byte) (Achievement, error) {
	latest, err := s.store.Achievement(ctx, caller.Tenant, id, 0)
	if err != nil {
		return Achievement{}, err
	}
	whole, err := s.achievementDocument(ctx, caller.Tenant, id, document)
	if err != nil {
		return Achievement{}, err
	}
	answer, err := json.Marshal(achievementAnswer{ID: id, Version: latest.Version + 1})
	if err != nil {
		return Achievement{}, err
	}
	updated, err := s.store.UpdateAchievement(ctx, s.act(caller, answer), caller.Tenant, id, func(a *storage.Achievement) error {
		if a.Version != latest.Version {
			return storage.ErrConflict
		}
		a.Document = whole
		return nil
	})
	return s.achievementOr(ctx, caller, updated, err)
}

// achievementAnswer is what an idempotency key remembers of an achievement.
type achievementAnswer struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
}

// achievementOr returns what was stored now, or what the replayed request had
// stored.
func (s *Service) achievementOr(ctx context.Context, caller Caller, stored storage.Achievement, err error) (Achievement, error) {
	var replay *storage.ReplayError
	if errors.As(err, &replay) {
		var answer achievementAnswer
		if err := json.Unmarshal(replay.Record.Answer, &answer); err != nil {
			return Achievement{}, fmt.Errorf("reading idempotency record: %w", storage.ErrMismatch)
		}
		caller.Idempotency.Replayed = true
		stored, err = s.store.Achievement(ctx, caller.Tenant, answer.ID, answer.Version)
	}
	if err != nil {
		return Achievement{}, err
	}
	return s.achievement(stored), nil
}

// achievementDocument checks a document and completes it with id and type, which
// come first; the other members stay as they were written.
func (s *Service) achievementDocument(ctx context.Context, tenant, id string, document []byte) ([]byte, error) {
	owner, err := s.store.Tenant(ctx, tenant)
	if err != nil {
		return nil, err
	}
	url := s.base.achievement(id)
	whole, err := completed(document, url, "Achievement")
	if err != nil {
		return nil, err
	}
	if len(whole) > maxAchievement {
		return nil, fault("", "too_large")
	}
	sample := draft{issuer: owner.Profile, achievement: whole}
	return whole, s.judge(ctx, sample.unsigned(), rebase("/credentialSubject/achievement", ""))
}

// completed reads an object that becomes part of a badge and puts its id, if
// one is given, and its type in front.
func completed(document []byte, id, class string) ([]byte, error) {
	parsed, err := strictjson.Parse(document)
	if err != nil {
		return nil, &InvalidError{Violations: []Violation{malformed(err, rebase())}}
	}
	root := parsed.Root()
	if root.Kind() != strictjson.Object {
		return nil, fault("", "object_expected")
	}
	if root.Get("@context").Exists() {
		return nil, fault("/@context", "context_not_allowed")
	}
	var o object
	if id != "" {
		if own := root.Get("id"); own.Exists() && own.Text() != id {
			return nil, fault("/id", "id_assigned")
		}
		o.text("id", id)
	}
	if own := root.Get("type"); own.Kind() == strictjson.String {
		o.raw("type", array(own.Raw())) // sets are written as arrays
	} else if own.Exists() {
		o.raw("type", own.Raw())
	} else {
		o.raw("type", texts(class))
	}
	for name, value := range root.Members() {
		if name == "type" || name == "id" && id != "" {
			continue
		}
		o.raw(name, value.Raw())
	}
	return o.bytes(), nil
}

// Achievement returns a version of an achievement, the latest for 0, to
// whoever has its id.
func (s *Service) Achievement(ctx context.Context, id string, version int) (Achievement, error) {
	found, err := s.store.FindAchievement(ctx, id, version)
	if err != nil {
		return Achievement{}, err
	}
	return s.achievement(found), nil
}

// Achievements lists a tenant's achievements in their latest versions, the
// newest first, and the cursor of the next page, "" after the last.
func (s *Service) Achievements(ctx context.Context, tenant string, page storage.Page) ([]Achievement, string, error) {
	items, next, err := s.store.ListAchievements(ctx, tenant, page)
	if err != nil {
		return nil, "", err
	}
	list := make([]Achievement, len(items))
	for i, item := range items {
		list[i] = s.achievement(item)
	}
	return list, next, nil
}

func (s *Service) achievement(a storage.Achievement) Achievement {
	return Achievement{
		ID: a.ID, URL: s.base.achievement(a.ID), Tenant: a.Tenant, Version: a.Version,
		Document: a.Document, Created: a.Created, Updated: a.Updated,
	}
}

// JSONLD returns the achievement as a JSON-LD document of its own, the way it is
// served at its URL.
func (a Achievement) JSONLD() []byte {
	var o object
	o.raw("@context", texts(badgeContexts...))
	// An achievement is never an empty object: it has an id.
	return append(append(o.b, ','), a.Document[1:]...)
}

// Decode returns the achievement's members, for showing.
func (a Achievement) Decode() credential.Achievement {
	parsed, err := strictjson.Parse(a.Document)
	if err != nil {
		return credential.Achievement{}
	}
	return credential.Decode[credential.Achievement](parsed.Root())
}
