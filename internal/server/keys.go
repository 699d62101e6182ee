package server

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"laurel/credential/strictjson"
	"laurel/internal/issuer"
	"laurel/internal/keys"
	"laurel/storage"
)

// keyBody is a signing key in answers.
type keyBody struct {
	ID               string    `json:"id"`
	KID              string    `json:"kid"`
	Algorithm        string    `json:"algorithm"`
	Backend          string    `json:"backend"`
	State            string    `json:"state"`
	Created          time.Time `json:"created"`
	Retired          time.Time `json:"retired,omitzero"`
	CompromisedSince time.Time `json:"compromisedSince,omitzero"`
}

func keyOf(k keys.Key) keyBody {
	state := "active"
	switch {
	case !k.CompromisedSince.IsZero():
		state = "compromised"
	case !k.Active():
		state = "retired"
	}
	return keyBody{k.Fragment, k.Thumbprint, k.Algorithm, k.Backend, state, k.Created, k.RetiredAt, k.CompromisedSince}
}

// affectedBody is an award that was signed with a key.
type affectedBody struct {
	ID     string        `json:"id"`
	URL    string        `json:"url"`
	State  storage.State `json:"state"`
	Issued time.Time     `json:"issued,omitzero"`
	// Vouched is issuer.Affected.Vouched.
	Vouched bool `json:"vouched"`
}

func affectedOf(a issuer.Affected) affectedBody {
	return affectedBody{a.ID, a.URL, a.State, a.Issued, a.Vouched}
}

func (s *Server) listKeys(c *gin.Context) error {
	found, err := s.keys.List(c.Request.Context(), apiKey(c).Tenant)
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, listOf(found, "", keyOf))
}

func (s *Server) createKey(c *gin.Context) error {
	return s.changeKey(c, http.StatusCreated, func(act storage.Act, body []byte) (keys.Key, error) {
		wanted, err := newKeyRequest(body)
		if err != nil {
			return keys.Key{}, err
		}
		made, err := s.keys.Create(c.Request.Context(), act, apiKey(c).Tenant, wanted)
		return made, newKeyError(err)
	})
}

func (s *Server) rotateKey(c *gin.Context) error {
	return s.changeKey(c, http.StatusOK, func(act storage.Act, body []byte) (keys.Key, error) {
		wanted, err := newKeyRequest(body)
		if err != nil {
			return keys.Key{}, err
		}
		made, err := s.keys.Rotate(c.Request.Context(), act, apiKey(c).Tenant, wanted)
		return made, newKeyError(err)
	})
}

func (s *Server) retireKey(c *gin.Context) error {
	return s.changeKey(c, http.StatusOK, func(act storage.Act, body []byte) (keys.Key, error) {
		if err := nothing(body); err != nil {
			return keys.Key{}, err
		}
		return s.keys.Retire(c.Request.Context(), act, apiKey(c).Tenant, c.Param("key"))
	})
}

func (s *Server) compromiseKey(c *gin.Context) error {
	return s.changeKey(c, http.StatusOK, func(act storage.Act, body []byte) (keys.Key, error) {
		since, err := compromiseRequest(body)
		if err != nil {
			return keys.Key{}, err
		}
		if since.After(act.Time) {
			return keys.Key{}, violation("/since", "time_future")
		}
		return s.keys.Compromise(c.Request.Context(), act, apiKey(c).Tenant, c.Param("key"), since)
	})
}

// affectedCredentials lists what was signed with a key: what to issue anew after
// it was compromised.
func (s *Server) affectedCredentials(c *gin.Context) error {
	page, _, err := listQuery(c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	tenant := apiKey(c).Tenant
	if _, err := s.issuer.SigningKey(c.Request.Context(), tenant, c.Param("key")); err != nil {
		return err
	}
	items, next, err := s.issuer.AffectedCredentials(c.Request.Context(), tenant, c.Param("key"), page)
	if err != nil {
		return cursorError(err)
	}
	return respond(c, http.StatusOK, listOf(items, next, affectedOf))
}

// changeKey does something to a signing key. Retiring twice is retiring once;
// for making and rotating, which is not so, an idempotency key could not be kept,
// and so none is taken.
func (s *Server) changeKey(c *gin.Context, status int, change func(storage.Act, []byte) (keys.Key, error)) error {
	if len(c.Request.Header.Values(idempotencyHeader)) > 0 {
		return refuse(problemIdempotency)
	}
	caller, body, err := s.change(c)
	if err != nil {
		return err
	}
	changed, err := change(s.act(caller.Actor), body)
	if err != nil {
		return err
	}
	return respond(c, status, keyOf(changed))
}

// newKeyRequest reads which key is wanted; nothing is a wish like another.
func newKeyRequest(data []byte) (wanted keys.NewKey, err error) {
	if len(data) == 0 {
		return wanted, nil
	}
	var b binder
	root, err := b.root(data, "algorithm", "backend")
	if err != nil {
		return wanted, err
	}
	wanted = keys.NewKey{Algorithm: b.text(root, "algorithm"), Backend: b.text(root, "backend")}
	given := root.Get("algorithm")
	if given.Kind() == strictjson.String && !slices.Contains(keys.Algorithms, wanted.Algorithm) {
		b.fault("/algorithm", "value_unknown")
	}
	return wanted, b.err()
}

// newKeyError says which wish cannot be fulfilled.
func newKeyError(err error) error {
	switch {
	case errors.Is(err, keys.ErrBackend):
		return violation("/backend", "backend_unknown")
	case errors.Is(err, keys.ErrAlgorithm):
		return violation("/algorithm", "algorithm_elsewhere")
	}
	return err
}

func compromiseRequest(data []byte) (since time.Time, err error) {
	var b binder
	root, err := b.root(data, "since")
	if err != nil {
		return time.Time{}, err
	}
	if b.required(root, "since") != "" {
		since = b.time(root, "since")
	}
	return since, b.err()
}
