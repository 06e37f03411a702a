package gotest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The program qemu-exec as go test runs it: the status of a binary that fails is
// kept, and the flags are those of the machine.
func TestProgramOfGoTest(t *testing.T) {
	t.Parallel()
	requireMachine(t)
	dir := t.TempDir()
	program := filepath.Join(dir, "qemu-exec")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "github.com/qemutest/functional/cmd/qemu-exec").CombinedOutput()
	require.NoError(t, err, "%s", out)
	module := t.TempDir()
	require.NoError(t, os.CopyFS(module, os.DirFS("testdata/module")))

	// go test does not tell the status of a binary with output.
	script, status := filepath.Join(dir, "exec"), filepath.Join(dir, "status")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\n"+
		program+" -target x86_64 -machine pc -cpu Nehalem -m 300 \"$@\"\necho $? >"+status+"\nexit $(cat "+status+")\n"), 0o755))

	cmd := exec.CommandContext(t.Context(), "go", "test", "-v", "-timeout", "5m", "-run", "TestFails|TestHardware",
		"-exec", script, ".")
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOFLAGS=")
	out, err = cmd.CombinedOutput()
	text := string(out)
	require.Error(t, err, text)
	assert.Contains(t, text, "--- FAIL: TestFails")
	assert.Contains(t, text, "--- PASS: TestHardware")
	got, err := os.ReadFile(status)
	require.NoError(t, err)
	assert.Equal(t, "1\n", string(got))
	assert.Regexp(t, `(?m)^model name\t: .*Nehalem`, text)
	memory := regexp.MustCompile(`(?m)^MemTotal: +(\d+) kB$`).FindStringSubmatch(text)
	require.NotNil(t, memory, text)
	kib, err := strconv.Atoi(memory[1])
	require.NoError(t, err)
	assert.InDelta(t, 250, kib>>10, 50, "MiB that the kernel leaves of 300")
}
