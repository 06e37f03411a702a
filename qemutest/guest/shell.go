package guest

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed shell.sh
var shellSource string

// Login is how to get a shell on a terminal that asks for a user. The zero value
// is for terminals that have a shell.
type Login struct {
	User     string // answer to "login:"
	Password string // answer to "Password:"
}

// NewShell returns the guest that has a POSIX shell on a terminal, such as a
// serial console: bash, dash, the ash of busybox. It needs cat, dd, mkfifo, cksum or
// md5sum, and base64 or od there, a directory to write to, and for
// [Command.Timeout] to end whole process groups setsid.
//
// conn is the terminal, of which nobody else reads what this one is to read, and
// to which nobody else writes meanwhile. What the kernel and others print is
// passed over. The guest owns conn; its Close leaves the login shell as it was.
func NewShell(conn io.ReadWriteCloser, login Login) *Guest {
	s := &shell{
		conn:    conn,
		login:   login,
		turn:    make(chan struct{}, 1),
		frames:  make(chan shellFrame, 64),
		changed: make(chan struct{}, 1),
		closed:  make(chan struct{}),
		present: true,
	}
	s.turn <- struct{}{}
	go s.read()
	return &Guest{driver: posix{s}}
}

// shell runs scripts by typing on a terminal.
type shell struct {
	conn   io.ReadWriteCloser
	login  Login
	frames chan shellFrame
	closed chan struct{} // closed when err is set

	mu      sync.Mutex
	screen  []byte        // the end of what was shown since something was typed
	changed chan struct{} // holds a token when screen has changed
	err     error

	turn chan struct{} // a token: who holds it may use what follows
	// connected tells that shell.sh runs in the guest, present that there is
	// a shell now, which has nothing to say.
	connected, present bool
	boot               string // identifies the start of the guest, "-" if it can't tell
	old                string // the start that was to end
	info               Info
	requests           int
	probes             int

	// What shell.sh found in the guest.
	longLines, octal bool
	sumLike          string // for [shellSum]
}

// screenSize is how much of the screen prompts are looked for in, in bytes.
const screenSize = 4 << 10

// read takes what the terminal shows until that ends. Frames that nobody waits
// for are dropped: whoever misses one asks for it again.
func (s *shell) read() {
	var scanner frameScanner
	buf := make([]byte, 32<<10)
	for {
		n, err := s.conn.Read(buf)
		scanner.scan(buf[:n], func(f shellFrame) {
			select {
			case s.frames <- f:
			default:
			}
		})
		s.show(buf[:n])
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("expected an open terminal of the guest, it was closed")
			}
			s.mu.Lock()
			s.err = err
			s.mu.Unlock()
			close(s.closed)
			return
		}
	}
}

func (s *shell) show(p []byte) {
	s.mu.Lock()
	s.screen = append(s.screen, p...)
	if len(s.screen) > 2*screenSize {
		s.screen = append(s.screen[:0], s.screen[len(s.screen)-screenSize:]...)
	}
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// typeText types, and forgets what was shown before.
func (s *shell) typeText(ctx context.Context, text string) error {
	s.mu.Lock()
	s.screen = s.screen[:0]
	s.mu.Unlock()
	written := make(chan error, 1)
	go func() {
		_, err := io.WriteString(s.conn, text)
		written <- err
	}()
	select {
	case err := <-written:
		if err != nil {
			return fmt.Errorf("typing on the guest's terminal: %w", err)
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.closed:
		return s.err
	}
}

// command types a line for shell.sh.
func (s *shell) command(ctx context.Context, words ...string) error {
	return s.typeText(ctx, strings.Join(words, " ")+"\n")
}

// take waits for the turn.
func (s *shell) take(ctx context.Context) error {
	select {
	case <-s.turn:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("expected the guest's shell to be free: %w", context.Cause(ctx))
	case <-s.closed:
		return s.err
	}
}

func (s *shell) release() { s.turn <- struct{}{} }

func (s *shell) wait(ctx context.Context) (Info, error) {
	if err := s.take(ctx); err != nil {
		return Info{}, err
	}
	defer s.release()
	if err := s.connect(ctx); err != nil {
		return Info{}, err
	}
	return s.info, nil
}

// restart implements [runner].
func (s *shell) restart() {
	<-s.turn
	s.connected, s.present, s.old = false, false, s.boot
	s.release()
}

// closeTime is how long a guest may take to leave shell.sh.
const closeTime = 10 * time.Second

// close gives the terminal back to the login shell.
func (s *shell) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	if s.take(ctx) == nil {
		if s.connected {
			_ = s.command(ctx, "quit")
			s.connected = false
			s.await(ctx, nil, func(text string) bool { return strings.Contains(text, "@X") })
		}
		s.release()
	}
	return s.conn.Close()
}

// greet takes what shell.sh says of itself and of the guest.
func (s *shell) greet(content []byte) error {
	fields := strings.Fields(string(content))
	if len(fields) != 8 {
		return fmt.Errorf("expected the shell's description of the guest, got %q", content)
	}
	uptime, _ := strconv.ParseFloat(fields[6], 64)
	s.info = Info{
		Machine: fields[4],
		Kernel:  fields[5],
		Channel: "shell",
		Uptime:  time.Duration(uptime * float64(time.Second)),
	}
	s.longLines = fields[1] == "lines"
	s.octal = fields[0] == "octal"
	s.sumLike = map[string]string{"md5sum": strings.Repeat("0", 32)}[fields[2]]
	s.boot = fields[7]
	return nil
}
