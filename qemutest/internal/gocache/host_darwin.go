package gocache

import (
	"os"
	"path/filepath"
	"time"
)

// alwaysNew returns the path of a file that the go command finds too new to rely
// on: it does so with files that changed within 2 s, or will in the future.
func alwaysNew() (string, error) {
	path := filepath.Join(os.TempDir(), "qemutest-always-new")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return "", err
	}
	future := time.Now().AddDate(100, 0, 0)
	if err := os.Chtimes(path, future, future); err != nil {
		_ = file.Close()
		return "", err
	}
	return path, file.Close()
}
