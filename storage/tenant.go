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
}
