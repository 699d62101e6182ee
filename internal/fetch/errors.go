package fetch

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
)

// What went wrong, for errors.Is.
var (
	// ErrInvalidURL: the URL is not one that is ever fetched.
	ErrInvalidURL = errors.New("invalid URL")
	// ErrBlocked: the host, its port or one of its addresses is not public.
	ErrBlocked = errors.New("blocked address")
	// ErrUnavailable: no whole answer was had. Refused connections, unknown names, TLS faults, broken answers and timeouts share
	// this text, so that nobody can scan a network with our error messages.
	ErrUnavailable = errors.New("document unavailable")
	// ErrTimeout: as ErrUnavailable, which it also matches, because time ran out or the answer came too slowly.
	ErrTimeout = errors.New("document unavailable")
	// ErrStatus: the answer's status was not 200; the error is also a [*StatusError].
	ErrStatus = errors.New("unexpected status")
	// ErrRedirect: the answer was a redirect that the policy does not follow.
	ErrRedirect = errors.New("redirect not followed")
	// ErrMediaType: the answer's media type was not asked for, or its content was encoded.
	ErrMediaType = errors.New("unexpected media type")
	// ErrTooLarge: the document is larger than the limit.
	ErrTooLarge = errors.New("document too large")
	// ErrBusy: this host was asked for too much lately (Config.HostRate).
	ErrBusy = errors.New("too many fetches from this host")
	// ErrBudget: the fetches allowed by [WithBudget] are used up.
	ErrBudget = errors.New("too many fetches")
)

var errTooSlow = errors.New("answer too slow")

// Error is the error of a fetch. Its text names the host and what kind of fault it was, nothing that was found out about the
// network behind it. The causes it unwraps to do hold addresses: they are for an operator's log, not for an answer.
type Error struct {
	origin string // scheme and host, "" when the URL did not get that far
	kind   error
	detail string // a fixed text, never input
	cause  error
}

func (e *Error) Error() string {
	text := "fetching document: "
	if e.origin != "" {
		text = "fetching " + e.origin + ": "
	}
	text += e.kind.Error()
	if e.detail != "" {
		text += ": " + e.detail
	}
	return text
}

// Unwrap gives the sentinels that the error matches, then its cause.
func (e *Error) Unwrap() []error {
	errs := []error{e.kind}
	if e.kind == ErrTimeout {
		errs = append(errs, ErrUnavailable)
	}
	if e.cause != nil {
		errs = append(errs, e.cause)
	}
	return errs
}

// StatusError is an answer with a status other than 200.
type StatusError struct{ Status int }

func (e *StatusError) Error() string { return "unexpected status " + strconv.Itoa(e.Status) }

// Is makes every StatusError match [ErrStatus].
func (e *StatusError) Is(target error) bool { return target == ErrStatus }

// HTTPStatus is the status of the answer.
func (e *StatusError) HTTPStatus() int { return e.Status }

func invalidURL(detail string) *Error { return &Error{kind: ErrInvalidURL, detail: detail} }

func timeout(cause error) *Error { return &Error{kind: ErrTimeout, cause: cause} }

// fail puts an error in terms of this package, with the target's name on it.
func (t target) fail(err error) *Error {
	if e, ok := err.(*Error); ok { //nolint:errorlint // only our own top level may be completed, not something it wraps
		completed := *e
		completed.origin = t.origin()
		return &completed
	}
	failed := &Error{origin: t.origin(), kind: ErrUnavailable, cause: err}
	var status *StatusError
	var netErr net.Error
	switch {
	case errors.As(err, &status):
		failed.kind = status
		failed.cause = nil
	case errors.Is(err, ErrBlocked):
		failed.kind = ErrBlocked
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, errTooSlow),
		errors.As(err, &netErr) && netErr.Timeout():
		failed.kind = ErrTimeout
	}
	return failed
}
