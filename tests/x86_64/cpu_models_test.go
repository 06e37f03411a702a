//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
)

// cpuDefinition is QMP's CpuDefinitionInfo.
type cpuDefinition struct {
	Name                string   `json:"name"`
	AliasOf             string   `json:"alias-of"`
	Static              bool     `json:"static"`
	UnavailableFeatures []string `json:"unavailable-features"`
}

func queryCPUs(vm *qemutest.VM) map[string]cpuDefinition {
	cpus := make(map[string]cpuDefinition)
	for _, cpu := range qemutest.Query[[]cpuDefinition](vm, "query-cpu-definitions") {
		cpus[cpu.Name] = cpu
	}
	return cpus
}

// requireSoundAliases checks what holds for every alias: it names a model that
// exists and is no alias itself, and it is not static, since it may name
// another model one day.
func requireSoundAliases(t *testing.T, cpus map[string]cpuDefinition) {
	t.Helper()
	aliases := 0
	for name, cpu := range cpus {
		if cpu.AliasOf == "" {
			continue
		}
		aliases++
		target, ok := cpus[cpu.AliasOf]
		assert.Truef(t, ok, "%s is an alias of %s, which does not exist", name, cpu.AliasOf)
		assert.Emptyf(t, target.AliasOf, "%s is an alias of %s, which is an alias itself", name, cpu.AliasOf)
		assert.Falsef(t, cpu.Static, "%s is an alias and static", name)
	}
	require.NotZero(t, aliases, "no model is an alias")
}

// With a versioned machine type, a model without a version means the version
// that the machine type had at its time.
func TestX86CPUModelUnversionedAlias(t *testing.T) {
	q := qemutest.New(t, "x86_64", qemutest.Machine("pc"))
	vm := q.VM("-S")
	vm.Launch()
	cpus := queryCPUs(vm)

	for alias, model := range map[string]string{
		"Broadwell":            "Broadwell-v1",
		"Broadwell-IBRS":       "Broadwell-v3",
		"Broadwell-noTSX":      "Broadwell-v2",
		"Broadwell-noTSX-IBRS": "Broadwell-v4",
		"Cascadelake-Server":   "Cascadelake-Server-v1",
		"EPYC":                 "EPYC-v1",
		"EPYC-IBPB":            "EPYC-v2",
		"Haswell":              "Haswell-v1",
		"Haswell-IBRS":         "Haswell-v3",
		"Haswell-noTSX":        "Haswell-v2",
		"Haswell-noTSX-IBRS":   "Haswell-v4",
		"IvyBridge":            "IvyBridge-v1",
		"IvyBridge-IBRS":       "IvyBridge-v2",
		"Nehalem":              "Nehalem-v1",
		"Nehalem-IBRS":         "Nehalem-v2",
		"SandyBridge":          "SandyBridge-v1",
		"SandyBridge-IBRS":     "SandyBridge-v2",
		"Skylake-Client":       "Skylake-Client-v1",
		"Skylake-Client-IBRS":  "Skylake-Client-v2",
		"Skylake-Server":       "Skylake-Server-v1",
		"Skylake-Server-IBRS":  "Skylake-Server-v2",
		"Westmere":             "Westmere-v1",
		"Westmere-IBRS":        "Westmere-v2",
		"qemu64":               "qemu64-v1",
	} {
		require.Contains(t, cpus, alias)
		assert.Equal(t, model, cpus[alias].AliasOf, "what %s is an alias of", alias)
	}
	// Names that are versions of another model have no versions themselves.
	for _, name := range []string{
		"Broadwell-IBRS-v1", "Broadwell-noTSX-IBRS-v1", "Broadwell-noTSX-v1", "EPYC-IBPB-v1",
		"Haswell-IBRS-v1", "Haswell-noTSX-IBRS-v1", "Haswell-noTSX-v1", "IvyBridge-IBRS-v1",
		"Nehalem-IBRS-v1", "SandyBridge-IBRS-v1", "Skylake-Client-IBRS-v1", "Skylake-Server-IBRS-v1",
		"Westmere-IBRS-v1",
	} {
		assert.NotContains(t, cpus, name)
	}
	requireSoundAliases(t, cpus)
}

// Without a versioned machine type, a model without a version means any one of
// its versions.
func TestX86CPUModelNoneAlias(t *testing.T) {
	q := qemutest.New(t, "x86_64", qemutest.Machine("none"))
	vm := q.VM("-S")
	vm.Launch()
	cpus := queryCPUs(vm)

	for _, name := range []string{"Cascadelake-Server", "qemu64"} {
		require.Contains(t, cpus, name)
		assert.Regexp(t, "^"+name+`-v\d+$`, cpus[name].AliasOf)
		require.Contains(t, cpus, name+"-v1")
		assert.Empty(t, cpus[name+"-v1"].AliasOf)
	}
	requireSoundAliases(t, cpus)
}

func TestX86CascadelakeArchCapabilities(t *testing.T) {
	testArchCapabilities(t, "Cascadelake-Server,x-force-features=on,check=off,enforce=off")
}

func TestX86CascadelakeArchCapabilitiesUnset(t *testing.T) {
	testArchCapabilities(t, "Cascadelake-Server,x-force-features=on,check=off,enforce=off,-arch-capabilities")
}

func TestX86CascadelakeV2ArchCapabilitiesUnset(t *testing.T) {
	testArchCapabilities(t, "Cascadelake-Server-v2,x-force-features=on,check=off,enforce=off,-arch-capabilities")
}

// testArchCapabilities checks that a CPU has no arch-capabilities.
func testArchCapabilities(t *testing.T, cpu string) {
	q := qemutest.New(t, "x86_64", qemutest.Machine("pc"), qemutest.CPU(cpu))
	vm := q.VM("-S")
	vm.Launch()

	cpus := queryCPUsFast(vm)
	require.NotEmpty(t, cpus)
	on := qemutest.Query[bool](vm, "qom-get", qemutest.Args{"path": cpus[0].QOMPath, "property": "arch-capabilities"})
	require.False(t, on, "arch-capabilities of %s", cpu)
}

// cpuInfo is QMP's CpuInfoFast.
type cpuInfo struct {
	QOMPath string `json:"qom-path"`
}

func queryCPUsFast(vm *qemutest.VM) []cpuInfo {
	return qemutest.Query[[]cpuInfo](vm, "query-cpus-fast")
}

// Every model that QEMU lists can be expanded, and tells its missing features
// by name.
func TestX86CPUModelExpansion(t *testing.T) {
	q := qemutest.New(t, "x86_64", qemutest.Machine("none"))
	vm := q.VM("-S")
	vm.Launch()

	cpus := queryCPUs(vm)
	require.NotEmpty(t, cpus)
	for name, cpu := range cpus {
		assert.NotContains(t, cpu.UnavailableFeatures, "", "missing features of %s", name)
		type expansion struct {
			Model struct {
				Name string `json:"name"`
			} `json:"model"`
		}
		full := qemutest.Query[expansion](vm, "query-cpu-model-expansion",
			qemutest.Args{"type": "full", "model": qemutest.Args{"name": name}})
		assert.Equal(t, name, full.Model.Name)
	}
}

// A CPU can be added without naming its die.
func TestX86CPUHotplugNoDieID(t *testing.T) {
	q := qemutest.New(t, "x86_64", qemutest.Machine("pc"))
	vm := q.VM("-nodefaults", "-S",
		"-smp", "1,sockets=2,cores=2,threads=2,maxcpus=8",
		"-device", "qemu64-x86_64-cpu,socket-id=1,core-id=0,thread-id=0")
	vm.Launch()
	require.Len(t, queryCPUsFast(vm), 2)
}
