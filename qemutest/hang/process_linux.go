package hang

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of times in /proc/<pid>/stat: USER_HZ is 100 in every
// kernel that Go runs on.
const clockTick = time.Second / 100

// readProcess reads what the threads of QEMU have done so far from /proc. See
// proc(5) and, for schedstat, Documentation/scheduler/sched-stats.rst of Linux.
func readProcess(_ context.Context, pid int) (Process, error) {
	dir := filepath.Join("/proc", strconv.Itoa(innermost(pid)))
	entries, err := os.ReadDir(filepath.Join(dir, "task"))
	if err != nil {
		return Process{}, fmt.Errorf("reading the threads of process %d: %w", pid, err)
	}
	var p Process
	for _, entry := range entries {
		id, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		t, started, err := readThread(filepath.Join(dir, "task", entry.Name()))
		if err != nil {
			continue // it has ended meanwhile
		}
		t.ID = id
		p.Threads = append(p.Threads, t)
		if uptime, err := readUptime(); err == nil {
			p.Age = max(p.Age, uptime-started)
		}
	}
	if len(p.Threads) == 0 {
		return Process{}, errors.New("the process has no threads any more")
	}
	slices.SortFunc(p.Threads, func(a, b Thread) int { return cmp.Compare(a.ID, b.ID) })
	return p, nil
}

// innermost returns the process that a chain of wrappers leads to, each of
// which has one child: strace, gdbserver, a shell. QEMU has none.
func innermost(pid int) int {
	for range 8 {
		id := strconv.Itoa(pid)
		// Kernels without CONFIG_PROC_CHILDREN have no such file.
		data, _ := os.ReadFile(filepath.Join("/proc", id, "task", id, "children"))
		children := strings.Fields(string(data))
		if len(children) != 1 {
			break
		}
		child, err := strconv.Atoi(children[0])
		if err != nil {
			break
		}
		pid = child
	}
	return pid
}

// readThread reads what a thread has done, and how long after the start of the
// host it was started.
func readThread(dir string) (t Thread, started time.Duration, err error) {
	data, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return t, 0, err
	}
	t, started, err = parseStat(string(data))
	if err != nil {
		return t, 0, err
	}
	// Precise to the nanosecond, where the kernel was built with it.
	if data, err := os.ReadFile(filepath.Join(dir, "schedstat")); err == nil {
		var ran, waited int64
		if n, _ := fmt.Sscan(string(data), &ran, &waited); n == 2 && ran > 0 {
			t.TotalRan, t.TotalWaited = time.Duration(ran), time.Duration(waited)
		}
	}
	if data, err := os.ReadFile(filepath.Join(dir, "wchan")); err == nil && string(data) != "0" {
		t.Where = string(data)
	}
	return t, started, nil
}

// parseStat reads /proc/<pid>/stat. The name, in parentheses, may contain
// anything.
func parseStat(stat string) (t Thread, started time.Duration, err error) {
	open, end := strings.IndexByte(stat, '('), strings.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return t, 0, fmt.Errorf("expected a line of /proc/<pid>/stat, got %q", stat)
	}
	// The fields from the third one, the state.
	fields := strings.Fields(stat[end+1:])
	if len(fields) < 20 {
		return t, 0, fmt.Errorf("expected at least 22 fields in /proc/<pid>/stat, got %q", stat)
	}
	t.Name, t.State = stat[open+1:end], fields[0]
	var ticks [3]int64 // utime, stime, starttime
	for i, field := range []int{14, 15, 22} {
		if ticks[i], err = strconv.ParseInt(fields[field-3], 10, 64); err != nil {
			return t, 0, fmt.Errorf("field %d of /proc/<pid>/stat: %w", field, err)
		}
	}
	t.TotalRan = time.Duration(ticks[0]+ticks[1]) * clockTick
	return t, time.Duration(ticks[2]) * clockTick, nil
}

func readUptime() (time.Duration, error) {
	data, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0, err
	}
	var seconds float64
	if _, err := fmt.Sscan(string(data), &seconds); err != nil {
		return 0, err
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// loadAverage returns the load of the last minute, 0 if it is not known.
func loadAverage() float64 {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	var load float64
	if _, err := fmt.Sscan(string(data), &load); err != nil {
		return 0
	}
	return load
}
