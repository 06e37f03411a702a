package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/qemutest/functional/console"
)

// logs are the files that a machine writes. Without a log directory all paths
// are "".
type logs struct {
	output   string // what QEMU itself writes
	monitor  string // QMP traffic
	resets   string // of the guest's CPUs, written by QEMU itself; see Config.resetLog
	consoles []console.Options
}

// openOutput creates the file for what QEMU writes. It decides the names of the
// other logs too: a machine that is launched again under the same name gets
// files with a number, and leaves the earlier ones alone.
func openOutput(c Config) (*os.File, logs, error) {
	if c.LogDir == "" {
		file, err := os.CreateTemp("", "qemu-output-")
		if err != nil {
			return nil, logs{}, fmt.Errorf("machine: making a temporary file for QEMU's output: %w", err)
		}
		_ = os.Remove(file.Name())
		return file, newLogs(c, ""), nil
	}
	for launch := 1; ; launch++ {
		suffix := ""
		if launch > 1 {
			suffix = "-" + strconv.Itoa(launch)
		}
		l := newLogs(c, suffix)
		// Appending, because a wrapper and QEMU may both write to it.
		file, err := os.OpenFile(l.output, os.O_CREATE|os.O_EXCL|os.O_RDWR|os.O_APPEND, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, logs{}, fmt.Errorf("machine: making the log of QEMU's output: %w", err)
		}
		return file, l, nil
	}
}

// newLogs names the logs of a launch.
func newLogs(c Config, suffix string) logs {
	path := func(name string) string {
		if c.LogDir == "" {
			return ""
		}
		return filepath.Join(c.LogDir, name+suffix+".log")
	}
	prefix, label := "", ""
	if c.Name != defaultName {
		prefix, label = c.Name+"-", c.Name+" "
	}
	l := logs{output: path(c.Name), monitor: path(prefix + "qmp"), resets: c.resetLog(path(prefix + "cpu-reset"))}
	for i, port := range c.Consoles {
		number := ""
		if i > 0 {
			number = strconv.Itoa(port.Index)
		}
		options := port.Options
		if options.Name == "" {
			options.Name = label + "console " + strconv.Itoa(port.Index)
		}
		if options.LogPath == "" {
			options.LogPath = path(prefix + "console" + number)
		}
		if options.TimedLogPath == "" {
			options.TimedLogPath = path(prefix + "console" + number + "-timed")
		}
		l.consoles = append(l.consoles, options)
	}
	return l
}

// openMonitor creates the log of QMP traffic. It returns nil when there is no
// log directory.
func (l logs) openMonitor() (*os.File, error) {
	if l.monitor == "" {
		return nil, nil
	}
	file, err := os.OpenFile(l.monitor, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("machine: making the log of QMP traffic: %w", err)
	}
	return file, nil
}

// paths lists the files, the most telling first.
func (l logs) paths(c Config) []string {
	var paths []string
	add := func(path string) {
		if path != "" {
			paths = append(paths, path)
		}
	}
	for _, options := range l.consoles {
		add(options.LogPath)
		add(options.TimedLogPath)
	}
	add(l.output)
	if !c.NoMonitor {
		add(l.monitor)
	}
	add(l.resets)
	return paths
}
