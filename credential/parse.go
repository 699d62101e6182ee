package credential

import (
	"errors"
	"fmt"
	"slices"

	"laurel/credential/strictjson"
)

// Version is the data model a document is written in, told by its first
// context.
type Version uint8

// The versions.
const (
	V1 Version = iota + 1 // VC Data Model 1.1: checked, never issued
	V2                    // VC Data Model 2.0
)

// String returns "1.1" or "2.0".
func (v Version) String() string {
	switch v {
	case V1:
		return "1.1"
	case V2:
		return "2.0"
	default:
		return "unknown"
	}
}

// Kind is what a credential is for, told by its type.
type Kind uint8

// The kinds. Other is a verifiable credential that is no badge.
const (
	KindOther Kind = iota
	KindAchievement
	KindEndorsement
	KindStatusList
	KindEnveloped // an EnvelopedVerifiableCredential: the credential is inside its id, a data: URL
)

var kindNames = [...]string{"Other", "AchievementCredential", "EndorsementCredential", "BitstringStatusListCredential", "EnvelopedVerifiableCredential"}

// String returns the type name that makes a credential of this kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// What a document that parses as JSON can turn out to be instead of a
// credential. Errors of Parse wrap one of them or a *strictjson.Error.
var (
	ErrNotCredential   = errors.New("not a verifiable credential")
	ErrPresentation    = errors.New("a verifiable presentation, not a credential")
	ErrNotPresentation = errors.New("not a verifiable presentation")
)

// ParseError says why a document is not what it was parsed as, and where.
type ParseError struct {
	Path string // JSON Pointer
	Code string // not_an_object, context_missing, context_unknown, is_presentation, is_not_presentation
	Err  error  // ErrNotCredential, ErrPresentation or ErrNotPresentation
}

func (e *ParseError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("parsing credential: %v (%s)", e.Err, e.Code)
	}
	return fmt.Sprintf("parsing credential: %v (%s at %s)", e.Err, e.Code, e.Path)
}

// Unwrap returns Err.
func (e *ParseError) Unwrap() error { return e.Err }

// Credential is a parsed credential: the bytes it came in, a strict tree over
// them, and what it is. It is safe for concurrent reading. That it parsed says
// nothing about its validity: call Validate.
type Credential struct {
	Version Version
	Kind    Kind
	value   strictjson.Value
}

// Parse reads a credential under the default limits of strictjson (1 MiB,
// depth 64). It fails with a *strictjson.Error for anything but strict JSON
// and with a *ParseError when the document is no object, does not begin its
// @context with ContextV2 or ContextV1, or is a presentation (ErrPresentation).
// Everything else, a missing type included, is left to Validate. The caller
// must not change data afterwards.
func Parse(data []byte) (*Credential, error) {
	doc, err := strictjson.Parse(data)
	if err != nil {
		return nil, err
	}
	return FromValue(doc.Root())
}

// FromValue is Parse for a credential that is part of a parsed document, such
// as an endorsement or one inside a presentation. Raw then returns its own
// bytes only; paths of violations stay those of the whole document.
func FromValue(v strictjson.Value) (*Credential, error) {
	version, err := detectVersion(v, ErrNotCredential)
	if err != nil {
		return nil, err
	}
	types := v.Get("type")
	if isPresentation(types) {
		return nil, &ParseError{Path: types.Pointer(), Code: "is_presentation", Err: ErrPresentation}
	}
	return &Credential{Version: version, Kind: kindOf(types), value: v}, nil
}

// Raw returns the bytes of the credential exactly as they were given. The
// caller must not change them.
func (c *Credential) Raw() []byte {
	if doc := c.value.Document(); doc != nil && doc.Root() == c.value {
		return doc.Bytes()
	}
	return c.value.Raw()
}

// Value returns the tree of the credential.
func (c *Credential) Value() strictjson.Value { return c.value }

// IsBadge reports whether the credential claims to be an Open Badge.
func (c *Credential) IsBadge() bool { return c.Kind == KindAchievement }

// Presentation is a parsed verifiable presentation.
type Presentation struct {
	Version Version
	value   strictjson.Value
}

// ParsePresentation reads a verifiable presentation as Parse reads a
// credential. It fails with ErrNotPresentation for anything else.
func ParsePresentation(data []byte) (*Presentation, error) {
	doc, err := strictjson.Parse(data)
	if err != nil {
		return nil, err
	}
	v := doc.Root()
	version, err := detectVersion(v, ErrNotPresentation)
	if err != nil {
		return nil, err
	}
	if !isPresentation(v.Get("type")) {
		return nil, &ParseError{Path: "/type", Code: "is_not_presentation", Err: ErrNotPresentation}
	}
	return &Presentation{Version: version, value: v}, nil
}

// Raw returns the bytes of the presentation exactly as they were given.
func (p *Presentation) Raw() []byte { return p.value.Document().Bytes() }

// Value returns the tree of the presentation.
func (p *Presentation) Value() strictjson.Value { return p.value }

// Credentials returns the values of verifiableCredential, whatever they are.
// Only objects are allowed by version 2.0, which Validate checks.
func (p *Presentation) Credentials() []strictjson.Value {
	return slices.Collect(p.value.Get("verifiableCredential").OneOrMany())
}

// Holder returns the id of the holder, "" when there is none.
func (p *Presentation) Holder() string { return idOf(p.value.Get("holder")) }

// detectVersion tells the version by the first context.
func detectVersion(v strictjson.Value, not error) (Version, error) {
	if v.Kind() != strictjson.Object {
		return 0, &ParseError{Path: v.Pointer(), Code: "not_an_object", Err: not}
	}
	context, ok := v.Member("@context")
	if !ok {
		return 0, &ParseError{Path: v.Pointer() + "/@context", Code: "context_missing", Err: not}
	}
	for first := range context.OneOrMany() {
		switch {
		case first.Is(ContextV2):
			return V2, nil
		case first.Is(ContextV1):
			return V1, nil
		}
		return 0, &ParseError{Path: first.Pointer(), Code: "context_unknown", Err: not}
	}
	return 0, &ParseError{Path: context.Pointer(), Code: "context_missing", Err: not}
}

func isPresentation(types strictjson.Value) bool {
	return hasType(types, "VerifiablePresentation", "EnvelopedVerifiablePresentation")
}

// kindOf tells the kind by the types. A credential that claims several kinds
// is of the first, which is also the one it is validated as.
func kindOf(types strictjson.Value) Kind {
	switch {
	case hasType(types, "AchievementCredential", "OpenBadgeCredential"):
		return KindAchievement
	case hasType(types, "EndorsementCredential"):
		return KindEndorsement
	case hasType(types, "BitstringStatusListCredential", "StatusList2021Credential"):
		return KindStatusList
	case hasType(types, "EnvelopedVerifiableCredential"):
		return KindEnveloped
	default:
		return KindOther
	}
}

// textSet returns the strings of a string or an array.
func textSet(v strictjson.Value) []string {
	var texts []string
	for element := range v.OneOrMany() {
		if element.Kind() == strictjson.String {
			texts = append(texts, element.Text())
		}
	}
	return texts
}

// idOf returns the id of a reference: a URI or an object with one.
func idOf(v strictjson.Value) string {
	if v.Kind() == strictjson.Object {
		return v.Get("id").Text()
	}
	return v.Text()
}
