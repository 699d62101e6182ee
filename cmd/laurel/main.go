// Command laurel issues, hosts and checks Open Badges 3.0.
//
// It is the only place where the packages of Laurel are put together: app.go
// builds each part, every command has a file of its own, and nothing here
// decides anything about badges.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks for an orderly end. From then on a signal has its
	// usual effect, so that a second one ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
