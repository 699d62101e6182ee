package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/did"
	"laurel/internal/issuer"
	"laurel/internal/keys"
	"laurel/internal/keys/filekeys"
	"laurel/internal/server"
	"laurel/storage"
	"laurel/storage/boltstore"
	"laurel/verifier"
)

// The servers that are measured, each a process of its own.
const (
	serveEcho         = "echo"         // answers with the body of the request
	serveVerifier     = "verifier"     // POST /verify and no storage
	serveLimited      = "limited"      // the same with the limits of a deployment
	serveInstallation = "installation" // all of it, on a file
	serveUnwritten    = "unwritten"    // all of it, but awards are not written
)

// ready is what a server says when it listens.
type ready struct {
	Address string `json:"address"`
	// Token, Achievement and Badge are of an installation: an API key, what can
	// be awarded, and a badge that was.
	Token       string `json:"token,omitempty"`
	Achievement string `json:"achievement,omitempty"`
	Badge       []byte `json:"badge,omitempty"`
}

// usage is what a server has used so far.
type usage struct {
	Processor time.Duration `json:"processor"`
	// Resident is the largest it has been, Live what its heap holds, in bytes.
	Resident int64  `json:"resident"`
	Live     uint64 `json:"live"`
}

// serve is a server as a process: it says on out that it is ready, answers
// every line on in with its usage, and ends when in does. A line "collect"
// collects garbage first.
func serve(mode, dir string, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	server.TuneCollector()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	said := ready{Address: listener.Addr().String()}
	var run func() error
	switch mode {
	case serveEcho:
		echo := &http.Server{Handler: http.HandlerFunc(echoed), ReadHeaderTimeout: 5 * time.Second}
		run = func() error { return echo.Serve(listener) }
	case serveVerifier, serveLimited:
		limits := unlimited
		if mode == serveLimited {
			limits = server.Limits{}
		}
		s, err := server.New(server.Config{Verifier: newStranger(nil), PublicURL: publicURL, Limits: limits, Logger: logger()})
		if err != nil {
			return err
		}
		run = func() error { return s.Run(ctx, server.Listener{Listener: listener}) }
	case serveInstallation, serveUnwritten:
		s, closeStore, err := newInstallation(ctx, dir, mode == serveInstallation, &said)
		if err != nil {
			return err
		}
		defer closeStore() //nolint:errcheck // the measurement is over
		run = func() error { return s.Run(ctx, server.Listener{Listener: listener}) }
	default:
		return fmt.Errorf("there is no server %q", mode)
	}
	failed := make(chan error, 1)
	go func() { failed <- run() }()
	answers := json.NewEncoder(out)
	if err := answers.Encode(said); err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if lines.Text() == "collect" {
			runtime.GC()
		}
		if err := answers.Encode(used()); err != nil {
			return err
		}
	}
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func used() usage {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return usage{Processor: processorTime(), Resident: resident(), Live: memory.HeapAlloc}
}

// resident is the most memory that this process has had at once. What getrusage
// says of it begins with the memory of whoever started the process.
func resident() int64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0 // no Linux
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kilobytes * 1024
		}
	}
	return 0
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// echoed is the floor of HTTP: the body is read once and sent back.
func echoed(w http.ResponseWriter, r *http.Request) {
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	buffer.Reset()
	if _, err := buffer.ReadFrom(r.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(buffer.Bytes()) // a client that is gone is its own affair
}

const publicURL = "https://badges.highvalley.example"

// unlimited lets one client do what the measurement needs.
var unlimited = server.Limits{VerifyRate: -1}

// logger writes the events of requests as a deployment does, to nobody.
func logger() *slog.Logger {
	nobody, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewJSONHandler(nobody, nil))
}

// newStranger is the verifier as laurel wires it, without a network.
func newStranger(own *issuer.Service) *verifier.Verifier {
	set, err := contexts.Embedded()
	if err != nil {
		panic(err) // the program was built from files that are not its own
	}
	processor := jsonld.New(set, jsonld.Options{})
	config := verifier.Config{
		Contexts: set, JSONLD: processor, Suites: dataintegrity.New(processor),
		Resolver: did.Methods{"key": did.KeyResolver{}, "jwk": did.JWKResolver{}},
	}
	if own != nil {
		config.Resolver, config.Documents = own.Resolver(config.Resolver), own.Documents(nil)
	}
	return verifier.New(config)
}

// newInstallation sets up an institution with an achievement, an API key and
// one badge in dir.
func newInstallation(ctx context.Context, dir string, written bool, said *ready) (*server.Server, func() error, error) {
	i, err := createInstallation(dir)
	if err != nil {
		return nil, nil, err
	}
	fail := func(err error) (*server.Server, func() error, error) {
		return nil, nil, errors.Join(err, i.store.Close())
	}
	badge, err := setUp(ctx, i.service, said)
	if err != nil {
		return fail(err)
	}
	if !written {
		record, err := i.store.FindCredential(ctx, badge)
		if err != nil {
			return fail(err)
		}
		if err := i.serve(unwritten{i.store, record.Status}); err != nil {
			return fail(err)
		}
	}
	s, err := server.New(server.Config{
		Issuer: i.service, Keys: i.ring, Verifier: newStranger(i.service), PublicURL: publicURL, Limits: unlimited, Logger: logger(),
	})
	if err != nil {
		return fail(err)
	}
	return s, i.store.Close, nil
}

// installation is a data directory with an issuer over it.
type installation struct {
	store   *boltstore.Store
	ring    *keys.Ring
	file    *filekeys.File
	service *issuer.Service
}

func storePlace(dir string) boltstore.Config {
	return boltstore.Config{Path: filepath.Join(dir, "data", "laurel.db")}
}

// createInstallation makes an installation in dir with nobody in it.
func createInstallation(dir string) (*installation, error) {
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return nil, err
	}
	if err := boltstore.Create(storePlace(dir)); err != nil {
		return nil, err
	}
	lock, err := filekeys.NewIdentity(filepath.Join(dir, "key"), data)
	if err != nil {
		return nil, err
	}
	i := new(installation)
	if i.file, err = filekeys.Create(filepath.Join(data, filekeys.Name), lock, nil); err != nil {
		return nil, err
	}
	return i, i.open(dir)
}

// open opens the store of an installation, which must be closed.
func (i *installation) open(dir string) (err error) {
	if i.store, err = boltstore.Open(storePlace(dir)); err != nil {
		return err
	}
	i.ring = keys.New(keys.Config{Store: i.store, Backends: map[string]keys.Backend{"file": i.file}, Default: "file"})
	if err := i.serve(i.store); err != nil {
		return errors.Join(err, i.store.Close())
	}
	return nil
}

// serve makes the issuer over a store.
func (i *installation) serve(store issuer.Store) error {
	set, err := contexts.Embedded()
	if err != nil {
		return err
	}
	i.service, err = issuer.New(issuer.Config{
		Store: store, Ring: i.ring, Contexts: set, PublicURL: publicURL, InstallationKey: i.file.InstallationKey(),
	})
	return err
}

func setUp(ctx context.Context, service *issuer.Service, said *ready) (badge string, err error) {
	institution := issuer.Institution{Name: "College of the High Valley", URL: "https://highvalley.example/", Email: "badges@highvalley.example"}
	if _, err := service.SetUp(ctx, "bench", institution); err != nil {
		return "", err
	}
	caller := issuer.Caller{Tenant: issuer.DefaultSlug, Actor: "bench"}
	achievement, err := service.CreateAchievement(ctx, caller, []byte(awarded))
	if err != nil {
		return "", err
	}
	said.Achievement = achievement.ID
	if said.Token, _, err = service.CreateAPIKey(ctx, caller, issuer.NewAPIKey{Name: "bench", Scopes: []string{issuer.ScopeCredentials}}); err != nil {
		return "", err
	}
	award, err := service.Award(ctx, caller, issuer.Request{
		Achievement: achievement.ID, Recipient: issuer.Recipient{Email: "student@highvalley.example", Name: "A Student"},
	})
	if err != nil {
		return "", err
	}
	made, err := service.Credential(ctx, award.ID)
	said.Badge = made.Signed
	return award.ID, err
}

// awarded is the achievement of the awards.
var awarded = strings.Join([]string{
	`{"name":"Alpine Field Botany","achievementType":"Badge"`,
	`"description":"Finds, names and records the flowering plants of alpine meadows, scree and snow beds by key."`,
	`"criteria":{"narrative":"Walk three transects and record every species.\nDefend ten of the records before two teachers."}`,
	`"tag":["botany","alpine flora","field work"]`,
	`"alignment":[{"type":["Alignment"],"targetName":"Field botanist","targetFramework":"Framework of Field Skills",` +
		`"targetUrl":"https://skills.example/framework/bot-3-2"}]}`,
}, ",")

// unwritten is a store whose awards are gone as soon as they are made, to tell
// what writing them takes.
type unwritten struct {
	*boltstore.Store
	status []storage.StatusEntry
}

// ReserveCredential makes up a reservation.
func (u unwritten) ReserveCredential(_ context.Context, r storage.Reservation) (storage.Reserved, error) {
	return storage.Reserved{Subject: r.Subject, Credential: storage.Credential{
		Tenant: r.Tenant, ID: r.ID, State: storage.StatePending, Achievement: r.Achievement, AchievementVersion: r.AchievementVersion,
		Subject: r.Subject.ID, Status: u.status, Visibility: r.Visibility, Created: r.Act.Time, ValidUntil: r.ValidUntil, Recipient: r.Recipient,
	}}, nil
}

// CommitCredential forgets an award.
func (u unwritten) CommitCredential(context.Context, storage.Issuance) (storage.Credential, error) {
	return storage.Credential{}, nil
}
