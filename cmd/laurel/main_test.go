package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestCommands runs the scripts: every command as a process of its own, of the
// program as it is built for use. Under the race detector so many processes
// would take minutes; the other tests run commands within the process.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", program+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Setenv("TMPDIR", env.WorkDir)
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name != "pty" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
			if err != nil {
				return false, nil
			}
			return true, terminal.Close()
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"arrived":   arrived,
			"code":      exitCode,
			"listening": listening,
			"mode":      mode,
			"receive":   receive,
			"remember":  remember,
		},
	})
}

// program is the directory that the program is built into, once.
var program string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	var err error
	if program, err = os.MkdirTemp("", "laurel-test-"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(program)
	build := exec.Command("go", "build", "-o", filepath.Join(program, "laurel"), ".")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		panic(fmt.Sprintf("building laurel: %v", err))
	}
	return m.Run()
}

// exitCode runs a command that must end with this code: code 64 laurel issue.
// Of its output, the standard output and error are kept as by exec.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command [args]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "exit status 0"
	if err != nil {
		got = err.Error()
	}
	if got != "exit status "+args[0] {
		ts.Fatalf("%s, want %s", got, args[0])
	}
	for _, stream := range []string{"stdout", "stderr"} {
		if strings.Contains(ts.ReadFile(stream), "goroutine ") {
			ts.Fatalf("a stack trace on %s", stream)
		}
	}
}

// listening waits until something listens on a socket, whose name may be a
// pattern.
func listening(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: listening SOCKET")
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		names, err := filepath.Glob(ts.MkAbs(args[0]))
		ts.Check(err)
		if len(names) != 1 {
			continue
		}
		if connection, err := net.Dial("unix", names[0]); err == nil {
			ts.Check(connection.Close())
			return
		}
	}
	ts.Fatalf("nothing listens on %s", args[0])
}

// mode compares the permissions of a file: mode 0600 FILE.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode MODE FILE")
	}
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}

// remember puts the text member of a JSON object on the standard output into a
// variable: remember ID id.
func remember(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: remember VARIABLE member")
	}
	_, rest, ok := strings.Cut(ts.ReadFile("stdout"), `"`+args[1]+`": "`)
	value, _, end := strings.Cut(rest, `"`)
	if !ok || !end {
		ts.Fatalf("the output has no member %s", args[1])
	}
	ts.Setenv(args[0], value)
}
