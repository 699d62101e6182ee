package server

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"laurel/credential"
	"laurel/internal/web"
	"laurel/storage"
)

func (s *Server) home(c *gin.Context) error {
	about, err := s.issuer.Issuer(c.Request.Context(), "")
	if err != nil {
		return err
	}
	s.page(c, http.StatusOK, web.HomePage{Issuer: about.Name, IssuerURL: about.URL})
	return nil
}

// toVerify is the start page of a verifier.
func (s *Server) toVerify(c *gin.Context) error {
	c.Redirect(http.StatusFound, "/verify")
	return nil
}

func (s *Server) privacyPage(c *gin.Context) error {
	page := web.PrivacyPage{
		Controller: s.privacy.Controller, Contact: s.privacy.Contact, URL: s.privacy.URL, Issues: s.issuer != nil,
	}
	if page.Controller == "" && s.issuer != nil {
		if about, err := s.issuer.Issuer(c.Request.Context(), ""); err == nil {
			page.Controller = about.Name
		}
	}
	s.page(c, http.StatusOK, page)
	return nil
}

func (s *Server) style(c *gin.Context) error {
	cache := "public, max-age=300"
	if c.Query("v") == web.StyleHash() {
		cache = "public, max-age=31536000, immutable"
	}
	c.Header("Access-Control-Allow-Origin", "*")
	return serve(c, document{body: web.Style(), types: []string{"text/css; charset=utf-8"}, etag: web.StyleHash(), cache: cache})
}

// achievement is public: a badge names it, and its readers look it up.
func (s *Server) achievement(c *gin.Context) error {
	found, err := s.issuer.Achievement(c.Request.Context(), c.Param("id"), 0)
	if err != nil {
		return err
	}
	if !prefersPage(c) {
		return serve(c, document{body: found.JSONLD(), types: jsonldTypes, cache: "public, max-age=60"})
	}
	s.page(c, http.StatusOK, web.AchievementPage{Document: found.Document, Version: found.Version, URL: found.URL})
	return nil
}

// credential serves a badge to whoever has its address: to search engines only
// when its holder made it public.
func (s *Server) credential(c *gin.Context) error {
	id, always := strings.CutSuffix(c.Param("id"), ".json")
	c.Header("X-Robots-Tag", "noindex")
	found, err := s.issuer.Credential(c.Request.Context(), id)
	if err != nil {
		return err
	}
	if found.Visibility == storage.VisibilityPublic {
		c.Writer.Header().Del("X-Robots-Tag")
	}
	older, newer, err := s.issuer.Neighbours(c.Request.Context(), found)
	if err != nil {
		return err
	}
	leadTo(c, "predecessor-version", older)
	leadTo(c, "successor-version", newer)
	if always || !prefersPage(c) {
		return serve(c, document{body: found.Signed, types: credentialTypes, cache: "private, no-cache"})
	}
	badge, err := credential.Parse(found.Signed)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "private, no-cache")
	s.page(c, http.StatusOK, web.BadgePage{
		Badge: badge, URL: found.URL, State: web.StateOf(string(found.State), found.Changed, found.Wording), Now: s.clock(),
		Version: found.AchievementVersion, Public: found.Visibility == storage.VisibilityPublic,
		Older: older, Newer: newer,
	})
	return nil
}

// leadTo names a badge that another follows or is followed by (RFC 5829).
func leadTo(c *gin.Context, relation, url string) {
	if url != "" {
		c.Writer.Header().Add("Link", "<"+url+`>; rel="`+relation+`"`)
	}
}

// refresh gives whoever has a badge the one that is in its place now: the refresh
// service of those that name one (1EdTechCredentialRefresh).
func (s *Server) refresh(c *gin.Context) error {
	c.Header("X-Robots-Tag", "noindex")
	current, err := s.issuer.CurrentCredential(c.Request.Context(), c.Param("id"))
	if err != nil {
		return err
	}
	c.Header("Content-Location", current.URL)
	return serve(c, document{body: current.Signed, types: credentialTypes, cache: "private, no-cache"})
}
