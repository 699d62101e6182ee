package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"laurel/storage"
)

// operator speaks the operators' API of an installation: over the socket of
// the server that has the data open, or else to the same handler in this
// process.
type operator struct {
	settings settings
	client   *http.Client
	// served is set when a server answers; installation is nil then.
	served       bool
	installation *installation
}

// openOperator finds out who has the data. The returned function closes it.
func openOperator(ctx context.Context, flags dataFlags) (*operator, func() error, error) {
	tenant := flags.Tenant
	flags.Tenant = ""
	o, closeData, err := openAnyOperator(ctx, flags)
	if err == nil && tenant != "" {
		o.client.Transport = forTenant{o.client.Transport, tenant}
	}
	return o, closeData, err
}

// forTenant is an http.RoundTripper that says for which institution it asks.
type forTenant struct {
	http.RoundTripper
	tenant string
}

// RoundTrip implements http.RoundTripper.
func (f forTenant) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("Laurel-Tenant", f.tenant)
	return f.RoundTripper.RoundTrip(request)
}

func openAnyOperator(ctx context.Context, flags dataFlags) (*operator, func() error, error) {
	remembered, err := readSettings(flags.Data)
	if err != nil {
		return nil, nil, err
	}
	if o := dialServer(ctx, flags.Data); o != nil {
		o.settings = remembered
		return o, func() error { return nil }, nil
	}
	o, closeData, err := openHere(flags)
	if !errors.Is(err, storage.ErrBusy) {
		return o, closeData, err
	}
	// Whoever has the store may be a server that is about to listen.
	if o := dialServer(ctx, flags.Data); o != nil {
		o.settings = remembered
		return o, func() error { return nil }, nil
	}
	return nil, nil, err
}

// dialServer returns nil when no server listens on the socket.
func dialServer(ctx context.Context, dir string) *operator {
	socket := filepath.Join(dir, socketName)
	dial := func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "unix", socket)
	}
	probe, err := dial(ctx)
	if err != nil {
		return nil
	}
	_ = probe.Close() // it has served its purpose
	transport := &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		DisableKeepAlives: true,
	}
	return &operator{client: &http.Client{Transport: transport}, served: true}
}

// openHere opens the data in this process and puts a server on top of it that
// listens nowhere.
func openHere(flags dataFlags) (*operator, func() error, error) {
	opened, closeData, err := openInstallation(flags)
	if err != nil {
		return nil, nil, err
	}
	o, err := inProcess(opened)
	if err != nil {
		return nil, nil, errors.Join(err, closeData())
	}
	return o, closeData, nil
}

func inProcess(opened *installation) (*operator, error) {
	handler, err := newServer(serverParts{
		installation: opened, verifier: newVerifier(opened.contexts, nil, opened.issuer),
	})
	if err != nil {
		return nil, err
	}
	return &operator{
		settings: opened.settings, client: &http.Client{Transport: inMemory{handler.Local()}}, installation: opened,
	}, nil
}

// problem is an answer that is not a success (RFC 9457).
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Errors []struct {
		Path    string `json:"path"`
		Code    string `json:"code"`
		Term    string `json:"term"`
		Message string `json:"message"`
	} `json:"errors"`
}

func (p *problem) Error() string {
	text := strings.TrimSuffix(p.Title, ".")
	if p.Detail != "" {
		text += ": " + strings.TrimSuffix(p.Detail, ".")
	}
	for _, e := range p.Errors {
		text += "; " + e.Path
		if e.Term != "" {
			text += " (" + e.Term + ")"
		}
		text += ": " + strings.TrimSuffix(e.Message, ".")
	}
	return strings.ToLower(text[:1]) + text[1:]
}

func (p *problem) code() string { return strings.TrimPrefix(p.Type, "urn:laurel:problem:") }

// maxAnswer bounds what is read of an answer.
const maxAnswer = 8 << 20

// operation is one request of the operators' API.
type operation struct {
	// doing says what for, in an error: "revoking badge".
	doing        string
	method, path string
	body         any    // sent as JSON; nil for none
	absent       string // what is not there when the answer is 404
}

// call performs an operation and decodes the answer.
func (o *operator) call(ctx context.Context, op operation, answer any) error {
	var body []byte
	if op.body != nil {
		var err error
		if body, err = json.Marshal(op.body); err != nil {
			return fmt.Errorf("%s: %w", op.doing, err)
		}
	}
	return o.ask(ctx, op, "application/json", body, answer)
}

// ask performs an operation with a body of any type and decodes the answer,
// unless that is nil.
func (o *operator) ask(ctx context.Context, op operation, mediaType string, body []byte, answer any) error {
	data, err := o.send(ctx, op.method, op.path, mediaType, body)
	var p *problem
	if op.absent != "" && errors.As(err, &p) && p.Status == http.StatusNotFound {
		return missing(fmt.Errorf("%s: %s", op.doing, op.absent), "")
	}
	if err != nil {
		return explainProblem(op.doing, err)
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(data, answer); err != nil {
		return fmt.Errorf("%s: reading answer: %w", op.doing, err)
	}
	return nil
}

// operate opens the data, performs one operation, and closes the data again. It
// is not for an answer that has to be shown even if closing fails, such as a
// secret that is shown once.
func operate(ctx context.Context, flags dataFlags, op operation, answer any) (err error) {
	flags.reading = op.method == http.MethodGet
	operator, closeData, err := openOperator(ctx, flags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	return operator.call(ctx, op, answer)
}

// filterQuery leaves out what is empty.
func filterQuery(filters map[string]string) url.Values {
	query := make(url.Values)
	for name, value := range filters {
		if value != "" {
			query.Set(name, value)
		}
	}
	return query
}

// pageSize is how many items are asked for at a time, the most there are.
const pageSize = 100

// listPages reads pages of a list until there are limit items or no more.
func listPages[T any](ctx context.Context, flags dataFlags, op operation, query url.Values, limit int) (all []T, err error) {
	flags.reading = true
	operator, closeData, err := openOperator(ctx, flags)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	all = []T{}
	op.method = http.MethodGet
	path := op.path
	for len(all) < limit {
		query.Set("limit", strconv.Itoa(min(pageSize, limit-len(all))))
		op.path = path + "?" + query.Encode()
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next"`
		}
		if err := operator.call(ctx, op, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			break
		}
		query.Set("cursor", page.Next)
	}
	return all, nil
}

// send returns the answer's body, or a *problem.
func (o *operator) send(ctx context.Context, method, path, mediaType string, body []byte) ([]byte, error) {
	return exchange(ctx, o.client, method, "http://laurel"+path, http.Header{"Content-Type": {mediaType}}, body)
}

// exchange makes one request and returns the body of a 2xx answer. Any other
// is a *problem.
func exchange(ctx context.Context, client *http.Client, method, url string, header http.Header, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = header.Clone()
	if request.Header == nil {
		request.Header = make(http.Header)
	}
	if len(body) == 0 {
		request.Header.Del("Content-Type")
	}
	if request.Header.Get("Accept") == "" {
		request.Header.Set("Accept", "application/json")
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 200 && response.StatusCode < 300 {
		return data, nil
	}
	p := problem{Status: response.StatusCode}
	if json.Unmarshal(data, &p) != nil || p.Title == "" {
		p.Title = "the answer was " + response.Status
	}
	return nil, &p
}

// explainProblem gives an error of the API the exit code of the same error of
// a package.
func explainProblem(doing string, err error) error {
	wrapped := fmt.Errorf("%s: %w", doing, err)
	var p *problem
	if !errors.As(err, &p) {
		return wrapped
	}
	switch p.Status {
	case http.StatusNotFound, http.StatusGone:
		return missing(wrapped, "")
	case http.StatusConflict:
		if p.code() == "exists" {
			return &failure{code: exitExists, err: wrapped}
		}
	case http.StatusTooManyRequests:
		if p.code() == "quota-exceeded" {
			return &failure{code: exitBusy, err: wrapped, hint: "it is counted anew at midnight UTC; laurel tenant update NAME --awards-per-day N changes it"}
		}
		return &failure{code: exitBusy, err: wrapped, hint: "try again in a few seconds"}
	case http.StatusServiceUnavailable:
		if p.code() == "no-signing-key" {
			return missing(wrapped, "make a key: laurel keys rotate")
		}
		return &failure{code: exitBusy, err: wrapped, hint: "try again later; the server's log has the cause"}
	case http.StatusInsufficientStorage:
		return &failure{code: exitCannotRun, err: wrapped, hint: hintFull}
	case http.StatusInternalServerError:
		if p.code() == "damaged" {
			return &failure{code: exitFault, err: wrapped, hint: "laurel fsck says what is damaged; restore the data directory from a backup"}
		}
	}
	if p.Status < http.StatusInternalServerError {
		return &failure{code: exitFault, err: wrapped}
	}
	return &failure{code: exitCannotRun, err: wrapped}
}

// inMemory is an http.RoundTripper that calls a handler.
type inMemory struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (m inMemory) RoundTrip(request *http.Request) (*http.Response, error) {
	served := request.Clone(request.Context())
	if served.Body == nil {
		served.Body = http.NoBody
	}
	recorder := &answerRecorder{header: make(http.Header)}
	m.handler.ServeHTTP(recorder, served)
	recorder.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: fmt.Sprintf("%d %s", recorder.status, http.StatusText(recorder.status)), StatusCode: recorder.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: recorder.header, Body: io.NopCloser(&recorder.body), ContentLength: int64(recorder.body.Len()), Request: request,
	}, nil
}

// answerRecorder is an http.ResponseWriter that keeps the answer.
type answerRecorder struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (r *answerRecorder) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter. The first call counts.
func (r *answerRecorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

// Write implements http.ResponseWriter.
func (r *answerRecorder) Write(data []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(data)
}
