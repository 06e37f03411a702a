package hang

import (
	"context"
	"encoding/binary"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// readProcess asks ps what the process has done so far: macOS tells about the
// threads of another process only to who may debug it.
func readProcess(ctx context.Context, pid int) (Process, error) {
	output, err := exec.CommandContext(ctx, "ps", "-o", "state=,time=,etime=,comm=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return Process{}, fmt.Errorf("asking ps about process %d: %w", pid, err)
	}
	fields := strings.Fields(string(output))
	if len(fields) < 4 {
		return Process{}, fmt.Errorf("expected state, time, elapsed time and command from ps, got %q", output)
	}
	ran, err := parseClock(fields[1])
	if err != nil {
		return Process{}, err
	}
	age, err := parseClock(fields[2])
	if err != nil {
		return Process{}, err
	}
	return Process{Age: age, Threads: []Thread{{
		ID: pid, Name: fields[3], State: fields[0][:1], TotalRan: ran,
	}}}, nil
}

// parseClock reads a time as ps prints it: [[days-]hours:]minutes:seconds, with
// a fraction perhaps.
func parseClock(text string) (time.Duration, error) {
	var seconds float64
	days, clock, found := strings.Cut(text, "-")
	if !found {
		days, clock = "0", text
	}
	for _, part := range strings.Split(clock, ":") {
		n, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return 0, fmt.Errorf("expected a time from ps, got %q", text)
		}
		seconds = seconds*60 + n
	}
	n, err := strconv.Atoi(days)
	if err != nil {
		return 0, fmt.Errorf("expected a time from ps, got %q", text)
	}
	return time.Duration(n)*24*time.Hour + time.Duration(seconds*float64(time.Second)), nil
}

// loadAverage returns the load of the last minute, 0 if it is not known.
func loadAverage() float64 {
	// struct loadavg of sys/sysctl.h: three numbers, and their scale.
	data, err := unix.SysctlRaw("vm.loadavg")
	if err != nil || len(data) < 24 {
		return 0
	}
	load, scale := binary.NativeEndian.Uint32(data), binary.NativeEndian.Uint64(data[16:])
	if scale == 0 {
		return 0
	}
	return float64(load) / float64(scale)
}
