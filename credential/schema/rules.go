package schema

import (
	"strings"
	"time"

	"laurel/credential/strictjson"
)

// The rules of classes: what one row of the table cannot say.

// periodInOrder: a validity period must not end before it begins. Times that
// cannot be read are reported where they stand.
func periodInOrder(v *validator, credential strictjson.Value) {
	from, until := "validFrom", "validUntil"
	if v.version == V1 {
		from, until = "issuanceDate", "expirationDate"
	}
	begin, okBegin := v.moment(credential.Get(from))
	end, okEnd := v.moment(credential.Get(until))
	if okBegin && okEnd && end.Before(begin) {
		v.failMember("period_reversed", credential, until)
	}
}

// moment reads a date and time if it is one.
func (v *validator) moment(value strictjson.Value) (t time.Time, ok bool) {
	t, _, err := ParseDateTimeStamp(string(v.textOf(value)))
	return t, err == nil
}

// noDatesOfVersion1: version 2.0 renamed the dates and defines the old names no
// more.
func noDatesOfVersion1(v *validator, credential strictjson.Value) {
	for _, name := range []string{"issuanceDate", "expirationDate"} {
		if credential.Get(name).Exists() {
			v.failMember("property_of_other_model", credential, name, "property", name)
		}
	}
}

// subjectIdentified: a recipient has an id or an identifier (Open Badges 3.0
// §8.2).
func subjectIdentified(v *validator, subject strictjson.Value) {
	if hasText(subject.Get("id")) {
		return
	}
	identifiers := subject.Get("identifier")
	if identifiers.Kind() == strictjson.Object {
		return
	}
	for identifier := range identifiers.Elements() {
		if identifier.Kind() == strictjson.Object {
			return
		}
	}
	v.fail("subject_unidentified", subject)
}

func criteriaGiven(v *validator, criteria strictjson.Value) {
	if !hasText(criteria.Get("id")) && !hasText(criteria.Get("narrative")) {
		v.fail("criteria_empty", criteria)
	}
}

// hasText reports whether a value is a string that is not empty.
func hasText(value strictjson.Value) bool {
	return value.Kind() == strictjson.String && !value.Is("")
}

// resultsDescribed: results refer to descriptions and levels in the same
// achievement, and one of type Status has a status.
func resultsDescribed(v *validator, subject strictjson.Value) {
	results, ok := subject.Member("result")
	if !ok {
		return
	}
	described := describe(subject.Get("achievement"))
	for result := range results.OneOrMany() {
		reference := result.Get("resultDescription").Text()
		description, known := described.byID[reference]
		if reference != "" && !known {
			v.fail("result_not_described", result.Get("resultDescription"))
		}
		if description.resultType == "Status" && !result.Get("status").Exists() {
			v.failMember("result_status_missing", result, "status")
		}
		level := result.Get("achievedLevel")
		if !hasText(level) {
			continue
		}
		switch owners := described.levels[level.Text()]; {
		case owners == nil:
			v.fail("level_not_described", level)
		case known && !owners[reference]:
			v.warn("level_described_elsewhere", level)
		}
	}
}

// descriptions are the result descriptions of an achievement by id, and which
// of them have a rubric level.
type descriptions struct {
	byID   map[string]resultDescription
	levels map[string]map[string]bool // level id to the ids of its descriptions
}

type resultDescription struct{ resultType string }

func describe(achievement strictjson.Value) descriptions {
	d := descriptions{byID: make(map[string]resultDescription), levels: make(map[string]map[string]bool)}
	for description := range achievement.Get("resultDescription").OneOrMany() {
		id := description.Get("id").Text()
		d.byID[id] = resultDescription{description.Get("resultType").Text()}
		for level := range description.Get("rubricCriterionLevel").OneOrMany() {
			levelID := level.Get("id").Text()
			if d.levels[levelID] == nil {
				d.levels[levelID] = make(map[string]bool)
			}
			d.levels[levelID][id] = true
		}
	}
	return d
}

// coordinatesOnEarth: latitude ±90, longitude ±180 degrees.
func coordinatesOnEarth(v *validator, geo strictjson.Value) {
	if outside(geo.Get("latitude"), 90) || outside(geo.Get("longitude"), 180) {
		v.warn("coordinates_off_earth", geo)
	}
}

func outside(degrees strictjson.Value, limit float64) bool {
	return degrees.Float() < -limit || degrees.Float() > limit
}

// identityHashReadable: nobody can match a hash in another form.
func identityHashReadable(v *validator, identity strictjson.Value) {
	hash, ok := identity.Member("identityHash")
	if !ok || !identity.Get("hashed").Bool() {
		return
	}
	if !isIdentityHash(v.textOf(hash)) {
		v.warn("identity_hash_unreadable", hash)
	}
}

// bitstringEntryWhole: an entry of a bitstring status list says which bit of
// which list means what.
func bitstringEntryWhole(v *validator, status strictjson.Value) {
	if !hasType(status.Get("type"), "BitstringStatusListEntry") {
		return
	}
	for _, p := range bitstringEntry {
		if !status.Get(p.name).Exists() {
			v.failMember("property_missing", status, p.name, "property", p.name)
		}
	}
}

// claimMade: a subject of VC Data Model says at least one thing about itself.
func claimMade(v *validator, subject strictjson.Value) {
	claims := subject.Len()
	if subject.Get("id").Exists() {
		claims--
	}
	if claims == 0 {
		v.fail("claim_missing", subject)
	}
}

// digestGiven: a related resource has a digest. Whether it is right is checked
// where the resource is.
func digestGiven(v *validator, resource strictjson.Value) {
	if !resource.Get("digestSRI").Exists() && !resource.Get("digestMultibase").Exists() {
		v.fail("digest_missing", resource)
	}
}

// relatedResourcesDistinct: no resource is listed twice.
func relatedResourcesDistinct(v *validator, credential strictjson.Value) {
	v.distinct("resource_repeated", credential.Get("relatedResource"), func(resource strictjson.Value) strictjson.Value {
		return resource.Get("id")
	})
}

// envelopeIsData: an envelope carries its content in a data: URL and has no
// type but its own.
func envelopeIsData(v *validator, envelope strictjson.Value) {
	if id := envelope.Get("id"); id.Kind() == strictjson.String && !strings.HasPrefix(strings.ToLower(id.Text()), "data:") {
		v.fail("envelope_not_data", id)
	}
}
