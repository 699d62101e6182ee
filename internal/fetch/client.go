// Package fetch is the one way by which Laurel reads a document that somebody else hosts: DID documents, controller documents,
// key sets, status lists. An address in such a request comes from whoever handed us a credential, so the client assumes that it
// is hostile: it speaks https to public addresses only, dials the very address it has checked, follows no redirect unless asked,
// and bounds time, rate, size and number.
//
// The one exception is for laboratories and tests: hosts named in [Config].Resolve. It is off unless configured and
// [Client.Exceptions] names it, so that it can be logged and put into every report.
//
// Destinations that an operator names, such as webhooks, have a client of their own ([Destinations]): it speaks to no host that is
// not on its list.
package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
)

// What a zero [Config] means.
const (
	DefaultTimeout       = 5 * time.Second
	DefaultHeaderTimeout = 2 * time.Second
	DefaultMinRate       = 1 << 10 // bytes a second
	DefaultMaxBytes      = 256 << 10
	DefaultCacheBytes    = 8 << 20
	DefaultMaxAge        = 10 * time.Minute
	DefaultNegativeAge   = time.Minute
	DefaultHostRate      = 50 // a second
	DefaultHostBurst     = 500
)

const (
	maxURLBytes    = 4 << 10
	maxHeaderBytes = 32 << 10
	maxRedirects   = 3
	maxFailures    = 4096 // remembered at once
	maxDials       = 4    // addresses tried for one host
	maxTargets     = 4096 // hosts whose fetches are counted at once
)

// Config says what a [Client] may do. The zero value is the safe default.
type Config struct {
	// Ports are allowed beside 443. They open the ports of every public host, so name few.
	Ports []uint16
	// Deny are networks refused beside the special-purpose ones, such as this machine's own addresses ([OwnAddresses]).
	Deny []netip.Prefix

	// Timeout bounds one fetch from name look-up to last byte, redirects included; HeaderTimeout each of connecting, the TLS
	// handshake, and the wait for the header.
	Timeout, HeaderTimeout time.Duration
	// MinRate is the number of body bytes a second, measured over each RateInterval (default 1 s), below which a fetch ends.
	MinRate      int
	RateInterval time.Duration
	// MaxBytes is the size limit of a document whose [Request] names none.
	MaxBytes int64

	// CacheBytes bounds the memory of cached documents; a negative value keeps none.
	CacheBytes int
	// MaxAge is the longest a document is kept, whatever its Cache-Control says. One without max-age is not kept at all.
	MaxAge time.Duration
	// NegativeAge is how long a failure is remembered; a negative value remembers none.
	NegativeAge time.Duration

	// HostRate is how many fetches a second one host gets from us on average, HostBurst how many at once: strangers' requests must
	// not add up to an attack on somebody else. A negative rate is no limit. The hosts of Resolve have none.
	HostRate  float64
	HostBurst int

	// UserAgent is sent with every request; "laurel" when empty.
	UserAgent string
	// Resolver looks up addresses; the system's, through Go's own resolver, when nil.
	Resolver Resolver
	// Clock gives the age of what is cached; time.Now when nil.
	Clock func() time.Time

	// Resolve is the laboratory exception: documents of exactly these hosts ("host", or "host:port" for one port of it) are
	// fetched from the given "ip:port", whatever address that is and whatever port the URL has; http is allowed for them.
	// [ParseResolve] reads one entry. All other hosts keep every rule.
	Resolve map[string]string
	// RootCAs replaces the system's certificate authorities for the hosts in Resolve, and for no other.
	RootCAs *x509.CertPool
}

// Resolver looks up the addresses of a host; *net.Resolver is one. Network is always "ip", the host is without a trailing dot.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Redirects says which redirects a request follows.
type Redirects uint8

const (
	// NoRedirects takes every redirect for a failure ([ErrRedirect]). DID documents and key sets want this.
	NoRedirects Redirects = iota
	// SameHost follows at most three redirects that stay on the same https host and port.
	SameHost
)

// Request says what the caller is ready to take.
type Request struct {
	// Accept is the header of that name; when empty, MediaTypes joined.
	Accept string
	// MediaTypes are the media types taken, lower case and without parameters. Any other is [ErrMediaType]; with none named, so
	// is every answer.
	MediaTypes []string
	// MaxBytes limits the document's size; 0 means the client's limit.
	MaxBytes int64
	// Redirects is the redirect policy; the zero value follows none.
	Redirects Redirects
	// Keep, when set, says how long a document may be kept by its own contents, such as the ttl of a status list. What
	// Cache-Control allows and MaxAge are bounds still. It must give the same for the same document.
	Keep func(body []byte) time.Duration
	// Fresh does not take the document from the cache. Failures are remembered all the same.
	Fresh bool
}

// Response is a document as it was served.
type Response struct {
	// Body is the whole document. It is the caller's own copy.
	Body []byte
	// MediaType is one of the request's, ContentType the header it was taken from.
	MediaType, ContentType string
	// URL is where the document was found: the requested one, or where redirects led.
	URL string
}

// Client fetches foreign documents. It is safe for concurrent use, holds no connection open and keeps no cookie.
type Client struct {
	config     Config
	guarded    *http.Transport
	laboratory *http.Transport
	exceptions map[string]netip.AddrPort
	guard      *guard
	dial       func(ctx context.Context, network, address string) (net.Conn, error) // for addresses the guard has passed
	documents  *cache[*Response]
	failures   *cache[error]
	turns      sync.Mutex // held while targets is read and written
	targets    *cache[*rate.Limiter]
	flights    singleflight.Group
}

// New makes a client. It opens no connection. An entry of config.Resolve that [ParseResolve] would refuse, or RootCAs without a
// host to use them for, is an error.
func New(config Config) (*Client, error) {
	setDefault(&config.Timeout, DefaultTimeout)
	setDefault(&config.HeaderTimeout, DefaultHeaderTimeout)
	setDefault(&config.MinRate, DefaultMinRate)
	setDefault(&config.RateInterval, time.Second)
	setDefault(&config.MaxBytes, DefaultMaxBytes)
	setDefault(&config.CacheBytes, DefaultCacheBytes)
	setDefault(&config.MaxAge, DefaultMaxAge)
	setDefault(&config.NegativeAge, DefaultNegativeAge)
	setDefault(&config.HostRate, DefaultHostRate)
	setDefault(&config.HostBurst, DefaultHostBurst)
	setDefault(&config.UserAgent, "laurel")
	if config.Resolver == nil {
		config.Resolver = systemResolver{&net.Resolver{PreferGo: true}}
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	exceptions, err := parseExceptions(config.Resolve)
	if err != nil {
		return nil, err
	}
	if config.RootCAs != nil && len(exceptions) == 0 {
		return nil, errors.New("certificate authorities need a host to use them for")
	}
	c := &Client{
		config:     config,
		exceptions: exceptions,
		guard:      newGuard(config.Ports, config.Deny),
		documents:  newCache[*Response](config.CacheBytes, config.Clock),
		failures:   newCache[error](maxFailures, config.Clock),
		targets:    newCache[*rate.Limiter](maxTargets, config.Clock),
	}
	c.dial = (&net.Dialer{Control: c.guard.control}).DialContext
	c.guarded = c.transport(c.dialGuarded, nil)
	c.laboratory = c.transport(c.dialException, config.RootCAs)
	return c, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// transport gives a connection to each request, so that no answer can come over a connection made for another host.
func (c *Client) transport(dial func(ctx context.Context, network, address string) (net.Conn, error), roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                  nil, // never the environment's: a proxy would do the look-up that the guard has to do
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    c.config.HeaderTimeout,
		ResponseHeaderTimeout:  c.config.HeaderTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableKeepAlives:      true,
		DisableCompression:     true,
	}
}

// Get fetches the document at rawURL, or takes it from the cache. The URL must be https, without user information and fragment,
// its host a DNS name of two or more labels, its port allowed. An answer other than 200 is an error.
//
// Every error is an [*Error] and matches one of this package's sentinels.
func (c *Client) Get(ctx context.Context, rawURL string, request Request) (*Response, error) {
	t, err := c.parseTarget(rawURL)
	if err != nil {
		return nil, err
	}
	if request.MaxBytes <= 0 {
		request.MaxBytes = c.config.MaxBytes
	}
	if request.Accept == "" {
		request.Accept = strings.Join(request.MediaTypes, ", ")
	}
	key := cacheKey(t, request)
	if err, ok := c.failures.get(t.hostPort()); ok {
		return nil, err
	}
	if err, ok := c.failures.get(key); ok {
		return nil, err
	}
	if !request.Fresh {
		if response, ok := c.documents.get(key); ok {
			return response.clone(), nil
		}
	}
	if err := spend(ctx); err != nil {
		return nil, t.fail(err)
	}
	return c.join(ctx, t, key, request)
}

// Fetch gets a document that must not be redirected, in one of the media types that the accept header names. It is the shape in
// which other packages ask for a client.
func (c *Client) Fetch(ctx context.Context, url, accept string) ([]byte, error) {
	request := Request{Accept: accept}
	for entry := range strings.SplitSeq(accept, ",") {
		if mediaType, _, err := mime.ParseMediaType(entry); err == nil && !strings.Contains(mediaType, "*") {
			request.MediaTypes = append(request.MediaTypes, mediaType)
		}
	}
	response, err := c.Get(ctx, url, request)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

// join makes the fetch, or waits for the same one that is under way. The fetch has its own time: a caller that gives up takes
// neither the others' answer nor leaves a failure behind that was only its own haste.
func (c *Client) join(ctx context.Context, t target, key string, request Request) (*Response, error) {
	flight := c.flights.DoChan(key, func() (any, error) {
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.config.Timeout)
		defer cancel()
		if !c.takesTurn(t) {
			return nil, &Error{origin: t.origin(), kind: ErrBusy} // says nothing about the host, so it is not remembered
		}
		response, age, err := c.follow(detached, t, request)
		if err != nil {
			c.rememberFailure(t, key, err)
			return nil, err
		}
		if request.Keep != nil && age > 0 {
			age = min(age, request.Keep(response.Body))
		}
		if age > 0 {
			size := len(key) + len(response.Body) + len(response.URL) + len(response.ContentType)
			c.documents.put(key, response, size, min(age, c.config.MaxAge))
		}
		return response, nil
	})
	select {
	case result := <-flight:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*Response).clone(), nil
	case <-ctx.Done():
		return nil, t.fail(timeout(context.Cause(ctx)))
	}
}

// takesTurn counts a fetch of a host, and says whether it may have one more. A host that has been left alone for a while is
// forgotten: its limiter would be full again.
func (c *Client) takesTurn(t target) bool {
	if c.config.HostRate < 0 || t.exception {
		return true
	}
	c.turns.Lock()
	defer c.turns.Unlock()
	limiter, ok := c.targets.get(t.host)
	if !ok {
		limiter = rate.NewLimiter(rate.Limit(c.config.HostRate), c.config.HostBurst)
	}
	refill := time.Duration(float64(c.config.HostBurst) / c.config.HostRate * float64(time.Second))
	c.targets.put(t.host, limiter, 1, refill+time.Second)
	return limiter.AllowN(c.config.Clock(), 1)
}

// rememberFailure keeps a failure: of the whole host and port when there was nobody to speak to, else of this request.
func (c *Client) rememberFailure(t target, key string, err error) {
	var dial *dialError
	if errors.As(err, &dial) {
		key = t.hostPort()
	}
	c.failures.put(key, err, 1, c.config.NegativeAge)
}

func (r *Response) clone() *Response {
	copied := *r
	copied.Body = bytes.Clone(r.Body)
	return &copied
}

// cacheKey tells apart whatever makes a different answer, or a different judgement of it.
func cacheKey(t target, request Request) string {
	return fmt.Sprintf("%s\n%s\n%s\n%d %d", t, request.Accept, strings.Join(request.MediaTypes, ","), request.MaxBytes, request.Redirects)
}
