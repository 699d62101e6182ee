package credential

import (
	"time"

	"laurel/credential/schema"
)

// What the rules of the data model say and speak of is defined by package
// schema, which explains it.
type (
	// Version is the data model that a document is written in.
	Version = schema.Version
	// Kind is what a credential is for.
	Kind = schema.Kind
	// ParseError says why a document is not what it was parsed as.
	ParseError = schema.ParseError
	// Violation is one fault of a document.
	Violation = schema.Violation
	// Severity says what a violation does to a credential.
	Severity = schema.Severity
)

// The versions, kinds and severities.
const (
	V1 = schema.V1
	V2 = schema.V2

	KindOther       = schema.KindOther
	KindAchievement = schema.KindAchievement
	KindEndorsement = schema.KindEndorsement
	KindStatusList  = schema.KindStatusList
	KindEnveloped   = schema.KindEnveloped

	SeverityError   = schema.SeverityError
	SeverityWarning = schema.SeverityWarning
)

// MaxViolations bounds what Validate reports.
const MaxViolations = schema.MaxViolations

// What a document that parses as JSON can turn out to be instead of a
// credential. Errors of Parse wrap one of them or a *strictjson.Error.
var (
	ErrNotCredential   = schema.ErrNotCredential
	ErrPresentation    = schema.ErrPresentation
	ErrNotPresentation = schema.ErrNotPresentation
)

// ErrDateTime is returned for text that is no xsd:dateTime.
var ErrDateTime = schema.ErrDateTime

// ParseDateTimeStamp is schema.ParseDateTimeStamp.
func ParseDateTimeStamp(text string) (t time.Time, zoned bool, err error) {
	return schema.ParseDateTimeStamp(text)
}

// Errors returns the violations that are errors.
func Errors(violations []Violation) []Violation { return schema.Errors(violations) }

// Sentence says in English what a violation means.
func Sentence(v Violation) string { return schema.Sentence(v) }

// Codes lists the codes that violations can have, sorted.
func Codes() []string { return schema.Codes() }

// AchievementTypes lists the achievement types of Open Badges 3.0. Terms of the
// form ext:… are allowed besides.
func AchievementTypes() []string { return schema.AchievementTypes() }

// IdentifierTypes lists the identifier types of Open Badges 3.0. Terms of the
// form ext:… are allowed besides.
func IdentifierTypes() []string { return schema.IdentifierTypes() }
