//go:build transit

package transitkeys

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"laurel/internal/keys"
	"laurel/internal/keys/keystest"
)

const token = "hvs.canary-token-4711"

// imitation is a transit engine as its documentation has it, as far as it is used.
type imitation struct {
	mu      sync.Mutex
	secrets map[string]crypto.Signer
}

// types of keys, as the engine calls them, by the algorithm of package keys.
var algorithms = map[string]string{"ed25519": keys.Ed25519, "ecdsa-p256": keys.P256, "ecdsa-p384": keys.P384, "rsa-2048": keys.RSA2048}

func (i *imitation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	answer := func(status int, body any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
	if r.Header.Get("X-Vault-Token") != token {
		answer(403, map[string]any{"errors": []string{"permission denied"}})
		return
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/transit/"), "/")
	if len(parts) != 2 {
		answer(404, map[string]any{"errors": []string{}})
		return
	}
	var request struct {
		Type          string
		Exportable    bool
		Input         []byte
		KeyVersion    int    `json:"key_version"`
		Prehashed     bool   `json:"prehashed"`
		HashAlgorithm string `json:"hash_algorithm"`
		Marshaling    string `json:"marshaling_algorithm"`
		Signature     string `json:"signature_algorithm"`
	}
	if r.Method == http.MethodPost && json.NewDecoder(r.Body).Decode(&request) != nil {
		answer(400, map[string]any{"errors": []string{"no JSON"}})
		return
	}
	secret := i.secrets[parts[1]]
	switch {
	case parts[0] == "keys" && r.Method == http.MethodPost:
		made, err := keys.Generate(rand.Reader, algorithms[request.Type])
		if err == nil {
			i.secrets[parts[1]], err = keys.Signer(algorithms[request.Type], made)
		}
		if err != nil || request.Exportable {
			answer(400, map[string]any{"errors": []string{"unknown type"}})
			return
		}
		w.WriteHeader(204)
	case secret == nil:
		answer(404, map[string]any{"errors": []string{}})
	case parts[0] == "keys":
		answer(200, map[string]any{"data": map[string]any{"keys": map[string]any{"1": map[string]any{"public_key": published(secret.Public())}}}})
	case parts[0] == "sign" && request.KeyVersion == 1:
		var options crypto.SignerOpts = crypto.Hash(0)
		if request.Prehashed {
			options = map[string]crypto.Hash{"sha2-256": crypto.SHA256, "sha2-384": crypto.SHA384}[request.HashAlgorithm]
		}
		signature, err := secret.Sign(rand.Reader, request.Input, options)
		if _, isRSA := secret.(*rsa.PrivateKey); err != nil || isRSA != (request.Signature == "pkcs1v15") {
			answer(400, map[string]any{"errors": []string{"cannot sign"}})
			return
		}
		answer(200, map[string]any{"data": map[string]any{"signature": "vault:v1:" + base64.StdEncoding.EncodeToString(signature)}})
	default:
		answer(405, map[string]any{"errors": []string{}})
	}
}

func published(key crypto.PublicKey) string {
	if raw, ok := key.(ed25519.PublicKey); ok {
		return base64.StdEncoding.EncodeToString(raw)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// direct is a Client that calls a handler.
type direct struct{ handler http.Handler }

func (d direct) Exchange(ctx context.Context, method, url string, header map[string]string, body []byte) (int, []byte, error) {
	request := httptest.NewRequestWithContext(ctx, method, url, strings.NewReader(string(body)))
	for name, value := range header {
		request.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	d.handler.ServeHTTP(recorder, request)
	return recorder.Code, recorder.Body.Bytes(), ctx.Err()
}

func newConfig(t testing.TB, client Client) Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return Config{Client: client, URL: "https://vault.example:8200", Mount: "transit", TokenFile: path}
}

func newEngine(t testing.TB, config Config) *Engine {
	t.Helper()
	e, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestImitation(t *testing.T) {
	config := newConfig(t, direct{&imitation{secrets: make(map[string]crypto.Signer)}})
	keystest.Run(t, func(t testing.TB) keys.Backend { return newEngine(t, config) }, keys.Ed25519, keys.P256, keys.P384, keys.RSA2048)
}

// said answers everything with one status and body.
type said struct {
	status int
	body   string
	err    error
}

func (s said) Exchange(context.Context, string, string, map[string]string, []byte) (int, []byte, error) {
	return s.status, []byte(s.body), s.err
}

func TestFaults(t *testing.T) {
	for name, answer := range map[string]said{
		"no server":       {err: errors.New("no route")},
		"a wrong token":   {status: 403, body: `{"errors":["permission denied ` + token + `"]}`},
		"sealed":          {status: 503, body: `{"errors":["Vault is sealed"]}`},
		"no engine":       {status: 404, body: `{"errors":[]}`},
		"a web page":      {status: 200, body: `<html>`},
		"nothing in it":   {status: 200, body: `{}`},
		"no key":          {status: 200, body: `{"data":{"keys":{}}}`},
		"no key that is":  {status: 200, body: `{"data":{"keys":{"1":{"public_key":"AAAA"}}}}`},
		"another version": {status: 200, body: `{"data":{"keys":{"2":{"public_key":"AAAA"}}}}`},
	} {
		e := newEngine(t, newConfig(t, answer))
		_, _, err := e.Create(t.Context(), keys.Ed25519)
		if !errors.Is(err, keys.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("%s: the token is in the error", name)
		}
	}
	e := newEngine(t, newConfig(t, said{status: 200, body: `{"data":{"keys":{"1":{"public_key":"` + base64.StdEncoding.EncodeToString(make([]byte, 32)) + `"}},"signature":"vault:v2:AAAA"}}`}))
	signer, err := e.Signer(t.Context(), "laurel-00000000000000000000000000000000")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signer.Sign(nil, []byte("x"), crypto.Hash(0)); !errors.Is(err, keys.ErrUnavailable) {
		t.Errorf("a signature of another version: %v", err)
	}
	config := newConfig(t, said{status: 200})
	config.TokenFile += ".gone"
	if _, _, err := newEngine(t, config).Create(t.Context(), keys.P256); !errors.Is(err, keys.ErrUnavailable) {
		t.Errorf("without a token: %v", err)
	}
	for name, spoil := range map[string]func(*Config){
		"http":        func(c *Config) { c.URL = "http://vault.example" },
		"a path":      func(c *Config) { c.URL = "https://vault.example/v1" },
		"no URL":      func(c *Config) { c.URL = "" },
		"a mount out": func(c *Config) { c.Mount = "transit/../sys" },
		"no token":    func(c *Config) { c.TokenFile = "" },
		"no client":   func(c *Config) { c.Client = nil },
	} {
		config := newConfig(t, said{})
		spoil(&config)
		if _, err := New(config); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
