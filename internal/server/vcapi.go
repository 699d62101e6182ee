package server

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"laurel/internal/issuer"
	"laurel/internal/vcapi"
)

// lifecycle is the API of VCALM 1.0 for the instances of Config.VCAPI.
func (s *Server) lifecycle(g *gin.RouterGroup) {
	for path, answer := range map[string]struct {
		status int
		member string
		do     func(*vcapi.Instance, context.Context, []byte) (json.RawMessage, error)
	}{
		"/credentials/issue":  {http.StatusCreated, "verifiableCredential", (*vcapi.Instance).Issue},
		"/credentials/derive": {http.StatusCreated, "verifiableCredential", (*vcapi.Instance).Derive},
		"/presentations":      {http.StatusCreated, "verifiablePresentation", (*vcapi.Instance).Present},
	} {
		g.POST(path, s.instance(func(c *gin.Context, i *vcapi.Instance) error {
			return s.secured(c, i, answer.status, answer.member, answer.do)
		}))
	}
	for path, verify := range map[string]func(*vcapi.Instance, context.Context, []byte) (*vcapi.Verification, error){
		"/credentials/verify":   (*vcapi.Instance).Verify,
		"/presentations/verify": (*vcapi.Instance).VerifyPresentation,
	} {
		g.POST(path, s.instance(func(c *gin.Context, i *vcapi.Instance) error { return s.verification(c, i, verify) }))
	}
	g.POST("/credentials/status", s.instance(s.changeStatus))
	g.POST("/challenges", s.instance(s.challenge))
	g.GET("/credentials/*id", s.instance(s.issuedCredential))
	g.DELETE("/credentials/*id", s.instance(s.deleteCredential))
	g.GET("/status-lists/:list", s.instance(s.instanceStatusList))
	g.POST("/status-lists/:list/publish", s.instance(s.publishStatusList))
}

// lifecycleAccess is what a request goes through before it reaches an instance:
// one that signs with the keys of an issuer is for the operators of that issuer.
func (s *Server) lifecycleAccess() []gin.HandlerFunc {
	if s.issuer == nil {
		return []gin.HandlerFunc{open}
	}
	return []gin.HandlerFunc{
		s.handle(s.sameOrigin), s.handle(s.authenticate), s.needs(issuer.ScopeCredentials),
		s.handle(func(c *gin.Context) error {
			if apiKey(c).Tenant != issuer.DefaultSlug {
				return refuse(problemNotFound)
			}
			return nil
		}),
	}
}

// instance makes a gin handler of one for an instance, which the path names.
// Its errors are answered under the types of the specifications.
func (s *Server) instance(h func(*gin.Context, *vcapi.Instance) error) gin.HandlerFunc {
	return s.handle(func(c *gin.Context) error {
		named, ok := s.vcapi[c.Param("instance")]
		if !ok {
			return refuse(problemNotFound)
		}
		ctx, cancel := context.WithTimeout(c.Request.Context(), s.limits.VerifyTime)
		defer cancel()
		if s.fetching != nil {
			var done context.CancelFunc
			ctx, done = s.fetching(ctx)
			defer done()
		}
		if actor := eventOf(c).actor; actor != "" {
			ctx = vcapi.WithActor(ctx, actor)
		}
		c.Request = c.Request.WithContext(ctx)
		err := h(c, named)
		var refused *vcapi.Error
		if !errors.As(err, &refused) {
			return err
		}
		status := http.StatusBadRequest
		switch {
		case errors.Is(err, vcapi.ErrNotFound):
			status = http.StatusNotFound
		case errors.Is(err, vcapi.ErrDeleted):
			status = http.StatusGone
		case errors.Is(err, vcapi.ErrConflict):
			status = http.StatusConflict
		}
		return refuseLifecycle(c, status, refused.Problems, nil)
	})
}

// lifecycleProblem is a problem as VCALM has it, with those that it is made of.
type lifecycleProblem struct {
	vcapi.Problem
	Status   int             `json:"status"`
	Problems []vcapi.Problem `json:"problemDetails"`
	// Verified and Results are there when something was verified.
	Verified *bool          `json:"verified,omitempty"`
	Results  *vcapi.Results `json:"results,omitempty"`
}

// refuseLifecycle answers with what is wrong. verification is nil where nothing
// was verified.
func refuseLifecycle(c *gin.Context, status int, problems []vcapi.Problem, verification *vcapi.Verification) error {
	body := lifecycleProblem{Problem: problems[0], Status: status, Problems: problems}
	if verification != nil {
		body.Verified, body.Results = &verification.Verified, verification.Results
	}
	eventOf(c).problem = problems[0].Type
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	c.Data(status, "application/problem+json", append(data, '\n'))
	return nil
}

// lifecycleBody reads a body, which is JSON.
func (s *Server) lifecycleBody(c *gin.Context) ([]byte, error) {
	mediaType, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || !slices.Contains(verifyJSON, mediaType) {
		return nil, refuse(problemMediaType)
	}
	return s.body(c)
}

// secured answers with what do makes of the body, as one member.
func (s *Server) secured(c *gin.Context, i *vcapi.Instance, status int, member string,
	do func(*vcapi.Instance, context.Context, []byte) (json.RawMessage, error),
) error {
	body, err := s.lifecycleBody(c)
	if err != nil {
		return err
	}
	document, err := do(i, c.Request.Context(), body)
	if err != nil {
		return err
	}
	return respond(c, status, map[string]json.RawMessage{member: document})
}

// verification answers with what verify finds out, within the limits of checks.
func (s *Server) verification(c *gin.Context, i *vcapi.Instance,
	verify func(*vcapi.Instance, context.Context, []byte) (*vcapi.Verification, error),
) error {
	network := networkOf(c.ClientIP())
	if err := s.admit(c.Request.Context(), network, c.Request.ContentLength); err != nil {
		return err
	}
	body, err := s.lifecycleBody(c)
	if err != nil {
		return err
	}
	var found *vcapi.Verification
	err = s.turn(c.Request.Context(), network, len(body), func(ctx context.Context) error {
		found, err = verify(i, ctx, body)
		return err
	})
	if err != nil {
		return err
	}
	if !found.Verified && len(found.Problems) > 0 && i.RefusesUnverified() {
		return refuseLifecycle(c, http.StatusBadRequest, found.Problems, found)
	}
	return respond(c, http.StatusOK, found)
}

func (s *Server) changeStatus(c *gin.Context, i *vcapi.Instance) error {
	body, err := s.lifecycleBody(c)
	if err != nil {
		return err
	}
	if err := i.SetStatus(c.Request.Context(), body); err != nil {
		return err
	}
	return respond(c, http.StatusOK, struct{}{})
}

func (s *Server) challenge(c *gin.Context, i *vcapi.Instance) error {
	text, err := i.Challenge()
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, map[string]string{"challenge": text})
}

// credentialID is the rest of the path: identifiers may be URLs.
func credentialID(c *gin.Context) string { return strings.TrimPrefix(c.Param("id"), "/") }

func (s *Server) issuedCredential(c *gin.Context, i *vcapi.Instance) error {
	document, err := i.Credential(c.Request.Context(), credentialID(c))
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, map[string]json.RawMessage{"verifiableCredential": document})
}

func (s *Server) deleteCredential(c *gin.Context, i *vcapi.Instance) error {
	if err := i.Delete(c.Request.Context(), credentialID(c)); err != nil {
		return err
	}
	c.Status(http.StatusAccepted)
	return nil
}

// instanceListTypes begin with JSON: the clients of the suites read no other.
var instanceListTypes = []string{"application/json", "application/vc", "application/ld+json", "application/vc+ld+json"}

func (s *Server) instanceStatusList(c *gin.Context, i *vcapi.Instance) error {
	list, err := i.StatusList(c.Request.Context(), c.Param("list"))
	if err != nil {
		return err
	}
	return serve(c, document{body: list, types: instanceListTypes, cache: "public, max-age=0, must-revalidate"})
}

// publishStatusList is for clients that publish a list after they have changed
// a status: here it is published from then on anyway.
func (s *Server) publishStatusList(c *gin.Context, i *vcapi.Instance) error {
	if _, err := i.StatusList(c.Request.Context(), c.Param("list")); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}
