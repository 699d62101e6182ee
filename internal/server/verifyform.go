package server

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"laurel/credential/bake"
	"laurel/credential/strictjson"
)

// field is the name of the form's fields of the text and of the file. The file
// may be in a field of the name file as well.
const field = "credential"

// Fields of the form, and members of expect, that say what is expected. None of
// them may be in a URL: those are kept in histories and logs.
const (
	fieldEmail     = "email"
	fieldID        = "id"
	fieldChallenge = "challenge"
	fieldDomain    = "domain"
	fieldRefresh   = "refresh" // true: the newer copy that the badge names
)

const (
	formSlack   = 64 << 10 // for the parts' own headers, and what is expected
	maxParts    = 16
	maxExpected = 2 << 10 // bytes of one thing that is expected
	maxDomains  = 8
)

// noExpectInURL refuses what would otherwise not be looked at, by somebody who
// thinks that it was.
func noExpectInURL(query string) error {
	if query == "" {
		return nil
	}
	values, _ := url.ParseQuery(query) // what cannot be read is none of these
	for _, name := range []string{fieldEmail, fieldID, fieldChallenge, fieldDomain} {
		if values.Has(name) {
			return violation("?"+name, "not_in_url")
		}
	}
	return nil
}

// expected notes one thing that is expected. What is wrong with it is a key of
// sentences, "" for nothing.
func (sent *submission) expected(name, value string) (fault string) {
	value = strings.TrimSpace(value)
	if len(value) > maxExpected {
		return "too_long"
	}
	single := map[string]*string{fieldEmail: &sent.expect.Email, fieldID: &sent.expect.ID, fieldChallenge: &sent.expect.Challenge}[name]
	switch {
	case value == "": // a field that was left empty
	case name == fieldRefresh && (value == "true" || value == "false"):
		sent.expect.Refresh = value == "true"
	case name == fieldRefresh:
		return "flag_expected"
	case single == nil && len(sent.expect.Domain) < maxDomains:
		sent.expect.Domain = append(sent.expect.Domain, value)
	case single != nil && *single == "":
		*single = value
	default:
		return "too_many"
	}
	return ""
}

// isExpected reports whether a field says what is expected.
func isExpected(name string) bool {
	return name == fieldEmail || name == fieldID || name == fieldChallenge || name == fieldDomain || name == fieldRefresh
}

// unwrap takes a badge out of JSON that wraps it, and may say what is expected of
// it: {"credential": …}, with or without "expect": {…}, or {"url": …, "expect":
// {…}}. Everything else is left as it is. The badge is the very bytes that came in.
func (sent *submission) unwrap() error {
	if !bytes.Contains(sent.data, []byte(`"expect"`)) && !bytes.Contains(sent.data, []byte(`"credential"`)) && !beginsWithURL(sent.data) {
		return nil
	}
	document, err := strictjson.Parse(sent.data)
	if err != nil {
		return nil // the verifier will say so
	}
	root := document.Root()
	expect, expects := root.Member("expect")
	inside, hasCredential := root.Member(field)
	if _, hasContext := root.Member("@context"); hasContext {
		return nil
	}
	address, hasURL := root.Member("url")
	if !expects && !hasCredential && (!hasURL || root.Len() != 1) {
		return nil
	}
	var b binder
	b.object(root, field, "url", "expect")
	switch {
	case hasCredential == hasURL:
		b.fault("/"+field, "member_missing")
	case hasURL && address.Kind() == strictjson.String && !isAddress(address.Text()):
		b.fault(address.Pointer(), "url_malformed")
	case hasURL && address.Kind() == strictjson.String:
		sent.data = slices.Concat([]byte(`{"url":`), address.Raw(), []byte("}")) // as without what is expected
	case hasURL:
		b.fault(address.Pointer(), "value_unknown")
	case inside.Kind() == strictjson.Object:
		sent.data = inside.Raw()
	case inside.Kind() == strictjson.String:
		sent.data = []byte(inside.Text())
	default:
		b.fault(inside.Pointer(), "value_unknown")
	}
	if expects {
		b.expect(expect, sent)
	}
	return b.err()
}

// beginsWithURL reports whether JSON may be an object with the one member url.
// Most badges have that name further in.
func beginsWithURL(data []byte) bool {
	inside, ok := bytes.CutPrefix(bytes.TrimSpace(data), []byte("{"))
	return ok && bytes.HasPrefix(bytes.TrimSpace(inside), []byte(`"url"`))
}

// isAddress reports whether a text is an https URL.
func isAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && strings.HasPrefix(text, "https://")
}

// expect reads the member of that name. What is empty is refused: whoever sends
// it would take the answer for one about what they meant to ask.
func (b *binder) expect(v strictjson.Value, sent *submission) {
	b.object(v, fieldEmail, fieldID, fieldChallenge, fieldDomain, fieldRefresh)
	if refresh := b.flag(v, fieldRefresh); refresh != nil {
		sent.expect.Refresh = *refresh
	}
	for name, member := range v.Members() {
		switch {
		case name == fieldRefresh || !isExpected(name):
			continue
		case member.Kind() != strictjson.String && (name != fieldDomain || member.Kind() != strictjson.Array):
			b.fault(member.Pointer(), "text_expected")
			continue
		case member.Kind() == strictjson.Array && member.Len() == 0:
			b.fault(member.Pointer(), "empty")
			continue
		}
		for value := range member.OneOrMany() {
			switch {
			case value.Kind() != strictjson.String:
				b.fault(value.Pointer(), "text_expected")
			case strings.TrimSpace(value.Text()) == "":
				b.fault(value.Pointer(), "empty")
			default:
				if fault := sent.expected(name, value.Text()); fault != "" {
					b.fault(value.Pointer(), fault)
				}
			}
		}
	}
}

// formFields reads a form without a file. JSON that a program sends as a form by
// mistake has no field for the badge and is refused by its type.
func (s *Server) formFields(c *gin.Context, sent *submission) error {
	raw, err := s.body(c)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return refuse(problemMediaType)
	}
	values, err := url.ParseQuery(string(raw))
	switch {
	case err != nil || len(values[field]) > 1:
		return refuse(problemForm)
	case len(values[field]) == 0:
		return refuse(problemMediaType)
	}
	for name, all := range values {
		for _, value := range all {
			if !isExpected(name) {
				continue
			}
			if fault := sent.expected(name, value); fault != "" {
				return violation("/"+name, fault)
			}
		}
	}
	sent.data = []byte(values.Get(field))
	return nil
}

// formParts reads a form that may hold a text, a file, or both with one empty.
func (s *Server) formParts(c *gin.Context, boundary string, sent *submission) error {
	reader, err := s.bodyReader(c, (pictureFactor-1)*s.limits.Body+formSlack)
	if err != nil {
		return err
	}
	if boundary == "" {
		return refuse(problemForm)
	}
	form := multipart.NewReader(reader, boundary)
	seen := false
	for i := range maxParts {
		part, err := form.NextPart()
		switch {
		case err == io.EOF && !seen, err != nil && i == 0 && !isTooLarge(err):
			return refuse(problemMediaType)
		case err == io.EOF:
			return nil
		case err != nil:
			return s.formError(c, err)
		case part.FormName() == field || part.FormName() == "file":
			seen = true
			err = s.formBadge(c, part, sent)
		case isExpected(part.FormName()):
			err = s.formExpected(c, part, sent)
		}
		if err != nil {
			return err
		}
	}
	return refuse(problemForm)
}

// formBadge reads a part that is the badge.
func (s *Server) formBadge(c *gin.Context, part *multipart.Part, sent *submission) error {
	text, err := io.ReadAll(io.LimitReader(part, pictureFactor*s.limits.Body+1))
	size := int64(len(text))
	switch {
	case err != nil:
		return s.formError(c, err)
	case size > pictureFactor*s.limits.Body, size > s.limits.Body && bake.Detect(text) == 0:
		return s.tooLarge(c)
	case len(bytes.TrimSpace(text)) == 0:
	case len(sent.data) > 0:
		return &refusal{problemForm, "There is both a text and a file."}
	default:
		sent.data = text
	}
	return nil
}

// formExpected reads a part that says what is expected.
func (s *Server) formExpected(c *gin.Context, part *multipart.Part, sent *submission) error {
	value, err := io.ReadAll(io.LimitReader(part, 2*maxExpected))
	if err != nil {
		return s.formError(c, err)
	}
	if fault := sent.expected(part.FormName(), string(value)); fault != "" {
		return violation("/"+part.FormName(), fault)
	}
	return nil
}

// formError tells a form that is too large from one that is malformed.
func (s *Server) formError(c *gin.Context, err error) error {
	if isTooLarge(err) {
		return s.tooLarge(c)
	}
	return refuse(problemForm)
}
