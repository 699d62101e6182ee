package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"laurel/internal/award"
	"laurel/internal/issuer"
)

// The routes that are for everybody: what they show is public, or nobody's.
var publicRoutes = []string{
	"GET /", "GET /privacy", "GET /static/style.css", "GET /healthz", "GET /readyz", "GET /api/v1/openapi.json", "GET /verify", "POST /verify",
	"GET /1.0/identifiers/*did", "GET /.well-known/did.json", "GET /.well-known/jwks.json", "GET /issuers/:slug", "GET /issuers/:slug/did.json",
	"GET /keys/:kid", "GET /achievements/:id", "GET /credentials/:id", "GET /credentials/:id/refresh", "GET /status/:list",
}

// isolated is how a route names what belongs to a tenant.
type isolated struct {
	// kind is of the id that stands in the path, the query or the body; "" where
	// there is none, and the answer must have nothing of another tenant's.
	kind string
	// body has ID in the place of the id.
	body, query, mediaType string
}

const multipartBody = "--b\r\nContent-Disposition: form-data; name=\"achievement\"\r\n\r\nID\r\n" +
	"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nemail\r\nbob@example.org\r\n--b--\r\n"

// isolatedRoutes are all others. A route that is not here fails the test.
var isolatedRoutes = map[string][]isolated{
	"GET /api/v1/achievements":                  {{}},
	"POST /api/v1/achievements":                 {{body: mentor}},
	"GET /api/v1/achievements/:id":              {{kind: "achievement"}},
	"PUT /api/v1/achievements/:id":              {{kind: "achievement", body: mentor}},
	"GET /api/v1/credentials":                   {{}, {kind: "achievement", query: "?achievement=ID"}, {kind: "achievement", query: "?achievement=ID&state=issued"}},
	"POST /api/v1/credentials":                  {{kind: "achievement", body: `{"achievement":"ID","recipient":{"email":"bob@example.org"}}`}, {kind: "achievement", body: `{"achievement":"` + testURL + `/achievements/ID","recipient":{"email":"bob@example.org"}}`}},
	"GET /api/v1/credentials/:id":               {{kind: "credential"}},
	"POST /api/v1/credentials/:id/status":       {{kind: "credential", body: `{"action":"suspend"}`}},
	"POST /api/v1/credentials/:id/reissue":      {{kind: "credential"}},
	"POST /api/v1/credentials/:id/visibility":   {{kind: "credential", body: `{"visibility":"off"}`}},
	"GET /api/v1/status-changes":                {{}},
	"POST /api/v1/status-changes":               {{kind: "achievement", body: `{"select":{"achievement":"ID"},"action":"revoke"}`}, {kind: "credential", body: `{"select":{"ids":["ID"]},"action":"revoke"}`}, {body: `{"select":{"recipient":{"email":"ada@example.org"}},"action":"revoke"}`}},
	"GET /api/v1/status-changes/:id":            {{kind: "status change"}},
	"POST /api/v1/status-changes/:id/confirm":   {{kind: "status change"}},
	"POST /api/v1/status-changes/:id/stop":      {{kind: "status change"}},
	"GET /api/v1/awards":                        {{}},
	"POST /api/v1/awards":                       {{kind: "achievement", body: multipartBody, mediaType: "multipart/form-data; boundary=b"}},
	"GET /api/v1/awards/:id":                    {{kind: "award"}},
	"POST /api/v1/awards/:id/confirm":           {{kind: "award"}},
	"POST /api/v1/awards/:id/cancel":            {{kind: "award"}},
	"GET /api/v1/awards/:id/bad-rows":           {{kind: "award"}},
	"GET /api/v1/awards/:id/events":             {{kind: "award"}},
	"GET /api/v1/keys":                          {{}},
	"POST /api/v1/keys":                         {{body: `{"algorithm":"Ed25519"}`}},
	"POST /api/v1/keys/rotate":                  {{}},
	"GET /api/v1/keys/:key/credentials":         {{kind: "key"}},
	"POST /api/v1/keys/:key/retire":             {{kind: "key"}},
	"POST /api/v1/keys/:key/compromise":         {{kind: "key", body: `{"since":"2026-03-01T00:00:00Z"}`}},
	"GET /api/v1/audit":                         {{}, {kind: "credential", query: "?object=credential/ID"}},
	"GET /api/v1/webhooks":                      {{}},
	"POST /api/v1/webhooks":                     {{body: `{"url":"https://hooks.example.org/b"}`}},
	"GET /api/v1/webhooks/:id":                  {{kind: "webhook"}},
	"DELETE /api/v1/webhooks/:id":               {{kind: "webhook"}},
	"GET /api/v1/outbox":                        {{}, {kind: "webhook", query: "?destination=ID"}},
	"GET /api/v1/outbox/:id":                    {{kind: "delivery"}},
	"POST /api/v1/outbox/replay":                {{kind: "delivery", body: `{"deliveries":["ID"]}`}},
	"GET /api/v1/issuer":                        {{}},
	"PATCH /api/v1/issuer":                      {{body: `{"name":"Department of Physics"}`}},
	"GET /api/v1/api-keys":                      {{}},
	"POST /api/v1/api-keys":                     {{body: `{"name":"more","scopes":["credentials"]}`}},
	"DELETE /api/v1/api-keys/:id":               {{kind: "API key"}},
	"GET /api/v1/tenants":                       {{}},
	"POST /api/v1/tenants":                      {{kind: "tenant", body: `{"slug":"ID","name":"x"}`}},
	"GET /api/v1/tenants/:slug":                 {{kind: "tenant"}},
	"PATCH /api/v1/tenants/:slug":               {{kind: "tenant", body: `{"name":"x"}`}},
	"GET /api/v1/tenants/:slug/api-keys":        {{kind: "tenant"}},
	"POST /api/v1/tenants/:slug/api-keys":       {{kind: "tenant", body: `{"name":"x","scopes":["admin"]}`}},
	"DELETE /api/v1/tenants/:slug/api-keys/:id": {{kind: "API key"}},
	"POST /api/v1/people/find":                  {{kind: "credential", body: `{"credential":"ID"}`}, {body: `{"email":"ada@example.org"}`}},
	"POST /api/v1/people/export":                {{kind: "credential", body: `{"credential":"ID"}`}, {body: `{"email":"ada@example.org"}`}},
	"POST /api/v1/people/erase":                 {{kind: "credential", body: `{"credential":"ID"}`}},

	"POST /vc-api/:instance/credentials/issue":          {{kind: "instance", body: `{"credential":{}}`}},
	"POST /vc-api/:instance/credentials/derive":         {{kind: "instance", body: `{}`}},
	"POST /vc-api/:instance/credentials/verify":         {{kind: "instance", body: `{}`}},
	"POST /vc-api/:instance/credentials/status":         {{kind: "instance", body: `{}`}},
	"POST /vc-api/:instance/presentations":              {{kind: "instance", body: `{}`}},
	"POST /vc-api/:instance/presentations/verify":       {{kind: "instance", body: `{}`}},
	"POST /vc-api/:instance/challenges":                 {{kind: "instance"}},
	"GET /vc-api/:instance/credentials/*id":             {{kind: "instance"}},
	"DELETE /vc-api/:instance/credentials/*id":          {{kind: "instance"}},
	"GET /vc-api/:instance/status-lists/:list":          {{kind: "instance"}},
	"POST /vc-api/:instance/status-lists/:list/publish": {{kind: "instance"}},
}

// TestIsolation asks every route of the operators' API, in the name of one tenant,
// for what belongs to another, and for what nobody has: nothing may tell the two
// apart. The routes are those of the router.
func TestIsolation(t *testing.T) {
	w := newWorld(t, Limits{})
	w.withAwards()
	theirs := w.belongings()
	_, err := w.issuer.CreateIssuer(t.Context(), "cli", "physics", issuer.Institution{Name: "Department of Physics"})
	w.must(err)
	owner, stranger := w.token, w.apiKey("physics", issuer.ScopeAdmin)

	engine := w.server.engine()
	w.server.routes(engine)
	routes := engine.Routes()
	order := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	slices.SortFunc(routes, func(a, b gin.RouteInfo) int {
		if by := slices.Index(order, a.Method) - slices.Index(order, b.Method); by != 0 {
			return by
		}
		return strings.Compare(a.Path, b.Path)
	})
	for _, route := range routes {
		name := route.Method + " " + route.Path
		if route.Method == http.MethodOptions || slices.Contains(publicRoutes, name) {
			continue
		}
		ways, known := isolatedRoutes[name]
		if !known {
			t.Errorf("%s: nothing says how to ask it for what belongs to another tenant: add it to isolatedRoutes", name)
		}
		for i, way := range ways {
			t.Run(fmt.Sprint(name, " ", i), func(t *testing.T) {
				w.TB = t
				w.token = stranger
				w.cannotTell(route, way, theirs)
				w.token = owner
				w.canTell(route, way, theirs)
			})
		}
	}
}

// withAwards serves bulk awards too.
func (w *world) withAwards() {
	w.Helper()
	awards, err := award.New(award.Config{Store: w.store, Issuer: w.issuer, InstallationKey: make([]byte, 32), Clock: w.clock})
	w.must(err)
	w.server.awards = awards
	engine := w.server.engine()
	w.server.routes(engine)
	w.server.public = headAsGet(engine)
	w.server.openAPI, err = openAPIDocument(testURL, "test", engine.Routes())
	w.must(err)
	w.site.Config.Handler = w.server.Handler()
	w.router = routerOf(w.TB, w.server.openAPI)
}

// belongings makes one of everything and returns the ids by kind.
func (w *world) belongings() map[string]string {
	w.Helper()
	id := func(r reply) string {
		w.Helper()
		var made struct{ ID string }
		if w.must(json.Unmarshal(r.body, &made)); r.status >= 300 || made.ID == "" {
			w.Fatalf("making a belonging: %d %s", r.status, r.body)
		}
		return made.ID
	}
	ids := map[string]string{"tenant": issuer.DefaultSlug, "instance": "campus", "achievement": w.achievement()}
	ids["webhook"] = id(w.operator("POST", "/api/v1/webhooks", `{"url":"https://hooks.example.org/a"}`))
	ids["credential"] = w.award(ids["achievement"], "")
	ids["status change"] = id(w.operator("POST", "/api/v1/status-changes", `{"select":{"achievement":"`+ids["achievement"]+`"},"action":"suspend"}`))
	ids["API key"] = id(w.operator("POST", "/api/v1/api-keys", `{"name":"registry","scopes":["credentials"]}`))
	form := strings.Replace(multipartBody, "ID", ids["achievement"], 1)
	ids["award"] = id(w.do("POST", "/api/v1/awards", []byte(form), "Authorization: Bearer "+w.token, "Content-Type: multipart/form-data; boundary=b"))
	for range 2 {
		w.operator("POST", "/api/v1/keys/rotate", "")
	}
	ids["key"] = "key-3"
	var outbox struct{ Items []struct{ ID string } }
	w.must(json.Unmarshal(w.operator("GET", "/api/v1/outbox", "").body, &outbox))
	if len(outbox.Items) == 0 {
		w.Fatal("nothing is to be delivered")
	}
	ids["delivery"] = outbox.Items[0].ID
	return ids
}

// nobodys is an id in the form of another, of nothing that there is.
func nobodys(id string) string {
	changed := []byte(id)
	for i, c := range changed {
		switch {
		case c >= '2' && c <= '6', c >= 'a' && c <= 'e', c >= 'g' && c <= 'y':
			changed[i] = c + 1
		}
	}
	if id == "key-3" {
		return "key-9"
	}
	return string(changed)
}

// request is what asks a route for an id.
func (w *world) ask(route gin.RouteInfo, way isolated, id string) reply {
	w.Helper()
	path := route.Path
	for _, part := range strings.Split(route.Path, "/") {
		value := id
		switch {
		case !strings.HasPrefix(part, ":") && !strings.HasPrefix(part, "*"):
			continue
		case part == ":slug" && way.kind != "tenant":
			value = "physics"
		case way.kind == "instance" && part != ":instance":
			value = "x"
		}
		path = strings.Replace(path, part, value, 1)
	}
	headers := []string{"Authorization: Bearer " + w.token}
	if way.body != "" {
		mediaType := way.mediaType
		if mediaType == "" {
			mediaType = "application/json"
		}
		headers = append(headers, "Content-Type: "+mediaType)
	}
	return w.do(route.Method, path+strings.ReplaceAll(way.query, "ID", id), []byte(strings.ReplaceAll(way.body, "ID", id)), headers...)
}

// told is an answer less what differs each time.
func told(r reply, id string) string {
	header := r.header.Clone()
	for _, name := range []string{"Date", "X-Request-Id"} {
		header.Del(name)
	}
	return fmt.Sprintf("%d %v\n%s", r.status, header, bytes.ReplaceAll(r.body, []byte(id), []byte("ID")))
}

// cannotTell asks as a stranger.
func (w *world) cannotTell(route gin.RouteInfo, way isolated, theirs map[string]string) {
	w.Helper()
	id := theirs[way.kind]
	foreign := w.ask(route, way, id)
	for kind, other := range theirs {
		if other != id && kind != "tenant" && kind != "key" && kind != "instance" && bytes.Contains(foreign.body, []byte(other)) {
			w.Errorf("the answer has the %s of another tenant: %s", kind, foreign.body)
		}
	}
	if way.kind == "" {
		return
	}
	absent := w.ask(route, way, nobodys(id))
	if a, b := told(foreign, id), told(absent, nobodys(id)); a != b {
		w.Errorf("what is another's is answered by\n%s\nand what is nobody's by\n%s", a, b)
	}
	if route.Method == http.MethodGet && foreign.status == http.StatusNotFound {
		w.sameTime(route, way, id)
	}
}

// canTell asks as the owner: the id must be one that says something.
func (w *world) canTell(route gin.RouteInfo, way isolated, theirs map[string]string) {
	w.Helper()
	id := theirs[way.kind]
	if way.kind == "" || strings.HasSuffix(route.Path, "/events") || strings.HasPrefix(route.Path, "/api/v1/tenants") || way.kind == "instance" {
		return
	}
	if own, absent := w.ask(route, way, id), w.ask(route, way, nobodys(id)); told(own, id) == told(absent, nobodys(id)) {
		w.Errorf("the owner is answered as for what is nobody's: %d %s", own.status, own.body)
	}
}

// sameTime compares how long the two answers take: the fastest of many, which is
// the least disturbed.
func (w *world) sameTime(route gin.RouteInfo, way isolated, id string) {
	w.Helper()
	fastest := func(id string) time.Duration {
		path := strings.NewReplacer(":id", id, ":key", id, ":slug", id, ":instance", id).Replace(route.Path)
		best := time.Hour
		for range 40 {
			request := httptest.NewRequest(http.MethodGet, path+strings.ReplaceAll(way.query, "ID", id), nil)
			request.Header.Set("Authorization", "Bearer "+w.token)
			begin := time.Now()
			w.server.Handler().ServeHTTP(httptest.NewRecorder(), request)
			best = min(best, time.Since(begin))
		}
		return best
	}
	const slack = 100 * time.Microsecond
	if theirs, absent := fastest(id), fastest(nobodys(id)); theirs > 3*absent+slack || absent > 3*theirs+slack {
		w.Errorf("what is another's takes %s, and what is nobody's %s", theirs, absent)
	}
}
