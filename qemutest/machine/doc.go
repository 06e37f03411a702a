// Package machine runs one QEMU: from a description to a command line, to a
// process with a monitor and consoles, to a verdict on how it ended.
//
// # A machine
//
// A [Config] describes a machine, [Launch] starts it and returns when its
// monitor answers:
//
//	m, err := machine.Launch(ctx, machine.Config{
//		Binary:  "/usr/bin/qemu-system-riscv64",
//		Machine: "virt",
//		LogDir:  dir,
//	})
//	if err != nil {
//		return err // with QEMU's words: what it wrote, how it ended
//	}
//	defer m.Close()
//	_, err = m.Console(0).Wait(ctx, console.Wait{Success: ...})
//
// The guest is typed to and watched through [Machine.Console], QEMU is
// controlled through [Machine.QMP].
//
// # Command line
//
// It begins like that of QEMU's own functional tests:
//
//	[wrapper] <binary> -display none -vga none
//	    -chardev socket,id=mon,fd=<n> -mon chardev=mon,mode=control
//	    -machine <Config.Machine>
//	    -serial null ...
//	    -chardev socket,id=console,fd=<n> -serial chardev:console
//	    -chardev socket,id=channel0,fd=<n> -serial chardev:channel0
//	    -chardev socket,id=gdb,fd=<n> -gdb chardev:gdb
//	    -cpu <Config.CPU>
//	    Config.Args...
//
// Each part is there only where the Config asks for it, apart from the first
// line. Standard input is /dev/null; standard output and error go to a log. Monitor
// and consoles are inherited socket pairs, not paths: there is no limit of 108
// bytes, no race and nothing left behind. Other children of this process inherit
// neither end.
//
// # How a machine ends
//
// [Machine.Shutdown] asks, and insists when that does not help. [Machine.Kill]
// kills. [Machine.Wait] waits for a machine that ends by itself. Each returns an
// [Exit], a verdict from QEMU's QMP events, its wait status, what it wrote (an
// assertion, the report of a sanitizer), and what this process did to it. It
// tells a guest that powered off from one that reset or panicked, and these from
// a QEMU that was told to quit, crashed, or hung. An exit status alone tells
// nothing: it is 0 for nearly all of the guest's ways to end. QEMU that dies by a
// signal that nobody here sent is an error, also while it is shut down.
//
// What QEMU writes is read with the rules of package rules for QEMU itself. A
// test that wants to see one of these reports says so in Config.Expected.
//
// A triple fault is a reset like any other in QMP. It is told from them by
// QEMU's log of CPU resets, which x86 machines with -no-reboot and a LogDir get
// ("-d cpu_reset -D <log>"), unless their Args have a -d or -D. KVM does not write
// it. That the kernel killed QEMU for want of memory is told by its counter of
// such kills (oom_kill in /proc/vmstat).
//
// Consoles and monitor are read to their end before the verdict: the last lines
// of a guest are in the transcript and in the log, and can be waited for until
// [Machine.Close].
//
// # No machine outlives its process
//
// QEMU runs in a process group of its own, with its wrapper if there is one.
// When this process is gone, even by kill -9, the group is killed. It is also
// killed when its leader ends. See the package guard beside this one.
//
// # What an emulator can do
//
// [Probe] asks an emulator for its version, machine types, devices, CPU models
// and so on, and remembers the answer. [UsableKVM] tells whether KVM works.
//
// # Environment
//
// QEMU_TEST_QMP_BACKDOOR is the path of a UNIX socket on which machines serve a
// second monitor, for looking into one by hand, with QEMU's qmp-shell for
// example. The machine named "default" serves it at this path, others add their
// name; where another machine serves already, a number is added.
//
// # Limits
//
// Some UARTs of QEMU do not wait for a slow reader, they lose what does not fit
// into the socket: on QEMU 7.2 those of the riscv machines sifive_u and spike.
// The sockets get buffers of 8 MiB, but on Linux the kernel grants a user
// without CAP_NET_ADMIN no more than the sysctl net.core.wmem_max, 208 KiB
// where nobody changed it, of which each character takes about 1 KiB. Raise it
// to 4194304 to test such a QEMU.
package machine
