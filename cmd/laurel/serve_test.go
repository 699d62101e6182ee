package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"laurel/verifier"
)

// laurel runs a command in this process.
func laurel(t *testing.T, wantCode int, args ...string) (stdout string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), args, strings.NewReader(""), &out, &errs); code != wantCode {
		t.Fatalf("laurel %s: exit %d, want %d\n%s%s", strings.Join(args, " "), code, wantCode, &out, &errs)
	}
	return out.String()
}

// member is a text member of a command's JSON.
func member(t *testing.T, text, name string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatalf("reading %q: %v", text, err)
	}
	value, ok := object[name].(string)
	if !ok {
		t.Fatalf("%s has no %s", text, name)
	}
	return value
}

// start runs a server command in this process until the test ends, and returns
// the line that says that it is ready. It must end with 0.
func start(t *testing.T, args ...string) (ready serving) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	done := make(chan int, 1)
	var log bytes.Buffer
	go func() {
		done <- run(ctx, args, strings.NewReader(""), writer, &log)
		_ = writer.CloseWithError(io.EOF)
	}()
	t.Cleanup(func() {
		stop()
		if code := <-done; code != exitFine {
			t.Errorf("laurel %s: exit %d\n%s", strings.Join(args, " "), code, &log)
		}
	})
	if err := json.NewDecoder(reader).Decode(&ready); err != nil {
		stop()
		t.Fatalf("laurel %s did not start: exit %d\n%s", strings.Join(args, " "), <-done, &log)
	}
	return ready
}

// certify makes a certificate for hosts that is its own authority.
func certify(t *testing.T, hosts ...string) (certificateFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: hosts[0]}, DNSNames: hosts,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("certificate.pem", "CERTIFICATE", certificate), write("key.pem", "PRIVATE KEY", private)
}

// TestTwoMachines issues a badge on one machine and checks it on another, over
// TLS, with nothing in common but the network.
func TestTwoMachines(t *testing.T) {
	dir := t.TempDir()
	data, badge := filepath.Join(dir, "data"), filepath.Join(dir, "badge.json")
	laurel(t, exitFine, "init", "--data", data, "--public-url", "https://badges.example.ac.uk", "--name", "Example University")
	achievement := member(t, laurel(t, exitFine, "achievement", "create", "samples/peer-mentor.json", "--data", data, "--json"), "id")
	certificate, key := certify(t, "badges.example.ac.uk")
	issuing := start(t, "serve", "--json", "--data", data, "--listen", "127.0.0.1:0", "--tls-cert", certificate, "--tls-key", key)
	award := laurel(t, exitFine, "issue", "--data", data, "--achievement", achievement, "--email", "a@example.org", "--out", badge, "--json")

	address := strings.TrimPrefix(issuing.Address, "https://")
	exception := []string{"--resolve", "badges.example.ac.uk=" + address, "--ca", certificate}
	check := append([]string{"verify", badge, "--json"}, exception...)
	checking := start(t, append([]string{"verifier", "--json", "--listen", "127.0.0.1:0"}, exception...)...)
	if checking.Socket != "" {
		t.Errorf("a verifier listens on %s", checking.Socket)
	}

	report := laurel(t, exitFine, check...)
	if member(t, report, "verdict") != "valid" || !strings.Contains(report, string(verifier.CodeLaboratoryException)) {
		t.Errorf("report of a good badge: %s", report)
	}
	// The server that has the data compares people as well.
	laurel(t, exitFine, "verify", badge, "--data", data, "--email", "a@example.org")
	laurel(t, exitFault, "verify", badge, "--data", data, "--email", "b@example.org")
	// A stranger's certificate authority is not believed, with or without the exception.
	foreign, _ := certify(t, "badges.example.ac.uk")
	laurel(t, exitCannotRun, "verify", badge, "--resolve", "badges.example.ac.uk="+address, "--ca", foreign)
	laurel(t, exitCannotRun, "verify", badge, "--resolve", "badges.example.ac.uk="+address)

	if got := postBadge(t, checking.Address, badge); got.Verdict != verifier.VerdictValid {
		t.Errorf("the verifier says %s: %+v", got.Verdict, got.Checks)
	}
	original, err := os.ReadFile(badge)
	if err != nil {
		t.Fatal(err)
	}
	tampered := bytes.Replace(original, []byte("Peer Mentor"), []byte("Beer Mentor"), 1)
	if bytes.Equal(tampered, original) {
		t.Fatal("the badge does not name its achievement")
	}
	if err := os.WriteFile(badge, tampered, 0o600); err != nil {
		t.Fatal(err)
	}
	if report := laurel(t, exitFault, check...); member(t, report, "verdict") != "invalid" {
		t.Errorf("report of a tampered badge: %s", report)
	}
	if got := postBadge(t, checking.Address, badge); got.Verdict != verifier.VerdictInvalid {
		t.Errorf("the verifier says %s of a tampered badge", got.Verdict)
	}
	if err := os.WriteFile(badge, original, 0o600); err != nil {
		t.Fatal(err)
	}
	laurel(t, exitFine, "status", "revoke", member(t, award, "url"), "--reason", "issued-in-error", "--data", data)
	if report := laurel(t, exitFault, check...); !strings.Contains(report, string(verifier.CodeRevoked)) {
		t.Errorf("report of a revoked badge: %s", report)
	}
	checkPublic(t, certificate, address, member(t, award, "id"))
}

func postBadge(t *testing.T, address, path string) (report verifier.Report) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := exchange(t.Context(), http.DefaultClient, http.MethodPost, address+"/verify", http.Header{"Content-Type": {"application/json"}}, data)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(answer, &report); err != nil {
		t.Fatal(err)
	}
	return report
}

// checkPublic asks the issuing server what the world may ask it, and what only
// its operator may.
func checkPublic(t *testing.T, certificate, address, id string) {
	t.Helper()
	data, err := os.ReadFile(certificate)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(data)
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}}
	defer client.CloseIdleConnections()
	for path, want := range map[string]int{
		"/.well-known/did.json": 200, "/readyz": 200, "/healthz": 200, "/credentials/" + id: 200, "/credentials/none": 404,
		"/api/v1/keys": 401, "/api/v1/credentials": 401,
	} {
		response, err := client.Get("https://badges.example.ac.uk" + path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Error(err)
		}
		_ = response.Body.Close() // it was read to its end
		if response.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, response.StatusCode, want)
		}
	}
}

// TestBusy takes a store that is in use, also by a server that does not
// listen yet, for busy.
func TestBusy(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	laurel(t, exitFine, "init", "--data", data, "--public-url", "https://badges.example.ac.uk", "--name", "Example")
	store, closeStore, err := openStore(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"keys", "list", "--data", data},
		{"serve", "--data", data, "--listen", "127.0.0.1:0"},
		{"status", "revoke", "x", "--reason", "x", "--data", data},
	} {
		laurel(t, exitBusy, args...)
	}
	if err := store.Err(); err != nil {
		t.Error(err)
	}
	if err := closeStore(); err != nil {
		t.Error(err)
	}
	laurel(t, exitFine, "keys", "list", "--data", data)

	occupied, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer occupied.Close()
	laurel(t, exitBusy, "verifier", "--listen", occupied.Addr().String())
}

// TestInterrupted ends a command that was told to stop before it began.
func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var out, errs bytes.Buffer
	data := filepath.Join(t.TempDir(), "data")
	code := run(ctx, []string{"init", "--data", data, "--public-url", "https://badges.example.ac.uk", "--name", "x"}, nil, &out, &errs)
	if want := "laurel: stopped by a signal\n"; code != exitCannotRun || errs.String() != want || out.Len() > 0 {
		t.Errorf("exit %d, %q on the standard output, %q on the standard error", code, &out, &errs)
	}
	if entries, err := os.ReadDir(filepath.Dir(data)); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestInterruptedRead ends a command that waits for an input that never comes.
func TestInterruptedRead(t *testing.T) {
	never, writer := io.Pipe()
	defer writer.Close()
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	var out, errs bytes.Buffer
	if code := run(ctx, []string{"verify"}, never, &out, &errs); code != exitCannotRun || out.Len() > 0 {
		t.Errorf("exit %d, %q, %q", code, &out, &errs)
	}
}

// TestJourneyFails makes sure that demo --check can fail: against a server
// whose documents are another's.
func TestJourneyFails(t *testing.T) {
	d, closeDemo, err := newDemo(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := closeDemo(); err != nil {
			t.Error(err)
		}
	}()
	// The listener is open and nobody serves: every request waits in vain.
	o, err := newOutsider(d)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	shown := 0
	result := o.travel(ctx, func(step) { shown++ })
	if result.OK || len(result.Steps) != 1 || shown != 1 || result.Steps[0].OK || result.Steps[0].Detail == "" {
		t.Errorf("journey without a server: %+v", result)
	}
	if got := result.summary(); !strings.HasPrefix(got, "1 of 1 steps failed") {
		t.Errorf("summary %q", got)
	}
}

// TestSecondSignal ends a server at once that waits for a client to finish.
func TestSecondSignal(t *testing.T) {
	server := exec.CommandContext(t.Context(), filepath.Join(program, "laurel"), "verifier", "--listen", "127.0.0.1:0", "--json")
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	var ready serving
	if err := json.NewDecoder(stdout).Decode(&ready); err != nil {
		t.Fatal(err)
	}
	slow, err := net.Dial("tcp", strings.TrimPrefix(ready.Address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := io.WriteString(slow, "POST /verify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // until the request is being read
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	interrupt := func() {
		if err := server.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
	}
	interrupt()
	select {
	case <-ended:
		t.Fatal("the first signal did not let the request finish")
	case <-time.After(300 * time.Millisecond):
	}
	interrupt()
	second := time.Now()
	if err := <-ended; server.ProcessState.ExitCode() != exitCannotRun || time.Since(second) > 5*time.Second {
		t.Errorf("ended with %v, %v after the second signal", err, time.Since(second))
	}
}
