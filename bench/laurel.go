package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/credential/rdfc"
	"laurel/credential/schema"
	"laurel/credential/statuslist"
	"laurel/credential/strictjson"
	"laurel/did"
	"laurel/verifier"
)

// The names of the operations that ratios are made of.
const (
	floorSign   = "cryptography of signing"
	floorVerify = "cryptography of verifying"
	issue       = "issue"
	verify      = "verify"
	report      = "full report"
	canon       = "canonicalise"
)

// laurel is Laurel as it is measured, with everything that a process has ready
// before the first request.
type laurel struct {
	input     input
	set       *contexts.Set
	processor *jsonld.Processor
	suites    *dataintegrity.Suites
	verifier  *verifier.Verifier
	// signed is the input, issued. Its dates of activity have no time of day,
	// against Open Badges 3.0, so that its report is complete and its verdict
	// invalid; sound is the same with times, and withEntry that with an entry in
	// a status list.
	signed, sound, withEntry []byte

	canonical, options []byte // what is hashed: of the document, of the proof options
	buffer             []byte // of canonicalise
	// document is read again and again, as a service does with those it keeps.
	document strictjson.Document
}

func newLaurel(in input) (*laurel, error) {
	set, err := contexts.Embedded()
	if err != nil {
		return nil, err
	}
	l := &laurel{input: in, set: set, processor: jsonld.New(set, jsonld.Options{})}
	l.suites = dataintegrity.New(l.processor)
	if l.signed, err = l.issue(in.document); err != nil {
		return nil, err
	}
	if err := l.hashed(); err != nil {
		return nil, err
	}
	list, err := l.statusList()
	if err != nil {
		return nil, err
	}
	document, err := did.KeyResolver{}.Resolve(context.Background(), did.DID{Method: "key", ID: in.key.multibase})
	if err != nil {
		return nil, err
	}
	l.verifier = verifier.New(verifier.Config{
		Contexts: set, JSONLD: l.processor, Suites: l.suites, Clock: clock,
		Resolver: resolver{in.key.did: document}, Documents: documents{statusListURL: list},
	})
	sound := dayAlone.ReplaceAll(in.document, []byte(`"${1}":"${2}T00:00:00Z"`))
	if l.sound, err = l.issue(sound); err != nil {
		return nil, err
	}
	if l.withEntry, err = l.issue(splice(sound, statusEntry)); err != nil {
		return nil, err
	}
	return l, nil
}

// hashed finds the bytes that the proof hashes, for the floor.
func (l *laurel) hashed() error {
	var err error
	if err = l.canonicalise(l.input.document); err != nil {
		return err
	}
	l.canonical = slices.Clone(l.buffer)
	if l.input.canonical != nil && !bytes.Equal(l.canonical, l.input.canonical) {
		return errors.New("the canonical form of the credential is not the one it should have")
	}
	parsed, err := strictjson.Parse(l.signed)
	if err != nil {
		return err
	}
	form, err := l.processor.Canonicalize(context.Background(), jsonld.Source{
		Object: parsed.Root().Get("proof"), Context: parsed.Root().Get("@context"), Without: []string{"proofValue"},
	}, nil, rdfc.Options{})
	if err != nil {
		return err
	}
	l.options = form.NQuads
	return nil
}

// operations are everything of ours that runs in this process. The first six
// are those that ratios are made of.
func (l *laurel) operations() []operation {
	message, signature := l.floor()
	private, public := l.input.key.private, l.input.key.public()
	parsed, _ := strictjson.Parse(l.sound) // is what we made ourselves
	return []operation{
		{floorSign, func() error {
			ed25519.Sign(private, l.hash(message))
			return nil
		}},
		{floorVerify, func() error {
			if !ed25519.Verify(public, l.hash(message), signature) {
				return errors.New("the signature of the floor is wrong")
			}
			return nil
		}},
		{issue, func() error { _, err := l.issue(l.input.document); return err }},
		{verify, func() error { return l.verify(l.signed) }},
		{report, func() error { return l.proven(l.signed) }},
		{canon, func() error { return l.canonicalise(l.input.document) }},
		{"full report of a sound credential", func() error { return l.valid(l.sound) }},
		{"full report with an own status list", func() error { return l.valid(l.withEntry) }},
		{"strict parse", func() error { _, err := strictjson.Parse(l.signed); return err }},
		{"schema validation of what is parsed", func() error {
			version, kind, err := schema.Identify(parsed.Root())
			if err != nil {
				return err
			}
			if faults := schema.Validate(parsed.Root(), version, kind); len(faults) > 0 {
				return fmt.Errorf("the credential breaks the data model at %s", faults[0].Path)
			}
			return nil
		}},
	}
}

// floor gives the message that is signed, as a buffer to hash into, and its
// signature.
func (l *laurel) floor() (message *[2 * sha256.Size]byte, signature []byte) {
	message = new([2 * sha256.Size]byte)
	return message, ed25519.Sign(l.input.key.private, l.hash(message))
}

// hash is the part of the floor before the signature: the proof options and the
// document, both canonical, are hashed.
func (l *laurel) hash(message *[2 * sha256.Size]byte) []byte {
	options, document := sha256.Sum256(l.options), sha256.Sum256(l.canonical)
	copy(message[:sha256.Size], options[:])
	copy(message[sha256.Size:], document[:])
	return message[:]
}

// issue is bytes in, signed bytes out.
func (l *laurel) issue(document []byte) ([]byte, error) {
	return l.issueContext(context.Background(), document)
}

func (l *laurel) issueContext(ctx context.Context, document []byte) ([]byte, error) {
	return l.suites.Sign(ctx, document, l.input.key.private, dataintegrity.Options{
		VerificationMethod: l.input.key.method, Created: l.input.key.created,
	})
}

// verify is bytes in, and whether the one proof is right, with the key at hand.
func (l *laurel) verify(signed []byte) error {
	if err := l.document.Reset(signed, strictjson.Limits{}); err != nil {
		return err
	}
	proofs, err := dataintegrity.Proofs(l.document.Root())
	if err != nil {
		return err
	}
	if len(proofs) != 1 {
		return errors.New("there is not one proof")
	}
	_, err = l.suites.Verify(context.Background(), l.document.Root(), proofs[0], l.input.key.public(), dataintegrity.Expect{Now: judged})
	return err
}

// valid is everything: data model, dates, whose key it is, proof and status.
func (l *laurel) valid(signed []byte) error {
	result, err := l.verifier.Verify(context.Background(), signed, verifier.Expect{})
	if err != nil {
		return err
	}
	if result.Verdict != verifier.VerdictValid {
		return decided(result)
	}
	return nil
}

// proven is the same for a credential whose proof is right, whatever else there
// is to say about it.
func (l *laurel) proven(signed []byte) error {
	result, err := l.verifier.Verify(context.Background(), signed, verifier.Expect{})
	if err != nil {
		return err
	}
	if len(result.Credential) != len(signed) {
		return decided(result)
	}
	return nil
}

func decided(result *verifier.Report) error {
	check, _ := result.Decisive()
	return fmt.Errorf("the verdict is %s: %s at %q", result.Verdict, check.Code, check.Path)
}

// dayAlone finds dates of activity without a time of day.
var dayAlone = regexp.MustCompile(`"(activityStartDate|activityEndDate)":"([0-9]{4}-[0-9]{2}-[0-9]{2})"`)

// canonicalise is bytes to canonical bytes, in a buffer that is used again.
func (l *laurel) canonicalise(document []byte) error {
	if err := l.document.Reset(document, strictjson.Limits{}); err != nil {
		return err
	}
	form, err := l.processor.Canonicalize(context.Background(), jsonld.Source{Object: l.document.Root()}, l.buffer[:0], rdfc.Options{})
	l.buffer = form.NQuads
	return err
}

// The status list of the input with an entry.
const (
	statusListURL = "https://example.edu/status/1"
	statusEntry   = `"credentialStatus":{"id":"` + statusListURL + `#94567","type":"BitstringStatusListEntry",` +
		`"statusPurpose":"revocation","statusListIndex":"94567","statusListCredential":"` + statusListURL + `"}`
)

func (l *laurel) statusList() ([]byte, error) {
	list, err := statuslist.New(statuslist.MinimumLength)
	if err != nil {
		return nil, err
	}
	for i := 0; i < list.Len(); i += 101 { // a list that has been in use
		if err := list.Set(i, i != 94567); err != nil {
			return nil, err
		}
	}
	issuer, err := json.Marshal(l.input.key.did)
	if err != nil {
		return nil, err
	}
	unsigned, err := statuslist.Credential(list, statuslist.Options{
		URL: statusListURL, Issuer: issuer, Purposes: []string{statuslist.Revocation},
		ValidFrom: judged.Add(-time.Hour), ValidUntil: judged.Add(24 * time.Hour),
	})
	if err != nil {
		return nil, err
	}
	return l.issue(unsigned)
}

// splice adds members to a JSON object that has some.
func splice(object []byte, members string) []byte {
	return slices.Concat(bytes.TrimSuffix(bytes.TrimSpace(object), []byte("}")), []byte(","+members+"}"))
}

// resolver has the documents of DIDs in memory.
type resolver map[string]*did.Document

// Resolve implements did.Resolver.
func (r resolver) Resolve(_ context.Context, id did.DID) (*did.Document, error) {
	if document, ok := r[id.String()]; ok {
		return document, nil
	}
	return nil, did.ErrNotFound
}

// documents has status lists in memory.
type documents map[string][]byte

// Document implements verifier.Documents.
func (d documents) Document(_ context.Context, url string, _ verifier.Kind) ([]byte, error) {
	if document, ok := d[url]; ok {
		return document, nil
	}
	return nil, did.ErrUnavailable
}
