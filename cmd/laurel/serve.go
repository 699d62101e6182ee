package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"laurel/did"
	"laurel/internal/fetch"
	"laurel/internal/issuer"
	"laurel/internal/server"
)

// listenFlags say where a server listens.
type listenFlags struct {
	Listen       string   `placeholder:"ADDRESS" env:"LAUREL_LISTEN" default:"127.0.0.1:8080" help:"Address to listen on (${default}); port 0 takes a free one."`
	TLSCert      string   `placeholder:"FILE" env:"LAUREL_TLS_CERT" and:"tls" help:"Certificate chain (PEM); without it plain HTTP, for a TLS proxy in front."`
	TLSKey       string   `placeholder:"FILE" env:"LAUREL_TLS_KEY" and:"tls" help:"Private key of the certificate (PEM)."`
	TrustedProxy []string `placeholder:"CIDR" env:"LAUREL_TRUSTED_PROXY" help:"Proxy whose X-Forwarded-For is believed; none by default."`
	Resolver     bool     `env:"LAUREL_RESOLVER" help:"Resolve DIDs for anybody at /1.0/identifiers/DID, within the limits of checks."`
	VerifyRate   float64  `placeholder:"N" env:"LAUREL_VERIFY_RATE" help:"Checks a second that one client address may ask for; 200 by default, -1 for no limit."`
}

// open opens the listener for the world.
func (f listenFlags) open() (server.Listener, error) {
	var config *tls.Config
	if f.TLSCert != "" {
		certificate, err := tls.LoadX509KeyPair(f.TLSCert, f.TLSKey)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return server.Listener{}, missing(fmt.Errorf("reading certificate: %w", err), "")
		case err != nil:
			return server.Listener{}, fmt.Errorf("reading certificate: %w", err)
		}
		config = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	listener, err := net.Listen("tcp", f.Listen)
	if err != nil {
		return server.Listener{}, listenFailure(err)
	}
	return server.Listener{Listener: listener, TLS: config}, nil
}

// listenFailure tells an address in use, which may get free, from one that
// cannot be had.
func listenFailure(err error) error {
	if strings.Contains(err.Error(), "address already in use") {
		return &failure{code: exitBusy, err: fmt.Errorf("listening: %w", err), hint: "choose another address: --listen 127.0.0.1:0"}
	}
	return usage(fmt.Errorf("listening: %w", err), "write --listen ADDRESS:PORT")
}

func address(l server.Listener) string {
	if l.TLS != nil {
		return "https://" + l.Addr().String()
	}
	return "http://" + l.Addr().String()
}

// serveCommand serves an institution.
type serveCommand struct {
	dataFlags
	PublicURL      string `placeholder:"URL" env:"LAUREL_PUBLIC_URL" help:"Refuse to start unless this is the address the data was set up with."`
	PrivacyContact string `placeholder:"ADDRESS" env:"LAUREL_PRIVACY_CONTACT" help:"E-mail address or URL for the privacy notice."`
	PrivacyURL     string `placeholder:"URL" env:"LAUREL_PRIVACY_URL" help:"The institution's own privacy notice."`
	listenFlags
	networkFlags
	sendingFlags
	VCAPI instanceSettings `name:"vc-api" hidden:"" help:"Instances of the VC API; a section of the settings file."`
	JSON  bool             `help:"Print the addresses as JSON."`
}

// ballastSize is how much of the disk a server keeps for revoking when it is
// full: thousands of changes, as the room of each is used again.
const ballastSize = 8 << 20

// serving is the line that says that a server is ready.
type serving struct {
	PublicURL string `json:"publicUrl"`
	Address   string `json:"address"`
	Socket    string `json:"socket,omitempty"`
}

// Run implements the command.
func (c *serveCommand) Run(ctx context.Context, console *console) (err error) {
	opened, closeData, err := openInstallation(c.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	if own := opened.settings.PublicURL; c.PublicURL != "" && strings.TrimSuffix(c.PublicURL, "/") != own {
		return usage(fmt.Errorf("reading command line: --public-url is not %s, with which the data was set up", own), "badges name their address for good: leave --public-url out")
	}
	if err := opened.issuer.Check(ctx); err != nil {
		return fmt.Errorf("checking installation: %w", err)
	}
	if err := opened.store.KeepBallast(ctx, ballastSize); err != nil {
		return fmt.Errorf("checking installation: %w", err)
	}
	server.TuneCollector()
	logger := console.logger()
	client, err := c.networkFlags.newClient()
	if err != nil {
		return err
	}
	logExceptions(logger, client)
	if opened.outbox, err = c.sendingFlags.outbox(opened, c.networkFlags, logger); err != nil {
		return err
	}
	opened.checkpointFile = c.AuditCheckpoints
	if err := opened.warnSetBack(ctx, logger); err != nil {
		return err
	}
	var resolver did.Methods
	if c.Resolver {
		resolver = newMethods(client, opened.issuer)
	}
	instances, err := c.VCAPI.make(ctx, opened, client)
	if err != nil {
		return err
	}
	handler, err := newServer(serverParts{
		installation: opened, instances: instances, fetching: fetchBudget, resolver: resolver, verifier: newVerifier(opened.contexts, client, opened.issuer),
		proxies: c.TrustedProxy, privacy: server.Privacy{Contact: c.PrivacyContact, URL: c.PrivacyURL}, logger: logger,
		limits: server.Limits{VerifyRate: c.VerifyRate},
	})
	if err != nil {
		return usage(err, "laurel serve --help")
	}
	public, err := c.listenFlags.open()
	if err != nil {
		return err
	}
	local, err := listenLocal(c.Data)
	if err != nil {
		return errors.Join(err, public.Close())
	}
	socket, err := filepath.Abs(local.Addr().String())
	if err == nil {
		err = serving{PublicURL: opened.settings.PublicURL, Address: address(public), Socket: socket}.print(console, c.JSON)
	}
	if err != nil {
		return errors.Join(err, public.Close(), local.Close())
	}
	return opened.run(ctx, logger, handler, public, local)
}

func (s serving) print(console *console, asJSON bool) error {
	if asJSON {
		return console.reportLine(s)
	}
	line := fmt.Sprintf("laurel: serving %s on %s", s.PublicURL, s.Address)
	if s.Socket != "" {
		line += " and " + s.Socket
	}
	_, err := fmt.Fprintln(console.stdout, line)
	return err
}

func logExceptions(logger *slog.Logger, client *fetch.Client) {
	for _, exception := range client.Exceptions() {
		logger.Warn("laboratory exception in force", "exception", exception)
	}
}

// listenLocal opens the socket of the operator's own account. The store is
// open, so that whatever is in its place was left by a server that is gone.
func listenLocal(dir string) (server.Listener, error) {
	path := filepath.Join(dir, socketName)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return server.Listener{}, fmt.Errorf("removing old socket: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return server.Listener{}, &failure{code: exitCannotRun, err: fmt.Errorf("listening: %w", err), hint: "the path of a socket has at most about 100 characters: use a shorter --data"}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return server.Listener{}, errors.Join(fmt.Errorf("listening: %w", err), listener.Close())
	}
	return server.Listener{Listener: listener, Local: true}, nil
}

// run serves, and does what has to be done now and then, until ctx ends or one
// of them fails. What is at hand then is finished first.
func (i *installation) run(ctx context.Context, logger *slog.Logger, handler *server.Server, listeners ...server.Listener) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return handler.Run(ctx, listeners...) })
	group.Go(func() error {
		return every(ctx, time.Minute, func() error {
			if err := i.issuer.RenewStatusLists(ctx); err != nil && ctx.Err() == nil {
				logger.Error("renewing status lists", "error", err)
			}
			return nil
		})
	})
	group.Go(func() error {
		return every(ctx, 10*time.Minute, func() error {
			if err := i.expireIdempotency(ctx); err != nil && ctx.Err() == nil {
				logger.Error("expiring idempotency keys", "error", err)
			}
			return nil
		})
	})
	group.Go(func() error { return i.runStatusJobs(ctx, logger) })
	group.Go(func() error { return i.awards.Run(ctx, logger) })
	group.Go(func() error { return i.outbox.Run(ctx) })
	group.Go(func() error {
		return every(ctx, checkpointInterval, func() error {
			i.checkpoint(ctx, logger)
			return nil
		})
	})
	// A store that could not make a write durable takes no more of them; only
	// opening it again shows what the disk holds.
	group.Go(func() error { return every(ctx, time.Second, i.store.Err) })
	err := group.Wait()
	i.checkpoint(context.WithoutCancel(ctx), logger)
	// It may have failed just before the end, too.
	return cmp.Or(err, i.store.Err())
}

// runStatusJobs carries out changes of many statuses as they are confirmed, and
// what was left of them when the program last ended. What fails is tried again.
func (i *installation) runStatusJobs(ctx context.Context, logger *slog.Logger) error {
	again := time.NewTicker(10 * time.Second)
	defer again.Stop()
	for {
		if err := i.issuer.RunStatusJobs(ctx); err != nil && ctx.Err() == nil {
			logger.Error("changing statuses", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-i.issuer.StatusJobsConfirmed():
		case <-again.C:
		}
	}
}

// expireBatch is how many idempotency keys are forgotten in one transaction.
const expireBatch = 1000

func (i *installation) expireIdempotency(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := i.store.ExpireIdempotency(ctx, time.Now(), expireBatch)
		if err != nil {
			return err
		}
		if n < expireBatch {
			break
		}
	}
	return nil
}

// every does something at once and then at an interval, until ctx ends or it
// fails.
func every(ctx context.Context, interval time.Duration, do func() error) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if err := do(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// verifierCommand serves the checking side alone.
type verifierCommand struct {
	PublicURL string `placeholder:"URL" env:"LAUREL_PUBLIC_URL" help:"Address by which the world reaches it; the one it listens on when left out."`
	Data      string `placeholder:"DIR" env:"LAUREL_DATA" help:"Answer for the issuers of this data directory from its store, which no server may have open."`
	sealFlags
	backendFlags
	contextFlags
	PrivacyContact string `placeholder:"ADDRESS" env:"LAUREL_PRIVACY_CONTACT" help:"E-mail address or URL for the privacy notice."`
	PrivacyURL     string `placeholder:"URL" env:"LAUREL_PRIVACY_URL" help:"The operator's own privacy notice."`
	listenFlags
	networkFlags
	JSON bool `help:"Print the addresses as JSON."`
}

// Run implements the command.
func (c *verifierCommand) Run(ctx context.Context, console *console) (err error) {
	set, err := c.contextFlags.set()
	if err != nil {
		return err
	}
	client, err := c.networkFlags.newClient()
	if err != nil {
		return err
	}
	logger := console.logger()
	logExceptions(logger, client)
	own, closeData, err := c.own()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	public, err := c.listenFlags.open()
	if err != nil {
		return err
	}
	publicURL := strings.TrimSuffix(c.PublicURL, "/")
	if publicURL == "" {
		publicURL = address(public)
	}
	var resolver did.Methods
	if c.Resolver {
		resolver = newMethods(client, own)
	}
	handler, err := newServer(serverParts{
		verifier: newVerifier(set, client, own), resolver: resolver, publicURL: publicURL, proxies: c.TrustedProxy,
		limits:  server.Limits{VerifyRate: c.VerifyRate},
		privacy: server.Privacy{Contact: c.PrivacyContact, URL: c.PrivacyURL}, logger: logger,
	})
	if err != nil {
		return usage(errors.Join(err, public.Close()), "laurel verifier --help")
	}
	if err := (serving{PublicURL: publicURL, Address: address(public)}).print(console, c.JSON); err != nil {
		return errors.Join(err, public.Close())
	}
	return handler.Run(ctx, public)
}

// own opens the issuing side of the data directory, if one is named.
func (c *verifierCommand) own() (*issuer.Service, func() error, error) {
	if c.Data == "" {
		return nil, func() error { return nil }, nil
	}
	opened, closeData, err := openInstallation(dataFlags{Data: c.Data, sealFlags: c.sealFlags, backendFlags: c.backendFlags, contextFlags: c.contextFlags})
	if err != nil {
		return nil, nil, err
	}
	return opened.issuer, closeData, nil
}
