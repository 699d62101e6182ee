package server

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/did"
	"laurel/did/didweb"
	"laurel/internal/audit"
	"laurel/internal/award"
	"laurel/internal/envelope"
	"laurel/internal/issuer"
	"laurel/internal/keys"
	"laurel/internal/outbox"
	"laurel/internal/vcapi"
	"laurel/storage/boltstore"
	"laurel/verifier"
)

const testURL = "https://badges.example.ac.uk"

// world is an installation over a real store, served on a loopback port. Every
// answer that its methods get is held against the API document.
type world struct {
	testing.TB
	store   *boltstore.Store
	issuer  *issuer.Service
	awards  *award.Service
	ring    *keys.Ring
	outbox  *outbox.Outbox
	server  *Server
	site    *httptest.Server
	token   string
	log     lockedBuffer
	router  routers.Router
	mu      sync.Mutex
	now     time.Time
	limits  Limits
	signers *memoryKeys
	suites  *dataintegrity.Suites
}

// lockedBuffer is a log that can be read while it is written.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(data)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// memoryKeys is a keys.Backend for tests.
type memoryKeys struct {
	mu      sync.Mutex
	signers []crypto.Signer
	fails   error // of Create
}

func (m *memoryKeys) Create(context.Context, string) (string, crypto.PublicKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails != nil {
		return "", nil, m.fails
	}
	m.signers = append(m.signers, private)
	return strconv.Itoa(len(m.signers) - 1), public, err
}

func (m *memoryKeys) Signer(_ context.Context, reference string) (crypto.Signer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, err := strconv.Atoi(reference)
	if err != nil || i >= len(m.signers) {
		return nil, keys.ErrUnknownReference
	}
	return m.signers[i], nil
}

// nowhere is a network on which no other host answers.
type nowhere struct{}

func (nowhere) Fetch(context.Context, string, string) ([]byte, error) {
	return nil, errors.New("no such host")
}

func newWorld(t testing.TB, limits Limits) *world {
	t.Helper()
	w := &world{TB: t, now: time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC), limits: limits, signers: &memoryKeys{}}
	set, err := contexts.Embedded()
	w.must(err)
	path := filepath.Join(t.TempDir(), "laurel.db")
	w.must(boltstore.Create(boltstore.Config{Path: path}))
	w.store, err = boltstore.Open(boltstore.Config{Path: path})
	w.must(err)
	t.Cleanup(func() { _ = w.store.Close() })
	w.ring = keys.New(keys.Config{Store: w.store, Backends: map[string]keys.Backend{"memory": w.signers}, Default: "memory"})
	w.issuer, err = issuer.New(issuer.Config{
		Store: w.store, Ring: w.ring, Contexts: set, PublicURL: testURL, InstallationKey: make([]byte, 32),
		Suspension: true, Clock: w.clock,
	})
	w.must(err)
	_, err = w.issuer.SetUp(t.Context(), "cli", issuer.Institution{Name: "Example University", URL: "https://example.ac.uk"})
	w.must(err)
	w.token = w.apiKey(issuer.DefaultSlug, issuer.ScopeAdmin)
	w.serve(set)
	return w
}

// serve puts a server over the store.
func (w *world) serve(set *contexts.Set) {
	w.Helper()
	processor := jsonld.New(set, jsonld.Options{})
	w.suites = dataintegrity.New(processor)
	methods := did.Methods{"key": did.KeyResolver{}, "jwk": did.JWKResolver{}, "web": didweb.New(didweb.Config{Fetcher: nowhere{}})}
	v := verifier.New(verifier.Config{
		Contexts: set, JSONLD: processor, Suites: w.suites, Clock: w.clock,
		Resolver: w.issuer.Resolver(methods), Documents: w.issuer.Documents(nil),
	})
	log, err := audit.New(audit.Config{Store: w.store, InstallationKey: make([]byte, envelope.KeySize), Clock: w.clock})
	w.must(err)
	w.outbox, err = outbox.New(outbox.Config{Store: w.store, InstallationKey: make([]byte, envelope.KeySize), PublicURL: testURL, Clock: w.clock})
	w.must(err)
	w.awards, err = award.New(award.Config{Store: w.store, Issuer: w.issuer, InstallationKey: make([]byte, envelope.KeySize), Clock: w.clock})
	w.must(err)
	w.server, err = New(Config{
		Issuer: w.issuer, Awards: w.awards, Keys: w.ring, Audit: log, Outbox: w.outbox, Verifier: v, PublicURL: testURL, Limits: w.limits, Clock: w.clock, Version: "test",
		Resolver: did.Methods{"key": did.KeyResolver{}, "jwk": did.JWKResolver{}, "web": w.issuer.Resolver(methods["web"])},
		VCAPI:    map[string]*vcapi.Instance{"campus": w.instance(set, processor)},
		Logger:   slog.New(slog.NewJSONHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	w.must(err)
	w.site = httptest.NewServer(w.server.Handler())
	w.Cleanup(w.site.Close)
	w.router = routerOf(w.TB, w.server.openAPI)
}

// routerOf reads an API document and makes sure that it is one.
func routerOf(t testing.TB, document []byte) routers.Router {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		t.Fatal(err)
	}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatalf("the API document is not valid: %v", err)
	}
	return router
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) apiKey(tenant string, scopes ...string) string {
	w.Helper()
	token, _, err := w.issuer.CreateAPIKey(w.Context(), issuer.Caller{Tenant: tenant, Actor: "cli"}, issuer.NewAPIKey{Name: "test", Scopes: scopes})
	w.must(err)
	return token
}

// reply is an answer, read.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// code is that of a problem.
func (r reply) code() string {
	var body struct{ Type string }
	_ = json.Unmarshal(r.body, &body)
	return strings.TrimPrefix(body.Type, problemPrefix)
}

// paths are the places of a problem's errors, each with its code.
func (r reply) paths() string {
	var body struct{ Errors []finding }
	_ = json.Unmarshal(r.body, &body)
	var all []string
	for _, e := range body.Errors {
		all = append(all, e.Path+" "+e.Code)
	}
	return strings.Join(all, ", ")
}

// headers are given as "Name: value".
func (w *world) do(method, path string, body []byte, headers ...string) reply {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), method, w.site.URL+path, bytes.NewReader(body))
	w.must(err)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Add(name, value)
	}
	client := *w.site.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	w.must(err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	w.must(err)
	r := reply{response.StatusCode, response.Header, data}
	if err := w.conforms(request, body, r); err != nil {
		w.Errorf("%s %s: %v", method, path, err)
	}
	return r
}

func (w *world) get(path string, headers ...string) reply {
	w.Helper()
	return w.do(http.MethodGet, path, nil, headers...)
}

func (w *world) operator(method, path string, body string, headers ...string) reply {
	w.Helper()
	headers = append([]string{"Authorization: Bearer " + w.token}, headers...)
	if body != "" {
		headers = append(headers, "Content-Type: application/json")
	}
	return w.do(method, path, []byte(body), headers...)
}

func init() {
	for _, t := range []string{
		"application/vc", "application/cid", "application/vc+ld+json", "application/ld+json", "application/did+json", "application/did+ld+json",
		"application/jwk-set+json", "application/jwk+json", "application/problem+json", "application/openapi+json", "application/vc+json",
		"application/did", "application/did-resolution", "application/did-url-dereferencing",
	} {
		openapi3filter.RegisterBodyDecoder(t, openapi3filter.JSONBodyDecoder)
	}
	text := func(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
		data, err := io.ReadAll(body)
		return string(data), err
	}
	for _, t := range []string{"text/html", "text/css", "text/csv", "text/plain", "application/jwt"} {
		openapi3filter.RegisterBodyDecoder(t, text)
	}
}

// conforms holds a request, when it was accepted, and its answer against the
// API document. What no route is for is not in it.
func (w *world) conforms(request *http.Request, body []byte, r reply) error {
	described := request.Clone(w.Context())
	described.URL, _ = url.Parse(testURL + request.URL.RequestURI())
	described.Body = io.NopCloser(bytes.NewReader(body))
	if described.Method == http.MethodHead || described.Method == http.MethodOptions {
		return nil
	}
	if strings.HasPrefix(described.URL.Path, "/local/") { // in no document; that the world cannot reach it is tested
		return nil
	}
	route, params, err := w.router.FindRoute(described)
	if err != nil {
		if r.status == http.StatusNotFound || r.status == http.StatusMethodNotAllowed {
			return nil
		}
		return fmt.Errorf("status %d, but the API document says: %w", r.status, err)
	}
	input := &openapi3filter.RequestValidationInput{
		Request: described, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, SkipSettingDefaults: true,
		},
	}
	if r.status < 400 {
		if err := openapi3filter.ValidateRequest(w.Context(), input); err != nil {
			return fmt.Errorf("accepted a request that the API document refuses: %w", err)
		}
	}
	return openapi3filter.ValidateResponse(w.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: r.status, Header: r.header, Options: input.Options, Body: io.NopCloser(bytes.NewReader(r.body)),
	})
}

const mentor = `{"name":"Peer mentor","description":"Mentored first-year students for a year.",` +
	`"achievementType":"Badge","criteria":{"narrative":"Ten sessions.\n\nOr more."},"tag":["mentoring"]}`

// achievement describes one and returns its id.
func (w *world) achievement() string {
	w.Helper()
	r := w.operator("POST", "/api/v1/achievements", mentor)
	if r.status != http.StatusCreated {
		w.Fatalf("creating achievement: %d %s", r.status, r.body)
	}
	var made achievementBody
	w.must(json.Unmarshal(r.body, &made))
	return made.ID
}

// award issues a badge and returns its id. more are further members of the
// request, each with a comma before it.
func (w *world) award(achievement, more string) string {
	w.Helper()
	r := w.operator("POST", "/api/v1/credentials", `{"achievement":"`+achievement+`","recipient":{"email":"ada@example.org"}`+more+`}`)
	if r.status != http.StatusCreated {
		w.Fatalf("awarding: %d %s", r.status, r.body)
	}
	var made issuer.Award
	w.must(json.Unmarshal(r.body, &made))
	return made.ID
}

// verify checks a badge and returns the report.
func (w *world) verify(data []byte, headers ...string) (report verifier.Report) {
	w.Helper()
	if len(headers) == 0 {
		headers = []string{"Content-Type: application/json"}
	}
	r := w.do("POST", "/verify", data, headers...)
	if r.status != http.StatusOK {
		w.Fatalf("verifying: %d %s", r.status, r.body)
	}
	w.must(json.Unmarshal(r.body, &report))
	return report
}

func newSite(t testing.TB, handler http.Handler) *httptest.Server {
	t.Helper()
	site := httptest.NewServer(handler)
	t.Cleanup(site.Close)
	return site
}
