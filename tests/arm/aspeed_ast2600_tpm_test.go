//go:build !qemu_select || qemu_arm

package arm

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var ast2600TPM = asset.New(
	"https://github.com/legoater/qemu-aspeed-boot/raw/master/images/ast2600-evb/buildroot-2023.02-tpm/flash.img",
	"a46009ae8a5403a0826d607215e731a8c68d27c14c41e55331706b8f9c7bd997")

// The TPM on an I²C bus holds what U-Boot measured.
func TestArmAspeedAST2600TPM(t *testing.T) {
	q := qemutest.New(t, "arm",
		qemutest.Machine("ast2600-evb"),
		qemutest.Netdev("user"),
		qemutest.Command("swtpm"),
		qemutest.Device("tpm-tis-i2c"),
		qemutest.Assets(ast2600TPM),
		qemutest.Memory(1<<30),
		qemutest.Timeout(12*time.Minute))

	vm := q.VM(
		"-chardev", "socket,id=chrtpm,path="+startTPM(t, q),
		"-tpmdev", "emulator,id=tpm0,chardev=chrtpm",
		"-device", "tpm-tis-i2c,tpmdev=tpm0,bus=aspeed.i2c.bus.12,address=0x2e")
	bootBuildroot(vm, ast2600TPM, "0xf00")
	vm.WaitFor("Aspeed AST2600 EVB")
	linux.Login{Password: "passw0rd"}.Run(vm)

	vm.Exec("echo tpm_tis_i2c 0x2e > /sys/bus/i2c/devices/i2c-12/new_device",
		"tpm_tis_i2c 12-002e: 2.0 TPM (device-id 0x1, rev-id 1)")
	vm.Exec("cat /sys/class/tpm/tpm0/pcr-sha256/0", "B804724EA13F52A9072BA87FE8FDCC497DFC9DF9AA15B9088694639C431688E0")
	vm.Exec("poweroff", "System halted")
}

// startTPM starts a TPM emulator and returns the path of its socket. The
// emulator ends when QEMU leaves it, or at the end of the test.
func startTPM(t *testing.T, q *qemutest.Test) string {
	// Profiles of AppArmor let swtpm keep its state below the directory for
	// temporary files, where this is, rather than beside the tests.
	dir := q.SocketDir()
	socket, pidFile := filepath.Join(dir, "swtpm"), filepath.Join(dir, "swtpm.pid")
	t.Cleanup(func() { q.Check(stopDaemon(pidFile)) })
	q.HostCommand("swtpm", "socket", "--daemon", "--terminate", "--tpm2",
		"--tpmstate", "dir="+dir, "--ctrl", "type=unixio,path="+socket, "--pid", "file="+pidFile)
	return socket
}

// stopDaemon ends the process in a file, which the process removes when it
// ends by itself.
func stopDaemon(pidFile string) error {
	content, err := os.ReadFile(pidFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}
