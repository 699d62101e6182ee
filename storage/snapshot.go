package storage

// Snapshot describes a copy of a store.
type Snapshot struct {
	Meta
	// Size is the number of bytes of the copy.
	Size int64 `json:"size"`
	// Counts are how many records there are, by the name of their bucket.
	Counts map[string]int `json:"counts"`
	// Chains are where the audit chains end.
	Chains []ChainHead `json:"chains"`
}
