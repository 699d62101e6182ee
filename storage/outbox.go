package storage

import "time"

// Events that webhooks are told of. Each follows from one audit entry.
const (
	EventAwardIssued     = "award.issued"
	EventAwardClaimed    = "award.claimed"
	EventAwardRevoked    = "award.revoked"
	EventAwardSuspended  = "award.suspended"
	EventAwardReinstated = "award.reinstated"
	EventKeyCreated      = "key.created"
	EventKeyRetired      = "key.retired"
	EventKeyCompromised  = "key.compromised"
)

// Events is every event there is, in the order of documents.
var Events = []string{
	EventAwardIssued, EventAwardClaimed, EventAwardRevoked, EventAwardSuspended, EventAwardReinstated,
	EventKeyCreated, EventKeyRetired, EventKeyCompromised,
}

// Webhook is an address that a tenant wants events sent to.
type Webhook struct {
	Tenant string `json:"-"`
	// ID is random and unique in the tenant.
	ID string `json:"id"`
	// URL is where to send to.
	URL string `json:"url"`
	// Events are those to send; nil means all, later ones included.
	Events []string `json:"events,omitempty"`
	// Secret is what deliveries are signed with, sealed under the
	// installation's key.
	Secret  []byte    `json:"secret"`
	Created time.Time `json:"created"`
}

// DeliveryKind says how a delivery leaves.
type DeliveryKind string

// Kinds of deliveries.
const (
	DeliveryWebhook DeliveryKind = "webhook"
	DeliveryEmail   DeliveryKind = "email"
)

// DeliveryState is where a delivery is in its life.
type DeliveryState string

// States of a delivery.
const (
	// DeliveryWaiting: to be sent, for the first time or again.
	DeliveryWaiting DeliveryState = "waiting"
	// DeliverySent: the other side has taken it.
	DeliverySent DeliveryState = "sent"
	// DeliveryFailed: given up. It can be replayed.
	DeliveryFailed DeliveryState = "failed"
)

// DestinationEmail is the one destination of a tenant's e-mail. The other
// destinations are its webhooks, by id.
const DestinationEmail = "email"

// Delivery is something that has to leave the installation: one event for one
// webhook, or one e-mail. It is stored with what caused it, in one transaction,
// and sent at least once.
type Delivery struct {
	Tenant string `json:"-"`
	// ID is the same however often the delivery is sent, by which its receiver
	// can tell a repetition. It says which audit entry it follows from.
	ID   string       `json:"id"`
	Kind DeliveryKind `json:"kind"`
	// Destination is the id of a webhook, or DestinationEmail.
	Destination string `json:"destination"`
	// Sequence is the number of the audit entry of the act that caused it.
	Sequence uint64 `json:"sequence"`
	// Event is one of the Event constants; of an e-mail, what it is about.
	Event string `json:"event"`
	// Object is kind and id of what it is about, as in "credential/…".
	Object string `json:"object"`
	// Created is when the act was.
	Created time.Time     `json:"created"`
	State   DeliveryState `json:"state"`
	// Attempts counts how often it was sent, or tried to be.
	Attempts int `json:"attempts,omitempty"`
	// Next is when to try next, zero unless it is waiting. Since is from when
	// on it is waiting without success: Created, or the last replay.
	Next  time.Time `json:"next,omitzero"`
	Since time.Time `json:"since"`
	// Aside means that it waits for itself alone; see [Attempt].
	Aside bool `json:"aside,omitempty"`
	// Finished is when it was sent or given up.
	Finished time.Time `json:"finished,omitzero"`
	// LastError is the code of what kept the last attempt from succeeding.
	LastError string `json:"lastError,omitempty"`
	// Subject is the id of the SubjectKey that an e-mail's Message is sealed
	// under, empty for webhooks.
	Subject string `json:"subject,omitempty"`

	// Message is the e-mail, sealed; nil for webhooks and once it was sent or
	// the subject erased.
	Message []byte `json:"-"`
}

// DeliveryFilter narrows a list of deliveries. Zero fields do not narrow.
type DeliveryFilter struct {
	State       DeliveryState
	Destination string
}

// Mail is an e-mail that is to leave.
type Mail struct {
	Act    Act
	Tenant string
	// Event is what it tells of, Object kind and id of its matter.
	Event, Object string
	// Subject is the id of the SubjectKey that Message is sealed under, bound
	// to the place tenant, Object, "mail".
	Subject string
	Message []byte
}

// Attempt is the outcome of trying to deliver.
type Attempt struct {
	Tenant string
	ID     string
	// Time is when the outcome was known.
	Time time.Time
	// Error is a code, empty for success.
	Error string
	// Next is when to try again, zero to give up. It is not used for success.
	Next time.Time
	// Aside lets what comes after it at the destination go ahead of it: the
	// fault lies in this delivery, not in the way to the destination.
	Aside bool
}

// Abandonment gives up what has been waiting for too long.
type Abandonment struct {
	Tenant, Destination string
	// Since is from when on it has been waiting, or longer.
	Since time.Time
	// Error is the code that says why, Time is now.
	Error string
	Time  time.Time
}

// Destination is a place that deliveries are waiting for.
type Destination struct {
	Tenant string
	// ID is the id of a webhook, or DestinationEmail.
	ID string
	// Due is when the first of them is to be tried.
	Due time.Time
}
