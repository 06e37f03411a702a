package rules

import "slices"

// Zephyr holds the rules for Zephyr: kernel/fatal.c, lib/os/assert.c and the
// fault functions below arch/.
var Zephyr = slices.Concat(
	fatal(RTOSFault, text("Halting system"), 40,
		expr(`\*\*\*\*\* [A-Z ]+ FAULT \*\*\*\*\*`),
		text(">>> ZEPHYR FATAL ERROR "),
		expr(`ASSERTION FAIL \[.*\] @ `),
	),
)
