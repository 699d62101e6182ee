// Package didweb resolves did:web: a DID that names a web host is resolved by fetching a document from that host
// (https://w3c-ccg.github.io/did-method-web/).
//
// The package speaks to nobody itself. The client it is given must be one that a stranger's DID cannot turn against the
// operator's own network.
package didweb

import (
	"context"
	"errors"
	"fmt"

	"laurel/did"
)

// Accept is what a resolver asks for, in an HTTP Accept header: the media types of DID documents, and the JSON types that
// ordinary web servers give a file named did.json.
const Accept = "application/did+json, application/did+ld+json, application/json, application/did;q=0.9, application/ld+json;q=0.9"

// Fetcher gets the document at an https URL. It follows no redirect, bounds time and size, refuses hosts that are not public,
// and takes no other media type than accept names. The body is the caller's own.
//
// The error for an answer with another status than 200 unwraps to one that has a method HTTPStatus() int.
type Fetcher interface {
	Fetch(ctx context.Context, url, accept string) (body []byte, err error)
}

// Config is what a [Resolver] needs.
type Config struct {
	// Fetcher is required.
	Fetcher Fetcher
}

// cachedDocuments is the memory for read documents, in bytes. They are found by the digest of what was fetched, so a host's
// change of its document counts at once.
const cachedDocuments = 4 << 20

// Resolver resolves did:web. It implements did.Resolver.
type Resolver struct {
	fetcher   Fetcher
	documents *did.DocumentCache
}

// New makes a resolver.
func New(config Config) *Resolver {
	return &Resolver{fetcher: config.Fetcher, documents: did.NewDocumentCache(cachedDocuments)}
}

// Resolve fetches the document of a did:web DID and checks that it is that DID's. Errors: did.ErrMethodNotSupported for another
// method, did.ErrInvalidDID, did.ErrNotFound when the host says that there is no document (404, 410), did.ErrInvalidDocument,
// did.ErrDocumentID when the document is another DID's, and did.ErrUnavailable, with the Fetcher's error, for everything that
// leaves the matter open.
func (r *Resolver) Resolve(ctx context.Context, d did.DID) (*did.Document, error) {
	url, err := DocumentURL(d)
	if err != nil {
		return nil, err
	}
	body, err := r.fetcher.Fetch(ctx, url, Accept)
	if err != nil {
		if saysNotFound(err) {
			return nil, fmt.Errorf("%w: %w", did.ErrNotFound, err)
		}
		return nil, fmt.Errorf("%w: %w", did.ErrUnavailable, err)
	}
	document, err := r.documents.Parse(body)
	if err != nil {
		if !errors.Is(err, did.ErrInvalidDocument) {
			err = fmt.Errorf("%w: %w", did.ErrInvalidDocument, err)
		}
		return nil, err
	}
	if document.ID != d.String() {
		return nil, did.ErrDocumentID
	}
	return document, nil
}

// saysNotFound reports whether the host answered that it has no such document, now (404) or any more (410).
func saysNotFound(err error) bool {
	var answer interface{ HTTPStatus() int }
	if !errors.As(err, &answer) {
		return false
	}
	status := answer.HTTPStatus()
	return status == 404 || status == 410
}
