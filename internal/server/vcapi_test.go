package server

import (
	"context"
	"crypto"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/did"
	"laurel/internal/issuer"
	"laurel/internal/vcapi"
)

// instance is one that signs with the key that the issuer has at the time.
func (w *world) instance(set *contexts.Set, processor *jsonld.Processor) *vcapi.Instance {
	w.Helper()
	tenant, err := w.issuer.Issuer(w.Context(), issuer.DefaultSlug)
	w.must(err)
	made, err := vcapi.New(vcapi.Config{
		URL: testURL + "/vc-api/campus", Issuer: tenant.DID, JSONLD: processor, Contexts: set, Clock: w.clock,
		Resolver: w.issuer.Resolver(did.Methods{"key": did.KeyResolver{}}),
		Policy:   vcapi.Policy{BindIssuer: true, StrictOptions: true, StatusDecides: true},
		Proofs: []vcapi.Proof{{
			Cryptosuite: dataintegrity.EdDSARDFC2022,
			Current: func(ctx context.Context) (crypto.Signer, string, error) {
				key, err := w.ring.Signing(ctx, issuer.DefaultSlug)
				return key.Signer, tenant.DID + "#" + key.Fragment, err
			},
		}},
	})
	w.must(err)
	return made
}

const plain = `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:example:1","type":["VerifiableCredential"],` +
	`"issuer":"did:web:badges.example.ac.uk","credentialSubject":{"id":"did:example:s","name":"Alice"}}`

// lifecycleIssue has the instance sign a credential.
func (w *world) lifecycleIssue() string {
	w.Helper()
	r := w.operator("POST", "/vc-api/campus/credentials/issue", `{"credential":`+plain+`}`)
	var body struct{ VerifiableCredential json.RawMessage }
	if err := json.Unmarshal(r.body, &body); r.status != http.StatusCreated || err != nil {
		w.Fatalf("issuing: %d %s", r.status, r.body)
	}
	return string(body.VerifiableCredential)
}

// lifecycleVerify asks the instance about a credential.
func (w *world) lifecycleVerify(credential string) bool {
	w.Helper()
	r := w.operator("POST", "/vc-api/campus/credentials/verify", `{"verifiableCredential":`+credential+`}`)
	var body struct{ Verified *bool }
	if err := json.Unmarshal(r.body, &body); r.status != http.StatusOK || err != nil || body.Verified == nil {
		w.Fatalf("verifying: %d %s", r.status, r.body)
	}
	return *body.Verified
}

func TestInstanceOfAnInstallation(t *testing.T) {
	w := newWorld(t, Limits{})
	signed := w.lifecycleIssue()
	if !strings.Contains(signed, "did:web:badges.example.ac.uk#key-1") || !w.lifecycleVerify(signed) {
		t.Errorf("not verified: %s", signed)
	}
	if w.lifecycleVerify(strings.Replace(signed, "Alice", "Mallory", 1)) {
		t.Error("a tampered credential is verified")
	}
	if w.lifecycleVerify(strings.Replace(signed, `"did:web:badges.example.ac.uk",`, `"did:web:other.example",`, 1)) {
		t.Error("a credential of another issuer is verified")
	}
	// The key that signs is the one that the ring has then; a compromised one
	// counts no more.
	if r := w.operator("POST", "/api/v1/keys/rotate", ""); r.status != http.StatusOK {
		t.Fatalf("rotating: %d %s", r.status, r.body)
	}
	if again := w.lifecycleIssue(); !strings.Contains(again, "#key-2") || !w.lifecycleVerify(again) || !w.lifecycleVerify(signed) {
		t.Errorf("after a rotation: %s", again)
	}
	if r := w.operator("POST", "/api/v1/keys/key-1/compromise", `{"since":"2026-03-14T00:00:00Z"}`); r.status != http.StatusOK {
		t.Fatalf("compromise: %d %s", r.status, r.body)
	}
	if w.lifecycleVerify(signed) {
		t.Error("a compromised key counts")
	}
	if r := w.operator("GET", "/vc-api/campus/credentials/urn:example:1", ""); r.status != http.StatusOK {
		t.Errorf("reading it: %d %s", r.status, r.body)
	}
	if r := w.operator("DELETE", "/vc-api/campus/credentials/urn:example:1", ""); r.status != http.StatusAccepted {
		t.Errorf("deleting it: %d %s", r.status, r.body)
	}
	if r := w.operator("GET", "/vc-api/campus/credentials/urn:example:1", ""); r.status != http.StatusGone {
		t.Errorf("reading what was deleted: %d %s", r.status, r.body)
	}
	if r := w.operator("GET", "/vc-api/campus/status-lists/revocation", ""); r.status != http.StatusNotFound {
		t.Errorf("a list that is not there: %d %s", r.status, r.body)
	}
}

func TestInstanceRefuses(t *testing.T) {
	w := newWorld(t, Limits{})
	_, err := w.issuer.CreateIssuer(t.Context(), "cli", "faculty", issuer.Institution{Name: "Faculty", URL: "https://faculty.example"})
	w.must(err)
	issue := `{"credential":` + plain + `}`
	foreign := strings.Replace(issue, "did:web:badges.example.ac.uk", "did:web:other.example", 1)
	for name, c := range map[string]struct {
		path, body, token string
		status            int
	}{
		"an instance that is not there": {"/vc-api/none/credentials/issue", issue, w.token, 404},
		"no API key":                    {"/vc-api/campus/credentials/issue", issue, "", 401},
		"no API key, to verify":         {"/vc-api/campus/credentials/verify", issue, "", 401},
		"no API key, for a challenge":   {"/vc-api/campus/challenges", "", "", 401},
		"a wrong API key":               {"/vc-api/campus/credentials/issue", issue, "x" + w.token, 401},
		"a key without the scope":       {"/vc-api/campus/credentials/issue", issue, w.apiKey(issuer.DefaultSlug, issuer.ScopeAchievements), 403},
		"a key of another issuer":       {"/vc-api/campus/credentials/issue", issue, w.apiKey("faculty", issuer.ScopeAdmin), 404},
		"another issuer's credential":   {"/vc-api/campus/credentials/issue", foreign, w.token, 400},
		"an option that is not known":   {"/vc-api/campus/credentials/issue", strings.TrimSuffix(issue, "}") + `,"options":{"x":1}}`, w.token, 400},
		"no credential":                 {"/vc-api/campus/credentials/issue", `{}`, w.token, 400},
	} {
		var headers []string
		if c.token != "" {
			headers = append(headers, "Authorization: Bearer "+c.token)
		}
		if c.body != "" {
			headers = append(headers, "Content-Type: application/json")
		}
		if r := w.do("POST", c.path, []byte(c.body), headers...); r.status != c.status {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	browser := []string{"Authorization: Bearer " + w.token, "Content-Type: application/json", "Origin: https://elsewhere.example", "Sec-Fetch-Site: cross-site"}
	if r := w.do("POST", "/vc-api/campus/credentials/issue", []byte(issue), browser...); r.status != http.StatusForbidden {
		t.Errorf("from a page of another website: %d %s", r.status, r.body)
	}
}

// Verifying is within the limits of checks; issuing is not a check.
func TestInstanceIsLimited(t *testing.T) {
	w := newWorld(t, Limits{VerifyRate: 0.001, VerifyBurst: 2})
	signed := w.lifecycleIssue()
	w.lifecycleVerify(signed)
	w.lifecycleVerify(signed)
	for _, path := range []string{"/vc-api/campus/credentials/verify", "/vc-api/campus/presentations/verify", "/verify"} {
		if r := w.operator("POST", path, `{"verifiableCredential":`+signed+`}`); r.status != http.StatusTooManyRequests {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	w.lifecycleIssue()
}
