package server

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"laurel/internal/issuer"
)

// personBody is a person in answers: what can be said without saying who. Rows
// is in how many rows of files for bulk awards they stand. Who has no badge has
// no subject.
type personBody struct {
	Subject     string           `json:"subject"`
	Since       time.Time        `json:"since"`
	Erased      time.Time        `json:"erased,omitzero"`
	Credentials []credentialBody `json:"credentials"`
	Rows        int              `json:"rows,omitempty"`
}

// who reads the body of a request about a person. Who it is stands there and
// never in an address, which others keep.
func (s *Server) who(c *gin.Context) (issuer.Caller, issuer.WhoIs, error) {
	caller, body, err := s.change(c)
	if err != nil {
		return caller, issuer.WhoIs{}, err
	}
	if caller.Idempotency != nil { // these happen once by themselves
		return caller, issuer.WhoIs{}, refuse(problemIdempotency)
	}
	who, err := personRequest(body)
	return caller, who, err
}

func personRequest(data []byte) (issuer.WhoIs, error) {
	var b binder
	root, err := b.root(data, "email", "id", "credential", "subject")
	if err != nil {
		return issuer.WhoIs{}, err
	}
	return issuer.WhoIs{
		Email: b.text(root, "email"), ID: b.text(root, "id"),
		Credential: b.text(root, "credential"), Subject: b.text(root, "subject"),
	}, b.err()
}

// findPerson says what badges a person has: what erasing would destroy.
func (s *Server) findPerson(c *gin.Context) error {
	caller, who, err := s.who(c)
	if err != nil {
		return err
	}
	found, rows, err := s.find(c.Request.Context(), caller.Tenant, who)
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, personBody{
		found.Subject, found.Since, found.Erased, listOf(found.Credentials, "", credentialOf).Items, rows,
	})
}

// find finds a person, and in how many rows of files they stand.
func (s *Server) find(ctx context.Context, tenant string, who issuer.WhoIs) (issuer.Person, int, error) {
	if s.awards != nil {
		return s.awards.FindPerson(ctx, tenant, who)
	}
	found, err := s.issuer.FindPerson(ctx, tenant, who)
	return found, 0, err
}

// exportPerson gives out all that is kept of a person.
func (s *Server) exportPerson(c *gin.Context) error {
	caller, who, err := s.who(c)
	if err != nil {
		return err
	}
	var data issuer.PersonalData
	if s.awards != nil {
		data, err = s.awards.ExportPerson(c.Request.Context(), caller, who)
	} else {
		data, err = s.issuer.ExportPerson(c.Request.Context(), caller, who)
	}
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, data)
}

// erasePerson destroys a person's data and answers with the receipt.
func (s *Server) erasePerson(c *gin.Context) error {
	caller, who, err := s.who(c)
	if err != nil {
		return err
	}
	var receipt issuer.SignedReceipt
	if s.awards != nil {
		receipt, err = s.awards.ErasePerson(c.Request.Context(), caller, who)
	} else {
		receipt, err = s.issuer.ErasePerson(c.Request.Context(), caller, who)
	}
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, receipt)
}
