package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const usageText = "usage: bench report|ratios|check [-root DIR] [-until UNIXTIME]"

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return errors.New(usageText)
	}
	if args[0] == "serve" && len(args) == 3 { // what start starts
		return serve(args[1], args[2], stdin, stdout)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	root := flags.String("root", ".", "folder of the repository")
	until := flags.Int64("until", time.Now().Add(30*time.Second).Unix(), "when ratios ends, in seconds since 1970")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return errors.New(usageText)
	}
	runtime.GOMAXPROCS(1)
	switch args[0] {
	case "ratios":
		measured, err := measureRatios(*root, time.Unix(*until, 0), stderr)
		if err != nil {
			return err
		}
		return measured.print(stdout)
	case "check":
		return check(*root, stdout, stderr)
	case "report":
		return writeReport(*root, stderr)
	default:
		return errors.New(usageText)
	}
}

// check measures the ratios and holds them against limits.json. What is worse
// is measured again, once: only what is worse twice is a regression.
func check(root string, stdout, stderr io.Writer) error {
	limits, err := readLimits(filepath.Join(root, "bench", "limits.json"))
	if err != nil {
		return fmt.Errorf("reading limits: %w", err)
	}
	for attempt := range 2 {
		measured, err := measureRatios(root, time.Now().Add(30*time.Second), stderr)
		if err != nil {
			return err
		}
		worse := measured.regressions(limits)
		switch {
		case len(worse) == 0:
			return measured.print(stdout)
		case attempt == 0:
			logLine(stderr, "measuring again, because %s", strings.Join(worse, "; "))
		default:
			return errors.Join(measured.print(stdout), errors.New(strings.Join(worse, "; ")))
		}
	}
	return nil
}
