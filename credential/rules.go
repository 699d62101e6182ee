package credential

import (
	"errors"
	"regexp"
	"strings"

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
	begin, _, errBegin := ParseDateTimeStamp(credential.Get(from).Text())
	end, _, errEnd := ParseDateTimeStamp(credential.Get(until).Text())
	if errBegin == nil && errEnd == nil && end.Before(begin) {
		v.member(until, func() { v.fail("period_reversed") })
	}
}

// noDatesOfVersion1: version 2.0 renamed the dates and defines the old names no
// more.
func noDatesOfVersion1(v *validator, credential strictjson.Value) {
	for _, name := range []string{"issuanceDate", "expirationDate"} {
		if credential.Get(name).Exists() {
			v.member(name, func() { v.fail("property_of_other_model", "property", name) })
		}
	}
}

// subjectIdentified: a recipient has an id or an identifier (Open Badges 3.0
// §8.2).
func subjectIdentified(v *validator, subject strictjson.Value) {
	if subject.Get("id").Text() != "" {
		return
	}
	for identifier := range subject.Get("identifier").OneOrMany() {
		if identifier.Kind() == strictjson.Object {
			return
		}
	}
	v.fail("subject_unidentified")
}

func criteriaGiven(v *validator, criteria strictjson.Value) {
	if criteria.Get("id").Text() == "" && criteria.Get("narrative").Text() == "" {
		v.fail("criteria_empty")
	}
}

// resultsDescribed: results refer to descriptions and levels in the same
// achievement, and one of type Status has a status.
func resultsDescribed(v *validator, subject strictjson.Value) {
	results, ok := subject.Member("result")
	if !ok {
		return
	}
	described := describe(subject.Get("achievement"))
	v.each("result", results, func(result strictjson.Value) {
		reference := result.Get("resultDescription").Text()
		description, known := described.byID[reference]
		if reference != "" && !known {
			v.member("resultDescription", func() { v.fail("result_not_described") })
		}
		if description.resultType == "Status" && !result.Get("status").Exists() {
			v.member("status", func() { v.fail("result_status_missing") })
		}
		level := result.Get("achievedLevel").Text()
		if level == "" {
			return
		}
		v.member("achievedLevel", func() {
			switch owners := described.levels[level]; {
			case owners == nil:
				v.fail("level_not_described")
			case known && !owners[reference]:
				v.warn("level_described_elsewhere")
			}
		})
	})
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
		v.warn("coordinates_off_earth")
	}
}

func outside(degrees strictjson.Value, limit float64) bool {
	return degrees.Float() < -limit || degrees.Float() > limit
}

var identityHash = regexp.MustCompile(`^(sha256\$[0-9a-fA-F]{64}|md5\$[0-9a-fA-F]{32})$`)

// identityHashReadable: nobody can match a hash in another form.
func identityHashReadable(v *validator, identity strictjson.Value) {
	hash, ok := identity.Member("identityHash")
	if ok && identity.Get("hashed").Bool() && !identityHash.MatchString(hash.Text()) {
		v.member("identityHash", func() { v.warn("identity_hash_unreadable") })
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
			v.member(p.name, func() { v.fail("property_missing", "property", p.name) })
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
		v.fail("claim_missing")
	}
}

// digestGiven: a related resource has a digest. Whether it is right is checked
// where the resource is.
func digestGiven(v *validator, resource strictjson.Value) {
	if !resource.Get("digestSRI").Exists() && !resource.Get("digestMultibase").Exists() {
		v.fail("digest_missing")
	}
}

// relatedResourcesDistinct: no resource is listed twice.
func relatedResourcesDistinct(v *validator, credential strictjson.Value) {
	seen := make(map[string]bool)
	v.each("relatedResource", credential.Get("relatedResource"), func(resource strictjson.Value) {
		id := resource.Get("id").Text()
		if id != "" && seen[id] {
			v.member("id", func() { v.fail("resource_repeated") })
		}
		seen[id] = true
	})
}

// envelopeIsData: an envelope carries its content in a data: URL and has no
// type but its own.
func envelopeIsData(v *validator, envelope strictjson.Value) {
	if id := envelope.Get("id"); id.Kind() == strictjson.String && !strings.HasPrefix(strings.ToLower(id.Text()), "data:") {
		v.member("id", func() { v.fail("envelope_not_data") })
	}
}

// reasonOf names the code of an error of Parse.
func reasonOf(err error) string {
	if e := (*ParseError)(nil); errors.As(err, &e) {
		return e.Code
	}
	return "unreadable"
}
