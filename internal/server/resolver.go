package server

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"laurel/did"
)

// DIDResolver resolves DIDs and dereferences DID URLs; did.Methods is one.
type DIDResolver interface {
	ResolveVersion(ctx context.Context, id did.DID, version did.Version) (*did.Resolution, error)
	Dereference(ctx context.Context, u did.URL) (*did.Content, error)
}

// resolveTime ends a resolution.
const resolveTime = 10 * time.Second

// identifiers adds the HTTP binding of DID Resolution 1.0 §10.1.
func (s *Server) identifiers(e *gin.Engine) {
	e.GET("/1.0/identifiers/*did", open, s.handle(s.identifier))
	e.OPTIONS("/1.0/identifiers/*did", open, preflight("GET, HEAD"))
}

// Media types of the binding.
const (
	typeResolution    = "application/did-resolution"
	typeDereferencing = "application/did-url-dereferencing"
	typeDID           = "application/did"
	typeDIDJSONLD     = "application/did+ld+json"
	// profileResolution asks, as a profile of JSON-LD, for results in the form
	// that they had before 2025: errors are words, not problems.
	profileResolution = "https://w3id.org/did-resolution"
	typeLegacy        = `application/ld+json;profile="` + profileResolution + `"`
)

// representations are the media types that a document alone may be had as.
var representations = []string{typeDID, "application/did+json", typeDIDJSONLD, "application/json", "application/ld+json"}

// identification is a request to resolve or dereference, read.
type identification struct {
	target string // the DID or DID URL
	query  string // the options beside it, as they were written
	answer string // media type of the answer
	legacy bool
	bare   bool // the document or content alone
	deref  bool
}

func (s *Server) identifier(c *gin.Context) error {
	network := networkOf(c.ClientIP())
	if !s.clients.allow(network, s.clock()) {
		return refuse(problemRate)
	}
	r, err := readIdentification(c.Request)
	if err != nil {
		return r.refuse(c, err)
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), resolveTime)
	defer cancel()
	if err := s.gate.enter(ctx, network); err != nil {
		return err
	}
	defer s.gate.leave(network)
	if r.deref {
		return s.dereference(ctx, c, r)
	}
	return s.resolve(ctx, c, r)
}

var errRepresentation = errors.New("no such representation")

// errOption is an option that is known and not offered.
var errOption = errors.New("option not offered")

// readIdentification reads the path, the query and what is accepted. What it
// returns with an error is enough to answer with it.
func readIdentification(request *http.Request) (identification, error) {
	target, written := targetOf(request.URL)
	r := identification{target: target, query: request.URL.RawQuery}
	options, err := url.ParseQuery(r.query)
	if err != nil {
		options = nil
	}
	accept := strings.Join(request.Header.Values("Accept"), ",")
	if options.Has("accept") {
		if accept = options.Get("accept"); strings.ContainsFunc(accept, func(c rune) bool { return c < ' ' || c > '~' }) {
			err, accept = did.ErrInvalidParameters, ""
		}
	}
	if negotiateErr := r.negotiate(accept); negotiateErr != nil {
		err = negotiateErr
	}
	// A DID URL is dereferenced whatever is accepted. What follows a question
	// mark that was not encoded are options, unless it cannot be that.
	if written && r.answer == typeDereferencing && r.query != "" {
		r.target, r.query = r.target+"?"+r.query, ""
	}
	isURL := strings.HasPrefix(r.target, "did:") && strings.ContainsAny(r.target, "/?#")
	if r.deref = r.deref || isURL; r.deref && r.answer == typeResolution {
		r.answer = typeDereferencing
	}
	if err != nil {
		return r, errors.Join(did.ErrInvalidParameters, err)
	}
	for _, unknown := range []string{"expandRelativeUrls", "noCache"} {
		if options.Has(unknown) && options.Get(unknown) != "false" {
			return r, errOption
		}
	}
	return r, nil
}

// targetOf takes the DID or DID URL out of the path. A client either encodes all
// of it, which is then decoded once, or writes it as it is; then only what could
// not stand in a path is encoded.
func targetOf(u *url.URL) (target string, written bool) {
	raw := strings.TrimPrefix(u.EscapedPath(), "/1.0/identifiers/")
	if strings.HasPrefix(raw, "did:") {
		return strings.NewReplacer("%23", "#", "%3F", "?", "%3f", "?").Replace(raw), true
	}
	decoded, err := url.PathUnescape(raw)
	if err != nil {
		return "", false
	}
	return decoded, false
}

// negotiate chooses the form of the answer. The best of what the client names
// counts, of equals the first.
func (r *identification) negotiate(header string) error {
	r.answer = typeResolution
	best := 0.0
	for entry := range strings.SplitSeq(header, ",") {
		mediaType, params, err := mime.ParseMediaType(entry)
		if err != nil {
			continue
		}
		quality := 1.0
		if q, ok := params["q"]; ok {
			if quality, err = strconv.ParseFloat(q, 64); err != nil {
				continue
			}
		}
		offer := offered(mediaType, params["profile"])
		if offer != "" && quality > best && quality <= 1 {
			best, r.answer = quality, offer
		}
	}
	r.legacy, r.deref = r.answer == typeLegacy, r.answer == typeDereferencing
	r.bare = !r.legacy && !r.deref && r.answer != typeResolution
	if best == 0 && strings.TrimSpace(header) != "" {
		return errRepresentation
	}
	return nil
}

func offered(mediaType, profile string) string {
	switch mediaType {
	case "*/*", "application/*":
		return typeResolution
	case typeResolution, typeDereferencing:
		return mediaType
	case "application/ld+json":
		if profile == profileResolution {
			return typeLegacy
		}
	}
	for _, representation := range representations {
		if mediaType == representation {
			return mediaType
		}
	}
	return ""
}

func (s *Server) resolve(ctx context.Context, c *gin.Context, r identification) error {
	id, err := did.Parse(r.target)
	if err != nil {
		return r.refuse(c, err)
	}
	options, err := did.ParseParameters(r.query)
	if err != nil {
		return r.refuse(c, err)
	}
	resolution, err := s.resolver.ResolveVersion(ctx, id, options.Version)
	if err != nil {
		return r.refuse(c, err)
	}
	if resolution.Metadata.Deactivated && options.Version == (did.Version{}) {
		resolution = &did.Resolution{Metadata: resolution.Metadata}
	}
	return r.respond(c, resolution, nil)
}

func (s *Server) dereference(ctx context.Context, c *gin.Context, r identification) error {
	u, err := did.ParseURL(r.target)
	if errors.Is(err, did.ErrInvalidDID) && !strings.ContainsAny(r.target, "/?#") {
		return r.refuse(c, did.ErrInvalidDID)
	}
	if err != nil {
		return r.refuse(c, did.ErrInvalidDIDURL)
	}
	if r.query != "" { // options of the request, which may not contradict the URL's own
		if u.Query != "" {
			u.Query += "&"
		}
		u.Query += r.query
	}
	content, err := s.resolver.Dereference(ctx, u)
	if err != nil {
		return r.refuse(c, err)
	}
	if content.Location != "" {
		c.Header("Location", content.Location)
		c.Header("Cache-Control", "no-store")
		c.Status(http.StatusSeeOther)
		return nil
	}
	return r.respond(c, content.Resolution, content.JSON())
}

// respond answers with a document, or with content that a DID URL led to. The
// document of a DID that was given up is not there unless a version of it was
// asked for.
func (r identification) respond(c *gin.Context, resolution *did.Resolution, content []byte) error {
	status := http.StatusOK
	if resolution.Metadata.Deactivated {
		status = http.StatusGone
	}
	body := json.RawMessage("null")
	if content != nil {
		body = content
	} else if resolution.Document != nil {
		body = resolution.Document.Value.Raw()
	}
	if r.bare && string(body) != "null" {
		return r.write(c, status, r.answer, body)
	}
	contentType := typeDID
	if r.legacy {
		contentType = typeDIDJSONLD
	}
	return r.result(c, status, map[string]any{"contentType": contentType}, body, metadataOf(resolution.Metadata))
}

// metadataOf writes what is known of a document. None of its values is a number,
// as DID Core has it.
func metadataOf(m did.Metadata) map[string]any {
	members := map[string]any{}
	for name, value := range m.Properties {
		members[name] = value
	}
	for name, t := range map[string]time.Time{"created": m.Created, "updated": m.Updated} {
		if !t.IsZero() {
			members[name] = t.UTC().Format(time.RFC3339)
		}
	}
	if m.VersionID != "" {
		members["versionId"] = m.VersionID
	}
	if m.Deactivated {
		members["deactivated"] = true
	}
	return members
}

// result writes a result of resolution or of dereferencing in its own form.
func (r identification) result(c *gin.Context, status int, process map[string]any, content json.RawMessage, metadata map[string]any) error {
	result := map[string]any{}
	answer := r.answer
	switch {
	case r.legacy && r.deref:
		result = map[string]any{
			"@context": profileResolution + "/v1", "didDereferencingMetadata": process, "contentStream": content, "contentMetadata": metadata,
			"didDocument": nil, "didDocumentMetadata": map[string]any{},
		}
	case r.legacy:
		result["@context"] = profileResolution + "/v1"
		fallthrough
	case !r.deref:
		result["didResolutionMetadata"], result["didDocument"], result["didDocumentMetadata"] = process, content, metadata
		if r.bare {
			answer = typeResolution
		}
	default:
		result["dereferencingMetadata"], result["contentStream"], result["contentMetadata"] = process, content, metadata
		if r.bare {
			answer = typeDereferencing
		}
	}
	body, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return r.write(c, status, answer, body)
}

func (r identification) write(c *gin.Context, status int, contentType string, body []byte) error {
	h := c.Writer.Header()
	h.Add("Vary", "Accept")
	h["Cache-Control"] = noStore
	c.Data(status, contentType, body)
	return nil
}
