package server

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"laurel/internal/issuer"
)

// routes is every route the world can reach. HEAD is answered wherever GET is.
func (s *Server) routes(e *gin.Engine) {
	s.common(e)
	e.GET("/privacy", s.handle(s.privacyPage))
	e.GET("/static/style.css", s.handle(s.style))
	e.GET("/healthz", s.handle(s.healthz))
	e.GET("/readyz", s.handle(s.readyz))
	e.GET("/api/v1/openapi.json", open, s.handle(s.openAPIJSON))

	e.GET("/verify", s.handle(s.verifyPage))
	e.POST("/verify", open, s.handle(s.verify))
	e.OPTIONS("/verify", open, preflight("GET, HEAD, POST"))

	if s.resolver != nil {
		s.identifiers(e)
	}
	if len(s.vcapi) > 0 {
		s.lifecycle(e.Group("/vc-api/:instance", s.lifecycleAccess()...))
	}
	if s.issuer == nil {
		e.GET("/", s.handle(s.toVerify))
		return
	}
	e.GET("/", s.handle(s.home))
	for path, h := range map[string]func(*gin.Context) error{
		"/.well-known/did.json":    s.didDocument,
		"/.well-known/jwks.json":   s.jwks,
		"/issuers/:slug":           s.profile,
		"/issuers/:slug/did.json":  s.didDocument,
		"/keys/:kid":               s.jwk,
		"/achievements/:id":        s.achievement,
		"/credentials/:id":         s.credential, // also {id}.json
		"/credentials/:id/refresh": s.refresh,
		"/status/:list":            s.statusList,
	} {
		e.GET(path, open, s.handle(h))
		e.OPTIONS(path, open, preflight("GET, HEAD"))
	}
	s.operators(e.Group("/api/v1", s.handle(s.sameOrigin), s.handle(s.authenticate)))
}

// localRoutes is every route of the local socket.
func (s *Server) localRoutes(e *gin.Engine) {
	s.common(e)
	e.GET("/healthz", s.handle(s.healthz))
	e.GET("/readyz", s.handle(s.readyz))
	e.POST("/verify", s.handle(s.verify))
	if s.issuer != nil {
		g := e.Group("/api/v1", s.handle(s.trust))
		s.operators(g)
		if s.snapshots != nil {
			g.GET("/snapshot", s.handle(s.snapshot))
		}
	}
	// What concerns the installation as a whole is for the operator's account
	// alone, and in no document.
	if s.audit != nil {
		g := e.Group("/local/audit", s.handle(s.trust))
		g.GET("", s.handle(s.listInstallationAudit))
		g.POST("/verify", s.handle(s.verifyAudit))
		g.POST("/checkpoint", s.handle(s.checkpointAudit))
	}
}

// operators is the operators' API.
func (s *Server) operators(g *gin.RouterGroup) {
	achievements, credentials, admin := s.needs(issuer.ScopeAchievements), s.needs(issuer.ScopeCredentials), s.needs(issuer.ScopeAdmin)

	g.GET("/achievements", achievements, s.handle(s.listAchievements))
	g.POST("/achievements", achievements, s.handle(s.createAchievement))
	g.GET("/achievements/:id", achievements, s.handle(s.operatorAchievement))
	g.PUT("/achievements/:id", achievements, s.handle(s.updateAchievement))

	g.GET("/credentials", credentials, s.handle(s.listCredentials))
	g.POST("/credentials", credentials, s.handle(s.award))
	g.GET("/credentials/:id", credentials, s.handle(s.operatorCredential))
	g.POST("/credentials/:id/status", credentials, s.handle(s.setStatus))
	g.POST("/credentials/:id/reissue", credentials, s.handle(s.reissue))

	g.GET("/status-changes", credentials, s.handle(s.listStatusChanges))
	g.POST("/status-changes", credentials, s.handle(s.draftStatusChange))
	g.GET("/status-changes/:id", credentials, s.handle(s.statusChange))
	g.POST("/status-changes/:id/confirm", credentials, s.handle(s.confirmStatusChange))
	g.POST("/status-changes/:id/stop", credentials, s.handle(s.stopStatusChange))
	if s.awards != nil {
		s.awardRoutes(g)
	}

	g.POST("/people/find", admin, s.handle(s.findPerson))
	g.POST("/people/export", admin, s.handle(s.exportPerson))
	g.POST("/people/erase", admin, s.handle(s.erasePerson))

	g.GET("/keys", admin, s.handle(s.listKeys))
	g.POST("/keys", admin, s.handle(s.createKey))
	g.POST("/keys/rotate", admin, s.handle(s.rotateKey))
	g.GET("/keys/:key/credentials", admin, s.handle(s.affectedCredentials))
	g.POST("/keys/:key/retire", admin, s.handle(s.retireKey))
	g.POST("/keys/:key/compromise", admin, s.handle(s.compromiseKey))

	s.tenantRoutes(g)

	if s.audit != nil {
		g.GET("/audit", admin, s.handle(s.listAudit))
	}
	if s.outbox != nil {
		g.GET("/webhooks", admin, s.handle(s.listWebhooks))
		g.POST("/webhooks", admin, s.handle(s.createWebhook))
		g.GET("/webhooks/:id", admin, s.handle(s.webhook))
		g.DELETE("/webhooks/:id", admin, s.handle(s.deleteWebhook))
		g.GET("/outbox", admin, s.handle(s.listDeliveries))
		g.GET("/outbox/:id", admin, s.handle(s.delivery))
		g.POST("/outbox/replay", admin, s.handle(s.replayDeliveries))
	}
}

// common is what every request goes through.
func (s *Server) common(e *gin.Engine) {
	e.Use(s.observe, s.secure)
	e.NoRoute(s.handle(func(*gin.Context) error { return refuse(problemNotFound) }))
	e.NoMethod(s.handle(func(c *gin.Context) error {
		c.Header("Allow", allowed(c.Writer.Header().Get("Allow")))
		if c.Request.Method == http.MethodOptions {
			c.Status(http.StatusNoContent)
			return nil
		}
		return refuse(problemMethod)
	}))
}
