package server

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"laurel/credential/bake"
	"laurel/credential/strictjson"
	"laurel/internal/web"
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
	data, release, err := s.submitted(c)
	if err != nil {
		return err
	}
	defer release()
	report, err := s.check(c.Request.Context(), network, data)
	if err != nil {
		return unreadable(data, err)
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
	verifyAny      = []string{"text/plain", "application/sd-jwt", "application/vc+sd-jwt", "application/dc+sd-jwt"}
	verifyPictures = []string{"image/png", "image/svg+xml"}
)

// verifyPresentations are media types of presentations, as JSON and as JWS.
var verifyPresentations = []string{"application/vp", "application/vp+ld+json", "application/vp+jwt"}

// pictureFactor is how many times the size of another body a picture may have.
const pictureFactor = 5

// submitted reads what is to be checked: the body itself, or a field of a form.
// release must be called when nothing refers to the data any more.
func (s *Server) submitted(c *gin.Context) (data []byte, release func(), err error) {
	mediaType, params := c.GetHeader("Content-Type"), map[string]string(nil)
	if !slices.Contains(verifyJSON, mediaType) { // as nearly all write it
		mediaType, params, err = mime.ParseMediaType(mediaType)
	}
	charset := params["charset"]
	if err != nil || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, nil, refuse(problemMediaType)
	}
	release = func() {}
	isJOSE := slices.Contains(verifyJOSE, mediaType)
	switch {
	case isJOSE || slices.Contains(verifyJSON, mediaType) || slices.Contains(verifyAny, mediaType) || slices.Contains(verifyPresentations, mediaType):
		data, release, err = s.pooledBody(c, 0)
	case slices.Contains(verifyPictures, mediaType):
		data, release, err = s.pooledBody(c, (pictureFactor-1)*s.limits.Body)
	case mediaType == "application/x-www-form-urlencoded":
		data, err = s.formField(c)
	case mediaType == "multipart/form-data":
		data, err = s.formPart(c, params["boundary"])
	default:
		err = refuse(problemMediaType)
	}
	switch {
	case err != nil:
		return nil, nil, err
	case len(bytes.TrimSpace(data)) == 0:
		err = refuse(problemEmpty)
	case isJOSE && bytes.TrimLeft(data, " \t\r\n")[0] == '{':
		err = refuse(problemMediaType) // JSON in the clothes of a JWS
	}
	if err != nil {
		release()
		return nil, nil, err
	}
	return data, release, nil
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

// field is the name of the form's fields: of the text and of the file.
const field = "credential"

// formField reads a form without a file. JSON that a program sends as a form by
// mistake has no such field and is refused by its type.
func (s *Server) formField(c *gin.Context) ([]byte, error) {
	raw, err := s.body(c)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return nil, refuse(problemMediaType)
	}
	values, err := url.ParseQuery(string(raw))
	switch {
	case err != nil || len(values[field]) > 1:
		return nil, refuse(problemForm)
	case len(values[field]) == 0:
		return nil, refuse(problemMediaType)
	}
	return []byte(values.Get(field)), nil
}

const (
	formSlack = 64 << 10 // for the parts' own headers
	formParts = 8
)

// formPart reads a form that may hold a text, a file, or both with one empty.
// The file may be in a field of the name file as well.
func (s *Server) formPart(c *gin.Context, boundary string) ([]byte, error) {
	reader, err := s.bodyReader(c, (pictureFactor-1)*s.limits.Body+formSlack)
	if err != nil {
		return nil, err
	}
	if boundary == "" {
		return nil, refuse(problemForm)
	}
	form := multipart.NewReader(reader, boundary)
	var data []byte
	seen := false
	for i := range formParts {
		part, err := form.NextPart()
		switch {
		case err == io.EOF && !seen, err != nil && i == 0 && !isTooLarge(err):
			return nil, refuse(problemMediaType)
		case err == io.EOF:
			return data, nil
		case err != nil:
			return nil, s.formError(c, err)
		case part.FormName() != field && part.FormName() != "file":
			continue
		}
		seen = true
		text, err := io.ReadAll(io.LimitReader(part, pictureFactor*s.limits.Body+1))
		size := int64(len(text))
		switch {
		case err != nil:
			return nil, s.formError(c, err)
		case size > pictureFactor*s.limits.Body, size > s.limits.Body && bake.Detect(text) == 0:
			return nil, s.tooLarge(c)
		case len(bytes.TrimSpace(text)) == 0:
		case len(data) > 0:
			return nil, &refusal{problemForm, "There is both a text and a file."}
		default:
			data = text
		}
	}
	return nil, refuse(problemForm)
}

// formError tells a form that is too large from one that is malformed.
func (s *Server) formError(c *gin.Context, err error) error {
	if isTooLarge(err) {
		return s.tooLarge(c)
	}
	return refuse(problemForm)
}

func isTooLarge(err error) bool {
	var tooLarge *http.MaxBytesError
	return errors.As(err, &tooLarge)
}
