// Package program runs the laurel binary for tests that look at it from
// outside, as an operator and the world do. The binary is built once for each
// test process, with the flags of the environment and without the race
// detector.
//
// A test package that uses it has
//
//	func TestMain(m *testing.M) { program.Main(m) }
package program

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// scratch holds the binary; it lives as long as the test process.
var scratch string

// Main runs the tests of a package, removes the binary, and ends the process.
func Main(m *testing.M) {
	dir, err := os.MkdirTemp("", "laurel-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

var build = sync.OnceValues(func() (string, error) {
	if scratch == "" {
		return "", errors.New("building laurel: the package has no TestMain that calls program.Main")
	}
	path := filepath.Join(scratch, "laurel")
	command := exec.Command("go", "build", "-buildvcs=false", "-o", path, "laurel/cmd/laurel")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building laurel: %w\n%s", err, out)
	}
	return path, nil
})

// Path builds the binary, once, and returns where it is.
func Path(t testing.TB) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Result is how a command ended.
type Result struct {
	Code           int
	Stdout, Stderr []byte
}

// Run runs laurel to its end, for two minutes at most.
func Run(t testing.TB, stdin []byte, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, Path(t), args...)
	var stdout, stderr bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(stdin), &stdout, &stderr
	command.Env = environment()
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || command.ProcessState.ExitCode() < 0 {
		t.Fatalf("laurel %v: %v\n%s", args, err, stderr.Bytes())
	}
	return Result{command.ProcessState.ExitCode(), stdout.Bytes(), stderr.Bytes()}
}

// environment is that of the test without settings for laurel.
func environment() []string {
	var kept []string
	for _, entry := range os.Environ() {
		if !bytes.HasPrefix([]byte(entry), []byte("LAUREL_")) {
			kept = append(kept, entry)
		}
	}
	return kept
}

// Institution is a data directory that laurel init made.
type Institution struct {
	Data      string `json:"data"`
	PublicURL string `json:"publicUrl"`
	DID       string `json:"did"`
	APIKey    string `json:"apiKey"`
}

// Init sets up an institution in a directory that is removed with the test.
func Init(t testing.TB, publicURL string, flags ...string) Institution {
	t.Helper()
	args := []string{"init", "--data", filepath.Join(t.TempDir(), "data"), "--public-url", publicURL, "--name", "Alder Hill University", "--json"}
	result := Run(t, nil, append(args, flags...)...)
	var made Institution
	if err := json.Unmarshal(result.Stdout, &made); result.Code != 0 || err != nil {
		t.Fatalf("laurel init: exit %d, %v\n%s", result.Code, err, result.Stderr)
	}
	return made
}
