package conformance

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func testRequests(t *testing.T, lab laboratory) {
	i := lab.at(t, "vc-api")
	for _, endpoint := range []string{"issue", "verify", "verifyPresentation", "presentations"} {
		for what, body := range map[string]any{
			"an empty object": object{}, "an array": array{}, "a text": "x", "null": []byte("null"), "nothing like JSON": []byte("{"),
			"a member twice": []byte(`{"credential":{},"credential":{}}`), "a byte that is no UTF-8": []byte("{\"credential\":\"\xff\"}"),
			"documents that are null":    object{"credential": nil, "verifiableCredential": nil, "verifiablePresentation": nil, "presentation": nil},
			"documents that are numbers": object{"credential": 4, "verifiableCredential": 4, "verifiablePresentation": 4, "presentation": 4},
			"documents that are texts":   object{"credential": "x", "verifiableCredential": "x", "verifiablePresentation": "x", "presentation": "x"},
			"documents that are arrays":  object{"credential": array{}, "verifiableCredential": array{}, "verifiablePresentation": array{}, "presentation": array{}},
			"documents that are empty":   object{"credential": object{}, "verifiableCredential": object{}, "verifiablePresentation": object{}, "presentation": object{}},
			"documents of another type":  object{"credential": object{"type": array{"NonconformingDocument"}}, "verifiableCredential": object{"type": array{"NonconformingDocument"}}, "verifiablePresentation": object{"type": array{"NonconformingDocument"}}, "presentation": object{"type": array{"NonconformingDocument"}}},
			"options that are a text":    object{"credential": minimal(i.IssuerDID), "verifiableCredential": object{}, "verifiablePresentation": object{}, "presentation": object{}, "options": "x"},
		} {
			t.Run(endpoint+"/"+what, func(t *testing.T) { refuses(t, what, i.send(t, http.MethodPost, i.Endpoints[endpoint], body)) })
		}
		if answer := i.send(t, http.MethodGet, i.Endpoints[endpoint], nil); answer.status != http.StatusMethodNotAllowed && answer.status != http.StatusNotFound {
			t.Errorf("GET %s is answered with %d", endpoint, answer.status)
		}
	}
	refuses(t, "a credential under another name", i.send(t, http.MethodPost, i.Endpoints["issue"], object{"verifiableCredential": minimal(i.IssuerDID)}))
	base := strings.TrimSuffix(i.Endpoints["issue"], "/vc-api/credentials/issue")
	if answer := i.send(t, http.MethodPost, base+"/nobody/credentials/issue", object{"credential": minimal(i.IssuerDID)}); answer.status != http.StatusNotFound {
		t.Errorf("an unknown instance is answered with %d", answer.status)
	}
	// Options that are not known are let pass, as the suites need it.
	if answer := i.issue(t, minimal(i.IssuerDID), object{"type": "Ed25519Signature2020", "anything": object{}}); answer.status != http.StatusCreated {
		t.Errorf("unknown options are answered with %d", answer.status)
	}
	if answer := i.issue(t, minimal(i.IssuerDID), nil); answer.status != http.StatusCreated {
		t.Errorf("no options are answered with %d", answer.status)
	}
	good := i.issued(t, minimal(i.IssuerDID), nil)
	accepts(t, "verification without options", i.send(t, http.MethodPost, i.Endpoints["verify"], object{"verifiableCredential": good}))
	answer := i.verify(t, good, object{"returnCredential": true, "returnResults": true})
	returned, _ := answer.object["credential"].(object)
	if !sameJSON(t, good, returned) {
		t.Errorf("the credential is returned as %v", returned)
	}
	if answer := i.verify(t, good, object{"returnResults": false}); answer.object["results"] != nil {
		t.Errorf("results that were not asked for: %s", answer.body)
	}
	refuses(t, "an option of the wrong kind", i.verify(t, good, object{"returnResults": "yes"}))
	expired := i.issued(t, with(t, minimal(i.IssuerDID), object{"validUntil": "2013-12-06T10:23:24Z"}), nil)
	late := i.verify(t, expired, nil)
	accepts(t, "an expired credential, with a warning", late)
	if problems, _ := late.object["problemDetails"].(array); len(problems) != 1 {
		t.Errorf("the warnings are %v", late.object["problemDetails"])
	}
}

func testStoredCredentials(t *testing.T, lab laboratory) {
	i := lab.at(t, "vc-api")
	for _, id := range []string{"urn:uuid:70a4e6ef-3b52-47b4-8f0d-c1f8e1a3ff10", "https://example.org/credentials/1?a=b"} {
		at := i.Endpoints["credentials"] + "/" + url.PathEscape(id)
		if answer := i.send(t, http.MethodGet, at, nil); answer.status != http.StatusNotFound {
			t.Errorf("what was not issued is answered with %d", answer.status)
		}
		issued := i.issued(t, with(t, minimal(i.IssuerDID), object{"id": id}), nil)
		answer := i.send(t, http.MethodGet, at, nil)
		if answer.status != http.StatusOK || !sameJSON(t, issued, answer.object["verifiableCredential"]) {
			t.Errorf("what was issued is answered with %d %s", answer.status, answer.body)
		}
		if answer := i.send(t, http.MethodGet, lab.at(t, "vc2").Endpoints["credentials"]+"/"+url.PathEscape(id), nil); answer.status != http.StatusNotFound {
			t.Errorf("another instance knows it: %d", answer.status)
		}
		if answer := i.send(t, http.MethodDelete, at, nil); answer.status != http.StatusAccepted {
			t.Errorf("deleting is answered with %d", answer.status)
		}
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			if answer := i.send(t, method, at, nil); answer.status != http.StatusGone {
				t.Errorf("%s of what was deleted is answered with %d", method, answer.status)
			}
		}
	}
	i.issued(t, minimal(i.IssuerDID), object{"credentialId": "my-own-id"})
	if answer := i.send(t, http.MethodGet, i.Endpoints["credentials"]+"/my-own-id", nil); answer.status != http.StatusOK {
		t.Errorf("an id of the client's is answered with %d", answer.status)
	}
}

// testIssuerOfVCAPI is what vc-api-issuer-test-suite asserts.
func testIssuerOfVCAPI(t *testing.T, lab laboratory) {
	i := lab.at(t, "vc-api")
	good := versions(i.IssuerDID)["1.1"]
	issued := i.issued(t, good, nil)
	if issued["id"] != good["id"] || issued["issuer"] != i.IssuerDID || !sameJSON(t, issued["credentialSubject"], good["credentialSubject"]) {
		t.Errorf("it is issued as %v", issued)
	}
	i.issued(t, with(t, good, object{"expirationDate": "2034-02-03T04:05:06Z"}), nil)
	for name, values := range map[string]array{
		"@context":          {4, false, nil, array{}, array{object{"foo": true}, 4, false, nil}},
		"type":              {nil, true, 4, array{}, array{2, nil, object{"foo": true}, false}},
		"issuer":            {nil, true, 4, array{}},
		"credentialSubject": {nil, true, 4, array{}, "did:example:1234"},
	} {
		refuses(t, "no "+name, i.issue(t, with(t, good, object{name: removed{}}), nil))
		for _, value := range values {
			refuses(t, name, i.issue(t, with(t, good, object{name: value}), nil))
		}
	}
}

// testVerifierOfVCAPI is what vc-api-verifier-test-suite asserts: a credential of
// version 1.1 by an issuer who has nothing to do with the key, damaged in turn.
func testVerifierOfVCAPI(t *testing.T, lab laboratory) {
	i, by := lab.at(t, "vc-api"), lab.at(t, "ed25519-2020")
	good := by.issued(t, with(t, versions("https://example.org/issuers/565049")["1.1"], object{"type": array{"VerifiableCredential"}}), nil)
	accepts(t, "a credential", i.verify(t, good, nil))
	for _, name := range []string{"@context", "type", "issuer", "credentialSubject", "proof"} {
		refuses(t, "no "+name, i.verify(t, with(t, good, object{name: removed{}}), nil))
	}
	proof, _ := good["proof"].(object)
	for _, name := range []string{"type", "created", "verificationMethod", "proofValue", "proofPurpose"} {
		refuses(t, "no proof."+name, i.verify(t, with(t, good, object{"proof": with(t, proof, object{name: removed{}})}), nil))
	}
	for name, values := range map[string]array{
		"@context":          {"string", object{}, nil, 10, true, array{array{}}, array{object{}}, array{nil}, array{10}, array{true}},
		"type":              {"string", object{}, nil, 10, true, array{array{}}, array{object{}}, array{nil}, array{10}, array{true}},
		"issuer":            {array{}, nil, 10, true},
		"credentialSubject": {"string", nil, 10, true, array{}},
		"proof":             {"string", nil, 10, true, array{}},
	} {
		for _, value := range values {
			refuses(t, name, i.verify(t, with(t, good, object{name: value}), nil))
		}
	}
}

func testChallenges(t *testing.T, lab laboratory) {
	i, holder := lab.at(t, "vc-api"), newSigner(t)
	answer := i.send(t, http.MethodPost, i.Endpoints["challenges"], object{})
	challenge := text(answer.object["challenge"])
	if answer.status != http.StatusOK || len(challenge) < 20 {
		t.Fatalf("a challenge is answered with %d %s", answer.status, answer.body)
	}
	unsigned := object{"@context": array{contextV2}, "type": array{"VerifiablePresentation"}, "holder": holder.did}
	signed := holder.sign(t, unsigned, object{"proofPurpose": "authentication", "challenge": challenge})
	accepts(t, "a fresh challenge", i.verifyPresentation(t, signed, object{"challenge": challenge}))
	refuses(t, "a challenge for the second time", i.verifyPresentation(t, signed, object{"challenge": challenge}))

	made := i.send(t, http.MethodPost, i.Endpoints["presentations"], object{
		"presentation": with(t, unsigned, object{"holder": i.IssuerDID}), "options": object{"challenge": "abc", "domain": "verifier.example"},
	})
	presentation, _ := made.object["verifiablePresentation"].(object)
	if made.status != http.StatusCreated || presentation == nil {
		t.Fatalf("a presentation is answered with %d %s", made.status, made.body)
	}
	accepts(t, "a presentation made here", i.verifyPresentation(t, presentation, object{"challenge": "abc", "domain": "verifier.example"}))
	refuses(t, "a presentation for somebody else", i.send(t, http.MethodPost, i.Endpoints["presentations"], object{"presentation": unsigned}))
}
