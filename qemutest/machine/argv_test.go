package machine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCommandLine(t *testing.T) {
	t.Parallel()
	const base = "qemu -display none -vga none "
	for _, test := range []struct {
		name   string
		config Config
		ends   endpoints
		want   string
	}{
		{
			"the zero config", Config{}, endpoints{monitor: inheritedSocket(3), consoles: []backend{inheritedSocket(4)}},
			base + "-chardev socket,id=mon,fd=3 -mon chardev=mon,mode=control " +
				"-chardev socket,id=console,fd=4 -serial chardev:console",
		},
		{
			"nothing connected", Config{NoMonitor: true, NoConsole: true}, endpoints{},
			"qemu -display none -vga none",
		},
		{
			"machine, CPU and arguments",
			Config{Machine: "virt,gic-version=3", CPU: "max,sve=off", Args: []string{"-m", "1G"}, NoMonitor: true, NoConsole: true},
			endpoints{},
			base + "-machine virt,gic-version=3 -cpu max,sve=off -m 1G",
		},
		{
			"a later serial port",
			Config{NoMonitor: true, Consoles: []Port{{Index: 2}}}, endpoints{consoles: []backend{inheritedSocket(3)}},
			base + "-serial null -serial null -chardev socket,id=console,fd=3 -serial chardev:console",
		},
		{
			"several serial ports, in any order",
			Config{NoMonitor: true, Consoles: []Port{{Index: 3}, {Index: 1}}}, endpoints{consoles: []backend{inheritedSocket(3), inheritedSocket(4)}},
			base + "-serial null -chardev socket,id=console,fd=3 -serial chardev:console " +
				"-serial null -chardev socket,id=console3,fd=4 -serial chardev:console3",
		},
		{
			"a device after the bus that it needs",
			Config{NoMonitor: true, Consoles: []Port{{}, {Index: 1, Device: "virtconsole"}}, Args: []string{"-device", "virtio-serial"}},
			endpoints{consoles: []backend{inheritedSocket(3), inheritedSocket(4)}},
			base + "-chardev socket,id=console,fd=3 -serial chardev:console -chardev socket,id=console1,fd=4 " +
				"-device virtio-serial -device virtconsole,chardev=console1",
		},
		{
			"a channel before the console, and one on a device",
			Config{NoMonitor: true, Consoles: []Port{{Index: 1}}, Channels: []Channel{{}, {Device: "virtserialport,name=a"}}, Args: []string{"-m", "1G"}},
			endpoints{consoles: []backend{inheritedSocket(3)}, channels: []backend{inheritedSocket(4), inheritedSocket(5)}},
			base + "-chardev socket,id=channel1,fd=5 -chardev socket,id=channel0,fd=4 -serial chardev:channel0 " +
				"-chardev socket,id=console,fd=3 -serial chardev:console -m 1G -device virtserialport,name=a,chardev=channel1",
		},
		{
			"a wrapper", Config{Wrapper: []string{"strace", "-f"}, NoMonitor: true, NoConsole: true}, endpoints{},
			"strace -f qemu -display none -vga none",
		},
		{
			"a debugger", Config{NoConsole: true, NoMonitor: true, GDB: true}, endpoints{gdb: inheritedSocket(3)},
			base + "-chardev socket,id=gdb,fd=3 -gdb chardev:gdb",
		},
		{
			"a second monitor", Config{NoConsole: true}, endpoints{monitor: inheritedSocket(3), backdoor: "/tmp/a,b"},
			base + "-chardev socket,id=mon,fd=3 -mon chardev=mon,mode=control " +
				"-chardev socket,id=backdoor,path=/tmp/a,,b,server=on,wait=off -mon chardev=backdoor,mode=control",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.config.Binary = "qemu"
			config, err := test.config.complete()
			require.NoError(t, err)
			assert.Equal(t, test.want, Quote(commandLine(config, test.ends)))
		})
	}
}

func TestStandalone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		config Config
		want   string
	}{
		{
			"the zero config", Config{},
			"-chardev socket,id=mon,path=/tmp/a,,b/qmp,server=on,wait=off -mon chardev=mon,mode=control " +
				"-chardev stdio,id=console,mux=on,signal=off -serial chardev:console -mon chardev=console,mode=readline",
		},
		{
			"no console", Config{NoConsole: true, NoMonitor: true, Args: []string{"-S"}}, "-monitor stdio -S",
		},
		{
			"several consoles and a debugger", Config{NoMonitor: true, GDB: true, Consoles: []Port{{}, {Index: 1}}, Args: []string{"-S"}},
			"-chardev stdio,id=console,mux=on,signal=off -serial chardev:console " +
				"-chardev socket,id=console1,path=/tmp/a,,b/console1,server=on,wait=off -serial chardev:console1 " +
				"-chardev socket,id=gdb,path=/tmp/a,,b/gdb,server=on,wait=off -gdb chardev:gdb " +
				"-mon chardev=console,mode=readline -S",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.config.Binary = "qemu"
			argv, err := test.config.Standalone("/tmp/a,b")
			require.NoError(t, err)
			assert.Equal(t, "qemu -display none -vga none "+test.want, Quote(argv))
		})
	}
	_, err := Config{}.Standalone("/tmp")
	assert.ErrorContains(t, err, "expected the path of an emulator")
}

func TestConfigsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		config Config
		want   string
	}{
		{Config{}, "expected the path of an emulator in Config.Binary"},
		{Config{Binary: "q", Name: "a/b"}, `part of a file name in Config.Name, got "a/b"`},
		{Config{Binary: "q", NoConsole: true, Consoles: []Port{{}}}, "expected either Config.Consoles or Config.NoConsole"},
		{Config{Binary: "q", Consoles: []Port{{Index: -1}}}, "indexes from 0 up in Config.Consoles, got -1"},
		{Config{Binary: "q", Consoles: []Port{{Index: 1}, {Index: 1}}}, "expected different indexes from 0 up in Config.Consoles, got 1"},
		{Config{Binary: "q", Channels: []Channel{{}}}, "expected a serial port from 0 up without a console in Config.Channels, got 0"},
	} {
		_, err := Launch(t.Context(), test.config)
		assert.ErrorContains(t, err, test.want)
	}
}

func TestLimitsScaled(t *testing.T) {
	t.Parallel()
	limits := Limits{Quit: time.Second}
	assert.Equal(t,
		Limits{Launch: 120 * time.Second, Quit: 2 * time.Second, Terminate: 10 * time.Second, Kill: 20 * time.Second},
		limits.Scaled(2))
	assert.Equal(t, Limits{Quit: time.Second}, limits)
}

func TestCompleteLeavesTheCallersConfigAlone(t *testing.T) {
	t.Parallel()
	ports := []Port{{Index: 1}, {Index: 0}}
	config, err := Config{Binary: "q", Consoles: ports}.complete()
	require.NoError(t, err)
	assert.Equal(t, []Port{{Index: 0}, {Index: 1}}, config.Consoles)
	assert.Equal(t, []Port{{Index: 1}, {Index: 0}}, ports)
	assert.Positive(t, config.Limits.Kill)
}

func TestQuote(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `qemu -append 'a b' '' 'it'\''s' -drive file=x,if=none`,
		Quote([]string{"qemu", "-append", "a b", "", "it's", "-drive", "file=x,if=none"}))
}
