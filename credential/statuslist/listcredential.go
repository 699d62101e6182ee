package statuslist

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"laurel/credential"
	"laurel/credential/strictjson"
)

// ListCredential is a credential that carries a status list, as it says of
// itself: nothing in it is proven.
type ListCredential struct {
	Kind Kind // Bitstring or StatusList2021
	// ID is the credential's id, "" when it has none. The specification does
	// not require it to be the URL the list is served at.
	ID string
	// Issuer is the id of the issuer. It may differ from that of the
	// credentials on the list; whether that is acceptable is the verifier's
	// policy.
	Issuer string
	// ValidFrom and ValidUntil are zero when not given.
	ValidFrom, ValidUntil time.Time

	// Purposes are the status purposes that the list answers for.
	Purposes []string
	// TTL is how long the issuer suggests to keep the list; HasTTL is false
	// when it says nothing.
	TTL    time.Duration
	HasTTL bool
	// StatusSize is the size of entries, if the list tells; else 0.
	StatusSize int
	List       *List

	// Value is the credential itself.
	Value strictjson.Value
}

// listTypes are the types of credential and of subject that carry a list.
var listTypes = map[Kind]struct{ credential, subject string }{
	Bitstring:      {"BitstringStatusListCredential", "BitstringStatusList"},
	StatusList2021: {"StatusList2021Credential", "StatusList2021"},
}

// ParseListCredential reads a status list credential and decodes its list. It
// says nothing about proofs; the caller verifies the same bytes. Errors are
// ErrMalformed (*MalformedError) and those of Decode.
func ParseListCredential(v strictjson.Value) (*ListCredential, error) {
	if v.Kind() != strictjson.Object {
		return nil, malformed(v, "not an object")
	}
	c := &ListCredential{Value: v}
	types, err := stringSet(v, "type")
	if err != nil {
		return nil, err
	}
	for kind, names := range listTypes {
		if slices.Contains(types, names.credential) {
			if c.Kind != Unknown {
				return nil, malformed(v.Get("type"), "two types of status list")
			}
			c.Kind = kind
		}
	}
	if c.Kind == Unknown || !slices.Contains(types, "VerifiableCredential") {
		return nil, malformed(v.Get("type"), "not a status list credential")
	}
	if id, given := v.Member("id"); given {
		if c.ID, err = absoluteURL(id); err != nil {
			return nil, err
		}
	}
	if c.Issuer, err = issuerID(v); err != nil {
		return nil, err
	}
	if err := c.parsePeriod(); err != nil {
		return nil, err
	}
	subject, err := listSubject(v)
	if err != nil {
		return nil, err
	}
	if err := c.parseSubject(subject); err != nil {
		return nil, err
	}
	return c, nil
}

// issuerID reads an issuer, which is its id or an object with one.
func issuerID(v strictjson.Value) (string, error) {
	issuer, given := v.Member("issuer")
	if !given {
		return "", missing(v, "issuer")
	}
	if issuer.Kind() == strictjson.Object {
		if issuer, given = issuer.Member("id"); !given {
			return "", missing(v.Get("issuer"), "id")
		}
	}
	return absoluteURL(issuer)
}

// parsePeriod reads the validity period, by the names of either version of
// the data model.
func (c *ListCredential) parsePeriod() error {
	for _, bound := range []struct {
		to    *time.Time
		names [2]string
	}{
		{&c.ValidFrom, [2]string{"validFrom", "issuanceDate"}},
		{&c.ValidUntil, [2]string{"validUntil", "expirationDate"}},
	} {
		for _, name := range bound.names {
			moment, given := c.Value.Member(name)
			if !given {
				continue
			}
			parsed, _, err := credential.ParseDateTimeStamp(moment.Text())
			if err != nil {
				return malformed(moment, "not a date and time")
			}
			if bound.to.IsZero() {
				*bound.to = parsed
			}
		}
	}
	return nil
}

// listSubject gives the one subject of a list credential.
func listSubject(v strictjson.Value) (subject strictjson.Value, err error) {
	subjects, given := v.Member("credentialSubject")
	if !given {
		return subject, missing(v, "credentialSubject")
	}
	if subjects.Kind() == strictjson.Array && subjects.Len() != 1 {
		return subject, malformed(subjects, "not one subject")
	}
	for subject = range subjects.OneOrMany() {
	}
	if subject.Kind() != strictjson.Object {
		return subject, malformed(subject, "not an object")
	}
	return subject, nil
}

func (c *ListCredential) parseSubject(subject strictjson.Value) error {
	types, err := stringSet(subject, "type")
	if err != nil {
		return err
	}
	if !slices.Contains(types, listTypes[c.Kind].subject) {
		return malformed(subject.Get("type"), "not a status list")
	}
	if c.Purposes, err = stringSet(subject, "statusPurpose"); err != nil {
		return err
	}
	if size, given := subject.Member("statusSize"); given {
		if c.StatusSize, err = parseSize(size); err != nil {
			return err
		}
	}
	if ttl, given := subject.Member("ttl"); given {
		// Longer than a lifetime is as good as for ever, and fits a Duration.
		const longest = 100 * 365 * 24 * time.Hour
		if !decimal(ttl.Literal()) {
			return malformed(ttl, "not a number of milliseconds")
		}
		c.TTL, c.HasTTL = longest, true
		if n, err := strconv.ParseInt(ttl.Literal(), 10, 64); err == nil && n < longest.Milliseconds() {
			c.TTL = time.Duration(n) * time.Millisecond
		}
	}
	encoded, err := text(subject, "encodedList")
	if err != nil {
		return err
	}
	if c.Kind == StatusList2021 {
		c.List, err = DecodeStatusList2021(encoded)
	} else {
		c.List, err = Decode(encoded)
	}
	return err
}

// ValidAt checks the validity period. Errors: ErrNotYetValid, ErrExpired.
func (c *ListCredential) ValidAt(now time.Time) error {
	switch {
	case !c.ValidFrom.IsZero() && now.Before(c.ValidFrom):
		return ErrNotYetValid
	case !c.ValidUntil.IsZero() && now.After(c.ValidUntil):
		return ErrExpired
	}
	return nil
}

// Status is what a list says about one entry.
type Status struct {
	// Purpose is that of the entry. What a set status of it means depends on
	// the purpose: only Revocation and Suspension take a credential's validity.
	Purpose string
	// Value is 0 for a status that is not set.
	Value uint64
	// Message is the issuer's text for the value, if there is one.
	Message string
}

// Set reports whether the status is set.
func (s Status) Set() bool { return s.Value != 0 }

// Status reads the status of an entry: the part of the specification's
// validation algorithm (section 3.2) that comes after the list credential has
// been verified. Whether the list is the one the entry points at is for the
// caller to know. Errors: ErrMismatch, ErrLength, ErrRange.
func (c *ListCredential) Status(e Entry) (Status, error) {
	if e.Kind != c.Kind || !slices.Contains(c.Purposes, e.StatusPurpose) ||
		c.StatusSize != 0 && c.StatusSize != e.StatusSize {
		return Status{}, ErrMismatch
	}
	value, err := c.List.Status(e.StatusListIndex, e.StatusSize)
	if err != nil {
		return Status{}, err
	}
	status := Status{Purpose: e.StatusPurpose, Value: value}
	for _, m := range e.StatusMessages {
		if m.Status == value {
			status.Message = m.Message
		}
	}
	return status, nil
}

// Options say what goes into a list credential.
type Options struct {
	// URL is where the list is served; it becomes the credential's id, and
	// with "#list" that of its subject.
	URL string
	// Issuer is the JSON of the issuer: its id in quotes, or an object with an
	// id. The credential's only context is that of VC Data Model 2.0, so an
	// object may have the terms of that context only.
	Issuer json.RawMessage
	// Purposes are one or more status purposes.
	Purposes []string
	// ValidFrom and ValidUntil are required and written in whole seconds: a
	// list that does not end can be replayed for ever.
	ValidFrom, ValidUntil time.Time
	// TTL is how long readers may keep the list; 0 leaves it unsaid.
	TTL time.Duration
}

// Credential gives the JSON of an unsigned BitstringStatusListCredential, the
// same bytes for the same list and options.
func Credential(list *List, options Options) ([]byte, error) {
	subject := listSubjectJSON{
		ID:            options.URL + "#list",
		Type:          listTypes[Bitstring].subject,
		StatusPurpose: options.Purposes,
		TTL:           options.TTL.Milliseconds(),
	}
	if len(options.Purposes) == 1 {
		subject.StatusPurpose = options.Purposes[0]
	}
	switch {
	case list == nil:
		return nil, errors.New("building status list credential: no list")
	case options.TTL < 0:
		return nil, errors.New("building status list credential: negative time to live")
	case !options.ValidUntil.Truncate(time.Second).After(options.ValidFrom) || options.ValidFrom.IsZero():
		return nil, errors.New("building status list credential: no validity period")
	}
	subject.EncodedList = list.Encode()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(listCredentialJSON{
		Context:    []string{"https://www.w3.org/ns/credentials/v2"},
		ID:         options.URL,
		Type:       []string{"VerifiableCredential", listTypes[Bitstring].credential},
		Issuer:     options.Issuer,
		ValidFrom:  options.ValidFrom.UTC().Format(time.RFC3339),
		ValidUntil: options.ValidUntil.UTC().Format(time.RFC3339),
		Subject:    subject,
	})
	if err != nil {
		return nil, fmt.Errorf("building status list credential: %w", err)
	}
	data := bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	// What is wrong with the options is wrong with the credential: it is read
	// back as a verifier reads it.
	document, err := strictjson.ParseLimits(data, strictjson.Limits{Size: len(data)})
	if err != nil {
		return nil, fmt.Errorf("building status list credential: %w", err)
	}
	if _, err := ParseListCredential(document.Root()); err != nil {
		return nil, fmt.Errorf("building status list credential: %w", err)
	}
	return data, nil
}

type listCredentialJSON struct {
	Context    []string        `json:"@context"`
	ID         string          `json:"id"`
	Type       []string        `json:"type"`
	Issuer     json.RawMessage `json:"issuer"`
	ValidFrom  string          `json:"validFrom"`
	ValidUntil string          `json:"validUntil"`
	Subject    listSubjectJSON `json:"credentialSubject"`
}

type listSubjectJSON struct {
	ID            string `json:"id"`
	Type          string `json:"type"`
	StatusPurpose any    `json:"statusPurpose"`
	TTL           int64  `json:"ttl,omitempty"`
	EncodedList   string `json:"encodedList"`
}
