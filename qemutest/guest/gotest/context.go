package gotest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/qemutest/functional/qemutest/internal/runner"
)

// NewContext returns a context for a program that the go command runs a test
// binary with. It ends with the first signal that asks the program to end, and
// when the go command is gone that wants its result. The cause tells which.
func NewContext(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP)
	go func() {
		select {
		case s := <-signals:
			cancel(signalError(s))
		case <-ctx.Done():
		}
	}()
	runners := runner.Find()
	go func() {
		if p, ok := runners.Wait(); ok {
			cancel(fmt.Errorf("%s (process %d), which wanted the result, is gone", p.Name, p.PID))
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// signalError says why the program is to end.
func signalError(s os.Signal) error {
	if s == syscall.SIGQUIT {
		return errors.New("the signal to quit has come, which go test sends a minute after the time of its -timeout; the boot and a wait for a place count for that")
	}
	return fmt.Errorf("the signal to end has come: %v", s)
}
