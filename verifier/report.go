package verifier

import (
	"encoding/json"
	"time"
)

// Verdict is the outcome of a whole verification.
type Verdict string

// The verdicts. Invalid wins over indeterminate.
const (
	// VerdictValid: every required check was made and passed.
	VerdictValid Verdict = "valid"
	// VerdictInvalid: a required check failed.
	VerdictInvalid Verdict = "invalid"
	// VerdictIndeterminate: no required check failed, but one could not be
	// made.
	VerdictIndeterminate Verdict = "indeterminate"
)

// Outcome is the outcome of one check. The four are four different things: a
// check that could not be made has not passed.
type Outcome string

// The outcomes.
const (
	Passed Outcome = "passed"
	Failed Outcome = "failed"
	// Skipped: the check was not made, because there was nothing to check or
	// because an earlier one made it pointless.
	Skipped Outcome = "skipped"
	// Indeterminate: the check was tried and could not be made.
	Indeterminate Outcome = "indeterminate"
)

// Format names what form the input was in.
type Format string

// The formats.
const (
	FormatJSON        Format = "json"
	FormatJWS         Format = "jws"         // compact JWS
	FormatSDJWT       Format = "sd-jwt"      // compact JWS with disclosures
	FormatCOSE        Format = "cose"        // COSE_Sign1 message
	FormatPNG         Format = "png"         // a picture that may have a badge baked in
	FormatSVG         Format = "svg"         // likewise
	FormatLink        Format = "link"        // an https URL behind which there was no badge; else the format of what was there
	FormatOpenBadges2 Format = "openbadges2" // Open Badges 1 or 2
)

// Check is one thing that was looked at.
type Check struct {
	// Code is stable and names the finding; Codes lists all of them.
	Code    Code    `json:"code"`
	Outcome Outcome `json:"outcome"`
	// Message is the sentence of the catalogue for Code and Outcome, in plain
	// English: what was found, and what to do about it.
	Message string `json:"message"`
	// Path is the JSON Pointer of what the check is about, "" when it is about
	// the whole.
	Path string `json:"path,omitempty"`
	// Params are what Message was filled in with, and facts for display. Text
	// in it may come from the credential: escape it.
	Params map[string]string `json:"params,omitempty"`
}

// Report is the result of a verification.
type Report struct {
	Verdict Verdict `json:"verdict"`
	Format  Format  `json:"format"`
	// Checks are in the order in which they were made.
	Checks []Check `json:"checks"`
	// Credential holds the JSON of what was checked: the bytes exactly as they
	// came in, the payload of a JWS without its registered claims, or what the
	// host of a hosted Open Badges 2.0 badge serves. It is nil unless every proof
	// known here passed, with a key of the issuer's. It says nothing about the
	// other checks: look at Verdict.
	Credential json.RawMessage `json:"credential,omitempty"`
	// Credentials are the credentials inside a presentation or a learner record,
	// in their order.
	Credentials []Contained `json:"credentials,omitempty"`
	// CheckedAt is the time by which dates were judged, in UTC.
	CheckedAt time.Time `json:"checkedAt"`
}

// Contained is the result for one credential inside another document.
type Contained struct {
	// Path is the JSON Pointer of the credential in the document around it.
	Path    string  `json:"path"`
	Verdict Verdict `json:"verdict"`
	Checks  []Check `json:"checks"`
	// Credential is nil on the same terms as that of a Report.
	Credential json.RawMessage `json:"credential,omitempty"`
}

// Decisive returns the first check that made the verdict what it is: of an
// invalid credential the first that failed, of an indeterminate one the first
// required one that could not be made. Of a valid credential it is the check of
// the signature. ok is false only for a Report that Verify did not make.
func (r *Report) Decisive() (check Check, ok bool) {
	return decisive(r.Checks, r.Verdict)
}

func decisive(checks []Check, verdict Verdict) (Check, bool) {
	for _, c := range checks {
		entry := catalogue[key{c.Code, c.Outcome}]
		effect := entry.effect
		switch verdict {
		case VerdictInvalid:
			if effect == effectInvalid {
				return c, true
			}
		case VerdictIndeterminate:
			if effect == effectIndeterminate {
				return c, true
			}
		default:
			if entry.step == stepSignature {
				return c, true
			}
		}
	}
	return Check{}, false
}

// verdict is the only place where a verdict is made. It trusts nothing that it
// does not know: a check that is not in the catalogue leaves the matter open,
// and so does a required step without a check that settles it.
func verdict(checks []Check) Verdict { return verdictOf(checks, requiredSteps) }

// verdictOf is verdict for a document that has other required steps.
func verdictOf(checks []Check, required []step) Verdict {
	result := VerdictValid
	var settled [lastStep + 1]bool
	for _, c := range checks {
		entry, known := catalogue[key{c.Code, c.Outcome}]
		switch {
		case !known:
			result = VerdictIndeterminate
		case entry.effect == effectInvalid:
			return VerdictInvalid
		case entry.effect == effectIndeterminate:
			result = VerdictIndeterminate
		case entry.effect == effectSettles:
			settled[entry.step] = true
		}
	}
	for _, s := range required {
		if !settled[s] {
			result = VerdictIndeterminate
		}
	}
	return result
}
