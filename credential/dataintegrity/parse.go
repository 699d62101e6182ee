package dataintegrity

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"laurel/credential/strictjson"
)

// Proofs returns the proofs of a document in their order.
//
// The error is ErrNoProof when the member proof is missing, null or an empty
// array, and a *ProofError with ErrMalformedProof for a proof that breaks the
// data model: a member of the wrong kind or one that VC Data Integrity does
// not define, a missing cryptosuite, verificationMethod, proofPurpose or
// proofValue, a bad date, an id that two proofs share, a previousProof that no
// proof has as its id or that leads back to the proof, more than MaxProofs. A
// proof of another type, or of a cryptosuite that is not known here, is
// returned too; verifying it gives ErrUnsupportedCryptosuite.
func Proofs(document strictjson.Value) ([]Proof, error) {
	member, ok := document.Member("proof")
	if !ok || member.Kind() == strictjson.Null || member.Kind() == strictjson.Array && member.Len() == 0 {
		return nil, ErrNoProof
	}
	proofs := make([]Proof, 0, 1)
	for c := member.Items(); c.Next(); {
		item, index := c.Value(), len(proofs)
		if index == MaxProofs {
			return nil, malformed(index, member, fmt.Sprintf("there are more than %d proofs", MaxProofs))
		}
		proof, err := parseProof(index, item)
		if err != nil {
			return nil, err
		}
		shared := func(p Proof) bool { return p.ID != "" && p.ID == proof.ID }
		if slices.ContainsFunc(proofs, shared) {
			return nil, malformed(index, item.Get("id"), "another proof has the same id")
		}
		proofs = append(proofs, proof)
	}
	if err := checkChains(proofs); err != nil {
		return nil, err
	}
	return proofs, nil
}

// malformed makes the error for a value of a proof that breaks the data model.
func malformed(index int, v strictjson.Value, reason string) *ProofError {
	return &ProofError{Index: index, Path: v.Pointer(), Reason: reason, Err: ErrMalformedProof}
}

// parseProof reads one proof.
func parseProof(index int, v strictjson.Value) (Proof, error) {
	if v.Kind() != strictjson.Object {
		return Proof{}, malformed(index, v, "it is not an object")
	}
	kind := v.Get("type")
	if kind.Kind() != strictjson.String {
		return Proof{}, malformed(index, first(kind, v), "it has no single type")
	}
	p := Proof{Index: index, Value: v, Type: textOf(kind)}
	suite, supported := suiteOf(p.Type, textOf(v.Get("cryptosuite")))
	strict := p.Type == Type || supported
	for c := v.Cursor(); c.Next(); {
		member := c.Value()
		reason := p.set(c.Name(), member)
		switch {
		case reason == "", !strict:
		case reason == undefinedMember && !supported:
			// A cryptosuite that is not known here may define it.
		case reason == undefinedMember && suite.jcs && c.Name().Is("@context"):
			p.Context = member
		default:
			return Proof{}, malformed(index, member, reason)
		}
	}
	if !strict {
		return p, nil
	}
	if p.Type != Type && p.Cryptosuite != "" {
		return Proof{}, malformed(index, v.Get("cryptosuite"), "a proof of this type has no cryptosuite")
	}
	if err := p.complete(); err != nil {
		return Proof{}, err
	}
	return p, nil
}

// textOf is the text of a string, without a copy of what most proofs say.
func textOf(v strictjson.Value) string {
	for _, usual := range [...]string{Type, EdDSARDFC2022, AssertionMethod} {
		if v.Is(usual) {
			return usual
		}
	}
	return v.Text()
}

// first returns the first value that exists.
func first(values ...strictjson.Value) strictjson.Value {
	i := slices.IndexFunc(values, strictjson.Value.Exists)
	return values[max(i, 0)]
}

const undefinedMember = "a proof has no such member"

// set takes one member of a proof (VC Data Integrity §2.1) and says what is
// wrong with it.
func (p *Proof) set(name, v strictjson.Value) (reason string) {
	if target := p.single(name); target != nil {
		if v.Kind() != strictjson.String || v.Is("") {
			return "it is not a string, or empty"
		}
		*target = textOf(v)
		return ""
	}
	switch {
	case name.Is("domain"):
		return setStrings(&p.Domain, v)
	case name.Is("previousProof"):
		return setStrings(&p.PreviousProof, v)
	}
	return undefinedMember
}

// single returns where the member with a name, whose value is one string, has
// its place.
func (p *Proof) single(name strictjson.Value) *string {
	text, plain := name.Plain()
	if !plain {
		text = name.AppendText(nil)
	}
	switch string(text) {
	case "type":
		return &p.Type
	case "id":
		return &p.ID
	case "cryptosuite":
		return &p.Cryptosuite
	case "created":
		return &p.Created
	case "expires":
		return &p.Expires
	case "verificationMethod":
		return &p.VerificationMethod
	case "proofPurpose":
		return &p.ProofPurpose
	case "challenge":
		return &p.Challenge
	case "nonce":
		return &p.Nonce
	case "proofValue":
		return &p.ProofValue
	}
	return nil
}

func setStrings(target *[]string, v strictjson.Value) (reason string) {
	for item := range v.OneOrMany() {
		if item.Kind() != strictjson.String || item.Is("") || slices.Contains(*target, item.Text()) {
			return "it is neither a string nor an array of different strings"
		}
		*target = append(*target, item.Text())
	}
	if len(*target) == 0 {
		return "it is empty"
	}
	return ""
}

// complete checks what spans a whole proof of a type that is known.
func (p *Proof) complete() error {
	if p.Type == Type && p.Cryptosuite == "" {
		return malformed(p.Index, p.Value, "it has no cryptosuite")
	}
	for _, required := range [...]struct{ name, value string }{
		{"verificationMethod", p.VerificationMethod},
		{"proofPurpose", p.ProofPurpose},
		{"proofValue", p.ProofValue},
	} {
		if required.value == "" {
			return malformed(p.Index, p.Value, "it has no "+required.name)
		}
	}
	for _, link := range [...]struct{ name, value string }{
		{"id", p.ID},
		{"verificationMethod", p.VerificationMethod},
	} {
		if link.value != "" && !isURL(link.value) {
			return malformed(p.Index, p.Value.Get(link.name), "it is not a URL")
		}
	}
	var ok bool
	if p.created, ok = timeOf(p.Created); !ok {
		return malformed(p.Index, p.Value.Get("created"), "it is not a date and time")
	}
	if p.expires, ok = timeOf(p.Expires); !ok {
		return malformed(p.Index, p.Value.Get("expires"), "it is not a date and time")
	}
	return nil
}

// timeOf reads a date that may be missing.
func timeOf(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	moment, err := parseTime(s)
	return moment, err == nil
}

// isURL reports whether s is an absolute URL.
func isURL(s string) bool {
	if isPlainDIDURL(s) {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && u.IsAbs()
}

// isPlainDIDURL recognises most DID URLs, so that they need not be taken apart.
func isPlainDIDURL(s string) bool {
	const scheme = "did:"
	if len(s) == len(scheme) || !strings.HasPrefix(s, scheme) {
		return false
	}
	for i := len(scheme); i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == ':', c == '.', c == '-', c == '_', c == '#':
		default:
			return false
		}
	}
	return true
}

// parseTime reads an XML Schema dateTimeStamp; a value without a zone is taken
// as UTC, as VC Data Integrity §2.1 asks of verifiers. The years are those of
// four digits.
func parseTime(s string) (time.Time, error) {
	// Package time is lenient: it takes a comma for a point and one digit for
	// an hour.
	const shape = "0000-00-00T00:00:00"
	for i := range len(shape) {
		if i >= len(s) || shape[i] != '0' && s[i] != shape[i] {
			return time.Time{}, errors.New("parsing time: not as in " + shape + "Z")
		}
	}
	if strings.Contains(s, ",") {
		return time.Time{}, errors.New("parsing time: a comma")
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	return time.Parse("2006-01-02T15:04:05", s)
}
