package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"laurel/internal/issuer"
)

func TestRequestsRefused(t *testing.T) {
	w := newWorld(t, Limits{})
	id := w.achievement()
	badge := w.award(id, "")
	const award, status = "POST /api/v1/credentials", "POST /api/v1/credentials/BADGE/status"
	to := `"achievement":"` + id + `","recipient":{"email":"ada@example.org"}`
	for _, c := range []struct {
		request, body string
		status        int
		code, paths   string
	}{
		{award, ``, 400, "empty-input", ""},
		{award, `{`, 400, "json-truncated", ""},
		{award, `[]`, 400, "invalid-request", " object_expected"},
		{award, `{}`, 400, "invalid-request", "/achievement member_missing, /recipient member_missing"},
		{award, `{` + to + `,"Visibility":"off"}`, 400, "invalid-request", "/Visibility member_unknown"},
		{award, `{` + to + `,"visibility":"all"}`, 400, "invalid-request", "/visibility visibility_unknown"},
		{award, `{` + to + `,"visibility":1}`, 400, "invalid-request", "/visibility text_expected"},
		{award, `{` + to + `,"validFrom":"2026-02-30T00:00:00Z"}`, 400, "invalid-request", "/validFrom time_malformed"},
		{award, `{` + to + `,"validUntil":"2020-01-01T00:00:00Z"}`, 400, "invalid-request", "/validUntil period_past"},
		{award, `{` + to + `,"validFrom":"2026-02-01T00:00:00"}`, 400, "invalid-request", "/validFrom time_malformed"},
		{award, `{` + to + `,"validUntil":null}`, 400, "invalid-request", "/validUntil time_malformed"},
		{award, `{` + to + `,"evidence":{}}`, 400, "invalid-request", "/evidence array_expected"},
		{award, `{` + to + `,"evidence":["x"]}`, 400, "invalid-request", "/evidence/0 object_expected"},
		{award, `{` + to + `,"evidence":[{"id":"javascript:alert(1)"}]}`, 400, "invalid-request", "/evidence/0/id uri_unsafe"},
		{award, `{"achievement":"` + id + `","recipient":{}}`, 400, "invalid-request", "/recipient recipient_missing"},
		{award, `{"achievement":"` + id + `","recipient":{"email":"x"}}`, 400, "invalid-request", "/recipient/email email_malformed"},
		{award, `{"achievement":"` + id + `","recipient":"x"}`, 400, "invalid-request", "/recipient object_expected"},
		{award, `{"achievement":"` + id + `","recipient":{"email":"a@example.org","mail":""}}`, 400, "invalid-request", "/recipient/mail member_unknown"},
		{award, `{"achievement":"nothing","recipient":{"email":"a@example.org"}}`, 400, "invalid-request", "/achievement value_unknown"},
		{award, `{"achievement":"../x","recipient":{"email":"a@example.org"}}`, 400, "invalid-request", "/achievement value_unknown"},
		{award, `{"achievement":"a","achievement":"b"}`, 400, "json-duplicate-key", "/achievement duplicate_key"},
		{status, `{"action":"delete"}`, 400, "invalid-request", "/action value_unknown"},
		{status, `{"action":1}`, 400, "invalid-request", "/action text_expected"},
		{status, `{}`, 400, "invalid-request", "/action member_missing"},
		{status, `{"action":"revoke","reason":"No Way"}`, 400, "invalid-request", "/reason reason_malformed"},
		{status, `{"action":"revoke","wording":"` + strings.Repeat("a", 501) + `"}`, 400, "invalid-request", "/wording wording_malformed"},
		{"POST /api/v1/credentials/nothing/status", `{"action":"revoke"}`, 404, "not-found", ""},
		{"GET /api/v1/credentials/nothing", ``, 404, "not-found", ""},
		{"GET /api/v1/achievements/nothing", ``, 404, "not-found", ""},
		{"PUT /api/v1/achievements/nothing", mentor, 404, "not-found", ""},
		{"POST /api/v1/achievements", `{"name":"x"}`, 400, "invalid-request", ""},
		{"POST /api/v1/achievements", `{"name":"x","description":"x","criteria":{"narrative":"x"},"id":"https://example.org"}`, 400, "invalid-request", "/id id_assigned"},
		{"POST /api/v1/achievements", `{"name":"x","description":"x","criteria":{"narrative":"x"},"colour":"red"}`, 400, "invalid-request", "/colour not_covered"},
		{"GET /api/v1/credentials?limit=0", ``, 400, "invalid-request", "?limit limit_malformed"},
		{"GET /api/v1/credentials?limit=101", ``, 400, "invalid-request", "?limit limit_malformed"},
		{"GET /api/v1/credentials?limit=", ``, 400, "invalid-request", "?limit limit_malformed"},
		{"GET /api/v1/credentials?cursor=x", ``, 400, "invalid-request", "?cursor cursor_malformed"},
		{"GET /api/v1/credentials?page=2&state=gone", ``, 400, "invalid-request", "?page parameter_unknown"},
		{"GET /api/v1/credentials?state=gone", ``, 400, "invalid-request", "?state value_unknown"},
		{"GET /api/v1/achievements?limit=1&limit=2", ``, 400, "invalid-request", "?limit parameter_unknown"},
	} {
		method, path, _ := strings.Cut(strings.Replace(c.request, "BADGE", badge, 1), " ")
		r := w.operator(method, path, c.body)
		if r.status != c.status || r.code() != c.code || c.paths != "" && r.paths() != c.paths {
			t.Errorf("%s %s:\n%d %s", c.request, c.body, r.status, r.body)
		}
	}
	if r := w.do("POST", "/api/v1/credentials", []byte("{}"), "Authorization: Bearer "+w.token, "Content-Type: text/plain"); r.code() != "unsupported-media-type" {
		t.Errorf("an award as text: %d %s", r.status, r.body)
	}
	if r := w.do("POST", "/api/v1/credentials", bytes.Repeat([]byte(" "), 2<<20), "Authorization: Bearer "+w.token, "Content-Type: application/json"); r.code() != "too-large" {
		t.Errorf("a large award: %d %s", r.status, r.body)
	}
}

func TestLists(t *testing.T) {
	w := newWorld(t, Limits{})
	a, b := w.achievement(), w.achievement()
	var want []string
	for i := range 5 {
		want = append([]string{w.award([]string{a, b}[i%2], "")}, want...)
	}
	var got []string
	path := "/api/v1/credentials?limit=2"
	for cursor := "first"; cursor != ""; {
		r := w.operator("GET", path, "")
		var page listBody[credentialBody]
		w.must(json.Unmarshal(r.body, &page))
		if len(page.Items) > 2 || bytes.Contains(r.body, []byte(`"credential":`)) {
			t.Errorf("a page of a list is %s", r.body)
		}
		for _, item := range page.Items {
			got = append(got, item.ID)
		}
		cursor = page.Next
		path = "/api/v1/credentials?limit=2&cursor=" + cursor
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the list is %v, want %v", got, want)
	}
	r := w.operator("GET", "/api/v1/credentials?state=issued&achievement="+b, "")
	var page listBody[credentialBody]
	w.must(json.Unmarshal(r.body, &page))
	if len(page.Items) != 2 || page.Next != "" {
		t.Errorf("the filtered list is %s", r.body)
	}
	if r := w.operator("GET", "/api/v1/credentials?state=revoked", ""); string(r.body) != `{"items":[]}`+"\n" {
		t.Errorf("an empty list is %s", r.body)
	}
	one := w.operator("GET", "/api/v1/credentials/"+want[0], "")
	if !bytes.Contains(one.body, w.get("/credentials/"+want[0]).body) {
		t.Error("the operators' view has not the badge byte for byte")
	}
	if r := w.operator("GET", "/api/v1/achievements", ""); r.status != 200 || strings.Count(string(r.body), `"version":1`) != 2 {
		t.Errorf("achievements: %s", r.body)
	}
}

func TestAchievementVersions(t *testing.T) {
	w := newWorld(t, Limits{})
	id := w.achievement()
	before := w.get("/credentials/" + w.award(id, "")).body
	r := w.operator("PUT", "/api/v1/achievements/"+id, strings.Replace(mentor, "Peer mentor", "Senior mentor", 1))
	if r.status != 200 || !bytes.Contains(r.body, []byte(`"version":2`)) {
		t.Fatalf("updating: %d %s", r.status, r.body)
	}
	after := w.get("/credentials/" + w.award(id, "")).body
	if !bytes.Contains(before, []byte("Peer mentor")) || !bytes.Contains(after, []byte("Senior mentor")) {
		t.Error("a badge has not the text of its version")
	}
	public := w.get("/achievements/" + id)
	if public.header.Get("Content-Type") != "application/ld+json" || !bytes.Contains(public.body, []byte("Senior mentor")) {
		t.Errorf("the achievement is %s", public.body)
	}
}

func TestIdempotency(t *testing.T) {
	w := newWorld(t, Limits{})
	id := w.achievement()
	body := `{"achievement":"` + id + `","recipient":{"id":"did:example:ada"}}`
	for _, path := range []string{"/api/v1/credentials", "/api/v1/achievements"} {
		body := body
		if path == "/api/v1/achievements" {
			body = mentor
		}
		first := w.operator("POST", path, body, "Idempotency-Key: ~one key~"+path)
		second := w.operator("POST", path, body, "Idempotency-Key: ~one key~"+path)
		if first.status != 201 || first.header.Get("Idempotency-Replayed") != "" || first.header.Get("Location") == "" {
			t.Fatalf("%s: %d %v %s", path, first.status, first.header, first.body)
		}
		if second.status != 201 || !bytes.Equal(second.body, first.body) || second.header.Get("Idempotency-Replayed") != "true" || second.header.Get("Location") != first.header.Get("Location") {
			t.Errorf("%s again: %d %v %s", path, second.status, second.header, second.body)
		}
		if r := w.operator("POST", path, body+" ", "Idempotency-Key: ~one key~"+path); r.status != 422 || r.code() != "idempotency-mismatch" {
			t.Errorf("%s with another body: %d %s", path, r.status, r.body)
		}
		if r := w.operator("POST", path, body, "Idempotency-Key: another"+path); r.status != 201 || bytes.Equal(r.body, first.body) {
			t.Errorf("%s with another key: %d %s", path, r.status, r.body)
		}
	}
	// Another API key has keys of its own.
	w.token = w.apiKey(issuer.DefaultSlug, issuer.ScopeCredentials)
	if r := w.operator("POST", "/api/v1/credentials", body+" ", "Idempotency-Key: ~one key~/api/v1/credentials"); r.status != 201 {
		t.Errorf("another API key with the same key: %d %s", r.status, r.body)
	}
	for _, key := range []string{"", strings.Repeat("a", 129), "käse"} {
		r := w.operator("POST", "/api/v1/credentials", body, "Idempotency-Key: "+key)
		if r.status != 400 || r.code() != "idempotency-key-malformed" {
			t.Errorf("key %q: %d %s", key, r.status, r.body)
		}
	}
	if r := w.operator("POST", "/api/v1/credentials", body, "Idempotency-Key: a", "Idempotency-Key: b"); r.code() != "idempotency-key-malformed" {
		t.Errorf("two keys: %d %s", r.status, r.body)
	}
	badge := w.award(id, "")
	change := func() reply {
		return w.operator("POST", "/api/v1/credentials/"+badge+"/status", `{"action":"revoke"}`, "Idempotency-Key: revoke")
	}
	if first, second := change(), change(); second.status != 200 || second.header.Get("Idempotency-Replayed") != "true" || !bytes.Equal(first.body, second.body) {
		t.Errorf("revoking again: %d %v %s", second.status, second.header, second.body)
	}
}

func TestWhoMayWhat(t *testing.T) {
	w := newWorld(t, Limits{})
	id := w.achievement()
	badge := w.award(id, "")
	achievements, credentials := w.apiKey(issuer.DefaultSlug, issuer.ScopeAchievements), w.apiKey(issuer.DefaultSlug, issuer.ScopeCredentials)
	_, err := w.issuer.CreateIssuer(t.Context(), "cli", "physics", issuer.Institution{Name: "Department of Physics"})
	w.must(err)
	foreign := w.apiKey("physics", issuer.ScopeAdmin)
	for _, c := range []struct {
		authorization, request string
		status                 int
		code                   string
	}{
		{"", "GET /api/v1/credentials", 401, "unauthorized"},
		{"", "POST /api/v1/credentials", 401, "unauthorized"},
		{"", "GET /api/v1/keys", 401, "unauthorized"},
		{"Bearer", "GET /api/v1/credentials", 401, "unauthorized"},
		{"Bearer x", "GET /api/v1/credentials", 401, "unauthorized"},
		{"Basic " + w.token, "GET /api/v1/credentials", 401, "unauthorized"},
		{w.token, "GET /api/v1/credentials", 401, "unauthorized"},
		{"Bearer " + w.token[:len(w.token)-1] + "!", "GET /api/v1/credentials", 401, "unauthorized"},
		{"Bearer " + w.token + "a", "GET /api/v1/credentials", 401, "unauthorized"},
		{"bearer " + w.token, "GET /api/v1/credentials", 200, ""},
		{"Bearer " + achievements, "GET /api/v1/achievements", 200, ""},
		{"Bearer " + achievements, "GET /api/v1/credentials", 403, "insufficient-scope"},
		{"Bearer " + achievements, "GET /api/v1/keys", 403, "insufficient-scope"},
		{"Bearer " + credentials, "GET /api/v1/credentials", 200, ""},
		{"Bearer " + credentials, "GET /api/v1/achievements", 403, "insufficient-scope"},
		{"Bearer " + credentials, "POST /api/v1/keys/rotate", 403, "insufficient-scope"},
		{"Bearer " + foreign, "GET /api/v1/credentials", 200, ""},
		{"Bearer " + foreign, "GET /api/v1/credentials/" + badge, 404, "not-found"},
		{"Bearer " + foreign, "GET /api/v1/achievements/" + id, 404, "not-found"},
		{"Bearer " + foreign, "POST /api/v1/keys/key-9/retire", 404, "not-found"},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		var headers []string
		if c.authorization != "" {
			headers = []string{"Authorization: " + c.authorization}
		}
		r := w.do(method, path, nil, headers...)
		if r.status != c.status || r.code() != c.code {
			t.Errorf("%q %s: %d %s", c.authorization, c.request, r.status, r.body)
		}
		if r.status == 401 && !strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: no challenge", c.request)
		}
	}
	// What belongs to another is answered byte for byte like what never was.
	w.token = foreign
	for _, path := range []string{"/api/v1/credentials/", "/api/v1/achievements/"} {
		id := map[string]string{"/api/v1/credentials/": badge, "/api/v1/achievements/": id}[path]
		theirs, nobodys := w.operator("GET", path+id, ""), w.operator("GET", path+strings.Repeat("A", len(id)), "")
		if !bytes.Equal(theirs.body, nobodys.body) || theirs.status != nobodys.status {
			t.Errorf("%s: %s differs from %s", path, theirs.body, nobodys.body)
		}
	}
	if r := w.operator("POST", "/api/v1/credentials/"+badge+"/status", `{"action":"revoke"}`); r.status != 404 {
		t.Errorf("revoking another's badge: %d", r.status)
	}
	if r := w.operator("PUT", "/api/v1/achievements/"+id, mentor); r.status != 404 {
		t.Errorf("changing another's achievement: %d", r.status)
	}
	if r := w.operator("POST", "/api/v1/credentials", `{"achievement":"`+id+`","recipient":{"id":"did:example:a"}}`); r.status != 400 || r.paths() != "/achievement value_unknown" {
		t.Errorf("awarding another's achievement: %d %s", r.status, r.body)
	}
	// An issuer of its own.
	for _, path := range []string{"/issuers/physics", "/issuers/physics/did.json", "/issuers/default", "/.well-known/did.json"} {
		if r := w.get(path); r.status != 200 || !bytes.Contains(r.body, []byte(`"assertionMethod"`)) {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	if r := w.get("/issuers/chemistry"); r.status != 404 {
		t.Errorf("an issuer that is not there: %d", r.status)
	}
}

func TestCrossOriginRequests(t *testing.T) {
	w := newWorld(t, Limits{})
	for _, headers := range [][]string{{"Sec-Fetch-Site: cross-site"}, {"Origin: https://evil.example"}} {
		if r := w.operator("POST", "/api/v1/keys/rotate", "", headers...); r.status != 403 || r.code() != "cross-origin" {
			t.Errorf("%v: %d %s", headers, r.status, r.body)
		}
	}
	if r := w.operator("POST", "/api/v1/keys/rotate", "", "Sec-Fetch-Site: same-origin"); r.status != 200 {
		t.Errorf("same origin: %d %s", r.status, r.body)
	}
	if r := w.do("POST", "/verify", []byte(`{}`), "Content-Type: application/json", "Origin: https://app.example", "Sec-Fetch-Site: cross-site"); r.status != 200 || r.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("checking from another website: %d %v", r.status, r.header)
	}
}

func TestLocalSocket(t *testing.T) {
	w := newWorld(t, Limits{})
	w.site.Config.Handler = w.server.Local()
	id := w.achievement() // the API key does no harm
	r := w.do("POST", "/api/v1/credentials", []byte(`{"achievement":"`+id+`","recipient":{"id":"did:example:ada"}}`), "Content-Type: application/json")
	if r.status != http.StatusCreated {
		t.Fatalf("awarding: %d %s", r.status, r.body)
	}
	if r := w.get("/api/v1/keys"); r.status != 200 {
		t.Errorf("keys: %d %s", r.status, r.body)
	}
	if r := w.get("/credentials/x"); r.status != 404 {
		t.Errorf("public routes: %d", r.status)
	}
	if !strings.Contains(w.log.String(), `"actor":"cli"`) {
		t.Error("the log does not say who it was")
	}
}
