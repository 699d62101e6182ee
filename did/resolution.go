package did

import (
	"context"
	"fmt"
	"time"
)

// Version names one version of a DID's document by the parameters of a DID URL
// (DID Core 1.0 §3.2.1). The zero Version is the present one; at most one field
// is set.
type Version struct {
	// ID is the value of versionId, whose form is the method's own.
	ID string
	// Time is the value of versionTime: the version that was valid then.
	Time time.Time
}

// Metadata is what a DID method knows about a document beside its contents
// (DID Core 1.0 §7.1.3). Zero fields are not known.
type Metadata struct {
	// Created is the time of the first version, Updated that of the last.
	Created, Updated time.Time
	// VersionID names the version of the document.
	VersionID string
	// Deactivated says that the DID is no longer in use, whatever version was
	// asked for. No key of the document may then be trusted for anything new.
	Deactivated bool
	// Properties are the method's own, as they are to be written in JSON.
	Properties map[string]any
}

// Resolution is a document with what is known about it.
type Resolution struct {
	Document *Document
	Metadata Metadata
}

// VersionResolver is a Resolver of a method that keeps the versions of its
// documents. The document is that of the DID. A deactivated DID is no error
// here but Metadata.Deactivated. Errors are those of Resolver; ErrNotFound also
// says that there is no such version.
type VersionResolver interface {
	ResolveVersion(ctx context.Context, did DID, version Version) (*Resolution, error)
}

// ResolveVersion is Resolve for one version of the document, and with what is
// known about it. For a method whose Resolver is no VersionResolver the only
// version is the present one, and any other is ErrVersionNotSupported; did:key
// and did:jwk, which never change, have the same document at any time.
func (m Methods) ResolveVersion(ctx context.Context, did DID, version Version) (*Resolution, error) {
	resolver, ok := m[did.Method].(VersionResolver)
	if !ok {
		if _, ok := m[did.Method]; ok && version != (Version{}) && !m.unchanging(did, version) {
			return nil, fmt.Errorf("%w: did:%.32s", ErrVersionNotSupported, did.Method)
		}
		document, err := m.Resolve(ctx, did)
		if err != nil {
			return nil, err
		}
		return &Resolution{Document: document}, nil
	}
	resolution, err := resolver.ResolveVersion(ctx, did, version)
	if err != nil {
		return nil, err
	}
	if resolution == nil || resolution.Document == nil || resolution.Document.ID != did.String() {
		return nil, ErrDocumentID
	}
	return resolution, nil
}

// unchanging reports whether the present document is that of every time.
func (m Methods) unchanging(did DID, version Version) bool {
	switch m[did.Method].(type) {
	case KeyResolver, JWKResolver:
		return version.ID == ""
	default:
		return false
	}
}
