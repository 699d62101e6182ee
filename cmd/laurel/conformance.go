package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"laurel/contexts"
	"laurel/credential/dataintegrity"
	"laurel/credential/jose"
	"laurel/credential/jsonld"
	"laurel/credential/statuslist"
	"laurel/did"
	"laurel/internal/keys"
	"laurel/internal/server"
	"laurel/internal/vcapi"
)

// conformanceCommand serves throw-away instances of the VC API for the W3C
// suites. It knows the contexts of their examples and reads contexts that are
// written into documents, which no other command does.
type conformanceCommand struct {
	Listen string `placeholder:"ADDRESS" default:"127.0.0.1:0" help:"Loopback address to listen on (${default}); port 0 takes a free one."`
	TLS    bool   `name:"tls" help:"Serve https with a certificate that is made for the occasion; caFile in the result holds it."`
	networkFlags
}

// instanceKind is one instance that is served.
type instanceKind struct {
	name        string
	algorithm   string
	cryptosuite string // "" for one that envelopes
	pointers    []string
	undated     bool
	purposes    []string
}

// instanceKinds are the instances. Their names are what suites are set up with.
var instanceKinds = []instanceKind{
	{name: "eddsa-rdfc-2022", algorithm: keys.Ed25519, cryptosuite: dataintegrity.EdDSARDFC2022},
	{name: "eddsa-jcs-2022", algorithm: keys.Ed25519, cryptosuite: dataintegrity.EdDSAJCS2022},
	{name: "ecdsa-rdfc-2019-p256", algorithm: keys.P256, cryptosuite: dataintegrity.ECDSARDFC2019},
	{name: "ecdsa-rdfc-2019-p384", algorithm: keys.P384, cryptosuite: dataintegrity.ECDSARDFC2019},
	{name: "ecdsa-jcs-2019-p256", algorithm: keys.P256, cryptosuite: dataintegrity.ECDSAJCS2019},
	{name: "ecdsa-jcs-2019-p384", algorithm: keys.P384, cryptosuite: dataintegrity.ECDSAJCS2019},
	{name: "ecdsa-sd-2023", algorithm: keys.P256, cryptosuite: dataintegrity.ECDSASD2023, pointers: []string{"/issuer"}},
	{name: "bbs-2023", algorithm: keys.BLS12381G2, cryptosuite: dataintegrity.BBS2023, pointers: []string{"/issuer"}, undated: true},
	{name: "ed25519-2020", algorithm: keys.Ed25519, cryptosuite: dataintegrity.Ed25519Signature2020},
	{name: "vc2", algorithm: keys.Ed25519, cryptosuite: dataintegrity.EdDSARDFC2022},
	{name: "vc-jwt", algorithm: keys.P256},
	{name: "status", algorithm: keys.Ed25519, cryptosuite: dataintegrity.EdDSARDFC2022, purposes: []string{statuslist.Revocation}},
	{name: "vc-api", algorithm: keys.Ed25519, cryptosuite: dataintegrity.EdDSARDFC2022},
}

// servedInstance is an instance as it is printed.
type servedInstance struct {
	Name               string            `json:"name"`
	IssuerDID          string            `json:"issuerDid,omitempty"`
	VerificationMethod string            `json:"verificationMethod,omitempty"`
	Endpoints          map[string]string `json:"endpoints"`
	CAFile             string            `json:"caFile,omitempty"`
}

// Run implements the command.
func (c *conformanceCommand) Run(ctx context.Context, console *console) (err error) {
	listener, caFile, remove, err := c.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	client, err := c.networkFlags.newClient()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	base, methods := address(listener), newMethods(client, nil)
	made, served, err := newInstances(base, methods)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	set, err := contexts.Embedded()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	handler, err := newServer(serverParts{
		verifier: newVerifier(set, client, nil), resolver: methods, publicURL: base, instances: made,
		limits: server.Limits{VerifyRate: -1, VerifyQueue: 4096}, logger: console.logger(),
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	served = append(served, servedInstance{Name: "resolver", Endpoints: map[string]string{"resolve": base + "/1.0/identifiers"}})
	for i := range served {
		served[i].CAFile = caFile
	}
	if err := console.reportLine(served); err != nil {
		return errors.Join(err, listener.Close())
	}
	return handler.Run(ctx, listener)
}

// open listens, on this machine alone. remove deletes the file of the
// certificate.
func (c *conformanceCommand) open() (listener server.Listener, caFile string, remove func() error, err error) {
	remove = func() error { return nil }
	host, _, err := net.SplitHostPort(c.Listen)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return listener, "", nil, usage(errors.New("reading command line: --listen is not a loopback address and a port"), "write --listen 127.0.0.1:0")
	}
	if listener.Listener, err = net.Listen("tcp", c.Listen); err != nil {
		return listener, "", nil, listenFailure(err)
	}
	if !c.TLS {
		return listener, "", remove, nil
	}
	certificate, err := newCertificate(host, time.Now())
	if err != nil {
		return listener, "", nil, errors.Join(err, listener.Close())
	}
	directory, err := os.MkdirTemp("", "laurel-conformance-")
	if err != nil {
		return listener, "", nil, errors.Join(err, listener.Close())
	}
	remove = func() error { return os.RemoveAll(directory) }
	caFile = filepath.Join(directory, "ca.pem")
	encoded := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	if err := os.WriteFile(caFile, encoded, 0o600); err != nil {
		return listener, "", nil, errors.Join(err, remove(), listener.Close())
	}
	listener.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	return listener, caFile, remove, nil
}

// newCertificate makes a certificate for this machine that is its own
// authority, good for a day.
func newCertificate(host string, now time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "laurel conformance"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.ParseIP(host)},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// newInstances makes the instances and what is printed of them.
func newInstances(base string, resolver did.Resolver) (map[string]*vcapi.Instance, []servedInstance, error) {
	set, err := contexts.Conformance()
	if err != nil {
		return nil, nil, err
	}
	made := make(map[string]*vcapi.Instance, len(instanceKinds))
	shared := vcapi.Config{
		JSONLD: jsonld.New(set, jsonld.Options{InlineContexts: true}), Contexts: set,
		Resolver: resolver, Lists: neighbours{base, made},
	}
	var served []servedInstance
	for _, kind := range instanceKinds {
		instance, one, err := kind.make(shared, base+"/vc-api/"+kind.name)
		if err != nil {
			return nil, nil, fmt.Errorf("making instance %s: %w", kind.name, err)
		}
		made[kind.name] = instance
		served = append(served, one)
	}
	return made, served, nil
}

// make makes an instance with a new key.
func (k instanceKind) make(config vcapi.Config, url string) (*vcapi.Instance, servedInstance, error) {
	secret, err := keys.Generate(rand.Reader, k.algorithm)
	if err != nil {
		return nil, servedInstance{}, err
	}
	signer, err := keys.Signer(k.algorithm, secret)
	if err != nil {
		return nil, servedInstance{}, err
	}
	multikey, err := did.EncodeMultikey(signer.Public())
	if err != nil {
		return nil, servedInstance{}, err
	}
	config.URL, config.Issuer = url, "did:key:"+multikey
	method := config.Issuer + "#" + multikey
	config.Policy = vcapi.Policy{
		RefuseUnverified: true, StatusPurposes: k.purposes, StatusDecides: len(k.purposes) > 0,
		JOSE: jose.Options{VC2InClaim: true, DateTimeClaims: true},
	}
	if k.cryptosuite == "" {
		config.Envelope = &vcapi.Envelope{Signer: signer, KeyID: method}
	} else {
		config.Proofs = []vcapi.Proof{{
			Cryptosuite: k.cryptosuite, Signer: signer, VerificationMethod: method, MandatoryPointers: k.pointers, Undated: k.undated,
		}}
	}
	instance, err := vcapi.New(config)
	if err != nil {
		return nil, servedInstance{}, err
	}
	endpoints := map[string]string{
		"issue": url + "/credentials/issue", "verify": url + "/credentials/verify",
		"credentials": url + "/credentials", "verifyPresentation": url + "/presentations/verify", "challenges": url + "/challenges",
	}
	if len(k.pointers) > 0 {
		endpoints["derive"] = url + "/credentials/derive"
	} else if k.cryptosuite != "" {
		endpoints["presentations"] = url + "/presentations"
	}
	if len(k.purposes) > 0 {
		endpoints["status"] = url + "/credentials/status"
	}
	return instance, servedInstance{Name: k.name, IssuerDID: config.Issuer, VerificationMethod: method, Endpoints: endpoints}, nil
}

// neighbours gets the status lists of other instances of this process. Lists
// from elsewhere are not fetched: what suites send names hosts that are not there.
type neighbours struct {
	base      string
	instances map[string]*vcapi.Instance
}

// StatusList implements vcapi.Lists.
func (n neighbours) StatusList(ctx context.Context, url string) ([]byte, error) {
	path, ours := strings.CutPrefix(url, n.base+"/vc-api/")
	name, purpose, found := strings.Cut(path, "/status-lists/")
	if instance := n.instances[name]; ours && found && instance != nil {
		return instance.StatusList(ctx, purpose)
	}
	return nil, errors.New("fetching status list: it is none of this process")
}
