package vcapi

import (
	"context"
	"crypto"
	"errors"
	"strings"

	"laurel/credential/cose"
	"laurel/credential/jose"
	"laurel/credential/sdjwt"
	"laurel/credential/strictjson"
	"laurel/did"
)

// secured is a document with what secures it around it, opened and not
// verified.
type secured struct {
	kind     string
	header   jose.Header
	document []byte
	claims   jose.Claims
	verify   func(crypto.PublicKey) error
}

// open opens what an envelope holds, by its media type.
func (i *Instance) open(e jose.Envelope) (*secured, error) {
	options := i.config.Policy.JOSE
	switch {
	case strings.HasSuffix(e.MediaType, "cose"):
		message, err := cose.Parse(e.Data)
		if err != nil {
			return nil, err
		}
		document, claims, err := message.Document(e.Presentation, options)
		header := jose.Header{Algorithm: message.Algorithm, KeyID: string(message.KeyID)}
		return &secured{"COSE_Sign1", header, document, claims, message.Verify}, err
	case strings.HasSuffix(e.MediaType, "sd-jwt"):
		token, err := sdjwt.Parse(e.Data)
		if err != nil {
			return nil, err
		}
		document, err := token.Document(options)
		if err != nil {
			return nil, err
		}
		if document.Presentation != e.Presentation {
			return nil, jose.ErrType
		}
		return &secured{"SD-JWT", token.JWS.Header, document.Bytes, document.Claims, token.JWS.Verify}, nil
	}
	token, err := jose.Open(e.Data, options)
	if err != nil {
		return nil, err
	}
	if token.Presentation != e.Presentation {
		return nil, jose.ErrType
	}
	return &secured{"JWT", token.JWS.Header, token.Document, token.Claims, token.JWS.Verify}, nil
}

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
	}
	inner, err := i.examineSecured(ctx, opened, expect)
	if err != nil {
		return nil, err
	}
	inner.problems = append(e.problems, inner.problems...)
	return inner, nil
}

// bareJWT is a JWT that stands where a document may, without an envelope.
func bareJWT(text string, presentation bool) jose.Envelope {
	return jose.Envelope{MediaType: "application/jwt", Data: []byte(text), Presentation: presentation}
}

// examineSecured verifies a credential that something is around.
func (i *Instance) examineSecured(ctx context.Context, envelope jose.Envelope, expect expectation) (*examination, error) {
	e := &examination{Instance: i, ctx: ctx, expect: expect}
	opened, err := i.open(envelope)
	if err == nil {
		e.document, err = alone(opened.document)
	}
	if err != nil {
		e.fail(problemOf(err, parsingError, "What the envelope holds cannot be read."))
		return e, nil
	}
	if err := e.conform(); err != nil {
		return nil, err
	}
	e.signature(opened, idOf(e.document.Get("issuer")), did.AssertionMethod)
	return e, e.circumstances()
}

// signature verifies that of a document, by a key of whoever it is said to come
// from.
func (e *examination) signature(opened *secured, from string, relationship did.Relationship) {
	result := ProofResult{Type: opened.kind, Cryptosuite: opened.header.Algorithm, VerificationMethod: clip(opened.header.KeyID)}
	key, controller, err := e.jwtKey(opened.header, from, relationship)
	if err == nil {
		err = opened.verify(key)
	}
	if expires := opened.claims.Expires; err == nil && !expires.IsZero() && !e.expect.Now.Before(expires) {
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
