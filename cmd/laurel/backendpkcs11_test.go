//go:build pkcs11

package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInstitutionWithToken sets up an institution whose keys are in SoftHSM, and
// has them sign.
func TestInstitutionWithToken(t *testing.T) {
	const module, pin = "/usr/lib/softhsm/libsofthsm2.so", "canary-pin-4711"
	if _, err := os.Stat(module); err != nil {
		if os.Getenv("LAUREL_REQUIRE_SOFTHSM") == "1" {
			t.Fatal("SoftHSM is not installed")
		}
		t.Skip("SoftHSM is not installed: apt-get install softhsm2")
	}
	dir := t.TempDir()
	file := func(name, contents string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(contents), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tokens := filepath.Join(dir, "tokens")
	if err := os.Mkdir(tokens, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", file("softhsm2.conf", "directories.tokendir = "+tokens+"\nlog.level = ERROR\n"))
	out, err := exec.CommandContext(t.Context(), "softhsm2-util", "--init-token", "--free", "--label", "campus", "--pin", pin, "--so-pin", "0000").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	config := file("laurel.yaml", fmt.Sprintf("key-backend: pkcs11\npkcs11-module: %s\npkcs11-token: campus\npkcs11-pin-file: %s\n", module, file("pin", pin+"\n")))
	t.Setenv("LAUREL_CONFIG", config)
	data := filepath.Join(dir, "data")
	laurel(t, exitFine, "init", "--data", data, "--public-url", "https://badges.example.ac.uk", "--name", "Example University")
	laurel(t, exitFine, "keys", "create", "--kind", "P-256", "--data", data)
	laurel(t, exitFine, "keys", "create", "--kind", "RSA-2048", "--data", data)
	laurel(t, exitFault, "keys", "create", "--kind", "BLS12-381-G2", "--data", data)
	laurel(t, exitFine, "keys", "create", "--kind", "BLS12-381-G2", "--backend", "file", "--data", data)
	mentor := member(t, laurel(t, exitFine, "achievement", "create", "--data", data, "--name", "Mentor", "--description", "Mentored.", "--criteria", "Mentor.", "--json"), "id")
	badge := filepath.Join(dir, "badge.json")
	laurel(t, exitFine, "issue", "--data", data, "--achievement", mentor, "--email", "a@example.org", "--out", badge)
	laurel(t, exitFine, "verify", "--data", data, badge)
	laurel(t, exitFine, "keys", "rotate", "--data", data)
	list := laurel(t, exitFine, "keys", "list", "--data", data)
	for _, want := range []string{"key-1     Ed25519       pkcs11", "key-2     P-256         pkcs11", "key-4     BLS12-381-G2  file", "key-5     Ed25519       pkcs11"} {
		if !strings.Contains(list, want) {
			t.Errorf("%q is not in\n%s", want, list)
		}
	}
	laurel(t, exitFine, "issue", "--data", data, "--achievement", mentor, "--email", "b@example.org")
	laurel(t, exitFine, "verify", "--data", data, badge)
	// Without the token nothing is signed; what the store has is there.
	t.Setenv("LAUREL_CONFIG", file("none.yaml", ""))
	laurel(t, exitFine, "keys", "list", "--data", data)
	laurel(t, exitBusy, "issue", "--data", data, "--achievement", mentor, "--email", "c@example.org")
	err = filepath.WalkDir(data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		contents, err := os.ReadFile(path)
		if strings.Contains(string(contents), pin) {
			t.Errorf("the PIN is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
