package schema

import (
	"errors"
	"fmt"

	"laurel/credential/strictjson"
)

// The JSON-LD contexts that tell what a document is.
const (
	ContextV1         = "https://www.w3.org/2018/credentials/v1"                     // VC Data Model 1.1
	ContextV2         = "https://www.w3.org/ns/credentials/v2"                       // VC Data Model 2.0
	ContextOpenBadges = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json" // the newest of Open Badges 3.0
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

// The kinds. KindOther is a verifiable credential that is no badge.
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

// What a document that is JSON can turn out to be instead of a credential or a
// presentation.
var (
	ErrNotCredential   = errors.New("not a verifiable credential")
	ErrPresentation    = errors.New("a verifiable presentation, not a credential")
	ErrNotPresentation = errors.New("not a verifiable presentation")
)

// ParseError says why a document is not what it was read as, and where.
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

// Identify tells what a document claims to be by its first context and its
// type. The error is a *ParseError when it is no object, does not begin its
// @context with ContextV2 or ContextV1, or is a presentation (ErrPresentation).
// A credential that claims several kinds is of the first; that is also the one
// it is validated as.
func Identify(document strictjson.Value) (Version, Kind, error) {
	version, err := versionOf(document, ErrNotCredential)
	if err != nil {
		return 0, 0, err
	}
	types := document.Get("type")
	if isPresentation(types) {
		return 0, 0, &ParseError{Path: types.Pointer(), Code: "is_presentation", Err: ErrPresentation}
	}
	return version, kindOf(types), nil
}

// IdentifyPresentation is Identify for a presentation; for anything else the
// error is a *ParseError with ErrNotPresentation.
func IdentifyPresentation(document strictjson.Value) (Version, error) {
	version, err := versionOf(document, ErrNotPresentation)
	if err != nil {
		return 0, err
	}
	if !isPresentation(document.Get("type")) {
		return 0, &ParseError{Path: "/type", Code: "is_not_presentation", Err: ErrNotPresentation}
	}
	return version, nil
}

// versionOf tells the version by the first context.
func versionOf(v strictjson.Value, not error) (Version, error) {
	if v.Kind() != strictjson.Object {
		return 0, &ParseError{Path: v.Pointer(), Code: "not_an_object", Err: not}
	}
	context, ok := v.Member("@context")
	if !ok {
		return 0, &ParseError{Path: v.Pointer() + "/@context", Code: "context_missing", Err: not}
	}
	contexts := context.Items()
	if !contexts.Next() {
		return 0, &ParseError{Path: context.Pointer(), Code: "context_missing", Err: not}
	}
	switch first := contexts.Value(); {
	case first.Is(ContextV2):
		return V2, nil
	case first.Is(ContextV1):
		return V1, nil
	default:
		return 0, &ParseError{Path: first.Pointer(), Code: "context_unknown", Err: not}
	}
}

func isPresentation(types strictjson.Value) bool {
	return hasType(types, "VerifiablePresentation", "EnvelopedVerifiablePresentation")
}

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
