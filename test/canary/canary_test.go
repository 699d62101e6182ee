// Package canary looks for private key bytes where none may be: in everything that
// the program writes over a whole life of an institution.
package canary

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mr-tron/base58"

	"laurel/credential/bbs"
	"laurel/internal/keys/filekeys"
	"laurel/storage/boltstore"
	"laurel/test/program"
)

func TestMain(m *testing.M) { program.Main(m) }

// needle is one form of a secret.
type needle struct {
	what string
	text []byte
}

// needles are a secret in every form in which it could get out: as it is, in
// hexadecimal, in the alphabets of base64 wherever in a longer text it begins
// (which is how it stands in PEM, PKCS #8 and a JWK), in base58 as a secret
// Multikey, as a decimal number, and as Go prints bytes.
func needles(name string, secret []byte, multikey ...byte) []needle {
	var all []needle
	add := func(form string, text []byte) { all = append(all, needle{name + " " + form, text}) }
	half := len(secret) / 2
	add("raw, first half", secret[:half])
	add("raw, second half", secret[half:])
	for _, part := range [][]byte{secret[:half], secret[half:]} {
		add("hex", []byte(hex.EncodeToString(part)))
		add("HEX", []byte(strings.ToUpper(hex.EncodeToString(part))))
		var printed []string
		for _, b := range part {
			printed = append(printed, fmt.Sprint(b))
		}
		add("as Go prints bytes", []byte(strings.Join(printed, " ")))
		add("as JSON numbers", []byte(strings.Join(printed, ",")))
	}
	for offset := range 3 {
		shifted := append(make([]byte, offset), secret...)
		for form, encoding := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			encoded := encoding.EncodeToString(shifted)
			// What stands before and after shares a letter with the secret.
			add(form, []byte(encoded[(offset*8+5)/6:len(shifted)*8/6]))
		}
	}
	add("base58", []byte(base58.Encode(secret)))
	if len(multikey) > 0 {
		add("Multikey", []byte(base58.Encode(append(multikey, secret...))))
	}
	return all
}

// found names the needles in data. PEM breaks its lines, so that texts are looked
// at without line ends too.
func found(data []byte, all []needle) (names []string) {
	unbroken := data
	if len(data) < 1<<20 { // longer ones are stores, which break no lines
		unbroken = bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r"), nil), []byte("\n"), nil)
	}
	for _, n := range all {
		if bytes.Contains(data, n.text) || len(unbroken) < len(data) && bytes.Contains(unbroken, n.text) {
			names = append(names, n.what)
		}
	}
	return names
}

// secrets are all that an institution must keep to itself, read with the key
// that opens them.
func secrets(t *testing.T, institution program.Institution, keyFile string) []needle {
	t.Helper()
	lock, err := filekeys.Identity(keyFile, institution.Data)
	if err != nil {
		t.Fatal(err)
	}
	file, err := filekeys.Open(filepath.Join(institution.Data, filekeys.Name), lock, nil)
	if err != nil {
		t.Fatal(err)
	}
	store, err := boltstore.Open(boltstore.Config{Path: filepath.Join(institution.Data, "laurel.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close() //nolint:errcheck // nothing was written
	all := needles("installation key", file.InstallationKey())
	list, err := store.ListKeys(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, key := range list {
		signer, err := file.Signer(context.Background(), key.Handle)
		if err != nil {
			t.Fatal(err)
		}
		kinds[key.Algorithm] = true
		name := key.ID + " " + key.Algorithm
		switch private := signer.(type) {
		case ed25519.PrivateKey:
			all = append(all, needles(name, private.Seed(), 0x80, 0x26)...)
		case *ecdsa.PrivateKey:
			scalar, err := private.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, needles(name, scalar, 0x86, 0x26)...)
		case *rsa.PrivateKey:
			all = append(all, needles(name+" exponent", private.D.Bytes())...)
			all = append(all, needles(name+" prime", private.Primes[0].Bytes())...)
			all = append(all, needle{name + " decimal", []byte(private.D.String())})
		case *bbs.PrivateKey:
			all = append(all, needles(name, private.Bytes(), 0x8a, 0x26)...)
		default:
			t.Fatalf("%s is a %T", name, signer)
		}
	}
	if len(kinds) != 5 || len(list) < 8 {
		t.Fatalf("%d keys of the kinds %v", len(list), kinds)
	}
	identity, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(identity)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "AGE-SECRET-KEY-") {
			all = append(all, needle{"identity", []byte(line)}, needle{"identity without its name", []byte(strings.TrimPrefix(line, "AGE-SECRET-KEY-1"))})
		}
	}
	_, secret, _ := strings.Cut(institution.APIKey, "_")
	if len(secret) < 20 {
		t.Fatalf("an API key of %d letters", len(institution.APIKey))
	}
	return append(all, needle{"API key", []byte(institution.APIKey)})
}

// TestFinder: what is planted is found, in each form.
func TestFinder(t *testing.T) {
	secret := make([]byte, 32)
	for i := range secret {
		secret[i] = byte(i*37 + 129)
	}
	all := needles("secret", secret, 0x80, 0x26)
	der := append(append([]byte{0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20}, secret...), 1)
	pem := base64.StdEncoding.EncodeToString(der)
	jwk, err := json.Marshal(map[string]string{"kty": "OKP", "d": base64.RawURLEncoding.EncodeToString(secret)})
	if err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string]string{
		"raw":      "a" + string(secret) + "b",
		"hex":      fmt.Sprintf("%x", secret),
		"HEX":      fmt.Sprintf("key=%X", secret),
		"PEM":      "-----BEGIN PRIVATE KEY-----\n" + pem[:20] + "\n" + pem[20:40] + "\n" + pem[40:] + "\n-----END",
		"JWK":      string(jwk),
		"base58":   "z" + base58.Encode(secret),
		"Multikey": "z" + base58.Encode(append([]byte{0x80, 0x26}, secret...)),
		"print":    fmt.Sprint(secret),
		"half":     string(secret[16:]),
	} {
		if len(found([]byte(text), all)) == 0 {
			t.Errorf("%s is not found", form)
		}
	}
	if names := found([]byte("nothing of it: "+string(secret[:15])), all); len(names) > 0 {
		t.Errorf("found in nothing: %v", names)
	}
}

// life is everything that is written in the life of an institution.
type life struct {
	*testing.T
	dir     string
	written map[string][]byte
}

// run runs a command and keeps what it says, whatever it is.
func (l *life) run(args ...string) program.Result {
	l.Helper()
	result := program.Run(l, nil, args...)
	name := fmt.Sprintf("%03d laurel %s", len(l.written), strings.Join(args, " "))
	l.written[name] = append(result.Stdout, result.Stderr...)
	return result
}

func (l *life) must(args ...string) program.Result {
	l.Helper()
	result := l.run(args...)
	if result.Code != 0 {
		l.Fatalf("laurel %s: exit %d\n%s", strings.Join(args, " "), result.Code, result.Stderr)
	}
	return result
}

// files keeps what is in a directory.
func (l *life) files(directory string) {
	l.Helper()
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		l.written[fmt.Sprintf("%03d file %s", len(l.written), path)] = data
		return err
	})
	if err != nil {
		l.Fatal(err)
	}
}

// served keeps what a server answers.
func (l *life) served(s *program.Server, method, path, body string) program.Answer {
	l.Helper()
	answer, err := s.Operate(l.Context(), method, path, "", []byte(body))
	if err != nil {
		l.Fatal(err)
	}
	header := fmt.Sprint(answer.Header)
	l.written[fmt.Sprintf("%03d %s %s", len(l.written), method, path)] = append([]byte(header), answer.Body...)
	return answer
}

func (l *life) path(name string) string { return filepath.Join(l.dir, name) }

// TestNoPrivateKeyGetsOut has an institution do all that there is to do with keys,
// and fail at it, and then looks at everything that was written.
func TestNoPrivateKeyGetsOut(t *testing.T) {
	institution := program.Init(t, "https://badges.example.ac.uk")
	data, keyFile := institution.Data, institution.Data+".key"
	l := &life{t, t.TempDir(), map[string][]byte{}}
	for _, kind := range []string{"P-256", "P-384", "RSA-2048", "BLS12-381-G2"} {
		l.must("keys", "create", "--kind", kind, "--data", data, "--json")
	}
	config := l.path("laurel.yaml")
	instances := "vc-api:\n  - {name: all, suites: [eddsa-jcs-2022, ecdsa-rdfc-2019, eddsa-rdfc-2022], status: suspension}\n" +
		"  - {name: bbs, suites: [bbs-2023]}\n  - {name: rsa, suites: [vc-jwt], algorithm: RSA-2048}\n"
	if err := os.WriteFile(config, []byte(instances), 0o600); err != nil {
		t.Fatal(err)
	}
	server := program.Serve(t, institution, "--config", config)
	var achievement struct{ ID string }
	if err := json.Unmarshal(l.served(server, "POST", "/api/v1/achievements", `{"name":"N","description":"D","criteria":{"narrative":"C"}}`).Body, &achievement); err != nil {
		t.Fatal(err)
	}
	award := `{"achievement":"` + achievement.ID + `","recipient":{"email":"a@example.org"}}`
	for _, step := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/api/v1/credentials", award, 201},
		{"POST", "/vc-api/all/credentials/issue", credential("urn:example:1"), 201},
		{"POST", "/vc-api/bbs/credentials/issue", credential("urn:example:2"), 201},
		{"POST", "/vc-api/rsa/credentials/issue", credential("urn:example:3"), 201},
		{"POST", "/vc-api/all/credentials/status", `{"credentialId":"urn:example:1","credentialStatus":{"statusPurpose":"suspension"},"status":true}`, 200},
		{"POST", "/api/v1/keys", `{"algorithm":"P-256","backend":"nowhere"}`, 400},
		{"POST", "/api/v1/keys", `{"algorithm":"P-521"}`, 400},
		{"POST", "/api/v1/keys", `{"algorithm":`, 400},
		{"POST", "/api/v1/keys/rotate", `{}`, 200},
		{"POST", "/api/v1/keys/rotate", `{"algorithm":"P-256"}`, 200},
		{"POST", "/api/v1/keys/rotate", `{"algorithm":"BLS12-381-G2"}`, 200},
		{"POST", "/api/v1/keys/key-4/retire", ``, 200},
		{"POST", "/api/v1/keys/key-1/compromise", `{"since":"2026-01-01T00:00:00Z"}`, 200},
		{"GET", "/api/v1/keys", ``, 200},
		{"GET", "/api/v1/keys/key-1/credentials", ``, 200},
		{"GET", "/.well-known/did.json", ``, 200},
		{"GET", "/.well-known/jwks.json", ``, 200},
		{"GET", "/issuers/default", ``, 200},
		{"GET", "/readyz", ``, 200},
		{"POST", "/api/v1/credentials", award, 201},
	} {
		if answer := l.served(server, step.method, step.path, step.body); answer.Status != step.status {
			t.Errorf("%s %s: %d %s", step.method, step.path, answer.Status, answer.Body)
		}
	}
	backup, copied := l.path("backup.age"), l.path("copy")
	l.must("backup", backup, "--data", data)
	l.files(data) // with the server's write-ahead state
	if code := server.Stop(); code != 0 {
		t.Errorf("the server ended with %d", code)
	}
	l.written["log of the server"] = []byte(server.Stderr())
	for _, args := range [][]string{
		{"keys", "list", "--data", data}, {"fsck", "--deep", "--data", data}, {"audit", "verify", "--data", data}, {"compact", "--data", data},
	} {
		l.must(args...)
	}
	l.must("restore", backup, "--data", copied, "--key-file", keyFile)
	// What goes wrong says what, and nothing of what it went wrong with.
	other := program.Init(t, "https://other.example.org")
	broken := l.path("broken")
	l.must("restore", backup, "--data", broken, "--key-file", keyFile)
	sealed := filepath.Join(broken, filekeys.Name)
	contents, err := os.ReadFile(sealed)
	if err != nil {
		t.Fatal(err)
	}
	contents[len(contents)-20] ^= 1
	if err := os.WriteFile(sealed, contents, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"keys", "list", "--data", data, "--key-file", other.Data + ".key"},
		{"keys", "list", "--data", data, "--key-file", filepath.Join(data, "laurel.db")},
		{"keys", "list", "--data", data, "--passphrase-file", keyFile},
		{"keys", "list", "--data", broken, "--key-file", keyFile},
		{"serve", "--data", broken, "--key-file", keyFile, "--listen", "127.0.0.1:0"},
		{"restore", backup, "--data", l.path("nothing"), "--key-file", other.Data + ".key"},
		{"keys", "rotate", "--data", data, "--kind", keyFile},
	} {
		if result := l.run(args...); result.Code == 0 {
			t.Errorf("laurel %v: went well", args)
		}
	}
	l.files(data)
	l.files(l.dir)

	all := secrets(t, institution, keyFile)
	size, seen := 0, map[[sha256.Size]byte]bool{}
	for name, text := range l.written {
		digest := sha256.Sum256(text)
		if seen[digest] {
			continue
		}
		seen[digest] = true
		size += len(text)
		if names := found(text, all); len(names) > 0 {
			t.Errorf("in %s: %v", name, names)
		}
	}
	if len(l.written) < 50 || size < 1<<20 {
		t.Errorf("only %d texts of %d bytes were looked at", len(l.written), size)
	}
	// The finder finds them where they may be.
	identity, err := os.ReadFile(keyFile)
	if err != nil || len(found(identity, all)) != 2 {
		t.Errorf("the identity is not found in its own file: %v", err)
	}
}

func credential(id string) string {
	return `{"credential":{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"` + id + `","type":["VerifiableCredential"],` +
		`"issuer":"did:web:badges.example.ac.uk","credentialSubject":{"id":"did:example:s","name":"Alice"}}}`
}
