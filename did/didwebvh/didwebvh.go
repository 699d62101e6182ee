// Package didwebvh resolves did:webvh 1.0: a DID that names a web host as did:web does, but whose documents come with a log that
// proves their history. The DID contains the digest of the log's first entry, every entry that of the one before, and each is
// signed by a key that an earlier one authorized (https://identity.foundation/didwebvh/v1.0/).
//
// The package reads and never writes. Like did/didweb it speaks to nobody itself: the client it is given must be one that a
// stranger's DID cannot turn against the operator's own network. Watchers are not asked, and the services that a document is
// said to have without naming them (#files, #whois) are not added.
package didwebvh

import (
	"context"
	"errors"
	"fmt"
	"time"

	"laurel/did"
)

// What a resolver asks for, in an HTTP Accept header. A log proves itself, so the types that ordinary web servers give a file
// of that name are taken too.
const (
	AcceptLog       = "text/jsonl, application/jsonl, application/x-ndjson, application/json;q=0.9, text/plain;q=0.5, application/octet-stream;q=0.5"
	AcceptWitnesses = "application/json"
)

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
	// Clock tells what is in the future; time.Now when nil.
	Clock func() time.Time
}

// cachedDocuments is the memory for read documents, in bytes.
const cachedDocuments = 1 << 20

// Resolver resolves did:webvh. It implements did.Resolver and did.VersionResolver.
type Resolver struct {
	fetcher   Fetcher
	clock     func() time.Time
	documents *did.DocumentCache
}

// New makes a resolver.
func New(config Config) *Resolver {
	if config.Clock == nil {
		config.Clock = time.Now
	}
	return &Resolver{fetcher: config.Fetcher, clock: config.Clock, documents: did.NewDocumentCache(cachedDocuments)}
}

// Resolve gives the present document of a did:webvh DID whose whole log is sound. Errors: did.ErrMethodNotSupported for another
// method, did.ErrInvalidDID, did.ErrNotFound when the host says that there is no log (404, 410), did.ErrDeactivated,
// a [*LogError], did.ErrInvalidDocument for a document that breaks the rules of documents, did.ErrDocumentID when the DID has
// moved to another host, and did.ErrUnavailable, with the Fetcher's error, for everything that leaves the matter open.
func (r *Resolver) Resolve(ctx context.Context, d did.DID) (*did.Document, error) {
	resolution, err := r.ResolveVersion(ctx, d, did.Version{})
	if err != nil {
		return nil, err
	}
	if resolution.Metadata.Deactivated {
		return nil, did.ErrDeactivated
	}
	return resolution.Document, nil
}

// ResolveVersion gives one version of the document. One that was asked for is given although later entries of the log are
// unsound, as long as those cannot bear on it: a version by its id, or by a time before the next sound version. Otherwise errors
// are those of Resolve, except did.ErrDeactivated; did.ErrNotFound also says that there is no such version.
func (r *Resolver) ResolveVersion(ctx context.Context, d did.DID, version did.Version) (*did.Resolution, error) {
	scid, url, err := logURL(d)
	if err != nil {
		return nil, err
	}
	body, err := r.fetch(ctx, url, AcceptLog)
	if err != nil {
		return nil, err
	}
	history := readLog(body, scid, r.clock())
	if err := r.witness(ctx, url, history); err != nil {
		return nil, err
	}
	chosen, err := history.choose(version)
	if err != nil {
		return nil, err
	}
	document, err := r.documents.Parse(chosen.state)
	if err != nil {
		return nil, err
	}
	if document.ID != d.String() {
		return nil, did.ErrDocumentID
	}
	return &did.Resolution{Document: document, Metadata: history.metadata(chosen)}, nil
}

func (r *Resolver) fetch(ctx context.Context, url, accept string) ([]byte, error) {
	body, err := r.fetcher.Fetch(ctx, url, accept)
	if err == nil {
		return body, nil
	}
	var answer interface{ HTTPStatus() int }
	if errors.As(err, &answer) && (answer.HTTPStatus() == 404 || answer.HTTPStatus() == 410) {
		return nil, fmt.Errorf("%w: %w", did.ErrNotFound, err)
	}
	return nil, fmt.Errorf("%w: %w", did.ErrUnavailable, err)
}

// witness holds the log to the proofs of its witnesses, if it has any.
func (r *Resolver) witness(ctx context.Context, url string, h *history) error {
	if !h.isWitnessed() {
		return nil
	}
	body, err := r.fetch(ctx, witnessURL(url), AcceptWitnesses)
	if errors.Is(err, did.ErrNotFound) {
		body, err = []byte("[]"), nil // no witness says anything
	}
	if err != nil {
		return err
	}
	h.hold(body)
	return nil
}
