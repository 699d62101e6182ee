package server

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"laurel/credential"
)

const browser = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

func TestContentNegotiation(t *testing.T) {
	w := newWorld(t, Limits{})
	id := w.achievement()
	badge := w.award(id, "")
	kid := keyID(t, w)
	const page = "text/html; charset=utf-8"
	for _, c := range []struct{ path, accept, want string }{
		{"/credentials/" + badge, "", "application/vc+ld+json"},
		{"/credentials/" + badge, "*/*", "application/vc+ld+json"},
		{"/credentials/" + badge, "application/vc", "application/vc"},
		{"/credentials/" + badge, "application/json", "application/json"},
		{"/credentials/" + badge, "application/ld+json;q=0.5, application/vc;q=0.6", "application/vc"},
		{"/credentials/" + badge, "text/html", page},
		{"/credentials/" + badge, browser[8:], page},
		{"/credentials/" + badge, "text/html, application/json", "application/json"},
		{"/credentials/" + badge, "text/html;q=0.5, application/json;q=0.4", page},
		{"/credentials/" + badge, "image/png", "application/vc+ld+json"},
		{"/credentials/" + badge, "text/html;q=nonsense", "application/vc+ld+json"},
		{"/credentials/" + badge + ".json", browser[8:], "application/vc+ld+json"},
		{"/.well-known/did.json", "", "application/did+json"},
		{"/.well-known/did.json", "application/did+json", "application/did+json"},
		{"/.well-known/did.json", "application/json", "application/json"},
		{"/.well-known/did.json", "application/did+ld+json, application/json;q=0.9", "application/did+ld+json"},
		{"/.well-known/did.json", browser[8:], "application/did+json"},
		{"/issuers/default", "application/json", "application/json"},
		{"/issuers/default", "application/cid", "application/cid"},
		{"/issuers/default", "", "application/ld+json"},
		{"/issuers/default", browser[8:], page},
		{"/achievements/" + id, "", "application/ld+json"},
		{"/achievements/" + id, browser[8:], page},
		{"/.well-known/jwks.json", "", "application/jwk-set+json"},
		{"/.well-known/jwks.json", "application/json", "application/json"},
		{"/keys/" + kid, "", "application/jwk+json"},
		{statusPath(t, w, badge), "", "application/vc"},
		{statusPath(t, w, badge), "application/ld+json, application/json", "application/ld+json"},
		{"/verify", "application/json", page},
		{"/", "", page},
		{"/privacy", "", page},
		{"/static/style.css", "", "text/css; charset=utf-8"},
		{"/nowhere", browser[8:], page},
		{"/nowhere", "", "application/problem+json"},
		{"/credentials/nothing", "application/json", "application/problem+json"},
		{"/credentials/nothing", "text/html", page},
	} {
		var headers []string
		if c.accept != "" {
			headers = []string{"Accept: " + c.accept}
		}
		r := w.get(c.path, headers...)
		if got := r.header.Get("Content-Type"); got != c.want {
			t.Errorf("%s for %q: %d %s, want %s", c.path, c.accept, r.status, got, c.want)
		}
		if c.want != page && strings.HasPrefix(c.path, "/credentials/") && r.status == 200 {
			if parsed, err := credential.Parse(r.body); err != nil || !parsed.IsBadge() {
				t.Errorf("%s for %q is no badge: %v", c.path, c.accept, err)
			}
		}
	}
}

// statusPath is where the status list of a badge is.
func statusPath(t *testing.T, w *world, badge string) string {
	t.Helper()
	parsed, err := credential.Parse(w.get("/credentials/" + badge).body)
	if err != nil {
		t.Fatal(err)
	}
	list := parsed.AchievementCredential().CredentialStatus[0].StatusListCredential
	path, ok := strings.CutPrefix(list, testURL)
	if !ok {
		t.Fatalf("the status list is at %s", list)
	}
	return path
}

func keyID(t *testing.T, w *world) string {
	t.Helper()
	all, err := w.ring.List(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	return all[0].Thumbprint
}

func TestStatusListCaching(t *testing.T) {
	w := newWorld(t, Limits{})
	badge := w.award(w.achievement(), "")
	path := statusPath(t, w, badge)
	first := w.get(path)
	etag := first.header.Get("ETag")
	age, err := strconv.Atoi(strings.TrimPrefix(first.header.Get("Cache-Control"), "public, max-age="))
	if first.status != 200 || len(etag) < 4 || etag[0] != '"' || err != nil || age < 1 {
		t.Fatalf("%d %v", first.status, first.header)
	}
	for _, tags := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
		r := w.get(path, "If-None-Match: "+tags)
		if r.status != 304 || len(r.body) != 0 || r.header.Get("ETag") != etag || r.header.Get("Cache-Control") == "" {
			t.Errorf("%s: %d %v", tags, r.status, r.header)
		}
	}
	for _, tags := range []string{`"other"`, strings.Trim(etag, `"`), ""} {
		if r := w.get(path, "If-None-Match: "+tags); r.status != 200 {
			t.Errorf("%s: %d", tags, r.status)
		}
	}
	if r := w.operator("POST", "/api/v1/credentials/"+badge+"/status", `{"action":"revoke"}`); r.status != 200 {
		t.Fatalf("revoking: %d", r.status)
	}
	after := w.get(path, "If-None-Match: "+etag)
	if after.status != 200 || after.header.Get("ETag") == etag || bytes.Equal(after.body, first.body) {
		t.Errorf("after a revocation the list is %d", after.status)
	}
	if strings.Contains(w.log.String(), path) || strings.Contains(w.log.String(), "127.0.0.1") {
		t.Error("the log says who read which list")
	}
}

func TestVisibility(t *testing.T) {
	w := newWorld(t, Limits{})
	id := w.achievement()
	off, link, public := w.award(id, `,"visibility":"off"`), w.award(id, ""), w.award(id, `,"visibility":"public"`)
	for _, form := range []string{"", ".json"} {
		for _, accept := range []string{"Accept: application/json", browser} {
			hidden, absent := w.get("/credentials/"+off+form, accept), w.get("/credentials/"+strings.Repeat("A", len(off))+form, accept)
			if hidden.status != 404 || !bytes.Equal(hidden.body, absent.body) {
				t.Errorf("hidden: %d %s", hidden.status, hidden.body)
			}
			if diff := differentHeaders(hidden.header, absent.header); len(diff) > 0 {
				t.Errorf("hidden and absent differ in %v", diff)
			}
			if r := w.get("/credentials/"+link+form, accept); r.status != 200 || r.header.Get("X-Robots-Tag") != "noindex" {
				t.Errorf("by link: %d %v", r.status, r.header)
			}
			if r := w.get("/credentials/"+public+form, accept); r.status != 200 || r.header.Get("X-Robots-Tag") != "" {
				t.Errorf("public: %d %v", r.status, r.header)
			}
		}
	}
	for _, odd := range []string{"x", "%00", "..", ".json", "a%2Fb", strings.Repeat("a", 5000), "%ff"} {
		if r := w.get("/credentials/" + odd); r.status != 404 || r.code() != "not-found" {
			t.Errorf("%.20q: %d %s", odd, r.status, r.body)
		}
	}
	if r := w.operator("GET", "/api/v1/credentials/"+off, ""); r.status != 200 {
		t.Errorf("operators see a hidden award as %d", r.status)
	}
}

func TestErasedBadge(t *testing.T) {
	w := newWorld(t, Limits{})
	id := w.award(w.achievement(), "")
	stored, err := w.store.Credential(t.Context(), "default", id)
	w.must(err)
	act := w.server.act("cli")
	_, err = w.store.EraseSubject(t.Context(), act, "default", stored.Subject)
	w.must(err)
	if r := w.get("/credentials/" + id); r.status != 410 || r.code() != "gone" {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := w.operator("GET", "/api/v1/credentials/"+id, ""); r.status != 200 || !bytes.Contains(r.body, []byte(`"erased"`)) {
		t.Errorf("operators see %d %s", r.status, r.body)
	}
}

func differentHeaders(a, b http.Header) []string {
	var names []string
	for name := range a {
		if name != "X-Request-Id" && name != "Date" && a.Get(name) != b.Get(name) {
			names = append(names, name)
		}
	}
	return names
}

func TestMethods(t *testing.T) {
	w := newWorld(t, Limits{})
	badge := w.award(w.achievement(), "")
	open := []string{"/.well-known/did.json", "/.well-known/jwks.json", "/issuers/default", "/credentials/" + badge, statusPath(t, w, badge), "/keys/" + keyID(t, w)}
	for _, path := range append([]string{"/", "/privacy", "/verify", "/healthz", "/readyz", "/api/v1/openapi.json", "/static/style.css"}, open...) {
		get, head := w.get(path), w.do("HEAD", path, nil)
		if get.status != 200 || head.status != 200 || len(head.body) != 0 || head.header.Get("Content-Length") != strconv.Itoa(len(get.body)) {
			t.Errorf("HEAD %s: %d %v for %d bytes", path, head.status, head.header, len(get.body))
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"} {
			if method == "POST" && path == "/verify" {
				continue
			}
			r := w.do(method, path, nil)
			if r.status != 405 || r.code() != "method-not-allowed" || !slices.Contains(strings.Split(r.header.Get("Allow"), ", "), "HEAD") {
				t.Errorf("%s %s: %d %q %s", method, path, r.status, r.header.Get("Allow"), r.body)
			}
		}
		preflight := w.do("OPTIONS", path, nil, "Origin: https://app.example", "Access-Control-Request-Method: GET")
		wantOpen := slices.Contains(open, path) || path == "/verify"
		if preflight.status != 204 || (preflight.header.Get("Access-Control-Allow-Origin") == "*") != wantOpen {
			t.Errorf("OPTIONS %s: %d %v", path, preflight.status, preflight.header)
		}
		if slices.Contains(open, path) && get.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s is closed to other websites", path)
		}
	}
	if r := w.get("/api/v1/keys", "Origin: https://app.example", "Authorization: Bearer "+w.token); r.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("the operators' API is open to other websites")
	}
	for _, path := range []string{"/verify/", "//verify", "/VERIFY", "/credentials", "/credentials/", "/api", "/api/v2/credentials", "/debug/pprof/", "/metrics", "/.git/config", "/static/", "/static/../verify"} {
		if r := w.do("GET", path, nil); r.status != 404 {
			t.Errorf("%s: %d %v", path, r.status, r.header)
		}
	}
}

func TestHeaders(t *testing.T) {
	w := newWorld(t, Limits{})
	for _, path := range []string{"/verify", "/nowhere", "/api/v1/keys", "/.well-known/did.json"} {
		r := w.get(path, browser)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Cross-Origin-Opener-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000",
		} {
			if r.header.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, r.header.Get(name))
			}
		}
		policy := r.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy %q has no %s", path, policy, part)
			}
		}
		if strings.Contains(policy, "script-src") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
		if len(r.header.Get("X-Request-Id")) != 24 || r.header.Get("Set-Cookie") != "" || r.header.Get("Server") != "" {
			t.Errorf("%s: %v", path, r.header)
		}
	}
	// The Host header says nothing here.
	request, err := http.NewRequestWithContext(t.Context(), "GET", w.site.URL+"/api/v1/openapi.json", nil)
	w.must(err)
	request.Host = "evil.example"
	response, err := w.site.Client().Do(request)
	w.must(err)
	defer response.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(response.Body)
	w.must(err)
	if strings.Contains(body.String(), "evil") || strings.Contains(response.Header.Get("Location"), "evil") {
		t.Error("the host of a request is believed")
	}
	plain, err := New(Config{Verifier: w.server.verifier, PublicURL: "http://localhost:8080"})
	w.must(err)
	w.site.Config.Handler = plain.Handler()
	if r := w.get("/healthz"); r.header.Get("Strict-Transport-Security") != "" {
		t.Error("a plain server asks for https")
	}
}

func TestCanaries(t *testing.T) {
	w := newWorld(t, Limits{})
	id := w.achievement()
	const mail, name, key = "canary-mail@example.org", "Canary Name", "canary-idempotency"
	body := `{"achievement":"` + id + `","recipient":{"email":"` + mail + `","name":"` + name + `"},"evidence":[{"id":"https://example.org/canary-evidence","name":"canary"}]}`
	r := w.operator("POST", "/api/v1/credentials", body, "Idempotency-Key: "+key)
	if r.status != 201 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	location := strings.TrimPrefix(r.header.Get("Location"), testURL)
	badge := w.get(location)
	_ = w.get(location, browser)
	_ = w.get(location + "?email=" + mail)
	_ = w.get("/credentials/" + mail)
	_ = w.get("/" + mail)
	_ = w.verify(badge.body)
	_ = w.do("POST", "/verify", []byte(body[:len(body)-3]), "Content-Type: application/json")
	_ = w.operator("POST", "/api/v1/credentials", strings.Replace(body, "@", "", 1))
	_ = w.operator("POST", "/api/v1/credentials", `{"`+mail+`":1}`)
	_ = w.get("/api/v1/credentials?cursor="+mail, "Authorization: Bearer "+w.token)
	_ = w.get("/api/v1/credentials", "Authorization: Bearer "+w.token+"x")
	w.must(w.store.Close())
	_ = w.operator("POST", "/api/v1/credentials", body)
	_ = w.get(location)
	w.pass(time.Second)
	log := w.log.String()
	for _, canary := range []string{mail, "canary", "Canary", w.token, w.token[len(w.token)-20:], strings.TrimPrefix(location, "/credentials/"), "127.0.0.1"} {
		if strings.Contains(log, canary) {
			t.Errorf("%q is in the log", canary)
		}
	}
	if strings.Count(log, "\n") < 13 || !strings.Contains(log, `"route":"/credentials/:id"`) {
		t.Errorf("the log is\n%s", log)
	}
	if bytes.Contains(badge.body, []byte(mail)) {
		t.Error("the badge has its holder's e-mail address")
	}
}
