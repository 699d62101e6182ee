// Package josecose carries out the operations that the W3C conformance suite of
// VC-JOSE-COSE asks of an implementation: to secure one credential or
// presentation with a given key, or to verify one, and to say in one word how it
// went.
//
// It is a laboratory. The key comes from the suite and is bound to nobody, the
// contexts of the suite's examples are known, nothing is compared with a clock,
// and credentials inside a presentation are not verified, because the suite gives
// no keys for them. Everything else is as strict as elsewhere: the document must
// conform to VCDM 2.0 when it is issued and when it is verified.
package josecose

import (
	"context"
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"laurel/contexts"
	"laurel/credential/cose"
	"laurel/credential/jose"
	"laurel/credential/jsonld"
	"laurel/credential/sdjwt"
	"laurel/credential/strictjson"
)

// Outcome is the word for how it went.
type Outcome string

// The outcomes.
const (
	// Success: secured, or verified.
	Success Outcome = "success"
	// Failure: the document or what secures it is not as it must be.
	Failure Outcome = "failure"
	// Indeterminate: that cannot be said, for example of a context that is not
	// held here.
	Indeterminate Outcome = "indeterminate"
	// Error: the operation could not start, for example without a key.
	Error Outcome = "error"
)

// Result is what the suite reads.
type Result struct {
	Outcome Outcome `json:"result"`
	// Data is the secured document after issuing, the document without its
	// claims after verifying, and otherwise the reason.
	Data string `json:"data"`
}

// Format is how a document is secured.
type format int

const (
	formatJOSE format = iota
	formatSDJWT
	formatCOSE
)

// feature is one of the suite's words for what is to be secured and how.
type feature struct {
	presentation bool
	format       format
}

var features = map[string]feature{
	"credential_jose": {false, formatJOSE}, "presentation_jose": {true, formatJOSE},
	"credential_sdjwt": {false, formatSDJWT}, "presentation_sdjwt": {true, formatSDJWT},
	"credential_cose": {false, formatCOSE}, "presentation_cose": {true, formatCOSE},
}

// Request is one operation.
type Request struct {
	// Feature is the word of the suite: credential_jose, presentation_sdjwt …
	Feature string
	// Input is a JSON document to be secured, or what is to be verified: a
	// JWT, an SD-JWT, or COSE in base64. White space around it does not count.
	Input []byte
	// Key is a JWK, or a verification method with publicKeyJwk and
	// secretKeyJwk.
	Key []byte
	// Disclose is a JSON array of what the holder may hold back, in the paths of
	// the suite ("credentialSubject.phones[0]") or as JSON Pointers. It may be
	// empty.
	Disclose []byte
}

// Bench carries out requests.
type Bench struct {
	set       *contexts.Set
	processor *jsonld.Processor
	random    io.Reader
}

// New returns a Bench that knows the contexts of set and takes salts and nonces
// from random.
func New(set *contexts.Set, random io.Reader) *Bench {
	return &Bench{set: set, processor: jsonld.New(set, jsonld.Options{InlineContexts: true}), random: random}
}

// Errors that decide the outcome. Every other error is a Failure.
var (
	errIndeterminate = errors.New("cannot be decided")
	errStart         = errors.New("cannot start")
)

// Issue secures the input.
func (b *Bench) Issue(ctx context.Context, request Request) Result {
	return report(b.issue(ctx, request))
}

// Verify verifies the input.
func (b *Bench) Verify(ctx context.Context, request Request) Result {
	return report(b.verify(ctx, request))
}

func report(data string, err error) Result {
	switch {
	case err == nil:
		return Result{Success, data}
	case errors.Is(err, errIndeterminate):
		return Result{Indeterminate, err.Error()}
	case errors.Is(err, errStart):
		return Result{Error, err.Error()}
	default:
		return Result{Failure, err.Error()}
	}
}

func (b *Bench) issue(ctx context.Context, request Request) (string, error) {
	f, ok := features[request.Feature]
	if !ok {
		return "", fmt.Errorf("%w: unknown feature", errIndeterminate)
	}
	method, err := parseMethod(request.Key)
	if err != nil {
		return "", err
	}
	if method.signer == nil {
		return "", fmt.Errorf("%w: the key has no private part", errStart)
	}
	paths, err := parsePaths(request.Disclose)
	if err != nil {
		return "", err
	}
	doc, err := strictjson.Parse(request.Input)
	if err != nil {
		return "", fmt.Errorf("reading document: %w", err)
	}
	if err := b.conform(ctx, doc.Root(), f, false); err != nil {
		return "", err
	}
	options := jose.SigningOptions{KeyID: method.id, Random: b.random}
	if !strings.Contains(method.id, ":") {
		// Without an absolute kid, iss says whose key it is (VC-JOSE-COSE §4.1).
		options.Issuer = owner(doc.Root(), f)
	}
	// White space around the document is not part of it.
	document := doc.Root().Raw()
	switch f.format {
	case formatSDJWT:
		return sdjwt.Issue(document, method.signer, sdjwt.IssueOptions{Signing: options, Disclose: paths, Random: b.random})
	case formatCOSE:
		data, err := cose.Sign(document, method.signer, cose.SignOptions{KeyID: options.KeyID, Issuer: options.Issuer, Random: b.random})
		return base64.StdEncoding.EncodeToString(data), err
	default:
		return jose.SignVC(document, method.signer, options)
	}
}

// owner is the issuer of a credential, the holder of a presentation.
func owner(document strictjson.Value, f feature) string {
	name := "issuer"
	if f.presentation {
		name = "holder"
	}
	v := document.Get(name)
	if v.Kind() == strictjson.Object {
		v = v.Get("id")
	}
	return v.Text()
}

func (b *Bench) verify(ctx context.Context, request Request) (string, error) {
	f, ok := features[request.Feature]
	if !ok {
		return "", fmt.Errorf("%w: unknown feature", errIndeterminate)
	}
	method, err := parseMethod(request.Key)
	if err != nil {
		return "", err
	}
	input := []byte(strings.TrimSpace(string(request.Input)))
	document, partial, err := open(f, input, method.public)
	if err != nil {
		return "", err
	}
	doc, err := strictjson.Parse(document)
	if err != nil {
		return "", fmt.Errorf("reading document: %w", err)
	}
	if err := b.conform(ctx, doc.Root(), f, partial); err != nil {
		return "", err
	}
	return string(document), nil
}

// The fixtures of the suite have dates where numbers must stand.
var lenient = jose.Options{DateTimeClaims: true}

// open verifies the signature and returns the document; partial says that
// something in it may be held back.
func open(f feature, input []byte, key crypto.PublicKey) (document []byte, partial bool, err error) {
	switch f.format {
	case formatSDJWT:
		token, err := sdjwt.Parse(input)
		if err != nil {
			return nil, false, err
		}
		if err := token.JWS.Verify(key); err != nil {
			return nil, false, err
		}
		document, err := token.Document(lenient)
		if err != nil {
			return nil, false, err
		}
		if document.Presentation != f.presentation {
			return nil, false, fmt.Errorf("%w: not what was asked for", jose.ErrType)
		}
		return document.Bytes, token.Withheld > 0, nil
	case formatCOSE:
		data, err := jose.DecodeBase64(string(input))
		if err != nil {
			return nil, false, fmt.Errorf("reading COSE: %w", err)
		}
		message, err := cose.Parse(data)
		if err != nil {
			return nil, false, err
		}
		if err := message.Verify(key); err != nil {
			return nil, false, err
		}
		document, _, err := message.Document(f.presentation, lenient)
		return document, false, err
	default:
		return openJWT(f, input, key)
	}
}

func openJWT(f feature, input []byte, key crypto.PublicKey) ([]byte, bool, error) {
	token, err := jose.Open(input, lenient)
	if err != nil {
		return nil, false, err
	}
	if err := token.JWS.Verify(key); err != nil {
		return nil, false, err
	}
	// typ may be absent (it is a SHOULD); the typ of another kind of JWT may not.
	if token.Presentation != f.presentation || token.Profile == jose.ProfileVCJWT || token.JWS.Header.Type == "jwt" {
		return nil, false, fmt.Errorf("%w: not what was asked for", jose.ErrType)
	}
	return token.Document, false, nil
}
