package server

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"laurel/storage"
)

// Snapshots copies the store while it is used; a boltstore.Store does.
type Snapshots interface {
	Snapshot(ctx context.Context, w io.Writer, describe func(storage.Snapshot) error) error
}

// snapshot sends a copy of the store to whoever is at the local socket: a line
// of JSON, which is a storage.Snapshot, and as many bytes as that says. It has
// sealed data in it and is for nobody else.
func (s *Server) snapshot(c *gin.Context) error {
	_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Time{}) // in memory there is none
	return s.snapshots.Snapshot(c.Request.Context(), c.Writer, func(described storage.Snapshot) error {
		c.Header("Content-Type", "application/octet-stream")
		c.Status(http.StatusOK)
		return json.NewEncoder(c.Writer).Encode(described)
	})
}
