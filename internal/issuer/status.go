package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"laurel/credential/dataintegrity"
	"laurel/credential/statuslist"
	"laurel/storage"
)

// Change is a change of status.
type Change struct {
	// State is storage.StateRevoked, StateSuspended, or StateIssued to
	// reinstate a suspended badge.
	State storage.State
	// Reason is a code, 1 to 64 of a-z, 0-9, "-" and "_"; it may be empty.
	Reason string
	// Wording is what the public is told, at most 500 characters of one line,
	// without a person's data.
	Wording string
}

func (c Change) check() error {
	if c.Reason != "" && !slugged(c.Reason, 64) {
		return fault("/reason", "reason_malformed")
	}
	if c.Wording != "" && !plainText(c.Wording, 500) {
		return fault("/wording", "wording_malformed")
	}
	return nil
}

// SetStatus revokes, suspends or reinstates an award, in one transaction; the
// served status list shows it from then on. Revoking is for good. A badge that
// is in the state already stays as it is. Errors: storage.ErrNotFound,
// storage.ErrConflict where the change is not possible, *InvalidError, and
// those of the idempotency key.
func (s *Service) SetStatus(ctx context.Context, caller Caller, id string, change Change) (Credential, error) {
	if err := change.check(); err != nil {
		return Credential{}, err
	}
	answer, err := json.Marshal(statusAnswer{change.State, change.Reason, change.Wording, s.clock().UTC()})
	if err != nil {
		return Credential{}, err
	}
	changed, err := s.store.SetStatus(ctx, storage.StatusChange{
		Act: s.act(caller, answer), Tenant: caller.Tenant, ID: id,
		State: change.State, Reason: change.Reason, Wording: change.Wording,
	})
	var replay *storage.ReplayError
	if errors.As(err, &replay) {
		caller.Idempotency.Replayed = true
		changed, err = s.replayedStatus(ctx, caller.Tenant, id, replay)
	}
	if err != nil {
		return Credential{}, err
	}
	return s.credential(changed), nil
}

// statusAnswer is what an idempotency key remembers of a change of status.
type statusAnswer struct {
	State   storage.State `json:"state"`
	Reason  string        `json:"reason,omitempty"`
	Wording string        `json:"wording,omitempty"`
	Changed time.Time     `json:"changed"`
}

// replayedStatus is the award as it was answered with the first time, whatever
// became of it since.
func (s *Service) replayedStatus(ctx context.Context, tenant, id string, replay *storage.ReplayError) (storage.Credential, error) {
	now, err := s.store.Credential(ctx, tenant, id)
	if err != nil {
		return now, err
	}
	var then statusAnswer
	if err := json.Unmarshal(replay.Record.Answer, &then); err != nil {
		return now, fmt.Errorf("reading idempotency record: %w", storage.ErrMismatch)
	}
	if now.State != then.State {
		now.State, now.Reason, now.Wording, now.Changed = then.State, then.Reason, then.Wording, then.Changed
	}
	return now, nil
}

// SignedList is a status list credential as it is served.
type SignedList struct {
	Signed []byte
	// ETag is a strong HTTP entity tag without its quotes.
	ETag string
	// MaxAge is for how long caches may keep it.
	MaxAge     time.Duration
	ValidUntil time.Time
}

const (
	// statusTTL is how long a verifier is told it may rely on a list.
	statusTTL = 5 * time.Minute
	// statusMaxAge is how long caches on the way may: a revocation is known to
	// everybody after the two together.
	statusMaxAge = time.Minute
	// statusBackdate is how long before its signing a list is valid: clocks
	// differ, and a verification judges by the time at which it began, which
	// may be before a list was signed that it fetches.
	statusBackdate = time.Minute
)

// StatusListCredential returns a status list, signed and showing every change
// of status that was acknowledged before the call. Errors: storage.ErrNotFound,
// and whatever keeps it from being signed when it must be.
func (s *Service) StatusListCredential(ctx context.Context, id string) (SignedList, error) {
	list, err := s.store.FindStatusList(ctx, id)
	if err != nil {
		return SignedList{}, err
	}
	fresh, usable, err := s.standing(ctx, list)
	if err != nil {
		return SignedList{}, err
	}
	if fresh {
		return s.signedList(list), nil
	}
	published, err := s.publish(ctx, list)
	if err == nil {
		return published, nil
	}
	// What is signed is true for as long as nothing changed; it only had little
	// time left.
	if usable {
		return s.signedList(list), nil
	}
	return SignedList{}, err
}

// RenewStatusLists signs every list that does not show its last change or has a
// quarter of its life left. It is to be called now and then, so that reading
// does not have to wait; what one call could not do, the next does.
func (s *Service) RenewStatusLists(ctx context.Context) error {
	due, err := s.store.DirtyStatusLists(ctx, s.clock().Add(s.statusLife/4))
	if err != nil {
		return err
	}
	var faults []error
	for _, list := range due {
		if _, err := s.publish(ctx, list); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// standing says what the signed form of a list is worth. It is usable while it
// is valid, shows the last change, and its key is not compromised; it is fresh
// while more than a quarter of its life is before it besides.
func (s *Service) standing(ctx context.Context, list storage.StatusList) (fresh, usable bool, err error) {
	now := s.clock()
	if list.Signed == nil || list.Published != list.Version || !now.Before(list.ValidUntil) {
		return false, false, nil
	}
	key, err := s.ring.Key(ctx, list.Tenant, list.Key)
	if err != nil {
		return false, false, err
	}
	usable = key.CompromisedSince.IsZero()
	return usable && now.Add(s.statusLife/4).Before(list.ValidUntil), usable, nil
}

// publish signs a list and stores the result. One call signs a list at a time;
// those that waited for it take its result if that shows what they must show.
func (s *Service) publish(ctx context.Context, list storage.StatusList) (SignedList, error) {
	release, err := s.signing.acquire(ctx, list.ID)
	if err != nil {
		return SignedList{}, fmt.Errorf("publishing status list: %w", err)
	}
	defer release()
	for range 3 {
		if list, err = s.store.FindStatusList(ctx, list.ID); err != nil {
			return SignedList{}, err
		}
		var fresh bool
		if fresh, _, err = s.standing(ctx, list); err != nil {
			return SignedList{}, err
		}
		if fresh {
			return s.signedList(list), nil
		}
		if list, err = s.sign(ctx, list); err != nil {
			return SignedList{}, fmt.Errorf("publishing status list: %w", err)
		}
		err = s.store.SavePublishedList(ctx, list.Tenant, list.ID, storage.PublishedList{
			Version: list.Version, Signed: list.Signed, SignedAt: list.SignedAt, ValidUntil: list.ValidUntil, Key: list.Key,
		})
		if err == nil {
			return s.signedList(list), nil
		}
		if !errors.Is(err, storage.ErrConflict) { // another process was faster
			return SignedList{}, err
		}
	}
	return SignedList{}, err
}

// sign returns the list as it stands in the store now, with a signed form.
func (s *Service) sign(ctx context.Context, list storage.StatusList) (storage.StatusList, error) {
	list, set, err := s.store.StatusBits(ctx, list.Tenant, list.ID)
	if err != nil {
		return list, err
	}
	bits, err := statuslist.New(list.Size)
	if err != nil {
		return list, err
	}
	for _, index := range set {
		if err := bits.Set(index, true); err != nil {
			return list, err
		}
	}
	tenant, err := s.store.Tenant(ctx, list.Tenant)
	if err != nil {
		return list, err
	}
	key, err := s.ring.Signing(ctx, list.Tenant)
	if err != nil {
		return list, err
	}
	list.SignedAt = s.clock().UTC().Truncate(time.Second)
	list.ValidUntil = list.SignedAt.Add(s.statusLife).Truncate(time.Second)
	list.Key = key.Fragment
	unsigned, err := statuslist.Credential(bits, statuslist.Options{
		URL: s.base.statusList(list.ID), Issuer: quote(tenant.DID), Purposes: []string{list.Purpose},
		ValidFrom: list.SignedAt.Add(-statusBackdate), ValidUntil: list.ValidUntil, TTL: min(statusTTL, s.statusLife),
	})
	if err != nil {
		return list, err
	}
	list.Signed, err = s.suites.Sign(ctx, unsigned, key.Signer, dataintegrity.Options{
		VerificationMethod: tenant.DID + "#" + key.Fragment, Created: list.SignedAt,
	})
	return list, err
}

func (s *Service) signedList(list storage.StatusList) SignedList {
	sum := sha256.Sum256(list.Signed)
	return SignedList{
		Signed: list.Signed, ETag: base64.RawURLEncoding.EncodeToString(sum[:18]), ValidUntil: list.ValidUntil,
		MaxAge: max(0, min(statusMaxAge, list.ValidUntil.Sub(s.clock()))),
	}
}
