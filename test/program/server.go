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
	"slices"
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
	s, err := Launch{}.Serve(t, institution, flags...)
	if err != nil {
		t.Fatalf("starting server: %v\n%s", err, s.Stderr())
	}
	return s
}

// Launch says how a server is started where that is not as usual.
type Launch struct {
	// Binary is another build of the program, the usual one when empty.
	Binary string
	// Under is a command with its arguments that runs the server, such as a
	// tracer. The server is killed with it.
	Under []string
	// Environment is added to what the server usually has, as NAME=VALUE.
	Environment []string
}

// Serve starts a server as package-level Serve does. What keeps it from being
// ready is an error; the server that is returned is gone then, and can still be
// asked for its exit code and what it wrote.
func (l Launch) Serve(t testing.TB, institution Institution, flags ...string) (*Server, error) {
	t.Helper()
	s := &Server{
		Institution: institution, stderr: new(log), ended: make(chan struct{}),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 30 * time.Second},
	}
	args := append([]string{"serve", "--data", institution.Data, "--listen", "127.0.0.1:0", "--json"}, flags...)
	s.command = l.command(t, args)
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
		if !s.Ended(2 * time.Second) { // it may be about to, with a code that says why
			s.Kill()
		}
		return s, err
	}
	s.Ready = time.Since(start)
	return s, nil
}

// command makes the command that runs the program with these arguments, in a
// process group of its own.
func (l Launch) command(t testing.TB, args []string) *exec.Cmd {
	t.Helper()
	binary := l.Binary
	if binary == "" {
		binary = Path(t)
	}
	words := append(append(slices.Clone(l.Under), binary), args...)
	command := exec.Command(words[0], words[1:]...)
	command.Env = append(environment(), l.Environment...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return command
}

// Run runs laurel to its end, for two minutes at most. The code is -1 when a
// signal ended it.
func (l Launch) Run(t testing.TB, args ...string) Result {
	t.Helper()
	command := l.command(t, args)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	timeout := time.AfterFunc(2*time.Minute, func() { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) })
	defer timeout.Stop()
	_ = command.Wait() // its code says it
	return Result{command.ProcessState.ExitCode(), stdout.Bytes(), stderr.Bytes()}
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
		if s.Ended(0) || time.Since(start) > readyTimeout {
			return fmt.Errorf("not ready in %v: %d %s %v", readyTimeout, answer.Status, answer.Body, err)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// Kill ends the process as a power cut would and waits until it is gone.
func (s *Server) Kill() {
	s.signal(syscall.SIGKILL) // it may be gone
	<-s.ended
	s.client.CloseIdleConnections()
}

// signal reaches whatever the server runs under too.
func (s *Server) signal(signal syscall.Signal) {
	select {
	case <-s.ended: // its number may be another's by now
	default:
		_ = syscall.Kill(-s.command.Process.Pid, signal)
	}
}

// PID is the number of the process, or of what it runs under.
func (s *Server) PID() int { return s.command.Process.Pid }

// Stop asks the process to end, waits for that, and returns its exit code. A
// process that does not end within 20 s is killed and has the code -1.
func (s *Server) Stop() int {
	s.signal(syscall.SIGTERM)
	if !s.Ended(20 * time.Second) {
		s.Kill()
	}
	s.client.CloseIdleConnections()
	return s.Code()
}

// Ended waits for the process to end by itself, and reports whether it did.
func (s *Server) Ended(within time.Duration) bool {
	select {
	case <-s.ended:
		return true
	case <-time.After(within):
		return false
	}
}

// Code is the exit code of a server that is gone, -1 when a signal ended it.
func (s *Server) Code() int {
	<-s.ended
	return s.command.ProcessState.ExitCode()
}

// Stderr is what the server has written there.
func (s *Server) Stderr() string { return s.stderr.String() }

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
