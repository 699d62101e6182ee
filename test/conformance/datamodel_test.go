package conformance

import (
	"net/http"
	"testing"
)

// The contexts of the documents.
const (
	contextV1       = "https://www.w3.org/2018/credentials/v1"
	contextV2       = "https://www.w3.org/ns/credentials/v2"
	contextExamples = "https://www.w3.org/ns/credentials/examples/v2"
)

// minimal is the credential that most of the suites begin with.
func minimal(issuer string) object {
	return object{
		"@context": array{contextV2}, "type": array{"VerifiableCredential"}, "issuer": issuer,
		"credentialSubject": object{"id": "did:example:subject"},
	}
}

// resource is one that nobody here can fetch.
const resource = "https://example.org/resources/degree.json"

// credentialRows are the assertions about what an issuer takes: what is changed
// in the minimal credential, and whether it is then issued.
var credentialRows = []struct {
	what   string
	change object
	issued bool
}{
	// VC Data Model 2.0 §4.3, contexts.
	{"a credential with the base context", nil, true},
	{"no context", object{"@context": removed{}}, false},
	{"no base context", object{"@context": array{contextExamples}}, false},
	{"the base context second", object{"@context": array{contextExamples, contextV2}}, false},
	{"two contexts", object{"@context": array{contextV2, contextExamples}}, true},
	{"a context that is an object", object{"@context": array{contextV2, object{"@vocab": "https://example.org/terms#"}}}, true},
	{"a context that is no URL", object{"@context": array{contextV2, "https ://not-a-url/contexts/example/v1"}}, false},
	{"a context that is a number", object{"@context": array{contextV2, 123192875}}, false},
	{"a context that nobody has", object{"@context": array{contextV2, "https://example.org/unknown"}}, false},

	// §4.4, identifiers.
	{"an id that is a DID", object{"id": "did:example:credential"}, true},
	{"an id that is a URN", object{"id": "urn:uuid:8a4b1f1e-7f2c-4f0e-9a5e-0d8a4f7a1c11"}, true},
	{"an id that is null", object{"id": nil}, false},
	{"two ids", object{"id": array{"did:example:a", "did:example:b"}}, false},
	{"an id that is no URL", object{"id": "not-a-url"}, false},
	{"a subject with two ids", object{"credentialSubject": object{"id": array{"did:example:a", "did:example:b"}}}, false},
	{"a subject whose id is no URL", object{"credentialSubject": object{"id": "alice", "name": "Alice"}}, false},

	// §4.5, types.
	{"no type", object{"type": removed{}}, false},
	{"a type that is a URL", object{"type": array{"VerifiableCredential", "https://example.org/#Example"}}, true},
	{"a type that the context defines", object{"@context": array{contextV2, object{"Example": "https://example.org/#Example"}}, "type": array{"VerifiableCredential", "Example"}}, true},
	{"a type that the context maps to no URL", object{"@context": array{contextV2, object{"@vocab": nil, "Example": "Example"}}, "type": array{"VerifiableCredential", "Example"}}, false},
	{"a type that no context defines", object{"@context": array{contextV2, object{"@vocab": nil}}, "type": array{"VerifiableCredential", "Example"}}, false},
	{"types in another order", object{"type": array{"https://example.org/#A", "VerifiableCredential", "https://example.org/#B"}}, true},
	{"VerifiableCredential last", object{"type": array{"https://example.org/#A", "https://example.org/#B", "VerifiableCredential"}}, true},
	{"not the type VerifiableCredential", object{"type": array{"https://example.org/#A"}}, false},
	{"a status with a type", object{"credentialStatus": object{"id": "https://example.org/status/1", "type": "https://example.org/#Status"}}, true},
	{"a status without a type", object{"credentialStatus": object{"id": "https://example.org/status/1"}}, false},
	{"terms of use without a type", object{"termsOfUse": object{"id": "https://example.org/terms/1"}}, false},
	{"evidence without a type", object{"evidence": object{"id": "https://example.org/evidence/1"}}, false},
	{"empty evidence", object{"evidence": object{}}, false},
	{"a refresh service without a type", object{"refreshService": object{"id": "https://example.org/refresh/1"}}, false},
	{"a schema without a type", object{"credentialSchema": object{"id": "https://example.org/schema/1"}}, false},

	// §4.6, names and descriptions.
	{"a name", object{"name": "Example"}, true},
	{"a name in a language", object{"name": object{"@value": "Example", "@language": "en"}}, true},
	{"a name with a direction", object{"name": object{"@value": "مثال", "@language": "ar", "@direction": "rtl"}}, true},
	{"a name in two languages", object{"name": array{object{"@value": "Example", "@language": "en"}, object{"@value": "Exemple", "@language": "fr"}}}, true},
	{"a name with more than that", object{"name": object{"@value": "Example", "@language": "en", "url": "did:example:name"}}, false},
	{"a name whose value is a number", object{"name": object{"@value": 1}}, false},
	{"a description in a language", object{"description": object{"@value": "Example", "@language": "en"}}, true},
	{"a description with a direction", object{"description": object{"@value": "Example", "@language": "en", "@direction": "ltr"}}, true},
	{"a description with more than that", object{"description": object{"@value": "Example", "@language": "en", "url": "did:example:name"}}, false},
	{"an issuer with a name and a description", object{"issuer": object{"id": "did:example:issuer", "name": "Example", "description": object{"@value": "Example", "@language": "en"}}}, true},
	{"an issuer whose name has more than a value", object{"issuer": object{"id": "did:example:issuer", "name": object{"@value": "Example", "@language": "en", "url": "did:example:name"}}}, false},

	// §4.7, issuers.
	{"an issuer that is an object", object{"issuer": object{"id": "did:example:issuer"}}, true},
	{"no issuer", object{"issuer": removed{}}, false},
	{"an issuer that is null", object{"issuer": nil}, false},
	{"an issuer that is no URL", object{"issuer": "not-a-url"}, false},
	{"an issuer that is a number", object{"issuer": 4}, false},
	{"an issuer without an id", object{"issuer": object{"name": "Example"}}, false},
	{"an issuer whose id is null", object{"issuer": object{"id": nil}}, false},
	{"an issuer whose id is no URL", object{"issuer": object{"id": "not-a-url"}}, false},
	{"two issuers", object{"issuer": array{"did:example:a", "did:example:b"}}, false},

	// §4.8, subjects.
	{"no subject", object{"credentialSubject": removed{}}, false},
	{"a subject that is empty", object{"credentialSubject": object{}}, false},
	{"two subjects", object{"credentialSubject": array{object{"id": "did:example:a", "name": "A"}, object{"id": "did:example:b", "name": "B"}}}, true},
	{"two subjects, one of them empty", object{"credentialSubject": array{object{"id": "did:example:a", "name": "A"}, object{}}}, false},
	{"a subject that is a text", object{"credentialSubject": "did:example:subject"}, false},
	{"subjects that are not objects", object{"credentialSubject": array{nil, true, 4}}, false},

	// §4.9, validity.
	{"validFrom with milliseconds", object{"validFrom": "2023-12-06T10:23:24.123Z"}, true},
	{"validFrom with a time zone", object{"validFrom": "2023-12-06T10:23:24-05:00"}, true},
	{"validFrom in the future", object{"validFrom": "9999-12-06T10:23:24Z"}, true},
	{"validFrom that is no date", object{"validFrom": "2023-12-06"}, false},
	{"validUntil in the past", object{"validUntil": "2013-12-06T10:23:24Z"}, true},
	{"validUntil with a time zone", object{"validUntil": "2033-12-06T10:23:24+09:00"}, true},
	{"validUntil that is no date", object{"validUntil": "tomorrow"}, false},
	{"validFrom and validUntil in order", object{"validFrom": "2023-12-06T10:00:00Z", "validUntil": "2024-12-06T10:00:00Z"}, true},
	{"validFrom and validUntil at one moment", object{"validFrom": "2023-12-06T10:00:00Z", "validUntil": "2023-12-06T12:00:00+02:00"}, true},
	{"validUntil before validFrom", object{"validFrom": "2024-12-06T10:00:00Z", "validUntil": "2023-12-06T10:00:00Z"}, false},

	// §4.10, status.
	{"a status without an id", object{"credentialStatus": object{"type": "https://example.org/#Status"}}, true},
	{"a status with two ids", object{"credentialStatus": object{"id": array{"https://example.org/1", "https://example.org/2"}, "type": "https://example.org/#Status"}}, false},
	{"a status whose id is no URL", object{"credentialStatus": object{"id": "not-a-url", "type": "https://example.org/#Status"}}, false},
	{"a status whose type is a number", object{"credentialStatus": object{"id": "https://example.org/1", "type": 1}}, false},
	{"a status whose type nobody defines", object{"credentialStatus": object{"id": "https://example.org/1", "type": "NoSuchStatus"}}, false},

	// §4.11, schemas.
	{"a schema", object{"credentialSchema": object{"id": "https://example.org/schema/1", "type": "https://example.org/#Schema"}}, true},
	{"two schemas", object{"credentialSchema": array{object{"id": "https://example.org/schema/1", "type": "https://example.org/#Schema"}, object{"id": "https://example.org/schema/2", "type": "JsonSchema"}}}, true},
	{"a schema without an id", object{"credentialSchema": object{"type": "https://example.org/#Schema"}}, false},
	{"a schema whose id is a number", object{"credentialSchema": object{"id": 1, "type": "https://example.org/#Schema"}}, false},

	// §5.2, extensions.
	{"a context that defines VerifiableCredential anew", object{"@context": array{contextV2, object{"VerifiableCredential": "https://example.org/#Other"}}}, false},
	{"a context that defines its own protected term anew", object{
		"@context": array{contextV2, object{"@protected": true, "Example": "https://example.org/#A"}, object{"Example": "https://example.org/#B"}},
		"type":     array{"VerifiableCredential", "Example"},
	}, false},
	{"a property that nobody defines", object{"credentialSubject": object{"id": "did:example:subject", "undefinedTerm": "x"}}, false},

	// §5.3, related resources.
	{"a related resource with a digest", object{"relatedResource": array{object{"id": resource, "digestSRI": "sha256-IwhzJyufmsjiGS1qP0waCmFb0gKa5ZGBI0ZZtfQo9Ls="}}}, true},
	{"a related resource with the digest as multibase", object{"relatedResource": object{"id": resource, "digestMultibase": "uEiAjCHMnK5-ayOIZLWo_TBoKYVvSAprlkYEjRlm19Cj0uw"}}, true},
	{"a related resource with the digest as the suite writes it", object{"relatedResource": object{"id": resource, "digestSRI": "sha256-MIwhzJyufmsjiGS1qP0waCmFb0gKa5ZGBI0ZZtfQo9Ls="}}, true},
	{"two related resources with media types", object{"relatedResource": array{
		object{"id": resource, "digestMultibase": "uEiAjCHMnK5-ayOIZLWo_TBoKYVvSAprlkYEjRlm19Cj0uw", "mediaType": "application/json"},
		object{"id": resource + "?q=1", "digestSRI": "sha256-IwhzJyufmsjiGS1qP0waCmFb0gKa5ZGBI0ZZtfQo9Ls=", "mediaType": "application/ld+json"},
	}}, true},
	{"the base context as a related resource", object{"relatedResource": object{"id": contextV2, "digestSRI": "sha384-l/HrjlBCNWyAX91hr6LFV2Y3heB5Tcr6IeE4/Tje8YyzYBM8IhqjHWiWpr8+ZbYU"}}, true},
	{"the base context with another digest", object{"relatedResource": object{"id": contextV2, "digestSRI": "sha384-m/HrjlBCNWyAX91hr6LFV2Y3heB5Tcr6IeE4/Tje8YyzYBM8IhqjHWiWpr8+ZbYU"}}, false},
	{"a digest that is in hexadecimal", object{"relatedResource": object{"id": resource, "digestSRI": "sha256-ca3d163bab055381827226140568f3bef634ac187cebd76878e0b63e9e442356"}}, false},
	{"a digest that is no digest", object{"relatedResource": object{"id": resource, "digestMultibase": "uZTQ0MjM1NiAgcmVwb3J0cc5jZWxhdGVkLXJlc291cmNlLmpzb24K"}}, false},
	{"related resources that are texts", object{"relatedResource": array{resource}}, false},
	{"a related resource without an id", object{"relatedResource": array{object{"digestSRI": "sha256-IwhzJyufmsjiGS1qP0waCmFb0gKa5ZGBI0ZZtfQo9Ls="}}}, false},
	{"a related resource twice", object{"relatedResource": array{
		object{"id": resource, "digestSRI": "sha256-IwhzJyufmsjiGS1qP0waCmFb0gKa5ZGBI0ZZtfQo9Ls="},
		object{"id": resource, "digestSRI": "sha256-IwhzJyufmsjiGS1qP0waCmFb0gKa5ZGBI0ZZtfQo9Ls="},
	}}, false},
	{"a related resource without a digest", object{"relatedResource": object{"id": resource}}, false},

	// §5.4 to §5.6.
	{"a refresh service", object{"refreshService": object{"type": "https://example.org/#Refresh", "id": "did:example:refresh/1"}}, true},
	{"two refresh services", object{"refreshService": array{object{"type": "https://example.org/#Refresh", "id": "did:example:refresh/1"}, object{"type": "https://example.org/#Refresh"}}}, true},
	{"a refresh service whose id is no URL", object{"refreshService": object{"type": "https://example.org/#Refresh", "id": "not-a-url"}}, false},
	{"terms of use", object{"termsOfUse": object{"type": "https://example.org/#Terms", "id": "did:example:terms/1"}}, true},
	{"two terms of use", object{"termsOfUse": array{object{"type": "https://example.org/#Terms"}, object{"type": "https://example.org/#Terms", "id": "did:example:terms/1"}}}, true},
	{"evidence", object{"evidence": object{"type": "https://example.org/#Evidence", "id": "https://example.org/evidence/1"}}, true},
	{"two pieces of evidence", object{"evidence": array{object{"type": "https://example.org/#Evidence"}, object{"type": "https://example.org/#Evidence"}}}, true},
}

func testCredentials(t *testing.T, lab laboratory) {
	for _, name := range []string{"vc2", "vc-jwt", "eddsa-jcs-2022"} {
		i := lab.at(t, name)
		for _, row := range credentialRows {
			t.Run(name+"/"+row.what, func(t *testing.T) {
				credential := with(t, minimal(i.IssuerDID), row.change)
				answer := i.issue(t, credential, nil)
				if !row.issued {
					refuses(t, row.what, answer)
					return
				}
				secured, _ := answer.object["verifiableCredential"].(object)
				if answer.status != http.StatusCreated || secured == nil {
					t.Fatalf("not issued: %d %s", answer.status, answer.body)
				}
				accepts(t, row.what, i.verify(t, secured, nil))
			})
		}
	}
}

func testPresentations(t *testing.T, lab laboratory) {
	i := lab.at(t, "vc2")
	holder := newSigner(t)
	issuerSigned := func(t *testing.T) object { return holder.credential(t, object{}) }
	base := object{"@context": array{contextV2}, "type": array{"VerifiablePresentation"}}
	for _, row := range []struct {
		what     string
		change   object
		accepted bool
	}{
		{"a presentation", nil, true},
		{"a presentation with an id", object{"id": "urn:uuid:70d8ad65-1f4f-4cbe-92a7-9a9cbf5dd1f8"}, true},
		{"an id that is no URL", object{"id": "not-a-url"}, false},
		{"a further type", object{"@context": array{contextV2, object{"Example": "https://example.org/#Example"}}, "type": array{"VerifiablePresentation", "Example"}}, true},
		{"a further context", object{"@context": array{contextV2, contextExamples}}, true},
		{"a context that is an object", object{"@context": array{contextV2, object{"@vocab": "https://example.org/terms#"}}}, true},
		{"no type", object{"type": removed{}}, false},
		{"another type", object{"type": array{"https://example.org/#Example"}}, false},
		{"the wrong order of contexts", object{"@context": array{contextExamples, contextV2}}, false},
		{"no base context", object{"@context": array{contextExamples}}, false},
		{"a holder", object{"holder": holder.did}, true},
		{"a holder that is an object", object{"holder": object{"id": holder.did}}, true},
		{"a holder without an id", object{"holder": object{"name": "Alice"}}, false},
		{"a holder that is no URL", object{"holder": "alice"}, false},
		{"somebody else as the holder", object{"holder": "did:example:acme"}, false},
		{"a credential", object{"verifiableCredential": array{issuerSigned(t)}}, true},
		{"two credentials", object{"verifiableCredential": array{issuerSigned(t), issuerSigned(t)}}, true},
		{"a credential that was changed", object{"verifiableCredential": array{with(t, issuerSigned(t), object{"credentialSubject": object{"id": "did:example:other"}})}}, false},
		{"a credential that is a text", object{"verifiableCredential": array{"https://example.org/credential"}}, false},
		{"a credential that is a number", object{"verifiableCredential": array{4}}, false},
		{"an unsecured credential of the holder's", object{"holder": holder.did, "verifiableCredential": array{minimal(holder.did)}}, true},
		{"an unsecured credential without a holder", object{"verifiableCredential": array{minimal(holder.did)}}, false},
		{"an unsecured credential of somebody else's", object{"holder": holder.did, "verifiableCredential": array{minimal("did:example:acme")}}, false},
		{"an unsecured credential that is none", object{"holder": holder.did, "verifiableCredential": array{with(t, minimal(holder.did), object{"credentialSubject": object{}})}}, false},
	} {
		t.Run(row.what, func(t *testing.T) {
			answer := i.verifyPresentation(t, holder.present(t, with(t, base, row.change)), nil)
			if row.accepted {
				accepts(t, row.what, answer)
			} else {
				refuses(t, row.what, answer)
			}
		})
	}
	signed := holder.present(t, with(t, base, object{"holder": holder.did}))
	for _, row := range []struct {
		what   string
		change object
	}{
		{"no context", object{"@context": removed{}}},
		{"another context", object{"@context": array{contextV2, "https://example.com"}}},
		{"a context that is no URL", object{"@context": array{contextV2, "https ://not-a-url/contexts/example/v1"}}},
		{"a context that is a number", object{"@context": array{contextV2, 123192875}}},
		{"no proof", object{"proof": removed{}}},
		{"another holder", object{"holder": "did:example:acme"}},
		{"an object that is no presentation", object{"type": array{"NonconformingDocument"}}},
	} {
		t.Run("changed to "+row.what, func(t *testing.T) {
			refuses(t, row.what, i.verifyPresentation(t, with(t, signed, row.change), nil))
		})
	}
	bound := holder.sign(t, with(t, base, object{"holder": holder.did}), object{"proofPurpose": "authentication", "challenge": "u3q2-7w", "domain": "verifier.example"})
	accepts(t, "the challenge and domain asked for", i.verifyPresentation(t, bound, object{"challenge": "u3q2-7w", "domain": "verifier.example"}))
	refuses(t, "another challenge", i.verifyPresentation(t, bound, object{"challenge": "uAAAA"}))
	refuses(t, "another domain", i.verifyPresentation(t, bound, object{"challenge": "u3q2-7w", "domain": "other.example"}))
	refuses(t, "a proof that asserts", i.verifyPresentation(t, holder.sign(t, base, object{"proofPurpose": "assertionMethod"}), nil))
}

func testEnvelopes(t *testing.T, lab laboratory) {
	i := lab.at(t, "vc-jwt")
	envelope := i.issued(t, minimal(i.IssuerDID), nil)
	if envelope["type"] != "EnvelopedVerifiableCredential" || envelope["@context"] != contextV2 {
		t.Errorf("it is issued as %v", envelope)
	}
	accepts(t, "an envelope", i.verify(t, envelope, nil))
	id, _ := envelope["id"].(string)
	const head = "data:application/vc+jwt,"
	if len(id) < len(head) || id[:len(head)] != head {
		t.Fatalf("its id is %q", id)
	}
	for _, row := range []struct {
		what   string
		change object
	}{
		{"no context", object{"@context": removed{}}},
		{"an empty context", object{"@context": array{}}},
		{"another context", object{"@context": contextExamples}},
		{"an id that is no data: URL", object{"id": id[len(head):]}},
		{"no type", object{"type": removed{}}},
		{"another type", object{"type": array{"VerifiableCredential"}}},
		{"another type, as a text", object{"type": "VerifiableCredential"}},
		{"a presentation's type", object{"type": "EnvelopedVerifiablePresentation"}},
		{"another signature", object{"id": id[:len(id)-4] + "AAAA"}},
		{"no signature", object{"id": "data:application/vc+jwt,e30.e30."}},
		{"a media type that secures nothing", object{"id": "data:application/json," + id[len(head):]}},
	} {
		t.Run(row.what, func(t *testing.T) { refuses(t, row.what, i.verify(t, with(t, envelope, row.change), nil)) })
	}
	refuses(t, "an envelope to be issued", i.issue(t, envelope, nil))
	bare := i.send(t, http.MethodPost, i.Endpoints["verify"], object{"verifiableCredential": id[len(head):]})
	accepts(t, "the JWT by itself", bare)
}
