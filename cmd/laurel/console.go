package main

// What is printed where:
//
//   - The standard output is for results: what a script reads, and nothing
//     else. With --json it is one JSON document.
//   - The standard error is for people: progress, notes, questions, the log of
//     a server. An error is one line "laurel: doing this: what happened", and
//     a second line "hint: …" where there is something to do about it.
//   - A question is asked only when the standard input is a terminal.
//   - Text that comes from a badge or from another host is shown with its
//     control characters escaped, because a terminal obeys them.
//   - An API key is printed once, by the command that makes it. Other secrets
//     never are.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// console is where a command reads and writes.
type console struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// report prints a result: as JSON, or as the text that write makes of it.
func (c *console) report(asJSON bool, result any, write func(w io.Writer)) error {
	var page bytes.Buffer
	if asJSON {
		encoder := json.NewEncoder(&page)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(result); err != nil {
			return fmt.Errorf("writing result: %w", err)
		}
	} else {
		write(&page)
	}
	if _, err := c.stdout.Write(page.Bytes()); err != nil {
		return fmt.Errorf("writing result: %w", err)
	}
	return nil
}

// note tells the person at the terminal something.
func (c *console) note(format string, args ...any) {
	fmt.Fprintf(c.stderr, format+"\n", args...)
}

// fail prints an error.
func (c *console) fail(f *failure) {
	fmt.Fprintf(c.stderr, "laurel: %s\n", printable(f.err.Error()))
	if f.hint != "" {
		fmt.Fprintf(c.stderr, "hint: %s\n", f.hint)
	}
}

// interactive reports whether there is somebody to ask.
func (c *console) interactive() bool { return isTerminal(c.stdin) }

// ask asks for a value until one is given.
func (c *console) ask(ctx context.Context, lines *bufio.Reader, question string) (string, error) {
	for {
		fmt.Fprintf(c.stderr, "%s: ", question)
		line, err := await(ctx, func() (string, error) { return lines.ReadString('\n') })
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if answer := strings.TrimSpace(line); answer != "" {
			return answer, nil
		}
		if err != nil {
			return "", errors.New("asking on the terminal: no answer")
		}
	}
}

// await waits for what reads an input, or for the signal that ends the program:
// nothing else makes a read from a terminal return. The read is left behind,
// for as long as the process lives.
func await[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := read()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// logger writes text for people to a terminal, and JSON to everything else.
func (c *console) logger() *slog.Logger {
	if isTerminal(c.stderr) {
		return slog.New(slog.NewTextHandler(c.stderr, nil))
	}
	return slog.New(slog.NewJSONHandler(c.stderr, nil))
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// printable is text with everything escaped that is not a printable character:
// control sequences, and marks that reorder what is shown.
func printable(text string) string {
	var safe strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsPrint(r) && r != unicode.ReplacementChar:
			safe.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			safe.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return safe.String()
}

// writeRows prints names and values in two columns, leaving out empty values.
func writeRows(w io.Writer, rows [][2]string) {
	width := 0
	for _, row := range rows {
		if row[1] != "" {
			width = max(width, len(row[0]))
		}
	}
	for _, row := range rows {
		if row[1] != "" {
			fmt.Fprintf(w, "  %-*s  %s\n", width, row[0], printable(row[1]))
		}
	}
}

// reportLine prints a result as JSON on one line, for readers that wait for it.
func (c *console) reportLine(result any) error {
	encoder := json.NewEncoder(c.stdout)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(result); err != nil {
		return fmt.Errorf("writing result: %w", err)
	}
	return nil
}
