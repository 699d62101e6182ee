package verifier

import (
	"maps"
	"strings"
	"time"
	"unicode"

	"laurel/credential"
	"laurel/credential/strictjson"
)

// maxViolations is how many faults against the data model, and how many
// warnings, are reported.
const maxViolations = 20

// schema validates the document against the data model, and finds out whether
// it says for whom it is.
func (e *examination) schema() {
	violations := e.credential.Validate()
	if len(violations) == 0 && e.credential.Value().Get("credentialSubject").Exists() {
		e.add(CodeSchema, Passed, "", nil)
		e.add(CodeSubject, Passed, "", nil)
		return
	}
	subjects := e.credential.Value().Get("credentialSubject").Items()
	identified := subjects.Next()
	errors, warnings := 0, 0
	for _, violation := range violations {
		params := map[string]string{"violation": violation.Code, "problem": e.problem(violation)}
		switch {
		case violation.Severity == credential.SeverityWarning:
			if warnings++; warnings <= maxViolations {
				e.add(CodeSchemaWarning, Passed, violation.Path, params)
			}
			continue
		case violation.Code == "subject_unidentified" && e.isSubject(violation.Path):
			identified = false
			e.add(CodeSubjectUnidentified, Failed, violation.Path, nil)
			continue
		}
		if errors++; errors <= maxViolations {
			e.add(CodeSchema, Failed, violation.Path, params)
		}
	}
	if errors == 0 {
		e.add(CodeSchema, Passed, "", nil)
	}
	if identified {
		e.add(CodeSubject, Passed, "", nil)
	}
}

// isSubject reports whether a path is that of one of the subjects, and not of
// something in them.
func (e *examination) isSubject(path string) bool {
	rest, ok := strings.CutPrefix(path, e.credential.Value().Pointer()+"/credentialSubject")
	return ok && (rest == "" || strings.LastIndexByte(rest, '/') == 0)
}

// problem is the sentence for a fault against the data model. Where the issuer
// has not been shown to have written the document, what the sentence would
// quote of it is left out.
func (e *examination) problem(violation credential.Violation) string {
	if e.trust != verified && violation.Code == "unknown_property" {
		violation.Params = maps.Clone(violation.Params)
		violation.Params["property"] = "of this name"
	}
	return credential.Sentence(violation)
}

// clockSkew is how far ahead an issuer's clock may be. The end of a badge is
// given no such grace.
const clockSkew = time.Minute

// validity compares the dates of the credential with the time. Version 1.1
// knows them by other names, beside which the newer ones count as well.
func (e *examination) validity() {
	names := [...]string{"validFrom", "validUntil", "issuanceDate", "expirationDate"}
	dates := names[:2]
	if e.credential.Version == credential.V1 {
		dates = names[:]
	}
	current := true
	for i, name := range dates {
		v, given := e.credential.Value().Member(name)
		if !given {
			continue
		}
		moment, _, err := credential.ParseDateTimeStamp(v.Text())
		isBegin := i%2 == 0
		switch {
		case err != nil:
			e.add(CodeValidityUnreadable, Failed, v.Pointer(), nil)
		case isBegin && e.now.Add(clockSkew).Before(moment):
			e.add(CodeNotYetValid, Failed, v.Pointer(), e.quote(e.period(dates, map[string]string{name: format(moment)})))
		case !isBegin && e.now.After(moment):
			e.add(CodeExpired, Failed, v.Pointer(), e.quote(e.period(dates, map[string]string{name: format(moment)})))
		default:
			continue
		}
		current = false
	}
	from, until := e.tokenDates()
	switch {
	case !current:
	case from.After(e.now.Add(clockSkew)):
		e.add(CodeNotYetValid, Failed, "", e.quote(between(from, until, map[string]string{"nbf": format(from)})))
		return
	case !until.IsZero() && e.now.After(until):
		e.add(CodeExpired, Failed, "", e.quote(between(from, until, map[string]string{"exp": format(until)})))
		return
	}
	if current {
		e.add(CodeValidity, Passed, "", nil)
	}
}

// period adds to params from when until when the credential is valid by the dates
// of these names, as far as it says so and they can be read. Of two names for the
// same the stricter counts.
func (e *examination) period(names []string, params map[string]string) map[string]string {
	var begin, end time.Time
	for i, name := range names {
		moment, _, err := credential.ParseDateTimeStamp(e.credential.Value().Get(name).Text())
		switch {
		case err != nil:
		case i%2 == 0 && moment.After(begin):
			begin = moment
		case i%2 == 1 && (end.IsZero() || moment.Before(end)):
			end = moment
		}
	}
	return between(begin, end, params)
}

// between adds to params from when until when something is valid, as far as that
// is known.
func between(begin, end time.Time, params map[string]string) map[string]string {
	if !begin.IsZero() {
		params["from"] = format(begin)
	}
	if !end.IsZero() {
		params["until"] = format(end)
	}
	return params
}

// maxReason bounds what a list of withdrawn badges is quoted with.
const maxReason = 200

// quotable makes what a list gives as its reason fit for a sentence.
func quotable(reason string) string {
	count := 0
	return strings.Map(func(r rune) rune {
		if count++; count > maxReason || !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, reason)
}

func format(moment time.Time) string { return moment.UTC().Format(time.RFC3339) }

// attributions names those whom the badge speaks of as if they had a part in
// it. Only the issuer signed.
func (e *examination) attributions() {
	left := maxAttributions
	for subjects := e.credential.Value().Get("credentialSubject").Items(); subjects.Next(); {
		subject := subjects.Value()
		e.attribution(CodeSourceUnauthenticated, "source", subject.Get("source"))
		for achievements := subject.Get("achievement").Items(); achievements.Next(); left-- {
			if left == 0 {
				return
			}
			e.attribution(CodeCreatorUnauthenticated, "creator", achievements.Value().Get("creator"))
		}
	}
}

// maxAttributions bounds how many achievements are looked at: a badge has one.
const maxAttributions = 20

func (e *examination) attribution(code Code, name string, profile strictjson.Value) {
	if id := idOf(profile); id != "" && id != e.issuerID {
		e.add(code, Skipped, profile.Pointer(), map[string]string{name: id})
	}
}
