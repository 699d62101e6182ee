package server

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"laurel/internal/issuer"
	"laurel/storage"
	"laurel/verifier"
)

func (w *world) statusChange(r reply, status int) (b statusChangeBody) {
	w.Helper()
	if r.status != status {
		w.Fatalf("%d %s, want %d", r.status, r.body, status)
	}
	w.must(json.Unmarshal(r.body, &b))
	return b
}

func TestStatusChanges(t *testing.T) {
	w := newWorld(t, Limits{})
	id := w.achievement()
	first, second := w.award(id, ""), w.award(id, "")
	const path = "/api/v1/status-changes"
	r := w.operator("POST", path, `{"select":{"achievement":"`+id+`","issuedFrom":"2026-01-01T00:00:00Z"},"action":"revoke","reason":"error","wording":"Awarded in error."}`, "Idempotency-Key: a")
	draft := w.statusChange(r, 201)
	if r.header.Get("Location") != testURL+path+"/"+draft.ID || draft.Phase != "draft" || draft.Total != 2 || draft.Expected.Changed != 2 ||
		len(draft.Examples) != 2 || draft.Examples[0].ID != first || draft.Action != "revoke" || draft.Expires.IsZero() {
		t.Errorf("draft %+v", draft)
	}
	r = w.operator("POST", path, `{"select":{"achievement":"`+id+`","issuedFrom":"2026-01-01T00:00:00Z"},"action":"revoke","reason":"error","wording":"Awarded in error."}`, "Idempotency-Key: a")
	if again := w.statusChange(r, 201); again.ID != draft.ID || r.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("repeated: %s", r.body)
	}
	running := w.statusChange(w.operator("POST", path+"/"+draft.ID+"/confirm", ""), 202)
	if running.Phase != "running" || running.Result != (storage.StatusTally{}) {
		t.Errorf("confirmed %+v", running)
	}
	w.must(w.issuer.RunStatusJobs(t.Context()))
	done := w.statusChange(w.operator("GET", path+"/"+draft.ID, ""), 200)
	if done.Phase != "done" || done.Result.Changed != 2 || done.Finished.IsZero() || !done.Expires.IsZero() {
		t.Errorf("done %+v", done)
	}
	for _, badge := range []string{first, second} {
		if report := w.verify(w.get("/credentials/" + badge).body); report.Verdict != verifier.VerdictInvalid {
			t.Errorf("a revoked badge is %s", report.Verdict)
		}
	}
	w.statusChange(w.operator("POST", path+"/"+draft.ID+"/confirm", ""), 202) // twice is once
	if r := w.operator("POST", path+"/"+draft.ID+"/stop", ""); r.status != 409 {
		t.Errorf("stopping what is done: %d", r.status)
	}
	draft = w.statusChange(w.operator("POST", path, `{"select":{"recipient":{"email":"ada@example.org"}},"action":"suspend"}`), 201)
	if draft.Expected.Refused != 2 || draft.Refused[0].Code != "revoked" || !draft.Select.Recipient {
		t.Errorf("draft %+v", draft)
	}
	if strings.Contains(w.log.String(), "ada@") || strings.Contains(string(w.operator("GET", path, "").body), "ada@") {
		t.Error("an address is told or logged")
	}
	if stopped := w.statusChange(w.operator("POST", path+"/"+draft.ID+"/stop", ""), 200); stopped.Phase != "stopped" {
		t.Errorf("stopped %+v", stopped)
	}
	var list struct{ Items []statusChangeBody }
	w.must(json.Unmarshal(w.operator("GET", path+"?limit=1", "").body, &list))
	if len(list.Items) != 1 || list.Items[0].ID != draft.ID {
		t.Errorf("list %+v", list)
	}
}

func TestStatusChangesOfManyIDs(t *testing.T) {
	w := newWorld(t, Limits{})
	badge := w.award(w.achievement(), "")
	var ids strings.Builder
	for range 100_000 {
		fmt.Fprintf(&ids, `%q,`, badge)
	}
	body := `{"select":{"ids":[` + ids.String() + `"` + badge + `"]},"action":"revoke"}`
	if draft := w.statusChange(w.operator("POST", "/api/v1/status-changes", body), 201); draft.Total != 1 {
		t.Errorf("draft %+v", draft)
	}
	large := `{"select":{"ids":["` + strings.Repeat("x", 9<<20) + `"]},"action":"revoke"}`
	if r := w.operator("POST", "/api/v1/status-changes", large); r.status != 413 {
		t.Errorf("a body of 9 MiB: %d", r.status)
	}
}

func TestStatusChangesRefused(t *testing.T) {
	w := newWorld(t, Limits{})
	for body, paths := range map[string]string{
		`{}`:                              "/action member_missing, /select member_missing",
		`{"select":{},"action":"revoke"}`: "/select selection_empty",
		`{"select":[],"action":"revoke"}`: "/select object_expected",
		`{"select":{"all":true},"action":"revoke"}`:                   "/select/all member_unknown",
		`{"select":{"state":"lost"},"action":"revoke"}`:               "/select/state value_unknown",
		`{"select":{"ids":"x"},"action":"revoke"}`:                    "/select/ids array_expected",
		`{"select":{"ids":[1]},"action":"revoke"}`:                    "/select/ids/0 text_expected",
		`{"select":{"ids":["x","y"]},"action":"revoke"}`:              "/select/ids/0 credential_unknown, /select/ids/1 credential_unknown",
		`{"select":{"recipient":{}},"action":"revoke"}`:               "/select/recipient member_missing",
		`{"select":{"recipient":{"email":"x"}},"action":"revoke"}`:    "/select/recipient/email email_malformed",
		`{"select":{"issuedFrom":"2026-01-01"},"action":"revoke"}`:    "/select/issuedFrom time_malformed",
		`{"select":{"state":"issued"},"action":"delete"}`:             "/action value_unknown",
		`{"select":{"state":"issued"},"action":"revoke","preview":1}`: "/preview member_unknown",
		`{"select":{"achievement":"x"},"action":"revoke"}`:            "/select/achievement achievement_unknown",
	} {
		if r := w.operator("POST", "/api/v1/status-changes", body); r.status != 400 || r.paths() != paths {
			t.Errorf("%s: %d %s", body, r.status, r.paths())
		}
	}
	for _, request := range []string{"GET /nothing", "POST /nothing/confirm", "POST /nothing/stop"} {
		method, path, _ := strings.Cut(request, " ")
		if r := w.operator(method, "/api/v1/status-changes"+path, ""); r.status != 404 {
			t.Errorf("%s: %d", request, r.status)
		}
	}
	w.token = w.apiKey(issuer.DefaultSlug, issuer.ScopeAchievements)
	if r := w.operator("GET", "/api/v1/status-changes", ""); r.status != 403 {
		t.Errorf("another scope: %d", r.status)
	}
}
