package issuer

import (
	"errors"
	"strings"

	"laurel/credential"
)

// Errors of this package. Besides them come those of package storage:
// ErrNotFound for what the caller has no business with, ErrConflict for a
// change that the state does not allow, ErrErased for what was erased,
// ErrInFlight and ErrMismatch for idempotency keys, ErrExists; and
// keys.ErrNoSigningKey.
var (
	// ErrInvalid means that the request cannot become a good badge. It always
	// comes as an *InvalidError.
	ErrInvalid = errors.New("invalid request")
	// ErrSelfCheck means that what was just signed did not verify and was not
	// released. It is a fault of the installation, not of the request.
	ErrSelfCheck = errors.New("own credential does not verify")
	// ErrAddress means that an address is no PublicURL, or is not the one that
	// the installation was set up under.
	ErrAddress = errors.New("wrong public URL")
	// ErrUnauthorized means that an API key is not one that is in force here.
	// What is wrong with it is not said.
	ErrUnauthorized = errors.New("API key is not valid")
)

// Violation is one fault of a request.
type Violation struct {
	// Path is a JSON Pointer into what the caller gave: the achievement or
	// profile, or the award request as the operators' API has it.
	Path string `json:"path"`
	// Code is stable: one of credential.Codes, or one of this package.
	Code string `json:"code"`
	// Term is the member name or value that no signature would cover, as the
	// caller wrote it. It is for the caller, not for a log.
	Term string `json:"term,omitempty"`
	// Message is an English sentence.
	Message string `json:"message"`
}

// InvalidError says what is wrong with a request.
type InvalidError struct {
	// Violations are at least one.
	Violations []Violation
}

// Error names places and terms, never values.
func (e *InvalidError) Error() string {
	texts := make([]string, 0, len(e.Violations))
	for _, v := range e.Violations {
		texts = append(texts, v.Path+": "+v.Message)
	}
	return ErrInvalid.Error() + ": " + strings.Join(texts, "; ")
}

// Is makes the error match ErrInvalid.
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// sentences are the codes of violations that package credential does not have.
var sentences = map[string]string{
	"json_malformed":      "This is not strict JSON.",
	"object_expected":     "This must be an object.",
	"id_assigned":         "The id is given by the issuer and cannot be chosen.",
	"context_not_allowed": "A document that becomes part of a badge has no @context of its own.",
	"too_large":           "This is larger than a badge may be.",
	"not_covered":         "No signature would cover this: it would be lost.",
	"slug_invalid":        "A name is 3 to 40 of the characters a-z, 0-9 and -, and not a reserved word.",
	"person_unnamed":      "A person is named by one of email, id, credential and subject.",
	"recipient_missing":   "A recipient needs an email or an id.",
	"recipient_ambiguous": "A recipient has an email or an id, not both.",
	"recipient_exposed":   "A mailto: or tel: address would stand in the badge for all to read. Give an e-mail address as email.",
	"email_malformed":     "This is not an e-mail address.",
	"name_malformed":      "A name is 1 to 200 characters without control characters.",
	"url_malformed":       "This must be an https URL.",
	"period_past":         "The validity would have ended already.",
	"visibility_unknown":  "The visibility is one of off, link and public.",
	"reason_malformed":    "A reason is a code of 1 to 64 of the characters a-z, 0-9, - and _.",
	"wording_malformed":   "What the public is told is at most 500 characters without control characters.",
	"scope_unknown":       "This is not a scope.",
	"scope_missing":       "A key without a scope could do nothing.",
	"scope_exceeds":       "Nobody can give a scope that they do not have, and only a key of the default issuer can have this one.",
	"expires_past":        "The key would have expired already.",
	"quota_malformed":     "A quota is a number of awards a day from 1 on, or 0 for none.",
	"achievement_unknown": "There is no such achievement.",
	"credential_unknown":  "There is no badge of this id or address.",
	"version_unknown":     "The achievement has no such version.",
	"selection_empty":     "A selection needs a criterion at least: without one it would mean every badge.",
}

// fault is an *InvalidError of one violation.
func fault(path, code string) error {
	return &InvalidError{Violations: []Violation{violation(path, code)}}
}

func violation(path, code string) Violation {
	message, own := sentences[code]
	if !own {
		message = credential.Sentence(credential.Violation{Code: code})
	}
	return Violation{Path: path, Code: code, Message: message}
}

// Sentence is the English sentence of the code of a violation.
func Sentence(code string) string { return violation("", code).Message }
