package storage

import (
	"crypto/sha256"
	"encoding/binary"
)

// ComputeHash gives the hash that links the entry into its tenant's chain:
// SHA-256 over a fixed label and every other field of the entry, Previous
// included, each text preceded by its length so that no two entries share an
// encoding. Times count to the nanosecond.
func (e *AuditEntry) ComputeHash() [32]byte {
	b := make([]byte, 0, 256)
	text := func(s string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	text("laurel audit entry 1")
	text(e.Tenant)
	b = binary.BigEndian.AppendUint64(b, e.Sequence)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Time.Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(e.Time.Nanosecond()))
	text(e.Actor)
	text(e.Action)
	text(e.Object)
	text(e.Detail)
	b = append(b, e.Previous[:]...)
	return sha256.Sum256(b)
}
