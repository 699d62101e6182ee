package fetch

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// follow exchanges requests and answers until there is a document. The age is how long the server lets it be kept.
func (c *Client) follow(ctx context.Context, t target, request Request) (*Response, time.Duration, error) {
	for redirects := 0; ; redirects++ {
		response, location, age, err := c.exchange(ctx, t, request)
		if err != nil {
			return nil, 0, t.fail(err)
		}
		if response != nil {
			return response, age, nil
		}
		if request.Redirects != SameHost || redirects == maxRedirects {
			return nil, 0, &Error{origin: t.origin(), kind: ErrRedirect}
		}
		next, err := c.redirected(t, location)
		if err != nil {
			return nil, 0, &Error{origin: t.origin(), kind: ErrRedirect, cause: err}
		}
		t = next
	}
}

// redirected checks the target of a redirect like a first URL, and that it stays where the document was asked for.
func (c *Client) redirected(from target, location string) (target, error) {
	reference, err := url.Parse(location)
	if err != nil {
		return target{}, err
	}
	next, err := c.parseTarget(from.url.ResolveReference(reference).String())
	if err != nil {
		return target{}, err
	}
	if next.url.Scheme != "https" || next.host != from.host || next.port != from.port {
		return target{}, errors.New("another host")
	}
	return next, nil
}

// exchange makes one request. It returns the document, or the location of a redirect and no document.
func (c *Client) exchange(ctx context.Context, t target, request Request) (*Response, string, time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	outgoing, err := http.NewRequestWithContext(ctx, http.MethodGet, t.String(), nil)
	if err != nil {
		return nil, "", 0, err
	}
	outgoing.Header.Set("Accept", request.Accept)
	outgoing.Header.Set("User-Agent", c.config.UserAgent)
	transport := c.guarded
	if t.exception {
		transport = c.laboratory
	}
	// The transport itself, not an http.Client: no cookies, no redirects, no credentials from a URL.
	incoming, err := transport.RoundTrip(outgoing)
	if err != nil {
		return nil, "", 0, err
	}
	defer incoming.Body.Close()
	switch incoming.StatusCode {
	case http.StatusOK:
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return nil, incoming.Header.Get("Location"), 0, nil
	default:
		return nil, "", 0, &StatusError{Status: incoming.StatusCode}
	}
	contentType, mediaType, err := checkHeader(incoming, request)
	if err != nil {
		return nil, "", 0, err
	}
	body, err := c.readBody(ctx, incoming.Body, request.MaxBytes, cancel)
	if err != nil {
		return nil, "", 0, err
	}
	response := &Response{Body: body, MediaType: mediaType, ContentType: contentType, URL: t.String()}
	return response, "", freshness(incoming.Header), nil
}

// checkHeader refuses an answer whose body need not be read.
func checkHeader(incoming *http.Response, request Request) (contentType, mediaType string, err error) {
	for _, encoding := range incoming.Header.Values("Content-Encoding") {
		if encoding != "" && !strings.EqualFold(encoding, "identity") {
			return "", "", &Error{kind: ErrMediaType, detail: "content encoding"}
		}
	}
	types := incoming.Header.Values("Content-Type")
	if len(types) != 1 {
		return "", "", &Error{kind: ErrMediaType}
	}
	mediaType, _, err = mime.ParseMediaType(types[0])
	if err != nil || !slices.Contains(request.MediaTypes, mediaType) {
		return "", "", &Error{kind: ErrMediaType}
	}
	if incoming.ContentLength > request.MaxBytes {
		return "", "", &Error{kind: ErrTooLarge}
	}
	return types[0], mediaType, nil
}

// readBody reads at most limit bytes, and gives up on a sender that is slower than the minimum rate.
func (c *Client) readBody(ctx context.Context, body io.Reader, limit int64, cancel context.CancelCauseFunc) ([]byte, error) {
	counted := &countingReader{reader: body}
	done := make(chan struct{})
	defer close(done)
	go c.watchRate(counted, done, cancel)
	data, err := io.ReadAll(io.LimitReader(counted, limit+1))
	if int64(len(data)) > limit {
		return nil, &Error{kind: ErrTooLarge}
	}
	if err != nil && ctx.Err() != nil {
		return nil, errors.Join(context.Cause(ctx), err)
	}
	return data, err
}

func (c *Client) watchRate(counted *countingReader, done <-chan struct{}, cancel context.CancelCauseFunc) {
	ticker := time.NewTicker(c.config.RateInterval)
	defer ticker.Stop()
	least := int64(float64(c.config.MinRate) * c.config.RateInterval.Seconds())
	var before int64
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			now := counted.count.Load()
			if now-before < least {
				cancel(errTooSlow)
				return
			}
			before = now
		}
	}
}

type countingReader struct {
	reader io.Reader
	count  atomic.Int64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.reader.Read(p)
	r.count.Add(int64(n))
	return n, err
}

// freshness is the time for which a cache that serves many people may keep an answer: max-age (s-maxage where given) less the
// age it already has (RFC 9111 §4.2). An answer that says nothing is not kept, since it may be a status list.
func freshness(header http.Header) time.Duration {
	var seconds, shared int64 = 0, -1
	for directive := range strings.SplitSeq(strings.Join(header.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "no-store", "no-cache", "private":
			return 0
		case "max-age":
			seconds = parseSeconds(value)
		case "s-maxage":
			shared = parseSeconds(value)
		}
	}
	if vary := header.Values("Vary"); slices.Contains(vary, "*") {
		return 0
	}
	if shared >= 0 {
		seconds = shared
	}
	return time.Duration(seconds-parseSeconds(header.Get("Age"))) * time.Second
}

// parseSeconds reads delta-seconds (RFC 9111 §1.2.2), at most a year of them; what is malformed counts as none.
func parseSeconds(text string) int64 {
	const year = 365 * 24 * 60 * 60
	seconds, err := strconv.ParseUint(strings.Trim(text, `"`), 10, 63)
	if err != nil {
		if errors.Is(err, strconv.ErrRange) {
			return year
		}
		return 0
	}
	return int64(min(seconds, year))
}
