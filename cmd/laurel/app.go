package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jsonld"
	"laurel/credential/jsonschema"
	"laurel/did"
	"laurel/did/didweb"
	"laurel/did/didwebvh"
	"laurel/internal/audit"
	"laurel/internal/award"
	"laurel/internal/fetch"
	"laurel/internal/issuer"
	"laurel/internal/keys"
	"laurel/internal/keys/filekeys"
	"laurel/internal/outbox"
	"laurel/internal/server"
	"laurel/internal/vcapi"
	"laurel/storage/boltstore"
	"laurel/verifier"
)

// installation is an open data directory.
type installation struct {
	settings settings
	contexts *contexts.Set
	store    *boltstore.Store
	ring     *keys.Ring
	issuer   *issuer.Service
	awards   *award.Service
	audit    *audit.Log
	outbox   *outbox.Outbox
	// checkpointFile is where copies of checkpoints go; "" for nowhere.
	checkpointFile string
	// installationKey copies the key that is kept with the signing keys.
	installationKey func() []byte
}

// openInstallation opens a data directory for this process alone. The returned
// function closes it.
func openInstallation(flags dataFlags) (*installation, func() error, error) {
	if err := flags.whole(); err != nil {
		return nil, nil, err
	}
	remembered, err := readSettings(flags.Data)
	if err != nil {
		return nil, nil, err
	}
	// The store comes first: who has it may touch the other files.
	store, closeStore, err := openStore(flags.Data)
	if flags.reading && isReadOnly(err) {
		store, closeStore, err = openStoreToRead(flags.Data)
	}
	if err != nil {
		return nil, nil, err
	}
	opened, closeKeys, err := assemble(flags, remembered, store)
	if err != nil {
		return nil, nil, errors.Join(err, closeStore())
	}
	return opened, func() error { return errors.Join(closeKeys(), closeStore()) }, nil
}

func openStore(dir string) (*boltstore.Store, func() error, error) {
	store, err := boltstore.Open(boltstore.Config{Path: filepath.Join(dir, storeName)})
	if err != nil {
		return nil, nil, err
	}
	return store, store.Close, nil
}

// openStoreToRead opens a store that nothing can be written to.
func openStoreToRead(dir string) (*boltstore.Store, func() error, error) {
	store, err := boltstore.Open(boltstore.Config{Path: filepath.Join(dir, storeName), ReadOnly: true})
	if err != nil {
		return nil, nil, err
	}
	return store, store.Close, nil
}

// isReadOnly reports whether a file cannot be opened because it may only be read.
func isReadOnly(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission)
}

// assemble puts the issuing side on top of an open store. The returned function
// closes the places of its private keys.
func assemble(flags dataFlags, remembered settings, store *boltstore.Store) (*installation, func() error, error) {
	lock, err := flags.or(remembered).lock(flags.Data)
	if err != nil {
		return nil, nil, err
	}
	file, err := filekeys.Open(filepath.Join(flags.Data, filekeys.Name), lock, nil)
	if err != nil {
		return nil, nil, err
	}
	set, err := flags.set()
	if err != nil {
		return nil, nil, err
	}
	private, err := flags.backendFlags.open(file)
	if err != nil {
		return nil, nil, err
	}
	opened, err := newInstallation(remembered, set, store, private)
	if err != nil {
		return nil, nil, errors.Join(err, private.close())
	}
	return opened, private.close, nil
}

// newInstallation builds the issuing side of a store and the keys that are its.
func newInstallation(s settings, set *contexts.Set, store *boltstore.Store, private privateKeys) (*installation, error) {
	file := private.file
	ring := keys.New(keys.Config{Store: store, Backends: private.backends, Default: private.standard})
	service, err := issuer.New(issuer.Config{
		Store: store, Ring: ring, Contexts: set,
		PublicURL: s.PublicURL, InstallationKey: file.InstallationKey(), Suspension: s.Suspension,
	})
	if err != nil {
		return nil, err
	}
	awards, err := award.New(award.Config{Store: store, Issuer: service, InstallationKey: file.InstallationKey()})
	if err != nil {
		return nil, err
	}
	log, err := audit.New(audit.Config{Store: store, InstallationKey: file.InstallationKey()})
	if err != nil {
		return nil, err
	}
	// It queues; only a server makes one that sends.
	box, err := outbox.New(outbox.Config{Store: store, InstallationKey: file.InstallationKey(), PublicURL: s.PublicURL})
	if err != nil {
		return nil, err
	}
	return &installation{
		settings: s, contexts: set, store: store, ring: ring, issuer: service, awards: awards, audit: log, outbox: box,
		installationKey: file.InstallationKey,
	}, nil
}

// networkFlags are the laboratory exception of package fetch.
type networkFlags struct {
	Resolve []string `placeholder:"HOST=IP:PORT" env:"LAUREL_RESOLVE" help:"Laboratory only: fetch this host's documents from there, even from a private address. Named in every report."`
	CA      string   `name:"ca" placeholder:"FILE" env:"LAUREL_CA" help:"Laboratory only: certificate authorities (PEM) for the hosts of --resolve."`
}

// newClient makes the client for foreign documents.
func (f networkFlags) newClient() (*fetch.Client, error) {
	config := fetch.Config{UserAgent: "laurel/" + programVersion()}
	var err error
	if config.Resolve, config.RootCAs, err = f.exceptions(); err != nil {
		return nil, err
	}
	own, err := fetch.OwnAddresses()
	if err != nil {
		return nil, fmt.Errorf("listing own addresses: %w", err)
	}
	config.Deny = own
	return fetch.New(config)
}

// exceptions reads the laboratory exception; both are nil where there is none.
func (f networkFlags) exceptions() (resolve map[string]string, roots *x509.CertPool, err error) {
	for _, entry := range f.Resolve {
		host, address, err := fetch.ParseResolve(entry)
		if err != nil {
			return nil, nil, usage(err, "write --resolve HOST=IP:PORT")
		}
		if resolve == nil {
			resolve = make(map[string]string)
		}
		resolve[host] = address
	}
	if f.CA == "" {
		return resolve, nil, nil
	}
	if len(f.Resolve) == 0 {
		return nil, nil, usage(errors.New("reading command line: --ca is for the hosts of --resolve, of which there are none"), "add --resolve HOST=IP:PORT, or leave --ca out")
	}
	data, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, nil, missing(fmt.Errorf("reading certificate authorities: %w", err), "")
	}
	roots = x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return nil, nil, missing(fmt.Errorf("reading certificate authorities: no certificate in %s", f.CA), "give a file of PEM certificates")
	}
	return resolve, roots, nil
}

// newMethods builds a resolver of all DID methods, without a client of those
// whose DIDs are keys, and of those of an issuer on this machine.
func newMethods(client *fetch.Client, own *issuer.Service) did.Methods {
	methods := did.Methods{"key": did.KeyResolver{}, "jwk": did.JWKResolver{}}
	if client != nil {
		methods["web"] = didweb.New(didweb.Config{Fetcher: client})
		methods["webvh"] = didwebvh.New(didwebvh.Config{Fetcher: client})
	}
	if own != nil {
		methods["web"] = own.Resolver(methods["web"])
	}
	return methods
}

// newVerifier builds a verifier that gets foreign documents through a client,
// or none without one, and those of an issuer on this machine from its store.
func newVerifier(set *contexts.Set, client *fetch.Client, own *issuer.Service) *verifier.Verifier {
	processor := jsonld.New(set, jsonld.Options{})
	methods := newMethods(client, nil)
	config := verifier.Config{
		Contexts: set, JSONLD: processor, Suites: dataintegrity.New(processor), Resolver: methods,
	}
	if client != nil {
		config.Documents = documents{client}
		config.Exceptions = client.Exceptions()
	}
	if own != nil {
		config.Resolver = own.Resolver(config.Resolver)
		config.Documents = own.Documents(config.Documents)
		config.Register = own
	}
	return verifier.New(config)
}

// maxStatusList is the size of a status list credential that is still read. A
// list of a million entries with every second bit set has a quarter of it.
const maxStatusList = 1 << 20

// documents gets documents of other hosts for a verifier.
type documents struct{ client *fetch.Client }

// Document implements verifier.Documents. A status list, or a badge, may have
// moved within its host; a document with keys has to be where its identifier says.
func (d documents) Document(ctx context.Context, url string, kind verifier.Kind) ([]byte, error) {
	request := fetch.Request{MediaTypes: kind.MediaTypes()}
	switch kind {
	case verifier.KindStatusList:
		request.MaxBytes, request.Redirects, request.Keep = maxStatusList, fetch.SameHost, statusListAge
	case verifier.KindBadge:
		request.MaxBytes, request.Redirects = maxImage, fetch.SameHost
	case verifier.KindCredential:
		request.MaxBytes = maxDocument
	case verifier.KindSchema:
		request.MaxBytes, request.Redirects = jsonschema.MaxSize, fetch.SameHost
	}
	response, err := d.client.Get(ctx, url, request)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

// serverParts are what a server is put together from. Only verifier and
// publicURL are needed for one that checks and does nothing else.
type serverParts struct {
	installation *installation
	verifier     *verifier.Verifier
	resolver     did.Methods // nil: nobody is served with it
	publicURL    string
	proxies      []string
	privacy      server.Privacy
	limits       server.Limits
	logger       *slog.Logger
	instances    map[string]*vcapi.Instance
	fetching     func(context.Context) (context.Context, context.CancelFunc)
}

func newServer(p serverParts) (*server.Server, error) {
	config := server.Config{
		Verifier: p.verifier, PublicURL: p.publicURL, TrustedProxies: p.proxies, Privacy: p.privacy, Limits: p.limits,
		Logger: p.logger, Version: programVersion(), VCAPI: p.instances, Fetching: p.fetching,
	}
	if p.resolver != nil {
		config.Resolver = p.resolver
	}
	if own := p.installation; own != nil {
		config.Issuer, config.Awards, config.Keys, config.PublicURL = own.issuer, own.awards, own.ring, own.settings.PublicURL
		config.Audit, config.Outbox = own.audit, own.outbox
		config.Ready = func(context.Context) error { return own.store.Err() }
		config.Snapshots = own.store
	}
	return server.New(config)
}
