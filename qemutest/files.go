package qemutest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest/internal/emulator"
	"github.com/qemutest/functional/qemutest/internal/guard"
	"github.com/qemutest/functional/qemutest/internal/module"
)

// Scratch returns a path in the test's scratch directory, which is made at the
// first call and removed when the test ends, however it ends. What a machine of a
// failed test was given stays, up to 256 MiB, so that repro.sh finds it; with
// QEMU_TEST_KEEP_SCRATCH set all of it does, in the directory of the logs.
func (q *Test) Scratch(elem ...string) string {
	q.t.Helper()
	dir, err := q.scratch()
	if err != nil {
		q.t.Fatalf("making the scratch directory: %v", err)
	}
	return filepath.Join(dir, filepath.Join(elem...))
}

// Log returns a path in the directory of the test's logs, which stay after the
// test.
func (q *Test) Log(elem ...string) string {
	return filepath.Join(q.logDir, filepath.Join(elem...))
}

// Data returns the absolute path of a file below testdata in the directory of
// the test's package. It fails the test if there is no such file.
func (q *Test) Data(elem ...string) string {
	q.t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", filepath.Join(elem...)))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		q.t.Fatalf("test data: %v", err)
	}
	return path
}

// Build returns the path of a file in the QEMU build tree that
// QEMU_TEST_BUILD_DIR names. It skips the test if there is no build tree or no
// such file in it.
func (q *Test) Build(elem ...string) string {
	q.t.Helper()
	dir, err := emulator.BuildDir()
	if err != nil {
		q.t.Fatal(err)
	}
	name := filepath.Join(elem...)
	if dir == "" {
		q.Skip(KindEnv, "needs %s of a QEMU build tree: set QEMU_TEST_BUILD_DIR", name)
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		q.Skip(KindFeature, "not in the QEMU build tree: %v", err)
	}
	return path
}

// SocketDir returns a directory for UNIX sockets, which is removed when the
// test ends, however it ends. Its path is short, because the path of a UNIX
// socket may not be longer than about 100 bytes.
func (q *Test) SocketDir() string {
	q.t.Helper()
	dir, err := q.socketDir()
	if err != nil {
		q.t.Fatalf("making a directory for sockets: %v", err)
	}
	return dir
}

// scratchName is the name of the scratch directory in that of the logs.
const scratchName = "scratch"

// workDirs makes the directories that only some tests need.
type workDirs struct {
	scratch, socketDir func() (string, error)

	keep []string // files of the scratch directory that stay

	mu      sync.Mutex
	removes []func()
}

// prepare sets up the making of the directories at their first use.
func (w *workDirs) prepare(logDir string) {
	w.scratch = sync.OnceValues(func() (string, error) {
		dir := filepath.Join(logDir, scratchName)
		if _, keep := os.LookupEnv("QEMU_TEST_KEEP_SCRATCH"); keep {
			return dir, os.Mkdir(dir, 0o755)
		}
		return dir, w.mkdir(dir, 0o755)
	})
	w.socketDir = sync.OnceValues(func() (string, error) {
		dir := filepath.Join(socketRoot(), "qemu-test-"+rand.Text()[:10])
		return dir, w.mkdir(dir, 0o700)
	})
}

// maxSocketRoot is how long the path may be in which SocketDir makes directories.
// Of the 103 bytes that the path of a UNIX socket may have on macOS (107 on
// Linux), it leaves 20 to the name of the socket.
const maxSocketRoot = 60

// socketRoot returns the directory for temporary files, or /tmp if its path is
// too long for sockets, as in the workspace of a build server.
func socketRoot() string {
	if dir := os.TempDir(); len(dir) <= maxSocketRoot {
		return dir
	}
	return "/tmp"
}

// mkdir makes a directory that is removed at the end of the test. It is guarded
// before it exists, so that no kill can come in between.
func (w *workDirs) mkdir(dir string, mode os.FileMode) error {
	release, err := guard.Dir(dir)
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, mode); err != nil {
		release()
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.removes = append(w.removes, func() {
		removeExcept(dir, w.keep)
		release()
	})
	return nil
}

func (w *workDirs) remove() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, remove := range w.removes {
		remove()
	}
	w.removes = nil
}

// openLogDir makes and empties the directory of the test's logs and holds a
// lock on it, so that two runs of the same test at the same time, from one
// process or several, get directories of their own.
func openLogDir(t *testing.T, target string) (path string, lock *os.File, err error) {
	if artifacts() {
		path = t.ArtifactDir()
	} else {
		root, err := logRoot()
		if err != nil {
			return "", nil, err
		}
		path = filepath.Join(root, target, localPath(t.Name()))
	}
	for n := nextRun(path); ; n++ {
		dir := path
		if n > 1 {
			dir += ".repeat-" + strconv.Itoa(n)
		}
		lock, err := lockDir(dir)
		if err == nil {
			return dir, lock, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return "", nil, err
		}
	}
}

// runs counts how often this process ran each test, by the path of its logs:
// with -count, every run keeps its own.
var runs struct {
	sync.Mutex
	of map[string]int
}

func nextRun(path string) int {
	runs.Lock()
	defer runs.Unlock()
	if runs.of == nil {
		runs.of = make(map[string]int)
	}
	runs.of[path]++
	return runs.of[path]
}

// lockDir makes a directory, takes the lock on it, and removes what an earlier
// run left in it. The kernel gives the lock back when this process is gone.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if err == nil {
			err = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// logRoot returns QEMU_TEST_LOG_DIR or build/functional, below the root of the
// module if it is not absolute.
func logRoot() (string, error) {
	dir := os.Getenv("QEMU_TEST_LOG_DIR")
	if dir == "" {
		dir = filepath.Join("build", "functional")
	}
	return module.Path(dir)
}

// localPath turns the name of a test into a relative path that cannot lead
// out of the directory it is joined to, and that can be part of QEMU's options.
func localPath(testName string) string {
	elems := strings.Split(usableName(testName), "/")
	for i, elem := range elems {
		if elem == "" || elem == "." || elem == ".." {
			elems[i] = "_" + elem
		}
	}
	return filepath.Join(elems...)
}

// usableName replaces what means something in QEMU's options: a comma ends the
// value of one, and a colon the prefix of a file name such as "fat:rw:".
func usableName(name string) string {
	return strings.NewReplacer(",", "_", ":", "_").Replace(name)
}

// commaIn explains a failed launch by a comma in the path of a directory that a
// word of the command line has, "" if there is none. Names in there have no
// comma: see usableName.
func (q *Test) commaIn(args []string) string {
	for _, dir := range []struct{ path, remedy string }{
		{q.logDir, "set QEMU_TEST_LOG_DIR to another directory"},
		{asset.DefaultCache().Dir(), "set QEMU_TEST_CACHE_DIR to another directory"},
		{socketRoot(), "set TMPDIR to another directory"},
	} {
		named := func(arg string) bool { return strings.Contains(arg, "="+dir.path) }
		if strings.Contains(dir.path, ",") && slices.ContainsFunc(args, named) {
			return fmt.Sprintf("%s has a comma, which ends the value of an option of QEMU: %s", dir.path, dir.remedy)
		}
	}
	return ""
}
