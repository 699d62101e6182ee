package jose

import (
	"bytes"
	"fmt"
	"slices"

	"laurel/credential"
	"laurel/credential/strictjson"
)

// Profile says by which rules a JWT holds a credential or a presentation.
type Profile string

// The profiles.
const (
	// ProfileVCJWT is VC-JWT of VCDM 1.1 §6.3.1: the credential stands in the
	// claim vc, the presentation in vp. Registered claims may take the place of
	// members, and must agree with those that are there.
	ProfileVCJWT Profile = "vc-jwt-1.1"
	// ProfileOpenBadges is the VC-JWT of Open Badges 3.0 §8.2: the payload is
	// the credential, with registered claims beside its members that repeat
	// them.
	ProfileOpenBadges Profile = "open-badges"
	// ProfileVCJOSECOSE is VC-JOSE-COSE §3.1: typ vc+jwt or vp+jwt, the payload
	// is the credential, and claims such as exp are about the signature.
	ProfileVCJOSECOSE Profile = "vc-jose-cose"
)

// Options says how tolerantly a JWT is opened. The zero value is the strict
// reading.
type Options struct {
	// VC2InClaim admits a credential of VCDM 2.0 in the claim vc, and a
	// presentation in vp. No specification allows it; the conformance suite of
	// the data model makes such JWTs, with typ JWT.
	VC2InClaim bool
	// DateTimeClaims admits a dateTimeStamp where a claim must be a
	// NumericDate. The fixtures of the conformance suite of VC-JOSE-COSE have
	// such an iat.
	DateTimeClaims bool
}

// Token is a JWT that holds a credential or a presentation, opened but not
// verified: call JWS.Verify with a key that is bound to the issuer of Document
// before believing any of it.
type Token struct {
	JWS     *JWS
	Profile Profile
	// Presentation tells a presentation from a credential.
	Presentation bool
	// Document is the credential or presentation to examine, as strict JSON:
	// what the payload says, without the registered claims, and under
	// ProfileVCJWT with the members that claims take the place of. Every byte
	// of it follows from the signed payload.
	Document []byte
	// Claims are the registered claims. None contradicts Document.
	Claims Claims
	// Missing lists the claims that ProfileOpenBadges requires and that are not
	// there. Open Badges 3.0 §8.2.4.1 makes that a failure, yet the samples of
	// its own authors lack sub.
	Missing []string
}

// typ says what the values of the header parameter stand for.
var typ = map[string]struct {
	profile      Profile
	presentation bool
}{
	"vc+jwt": {ProfileVCJOSECOSE, false}, "vp+jwt": {ProfileVCJOSECOSE, true},
	// Drafts of VC-JOSE-COSE.
	"vc-ld+jwt": {ProfileVCJOSECOSE, false}, "vp-ld+jwt": {ProfileVCJOSECOSE, true},
	"vc+ld+jwt": {ProfileVCJOSECOSE, false}, "vp+ld+jwt": {ProfileVCJOSECOSE, true},
	"vc+ld+json+jwt": {ProfileVCJOSECOSE, false}, "vp+ld+json+jwt": {ProfileVCJOSECOSE, true},
}

// contentTypes are the values that cty may have, by what they say is inside.
var contentTypes = map[bool][]string{
	false: {"", "vc", "vc+ld+json", "ld+json", "json"},
	true:  {"", "vp", "vp+ld+json", "ld+json", "json"},
}

// Open parses a compact JWS and takes the credential or presentation out of it.
// Which profile holds is decided by typ and by the claims vc and vp, and must
// agree with the first context and the type of what is inside; a payload that
// fits two profiles is refused.
//
// Errors are those of Parse, or match ErrType or ErrClaims. Callers that want a
// credential use OpenCredential.
func Open(data []byte, options Options) (*Token, error) {
	j, err := Parse(data)
	if err != nil {
		return nil, err
	}
	return open(j, options)
}

// OpenCredential is Open for a place where only a credential may stand: a
// presentation is an error that matches ErrType.
func OpenCredential(data []byte, options Options) (*Token, error) {
	t, err := Open(data, options)
	if err == nil && t.Presentation {
		return nil, fmt.Errorf("%w: it holds a presentation, not a credential", ErrType)
	}
	return t, err
}

// OpenPresentation is Open for a place where only a presentation may stand.
func OpenPresentation(data []byte, options Options) (*Token, error) {
	t, err := Open(data, options)
	if err == nil && !t.Presentation {
		return nil, fmt.Errorf("%w: it holds a credential, not a presentation", ErrType)
	}
	return t, err
}

// Unwrap takes the credential or presentation out of a payload that something
// else than a compact JWS secures: an SD-JWT whose disclosures are in their
// places, or a COSE_Sign1. The rules are those of ProfileVCJOSECOSE. Of header,
// Type ("vc+jwt" or "vp+jwt"), ContentType and Issuer count. Errors are those of
// Open.
func Unwrap(payload []byte, header Header, options Options) (document []byte, claims Claims, err error) {
	object, err := parseObject(payload, "payload")
	if err != nil {
		return nil, Claims{}, err
	}
	if _, known := typ[header.Type]; !known {
		return nil, Claims{}, fmt.Errorf("%w: typ is that of neither a credential nor a presentation", ErrType)
	}
	t, err := open(&JWS{Header: header, Payload: payload, Object: object}, options)
	if err != nil {
		return nil, Claims{}, err
	}
	// The type of an SD-JWT VC is a claim as well.
	if object, err = parseObject(t.Document, "payload"); err != nil {
		return nil, Claims{}, err
	}
	return without(object, []string{"vct", "vct#integrity"}), t.Claims, nil
}

func open(j *JWS, options Options) (*Token, error) {
	t := &Token{JWS: j}
	document, err := t.classify(options)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(contentTypes[t.Presentation], j.Header.ContentType) {
		return nil, fmt.Errorf("%w: cty does not fit typ and payload", ErrType)
	}
	if t.Profile == ProfileOpenBadges && len(j.Header.Others) > 0 {
		return nil, fmt.Errorf("%w: %.32q: Open Badges allows no further parameters", ErrHeader, j.Header.Others[0])
	}
	if t.Claims, err = readClaims(j.Object, options.DateTimeClaims); err != nil {
		return nil, err
	}
	if stated := j.Header.Issuer; stated != "" && t.Claims.Issuer != "" && stated != t.Claims.Issuer {
		return nil, &ClaimError{Claim: "iss", Reason: "contradicts iss of the header"}
	}
	pairs := t.pairs(document)
	for _, p := range pairs {
		if err := p.agree(); err != nil {
			return nil, err
		}
	}
	if err := t.checkSubject(document); err != nil {
		return nil, err
	}
	t.Document = t.restore(document, pairs)
	return t, nil
}

// classify finds the profile and returns the value that is the credential or
// presentation.
func (t *Token) classify(options Options) (strictjson.Value, error) {
	payload, header := t.JWS.Object, t.JWS.Header
	vc, hasVC := payload.Member("vc")
	vp, hasVP := payload.Member("vp")
	stated, known := typ[header.Type]
	if !known && header.Type != "" && header.Type != "jwt" {
		return strictjson.Value{}, fmt.Errorf("%w: typ is that of neither a credential nor a presentation", ErrType)
	}
	document := payload
	switch {
	case hasVC || hasVP:
		t.Profile, t.Presentation = ProfileVCJWT, hasVP
		document = vc
		if hasVP {
			document = vp
		}
		claim := "vc"
		if hasVP {
			claim = "vp"
		}
		if hasVC && hasVP || known || isDocument(payload) {
			return strictjson.Value{}, &ClaimError{Claim: claim, Reason: "stands beside another credential or presentation, or under a typ that forbids it"}
		}
		if document.Kind() != strictjson.Object {
			return strictjson.Value{}, &ClaimError{Claim: claim, Reason: "not an object"}
		}
	case known:
		t.Profile, t.Presentation = stated.profile, stated.presentation
	case hasType(payload, "VerifiablePresentation"):
		t.Profile, t.Presentation = ProfileVCJOSECOSE, true
	default:
		t.Profile = ProfileOpenBadges
	}
	return document, t.checkDocument(document, options)
}

// checkDocument holds the version and the type of the document against the
// profile.
func (t *Token) checkDocument(document strictjson.Value, options Options) error {
	first := strictjson.Value{}
	for context := range document.Get("@context").OneOrMany() {
		first = context
		break
	}
	v1 := first.Is(credential.ContextV1)
	v2 := first.Is(credential.ContextV2)
	switch {
	case !v1 && !v2:
		return fmt.Errorf("%w: the first context is not one of Verifiable Credentials", ErrType)
	case t.Profile == ProfileVCJWT && v2 && !options.VC2InClaim:
		return fmt.Errorf("%w: a credential of version 2.0 in a claim of version 1.1", ErrType)
	case t.Profile != ProfileVCJWT && v1:
		return fmt.Errorf("%w: a credential of version 1.1 outside the claim of version 1.1", ErrType)
	}
	want, other := "VerifiableCredential", "VerifiablePresentation"
	if t.Presentation {
		want, other = other, want
	}
	if !hasType(document, want) || hasType(document, other) {
		return fmt.Errorf("%w: the payload is not of type %s", ErrType, want)
	}
	return nil
}

// isDocument reports whether a payload is a credential or presentation itself.
func isDocument(payload strictjson.Value) bool {
	for _, name := range []string{"@context", "type", "credentialSubject", "verifiableCredential"} {
		if payload.Get(name).Exists() {
			return true
		}
	}
	return false
}

func hasType(v strictjson.Value, name string) bool {
	for t := range v.Get("type").OneOrMany() {
		if t.Is(name) {
			return true
		}
	}
	return false
}

// pairs lists what must agree, in the order in which faults are reported.
func (t *Token) pairs(document strictjson.Value) []pair {
	v2 := !hasContext(document, credential.ContextV1)
	from, until := "issuanceDate", "expirationDate"
	if v2 {
		from, until = "validFrom", "validUntil"
	}
	owner := "issuer"
	if t.Presentation {
		owner = "holder"
	}
	id, at := identified(document.Get(owner), "/"+owner)
	pairs := []pair{
		{claim: "iss", text: t.Claims.Issuer, member: id, path: at},
		{claim: "jti", text: t.Claims.ID, member: document.Get("id"), path: "/id"},
	}
	if issuer := t.JWS.Header.Issuer; issuer != "" {
		pairs = append(pairs, pair{claim: "iss", text: issuer, member: id, path: at})
	}
	if t.Profile == ProfileVCJWT {
		// Some writers leave an issuer beside vc. It has no meaning there, and
		// must not have another one.
		beside, _ := identified(t.JWS.Object.Get(owner), "")
		pairs = append(pairs, pair{claim: "iss", text: t.Claims.Issuer, member: beside}, pair{claim: "iss", text: id.Text(), member: beside})
	}
	if t.Presentation || t.Profile == ProfileVCJOSECOSE {
		return pairs
	}
	return append(
		pairs,
		pair{claim: "nbf", time: t.Claims.NotBefore, member: document.Get(from), path: "/" + from},
		pair{claim: "exp", time: t.Claims.Expires, member: document.Get(until), path: "/" + until},
	)
}

// hasContext reports whether the first context is the given one.
func hasContext(document strictjson.Value, url string) bool {
	for context := range document.Get("@context").OneOrMany() {
		return context.Is(url)
	}
	return false
}

// checkSubject holds sub against the subjects: it must be one of those that
// have an id. It also notes what Open Badges requires and what is not there.
func (t *Token) checkSubject(document strictjson.Value) error {
	if t.Profile == ProfileOpenBadges {
		t.noteMissing(document)
	}
	if t.Claims.Subject == "" || t.Presentation {
		return nil
	}
	identifiedSubjects, index := 0, 0
	path := ""
	for subject := range document.Get("credentialSubject").OneOrMany() {
		at := "/credentialSubject"
		if document.Get("credentialSubject").Kind() == strictjson.Array {
			at = fmt.Sprintf("/credentialSubject/%d", index)
		}
		index++
		id := subject.Get("id")
		if !id.Exists() {
			continue
		}
		identifiedSubjects++
		if id.Is(t.Claims.Subject) {
			return nil
		}
		path = at + "/id"
	}
	switch {
	case identifiedSubjects > 0:
		return &ClaimError{Claim: "sub", Path: path, Reason: "contradicts the credential"}
	case t.Profile == ProfileVCJWT && index == 1:
		return nil // sub takes the place of the id
	default:
		return &ClaimError{Claim: "sub", Path: "/credentialSubject", Reason: "the credential has no such subject"}
	}
}

// noteMissing lists the claims that Open Badges 3.0 §8.2.4 requires.
func (t *Token) noteMissing(document strictjson.Value) {
	c := t.Claims
	for _, required := range []struct {
		claim  string
		absent bool
	}{
		{"iss", c.Issuer == ""},
		{"sub", c.Subject == ""},
		{"jti", c.ID == ""},
		{"nbf", c.NotBefore.IsZero()},
		{"exp", c.Expires.IsZero() && document.Get("validUntil").Exists()},
	} {
		if required.absent {
			t.Missing = append(t.Missing, required.claim)
		}
	}
}

// restore makes the bytes to examine.
func (t *Token) restore(document strictjson.Value, pairs []pair) []byte {
	if t.Profile != ProfileVCJWT {
		return without(document, registered)
	}
	// The place of each claim is the member it was compared with.
	var added []member
	for _, p := range pairs {
		if p.member.Exists() || p.path == "" {
			continue
		}
		value := p.text
		if !p.time.IsZero() {
			value = credential.FormatDateTime(p.time)
		}
		if value == "" || p.claim == "jti" && !bytes.ContainsRune([]byte(value), ':') {
			continue
		}
		added = append(added, member{path: p.path, value: value})
	}
	if t.Claims.Subject != "" && !t.Presentation {
		added = append(added, subjectID(document, t.Claims.Subject)...)
	}
	return with(document, added)
}
