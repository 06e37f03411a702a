//go:build !qemu_select || qemu_mips64el

package mips64el

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var fuloongLinux = asset.New(
	"http://archive.debian.org/debian/pool/main/l/linux/linux-image-3.16.0-6-loongson-2e_3.16.56-1+deb8u1_mipsel.deb",
	"2a70f15b397f4ced632b0c15cb22660394190644146d804d60a4796eefbe1f50")

func TestMIPS64ELFuloong2E(t *testing.T) {
	q := qemutest.New(t, "mips64el",
		qemutest.Machine("fuloong2e"),
		qemutest.Assets(fuloongLinux))

	linux.Boot{
		Kernel: q.ExtractMember(fuloongLinux, "boot/vmlinux-3.16.0-6-loongson-2e"),
		Append: "console=ttyS0",
	}.CheckCommandLine(q)
}

// Lemote's rescue kernel, which nobody may redistribute, on the serial port of
// the ISA bus.
func TestMIPS64ELFuloong2ERescue(t *testing.T) {
	const pathEnv = "RESCUE_YL_PATH"
	q := qemutest.New(t, "mips64el",
		qemutest.Machine("fuloong2e"),
		qemutest.Untrusted(),
		qemutest.Env(pathEnv),
		qemutest.Thorough())

	kernel := os.Getenv(pathEnv)
	content, err := os.ReadFile(kernel)
	require.NoError(t, err)
	hash := sha256.Sum256(content)
	require.Equal(t, "ab588d3316777c62cc81baa20ac92e98b01955c244dff3794b711bc34e26e51d", hex.EncodeToString(hash[:]), "SHA-256 of %s", kernel)

	vm := linux.Boot{Kernel: kernel}.Launch(q)
	vm.WaitFor("Linux version 2.6.27.7lemote")
	vm.WaitFor("CPU revision is: 00006302 (ICT Loongson-2)")
}
