package dataintegrity

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"laurel/credential/strictjson"
)

const credentialsV1 = "https://www.w3.org/2018/credentials/v1"

// Options are the proof options of a new proof.
type Options struct {
	// Cryptosuite defaults to EdDSARDFC2022.
	Cryptosuite string
	// VerificationMethod is the URL of the signer's public key. Required.
	VerificationMethod string
	// ProofPurpose defaults to AssertionMethod.
	ProofPurpose string
	// Created is written in UTC as whole seconds. The zero time leaves it out.
	Created time.Time
	// Expires is written like Created. The zero time leaves it out.
	Expires time.Time
	// Domain and Challenge bind the proof to an exchange. Empty ones are left
	// out.
	Domain    []string
	Challenge string
	// Nonce is left out when empty.
	Nonce string
	// ID names the proof, a URL; it is left out when empty.
	ID string
}

// writtenProof is a proof as it is written, in this order.
type writtenProof struct {
	ID                 string   `json:"id,omitempty"`
	Type               string   `json:"type"`
	Cryptosuite        string   `json:"cryptosuite"`
	Created            string   `json:"created,omitempty"`
	VerificationMethod string   `json:"verificationMethod"`
	ProofPurpose       string   `json:"proofPurpose"`
	Expires            string   `json:"expires,omitempty"`
	Domain             []string `json:"domain,omitempty"`
	Challenge          string   `json:"challenge,omitempty"`
	Nonce              string   `json:"nonce,omitempty"`
	ProofValue         string   `json:"proofValue"`
}

// Sign adds a proof to a JSON document and returns the new document: the
// caller's bytes with the proof written after the last member, or, when there
// are proofs already, after the last of them. The existing proofs are kept as
// they are and the new one is independent of them (a proof set, VC Data
// Integrity §2.1.1).
//
// The key must be an Ed25519 key for EdDSARDFC2022. Errors: *strictjson.Error
// for a document that is not strict JSON, an error of jsonld or rdfc for one
// that cannot be covered whole, ErrKeyType, ErrUnsupportedCryptosuite,
// ErrMalformedProof for options that make no valid proof or existing proofs
// that are none, ErrVersion for a credential of version 1.1, and the signer's
// own. On an error nothing is returned.
func (s *Suites) Sign(ctx context.Context, document []byte, signer crypto.Signer, proofOptions Options) ([]byte, error) {
	parsed, err := strictjson.Parse(document)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	root := parsed.Root()
	if err := checkSignable(root, proofOptions); err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	proof, err := s.prove(ctx, root, signer, proofOptions)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return splice(root, proof), nil
}

// checkSignable refuses documents that get no proof, whatever it would be.
func checkSignable(root strictjson.Value, proofOptions Options) error {
	if root.Kind() != strictjson.Object {
		return fmt.Errorf("%w: the document is not an object", ErrMalformedProof)
	}
	for item := range root.Get("@context").OneOrMany() {
		if item.Is(credentialsV1) {
			return ErrVersion
		}
	}
	if !root.Get("proof").Exists() {
		return nil
	}
	existing, err := Proofs(root)
	switch {
	case errors.Is(err, ErrNoProof):
		return fmt.Errorf("%w: the proof of the document is empty", ErrMalformedProof)
	case err != nil:
		return err
	case len(existing) == MaxProofs:
		return fmt.Errorf("%w: there are %d proofs already", ErrMalformedProof, MaxProofs)
	}
	same := func(p Proof) bool { return p.ID != "" && p.ID == proofOptions.ID }
	if slices.ContainsFunc(existing, same) {
		return fmt.Errorf("%w: another proof has the same id", ErrMalformedProof)
	}
	return nil
}

// prove makes a proof for a document and returns it as JSON.
func (s *Suites) prove(ctx context.Context, root strictjson.Value, signer crypto.Signer, proofOptions Options) ([]byte, error) {
	written := write(proofOptions)
	suite, known := suites[written.Cryptosuite]
	if !known {
		return nil, fmt.Errorf("%w: %q", ErrUnsupportedCryptosuite, written.Cryptosuite)
	}
	hash, err := suite.hash(signer.Public())
	if err != nil {
		return nil, err
	}
	written.ProofValue = "z" // what is not signed, for the check of the rest
	config, err := parseOptions(written)
	if err != nil {
		return nil, err
	}
	options := s.digest(ctx, optionsSource(root, config), hash)
	if options.err != nil {
		return nil, fmt.Errorf("reading proof options: %w", options.err)
	}
	document := s.digest(ctx, documentSource(root), hash)
	if document.err != nil {
		return nil, document.err
	}
	written.ProofValue, err = suite.sign(signer, slices.Concat(options.sum, document.sum))
	if err != nil {
		return nil, err
	}
	return marshal(written)
}

// marshal writes a proof as JSON with the characters of URLs as they are.
func marshal(written writtenProof) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(written); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformedProof, err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// write gives the options their defaults and their written form.
func write(o Options) writtenProof {
	written := writtenProof{
		ID: o.ID, Type: Type, Cryptosuite: o.Cryptosuite,
		Created: formatTime(o.Created), Expires: formatTime(o.Expires),
		VerificationMethod: o.VerificationMethod, ProofPurpose: o.ProofPurpose,
		Domain: o.Domain, Challenge: o.Challenge, Nonce: o.Nonce,
	}
	if written.Cryptosuite == "" {
		written.Cryptosuite = EdDSARDFC2022
	}
	if written.ProofPurpose == "" {
		written.ProofPurpose = AssertionMethod
	}
	return written
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// parseOptions reads the written options back, as a verifier will.
func parseOptions(written writtenProof) (strictjson.Value, error) {
	for _, text := range slices.Concat(written.Domain, []string{
		written.VerificationMethod, written.ProofPurpose,
		written.ID, written.Challenge, written.Nonce,
	}) {
		if !utf8.ValidString(text) {
			return strictjson.Value{}, fmt.Errorf("%w: an option is not UTF-8", ErrMalformedProof)
		}
	}
	data, err := marshal(written)
	if err != nil {
		return strictjson.Value{}, err
	}
	parsed, err := strictjson.Parse(data)
	if err != nil {
		return strictjson.Value{}, fmt.Errorf("%w: %w", ErrMalformedProof, err)
	}
	if _, err := parseProof(0, parsed.Root()); err != nil {
		return strictjson.Value{}, err
	}
	return parsed.Root(), nil
}

// splice writes a proof into the bytes of a document and changes nothing else.
func splice(root strictjson.Value, proof []byte) []byte {
	document := root.Document().Bytes()
	out := make([]byte, 0, len(document)+len(proof)+len(`,"proof":[]`))
	existing := root.Get("proof")
	switch existing.Kind() {
	case strictjson.Invalid:
		at := lastEnd(root)
		out = append(append(out, document[:at]...), `,"proof":`...)
		return append(append(out, proof...), document[at:]...)
	case strictjson.Array:
		at := lastEnd(existing)
		out = append(append(out, document[:at]...), ',')
		return append(append(out, proof...), document[at:]...)
	default:
		out = append(append(out, document[:existing.Start()]...), '[')
		out = append(append(out, existing.Raw()...), ',')
		out = append(append(out, proof...), ']')
		return append(out, document[existing.End():]...)
	}
}

// lastEnd is the offset after the last value inside an object or array, which
// is not empty.
func lastEnd(v strictjson.Value) int {
	end := v.End()
	for element := range v.Elements() {
		end = element.End()
	}
	for _, member := range v.Members() {
		end = member.End()
	}
	return end
}
