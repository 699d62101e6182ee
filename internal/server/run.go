package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"
)

// Bounds of a connection. A client that sends or reads too slowly is cut off.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 75 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 32 << 10
	maxStreams        = 100 // requests at a time on one HTTP/2 connection
)

// Listener is an open listener and what is served on it.
type Listener struct {
	net.Listener
	// TLS is nil for plain HTTP.
	TLS *tls.Config
	// Local serves [Server.Local] instead of [Server.Handler]: without an API
	// key. It is refused on anything but a unix socket.
	Local bool
}

// collectorPercent is how much garbage, in percent of what is in use, a server
// lets come together. It has little in use, a few megabytes: by the default it
// would collect after every four, several times a second.
const collectorPercent = 400

// TuneCollector makes the collector of the whole process suit a server. An
// operator who has set GOGC knows better. A program calls it once, before Run.
func TuneCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectorPercent)
	}
}

// Run serves on the listeners until ctx ends, then lets the requests at hand
// finish within Limits.Shutdown, and closes the listeners. The error is nil
// after a shutdown in time.
func (s *Server) Run(ctx context.Context, listeners ...Listener) error {
	defer func() {
		for _, l := range listeners {
			_ = l.Close() // most are closed by then
		}
	}()
	for _, l := range listeners {
		if l.Local && l.Addr().Network() != "unix" {
			return fmt.Errorf("serving on %s: the local API is for unix sockets alone", l.Addr())
		}
	}
	group, serving := errgroup.WithContext(ctx)
	context.AfterFunc(serving, func() { s.stop.Do(func() { close(s.stopping) }) })
	for _, l := range listeners {
		server := s.httpServer(l)
		group.Go(func() error {
			if err := serveOn(server, l); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serving on %s: %w", l.Addr(), err)
			}
			return nil
		})
		group.Go(func() error {
			<-serving.Done()
			limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limits.Shutdown)
			defer cancel()
			if err := server.Shutdown(limit); err != nil {
				_ = server.Close()
				return fmt.Errorf("shutting down %s: %w", l.Addr(), err)
			}
			return nil
		})
	}
	return group.Wait()
}

func serveOn(server *http.Server, l Listener) error {
	if l.TLS != nil {
		return server.ServeTLS(listener{l.Listener}, "", "")
	}
	return server.Serve(listener{l.Listener})
}

// httpServer is a server whose every wait has an end.
func (s *Server) httpServer(l Listener) *http.Server {
	handler := s.public
	if l.Local {
		handler = s.local
	}
	return &http.Server{
		Handler:           handler,
		TLSConfig:         l.TLS,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ConnContext:       withConn,
		ErrorLog:          slog.NewLogLogger(quiet{s.logger.Handler()}, slog.LevelDebug),
	}
}

// quiet keeps the addresses of clients, which net/http puts into its messages,
// out of the log: what remains is that something was amiss with a connection.
type quiet struct{ slog.Handler }

// Handle logs that there was a message, not the message.
func (q quiet) Handle(ctx context.Context, record slog.Record) error {
	return q.Handler.Handle(ctx, slog.NewRecord(record.Time, record.Level, "connection failed", 0))
}
