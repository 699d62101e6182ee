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

	"laurel/internal/server"
)

const usageText = "usage: bench report|ratios|check|load [-root DIR] [-until UNIXTIME]"

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
	if args[0] == "crowd" && len(args) == 3 { // what startCrowd starts
		return runCrowd(args[1], args[2], stdin, stdout)
	}
	if args[0] == "awards" && len(args) == 3 { // what measureAwards starts
		server.TuneCollector()
		return runAwards(args[1], args[2], stdout)
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
	server.TuneCollector() // all are measured in a process like that of `laurel serve`
	switch args[0] {
	case "ratios":
		measured, err := measureRatios(*root, time.Unix(*until, 0), stderr)
		if err != nil {
			return err
		}
		return measured.print(stdout)
	case "check":
		return check(*root, stdout, stderr)
	case "load":
		return checkLoad(*root, stdout, stderr)
	case "report":
		return writeReport(*root, stderr)
	default:
		return errors.New(usageText)
	}
}

// How long ratios are measured before they are held against limits.json, and
// again when one of them is worse: enough for a busy machine, and both together
// less than a minute.
const (
	firstCheck  = 14 * time.Second
	secondCheck = 28 * time.Second
)

// check measures the ratios and holds them against limits.json.
func check(root string, stdout, stderr io.Writer) error {
	limits, err := readLimits(filepath.Join(root, "bench", "limits.json"))
	if err != nil {
		return fmt.Errorf("reading limits: %w", err)
	}
	measured, err := hold(limits, stderr, func(length time.Duration) (ratios, error) {
		return measureRatios(root, time.Now().Add(length), stderr)
	})
	if measured != (ratios{}) {
		err = errors.Join(measured.print(stdout), err)
	}
	return err
}

// hold measures, and when a ratio is worse than the limits allow, once more and
// longer. Only what is worse twice is a regression and an error: the better of
// the two counts, as nothing makes a program faster than it is.
func hold(limits ratios, stderr io.Writer, measure func(length time.Duration) (ratios, error)) (ratios, error) {
	measured, err := measure(firstCheck)
	if err != nil {
		return ratios{}, err
	}
	worse := measured.regressions(limits)
	if len(worse) == 0 {
		return measured, nil
	}
	logLine(stderr, "measuring again, because %s", strings.Join(worse, "; "))
	again, err := measure(secondCheck)
	if err != nil {
		return ratios{}, err
	}
	measured = measured.better(again)
	if worse = measured.regressions(limits); len(worse) > 0 {
		return measured, errors.New(strings.Join(worse, "; "))
	}
	return measured, nil
}

// mostLoad is how many times longer than without an attack an ordinary client
// may wait for the slowest answer of a hundred during one.
const mostLoad = 2

// checkLoad holds a deployment against an attack. It is tried again, twice, as
// the slowest of a hundred answers is often a matter of the machine.
func checkLoad(root string, stdout, stderr io.Writer) error {
	given, err := loadInput(root)
	if err != nil {
		return err
	}
	l, err := newLaurel(given)
	if err != nil {
		return err
	}
	var slower float64
	for range 3 {
		all, err := attacked(l, longLoad)
		if err != nil {
			return err
		}
		slower = all[1].p99 / all[0].p99
		for _, one := range all {
			logLine(stdout, "%s: %d answers, median %s ms, p99 %s ms; others %d answers, %d turned away", one.name, one.served,
				number(one.median/1e6), number(one.p99/1e6), one.others, one.refused)
		}
		if slower <= mostLoad {
			return nil
		}
		logLine(stderr, "measuring again")
	}
	return fmt.Errorf("an ordinary client waits %s times longer during an attack, and not at most %d", number(slower), mostLoad)
}
