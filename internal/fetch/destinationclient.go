package fetch

import (
	"bytes"
	"context"
	"io"
	"net/http"
)

// maxExchange is what is read of the answer of [Destinations.Exchange].
const maxExchange = 1 << 20

// Exchange sends a request to a host that the operator has named and returns the status and the body of the answer, whatever the
// status. What is longer than 1 MiB is an error, as is every redirect an answer like others. Errors are those of Post.
func (d *Destinations) Exchange(ctx context.Context, method, rawURL string, header map[string]string, body []byte) (status int, answer []byte, err error) {
	t, err := d.target(rawURL)
	if err != nil {
		return 0, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, d.config.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, t.url.String(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, t.fail(err)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := d.send(t, request)
	if err != nil {
		return 0, nil, t.fail(err)
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxExchange+1))
	if err != nil {
		return 0, nil, t.fail(err)
	}
	if len(answer) > maxExchange {
		return 0, nil, &Error{origin: t.origin(), kind: ErrTooLarge, detail: "answer is too large"}
	}
	return response.StatusCode, answer, nil
}

// Client returns a client for libraries that speak a protocol of their own over HTTP. It reaches the hosts that Exchange reaches
// and no others, and follows no redirect.
func (d *Destinations) Client() *http.Client {
	return &http.Client{
		Transport: tripper{d}, Timeout: d.config.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// tripper is the http.RoundTripper of Client.
type tripper struct{ d *Destinations }

// RoundTrip implements http.RoundTripper.
func (r tripper) RoundTrip(request *http.Request) (*http.Response, error) {
	t, err := r.d.target(request.URL.String())
	if err != nil {
		return nil, err
	}
	response, err := r.d.send(t, request.Clone(request.Context()))
	if err != nil {
		return nil, t.fail(err)
	}
	return response, nil
}

// send sends a request to a target.
func (d *Destinations) send(t target, request *http.Request) (*http.Response, error) {
	request.URL, request.Host = t.url, "" // the host of the URL
	request.Header.Set("User-Agent", d.config.UserAgent)
	if t.exception {
		return d.laboratory.RoundTrip(request)
	}
	return d.ordinary.RoundTrip(request)
}
