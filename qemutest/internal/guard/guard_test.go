package guard

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// soon is how long the watcher may take to tidy up. It needs milliseconds.
const soon = 5 * time.Second

// TestMain turns this binary into the process that the guard watches when a
// test starts it as such.
func TestMain(m *testing.M) {
	if scene := os.Getenv("GUARD_TEST_SCENE"); scene != "" {
		scenes[scene](os.Getenv("GUARD_TEST_DIR"))
		// The test ends this process, unless it has lost interest.
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// scenes are what a watched process does before it is killed. They say "ready"
// when it may be.
var scenes = map[string]func(dir string){
	"processes": func(string) {
		// A command, and a wrapper that leaves the work to others.
		for _, script := range []string{"exec sleep 1000", "sleep 1000 & sleep 1000 & wait"} {
			cmd := exec.Command("/bin/sh", "-c", script)
			cmd.ExtraFiles = []*os.File{os.NewFile(3, "alive")}
			_, err := Start(cmd)
			check(err)
		}
		fmt.Println("ready")
	},
	// A daemon, and what a wrapper had started when the process was killed
	// before it told the shell of the group.
	"unknown groups": func(string) {
		cmd := exec.Command("/bin/sh", "-c", "setsid sleep 1000 & setsid sleep 1000 & echo started; wait")
		cmd.ExtraFiles = []*os.File{os.NewFile(3, "alive")}
		output, err := cmd.StdoutPipe()
		check(err)
		_, err = Start(cmd)
		check(err)
		_, err = output.Read(make([]byte, 1))
		check(err)
		fmt.Println("ready")
	},
	"directories": func(dir string) {
		for _, name := range nastyNames {
			path := filepath.Join(dir, name)
			check(os.MkdirAll(filepath.Join(path, "sub"), 0o755))
			check(os.WriteFile(filepath.Join(path, "sub", "file"), nil, 0o444))
			check(os.Chmod(filepath.Join(path, "sub"), 0o555))
			_, err := Dir(path)
			check(err)
		}
		kept := filepath.Join(dir, "released")
		check(os.Mkdir(kept, 0o755))
		release, err := Dir(kept)
		check(err)
		release()
		release() // a second time does nothing
		fmt.Println("ready")
	},
	"replacement": func(dir string) {
		release, err := Dir(filepath.Join(dir, "released"))
		check(err)
		_, err = Dir(filepath.Join(dir, "first"))
		check(err)
		check(syscall.Kill(watcher.pid, syscall.SIGKILL))
		for watcher.alive() {
			time.Sleep(time.Millisecond)
		}
		release()
		_, err = Dir(filepath.Join(dir, "second"))
		check(err)
		fmt.Println("ready")
	},
	"unfinished": func(dir string) {
		_, err := Dir(filepath.Join(dir, "first"))
		check(err)
		_, err = watcher.pipe.WriteString("+d 99 " + dir) // the rest of the path never comes
		check(err)
		fmt.Println("ready")
	},
}

// nastyNames are directory names that a shell could take for something else.
var nastyNames = []string{
	"plain", "two words", " ", "-rf", "*", "$HOME", "a'b\"c", `back\slash\n`, "new\nline", "end\n",
	"$(touch evil)", "`touch evil`", ";", "~", "\x01\xff",
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// alive reports whether the shell reads its pipe.
func (s *shell) alive() bool {
	_, err := s.pipe.WriteString("\n")
	return err == nil
}

// watched starts a scene and returns a function that kills its process without
// warning. All processes of the scene hold the writing end of alive.
func watched(t *testing.T, scene, dir string) (kill func(), alive *os.File) {
	t.Helper()
	alive, held, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = alive.Close() })
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "GUARD_TEST_SCENE="+scene, "GUARD_TEST_DIR="+dir)
	cmd.ExtraFiles = []*os.File{held}
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = stdin.Close() })
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	require.NoError(t, held.Close())
	kill = func() {
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
	}
	said := make([]byte, 1024)
	n, err := stdout.Read(said)
	require.NoError(t, err)
	require.Equal(t, "ready", strings.TrimSpace(string(said[:n])))
	return kill, alive
}

func TestProcessesDieWithTheirParent(t *testing.T) {
	t.Parallel()
	kill, alive := watched(t, "processes", "")
	require.NoError(t, alive.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := alive.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded, "a process ended before its parent")

	kill()
	require.NoError(t, alive.SetReadDeadline(time.Now().Add(soon)))
	_, err = alive.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF, "a process outlives its parent")
}

func TestProcessesOutsideTheirGroupDieToo(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	kill, alive := watched(t, "unknown groups", "")
	kill()
	require.NoError(t, alive.SetReadDeadline(time.Now().Add(soon)))
	_, err := alive.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF, "a process that left its group outlives its parent")
}

func TestDirectoriesGoWithTheirProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kill, _ := watched(t, "directories", dir)
	assert.Len(t, list(t, dir), len(nastyNames)+1)
	kill()
	require.Eventually(t, func() bool { return len(list(t, dir)) <= 1 }, soon, time.Millisecond)
	assert.Equal(t, []string{"released"}, list(t, dir))
}

func TestWatcherThatDiedIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"first", "second", "released"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o755))
	}
	kill, _ := watched(t, "replacement", dir)
	kill()
	require.Eventually(t, func() bool { return len(list(t, dir)) <= 1 }, soon, time.Millisecond)
	assert.Equal(t, []string{"released"}, list(t, dir))
}

func TestHalfALineIsIgnored(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "first"), 0o755))
	kill, _ := watched(t, "unfinished", dir)
	kill()
	require.Eventually(t, func() bool { return len(list(t, dir)) == 0 }, soon, time.Millisecond)
	assert.DirExists(t, dir)
}

func TestDirRefusesTheRoot(t *testing.T) {
	t.Parallel()
	_, err := Dir("/tmp/..")
	assert.ErrorContains(t, err, "expected a directory of a test, got /")
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}
