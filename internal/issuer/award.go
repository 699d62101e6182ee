package issuer

import (
	"context"
	"encoding/json"
	"time"

	"laurel/storage"
)

// Request asks for an award. The json names are those of the operators' API.
type Request struct {
	// Achievement is the public id of one of the tenant's achievements, or its
	// URL. The latest version is awarded.
	Achievement string    `json:"achievement"`
	Recipient   Recipient `json:"recipient"`
	// ValidFrom is now when zero. It may lie in the future.
	ValidFrom   time.Time `json:"validFrom,omitzero"`
	ValidUntil  time.Time `json:"validUntil,omitzero"`
	AwardedDate time.Time `json:"awardedDate,omitzero"`
	// Evidence are Open Badges Evidence objects; type may be left out.
	Evidence []json.RawMessage `json:"evidence,omitempty"`
	// Visibility is storage.VisibilityLink when empty.
	Visibility storage.Visibility `json:"visibility,omitempty"`
}

// Recipient is who gets the badge: by e-mail address or by id, not both.
type Recipient struct {
	// Email becomes a salted SHA-256 IdentityObject, and the subject a random
	// urn:uuid. What is hashed is the address trimmed and in lower case; it
	// does not stand in the badge.
	Email string `json:"email,omitempty"`
	// ID is a DID or another URI and becomes the subject's id.
	ID string `json:"id,omitempty"`
	// Name is optional. It goes into the badge as a salted SHA-256
	// IdentityObject of its own, trimmed and with single spaces, so that a
	// reader can compare it with a name at hand.
	Name string `json:"name,omitempty"`
}

// Award is the answer to a Request.
type Award struct {
	ID    string        `json:"id"`
	URL   string        `json:"url"`
	State storage.State `json:"state"`
}

// Award issues one badge, once. It returns when the signed badge is stored.
//
// Errors: *InvalidError with paths into the Request as JSON; storage.ErrNotFound
// for an achievement that the tenant does not have; storage.ErrErased when the
// recipient's data was erased while the badge was in the making;
// storage.ErrInFlight and ErrMismatch for the idempotency key, whose replay
// returns the first answer; ErrSelfCheck; keys.ErrNoSigningKey. After an error
// nothing was released; asking again with the same idempotency key completes
// what was begun.
func (s *Service) Award(ctx context.Context, caller Caller, request Request) (Award, error) {
	return Award{}, errNotYet
}
