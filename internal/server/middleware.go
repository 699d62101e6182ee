package server

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"laurel/internal/issuer"
)

func init() {
	gin.SetMode(gin.ReleaseMode) // its other mode prints to the terminal
}

// event is what the log says of a request.
type event struct {
	actor   string
	problem string
	cause   error
}

const eventKey = "laurel event"

func eventOf(c *gin.Context) *event {
	if e, ok := c.Value(eventKey).(*event); ok {
		return e
	}
	return &event{}
}

// handle makes a gin handler of one that returns its error.
func (s *Server) handle(h func(*gin.Context) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := h(c); err != nil {
			s.fail(c, err)
			c.Abort()
		}
	}
}

// headAsGet answers HEAD as GET; net/http leaves the body out.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.Clone(r.Context())
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// observe gives the request an id, logs one event for it, and turns a panic
// into an answer.
func (s *Server) observe(c *gin.Context) {
	start := s.clock()
	var random [12]byte
	_, _ = rand.Read(random[:]) // never fails
	id := hex.EncodeToString(random[:])
	c.Writer.Header()["X-Request-Id"] = []string{id}
	e := &event{}
	c.Set(eventKey, e)
	defer func() { s.log(c, e, id, s.clock().Sub(start)) }()
	defer func() {
		if p := recover(); p != nil {
			s.fail(c, panicked(p))
			c.Abort()
		}
	}()
	c.Next()
}

// log writes the event of a request. The record is made here and not by the
// logger's own methods, which look for the place in the program that calls them.
func (s *Server) log(c *gin.Context, e *event, id string, duration time.Duration) {
	level := slog.LevelInfo
	if e.cause != nil {
		level = slog.LevelError
	}
	ctx, handler := c.Request.Context(), s.logger.Handler()
	if !handler.Enabled(ctx, level) {
		return
	}
	record := slog.NewRecord(time.Now(), level, "request", 0)
	record.AddAttrs(
		slog.String("id", id),
		slog.String("method", c.Request.Method),
		slog.String("route", orElse(c.FullPath(), "none")),
		slog.Int("status", c.Writer.Status()),
		slog.Int("bytes", max(c.Writer.Size(), 0)),
		slog.Duration("duration", duration),
	)
	if e.actor != "" {
		record.AddAttrs(slog.String("actor", e.actor))
	}
	if e.problem != "" {
		record.AddAttrs(slog.String("problem", e.problem))
	}
	if e.cause != nil {
		record.AddAttrs(slog.String("cause", e.cause.Error()))
	}
	_ = handler.Handle(ctx, record) // there is nowhere else to say so
}

// panicked describes a panic by its place and type: its value may hold
// anything.
func panicked(p any) error {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	var places []string
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "laurel/") {
			places = append(places, path.Base(frame.File)+":"+strconv.Itoa(frame.Line))
		}
		if !more {
			return fmt.Errorf("handling request: panic (%T) at %s", p, strings.Join(places, ", from "))
		}
	}
}

// secure sets the headers that keep a browser from doing more than it must.
// Pages have no scripts at all.
func (s *Server) secure(c *gin.Context) {
	h := c.Writer.Header()
	for _, header := range secureHeaders {
		h[header.name] = header.value
	}
	if strings.HasPrefix(s.base, "https://") {
		h["Strict-Transport-Security"] = strictTransport
	}
}

// The values of headers that every answer has. Nobody changes what is in such a
// slice: net/http replaces it, or appends to a copy.
var (
	secureHeaders = []struct {
		name  string // as net/http writes it
		value []string
	}{
		{"Content-Security-Policy", []string{"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}},
		{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
		{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
		{"Permissions-Policy", []string{"camera=(), geolocation=(), microphone=(), payment=(), usb=()"}},
		{"Referrer-Policy", []string{"no-referrer"}},
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"X-Frame-Options", []string{"DENY"}},
	}
	strictTransport = []string{"max-age=31536000"}
	noStore         = []string{"no-store"}
	anyOrigin       = []string{"*"}
	exposed         = []string{"ETag, Retry-After, X-Request-Id"}
	crossOrigin     = []string{"cross-origin"}
)

// open lets pages of other websites read the answer. There are no cookies that
// such a request could carry.
func open(c *gin.Context) {
	h := c.Writer.Header()
	h["Access-Control-Allow-Origin"] = anyOrigin
	h["Access-Control-Expose-Headers"] = exposed
	h["Cross-Origin-Resource-Policy"] = crossOrigin
}

// preflight answers a browser that asks whether it may (Fetch standard,
// section 4.8).
func preflight(methods string) gin.HandlerFunc {
	return func(c *gin.Context) {
		h := c.Writer.Header()
		h.Set("Access-Control-Allow-Methods", methods)
		h.Set("Access-Control-Allow-Headers", "Accept, Content-Type, If-None-Match")
		h.Set("Access-Control-Max-Age", "86400")
		h.Set("Allow", methods)
		c.Status(http.StatusNoContent)
	}
}

// sameOrigin refuses what a page of another website makes a browser send.
func (s *Server) sameOrigin(c *gin.Context) error {
	if err := http.NewCrossOriginProtection().Check(c.Request); err != nil {
		return refuse(problemCrossOrigin)
	}
	return nil
}

const keyKey = "laurel API key"

// authenticate lets an API key in.
func (s *Server) authenticate(c *gin.Context) error {
	scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return refuse(problemUnauthorized)
	}
	key, err := s.issuer.Authenticate(c.Request.Context(), strings.TrimSpace(token))
	if err != nil {
		return err
	}
	eventOf(c).actor = "apikey:" + key.ID
	c.Set(keyKey, key)
	return nil
}

// tenantHeader names the tenant that a request over the local socket is for.
const tenantHeader = "Laurel-Tenant"

// trust makes whoever is at the local socket an operator of the installation, who
// acts for the default issuer or for the one that the header names.
func (s *Server) trust(c *gin.Context) error {
	eventOf(c).actor = "cli"
	key := issuer.APIKey{ID: "cli", Tenant: issuer.DefaultSlug, Scopes: []string{issuer.ScopeAdmin, issuer.ScopeInstallation}}
	if slug := c.GetHeader(tenantHeader); slug != "" && slug != key.Tenant {
		if _, err := s.issuer.Issuer(c.Request.Context(), slug); err != nil {
			return &refusal{problemNotFound, "There is no tenant of this name."}
		}
		key.Tenant, key.ID = slug, "cli-"+slug // idempotency keys are told apart by it
	}
	c.Set(keyKey, key)
	return nil
}

// needs refuses a key without the scope.
func (s *Server) needs(scope string) gin.HandlerFunc {
	return s.handle(func(c *gin.Context) error {
		if !apiKey(c).Allows(scope) {
			return &refusal{problemScope, "The scope is " + scope + "."}
		}
		return nil
	})
}

// apiKey is the key of an authenticated request; without one, a key that allows
// nothing.
func apiKey(c *gin.Context) issuer.APIKey {
	key, _ := c.Value(keyKey).(issuer.APIKey)
	return key
}

// allowed adds HEAD to the Allow header of a 405: it is where GET is.
func allowed(header string) string {
	methods := strings.Split(header, ", ")
	if slices.Contains(methods, http.MethodGet) {
		methods = append(methods, http.MethodHead)
	}
	return strings.Join(methods, ", ")
}
