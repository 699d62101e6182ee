package storage

// ChainHead is the last entry of an audit chain.
type ChainHead struct {
	// Tenant is "" for the chain of the installation itself.
	Tenant   string
	Sequence uint64
	Hash     [32]byte
}

// AuditRow is an entry as it lies in the store, for whoever checks chains: its
// number may be out of turn, and its contents unreadable.
type AuditRow struct {
	AuditEntry
	// Damage says why the row cannot be read, nil when it can. Of the entry
	// only Tenant and, if it could be read, Sequence count then.
	Damage error
}

// AuditFilter narrows a list of audit entries. Zero fields do not narrow.
type AuditFilter struct {
	Actor, Action, Object string
}

// Checkpoint is a signed statement of where all chains ended at some time.
type Checkpoint struct {
	// Number counts from 1.
	Number uint64
	// Note is the statement in its signed form.
	Note []byte
}
