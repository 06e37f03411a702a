package guest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

// posix is the driver for guests that have a POSIX shell and the usual
// programs: all that it does is to run scripts.
type posix struct{ scripts runner }

// runner runs scripts.
type runner interface {
	// wait waits until scripts can be run.
	wait(ctx context.Context) (Info, error)

	// execute runs a script of a POSIX shell to its end. After limit, if that
	// is not 0, or when ctx ends, it kills the process group of the script;
	// the former is told in the result.
	execute(ctx context.Context, script string, limit time.Duration, e exchange) (Result, error)

	// restart tells that the guest is about to end.
	restart()

	close() error
}

func (p posix) wait(ctx context.Context) (Info, error) { return p.scripts.wait(ctx) }

func (p posix) run(ctx context.Context, c Command) (Result, error) {
	script, err := commandScript(c)
	if err != nil {
		return Result{}, fmt.Errorf("running %s: %w", c, err)
	}
	stderr := tailWriter{limit: stderrTail}
	e := exchange{in: c.Stdin, out: c.Stdout, err: &stderr}
	if c.Stderr != nil {
		e.err = io.MultiWriter(&stderr, c.Stderr)
		if sameWriter(c.Stdout, c.Stderr) {
			shared := &lockedWriter{w: c.Stdout}
			e.out, e.err = shared, io.MultiWriter(&stderr, shared)
		}
	}
	result, err := p.scripts.execute(ctx, script, c.Timeout, e)
	if err == nil {
		if reason := notRun(c, result.Status, stderr.String()); reason != "" {
			err = errors.New(reason)
		}
	}
	if err != nil {
		return Result{}, fmt.Errorf("running %s: %w", c, err)
	}
	return result, nil
}

// endOf reads how a script ended: the exit status and, if that may stand for a
// signal, what kill -l says of it. Where there is none, some say a number. A
// script that was to be killed for its time limit may have ended before that.
func endOf(text string, timedOut bool) (result Result) {
	fields := strings.Fields(text)
	if len(fields) > 0 {
		result.Status, _ = strconv.Atoi(fields[0])
	}
	if len(fields) > 1 && strings.Trim(fields[1], "0123456789") != "" {
		result.Status, result.Signal = -1, "SIG"+strings.TrimPrefix(fields[1], "SIG")
	}
	killed := result.Signal == "SIGKILL" || result.Status == 128+9 // not all shells know its name
	result.TimedOut = timedOut && killed
	return result
}

// script runs a script of this package, and turns its end into an error.
func (p posix) script(ctx context.Context, script string, in io.Reader, out io.Writer) error {
	stderr := tailWriter{limit: stderrTail}
	result, err := p.scripts.execute(ctx, script, 0, exchange{in: in, out: out, err: &stderr})
	if err != nil {
		return err
	}
	switch result.Status {
	case 0:
		return nil
	case statusMissing:
		return fmt.Errorf("in the guest: %w", fs.ErrNotExist)
	case statusDenied:
		return fmt.Errorf("in the guest: %w", fs.ErrPermission)
	case statusKind:
		return errors.New("in the guest: the file is of another kind")
	}
	return &ExitError{Result: result, Stderr: stderr.String()}
}

func (p posix) receive(ctx context.Context, path string, w io.Writer) error {
	return p.script(ctx, receiveScript(path), nil, w)
}

func (p posix) send(ctx context.Context, path string, r io.Reader, mode fs.FileMode) error {
	return p.script(ctx, sendScript(path, mode), r, nil)
}

func (p posix) stat(ctx context.Context, path string) (fs.FileInfo, error) {
	var out bytes.Buffer
	if err := p.script(ctx, statScript(path), nil, &out); err != nil {
		return nil, err
	}
	return parseStat(strings.TrimSuffix(out.String(), "\n"))
}

func (p posix) readDir(ctx context.Context, path string) ([]fs.FileInfo, error) {
	var out bytes.Buffer
	if err := p.script(ctx, readDirScript(path), nil, &out); err != nil {
		return nil, err
	}
	var files []fs.FileInfo
	for line := range strings.SplitSeq(strings.TrimSuffix(out.String(), "\x00"), "\x00") {
		if line == "" {
			continue
		}
		info, err := parseStat(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, err
		}
		files = append(files, info)
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return strings.Compare(a.Name(), b.Name()) })
	return files, nil
}

func (p posix) mount(ctx context.Context, m Mount) error {
	return p.script(ctx, mountScript(m), nil, nil)
}

func (p posix) end(ctx context.Context, how ending) error {
	if err := p.script(ctx, endScript(how), nil, nil); err != nil {
		return err
	}
	p.scripts.restart()
	return nil
}

func (p posix) close() error { return p.scripts.close() }
