package server

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"laurel/internal/issuer"
	"laurel/verifier"
)

func TestReissue(t *testing.T) {
	w := newWorld(t, Limits{})
	id := w.achievement()
	old := w.award(id, `,"validUntil":"2026-12-31T23:59:59Z","refreshService":true`)
	before := w.get("/credentials/" + old + "/refresh")
	if !bytes.Equal(before.body, w.get("/credentials/"+old).body) {
		t.Error("what was not replaced is not its own refreshment")
	}
	var made issuer.Award
	r := w.operator("POST", "/api/v1/credentials/"+old+"/reissue", `{"validUntil":"2027-12-31T23:59:59Z"}`, "Idempotency-Key: renew")
	w.must(json.Unmarshal(r.body, &made))
	if r.status != 201 || made.ID == old || r.header.Get("Location") != made.URL {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if r := w.operator("POST", "/api/v1/credentials/"+old+"/reissue", `{"validUntil":"2027-12-31T23:59:59Z"}`, "Idempotency-Key: renew"); r.status != 201 || r.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("repeated: %d", r.status)
	}
	if r := w.operator("POST", "/api/v1/credentials/"+old+"/reissue", ""); r.status != 409 {
		t.Errorf("replaced twice: %d", r.status)
	}
	served := w.get("/credentials/" + made.ID)
	refreshed := w.get("/credentials/"+old+"/refresh", "Origin: https://wallet.example")
	if !bytes.Equal(refreshed.body, served.body) || refreshed.header.Get("Content-Location") != made.URL ||
		refreshed.header.Get("Access-Control-Allow-Origin") != "*" || refreshed.header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("refreshed: %v", refreshed.header)
	}
	if again := w.get("/credentials/"+old+"/refresh", "If-None-Match: "+refreshed.header.Get("Etag")); again.status != 304 {
		t.Errorf("refreshed again: %d", again.status)
	}
	if got := served.header.Get("Link"); got != `<`+testURL+`/credentials/`+old+`>; rel="predecessor-version"` {
		t.Errorf("the new one leads to %q", got)
	}
	stored := w.get("/credentials/" + old + ".json")
	if got := stored.header.Get("Link"); got != `<`+made.URL+`>; rel="successor-version"` || !bytes.Equal(stored.body, before.body) {
		t.Errorf("the old one leads to %q", got)
	}
	page := string(w.get("/credentials/"+old, "Accept: text/html").body)
	if !strings.Contains(page, "newer badge in place of this one") || !strings.Contains(page, made.URL) {
		t.Error("the page of the old one does not name the new one")
	}
	if page := string(w.get("/credentials/"+made.ID, "Accept: text/html").body); !strings.Contains(page, "takes the place of an older one") {
		t.Error("the page of the new one does not name the old one")
	}
	var record credentialBody
	w.must(json.Unmarshal(w.operator("GET", "/api/v1/credentials/"+old, "").body, &record))
	if record.ReplacedBy != made.ID {
		t.Errorf("the record is %+v", record)
	}

	// A verifier that asks for newer copies gets it, and takes it.
	w.pass(365 * 24 * 60 * 60 * 1e9)
	if report := w.verify(stored.body); report.Verdict != verifier.VerdictInvalid {
		t.Errorf("the expired one is %s", report.Verdict)
	}
	expect := verifier.Expect{Refresh: true}
	report, err := w.server.verifier.Verify(t.Context(), stored.body, expect)
	w.must(err)
	if report.Verdict != verifier.VerdictValid || !bytes.Equal(report.Credential, served.body) {
		t.Errorf("with its renewal, it is %s: %+v", report.Verdict, report.Checks)
	}
}

func TestReissueRequests(t *testing.T) {
	w := newWorld(t, Limits{})
	old := w.award(w.achievement(), "")
	for body, paths := range map[string]string{
		`[]`:                                       " object_expected",
		`{"achievement":"x"}`:                      "/achievement member_unknown",
		`{"achievementVersion":0}`:                 "/achievementVersion number_expected",
		`{"achievementVersion":"1"}`:               "/achievementVersion number_expected",
		`{"achievementVersion":2}`:                 "/achievementVersion version_unknown",
		`{"linked":"yes"}`:                         "/linked flag_expected",
		`{"refreshService":null}`:                  "/refreshService flag_expected",
		`{"revoke":true}`:                          "/revoke object_expected",
		`{"revoke":{"action":"x"}}`:                "/revoke/action member_unknown",
		`{"revoke":{"wording":"` + "\\n" + `"}}`:   "/revoke/wording wording_malformed",
		`{"recipient":{"email":"x"}}`:              "/recipient/email email_malformed",
		`{"validUntil":"2020-01-01T00:00:00Z"}`:    "/validUntil period_past",
		`{"evidence":[{"id":"javascript:alert"}]}`: "/evidence/0/id uri_unsafe",
	} {
		if r := w.operator("POST", "/api/v1/credentials/"+old+"/reissue", body); r.status != 400 || r.paths() != paths {
			t.Errorf("%s: %d %s", body, r.status, r.paths())
		}
	}
	if r := w.operator("POST", "/api/v1/credentials/nothing/reissue", ""); r.status != 404 {
		t.Errorf("of nothing: %d", r.status)
	}
	if r := w.get("/credentials/nothing/refresh"); r.status != 404 {
		t.Errorf("refreshing nothing: %d", r.status)
	}
	r := w.operator("POST", "/api/v1/credentials/"+old+"/reissue", `{"recipient":{"email":"eve@example.org"},"revoke":{"reason":"wrong-person"}}`)
	if r.status != 201 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if got := w.get("/credentials/" + old); got.header.Get("Link") != "" {
		t.Errorf("whoever has the old badge is led to another person's: %s", got.header.Get("Link"))
	}
	if report := w.verify(w.get("/credentials/" + old + "/refresh").body); report.Verdict != verifier.VerdictInvalid {
		t.Errorf("the old badge is %s", report.Verdict)
	}
}
