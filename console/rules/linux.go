package rules

import "slices"

// endTrace ends most of the kernel's reports with a stack trace: "end trace"
// and "end Kernel panic".
var endTrace = text("---[ end ")

// Linux holds the rules for the Linux kernel and what boots on it, of all
// architectures: kernel/panic.c, the die and fault functions below arch/,
// kernel/watchdog.c, kernel/rcu/tree_stall.h, mm/oom_kill.c, init/do_mounts.c,
// initramfs-tools, dracut and systemd.
//
// Lockups and stalls are noted, because an emulated CPU on a loaded host has
// them without anyone's fault.
var Linux = slices.Concat(
	fatal(KernelPanic, text("---[ end Kernel panic"), 0, text("Kernel panic - not syncing")),

	fatal(KernelOops, endTrace, 0,
		text("BUG: kernel NULL pointer dereference"), // x86
		text("BUG: Kernel NULL pointer dereference"), // ppc
		text("BUG: unable to handle "),
		text("Unable to handle kernel "), // all others
		text("kernel BUG at "),
		expr(`general protection fault.*\[#\d+\]`), // that of a process has no number
		expr(`Internal error: .*\[#\d+\]`),         // arm
		expr(`Oops: .*\[#\d+\]`),
		text("Oops [#"),             // riscv
		text("Oops[#"),              // mips
		text("Kernel Fault: Code="), // hppa
	),

	noted(SoftLockup, endTrace, 60, text("BUG: soft lockup - CPU#")),
	noted(HardLockup, endTrace, 60,
		text("Watchdog detected hard LOCKUP on cpu"),
		expr(`watchdog: CPU \d+ Hard LOCKUP`), // ppc
	),
	noted(RCUStall, nil, 30, expr(`INFO: rcu_\w+ (?:self-)?detected (?:expedited )?stall`)),
	noted(HungTask, nil, 20, expr(`INFO: task .* blocked for more than \d+ seconds`)),
	noted(OutOfMemory, expr(`(?:Out of memory|out of memory): Kill`), 120, text(" invoked oom-killer: ")),
	noted(OutOfMemory, nil, 1, text("Out of memory: Kill")),

	// The panic that follows is the failure, where it is one.
	noted(NoRootFS, text("(driver?)"), 10, text("VFS: Cannot open root device ")),
	fatal(NoRootFS, nil, 1, expr(`ALERT! .* does not exist\. +Dropping to a shell!`)),
	noted(EmergencyShell, nil, 4,
		text("Entering emergency mode. Exit the shell to continue."), // dracut
		text("You are in emergency mode."),                           // systemd
	),

	noted(KernelBug, endTrace, 40,
		text("BUG: KASAN: "),
		text("BUG: KCSAN: "),
		text("BUG: KFENCE: "),
		text("BUG: Bad page "),
		text("BUG: Bad rss-counter "),
		text("BUG: scheduling while atomic: "),
		text("BUG: sleeping function called from invalid context"),
		text("BUG: workqueue lockup - pool"),
		text("UBSAN: "),
	),
	noted(KernelWarning, endTrace, 60,
		expr(`WARNING: CPU: \d+ PID: \d+ at `),
		expr(`WARNING: \S+:\d+ at `), // since Linux 6.18
	),
)
