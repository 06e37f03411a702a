// Package qemutest is the base of functional tests of QEMU: it starts real
// machines, waits for what their guests print, and talks to their monitors.
//
//	func TestArmCanonA1100(t *testing.T) {
//		q := qemutest.New(t, "arm",
//			qemutest.Machine("canon-a1100"),
//			qemutest.Assets(canonA1100))
//
//		vm := q.VM("-bios", q.ExtractMember(canonA1100, "day18/barebox.canon-a1100.bin"))
//		vm.Launch()
//		vm.WaitFor("running /env/bin/init")
//	}
//
// # A test
//
// [New] is the only entry. Its requirements say what the test needs; the first
// that is not met here skips the test, with a [Kind] for machines and a reason
// for people. Requirements are checked from cheap to dear: tier and opt-ins,
// the host, the emulator under test (asked over QMP once, then cached), assets.
// When New returns, the assets are in the cache, the test has a place among the
// machines that run on this host, and its clock has started.
//
// [Test.VM] describes a machine, [VM.Launch] starts it. Its first serial port
// is the console, which is drained and logged from the first byte to the last;
// [VM.SetConsole] and [VM.NoConsole] choose otherwise, and
// [Console.SetConsoleOptions] says how a guest has to be typed on that loses
// characters or has no echo. [Console.WaitFor] and
// its relatives wait on the console; [VM.QMP], [VM.HMP] and [VM.WaitForEvent]
// use the monitor. [Test.Start] runs a program of the host beside the machines.
// What fails ends the test, with the reason first. The Try forms return the
// error to tests that examine it.
//
// [VM.Guest] has things done in the guest: an initial RAM file system of
// [Test.AgentInitramfs] starts the agent of package guest/agent, which
// [VM.EnableGuest] connects over [VirtioChannel], [VsockChannel],
// [SerialChannel] or [ConsoleChannel].
//
//	vm.EnableGuest(qemutest.VirtioChannel("")).Launch()
//	version := vm.Guest().ReadFile("/proc/version")
//
// Guests that are not ours do the same over a shell on the console
// ([Console.UseShell]) or an SSH server ([VM.UseSSH]).
//
// [RunInGuest] and [CallInGuest] run a function of the test itself in a guest.
//
// When the test ends, in whatever way, its machines are shut down. One that was
// killed by a signal, left a sanitizer's report, or panicked unasked fails the
// test even then. None survives the test process, not even after kill -9, and
// the test process does not survive go test or gotestsum. Nor does any directory
// that the test was given.
//
// # Tiers and time
//
// A test that declares assets is thorough, others are quick; [Quick] and
// [Thorough] overrule that, and -short leaves the thorough ones out. A test may
// take [DefaultTimeout], or what [Timeout] says, and it stops in time before go
// test's own -timeout, with evidence. After a failure, -failfast keeps those from
// starting that wait for their turn. Tests run in parallel, as many as the
// host has memory and cores for: all test processes share one pool of places.
//
// With QEMU_TEST_PRECACHE set, New fetches the assets of the test, whatever else
// the test requires, and ends it as skipped, kind [KindPrecached]: -run, -short and
// the gates choose what is fetched. go test remembers a package whose assets are
// all in the cache, until one of their files changes. It remembers no other
// result of a test that calls New, because it does not see when QEMU is installed
// or replaced: -count=1 is not needed.
//
// # Files
//
// The logs of a test stay in build/functional/<target>/<test> at the root of
// the module, where commas and colons of the test's name are underscores,
// because QEMU's options give them a meaning: base.log with the steps of the test; console.log with every byte
// of the console; <machine>.log with what QEMU itself wrote; qmp.log with the
// monitor's traffic. A failure adds diagnosis.txt, which says why the machine
// did not get on and from what that was judged (see package hang);
// registers.txt with the registers of all CPUs, twice; info.txt with what the
// human monitor tells about the machine; screenshot-failed.png with what a
// display showed; and repro.sh, a script that runs the test's machines by hand
// and tells what the test did with them. With go test -artifacts they are in t.ArtifactDir.
// [Test.Scratch] and [Test.SocketDir] give directories that vanish with the
// test.
//
// # Environment
//
//	QEMU_TEST_QEMU_BINARY            the emulator under test; tests of other targets skip
//	QEMU_TEST_QEMU_IMG               the qemu-img for tests that make images
//	QEMU_TEST_BUILD_DIR              a QEMU build tree to take emulators and tools from; else PATH
//	QEMU_TEST_LOG_DIR                where logs go, instead of build/functional
//	QEMU_TEST_KEEP_SCRATCH           keep scratch directories, beside the logs
//	QEMU_TEST_TIMEOUT_SCALE          multiplies the time limits of tests and of QEMU's start and end, on slow hosts
//	QEMU_TEST_JOBS                   how many tests may run machines at once on this host; 0: as its cores allow
//	QEMU_TEST_POOL_DIR               where test processes meet to share the host, an absolute path
//	QEMU_TEST_REQUIRE                kinds of skips that are failures, such as kvm,assets; or all
//	QEMU_TEST_PRECACHE               fetch the assets of the selected tests, and run nothing
//	QEMU_TEST_LIST                   tell what the selected tests need (Listing), and run nothing
//	QEMU_TEST_FLAKY_TESTS            run tests that are known to fail now and then
//	QEMU_TEST_ALLOW_UNTRUSTED_CODE   run tests whose guest code nobody vouches for
//	QEMU_TEST_ALLOW_LARGE_STORAGE    run tests that store more than about 500 MB
//	QEMU_TEST_ALLOW_SLOW             run tests that take very long
//	QEMU_TEST_HOLD                   keep the machines of a failed test: 1 for 30 minutes, or a duration
//	QEMU_TEST_QMP_BACKDOOR           path of a second QMP server on every machine, to look inside
//
// Those of the asset cache are in the documentation of package asset. The names
// are those of QEMU's own functional tests, where they exist there. Paths that
// are not absolute begin at the root of the module. Switches are off when they are
// empty, "0", "no", "off" or "false"; QEMU_TEST_KEEP_SCRATCH alone is on when it is
// set at all, as there. A value that cannot be meant fails the tests.
package qemutest
