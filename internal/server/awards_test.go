package server

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"laurel/internal/award"
	"laurel/internal/issuer"
	"laurel/storage"
	"laurel/verifier"
)

// upload sends a file of people. fields are given as "name=value".
func (w *world) upload(token, file string, fields ...string) reply {
	w.Helper()
	parts := [][3]string{{"file", "people.csv", file}}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		parts = append(parts, [3]string{name, "-", value})
	}
	body, contentType := form(w.TB.(*testing.T), parts...)
	return w.do("POST", "/api/v1/awards", body, "Authorization: Bearer "+token, contentType)
}

func (w *world) job(r reply) (job award.Job) {
	w.Helper()
	if r.status >= 300 {
		w.Fatalf("%d %s", r.status, r.body)
	}
	w.must(json.Unmarshal(r.body, &job))
	return job
}

const people = "E-mail;Naam\r\nada@example.org;Ada\r\nnobody;B\r\ngrace@example.org;Grace\r\nADA@example.org;Ada\r\n"

// TestBulkAward: a file, the dry run, the confirmation, the events, the badges,
// and the same file again.
func TestBulkAward(t *testing.T) {
	w := newWorld(t, Limits{})
	achievement := "achievement=" + w.achievement()
	r := w.upload(w.token, people, achievement, "column=name=Naam", "visibility=public", "validUntil=2031-01-01T00:00:00Z")
	job := w.job(r)
	if r.status != http.StatusAccepted || r.header.Get("Location") != testURL+"/api/v1/awards/"+job.ID || job.State != storage.AwardDraft {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if job.Total != 4 || job.Valid != 2 || job.BadRows != 2 || len(job.Bad) != 2 || job.Bad[0].Row != 3 || job.Bad[0].Column != "E-mail" || job.Bad[1].Row != 5 {
		t.Errorf("draft %s", r.body)
	}
	if list := w.operator("GET", "/api/v1/credentials", ""); strings.Contains(string(list.body), `"id"`) {
		t.Errorf("signed before it was confirmed: %s", list.body)
	}
	path := "/api/v1/awards/" + job.ID
	if r := w.operator("GET", path+"/bad-rows", ""); r.status != 200 || !strings.Contains(string(r.body), "nobody;B;Row 3. E-mail: This is not an e-mail address.\r\n") || r.header.Get("Content-Disposition") != "attachment; filename=bad-rows.csv" {
		t.Errorf("bad rows: %d %s", r.status, r.body)
	}
	if job := w.job(w.operator("POST", path+"/confirm", "")); job.State != storage.AwardConfirmed {
		t.Errorf("confirmed: %+v", job)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- w.awards.Run(ctx, nil) }()
	names := w.events(path)
	cancel()
	w.must(<-ran)
	if names[len(names)-1] != "done" {
		t.Errorf("events %v", names)
	}
	job = w.job(w.operator("GET", path, ""))
	if job.State != storage.AwardDone || job.Issued != 2 {
		t.Errorf("done: %+v", job)
	}
	var list listBody[credentialBody]
	w.must(json.Unmarshal(w.operator("GET", "/api/v1/credentials", "").body, &list))
	for _, c := range list.Items {
		if report := w.verify(w.get("/credentials/" + c.ID).body); report.Verdict != verifier.VerdictValid || c.Visibility != storage.VisibilityPublic || c.ValidUntil.IsZero() {
			t.Errorf("%s: %+v", report.Verdict, c)
		}
	}
	again := w.job(w.upload(w.token, people, achievement))
	if len(list.Items) != 2 || again.Valid != 0 || again.AlreadyAwarded != 2 || again.BadRows != 2 {
		t.Errorf("%d badges; again %+v", len(list.Items), again)
	}
	if job := w.job(w.operator("POST", "/api/v1/awards/"+again.ID+"/cancel", "{}")); job.State != storage.AwardCancelled {
		t.Errorf("cancelled: %+v", job)
	}
	if r := w.operator("POST", "/api/v1/awards/"+again.ID+"/confirm", `{"startAt":"2026-05-01T00:00:00Z"}`); r.code() != "conflict" {
		t.Errorf("confirming what is cancelled: %d %s", r.status, r.body)
	}
	var jobs listBody[award.Job]
	if r := w.operator("GET", "/api/v1/awards?limit=1", ""); json.Unmarshal(r.body, &jobs) != nil || len(jobs.Items) != 1 || jobs.Items[0].ID != again.ID || jobs.Next == "" {
		t.Errorf("list: %s", r.body)
	}
}

// events reads the events of a job to their end and returns their names.
func (w *world) events(path string) (names []string) {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), "GET", w.site.URL+path+"/events", nil)
	w.must(err)
	request.Header.Set("Authorization", "Bearer "+w.token)
	response, err := w.site.Client().Do(request)
	w.must(err)
	defer response.Body.Close()
	if response.Header.Get("Content-Type") != "text/event-stream" {
		w.Fatalf("%s %v", response.Status, response.Header)
	}
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		name, isName := strings.CutPrefix(lines.Text(), "event: ")
		data, isData := strings.CutPrefix(lines.Text(), "data: ")
		switch {
		case isName:
			names = append(names, name)
		case isData:
			var job award.Job
			if err := json.Unmarshal([]byte(data), &job); err != nil || string(job.State) != names[len(names)-1] {
				w.Errorf("%s: %v", data, err)
			}
		case lines.Text() != "":
			w.Errorf("line %q", lines.Text())
		}
	}
	return names
}

// TestEventsEndWithTheServer: a stream does not keep a server from stopping.
func TestEventsEndWithTheServer(t *testing.T) {
	w := newWorld(t, Limits{})
	job := w.job(w.upload(w.token, people, "achievement="+w.achievement()))
	site := httptest.NewUnstartedServer(nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.server.Run(ctx, Listener{Listener: site.Listener}) }()
	request, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+site.Listener.Addr().String()+"/api/v1/awards/"+job.ID+"/events", nil)
	w.must(err)
	request.Header.Set("Authorization", "Bearer "+w.token)
	response, err := http.DefaultClient.Do(request)
	w.must(err)
	defer response.Body.Close()
	line, err := bufio.NewReader(response.Body).ReadString('\n')
	if err != nil || line != "event: draft\n" {
		t.Fatalf("%q, %v", line, err)
	}
	start := time.Now()
	cancel()
	w.must(<-done)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("stopping took %s", took)
	}
}

func TestBulkAwardRefused(t *testing.T) {
	w := newWorld(t, Limits{})
	achievement := "achievement=" + w.achievement()
	w.issuerOf("law")
	for name, c := range map[string]struct {
		r           reply
		status      int
		code, paths string
	}{
		"no achievement":      {w.upload(w.token, people), 400, "invalid-request", "/achievement member_missing"},
		"another's":           {w.upload(w.apiKey("law", issuer.ScopeCredentials), people, achievement), 400, "invalid-request", "/achievement achievement_unknown"},
		"no such achievement": {w.upload(w.token, people, "achievement=x"), 400, "invalid-request", "/achievement achievement_unknown"},
		"two achievements":    {w.upload(w.token, people, achievement, achievement), 400, "invalid-request", "/achievement too_many"},
		"an unknown field":    {w.upload(w.token, people, achievement, "x=y"), 400, "invalid-request", "/x member_unknown"},
		"a column":            {w.upload(w.token, people, achievement, "column=email"), 400, "invalid-request", "/column column_malformed"},
		"an unknown column":   {w.upload(w.token, people, achievement, "column=email=Mail"), 400, "invalid-request", "/column column_unknown"},
		"a time":              {w.upload(w.token, people, achievement, "validUntil=2031"), 400, "invalid-request", "/validUntil time_malformed"},
		"days":                {w.upload(w.token, people, achievement, "claimDays=ten"), 400, "invalid-request", "/claimDays claim_days_malformed"},
		"a long field":        {w.upload(w.token, people, achievement, "sheet="+strings.Repeat("x", 5000)), 400, "invalid-request", "/sheet too_long"},
		"a picture":           {w.upload(w.token, "\x89PNG\r\n\x1a\n\x00\x00", achievement), 400, "invalid-request", "/file format_unknown"},
		"two files":           {w.upload(w.token, people, achievement, "file=x"), 400, "invalid-request", "/file too_many"},
		"too large":           {w.upload(w.token, strings.Repeat("x", maxUpload+1), achievement), 413, "too-large", ""},
		"no form":             {w.operator("POST", "/api/v1/awards", `{}`), 415, "unsupported-media-type", ""},
		"another scope":       {w.upload(w.apiKey(issuer.DefaultSlug, issuer.ScopeAchievements), people, achievement), 403, "insufficient-scope", ""},
		"nobody":              {w.upload("x", people, achievement), 401, "unauthorized", ""},
		"no such job":         {w.operator("GET", "/api/v1/awards/nothing", ""), 404, "not-found", ""},
		"no such events":      {w.operator("GET", "/api/v1/awards/nothing/events", ""), 404, "not-found", ""},
		"no such bad rows":    {w.operator("GET", "/api/v1/awards/nothing/bad-rows", ""), 404, "not-found", ""},
		"confirming nothing":  {w.operator("POST", "/api/v1/awards/nothing/confirm", ""), 404, "not-found", ""},
		"confirming at":       {w.operator("POST", "/api/v1/awards/nothing/confirm", `{"startAt":"soon"}`), 400, "invalid-request", "/startAt time_malformed"},
		"cancelling nothing":  {w.operator("POST", "/api/v1/awards/nothing/cancel", ""), 404, "not-found", ""},
	} {
		if c.r.status != c.status || c.r.code() != c.code || c.paths != "" && c.r.paths() != c.paths {
			t.Errorf("%s: %d %s", name, c.r.status, c.r.body)
		}
	}
	// A job of one issuer is none of another's.
	job := w.job(w.upload(w.token, people, achievement))
	stranger := "Authorization: Bearer " + w.apiKey("law", issuer.ScopeAdmin)
	for _, request := range []string{"GET ", "GET /bad-rows", "GET /events", "POST /confirm", "POST /cancel"} {
		method, path, _ := strings.Cut(request, " ")
		foreign := w.do(method, "/api/v1/awards/"+job.ID+path, nil, stranger)
		absent := w.do(method, "/api/v1/awards/"+strings.Repeat("a", 26)+path, nil, stranger)
		if foreign.status != 404 || string(foreign.body) != string(absent.body) {
			t.Errorf("%s: %d %s", request, foreign.status, foreign.body)
		}
	}
}

func (w *world) issuerOf(slug string) {
	w.Helper()
	_, err := w.issuer.CreateIssuer(w.Context(), "cli", slug, issuer.Institution{Name: slug})
	w.must(err)
}
