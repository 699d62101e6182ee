package boltstore

import (
	"bytes"
	"context"
	"fmt"
	"strconv"

	"laurel/storage"
)

// Credential reads a credential with its sealed fields.
func (s *Store) Credential(ctx context.Context, tenant, id string) (storage.Credential, error) {
	var c storage.Credential
	err := s.read(ctx, "reading credential", func(t *txn) error {
		at, err := t.within(tenant, credentialKind, id)
		if err != nil {
			return err
		}
		c, err = t.wholeCredential(at)
		return err
	})
	return c, err
}

// FindCredential reads the credential with this id, whichever tenant has it and
// whatever its state and visibility: who may see it is the caller's to decide.
func (s *Store) FindCredential(ctx context.Context, id string) (storage.Credential, error) {
	var c storage.Credential
	err := s.read(ctx, "finding credential", func(t *txn) error {
		at, err := t.locate(credentialKind, id)
		if err != nil {
			return err
		}
		c, err = t.wholeCredential(at)
		return err
	})
	return c, err
}

// ListCredentials lists a tenant's credentials without their sealed fields,
// the newest first. Its cost is that of the page, however many credentials
// there are and whatever the filter.
func (s *Store) ListCredentials(ctx context.Context, tenant string, filter storage.CredentialFilter, page storage.Page) (items []storage.Credential, next string, err error) {
	err = s.read(ctx, "listing credentials", func(t *txn) error {
		w, err := windowOf(page)
		if err != nil {
			return err
		}
		f, prefixes, err := t.filtered(tenant, filter)
		if err != nil || len(prefixes) == 0 {
			return err
		}
		items, next, err = collect(t.descending(f, w.after, prefixes...), w.limit, func(sequence uint64) (storage.Credential, error) {
			c := storage.Credential{Tenant: tenant}
			return c, t.record(credentialFamily, of(tenant).sequence(sequence), &c)
		})
		return err
	})
	return items, next, err
}

// filtered names the index that a filter is answered from, and the parts of it.
func (t *txn) filtered(tenant string, filter storage.CredentialFilter) (*family, []key, error) {
	if filter.State != "" && stateBytes[filter.State] == 0 {
		return nil, nil, invalid("state")
	}
	if filter.Subject != "" {
		if filter.Achievement != "" || filter.State != "" {
			return nil, nil, invalid("filter by subject and more")
		}
		return holdingFamily, []key{of(tenant).word(filter.Subject)}, validID("subject id", filter.Subject)
	}
	if filter.Achievement == "" {
		if filter.State == "" {
			return credentialFamily, []key{of(tenant)}, nil
		}
		return stateFamily, []key{of(tenant).byte(stateBytes[filter.State])}, nil
	}
	award, err := t.within(tenant, achievementKind, filter.Achievement)
	if err != nil {
		return awardFamily, nil, nil // of an unknown achievement there are none
	}
	if filter.State != "" {
		return awardFamily, []key{award.byte(stateBytes[filter.State])}, nil
	}
	var prefixes []key
	for _, b := range stateBytes {
		prefixes = append(prefixes, award.byte(b))
	}
	return awardFamily, prefixes, nil
}

// SetVisibility changes who may see a credential.
func (s *Store) SetVisibility(ctx context.Context, act storage.Act, tenant, id string, visibility storage.Visibility) error {
	valid := first(validAct(act), validVisibility(visibility))
	return s.writeVital(ctx, "setting visibility", valid, func(t *txn) error {
		if err := t.unclaimed(tenant, act); err != nil {
			return err
		}
		at, c, err := t.credential(tenant, id)
		if err != nil {
			return err
		}
		if c.Visibility != visibility {
			c.Visibility = visibility
			t.putCredential(at, c)
			t.audit(tenant, act, storage.ActionSetVisibility, "credential/"+id, string(visibility))
		}
		t.claimDone(tenant, act, "credential/"+id)
		return nil
	})
}

// ClaimCredential notes when the recipient of a credential took it; the first
// time stays. It returns ErrConflict for one that is pending or revoked and
// ErrErased for one whose subject is gone.
func (s *Store) ClaimCredential(ctx context.Context, act storage.Act, tenant, id string) (storage.Credential, error) {
	var claimed storage.Credential
	err := s.write(ctx, "claiming credential", validAct(act), func(t *txn) error {
		if err := t.unclaimed(tenant, act); err != nil {
			return err
		}
		at, c, err := t.credential(tenant, id)
		switch {
		case err != nil:
			return err
		case !c.Erased.IsZero():
			return storage.ErrErased
		case c.State == storage.StatePending || c.State == storage.StateRevoked:
			return storage.ErrConflict
		}
		if c.Claimed.IsZero() {
			c.Claimed = act.Time.UTC()
			t.putCredential(at, c)
			t.audit(tenant, act, storage.ActionClaim, "credential/"+id, "")
		}
		t.claimDone(tenant, act, "credential/"+id)
		claimed = c
		return nil
	})
	return claimed, err
}

// stateBytes stand for the states in keys.
var stateBytes = map[storage.State]byte{
	storage.StatePending: 'p', storage.StateIssued: 'i', storage.StateSuspended: 's', storage.StateRevoked: 'r',
}

func stateKey(tenant string, state storage.State, sequence uint64) key {
	return of(tenant).byte(stateBytes[state]).sequence(sequence)
}

// awardKey takes the achievement's own key as its beginning.
func awardKey(achievement key, state storage.State, sequence uint64) key {
	return achievement.byte(stateBytes[state]).sequence(sequence)
}

// setState moves a credential to a state in its indexes. The caller stores it.
func (t *txn) setState(at key, c *storage.Credential, state storage.State) error {
	sequence := sequenceOf(at)
	if c.Instance == "" {
		award, err := t.within(c.Tenant, achievementKind, c.Achievement)
		if err != nil {
			return fmt.Errorf("%w: credential of no achievement", storage.ErrCorrupt)
		}
		t.remove(awardFamily, awardKey(award, c.State, sequence))
		t.put(awardFamily, awardKey(award, state, sequence), nil)
	}
	t.remove(stateFamily, stateKey(c.Tenant, c.State, sequence))
	c.State = state
	t.put(stateFamily, stateKey(c.Tenant, c.State, sequence), nil)
	return nil
}

func (t *txn) putCredential(at key, c storage.Credential) { t.putRecord(credentialFamily, at, c) }

// credential reads a credential without its sealed fields.
func (t *txn) credential(tenant, id string) (key, storage.Credential, error) {
	at, err := t.within(tenant, credentialKind, id)
	if err != nil {
		return nil, storage.Credential{Tenant: tenant}, err
	}
	c, err := recall(t, credentialFamily, at, storage.Credential{Tenant: tenant})
	return at, c, err
}

func (t *txn) wholeCredential(at key) (storage.Credential, error) {
	c := storage.Credential{Tenant: tenantOf(at)}
	err := t.record(credentialFamily, at, &c)
	c.Signed = bytes.Clone(t.get(signedFamily, at))
	c.Recipient = bytes.Clone(t.get(recipientFamily, at))
	return c, err
}

func decimal(n int) string { return strconv.Itoa(n) }
