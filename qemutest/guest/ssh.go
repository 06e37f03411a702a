package guest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	// firstRedial and lastRedial are the waits between attempts to reach a
	// guest that is not there yet.
	firstRedial = 100 * time.Millisecond
	lastRedial  = 2 * time.Second

	// greetTime is how long a server may take to say a word. QEMU's user network
	// takes connections for guests that are not there yet.
	greetTime = 10 * time.Second

	// refusedTime is how long sessions that the server refuses are tried again:
	// OpenSSH counts those that have ended as long as it has not looked after
	// them.
	refusedTime = 10 * time.Second

	// maxSessions is how many commands run at once. OpenSSH's default is ten;
	// others may be needed to kill these.
	maxSessions = 8
)

// NewSSH returns the guest that an SSH server answers for. The user's shell
// there must be a POSIX shell. setsid is needed for [Command.Timeout] to end
// whole process groups.
//
// dial connects to the server each time there is no connection. Until the guest
// is there, it fails, or connections end at once: both are tried again as long
// as the context of the call lasts.
func NewSSH(dial func(ctx context.Context) (net.Conn, error), config *ssh.ClientConfig) *Guest {
	s := &sshRunner{
		dial:     dial,
		config:   config,
		sessions: make(chan struct{}, maxSessions),
		making:   make(chan struct{}, 1),
	}
	s.open, s.end = context.WithCancelCause(context.Background())
	return &Guest{driver: posix{s}}
}

// sshRunner runs scripts over SSH.
type sshRunner struct {
	dial     func(ctx context.Context) (net.Conn, error)
	config   *ssh.ClientConfig
	sessions chan struct{}   // a token for each that is open
	making   chan struct{}   // a token while a connection is made
	open     context.Context // ends with close
	end      context.CancelCauseFunc

	mu     sync.Mutex
	client *ssh.Client
	info   Info
	boot   string // identifies the start of the guest
	old    string // the start that was to end
}

func (s *sshRunner) wait(ctx context.Context) (Info, error) {
	if _, err := s.connect(ctx); err != nil {
		return Info{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.info, nil
}

// connect returns the connection, which it makes if there is none.
func (s *sshRunner) connect(ctx context.Context) (*ssh.Client, error) {
	if client := s.current(); client != nil {
		return client, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.open, func() { cancel(net.ErrClosed) })()
	select {
	case s.making <- struct{}{}:
		defer func() { <-s.making }()
	case <-ctx.Done():
		return nil, fmt.Errorf("expected an ssh server in the guest: %w", context.Cause(ctx))
	}
	for pause := firstRedial; ; pause = min(2*pause, lastRedial) {
		if client := s.current(); client != nil {
			return client, nil
		}
		err := s.attempt(ctx)
		if err == nil {
			continue
		}
		// The library has no type for this.
		if strings.Contains(err.Error(), "unable to authenticate") || strings.Contains(err.Error(), "host key") {
			return nil, fmt.Errorf("logging in to the guest by ssh: %w", err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("expected an ssh server in the guest: %w; last attempt: %w", context.Cause(ctx), err)
		}
	}
}

// current returns the connection, nil if there is none.
func (s *sshRunner) current() *ssh.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.client
}

// attempt makes a connection.
func (s *sshRunner) attempt(ctx context.Context) error {
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	c, channels, requests, err := ssh.NewClientConn(newGreeted(conn), "guest", s.config)
	if err != nil {
		_ = conn.Close()
		return err
	}
	client := ssh.NewClient(c, channels, requests)
	info, boot, err := describeGuest(client)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && boot != "" && boot == s.old {
		err = errors.New("it has not started anew yet")
	}
	if err == nil {
		err = cmp.Or(context.Cause(s.open), ctx.Err())
	}
	if err != nil {
		_ = client.Close()
		return err
	}
	info.Channel = "ssh"
	s.client, s.info, s.boot = client, info, boot
	go func() {
		_ = client.Wait()
		s.drop(client)
	}()
	return nil
}

// greeted is a connection whose other side has greetTime for its first word.
type greeted struct {
	net.Conn
	heard bool
}

func newGreeted(conn net.Conn) *greeted {
	_ = conn.SetReadDeadline(time.Now().Add(greetTime)) // without, ctx ends it
	return &greeted{Conn: conn}
}

// Read implements [io.Reader]. One goroutine at a time calls it.
func (g *greeted) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if n > 0 && !g.heard {
		g.heard = true
		_ = g.Conn.SetReadDeadline(time.Time{})
	}
	return n, err
}

// describeGuest asks what the guest is.
func describeGuest(client *ssh.Client) (info Info, boot string, err error) {
	session, err := client.NewSession()
	if err != nil {
		return info, "", err
	}
	defer session.Close()
	output, err := session.Output("uname -m; uname -r; cat /proc/uptime /proc/sys/kernel/random/boot_id 2>/dev/null; :")
	if err != nil {
		return info, "", err
	}
	lines := strings.Split(string(output), "\n")
	if len(lines) < 2 {
		return info, "", fmt.Errorf("expected the guest's kernel, got %q", output)
	}
	info.Machine, info.Kernel = lines[0], lines[1]
	if len(lines) >= 4 {
		first, _, _ := strings.Cut(lines[2], " ")
		uptime, _ := strconv.ParseFloat(first, 64)
		info.Uptime = time.Duration(uptime * float64(time.Second))
		boot = lines[3]
	}
	return info, boot, nil
}

// restart implements [runner].
func (s *sshRunner) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.old = s.boot
	if s.client != nil {
		_ = s.client.Close()
		s.client = nil
	}
}

func (s *sshRunner) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(net.ErrClosed)
	if s.client == nil {
		return nil
	}
	err := s.client.Close()
	s.client = nil
	return err
}

// wrapper runs a script in a session of its own, and tells the number of its
// process before its output, and its end after that in both outputs: SSH does not
// tell the end while processes are left that hold the outputs open.
const wrapper = `exec sh -c '
exec 3<&0
s=
command -v setsid >/dev/null 2>&1 && s=setsid
$s sh -c "$1" <&3 3<&- &
{ wait $!; } 2>/dev/null
r=$?
n=
[ $r -gt 128 ] && n=$(kill -l $((r-128)) 2>/dev/null)
echo "$2 $r $n"
printf %%s "$2" >&2
' sh %s %s`

// sshRun is a script that runs.
type sshRun struct {
	session *ssh.Session
	end     string
	process string        // number
	started chan struct{} // closed when process is set
	status  string        // what followed the end
}

func (s *sshRunner) execute(ctx context.Context, script string, limit time.Duration, e exchange) (Result, error) {
	select {
	case s.sessions <- struct{}{}:
		defer func() { <-s.sessions }()
	case <-ctx.Done():
		return Result{}, context.Cause(ctx)
	}
	client, session, err := s.session(ctx)
	if err != nil {
		return Result{}, err
	}
	r := &sshRun{session: session, end: "@end-" + rand.Text(), started: make(chan struct{})}
	done, err := r.start(script, e)
	if err != nil {
		_ = session.Close()
		return Result{}, err
	}
	var limited <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		limited = timer.C
	}
	for timedOut := false; ; {
		select {
		case err := <-done:
			_ = session.Close()
			if err != nil {
				go r.kill(client)
				return Result{}, err
			}
			return endOf(r.status, timedOut), nil
		case <-limited:
			timedOut = true
			go r.kill(client)
		case <-ctx.Done():
			// The caller does not wait for the guest, which may be stuck.
			go func() {
				r.kill(client)
				_ = session.Close()
			}()
			return Result{}, context.Cause(ctx)
		}
	}
}

// session opens a session. A connection that turns out to be gone is made anew.
func (s *sshRunner) session(ctx context.Context) (*ssh.Client, *ssh.Session, error) {
	pause, last := firstRedial, time.Now().Add(refusedTime)
	for {
		client, err := s.connect(ctx)
		if err != nil {
			return nil, nil, err
		}
		session, err := client.NewSession()
		if err == nil {
			return client, session, nil
		}
		refused := errors.As(err, new(*ssh.OpenChannelError))
		switch {
		case ctx.Err() != nil, refused && time.Now().After(last):
			return nil, nil, fmt.Errorf("opening a session in the guest: %w", err)
		case !refused:
			s.drop(client)
			continue
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, lastRedial)
		case <-ctx.Done(): // which the next turn tells
		}
	}
}

// drop forgets a connection that is gone.
func (s *sshRunner) drop(client *ssh.Client) {
	_ = client.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == client {
		s.client = nil
	}
}

// start starts the script. The channel gets nil when both outputs have ended, or
// why they can't be had.
func (r *sshRun) start(script string, e exchange) (<-chan error, error) {
	stdin, err := r.session.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := r.session.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := r.session.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := r.session.Start(fmt.Sprintf(wrapper, sh("echo $$\n"+script), sh(r.end))); err != nil {
		return nil, fmt.Errorf("starting a command in the guest: %w", err)
	}
	failed := make(chan error, 3)
	go func() {
		defer stdin.Close()
		if e.in == nil {
			return
		}
		if _, err := io.Copy(stdin, inputOnly{e.in, failed}); err != nil {
			return // the command takes no more
		}
	}()
	var outputs sync.WaitGroup
	outputs.Go(func() {
		if err := r.readStdout(stdout, e.out); err != nil {
			failed <- err
		}
	})
	outputs.Go(func() {
		if _, err := copyUntil(e.err, bufio.NewReader(stderr), r.end); err != nil {
			failed <- err
		}
	})
	done := make(chan error, 4)
	go func() {
		ended := make(chan struct{})
		go func() { outputs.Wait(); close(ended) }()
		select {
		case <-ended:
		case err := <-failed:
			done <- err
			return
		}
		select {
		case err := <-failed:
			done <- err
		default:
			done <- nil
		}
	}()
	return done, nil
}

// inputOnly reports failures to read, and not those to write.
type inputOnly struct {
	io.Reader
	failed chan<- error
}

func (i inputOnly) Read(p []byte) (int, error) {
	n, err := i.Reader.Read(p)
	if err != nil && err != io.EOF {
		i.failed <- err
	}
	return n, err
}

// readStdout reads the number of the process, the output, and the exit status.
func (r *sshRun) readStdout(stdout io.Reader, w io.Writer) error {
	in := bufio.NewReaderSize(stdout, 64<<10)
	line, err := in.ReadString('\n')
	if err != nil {
		return lost(err)
	}
	r.process = strings.TrimSpace(line)
	close(r.started)
	rest, err := copyUntil(w, in, r.end)
	if err != nil {
		return err
	}
	tail, err := bufio.NewReader(io.MultiReader(bytes.NewReader(rest), in)).ReadString('\n')
	if err != nil {
		return lost(err)
	}
	r.status = tail
	return nil
}

// lost says why an output has no end.
func lost(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("expected the command to run to its end, the connection to the guest was closed")
	}
	return err
}

// copyUntil copies what comes before end, and returns what was read after it.
func copyUntil(w io.Writer, r io.Reader, end string) (rest []byte, err error) {
	if w == nil {
		w = io.Discard
	}
	o := new(output)
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		before, after := o.split(end, buf[:n])
		if len(before) > 0 {
			if _, err := w.Write(before); err != nil {
				return nil, err
			}
		}
		if o.ended {
			return after, nil
		}
		if err != nil {
			return nil, lost(err)
		}
	}
}

// kill kills the process group of the script, when it has started.
func (r *sshRun) kill(client *ssh.Client) {
	timer := time.NewTimer(cancelTime)
	defer timer.Stop()
	select {
	case <-r.started:
	case <-timer.C:
		return
	}
	if _, err := strconv.Atoi(r.process); err != nil {
		return
	}
	session, err := client.NewSession()
	if err != nil {
		return
	}
	defer session.Close()
	_ = session.Run(fmt.Sprintf("kill -9 -%s 2>/dev/null || kill -9 %[1]s", r.process))
}
