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
// proofValue, a bad date, an id that two proofs share, more than MaxProofs. A
// proof of another type, or of a cryptosuite that is not known here, is
// returned too; verifying it gives ErrUnsupportedCryptosuite.
func Proofs(document strictjson.Value) ([]Proof, error) {
	member, ok := document.Member("proof")
	if !ok || member.Kind() == strictjson.Null || member.Kind() == strictjson.Array && member.Len() == 0 {
		return nil, ErrNoProof
	}
	var proofs []Proof
	for item := range member.OneOrMany() {
		index := len(proofs)
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
	p := Proof{Index: index, Value: v, Type: kind.Text()}
	_, supported := suites[v.Get("cryptosuite").Text()]
	for name, member := range v.Members() {
		reason := p.set(name, member)
		switch {
		case reason == "", p.Type != Type:
		case reason == undefinedMember && !supported:
			// A cryptosuite that is not known here may define it.
		default:
			return Proof{}, malformed(index, member, reason)
		}
	}
	if p.Type != Type {
		return p, nil
	}
	if err := p.complete(); err != nil {
		return Proof{}, err
	}
	return p, nil
}

// first returns the first value that exists.
func first(values ...strictjson.Value) strictjson.Value {
	i := slices.IndexFunc(values, strictjson.Value.Exists)
	return values[max(i, 0)]
}

const undefinedMember = "a proof has no such member"

// set takes one member of a proof (VC Data Integrity §2.1) and says what is
// wrong with it.
func (p *Proof) set(name string, v strictjson.Value) (reason string) {
	single := map[string]*string{
		"type":               &p.Type,
		"id":                 &p.ID,
		"cryptosuite":        &p.Cryptosuite,
		"created":            &p.Created,
		"expires":            &p.Expires,
		"verificationMethod": &p.VerificationMethod,
		"proofPurpose":       &p.ProofPurpose,
		"challenge":          &p.Challenge,
		"nonce":              &p.Nonce,
		"proofValue":         &p.ProofValue,
	}
	many := map[string]*[]string{"domain": &p.Domain, "previousProof": &p.PreviousProof}
	if target := single[name]; target != nil {
		if v.Kind() != strictjson.String || v.Is("") {
			return "it is not a string, or empty"
		}
		*target = v.Text()
		return ""
	}
	if target := many[name]; target != nil {
		return setStrings(target, v)
	}
	return undefinedMember
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

// complete checks what spans a whole proof of the type Type.
func (p *Proof) complete() error {
	for _, required := range []struct{ name, value string }{
		{"cryptosuite", p.Cryptosuite},
		{"verificationMethod", p.VerificationMethod},
		{"proofPurpose", p.ProofPurpose},
		{"proofValue", p.ProofValue},
	} {
		if required.value == "" {
			return malformed(p.Index, p.Value, "it has no "+required.name)
		}
	}
	for _, link := range []struct{ name, value string }{
		{"id", p.ID},
		{"verificationMethod", p.VerificationMethod},
	} {
		if link.value != "" && !isURL(link.value) {
			return malformed(p.Index, p.Value.Get(link.name), "it is not a URL")
		}
	}
	for _, date := range []struct {
		name, value string
		moment      *time.Time
	}{{"created", p.Created, &p.created}, {"expires", p.Expires, &p.expires}} {
		if date.value == "" {
			continue
		}
		moment, err := parseTime(date.value)
		if err != nil {
			return malformed(p.Index, p.Value.Get(date.name), "it is not a date and time")
		}
		*date.moment = moment
	}
	return nil
}

// isURL reports whether s is an absolute URL.
func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs()
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
