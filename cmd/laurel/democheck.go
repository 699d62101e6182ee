package main

import (
	"context"
	"fmt"
	"io"
	"time"
)

// step is one step of the journey.
type step struct {
	Name         string `json:"name"`
	OK           bool   `json:"ok"`
	Detail       string `json:"detail,omitempty"`
	Milliseconds int64  `json:"milliseconds"`
}

// journeyResult is what demo --check prints.
type journeyResult struct {
	OK           bool   `json:"ok"`
	Steps        []step `json:"steps"`
	Milliseconds int64  `json:"milliseconds"`
}

// check makes the journey and prints each step.
func (c *demoCommand) check(ctx context.Context, console *console, d *demo) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	o, err := newOutsider(d)
	if err != nil {
		return err
	}
	watch := func(step) {}
	if !c.JSON {
		fmt.Fprintf(console.stdout, "The whole journey, as an outsider, against %s:\n\n", d.publicURL)
		watch = func(taken step) { taken.write(console.stdout) }
	}
	result := o.travel(ctx, watch)
	err = console.report(c.JSON, result, func(w io.Writer) { fmt.Fprintf(w, "\n%s.\n", result.summary()) })
	if err == nil && !result.OK {
		err = verdict(exitFault)
	}
	return err
}

// travel makes one step after the other and shows each to watch.
func (o *outsider) travel(ctx context.Context, watch func(step)) journeyResult {
	began := time.Now()
	result := journeyResult{OK: true}
	for _, leg := range o.journey() {
		start := time.Now()
		detail, err := leg.do(ctx)
		taken := step{Name: leg.name, OK: err == nil, Detail: detail, Milliseconds: time.Since(start).Milliseconds()}
		if err != nil {
			result.OK, taken.Detail = false, err.Error()
		}
		result.Steps = append(result.Steps, taken)
		watch(taken)
		if err != nil && leg.needed {
			break
		}
	}
	result.Milliseconds = time.Since(began).Milliseconds()
	return result
}

func (r journeyResult) summary() string {
	failed := 0
	for _, taken := range r.Steps {
		if !taken.OK {
			failed++
		}
	}
	seconds := float64(r.Milliseconds) / 1000
	if failed == 0 {
		return fmt.Sprintf("All %d steps went well, in %.1f s", len(r.Steps), seconds)
	}
	return fmt.Sprintf("%d of %d steps failed, in %.1f s", failed, len(r.Steps), seconds)
}

func (s step) write(w io.Writer) {
	word := "ok    "
	if !s.OK {
		word = "FAILED"
	}
	fmt.Fprintf(w, "  %s  %s\n", word, s.Name)
	if s.Detail != "" {
		fmt.Fprintf(w, "          %s\n", printable(s.Detail))
	}
}
