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
	leaveNoCore()
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals // the first asks for an orderly end
		stop()
		<-signals // the second does not wait for it
		os.Exit(exitCannotRun)
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
