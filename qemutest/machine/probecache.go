package machine

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// cacheFormat is the version of the files in the cache. A change to
// Capabilities or to what Probe asks has to change it.
const cacheFormat = 1

// cacheAge is how long an answer stays in the cache directory.
const cacheAge = 90 * 24 * time.Hour

// probed holds the answers that this process has.
var probed = probeCache{ask: ask, dir: os.UserCacheDir}

type probeCache struct {
	ask func(ctx context.Context, binary string) (*Capabilities, error)
	dir func() (string, error) // of the user's caches

	mu       sync.Mutex
	binaries map[string]*probedBinary
}

// probedBinary is the answer of one emulator.
type probedBinary struct {
	turn   chan struct{} // holds one token: the right to use the rest
	stamp  stamp
	answer *Capabilities
}

// stamp tells one state of an emulator from others. Device and inode are part
// of it because another QEMU can be mounted over the path.
type stamp struct {
	Format int
	Files  []fileStamp
}

type fileStamp struct {
	Path          string
	Device, Inode uint64
	Size          int64
	Modified      time.Time
}

// get returns the capabilities of an emulator from memory, from the cache
// directory, or from the emulator.
func (p *probeCache) get(ctx context.Context, binary string) (*Capabilities, error) {
	path, err := filepath.Abs(binary)
	if err != nil {
		return nil, fmt.Errorf("machine: %w", err)
	}
	b := p.binary(path)
	select {
	case <-b.turn:
		defer func() { b.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting until %s told what it can do: %w", path, context.Cause(ctx))
	}
	now, err := newStamp(path)
	if err != nil {
		return nil, fmt.Errorf("machine: expected an emulator: %w", err)
	}
	if b.answer != nil && reflect.DeepEqual(b.stamp, now) {
		return b.answer, nil
	}
	file := p.file(now)
	answer := readAnswer(file, now)
	if answer == nil {
		if answer, err = p.ask(ctx, path); err != nil {
			return nil, err
		}
		writeAnswer(file, now, answer)
	}
	b.stamp, b.answer = now, answer
	return answer, nil
}

func (p *probeCache) binary(path string) *probedBinary {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.binaries == nil {
		p.binaries = map[string]*probedBinary{}
	}
	b := p.binaries[path]
	if b == nil {
		b = &probedBinary{turn: make(chan struct{}, 1)}
		b.turn <- struct{}{}
		p.binaries[path] = b
	}
	return b
}

// moduleDirs returns the directories beside an emulator that it may load
// devices from, by the layouts of distributions. Which one it was built for
// cannot be asked; all of them count.
func moduleDirs(binary string) []string {
	if real, err := filepath.EvalSymlinks(binary); err == nil {
		binary = real
	}
	prefix := filepath.Dir(filepath.Dir(binary))
	dirs := []string{
		filepath.Join(prefix, "lib", "qemu"),
		filepath.Join(prefix, "lib64", "qemu"),
		filepath.Join(prefix, "lib", multiarch[runtime.GOARCH], "qemu"), // Debian
	}
	if dir := os.Getenv("QEMU_MODULE_DIR"); dir != "" {
		dirs = append(dirs, dir)
	}
	return dirs
}

// multiarch are the names of library directories in Debian and its kin.
var multiarch = map[string]string{
	"386":     "i386-linux-gnu",
	"amd64":   "x86_64-linux-gnu",
	"arm":     "arm-linux-gnueabihf",
	"arm64":   "aarch64-linux-gnu",
	"loong64": "loongarch64-linux-gnu",
	"ppc64le": "powerpc64le-linux-gnu",
	"riscv64": "riscv64-linux-gnu",
	"s390x":   "s390x-linux-gnu",
}

// newStamp describes the present state of an emulator and its modules. Adding,
// removing or replacing a module changes the time of its directory.
func newStamp(binary string) (stamp, error) {
	s := stamp{Format: cacheFormat}
	for i, path := range append([]string{binary}, moduleDirs(binary)...) {
		info, err := os.Stat(path)
		if err != nil && i == 0 {
			return stamp{}, err
		}
		if err != nil {
			continue
		}
		f := fileStamp{Path: path, Size: info.Size(), Modified: info.ModTime().UTC()}
		if sys, ok := info.Sys().(*syscall.Stat_t); ok {
			f.Device, f.Inode = uint64(sys.Dev), sys.Ino
		}
		s.Files = append(s.Files, f)
	}
	return s, nil
}

// cached is the content of a file in the cache directory.
type cached struct {
	Stamp  stamp
	Answer *Capabilities
}

// file returns the path of the file for a stamp, "" if the user has no cache
// directory.
func (p *probeCache) file(s stamp) string {
	dir, err := p.dir()
	if err != nil {
		return ""
	}
	text, err := json.Marshal(s)
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "qemutest", fmt.Sprintf("capabilities-%x.json", sha256.Sum256(text)))
}

// readAnswer returns nil unless the file is whole and about this stamp: the
// emulator is asked again then.
func readAnswer(file string, s stamp) *Capabilities {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var c cached
	if json.Unmarshal(text, &c) != nil || !reflect.DeepEqual(c.Stamp, s) {
		return nil
	}
	return c.Answer
}

// writeAnswer keeps an answer for other processes. Failing to is no error: they
// ask themselves.
func writeAnswer(file string, s stamp, answer *Capabilities) {
	text, err := json.Marshal(cached{s, answer})
	if err != nil || file == "" {
		return
	}
	dir := filepath.Dir(file)
	if os.MkdirAll(dir, 0o755) != nil {
		return
	}
	forget(dir)
	temp, err := os.CreateTemp(dir, "capabilities-*.tmp")
	if err != nil {
		return
	}
	_, err = temp.Write(text)
	if temp.Close() != nil || err != nil || os.Rename(temp.Name(), file) != nil {
		_ = os.Remove(temp.Name())
	}
}

// forget removes old answers, which emulators that are gone leave behind.
func forget(dir string) {
	files, _ := filepath.Glob(filepath.Join(dir, "capabilities-*"))
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && time.Since(info.ModTime()) > cacheAge {
			_ = os.Remove(file)
		}
	}
}
