package server

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"laurel/internal/audit"
	"laurel/storage"
)

// Audit is the record of acts; *audit.Log is one.
type Audit interface {
	Entries(ctx context.Context, tenant string, filter storage.AuditFilter, page storage.Page) ([]storage.AuditEntry, string, error)
	Verify(ctx context.Context, external []byte) (*audit.Report, error)
	Checkpoint(ctx context.Context) (note []byte, made bool, err error)
	VerificationKey(ctx context.Context) (string, error)
}

// auditEntryBody is an entry of the record of acts in answers.
type auditEntryBody struct {
	Sequence uint64    `json:"sequence"`
	Time     time.Time `json:"time"`
	Actor    string    `json:"actor"`
	Action   string    `json:"action"`
	Object   string    `json:"object"`
	Detail   string    `json:"detail,omitempty"`
	Hash     string    `json:"hash"`
}

func auditEntryOf(e storage.AuditEntry) auditEntryBody {
	return auditEntryBody{e.Sequence, e.Time, e.Actor, e.Action, e.Object, e.Detail, base64.StdEncoding.EncodeToString(e.Hash[:])}
}

func (s *Server) listAudit(c *gin.Context) error { return s.auditOf(c, apiKey(c).Tenant) }

// listInstallationAudit lists the acts that belong to no tenant.
func (s *Server) listInstallationAudit(c *gin.Context) error { return s.auditOf(c, "") }

func (s *Server) auditOf(c *gin.Context, tenant string) error {
	page, filters, err := listQuery(c.Request.URL.RawQuery, "actor", "action", "object")
	if err != nil {
		return err
	}
	filter := storage.AuditFilter{Actor: filters.Get("actor"), Action: filters.Get("action"), Object: filters.Get("object")}
	entries, next, err := s.audit.Entries(c.Request.Context(), tenant, filter, page)
	if err != nil {
		return cursorError(err)
	}
	return respond(c, http.StatusOK, listOf(entries, next, auditEntryOf))
}

// maxCheckpoints is the size of a file of checkpoints that is still read.
const maxCheckpoints = 64 << 20

// verifyAudit checks all of the record, and the checkpoints in the body against
// it. It takes as long as it takes.
func (s *Server) verifyAudit(c *gin.Context) error {
	_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Time{}) // in memory there is none
	external, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxCheckpoints))
	if isTooLarge(err) {
		return refuse(problemTooLarge)
	} else if err != nil {
		return refuse(problemIncomplete)
	}
	report, err := s.audit.Verify(c.Request.Context(), external)
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, report)
}

// checkpointBody is a checkpoint in answers.
type checkpointBody struct {
	Note string `json:"note"`
	// New is false when nothing happened since the last one, which this is.
	New bool `json:"new"`
	// VerificationKey is the key that it is signed with.
	VerificationKey string `json:"verificationKey"`
}

func (s *Server) checkpointAudit(c *gin.Context) error {
	note, made, err := s.audit.Checkpoint(c.Request.Context())
	if err != nil {
		return err
	}
	key, err := s.audit.VerificationKey(c.Request.Context())
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, checkpointBody{string(note), made, key})
}
