package verifier

import (
	"testing"

	"laurel/credential/dataintegrity"

	"laurel/credential"
)

func identityObject(identifier, salt, kind string) object {
	o := object{"type": "IdentityObject", "hashed": true, "identityHash": credential.IdentityHash(identifier, salt), "identityType": kind}
	if salt != "" {
		o["salt"] = salt
	}
	return o
}

func about(identities ...any) func(l *lab) []byte {
	return changed(func(b object) { subject(b)["identifier"] = identities })
}

func recipientScenarios() []scenario {
	plain := object{"type": "IdentityObject", "hashed": false, "identityHash": "ada@example.org", "identityType": "emailAddress"}
	salted := identityObject("ada@example.org", "Kosher", "emailAddress")
	ada, eve := Expect{Email: "ada@example.org"}, Expect{Email: "eve@example.org"}
	return []scenario{
		{"for a plain address", asking(ada, about(plain)), VerdictValid, CodeSignature},
		{"for a salted address", asking(ada, about(salted)), VerdictValid, CodeSignature},
		{"for one of several addresses", asking(ada, about(identityObject("a@example.org", "", "emailAddress"), salted)), VerdictValid, CodeSignature},
		{"for an address in capitals", asking(Expect{Email: "Ada@Example.org"}, about(salted)), VerdictValid, CodeSignature},
		{"for a hash in capitals", asking(ada, about(object{
			"type": "IdentityObject", "hashed": true, "identityType": "emailAddress",
			"identityHash": "md5$AE43B1CE3E1B1B0A5E4E7E3C9E7B0F0D",
		})), VerdictInvalid, CodeRecipientMismatch},
		{"for somebody else", asking(eve, about(salted)), VerdictInvalid, CodeRecipientMismatch},
		{"for somebody else, plainly", asking(eve, about(plain)), VerdictInvalid, CodeRecipientMismatch},
		{"for a name", asking(ada, about(object{"type": "IdentityObject", "hashed": false, "identityHash": "Ada", "identityType": "name"})), VerdictIndeterminate, CodeRecipientUnchecked},
		{"for a hash of a kind not known", asking(ada, about(object{
			"type": "IdentityObject", "hashed": true, "identityHash": "sha1$00", "identityType": "emailAddress",
		})), VerdictIndeterminate, CodeRecipientUnchecked},
		{"for an id", asking(Expect{ID: "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b11"}, changed(func(object) {})), VerdictValid, CodeSignature},
		{"for another id", asking(Expect{ID: "did:key:z6Mk"}, changed(func(object) {})), VerdictInvalid, CodeRecipientMismatch},
		{"for a student's number", asking(Expect{ID: "4711"}, about(identityObject("4711", "s", "systemId"))), VerdictValid, CodeSignature},
	}
}

// The values are those of the specification's own examples.
func TestHashMatches(t *testing.T) {
	for _, c := range []struct{ hash, identifier, salt string }{
		{"sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399", "a@example.com", "Kosher"},
		{"SHA256$x", "", ""},
		{"sha256$7A1A1B3F7D40552E4299180E346E3ADD12BF9A751A43D9C4CA4518FEBC2C60C6", "mayze", ""},
		{"md5$c4ca4238a0b923820dcc509a6f75849b", "1", ""},
	} {
		if got, want := hashMatches(c.hash, c.identifier, c.salt), c.identifier != ""; got != want {
			t.Errorf("%s: %t", c.hash, got)
		}
		if hashMatches(c.hash, c.identifier+"x", c.salt) {
			t.Errorf("%s matches something else", c.hash)
		}
	}
}

// TestRecipientIsNotRepeated: whom the caller asked for is nobody else's
// business.
func TestRecipientIsNotRepeated(t *testing.T) {
	for _, s := range recipientScenarios() {
		l := newLab(t)
		report := l.verify(s.arrange(l))
		for _, c := range report.Checks {
			for _, text := range append([]string{c.Message}, c.Params["by"], c.Params["letters"]) {
				if l.expect.Email != "" && text == l.expect.Email {
					t.Errorf("%s says %q", s.name, text)
				}
			}
		}
	}
}

func schemaNameScenarios() []scenario {
	named := func(id, kind string) func(l *lab) []byte {
		return changed(func(b object) {
			b["@context"] = append(b["@context"].([]any), "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json")
			b["credentialSchema"] = []any{object{"id": id, "type": kind}}
		})
	}
	following := func(schema, more object) func(l *lab) []byte {
		return func(l *lab) []byte {
			l.serve("https://state.gov/course.json", schema)
			b := badge()
			b["@context"] = append(b["@context"].([]any), "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json")
			reference := object{"id": "https://state.gov/course.json", "type": "1EdTechJsonSchemaValidator2019"}
			for name, value := range more {
				reference[name] = value
			}
			b["credentialSchema"] = []any{reference}
			return l.sign(b, l.key, dataintegrity.Options{Cryptosuite: "eddsa-jcs-2022"})
		}
	}
	const base = "https://purl.imsglobal.org/spec/ob/v3p0/schema/"
	return []scenario{
		{"a named schema", named(base+"json/ob_v3p0_achievementcredential_schema.json", "1EdTechJsonSchemaValidator2019"), VerdictValid, CodeSignature},
		{"a named schema of both versions", named(base+"json-ld/ob_v3p0_anyachievementcredential_schema.json", "1EdTechJsonSchemaValidator2019"), VerdictValid, CodeSignature},
		{"a named schema of another kind", named(base+"json/ob_v3p0_endorsementcredential_schema.json", "1EdTechJsonSchemaValidator2019"), VerdictInvalid, CodeSchema},
		{"a schema that it follows", following(object{"required": []any{"credentialSchema"}}, nil), VerdictValid, CodeSignature},
		{"a schema that it does not follow", following(object{"required": []any{"course"}}, nil), VerdictInvalid, CodeNamedSchema},
		{"a schema that refers to another", following(object{"$ref": "https://state.gov/other.json"}, nil), VerdictIndeterminate, CodeSchemaUnavailable},
		{"a schema with another digest", following(object{}, object{"digestSRI": "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}), VerdictIndeterminate, CodeSchemaUnavailable},
		{"a schema with a digest that is none", following(object{}, object{"digestSRI": "x"}), VerdictIndeterminate, CodeSchemaUnavailable},
		{"a schema that never ends", following(object{"$ref": "#"}, nil), VerdictIndeterminate, CodeSchemaUnavailable},
		{"a schema of the other kind that it does not follow", following(object{"required": []any{"course"}}, object{"type": "JsonSchema"}), VerdictInvalid, CodeNamedSchema},
		{"a schema of the other kind that is not held", named("https://state.gov/schema.json", "JsonSchema"), VerdictValid, CodeSignature},
		{"a schema that is not held", named("https://state.gov/schema.json", "1EdTechJsonSchemaValidator2019"), VerdictIndeterminate, CodeSchemaUnavailable},
		{"a schema that only looks like one", named("https://evil.example/"+base+"achievementcredential.json", "1EdTechJsonSchemaValidator2019"), VerdictIndeterminate, CodeSchemaUnavailable},
		{"a schema of another type", named("https://state.gov/schema.json", "1EdTechRevocationList"), VerdictValid, CodeSignature},
	}
}

func refreshScenarios() []scenario {
	const url = "https://badges.example.edu/refresh/1"
	refreshing := func(copied func(l *lab) []byte) func(l *lab) []byte {
		return func(l *lab) []byte {
			l.expect.Refresh = true
			if copied != nil {
				l.world.documents[url] = copied(l)
			}
			return changed(func(b object) {
				b["@context"] = append(b["@context"].([]any), "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json")
				b["refreshService"] = object{"id": url, "type": "1EdTechCredentialRefresh"}
			})(l)
		}
	}
	newer := func(change func(b object)) func(l *lab) []byte {
		return changed(func(b object) {
			b["validFrom"] = "2026-03-02T09:00:00Z"
			change(b)
		})
	}
	return []scenario{
		{"a copy made later", refreshing(newer(func(object) {})), VerdictValid, CodeSignature},
		{"a copy made later, expired", refreshing(newer(func(b object) { b["validUntil"] = "2026-04-02T09:00:00Z" })), VerdictInvalid, CodeExpired},
		{"a copy of another badge", refreshing(newer(func(b object) { b["id"] = "urn:uuid:9a3c7ab5-6b8d-4f3b-9a6e-2f5d1f4d3b19" })), VerdictValid, CodeSignature},
		{"a copy that nobody signed", refreshing(func(l *lab) []byte { return marshal(l, badge()) }), VerdictValid, CodeSignature},
		{"an older copy", refreshing(changed(func(b object) { b["validFrom"] = "2026-01-02T09:00:00Z" })), VerdictValid, CodeSignature},
		{"a copy that is a page", refreshing(func(*lab) []byte { return []byte("<html>") }), VerdictValid, CodeSignature},
		{"a copy out of reach", refreshing(nil), VerdictValid, CodeSignature},
	}
}

func TestRefresh(t *testing.T) {
	for name, want := range map[string]Outcome{
		"a copy made later": Passed, "a copy made later, expired": Passed, "a copy of another badge": Failed, "an older copy": Failed,
		"a copy that nobody signed": Failed, "a copy that is a page": Failed, "a copy out of reach": Indeterminate,
	} {
		for _, s := range refreshScenarios() {
			if s.name != name {
				continue
			}
			l := newLab(t)
			report := l.verify(s.arrange(l))
			if got, ok := find(report, CodeRefreshed); !ok || got.Outcome != want {
				t.Errorf("%s: %v, want %s\n%s", name, got, want, describe(report))
			}
			if from := decode(t, report.Credential)["validFrom"]; (from == "2026-03-02T09:00:00Z") != (want == Passed) {
				t.Errorf("%s: the report is about the badge of %v", name, from)
			}
			l.expect, l.world.asked = Expect{}, nil
			l.verify(s.arrange(l))
		}
	}
}
