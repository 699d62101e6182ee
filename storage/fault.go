package storage

// What holds in every sound store. The numbers are those under which
// `laurel fsck` reports.
const (
	InvariantRetrievable = "I1"  // every acknowledged credential can be had, as it was issued
	InvariantComplete    = "I2"  // what was not acknowledged is absent or complete
	InvariantIndexes     = "I3"  // a place in a status list belongs to one credential
	InvariantStatus      = "I4"  // status lists show the state of every credential
	InvariantAudit       = "I5"  // every act has one entry in an unbroken chain
	InvariantKeys        = "I6"  // the key of every credential is known
	InvariantTenants     = "I7"  // no record refers to another tenant
	InvariantJobs        = "I8"  // the rows of a job add up
	InvariantDeliveries  = "I9"  // every event was delivered or waits to be
	InvariantSecrets     = "I10" // no secret lies in the clear, nothing erased is left
	InvariantOnce        = "I11" // what can be used once was used once
	InvariantFile        = "I12" // the file is whole
)

// Invariants are all of them, in order.
var Invariants = []string{
	InvariantRetrievable, InvariantComplete, InvariantIndexes, InvariantStatus, InvariantAudit, InvariantKeys,
	InvariantTenants, InvariantJobs, InvariantDeliveries, InvariantSecrets, InvariantOnce, InvariantFile,
}

// Fault is something in a store that is not as it must be.
type Fault struct {
	// Invariant is the one that is violated.
	Invariant string `json:"invariant"`
	// Code says in what way; words are for whoever shows it.
	Code   string `json:"code"`
	Tenant string `json:"tenant,omitempty"`
	// Object is kind and public id of the record, as in an audit entry, or the
	// name of a bucket where the record cannot be named.
	Object string `json:"object"`
	// Detail are the particulars; never a person's data.
	Detail string `json:"detail,omitempty"`
}

// Inspection is who is told what an inspection of a store comes to.
type Inspection struct {
	// Fault is called for each fault.
	Fault func(Fault)
	// Step is called now and then with what is being read and how many rows
	// that were so far. May be nil.
	Step func(doing string, rows int)
}
