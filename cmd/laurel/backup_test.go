package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// perform runs a command and returns its exit code and what it printed.
func perform(t *testing.T, args ...string) (code int, output string) {
	t.Helper()
	var out bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(""), &out, &out)
	return code, out.String()
}

func mustRun(t *testing.T, args ...string) {
	t.Helper()
	if code, output := perform(t, args...); code != exitFine {
		t.Fatalf("laurel %s: exit %d\n%s", strings.Join(args, " "), code, output)
	}
}

// TestBackupForRecipient makes a backup that its maker cannot open.
func TestBackupForRecipient(t *testing.T) {
	dir := t.TempDir()
	place := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"own", "other"} {
		mustRun(t, "init", "--data", place(name), "--public-url", "https://badges.example.ac.uk", "--name", "Example")
	}
	text, err := os.ReadFile(place("other.key"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "# public key: ")
	recipient, private, _ := strings.Cut(rest, "\n")
	mustRun(t, "backup", place("backup"), "--data", place("own"), "--recipient", recipient)
	if code, output := perform(t, "backup", place("leaky"), "--data", place("own"), "--recipient", strings.TrimSpace(private)); code != exitUsage || strings.Contains(output, "AGE-SECRET") {
		t.Errorf("for a private key: exit %d\n%s", code, output)
	}
	if code, output := perform(t, "restore", place("backup"), "--data", place("new"), "--key-file", place("own.key")); code != exitMissing {
		t.Errorf("with the key to the data: exit %d\n%s", code, output)
	}
	mustRun(t, "restore", place("backup"), "--data", place("new"), "--identity", place("other.key"), "--key-file", place("own.key"))
	mustRun(t, "fsck", "--data", place("new"))
}

// TestRestoreDamaged restores backups that are damaged or cut: nothing of them
// is put in place, and what is there stays.
func TestRestoreDamaged(t *testing.T) {
	dir := t.TempDir()
	place := func(name string) string { return filepath.Join(dir, name) }
	mustRun(t, "init", "--data", place("d"), "--public-url", "https://badges.example.ac.uk", "--name", "Example")
	mustRun(t, "backup", place("backup"), "--data", place("d"))
	whole, err := os.ReadFile(place("backup"))
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(place("d/laurel.db"))
	if err != nil {
		t.Fatal(err)
	}
	damaged := map[string][]byte{
		"empty": {}, "header alone": whole[:100], "half": whole[:len(whole)/2], "last byte gone": whole[:len(whole)-1], "longer": append(bytes.Clone(whole), 0),
	}
	for _, at := range []int{30, 150, len(whole) / 3, len(whole) - 200, len(whole) - 1} {
		flipped := bytes.Clone(whole)
		flipped[at] ^= 1
		damaged[fmt.Sprint("flipped at ", at)] = flipped
	}
	for name, data := range damaged {
		if err := os.WriteFile(place("damaged"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		code, output := perform(t, "restore", place("damaged"), "--data", place("d"), "--force", "--key-file", place("d.key"))
		if code != exitFault && code != exitMissing {
			t.Errorf("%s: exit %d\n%s", name, code, output)
		}
	}
	if after, err := os.ReadFile(place("d/laurel.db")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("what was there was changed (%v)", err)
	}
	left, err := filepath.Glob(place(".laurel-restore-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	mustRun(t, "restore", place("backup"), "--check", "--key-file", place("d.key"))
}
