package guard

import (
	"crypto/rand"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

//go:embed guard.sh
var script string

// markEnv is an environment variable that each command of [Start] gets, with a
// value of this process alone. Where there is a /proc, the shell finds by it
// what is in no group that it knows: processes that left theirs, and those of a
// wrapper that was started in the instant before this process was killed.
const markEnv = "QEMUTEST_GUARD"

var mark = markEnv + "=" + rand.Text()

// watcher is the shell of this process and what it has in its charge.
var watcher shell

type shell struct {
	mu      sync.Mutex
	pipe    *os.File // nil until something is registered
	pid     int      // of the shell
	lastKey int
	held    map[string]string // the line that releases a thing, by the one that registered it
}

// watchGroup hands a process group to the watcher, which kills it when this
// process is gone. release takes it back, and has to be called while the number
// cannot belong to others yet.
func watchGroup(pgid int) (release func(), err error) {
	return watcher.register(fmt.Sprintf("+g %d\n", pgid), fmt.Sprintf("-g %d\n", pgid))
}

// Dir hands a directory, or any other path, to the watcher, which removes it
// with everything in it when this process is gone. release takes it back; it
// may be called more than once. The path need not exist yet: what is handed over
// before it is made cannot be left behind in between.
//
// The error says that the watcher could not be started, or that the path is
// one that nobody can want to have removed.
func Dir(path string) (release func(), err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("guarding a directory: %w", err)
	}
	if path == string(filepath.Separator) {
		return nil, fmt.Errorf("guarding a directory: expected a directory of a test, got %s", path)
	}
	key := watcher.newKey()
	return watcher.register(
		fmt.Sprintf("+d %d %s\n", key, escape.Replace(path)),
		fmt.Sprintf("-d %d\n", key))
}

// escape writes a path in one line, in the form that printf %b reads.
var escape = strings.NewReplacer(`\`, `\\`, "\n", `\n`)

func (s *shell) newKey() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastKey++
	return s.lastKey
}

func (s *shell) register(line, undo string) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = map[string]string{}
	}
	s.held[line] = undo
	if err := s.write(line); err != nil {
		delete(s.held, line)
		return nil, err
	}
	return sync.OnceFunc(func() { s.release(line) }), nil
}

func (s *shell) release(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	undo := s.held[line]
	delete(s.held, line)
	// A watcher that died is replaced at the next registration, which then
	// hears only of what is still held. Nothing else can be done here.
	_, _ = s.pipe.WriteString(undo)
}

// write sends a line to the watcher. It starts one first if there is none, and
// replaces one that somebody killed. The caller holds s.mu.
func (s *shell) write(line string) error {
	if s.pipe != nil {
		if _, err := s.pipe.WriteString(line); err == nil {
			return nil
		}
		_ = s.pipe.Close()
		s.pipe = nil
	}
	if err := s.start(); err != nil {
		return fmt.Errorf("starting the shell that ends machines when this process dies: %w", err)
	}
	for held := range s.held { // includes line
		if _, err := s.pipe.WriteString(held); err != nil {
			return fmt.Errorf("writing to the shell that ends machines when this process dies: %w", err)
		}
	}
	return nil
}

// start starts the shell. It inherits nothing but its end of the pipe: a
// descriptor of this process's output would keep "go test" waiting for it.
func (s *shell) start() error {
	input, pipe, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = input.Close() }()
	cmd := exec.Command("/bin/sh", "-c", script, "qemutest-guard", mark)
	cmd.Dir = "/"
	// File names are bytes. And where this process is itself one that another
	// one guards, its shell has work to do when both end.
	cmd.Env = append(os.Environ(), "LC_ALL=C", markEnv+"=")
	cmd.Stdin = input
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		_ = pipe.Close()
		return err
	}
	go func() { _ = cmd.Wait() }() // so that one that was killed is no zombie
	s.pipe, s.pid = pipe, cmd.Process.Pid
	return nil
}
