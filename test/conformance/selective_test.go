package conformance

import (
	"net/http"
	"testing"
)

// derived returns what an instance derives of a credential.
func derived(t *testing.T, i *instance, base object, pointers ...string) object {
	t.Helper()
	answer := i.send(t, http.MethodPost, i.Endpoints["derive"], object{"verifiableCredential": base, "options": object{"selectivePointers": pointers}})
	shown, _ := answer.object["verifiableCredential"].(object)
	if answer.status != http.StatusCreated || shown == nil {
		t.Fatalf("%s does not derive: %d %s", i.Name, answer.status, answer.body)
	}
	return shown
}

// licence is a credential with arrays and nodes that have no identifiers.
func licence(issuer string) object {
	return object{
		"@context": array{contextV2, contextExamples}, "type": array{"VerifiableCredential", "Licence"}, "issuer": issuer,
		"name": "Licence", "validFrom": "2024-02-03T04:05:06Z",
		"credentialSubject": object{
			"id": "did:example:holder", "type": "Person", "givenName": "Alice",
			"driversLicense": object{
				"type": "DriversLicense", "documentNumber": "542426814", "issuingAuthority": "FL",
				"privileges": array{
					object{"code": "A", "from": "2009-01-01"}, object{"code": "B", "from": "2012-01-01"}, object{"code": "C", "from": "2015-01-01"},
				},
			},
		},
	}
}

func testSelectiveDisclosure(t *testing.T, lab laboratory) {
	for _, name := range []string{"ecdsa-sd-2023", "bbs-2023"} {
		t.Run(name, func(t *testing.T) {
			i := lab.at(t, name)
			base := i.issued(t, licence(i.IssuerDID), object{"mandatoryPointers": array{"/issuer", "/validFrom"}})
			refuses(t, "a base proof", i.verify(t, base, nil))
			for what, pointers := range map[string][]string{
				"one property":               {"/credentialSubject/givenName"},
				"nested properties":          {"/credentialSubject/driversLicense/documentNumber", "/credentialSubject/driversLicense/issuingAuthority"},
				"a whole array":              {"/credentialSubject/driversLicense/privileges"},
				"elements of an array":       {"/credentialSubject/driversLicense/privileges/0", "/credentialSubject/driversLicense/privileges/1"},
				"not the first element":      {"/credentialSubject/driversLicense/privileges/1", "/credentialSubject/driversLicense/privileges/2"},
				"a part of an element":       {"/credentialSubject/driversLicense/privileges/2/code"},
				"everything about a subject": {"/credentialSubject"},
				"what is mandatory already":  {"/issuer", "/credentialSubject/givenName"},
			} {
				t.Run(what, func(t *testing.T) {
					shown := derived(t, i, base, pointers...)
					if shown["issuer"] != i.IssuerDID || shown["validFrom"] == nil {
						t.Errorf("what is mandatory is not shown: %v", shown)
					}
					if _, ok := shown["name"]; ok {
						t.Errorf("the name is shown: %v", shown)
					}
					accepts(t, what, i.verify(t, shown, nil))
					subject, _ := shown["credentialSubject"].(object)
					refuses(t, what+", changed", i.verify(t, with(t, shown, object{"credentialSubject": with(t, subject, object{"id": "urn:invalid"})}), nil))
					refuses(t, what+", another issuer", i.verify(t, with(t, shown, object{"issuer": "did:example:other"}), nil))
					refuses(t, what+", with more", i.verify(t, with(t, shown, object{"name": "Licence"}), nil))
				})
			}
			for what, pointers := range map[string]array{
				"a pointer to nothing": {"/non/existent/path"},
				"no pointer":           {"credentialSubject"},
				"pointers of numbers":  {4},
			} {
				refuses(t, what+", mandatory", i.issue(t, licence(i.IssuerDID), object{"mandatoryPointers": pointers}))
				refuses(t, what+", selected", i.send(t, http.MethodPost, i.Endpoints["derive"], object{"verifiableCredential": base, "options": object{"selectivePointers": pointers}}))
			}
			shown := derived(t, i, base, "/credentialSubject/givenName")
			refuses(t, "deriving from what was derived", i.send(t, http.MethodPost, i.Endpoints["derive"], object{"verifiableCredential": shown, "options": object{"selectivePointers": array{"/credentialSubject/givenName"}}}))
			refuses(t, "deriving from a plain proof", i.send(t, http.MethodPost, i.Endpoints["derive"], object{
				"verifiableCredential": lab.at(t, "vc2").issued(t, licence(lab.at(t, "vc2").IssuerDID), nil), "options": object{"selectivePointers": array{"/credentialSubject/givenName"}},
			}))
		})
	}
}

// testExampleContexts issues credentials in the terms of the suites' examples
// with every suite, and derives from them.
func testExampleContexts(t *testing.T, lab laboratory) {
	for _, suite := range suites {
		i := lab.at(t, suite.name)
		for what, credential := range map[string]object{
			"permanent resident card": {
				"@context": array{contextV2, "https://w3id.org/citizenship/v4rc1"}, "type": array{"VerifiableCredential", "PermanentResidentCardCredential"},
				"credentialSubject": object{
					"type": array{"PermanentResident", "Person"}, "givenName": "ALICE", "familyName": "EXAMPLE", "birthCountry": "Arcadia",
					"permanentResidentCard": object{"type": array{"PermanentResidentCard"}, "identifier": "1234", "lprCategory": "C09"},
				},
			},
			"driver's license": {
				"@context": array{contextV2, "https://w3id.org/vdl/v1"}, "type": array{"VerifiableCredential", "Iso18013DriversLicenseCredential"},
				"credentialSubject": object{
					"id": "urn:uuid:1a1b1c1d-1e1f-4a4b-8c8d-0e0f10111213", "type": "LicensedDriver",
					"driversLicense": object{"type": "Iso18013DriversLicense", "document_number": "A1", "issuing_authority": "VA"},
				},
			},
			"university degree of version 1.1": {
				"@context": array{contextV1, "https://www.w3.org/2018/credentials/examples/v1"}, "type": array{"VerifiableCredential", "UniversityDegreeCredential"},
				"issuanceDate":      "2024-02-03T04:05:06Z",
				"credentialSubject": object{"id": "did:example:alice", "degree": object{"type": "BachelorDegree", "name": "Bachelor of Arts"}},
			},
			"terms that are written into the document": {
				"@context": array{contextV2, object{
					"@protected": true, "Sailing": "urn:example:Sailing",
					"boats": object{"@id": "urn:example:boats", "@context": object{"@protected": true, "size": "urn:example:size", "year": "urn:example:year"}},
				}},
				"type":              array{"VerifiableCredential", "Sailing"},
				"credentialSubject": object{"boats": array{object{"size": 5.5, "year": 2023}, object{"size": 7.0, "year": 2020}}},
			},
		} {
			t.Run(suite.name+"/"+what, func(t *testing.T) {
				accepts(t, what, i.verify(t, secured(t, i, with(t, credential, object{"issuer": i.IssuerDID})), nil))
			})
		}
	}
}
