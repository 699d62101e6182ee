package negative

import (
	"fmt"
	"maps"
	"strings"
)

// additions put into a badge what a reader of JSON sees and linked data does not
// say, or says otherwise.
var additions = []named{
	{"an undefined term (LD-01)", func(o object) { o["grade"] = "A+" }},
	{"an undefined term in the subject (LD-01)", func(o object) { at(o, "credentialSubject").(object)["grade"] = "A+" }},
	{"an undefined term in the achievement (LD-01)", func(o object) { achievement(o)["grade"] = "A+" }},
	{"an undefined term in the issuer (LD-01)", func(o object) { at(o, "issuer").(object)["grade"] = "A+" }},
	{"an undefined term that is an object (LD-01)", func(o object) { achievement(o)["grade"] = object{"id": "urn:a:b"} }},
	{"an undefined type (LD-01)", func(o object) { o["type"] = append(o["type"].(array), "DoctorCredential") }},
	{"an undefined type of the issuer (LD-01)", func(o object) { at(o, "issuer").(object)["type"] = array{"Profile", "Ministry"} }},
	{"a word like a keyword (LD-02)", func(o object) { o["@evil"] = "A+" }},
	{"a word like a keyword inside (LD-02)", func(o object) { achievement(o)["@evil"] = "A+" }},
	{"a context that takes a term away (LD-03)", func(o object) { o["@context"] = append(o["@context"].(array), object{"grade": nil}); o["grade"] = "A+" }},
	{"a context that exchanges terms (LD-04)", func(o object) {
		o["@context"] = append(o["@context"].(array), object{"role": "https://schema.org/name", "name": "https://purl.imsglobal.org/spec/vc/ob/vocab.html#role"})
	}},
	{"a context with a vocabulary (LD-05)", func(o object) {
		o["@context"] = append(o["@context"].(array), object{"@vocab": "https://evil.example/"})
		o["grade"] = "A+"
	}},
	{"the context of undefined terms (LD-05)", func(o object) {
		o["@context"] = append(o["@context"].(array), "https://www.w3.org/ns/credentials/undefined-terms/v2")
		o["grade"] = "A+"
	}},
	{"a context with a base (LD-06)", func(o object) {
		o["@context"] = append(o["@context"].(array), object{"@base": "https://evil.example/"})
	}},
	{"a context in the subject (LD-07)", func(o object) {
		at(o, "credentialSubject").(object)["@context"] = object{"@vocab": "https://evil.example/"}
	}},
	{"a context in the achievement (LD-07)", func(o object) { achievement(o)["@context"] = object{"name": "https://evil.example/name"} }},
	{"a known context in the subject (LD-07)", func(o object) {
		at(o, "credentialSubject").(object)["@context"] = "https://www.w3.org/ns/credentials/v2"
	}},
	{"a null context (LD-07)", func(o object) { o["@context"] = append(o["@context"].(array), nil) }},
	{"a null context inside (LD-07)", func(o object) { achievement(o)["@context"] = nil }},
	{"an import (LD-07)", func(o object) {
		o["@context"] = append(o["@context"].(array), object{"@import": "https://evil.example/"})
	}},
	{"a context that does not spread (LD-07)", func(o object) { o["@context"] = append(o["@context"].(array), object{"@propagate": false}) }},
	{"a version (LD-07)", func(o object) { o["@context"] = append(o["@context"].(array), object{"@version": 1.1}) }},
	{"contexts the other way round (LD-08)", func(o object) { l := o["@context"].(array); o["@context"] = array{l[1], l[0]} }},
	{"a context twice (LD-08)", func(o object) {
		l := o["@context"].(array)
		o["@context"] = array{l[0], l[1], l[1], "https://evil.example/"}
	}},
	{"an unknown context (LD-09)", func(o object) { o["@context"] = append(o["@context"].(array), "https://evil.example/context") }},
	{"a context by another scheme (LD-09)", func(o object) { o["@context"] = array{"http://www.w3.org/ns/credentials/v2", at(o, "@context", 1)} }},
	{"a context with a fragment (LD-09)", func(o object) { o["@context"] = array{at(o, "@context", 0), at(o, "@context", 1).(string) + "#"} }},
	{"a context in a file (LD-09)", func(o object) { o["@context"] = append(o["@context"].(array), "file:///etc/passwd") }},
	{"a relative context (LD-09)", func(o object) { o["@context"] = append(o["@context"].(array), "context.json") }},
	{"a context that is a number", func(o object) { o["@context"] = append(o["@context"].(array), 2) }},
	{"another word for proof (LD-10)", func(o object) {
		o["@context"] = append(o["@context"].(array), object{"pr": "https://w3id.org/security#proof"})
		o["pr"] = o["proof"]
	}},
	{"another word for id (LD-10)", func(o object) { o["@context"] = append(o["@context"].(array), object{"key": "@id"}) }},
	{"a member by its IRI (LD-11)", func(o object) { o["https://www.w3.org/2018/credentials#issuer"] = object{"id": "did:web:evil.example"} }},
	{"a member by its IRI inside (LD-11)", func(o object) { achievement(o)["https://schema.org/name"] = "Doctor" }},
	{"a member by a compact IRI (LD-11)", func(o object) { o["cred:issuer"] = "did:web:evil.example" }},
	{"a relative achievement (LD-12)", func(o object) { achievement(o)["id"] = "achievements/2" }},
	{"a relative evidence (LD-12)", func(o object) { at(o, "evidence", 0).(object)["id"] = "../2" }},
	{"a fragment for an achievement (LD-12)", func(o object) { achievement(o)["id"] = "#1" }},
	{"an empty achievement id (LD-12)", func(o object) { achievement(o)["id"] = "" }},
	{"an IRI with a space (LD-13)", func(o object) { achievement(o)["id"] = "https://badges.example.edu/achievements/1 2" }},
	{"an IRI with angles (LD-13)", func(o object) { achievement(o)["id"] = "https://badges.example.edu/<1>" }},
	{"an IRI with braces (LD-13)", func(o object) { achievement(o)["id"] = "https://badges.example.edu/{1}" }},
	{"an IRI with a bar (LD-13)", func(o object) { achievement(o)["id"] = "https://badges.example.edu/1|2" }},
	{"an IRI with a backslash (LD-13)", func(o object) { achievement(o)["id"] = `https://badges.example.edu\1` }},
	{"an IRI with a grave accent (LD-13)", func(o object) { achievement(o)["id"] = "https://badges.example.edu/`1" }},
	{"an IRI with a control (LD-13)", func(o object) { achievement(o)["id"] = "https://badges.example.edu/\u0001" }},
	{"a text beside the subject (LD-14)", func(o object) { o["credentialSubject"] = array{o["credentialSubject"], "and a doctor"} }},
	{"a text beside the evidence (LD-14)", func(o object) { o["evidence"] = append(o["evidence"].(array), "and more") }},
	{"a number beside the evidence (LD-14)", func(o object) { o["evidence"] = append(o["evidence"].(array), 1) }},
	{"a boolean for an id (LD-14)", func(o object) { achievement(o)["id"] = true }},
	{"the subject once more, otherwise (LD-15)", func(o object) {
		again := maps.Clone(at(o, "credentialSubject").(object))
		again["role"] = "Doctor"
		o["credentialSubject"] = array{o["credentialSubject"], again}
	}},
	{"the evidence once more, otherwise (LD-15)", func(o object) {
		again := maps.Clone(at(o, "evidence", 0).(object))
		again["name"] = "Thesis"
		o["evidence"] = append(o["evidence"].(array), again)
	}},
	{"a null (LD-16)", func(o object) { o["description"] = nil }},
	{"a null inside (LD-16)", func(o object) { achievement(o)["image"] = nil }},
	{"an empty array (LD-16)", func(o object) { achievement(o)["alignment"] = array{} }},
	{"an empty object (LD-16)", func(o object) { achievement(o)["image"] = object{} }},
	{"a null in an array (LD-16)", func(o object) { achievement(o)["tag"] = array{"mentoring", nil} }},
	{"@included (LD-17)", func(o object) { o["@included"] = array{object{"id": "urn:a:b", "name": "Doctor"}} }},
	{"@graph (LD-17)", func(o object) { o["@graph"] = array{object{"id": "urn:a:b", "name": "Doctor"}} }},
	{"@reverse (LD-17)", func(o object) { o["@reverse"] = object{"issuer": object{"id": "urn:a:b"}} }},
	{"@nest (LD-17)", func(o object) { o["@nest"] = object{"name": "Doctor"} }},
	{"@index (LD-17)", func(o object) { achievement(o)["@index"] = "Doctor" }},
	{"@json (LD-17)", func(o object) { achievement(o)["description"] = object{"@type": "@json", "@value": "Doctor"} }},
	{"@value (LD-17)", func(o object) { achievement(o)["description"] = object{"@value": "Doctor"} }},
	{"@list (LD-17)", func(o object) { achievement(o)["tag"] = object{"@list": array{"mentoring"}} }},
	{"@set (LD-17)", func(o object) { achievement(o)["tag"] = object{"@set": array{"doctor"}} }},
	{"@direction (LD-17)", func(o object) { achievement(o)["description"] = object{"@value": "Doctor", "@direction": "rtl"} }},
	{"@language of two words (LD-17)", func(o object) { achievement(o)["description"] = object{"@value": "Doctor", "@language": "not a tag"} }},
	{"@id beside id (LD-17)", func(o object) { achievement(o)["@id"] = "urn:a:b" }},
	{"@type beside type (LD-19)", func(o object) { achievement(o)["@type"] = "Achievement" }},
	{"a blank node (LD-18)", func(o object) { achievement(o)["id"] = "_:c14n0" }},
	{"a blank issuer (LD-18)", func(o object) { at(o, "issuer").(object)["id"] = "_:b0" }},
	{"a blank predicate (LD-18)", func(o object) { o["_:p"] = "Doctor" }},
	{"a blank type (LD-18)", func(o object) { achievement(o)["type"] = array{"Achievement", "_:t"} }},
	{"a relative type (LD-19)", func(o object) { achievement(o)["type"] = array{"Achievement", "doctor"} }},
	{"a type with a space (LD-19)", func(o object) { achievement(o)["type"] = array{"Achievement", "A doctor"} }},
	{"a type that is a number (LD-19)", func(o object) { achievement(o)["type"] = array{"Achievement", 1} }},
	{"no type of badge (LD-19)", func(o object) { o["type"] = array{"VerifiableCredential"} }},
	{"the id of the issuer for the achievement (LD-20)", func(o object) { achievement(o)["id"] = at(o, "issuer", "id") }},
	{"the id of the badge for the achievement (LD-20)", func(o object) { achievement(o)["id"] = o["id"] }},
	{"the id of the subject for the evidence (LD-20)", func(o object) { at(o, "evidence", 0).(object)["id"] = at(o, "credentialSubject", "id") }},
	{"a context of the other version (LD-22)", func(o object) {
		o["@context"] = array{at(o, "@context", 0), at(o, "@context", 1), "https://www.w3.org/2018/credentials/v1"}
	}},
	{"the dates of both versions (LD-22)", func(o object) { o["issuanceDate"] = "2026-02-02T09:00:00Z" }},
	{"a number that rounds", func(o object) { at(o, "credentialSubject").(object)["creditsEarned"] = number("9007199254740993") }},
	{"a number with a fraction that rounds", func(o object) {
		at(o, "credentialSubject").(object)["creditsEarned"] = number("5.00000000000000000001")
	}},
	{"a member called __proto__", func(o object) { o["__proto__"] = object{"name": "Doctor"} }},
	{"a member called constructor", func(o object) { achievement(o)["constructor"] = "Doctor" }},
	{"a member without a name", func(o object) { achievement(o)[""] = "Doctor" }},
	{"a member of spaces", func(o object) { achievement(o)[" name"] = "Doctor" }},
}

type number string

// MarshalJSON writes the number as it is.
func (n number) MarshalJSON() ([]byte, error) { return []byte(n), nil }

// linkedDataFamily adds to a badge that is signed.
func linkedDataFamily(c *corpus) {
	for _, s := range everySuite {
		sibling, signed := s.good(c)
		for _, n := range additions {
			c.bad("json-ld", s.label+": "+n.name, sibling, changed(signed, n.change), usual())
		}
	}
}

// lossFamily has the issuer itself sign, as text, what linked data loses: the
// signature holds, and the badge must be refused all the same.
func lossFamily(c *corpus) {
	sibling := c.good("loss", "a badge signed by hand", issueText(c, badge()), usual())
	for _, n := range additions {
		if strings.Contains(n.name, "rounds") {
			continue // no reader gets as far as the signature
		}
		b := decode(encode(badge()))
		b["proof"] = object{}
		n.change(b)
		delete(b, "proof")
		c.bad("loss", n.name, sibling, issueText(c, b), usual())
	}
	for _, count := range []int{100, 1000, 5000} {
		b := badge()
		evidence := array{}
		for range count {
			evidence = append(evidence, object{"type": array{"Evidence"}, "narrative": "the same"})
		}
		b["evidence"] = evidence
		data := issueText(c, b)
		c.bad("loss", fmt.Sprintf("%d nodes that are the same, changed (RC-03)", count), sibling, changed(data, func(o object) { o["name"] = "Doctor" }), usual())
		c.bad("loss", fmt.Sprintf("%d nodes that are the same, under RDFC (RC-03)", count), sibling, changed(data, func(o object) {
			proofOf(o)["cryptosuite"] = "eddsa-rdfc-2022"
			delete(proofOf(o), "@context")
		}), usual())
	}
	for _, depth := range []int{10, 25, 28} {
		b := badge()
		inner := object{"type": array{"Profile"}, "name": "P"}
		for range depth {
			inner = object{"type": array{"Profile"}, "parentOrg": inner, "name": "P"}
		}
		b["issuer"].(object)["parentOrg"] = inner
		data := issueText(c, b)
		c.bad("loss", fmt.Sprintf("%d blank nodes in a chain (RC-03)", depth), sibling, changed(data, func(o object) {
			proofOf(o)["cryptosuite"] = "eddsa-rdfc-2022"
			delete(proofOf(o), "@context")
		}), usual())
	}
	b := badge()
	b["name"] = strings.Repeat("a", 900<<10)
	c.bad("loss", "a badge of 900 KiB, changed", sibling, changed(issueText(c, b), func(o object) { o["description"] = "Doctor" }), usual())
}
