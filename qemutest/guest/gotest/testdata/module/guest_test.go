package guest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestSurroundings(t *testing.T) {
	for _, name := range []string{"testdata/.golden", "testdata/nested/go.mod", "guest.go", "/etc/hosts", "/dev/null", "/dev/shm", "/dev/pts/ptmx", "/proc/self/exe"} {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
	fmt.Println("GOARCH", runtime.GOARCH)
	fmt.Println("variable", os.Getenv("VARIABLE"))
	dir, err := os.Getwd()
	fmt.Println("directory", dir, err)
	name, err := os.Hostname()
	fmt.Println("host", name, err)
	same, err := exec.Command("hostname").Output()
	if strings.TrimSpace(string(same)) != name {
		t.Errorf("hostname printed %q, %v", same, err)
	}
	if _, err := time.LoadLocation("Europe/Berlin"); err != nil {
		t.Error(err)
	}
	if l, err := net.Listen("tcp", "localhost:0"); err != nil {
		t.Error(err)
	} else if c, err := net.Dial("tcp", l.Addr().String()); err != nil {
		t.Error(err)
	} else {
		c.Close()
	}
}

func TestOutputs(t *testing.T) {
	Larger(2, 1)
	for n := range 100 {
		fmt.Println("out", n)
		fmt.Fprintln(os.Stderr, "err", n)
	}
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), "artifact.txt"), []byte("an artifact"), 0o644); err != nil {
		t.Error(err)
	}
}

// What programs built with -cover do that a test runs.
func TestCoverageOfAProgram(t *testing.T) {
	if err := os.WriteFile(filepath.Join(os.Getenv("GOCOVERDIR"), "covcounters.program"), []byte("counters"), 0o644); err != nil {
		t.Error(err)
	}
}

func TestHardware(t *testing.T) {
	for _, name := range []string{"/proc/meminfo", "/proc/cpuinfo"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "MemTotal") || strings.HasPrefix(line, "model name") {
				fmt.Print(line)
			}
		}
	}
}

func TestFails(t *testing.T) { t.Fatal("it fails") }

func TestTakesTooLong(t *testing.T) { select {} }

func TestPanicOfTheKernel(t *testing.T) {
	os.WriteFile("/proc/sysrq-trigger", []byte("c"), 0)
	select {}
}

// The alarm of package testing does not go off in a process that is stopped.
func TestHangs(t *testing.T) { syscall.Kill(os.Getpid(), syscall.SIGSTOP) }

func TestKilled(t *testing.T) { syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} }

func FuzzLarger(f *testing.F) {
	f.Fuzz(func(t *testing.T, a int) {
		if Larger(a, 100) > 100 {
			t.Fatal("found")
		}
	})
}
