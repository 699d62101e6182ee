package server

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"laurel/internal/web"
)

// cacheKeys is for how long others may rely on a list of keys: as long as a
// compromised one goes on being believed.
const cacheKeys = "public, max-age=60"

func (s *Server) didDocument(c *gin.Context) error {
	body, err := s.issuer.DIDDocument(c.Request.Context(), c.Param("slug"))
	if err != nil {
		return err
	}
	return serve(c, document{body: body, types: didTypes, cache: cacheKeys})
}

func (s *Server) jwks(c *gin.Context) error {
	body, err := s.issuer.JWKS(c.Request.Context())
	if err != nil {
		return err
	}
	return serve(c, document{body: body, types: jwksTypes, cache: cacheKeys})
}

func (s *Server) jwk(c *gin.Context) error {
	body, err := s.issuer.JWK(c.Request.Context(), c.Param("kid"))
	if err != nil {
		return err
	}
	return serve(c, document{body: body, types: jwkTypes, cache: cacheKeys})
}

func (s *Server) profile(c *gin.Context) error {
	body, err := s.issuer.Profile(c.Request.Context(), c.Param("slug"))
	if err != nil {
		return err
	}
	if !prefersPage(c) {
		return serve(c, document{body: body, types: profileTypes, cache: cacheKeys})
	}
	about, err := s.issuer.Issuer(c.Request.Context(), c.Param("slug"))
	if err != nil {
		return err
	}
	s.page(c, http.StatusOK, web.IssuerPage{Profile: body, DID: about.DID, Default: about.Default, Slug: about.Slug})
	return nil
}

// statusList is asked for by whoever checks a badge.
func (s *Server) statusList(c *gin.Context) error {
	list, err := s.issuer.StatusListCredential(c.Request.Context(), c.Param("list"))
	if err != nil {
		return err
	}
	return serve(c, document{
		body: list.Signed, types: statusListTypes, etag: list.ETag,
		cache: "public, max-age=" + strconv.Itoa(int(list.MaxAge.Seconds())),
	})
}

func (s *Server) healthz(c *gin.Context) error {
	return respond(c, http.StatusOK, map[string]string{"status": "ok"})
}

// readyz says whether badges can be issued and checked right now.
func (s *Server) readyz(c *gin.Context) error {
	if s.issuer != nil {
		if err := s.issuer.Check(c.Request.Context()); err != nil {
			return notReady(c, err)
		}
	}
	if s.ready != nil {
		if err := s.ready(c.Request.Context()); err != nil {
			return notReady(c, err)
		}
	}
	return respond(c, http.StatusOK, map[string]string{"status": "ready"})
}

// notReady tells the log the cause and the world, mostly, that there is one.
func notReady(c *gin.Context, err error) error {
	eventOf(c).cause = err
	if a := answerTo(err); a.problem == problemNoSigningKey {
		return err
	}
	return refuse(problemUnavailable)
}
