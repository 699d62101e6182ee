package jsonld

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// generator makes credentials that use the contexts in many ways, mostly good
// ones. The same seed makes the same document.
type generator struct {
	*rand.Rand
	ids int
	// schema is the type of credential schemas that the contexts know.
	schema string
}

func generate(seed uint64) string {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 3)), schema: "JsonSchema"}
	contexts := v2 + "," + ob3
	if g.one(3) {
		contexts += `,"https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"`
		g.schema = "1EdTechJsonSchemaValidator2019"
	}
	types := `"VerifiableCredential","OpenBadgeCredential"`
	if g.one(4) {
		types = `"OpenBadgeCredential","VerifiableCredential","https://example.org/types#Own"`
	}
	members := []string{
		`"type":[` + types + `]`, `"issuer":` + g.profile(2),
		`"validFrom":"2026-01-01T00:00:00Z"`, `"credentialSubject":` + g.subject(),
	}
	members = g.some(members,
		`"id":`+g.id(), `"name":`+g.text(), `"description":`+g.text(), `"image":`+g.image(),
		`"awardedDate":"2026-01-01T00:00:00Z"`, `"validUntil":"2036-01-01T00:00:00Z"`,
		`"evidence":`+g.many(func() string {
			return g.object([]string{`"type":["Evidence"]`}, `"id":`+g.id(), `"name":`+g.text(), `"genre":`+g.text(), `"audience":`+g.text())
		}),
		`"credentialSchema":`+g.many(func() string { return `{"id":` + g.id() + `,"type":"` + g.schema + `"}` }),
		`"credentialStatus":`+g.many(func() string {
			return `{"id":` + g.id() + `,"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"` + strconv.Itoa(g.IntN(99)) + `","statusListCredential":` + g.id() + `}`
		}),
		`"endorsement":`+g.many(g.endorsement),
		`"termsOfUse":`+g.many(func() string { return `{"type":"https://example.org/Terms","id":` + g.id() + `}` }),
	)
	if g.one(40) {
		members = append(members, g.fault())
	}
	g.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return `{"@context":[` + contexts + `],` + strings.Join(members, ",") + `}`
}

func (g *generator) one(in int) bool { return g.IntN(in) == 0 }

// some adds a third of the given members.
func (g *generator) some(members []string, more ...string) []string {
	for _, member := range more {
		if g.one(3) {
			members = append(members, member)
		}
	}
	return members
}

func (g *generator) object(members []string, more ...string) string {
	members = g.some(members, more...)
	g.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return "{" + strings.Join(members, ",") + "}"
}

// many is one of something, or an array.
func (g *generator) many(item func() string) string {
	if g.one(2) {
		return item()
	}
	items := make([]string, 1+g.IntN(3))
	for i := range items {
		items[i] = item()
	}
	return "[" + strings.Join(items, ",") + "]"
}

// id is an identifier of its own.
func (g *generator) id() string {
	g.ids++
	form := []string{"urn:uuid:%d", "https://example.org/things/%d", "did:example:%d", "mailto:a%d@example.org", "did:key:z6Mk%d", "https://exämple.org/ü/%d"}
	return strconv.Quote(fmt.Sprintf(form[g.IntN(len(form)-g.IntN(2))], g.ids))
}

func (g *generator) text() string {
	texts := []string{
		`"Example"`, `"A \"quoted\" text\nin two lines\t\\"`, `"Bär – ☃ 😀"`, `"\u00e4\ud83d\ude00\u007f\u0001"`, `""`, `"  "`,
		`"_:b0"`, `"https://example.org/<>"`, `"type"`, `"@id"`, `"2026-01-01"`, `"` + strings.Repeat("long ", g.IntN(40)) + `"`,
	}
	plain := texts[g.IntN(len(texts))]
	switch g.IntN(12) {
	case 0:
		return `{"@value":` + plain + `,"@language":"de-AT"}`
	case 1:
		return `{"@value":` + plain + `}`
	}
	return plain
}

func (g *generator) image() string {
	return g.object([]string{`"id":` + g.id(), `"type":"Image"`}, `"caption":`+g.text())
}

func (g *generator) profile(depth int) string {
	if g.one(6) {
		return g.id()
	}
	members := []string{`"id":` + g.id(), `"type":["Profile"]`}
	more := []string{
		`"name":` + g.text(), `"url":"https://example.org/"`, `"email":"a@example.org"`, `"phone":"+1-222"`, `"image":` + g.image(),
		`"official":"x"`, `"dateOfBirth":"2000-01-01"`, `"otherIdentifier":` + g.many(func() string {
			return `{"type":"IdentifierEntry","identifier":` + g.text() + `,"identifierType":"nationalIdentityNumber"}`
		}),
		`"address":` + g.object([]string{`"type":["Address"]`}, `"addressCountry":"AT"`, `"geo":{"type":"GeoCoordinates","latitude":`+g.number()+`,"longitude":-9.5}`),
	}
	if depth > 0 {
		more = append(more, `"parentOrg":`+g.profile(depth-1))
	}
	return g.object(members, more...)
}

func (g *generator) number() string {
	numbers := []string{"0", "-0", "1", "12.5", "-3", "9.37", "1e3", "0.000001", "123456789012345", "9007199254740991", "3.0", "1.10"}
	return numbers[g.IntN(len(numbers))]
}

func (g *generator) subject() string {
	return g.object([]string{`"type":["AchievementSubject"]`, `"achievement":` + g.achievement()},
		`"id":`+g.id(), `"creditsEarned":`+g.number(), `"activityStartDate":"2026-01-01T00:00:00Z"`, `"licenseNumber":`+g.text(), `"role":`+g.text(),
		`"identifier":`+g.many(func() string {
			return g.object([]string{`"type":"IdentityObject"`, `"hashed":` + strconv.FormatBool(g.one(2)), `"identityHash":"a@example.org"`, `"identityType":"emailAddress"`}, `"salt":`+g.text())
		}),
		`"result":`+g.many(func() string {
			return g.object([]string{`"type":["Result"]`}, `"value":"A"`, `"achievedLevel":`+g.id(), `"resultDescription":`+g.id(), `"status":"Completed"`)
		}),
		`"source":`+g.profile(1),
	)
}

func (g *generator) achievement() string {
	criteria := g.object([]string{`"narrative":` + g.text()}, `"id":`+g.id())
	return g.object([]string{`"id":` + g.id(), `"type":["Achievement"]`, `"name":` + g.text(), `"description":` + g.text(), `"criteria":` + criteria},
		`"achievementType":"Badge"`, `"creditsAvailable":`+g.number(), `"humanCode":"R1"`, `"inLanguage":"en"`, `"image":`+g.image(), `"creator":`+g.profile(1),
		`"tag":`+g.many(g.text), `"related":`+g.many(func() string { return `{"id":` + g.id() + `,"type":["Related"],"version":"1"}` }),
		`"alignment":`+g.many(func() string {
			return g.object([]string{`"type":["Alignment"]`, `"targetName":` + g.text(), `"targetUrl":"https://example.org/t"`}, `"targetType":"ceasn:Competency"`, `"targetCode":"1"`)
		}),
		`"resultDescription":`+g.many(func() string {
			return g.object([]string{`"id":` + g.id(), `"type":["ResultDescription"]`, `"name":` + g.text(), `"resultType":"LetterGrade"`},
				`"allowedValue":`+g.many(g.text), `"rubricCriterionLevel":`+g.many(func() string {
					return `{"id":` + g.id() + `,"type":["RubricCriterionLevel"],"name":` + g.text() + `,"level":"1"}`
				}))
		}),
	)
}

func (g *generator) endorsement() string {
	return `{"@context":[` + v2 + `,` + ob3 + `],"id":` + g.id() + `,"type":["VerifiableCredential","EndorsementCredential"],"name":` + g.text() +
		`,"issuer":` + g.profile(0) + `,"validFrom":"2026-01-01T00:00:00Z","credentialSubject":{"id":` + g.id() +
		`,"type":["EndorsementSubject"],"endorsementComment":` + g.text() + `}}`
}

// fault is a member that makes the document bad.
func (g *generator) fault() string {
	faults := []string{
		`"grade":"A"`, `"image":"logo.png"`, `"evidence":[]`, `"evidence":null`, `"name":null`, `"refreshService":{"id":"x y:z","type":"urn:x:y"}`,
		`"relatedResource":{"id":"a b","digestSRI":"x"}`, `"@index":"x"`, `"schema:name":"x"`, `"evidence":{"type":"Nothing"}`,
	}
	return faults[g.IntN(len(faults))]
}
