//go:build transit

package transitkeys

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"

	"laurel/internal/keys"
)

// Client sends to the server; *fetch.Destinations is one. A status that is not a
// success is no error.
type Client interface {
	Exchange(ctx context.Context, method, url string, header map[string]string, body []byte) (status int, answer []byte, err error)
}

// Config says which engine. All but Namespace is required.
type Config struct {
	Client Client
	// URL is the address of the server, such as https://vault.example.ac.uk:8200.
	URL string
	// Mount is the path of the engine, usually "transit".
	Mount string
	// TokenFile holds the token; it is read for every request, so that whoever
	// renews it may write it anew.
	TokenFile string
	// Namespace is sent as X-Vault-Namespace unless empty.
	Namespace string
}

// Engine is a transit engine. It implements keys.Backend. It is safe for
// concurrent use.
type Engine struct {
	config Config
	base   string

	mu      sync.Mutex // guards what follows
	signers map[string]*signer
}

// New makes an Engine; nothing is sent. The error names the field of Config that
// is at fault.
func New(config Config) (*Engine, error) {
	u, err := url.Parse(config.URL)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil:
		return nil, errors.New("configuring transit: URL is not the https address of a server")
	case !mountName.MatchString(config.Mount):
		return nil, errors.New("configuring transit: Mount is not the path of an engine")
	case config.TokenFile == "" || config.Client == nil:
		return nil, errors.New("configuring transit: TokenFile and Client are required")
	}
	return &Engine{config: config, base: "https://" + u.Host + "/v1/" + config.Mount, signers: make(map[string]*signer)}, nil
}

var (
	mountName = regexp.MustCompile(`^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$`)
	keyName   = regexp.MustCompile(`^laurel-[0-9a-f]{32}$`)
)

// types are what the engine calls the algorithms.
var types = map[string]string{
	keys.Ed25519: "ed25519", keys.P256: "ecdsa-p256", keys.P384: "ecdsa-p384", keys.RSA2048: "rsa-2048",
}

// version is that of a key at the engine which signs. Its own rotation is not
// used: a new key has a name of its own.
const version = 1

// call makes a request and reads the member data of the answer.
func (e *Engine) call(ctx context.Context, method, path string, body, data any) error {
	token, err := os.ReadFile(e.config.TokenFile)
	if err != nil {
		return fmt.Errorf("%w: reading token: %w", keys.ErrUnavailable, err)
	}
	defer clear(token)
	header := map[string]string{"X-Vault-Token": string(bytes.TrimSpace(token)), "X-Vault-Request": "true", "Content-Type": "application/json"}
	if e.config.Namespace != "" {
		header["X-Vault-Namespace"] = e.config.Namespace
	}
	var request []byte
	if body != nil {
		if request, err = json.Marshal(body); err != nil {
			return err
		}
	}
	status, answer, err := e.config.Client.Exchange(ctx, method, e.base+path, header, request)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", keys.ErrUnavailable, err)
	case status == 404:
		return keys.ErrUnknownReference
	case status != 200 && status != 204:
		return fmt.Errorf("%w: the answer was %d", keys.ErrUnavailable, status) // what it says may repeat the request
	case data == nil:
		return nil
	}
	var envelope struct {
		Data json.RawMessage `json:"data"`
	}
	if json.Unmarshal(answer, &envelope) != nil || json.Unmarshal(envelope.Data, data) != nil {
		return fmt.Errorf("%w: the answer is not one of a transit engine", keys.ErrUnavailable)
	}
	return nil
}

// Create makes a key in the engine. It implements keys.Backend.
func (e *Engine) Create(ctx context.Context, algorithm string) (string, crypto.PublicKey, error) {
	kind, ok := types[algorithm]
	if !ok {
		return "", nil, fmt.Errorf("making key: %w %q by a transit engine", keys.ErrAlgorithm, algorithm)
	}
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return "", nil, fmt.Errorf("making key: %w", err)
	}
	name := "laurel-" + hex.EncodeToString(id[:])
	err := e.call(ctx, "POST", "/keys/"+name, map[string]any{"type": kind, "exportable": false, "allow_plaintext_backup": false}, nil)
	if errors.Is(err, keys.ErrUnknownReference) {
		err = fmt.Errorf("%w: there is no engine at this mount", keys.ErrUnavailable)
	}
	if err != nil {
		return "", nil, fmt.Errorf("making key in transit engine: %w", err)
	}
	made, err := e.Signer(ctx, name)
	if err != nil {
		return "", nil, fmt.Errorf("making key in transit engine: %w", err)
	}
	return name, made.Public(), nil
}

// Signer returns a key of the engine. It implements keys.Backend.
func (e *Engine) Signer(ctx context.Context, reference string) (crypto.Signer, error) {
	if !keyName.MatchString(reference) {
		return nil, keys.ErrUnknownReference
	}
	e.mu.Lock()
	known := e.signers[reference]
	e.mu.Unlock()
	if known != nil {
		return known, nil
	}
	var data struct {
		Keys map[string]struct {
			PublicKey string `json:"public_key"`
		} `json:"keys"`
	}
	if err := e.call(ctx, "GET", "/keys/"+reference, nil, &data); err != nil {
		return nil, fmt.Errorf("opening key of transit engine: %w", err)
	}
	public, err := parsePublic(data.Keys["1"].PublicKey)
	if err != nil {
		return nil, fmt.Errorf("opening key of transit engine: %w: %w", keys.ErrUnavailable, err)
	}
	found := &signer{engine: e, name: reference, public: public}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.signers[reference] = found
	return found, nil
}

// parsePublic reads a public key: PEM, or the bytes of one of Ed25519 in base64.
func parsePublic(text string) (crypto.PublicKey, error) {
	if block, _ := pem.Decode([]byte(text)); block != nil {
		return x509.ParsePKIXPublicKey(block.Bytes)
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, errors.New("the key is in no form that is known")
	}
	return ed25519.PublicKey(raw), nil
}

// signer is one key of an engine.
type signer struct {
	engine *Engine
	name   string
	public crypto.PublicKey
}

// Public implements crypto.Signer.
func (s *signer) Public() crypto.PublicKey { return s.public }

// hashes are what the engine calls those of digests that it signs.
var hashes = map[crypto.Hash]string{crypto.SHA256: "sha2-256", crypto.SHA384: "sha2-384"}

// Sign implements crypto.Signer: of Ed25519 for a message, of the others, which
// sign as in ES256, ES384 and RS256, for a digest.
func (s *signer) Sign(_ io.Reader, input []byte, options crypto.SignerOpts) ([]byte, error) {
	hash := options.HashFunc()
	request := map[string]any{"input": base64.StdEncoding.EncodeToString(input), "key_version": version}
	_, pss := options.(*rsa.PSSOptions)
	_, edwards := s.public.(ed25519.PublicKey)
	switch {
	case edwards && hash == 0:
	case edwards || pss || hashes[hash] == "" || hash.Size() != len(input):
		return nil, fmt.Errorf("signing: %w: not in this way", keys.ErrAlgorithm)
	default:
		request["prehashed"], request["hash_algorithm"] = true, hashes[hash]
		if _, ok := s.public.(*ecdsa.PublicKey); ok {
			request["marshaling_algorithm"] = "asn1"
		} else {
			request["signature_algorithm"] = "pkcs1v15"
		}
	}
	var data struct {
		Signature string `json:"signature"`
	}
	if err := s.engine.call(context.Background(), "POST", "/sign/"+s.name, request, &data); err != nil {
		return nil, fmt.Errorf("signing by transit engine: %w", err)
	}
	// "vault:v1:", or another word first.
	parts := strings.Split(data.Signature, ":")
	signature, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if len(parts) != 3 || parts[1] != fmt.Sprintf("v%d", version) || err != nil {
		return nil, fmt.Errorf("signing by transit engine: %w: the answer is no signature", keys.ErrUnavailable)
	}
	return signature, nil
}
