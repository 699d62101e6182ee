package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"laurel/credential/strictjson"
	"laurel/internal/issuer"
	"laurel/storage"
)

// tenantRoutes is what concerns institutions: one's own for its operators, all of
// them for those of the installation.
func (s *Server) tenantRoutes(g *gin.RouterGroup) {
	credentials, admin, installation := s.needs(issuer.ScopeCredentials), s.needs(issuer.ScopeAdmin), s.needs(issuer.ScopeInstallation)

	g.POST("/credentials/:id/visibility", credentials, s.handle(s.setVisibility))

	g.GET("/issuer", admin, s.handle(s.ownAccount))
	g.PATCH("/issuer", admin, s.handle(s.updateOwnAccount))
	g.GET("/api-keys", admin, s.handle(s.listAPIKeys))
	g.POST("/api-keys", admin, s.handle(s.createAPIKey))
	g.DELETE("/api-keys/:id", admin, s.handle(s.revokeAPIKey))

	g.GET("/tenants", installation, s.handle(s.listTenants))
	g.POST("/tenants", installation, s.handle(s.createTenant))
	g.GET("/tenants/:slug", installation, s.handle(s.tenant))
	g.PATCH("/tenants/:slug", installation, s.handle(s.updateTenant))
	g.GET("/tenants/:slug/api-keys", installation, s.handle(s.listAPIKeys))
	g.POST("/tenants/:slug/api-keys", installation, s.handle(s.createAPIKey))
	g.DELETE("/tenants/:slug/api-keys/:id", installation, s.handle(s.revokeAPIKey))
}

// institutionMembers are the members of an institution in requests.
var institutionMembers = []string{"name", "legalName", "url", "email", "description", "image"}

// accountBody is an issuer in answers to its operators.
type accountBody struct {
	Slug        string    `json:"slug"`
	DID         string    `json:"did"`
	Profile     string    `json:"profile"`
	Default     bool      `json:"default"`
	Name        string    `json:"name"`
	LegalName   string    `json:"legalName,omitempty"`
	URL         string    `json:"url,omitempty"`
	Email       string    `json:"email,omitempty"`
	Description string    `json:"description,omitempty"`
	Image       string    `json:"image,omitempty"`
	Quota       quotaBody `json:"quota"`
	Created     time.Time `json:"created"`
	Updated     time.Time `json:"updated"`
}

// quotaBody is a quota in answers. Without AwardsPerDay there is none.
type quotaBody struct {
	AwardsPerDay int `json:"awardsPerDay,omitempty"`
	AwardsToday  int `json:"awardsToday"`
}

func accountOf(a issuer.Account) accountBody {
	i := a.Institution
	return accountBody{
		a.Slug, a.DID, a.Issuer.URL, a.Default, i.Name, i.LegalName, i.URL, i.Email, i.Description, i.Image,
		quotaBody{a.Quota.AwardsPerDay, a.AwardsToday},
		a.Created, a.Updated,
	}
}

// edit takes over the members that are there.
func (b *binder) edit(root strictjson.Value, i *issuer.Institution) {
	for name, value := range map[string]*string{
		"name": &i.Name, "legalName": &i.LegalName, "url": &i.URL, "email": &i.Email, "description": &i.Description, "image": &i.Image,
	} {
		if _, given := root.Member(name); given {
			*value = b.text(root, name)
		}
	}
}

// quota takes over a quota that is there. 0 ends it.
func (b *binder) quota(root strictjson.Value, quota *storage.Quota) {
	member, given := root.Member("quota")
	if !given {
		return
	}
	b.object(member, "awardsPerDay")
	n, whole := member.Get("awardsPerDay").Int()
	const most = 1 << 30
	if member.Get("awardsPerDay").Kind() != strictjson.Number || !whole || n < 0 || n > most {
		b.wrong("/quota/awardsPerDay", "quota_malformed")
		return
	}
	quota.AwardsPerDay = int(n)
}

func (s *Server) ownAccount(c *gin.Context) error { return s.account(c, apiKey(c).Tenant) }

func (s *Server) tenant(c *gin.Context) error { return s.account(c, c.Param("slug")) }

func (s *Server) account(c *gin.Context, slug string) error {
	found, err := s.issuer.Account(c.Request.Context(), slug)
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, accountOf(found))
}

// updateOwnAccount changes what an institution says of itself. Its quota is not
// for it to change.
func (s *Server) updateOwnAccount(c *gin.Context) error {
	return s.updateAccount(c, apiKey(c).Tenant, institutionMembers)
}

func (s *Server) updateTenant(c *gin.Context) error {
	return s.updateAccount(c, c.Param("slug"), append(institutionMembers[:len(institutionMembers):len(institutionMembers)], "quota"))
}

func (s *Server) updateAccount(c *gin.Context, slug string, members []string) error {
	caller, body, err := s.changeOnce(c)
	if err != nil {
		return err
	}
	var b binder
	root, err := b.root(body, members...)
	if err != nil {
		return err
	}
	updated, err := s.issuer.UpdateAccount(c.Request.Context(), caller, slug, func(a *issuer.Account) error {
		b.edit(root, &a.Institution)
		b.quota(root, &a.Quota)
		return b.err()
	})
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, accountOf(updated))
}

// changeOnce reads what a change needs that takes no idempotency key: what it
// does twice is what it does once, or is refused, or what it answers is said once.
func (s *Server) changeOnce(c *gin.Context) (issuer.Caller, []byte, error) {
	if len(c.Request.Header.Values(idempotencyHeader)) > 0 {
		return issuer.Caller{}, nil, refuse(problemIdempotency)
	}
	return s.change(c)
}

func (s *Server) listTenants(c *gin.Context) error {
	accounts, err := s.issuer.Accounts(c.Request.Context())
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, listOf(accounts, "", accountOf))
}

func (s *Server) createTenant(c *gin.Context) error {
	caller, body, err := s.changeOnce(c)
	if err != nil {
		return err
	}
	var b binder
	root, err := b.root(body, append(institutionMembers[:len(institutionMembers):len(institutionMembers)], "slug", "quota")...)
	if err != nil {
		return err
	}
	slug := b.required(root, "slug")
	b.required(root, "name")
	var institution issuer.Institution
	b.edit(root, &institution)
	var quota storage.Quota
	b.quota(root, &quota)
	if err := b.err(); err != nil {
		return err
	}
	made, err := s.issuer.CreateAccount(c.Request.Context(), caller, slug, institution, quota)
	if err != nil {
		return err
	}
	c.Header("Location", s.base+"/api/v1/tenants/"+made.Slug)
	return respond(c, http.StatusCreated, accountOf(made))
}

// apiKeyBody is an API key in answers. Token is there once.
type apiKeyBody struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Scopes  []string  `json:"scopes"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"`
	Revoked time.Time `json:"revoked,omitzero"`
	Token   string    `json:"token,omitempty"`
}

func apiKeyOf(k issuer.APIKey) apiKeyBody {
	return apiKeyBody{ID: k.ID, Name: k.Name, Scopes: k.Scopes, Created: k.Created, Expires: k.Expires, Revoked: k.Revoked}
}

// tenantOf is the tenant that a route is about: the one in the path, which is for
// the installation's operators alone, or the caller's.
func tenantOf(c *gin.Context) string {
	if slug := c.Param("slug"); slug != "" {
		return slug
	}
	return apiKey(c).Tenant
}

func (s *Server) listAPIKeys(c *gin.Context) error {
	if _, err := s.issuer.Account(c.Request.Context(), tenantOf(c)); err != nil {
		return err // a list of nobody's is no empty list
	}
	list, err := s.issuer.APIKeys(c.Request.Context(), tenantOf(c))
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, listOf(list, "", apiKeyOf))
}

func (s *Server) createAPIKey(c *gin.Context) error {
	caller, body, err := s.changeOnce(c)
	if err != nil {
		return err
	}
	wanted, err := apiKeyRequest(body)
	if err != nil {
		return err
	}
	// Operators of the installation give others' keys any scope but their own
	// kind; in its own institution a key gives what it has.
	own := tenantOf(c) == apiKey(c).Tenant
	for i, scope := range wanted.Scopes {
		if (own || scope == issuer.ScopeInstallation) && !apiKey(c).Allows(scope) {
			var b binder
			b.wrong("/scopes/"+strconv.Itoa(i), "scope_exceeds")
			return b.err()
		}
	}
	caller.Tenant = tenantOf(c)
	token, made, err := s.issuer.CreateAPIKey(c.Request.Context(), caller, wanted)
	if err != nil {
		return err
	}
	answer := apiKeyOf(made)
	answer.Token = token
	return respond(c, http.StatusCreated, answer)
}

// apiKeyRequest reads a request for an API key.
func apiKeyRequest(body []byte) (issuer.NewAPIKey, error) {
	var b binder
	root, err := b.root(body, "name", "scopes", "expires")
	if err != nil {
		return issuer.NewAPIKey{}, err
	}
	wanted := issuer.NewAPIKey{Name: b.required(root, "name"), Expires: b.time(root, "expires")}
	scopes, given := root.Member("scopes")
	switch {
	case !given:
		b.fault("/scopes", "member_missing")
	case scopes.Kind() != strictjson.Array:
		b.fault("/scopes", "array_expected")
	case scopes.Len() == 0:
		b.wrong("/scopes", "scope_missing")
	case scopes.Len() > maxScopes:
		b.fault("/scopes", "too_many")
	}
	for scope := range scopes.Elements() {
		if scope.Kind() != strictjson.String {
			b.fault(scope.Pointer(), "text_expected")
		}
		if len(wanted.Scopes) < maxScopes {
			wanted.Scopes = append(wanted.Scopes, scope.Text())
		}
	}
	return wanted, b.err()
}

const maxScopes = 8

func (s *Server) revokeAPIKey(c *gin.Context) error {
	caller, body, err := s.changeOnce(c)
	if err != nil {
		return err
	}
	if err := nothing(body); err != nil {
		return err
	}
	caller.Tenant = tenantOf(c)
	if err := s.issuer.RevokeAPIKey(c.Request.Context(), caller, c.Param("id")); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}

// setVisibility changes who may see a badge.
func (s *Server) setVisibility(c *gin.Context) error {
	caller, body, err := s.changeOnce(c)
	if err != nil {
		return err
	}
	var b binder
	root, err := b.root(body, "visibility")
	if err != nil {
		return err
	}
	visibility := storage.Visibility(b.required(root, "visibility"))
	if err := b.err(); err != nil {
		return err
	}
	if err := s.issuer.SetVisibility(c.Request.Context(), caller, c.Param("id"), visibility); err != nil {
		return err
	}
	found, err := s.issuer.OperatorCredential(c.Request.Context(), caller.Tenant, c.Param("id"))
	if err != nil {
		return err
	}
	found.Signed = nil
	return respond(c, http.StatusOK, credentialOf(found))
}
