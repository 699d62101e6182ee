// Package demo holds the tests of the first thing that anybody does: run the
// demo, from the sources and as a binary, with a network and without.
package demo

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"laurel/test/program"
)

func TestMain(m *testing.M) {
	runWithoutNetwork() // does not return in the child of TestCheckWithoutNetwork
	program.Main(m)
}

// journey is what demo --check --json prints.
type journey struct {
	OK    bool
	Steps []struct {
		Name, Detail string
		OK           bool
	}
	Milliseconds int
}

// complete checks that a journey was made to its end, in time.
func complete(t *testing.T, output []byte) {
	t.Helper()
	var made journey
	if err := json.Unmarshal(output, &made); err != nil {
		t.Fatalf("reading %q: %v", output, err)
	}
	for _, step := range made.Steps {
		if !step.OK {
			t.Errorf("%s: %s", step.Name, step.Detail)
		}
	}
	if !made.OK || len(made.Steps) < 10 {
		t.Errorf("the journey of %d steps went well: %v", len(made.Steps), made.OK)
	}
	t.Logf("%d steps in %d ms", len(made.Steps), made.Milliseconds)
}

// limit is how long demo --check may take from the start of the binary.
const limit = time.Minute

// temporary makes the demo put its files in a directory and returns a check
// that nothing of them is left.
func temporary(t *testing.T) (empty func()) {
	t.Helper()
	program.Path(t) // before the directory for temporary files is another
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	return func() {
		t.Helper()
		left, err := filepath.Glob(filepath.Join(dir, "laurel*"))
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	}
}

func TestCheck(t *testing.T) {
	empty := temporary(t)
	start := time.Now()
	result := program.Run(t, nil, "demo", "--check", "--json")
	if took := time.Since(start); result.Code != 0 || took > limit {
		t.Errorf("exit %d after %v\n%s", result.Code, took, result.Stderr)
	}
	complete(t, result.Stdout)
	empty()
}

// TestGoRun does what the first lines of the README say.
func TestGoRun(t *testing.T) {
	empty := temporary(t)
	command := exec.Command("go", "run", "./cmd/laurel", "demo")
	command.Dir = filepath.Join("..", "..")
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a terminal's Ctrl-C goes to a group
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(5*time.Minute, func() { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) })
	defer timer.Stop()
	shown := bufio.NewReader(stdout)
	first, err := shown.ReadString('\n')
	if err != nil {
		_ = command.Wait()
		t.Fatalf("before the first line: %v\n%s", err, stderr.Bytes())
	}
	t.Logf("first line: %s", strings.TrimSpace(first))
	// Everything is shown at once and ends with what the third thing to try is.
	var text strings.Builder
	for !strings.Contains(text.String(), "/status\n") {
		line, err := shown.ReadString('\n')
		if err != nil {
			break
		}
		text.WriteString(line)
	}
	for _, name := range []string{"Start page", "A badge", "Check a badge", "API document"} {
		visit(t, name, text.String())
	}
	if err := syscall.Kill(-command.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, shown)
	// go run was interrupted itself and says so by its exit code.
	if err := command.Wait(); command.ProcessState.ExitCode() > 1 || !strings.HasSuffix(stderr.String(), "Ending the demo and removing everything.\n") {
		t.Errorf("after Ctrl-C: %v\n%s", err, stderr.Bytes())
	}
	empty()
}

// visit fetches an address that the demo shows under a name.
func visit(t *testing.T, name, text string) {
	t.Helper()
	match := regexp.MustCompile(`(?m)^\s*` + name + `\s+(http://\S+)$`).FindStringSubmatch(text)
	if match == nil {
		t.Errorf("no address for %q in\n%s", name, text)
		return
	}
	response, err := http.Get(match[1])
	if err != nil {
		t.Error(err)
		return
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("GET %s: %s", match[1], response.Status)
	}
}
