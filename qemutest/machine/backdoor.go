package machine

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/qemutest/functional/qemutest/internal/guard"
)

// backdoors are the paths of second monitors that machines of this process use.
var backdoors struct {
	sync.Mutex
	used map[string]bool
}

// claimBackdoor returns the path of the second monitor of a machine, "" if the
// user wants none. The machine named "default" gets the path that
// QEMU_TEST_QMP_BACKDOOR says, others get their name added; a path that another
// machine listens on gets a number.
func claimBackdoor(name string) (path string, release func()) {
	base := os.Getenv("QEMU_TEST_QMP_BACKDOOR")
	if base == "" {
		return "", nil
	}
	if absolute, err := filepath.Abs(base); err == nil {
		base = absolute // QEMU may have another working directory
	}
	if name != defaultName {
		base += "-" + name
	}
	backdoors.Lock()
	defer backdoors.Unlock()
	path = base
	for n := 2; backdoors.used[path] || listening(path); n++ {
		path = base + "-" + strconv.Itoa(n)
	}
	if backdoors.used == nil {
		backdoors.used = map[string]bool{}
	}
	backdoors.used[path] = true
	unguard, err := guard.Dir(path)
	if err != nil {
		unguard = func() {} // a stale socket file is all that can be left
	}
	return path, func() {
		_ = os.Remove(path) // QEMU removes it only when it ends regularly
		unguard()
		backdoors.Lock()
		defer backdoors.Unlock()
		delete(backdoors.used, path)
	}
}

// listening reports whether some process, of another test perhaps, serves a
// socket.
func listening(path string) bool {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
