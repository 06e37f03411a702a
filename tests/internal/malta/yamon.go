package malta

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
)

var yamon = asset.New(
	"https://s3-eu-west-1.amazonaws.com/downloads-mips/mips-downloads/YAMON/yamon-bin-02.22.zip",
	"eef86f0eed0ef554f041dcd47b87eebea0e6f9f1184ed31f7e9e8b4a803860ab")

// YAMON starts MIPS's monitor, up to its prompt.
func YAMON(t *testing.T, target string) {
	q := qemutest.New(t, target,
		qemutest.Machine("malta"),
		qemutest.Assets(yamon))

	vm := q.VM("-bios", filepath.Join(q.Extract(yamon), "yamon-02.22.bin"))
	vm.Launch()
	vm.InterruptUntil("\r", time.Second, "YAMON ROM Monitor")
	vm.WaitFor("YAMON>")
}
