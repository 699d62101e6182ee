package schema

import (
	"slices"
	"strings"
)

// Severity says what a violation does to a credential.
type Severity uint8

// The severities. Whatever the published JSON Schemas refuse is an error, with
// the exceptions that the codes name.
const (
	SeverityError   Severity = iota // the credential is not well formed
	SeverityWarning                 // well formed, but not as it should be
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == SeverityWarning {
		return "warning"
	}
	return "error"
}

// Violation is one fault of a document.
type Violation struct {
	Path     string // JSON Pointer of what is wrong, or of what is missing
	Code     string // stable; Sentence tells what it means
	Severity Severity
	Params   map[string]string // what the sentence is about: names from the specification, never a person's data
}

// String is the path and the sentence, for messages.
func (v Violation) String() string { return v.Path + ": " + Sentence(v) }

// Errors returns the violations that are errors.
func Errors(violations []Violation) []Violation {
	return slices.DeleteFunc(slices.Clone(violations), func(v Violation) bool { return v.Severity != SeverityError })
}

// sentences is the catalogue: one English sentence a code, with the names of
// params in braces. A code that is not here does not exist.
var sentences = map[string]string{
	"property_missing":          "The required property {property} is missing.",
	"wrong_type":                "This must be {expected}, but it is {found}.",
	"null_value":                "A property without a value must be left out, not set to null.",
	"empty_array":               "A property without values must be left out, not set to an empty array.",
	"empty_text":                "This text is empty.",
	"array_expected":            "This must be an array, even for a single value.",
	"single_expected":           "Only a single value is allowed here, not an array.",
	"single_recommended":        "Open Badges 3.0 has room for a single value here; not every reader takes several.",
	"unknown_property":          "{class} has no property {property} and takes no others.",
	"type_mismatch":             "The type must include {expected}.",
	"type_malformed":            "A type must be a term or an absolute URL.",
	"term_unknown":              "This is not a value of {vocabulary}.",
	"uri_malformed":             "This must be an absolute URI.",
	"uri_unsafe":                "A link with the scheme {scheme} is not safe to follow.",
	"date_time_malformed":       "This must be a real date and time with a time zone, as in 2024-03-01T09:30:00Z.",
	"date_time_zone_missing":    "This date and time has no time zone.",
	"date_malformed":            "This must be a real date, as in 2024-03-01.",
	"language_malformed":        "This must be a language tag, as in en or pt-BR.",
	"localized_malformed":       "This must be a text, or an object with @value and optionally @language and @direction.",
	"jws_malformed":             "This must be a JSON Web Signature in compact form.",
	"text_controls":             "This text holds invisible control characters.",
	"context_malformed":         "A context must be an absolute URL or an object.",
	"context_missing":           "The second context must be that of Open Badges 3.0.",
	"context_first":             "The first context must be {expected}.",
	"context_alias":             "The Open Badges context is given by an alias; the published schemas know only its own name.",
	"context_repeated":          "The same context is listed twice.",
	"context_superseded":        "An older Open Badges context is used.",
	"not_a_badge":               "This is a verifiable credential, but not an Open Badge.",
	"issuer_not_embedded":       "The issuer is only named; not every reader takes an issuer that is no embedded Profile.",
	"period_reversed":           "The end of the validity period lies before its beginning.",
	"property_of_other_model":   "{property} belongs to another version of the data model.",
	"subject_unidentified":      "The subject needs an id or at least one identifier.",
	"claim_missing":             "The subject has no claim.",
	"criteria_empty":            "The criteria need an id or a narrative.",
	"result_not_described":      "The result refers to a result description that is not in this achievement.",
	"level_not_described":       "The achieved level is not a level of any result description in this achievement.",
	"level_described_elsewhere": "The achieved level belongs to another result description than the one the result refers to.",
	"result_status_missing":     "A result described by the result type Status needs a status.",
	"identity_hash_unreadable":  "A hashed identity must be sha256$ or md5$ and hexadecimal digits.",
	"coordinates_off_earth":     "The coordinates are not a place on earth.",
	"status_index_malformed":    "The index must be a whole number that is not negative.",
	"digest_missing":            "A related resource needs digestSRI or digestMultibase.",
	"resource_repeated":         "The related resource is listed twice.",
	"envelope_not_data":         "The id of an enveloped credential must be a data: URL.",
	"not_embedded":              "A presentation of this version holds credentials as objects.",
	"credential_malformed":      "This is not a verifiable credential: {reason}.",
}

// Sentence says in English what a violation means.
func Sentence(v Violation) string {
	sentence, ok := sentences[v.Code]
	if !ok {
		return v.Code
	}
	for name, param := range v.Params {
		sentence = strings.ReplaceAll(sentence, "{"+name+"}", param)
	}
	return sentence
}

// Codes lists the codes that violations can have, sorted.
func Codes() []string {
	codes := make([]string, 0, len(sentences))
	for code := range sentences {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}
