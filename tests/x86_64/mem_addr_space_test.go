//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/machine"
)

// Memory that can be plugged in must be within what the CPU can address. 36 bits
// are 64 GiB; the region for hotplug begins at 4 GiB, and each slot may need 1
// GiB for alignment, so with 512 MiB of RAM 59.5 GiB is the most. TCG's default
// of 40 bits is 1 TiB, less 32 GiB for the 64-bit PCI hole; from 7.1 machines
// on, AMD CPUs leave out HyperTransport's range at 1012 GiB as well.
func TestX86PhysBits(t *testing.T) {
	const (
		cxl       = "pxb-cxl,bus_nr=12,bus=pcie.0,id=cxl.1"
		cxlWindow = "cxl=on,cxl-fmw.0.targets.0=cxl.1,cxl-fmw.0.size=1G"
	)
	since82 := qemutest.Version(">= 8.2", "it counts the address bits of 32-bit CPUs in another way")
	for _, test := range []struct {
		name    string
		machine string
		cpu     string
		maxmem  string
		args    []string // instead of a DIMM
		tooLow  bool
		version qemutest.Requirement
	}{
		{name: "LowPSE36", machine: "q35", cpu: "pentium,pse36=on", maxmem: "59.6G", tooLow: true, version: since82},
		{name: "LowPAE", machine: "q35", cpu: "pentium,pae=on", maxmem: "59.6G", tooLow: true, version: since82},
		{name: "OKPentiumPSE36", machine: "q35", cpu: "pentium,pse36=on", maxmem: "59.5G", version: since82},
		{name: "OKPentiumPAE", machine: "q35", cpu: "pentium,pae=on", maxmem: "59.5G", version: since82},
		{name: "OKPentium2", machine: "q35", cpu: "pentium2", maxmem: "59.5G", version: since82},
		{name: "LowNonPSE36", machine: "q35", cpu: "pentium", maxmem: "4G", tooLow: true, version: since82},
		{name: "LowTCG70AMD", machine: "pc-q35-7.0", maxmem: "988G", tooLow: true},
		{name: "LowTCG71AMD", machine: "pc-q35-7.1", maxmem: "976G", tooLow: true},
		{name: "OKTCG70AMD", machine: "pc-q35-7.0", maxmem: "987.5G"},
		{name: "OKTCG71AMD", machine: "pc-q35-7.1", maxmem: "975.5G"},
		{name: "OKTCG71Intel", machine: "pc-q35-7.1", cpu: "Skylake-Server", maxmem: "976G"},
		{name: "LowTCG71AMD41Bits", machine: "pc-q35-7.1", cpu: "EPYC-v4,phys-bits=41", maxmem: "992G", tooLow: true},
		{name: "OKTCG71AMD41Bits", machine: "pc-q35-7.1", cpu: "EPYC-v4,phys-bits=41", maxmem: "990G"},
		{name: "LowTCGIntelCXL", machine: "q35", cpu: "Skylake-Server,phys-bits=40", maxmem: "987G",
			args: []string{"-device", cxl, "-M", cxlWindow}, tooLow: true},
		{name: "OKTCGIntelCXL", machine: "q35", cpu: "Skylake-Server,phys-bits=40", maxmem: "987G",
			args: []string{"-device", cxl, "-M", "cxl=on"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			requirements := []qemutest.Requirement{qemutest.Machine(test.machine)}
			if test.cpu != "" {
				requirements = append(requirements, qemutest.CPU(test.cpu))
			}
			if test.version != nil {
				requirements = append(requirements, test.version)
			}
			q := qemutest.New(t, "x86_64", requirements...)
			vm := q.VM("-S", "-m", "512,slots=1,maxmem="+test.maxmem)
			if test.args == nil {
				test.args = []string{"-object", "memory-backend-ram,id=mem1,size=1G", "-device", "pc-dimm,id=vm0,memdev=mem1"}
			}
			vm.AddArgs(test.args...)

			if !test.tooLow {
				// The monitor answers once all devices are made.
				vm.Launch()
				return
			}
			var failure *machine.LaunchError
			require.ErrorAs(t, vm.TryLaunch(), &failure)
			require.Equal(t, machine.Exited, failure.How.Kind)
			require.Equal(t, 1, failure.How.Status)
			require.Contains(t, failure.Output, "phys-bits too low")
		})
	}
}
