package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"laurel/internal/web"
)

// document is something public that others keep and come back for.
type document struct {
	body []byte
	// types are the media types it may be served as, the usual one first.
	types []string
	// etag is a strong entity tag without quotes, that of the bytes when empty.
	etag string
	// cache is the Cache-Control header.
	cache string
}

// Media types that documents of this server are offered in, the usual one first.
var (
	didTypes        = []string{"application/did+json", "application/json", "application/did+ld+json", "application/ld+json", "application/cid"}
	profileTypes    = []string{"application/ld+json", "application/json", "application/cid", "application/did+json"}
	jsonldTypes     = []string{"application/ld+json", "application/json"}
	credentialTypes = []string{"application/vc+ld+json", "application/vc", "application/ld+json", "application/json"}
	statusListTypes = []string{"application/vc", "application/vc+ld+json", "application/ld+json", "application/json"}
	jwksTypes       = []string{"application/jwk-set+json", "application/json"}
	jwkTypes        = []string{"application/jwk+json", "application/json"}
)

// serve answers with a document, or with 304 to those who have it.
func serve(c *gin.Context, d document) error {
	if d.etag == "" {
		sum := sha256.Sum256(d.body)
		d.etag = base64.RawURLEncoding.EncodeToString(sum[:16])
	}
	h := c.Writer.Header()
	h.Add("Vary", "Accept")
	h.Set("Etag", `"`+d.etag+`"`)
	h.Set("Cache-Control", d.cache)
	if matches(c.GetHeader("If-None-Match"), d.etag) {
		c.Status(http.StatusNotModified)
		return nil
	}
	chosen := choose(c.GetHeader("Accept"), d.types)
	h.Set("Content-Length", strconv.Itoa(len(d.body)))
	c.Data(http.StatusOK, chosen, d.body)
	return nil
}

// matches compares entity tags weakly (RFC 9110 section 13.1.2).
func matches(header, etag string) bool {
	if strings.TrimSpace(header) == "*" {
		return true
	}
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == `"`+etag+`"` {
			return true
		}
	}
	return false
}

// respond answers with a value as JSON that nobody keeps.
func respond(c *gin.Context, status int, value any) error {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	c.Data(status, "application/json", buffer.Bytes())
	return nil
}

// page answers with a page.
func (s *Server) page(c *gin.Context, status int, page web.Page) {
	var buffer bytes.Buffer
	if err := page.Render(&buffer); err != nil {
		eventOf(c).cause = err
		c.Data(http.StatusInternalServerError, "text/plain; charset=utf-8", []byte(problemInternal.Title+"\n"))
		return
	}
	h := c.Writer.Header()
	h.Add("Vary", "Accept")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	c.Data(status, "text/html; charset=utf-8", buffer.Bytes())
}

// prefersPage reports whether the client would rather have HTML than JSON. One
// that takes everything alike is a program.
func prefersPage(c *gin.Context) bool {
	accept := parseAccept(c.GetHeader("Accept"))
	page := accept.quality("text/html")
	if page == 0 {
		return false
	}
	for _, t := range []string{"application/json", "application/problem+json", "application/vc+ld+json", "application/vc", "application/ld+json", "application/did+json"} {
		if accept.quality(t) >= page {
			return false
		}
	}
	return true
}
