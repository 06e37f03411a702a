package qemutest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/console/rules"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/internal/pool"
	"github.com/qemutest/functional/qemutest/kernel"
)

// The tests here are about how tests end: skipped, failed, killed. Each runs a
// scenario in a process of its own, which is this test binary again, and looks
// at its output and at what it left behind.

// scenarioEnv tells the test binary that it is such a process.
const scenarioEnv = "QEMUTEST_SCENARIO"

// scenarios are tests that mostly end badly.
var scenarios = map[string]func(t *testing.T){
	"passes": func(t *testing.T) {
		launchSeaBIOS(t).WaitFor("SeaBIOS (version")
	},
	"waits for what never comes": func(t *testing.T) {
		launchSeaBIOS(t, qemutest.Timeout(time.Second)).WaitFor("login:")
	},
	"waits outside the package": func(t *testing.T) {
		vm := launchSeaBIOS(t, qemutest.Timeout(time.Hour))
		<-vm.Machine().Done()
	},
	"fails by itself": func(t *testing.T) {
		launchSeaBIOS(t).WaitFor("SeaBIOS (version")
		t.Fatal("this is wrong")
	},
	"fails with two machines": func(t *testing.T) {
		q := newX86(t)
		bootSector(q, "it's $HOME").Launch()
		require.NoError(t, os.WriteFile(q.Scratch("unused"), nil, 0o600))
		vm := q.NamedVM("two words", "-machine", "pc,graphics=off", "-name", "it's $HOME")
		vm.Launch()
		vm.HMP("info status")
		t.Fatal("this is wrong")
	},
	"panics": func(t *testing.T) {
		launchSeaBIOS(t)
		panic("this is unexpected")
	},
	"loses QEMU": func(t *testing.T) {
		vm := launchSeaBIOS(t)
		require.NoError(t, syscall.Kill(vm.Machine().PID(), syscall.SIGSEGV))
		vm.WaitFor("login:")
	},
	"loses QEMU unnoticed": func(t *testing.T) {
		vm := launchSeaBIOS(t)
		require.NoError(t, syscall.Kill(vm.Machine().PID(), syscall.SIGABRT))
		<-vm.Machine().Done()
	},
	"needs a kernel": func(t *testing.T) {
		newX86(t, qemutest.Assets(kernel.Package{Arch: "test", Flavour: "test"}))
		t.Fatal("the stand-in for apt has no kernel")
	},
	"opens a kernel": func(t *testing.T) {
		p := kernel.Package{Arch: "test", Flavour: "test"}
		k := newX86(t, qemutest.Assets(p)).Kernel(p)
		content, err := os.ReadFile(k.Image)
		require.NoError(t, err)
		require.Equal(t, "image", string(content))
	},
	"cannot launch": func(t *testing.T) {
		newX86(t).VM("-device", "no-such-device").Launch()
	},
	"prints a failure text": func(t *testing.T) {
		launchBootSector(t, "Kernel panic - not syncing: no init").WaitFor("login:")
	},
	"prints a failure text unnoticed": func(t *testing.T) {
		vm := launchBootSector(t, "Kernel panic - not syncing: no init\nthe end")
		vm.WaitFor("the end")
	},
	"prints an expected failure text": func(t *testing.T) {
		q := newX86(t)
		vm := bootSector(q, "Kernel panic - not syncing: no init\nthe end").ExpectConsole("Kernel panic - not syncing")
		vm.Launch()
		vm.WaitFor("the end")
	},
	"prints a failure text of its own": func(t *testing.T) {
		vm := bootSector(newX86(t), "frobnicator: broken\nthe end")
		vm.SetConsoleOptions(console.Options{Watch: frobnicator})
		vm.Launch()
		vm.WaitFor("login:")
	},
	"prints an expected failure text of its own": func(t *testing.T) {
		vm := bootSector(newX86(t), "frobnicator: broken\nthe end")
		vm.SetConsoleOptions(console.Options{Watch: frobnicator})
		vm.ExpectReport(frobnicator[0].Kind).Launch()
		vm.WaitFor("the end")
	},
	"notes a report": func(t *testing.T) {
		vm := launchBootSector(t, "watchdog: BUG: soft lockup - CPU#0 stuck\nthe end")
		vm.WaitFor("the end")
		t.Error("this is wrong")
	},
	"prints an expected report": func(t *testing.T) {
		q := newX86(t)
		vm := bootSector(q, "Kernel panic - not syncing: no init\nthe end").ExpectReport(rules.KernelPanic)
		vm.Launch()
		vm.WaitFor("the end")
	},
	"has QEMU fail an assertion": func(t *testing.T) { failAssertion(newX86(t)).Launch() },
	"has QEMU fail an expected assertion": func(t *testing.T) {
		vm := failAssertion(newX86(t)).ExpectReport(rules.Assertion)
		vm.Launch()
		vm.Shutdown()
		require.True(t, vm.WaitForExit().Expected)
	},
	"has undefined behavior": func(t *testing.T) { behaveUndefined(newX86(t)).Launch() },
	"has expected undefined behavior": func(t *testing.T) {
		vm := behaveUndefined(newX86(t))
		vm.Launch()
		vm.ExpectReport(rules.UndefinedBehavior)
	},
	"makes a file": func(t *testing.T) {
		q := newX86(t)
		q.Check(os.WriteFile(q.Scratch("disk.img"), nil, 0o600))
	},
	"looks into the build tree": func(t *testing.T) {
		q := newX86(t)
		text, err := os.ReadFile(q.Build("tests", "qtest", "tool"))
		q.Check(err)
		vm := q.VM("-machine", "none")
		vm.Launch()
		t.Logf("found %s, emulator %s", text, vm.Machine().Argv()[0])
	},
	"wants data that is not there": func(t *testing.T) { newX86(t).Data("no-such-file") },
	"extracts what is no archive": func(t *testing.T) {
		q := newX86(t)
		path := q.Scratch("noise.tar.gz")
		q.Check(os.WriteFile(path, []byte("no archive"), 0o600))
		q.Extract(qemutest.File(path))
	},
	"extracts a missing member": func(t *testing.T) {
		q := newX86(t)
		path := q.Scratch("a.tar.gz")
		q.Check(os.WriteFile(path, packed(t, "kernel", "x"), 0o600))
		q.ExtractMember(qemutest.File(path), "kernal")
	},
	"decompresses what is cut short": func(t *testing.T) {
		q := newX86(t)
		path := q.Scratch("a.tar.gz")
		q.Check(os.WriteFile(path, packed(t, "kernel", "x")[:20], 0o600))
		q.Decompress(qemutest.File(path))
	},
	"is refused a QMP command":  func(t *testing.T) { launchNone(t).QMP("no-such-command") },
	"is refused an HMP command": func(t *testing.T) { launchNone(t).HMP("no-such-command") },
	"queries another type":      func(t *testing.T) { qemutest.Query[int](launchNone(t), "query-name") },
	"waits for an event that never comes": func(t *testing.T) {
		launchNone(t, qemutest.Timeout(time.Second)).WaitForEvent("STOP")
	},
	"has no monitor": func(t *testing.T) {
		vm := newX86(t).VM("-machine", "none").NoMonitor()
		vm.Launch()
		vm.QMP("query-name")
	},
	"runs a program": func(t *testing.T) {
		q := newX86(t, qemutest.UserMode())
		q.AddLibraryPath("/sysroot")
		q.AddLibraryPath("/other")
		r := q.Run("/bin/program", "one", "two")
		t.Logf("status %d: %s", r.Status, r.Stdout)
	},
	"runs a program without saying so": func(t *testing.T) { newX86(t).Run("/bin/program") },
	"fails after much typing": func(t *testing.T) {
		vm := launchSeaBIOS(t, qemutest.Assets(asset.New("http://127.0.0.1:1/firmware.bin", smallAssetHash)))
		vm.WaitFor("SeaBIOS (version")
		vm.Send("text")
		vm.SendLine("a line")
		vm.InterruptUntil("key", time.Second, "Booting")
		t.Fatal("this is wrong")
	},
	"has a name with a comma": func(t *testing.T) {
		t.Run("max,pauth=off", func(t *testing.T) { launchBootSector(t, "the end").WaitFor("the end") })
	},
	"is doomed":                     doom,
	"waits in many ways":            waitInManyWays,
	"waits in many subtests":        waitInManySubtests,
	"waits for a stopped QEMU":      waitForAStoppedQEMU,
	"fails one after the other":     failOneAfterTheOther,
	"tells when its time began":     tellWhenTimeBegan,
	"fails twice in different ways": failTwice,
	"needs an asset": func(t *testing.T) {
		newX86(t, qemutest.Assets(asset.New("http://127.0.0.1:1/asset", smallAssetHash)))
	},
	"lists machine types": func(t *testing.T) { qemutest.MachineTypes(t, "x86_64") },
	"loses a process": func(t *testing.T) {
		newX86(t).Start("peer", "sh", "-c", "echo no such device; exit 3").WaitFor("ready")
	},
	"lacks a program": func(t *testing.T) {
		newX86(t).Start("peer", "no-such-program")
	},
	"lacks a machine": func(t *testing.T) { newX86(t, qemutest.Machine("pc-none")) },
	"lacks a CPU":     func(t *testing.T) { newX86(t, qemutest.CPU("host-none")) },
	"lacks a device":  func(t *testing.T) { newX86(t, qemutest.Device("virtio-none-pci")) },
	"lacks a netdev":  func(t *testing.T) { newX86(t, qemutest.Netdev("none-user")) },
	"lacks a version": func(t *testing.T) { newX86(t, qemutest.Version(">= 99", "the future is not there yet")) },
	"lacks an accel":  func(t *testing.T) { newX86(t, qemutest.Accel("none-accel")) },
	"lacks firmware":  func(t *testing.T) { newX86(t, qemutest.Firmware("no-such-bios.bin")) },
	"lacks a command": func(t *testing.T) { newX86(t, qemutest.Command("sh", "no-such-command")) },
	"lacks an env":    func(t *testing.T) { newX86(t, qemutest.Env("NO_SUCH_VARIABLE")) },
	"lacks an OS":     func(t *testing.T) { newX86(t, qemutest.HostOS("plan9")) },
	"lacks an arch":   func(t *testing.T) { newX86(t, qemutest.HostArch("vax")) },
	"lacks a vsock":   func(t *testing.T) { newX86(t, qemutest.Vsock()) },
	"lacks memlock":   func(t *testing.T) { newX86(t, qemutest.LockedMemory(1<<62)) },
	"lacks emulator":  func(t *testing.T) { qemutest.New(t, "vax") },
	"is flaky":        func(t *testing.T) { newX86(t, qemutest.Flaky("https://example.org/bug/1")) },
	"is slow":         func(t *testing.T) { newX86(t, qemutest.Slow()) },
	"is big":          func(t *testing.T) { newX86(t, qemutest.BigData()) },
	"is untrusted":    func(t *testing.T) { newX86(t, qemutest.Untrusted()) },
	"is thorough":     func(t *testing.T) { newX86(t, qemutest.Thorough()) },
	"wants both": func(t *testing.T) {
		newX86(t, qemutest.Machine("pc-none"), qemutest.Flaky("https://example.org/bug/1"))
	},
}

// frobnicator is what a test of its own guest may watch for.
var frobnicator = []console.Rule{{Kind: "broken frobnicator", Start: console.Text("frobnicator: broken")}}

func newX86(t *testing.T, requirements ...qemutest.Requirement) *qemutest.Test {
	return qemutest.New(t, "x86_64", requirements...)
}

func launchSeaBIOS(t *testing.T, requirements ...qemutest.Requirement) *qemutest.VM {
	q := newX86(t, append(requirements, qemutest.Machine("pc,graphics=off"))...)
	vm := q.VM("-nodefaults")
	vm.Launch()
	return vm
}

// launchNone launches a machine with nothing in it.
func launchNone(t *testing.T, requirements ...qemutest.Requirement) *qemutest.VM {
	vm := newX86(t, requirements...).VM("-machine", "none")
	vm.Launch()
	return vm
}

// bootSector describes a machine whose guest prints text on the first serial
// port and halts.
func bootSector(q *qemutest.Test, text string) *qemutest.VM {
	sector := make([]byte, 512)
	copy(sector, "\x31\xc0"+ // xor ax, ax
		"\x8e\xd8"+ // mov ds, ax
		"\xbe\x15\x7c"+ // mov si, text
		"\xba\xf8\x03"+ // mov dx, 0x3f8
		"\xac"+ // next: lodsb
		"\x84\xc0"+ // test al, al
		"\x74\x03"+ // jz halt
		"\xee"+ // out dx, al
		"\xeb\xf8"+ // jmp next
		"\xf4"+ // halt: hlt
		"\xeb\xfd"+ // jmp halt
		text) // text:
	copy(sector[510:], "\x55\xaa")
	image := q.Scratch("boot-sector.img")
	q.Check(os.WriteFile(image, sector, 0o644))
	return q.VM("-machine", "pc", "-drive", "format=raw,file="+image)
}

func launchBootSector(t *testing.T, text string) *qemutest.VM {
	vm := bootSector(newX86(t), text)
	vm.Launch()
	return vm
}

// failAssertion describes a machine whose QEMU seems to fail an assertion when it
// quits.
func failAssertion(q *qemutest.Test) *qemutest.VM {
	const script = `"$@"; echo "qemu: ../block.c:12: bdrv_close: Assertion 'bs' failed." >&2; kill -ABRT $$`
	return q.VM("-machine", "none").SetWrapper("sh", "-c", script, "sh")
}

// behaveUndefined describes a machine whose QEMU seems to be built with
// UndefinedBehaviorSanitizer.
func behaveUndefined(q *qemutest.Test) *qemutest.VM {
	const script = `echo "../cpu.c:12:3: runtime error: shift exponent 64 is too large" >&2; exec "$@"`
	return q.VM("-machine", "none").SetWrapper("sh", "-c", script, "sh")
}

// TestScenario runs a scenario when this process was started for that.
func TestScenario(t *testing.T) {
	name := os.Getenv(scenarioEnv)
	if name == "" {
		return
	}
	scenarios[name](t)
}

// outcome is what a process with a scenario left.
type outcome struct {
	output string
	status int
	logDir string
}

// scenario runs a scenario to its end, with further arguments for the test
// binary and environment variables NAME=value.
func scenario(t *testing.T, name string, args ...string) outcome {
	t.Helper()
	cmd, logDir := scenarioCommand(t, name, args...)
	output, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return outcome{string(output), cmd.ProcessState.ExitCode(), logDir}
}

func scenarioCommand(t *testing.T, name string, args ...string) (cmd *exec.Cmd, logDir string) {
	t.Helper()
	require.Contains(t, scenarios, name)
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		t.Skip("needs qemu-system-x86_64 in PATH")
	}
	logDir = t.TempDir()
	cmd = exec.Command(os.Args[0], "-test.run=^TestScenario$", "-test.v")
	// A pool of its own: what else runs on this host may take minutes.
	cmd.Env = append(os.Environ(), scenarioEnv+"="+name, "QEMU_TEST_LOG_DIR="+logDir,
		pool.DirEnv+"="+filepath.Join(t.TempDir(), "pool"))
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") {
			cmd.Args = append(cmd.Args, arg)
		} else {
			cmd.Env = append(cmd.Env, arg)
		}
	}
	return cmd, logDir
}

func TestSkips(t *testing.T) {
	for name, want := range map[string]struct {
		kind   qemutest.Kind
		reason string
	}{
		"lacks a machine": {qemutest.KindMachine, "has no machine pc-none"},
		"lacks a CPU":     {qemutest.KindCPU, "has no CPU model host-none"},
		"lacks a device":  {qemutest.KindDevice, "has no device virtio-none-pci"},
		"lacks a netdev":  {qemutest.KindNetdev, "was built without -netdev none-user"},
		"lacks a version": {qemutest.KindVersion, "the future is not there yet"},
		"lacks an accel":  {"none-accel", "has no accelerator none-accel"},
		"lacks firmware":  {qemutest.KindFirmware, "no-such-bios.bin"},
		"lacks a command": {qemutest.KindCommand, "not in PATH: no-such-command: install"},
		"lacks an env":    {qemutest.KindEnv, "set NO_SUCH_VARIABLE"},
		"lacks an OS":     {qemutest.KindHost, "needs a host with plan9"},
		"lacks an arch":   {qemutest.KindHost, "needs a host with vax"},
		"lacks a vsock":   {qemutest.KindHost, "load the module vhost_vsock"},
		"lacks memlock":   {qemutest.KindHost, "raise ulimit -l"},
		"lacks emulator":  {qemutest.KindEmulator, "qemu-system-vax is not in PATH"},
		"is flaky":        {qemutest.KindFlaky, "https://example.org/bug/1"},
		"is slow":         {qemutest.KindSlow, "QEMU_TEST_ALLOW_SLOW"},
		"is big":          {qemutest.KindBigData, "QEMU_TEST_ALLOW_LARGE_STORAGE"},
		"is untrusted":    {qemutest.KindUntrusted, "QEMU_TEST_ALLOW_UNTRUSTED_CODE"},
		"is thorough":     {qemutest.KindTier, "run go test without -short"},
		"wants both":      {qemutest.KindFlaky, "the cheap requirement comes first"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat("/dev/vhost-vsock"); err == nil && name == "lacks a vsock" {
				t.Skip("this host has vsocks")
			}
			got := scenario(t, name, "-test.short")
			assert.Zero(t, got.status)
			assert.Contains(t, got.output, "--- SKIP: TestScenario")
			assert.Contains(t, got.output, "=== ATTR  TestScenario skip.kind "+string(want.kind)+"\n")
			if name != "wants both" {
				assert.Contains(t, got.output, want.reason)
			}
			entries, err := os.ReadDir(got.logDir)
			require.NoError(t, err)
			assert.Empty(t, entries, "a test that is skipped leaves no logs")

			required := scenario(t, name, "-test.short", "QEMU_TEST_REQUIRE=foo,"+string(want.kind))
			assert.Equal(t, 1, required.status)
			assert.Contains(t, required.output, "QEMU_TEST_REQUIRE forbids to skip this test: "+string(want.kind))
		})
	}
}

func TestGatesOpen(t *testing.T) {
	for name, variable := range map[string]string{
		"is flaky":     "QEMU_TEST_FLAKY_TESTS",
		"is slow":      "QEMU_TEST_ALLOW_SLOW",
		"is big":       "QEMU_TEST_ALLOW_LARGE_STORAGE",
		"is untrusted": "QEMU_TEST_ALLOW_UNTRUSTED_CODE",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := scenario(t, name, variable+"=1")
			assert.Contains(t, got.output, "--- PASS: TestScenario")
		})
	}
}

func TestPass(t *testing.T) {
	t.Parallel()
	got := scenario(t, "passes")
	require.Zero(t, got.status, got.output)
	for _, attr := range []string{"qemu.target x86_64", "qemu.machine pc,graphics=off", "qemu.accel tcg", "qemu.version ", "qemu.log " + got.logDir} {
		assert.Contains(t, got.output, "=== ATTR  TestScenario "+attr)
	}
	dir := filepath.Join(got.logDir, "x86_64", "TestScenario")
	for file, text := range map[string]string{
		"base.log":    "found \"SeaBIOS (version\"",
		"console.log": "SeaBIOS (version",
		"qmp.log":     "qmp_capabilities",
		"default.log": "",
	} {
		content, err := os.ReadFile(filepath.Join(dir, file))
		require.NoError(t, err)
		assert.Contains(t, string(content), text, file)
	}
}

func TestExpectedFailureText(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"prints an expected failure text", "prints an expected report"} {
		got := scenario(t, name)
		require.Zero(t, got.status, got.output)
		log, err := os.ReadFile(filepath.Join(got.logDir, "x86_64", "TestScenario", "base.log"))
		require.NoError(t, err)
		assert.Contains(t, string(log), "default: console 0: noted kernel panic")
	}
	got := scenario(t, "prints an expected failure text of its own")
	assert.Zero(t, got.status, got.output)
}

func TestExpectedReportOfQEMU(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"has QEMU fail an expected assertion": "default: QEMU: noted failed assertion: qemu: ../block.c:12: bdrv_close",
		"has expected undefined behavior":     "default: QEMU: noted undefined behavior: ../cpu.c:12:3: runtime error: shift exponent 64",
	} {
		got := scenario(t, name)
		require.Zero(t, got.status, got.output)
		log, err := os.ReadFile(filepath.Join(got.logDir, "x86_64", "TestScenario", "base.log"))
		require.NoError(t, err)
		assert.Contains(t, string(log), text)
	}
}

func TestFailureExplainsItself(t *testing.T) {
	t.Parallel()
	got := limited(t, "waits for what never comes")
	require.Equal(t, 1, got.status, got.output)
	for _, text := range []string{
		`machine "default": console 0: waiting for "login:" ended after `,
		`machine "default" is running (qemu-system-x86_64, process`,
		`/diagnosis.txt `,
		"registers.txt",
		"info.txt",
		"console 0, last",
		"SeaBIOS (version",
		"QMP, last messages:",
		"qmp_capabilities",
		"command line:",
		"-display none -vga none",
		"logs: " + filepath.Join(got.logDir, "x86_64", "TestScenario"),
		"run it again: go test -v -count=1 -run '^TestScenario$' ./qemutest",
	} {
		assert.Contains(t, got.output, text)
	}
	assert.Regexp(t, `the time limit of the test, \d+s, is over`, got.output)
	assert.Equal(t, 1, strings.Count(got.output, "console 0, last"), "the evidence is there once:\n%s", got.output)
}

func TestGoTestTimeout(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"waits outside the package"} {
		got := hurried(t, 4*time.Second, 1, name)
		require.Equal(t, 1, got.status, got.output)
		assert.Contains(t, got.output, "--- FAIL: TestScenario", "the test fails in its own name")
		assert.Contains(t, got.output, "go test's -timeout is near")
		assert.Regexp(t, `\n +(guest|host) \w+: `, got.output, "it says what the machine did")
		assert.NotContains(t, got.output, "panic: test timed out")
	}
}

func TestFailures(t *testing.T) {
	for name, texts := range map[string][]string{
		"fails by itself":      {"this is wrong", "is running", "console 0, last"},
		"panics":               {"panic: this is unexpected", "is running", "console 0, last"},
		"loses QEMU":           {`closed while waiting for "login:"`, "ms: QEMU was killed by SIGSEGV", "has ended: QEMU was killed by SIGSEGV"},
		"loses QEMU unnoticed": {"SIGABRT"},
		"cannot launch":        {"no-such-device", "-device no-such-device"},

		"has QEMU fail an assertion": {"QEMU found something wrong with itself and aborted: qemu: ../block.c:12: bdrv_close: Assertion"},
		"has undefined behavior":     {"UndefinedBehaviorSanitizer found a bug in QEMU: ../cpu.c:12:3: runtime error"},

		"notes a report":                   {"this is wrong", "console 0, noted soft lockup", "watchdog: BUG: soft lockup - CPU#0 stuck"},
		"prints a failure text":            {"console 0: kernel panic: Kernel panic - not syncing: no init", "the guest reported:"},
		"prints a failure text unnoticed":  {"Kernel panic - not syncing: no init"},
		"prints a failure text of its own": {"console 0: broken frobnicator: frobnicator: broken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := scenario(t, name)
			assert.NotZero(t, got.status)
			for _, text := range append(texts, "--- FAIL: TestScenario", "logs: ") {
				assert.Contains(t, got.output, text)
			}
		})
	}
}

func TestMalformedEnvironment(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]string{
		"QEMU_TEST_TIMEOUT_SCALE=fast":              `QEMU_TEST_TIMEOUT_SCALE="fast": expected a number above 0`,
		"QEMU_TEST_JOBS=many":                       `QEMU_TEST_JOBS must be the number of machines to run at once`,
		"QEMU_TEST_HOLD=long":                       `QEMU_TEST_HOLD="long": expected 1 or a duration`,
		"QEMU_TEST_REQUIRE=asets":                   `QEMU_TEST_REQUIRE: there is no kind "asets" of skips, but there is "assets"`,
		"QEMU_TEST_QEMU_IMG=/no/such/tool":          "QEMU_TEST_QEMU_IMG: expected the path of qemu-img",
		"QEMU_TEST_BUILD_DIR=/no/such/dir":          "QEMU_TEST_BUILD_DIR: expected the directory of a QEMU build",
		"QEMU_TEST_BUILD_DIR=/dev/null":             "/dev/null is a file",
		"QEMU_TEST_QEMU_BINARY=/no/such/emulator":   "QEMU_TEST_QEMU_BINARY: expected the path of an emulator",
		"QEMU_TEST_QEMU_BINARY=/bin/true":           "asking /bin/true, as a system emulator of QEMU, what it can do: expected QEMU to start, but",
		"QEMU_TEST_LOG_DIR=/dev/null/logs":          "making the directory of the logs, below QEMU_TEST_LOG_DIR",
		"QEMU_TEST_POOL_DIR=relative":               "QEMU_TEST_POOL_DIR must be an absolute path",
		"QEMU_TEST_QMP_BACKDOOR=/no/such/directory": "Failed to bind socket to /no/such/directory",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			got := scenario(t, "passes", variable)
			assert.Equal(t, 1, got.status)
			assert.Contains(t, got.output, want)
			assert.NotContains(t, got.output, "a guest that ends before the monitor is ready needs -S")
		})
	}
	got := scenario(t, "needs an asset", "QEMU_TEST_ASSET_MIRROR=/no/such/mirror", "QEMU_TEST_CACHE_DIR="+t.TempDir())
	assert.Equal(t, 1, got.status)
	assert.Contains(t, got.output, "QEMU_TEST_ASSET_MIRROR: expected directories and http or https URLs, /no/such/mirror is neither")
}

func TestEmulatorOfAnotherTarget(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("qemu-system-i386")
	if err != nil {
		t.Skip("needs qemu-system-i386 in PATH")
	}
	got := scenario(t, "passes", "QEMU_TEST_QEMU_BINARY="+path)
	assert.Zero(t, got.status, got.output)
	assert.Contains(t, got.output, "emulates i386, this test is for x86_64")
}
