package guest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// Guest is an operating system in a machine. Its methods may be called from
// several goroutines at once; those of the agent and of ssh run at the same
// time, those of a shell one after another.
type Guest struct {
	driver driver
}

// driver is a way to have things done in a guest.
type driver interface {
	wait(ctx context.Context) (Info, error)
	run(ctx context.Context, c Command) (Result, error)
	receive(ctx context.Context, path string, w io.Writer) error
	send(ctx context.Context, path string, r io.Reader, mode fs.FileMode) error
	stat(ctx context.Context, path string) (fs.FileInfo, error)
	readDir(ctx context.Context, path string) ([]fs.FileInfo, error)
	mount(ctx context.Context, m Mount) error
	end(ctx context.Context, how ending) error
	close() error
}

// ending is a way to end a guest.
type ending string

const (
	reboot   ending = "reboot"
	powerOff ending = "poweroff"
	crash    ending = "panic"
)

// Info describes a guest, as far as it is known.
type Info struct {
	GOARCH  string        // "" if the guest is no Go program
	Kernel  string        // release, such as "6.1.0-50-amd64"
	Machine string        // as uname -m prints it, such as "aarch64"
	Channel string        // what it answers on, such as "/dev/vport0p1"
	Uptime  time.Duration // when it began to answer
}

// Mount says what to mount where.
type Mount struct {
	Source  string // a device, or a name that the file system takes
	Target  string // a directory, made if need be
	Type    string // of the file system, such as "9p"
	Options string // as mount(8) takes them, such as "ro,trans=virtio"
}

// Wait waits until the guest answers. The other methods wait as well: it is for
// those who want to know when, or more about the guest.
func (g *Guest) Wait(ctx context.Context) (Info, error) { return g.driver.wait(ctx) }

// Run runs a command to its end. The error tells why it could not be run, or
// that ctx ended, which ends the command as well; that it failed is no error,
// but see [Result.Err].
func (g *Guest) Run(ctx context.Context, c Command) (Result, error) { return g.driver.run(ctx, c) }

// Output runs a command and returns its standard output. A command that fails
// is an [*ExitError] with the end of its standard error.
func (g *Guest) Output(ctx context.Context, name string, args ...string) ([]byte, error) {
	var stdout bytes.Buffer
	stderr := tailWriter{limit: stderrTail}
	c := Command{Args: append([]string{name}, args...), Stdout: &stdout, Stderr: &stderr}
	result, err := g.Run(ctx, c)
	if err != nil {
		return stdout.Bytes(), err
	}
	err = result.Err()
	var exit *ExitError
	if errors.As(err, &exit) {
		exit.Command, exit.Stderr = c.String(), stderr.String()
	}
	return stdout.Bytes(), err
}

// ReadFile returns what is in a file.
func (g *Guest) ReadFile(ctx context.Context, path string) ([]byte, error) {
	var content bytes.Buffer
	err := g.Receive(ctx, path, &content)
	return content.Bytes(), err
}

// WriteFile writes a file, which is made with the permissions of mode if it is
// not there.
func (g *Guest) WriteFile(ctx context.Context, path string, content []byte, mode fs.FileMode) error {
	return g.Send(ctx, path, bytes.NewReader(content), mode)
}

// Receive copies a file of the guest to w, of any size.
func (g *Guest) Receive(ctx context.Context, path string, w io.Writer) error {
	return describe(g.driver.receive(ctx, path, w), "reading", path)
}

// Send copies r, to its end, to a file of the guest. The file is made with the
// permissions of mode if it is not there.
func (g *Guest) Send(ctx context.Context, path string, r io.Reader, mode fs.FileMode) error {
	return describe(g.driver.send(ctx, path, r, mode), "writing", path)
}

// Stat describes a file, the one a link leads to.
func (g *Guest) Stat(ctx context.Context, path string) (fs.FileInfo, error) {
	info, err := g.driver.stat(ctx, path)
	return info, describe(err, "looking for", path)
}

// ReadDir describes what is in a directory, sorted by name. Links are not
// followed.
func (g *Guest) ReadDir(ctx context.Context, path string) ([]fs.FileInfo, error) {
	files, err := g.driver.readDir(ctx, path)
	return files, describe(err, "listing", path)
}

// Mount mounts a file system.
func (g *Guest) Mount(ctx context.Context, m Mount) error {
	return describe(g.driver.mount(ctx, m), "mounting", m.Target)
}

// Reboot makes the guest start anew. It returns when the guest has taken the
// request; [Guest.Wait] then waits until it answers again.
func (g *Guest) Reboot(ctx context.Context) error { return g.end(ctx, reboot) }

// PowerOff makes the guest power off. It returns when the guest has taken the
// request.
func (g *Guest) PowerOff(ctx context.Context) error { return g.end(ctx, powerOff) }

// Panic makes the kernel of the guest panic. It returns when the guest has taken
// the request.
func (g *Guest) Panic(ctx context.Context) error { return g.end(ctx, crash) }

func (g *Guest) end(ctx context.Context, how ending) error {
	if err := g.driver.end(ctx, how); err != nil {
		return fmt.Errorf("expected the guest to take the request %q: %w", how, err)
	}
	return nil
}

// Close ends the connection. The guest goes on.
func (g *Guest) Close() error { return g.driver.close() }

// describe says what an error is about.
func describe(err error, doing, path string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", doing, path, err)
}
