package jsonld

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"laurel/credential/strictjson"
)

const (
	v2  = `"https://www.w3.org/ns/credentials/v2"`
	ob3 = `"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"`
)

// whole is a badge on which the attacks are made.
const whole = `{
  "@context": [` + v2 + `, ` + ob3 + `],
  "id": "urn:uuid:1",
  "type": ["VerifiableCredential", "OpenBadgeCredential"],
  "issuer": {"id": "did:web:badges.example", "type": ["Profile"], "name": "Example University"},
  "validFrom": "2026-01-01T00:00:00Z",
  "credentialSubject": {
    "id": "did:example:learner", "type": ["AchievementSubject"],
    "achievement": {
      "id": "https://badges.example/achievements/1", "type": ["Achievement"],
      "name": "Teamwork", "description": "Works well with others",
      "criteria": {"id": "https://badges.example/criteria/1", "narrative": "Nominated by peers"}
    }
  }
}`

// badge returns the badge with more members.
func badge(members string) string {
	return strings.Replace(whole, `"validFrom"`, members+`, "validFrom"`, 1)
}

// with returns the badge with the first occurrence of a text replaced.
func with(old, new string) string {
	if !strings.Contains(whole, old) {
		panic("the badge has no " + old)
	}
	return strings.Replace(whole, old, new, 1)
}

const endorsement = `"endorsement": [{%s
  "id": "urn:uuid:2", "type": ["VerifiableCredential", "EndorsementCredential"], "name": "An endorsement",
  "issuer": {"id": "did:web:other.example", "type": ["Profile"], "name": "Other University"},
  "validFrom": "2026-01-01T00:00:00Z",
  "credentialSubject": {"id": "%s", "type": ["EndorsementSubject"], "endorsementComment": "%s"}
}]`

func endorsed(list, subject, comment string) string {
	return badge(fmt.Sprintf(endorsement, list, subject, comment))
}

// version1 returns a small credential of version 1.1 with more contexts.
func version1(contexts string) string {
	return `{"@context": ["https://www.w3.org/2018/credentials/v1"` + contexts + `], "id": "urn:uuid:1",
		"type": ["VerifiableCredential"], "issuer": "did:web:badges.example", "issuanceDate": "2026-01-01T00:00:00Z"}`
}

const ownList = `"@context": [` + v2 + `, ` + ob3 + `],`

// TestProfile has the attacks LD-01 to LD-22 on what a proof covers, and for
// each the nearest document that is good.
func TestProfile(t *testing.T) {
	const achievement = `"id": "https://badges.example/achievements/1"`
	evidence := func(value string) string { return badge(`"evidence": [` + value + `]`) }
	for _, c := range []struct {
		name, attack string
		reason       any // a Reason, or a sentinel error
		path         string
		good         string
	}{
		{"LD-01 undefined term", badge(`"grade": "A+"`), ReasonUndefinedTerm, "/grade", badge(`"name": "A+"`)},
		{"LD-01 undefined term inside", with(`"narrative"`, `"grade": "A+", "narrative"`), ReasonUndefinedTerm, "/credentialSubject/achievement/criteria/grade", whole},
		{"LD-01 a term of another type", badge(`"criteria": {"narrative": "x"}`), ReasonUndefinedTerm, "/criteria", whole},
		{"LD-02 keyword-like term", badge(`"@evil": "x"`), ReasonKeyword, "/@evil", whole},
		{"LD-02 keyword", badge(`"@index": "x"`), ReasonKeyword, "/@index", whole},
		{"LD-03 term mapped to null", with(ob3, ob3+`, {"grade": null}`), ErrInlineContext, "/@context/2", whole},
		{"LD-04 terms redefined", with(ob3, ob3+`, {"name": "https://schema.org/description"}`), ErrInlineContext, "/@context/2", whole},
		{"LD-05 @vocab inline", with(ob3, ob3+`, {"@vocab": "https://example.org/"}`), ErrInlineContext, "/@context/2", whole},
		{"LD-05 undefined-terms", with(ob3, ob3+`, "https://www.w3.org/ns/credentials/undefined-terms/v2"`), ErrUnknownContext, "/@context", whole},
		{"LD-06 @base inline", with(ob3, ob3+`, {"@base": "https://example.org/"}`), ErrInlineContext, "/@context/2", whole},
		{"LD-07 nested @context", with(`"type": ["Achievement"]`, `"@context": {"@vocab": "urn:x:"}, "type": ["Achievement"]`), ErrInlineContext, "/credentialSubject/achievement/@context", whole},
		{"LD-07 nested list", with(`"type": ["Achievement"]`, ownList+` "type": ["Achievement"]`), ErrInlineContext, "/credentialSubject/achievement/@context", endorsed(ownList, "did:web:badges.example", "Good")},
		{"LD-07 inline in an endorsement", endorsed(`"@context": [`+v2+`, {"a": "urn:x:a"}],`, "did:web:badges.example", "Good"), ErrInlineContext, "/endorsement/0/@context/1", endorsed(ownList, "did:web:badges.example", "Good")},
		{"LD-07 unknown in an endorsement", endorsed(`"@context": [`+v2+`, "https://example.org/c"],`, "did:web:badges.example", "Good"), ErrUnknownContext, "/endorsement/0/@context/1", endorsed(ownList, "did:web:badges.example", "Good")},
		{"LD-07 another beginning in an endorsement", endorsed(`"@context": [`+ob3+`, `+v2+`],`, "did:web:badges.example", "Good"), ErrInvalidContext, "/endorsement/0/@context", endorsed(ownList, "did:web:badges.example", "Good")},
		{"LD-07 no list in an endorsement", endorsed("", "did:web:badges.example", "Good"), ErrInvalidContext, "/endorsement/0", endorsed(ownList, "did:web:badges.example", "Good")},
		{"LD-07 @import", with(ob3, ob3+`, {"@import": `+v2+`}`), ErrInlineContext, "/@context/2", whole},
		{"LD-07 @propagate", with(ob3, ob3+`, {"@propagate": false}`), ErrInlineContext, "/@context/2", whole},
		{"LD-08 context twice", with(ob3, ob3+`, `+v2), ErrInvalidContext, "/@context/2", whole},
		{"LD-08 alias of a context", version1(`, "https://purl.imsglobal.org/spec/ob/v3p0/context.json", "https://purl.imsglobal.org/spec/ob/v3p0/context/ob_v3p0.jsonld"`), ErrInvalidContext, "/@context/2", version1(`, "https://purl.imsglobal.org/spec/ob/v3p0/context/ob_v3p0.jsonld"`)},
		{"LD-08 string for an array", `{"@context": ` + v2 + `, "id": "urn:x:y", "type": "VerifiableCredential"}`, ErrInvalidContext, "/@context", `{"@context": [` + v2 + `], "id": "urn:x:y", "type": "VerifiableCredential"}`},
		{"LD-08 a context that is null", with(ob3, ob3+`, null`), ErrInvalidContext, "/@context/2", whole},
		{"LD-08 no context", `{"id": "urn:x:y", "type": "VerifiableCredential"}`, ErrInvalidContext, "", `{"@context": [` + v2 + `], "id": "urn:x:y", "type": "VerifiableCredential"}`},
		{"LD-08 an empty list", `{"@context": [], "id": "urn:x:y"}`, ErrInvalidContext, "/@context", whole},
		{"LD-09 a URL that differs in a slash", with(ob3, strings.Replace(ob3, `.json"`, `.json/"`, 1)), ErrUnknownContext, "/@context/1", whole},
		{"LD-09 a file", with(ob3, `"/etc/hostname"`), ErrUnknownContext, "/@context/1", whole},
		{"LD-10 alias for proof", with(ob3, ob3+`, {"pr": "https://w3id.org/security#proof"}`), ErrInlineContext, "/@context/2", whole},
		{"LD-10 unknown name for a proof", badge(`"pr": {"type": "DataIntegrityProof"}`), ReasonUndefinedTerm, "/pr", whole},
		{"LD-11 full IRI as a name", badge(`"https://www.w3.org/2018/credentials#issuer": "did:web:evil.example"`), ReasonFullIRI, "/https:~1~1www.w3.org~12018~1credentials#issuer", whole},
		{"LD-11 compact IRI as a name", badge(`"schema:name": "x"`), ReasonFullIRI, "/schema:name", whole},
		{"LD-12 relative id", with("https://badges.example/achievements/1", "achievements/1"), ReasonNotAbsolute, "/credentialSubject/achievement/id", whole},
		{"LD-12 relative id of evidence", evidence(`{"id": "e1", "type": ["Evidence"]}`), ReasonNotAbsolute, "/evidence/0/id", evidence(`{"id": "urn:x:e1", "type": ["Evidence"]}`)},
		{"LD-12 relative image", with(`"name": "Teamwork"`, `"name": "Teamwork", "image": "logo.png"`), ReasonNotAbsolute, "/credentialSubject/achievement/image", with(`"name": "Teamwork"`, `"name": "Teamwork", "image": "https://badges.example/logo.png"`)},
		{"LD-12 empty id", with("urn:uuid:1", ""), ReasonNotAbsolute, "/id", whole},
		{"LD-13 space", with("achievements/1", "achievements /1"), ReasonMalformedIRI, "/credentialSubject/achievement/id", whole},
		{"LD-13 no-break space", with("achievements/1", "achievements\u00a0/1"), ReasonMalformedIRI, "/credentialSubject/achievement/id", with("achievements/1", "achievements/ä")},
		{"LD-13 invisible direction", with("achievements/1", "achievements/\u202e1"), ReasonMalformedIRI, "/credentialSubject/achievement/id", whole},
		{"LD-13 collision with a graph", with("urn:uuid:1", "did:o> <did:g"), ReasonMalformedIRI, "/id", whole},
		{"LD-14 scalar beside a subject", strings.TrimSuffix(with(`"credentialSubject": {`, `"credentialSubject": ["free text", {`), "}") + "]}", ReasonNotAbsolute, "/credentialSubject/0", strings.TrimSuffix(with(`"credentialSubject": {`, `"credentialSubject": ["did:example:other", {`), "}") + "]}"},
		{"LD-14 scalar in evidence", evidence(`"free text", {"id": "urn:x:e1", "type": ["Evidence"]}`), ReasonNotAbsolute, "/evidence/0", evidence(`"urn:x:e2", {"id": "urn:x:e1", "type": ["Evidence"]}`)},
		{"LD-14 number in evidence", evidence(`5`), ReasonNotObject, "/evidence/0", evidence(`"urn:x:e2"`)},
		{"LD-15 second object with the id", evidence(`{"id": "urn:x:e", "type": ["Evidence"], "name": "a"}, {"id": "urn:x:e"}`), ReasonRepeatedID, "/evidence/1", evidence(`{"id": "urn:x:e", "type": ["Evidence"], "name": "a"}, {"id": "urn:x:f"}`)},
		{"LD-15 other value for the id", evidence(`{"id": "urn:x:e", "name": "a"}, {"id": "urn:x:e", "name": "b"}`), ReasonRepeatedID, "/evidence/1", evidence(`{"id": "urn:x:e", "name": "a"}, {"id": "urn:x:e", "name": "a"}`)},
		{"LD-16 null", badge(`"evidence": null`), ReasonNull, "/evidence", whole},
		{"LD-16 null in an array", evidence(`null`), ReasonNull, "/evidence/0", whole},
		{"LD-16 empty array", badge(`"evidence": []`), ReasonEmpty, "/evidence", whole},
		{"LD-16 empty object", badge(`"evidence": {}`), ReasonEmpty, "/evidence", badge(`"evidence": {"type": ["Evidence"]}`)},
		{"LD-16 empty types", with(`["Achievement"]`, `[]`), ReasonEmpty, "/credentialSubject/achievement/type", whole},
		{"LD-17 @included", badge(`"@included": [{"id": "urn:x:y", "type": "Profile"}]`), ReasonKeyword, "/@included", whole},
		{"LD-17 @graph", `{"@context": [` + v2 + `], "@graph": [{"id": "urn:x:y", "type": "VerifiableCredential"}]}`, ReasonKeyword, "/@graph", whole},
		{"LD-17 @reverse", badge(`"@reverse": {"issuer": {"id": "urn:x:y"}}`), ReasonKeyword, "/@reverse", whole},
		{"LD-17 @nest", badge(`"@nest": {"name": "x"}`), ReasonKeyword, "/@nest", whole},
		{"LD-17 @list", badge(`"name": {"@list": ["x"]}`), ReasonKeyword, "/name", badge(`"name": "x"`)},
		{"LD-17 @set", badge(`"name": {"@set": ["x"]}`), ReasonKeyword, "/name", badge(`"name": ["x", "y"]`)},
		{"LD-17 @index", badge(`"name": {"@value": "x", "@index": "1"}`), ReasonIndex, "/name/@index", badge(`"name": {"@value": "x"}`)},
		{"LD-17 typed value", badge(`"name": {"@value": "x", "@type": "https://example.org/t"}`), ReasonValueObject, "/name/@type", badge(`"name": {"@value": "x", "@language": "en"}`)},
		{"LD-17 value that is no string", badge(`"name": {"@value": 5}`), ReasonNotString, "/name/@value", badge(`"name": {"@value": "5"}`)},
		{"LD-17 value that is null", badge(`"name": {"@value": null, "@language": "en"}`), ReasonNull, "/name/@value", badge(`"name": {"@value": "x", "@language": "en"}`)},
		{"LD-17 value object for a date", with(`"2026-01-01T00:00:00Z"`, `{"@value": "2026-01-01T00:00:00Z"}`), ReasonValueObject, "/validFrom", whole},
		{"LD-17 more in a value object", badge(`"name": {"@value": "x", "id": "urn:x:y"}`), ReasonValueObject, "/name/id", badge(`"name": {"@value": "x"}`)},
		{"LD-17 language that is none", badge(`"name": {"@value": "x", "@language": "not a tag"}`), ReasonLanguage, "/name/@language", badge(`"name": {"@value": "x", "@language": "zh-Hant-TW"}`)},
		{"LD-17 language that is null", badge(`"name": {"@value": "x", "@language": null}`), ReasonNotString, "/name/@language", badge(`"name": {"@value": "x", "@language": "en"}`)},
		{"LD-17 language that is empty", badge(`"name": {"@value": "x", "@language": ""}`), ReasonValueObject, "/name/@language", badge(`"name": {"@value": "x", "@language": "en"}`)},
		{"LD-17 direction that is none", badge(`"name": {"@value": "x", "@direction": "up"}`), ReasonDirection, "/name/@direction", badge(`"name": {"@value": "x", "@direction": "rtl"}`)},
		{"LD-17 language map", badge(`"name": {"en": "x"}`), ReasonUndefinedTerm, "/name/en", badge(`"name": {"@value": "x", "@language": "en"}`)},
		{"LD-17 nested arrays", badge(`"name": [["x"], "y"]`), ReasonNested, "/name/0", badge(`"name": ["x", "y"]`)},
		{"LD-18 blank node id", with("urn:uuid:1", "_:c14n0"), ReasonBlankNode, "/id", whole},
		{"LD-18 blank node issuer", with("did:web:badges.example", "_:b0"), ReasonBlankNode, "/issuer/id", whole},
		{"LD-18 blank node type", with(`"OpenBadgeCredential"`, `"_:OpenBadgeCredential"`), ReasonBlankNode, "/type/1", whole},
		{"LD-18 blank node property", badge(`"_:p": "x"`), ReasonFullIRI, "/_:p", whole},
		{"LD-19 relative type", with(`"OpenBadgeCredential"`, `"OpenBadgeCredential", "Other"`), ReasonUndefinedType, "/type/2", with(`"OpenBadgeCredential"`, `"OpenBadgeCredential", "https://example.org/Other"`)},
		{"LD-19 a term that is no type", with(`"OpenBadgeCredential"`, `"OpenBadgeCredential", "id"`), ReasonUndefinedType, "/type/2", whole},
		{"LD-19 @type beside type", badge(`"@type": "VerifiableCredential"`), ReasonKeyword, "/@type", whole},
		{"LD-19 @id beside id", badge(`"@id": "urn:uuid:1"`), ReasonDuplicate, "/@id", whole},
		{"LD-19 a type that is a number", with(`"OpenBadgeCredential"`, `"OpenBadgeCredential", 5`), ReasonNotString, "/type/2", whole},
		{"LD-19 an id that is a number", with(`"urn:uuid:1"`, `5`), ReasonNotString, "/id", whole},
		{"LD-19 an id that is an array", with(`"urn:uuid:1"`, `["urn:uuid:1"]`), ReasonNotString, "/id", whole},
		{"LD-20 id of the issuer on the achievement", with(achievement, `"id": "did:web:badges.example"`), ReasonRepeatedID, "/credentialSubject/achievement", whole},
		{"LD-20 id of the credential on the subject", with("did:example:learner", "urn:uuid:1"), ReasonRepeatedID, "/credentialSubject", whole},
		{"LD-20 id of the subject on evidence", evidence(`{"id": "did:example:learner", "type": ["Evidence"]}`), ReasonRepeatedID, "/credentialSubject", evidence(`{"id": "urn:x:e", "type": ["Evidence"]}`)},
		{"LD-20 creator of another name", with(`"criteria"`, `"creator": {"id": "did:web:badges.example", "type": ["Profile"], "name": "Evil University"}, "criteria"`), ReasonRepeatedID, "/credentialSubject/achievement/creator", with(`"criteria"`, `"creator": {"id": "did:web:badges.example", "type": "Profile", "name": "Example University"}, "criteria"`)},
		{"LD-20 criteria of the achievement with a name", with(`"id": "https://badges.example/criteria/1"`, achievement+`, "name": "Other"`), ReasonRepeatedID, "/credentialSubject/achievement/criteria", with(`"id": "https://badges.example/criteria/1"`, achievement)},
		{"LD-20 endorsement that renames", endorsed(ownList, "https://badges.example/achievements/1", `Good", "name": "Leadership`), ReasonRepeatedID, "/credentialSubject/achievement", endorsed(ownList, "https://badges.example/achievements/1", "Good")},
		{"LD-20 subject named otherwise than the issuer", strings.Replace(with("did:example:learner", "did:web:badges.example"), `"achievement"`, `"name": "Else", "achievement"`, 1), ReasonRepeatedID, "/credentialSubject", with("did:example:learner", "did:web:badges.example")},
		{"LD-22 version 1.1 and 2", with(v2+`, `, `"https://www.w3.org/2018/credentials/v1", `+v2+`, `), ErrInvalidContext, "/@context", whole},
		{"LD-22 issuanceDate in version 2", badge(`"issuanceDate": "2026-01-01T00:00:00Z"`), ReasonUndefinedTerm, "/issuanceDate", whole},
		{"numbers: beyond 2^53", with(`"type": ["AchievementSubject"]`, `"type": ["AchievementSubject"], "creditsEarned": 9007199254740994`), ReasonNumber, "/credentialSubject/creditsEarned", with(`"type": ["AchievementSubject"]`, `"type": ["AchievementSubject"], "creditsEarned": 9007199254740992`)},
		{"numbers: too small", with(`"type": ["AchievementSubject"]`, `"type": ["AchievementSubject"], "creditsEarned": 0.0000009`), ReasonNumber, "/credentialSubject/creditsEarned", with(`"type": ["AchievementSubject"]`, `"type": ["AchievementSubject"], "creditsEarned": 0.000001`)},
		{"numbers: seventeen digits", with(`"type": ["AchievementSubject"]`, `"type": ["AchievementSubject"], "creditsEarned": 0.30000000000000004`), ReasonNumber, "/credentialSubject/creditsEarned", with(`"type": ["AchievementSubject"]`, `"type": ["AchievementSubject"], "creditsEarned": 0.3`)},
		{"numbers: sixteen digits of a shorter one", with(`"type": ["AchievementSubject"]`, `"type": ["AchievementSubject"], "creditsEarned": 9.369999999999999`), ReasonNumber, "/credentialSubject/creditsEarned", with(`"type": ["AchievementSubject"]`, `"type": ["AchievementSubject"], "creditsEarned": 9.37`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := New(embedded(t), Options{})
			if c.good != "" {
				if _, err := read(t, p, []byte(c.good)); err != nil {
					t.Errorf("the sibling is refused: %v", err)
				}
			}
			got, err := read(t, p, []byte(c.attack))
			if err == nil {
				t.Fatalf("the attack is accepted:\n%s", got)
			}
			var lost *LossError
			var fault *ContextError
			switch want := c.reason.(type) {
			default:
				t.Fatalf("the row has no reason")
			case Reason:
				if !errors.As(err, &lost) || !errors.Is(err, ErrDataLoss) || lost.Reason != want || lost.Path != c.path {
					t.Errorf("got %v, want %s at %s", err, want, c.path)
				}
			case error:
				if !errors.As(err, &fault) || !errors.Is(err, want) || fault.Path != c.path {
					t.Errorf("got %v, want %v at %s", err, want, c.path)
				}
			}
		})
	}
}

// TestContextBomb has LD-21: a context is not even parsed.
func TestContextBomb(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString(`{"p0": "https://example.org/"`)
	for i := range 5000 {
		fmt.Fprintf(&bomb, `, "p%d": "p%d:x"`, i+1, i)
	}
	bomb.WriteString(`}`)
	_, err := read(t, New(embedded(t), Options{}), []byte(with(ob3, ob3+`, `+bomb.String())))
	if !errors.Is(err, ErrInlineContext) {
		t.Errorf("got %v", err)
	}
}

// TestSource reads the options of a proof under the contexts of a document.
func TestSource(t *testing.T) {
	document, err := strictjson.Parse([]byte(badge(`"proof": {
		"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "created": "2026-01-01T00:00:00Z",
		"verificationMethod": "did:web:badges.example#key-1", "proofPurpose": "assertionMethod", "proofValue": "z1"
	}`)))
	if err != nil {
		t.Fatal(err)
	}
	root := document.Root()
	p := New(embedded(t), Options{})
	for name, c := range map[string]struct {
		source Source
		quads  int
	}{
		"the document":         {Source{Object: root}, 14 + 7},
		"without its proof":    {Source{Object: root, Without: []string{"proof"}}, 14},
		"the proof":            {Source{Object: root.Get("proof"), Context: root.Get("@context")}, 6},
		"without its value":    {Source{Object: root.Get("proof"), Context: root.Get("@context"), Without: []string{"proofValue"}}, 5},
		"only the top is left": {Source{Object: root, Without: []string{"proof", "narrative"}}, 14},
	} {
		dataset, err := p.Dataset(context.Background(), c.source)
		if err != nil || len(dataset.Quads) != c.quads || dataset.General {
			t.Errorf("%s: %v, %d quads", name, err, len(dataset.Quads))
		}
	}
	if _, err := p.Dataset(context.Background(), Source{Object: root.Get("proof")}); !errors.Is(err, ErrInvalidContext) {
		t.Errorf("a proof without contexts: %v", err)
	}
	if _, err := p.Dataset(context.Background(), Source{}); !errors.Is(err, ErrDataLoss) {
		t.Errorf("nothing: %v", err)
	}
}
