package did

import (
	"errors"
	"fmt"

	"laurel/credential/jose"
)

// Errors of this package and of every Resolver. Match them with errors.Is.
var (
	// ErrInvalidDID says that a text is not a DID, or breaks the syntax of its
	// method.
	ErrInvalidDID = errors.New("invalid DID")
	// ErrInvalidDIDURL says that a text is not an absolute DID URL.
	ErrInvalidDIDURL = errors.New("invalid DID URL")
	// ErrInvalidParameters says that the parameters of a DID URL, or options of a
	// resolution that are written like them, break their rules.
	ErrInvalidParameters = errors.New("invalid parameters")
	// ErrInvalidVerificationMethodURL says that a verification method was asked
	// for by something that is not an absolute DID or https URL with a
	// fragment.
	ErrInvalidVerificationMethodURL = errors.New("invalid verification method URL")
	// ErrNotFound says that a DID has no document: its source is sure of that.
	ErrNotFound = errors.New("DID not found")
	// ErrDeactivated says that a DID was given up by its controller for good. It
	// is an ErrNotFound: it has no document any more.
	ErrDeactivated = fmt.Errorf("%w: deactivated", ErrNotFound)
	// ErrVersionNotSupported says that a method keeps no versions of its
	// documents, or none that can be asked for in this way.
	ErrVersionNotSupported = errors.New("document version not supported")
	// ErrMethodNotSupported says that no resolver for the DID method is at hand.
	ErrMethodNotSupported = errors.New("DID method not supported")
	// ErrUnavailable says that a document could not be fetched. Nothing is
	// known about the DID: the answer is indeterminate, not negative.
	ErrUnavailable = errors.New("DID document unavailable")
	// ErrInvalidDocument says that a document breaks the rules for DID or
	// controlled identifier documents.
	ErrInvalidDocument = errors.New("invalid controlled identifier document")
	// ErrDocumentID says that a document is that of another identifier than the
	// one asked for. It is an ErrInvalidDocument.
	ErrDocumentID = fmt.Errorf("%w: id is not the identifier asked for", ErrInvalidDocument)
	// ErrInvalidVerificationMethod says that a document does not have the
	// verification method, does not control it, or that it is malformed.
	ErrInvalidVerificationMethod = errors.New("invalid verification method")
	// ErrNotAuthorized says that a document does not list the verification
	// method under the wanted relationship.
	ErrNotAuthorized = errors.New("verification method not authorized")
	// ErrExpired says that a verification method is past its expires time.
	ErrExpired = errors.New("verification method expired")
	// ErrRevoked says that a verification method is past its revoked time.
	ErrRevoked = errors.New("verification method revoked")

	// ErrInvalidKey says that key material is malformed. It is the error of the
	// same name in credential/jose.
	ErrInvalidKey = jose.ErrInvalidKey
	// ErrKeyLength says that a Multikey is longer or shorter than keys of its kind
	// are, ErrKeyCode that its prefix is that of no known kind. Both are an
	// ErrInvalidKey.
	ErrKeyLength = fmt.Errorf("%w: wrong length", ErrInvalidKey)
	ErrKeyCode   = fmt.Errorf("%w: unknown multicodec", ErrInvalidKey)
	// ErrPrivateKey says that private key material stands where a public key
	// belongs; it is an ErrInvalidKey and the error of the same name in
	// credential/jose.
	ErrPrivateKey = jose.ErrPrivateKey
	// ErrUnsupportedKey says that key material is of a kind that Laurel does
	// not verify with; it comes as an *UnsupportedKeyError.
	ErrUnsupportedKey = jose.ErrUnsupportedKey
)

// UnsupportedKeyError names the kind of a key that is not supported. It matches
// ErrUnsupportedKey.
type UnsupportedKeyError = jose.UnsupportedKeyError

func invalidKey(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalidKey, fmt.Sprintf(format, args...))
}
