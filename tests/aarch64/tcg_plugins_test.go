//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"os"
	"regexp"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var tuxbootKernel = asset.New(
	"https://storage.tuxboot.com/20230331/arm64/Image",
	"ce95a7101a5fecebe0fe630deee6bd97b32ba41bc8754090e9ad8961ea8674c7")

func TestAarch64TCGPluginInsn(t *testing.T) { testInsnPlugin(t) }

func TestAarch64TCGPluginInsnIcount(t *testing.T) { testInsnPlugin(t, "-icount", "shift=1") }

// testInsnPlugin counts the instructions of a boot with a plugin of QEMU's own
// tests.
func testInsnPlugin(t *testing.T, args ...string) {
	q := qemutest.New(t, "aarch64",
		qemutest.Machine("virt"),
		qemutest.CPU("cortex-a53"),
		qemutest.Assets(tuxbootKernel))

	library := "libinsn.so"
	if runtime.GOOS == "darwin" {
		library = "libinsn.dylib"
	}
	log := q.Log("plugin.log")
	// Without a root file system the kernel panics in the end.
	vm := linux.Boot{
		Kernel: q.Fetch(tuxbootKernel),
		Append: "panic=-1 console=ttyAMA0",
		Args:   args,
	}.VM(q).AddArgs(
		"-plugin", q.Build("tests/tcg/plugins", library), "-d", "plugin", "-D", log,
		"-net", "none", "-no-reboot").
		ExpectConsole("Kernel panic - not syncing")
	vm.LaunchOrSkip("plugin interface not enabled in this build")
	vm.WaitFor(`Please append a correct "root=" boot option`)
	// The plugin writes when QEMU ends.
	vm.Shutdown()

	text, err := os.ReadFile(log)
	require.NoError(t, err)
	require.Regexp(t, regexp.MustCompile(`insns: [1-9]\d*`), string(text))
}
