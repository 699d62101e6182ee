package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"

	"laurel/credential/strictjson"
	"laurel/internal/issuer"
	"laurel/internal/keys"
	"laurel/internal/web"
	"laurel/storage"
	"laurel/verifier"
)

// problemPrefix and a code make the type of a problem (RFC 9457).
const problemPrefix = "urn:laurel:problem:"

// problem is one type of problem: what the client is told whenever it occurs.
type problem struct {
	Code   string
	Status int
	// Title is a short sentence, Remedy says what to do about it. Both end up
	// in docs/errors.md.
	Title  string
	Remedy string
}

// The types of problems. The codes are stable.
var (
	problemNotFound     = problem{"not-found", 404, "There is nothing at this address.", "Check the address. What is not shared and what belongs to somebody else answers in the same way as what never existed."}
	problemGone         = problem{"gone", 410, "What was here was erased at the wish of the person it belongs to.", "It cannot come back. Remove the reference to it."}
	problemMethod       = problem{"method-not-allowed", 405, "The address does not take this method.", "Use one of the methods in the header Allow."}
	problemMediaType    = problem{"unsupported-media-type", 415, "The request's body is of a type that is not taken here.", "Send JSON as application/json or application/vc, a compact JWS as application/jwt or text/plain, and a form with its fields."}
	problemEncoding     = problem{"unsupported-content-encoding", 415, "Compressed request bodies are not taken.", "Send the body as it is, without Content-Encoding."}
	problemTooLarge     = problem{"too-large", 413, "The request's body is too large.", "Send no more than 1 MiB."}
	problemIncomplete   = problem{"incomplete-body", 400, "The request's body did not arrive as a whole.", "Send it again."}
	problemForm         = problem{"malformed-form", 400, "The form cannot be read.", "Send one field named credential, or one file of that name."}
	problemEmpty        = problem{"empty-input", 400, "The body is empty.", "To check a badge, paste its text or choose its file."}
	problemNotReadable  = problem{"not-readable", 400, "The input is no credential in any form that is known here.", "Send the badge itself: JSON, a compact JWS, the picture that it is baked into, or its https address. A screenshot or a picture of a certificate is not enough."}
	problemSyntax       = problem{"json-syntax", 400, "The body is not JSON.", "Look at the byte that is named in the detail."}
	problemTruncated    = problem{"json-truncated", 400, "The JSON ends before it is complete.", "Send all of it."}
	problemTrailing     = problem{"json-trailing-data", 400, "Something follows the JSON value.", "Send one JSON value and nothing after it."}
	problemDuplicate    = problem{"json-duplicate-key", 400, "An object has two members of the same name.", "Which of the two counts would be a guess. Remove one."}
	problemUTF8         = problem{"json-invalid-utf8", 400, "The JSON is not clean UTF-8.", "Encode it as UTF-8 without a byte order mark and without lone surrogates."}
	problemNumber       = problem{"json-number-range", 400, "A number is outside of what every reader understands alike.", "Write it as text, or as a number that a double holds exactly."}
	problemTooDeep      = problem{"json-too-deep", 400, "The JSON is nested too deeply.", "Nest no more than 64 levels."}
	problemNameTooLong  = problem{"json-name-too-long", 400, "The name of a member is too long.", "Use names of at most 256 bytes."}
	problemInvalid      = problem{"invalid-request", 400, "The request is not as it must be.", "Every entry of errors names a place and what is wrong there."}
	problemUnauthorized = problem{"unauthorized", 401, "This needs a valid API key.", "Send the header Authorization: Bearer and the key. A key that was revoked or has expired is as good as none."}
	problemScope        = problem{"insufficient-scope", 403, "The API key does not cover this.", "Use a key with the scope that is named in the detail."}
	problemCrossOrigin  = problem{"cross-origin", 403, "A page of another website may not do this.", "Call the API from a server, not from a browser."}
	problemConflict     = problem{"conflict", 409, "The present state does not allow this.", "Read the state again. What is revoked stays revoked."}
	problemExists       = problem{"exists", 409, "There is one already.", "Read the one that is there."}
	problemInFlight     = problem{"idempotency-in-flight", 409, "A request with this Idempotency-Key is still being worked on.", "Wait for the time in Retry-After, then send it again."}
	problemMismatch     = problem{"idempotency-mismatch", 422, "The Idempotency-Key was used with another request.", "Use a new key for a new request."}
	problemIdempotency  = problem{"idempotency-key-malformed", 400, "The Idempotency-Key cannot be used.", "Send one, of 1 to 128 printable ASCII characters, and only where the API document has it."}
	problemRate         = problem{"rate-limited", 429, "There were too many requests from this network.", "Wait for the time in Retry-After."}
	problemBusy         = problem{"busy", 429, "Too many checks are waiting.", "Wait for the time in Retry-After."}
	problemQuota        = problem{"quota-exceeded", 429, "The institution has awarded as many badges today as it may.", "Wait until the day of UTC is over, the time in Retry-After, or ask whoever runs the installation for a larger quota."}
	problemUnavailable  = problem{"unavailable", 503, "This cannot be done at the moment.", "Try again later. The operator finds the cause in the log."}
	problemFull         = problem{"insufficient-storage", 507, "The disk of the service is full.", "Try again when the operator has made room. Revoking, suspending and erasing are possible meanwhile."}
	problemNoSigningKey = problem{"no-signing-key", 503, "The issuer has no key that may sign.", "The operator makes a new one by rotating."}
	problemSelfCheck    = problem{"self-check-failed", 500, "The badge was made but did not pass our own check, and was not released.", "The operator finds the cause in the log."}
	problemDamaged      = problem{"damaged", 500, "Something that is stored here is damaged.", "The operator runs laurel fsck, which says what is damaged and what to do about it; the log has the cause."}
	problemInternal     = problem{"internal", 500, "Something went wrong here.", "The operator finds the cause in the log under the id in the header X-Request-Id."}
)

// problems is every type, for the documents and their tests.
var problems = []problem{
	problemEmpty, problemNotReadable, problemSyntax, problemTruncated, problemTrailing, problemDuplicate, problemUTF8,
	problemNumber, problemTooDeep, problemNameTooLong, problemIncomplete, problemForm, problemInvalid, problemIdempotency,
	problemUnauthorized, problemScope, problemCrossOrigin, problemNotFound, problemMethod, problemConflict, problemExists,
	problemInFlight, problemQuota, problemGone, problemTooLarge, problemMediaType, problemEncoding, problemMismatch, problemRate,
	problemBusy, problemInternal, problemDamaged, problemSelfCheck, problemUnavailable, problemNoSigningKey, problemFull,
}

// refusal is an error that this package finds by itself.
type refusal struct {
	problem problem
	detail  string
}

func (r *refusal) Error() string { return r.problem.Code + ": " + r.detail }

func refuse(p problem) error { return &refusal{problem: p} }

// finding is one entry of a problem's errors.
type finding struct {
	// Path is a JSON Pointer into the body, or "?" and the name of a query
	// parameter.
	Path    string `json:"path"`
	Code    string `json:"code"`
	Term    string `json:"term,omitempty"`
	Message string `json:"message"`
}

// answer is a problem on one occasion.
type answer struct {
	problem problem
	detail  string
	errors  []finding
}

// domain says which problem an error of the domain is. The first that matches
// counts.
var domain = []struct {
	err     error
	problem problem
}{
	{storage.ErrErased, problemGone},
	{storage.ErrNotFound, problemNotFound},
	{storage.ErrInFlight, problemInFlight},
	{storage.ErrMismatch, problemMismatch},
	{storage.ErrConflict, problemConflict},
	{storage.ErrExists, problemExists},
	{storage.ErrInvalid, problemNotFound}, // by then nothing but an id can be malformed, and that is nobody's
	{issuer.ErrUnauthorized, problemUnauthorized},
	{issuer.ErrSelfCheck, problemSelfCheck},
	{keys.ErrNoSigningKey, problemNoSigningKey},
	{keys.ErrUnavailable, problemUnavailable},
	{keys.ErrBackend, problemUnavailable},
	{verifier.ErrNotReadable, problemNotReadable},
	{storage.ErrFull, problemFull},
	{syscall.ENOSPC, problemFull}, // of a file beside the store
	{syscall.EDQUOT, problemFull},
	{storage.ErrFailed, problemUnavailable},
	{storage.ErrClosed, problemUnavailable},
	{context.DeadlineExceeded, problemUnavailable},
	{context.Canceled, problemUnavailable}, // nobody is there to read it
}

// answerTo is the only place where an error becomes an HTTP answer.
func answerTo(err error) answer {
	var (
		own     *refusal
		invalid *issuer.InvalidError
		syntax  *strictjson.Error
		quota   *storage.QuotaError
	)
	switch {
	case errors.As(err, &own):
		return answer{problem: own.problem, detail: own.detail}
	case errors.Is(err, storage.ErrCorrupt): // whatever is wrong inside of it is not the request
		return answer{problem: problemDamaged}
	case errors.As(err, &invalid):
		a := answer{problem: problemInvalid}
		for _, v := range invalid.Violations {
			a.errors = append(a.errors, finding{Path: v.Path, Code: v.Code, Term: v.Term, Message: v.Message})
		}
		return a
	case errors.As(err, &syntax):
		return answerToSyntax(syntax)
	case errors.As(err, &quota):
		return answer{problem: problemQuota, detail: "The quota is " + strconv.Itoa(quota.AwardsPerDay) + " awards a day."}
	}
	for _, d := range domain {
		if errors.Is(err, d.err) {
			return answer{problem: d.problem}
		}
	}
	return answer{problem: problemInternal}
}

// answerToSyntax names the place, whose text is not repeated.
func answerToSyntax(err *strictjson.Error) answer {
	kinds := map[strictjson.Code]problem{
		strictjson.CodeSyntax: problemSyntax, strictjson.CodeTrailing: problemTrailing,
		strictjson.CodeDuplicate: problemDuplicate, strictjson.CodeUTF8: problemUTF8,
		strictjson.CodeNumberRange: problemNumber, strictjson.CodeTooDeep: problemTooDeep,
		strictjson.CodeTooLarge: problemNameTooLong, // the whole was measured before
	}
	kind, ok := kinds[err.Code]
	if !ok {
		kind = problemSyntax
	}
	return answer{
		problem: kind,
		detail:  "At byte " + strconv.Itoa(err.Offset) + ": " + err.Detail + ".",
		errors:  []finding{{Path: err.Path, Code: string(err.Code), Message: kind.Title}},
	}
}

// problemBody is a problem as it is sent (RFC 9457 section 3).
type problemBody struct {
	Type   string    `json:"type"`
	Title  string    `json:"title"`
	Status int       `json:"status"`
	Detail string    `json:"detail,omitempty"`
	Errors []finding `json:"errors,omitempty"`
}

// statusGone stands in the log, as in that of other servers, for a client that
// did not wait for the answer.
const statusGone = 499

// fail answers with a problem, as a page to those who prefer one.
func (s *Server) fail(c *gin.Context, err error) {
	a := answerTo(err)
	event := eventOf(c)
	event.problem = a.problem.Code
	switch {
	case errors.Is(err, context.Canceled) && c.Request.Context().Err() != nil:
		// The client has gone. It is told nothing, and nothing is wrong here.
		event.problem = "cancelled"
		c.Status(statusGone)
		return
	case a.problem.Status >= http.StatusInternalServerError:
		event.cause = err
	}
	if c.Writer.Written() {
		return
	}
	c.Header("Cache-Control", "no-store")
	switch a.problem.Status {
	case http.StatusUnauthorized:
		c.Header("WWW-Authenticate", `Bearer realm="laurel"`)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		c.Header("Retry-After", "5")
		if a.problem == problemQuota {
			now := s.clock().UTC()
			c.Header("Retry-After", strconv.Itoa(int(now.Truncate(24*time.Hour).Add(24*time.Hour).Sub(now)/time.Second)+1))
		}
	case http.StatusConflict:
		if a.problem == problemInFlight {
			c.Header("Retry-After", "1")
		}
	}
	if prefersPage(c) {
		page := web.ProblemPage{Status: a.problem.Status, Title: a.problem.Title, Remedy: a.problem.Remedy, Detail: a.detail}
		if c.FullPath() == "/verify" {
			s.page(c, a.problem.Status, web.VerifyPage{Problem: &page}) // with the form, for another try
			return
		}
		s.page(c, a.problem.Status, page)
		return
	}
	c.Writer.Header().Add("Vary", "Accept")
	body, err := json.Marshal(problemBody{
		Type: problemPrefix + a.problem.Code, Title: a.problem.Title, Status: a.problem.Status, Detail: a.detail, Errors: a.errors,
	})
	if err != nil {
		event.cause = err
	}
	c.Data(a.problem.Status, "application/problem+json", append(body, '\n'))
}
