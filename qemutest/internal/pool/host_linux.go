package pool

import (
	"bufio"
	"bytes"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"
)

// totalMemory returns the memory in bytes that this process can use at most:
// the host's, or less if its control group is limited. 0 means unknown.
func totalMemory() int64 {
	total := meminfo("MemTotal:")
	for _, text := range cgroupValues("memory.max") {
		if limit, err := strconv.ParseInt(text, 10, 64); err == nil && (total == 0 || limit < total) {
			total = limit
		}
	}
	return total
}

// availableMemory returns what can be used now without swapping, in bytes.
// 0 means unknown.
func availableMemory() int64 { return meminfo("MemAvailable:") }

// usableCores is runtime.NumCPU, or less if the control group has a quota.
// It is not GOMAXPROCS, which "go test -cpu" changes at will.
func usableCores() float64 {
	cores := float64(runtime.NumCPU())
	for _, text := range cgroupValues("cpu.max") { // "max 100000" or "<quota> <period>", in µs
		var quota, period float64
		if fields := strings.Fields(text); len(fields) == 2 {
			quota, _ = strconv.ParseFloat(fields[0], 64)
			period, _ = strconv.ParseFloat(fields[1], 64)
		}
		if quota > 0 && period > 0 {
			cores = min(cores, quota/period)
		}
	}
	return cores
}

// meminfo returns a line of /proc/meminfo in bytes, 0 if there is none.
func meminfo(key string) int64 {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(data, []byte(key))
	line, _, _ := bytes.Cut(rest, []byte(" kB"))
	kib, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}

// cgroupValues returns the content of the named file for the control group of
// this process and all those above it; each of them limits. Only version 2
// of control groups is asked, where they lie under /sys/fs/cgroup.
func cgroupValues(name string) []string {
	f, err := os.Open("/proc/self/cgroup")
	if err != nil {
		return nil
	}
	defer f.Close()

	var values []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		group, ok := strings.CutPrefix(lines.Text(), "0::/")
		if !ok {
			continue
		}
		for dir := path.Join("/sys/fs/cgroup", group); len(dir) >= len("/sys/fs/cgroup"); dir = path.Dir(dir) {
			if data, err := os.ReadFile(path.Join(dir, name)); err == nil {
				values = append(values, strings.TrimSpace(string(data)))
			}
		}
	}
	return values
}

// sharedDirs returns directories for state that all processes of a user share.
// The first, unlike the second, does not depend on how the user logged in. Both
// are in memory: in /tmp, on ext4, a FIFO costs five times as much, and most
// of the time of Acquire is spent there.
func sharedDirs() []string {
	return []string{"/dev/shm", os.Getenv("XDG_RUNTIME_DIR")}
}

// prepareReader makes fd, the read end of a FIFO, fit for a blocking read that
// Close ends. On Linux a descriptor in non-blocking mode is left to Go's poller.
func prepareReader(int) error { return nil }
