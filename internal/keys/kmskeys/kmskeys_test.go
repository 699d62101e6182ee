//go:build awskms

package kmskeys

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"laurel/internal/keys"
	"laurel/internal/keys/keystest"
)

const secretKey = "canary/SecretAccessKey4711"

// imitation is the service as its documentation has it, as far as it is used.
type imitation struct {
	mu      sync.Mutex
	secrets map[string]crypto.Signer
}

var algorithms = map[string]string{
	"ECC_NIST_EDWARDS25519": keys.Ed25519, "ECC_NIST_P256": keys.P256, "ECC_NIST_P384": keys.P384, "RSA_2048": keys.RSA2048,
}

var hashes = map[string]crypto.Hash{
	"ECDSA_SHA_256": crypto.SHA256, "ECDSA_SHA_384": crypto.SHA384, "RSASSA_PKCS1_V1_5_SHA_256": crypto.SHA256, "ED25519_SHA_512": 0,
}

func (i *imitation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	refuse := func(code string) {
		w.Header().Set("X-Amzn-ErrorType", code)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"`+code+`","message":"it is as it is"}`)
	}
	var request struct {
		KeySpec, KeyUsage, KeyId, MessageType, SigningAlgorithm string
		Message                                                 []byte
	}
	if !strings.Contains(r.Header.Get("Authorization"), "Credential=AKIDCANARY/") || json.NewDecoder(r.Body).Decode(&request) != nil {
		refuse("IncompleteSignatureException")
		return
	}
	secret := i.secrets[request.KeyId]
	answer := map[string]any{}
	switch target := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "TrentService."); {
	case target == "CreateKey":
		made, err := keys.Generate(rand.Reader, algorithms[request.KeySpec])
		if err != nil || request.KeyUsage != "SIGN_VERIFY" {
			refuse("UnsupportedOperationException")
			return
		}
		name := make([]byte, 16)
		_, _ = rand.Read(name)
		arn := "arn:aws:kms:eu-central-1:123456789012:key/" + hex.EncodeToString(name)
		i.secrets[arn], _ = keys.Signer(algorithms[request.KeySpec], made)
		answer["KeyMetadata"] = map[string]any{"KeyId": hex.EncodeToString(name), "Arn": arn}
	case secret == nil:
		refuse("NotFoundException")
		return
	case target == "GetPublicKey":
		der, _ := x509.MarshalPKIXPublicKey(secret.Public())
		answer["PublicKey"] = der
	case target == "Sign":
		hash, known := hashes[request.SigningAlgorithm]
		if !known || (hash == 0) != (request.MessageType == "RAW") {
			refuse("InvalidKeyUsageException")
			return
		}
		signature, err := secret.Sign(rand.Reader, request.Message, hash)
		if err != nil {
			refuse("InvalidKeyUsageException")
			return
		}
		answer["Signature"] = signature
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(answer)
}

func newConfig(t testing.TB, handler http.Handler) Config {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	return Config{
		Region: "eu-central-1", Client: server.Client(), Endpoint: server.URL,
		Credentials: func(context.Context) (Credentials, error) { return Credentials{"AKIDCANARY", secretKey, ""}, nil },
	}
}

func newService(t testing.TB, config Config) *Service {
	t.Helper()
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestImitation(t *testing.T) {
	config := newConfig(t, &imitation{secrets: make(map[string]crypto.Signer)})
	keystest.Run(t, func(t testing.TB) keys.Backend { return newService(t, config) }, keys.Ed25519, keys.P256, keys.P384, keys.RSA2048)
	s := newService(t, config)
	name, _, err := s.Create(t.Context(), keys.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := s.Signer(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signer.Sign(nil, make([]byte, maxMessage+1), crypto.Hash(0)); !errors.Is(err, keys.ErrAlgorithm) {
		t.Errorf("a message that is too long: %v", err)
	}
}

func TestFaults(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"denied": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-ErrorType", "AccessDeniedException")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"message":"`+secretKey+`"}`)
		},
		"a web page": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `<html>`) },
		"nothing":    func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) },
	} {
		_, _, err := newService(t, newConfig(t, handler)).Create(t.Context(), keys.P256)
		if !errors.Is(err, keys.ErrUnavailable) || strings.Contains(err.Error(), secretKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	none := newConfig(t, http.NotFoundHandler())
	none.Credentials = func(context.Context) (Credentials, error) {
		return Credentials{}, errors.New("none in the environment")
	}
	if _, _, err := newService(t, none).Create(t.Context(), keys.P256); !errors.Is(err, keys.ErrUnavailable) {
		t.Errorf("without credentials: %v", err)
	}
	for name, spoil := range map[string]func(*Config){
		"no region":      func(c *Config) { c.Region = "" },
		"a host":         func(c *Config) { c.Region = "eu-central-1.evil.example/" },
		"no credentials": func(c *Config) { c.Credentials = nil },
		"no client":      func(c *Config) { c.Client = nil },
	} {
		config := newConfig(t, http.NotFoundHandler())
		spoil(&config)
		if _, err := New(config); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
