//go:build linux

package agent

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/qemutest/functional/qemutest/guest/internal/wire"
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
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode.Perm())
	switch {
	case err == nil:
		err = file.Chmod(mode.Perm()) // whatever the umask is
	case errors.Is(err, fs.ErrExist):
		file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode.Perm()) // a link to nothing, too
	}
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
