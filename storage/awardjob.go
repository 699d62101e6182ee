package storage

import "time"

// Actions of audit entries about bulk awards. Each of their credentials has
// entries of its own.
const (
	ActionDraftAward    = "award.draft"
	ActionConfirmAward  = "award.confirm"
	ActionStartAward    = "award.start"
	ActionFinishAward   = "award.finish"
	ActionCancelAward   = "award.cancel"
	ActionWithdrawAward = "award.withdraw"
	ActionCloseAward    = "award.close"
	ActionClaim         = "credential.claim"
)

// AwardState is where a bulk award is in its life.
type AwardState string

// States of a bulk award.
const (
	// AwardReading: its rows are being stored. What is left in this state by a
	// process that died is of no use to anybody.
	AwardReading AwardState = "reading"
	// AwardDraft: checked, shown to whoever uploaded it, nothing signed.
	AwardDraft AwardState = "draft"
	// AwardConfirmed: to be carried out as soon as StartAt has come.
	AwardConfirmed AwardState = "confirmed"
	// AwardRunning: rows are being signed.
	AwardRunning AwardState = "running"
	// AwardDone: every row has its outcome.
	AwardDone AwardState = "done"
	// AwardCancelled: no further row will be signed.
	AwardCancelled AwardState = "cancelled"
)

// Ended reports whether the bulk award will change no row any more.
func (s AwardState) Ended() bool { return s == AwardDone || s == AwardCancelled }

// AwardJob is a bulk award: one achievement for the people of one file.
type AwardJob struct {
	Tenant string `json:"-"`
	// ID is its public id.
	ID    string     `json:"id"`
	State AwardState `json:"state"`
	// Actor uploaded it.
	Actor string `json:"actor"`
	// Achievement and AchievementVersion name what is awarded: the version that
	// was shown, whatever comes after.
	Achievement        string `json:"achievement"`
	AchievementVersion int    `json:"achievementVersion"`
	// Terms are what all awards have in common, as JSON of the award's own;
	// nobody's data.
	Terms []byte `json:"terms,omitempty"`
	// Key is the data key of its rows, wrapped; nil once it is destroyed.
	Key []byte `json:"key,omitempty"`
	// Sheet describes the file, sealed; nil once the key is destroyed.
	Sheet []byte `json:"sheet,omitempty"`
	// Digest recognises the same file with the same terms; keyed, so that it
	// says nothing without the installation's key.
	Digest []byte `json:"digest,omitempty"`
	// Counts are the rows by state.
	Counts AwardCounts `json:"counts"`
	// Created is when the file came, Confirmed, Started and Finished what they
	// say; zero before.
	Created   time.Time `json:"created"`
	Confirmed time.Time `json:"confirmed,omitzero"`
	Started   time.Time `json:"started,omitzero"`
	Finished  time.Time `json:"finished,omitzero"`
	// StartAt is when signing may begin; zero for at once.
	StartAt time.Time `json:"startAt,omitzero"`
	// ClaimDays is how many days after the end of the job an award that nobody
	// claimed is withdrawn; 0 for never. Withdrawn is when that was seen to.
	ClaimDays int       `json:"claimDays,omitempty"`
	Withdrawn time.Time `json:"withdrawn,omitzero"`
	// Closed is when key and rows were destroyed.
	Closed time.Time `json:"closed,omitzero"`
}

// AwardCounts are how many rows there are in each state.
type AwardCounts struct {
	Ready    int `json:"ready,omitempty"`
	Reserved int `json:"reserved,omitempty"`
	Issued   int `json:"issued,omitempty"`
	Held     int `json:"held,omitempty"`
	Bad      int `json:"bad,omitempty"`
	Failed   int `json:"failed,omitempty"`
	Erased   int `json:"erased,omitempty"`
}

// Total is the number of rows.
func (c AwardCounts) Total() int {
	return c.Ready + c.Reserved + c.Issued + c.Held + c.Bad + c.Failed + c.Erased
}

// Of is the counter of a state, nil for a state that is none.
func (c *AwardCounts) Of(state RowState) *int {
	switch state {
	case RowReady:
		return &c.Ready
	case RowReserved:
		return &c.Reserved
	case RowIssued:
		return &c.Issued
	case RowHeld:
		return &c.Held
	case RowBad:
		return &c.Bad
	case RowFailed:
		return &c.Failed
	case RowErased:
		return &c.Erased
	}
	return nil
}

// RowState is what has become of one row.
type RowState string

// States of a row of a bulk award.
const (
	// RowReady: it will be awarded.
	RowReady RowState = "ready"
	// RowReserved: its credential is pending.
	RowReserved RowState = "reserved"
	// RowIssued: its credential is issued.
	RowIssued RowState = "issued"
	// RowHeld: the recipient had the achievement already.
	RowHeld RowState = "held"
	// RowBad: it has faults and was never to be awarded.
	RowBad RowState = "bad"
	// RowFailed: it was to be awarded and could not be.
	RowFailed RowState = "failed"
	// RowErased: the recipient's data was erased before it was awarded.
	RowErased RowState = "erased"
)

// AwardRow is one row of a bulk award.
type AwardRow struct {
	// Row is its number as a spreadsheet shows it, from 1.
	Row   int      `json:"-"`
	State RowState `json:"state"`
	// Credential is the id of its credential, from reservation on, or of the
	// one that the recipient had.
	Credential string `json:"credential,omitempty"`
	// Faults are why it is bad or failed.
	Faults []RowFault `json:"faults,omitempty"`
	// Lookup is SubjectKey.Lookup of its recipient, by which the row is found
	// when that person is to be erased; nil where there is none.
	Lookup []byte `json:"-"`
	// Sealed is what stands in the row, under the job's key. It is kept while it
	// is needed: until the award is issued, or the file of bad rows is no longer
	// offered.
	Sealed []byte `json:"-"`
}

// RowFault is one thing that is wrong with a row. It holds nothing that stands
// in it.
type RowFault struct {
	// Column counts from 1; 0 is the row as a whole.
	Column int    `json:"column,omitempty"`
	Code   string `json:"code"`
	// Row is another row that it has to do with; 0 for none.
	Row int `json:"row,omitempty"`
}

// RowReservation reserves the credential of a row.
type RowReservation struct {
	Row         int
	Reservation Reservation
}

// RowOutcome is the outcome of a RowReservation.
type RowOutcome struct {
	Row int
	// State is the state of the row after it: RowReserved with Reserved set,
	// RowHeld, RowErased, or whatever the row was if it was not RowReady.
	State    RowState
	Reserved Reserved
	// Again means that the subject has to be looked up again, as with
	// ErrConflict for single reservations. The row is as it was.
	Again bool
}

// RowIssuance ends a reserved row.
type RowIssuance struct {
	Row int
	// Issuance completes the credential. With a Fault it is not used, the
	// credential stays pending and the row has failed.
	Issuance Issuance
	Fault    string
}

// AwardRowFilter selects rows.
type AwardRowFilter struct {
	// After is the number of the row before the first; 0 for all.
	After int
	// Limit is the most rows to return, 1 to 10,000.
	Limit int
	// States are the states to return; nil for all.
	States []RowState
	// Sealed asks for Lookup and Sealed too.
	Sealed bool
}
