package negative

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"laurel/credential/statuslist"
	"laurel/verifier"
)

// schemaFamily has the issuer sign badges that break the data model.
func schemaFamily(c *corpus) {
	rich := badge()
	rich["@context"] = append(rich["@context"].(array), "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json")
	rich["image"] = object{"id": "https://badges.example.edu/i.png", "type": "Image", "caption": "A mentor"}
	rich["credentialSubject"].(object)["result"] = array{object{"type": array{"Result"}, "resultDescription": "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b31", "value": "A"}}
	rich["credentialSubject"].(object)["identifier"] = array{object{"type": "IdentityObject", "identityHash": "student@example.edu", "identityType": "emailAddress", "hashed": false}}
	achievement(rich)["alignment"] = array{object{"type": array{"Alignment"}, "targetName": "Mentoring", "targetUrl": "https://skills.example/1", "targetType": "ceasn:Competency"}}
	achievement(rich)["resultDescription"] = array{object{"id": "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b31", "type": array{"ResultDescription"}, "name": "Grade", "resultType": "LetterGrade", "allowedValue": array{"A", "B"}}}
	rich["issuer"].(object)["address"] = object{"type": array{"Address"}, "addressLocality": "Oxford", "geo": object{"type": "GeoCoordinates", "latitude": 51.75, "longitude": -1.25}}
	rich["issuer"].(object)["otherIdentifier"] = array{object{"type": "IdentifierEntry", "identifier": "1234", "identifierType": "sourcedId"}}
	rich["credentialSchema"] = array{object{"id": "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json", "type": "1EdTechJsonSchemaValidator2019"}}
	sibling := c.good("schema", "a badge with much in it", issueText(c, rich), usual())
	required := map[string]bool{}
	for _, path := range []string{
		"/issuer", "/credentialSubject", "/credentialSubject/achievement/criteria", "/credentialSubject/achievement/description", "/credentialSubject/achievement/name", "/credentialSubject/achievement/type", "/credentialSubject/achievement/id", "/credentialSubject/type", "/issuer/id", "/issuer/type", "/type", "/@context", "/validFrom", "/image/type", "/image/id", "/evidence/0/type",
		"/credentialSubject/result/0/type", "/credentialSubject/identifier/0/type", "/credentialSubject/identifier/0/identityHash", "/credentialSubject/identifier/0/identityType", "/credentialSubject/identifier/0/hashed", "/credentialSubject/achievement/alignment/0/type", "/credentialSubject/achievement/alignment/0/targetName", "/credentialSubject/achievement/alignment/0/targetUrl",
		"/credentialSubject/achievement/resultDescription/0/id", "/credentialSubject/achievement/resultDescription/0/type", "/credentialSubject/achievement/resultDescription/0/name", "/credentialSubject/achievement/resultDescription/0/resultType", "/issuer/address/type", "/issuer/address/geo/type", "/issuer/address/geo/latitude", "/issuer/address/geo/longitude", "/issuer/otherIdentifier/0/type", "/issuer/otherIdentifier/0/identifier", "/issuer/otherIdentifier/0/identifierType", "/credentialSchema/0/id", "/credentialSchema/0/type",
	} {
		required[path] = true
	}
	for _, path := range leaves(rich) {
		where := pointer(path)
		with := func(what string, value any) {
			o := decode(encode(rich))
			replace(o, path, value)
			c.bad("schema", where+" "+what, sibling, issueText(c, o), usual())
		}
		if required[where] {
			o := decode(encode(rich))
			remove(o, path)
			c.bad("schema", where+" is missing", sibling, issueText(c, o), usual())
			delete(required, where)
		}
		if strings.HasPrefix(where, "/@context/") {
			continue
		}
		value := at(rich, path...)
		with("is an object in an array in an array", array{array{object{}}})
		with("is null", nil)
		switch value.(type) {
		case string:
			with("is a number", 7)
			with("is a boolean", true)
		case object:
			with("is a number", 7)
			with("is a boolean", true)
		case array:
			with("is a number", 7)
			with("is a boolean", false)
			with("is empty", array{})
		default:
			with("is a text", "seven")
			with("is an object", object{"a": "b"})
		}
	}
	for path := range required {
		c.Errorf("%s is required and not in the badge", path)
	}
	for name, change := range map[string]func(o object){
		"an unknown achievement type":          func(o object) { achievement(o)["achievementType"] = "Doctorate of nothing" },
		"an unknown result type":               func(o object) { at(achievement(o), "resultDescription", 0).(object)["resultType"] = "Guess" },
		"an unknown target type":               func(o object) { at(achievement(o), "alignment", 0).(object)["targetType"] = "wish" },
		"an unknown identifier type":           func(o object) { at(o, "issuer", "otherIdentifier", 0).(object)["identifierType"] = "nickname" },
		"a credit that is a text":              func(o object) { at(o, "credentialSubject").(object)["creditsEarned"] = "5" },
		"no type of subject":                   func(o object) { at(o, "credentialSubject").(object)["type"] = array{"Person"} },
		"no type of achievement":               func(o object) { achievement(o)["type"] = array{"Alignment"} },
		"a subject that nobody can be":         func(o object) { s := at(o, "credentialSubject").(object); delete(s, "id"); delete(s, "identifier") },
		"a tag that is an object":              func(o object) { achievement(o)["tag"] = array{object{"id": "urn:a:b"}} },
		"an id of the badge that is none":      func(o object) { o["id"] = "credential 1" },
		"two achievements":                     func(o object) { at(o, "credentialSubject").(object)["achievement"] = array{achievement(o), 1} },
		"an e-mail that is a number":           func(o object) { at(o, "issuer").(object)["email"] = 1 },
		"a schema that is a text":              func(o object) { o["credentialSchema"] = "https://example.org/schema" },
		"terms of use without a type":          func(o object) { o["termsOfUse"] = object{"id": "urn:a:b"} },
		"a refresh without a type":             func(o object) { o["refreshService"] = object{"id": "https://badges.example.edu/refresh"} },
		"an endorsement without anything":      func(o object) { o["endorsement"] = array{object{"type": array{"EndorsementCredential"}}} },
		"an endorsement that is a text":        func(o object) { o["endorsement"] = array{"good"} },
		"a criteria of nothing":                func(o object) { achievement(o)["criteria"] = object{} },
		"a latitude that is a text":            func(o object) { at(o, "issuer", "address", "geo").(object)["latitude"] = "north" },
		"an image that is a number":            func(o object) { o["image"] = 1 },
		"a context that is a text of the core": func(o object) { o["@context"] = at(o, "@context", 0) },
		"a type that is a text":                func(o object) { o["type"] = "VerifiableCredential" },
	} {
		o := decode(encode(rich))
		change(o)
		c.bad("schema", name, sibling, issueText(c, o), usual())
	}
}

// dateFamily is about time.
func dateFamily(c *corpus) {
	sibling := c.good("date", "a badge", issueText(c, badge()), usual())
	v1 := badge()
	v1["@context"] = array{"https://www.w3.org/2018/credentials/v1", at(v1, "@context", 1)}
	v1["issuanceDate"], v1["expirationDate"] = v1["validFrom"], v1["validUntil"]
	delete(v1, "validFrom")
	delete(v1, "validUntil")
	older := c.good("date", "a badge of version 1.1", issueText(c, v1), usual())
	set := func(family object, sibling, label, name string, value any) {
		o := decode(encode(family))
		o[name] = value
		c.bad("date", fmt.Sprintf("%s%s is %.40q", label, name, encode(value)), sibling, issueText(c, o), usual())
	}
	malformed := []any{
		"", "now", "2026", "2026-02", "2026-02-02", "2026-02-02T09:00", "2026-02-02 09:00:00Z", "2026-02-02T09:00:00z", "2026-02-02t09:00:00Z", "2026-02-02T09:00:00+1", "2026-02-02T09:00:00+15:00", "2026-02-02T09:00:00+0100", "2026-02-30T09:00:00Z", "2025-02-29T09:00:00Z", "2026-13-02T09:00:00Z", "2026-00-02T09:00:00Z", "2026-02-00T09:00:00Z", "2026-02-02T25:00:00Z", "2026-02-02T09:60:00Z", "2026-02-02T09:00:61Z", "2026-2-2T9:0:0Z", "26-02-02T09:00:00Z", "02/02/2026", "2026-02-02T09:00:00,5Z", "2026-02-02T09:00:00.Z", "2026-02-02T09:00:00ZZ", " 2026-02-02T09:00:00Z", "2026-02-02T09:00:00Z\n", "２０２６-02-02T09:00:00Z", "+2026-02-02T09:00:00Z", "2026-W05-1T09:00:00Z", "2026-033T09:00:00Z", "1770022800", 1770022800, true, array{"2026-02-02T09:00:00Z"}, object{"@value": "2026-02-02T09:00:00Z"},
	}
	late := []any{"2026-06-15T11:59:59Z", "2026-06-15T11:59:59.999Z", "2026-06-15T12:59:59+01:00", "2026-06-15T00:00:00Z", "2020-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2026-06-15T07:00:00-04:59"}
	early := []any{"2026-06-15T12:01:01Z", "2026-06-16T00:00:00Z", "2099-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-06-15T12:00:00-00:02", "2026-06-15T08:30:00-04:00"}
	for _, value := range malformed {
		set(badge(), sibling, "", "validFrom", value)
		set(badge(), sibling, "", "validUntil", value)
		set(badge(), sibling, "", "awardedDate", value)
		set(v1, older, "1.1: ", "issuanceDate", value)
		set(v1, older, "1.1: ", "expirationDate", value)
	}
	for _, value := range late {
		set(badge(), sibling, "", "validUntil", value)
		set(v1, older, "1.1: ", "expirationDate", value)
	}
	for _, value := range early {
		set(badge(), sibling, "", "validFrom", value)
		set(v1, older, "1.1: ", "issuanceDate", value)
	}
}

// withStatus is a badge with a status entry.
func withStatus(entry any) object {
	b := badge()
	b["credentialStatus"] = entry
	return b
}

func statusEntry(purpose, url string, index any) object {
	return object{"id": fmt.Sprintf("%s#%v", url, index), "type": "BitstringStatusListEntry", "statusPurpose": purpose, "statusListIndex": index, "statusListCredential": url}
}

// listOf is an unsigned status list.
func listOf(c *corpus, purpose string, set ...int) object {
	c.Helper()
	list, err := statuslist.New(statuslist.MinimumLength)
	if err != nil {
		c.Fatal(err)
	}
	for _, i := range set {
		if err := list.Set(i, true); err != nil {
			c.Fatal(err)
		}
	}
	data, err := statuslist.Credential(list, statuslist.Options{
		URL: listURL, Issuer: encode(issuerID), Purposes: []string{purpose}, ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(24 * time.Hour),
	})
	if err != nil {
		c.Fatal(err)
	}
	return decode(data)
}

// gzipped is an encodedList of any bytes.
func gzipped(prefix string, data []byte) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return prefix + base64.RawURLEncoding.EncodeToString(b.Bytes())
}

// statusFamily is about what the issuer's status list says, or cannot say.
func statusFamily(c *corpus) {
	entry := statusEntry("revocation", listURL, fmt.Sprint(place))
	signed := issueText(c, withStatus(entry))
	good := issue(c, listOf(c, "revocation", place-1, place+1))
	w := usual().with(listURL, good)
	sibling := c.good("status", "a badge that is not revoked", signed, w)
	bad := func(name string, data []byte, w *world) { c.bad("status", name, sibling, data, w) }
	for _, s := range everySuite {
		if !s.selective {
			bad("revoked, in a list by "+s.label, signed, usual().with(listURL, s.issue(c, listOf(c, "revocation", place))))
			bad("revoked, the list changed, by "+s.label, signed, usual().with(listURL, changed(s.issue(c, listOf(c, "revocation", place)), func(o object) {
				at(o, "credentialSubject").(object)["encodedList"] = at(listOf(c, "revocation"), "credentialSubject", "encodedList")
			})))
		}
	}
	for _, purpose := range []string{"suspension", "revocation"} {
		bad("set for "+purpose, issueText(c, withStatus(statusEntry(purpose, listURL, fmt.Sprint(place)))), usual().with(listURL, issue(c, listOf(c, purpose, place))))
	}
	for _, index := range []any{"-1", "abc", "1e3", "07", " 5", "5 ", "+5", "0x5", "2147483648", "9223372036854775808", "18446744073709551617", fmt.Sprint(statuslist.MinimumLength), "99999999999999999999", "", "5.0", 5.5, -1, true, nil, array{"5"}, object{}, "٥", "5\n", 1e15} {
		bad(fmt.Sprintf("the index %.30q", encode(index)), issueText(c, withStatus(statusEntry("revocation", listURL, index))), w)
	}
	for name, change := range map[string]func(e object){
		"no type": func(e object) { delete(e, "type") }, "an unknown type": func(e object) { e["type"] = "StatusList2030Entry" }, "a type that is a number": func(e object) { e["type"] = 1 }, "an empty type": func(e object) { e["type"] = "" },
		"no purpose": func(e object) { delete(e, "statusPurpose") }, "an unknown purpose": func(e object) { e["statusPurpose"] = "mood" }, "another purpose": func(e object) { e["statusPurpose"] = "suspension" }, "two purposes": func(e object) { e["statusPurpose"] = array{"revocation", "suspension"} }, "an empty purpose": func(e object) { e["statusPurpose"] = "" },
		"no index": func(e object) { delete(e, "statusListIndex") }, "no list": func(e object) { delete(e, "statusListCredential") }, "a list that is a number": func(e object) { e["statusListCredential"] = 1 }, "a relative list": func(e object) { e["statusListCredential"] = "status/1" }, "two lists": func(e object) { e["statusListCredential"] = array{listURL, listURL + "0"} }, "a list elsewhere": func(e object) { e["statusListCredential"] = "https://evil.example/status" },
		"a size of 0": func(e object) { e["statusSize"] = 0 }, "a size of -1": func(e object) { e["statusSize"] = -1 }, "a size of 2": func(e object) { e["statusSize"] = 2 }, "a size that is a text": func(e object) { e["statusSize"] = "1" }, "a size of 1.5": func(e object) { e["statusSize"] = 1.5 }, "a huge size": func(e object) { e["statusSize"] = 1 << 40 },
		"an id that is a number": func(e object) { e["id"] = 1 }, "StatusList2021 in a newer list": func(e object) { e["type"] = "StatusList2021Entry" }, "a list by file": func(e object) { e["statusListCredential"] = "file:///etc/passwd" }, "a list by http": func(e object) { e["statusListCredential"] = "http://badges.example.edu/status/1" },
	} {
		e := statusEntry("revocation", listURL, fmt.Sprint(place))
		change(e)
		bad("an entry with "+name, issueText(c, withStatus(e)), w)
	}
	for name, status := range map[string]any{
		"that is a text": "https://badges.example.edu/status/1", "that is null": nil, "that is empty": array{}, "that is an empty object": object{}, "that is a number": 7, "of a good and an unknown one": array{entry, object{"id": "urn:a:b", "type": "Other"}}, "of a good one and a text": array{entry, "x"},
		"of seventeen": many(17, func(i int) any {
			return statusEntry("revocation", fmt.Sprintf("https://badges.example.edu/status/%d", i+1), "5")
		}), "of nine lists": many(9, func(i int) any {
			return statusEntry("revocation", fmt.Sprintf("https://badges.example.edu/status/%d", i+1), "5")
		}),
		"of two lists, one out of reach": array{entry, statusEntry("suspension", listURL+"0", "5")}, "within a status": array{array{entry}},
	} {
		bad("a status "+name, issueText(c, withStatus(status)), w)
	}
	for name, change := range map[string]func(o object){
		"of another issuer": func(o object) { o["issuer"] = "did:web:evil.example" }, "of nobody": func(o object) { delete(o, "issuer") }, "that ran out": func(o object) { o["validUntil"] = "2026-06-15T11:59:59Z" }, "that is not valid yet": func(o object) { o["validFrom"] = "2026-06-15T13:00:00Z" }, "with a date that is none": func(o object) { o["validUntil"] = "soon" },
		"that is not of the type": func(o object) { o["type"] = array{"VerifiableCredential"} }, "that is a badge": func(o object) { o["type"] = array{"VerifiableCredential", "OpenBadgeCredential"} }, "with a subject of another type": func(o object) { at(o, "credentialSubject").(object)["type"] = "Other" }, "without a subject": func(o object) { delete(o, "credentialSubject") }, "with two subjects": func(o object) { o["credentialSubject"] = array{o["credentialSubject"], o["credentialSubject"]} },
		"for another purpose": func(o object) { at(o, "credentialSubject").(object)["statusPurpose"] = "suspension" }, "for no purpose": func(o object) { delete(at(o, "credentialSubject").(object), "statusPurpose") }, "at another address": func(o object) { o["id"] = listURL + "0" }, "that is on a list": func(o object) { o["credentialStatus"] = entry }, "with a ttl that is a text": func(o object) { at(o, "credentialSubject").(object)["ttl"] = "long" }, "with a size of 2": func(o object) { at(o, "credentialSubject").(object)["statusSize"] = 2 },
		"without bits": func(o object) { delete(at(o, "credentialSubject").(object), "encodedList") },
	} {
		list := listOf(c, "revocation")
		change(list)
		bad("a list "+name, signed, usual().with(listURL, issueText(c, list)))
	}
	const enough = statuslist.MinimumLength / 8
	empty := make([]byte, enough)
	encoded := gzipped("u", empty)
	raw, err := base64.RawURLEncoding.DecodeString(encoded[1:])
	if err != nil {
		c.Fatal(err)
	}
	for name, text := range map[string]any{
		"empty": "", "a letter": "u", "a number": 7, "no multibase": encoded[1:], "base58": "z" + encoded[1:], "base64": "m" + encoded[1:], "padding": encoded + "=", "a space": encoded + " ", "a line break": encoded[:9] + "\n" + encoded[9:], "half": encoded[:len(encoded)/2], "no gzip": "u" + base64.RawURLEncoding.EncodeToString(empty), "zlib": "ueJw", "twice": "u" + base64.RawURLEncoding.EncodeToString(append(append([]byte{}, raw...), raw...)), "something behind": "u" + base64.RawURLEncoding.EncodeToString(append(append([]byte{}, raw...), 1, 2, 3)),
		"a bad sum": "u" + base64.RawURLEncoding.EncodeToString(append(append([]byte{}, raw[:len(raw)-8]...), 1, 2, 3, 4, 5, 6, 7, 8)), "one byte short": gzipped("u", empty[:enough-1]), "half as long": gzipped("u", empty[:enough/2]), "nothing inside": gzipped("u", nil), "a bomb": gzipped("u", make([]byte, 32<<20)), "a byte more than the most": gzipped("u", make([]byte, 8<<20+1)), "all set": gzipped("u", bytes.Repeat([]byte{0xff}, enough)), "an array": array{encoded},
	} {
		list := listOf(c, "revocation")
		at(list, "credentialSubject").(object)["encodedList"] = text
		bad("bits: "+name, signed, usual().with(listURL, issueText(c, list)))
	}
	for name, answer := range map[string]any{
		"nothing": []byte(nil), "a page": []byte("<html>"), "null": []byte("null"), "not found": statusError(404), "gone": statusError(410), "a fault": statusError(500), "no connection": errUnreachable, "no proof": changed(good, func(o object) { delete(o, "proof") }), "a proof by another": sign(c, listOf(c, "revocation"), foreign()["ed"], optionsOf("ed")), "a badge": issue(c, badge()), "half": good[:len(good)/2], "it twice": append(append([]byte{}, good...), good...), "three megabytes": []byte(strings.Repeat(" ", 3<<20) + "{}"),
		"an older, empty list for another": changed(good, func(o object) { o["validFrom"] = "2026-01-01T00:00:00Z" }), "a JWS of nothing": []byte("e30.e30.AA"), "an unsigned JWS": []byte(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"vc+jwt"}`)) + "." + base64.RawURLEncoding.EncodeToString(encode(listOf(c, "revocation"))) + "."),
	} {
		bad("the list is "+name, signed, usual().with(listURL, answer))
	}
	const revocations = "https://badges.example.edu/revocations"
	legacy := badge()
	legacy["@context"] = append(legacy["@context"].(array), "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json")
	legacy["credentialStatus"] = object{"id": revocations, "type": "1EdTechRevocationList"}
	data := issueText(c, legacy)
	list := `{"id":"` + revocations + `","issuer":"` + issuerID + `","revokedCredential":[%s]}`
	listed := c.good("status", "a badge that is not on a plain list", data, usual().with(revocations, []byte(fmt.Sprintf(list, ""))))
	for name, answer := range map[string]any{
		"names it": []byte(fmt.Sprintf(list, `{"id":"https://badges.example.edu/credentials/1"}`)), "is a page": []byte("<html>"), "is not there": statusError(404), "is out of reach": errUnreachable, "has a number": []byte(fmt.Sprintf(list, "1")), "is of another": []byte(strings.Replace(fmt.Sprintf(list, ""), issuerID, "did:web:evil.example", 1)), "has another id": []byte(strings.Replace(fmt.Sprintf(list, ""), "/revocations", "/other", 1)), "is null": []byte("null"), "is an array": []byte("[]"), "has a list twice": []byte(`{"revokedCredential":[],"revokedCredential":[]}`), "has no array": []byte(`{"id":"` + revocations + `","issuer":"` + issuerID + `","revokedCredential":"x"}`),
	} {
		c.bad("status", "a plain list that "+name, listed, data, usual().with(revocations, answer))
	}
	for _, purpose := range []string{"message", "refresh"} {
		note := issueText(c, withStatus(statusEntry(purpose, listURL, fmt.Sprint(place))))
		c.add(sample{family: "status", name: "a note for " + purpose + " out of reach", sibling: sibling, data: note, world: usual(), about: verifier.CodeStatusNote})
	}
}

func many(n int, make func(i int) any) array {
	list := array{}
	for i := range n {
		list = append(list, make(i))
	}
	return list
}
