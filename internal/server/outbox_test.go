package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"laurel/internal/audit"
	"laurel/internal/issuer"
	"laurel/storage"
)

// answered reads an answer that must have a status.
func answered[T any](t testing.TB, r reply, status int) (value T) {
	t.Helper()
	if r.status != status {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if err := json.Unmarshal(r.body, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestWebhookRoutes(t *testing.T) {
	w := newWorld(t, Limits{})
	made := answered[webhookBody](t, w.operator("POST", "/api/v1/webhooks", `{"url":"https://hooks.example/a","events":["award.issued","award.revoked"]}`), 201)
	all := answered[webhookBody](t, w.operator("POST", "/api/v1/webhooks", `{"url":"https://hooks.example/b"}`), 201)
	if !strings.HasPrefix(made.Secret, "laurelwh_") || made.Secret == all.Secret || strings.Join(all.Events, "") != "*" {
		t.Errorf("made %+v and %+v", made, all)
	}
	r := w.operator("GET", "/api/v1/webhooks", "")
	list := answered[listBody[webhookBody]](t, r, 200)
	if len(list.Items) != 2 || strings.Contains(string(r.body), made.Secret) || strings.Contains(w.log.String(), made.Secret) {
		t.Errorf("listed: %s", r.body)
	}
	one := answered[webhookBody](t, w.operator("GET", "/api/v1/webhooks/"+made.ID, ""), 200)
	if one.URL != made.URL || one.Secret != "" || strings.Join(one.Events, " ") != "award.issued award.revoked" {
		t.Errorf("read: %+v", one)
	}

	badge := w.award(w.achievement(), "")
	waiting := answered[listBody[deliveryBody]](t, w.operator("GET", "/api/v1/outbox?state=waiting&limit=1", ""), 200)
	second := answered[listBody[deliveryBody]](t, w.operator("GET", "/api/v1/outbox?limit=1&cursor="+waiting.Next, ""), 200)
	if len(waiting.Items) != 1 || len(second.Items) != 1 || second.Next != "" || waiting.Items[0].Object != "credential/"+badge || waiting.Items[0].Event != "award.issued" {
		t.Fatalf("waiting: %+v, then %+v", waiting, second)
	}
	to := answered[listBody[deliveryBody]](t, w.operator("GET", "/api/v1/outbox?destination="+made.ID, ""), 200).Items
	if len(to) != 1 || to[0].Destination != made.ID {
		t.Fatalf("to one webhook: %+v", to)
	}
	if got := answered[deliveryBody](t, w.operator("GET", "/api/v1/outbox/"+to[0].ID, ""), 200); got != to[0] {
		t.Errorf("read: %+v", got)
	}
	if n := answered[replayedBody](t, w.operator("POST", "/api/v1/outbox/replay", `{"deliveries":["`+to[0].ID+`"]}`), 200); n.Replayed != 1 {
		t.Errorf("replayed %d", n.Replayed)
	}
	if n := answered[replayedBody](t, w.operator("POST", "/api/v1/outbox/replay", ""), 200); n.Replayed != 0 {
		t.Errorf("replayed %d of none", n.Replayed)
	}
	if r := w.operator("DELETE", "/api/v1/webhooks/"+made.ID, ""); r.status != 204 {
		t.Errorf("deleting: %d", r.status)
	}
	if r := w.operator("POST", "/api/v1/outbox/replay", `{"deliveries":["`+to[0].ID+`"]}`); r.code() != "conflict" {
		t.Errorf("replaying to nobody: %d %s", r.status, r.body)
	}
}

func TestOutboxRefused(t *testing.T) {
	w := newWorld(t, Limits{})
	for _, c := range []struct {
		request, body string
		status        int
		code, paths   string
	}{
		{"POST /api/v1/webhooks", `{}`, 400, "invalid-request", "/url member_missing"},
		{"POST /api/v1/webhooks", `{"url":"ftp://hooks.example/"}`, 400, "invalid-request", "/url url_malformed"},
		{"POST /api/v1/webhooks", `{"url":"https://hooks.example/","events":"award.issued"}`, 400, "invalid-request", "/events array_expected"},
		{"POST /api/v1/webhooks", `{"url":"https://hooks.example/","events":["award.stolen",1]}`, 400, "invalid-request", "/events/1 text_expected, /events/0 value_unknown, /events/1 value_unknown"},
		{"POST /api/v1/webhooks", `{"url":"https://hooks.example/","secret":"mine"}`, 400, "invalid-request", "/secret member_unknown"},
		{"GET /api/v1/webhooks/nothing", ``, 404, "not-found", ""},
		{"DELETE /api/v1/webhooks/nothing", ``, 404, "not-found", ""},
		{"GET /api/v1/outbox/nothing", ``, 404, "not-found", ""},
		{"GET /api/v1/outbox?state=lost", ``, 400, "invalid-request", "?state value_unknown"},
		{"GET /api/v1/outbox?cursor=x", ``, 400, "invalid-request", "?cursor cursor_malformed"},
		{"POST /api/v1/outbox/replay", `{"deliveries":["nothing"]}`, 404, "not-found", ""},
		{"POST /api/v1/outbox/replay", `{"deliveries":[]}`, 400, "invalid-request", "/deliveries member_missing"},
		{"GET /api/v1/audit?cursor=x", ``, 400, "invalid-request", "?cursor cursor_malformed"},
		{"GET /api/v1/audit?chain=installation", ``, 400, "invalid-request", "?chain parameter_unknown"},
		{"GET /local/audit", ``, 404, "not-found", ""},
		{"POST /local/audit/verify", ``, 404, "not-found", ""},
		{"POST /local/audit/checkpoint", ``, 404, "not-found", ""},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		if r := w.operator(method, path, c.body); r.status != c.status || r.code() != c.code || c.paths != "" && r.paths() != c.paths {
			t.Errorf("%s %s:\n%d %s", c.request, c.body, r.status, r.body)
		}
	}
	if r := w.operator("POST", "/api/v1/webhooks", `{"url":"https://hooks.example/"}`, "Idempotency-Key: k"); r.code() != "idempotency-key-malformed" {
		t.Errorf("a secret under an idempotency key: %d %s", r.status, r.body)
	}
	w.token = w.apiKey(issuer.DefaultSlug, issuer.ScopeCredentials)
	for _, path := range []string{"/api/v1/webhooks", "/api/v1/outbox", "/api/v1/audit"} {
		if r := w.operator("GET", path, ""); r.status != 403 {
			t.Errorf("%s for a key without the scope: %d", path, r.status)
		}
	}
}

func TestAuditRoutes(t *testing.T) {
	w := newWorld(t, Limits{})
	badge := w.award(w.achievement(), "")
	w.operator("POST", "/api/v1/credentials/"+badge+"/status", `{"action":"revoke","reason":"error"}`)
	first := answered[listBody[auditEntryBody]](t, w.operator("GET", "/api/v1/audit?limit=2", ""), 200)
	if len(first.Items) != 2 || first.Items[0].Action != storage.ActionRevoke || first.Items[0].Detail != "error" ||
		!strings.HasPrefix(first.Items[0].Actor, "apikey:") || first.Items[1].Sequence != first.Items[0].Sequence-1 {
		t.Errorf("the first page: %+v", first)
	}
	second := answered[listBody[auditEntryBody]](t, w.operator("GET", "/api/v1/audit?limit=100&cursor="+first.Next, ""), 200)
	if len(second.Items) != int(first.Items[1].Sequence)-1 || second.Next != "" {
		t.Errorf("the second page: %+v", second)
	}
	of := answered[listBody[auditEntryBody]](t, w.operator("GET", "/api/v1/audit?object=credential/"+badge+"&action=credential.issue", ""), 200)
	if len(of.Items) != 1 {
		t.Errorf("of one badge: %+v", of)
	}

	// What the operator's own account may see besides.
	w.site.Config.Handler = w.server.Local()
	installation := answered[listBody[auditEntryBody]](t, w.operator("GET", "/local/audit", ""), 200)
	if last := installation.Items[len(installation.Items)-1]; last.Action != storage.ActionCreateStore {
		t.Errorf("the installation's record: %+v", installation)
	}
	made := answered[checkpointBody](t, w.operator("POST", "/local/audit/checkpoint", ""), 200)
	again := answered[checkpointBody](t, w.operator("POST", "/local/audit/checkpoint", ""), 200)
	if !made.New || again.New || made.Note != again.Note || !strings.HasPrefix(made.VerificationKey, "laurel-audit-") {
		t.Errorf("checkpoints %+v and %+v", made, again)
	}
	report := answered[audit.Report](t, w.do(http.MethodPost, "/local/audit/verify", []byte(made.Note)), 200)
	if len(report.Problems) != 0 || report.Checkpoints != 1 || report.External != 1 || len(report.Chains) != 2 {
		t.Errorf("report %+v", report)
	}
	forged := strings.Replace(made.Note, "number 1", "number 2", 1)
	report = answered[audit.Report](t, w.do(http.MethodPost, "/local/audit/verify", []byte(forged)), 200)
	if len(report.Problems) != 1 || report.Problems[0].Code != audit.CodeForged {
		t.Errorf("report of a forged checkpoint %+v", report)
	}
}
