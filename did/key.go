package did

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// JSON-LD contexts of the documents made here.
const (
	contextDID      = "https://www.w3.org/ns/did/v1"
	contextMultikey = "https://w3id.org/security/multikey/v1"
	contextJWS2020  = "https://w3id.org/security/suites/jws-2020/v1"
)

// KeyResolver resolves did:key, whose identifier is a Multikey. The document has
// one verification method of type Multikey, whose fragment repeats the key, for
// all four signature relationships; no X25519 key is derived.
//
// Keys of a kind that DecodeMultikey does not return give its errors: an X25519
// key signs nothing, and secp256k1 is not supported.
type KeyResolver struct{}

// Resolve implements Resolver. It does no I/O.
func (KeyResolver) Resolve(_ context.Context, did DID) (*Document, error) {
	if did.Method != "key" {
		return nil, fmt.Errorf("%w: not a did:key", ErrMethodNotSupported)
	}
	if _, err := Parse(did.String()); err != nil {
		return nil, err
	}
	// did:key:[version:]multibase; 1 is the only version there is.
	multikey := strings.TrimPrefix(did.ID, "1:")
	if strings.ContainsRune(multikey, ':') {
		return nil, fmt.Errorf("%w: did:key of an unknown version", ErrInvalidDID)
	}
	if multikey[0] != 'z' {
		return nil, fmt.Errorf("%w: did:key is not base58btc (z)", ErrInvalidDID)
	}
	id := did.String() + "#" + multikey
	return generate(map[string]any{
		"@context": []string{contextDID, contextMultikey},
		"id":       did.String(),
		"verificationMethod": []any{map[string]string{
			"id": id, "type": "Multikey", "controller": did.String(), "publicKeyMultibase": multikey,
		}},
		"authentication":       []string{id},
		"assertionMethod":      []string{id},
		"capabilityInvocation": []string{id},
		"capabilityDelegation": []string{id},
	})
}

// generate makes the document of a method whose identifier is its key. Such a
// document is worth nothing without the key, so its error is the document's.
func generate(members map[string]any) (*Document, error) {
	data, err := json.Marshal(members)
	if err != nil {
		return nil, fmt.Errorf("generating DID document: %w", err)
	}
	document, err := ParseDocument(data)
	if err != nil {
		return nil, fmt.Errorf("generating DID document: %w", err)
	}
	if err := document.VerificationMethods[0].Err; err != nil {
		return nil, err
	}
	return document, nil
}
