package server

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"laurel/verifier"
)

func TestJourneyOfABadge(t *testing.T) {
	w := newWorld(t, Limits{})
	id := w.award(w.achievement(), `,"validUntil":"2027-03-14T00:00:00Z"`)

	served := w.get("/credentials/" + id)
	if served.status != 200 || served.header.Get("Content-Type") != "application/vc+ld+json" {
		t.Fatalf("the badge is served as %d %s", served.status, served.header.Get("Content-Type"))
	}
	if again := w.get("/credentials/" + id + ".json"); !bytes.Equal(again.body, served.body) {
		t.Error("the .json form has other bytes")
	}
	report := w.verify(served.body)
	if report.Verdict != verifier.VerdictValid {
		t.Fatalf("a fresh badge is %s: %+v", report.Verdict, report.Checks)
	}
	var compact bytes.Buffer
	w.must(json.Compact(&compact, served.body))
	if !bytes.Equal(compact.Bytes(), report.Credential) {
		t.Error("the report holds another badge than was sent")
	}
	if tampered := bytes.Replace(served.body, []byte("Peer mentor"), []byte("Peer master"), 1); w.verify(tampered).Verdict != verifier.VerdictInvalid {
		t.Error("a changed badge is not invalid")
	}

	for _, step := range []struct {
		action  string
		verdict verifier.Verdict
	}{{"suspend", verifier.VerdictInvalid}, {"reinstate", verifier.VerdictValid}, {"revoke", verifier.VerdictInvalid}} {
		r := w.operator("POST", "/api/v1/credentials/"+id+"/status", `{"action":"`+step.action+`","reason":"test","wording":"Sorry."}`)
		if r.status != 200 {
			t.Fatalf("%s: %d %s", step.action, r.status, r.body)
		}
		if report := w.verify(served.body); report.Verdict != step.verdict {
			t.Errorf("after %s the badge is %s: %+v", step.action, report.Verdict, report.Checks)
		}
	}
	if r := w.operator("POST", "/api/v1/credentials/"+id+"/status", `{"action":"reinstate"}`); r.status != 409 || r.code() != "conflict" {
		t.Errorf("reinstating a revoked badge: %d %s", r.status, r.body)
	}
	page := w.get("/credentials/"+id, "Accept: text/html")
	if !strings.Contains(string(page.body), "Withdrawn by the issuer on 14 March 2026") || !strings.Contains(string(page.body), "Sorry.") {
		t.Errorf("the page of a revoked badge does not say so: %s", page.body)
	}
}

func TestValidityPeriod(t *testing.T) {
	w := newWorld(t, Limits{})
	id := w.award(w.achievement(), `,"validFrom":"2026-04-01T00:00:00Z","validUntil":"2026-05-01T00:00:00Z"`)
	served := w.get("/credentials/" + id)
	has := func(report verifier.Report, code verifier.Code) {
		t.Helper()
		for _, c := range report.Checks {
			if c.Code == code {
				return
			}
		}
		t.Errorf("no check %s in %+v", code, report.Checks)
	}
	report := w.verify(served.body)
	if report.Verdict != verifier.VerdictInvalid {
		t.Errorf("a badge of next month is %s", report.Verdict)
	}
	has(report, verifier.CodeNotYetValid)
	w.pass(30 * 24 * time.Hour)
	if report = w.verify(served.body); report.Verdict != verifier.VerdictValid {
		t.Errorf("a badge of this month is %s: %+v", report.Verdict, report.Checks)
	}
	w.pass(30 * 24 * time.Hour)
	report = w.verify(served.body)
	if report.Verdict != verifier.VerdictInvalid {
		t.Errorf("a badge of last month is %s", report.Verdict)
	}
	has(report, verifier.CodeExpired)
	if page := w.get("/credentials/"+id, "Accept: text/html"); !strings.Contains(string(page.body), "Expired on 1 May 2026") {
		t.Error("the page of an expired badge does not say so")
	}
}

func TestKeys(t *testing.T) {
	w := newWorld(t, Limits{})
	id := w.award(w.achievement(), "")
	badge := w.get("/credentials/" + id).body

	r := w.operator("POST", "/api/v1/keys/rotate", "")
	if r.status != 200 {
		t.Fatalf("rotating: %d %s", r.status, r.body)
	}
	var made keyBody
	w.must(json.Unmarshal(r.body, &made))
	if made.ID != "key-2" || made.State != "active" {
		t.Errorf("the new key is %+v", made)
	}
	if r := w.get("/keys/" + made.KID); r.status != 200 || r.header.Get("Content-Type") != "application/jwk+json" {
		t.Errorf("the key is served as %d %s", r.status, r.header.Get("Content-Type"))
	}
	if v := w.verify(badge).Verdict; v != verifier.VerdictValid {
		t.Errorf("after a rotation the badge is %s", v)
	}
	for body, want := range map[string]string{
		`{}`:                                     "/since member_missing",
		`{"since":"yesterday"}`:                  "/since time_malformed",
		`{"since":"2030-01-01T00:00:00Z"}`:       "/since time_future",
		`{"since":"2026-01-01T00:00:00Z","x":1}`: "/x member_unknown",
	} {
		if r := w.operator("POST", "/api/v1/keys/key-1/compromise", body); r.status != 400 || r.paths() != want {
			t.Errorf("compromise %s: %d %s", body, r.status, r.body)
		}
	}
	if r := w.operator("POST", "/api/v1/keys/key-1/compromise", `{"since":"2026-01-01T00:00:00Z"}`); r.status != 200 {
		t.Fatalf("compromising: %d %s", r.status, r.body)
	}
	if v := w.verify(badge).Verdict; v != verifier.VerdictInvalid {
		t.Errorf("after its key was compromised the badge is %s", v)
	}
	if r := w.operator("POST", "/api/v1/keys/key-9/retire", ""); r.status != 404 || r.code() != "not-found" {
		t.Errorf("retiring an unknown key: %d %s", r.status, r.body)
	}
	if r := w.operator("POST", "/api/v1/keys/rotate", "", "Idempotency-Key: a"); r.status != 400 || r.code() != "idempotency-key-malformed" {
		t.Errorf("rotating with an idempotency key: %d %s", r.status, r.body)
	}
	if r := w.operator("POST", "/api/v1/keys/key-2/retire", "{}"); r.status != 200 {
		t.Fatalf("retiring: %d %s", r.status, r.body)
	}
	r = w.operator("POST", "/api/v1/credentials", `{"achievement":"`+w.achievement()+`","recipient":{"id":"did:example:ada"}}`)
	if r.status != 503 || r.code() != "no-signing-key" {
		t.Errorf("awarding without a key: %d %s", r.status, r.body)
	}
	if r := w.get("/readyz"); r.status != 503 || r.code() != "no-signing-key" {
		t.Errorf("readyz without a key: %d %s", r.status, r.body)
	}
	if r := w.get("/healthz"); r.status != 200 {
		t.Errorf("healthz without a key: %d %s", r.status, r.body)
	}
}
