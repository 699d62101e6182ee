package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const campus = `vc-api:
  - name: campus
    suites: [eddsa-rdfc-2022, eddsa-jcs-2022]
    errors: status
  - name: token
    suites: [vc-jwt]
    bindIssuer: off
    options: ignore
    status: none
  - name: checking
`

// TestServedInstances issues and verifies by instances of the settings file.
func TestServedInstances(t *testing.T) {
	dir := t.TempDir()
	data, config := filepath.Join(dir, "data"), filepath.Join(dir, "laurel.yaml")
	key := member(t, laurel(t, exitFine, "init", "--json", "--data", data, "--public-url", "https://badges.example.ac.uk", "--name", "Example University"), "apiKey")
	if err := os.WriteFile(config, []byte(campus), 0o600); err != nil {
		t.Fatal(err)
	}
	ready := start(t, "serve", "--json", "--data", data, "--listen", "127.0.0.1:0", "--config", config)
	post := func(path, key, body string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, ready.Address+"/vc-api/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		if key != "" {
			request.Header.Set("Authorization", "Bearer "+key)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(answer)
	}
	const credential = `{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],` +
		`"issuer":"did:web:badges.example.ac.uk","credentialSubject":{"id":"did:example:s","name":"Alice"}}`
	issue := `{"credential":` + credential + `}`

	status, signed := post("campus/credentials/issue", key, issue)
	if status != http.StatusCreated || strings.Count(signed, `"did:web:badges.example.ac.uk#key-1"`) != 2 {
		t.Fatalf("issuing: %d %s", status, signed)
	}
	statusToken, token := post("token/credentials/issue", key, issue)
	if statusToken != http.StatusCreated || !strings.Contains(token, "data:application/vc+jwt,") {
		t.Fatalf("issuing a token: %d %s", statusToken, token)
	}
	tampered := strings.Replace(signed, "Alice", "Mallory", 1)
	for name, c := range map[string]struct {
		path, key, body string
		status          int
		holds           string
	}{
		"good":                      {"campus/credentials/verify", key, signed, 200, `"verified":true`},
		"good, elsewhere":           {"checking/credentials/verify", key, signed, 200, `"verified":true`},
		"a good token":              {"checking/credentials/verify", key, token, 200, `"verified":true`},
		"tampered":                  {"campus/credentials/verify", key, tampered, 400, `"verified":false`},
		"tampered, elsewhere":       {"checking/credentials/verify", key, tampered, 200, `"verified":false`},
		"no instance of this name":  {"none/credentials/verify", key, signed, 404, "not-found"},
		"no key":                    {"campus/credentials/verify", "", signed, 401, "unauthorized"},
		"one that does not issue":   {"checking/credentials/issue", key, issue, 400, "does not issue"},
		"a presentation to sign":    {"campus/presentations", key, `{"presentation":{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"]}}`, 400, "does not present"},
		"an option that is refused": {"campus/credentials/issue", key, strings.TrimSuffix(issue, "}") + `,"options":{"x":1}}`, 400, "UNKNOWN_OPTION"},
		"an option that is ignored": {"token/credentials/issue", key, strings.TrimSuffix(issue, "}") + `,"options":{"x":1}}`, 201, "EnvelopedVerifiableCredential"},
		"another issuer, strict":    {"campus/credentials/issue", key, strings.Replace(issue, "did:web:badges", "did:web:other", 1), 400, "another issuer"},
		"another issuer, off":       {"token/credentials/issue", key, strings.Replace(issue, "did:web:badges", "did:web:other", 1), 201, "Enveloped"},
	} {
		if status, answer := post(c.path, c.key, c.body); status != c.status || !strings.Contains(answer, c.holds) {
			t.Errorf("%s: %d %s, want %d and %s", name, status, answer, c.status, c.holds)
		}
	}
}

const faculty = `vc-api:
  - name: chain
    suites: [eddsa-rdfc-2022]
    presentations: true
    proofs: chain
  - name: private
    suites: [ecdsa-sd-2023]
    mandatoryPointers: [/issuer, /credentialSubject/id]
    proofs: error
  - name: beside
    suites: [ecdsa-rdfc-2019]
  - name: checking
`

type object = map[string]any

// TestInstancesPresent signs a presentation as the issuer, chains proofs, and
// issues and derives with mandatory pointers, all verified by another instance.
func TestInstancesPresent(t *testing.T) {
	dir := t.TempDir()
	data, config := filepath.Join(dir, "data"), filepath.Join(dir, "laurel.yaml")
	key := member(t, laurel(t, exitFine, "init", "--json", "--data", data, "--public-url", "https://badges.example.ac.uk", "--name", "Example University"), "apiKey")
	laurel(t, exitFine, "keys", "create", "--data", data, "--kind", "P-256")
	if err := os.WriteFile(config, []byte(faculty), 0o600); err != nil {
		t.Fatal(err)
	}
	ready := start(t, "serve", "--json", "--data", data, "--listen", "127.0.0.1:0", "--config", config)
	ask := func(method, path string, body object, want int) object {
		t.Helper()
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), method, ready.Address+path, bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer "+key)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		var decoded object
		if err := json.Unmarshal(answer, &decoded); err != nil || response.StatusCode != want {
			t.Fatalf("%s %s: %d, want %d: %v %s", method, path, response.StatusCode, want, err, answer)
		}
		return decoded
	}
	const institution = "did:web:badges.example.ac.uk"
	credential := object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiableCredential"}, "id": "urn:example:1", "issuer": institution,
		"credentialSubject": object{"id": "did:example:s", "name": "Alice", "description": "kept back"},
	}
	verified := func(path, name string, document any, want bool) {
		t.Helper()
		answer := ask(http.MethodPost, "/vc-api/checking/"+path, object{name: document}, http.StatusOK)
		if answer["verified"] != want {
			t.Errorf("%s is verified: %v, want %v: %v", path, answer["verified"], want, answer)
		}
	}

	// Presentations.
	document := ask(http.MethodGet, "/.well-known/did.json", nil, http.StatusOK)
	if diff := cmp.Diff(document["assertionMethod"], document["authentication"]); diff != "" || document["authentication"] == nil {
		t.Errorf("the keys to authenticate with: %s", diff)
	}
	presentation := object{"@context": credential["@context"], "type": []any{"VerifiablePresentation"}, "holder": institution}
	options := object{"challenge": "c1", "domain": "https://x.example"}
	presented := ask(http.MethodPost, "/vc-api/chain/presentations", object{"presentation": presentation, "options": options}, http.StatusCreated)["verifiablePresentation"].(object)
	if proof := presented["proof"].(object); proof["proofPurpose"] != "authentication" || proof["challenge"] != "c1" {
		t.Errorf("the proof of a presentation: %v", proof)
	}
	for challenge, want := range map[string]bool{"c1": true, "c2": false} {
		answer := ask(http.MethodPost, "/vc-api/checking/presentations/verify", object{
			"verifiablePresentation": presented, "options": object{"challenge": challenge, "domain": "https://x.example"},
		}, http.StatusOK)
		if answer["verified"] != want {
			t.Errorf("a presentation for c1 with %s: %v", challenge, answer)
		}
	}
	presentation["holder"] = "did:example:s"
	ask(http.MethodPost, "/vc-api/chain/presentations", object{"presentation": presentation}, http.StatusBadRequest)
	presentation["holder"] = institution
	for _, name := range []string{"private", "beside", "checking"} {
		ask(http.MethodPost, "/vc-api/"+name+"/presentations", object{"presentation": presentation}, http.StatusBadRequest)
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} { // they are not kept
		ask(method, "/vc-api/chain/presentations", nil, http.StatusMethodNotAllowed)
		ask(method, "/vc-api/chain/presentations/urn:example:1", nil, http.StatusNotFound)
	}

	// Credentials that have a proof.
	first := ask(http.MethodPost, "/vc-api/beside/credentials/issue", object{"credential": credential}, http.StatusCreated)["verifiableCredential"].(object)
	verified("credentials/verify", "verifiableCredential", first, true)
	ask(http.MethodPost, "/vc-api/private/credentials/issue", object{"credential": first}, http.StatusBadRequest) // error
	ask(http.MethodPost, "/vc-api/chain/credentials/issue", object{"credential": first}, http.StatusBadRequest)   // its proof has no id
	delete(credential, "id")                                                                                      // an id is for one credential
	chained := credential
	for range 2 {
		chained = ask(http.MethodPost, "/vc-api/chain/credentials/issue", object{"credential": chained}, http.StatusCreated)["verifiableCredential"].(object)
	}
	if proofs := chained["proof"].([]any); len(proofs) != 2 || proofs[1].(object)["previousProof"] != proofs[0].(object)["id"] {
		t.Errorf("the chain is %v", proofs)
	}
	verified("credentials/verify", "verifiableCredential", chained, true)

	// Selective disclosure.
	base := ask(http.MethodPost, "/vc-api/private/credentials/issue", object{"credential": credential}, http.StatusCreated)["verifiableCredential"].(object)
	verified("credentials/verify", "verifiableCredential", base, false) // only what is derived of it does
	derive := func(pointers ...any) object {
		t.Helper()
		return ask(http.MethodPost, "/vc-api/private/credentials/derive", object{
			"verifiableCredential": base, "options": object{"selectivePointers": pointers},
		}, http.StatusCreated)["verifiableCredential"].(object)
	}
	for _, derived := range []object{derive("/credentialSubject/name"), derive("/type")} {
		verified("credentials/verify", "verifiableCredential", derived, true)
		subject := derived["credentialSubject"].(object)
		if derived["issuer"] != institution || subject["id"] != "did:example:s" || subject["description"] != nil {
			t.Errorf("derived: %v", derived)
		}
		subject["description"] = "made up"
		verified("credentials/verify", "verifiableCredential", derived, false)
	}
}

// TestInstancesRefused does not start with instances that cannot be.
func TestInstancesRefused(t *testing.T) {
	dir := t.TempDir()
	data, config := filepath.Join(dir, "data"), filepath.Join(dir, "laurel.yaml")
	laurel(t, exitFine, "init", "--data", data, "--public-url", "https://badges.example.ac.uk", "--name", "Example University")
	for section, want := range map[string]string{
		"on":                                                            "line 1: vc-api: not a list",
		"[campus]":                                                      "not an instance",
		"[{name: a, suite: x}]":                                         `line 1: vc-api: unknown key "suite"`,
		"[{name: a, name: b}]":                                          "already defined",
		"[{name: A/b}]":                                                 "name: not",
		"[{suites: [eddsa-rdfc-2022]}]":                                 "name: not",
		"[{name: a}, {name: a}]":                                        "two of this name",
		"[{name: a, suites: [rot13]}]":                                  `suites: "rot13" is not known`,
		"[{name: a, suites: eddsa-jcs-2022}]":                           "cannot unmarshal",
		"[{name: a, bindIssuer: maybe}]":                                `bindIssuer: "maybe" is not strict or off`,
		"[{name: a, errors: 500}]":                                      "errors:",
		"[{name: a, options: drop}]":                                    "options:",
		"[{name: a, status: revocation}]":                               "status:",
		"[{name: a, mandatoryPointers: [/a]}]":                          "mandatoryPointers: they are for ecdsa-sd-2023",
		"[{name: a, presentations: true}]":                              "presentations: they are signed with the first suite",
		"[{name: a, proofs: set}]":                                      "proofs: it is for an instance that has suites",
		"[{name: a, suites: [eddsa-rdfc-2022], proofs: none}]":          `proofs: "none" is not set or chain or error`,
		"[{name: a, suites: [ecdsa-sd-2023], proofs: chain}]":           "do not chain",
		"[{name: a, suites: [vc-jwt], proofs: chain}]":                  "do not chain",
		"[{name: a, suites: [vc-jwt], presentations: true}]":            "cannot be vc-jwt",
		"[{name: a, suites: [bbs-2023], presentations: true}]":          "cannot be vc-jwt, ecdsa-sd-2023, bbs-2023",
		"[{name: a, suites: [bbs-2023], mandatoryPointers: [issuer]}]":  "not a JSON pointer",
		"[{name: a, suites: [vc-jwt, eddsa-jcs-2022]}]":                 "goes with no other",
		"[{name: a, suites: [eddsa-jcs-2022, eddsa-jcs-2022]}]":         "there twice",
		"[{name: a, suites: [eddsa-rdfc-2022, ecdsa-rdfc-2019]}]":       `instance "a" of the VC API: suites: ecdsa-rdfc-2019 needs a key of P-256 or P-384: no signing key`,
		"[{name: b, suites: [bbs-2023], mandatoryPointers: [/issuer]}]": "needs a key of BLS12-381-G2",
	} {
		if err := os.WriteFile(config, []byte("vc-api: "+section+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		code := run(t.Context(), []string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--config", config}, nil, &out, &errs)
		if code != exitUsage || !strings.Contains(errs.String(), want) || out.Len() > 0 {
			t.Errorf("%s: exit %d, %s%s, want %s", section, code, &out, &errs, want)
		}
	}
	if err := os.WriteFile(config, []byte(campus), 0o600); err != nil {
		t.Fatal(err)
	}
	laurel(t, exitFine, "keys", "list", "--data", data, "--config", config)
	laurel(t, exitUsage, "serve", "--data", data, "--vc-api", "campus")
}
