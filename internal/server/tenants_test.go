package server

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"laurel/internal/issuer"
	"laurel/verifier"
)

// TestTenants sets up a second institution, which issues in its own name within
// its quota.
func TestTenants(t *testing.T) {
	w := newWorld(t, Limits{})
	first := w.token
	w.token = w.apiKey(issuer.DefaultSlug, issuer.ScopeInstallation)
	r := w.operator("POST", "/api/v1/tenants", `{"slug":"physics","name":"Physics","url":"https://physics.example.ac.uk","quota":{"awardsPerDay":2}}`)
	var account accountBody
	w.must(json.Unmarshal(r.body, &account))
	const did = "did:web:badges.example.ac.uk:issuers:physics"
	if r.status != 201 || account.DID != did || account.Default || account.Quota.AwardsPerDay != 2 || r.header.Get("Location") != testURL+"/api/v1/tenants/physics" {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if r := w.get("/issuers/physics/did.json"); r.status != 200 || !bytes.Contains(r.body, []byte(did+"#key-1")) {
		t.Errorf("the DID document: %d %s", r.status, r.body)
	}
	r = w.operator("POST", "/api/v1/tenants/physics/api-keys", `{"name":"physics","scopes":["admin"],"expires":"`+w.clock().Add(72*time.Hour).Format(time.RFC3339)+`"}`)
	var key apiKeyBody
	w.must(json.Unmarshal(r.body, &key))
	if r.status != 201 || key.Token == "" || key.Expires.IsZero() {
		t.Fatalf("%d %s", r.status, r.body)
	}
	installation := w.token
	w.token = key.Token

	id := w.achievement()
	badge := w.get("/credentials/" + w.award(id, "")).body
	if report := w.verify(badge); report.Verdict != verifier.VerdictValid || !bytes.Contains(badge, []byte(`"id":"`+did+`"`)) || !bytes.Contains(badge, []byte(`"name":"Physics"`)) {
		t.Errorf("the badge of another institution is %s", report.Verdict)
	}
	w.award(id, "")
	award := `{"achievement":"` + id + `","recipient":{"email":"ada@example.org"}}`
	r = w.operator("POST", "/api/v1/credentials", award, "Idempotency-Key: third")
	if r.status != 429 || r.code() != "quota-exceeded" || r.header.Get("Retry-After") != "31835" || !bytes.Contains(r.body, []byte("The quota is 2 awards a day.")) {
		t.Errorf("beyond the quota: %d %v %s", r.status, r.header, r.body)
	}
	w.pass(24 * time.Hour)
	if r := w.operator("POST", "/api/v1/credentials", award, "Idempotency-Key: third"); r.status != 201 {
		t.Errorf("on the next day: %d %s", r.status, r.body)
	}

	r = w.operator("PATCH", "/api/v1/issuer", `{"name":"Department of Physics","email":"physics@example.ac.uk"}`)
	w.must(json.Unmarshal(r.body, &account))
	if r.status != 200 || account.Name != "Department of Physics" || account.URL != "https://physics.example.ac.uk" || account.Quota != (quotaBody{2, 1}) {
		t.Errorf("edited: %d %s", r.status, r.body)
	}
	if r := w.get("/issuers/physics"); !bytes.Contains(r.body, []byte("Department of Physics")) {
		t.Errorf("the profile is %s", r.body)
	}
	if report := w.verify(badge); report.Verdict != verifier.VerdictValid {
		t.Errorf("after the profile was edited the badge is %s", report.Verdict)
	}

	// What one institution has, the operators of the installation do not end under
	// the name of another.
	w.token = first
	own := w.operator("POST", "/api/v1/api-keys", `{"name":"own","scopes":["credentials"]}`)
	var ownKey apiKeyBody
	w.must(json.Unmarshal(own.body, &ownKey))
	w.token = installation
	if r := w.operator("DELETE", "/api/v1/tenants/physics/api-keys/"+ownKey.ID, ""); r.status != 404 {
		t.Errorf("ending the key of another: %d", r.status)
	}
	if r := w.operator("DELETE", "/api/v1/tenants/physics/api-keys/"+key.ID, ""); r.status != 204 {
		t.Errorf("ending a key: %d %s", r.status, r.body)
	}
	w.token = key.Token
	if r := w.operator("GET", "/api/v1/issuer", ""); r.status != 401 {
		t.Errorf("a key that has ended: %d", r.status)
	}
	if strings.Contains(w.log.String(), key.Token[len(key.Token)-20:]) {
		t.Error("the log has a token in it")
	}
}

// TestTenantsRefused is what the one may not do who has a key of another kind.
func TestTenantsRefused(t *testing.T) {
	w := newWorld(t, Limits{})
	w.must(func() error {
		_, err := w.issuer.CreateIssuer(t.Context(), "cli", "physics", issuer.Institution{Name: "Physics"})
		return err
	}())
	keys := map[string]string{
		"admin": w.token, "physics": w.apiKey("physics", issuer.ScopeAdmin), "installation": w.apiKey(issuer.DefaultSlug, issuer.ScopeInstallation),
		"both": w.apiKey(issuer.DefaultSlug, issuer.ScopeInstallation, issuer.ScopeAdmin), "clerk": w.apiKey(issuer.DefaultSlug, issuer.ScopeCredentials),
	}
	badge := w.award(w.achievement(), "")
	for _, c := range []struct {
		key, request, body string
		status             int
		faults             string
	}{
		{"admin", "GET /api/v1/tenants", "", 403, ""},
		{"admin", "POST /api/v1/tenants", `{"slug":"law-school","name":"Law"}`, 403, ""},
		{"admin", "PATCH /api/v1/tenants/default", `{"quota":{"awardsPerDay":0}}`, 403, ""},
		{"physics", "GET /api/v1/tenants/physics", "", 403, ""},
		{"physics", "POST /api/v1/tenants/default/api-keys", `{"name":"x","scopes":["admin"]}`, 403, ""},
		{"physics", "PATCH /api/v1/issuer", `{"quota":{"awardsPerDay":9}}`, 400, "/quota member_unknown"},
		{"physics", "POST /api/v1/api-keys", `{"name":"x","scopes":["installation"]}`, 400, "/scopes/0 scope_exceeds"},
		{"admin", "POST /api/v1/api-keys", `{"name":"x","scopes":["credentials","installation"]}`, 400, "/scopes/1 scope_exceeds"},
		{"both", "POST /api/v1/tenants/physics/api-keys", `{"name":"x","scopes":["installation"]}`, 400, "/scopes/0 scope_exceeds"},
		{"installation", "POST /api/v1/tenants/default/api-keys", `{"name":"x","scopes":["admin"]}`, 400, "/scopes/0 scope_exceeds"},
		{"installation", "POST /api/v1/tenants/default/api-keys", `{"name":"x","scopes":["installation","credentials"]}`, 400, "/scopes/1 scope_exceeds"},
		{"installation", "POST /api/v1/tenants/default/api-keys", `{"name":"x","scopes":["installation"]}`, 201, ""},
		{"installation", "POST /api/v1/tenants/physics/api-keys", `{"name":"x","scopes":["admin"]}`, 201, ""},
		{"both", "POST /api/v1/tenants/default/api-keys", `{"name":"x","scopes":["admin","credentials","installation"]}`, 201, ""},
		{"both", "POST /api/v1/api-keys", `{"name":"x","scopes":["installation"]}`, 201, ""},
		{"installation", "GET /api/v1/issuer", "", 403, ""},
		{"installation", "GET /api/v1/credentials", "", 403, ""},
		{"clerk", "GET /api/v1/api-keys", "", 403, ""},
		{"clerk", "PATCH /api/v1/issuer", `{"name":"x"}`, 403, ""},
		{"installation", "POST /api/v1/tenants", `{"slug":"physics","name":"x"}`, 409, ""},
		{"installation", "POST /api/v1/tenants", `{"slug":"default","name":"x"}`, 409, ""},
		{"installation", "POST /api/v1/tenants", `{"slug":"A","name":"x"}`, 400, "/slug slug_invalid"},
		{"installation", "POST /api/v1/tenants", `{}`, 400, "/slug member_missing, /name member_missing"},
		{"installation", "POST /api/v1/tenants", `{"slug":"law-school","name":"x","quota":{"awardsPerDay":-1}}`, 400, "/quota/awardsPerDay quota_malformed"},
		{"installation", "PATCH /api/v1/tenants/physics", `{"quota":{"awardsPerDay":1.5}}`, 400, "/quota/awardsPerDay quota_malformed"},
		{"installation", "PATCH /api/v1/tenants/physics", `{"quota":{}}`, 400, "/quota/awardsPerDay quota_malformed"},
		{"installation", "PATCH /api/v1/tenants/physics", `{"name":""}`, 400, "/name name_malformed"},
		{"installation", "PATCH /api/v1/tenants/nobody", `{"name":"x"}`, 404, ""},
		{"installation", "GET /api/v1/tenants/nobody/api-keys", "", 404, ""},
		{"installation", "POST /api/v1/tenants/nobody/api-keys", `{"name":"x","scopes":["admin"]}`, 404, ""},
		{"admin", "POST /api/v1/api-keys", `{"name":"x","scopes":[]}`, 400, "/scopes scope_missing"},
		{"admin", "POST /api/v1/api-keys", `{"name":"x"}`, 400, "/scopes member_missing"},
		{"admin", "POST /api/v1/api-keys", `{"name":"x","scopes":["everything"]}`, 400, "/scopes/0 scope_unknown"},
		{"admin", "POST /api/v1/api-keys", `{"name":"x","scopes":["admin"],"expires":"2026-03-14T15:09:26Z"}`, 400, "/expires expires_past"},
		{"admin", "POST /api/v1/credentials/" + badge + "/visibility", `{"visibility":"everybody"}`, 400, "/visibility visibility_unknown"},
		{"admin", "POST /api/v1/credentials/" + badge + "/visibility", `{"visibility":"off"}`, 200, ""},
	} {
		w.token = keys[c.key]
		method, path, _ := strings.Cut(c.request, " ")
		if r := w.operator(method, path, c.body); r.status != c.status || r.paths() != c.faults {
			t.Errorf("%s %s %s: %d %s", c.key, c.request, c.body, r.status, r.body)
		}
	}
	if r := w.get("/credentials/" + badge); r.status != 404 {
		t.Errorf("what nobody may see is shown: %d", r.status)
	}
}
