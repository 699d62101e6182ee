package server

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"laurel/internal/award"
	"laurel/internal/issuer"
)

// TestPeople finds, exports and erases a person. Who it is stands in no log and
// no answer but the export.
func TestPeople(t *testing.T) {
	w := newWorld(t, Limits{})
	id := w.award(w.achievement(), "")
	const who = `{"email":"Ada@example.org"}`
	r := w.operator("POST", "/api/v1/people/find", who)
	var found personBody
	w.must(json.Unmarshal(r.body, &found))
	if r.status != 200 || len(found.Credentials) != 1 || found.Credentials[0].ID != id || bytes.Contains(r.body, []byte("ada@")) {
		t.Fatalf("finding: %d %s", r.status, r.body)
	}
	if r := w.operator("POST", "/api/v1/people/export", who); r.status != 200 || !bytes.Contains(r.body, []byte("ada@example.org")) {
		t.Errorf("exporting: %d %s", r.status, r.body)
	}
	for body, want := range map[string]string{
		`{}`: "invalid-request", `{"email":"a@example.org","subject":"b"}`: "invalid-request", `{"name":"Ada"}`: "invalid-request",
		`{"email":"nobody@example.org"}`: "not-found", `{"credential":"nothing"}`: "not-found", `{"subject":"not an id"}`: "not-found",
	} {
		for _, what := range []string{"find", "export", "erase"} {
			if r := w.operator("POST", "/api/v1/people/"+what, body); r.code() != want {
				t.Errorf("%s %s: %d %s", what, body, r.status, r.body)
			}
		}
	}
	if r := w.operator("POST", "/api/v1/people/erase", who, "Idempotency-Key: k"); r.code() != "idempotency-key-malformed" {
		t.Errorf("with an idempotency key: %d %s", r.status, r.body)
	}
	admin := w.token
	w.token = w.apiKey(issuer.DefaultSlug, issuer.ScopeCredentials)
	for _, what := range []string{"find", "export", "erase"} {
		if r := w.operator("POST", "/api/v1/people/"+what, who); r.code() != "insufficient-scope" {
			t.Errorf("%s without the scope: %d %s", what, r.status, r.body)
		}
	}
	w.token = admin
	r = w.operator("POST", "/api/v1/people/erase", who)
	var receipt issuer.SignedReceipt
	w.must(json.Unmarshal(r.body, &receipt))
	if r.status != 200 || receipt.JWS == "" || receipt.Receipt.Credentials[0].ID != id || strings.Contains(string(r.body), "ada@") {
		t.Errorf("erasing: %d %s", r.status, r.body)
	}
	if r := w.get("/credentials/" + id); r.status != 410 {
		t.Errorf("the badge afterwards: %d", r.status)
	}
	if r := w.operator("POST", "/api/v1/people/export", `{"credential":"`+id+`"}`); r.code() != "gone" {
		t.Errorf("exporting who was erased: %d %s", r.status, r.body)
	}
	if r := w.operator("POST", "/api/v1/people/find", who); r.code() != "not-found" {
		t.Errorf("finding by an address that is forgotten: %d %s", r.status, r.body)
	}
	if strings.Contains(strings.ToLower(w.log.String()), "ada@") {
		t.Error("the log says who it was")
	}
}

// TestPeopleOfFiles: somebody who stands only in a bad row of a file is found,
// given out and erased.
func TestPeopleOfFiles(t *testing.T) {
	w := newWorld(t, Limits{})
	const who = `{"email":"bob@example.org"}`
	job, err := w.awards.Draft(t.Context(), issuer.Caller{Tenant: issuer.DefaultSlug, Actor: "test"}, award.Upload{
		Achievement: w.achievement(), Data: []byte("email,name\nBob <bob@example.org>,Bobby\nbob@example.org,=B\nada@example.org,A\n"),
	})
	w.must(err)
	if r := w.operator("POST", "/api/v1/people/find", who); r.status != 200 || !bytes.Contains(r.body, []byte(`"rows":2`)) || bytes.Contains(r.body, []byte("bob@")) {
		t.Errorf("finding: %d %s", r.status, r.body)
	}
	if r := w.operator("POST", "/api/v1/people/export", who); r.status != 200 || !bytes.Contains(r.body, []byte("Bobby")) || bytes.Contains(r.body, []byte("ada@")) {
		t.Errorf("exporting: %d %s", r.status, r.body)
	}
	if r := w.operator("POST", "/api/v1/people/erase", who); r.status != 200 || !bytes.Contains(r.body, []byte(`"rows":2`)) || bytes.Contains(r.body, []byte("bob@")) {
		t.Errorf("erasing: %d %s", r.status, r.body)
	}
	if r := w.operator("GET", "/api/v1/awards/"+job.ID+"/bad-rows", ""); r.status != 200 || bytes.Contains(bytes.ToLower(r.body), []byte("bob")) {
		t.Errorf("bad rows afterwards: %d %s", r.status, r.body)
	}
	for _, what := range []string{"find", "export", "erase"} {
		if r := w.operator("POST", "/api/v1/people/"+what, who); r.code() != "not-found" {
			t.Errorf("%s afterwards: %d %s", what, r.status, r.body)
		}
	}
	if strings.Contains(strings.ToLower(w.log.String()), "bob@") {
		t.Error("the log says who it was")
	}
}
