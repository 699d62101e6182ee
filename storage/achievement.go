package storage

import "time"

// Achievement is one version of an achievement. A version never changes.
type Achievement struct {
	Tenant string `json:"-"`
	// ID is the public id, the last segment of its URL; at least 122 random bits.
	ID string `json:"id"`
	// Version counts from 1. Credentials name the version they were made from.
	Version int `json:"version"`
	// Document is the Achievement as a JSON object, kept byte for byte.
	Document []byte `json:"document"`
	// Created is when the achievement was first made, Updated when this
	// version was.
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}
