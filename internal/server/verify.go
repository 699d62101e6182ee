package server

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"laurel/credential/strictjson"
	"laurel/internal/web"
	"laurel/verifier"
)

func (s *Server) verifyPage(c *gin.Context) error {
	s.page(c, http.StatusOK, web.VerifyPage{})
	return nil
}

// verify checks what anybody sends. The check itself decides nothing here: its
// report is passed on as it is.
func (s *Server) verify(c *gin.Context) error {
	network := networkOf(c.ClientIP())
	if err := s.admit(c.Request.Context(), network, c.Request.ContentLength); err != nil {
		return err
	}
	if err := noExpectInURL(c.Request.URL.RawQuery); err != nil {
		return err
	}
	sent, err := s.submitted(c)
	if err != nil {
		return err
	}
	defer sent.release()
	report, err := s.check(c.Request.Context(), network, sent)
	if err != nil {
		return unreadable(sent.data, err)
	}
	h := c.Writer.Header()
	h["Cache-Control"] = noStore
	if prefersPage(c) {
		s.page(c, http.StatusOK, web.VerifyPage{Report: report})
		return nil
	}
	h.Add("Vary", "Accept")
	respondReport(c, report)
	return nil
}

// unreadable tells JSON that was cut off from JSON that is wrong.
func unreadable(data []byte, err error) error {
	var syntax *strictjson.Error
	if errors.As(err, &syntax) && syntax.Code == strictjson.CodeSyntax && syntax.Offset >= len(bytes.TrimRight(data, " \t\r\n")) {
		return refuse(problemTruncated)
	}
	return err
}

// The media types that POST /verify takes.
var (
	verifyJSON     = []string{"application/json", "application/vc", "application/vc+ld+json", "application/ld+json", "application/vc+json"}
	verifyJOSE     = []string{"application/jwt", "application/jose", "application/vc+jwt", "application/vc-ld+jwt", "application/vc+ld+json+jwt"}
	verifyAny      = []string{"text/plain", "application/sd-jwt", "application/vc+sd-jwt", "application/dc+sd-jwt", "application/vc+cose", "application/vp+cose"}
	verifyPictures = []string{"image/png", "image/svg+xml"}
)

// verifyPresentations are media types of presentations, as JSON and as JWS.
var verifyPresentations = []string{"application/vp", "application/vp+ld+json", "application/vp+jwt"}

// pictureFactor is how many times the size of another body a picture may have.
const pictureFactor = 5

// submission is what is to be checked, and what whoever sends it wants to see
// confirmed besides.
type submission struct {
	data   []byte
	expect verifier.Expect
	// release must be called when nothing refers to data any more.
	release func()
}

// submitted reads what is to be checked: the body itself, a field of a form, or a
// member of the body.
func (s *Server) submitted(c *gin.Context) (sent submission, err error) {
	mediaType, params := c.GetHeader("Content-Type"), map[string]string(nil)
	if !slices.Contains(verifyJSON, mediaType) { // as nearly all write it
		mediaType, params, err = mime.ParseMediaType(mediaType)
	}
	charset := params["charset"]
	if err != nil || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return submission{}, refuse(problemMediaType)
	}
	sent.release = func() {}
	isJOSE := slices.Contains(verifyJOSE, mediaType)
	switch {
	case slices.Contains(verifyJSON, mediaType):
		if sent.data, sent.release, err = s.pooledBody(c, 0); err == nil {
			err = sent.unwrap()
		}
	case isJOSE || slices.Contains(verifyAny, mediaType) || slices.Contains(verifyPresentations, mediaType):
		sent.data, sent.release, err = s.pooledBody(c, 0)
	case slices.Contains(verifyPictures, mediaType):
		sent.data, sent.release, err = s.pooledBody(c, (pictureFactor-1)*s.limits.Body)
	case mediaType == "application/x-www-form-urlencoded":
		err = s.formFields(c, &sent)
	case mediaType == "multipart/form-data":
		err = s.formParts(c, params["boundary"], &sent)
	default:
		err = refuse(problemMediaType)
	}
	switch {
	case err != nil:
	case len(bytes.TrimSpace(sent.data)) == 0:
		err = refuse(problemEmpty)
	case isJOSE && bytes.TrimLeft(sent.data, " \t\r\n")[0] == '{':
		err = refuse(problemMediaType) // JSON in the clothes of a JWS
	}
	if err != nil {
		if sent.release != nil {
			sent.release()
		}
		return submission{}, err
	}
	return sent, nil
}

// pooledBody reads the whole request body within the limit and the slack. Its
// bytes may be used until release.
func (s *Server) pooledBody(c *gin.Context, slack int64) (data []byte, release func(), err error) {
	reader, err := s.bodyReader(c, slack)
	if err != nil {
		return nil, nil, err
	}
	b, err := readPooled(reader, c.Request.ContentLength)
	switch {
	case isTooLarge(err):
		return nil, nil, s.tooLarge(c)
	case err != nil:
		return nil, nil, refuse(problemIncomplete)
	}
	return b.Bytes(), func() { putBuffer(b) }, nil
}

// body is pooledBody for bytes that stay.
func (s *Server) body(c *gin.Context) ([]byte, error) {
	data, release, err := s.pooledBody(c, 0)
	if err != nil {
		return nil, err
	}
	defer release()
	return bytes.Clone(data), nil
}

// tooLarge reads on for a while before it refuses: many clients see no answer
// before they have sent all they have.
func (s *Server) tooLarge(c *gin.Context) error {
	if c.GetHeader("Expect") == "" {
		_, _ = io.CopyN(io.Discard, c.Request.Body, 8*s.limits.Body)
	}
	return refuse(problemTooLarge)
}

// bodyReader refuses what is compressed: a kilobyte could become a gigabyte.
func (s *Server) bodyReader(c *gin.Context, slack int64) (io.Reader, error) {
	for _, encoding := range c.Request.Header.Values("Content-Encoding") {
		if !strings.EqualFold(strings.TrimSpace(encoding), "identity") {
			return nil, refuse(problemEncoding)
		}
	}
	if c.Request.ContentLength > s.limits.Body+slack {
		return nil, s.tooLarge(c)
	}
	return http.MaxBytesReader(c.Writer, c.Request.Body, s.limits.Body+slack), nil
}

func isTooLarge(err error) bool {
	var tooLarge *http.MaxBytesError
	return errors.As(err, &tooLarge)
}
