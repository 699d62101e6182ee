package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"laurel/internal/award"
	"laurel/internal/issuer"
	"laurel/internal/keys"
	"laurel/internal/vcapi"
	"laurel/storage"
	"laurel/verifier"
)

// Keys is the ring of signing keys; *keys.Ring is one.
type Keys interface {
	List(ctx context.Context, tenant string) ([]keys.Key, error)
	Create(ctx context.Context, act storage.Act, tenant string, wanted keys.NewKey) (keys.Key, error)
	Rotate(ctx context.Context, act storage.Act, tenant string, wanted keys.NewKey) (keys.Key, error)
	Retire(ctx context.Context, act storage.Act, tenant, fragment string) (keys.Key, error)
	Compromise(ctx context.Context, act storage.Act, tenant, fragment string, since time.Time) (keys.Key, error)
}

// Verifier checks credentials; *verifier.Verifier is one.
type Verifier interface {
	Verify(ctx context.Context, data []byte, expect verifier.Expect) (*verifier.Report, error)
}

// Config is what a Server is made of. Verifier and PublicURL are required.
type Config struct {
	// Issuer is the issuing side. Without it the server is a verifier alone:
	// GET and POST /verify, /privacy, /healthz, /readyz and the API document.
	Issuer *issuer.Service
	// Keys are the signing keys of Issuer; required with it.
	Keys Keys
	// Awards makes bulk awards of Issuer; without it there are no routes for them.
	Awards *award.Service
	// Audit is the record of acts, Outbox what leaves by itself. Without one,
	// it has no routes.
	Audit  Audit
	Outbox Outbox
	// Snapshots, when set, gives the local socket copies of the store.
	Snapshots Snapshots
	// Verifier checks what is posted to /verify.
	Verifier Verifier
	// Resolver, when set, is open to anybody at /1.0/identifiers/{did}.
	Resolver DIDResolver
	// PublicURL is the address by which the world reaches the server, scheme
	// and host without a path. Absolute URLs are made from it, never from the
	// Host header of a request.
	PublicURL string
	// TrustedProxies are addresses or prefixes whose X-Forwarded-For is
	// believed. None are by default: the client is whoever connects.
	TrustedProxies []string
	// VCAPI are instances of the VC API by name, served under /vc-api/{name}.
	// With an Issuer they are for its operators: the API key of the default
	// issuer is needed, with the scope credentials. Without one they are for
	// everybody who reaches the server, which is for laboratories.
	VCAPI map[string]*vcapi.Instance
	// Fetching, when set, bounds what may be fetched for one request to VCAPI.
	Fetching func(context.Context) (context.Context, context.CancelFunc)
	// Limits bound what anonymous clients may use. Zero fields have defaults.
	Limits Limits
	// Privacy says who answers for the data; it is shown by /privacy.
	Privacy Privacy
	// Ready is asked by /readyz besides the Issuer's own check. May be nil.
	Ready func(ctx context.Context) error
	// Logger receives one event for each request; nothing is logged when nil.
	Logger *slog.Logger
	// Version is the program's, for the API document.
	Version string
	// Clock is time.Now when nil.
	Clock func() time.Time
}

// Privacy is the contents of the privacy notice that only the operator knows.
type Privacy struct {
	// Controller is the name of who is responsible, the issuer's when empty.
	Controller string
	// Contact is an e-mail address or https URL.
	Contact string
	// URL is that of the institution's own notice.
	URL string
}

// Limits bound what a client may use. A field that is zero has the default.
type Limits struct {
	// VerifyRate is how many checks a second one client address (a /64 of
	// IPv6) may ask for on average, 200; VerifyBurst how many at once, 1,000.
	// A negative VerifyRate is no limit.
	VerifyRate  float64
	VerifyBurst int
	// VerifyParallel is how many checks run at the same time, one for each
	// processor; VerifyQueue how many may wait for that, 64, of which one
	// client address may take three quarters. Checks that are more work than
	// usual have half of both in addition, and none of the others wait for them.
	VerifyParallel int
	VerifyQueue    int
	// VerifyTime ends a check, 30 s.
	VerifyTime time.Duration
	// Body is the size of the largest request body, 1 MiB.
	Body int64
	// Clients is how many client addresses are remembered, 16,384.
	Clients int
	// UploadIdle is how long the upload of a file of people may stand still, and
	// is in arrears at the slowest rate that is taken, 15 s; UploadWait how long
	// one waits for its turn, 30 s.
	UploadIdle time.Duration
	UploadWait time.Duration
	// Shutdown is how long requests have to finish when the server stops, 15 s.
	Shutdown time.Duration
}

func (l Limits) withDefaults() Limits {
	return Limits{
		VerifyRate: orElse(l.VerifyRate, 200), VerifyBurst: orElse(l.VerifyBurst, 1000),
		VerifyParallel: orElse(l.VerifyParallel, runtime.GOMAXPROCS(0)), VerifyQueue: orElse(l.VerifyQueue, 64),
		VerifyTime: orElse(l.VerifyTime, 30*time.Second), Body: orElse(l.Body, 1<<20),
		UploadIdle: orElse(l.UploadIdle, 15*time.Second), UploadWait: orElse(l.UploadWait, 30*time.Second),
		Clients: orElse(l.Clients, 1<<14), Shutdown: orElse(l.Shutdown, 15*time.Second),
	}
}

func orElse[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// Server is the HTTP side of an installation. It is safe for concurrent use.
type Server struct {
	snapshots Snapshots // nil where there are none
	issuer    *issuer.Service
	awards    *award.Service
	keys      Keys
	audit     Audit
	outbox    Outbox
	verifier  Verifier
	resolver  DIDResolver
	vcapi     map[string]*vcapi.Instance
	fetching  func(context.Context) (context.Context, context.CancelFunc)
	base      string
	limits    Limits
	privacy   Privacy
	ready     func(context.Context) error
	logger    *slog.Logger
	clock     func() time.Time
	openAPI   []byte
	clients   *clients
	gate      *gate // of checks
	heavy     *gate // of those that are more work than usual
	uploads   *uploads
	stopping  chan struct{} // closed when the server begins to stop
	stop      sync.Once     // closes stopping
	public    http.Handler
	local     http.Handler
}

// New makes a Server. It starts nothing. The error names the field of Config
// that is at fault.
func New(config Config) (*Server, error) {
	base, err := url.Parse(config.PublicURL)
	switch {
	case err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" || strings.Trim(base.Path, "/") != "":
		return nil, errors.New("configuring server: PublicURL is not the scheme and host of a website")
	case config.Verifier == nil:
		return nil, errors.New("configuring server: Verifier is required")
	case config.Issuer != nil && config.Keys == nil:
		return nil, errors.New("configuring server: Keys are required with Issuer")
	}
	s := &Server{
		issuer: config.Issuer, awards: config.Awards, uploads: newUploads(), stopping: make(chan struct{}), keys: config.Keys, audit: config.Audit, outbox: config.Outbox, verifier: config.Verifier, resolver: config.Resolver, vcapi: config.VCAPI,
		base: base.Scheme + "://" + base.Host, limits: config.Limits.withDefaults(), privacy: config.Privacy,
		ready: config.Ready, snapshots: config.Snapshots, logger: config.Logger, clock: config.Clock, fetching: config.Fetching,
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	s.clients = newClients(s.limits.VerifyRate, s.limits.VerifyBurst, s.limits.Clients)
	s.gate = newGate(s.limits.VerifyParallel, s.limits.VerifyQueue)
	s.heavy = newGate(max(1, s.limits.VerifyParallel/2), max(1, s.limits.VerifyQueue/2))
	proxies, err := prefixes(config.TrustedProxies)
	if err != nil {
		return nil, err
	}
	public, local := s.engine(), s.engine()
	if err := public.SetTrustedProxies(proxies); err != nil {
		return nil, fmt.Errorf("configuring server: TrustedProxies: %w", err)
	}
	s.routes(public)
	s.localRoutes(local)
	if s.openAPI, err = openAPIDocument(s.base, config.Version, public.Routes()); err != nil {
		return nil, err
	}
	s.public, s.local = headAsGet(public), headAsGet(local)
	return s, nil
}

// prefixes reads addresses and prefixes. One that covers every address would
// make the client's address whatever the client says.
func prefixes(texts []string) ([]string, error) {
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if address, addressErr := netip.ParseAddr(text); addressErr == nil {
			prefix, err = address.Prefix(address.BitLen())
		}
		if err != nil || prefix.Bits() == 0 {
			return nil, fmt.Errorf("configuring server: TrustedProxies: %q is not an address or prefix", text)
		}
	}
	return texts, nil
}

// engine makes a router that guesses nothing: a path is a route as written, or
// not found.
func (s *Server) engine() *gin.Engine {
	engine := gin.New()
	engine.RedirectTrailingSlash = false
	engine.HandleMethodNotAllowed = true
	engine.ContextWithFallback = true
	_ = engine.SetTrustedProxies(nil) // of none, there is none that is wrong
	return engine
}

// Handler is what the world sees.
func (s *Server) Handler() http.Handler { return s.public }

// Local is the operators' API for the default issuer without an API key, for a
// socket that only the operator's own account can reach. Without an Issuer it
// says no more than how the server is.
func (s *Server) Local() http.Handler { return s.local }
