package issuer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"laurel/storage"
)

// Credential is an award as it stands.
type Credential struct {
	ID         string
	URL        string
	Tenant     string
	State      storage.State
	Visibility storage.Visibility
	// Achievement and AchievementVersion name what was awarded, or Instance the
	// instance of the VC API that issued it.
	Achievement        string
	AchievementVersion int
	Instance           string
	Created, Issued    time.Time
	ValidUntil         time.Time // zero when it does not end
	// Changed, Reason and Wording tell of the last change of status.
	Changed time.Time
	Reason  string
	Wording string
	// Replaces and ReplacedBy are ids of badges of the same tenant; Linked says
	// whether the public may be led to this one from the one that it replaces.
	Replaces, ReplacedBy string
	Linked               bool
	// Erased is set when the recipient's data was erased.
	Erased time.Time
	// Signed is the badge byte for byte, nil in lists.
	Signed []byte
}

// Credential returns a badge to whoever has its id. Pending awards and those
// of visibility off are storage.ErrNotFound, erased ones storage.ErrErased.
func (s *Service) Credential(ctx context.Context, id string) (Credential, error) {
	record, err := s.store.FindCredential(ctx, id)
	if err != nil {
		return Credential{}, err
	}
	switch {
	case record.Visibility == storage.VisibilityOff || record.Issued.IsZero():
		return Credential{}, fmt.Errorf("finding credential: %w", storage.ErrNotFound)
	case !record.Erased.IsZero():
		return Credential{}, fmt.Errorf("finding credential: %w", storage.ErrErased)
	}
	return s.opened(ctx, record)
}

// OperatorCredential returns an award of the tenant in any state and of any
// visibility. Signed is nil while it is pending and after erasure.
func (s *Service) OperatorCredential(ctx context.Context, tenant, id string) (Credential, error) {
	record, err := s.store.Credential(ctx, tenant, id)
	if err != nil {
		return Credential{}, err
	}
	if record.Signed == nil {
		return s.credential(record), nil
	}
	return s.opened(ctx, record)
}

// opened unseals a badge and makes sure that it is the one that was issued.
func (s *Service) opened(ctx context.Context, record storage.Credential) (Credential, error) {
	c := s.credential(record)
	var err error
	c.Signed, err = s.openSigned(ctx, record)
	return c, err
}

// Credentials lists a tenant's awards without their bytes, the newest first,
// and the cursor of the next page, "" after the last.
func (s *Service) Credentials(ctx context.Context, tenant string, filter storage.CredentialFilter, page storage.Page) ([]Credential, string, error) {
	records, next, err := s.store.ListCredentials(ctx, tenant, filter, page)
	if err != nil {
		return nil, "", err
	}
	list := make([]Credential, len(records))
	for i, record := range records {
		list[i] = s.credential(record)
	}
	return list, next, nil
}

// SetVisibility changes who may see an award. Errors: *InvalidError;
// storage.ErrNotFound.
func (s *Service) SetVisibility(ctx context.Context, caller Caller, id string, visibility storage.Visibility) error {
	if !knownVisibility(visibility) {
		return fault("/visibility", "visibility_unknown")
	}
	return repeated(s.store.SetVisibility(ctx, s.act(caller, nil), caller.Tenant, id, visibility))
}

func knownVisibility(v storage.Visibility) bool {
	return v == storage.VisibilityOff || v == storage.VisibilityLink || v == storage.VisibilityPublic
}

func (s *Service) credential(c storage.Credential) Credential {
	return Credential{
		ID: c.ID, URL: s.base.credential(c.ID), Tenant: c.Tenant, State: c.State, Visibility: c.Visibility,
		Achievement: c.Achievement, AchievementVersion: c.AchievementVersion, Instance: c.Instance,
		Created: c.Created, Issued: c.Issued, ValidUntil: c.ValidUntil,
		Changed: c.Changed, Reason: c.Reason, Wording: c.Wording, Erased: c.Erased,
		Replaces: c.Replaces, ReplacedBy: c.ReplacedBy, Linked: c.Linked,
	}
}

// repeated forgives a request that was carried out before, where there is
// nothing to answer but that it was.
func repeated(err error) error {
	var replay *storage.ReplayError
	if errors.As(err, &replay) {
		return nil
	}
	return err
}
