package did

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"laurel/credential/jose"
	"laurel/credential/strictjson"
)

// JWKResolver resolves did:jwk, whose identifier is a JWK in base64url. The
// document has one verification method, #0, of type JsonWebKey2020. A JWK that
// is not a public signing key, as jose.ParseJWK defines it, gives the errors of
// that function.
type JWKResolver struct{}

// Resolve implements Resolver. It does no I/O.
func (JWKResolver) Resolve(_ context.Context, did DID) (*Document, error) {
	if did.Method != "jwk" {
		return nil, fmt.Errorf("%w: not a did:jwk", ErrMethodNotSupported)
	}
	if _, err := Parse(did.String()); err != nil {
		return nil, err
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(did.ID)
	if err != nil || base64.RawURLEncoding.EncodeToString(data) != did.ID {
		return nil, fmt.Errorf("%w: did:jwk is not canonical unpadded base64url", ErrInvalidDID)
	}
	jwk, err := strictjson.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%w: did:jwk is not strict JSON: %w", ErrInvalidDID, err)
	}
	if _, err := jose.ParseJWK(jwk.Root()); err != nil {
		return nil, err
	}
	id := did.String() + "#0"
	members := map[string]any{
		"@context": []string{contextDID, contextJWS2020},
		"id":       did.String(),
		"verificationMethod": []any{map[string]any{
			"id": id, "type": "JsonWebKey2020", "controller": did.String(), "publicKeyJwk": json.RawMessage(data),
		}},
		"authentication":       []string{id},
		"assertionMethod":      []string{id},
		"capabilityInvocation": []string{id},
		"capabilityDelegation": []string{id},
	}
	if !jwk.Root().Get("use").Exists() { // it could only be sig
		members["keyAgreement"] = []string{id}
	}
	return generate(members)
}
