package did

import (
	"context"
	"fmt"
)

// Resolver turns a DID into its document. The document's id is the DID.
//
// Errors are ErrInvalidDID, ErrNotFound, ErrMethodNotSupported,
// ErrInvalidDocument, ErrInvalidKey, ErrUnsupportedKey, or ErrUnavailable when
// nothing can be said. An implementation must be safe for concurrent use.
type Resolver interface {
	Resolve(ctx context.Context, did DID) (*Document, error)
}

// Methods resolves each DID with the resolver registered under the name of its
// method; for a method without one the error is ErrMethodNotSupported. It must
// not be changed while in use.
type Methods map[string]Resolver

// Resolve implements Resolver. It does not trust its resolvers with the one rule
// that identity rests on: the document is that of the DID.
func (m Methods) Resolve(ctx context.Context, did DID) (*Document, error) {
	resolver, ok := m[did.Method]
	if !ok {
		return nil, fmt.Errorf("%w: %.32q", ErrMethodNotSupported, did.Method)
	}
	document, err := resolver.Resolve(ctx, did)
	if err != nil {
		return nil, err
	}
	if document == nil || document.ID != did.String() {
		return nil, ErrDocumentID
	}
	return document, nil
}
