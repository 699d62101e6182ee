package server

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"laurel/credential"
	"laurel/internal/award"
	"laurel/internal/issuer"
	"laurel/storage"
)

// Bounds of the upload of a file of people.
const (
	maxUpload      = 32<<20 + 1<<16 // the file and the fields beside it
	maxUploadParts = 64
	maxUploadField = 4096
)

// uploadForm is a form with a file.
type uploadForm struct {
	fields map[string][]string
	name   string
	file   []byte
	filed  bool
}

// uploadFields are the fields of the form, and whether there may be several.
var uploadFields = map[string]bool{
	"achievement": false, "sheet": false, "encoding": false, "column": true, "validFrom": false, "validUntil": false,
	"awardedDate": false, "visibility": false, "claimDays": false,
}

// uploadForm reads the form of a request.
func (s *Server) uploadForm(c *gin.Context) (*uploadForm, error) {
	mediaType, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || mediaType != "multipart/form-data" {
		return nil, refuse(problemMediaType)
	}
	for _, encoding := range c.Request.Header.Values("Content-Encoding") {
		if !strings.EqualFold(strings.TrimSpace(encoding), "identity") {
			return nil, refuse(problemEncoding)
		}
	}
	body := s.pace(c)
	c.Request.Body = body
	reader, err := c.Request.MultipartReader()
	if err != nil {
		return nil, refuse(problemForm)
	}
	form := &uploadForm{fields: make(map[string][]string)}
	for range maxUploadParts {
		part, err := reader.NextPart()
		malformed := err != nil
		switch {
		case err == io.EOF: // itself: a form that ends early is an error with it inside
			body.done()
			return form, nil
		case !malformed:
			err = form.take(part)
		}
		switch {
		case isTooLarge(body.failed):
			return nil, &refusal{problemTooLarge, "A file of people has at most 32 MiB."}
		case body.failed != nil:
			return nil, refuse(problemIncomplete)
		case malformed: // the error has what the client sent in it
			return nil, &refusal{problemForm, "The parts of the form cannot be told apart."}
		case err != nil:
			return nil, err
		}
	}
	return nil, refuse(problemForm)
}

func (f *uploadForm) take(part *multipart.Part) error {
	name := part.FormName()
	if name == "file" {
		if f.filed {
			return violation("/file", "too_many")
		}
		var err error
		f.filed, f.name = true, part.FileName()
		if f.file, err = io.ReadAll(part); err != nil {
			return refuse(problemIncomplete)
		}
		return nil
	}
	several, known := uploadFields[name]
	if !known {
		return violation("/"+name, "member_unknown")
	}
	if !several && len(f.fields[name]) > 0 {
		return violation("/"+name, "too_many")
	}
	data, err := io.ReadAll(io.LimitReader(part, maxUploadField+1))
	switch {
	case err != nil:
		return refuse(problemIncomplete)
	case len(data) > maxUploadField:
		return violation("/"+name, "too_long")
	}
	f.fields[name] = append(f.fields[name], string(data))
	return nil
}

func (f *uploadForm) text(name string) string {
	if len(f.fields[name]) == 0 {
		return ""
	}
	return f.fields[name][0]
}

// digest tells requests under one idempotency key apart, however their parts
// are bounded.
func (f *uploadForm) digest(request string) [32]byte {
	sum := sha256.Sum256(f.file)
	about, err := json.Marshal([]any{request, f.fields, f.name, hex.EncodeToString(sum[:])})
	if err != nil {
		panic(err) // texts always encode
	}
	return sha256.Sum256(about)
}

// upload makes of the form what it asks for.
func (f *uploadForm) upload() (award.Upload, error) {
	var b binder
	u := award.Upload{
		Achievement: f.text("achievement"), Name: f.name, Data: f.file, Sheet: f.text("sheet"), Encoding: f.text("encoding"),
		Columns: make(map[award.Field]string),
		Terms: issuer.Request{
			ValidFrom: b.formTime(f, "validFrom"), ValidUntil: b.formTime(f, "validUntil"), AwardedDate: b.formTime(f, "awardedDate"),
			Visibility: storage.Visibility(f.text("visibility")),
		},
	}
	if !f.filed {
		b.fault("/file", "member_missing")
	}
	if u.Achievement == "" {
		b.fault("/achievement", "member_missing")
	}
	for _, column := range f.fields["column"] {
		field, heading, ok := strings.Cut(column, "=")
		if _, twice := u.Columns[award.Field(field)]; !ok || twice {
			b.fault("/column", "column_malformed")
		}
		u.Columns[award.Field(field)] = heading
	}
	if days := f.text("claimDays"); days != "" {
		var err error
		if u.ClaimDays, err = strconv.Atoi(days); err != nil {
			u.ClaimDays = -1 // which the domain refuses
		}
	}
	return u, b.err()
}

func (b *binder) formTime(f *uploadForm, name string) time.Time {
	given := f.text(name)
	if given == "" {
		return time.Time{}
	}
	t, zoned, err := credential.ParseDateTimeStamp(given)
	if err != nil || !zoned {
		b.fault("/"+name, "time_malformed")
	}
	return t
}
