package rules

import "slices"

// endPanic ends the report of a panic: the debugger's prompt, or the last line
// before the reboot.
var endPanic = expr(`^(?:db|ddb(?:\{\d+\})?)> |KDB: enter: |^Uptime: |: End traceback`)

// BSD holds the rules for the kernels of FreeBSD, NetBSD (which may print a
// time before each line) and OpenBSD.
var BSD = slices.Concat(
	fatal(KernelPanic, endPanic, 60,
		expr(`^panic: `),
		expr(`\] panic: `),
		expr(`^Fatal trap \d+: .* while in kernel mode`), // FreeBSD
		expr(`fatal .* fault in supervisor mode`),        // NetBSD
		expr(`^kernel: [a-z ]+ trap, code=`),             // OpenBSD
		expr(`^Fatal double fault`),                      // FreeBSD
	),
	fatal(NoRootFS, nil, 1,
		expr(`^mountroot>`),                         // FreeBSD
		expr(`^root device(?: \(default \w+\))?: `), // OpenBSD, NetBSD
		expr(`\] root device(?: \(default \w+\))?: `),
	),
)
