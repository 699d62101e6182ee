package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"laurel/internal/award"
	"laurel/internal/issuer"
	"laurel/storage"
)

// awardRoutes is the part of the operators' API for bulk awards.
func (s *Server) awardRoutes(g *gin.RouterGroup) {
	scope := s.needs(issuer.ScopeCredentials)
	g.GET("/awards", scope, s.handle(s.listAwards))
	g.POST("/awards", scope, s.handle(s.draftAward))
	g.GET("/awards/:id", scope, s.handle(s.bulkAward))
	g.POST("/awards/:id/confirm", scope, s.handle(s.confirmAward))
	g.POST("/awards/:id/cancel", scope, s.handle(s.cancelAward))
	g.GET("/awards/:id/bad-rows", scope, s.handle(s.badRows))
	g.GET("/awards/:id/events", scope, s.handle(s.awardEvents))
}

func (s *Server) listAwards(c *gin.Context) error {
	page, _, err := listQuery(c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	items, next, err := s.awards.Jobs(c.Request.Context(), apiKey(c).Tenant, page)
	if err != nil {
		return cursorError(err)
	}
	return respond(c, http.StatusOK, listBody[award.Job]{Items: items, Next: next})
}

// draftAward reads a file, and makes a draft of it when it has all come in:
// whoever sends slowly keeps nobody of another tenant waiting.
func (s *Server) draftAward(c *gin.Context) error {
	_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(2 * uploadTimeout)) // not every connection has one
	ctx, tenant := c.Request.Context(), apiKey(c).Tenant
	if err := s.uploads.enter(ctx, tenant, s.limits.UploadWait); err != nil {
		return err
	}
	defer s.uploads.leave(tenant)
	form, err := s.uploadForm(c)
	if err != nil {
		return err
	}
	upload, err := form.upload()
	if err != nil {
		return err
	}
	caller, err := s.caller(c, form.digest(c.Request.Method+" "+c.Request.URL.Path))
	if err != nil {
		return err
	}
	if err := s.uploads.draft(ctx, s.limits.UploadWait); err != nil {
		return err
	}
	defer s.uploads.drafted()
	job, err := s.awards.Draft(ctx, caller, upload)
	if err != nil {
		return err
	}
	replayed(c, caller)
	c.Header("Location", s.base+"/api/v1/awards/"+job.ID)
	return respond(c, http.StatusAccepted, job)
}

func (s *Server) bulkAward(c *gin.Context) error {
	job, err := s.awards.Job(c.Request.Context(), apiKey(c).Tenant, c.Param("id"))
	if err != nil {
		return err
	}
	return respond(c, http.StatusOK, job)
}

func (s *Server) confirmAward(c *gin.Context) error {
	caller, body, err := s.change(c)
	if err != nil {
		return err
	}
	var at time.Time
	if len(body) > 0 {
		var b binder
		root, err := b.root(body, "startAt")
		if err != nil {
			return err
		}
		at = b.time(root, "startAt")
		if err := b.err(); err != nil {
			return err
		}
	}
	job, err := s.awards.Confirm(c.Request.Context(), caller, c.Param("id"), at)
	if err != nil {
		return err
	}
	replayed(c, caller)
	return respond(c, http.StatusOK, job)
}

func (s *Server) cancelAward(c *gin.Context) error {
	caller, err := s.changeWithout(c)
	if err != nil {
		return err
	}
	job, err := s.awards.Cancel(c.Request.Context(), caller, c.Param("id"))
	if err != nil {
		return err
	}
	replayed(c, caller)
	return respond(c, http.StatusOK, job)
}

func (s *Server) badRows(c *gin.Context) error {
	file, err := s.awards.BadRows(c.Request.Context(), apiKey(c).Tenant, c.Param("id"))
	if errors.Is(err, storage.ErrErased) {
		return &refusal{problemNotFound, "The rows of this file are no longer kept."}
	}
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
	c.Data(http.StatusOK, file.MediaType, file.Data)
	return nil
}

const (
	eventInterval = 500 * time.Millisecond
	// eventPause is after how long a connection on which nothing happened is
	// shown to be alive.
	eventPause = 15 * time.Second
)

// awardEvents sends the progress of a job (HTML standard, section 9.2) until it
// has ended, or the server stops. Whoever connects again is told how it stands.
func (s *Server) awardEvents(c *gin.Context) error {
	ctx := c.Request.Context()
	tenant, id := apiKey(c).Tenant, c.Param("id")
	if _, err := s.awards.Job(ctx, tenant, id); err != nil {
		return err
	}
	control := http.NewResponseController(c.Writer)
	c.Header("Content-Type", "text/event-stream")
	c.Header("Cache-Control", "no-store")
	c.Header("X-Accel-Buffering", "no")
	ticker := time.NewTicker(eventInterval)
	defer ticker.Stop()
	var last string
	sent := time.Now()
	for {
		job, err := s.awards.Progress(ctx, tenant, id)
		if err != nil {
			return err
		}
		data, err := json.Marshal(job)
		if err != nil {
			return err
		}
		text := ""
		switch {
		case string(data) != last:
			text = fmt.Sprintf("event: %s\ndata: %s\n\n", job.State, data)
		case time.Since(sent) >= eventPause:
			text = ": alive\n\n"
		}
		if text != "" {
			last, sent = string(data), time.Now()
			_ = control.SetWriteDeadline(time.Now().Add(2 * eventPause)) // not every connection has one
			if _, err := io.WriteString(c.Writer, text); err != nil {
				return nil //nolint:nilerr // whoever listened has gone
			}
			c.Writer.Flush()
		}
		if job.State.Ended() {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.stopping:
			return nil
		case <-ticker.C:
		}
	}
}
