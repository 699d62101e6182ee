//go:build pkcs11

package hsmkeys

import (
	"crypto"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/pkcs11"

	"laurel/internal/keys"
	"laurel/internal/keys/keystest"
)

// softHSM are the places where Debian has the module.
var softHSM = []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"}

const pin = "4711-canary-pin"

// newToken makes a token of SoftHSM with nothing on it.
func newToken(t testing.TB) Config {
	t.Helper()
	config := Config{Token: "laurel test", PIN: pin}
	for _, path := range softHSM {
		if _, err := os.Stat(path); err == nil {
			config.Module = path
		}
	}
	if _, err := exec.LookPath("softhsm2-util"); err != nil || config.Module == "" {
		if os.Getenv("LAUREL_REQUIRE_SOFTHSM") == "1" {
			t.Fatal("SoftHSM is not installed")
		}
		t.Skip("SoftHSM is not installed: apt-get install softhsm2")
	}
	dir := t.TempDir()
	settings := filepath.Join(dir, "softhsm2.conf")
	tokens := filepath.Join(dir, "tokens")
	if err := os.Mkdir(tokens, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(settings, fmt.Appendf(nil, "directories.tokendir = %s\nlog.level = ERROR\n", tokens), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", settings)
	out, err := exec.CommandContext(t.Context(), "softhsm2-util", "--init-token", "--free", "--label", config.Token, "--pin", pin, "--so-pin", "0000").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return config
}

func TestSoftHSM(t *testing.T) {
	config := newToken(t)
	var open *Token
	t.Cleanup(func() {
		if err := open.Close(); err != nil {
			t.Error(err)
		}
	})
	keystest.Run(t, func(t testing.TB) keys.Backend {
		t.Helper()
		if open != nil {
			if err := open.Close(); err != nil {
				t.Fatal(err)
			}
		}
		var err error
		if open, err = Open(config); err != nil {
			t.Fatal(err)
		}
		return open
	}, keys.Ed25519, keys.P256, keys.P384, keys.RSA2048)
}

// TestStaysInToken: the token gives no private key away.
func TestStaysInToken(t *testing.T) {
	token, err := Open(newToken(t))
	if err != nil {
		t.Fatal(err)
	}
	defer token.Close() //nolint:errcheck // the test is over
	if _, _, err := token.Create(t.Context(), keys.P256); err != nil {
		t.Fatal(err)
	}
	err = token.with(t.Context(), func(session pkcs11.SessionHandle) error {
		if err := token.module.FindObjectsInit(session, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY)}); err != nil {
			return err
		}
		found, _, err := token.module.FindObjects(session, 5)
		if err = errors.Join(err, token.module.FindObjectsFinal(session)); err != nil || len(found) != 1 {
			return fmt.Errorf("%d private keys, %w", len(found), err)
		}
		value, err := token.module.GetAttributeValue(session, found[0], []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_VALUE, nil)})
		if err == nil && len(value) > 0 && len(value[0].Value) > 0 {
			t.Error("the private key can be read")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	good := newToken(t)
	for name, spoil := range map[string]func(*Config){
		"no module":     func(c *Config) { c.Module = filepath.Join(t.TempDir(), "none.so") },
		"another token": func(c *Config) { c.Token = "elsewhere" },
		"a wrong PIN":   func(c *Config) { c.PIN = pin + "0" },
	} {
		config := good
		spoil(&config)
		token, err := Open(config)
		if !errors.Is(err, keys.ErrUnavailable) {
			t.Errorf("%s: %v, %v", name, token, err)
			continue
		}
		if strings.Contains(err.Error(), pin) {
			t.Errorf("%s: the PIN is in the error: %v", name, err)
		}
	}
	token, err := Open(good)
	if err != nil {
		t.Fatalf("after a wrong PIN: %v", err)
	}
	reference, _, err := token.Create(t.Context(), keys.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	// A token that was taken out and put back has to be logged in to again.
	if err := token.module.Logout(token.login); err != nil {
		t.Fatal(err)
	}
	signs := func() {
		t.Helper()
		signer, err := token.Signer(t.Context(), reference)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := signer.Sign(nil, []byte("message"), crypto.Hash(0)); err != nil {
			t.Error(err)
		}
	}
	signs()
	if err := token.module.CloseAllSessions(token.slot); err != nil {
		t.Fatal(err)
	}
	signs()
	signer, err := token.Signer(t.Context(), reference)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := token.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := signer.Sign(nil, []byte("message"), crypto.Hash(0)); !errors.Is(err, keys.ErrUnavailable) {
		t.Errorf("by a closed token: %v", err)
	}
}
