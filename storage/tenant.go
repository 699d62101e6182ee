package storage

import "time"

// Meta describes the store as a whole.
type Meta struct {
	// Schema is the version of the stored form.
	Schema int `json:"schema"`
	// Installation is a random id made with the store. A copy has the same.
	Installation string    `json:"installation"`
	Created      time.Time `json:"created"`
}

// Tenant is an institution and the issuer that it is known as.
type Tenant struct {
	// Slug is the tenant's name in URLs and in every store key:
	// [a-z0-9-], 3 to 40 characters. It never changes.
	Slug string `json:"slug"`
	// DID is the issuer's identifier, one per tenant and unique.
	DID string `json:"did"`
	// Name is the institution's display name, LegalName that of its paper.
	Name      string `json:"name"`
	LegalName string `json:"legalName,omitempty"`
	// Profile is the issuer's Open Badges Profile as a JSON object, kept byte
	// for byte.
	Profile []byte    `json:"profile,omitempty"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	// Quota is what the tenant may use, Usage what it has used of that. Usage is
	// kept by the store, and only where there is a quota.
	Quota Quota `json:"quota,omitzero"`
	Usage Usage `json:"usage,omitzero"`
}

// Quota is what a tenant may use. A zero field is no bound.
type Quota struct {
	// AwardsPerDay is how many credentials may be reserved on one day of UTC,
	// those of bulk awards and renewals included.
	AwardsPerDay int `json:"awardsPerDay,omitempty"`
}

// Usage is what a tenant used on a day.
type Usage struct {
	Day    string `json:"day"` // of UTC, as in 2026-11-24
	Awards int    `json:"awards"`
}

// On is what was used on the day of a time.
func (u Usage) On(moment time.Time) Usage {
	if day := moment.UTC().Format(time.DateOnly); day > u.Day {
		return Usage{Day: day}
	}
	return u
}
