package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DestinationsConfig says where a [Destinations] may send to.
type DestinationsConfig struct {
	// Hosts are all hosts that may be sent to, each in the form that [ParseDestination] reads. None is a client that sends nothing.
	Hosts []string
	// Timeout bounds one request as a whole, 10 s when zero.
	Timeout time.Duration
	// UserAgent is sent with every request; "laurel" when empty.
	UserAgent string
	// Authorities are the certificate authorities of the hosts; the system's when nil.
	Authorities *x509.CertPool
	// Resolver looks up addresses; the system's, through Go's own resolver, when nil.
	Resolver Resolver
	// Resolve and RootCAs are the laboratory exception, as in [Config]. A host of it must be among Hosts all the same.
	Resolve map[string]string
	RootCAs *x509.CertPool
}

// Destinations sends to hosts that the operator of the installation has named, such as those of webhooks. It speaks https to them
// alone, to public addresses unless the operator has named the networks they are in, and dials the very address it has checked.
// It follows no redirect and keeps nothing of an answer but its status. It is safe for concurrent use.
type Destinations struct {
	config     DestinationsConfig
	hosts      map[string][]netip.Prefix // by host:port; none means public addresses
	exceptions map[string]netip.AddrPort
	guard      *guard
	ordinary   *http.Transport
	laboratory *http.Transport
	dial       func(ctx context.Context, network, address string) (net.Conn, error)
}

// Answer is what is kept of an answer.
type Answer struct {
	Status int
	// RetryAfter is for how long the other side wants to be left alone, zero when it does not say.
	RetryAfter time.Duration
}

const (
	destinationTimeout = 10 * time.Second
	// maxAnswerBytes is what is read of an answer, so that its connection can be used again.
	maxAnswerBytes = 4 << 10
	maxRetryAfter  = 24 * time.Hour
)

// NewDestinations makes a client. It opens no connection. An entry of Hosts that [ParseDestination] would refuse is an error, as
// are those of the laboratory exception in [New].
func NewDestinations(config DestinationsConfig) (*Destinations, error) {
	setDefault(&config.Timeout, destinationTimeout)
	setDefault(&config.UserAgent, "laurel")
	if config.Resolver == nil {
		config.Resolver = systemResolver{&net.Resolver{PreferGo: true}}
	}
	exceptions, err := parseExceptions(config.Resolve)
	if err != nil {
		return nil, err
	}
	d := &Destinations{config: config, hosts: make(map[string][]netip.Prefix, len(config.Hosts)), exceptions: exceptions}
	var ports []uint16
	for _, entry := range config.Hosts {
		hostPort, port, networks, err := parseDestination(entry)
		if err != nil {
			return nil, err
		}
		d.hosts[hostPort] = networks
		ports = append(ports, port)
	}
	d.guard = newGuard(ports, nil)
	d.dial = (&net.Dialer{Timeout: config.Timeout}).DialContext
	d.ordinary = d.transport(d.dialDestination, config.Authorities)
	d.laboratory = d.transport(d.dialLaboratory, config.RootCAs)
	return d, nil
}

// ParseDestination checks an entry of [DestinationsConfig].Hosts: a host name, a colon and port where that is not 443, and, where
// the host has addresses that are not public, "=" and the networks they may be in, separated by "+", as in
// "records.example.ac.uk:8443=10.1.0.0/16+fd00::/8".
func ParseDestination(entry string) error {
	_, _, _, err := parseDestination(entry)
	return err
}

func parseDestination(entry string) (hostPort string, port uint16, networks []netip.Prefix, err error) {
	name, list, hasNetworks := strings.Cut(entry, "=")
	name, err = exceptionName(name)
	if err != nil {
		return "", 0, nil, fmt.Errorf("parsing destination: %w", err)
	}
	host, portText, _ := strings.Cut(name, ":")
	port = 443
	if portText != "" {
		parsed, err := strconv.ParseUint(portText, 10, 16)
		if err != nil {
			return "", 0, nil, fmt.Errorf("parsing destination: %q is not a port", portText)
		}
		port = uint16(parsed)
	}
	if hasNetworks {
		for text := range strings.SplitSeq(list, "+") {
			network, err := netip.ParsePrefix(text)
			if err != nil || network.Bits() == 0 {
				return "", 0, nil, fmt.Errorf("parsing destination: %q is not a network", text)
			}
			networks = append(networks, network.Masked())
		}
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port))), port, networks, nil
}

func (d *Destinations) transport(dial func(ctx context.Context, network, address string) (net.Conn, error), roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    d.config.Timeout,
		ResponseHeaderTimeout:  d.config.Timeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxIdleConnsPerHost:    2,
		MaxConnsPerHost:        8,
		IdleConnTimeout:        30 * time.Second,
		DisableCompression:     true,
	}
}

// Allows returns nil for a URL that may be sent to, as far as can be said without asking anybody, otherwise an [*Error] that is
// ErrInvalidURL or ErrBlocked.
func (d *Destinations) Allows(rawURL string) error {
	_, err := d.target(rawURL)
	return err
}

func (d *Destinations) target(rawURL string) (target, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return target{}, err
	}
	t := target{url: u, host: strings.ToLower(u.Hostname())}
	if t.port, err = portOf(u); err != nil {
		return target{}, err
	}
	_, t.exception = exceptionIn(d.exceptions, t.host, t.port)
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !t.exception):
		return target{}, invalidURL("not https")
	case isIPLiteral(t.host):
		return target{}, &Error{kind: ErrBlocked, detail: "IP address instead of a host name"}
	case !isLDH(t.host):
		return target{}, invalidURL("host is not a DNS name")
	}
	if _, ok := d.hosts[t.hostPort()]; !ok {
		return target{}, &Error{origin: t.origin(), kind: ErrBlocked, detail: "host is not one that the operator allows"}
	}
	u.Host = t.host
	if t.port != defaultPort(u.Scheme) {
		u.Host = t.hostPort()
	}
	return t, nil
}

// Post sends a body and returns the status of the answer, whatever it is. An error, always an [*Error], means that there was
// none; its sentinels are ErrInvalidURL, ErrBlocked, ErrUnavailable and ErrTimeout.
func (d *Destinations) Post(ctx context.Context, rawURL string, header map[string]string, body []byte) (Answer, error) {
	t, err := d.target(rawURL)
	if err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, d.config.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url.String(), bytes.NewReader(body))
	if err != nil {
		return Answer{}, t.fail(err)
	}
	// A request that is sent again over a second connection, as http does when the first had been closed, is one that nobody has
	// answered: at least once is what webhooks promise.
	for name, value := range header {
		request.Header.Set(name, value)
	}
	request.Header.Set("User-Agent", d.config.UserAgent)
	transport := d.ordinary
	if t.exception {
		transport = d.laboratory
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return Answer{}, t.fail(err)
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, maxAnswerBytes) // the status has said what counts
	answer := Answer{Status: response.StatusCode}
	answer.RetryAfter = min(maxRetryAfter, time.Duration(parseSeconds(response.Header.Get("Retry-After")))*time.Second)
	return answer, nil
}

// Exceptions names the laboratory exceptions in force, as [Client.Exceptions] does.
func (d *Destinations) Exceptions() []string { return exceptionNames(d.exceptions, d.config.RootCAs) }

// dialDestination connects to a host that is allowed, at an address that it may have.
func (d *Destinations) dialDestination(ctx context.Context, _, hostPort string) (net.Conn, error) {
	networks, ok := d.hosts[hostPort]
	if !ok {
		return nil, &dialError{ErrBlocked}
	}
	addresses, err := checkedAddresses(ctx, d.config.Resolver, hostPort, func(address netip.AddrPort) error { return d.check(address, networks) })
	if err != nil {
		return nil, &dialError{err}
	}
	var errs []error
	for _, address := range addresses {
		conn, err := d.dial(ctx, "tcp", address.String())
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, &dialError{errors.Join(errs...)}
}

// check refuses an address that is not public, unless it is in one of the networks that are named for the host: then it must be.
func (d *Destinations) check(address netip.AddrPort, networks []netip.Prefix) error {
	if networks == nil {
		return d.guard.check(address)
	}
	inside := slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(address.Addr().Unmap()) })
	if !inside {
		return fmt.Errorf("%w: not in the networks of the host", ErrBlocked)
	}
	return nil
}

// dialLaboratory dials a host of the laboratory exception, and no other.
func (d *Destinations) dialLaboratory(ctx context.Context, _, hostPort string) (net.Conn, error) {
	return dialException(ctx, d.exceptions, hostPort)
}
