package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"laurel/internal/issuer"
)

// startUpload begins an upload and sends only a part of it.
func (w *world) startUpload(token string) net.Conn {
	w.Helper()
	c, err := net.Dial("tcp", w.site.Listener.Addr().String())
	w.must(err)
	w.Cleanup(func() { _ = c.Close() })
	_, err = fmt.Fprintf(c, "POST /api/v1/awards HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: multipart/form-data; boundary=X\r\n"+
		"Content-Length: 1000000\r\n\r\n--X\r\nContent-Disposition: form-data; name=\"achievement\"\r\n\r\n", token)
	w.must(err)
	return c
}

// reading waits until so many uploads are being read.
func (w *world) reading(n int) {
	w.Helper()
	for range 500 {
		w.server.uploads.mu.Lock()
		now := len(w.server.uploads.reading)
		w.server.uploads.mu.Unlock()
		if now == n {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.Fatalf("there are not %d uploads", n)
}

// TestUploadStalled: an upload that stands still keeps only its own tenant from
// uploading, and that not for long.
func TestUploadStalled(t *testing.T) {
	w := newWorld(t, Limits{UploadIdle: time.Second, UploadWait: 200 * time.Millisecond})
	achievement := "achievement=" + w.achievement()
	w.issuerOf("law")
	stalling := w.apiKey("law", issuer.ScopeCredentials)
	stalled := w.startUpload(stalling)
	w.reading(1)
	start := time.Now()
	if r := w.upload(w.token, people, achievement); r.status != http.StatusAccepted || time.Since(start) > 900*time.Millisecond {
		t.Errorf("another tenant's upload: %d after %s: %s", r.status, time.Since(start), r.body)
	}
	if r := w.upload(stalling, people, "achievement=x"); r.status != http.StatusServiceUnavailable || r.code() != "unavailable" || r.header.Get("Retry-After") == "" {
		t.Errorf("a second upload of the tenant: %d %s", r.status, r.body)
	}
	response, err := http.ReadResponse(bufio.NewReader(stalled), nil)
	w.must(err)
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if took := time.Since(start); response.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "incomplete-body") || took > 4*time.Second {
		t.Errorf("the upload that stalled: %d after %s: %s", response.StatusCode, took, body)
	}
	w.reading(0)
	if r := w.upload(stalling, people, "achievement=x"); r.status != http.StatusBadRequest {
		t.Errorf("an upload after it: %d %s", r.status, r.body)
	}
}

// TestUploadSlow: what comes in, but too slowly to be done in any useful time,
// is ended too.
func TestUploadSlow(t *testing.T) {
	w := newWorld(t, Limits{UploadIdle: 300 * time.Millisecond})
	slow := w.startUpload(w.token)
	start, ended := time.Now(), make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = slow.Read(make([]byte, 1))
	}()
	for {
		select {
		case <-ended:
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("it went on for %s", took)
			}
			return
		case <-time.After(50 * time.Millisecond):
			_, _ = io.WriteString(slow, "x")
		case <-t.Context().Done():
			return
		}
		if time.Since(start) > 10*time.Second {
			t.Fatal("it goes on for ever")
		}
	}
}

// TestUploadLetGo: a client that goes away is no fault of the server, and
// leaves its place.
func TestUploadLetGo(t *testing.T) {
	w := newWorld(t, Limits{})
	w.server.uploads.drafting <- struct{}{} // so that the request waits with its file read
	ctx, cancel := context.WithCancel(t.Context())
	body, contentType := form(t, [3]string{"file", "people.csv", people}, [3]string{"achievement", "-", "x"})
	request, err := http.NewRequestWithContext(ctx, "POST", w.site.URL+"/api/v1/awards", strings.NewReader(string(body)))
	w.must(err)
	request.Header.Set("Authorization", "Bearer "+w.token)
	request.Header.Set("Content-Type", strings.TrimPrefix(contentType, "Content-Type: "))
	go func() {
		w.reading(1)
		time.Sleep(100 * time.Millisecond)
		cancel()
	}()
	if response, err := w.site.Client().Do(request); err == nil {
		_ = response.Body.Close()
		t.Errorf("the answer is %s", response.Status)
	}
	w.reading(0)
	for range 100 {
		if strings.Contains(w.log.String(), `"problem":"cancelled"`) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if log := w.log.String(); !strings.Contains(log, `"problem":"cancelled"`) || strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("the log: %s", log)
	}
	w.server.uploads.drafted()
}

// TestUploadMalformed: a form that is none is the client's fault, and what it
// says is not in the log.
func TestUploadMalformed(t *testing.T) {
	w := newWorld(t, Limits{})
	multipart := "Content-Type: multipart/form-data; boundary=X"
	file := "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nemail\r\n"
	for name, body := range map[string]string{
		"nothing":           "",
		"no form":           "garbage",
		"a bad header":      "--X\r\nSecretText of ada@example.org\r\n\r\n",
		"many headers":      "--X\r\n" + strings.Repeat("A: b\r\n", 20_000) + "\r\nx\r\n--X--",
		"a second one":      file + "\r\n--X\r\nSecretText of ada@example.org\r\n\r\n",
		"cut between parts": file + "\r\n--X\r\n",
		"cut in the file":   file,
	} {
		for _, path := range []string{"/api/v1/awards", "/verify"} {
			r := w.do("POST", path, []byte(strings.ReplaceAll(body, `"file"`, map[string]string{"/verify": `"credential"`, "/api/v1/awards": `"file"`}[path])),
				"Authorization: Bearer "+w.token, multipart)
			if r.status != 400 && (path != "/verify" || r.status != 415) {
				t.Errorf("%s to %s: %d %s", name, path, r.status, r.body)
			}
		}
	}
	if log := w.log.String(); strings.Contains(log, "SecretText") || strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("the log: %s", log)
	}
}
