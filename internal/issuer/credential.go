package issuer

import (
	"context"
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
	// Achievement and AchievementVersion name what was awarded.
	Achievement        string
	AchievementVersion int
	Created, Issued    time.Time
	ValidUntil         time.Time // zero when it does not end
	// Changed, Reason and Wording tell of the last change of status.
	Changed time.Time
	Reason  string
	Wording string
	// Erased is set when the recipient's data was erased.
	Erased time.Time
	// Signed is the badge byte for byte, nil in lists.
	Signed []byte
}

// Credential returns a badge to whoever has its id. Pending awards and those
// of visibility off are storage.ErrNotFound, erased ones storage.ErrErased.
func (s *Service) Credential(ctx context.Context, id string) (Credential, error) {
	return Credential{}, errNotYet
}

// OperatorCredential returns an award of the tenant in any state and of any
// visibility. Signed is nil while it is pending and after erasure.
func (s *Service) OperatorCredential(ctx context.Context, tenant, id string) (Credential, error) {
	return Credential{}, errNotYet
}

// Credentials lists a tenant's awards without their bytes, the newest first,
// and the cursor of the next page, "" after the last.
func (s *Service) Credentials(ctx context.Context, tenant string, filter storage.CredentialFilter, page storage.Page) ([]Credential, string, error) {
	return nil, "", errNotYet
}

// SetVisibility changes who may see an award.
func (s *Service) SetVisibility(ctx context.Context, caller Caller, id string, visibility storage.Visibility) error {
	return errNotYet
}
