package verifier

import (
	"maps"
	"time"

	"laurel/credential"
	"laurel/credential/strictjson"
)

// maxViolations is how many faults against the data model, and how many
// warnings, are reported.
const maxViolations = 20

// schema validates the document against the data model, and finds out whether
// it says for whom it is.
func (e *examination) schema() {
	unidentified := make(map[string]bool)
	for _, subject := range e.credential.Subjects() {
		unidentified[subject.Pointer()] = false
	}
	errors, warnings := 0, 0
	for _, violation := range e.credential.Validate() {
		params := map[string]string{"violation": violation.Code, "problem": e.problem(violation)}
		_, ofSubject := unidentified[violation.Path]
		switch {
		case violation.Severity == credential.SeverityWarning:
			if warnings++; warnings <= maxViolations {
				e.add(CodeSchemaWarning, Passed, violation.Path, params)
			}
			continue
		case violation.Code == "subject_unidentified" && ofSubject:
			unidentified[violation.Path] = true
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
	identified := len(unidentified) > 0
	for _, without := range unidentified {
		identified = identified && !without
	}
	if identified {
		e.add(CodeSubject, Passed, "", nil)
	}
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

// validity compares the dates of the credential with the time. Version 1.1
// knows them by other names, beside which the newer ones count as well.
func (e *examination) validity() {
	from, until := []string{"validFrom"}, []string{"validUntil"}
	if e.credential.Version == credential.V1 {
		from, until = append(from, "issuanceDate"), append(until, "expirationDate")
	}
	current := true
	for _, name := range from {
		moment, path, ok := e.date(name)
		if ok && e.now.Before(moment) {
			e.add(CodeNotYetValid, Failed, path, e.quote(map[string]string{name: format(moment)}))
		}
		current = current && (path == "" || ok && !e.now.Before(moment))
	}
	for _, name := range until {
		moment, path, ok := e.date(name)
		if ok && e.now.After(moment) {
			e.add(CodeExpired, Failed, path, e.quote(map[string]string{name: format(moment)}))
		}
		current = current && (path == "" || ok && !e.now.After(moment))
	}
	if current {
		e.add(CodeValidity, Passed, "", nil)
	}
}

// date reads one date of the credential. The path is "" when there is none, and
// ok is false then and when it cannot be read, which is reported.
func (e *examination) date(name string) (moment time.Time, path string, ok bool) {
	v, given := e.credential.Value().Member(name)
	if !given {
		return time.Time{}, "", false
	}
	moment, _, err := credential.ParseDateTimeStamp(v.Text())
	if err != nil {
		e.add(CodeValidityUnreadable, Failed, v.Pointer(), nil)
		return time.Time{}, v.Pointer(), false
	}
	return moment, v.Pointer(), true
}

func format(moment time.Time) string { return moment.UTC().Format(time.RFC3339) }

// attributions names those whom the badge speaks of as if they had a part in
// it. Only the issuer signed.
func (e *examination) attributions() {
	issuer := e.credential.IssuerID()
	for _, subject := range e.credential.Subjects() {
		e.attribution(CodeSourceUnauthenticated, "source", subject.Get("source"), issuer)
		for achievement := range subject.Get("achievement").OneOrMany() {
			e.attribution(CodeCreatorUnauthenticated, "creator", achievement.Get("creator"), issuer)
		}
	}
}

func (e *examination) attribution(code Code, name string, profile strictjson.Value, issuer string) {
	if id := idOf(profile); id != "" && id != issuer {
		e.add(code, Skipped, profile.Pointer(), map[string]string{name: id})
	}
}
