package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"laurel/storage"
)

// ReserveCredential records a credential that is about to be signed, with an
// index of its own in a status list of each purpose, before anything is signed.
// A new list is opened when the usable places of the present one are given out.
//
// A reservation of the same idempotency key that was left behind is returned
// instead, to be completed; see [storage.IdempotencyClaim]. The errors are
// those described there, and ErrNotFound for an unknown tenant or achievement
// version, ErrExists for an id in use, ErrErased and ErrConflict for the
// subject as described at [storage.Reservation].
func (s *Store) ReserveCredential(ctx context.Context, r storage.Reservation) (storage.Reserved, error) {
	r, valid := validReservation(r)
	var reserved storage.Reserved
	err := s.write(ctx, "reserving credential", valid, func(t *txn) error {
		claim, err := t.claim(r.Tenant, r.Act)
		if err != nil {
			return err
		}
		if claim != nil {
			reserved, err = s.resume(t, r, *claim)
			return err
		}
		reserved, err = s.reserve(t, r)
		return err
	})
	return reserved, err
}

func validReservation(r storage.Reservation) (storage.Reservation, error) {
	if r.Purposes == nil {
		r.Purposes = []string{storage.PurposeRevocation}
	}
	if r.Visibility == "" {
		r.Visibility = storage.VisibilityLink
	}
	valid := first(validAct(r.Act), validSlug(r.Tenant), validID("credential id", r.ID),
		validID("subject id", r.Subject.ID), validVisibility(r.Visibility))
	switch {
	case valid != nil:
	case r.Instance == "" && len(r.Purposes) == 0 || len(r.Purposes) > 0 && r.Purposes[0] != storage.PurposeRevocation:
		valid = invalid("first status purpose is not revocation")
	case len(r.Purposes) > 2 || len(r.Purposes) == 2 && r.Purposes[1] != storage.PurposeSuspension:
		valid = invalid("second status purpose is not suspension")
	case len(r.Subject.Wrapped) == 0 && r.Subject.Erased.IsZero():
		valid = invalid("subject without a wrapped key")
	case r.Instance != "" && (r.Achievement != "" || r.AchievementVersion != 0):
		valid = invalid("achievement of an instance")
	case r.Instance == "" && r.AchievementVersion < 1:
		valid = invalid("achievement version %d", r.AchievementVersion)
	case r.Act.Idempotency != nil && !r.Act.Idempotency.Lease.After(r.Act.Time):
		valid = invalid("idempotency key without a lease")
	}
	return r, valid
}

// resume hands out what an earlier request with the same key left pending.
func (s *Store) resume(t *txn, r storage.Reservation, claim storage.Idempotency) (storage.Reserved, error) {
	none := storage.Reserved{}
	if claim.Run == s.run && r.Act.Time.Before(claim.Lease) {
		return none, storage.ErrInFlight
	}
	id, ok := strings.CutPrefix(claim.Object, "credential/")
	if !ok {
		return none, storage.ErrInFlight
	}
	at, err := t.within(r.Tenant, credentialKind, id)
	if err != nil {
		return none, err
	}
	credential, err := t.wholeCredential(at)
	if err != nil {
		return none, err
	}
	subject, err := t.subject(r.Tenant, credential.Subject)
	if err != nil {
		return none, err
	}
	switch {
	case !subject.Erased.IsZero():
		return none, storage.ErrErased
	case credential.State != storage.StatePending:
		return none, storage.ErrConflict
	}
	claim.Lease, claim.Run = r.Act.Idempotency.Lease.UTC(), s.run
	t.putIdempotency(r.Tenant, claim)
	return storage.Reserved{Credential: credential, Subject: subject, Resumed: true}, nil
}

func (s *Store) reserve(t *txn, r storage.Reservation) (storage.Reserved, error) {
	none := storage.Reserved{}
	charged, err := t.charge(r)
	if err = first(err, t.free(credentialKind, r.ID)); err != nil {
		return none, err
	}
	var award key
	if r.Instance == "" {
		if award, err = t.within(r.Tenant, achievementKind, r.Achievement); err == nil && t.get(versionFamily, award.number(r.AchievementVersion)) == nil {
			err = storage.ErrNotFound
		}
		if err != nil {
			return none, fmt.Errorf("achievement: %w", err)
		}
	}
	subject, known, err := t.reservationSubject(r)
	if err != nil {
		return none, err
	}
	credential := storage.Credential{
		Tenant: r.Tenant, ID: r.ID, State: storage.StatePending,
		Achievement: r.Achievement, AchievementVersion: r.AchievementVersion, Instance: r.Instance, Subject: subject.ID,
		Visibility: r.Visibility, Created: r.Act.Time.UTC(), ValidUntil: r.ValidUntil.UTC(), Recipient: r.Recipient,
		Award: r.Award,
	}
	if claim := r.Act.Idempotency; claim != nil {
		credential.Claim = &storage.ClaimReference{APIKey: claim.APIKey, Key: claim.Key}
	}
	sequence := t.next(credentialFamily, of(r.Tenant))
	for _, purpose := range r.Purposes {
		entry, err := s.reserveSlot(t, r, purpose, sequence)
		if err != nil {
			return none, err
		}
		credential.Status = append(credential.Status, entry)
	}
	if !known {
		t.putSubject(subject)
	}
	if charged != nil {
		t.putRecord(tenantFamily, of(r.Tenant), *charged)
	}
	at := of(r.Tenant).sequence(sequence)
	t.register(credentialKind, r.ID, at)
	stored := credential
	stored.Recipient, stored.Created, stored.ValidUntil = nil, stored.Created.Round(0), stored.ValidUntil.Round(0)
	t.retain(credentialFamily, at, stored) // it is read again when it is committed
	if r.Recipient != nil {
		t.put(recipientFamily, at, r.Recipient)
	}
	t.put(stateFamily, stateKey(r.Tenant, credential.State, sequence), nil)
	if award != nil {
		t.put(awardFamily, awardKey(award, credential.State, sequence), nil)
	}
	t.put(holdingFamily, of(r.Tenant).word(subject.ID).sequence(sequence), nil)
	t.claimHeld(r.Tenant, s.run, r.Act, "credential/"+r.ID)
	t.audit(r.Tenant, r.Act, storage.ActionReserve, "credential/"+r.ID, "")
	return storage.Reserved{Credential: credential, Subject: subject}, nil
}

// reservationSubject settles whose credential it is, and whether that subject
// is stored.
func (t *txn) reservationSubject(r storage.Reservation) (subject storage.SubjectKey, known bool, err error) {
	stored, err := t.subject(r.Tenant, r.Subject.ID)
	switch {
	case err == nil && !stored.Erased.IsZero():
		return stored, true, storage.ErrErased
	case err == nil && !bytes.Equal(stored.Wrapped, r.Subject.Wrapped):
		return stored, true, fmt.Errorf("subject with another key: %w", storage.ErrConflict)
	case err == nil:
		return stored, true, nil
	case !errors.Is(err, storage.ErrNotFound):
		return stored, false, err
	}
	subject = r.Subject
	subject.Tenant = r.Tenant
	if len(subject.Wrapped) == 0 {
		return subject, false, invalid("subject without a wrapped key")
	}
	if subject.Created.IsZero() {
		subject.Created = r.Act.Time.UTC()
	}
	if len(subject.Lookup) > 0 && t.get(lookupFamily, of(r.Tenant).text(string(subject.Lookup))) != nil {
		return subject, false, fmt.Errorf("subject known by another id: %w", storage.ErrConflict)
	}
	return subject, false, nil
}

// CommitCredential stores what was signed for a reservation and makes it
// issued. It returns ErrConflict when the credential is not pending (any more),
// ErrErased when the subject is gone, and ErrNotFound for an unknown credential
// or key; the same for the credential that it replaces, of which ErrConflict also
// means that another has replaced it.
func (s *Store) CommitCredential(ctx context.Context, i storage.Issuance) (storage.Credential, error) {
	valid := validAct(i.Act)
	if valid == nil && len(i.Signed) == 0 {
		valid = invalid("issuance without signed bytes")
	}
	var issued storage.Credential
	err := s.write(ctx, "committing credential", valid, func(t *txn) (err error) {
		issued, err = t.issue(i)
		return err
	})
	return issued, err
}

// issue stores what was signed for a pending credential. It fails before it
// writes.
func (t *txn) issue(i storage.Issuance) (storage.Credential, error) {
	none := storage.Credential{}
	i.Frame.Tenant = i.Tenant
	unframed, err := t.missingFrame(i.Frame)
	if err != nil {
		return none, err
	}
	at, c, err := t.credential(i.Tenant, i.ID)
	switch {
	case err != nil:
		return none, err
	case !c.Erased.IsZero():
		return none, storage.ErrErased
	case c.State != storage.StatePending:
		return none, storage.ErrConflict
	case t.get(keyFamily, of(i.Tenant).text(i.Key)) == nil:
		return none, fmt.Errorf("key: %w", storage.ErrNotFound)
	}
	replaced, err := t.replaceable(i)
	if err != nil {
		return none, fmt.Errorf("credential to replace: %w", err)
	}
	claim := c.Claim
	if replaced != nil {
		c.Replaces, c.Linked = i.Replaces.ID, i.Replaces.Linked
		if err := t.replace(replaced, i); err != nil {
			return none, err
		}
	}
	c.Key, c.Digest, c.Issued, c.Claim = i.Key, i.Digest, i.Act.Time.UTC(), nil
	if err := t.setState(at, &c, storage.StateIssued); err != nil {
		return none, err
	}
	t.putCredential(at, c)
	t.put(signedFamily, at, i.Signed)
	if unframed {
		t.put(frameFamily, frameKey(i.Frame), i.Frame.Text)
	}
	t.answerClaim(i, claim)
	t.audit(i.Tenant, i.Act, storage.ActionIssue, "credential/"+i.ID, i.Key)
	c.Signed, c.Recipient = i.Signed, bytes.Clone(t.get(recipientFamily, at))
	return c, nil
}

// replaced is a credential that another takes the place of.
type replaced struct {
	at key
	c  storage.Credential
}

// replaceable reads the credential that an issuance replaces, nil for none.
func (t *txn) replaceable(i storage.Issuance) (*replaced, error) {
	if i.Replaces == nil {
		return nil, nil
	}
	at, c, err := t.credential(i.Tenant, i.Replaces.ID)
	switch {
	case err != nil:
		return nil, err
	case !c.Erased.IsZero():
		return nil, storage.ErrErased
	case c.Issued.IsZero() || c.ReplacedBy != "" || c.ID == i.ID:
		return nil, storage.ErrConflict
	}
	return &replaced{at, c}, nil
}

// replace notes who took a credential's place, and revokes it if that is wished.
func (t *txn) replace(r *replaced, i storage.Issuance) error {
	r.c.ReplacedBy = i.ID
	t.audit(i.Tenant, i.Act, storage.ActionReplace, "credential/"+r.c.ID, i.ID)
	if !i.Replaces.Revoke || r.c.State == storage.StateRevoked {
		t.putCredential(r.at, r.c)
		return nil
	}
	lists := make(touched)
	return first(t.setStatus(r.at, &r.c, storage.StatusChange{
		Act: i.Act, Tenant: i.Tenant, ID: r.c.ID, State: storage.StateRevoked, Reason: i.Replaces.Reason, Wording: i.Replaces.Wording,
	}, lists), t.raise(lists, i.Act.Time))
}

// answerClaim completes the idempotency record of a reservation, if it had one
// and that has not expired and gone to another request since.
func (t *txn) answerClaim(i storage.Issuance, claim *storage.ClaimReference) {
	if row := t.ownClaim(i.Tenant, i.ID, claim); row != nil {
		row.Done, row.Status, row.Answer = true, i.Status, i.Answer
		row.Lease, row.Run = time.Time{}, ""
		t.putIdempotency(i.Tenant, *row)
	}
}

// ownClaim is the idempotency record of a reservation, nil where it has none. One
// that cannot be read fails the transaction: the request could not be answered
// again.
func (t *txn) ownClaim(tenant, id string, claim *storage.ClaimReference) *storage.Idempotency {
	if claim == nil {
		return nil
	}
	row, err := t.idempotency(tenant, claim.APIKey, claim.Key)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil
	case err != nil:
		t.note(err)
		return nil
	case row.Object != "credential/"+id:
		return nil
	}
	return row
}

// AbandonCredential ends the lease of a pending credential's idempotency key,
// so that a repeated request can complete it at once. The credential stays
// pending and keeps its index, which nothing else will ever have.
func (s *Store) AbandonCredential(ctx context.Context, act storage.Act, tenant, id string) error {
	return s.write(ctx, "abandoning credential", validAct(act), func(t *txn) error {
		_, c, err := t.credential(tenant, id)
		if err != nil {
			return err
		}
		if c.State != storage.StatePending {
			return storage.ErrConflict
		}
		if row := t.ownClaim(tenant, id, c.Claim); row != nil && !row.Done {
			row.Lease, row.Run = time.Time{}, ""
			t.putIdempotency(tenant, *row)
		}
		t.audit(tenant, act, storage.ActionAbandon, "credential/"+id, "")
		return nil
	})
}

func validVisibility(v storage.Visibility) error {
	if !slices.Contains([]storage.Visibility{storage.VisibilityOff, storage.VisibilityLink, storage.VisibilityPublic}, v) {
		return invalid("visibility")
	}
	return nil
}
