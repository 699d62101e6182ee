package storage

import "time"

// Status purposes (Bitstring Status List 1.0, section 2.2) that stores know
// how to set.
const (
	PurposeRevocation = "revocation"
	PurposeSuspension = "suspension"
)

// StatusEntry is one credential's place in one status list.
type StatusEntry struct {
	Purpose string `json:"purpose"`
	// List is the public id of the status list.
	List string `json:"list"`
	// Index is the place in the list, from 0. No other credential ever has it,
	// nor, unless the store was begun by a program of schema version 1, its
	// MirrorIndex.
	Index int `json:"index"`
}

// UsablePlaces is how many places of a list of so many entries are given out:
// the first four of every eight.
func UsablePlaces(size int) int { return size / 2 }

// UsableIndex is the index of usable place number n, from 0. Of every byte of a
// list only the four left bits are given out, because there are readers that
// take the bits of a byte from the right: what they read is the [MirrorIndex],
// which no credential has, and which is published as its credential's own.
func UsableIndex(n int) int { return n/4*8 + n%4 }

// MirrorIndex is the index where a reader that takes the bits of each byte from
// the wrong side looks for this one.
func MirrorIndex(index int) int { return index ^ 7 }

// StatusChange revokes, suspends or reinstates a credential.
type StatusChange struct {
	Act    Act
	Tenant string
	ID     string
	// State is StateRevoked, StateSuspended, or StateIssued to reinstate.
	State State
	// Reason is a code; Wording is what the public is told, without a person's
	// data.
	Reason  string
	Wording string
}

// StatusList is a list of status bits (Bitstring Status List 1.0). What bits
// are set follows from the credentials, never from Signed.
type StatusList struct {
	Tenant string `json:"-"`
	// ID is the public id, the last segment of its URL; random.
	ID      string `json:"id"`
	Purpose string `json:"purpose"`
	// Size is the number of entries, Used how many of them were given out, at
	// most UsablePlaces.
	Size int `json:"size"`
	Used int `json:"used"`
	// Open lists give out entries; a tenant has one at most per purpose.
	Open bool `json:"open,omitempty"`
	// Version counts the changes, from 1. Published is the version that Signed
	// shows, 0 when there is none. The list is dirty while they differ.
	Version   uint64    `json:"version"`
	Published uint64    `json:"published,omitempty"`
	Created   time.Time `json:"created"`
	// Changed is when Version last went up.
	Changed time.Time `json:"changed"`
	// SignedAt, ValidUntil and Key belong to Signed.
	SignedAt   time.Time `json:"signedAt,omitzero"`
	ValidUntil time.Time `json:"validUntil,omitzero"`
	Key        string    `json:"key,omitempty"`

	// Signed is the signed list credential as it is served; nil in lists and
	// before it is first published.
	Signed []byte `json:"-"`
}

// PublishedList is a signed version of a status list.
type PublishedList struct {
	// Version is the list's version whose bits were signed.
	Version    uint64
	Signed     []byte
	SignedAt   time.Time
	ValidUntil time.Time
	Key        string
}
