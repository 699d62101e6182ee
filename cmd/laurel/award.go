package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"laurel/internal/award"
	"laurel/storage"
)

// awardCommand awards a badge to the people of a file.
type awardCommand struct {
	File    awardFileCommand    `cmd:"" default:"withargs" help:"Award a badge to the people of a file (CSV or Excel .xlsx)."`
	List    awardListCommand    `cmd:"" help:"List bulk awards, the newest first."`
	Show    awardShowCommand    `cmd:"" help:"Say how a bulk award stands."`
	Confirm awardConfirmCommand `cmd:"" help:"Have a draft carried out."`
	Cancel  awardCancelCommand  `cmd:"" help:"End a bulk award. What was awarded stays."`
}

// awardListCommand lists bulk awards.
type awardListCommand struct {
	dataFlags
	JSON bool `help:"Print the result as JSON."`
}

// Run implements the command.
func (c *awardListCommand) Run(ctx context.Context, console *console) error {
	jobs, err := listPages[award.Job](ctx, c.dataFlags, operation{doing: "listing bulk awards", path: "/api/v1/awards"}, filterQuery(nil), math.MaxInt)
	if err != nil {
		return err
	}
	return console.report(c.JSON, jobs, func(w io.Writer) {
		if len(jobs) == 0 {
			fmt.Fprintln(w, "There are no bulk awards.")
		}
		for _, job := range jobs {
			fmt.Fprintf(w, "%s  %-9s  %s  %s of %s awarded\n", job.ID, job.State, job.Created.Format(time.DateOnly), thousands(job.Issued), thousands(job.Valid))
		}
	})
}

// awardID names a bulk award.
type awardID struct {
	ID string `arg:"" placeholder:"ID" help:"Id of the bulk award."`
	dataFlags
	JSON bool `help:"Print the result as JSON."`
}

// do opens the data, has something done and reports how the job stands then.
func (c awardID) do(ctx context.Context, console *console, act func(*awardSession) (award.Job, error)) (err error) {
	session, closeData, err := openAwards(ctx, console, c.dataFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeData()) }()
	job, err := act(session)
	if err != nil {
		return err
	}
	return console.report(c.JSON, job, func(w io.Writer) {
		if job.State == storage.AwardDraft {
			writeDraft(w, job)
			return
		}
		writeJob(w, job)
	})
}

type (
	awardShowCommand    struct{ awardID }
	awardCancelCommand  struct{ awardID }
	awardConfirmCommand struct {
		awardID
		At string `placeholder:"TIME" help:"When to begin, such as 2026-07-01T09:00:00Z; a running server does it."`
	}
)

// Run implements the command.
func (c *awardShowCommand) Run(ctx context.Context, console *console) error {
	return c.do(ctx, console, func(s *awardSession) (award.Job, error) { return s.job(ctx, c.ID) })
}

// Run implements the command.
func (c *awardCancelCommand) Run(ctx context.Context, console *console) error {
	return c.do(ctx, console, func(s *awardSession) (award.Job, error) { return s.change(ctx, c.ID, "cancel", nil) })
}

// Run implements the command.
func (c *awardConfirmCommand) Run(ctx context.Context, console *console) error {
	var at time.Time
	if c.At != "" {
		var err error
		if at, err = parseTime(c.At, false); err != nil {
			return usage(fmt.Errorf("reading command line: --at: %w", err), "write --at 2026-07-01T09:00:00Z")
		}
	}
	return c.do(ctx, console, func(s *awardSession) (award.Job, error) {
		job, err := s.confirm(ctx, c.ID, at)
		if err != nil {
			return job, err
		}
		return s.await(ctx, job)
	})
}
