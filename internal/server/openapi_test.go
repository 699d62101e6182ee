package server

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"

	"laurel/verifier"
)

// operationsOf lists the methods and paths of an API document.
func operationsOf(t *testing.T, document []byte) []string {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		t.Fatal(err)
	}
	var all []string
	for path, item := range doc.Paths {
		for method := range item {
			all = append(all, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(all)
	return all
}

func routesOf(engine *gin.Engine) []string {
	var all []string
	for _, r := range engine.Routes() {
		if r.Method != http.MethodOptions {
			all = append(all, r.Method+" "+openAPIPath(r.Path))
		}
	}
	slices.Sort(all)
	return all
}

func TestDocumentHasEveryRouteAndNoOther(t *testing.T) {
	w := newWorld(t, Limits{})
	public, local := w.server.engine(), w.server.engine()
	w.server.routes(public)
	w.server.localRoutes(local)
	served := w.get("/api/v1/openapi.json")
	if served.status != 200 || !bytes.Contains(served.body, []byte(testURL)) {
		t.Fatalf("the document is served as %d", served.status)
	}
	if diff := cmp.Diff(routesOf(public), operationsOf(t, served.body)); diff != "" {
		t.Errorf("routes (-) and document (+) differ:\n%s", diff)
	}
	for _, route := range routesOf(local) {
		if strings.Contains(route, " /local/") { // for the operator's own account alone
			continue
		}
		if !slices.Contains(routesOf(public), route) {
			t.Errorf("%s is on the local socket and in no document", route)
		}
	}
	// The source has nothing that is left out of every served document.
	if diff := cmp.Diff(operationsOf(t, openAPISource), operationsOf(t, served.body)); diff != "" {
		t.Errorf("source (-) and served document (+) differ:\n%s", diff)
	}
}

func TestVerifierAlone(t *testing.T) {
	w := newWorld(t, Limits{})
	alone, err := New(Config{Verifier: w.server.verifier, PublicURL: testURL})
	w.must(err)
	want := []string{
		"GET /", "GET /api/v1/openapi.json", "GET /healthz", "GET /privacy", "GET /readyz", "GET /static/style.css",
		"GET /verify", "POST /verify",
	}
	if diff := cmp.Diff(want, operationsOf(t, alone.openAPI)); diff != "" {
		t.Errorf("the document of a verifier (-want +got):\n%s", diff)
	}
	badge := w.get("/credentials/" + w.award(w.achievement(), "")).body
	w.site.Config.Handler, w.router = alone.Handler(), routerOf(t, alone.openAPI)
	if report := w.verify(badge); report.Verdict != verifier.VerdictValid {
		t.Errorf("the badge is %s", report.Verdict)
	}
	for path, status := range map[string]int{
		"/": 302, "/verify": 200, "/privacy": 200, "/healthz": 200, "/readyz": 200,
		"/.well-known/did.json": 404, "/credentials/x": 404, "/api/v1/credentials": 404,
	} {
		if r := w.get(path); r.status != status {
			t.Errorf("%s: %d", path, r.status)
		}
	}
	w.site.Config.Handler = alone.Local()
	if r := w.get("/api/v1/keys"); r.status != 404 {
		t.Errorf("a verifier has a local API: %d", r.status)
	}
}

// The judge of all other tests must itself be able to say no.
func TestConformanceCanFail(t *testing.T) {
	w := newWorld(t, Limits{})
	request := func(method, path string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), method, w.site.URL+path, nil)
		w.must(err)
		return r
	}
	jsonType := http.Header{"Content-Type": {"application/json"}}
	for name, c := range map[string]struct {
		method, path string
		r            reply
	}{
		"a path that is not there":        {"GET", "/nowhere", reply{200, jsonType, []byte(`{}`)}},
		"a missing member":                {"POST", "/verify", reply{200, jsonType, []byte(`{"verdict":"valid"}`)}},
		"a member too many":               {"GET", "/healthz", reply{200, jsonType, []byte(`{"status":"ok","x":1}`)}},
		"a value that is not in the list": {"GET", "/healthz", reply{200, jsonType, []byte(`{"status":"fine"}`)}},
		"another media type":              {"GET", "/healthz", reply{200, http.Header{"Content-Type": {"text/plain"}}, []byte(`ok`)}},
		"a problem of a foreign type":     {"GET", "/keys/x", reply{404, http.Header{"Content-Type": {"application/problem+json"}}, []byte(`{"type":"about:blank","title":"x","status":404}`)}},
	} {
		if w.conforms(request(c.method, c.path), nil, c.r) == nil {
			t.Errorf("%s is not noticed", name)
		}
	}
}

func TestProblemsAreTabled(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range problems {
		if seen[p.Code] || p.Title == "" || p.Remedy == "" || p.Status < 400 || p.Status > 599 {
			t.Errorf("problem %+v", p)
		}
		seen[p.Code] = true
	}
	for _, d := range domain {
		if !seen[d.problem.Code] {
			t.Errorf("%s is not in the table of problems", d.problem.Code)
		}
	}
	if len(seen) < 30 {
		t.Errorf("only %d problems: %v", len(seen), slices.Sorted(maps.Keys(seen)))
	}
}
