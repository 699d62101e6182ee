package storage

import "time"

// StatusPhase is how far a change of many statuses has got.
type StatusPhase string

// Phases of a StatusJob.
const (
	// StatusDraft: it is settled which credentials it is for; nothing is
	// changed before somebody confirms it.
	StatusDraft StatusPhase = "draft"
	// StatusRunning: confirmed, and being carried out.
	StatusRunning StatusPhase = "running"
	// StatusDone: every credential was dealt with.
	StatusDone StatusPhase = "done"
	// StatusStopped: ended by an operator. What was changed stays changed.
	StatusStopped StatusPhase = "stopped"
	// StatusExpired: never confirmed.
	StatusExpired StatusPhase = "expired"
)

// Selection says which credentials of a tenant are meant: those to which every
// field applies that is not zero. At least one must not be.
type Selection struct {
	Achievement string `json:"achievement,omitempty"`
	// Award is the id of a bulk award.
	Award string `json:"award,omitempty"`
	// State may be left out for those that the change is possible for.
	State State `json:"state,omitempty"`
	// IssuedFrom and IssuedUntil are both included.
	IssuedFrom  time.Time `json:"issuedFrom,omitzero"`
	IssuedUntil time.Time `json:"issuedUntil,omitzero"`
	// Subject is the id of a SubjectKey. It is not stored with a job.
	Subject string `json:"-"`
	// IDs are public ids of credentials. They are not stored with a job either,
	// which has their places instead.
	IDs []string `json:"-"`
}

// StatusTally counts credentials by what a change of status did to them.
type StatusTally struct {
	Changed int `json:"changed"`
	// Unchanged are in the state already.
	Unchanged int `json:"unchanged"`
	// Refused are those whose state does not allow it.
	Refused int `json:"refused"`
}

// Total is the number of credentials counted.
func (t StatusTally) Total() int { return t.Changed + t.Unchanged + t.Refused }

// Why a change of status is refused.
const (
	RefusedRevoked      = "revoked"       // what is revoked stays revoked
	RefusedPending      = "pending"       // it is not issued yet
	RefusedNoSuspension = "no-suspension" // it has no entry in a suspension list
)

// StatusRefusal is a credential whose status was not changed, and why.
type StatusRefusal struct {
	ID   string `json:"id"`
	Code string `json:"code"`
}

// SelectedCredentials are what a Selection came to.
type SelectedCredentials struct {
	// Expected is what the change would do to them now.
	Expected StatusTally
	// Sample are the public ids of the first few that would change, Refused
	// the first few that would be refused.
	Sample  []string
	Refused []StatusRefusal
	// Unknown are indexes into Selection.IDs of ids that no credential of the
	// tenant has, the first few.
	Unknown []int
	// Rows stand for the credentials and mean something to the store only.
	Rows []uint64
}

// StatusJob changes the status of many credentials: those that were selected
// when it was made, whatever is awarded since. It is carried out in steps, each
// a transaction, and goes on after any number of interruptions.
type StatusJob struct {
	Tenant string `json:"-"`
	// ID is public and random.
	ID    string      `json:"id"`
	Phase StatusPhase `json:"phase"`
	// Selection is what the credentials were selected by, as far as it says
	// nothing about a person; Recipient and Listed say that the rest was by
	// recipient, or by a list of ids.
	Selection Selection `json:"selection"`
	Recipient bool      `json:"recipient,omitempty"`
	Listed    bool      `json:"listed,omitempty"`
	// State, Reason and Wording are those of a StatusChange.
	State   State  `json:"state"`
	Reason  string `json:"reason,omitempty"`
	Wording string `json:"wording,omitempty"`
	// Expected is what it was to do when it was made, Sample and Refused are
	// the first few of them.
	Expected StatusTally     `json:"expected"`
	Sample   []string        `json:"sample,omitempty"`
	Refused  []StatusRefusal `json:"refused,omitempty"`
	// Tally is what it has done so far, exactly.
	Tally StatusTally `json:"tally"`
	// Actor is who confirmed it, in whose name it acts.
	Actor     string    `json:"actor,omitempty"`
	Created   time.Time `json:"created"`
	Expires   time.Time `json:"expires,omitzero"` // of a draft
	Confirmed time.Time `json:"confirmed,omitzero"`
	Finished  time.Time `json:"finished,omitzero"`
	// Step is the next of Steps.
	Step  int `json:"step"`
	Steps int `json:"steps"`
}
