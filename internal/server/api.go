package server

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"laurel/internal/issuer"
	"laurel/storage"
)

// achievementBody is an achievement in answers.
type achievementBody struct {
	ID          string          `json:"id"`
	URL         string          `json:"url"`
	Version     int             `json:"version"`
	Achievement json.RawMessage `json:"achievement"`
	Created     time.Time       `json:"created"`
	Updated     time.Time       `json:"updated"`
}

func achievementOf(a issuer.Achievement) achievementBody {
	return achievementBody{a.ID, a.URL, a.Version, a.Document, a.Created, a.Updated}
}

// credentialBody is an award in answers.
type credentialBody struct {
	ID                 string             `json:"id"`
	URL                string             `json:"url"`
	State              storage.State      `json:"state"`
	Visibility         storage.Visibility `json:"visibility"`
	Achievement        string             `json:"achievement,omitempty"`
	AchievementVersion int                `json:"achievementVersion,omitempty"`
	Instance           string             `json:"instance,omitempty"`
	Created            time.Time          `json:"created"`
	Issued             time.Time          `json:"issued,omitzero"`
	ValidUntil         time.Time          `json:"validUntil,omitzero"`
	Changed            time.Time          `json:"changed,omitzero"`
	Reason             string             `json:"reason,omitempty"`
	Wording            string             `json:"wording,omitempty"`
	Replaces           string             `json:"replaces,omitempty"`
	ReplacedBy         string             `json:"replacedBy,omitempty"`
	Erased             time.Time          `json:"erased,omitzero"`
	Credential         json.RawMessage    `json:"credential,omitempty"`
}

func credentialOf(c issuer.Credential) credentialBody {
	return credentialBody{
		c.ID, c.URL, c.State, c.Visibility, c.Achievement, c.AchievementVersion, c.Instance, c.Created, c.Issued, c.ValidUntil,
		c.Changed, c.Reason, c.Wording, c.Replaces, c.ReplacedBy, c.Erased, c.Signed,
	}
}

// listBody is a page of a list in answers.
type listBody[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

func listOf[A, B any](items []A, next string, body func(A) B) listBody[B] {
	l := listBody[B]{Items: make([]B, len(items)), Next: next}
	for i, item := range items {
		l.Items[i] = body(item)
	}
	return l
}

func (s *Server) listAchievements(c *gin.Context) error {
	page, _, err := listQuery(c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	items, next, err := s.issuer.Achievements(c.Request.Context(), apiKey(c).Tenant, page)
	if err != nil {
		return cursorError(err)
	}
	return respond(c, http.StatusOK, listOf(items, next, achievementOf))
}

func (s *Server) createAchievement(c *gin.Context) error {
	caller, body, err := s.change(c)
	if err != nil {
		return err
	}
	made, err := s.issuer.CreateAchievement(c.Request.Context(), caller, body)
	if err != nil {
		return err
	}
	replayed(c, caller)
	c.Header("Location", made.URL)
	return respond(c, http.StatusCreated, achievementOf(made))
}

func (s *Server) operatorAchievement(c *gin.Context) error {
	found, err := s.ownAchievement(c)
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, achievementOf(found))
}

// ownAchievement finds an achievement of the caller's tenant. Achievements are
// public, but not here.
func (s *Server) ownAchievement(c *gin.Context) (issuer.Achievement, error) {
	found, err := s.issuer.Achievement(c.Request.Context(), c.Param("id"), 0)
	if err == nil && found.Tenant != apiKey(c).Tenant {
		err = storage.ErrNotFound
	}
	return found, err
}

func (s *Server) updateAchievement(c *gin.Context) error {
	caller, body, err := s.change(c)
	if err != nil {
		return err
	}
	made, err := s.issuer.UpdateAchievement(c.Request.Context(), caller, c.Param("id"), body)
	if err != nil {
		return err
	}
	replayed(c, caller)
	return respond(c, http.StatusOK, achievementOf(made))
}

func (s *Server) listCredentials(c *gin.Context) error {
	page, filters, err := listQuery(c.Request.URL.RawQuery, "achievement", "state")
	if err != nil {
		return err
	}
	filter := storage.CredentialFilter{Achievement: filters.Get("achievement"), State: storage.State(filters.Get("state"))}
	if !knownState(filter.State) {
		return violation("?state", "value_unknown")
	}
	items, next, err := s.issuer.Credentials(c.Request.Context(), apiKey(c).Tenant, filter, page)
	if err != nil {
		return cursorError(err)
	}
	return respond(c, http.StatusOK, listOf(items, next, credentialOf))
}

func (s *Server) award(c *gin.Context) error {
	caller, body, err := s.change(c)
	if err != nil {
		return err
	}
	request, err := awardRequest(body)
	if err != nil {
		return err
	}
	award, err := s.issuer.Award(c.Request.Context(), caller, request)
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrInvalid) {
		return violation("/achievement", "value_unknown")
	} else if err != nil {
		return err
	}
	replayed(c, caller)
	c.Header("Location", award.URL)
	return respond(c, http.StatusCreated, award)
}

// reissue awards a badge that takes the place of another.
func (s *Server) reissue(c *gin.Context) error {
	caller, body, err := s.change(c)
	if err != nil {
		return err
	}
	request, err := reissueRequest(body)
	if err != nil {
		return err
	}
	award, err := s.issuer.Reissue(c.Request.Context(), caller, c.Param("id"), request)
	if err != nil {
		return err
	}
	replayed(c, caller)
	c.Header("Location", award.URL)
	return respond(c, http.StatusCreated, award)
}

func (s *Server) operatorCredential(c *gin.Context) error {
	found, err := s.issuer.OperatorCredential(c.Request.Context(), apiKey(c).Tenant, c.Param("id"))
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, credentialOf(found))
}

func (s *Server) setStatus(c *gin.Context) error {
	caller, body, err := s.change(c)
	if err != nil {
		return err
	}
	change, err := statusRequest(body)
	if err != nil {
		return err
	}
	changed, err := s.issuer.SetStatus(c.Request.Context(), caller, c.Param("id"), change)
	if err != nil {
		return err
	}
	replayed(c, caller)
	changed.Signed = nil
	return respond(c, http.StatusOK, credentialOf(changed))
}

// act says who does something now.
func (s *Server) act(actor string) storage.Act {
	return storage.Act{Actor: actor, Time: s.clock().UTC()}
}

// cursorError is for lists, where nothing but the cursor can be wrong by then.
func cursorError(err error) error {
	if errors.Is(err, storage.ErrInvalid) {
		return violation("?cursor", "cursor_malformed")
	}
	return err
}

func violation(path, code string) error {
	var b binder
	b.fault(path, code)
	return b.err()
}

const idempotencyHeader = "Idempotency-Key"

// change reads what every change needs: who asks for it, its body, and the key
// under which it happens once.
func (s *Server) change(c *gin.Context) (issuer.Caller, []byte, error) {
	return s.changeWithin(c, 0)
}

// changeWithout is change for requests that have nothing to say in a body.
func (s *Server) changeWithout(c *gin.Context) (issuer.Caller, error) {
	caller, body, err := s.change(c)
	if err == nil {
		err = nothing(body)
	}
	return caller, err
}

// changeWithin is change for bodies that may be longer than others.
func (s *Server) changeWithin(c *gin.Context, slack int64) (issuer.Caller, []byte, error) {
	caller := issuer.Caller{Tenant: apiKey(c).Tenant, Actor: eventOf(c).actor}
	if given := c.GetHeader("Content-Type"); given != "" || c.Request.ContentLength != 0 {
		mediaType, params, err := mime.ParseMediaType(given)
		jsonType := mediaType == "application/json" || mediaType == "application/ld+json"
		if err != nil || !jsonType || params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
			return caller, nil, refuse(problemMediaType)
		}
	}
	data, release, err := s.pooledBody(c, slack)
	if err != nil {
		return caller, nil, err
	}
	body := slices.Clone(data)
	release()
	caller, err = s.caller(c, sha256.Sum256(slices.Concat([]byte(c.Request.Method+" "+c.Request.URL.Path+"\n"), body)))
	return caller, body, err
}

// caller is who asks, and the key under which a request of this digest happens
// once.
func (s *Server) caller(c *gin.Context, digest [32]byte) (issuer.Caller, error) {
	caller := issuer.Caller{Tenant: apiKey(c).Tenant, Actor: eventOf(c).actor}
	given := c.Request.Header.Values(idempotencyHeader)
	if len(given) == 0 {
		return caller, nil
	}
	if len(given) > 1 || !printable(given[0]) {
		return caller, refuse(problemIdempotency)
	}
	caller.Idempotency = &issuer.Idempotency{Space: apiKey(c).ID, Key: given[0], Body: digest}
	return caller, nil
}

// printable reports whether a key is 1 to 128 printable ASCII characters.
func printable(key string) bool {
	return len(key) >= 1 && len(key) <= 128 && !strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' })
}

// replayed marks an answer that was given before.
func replayed(c *gin.Context, caller issuer.Caller) {
	if caller.Idempotency != nil && caller.Idempotency.Replayed {
		c.Header("Idempotency-Replayed", "true")
	}
}
