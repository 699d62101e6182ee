package verifier

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"laurel/credential"
	"laurel/credential/cose"
	"laurel/credential/jose"
	"laurel/credential/strictjson"
)

// purpose is what a credential is examined as.
type purpose uint8

const (
	asBadge       purpose = iota // a badge or an endorsement that somebody shows
	asEndorsement                // an endorsement inside a badge
	asStatusList                 // the list that a badge's status is on
)

// trust is what is known of who made the document.
type trust uint8

const (
	unproven trust = iota // nothing yet
	verified              // the issuer, by every proof known here
	broken                // not the issuer, or nobody can tell from it
)

// examination examines one credential: what was shown, an endorsement in it, or
// a status list it names.
type examination struct {
	*session
	purpose    purpose
	served     *knownList    // asStatusList, what is known of these bytes
	token      *jose.Token   // the JWT that it came in, or nil
	message    *cose.Message // the COSE message whose header token has, or nil
	withheld   bool          // parts of the SD-JWT that it came in
	answered   bool          // what the caller asked of whoever presents
	credential *credential.Credential
	issuerID   string
	trust      trust
	checks     []Check
	required   []step          // when not requiredSteps
	bytes      []byte          // of what was checked, when it is no credential of our own model
	inside     []Contained     // the credentials in it
	seen       map[string]bool // checks by all that tells them apart, once there are many
}

// manyChecks is how many checks are compared one by one; a report that finds
// nothing wrong has a dozen.
const manyChecks = 24

// add notes a finding. The same finding at the same place is noted once.
func (e *examination) add(code Code, outcome Outcome, path string, params map[string]string) {
	message := sentence(catalogue[key{code, outcome}].sentence, params)
	check := Check{Code: code, Outcome: outcome, Message: message, Path: path, Params: params}
	if !e.isNoted(&check) {
		e.checks = append(e.checks, check)
	}
}

// isNoted reports whether there is the same check already, and remembers it if
// not.
func (e *examination) isNoted(check *Check) bool {
	if e.checks == nil {
		e.checks = make([]Check, 0, manyChecks/2)
	}
	if len(e.checks) < manyChecks {
		for i := range e.checks {
			if c := &e.checks[i]; c.Code == check.Code && c.Outcome == check.Outcome && c.Path == check.Path && c.Message == check.Message {
				return true
			}
		}
		return false
	}
	if e.seen == nil {
		e.seen = make(map[string]bool)
		for i := range e.checks {
			e.seen[identity(&e.checks[i])] = true
		}
	}
	id := identity(check)
	noted := e.seen[id]
	e.seen[id] = true
	return noted
}

func identity(c *Check) string {
	return strings.Join([]string{string(c.Code), string(c.Outcome), c.Path, c.Message}, "\x00")
}

// finding is what speaks against a credential, or keeps a check from being
// made. The zero finding is none.
type finding struct {
	code    Code
	outcome Outcome
	path    string
	params  map[string]string
}

// note adds a finding and reports whether it decides against the credential.
func (e *examination) note(f finding) (decided bool) {
	e.add(f.code, f.outcome, f.path, f.params)
	return catalogue[key{f.code, f.outcome}].effect == effectInvalid
}

// report is what the checks come to.
func (e *examination) report(format Format) *Report {
	return &Report{
		Verdict: e.verdict(), Format: format, Checks: e.checks, Credential: e.shown(), Credentials: e.inside, CheckedAt: e.now,
	}
}

func (e *examination) verdict() Verdict {
	if e.required != nil {
		return verdictOf(e.checks, e.required)
	}
	return verdict(e.checks)
}

// shown gives the bytes that are shown to have been signed, or nil.
func (e *examination) shown() []byte {
	switch {
	case e.trust != verified:
		return nil
	case e.bytes != nil:
		return e.bytes
	}
	return e.credential.Raw()
}

// examine makes every check of a credential, as far as one failing does not
// make another pointless.
func (e *examination) examine(v strictjson.Value) {
	if !e.structure(v) {
		return
	}
	e.proofs()
	e.issuer()
	if e.trust == broken {
		e.add(CodeContentUnchecked, Skipped, "", nil)
	} else {
		e.schema()
		e.validity()
	}
	if e.trust == verified && e.expect.Refresh && e.refresh() {
		return
	}
	e.status()
	if e.trust != broken {
		e.namedSchemas() // after the list of withdrawn badges, which matters more
	}
	if e.trust == verified && e.purpose == asBadge {
		e.company()
	}
	if e.ctx.Err() != nil {
		e.add(CodeInterrupted, Indeterminate, "", nil)
	}
}

// company looks at what a badge brings with it, and for whom it is.
func (e *examination) company() {
	if e.expect.Email != "" || e.expect.ID != "" {
		e.recipient()
	}
	e.relatedResources()
	e.attributions()
	e.endorsements()
	if e.credential.Kind == credential.KindOther {
		e.record()
	}
}

// conclusion says whether a credential inside another, or a status list, holds,
// and why not.
func (e *examination) conclusion() (reason Code, good bool) {
	result := e.verdict()
	check, _ := decisive(e.checks, result)
	return check.Code, result == VerdictValid
}

// laboratory names the exceptions to the rules of the network under which the
// verifier runs.
func (e *examination) laboratory() {
	for _, exception := range e.config.Exceptions {
		e.add(CodeLaboratoryException, Skipped, "", map[string]string{"exception": exception})
	}
}

// structure finds out whether the document is a credential of the kind that is
// wanted. Anything else is not examined further.
func (e *examination) structure(v strictjson.Value) bool {
	c, err := credential.FromValue(v)
	if err != nil {
		e.noCredential(v, err)
		return false
	}
	if c.Kind == credential.KindEnveloped && e.purpose != asStatusList {
		e.envelope(v)
		return false
	}
	e.credential, e.issuerID = c, c.IssuerID()
	for contexts := v.Get("@context").Items(); contexts.Next(); {
		context := contexts.Value()
		if c.Version == credential.V2 && context.Is(credential.ContextV1) || c.Version == credential.V1 && context.Is(credential.ContextV2) {
			e.add(CodeVersionMismatch, Failed, context.Pointer(), nil)
			return false
		}
	}
	if e.wants(c.Kind) {
		e.add(CodeStructure, Passed, "", map[string]string{"dataModel": c.Version.String(), "kind": c.Kind.String()})
		return true
	}
	types := v.Get("type").Pointer()
	switch {
	case e.purpose == asBadge && c.Kind == credential.KindOther && slices.Contains(c.Types(), recordType):
		e.add(CodeStructure, Passed, "", map[string]string{"dataModel": c.Version.String(), "kind": recordType})
	case !slices.Contains(c.Types(), "VerifiableCredential"):
		e.add(CodeNotCredential, Failed, types, nil)
		return false
	default:
		e.add(CodeNotBadge, Failed, types, nil)
		return false
	}
	return true
}

// noCredential examines what is no credential as what it may be instead.
func (e *examination) noCredential(v strictjson.Value, err error) {
	switch {
	case jose.IsEnvelope(v):
		e.envelope(v)
		return
	case errors.Is(err, credential.ErrPresentation):
		e.presentation(v)
		return
	}
	path := v.Pointer()
	if parse := (*credential.ParseError)(nil); errors.As(err, &parse) {
		path = parse.Path
	}
	e.add(CodeNotCredential, Failed, path, nil)
}

// wants reports whether a credential of the kind can be what it is examined as.
func (e *examination) wants(kind credential.Kind) bool {
	switch e.purpose {
	case asEndorsement:
		return kind == credential.KindEndorsement
	case asStatusList:
		return kind == credential.KindStatusList
	default:
		return kind == credential.KindAchievement || kind == credential.KindEndorsement
	}
}

// quote returns params that hold text of the document, or nil as long as nobody
// has shown whose text it is.
func (e *examination) quote(params map[string]string) map[string]string {
	if e.trust != verified {
		return nil
	}
	return given(params)
}

// given leaves out the params that are empty.
func given(params map[string]string) map[string]string {
	maps.DeleteFunc(params, func(_, value string) bool { return value == "" })
	return params
}
