//go:build !qemu_select || qemu_ppc

package ppc

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/archive"
	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/disk"
)

var amigaOneUpdater = asset.New(
	"https://www.hyperion-entertainment.com/index.php/downloads?view=download&format=raw&file=25",
	"8ff39330ba47d4f64de4ee8fd6809e9c010a9ef17fe51e95c3c1d53437cb481f")

// The firmware is the last 512 KiB of the program that updates it.
func TestPPCAmigaOneUBoot(t *testing.T) {
	const (
		updater      = "floppy_edition/updater.image"
		firmwareSize = 512 << 10
	)
	q := qemutest.New(t, "ppc",
		qemutest.Machine("amigaone"),
		qemutest.Accel("tcg"),
		qemutest.Assets(amigaOneUpdater))

	dir := q.ExtractWith(amigaOneUpdater, archive.Options{
		Format:  archive.FormatZip,
		Members: []string{updater},
	})
	info, err := os.Stat(dir + "/" + updater)
	require.NoError(t, err)
	firmware := disk.Carve(q, dir+"/"+updater, "u-boot-amigaone.bin", info.Size()-firmwareSize, firmwareSize)
	vm := q.VM("-bios", firmware)
	vm.Launch()
	vm.WaitFor("FLASH:")
}
