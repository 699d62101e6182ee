package credential

import (
	"encoding/json"
	"time"

	"laurel/credential/schema"
)

// The JSON-LD contexts of credentials that this package issues or recognises.
const (
	ContextV1         = schema.ContextV1                                          // VC Data Model 1.1
	ContextV2         = schema.ContextV2                                          // VC Data Model 2.0
	ContextOpenBadges = schema.ContextOpenBadges                                  // the one put into new badges
	ContextExtensions = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json" // defines the 1EdTech schema, status and refresh types
)

// FormatDateTime writes a moment the way this package issues it: UTC, whole
// seconds.
func FormatDateTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// AchievementCredential is an Open Badge (Open Badges 3.0 §B.1.1). Marshal
// fills in an empty Context and empty Type members with their usual values.
// Times are xsd:dateTimeStamp text, see FormatDateTime.
type AchievementCredential struct {
	Context           []string                `json:"@context"`
	ID                string                  `json:"id"`
	Type              []string                `json:"type" as:"VerifiableCredential OpenBadgeCredential"`
	Name              string                  `json:"name"`
	Description       string                  `json:"description"`
	Image             *Image                  `json:"image"`
	Issuer            Profile                 `json:"issuer" form:"reference"` // with nothing but an ID it is written as that URI
	ValidFrom         string                  `json:"validFrom"`
	ValidUntil        string                  `json:"validUntil"`
	AwardedDate       string                  `json:"awardedDate"`
	CredentialSubject AchievementSubject      `json:"credentialSubject"`
	Evidence          []Evidence              `json:"evidence"`
	Endorsement       []EndorsementCredential `json:"endorsement"`
	EndorsementJWT    []string                `json:"endorsementJwt"`
	CredentialSchema  []CredentialSchema      `json:"credentialSchema"`
	CredentialStatus  []CredentialStatus      `json:"credentialStatus" form:"single"`
	RefreshService    *RefreshService         `json:"refreshService"`
	TermsOfUse        []TermsOfUse            `json:"termsOfUse"`
	Proof             []Proof                 `json:"proof"`
}

// EndorsementCredential is a claim about a profile, an achievement or a
// credential (Open Badges 3.0 §B.1.5). Name is required.
type EndorsementCredential struct {
	Context           []string           `json:"@context"`
	ID                string             `json:"id"`
	Type              []string           `json:"type" as:"VerifiableCredential EndorsementCredential"`
	Name              string             `json:"name"`
	Description       string             `json:"description"`
	Issuer            Profile            `json:"issuer" form:"reference"`
	ValidFrom         string             `json:"validFrom"`
	ValidUntil        string             `json:"validUntil"`
	AwardedDate       string             `json:"awardedDate"`
	CredentialSubject EndorsementSubject `json:"credentialSubject"`
	CredentialSchema  []CredentialSchema `json:"credentialSchema"`
	CredentialStatus  []CredentialStatus `json:"credentialStatus" form:"single"`
	RefreshService    *RefreshService    `json:"refreshService"`
	TermsOfUse        []TermsOfUse       `json:"termsOfUse"`
	Proof             []Proof            `json:"proof"`
}

// EndorsementSubject says what is endorsed; ID is that thing's id.
type EndorsementSubject struct {
	ID                 string   `json:"id"`
	Type               []string `json:"type" as:"EndorsementSubject"`
	EndorsementComment string   `json:"endorsementComment"` // Markdown
}

// AchievementSubject is the recipient and what was achieved. ID or an
// Identifier is required.
type AchievementSubject struct {
	ID                string           `json:"id"`
	Type              []string         `json:"type" as:"AchievementSubject"`
	Identifier        []IdentityObject `json:"identifier"`
	ActivityStartDate string           `json:"activityStartDate"`
	ActivityEndDate   string           `json:"activityEndDate"`
	CreditsEarned     json.Number      `json:"creditsEarned"`
	Image             *Image           `json:"image"` // the baked image; the plain one belongs to the achievement
	LicenseNumber     string           `json:"licenseNumber"`
	Role              string           `json:"role"`
	Term              string           `json:"term"`
	Narrative         string           `json:"narrative"` // Markdown
	Source            *Profile         `json:"source"`
	Achievement       Achievement      `json:"achievement"`
	Result            []Result         `json:"result"`
}

// Achievement is what can be awarded (Open Badges 3.0 §B.1.2).
type Achievement struct {
	ID                string                  `json:"id"`
	Type              []string                `json:"type" as:"Achievement"`
	AchievementType   string                  `json:"achievementType"`
	Name              string                  `json:"name"`
	Description       string                  `json:"description"`
	Criteria          Criteria                `json:"criteria"`
	Image             *Image                  `json:"image"`
	Creator           *Profile                `json:"creator"`
	InLanguage        string                  `json:"inLanguage"`
	Version           string                  `json:"version"`
	HumanCode         string                  `json:"humanCode"`
	FieldOfStudy      string                  `json:"fieldOfStudy"`
	Specialization    string                  `json:"specialization"`
	CreditsAvailable  json.Number             `json:"creditsAvailable"`
	Tag               []string                `json:"tag"`
	Alignment         []Alignment             `json:"alignment"`
	OtherIdentifier   []IdentifierEntry       `json:"otherIdentifier"`
	Related           []Related               `json:"related"`
	ResultDescription []ResultDescription     `json:"resultDescription"`
	Endorsement       []EndorsementCredential `json:"endorsement"`
	EndorsementJWT    []string                `json:"endorsementJwt"`
}

// Criteria says how the achievement is earned; one of the two is required.
type Criteria struct {
	ID        string `json:"id"`
	Narrative string `json:"narrative"` // Markdown
}

// Alignment ties an achievement or result to an entry of a framework.
type Alignment struct {
	Type              []string `json:"type" as:"Alignment"`
	TargetName        string   `json:"targetName"`
	TargetURL         string   `json:"targetUrl"`
	TargetDescription string   `json:"targetDescription"`
	TargetFramework   string   `json:"targetFramework"`
	TargetCode        string   `json:"targetCode"`
	TargetType        string   `json:"targetType"`
}

// Related points to another version or language of an achievement.
type Related struct {
	ID         string   `json:"id"`
	Type       []string `json:"type" as:"Related"`
	InLanguage string   `json:"inLanguage"`
	Version    string   `json:"version"`
}

// ResultDescription describes one possible result of an achievement.
type ResultDescription struct {
	ID                   string                 `json:"id"`
	Type                 []string               `json:"type" as:"ResultDescription"`
	Name                 string                 `json:"name"`
	ResultType           string                 `json:"resultType"`
	AllowedValue         []string               `json:"allowedValue"` // ordered, low to high
	RequiredLevel        string                 `json:"requiredLevel"`
	RequiredValue        string                 `json:"requiredValue"`
	RubricCriterionLevel []RubricCriterionLevel `json:"rubricCriterionLevel"`
	ValueMin             string                 `json:"valueMin"`
	ValueMax             string                 `json:"valueMax"`
	Alignment            []Alignment            `json:"alignment"`
}

// RubricCriterionLevel is one level of a rubric.
type RubricCriterionLevel struct {
	ID          string      `json:"id"`
	Type        []string    `json:"type" as:"RubricCriterionLevel"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Level       string      `json:"level"`
	Points      string      `json:"points"`
	Alignment   []Alignment `json:"alignment"`
}

// Result is a result the recipient reached; ResultDescription is the id of one
// in the same achievement.
type Result struct {
	Type              []string    `json:"type" as:"Result"`
	ResultDescription string      `json:"resultDescription"`
	AchievedLevel     string      `json:"achievedLevel"`
	Status            string      `json:"status"`
	Value             string      `json:"value"`
	Alignment         []Alignment `json:"alignment"`
}

// Evidence is a record of how the achievement was met.
type Evidence struct {
	ID          string   `json:"id"`
	Type        []string `json:"type" as:"Evidence"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Narrative   string   `json:"narrative"` // Markdown
	Genre       string   `json:"genre"`
	Audience    string   `json:"audience"`
}

// Profile is an organisation or person (Open Badges 3.0 §B.1.7).
type Profile struct {
	ID               string                  `json:"id"`
	Type             []string                `json:"type" as:"Profile"`
	Name             string                  `json:"name"`
	Description      string                  `json:"description"`
	URL              string                  `json:"url"`
	Email            string                  `json:"email"`
	Phone            string                  `json:"phone"`
	Image            *Image                  `json:"image"`
	Official         string                  `json:"official"`
	Address          *Address                `json:"address"`
	ParentOrg        *Profile                `json:"parentOrg"`
	OtherIdentifier  []IdentifierEntry       `json:"otherIdentifier"`
	GivenName        string                  `json:"givenName"`
	AdditionalName   string                  `json:"additionalName"`
	FamilyNamePrefix string                  `json:"familyNamePrefix"`
	FamilyName       string                  `json:"familyName"`
	PatronymicName   string                  `json:"patronymicName"`
	HonorificPrefix  string                  `json:"honorificPrefix"`
	HonorificSuffix  string                  `json:"honorificSuffix"`
	DateOfBirth      string                  `json:"dateOfBirth"`
	Endorsement      []EndorsementCredential `json:"endorsement"`
	EndorsementJWT   []string                `json:"endorsementJwt"`
}

// Address is a postal address.
type Address struct {
	Type                []string        `json:"type" as:"Address"`
	AddressCountry      string          `json:"addressCountry"`
	AddressCountryCode  string          `json:"addressCountryCode"` // ISO 3166-1 alpha-2
	AddressRegion       string          `json:"addressRegion"`
	AddressLocality     string          `json:"addressLocality"`
	StreetAddress       string          `json:"streetAddress"`
	PostOfficeBoxNumber string          `json:"postOfficeBoxNumber"`
	PostalCode          string          `json:"postalCode"`
	Geo                 *GeoCoordinates `json:"geo"`
}

// GeoCoordinates is a place on earth in decimal degrees (WGS 84).
type GeoCoordinates struct {
	Type      string      `json:"type" as:"GeoCoordinates"`
	Latitude  json.Number `json:"latitude"`
	Longitude json.Number `json:"longitude"`
}

// IdentifierEntry is an identifier of a profile or achievement in another
// system.
type IdentifierEntry struct {
	Type           string `json:"type" as:"IdentifierEntry"`
	Identifier     string `json:"identifier"`
	IdentifierType string `json:"identifierType"`
}

// IdentityObject names a recipient, plainly or as a salted hash, see
// IdentityHash and MatchIdentity. It may be personal data: never log it.
type IdentityObject struct {
	Type         string `json:"type" as:"IdentityObject"`
	Hashed       bool   `json:"hashed" form:"always"`
	IdentityHash string `json:"identityHash"`
	IdentityType string `json:"identityType"`
	Salt         string `json:"salt"`
}

// Image is an image by URL or data: URL.
type Image struct {
	ID      string `json:"id"`
	Type    string `json:"type" as:"Image"`
	Caption string `json:"caption"`
}

// CredentialSchema names a schema of the credential.
type CredentialSchema struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// CredentialStatus says where the status of the credential is published. The
// members of a BitstringStatusListEntry are text; on decoding, an index that
// was written as a number becomes its literal.
type CredentialStatus struct {
	ID                   string `json:"id"`
	Type                 string `json:"type"`
	StatusPurpose        string `json:"statusPurpose"`
	StatusListIndex      string `json:"statusListIndex" form:"literal"`
	StatusListCredential string `json:"statusListCredential"`
}

// RefreshService says where a newer copy of the credential can be had.
type RefreshService struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// TermsOfUse names the terms under which the credential was issued.
type TermsOfUse struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// Proof is a Data Integrity proof for showing. Package dataintegrity reads and
// writes the real ones from bytes.
type Proof struct {
	ID                 string   `json:"id"`
	Type               string   `json:"type"`
	Created            string   `json:"created"`
	Expires            string   `json:"expires"`
	VerificationMethod string   `json:"verificationMethod"`
	Cryptosuite        string   `json:"cryptosuite"`
	ProofPurpose       string   `json:"proofPurpose"`
	Domain             []string `json:"domain" form:"single"`
	Challenge          string   `json:"challenge"`
	Nonce              string   `json:"nonce"`
	ProofValue         string   `json:"proofValue"`
}
