//go:build linux

package agent

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/qemutest/functional/qemutest/guest/internal/wire"
	"golang.org/x/sys/unix"
)

// copySize is the size of reads and writes of files.
const copySize = 128 << 10

func readFile(w io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	// Neither side takes a short cut: the writer is a stream of messages.
	_, err = io.CopyBuffer(w, struct{ io.Reader }{file}, make([]byte, copySize))
	return err
}

// writeFile writes a file, or to a device. A file that is there keeps its mode.
func writeFile(r io.Reader, path string, mode fs.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode.Perm())
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{file}, r, make([]byte, copySize))
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}

func stat(path string) (wire.Response, error) {
	info, err := os.Stat(path)
	if err != nil {
		return wire.Response{}, err
	}
	return wire.Response{Files: []wire.File{describe(info)}}, nil
}

// list describes what is in a directory, without following links.
func list(path string) (wire.Response, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return wire.Response{}, err
	}
	var files []wire.File
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			continue // gone meanwhile, as processes in /proc
		}
		files = append(files, describe(info))
	}
	return wire.Response{Files: files}, nil
}

func describe(info fs.FileInfo) wire.File {
	return wire.File{Name: info.Name(), Size: info.Size(), Mode: info.Mode(), ModTime: info.ModTime()}
}

// mountFlags are the options that are not for the file system.
var mountFlags = map[string]uintptr{
	"bind":    unix.MS_BIND,
	"nodev":   unix.MS_NODEV,
	"noexec":  unix.MS_NOEXEC,
	"nosuid":  unix.MS_NOSUID,
	"rbind":   unix.MS_BIND | unix.MS_REC,
	"remount": unix.MS_REMOUNT,
	"ro":      unix.MS_RDONLY,
	"rw":      0,
	"sync":    unix.MS_SYNCHRONOUS,
}

// mount mounts a file system, with options as mount(8) takes them, at a
// directory that it makes if need be.
func mount(r *wire.MountRequest) error {
	if r == nil {
		return fmt.Errorf("expected what to mount, it is missing")
	}
	var flags uintptr
	var rest []string
	for option := range strings.SplitSeq(r.Options, ",") {
		if flag, found := mountFlags[option]; found {
			flags |= flag
		} else if option != "" {
			rest = append(rest, option)
		}
	}
	if err := os.MkdirAll(r.Target, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(r.Source, r.Target, r.Type, flags, strings.Join(rest, ",")); err != nil {
		return &fs.PathError{Op: "mount", Path: r.Target, Err: err}
	}
	return nil
}
