package storage

import "time"

// Reservation is a credential that is about to be signed.
type Reservation struct {
	Act    Act
	Tenant string
	// ID is the public id that the credential is to have.
	ID string
	// Achievement and AchievementVersion must exist. For a credential of a VC API
	// instance there is the name of that instead, and Purposes may be empty
	// without being nil: it has no status then.
	Achievement        string
	AchievementVersion int
	Instance           string
	// Subject is either a stored subject's key, as read, or a new one, which is
	// stored with the reservation. A new one whose Lookup is taken gives
	// ErrConflict: look it up again. An erased one gives ErrErased.
	Subject SubjectKey
	// Recipient is sealed; may be nil.
	Recipient []byte
	// Purposes are the status purposes to reserve an index for, revocation
	// first. Nil means revocation alone.
	Purposes []string
	// Visibility is VisibilityLink when empty.
	Visibility Visibility
	ValidUntil time.Time
	// Award is the id of the bulk award that it is a row of; "" for none.
	Award string
}

// Reserved is a reservation made.
type Reserved struct {
	// Credential is the pending record.
	Credential Credential
	// Subject is the key that Credential's sealed fields are under.
	Subject SubjectKey
	// Resumed means that this is the reservation of an earlier request with
	// the same idempotency key that was not completed: ID, Subject and
	// Recipient are the earlier ones, those of this request were not stored.
	Resumed bool
}

// Issuance completes a reservation with what was signed.
type Issuance struct {
	// Act says who and when. Its idempotency claim is not used: that of the
	// reservation is completed.
	Act    Act
	Tenant string
	ID     string
	// Key is the id of the key that signed.
	Key string
	// Signed is the secured credential, sealed.
	Signed []byte
	// Frame is stored with it unless it is there; nothing for the zero Frame.
	Frame Frame
	// Digest is described at Credential.
	Digest []byte
	// Status and Answer are what a repeated request is answered with. They are
	// not used where the reservation had no idempotency key.
	Status int
	Answer []byte
	// Replaces is set for a credential that takes the place of another.
	Replaces *Replacement
}

// Replacement says which credential another takes the place of.
type Replacement struct {
	// ID is the public id of the one replaced. It must be issued, not erased and
	// not replaced before.
	ID string
	// Linked is described at Credential.
	Linked bool
	// Revoke has it revoked in the same transaction, for the reason and with the
	// wording of a StatusChange. It may be revoked already.
	Revoke  bool
	Reason  string
	Wording string
}
