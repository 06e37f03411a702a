// Package hang says why a machine does not get on: it tells a guest that is
// idle from one that spins, one that something stopped, a QEMU that is stuck,
// overslept or gone, and a host that is too busy.
//
//	d := hang.Examine(ctx, m)
//	fmt.Println(d) // guest spins: CPU 0 uses 99% of a processor and was seen 5 times at pc 0x7c05
//	switch d.Kind {
//	case hang.Overloaded:
//		...
//	}
//
// [Examine] asks the monitor for the run state, looks at the registers of all
// CPUs several times, and reads from the host what QEMU's threads did meanwhile.
// It takes a third of a second when the monitor answers, and never more than
// [Limit]. It changes nothing: the guest goes on as before.
//
// [ExamineSince] judges the host by the time since a [Baseline]: a machine that had
// all it wanted for ten minutes, and nothing in the minute of the wait, is one of an
// overloaded host.
//
// # What is known where
//
// On Linux, /proc tells for each thread of QEMU how long it ran and how long it
// was ready to run but had no processor (schedstat), and query-cpus-fast tells
// which threads are CPUs of the guest. A CPU whose thread neither runs nor wants
// to is halted, on every target and with every accelerator. The registers add
// where the guest is; those of x86 say themselves whether a CPU is halted. On
// other hosts only the processor time of the whole process is known, and
// [Overloaded] cannot be told.
//
// Under TCG the monitor reads the registers while the guest runs, so that the
// program counter is that of the block of code which QEMU translated last.
package hang
