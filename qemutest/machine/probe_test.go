package machine

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatRealEmulatorsSay(t *testing.T) {
	t.Parallel()
	binaries, err := filepath.Glob("/usr/bin/qemu-system-*")
	require.NoError(t, err)
	if len(binaries) == 0 {
		t.Skip("needs emulators in /usr/bin: install some")
	}
	if testing.Short() {
		binaries = binaries[:1]
	}
	for _, binary := range binaries {
		t.Run(filepath.Base(binary), func(t *testing.T) {
			t.Parallel()
			c, err := ask(within(t, soon), binary)
			if errors.Is(err, ErrKVM) {
				t.Skip("an emulator without TCG, on a host without KVM")
			}
			require.NoError(t, err)
			assert.NotEmpty(t, c.Target)
			assert.NotEmpty(t, c.Accels)
			assert.NotContains(t, c.Accels, "accel")
			assert.NotEmpty(t, c.CPUs)
			for _, list := range [][]string{c.CPUs, c.Netdevs, c.Accels} {
				for _, name := range list {
					assert.NotContains(t, name, "\r")
				}
			}
			assert.Contains(t, c.Netdevs, "socket")

			// What the command line itself lists.
			assert.Equal(t, listed(t, binary, "-machine"), len(c.Machines)+aliases(c.Machines))
			if c.HasMachine("none") {
				assert.Equal(t, devicesListed(t, binary), len(c.Devices))
			}
		})
	}
}

func aliases(types []MachineType) int {
	n := 0
	for _, m := range types {
		if m.Alias != "" {
			n++
		}
	}
	return n
}

// listed counts the lines of a list that an option prints, after its heading.
func listed(t *testing.T, binary, option string) int {
	t.Helper()
	text, err := exec.Command(binary, option, "help").Output()
	require.NoError(t, err)
	return strings.Count(string(text), "\n") - 1
}

// devicesListed counts the devices that -device lists, each once.
func devicesListed(t *testing.T, binary string) int {
	t.Helper()
	text, err := exec.Command(binary, "-machine", "none", "-device", "help").Output()
	require.NoError(t, err)
	names := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "name ") {
			name, _, _ := strings.Cut(line, ",")
			names[strings.TrimSpace(name)] = true
		}
	}
	return len(names)
}

func TestNamesAreExact(t *testing.T) {
	t.Parallel()
	c, err := Probe(within(t, soon), requireEmulator(t, "x86_64"))
	require.NoError(t, err)
	assert.Equal(t, "x86_64", c.Target)
	assert.Positive(t, c.Version.Major)
	for value, want := range map[string]bool{
		"q35": true, "pc": true, "q35,accel=kvm": true, "none": true, "Standard": false, "q3": false, "": false, ",": false, "Q35": false,
	} {
		assert.Equal(t, want, c.HasMachine(value), "machine %q", value)
	}
	for value, want := range map[string]bool{
		"virtio-net-pci": true, "virtio-net": true, "virtio-net-pci,netdev=n": true, "virtio": false, "": false,
		"kvmclock": false, // part of the board
	} {
		assert.Equal(t, want, c.HasDevice(value), "device %q", value)
	}
	for value, want := range map[string]bool{"socket": true, "socket,id=n": true, "sock": false, "": false, "Available": false} {
		assert.Equal(t, want, c.HasNetdev(value), "netdev %q", value)
	}
	for value, want := range map[string]bool{"qemu64": true, "max,+avx": true, "Nehalem": true, "nehalem": false, "": false} {
		assert.Equal(t, want, c.HasCPU(value), "CPU %q", value)
	}
	for value, want := range map[string]bool{"kvm,foo=on": true, "accel": false, "": false, "hvf": false} {
		assert.Equal(t, want, c.HasAccel(value), "accelerator %q", value)
	}
}

func TestCPUNamesOfLenientTargets(t *testing.T) {
	t.Parallel()
	c := Capabilities{Target: "sparc", CPUs: []string{"TI-SuperSparc-II"}}
	assert.True(t, c.HasCPU("TI SuperSparc II"))
	assert.True(t, c.HasCPU("ti-supersparc-ii,+fsmuld"))
	c.Target = "arm"
	assert.False(t, c.HasCPU("TI SuperSparc II"))
}

func TestModelNames(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		types []qomType
		want  []string
	}{
		{
			[]qomType{{"alpha-cpu", "cpu", true}, {"ev67-alpha-cpu", "ev6-alpha-cpu", false}, {"ev6-alpha-cpu", "alpha-cpu", false}},
			[]string{"ev6", "ev67"},
		},
		{[]qomType{{"hppa-cpu", "cpu", false}, {"hppa64-cpu", "hppa-cpu", false}}, []string{"hppa", "hppa64"}},
		{[]qomType{{"cpu", "device", true}}, nil},
	} {
		assert.Equal(t, test.want, modelNames(test.types))
	}
}

func TestParseDevices(t *testing.T) {
	t.Parallel()
	const help = "failed to open module: libepoxy.so.0: cannot open shared object file\r\n" +
		"Storage devices:\r\n" +
		"name \"ich9-ahci\", bus PCI, alias \"ahci\"\r\n" +
		"name \"floppy\", bus floppy-bus, desc \"virtual, \"floppy\" drive, alias \"no\"\"\r\n" +
		"\r\nMisc devices:\r\n" +
		"name \"loader\", desc \"Generic Loader\"\r\n" +
		"name \"ich9-ahci\", bus PCI, alias \"ahci\"\r\n"
	assert.Equal(t, []DeviceModel{
		{Name: "floppy", Bus: "floppy-bus"},
		{Name: "ich9-ahci", Alias: "ahci", Bus: "PCI"},
		{Name: "loader"},
	}, parseDevices(help))
	assert.Empty(t, parseDevices(""))
}

func TestParseNetdevs(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"tap", "user", "vhost-user"},
		parseNetdevs("Available netdev backend types:\r\nuser\r\nvhost-user\r\ntap\r\n"))
}

func FuzzParseHelp(f *testing.F) {
	f.Add("name \"a\", bus B, alias \"c\"\n")
	f.Add("Available netdev backend types:\nuser\n")
	f.Fuzz(func(t *testing.T, help string) {
		for _, d := range parseDevices(help) {
			assert.NotEmpty(t, d.Name)
		}
		for _, name := range parseNetdevs(help) {
			assert.NotEmpty(t, name)
		}
	})
}

func TestProbingWhatIsNoEmulator(t *testing.T) {
	t.Parallel()
	_, err := Probe(within(t, soon), "/nonexistent/qemu-system-x86_64")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Probe(within(t, soon), "/bin/false")
	assert.ErrorContains(t, err, "asking /bin/false, as a system emulator of QEMU, what it can do: expected QEMU to start, but QEMU exited by itself with status 1")
}
