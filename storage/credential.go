package storage

import "time"

// State is where a credential is in its life.
type State string

// States of a credential.
const (
	// StatePending: recorded with its status entries, not yet signed, or
	// signed by a process that died before it could say so. Never published.
	StatePending State = "pending"
	// StateIssued: signed and acknowledged.
	StateIssued State = "issued"
	// StateSuspended: issued, and its suspension bit is set.
	StateSuspended State = "suspended"
	// StateRevoked: its revocation bit is set. Final.
	StateRevoked State = "revoked"
)

// Visibility says who may see an issued credential.
type Visibility string

// Visibilities of a credential.
const (
	// VisibilityOff: nobody but the operators.
	VisibilityOff Visibility = "off"
	// VisibilityLink: whoever has its URL. The default.
	VisibilityLink Visibility = "link"
	// VisibilityPublic: may be listed and indexed.
	VisibilityPublic Visibility = "public"
)

// Credential is the record of one award.
type Credential struct {
	Tenant string `json:"-"`
	// ID is the public id, the last segment of its URL; at least 122 random bits.
	ID    string `json:"id"`
	State State  `json:"state"`
	// Achievement and AchievementVersion name what was awarded; neither is set
	// for a credential of an Instance.
	Achievement        string `json:"achievement,omitempty"`
	AchievementVersion int    `json:"achievementVersion,omitempty"`
	// Instance is the name of the VC API instance that issued it, "" for an
	// award.
	Instance string `json:"instance,omitempty"`
	// Subject is the id of the SubjectKey that its sealed fields are under.
	Subject string `json:"subject"`
	// Status are its entries in status lists, the one for revocation first.
	Status     []StatusEntry `json:"status"`
	Visibility Visibility    `json:"visibility"`
	// Created is when it was reserved, Issued when its signature was stored.
	Created    time.Time `json:"created"`
	Issued     time.Time `json:"issued,omitzero"`
	ValidUntil time.Time `json:"validUntil,omitzero"`
	// Key is the id of the tenant's key that signed it.
	Key string `json:"key,omitempty"`
	// Digest recognises the signed bytes again. It is keyed with the subject's
	// key, so that it says nothing once that is destroyed.
	Digest []byte `json:"digest,omitempty"`
	// Claimed is when its recipient took it; zero before.
	Claimed time.Time `json:"claimed,omitzero"`
	// Changed, Reason and Wording tell of the last change of status: when, the
	// code of the reason, and what the public is told.
	Changed time.Time `json:"changed,omitzero"`
	Reason  string    `json:"reason,omitempty"`
	Wording string    `json:"wording,omitempty"`
	// Erased is when the subject's data was erased. What is left is this
	// record, whose status goes on being published.
	Erased time.Time `json:"erased,omitzero"`
	// Award is the id of the bulk award that it came from; "" for none.
	Award string `json:"award,omitempty"`
	// Replaces and ReplacedBy are the public ids of the credential whose place it
	// took and of the one that took its place, of the same tenant.
	Replaces   string `json:"replaces,omitempty"`
	ReplacedBy string `json:"replacedBy,omitempty"`
	// Linked means that the public may be led from the one it replaces to it, and
	// back.
	Linked bool `json:"linked,omitempty"`
	// Claim names the idempotency record of a pending credential, if it has one.
	Claim *ClaimReference `json:"claim,omitempty"`

	// Signed is the secured credential, sealed; nil while pending, after
	// erasure and in lists.
	Signed []byte `json:"-"`
	// Recipient is what is known of the recipient beside the credential,
	// sealed; nil after erasure and in lists.
	Recipient []byte `json:"-"`
}

// ClaimReference names an idempotency record of the same tenant.
type ClaimReference struct {
	APIKey string `json:"apiKey"`
	Key    string `json:"key"`
}

// CredentialFilter narrows a list of credentials. Zero fields do not narrow.
type CredentialFilter struct {
	Achievement string
	State       State
	// Subject may not be combined with the others.
	Subject string
}
