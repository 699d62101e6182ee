package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"laurel/internal/award"
	"laurel/storage"
)

// awardSession is an operator's work on bulk awards.
type awardSession struct {
	operator *operator
	console  *console
}

func openAwards(ctx context.Context, console *console, flags dataFlags) (*awardSession, func() error, error) {
	operator, closeData, err := openOperator(ctx, flags)
	if err != nil {
		return nil, nil, err
	}
	return &awardSession{operator, console}, closeData, nil
}

func (s *awardSession) job(ctx context.Context, id string) (job award.Job, err error) {
	op := operation{doing: "reading bulk award", method: http.MethodGet, path: "/api/v1/awards/" + url.PathEscape(id), absent: "there is no bulk award " + id}
	return job, s.operator.call(ctx, op, &job)
}

func (s *awardSession) change(ctx context.Context, id, action string, body any) (job award.Job, err error) {
	op := operation{
		doing: action + "ing bulk award", method: http.MethodPost, path: "/api/v1/awards/" + url.PathEscape(id) + "/" + action,
		body: body, absent: "there is no bulk award " + id,
	}
	return job, s.operator.call(ctx, op, &job)
}

func (s *awardSession) confirm(ctx context.Context, id string, at time.Time) (award.Job, error) {
	body := struct {
		StartAt time.Time `json:"startAt,omitzero"`
	}{at}
	return s.change(ctx, id, "confirm", body)
}

// await shows how a job that was confirmed goes on, until it is done. Where no
// server does it, this process does.
func (s *awardSession) await(ctx context.Context, job award.Job) (award.Job, error) {
	if job.State == storage.AwardConfirmed && job.StartAt.After(time.Now()) {
		return job, nil
	}
	if !s.operator.served {
		running, cancel := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- s.operator.installation.awards.Run(running, nil) }()
		job, err := s.watch(ctx, job)
		cancel()
		return job, errors.Join(err, <-done)
	}
	return s.watch(ctx, job)
}

// progressInterval is how often the bar moves.
const progressInterval = 250 * time.Millisecond

func (s *awardSession) watch(ctx context.Context, job award.Job) (award.Job, error) {
	bar := isTerminal(s.console.stderr)
	for problem := ""; !job.State.Ended(); {
		if bar {
			fmt.Fprintf(s.console.stderr, "\r%s", progressBar(job))
		}
		if job.Problem != problem {
			if problem = job.Problem; problem != "" {
				s.console.note("laurel: the award does not go on: %s", problem)
			}
		}
		select {
		case <-ctx.Done():
			s.console.note("\nlaurel: %s of %s are awarded; the same command goes on with the others", thousands(job.Issued), thousands(job.Valid))
			return job, ctx.Err()
		case <-time.After(progressInterval):
		}
		var err error
		if job, err = s.job(ctx, job.ID); err != nil {
			return job, err
		}
	}
	if bar {
		fmt.Fprintf(s.console.stderr, "\r%s\n", progressBar(job))
	}
	return job, nil
}

func progressBar(job award.Job) string {
	const width = 30
	ended := job.Issued + job.Failed
	filled := width
	if job.Valid > 0 {
		filled = width * ended / job.Valid
	}
	return fmt.Sprintf("[%s%s] %s of %s", strings.Repeat("#", filled), strings.Repeat(" ", width-filled), thousands(ended), thousands(job.Valid))
}
