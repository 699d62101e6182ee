// Package interop holds the tests against foreign clients: what the running
// binary and our packages issue is verified by the libraries of Digital Bazaar,
// verifier-core, LearnCard's kit and others, and what they issue is verified
// here.
//
// They need the npm packages that test/prerequisites installs. Without those
// the tests are skipped and say so; with LAUREL_NPM=1, as in `make test`, that
// is a failure.
package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"laurel/test/program"
)

func TestMain(m *testing.M) { program.Main(m) }

// node finds the Node.js of the installed packages, else that of the machine.
func node(t *testing.T) string {
	t.Helper()
	missing := func(what string) {
		if os.Getenv("LAUREL_NPM") == "1" {
			t.Fatalf("the foreign clients are required here and %s: run test/prerequisites", what)
		}
		t.Skipf("SKIPPED: the foreign clients are not tested: %s; test/prerequisites installs them", what)
	}
	if _, err := os.Stat("node_modules/@digitalbazaar/vc"); err != nil {
		missing("test/interop/node_modules is not there")
	}
	architecture := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	packaged := filepath.Join("node_modules", "node-"+runtime.GOOS+"-"+architecture, "bin", "node")
	if _, err := os.Stat(packaged); err == nil {
		return "./" + packaged
	}
	path, err := exec.LookPath("node")
	if err != nil {
		missing("there is no Node.js")
	}
	return path
}

// client runs the foreign client with input as its JSON and reads its answer.
func client(t *testing.T, input, answer any, args ...string) {
	t.Helper()
	in, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, node(t), append([]string{"client.mjs"}, args...)...)
	var stdout, stderr bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(in), &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("client.mjs %v: %v\n%s", args, err, stderr.Bytes())
	}
	if err := json.Unmarshal(stdout.Bytes(), answer); err != nil {
		t.Fatalf("client.mjs %v: reading %q: %v", args, stdout.Bytes(), err)
	}
}

// finding is what the foreign client says of a credential.
type finding struct {
	Verified bool     `json:"verified"`
	Errors   []string `json:"errors"`
	Statuses []bool   `json:"statuses"` // bits of the status entries
}

// foreignVerify has credentials verified. hosts are ORIGIN=ADDRESS.
func foreignVerify(t *testing.T, credentials []json.RawMessage, hosts ...string) []finding {
	t.Helper()
	args := []string{"verify"}
	for _, host := range hosts {
		args = append(args, "--host", host)
	}
	var findings []finding
	client(t, credentials, &findings, args...)
	if len(findings) != len(credentials) {
		t.Fatalf("client.mjs verify: %d findings for %d credentials", len(findings), len(credentials))
	}
	return findings
}

// issued is what the foreign client issued.
type issued struct {
	DIDDocument json.RawMessage `json:"didDocument"`
	Credentials []struct {
		Credential json.RawMessage `json:"credential"`
		Error      string          `json:"error"`
	} `json:"credentials"`
}

// foreignIssue has credentials issued, by a did:key or by the DID that is
// given. All of them must be.
func foreignIssue(t *testing.T, did string, unsigned []json.RawMessage) issued {
	t.Helper()
	args := []string{"issue"}
	if did != "" {
		args = append(args, "--did", did)
	}
	var answer issued
	client(t, unsigned, &answer, args...)
	if len(answer.Credentials) != len(unsigned) {
		t.Fatalf("client.mjs issue: %d answers for %d credentials", len(answer.Credentials), len(unsigned))
	}
	for i, c := range answer.Credentials {
		if c.Error != "" {
			t.Fatalf("client.mjs issue: %s\n%s", c.Error, unsigned[i])
		}
	}
	return answer
}

// ask runs a foreign client that answers every request of a list with one
// element of another.
func ask[Request, Answer any](t *testing.T, script string, requests []Request, args ...string) []Answer {
	t.Helper()
	in, err := json.Marshal(requests)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, node(t), append([]string{script}, args...)...)
	var stdout, stderr bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(in), &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s", script, args, err, stderr.Bytes())
	}
	var answers []Answer
	if err := json.Unmarshal(stdout.Bytes(), &answers); err != nil || len(answers) != len(requests) {
		t.Fatalf("%s %v: reading %q: %v", script, args, stdout.Bytes(), err)
	}
	return answers
}
