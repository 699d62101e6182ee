package vcapi

import (
	"context"
	"crypto"
	"errors"
	"strings"

	"laurel/credential/jose"
	"laurel/credential/strictjson"
	"laurel/did"
)

// examineEnvelope verifies a credential in an envelope.
func (i *Instance) examineEnvelope(ctx context.Context, envelope strictjson.Value, expect expectation) (*examination, error) {
	e := &examination{Instance: i, ctx: ctx, expect: expect, document: envelope}
	if err := e.conform(); err != nil {
		return nil, err
	}
	opened, err := jose.ParseEnvelope(envelope)
	switch {
	case err != nil:
		e.fail(problemOf(err, malformedValue, "The envelope is not as it must be."))
		return e, nil
	case opened.Presentation:
		e.fail(Problem{malformedValue, titleMalformed, "A presentation stands where a credential must.", "/type"})
		return e, nil
	case !strings.HasSuffix(opened.MediaType, "jwt") || strings.HasSuffix(opened.MediaType, "sd-jwt"):
		e.fail(Problem{cryptographicError, "The envelope is of a kind that is not known here.", "", "/id"})
		return e, nil
	}
	inner, err := i.examineJWT(ctx, opened.Data, expect)
	if err != nil {
		return nil, err
	}
	inner.problems = append(e.problems, inner.problems...)
	return inner, nil
}

// examineJWT verifies a credential that is a compact JWS.
func (i *Instance) examineJWT(ctx context.Context, data []byte, expect expectation) (*examination, error) {
	e := &examination{Instance: i, ctx: ctx, expect: expect}
	token, err := jose.OpenCredential(data, i.config.Policy.JOSE)
	if err == nil {
		e.document, err = alone(token.Document)
	}
	if err != nil {
		e.fail(problemOf(err, parsingError, "The JWT cannot be read."))
		return e, nil
	}
	if err := e.conform(); err != nil {
		return nil, err
	}
	e.signature(token, idOf(e.document.Get("issuer")), did.AssertionMethod)
	return e, e.circumstances()
}

// signature verifies that of a JWT, by a key of whoever it is said to come
// from.
func (e *examination) signature(token *jose.Token, from string, relationship did.Relationship) {
	result := ProofResult{Type: "JWT", Cryptosuite: token.JWS.Header.Algorithm, VerificationMethod: clip(token.JWS.Header.KeyID)}
	key, controller, err := e.jwtKey(token.JWS.Header, from, relationship)
	if err == nil {
		err = token.JWS.Verify(key)
	}
	if err == nil && !token.Claims.Expires.IsZero() && !e.expect.Now.Before(token.Claims.Expires) {
		err = errExpired
	}
	if err != nil {
		e.fail(problemOf(err, cryptographicError, titleProof))
	} else {
		result.Verified = true
		e.signers = append(e.signers, controller)
	}
	e.results.Proofs = append(e.results.Proofs, result)
}

var errExpired = errors.New("the signature has expired")

// jwtKey finds the key of a JWT: the one that kid names, or the only one of
// whoever it comes from. A key that stands in the JWT itself counts for nothing.
func (e *examination) jwtKey(header jose.Header, from string, relationship did.Relationship) (crypto.PublicKey, string, error) {
	method := header.KeyID
	switch {
	case strings.HasPrefix(method, "did:"):
	case strings.HasPrefix(method, "#"):
		method = from + method
	default:
		only, err := e.onlyMethod(from)
		if err != nil {
			return nil, "", err
		}
		if method != "" && from+"#"+method != only {
			return nil, "", did.ErrInvalidVerificationMethod
		}
		method = only
	}
	if base, _, ok := strings.Cut(method, "#"); !ok {
		only, err := e.onlyMethod(base)
		if err != nil {
			return nil, "", err
		}
		method = only
	}
	key, controller, err := e.key(method, relationship)
	if err == nil && from != "" && controller != from && e.config.Policy.BindIssuer {
		err = errNotIssuer
	}
	return key, controller, err
}

// onlyMethod is the URL of the one key that an identifier has.
func (e *examination) onlyMethod(identifier string) (string, error) {
	parsed, err := did.Parse(identifier)
	if err != nil {
		return "", err
	}
	document, err := e.config.Resolver.Resolve(e.ctx, parsed)
	if err != nil {
		return "", err
	}
	if len(document.VerificationMethods) != 1 {
		return "", did.ErrInvalidVerificationMethod
	}
	return document.VerificationMethods[0].ID, nil
}
