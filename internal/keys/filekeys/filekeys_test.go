package filekeys

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"

	"laurel/internal/keys"
)

func testLock(t *testing.T) Lock {
	t.Helper()
	lock, err := NewIdentity(filepath.Join(t.TempDir(), "identity.txt"), "")
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func testPassphrase(t *testing.T, passphrase string) Lock {
	t.Helper()
	lock, err := passphraseLock(passphrase, 10)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func TestKeysSurviveReopening(t *testing.T) {
	for name, lock := range map[string]Lock{"identity": testLock(t), "passphrase": testPassphrase(t, "correct horse battery")} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), Name)
			file, err := Create(path, lock, nil)
			if err != nil {
				t.Fatal(err)
			}
			var references []string
			for _, algorithm := range []string{keys.Ed25519, keys.P256, keys.P384, keys.RSA2048, keys.BLS12381G2} {
				reference, _, err := file.Create(context.Background(), algorithm)
				if err != nil {
					t.Fatal(err)
				}
				references = append(references, reference)
			}
			again, err := Open(path, lock, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(again.InstallationKey(), file.InstallationKey()) || len(again.InstallationKey()) != InstallationKeySize {
				t.Error("installation key changed")
			}
			for _, reference := range references {
				before, err := file.Signer(context.Background(), reference)
				if err != nil {
					t.Fatal(err)
				}
				after, err := again.Signer(context.Background(), reference)
				if err != nil {
					t.Fatal(err)
				}
				if !before.(interface {
					Equal(x crypto.PrivateKey) bool
				}).Equal(after) {
					t.Errorf("key %s changed", reference)
				}
			}
			if _, err := again.Signer(context.Background(), "none"); !errors.Is(err, keys.ErrUnknownReference) {
				t.Errorf("Signer of an unknown reference: %v", err)
			}
			if _, _, err := again.Create(context.Background(), "P-521"); !errors.Is(err, keys.ErrAlgorithm) {
				t.Errorf("Create of another algorithm: %v", err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
			}
			if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
				t.Errorf("%d files left in the directory, %v; want the key file alone", len(entries), err)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	lock := testLock(t)
	path := filepath.Join(t.TempDir(), Name)
	if _, err := Open(path, lock, nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Create(path, lock, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path, lock, nil); !errors.Is(err, ErrExists) {
		t.Errorf("Create over a file: %v", err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]Lock{"another identity": testLock(t), "a passphrase": testPassphrase(t, "not at all right")} {
		if _, err := Open(path, other, nil); !errors.Is(err, ErrLocked) {
			t.Errorf("%s: %v, want ErrLocked", name, err)
		}
	}
	phrase := filepath.Join(t.TempDir(), Name)
	if _, err := Create(phrase, testPassphrase(t, "correct horse battery"), nil); err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]Lock{"wrong passphrase": testPassphrase(t, "correct horse batterz"), "an identity": lock} {
		if _, err := Open(phrase, other, nil); !errors.Is(err, ErrLocked) {
			t.Errorf("%s: %v, want ErrLocked", name, err)
		}
	}
	if _, err := Open(path, Lock{}, nil); err == nil {
		t.Error("opened without a lock")
	}
	// No damage anywhere opens, and none panics. Damage of the recipient's
	// stanza cannot be told from another recipient.
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if _, err := lock.open(bad); !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrLocked) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if i%5 != 0 {
			continue // opening takes a while under the race detector
		}
		if _, err := lock.open(good[:i]); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("cut to %d bytes: %v", i, err)
		}
	}
	if err := os.WriteFile(path, good[:len(good)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, lock, nil); !errors.Is(err, ErrCorrupt) {
		t.Errorf("half a file: %v", err)
	}
}

func TestDecode(t *testing.T) {
	key := strings.Repeat("k", InstallationKeySize)
	head := magic + "\x01" + key
	for name, test := range map[string]struct {
		plain string
		want  error
	}{
		"empty":             {"", ErrCorrupt},
		"another magic":     {"laurel keyz\n\x01" + key, ErrCorrupt},
		"version 0":         {magic + "\x00" + key, ErrCorrupt},
		"version 2":         {magic + "\x02" + key, ErrVersion},
		"short key":         {head[:len(head)-1], ErrCorrupt},
		"no keys":           {head, nil},
		"a byte after":      {head + "\x00", ErrCorrupt},
		"length too large":  {head + "\x00\x07Ed2551", ErrCorrupt},
		"short seed":        {head + "\x00\x07Ed25519\x00\x01r\x00\x01s", ErrCorrupt},
		"no secret":         {head + "\x00\x05P-256\x00\x01r\x00\x00", ErrCorrupt},
		"a later algorithm": {head + "\x00\x05P-999\x00\x01r\x00\x01s", nil},
	} {
		c, err := decode([]byte(test.plain))
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if err == nil && string(c.encode()) != test.plain {
			t.Errorf("%s: encodes to something else", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(contents{installation: make([]byte, 32), entries: []entry{{"Ed25519", "r", make([]byte, 32)}}}.encode())
	f.Add([]byte(magic + "\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := decode(data)
		if err == nil && !bytes.Equal(c.encode(), data) {
			t.Fatal("what decodes does not encode to the same")
		}
	})
}

func TestIdentityFile(t *testing.T) {
	data, elsewhere := t.TempDir(), t.TempDir()
	if _, err := NewIdentity(filepath.Join(data, "identity.txt"), data); !errors.Is(err, ErrInside) {
		t.Errorf("identity in the data directory: %v", err)
	}
	link := filepath.Join(elsewhere, "link")
	if err := os.Symlink(data, link); err != nil {
		t.Fatal(err)
	}
	if _, err := NewIdentity(filepath.Join(link, "identity.txt"), data); !errors.Is(err, ErrInside) {
		t.Errorf("identity in the data directory by a link: %v", err)
	}
	path := filepath.Join(elsewhere, "identity.txt")
	made, err := NewIdentity(path, data)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewIdentity(path, data); !errors.Is(err, ErrExists) {
		t.Errorf("NewIdentity over a file: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the identity: %v, %v", info.Mode(), err)
	}
	read, err := Identity(path, data)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(read.identity) != fmt.Sprint(made.identity) {
		t.Error("another identity was read than written")
	}
	if err := os.Symlink(filepath.Join(data, "hidden.txt"), filepath.Join(elsewhere, "outward")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "hidden.txt"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Identity(filepath.Join(elsewhere, "outward"), data); !errors.Is(err, ErrInside) {
		t.Errorf("a link to an identity in the data directory: %v", err)
	}
	if _, err := Identity(filepath.Join(elsewhere, "none"), data); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing identity: %v", err)
	}
	secret := strings.TrimSpace(string(text[bytes.Index(text, []byte("AGE-SECRET-KEY-")):]))
	bad := filepath.Join(elsewhere, "bad")
	for name, text := range map[string]string{
		"empty": "", "comments": "# nothing\n", "no identity": "hello\n",
		"damaged": "# c\n" + secret[:len(secret)-1] + "b\n", "a recipient": "age1qqq\n",
	} {
		if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Identity(bad, data)
		if !errors.Is(err, ErrNotKey) || strings.Contains(err.Error(), secret[:20]) {
			t.Errorf("%s: %v, want ErrNotKey alone", name, err)
		}
	}
	if _, err := Passphrase("short"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("short passphrase: %v", err)
	}
}

// TestFileIsPlainAge: an operator whose program is lost opens the file with any
// age.
func TestFileIsPlainAge(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), Name)
	if _, err := Create(path, Lock{recipient: identity.Recipient(), identity: identity}, nil); err != nil {
		t.Fatal(err)
	}
	sealed, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer sealed.Close() //nolint:errcheck // read only
	r, err := age.Decrypt(sealed, identity)
	if err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	if _, err := plain.ReadFrom(r); err != nil || !strings.HasPrefix(plain.String(), magic) {
		t.Errorf("%q, %v", plain.String(), err)
	}
}

func TestConcurrentCreateLosesNoKey(t *testing.T) {
	lock, path := testLock(t), filepath.Join(t.TempDir(), Name)
	file, err := Create(path, lock, nil)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	references := make([]string, 8)
	for i := range references {
		wg.Go(func() {
			var err error
			if references[i], _, err = file.Create(context.Background(), keys.Ed25519); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	again, err := Open(path, lock, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, reference := range references {
		if _, err := again.Signer(context.Background(), reference); err != nil {
			t.Errorf("key %s: %v", reference, err)
		}
	}
}

// TestNothingPrintsKeys: whatever somebody logs by mistake.
func TestNothingPrintsKeys(t *testing.T) {
	passphrase := "correct horse battery"
	lock := testPassphrase(t, passphrase)
	seed := bytes.Repeat([]byte{0xA7}, 32)
	file, err := Create(filepath.Join(t.TempDir(), Name), lock, bytes.NewReader(bytes.Repeat([]byte{0xA7}, 500)))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := file.Create(context.Background(), keys.Ed25519); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		text := fmt.Sprintf(format+" "+format, file, lock)
		for _, canary := range append(encodings(seed), []byte(passphrase), []byte("167"), []byte("a7")) {
			if bytes.Contains([]byte(text), canary) {
				t.Errorf("%s prints a secret: %s", format, text)
			}
		}
	}
}

// encodings are the forms in which a seed could lie about.
func encodings(seed []byte) [][]byte {
	pkcs8 := append([]byte{0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20}, seed...)
	return [][]byte{
		seed,
		[]byte(hex.EncodeToString(seed)), []byte(strings.ToUpper(hex.EncodeToString(seed))),
		[]byte(base64.StdEncoding.EncodeToString(seed)), []byte(base64.RawStdEncoding.EncodeToString(seed)),
		[]byte(base64.RawURLEncoding.EncodeToString(seed)), // the d of a JWK
		[]byte(base64.StdEncoding.EncodeToString(pkcs8)),   // the body of a PEM block
	}
}
