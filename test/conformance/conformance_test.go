// Package conformance sends to a running laurel conformance what the W3C suites
// send to an implementation, and expects what they expect. The assertions are
// those of the suites in words of our own; where a suite asks for something that
// its specification does not, the test says so.
package conformance

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"laurel/test/program"
)

func TestMain(m *testing.M) { program.Main(m) }

// object is a JSON object.
type object = map[string]any

// array is a JSON array.
type array = []any

// instance is one instance as the command prints it.
type instance struct {
	Name               string            `json:"name"`
	IssuerDID          string            `json:"issuerDid"`
	VerificationMethod string            `json:"verificationMethod"`
	Endpoints          map[string]string `json:"endpoints"`
	CAFile             string            `json:"caFile"`

	client *http.Client
}

// laboratory is the running command.
type laboratory map[string]*instance

// at returns an instance.
func (l laboratory) at(t *testing.T, name string) *instance {
	t.Helper()
	found, ok := l[name]
	if !ok {
		t.Fatalf("there is no instance %s", name)
	}
	return found
}

// TestSuites runs what the suites assert against one laboratory.
func TestSuites(t *testing.T) {
	lab := start(t)
	for _, suite := range []struct {
		name string
		run  func(*testing.T, laboratory)
	}{
		{"data model of credentials", testCredentials},
		{"data model of presentations", testPresentations},
		{"envelopes", testEnvelopes},
		{"Data Integrity, creating", testCreatedProofs},
		{"Data Integrity, verifying", testVerifiedProofs},
		{"Data Integrity, proof options", testProofOptions},
		{"Data Integrity, vectors", testVectors},
		{"contexts of the examples", testExampleContexts},
		{"selective disclosure", testSelectiveDisclosure},
		{"status lists", testStatusLists},
		{"requests", testRequests},
		{"stored credentials", testStoredCredentials},
		{"issuer of the VC API", testIssuerOfVCAPI},
		{"verifier of the VC API", testVerifierOfVCAPI},
		{"challenges", testChallenges},
	} {
		t.Run(suite.name, func(t *testing.T) { suite.run(t, lab) })
	}
}

// start runs the command until the test ends.
func start(t *testing.T) laboratory {
	t.Helper()
	command := exec.Command(program.Path(t), "conformance", "--listen", "127.0.0.1:0", "--tls")
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(30*time.Second, func() { _ = command.Process.Kill() })
		defer kill.Stop()
		if err := command.Wait(); err != nil {
			t.Errorf("the command ends with %v", err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatalf("reading the line of the command: %v", err)
	}
	var printed []*instance
	if err := json.Unmarshal(line, &printed); err != nil {
		t.Fatalf("reading the line of the command: %v\n%s", err, line)
	}
	lab := make(laboratory)
	for _, one := range printed {
		one.client = clientOf(t, one.CAFile)
		lab[one.Name] = one
	}
	return lab
}

func clientOf(t *testing.T, caFile string) *http.Client {
	t.Helper()
	authority, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		t.Fatal("caFile holds no certificate")
	}
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
}

// response is an answer, read.
type response struct {
	status int
	header http.Header
	body   []byte
	object object
}

// send sends a request; body is bytes, or something to be written as JSON, or
// nil.
func (i *instance) send(t *testing.T, method, url string, body any) response {
	t.Helper()
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case []byte:
		reader = bytes.NewReader(body)
	default:
		encoded, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, url, reader)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/ld+json, application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := i.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	r := response{status: answer.StatusCode, header: answer.Header}
	if r.body, err = io.ReadAll(answer.Body); err != nil {
		t.Fatal(err)
	}
	if len(r.body) > 0 && strings.Contains(answer.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(r.body, &r.object); err != nil {
			t.Fatalf("the answer is not JSON: %v\n%s", err, r.body)
		}
	}
	return r
}

// issue sends a credential to be issued, with options that may be nil.
func (i *instance) issue(t *testing.T, credential any, options object) response {
	t.Helper()
	body := object{"credential": credential}
	if options != nil {
		body["options"] = options
	}
	return i.send(t, http.MethodPost, i.Endpoints["issue"], body)
}

// verify sends a credential to be verified as the suites do.
func (i *instance) verify(t *testing.T, credential any, options object) response {
	t.Helper()
	all := object{"checks": array{"proof"}}
	for name, value := range options {
		all[name] = value
	}
	return i.send(t, http.MethodPost, i.Endpoints["verify"], object{"verifiableCredential": credential, "options": all})
}

// verifyPresentation sends a presentation to be verified as the suites do.
func (i *instance) verifyPresentation(t *testing.T, presentation any, options object) response {
	t.Helper()
	all := object{"checks": array{}}
	for name, value := range options {
		all[name] = value
	}
	return i.send(t, http.MethodPost, i.Endpoints["verifyPresentation"], object{"verifiablePresentation": presentation, "options": all})
}

// issued returns what an instance makes of a credential.
func (i *instance) issued(t *testing.T, credential, options object) object {
	t.Helper()
	answer := i.issue(t, credential, options)
	secured, _ := answer.object["verifiableCredential"].(object)
	if answer.status != http.StatusCreated || secured == nil {
		t.Fatalf("%s does not issue: %d %s", i.Name, answer.status, answer.body)
	}
	return secured
}

// accepts fails the test when a verification did not succeed.
func accepts(t *testing.T, what string, answer response) {
	t.Helper()
	if answer.status != http.StatusOK || answer.object["verified"] != true {
		t.Errorf("%s is not verified: %d %s", what, answer.status, answer.body)
	}
}

// refuses fails the test when a request was not refused as the suites want it:
// with 400, as a problem of the specifications.
func refuses(t *testing.T, what string, answer response) {
	t.Helper()
	kind, _ := answer.object["type"].(string)
	title, _ := answer.object["title"].(string)
	switch {
	case answer.status != http.StatusBadRequest:
		t.Errorf("%s is answered with %d: %s", what, answer.status, answer.body)
	case !strings.HasPrefix(kind, "https://") || title == "" || answer.object["status"] != 400.0:
		t.Errorf("%s is refused without a problem of the specifications: %s", what, answer.body)
	case answer.header.Get("Content-Type") != "application/problem+json":
		t.Errorf("%s is refused as %s", what, answer.header.Get("Content-Type"))
	}
}

// clone returns a deep copy.
func clone(t *testing.T, value object) object {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var copied object
	if err := json.Unmarshal(data, &copied); err != nil {
		t.Fatal(err)
	}
	return copied
}

// with returns a copy with members set, or removed where they are removed.
func with(t *testing.T, value object, members object) object {
	t.Helper()
	copied := clone(t, value)
	for name, member := range members {
		if member == (removed{}) {
			delete(copied, name)
		} else {
			copied[name] = member
		}
	}
	return copied
}

// removed stands for a member that is not there.
type removed struct{}
