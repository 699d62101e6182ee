package boltstore

import (
	"context"

	"laurel/storage"
)

// CreateAchievement stores the first version of an achievement. Its id must be
// new in the store. Version and times are set by the store.
func (s *Store) CreateAchievement(ctx context.Context, act storage.Act, a storage.Achievement) (storage.Achievement, error) {
	valid := first(validAct(act), validSlug(a.Tenant), validID("achievement id", a.ID))
	var created storage.Achievement
	err := s.write(ctx, "creating achievement", valid, func(t *txn) error {
		err := first(t.unclaimed(a.Tenant, act), t.known(a.Tenant), t.free(achievementKind, a.ID))
		if err != nil {
			return err
		}
		created = a
		created.Version, created.Created, created.Updated = 1, act.Time.UTC(), act.Time.UTC()
		at := of(a.Tenant).sequence(t.next(achievementFamily, of(a.Tenant)))
		t.register(achievementKind, a.ID, at)
		t.putAchievement(at, created)
		t.audit(a.Tenant, act, storage.ActionCreateAchievement, "achievement/"+a.ID, "1")
		t.claimDone(a.Tenant, act, "achievement/"+a.ID)
		return nil
	})
	return created, err
}

// UpdateAchievement stores a changed document as a new version and returns it.
// change is given the latest version and may run twice; only the document can
// be changed. When it returns an error, that is returned and nothing is stored.
func (s *Store) UpdateAchievement(ctx context.Context, act storage.Act, tenant, id string, change func(*storage.Achievement) error) (storage.Achievement, error) {
	var updated storage.Achievement
	err := s.write(ctx, "updating achievement", validAct(act), func(t *txn) error {
		if err := t.unclaimed(tenant, act); err != nil {
			return err
		}
		at, err := t.within(tenant, achievementKind, id)
		if err != nil {
			return err
		}
		stored, err := t.achievement(at, 0)
		if err != nil {
			return err
		}
		updated = stored
		if err := change(&updated); err != nil {
			return err
		}
		stored.Document = updated.Document
		stored.Version++
		stored.Updated = act.Time.UTC()
		updated = stored
		t.putAchievement(at, updated)
		t.audit(tenant, act, storage.ActionUpdateAchievement, "achievement/"+id, decimal(updated.Version))
		t.claimDone(tenant, act, "achievement/"+id)
		return nil
	})
	return updated, err
}

// Achievement reads a version of an achievement, the latest for version 0.
func (s *Store) Achievement(ctx context.Context, tenant, id string, version int) (storage.Achievement, error) {
	var a storage.Achievement
	err := s.read(ctx, "reading achievement", func(t *txn) error {
		at, err := t.within(tenant, achievementKind, id)
		if err != nil {
			return err
		}
		a, err = t.achievement(at, version)
		return err
	})
	return a, err
}

// FindAchievement reads a version, the latest for version 0, of the achievement
// with this id, whichever tenant has it.
func (s *Store) FindAchievement(ctx context.Context, id string, version int) (storage.Achievement, error) {
	var a storage.Achievement
	err := s.read(ctx, "finding achievement", func(t *txn) error {
		at, err := t.locate(achievementKind, id)
		if err != nil {
			return err
		}
		a, err = t.achievement(at, version)
		return err
	})
	return a, err
}

// ListAchievements lists the latest versions of a tenant's achievements, the
// newest achievement first.
func (s *Store) ListAchievements(ctx context.Context, tenant string, page storage.Page) (items []storage.Achievement, next string, err error) {
	err = s.read(ctx, "listing achievements", func(t *txn) error {
		w, err := windowOf(page)
		if err != nil {
			return err
		}
		sequences := t.descending(achievementFamily, w.after, of(tenant))
		items, next, err = collect(sequences, w.limit, func(sequence uint64) (storage.Achievement, error) {
			return t.achievement(of(tenant).sequence(sequence), 0)
		})
		return err
	})
	return items, next, err
}

// putAchievement stores a new version and makes it the latest.
func (t *txn) putAchievement(at key, a storage.Achievement) {
	data := t.encode(achievementFamily, a)
	t.put(achievementFamily, at, data)
	t.put(versionFamily, at.number(a.Version), data)
}

func (t *txn) achievement(at key, version int) (storage.Achievement, error) {
	a := storage.Achievement{Tenant: tenantOf(at)}
	if version < 0 {
		return a, storage.ErrNotFound
	}
	if version == 0 {
		return recall(t, achievementFamily, at, a)
	}
	return recall(t, versionFamily, at.number(version), a)
}
