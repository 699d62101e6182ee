package program

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Server is a running laurel serve.
type Server struct {
	Institution
	// Address is where it listens, such as http://127.0.0.1:40001.
	Address string
	// Ready is how long it took from the start of the process until /readyz
	// said so.
	Ready time.Duration

	command *exec.Cmd
	stderr  *log
	ended   chan struct{} // closed when the process is gone
	client  *http.Client
}

// readyTimeout is how long a server may take before the test gives up on it;
// how long it should take is for the test to say.
const readyTimeout = 30 * time.Second

// Serve starts a server on a free port of this machine and waits until it is
// ready. It is killed when the test ends, if it still runs.
func Serve(t testing.TB, institution Institution, flags ...string) *Server {
	t.Helper()
	s := &Server{
		Institution: institution, stderr: new(log), ended: make(chan struct{}),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 30 * time.Second},
	}
	args := append([]string{"serve", "--data", institution.Data, "--listen", "127.0.0.1:0", "--json"}, flags...)
	s.command = exec.Command(Path(t), args...)
	s.command.Env = environment()
	s.command.Stderr = s.stderr
	stdout, err := s.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	line := make(chan string, 1)
	go func() {
		defer close(s.ended)
		reader := bufio.NewReader(stdout)
		first, _ := reader.ReadString('\n')
		line <- first
		_, _ = io.Copy(io.Discard, reader)
		_ = s.command.Wait()
	}()
	if err := s.await(line, start); err != nil {
		s.Kill()
		t.Fatalf("starting server: %v\n%s", err, s.stderr)
	}
	s.Ready = time.Since(start)
	return s
}

// await reads the line with the address, then asks until it is ready.
func (s *Server) await(line <-chan string, start time.Time) error {
	var said struct {
		Address string `json:"address"`
	}
	select {
	case first := <-line:
		if err := json.Unmarshal([]byte(first), &said); err != nil {
			return fmt.Errorf("reading its first line %q: %w", first, err)
		}
	case <-time.After(readyTimeout):
		return fmt.Errorf("no line in %v", readyTimeout)
	}
	s.Address = said.Address
	for {
		answer, err := s.Get(context.Background(), "/readyz", "")
		if err == nil && answer.Status == http.StatusOK {
			return nil
		}
		if time.Since(start) > readyTimeout {
			return fmt.Errorf("not ready in %v: %d %s %v", readyTimeout, answer.Status, answer.Body, err)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// Kill ends the process as a power cut would and waits until it is gone.
func (s *Server) Kill() {
	_ = s.command.Process.Kill() // it may be gone
	<-s.ended
	s.client.CloseIdleConnections()
}

// Stop asks the process to end, waits for that, and returns its exit code. A
// process that does not end within 20 s is killed and has the code -1.
func (s *Server) Stop() int {
	_ = s.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(20 * time.Second):
		s.Kill()
	}
	s.client.CloseIdleConnections()
	return s.command.ProcessState.ExitCode()
}

// Via is the same server with requests sent to another address, that of a
// proxy in front of it.
func (s *Server) Via(address string) *Server {
	through := *s
	through.Address = address
	return &through
}

// Errors returns what the server has logged as errors.
func (s *Server) Errors() []string {
	var found []string
	for line := range strings.Lines(s.stderr.String()) {
		if !strings.Contains(line, `"level":"INFO"`) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// log is what a process writes; it can be read meanwhile.
type log struct {
	mu   sync.Mutex
	data []byte
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.data = append(l.data, p...)
	return len(p), nil
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.data)
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Get asks for a path of the server, or for a URL below its public one.
func (s *Server) Get(ctx context.Context, path, accept string) (Answer, error) {
	return s.Do(ctx, http.MethodGet, path, http.Header{"Accept": {accept}}, nil)
}

// Operate calls the operators' API with a JSON body and, unless it is empty, an
// idempotency key.
func (s *Server) Operate(ctx context.Context, method, path, idempotencyKey string, body []byte) (Answer, error) {
	header := http.Header{"Authorization": {"Bearer " + s.APIKey}}
	if body != nil {
		header.Set("Content-Type", "application/json")
	}
	if idempotencyKey != "" {
		header.Set("Idempotency-Key", idempotencyKey)
	}
	return s.Do(ctx, method, path, header, body)
}

// Do sends a request for a path of the server, or for a URL below its public
// one, and reads the whole answer. An error means that no complete answer came.
func (s *Server) Do(ctx context.Context, method, path string, header http.Header, body []byte) (Answer, error) {
	address := s.Address + strings.TrimPrefix(path, s.PublicURL)
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := s.client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, err
	}
	return Answer{response.StatusCode, response.Header, data}, nil
}

// Snapshot copies the store of an institution that no server has open. The
// returned function puts the copy in the place of what is there then.
func (i Institution) Snapshot(t testing.TB) (restore func()) {
	t.Helper()
	path := i.Data + "/laurel.db"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
