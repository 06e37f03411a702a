package rules

import "slices"

// QEMU holds the rules for what QEMU itself, and not its guest, writes to its
// standard output and error: the sanitizers that it can be built with, and the
// last words of one that finds something wrong with itself. They come from
// QEMU (error_abort, cpu_abort, hw_error, tcg_abort), from assert and the
// allocator of the C library, and from GLib.
//
// A sanitizer's report is fatal wherever it stands: QEMU may go on after it.
// The others are noted. What fails is the signal that QEMU dies by, and its
// last words tell why; without that signal they may be those of a guest that
// writes to the same place, over semihosting for example.
//
// These rules are not among those of [Guests], since a guest may print anything
// on its console.
var QEMU = slices.Concat(
	fatal(Sanitizer, expr(`SUMMARY: \w+Sanitizer: `), 0, expr(`(?:ERROR|WARNING): \w+Sanitizer: `)),
	fatal(UndefinedBehavior, nil, 1, expr(`\S:\d+:\d+: runtime error: `)),

	noted(NoHostMemory, nil, 1,
		text("Cannot allocate memory"),              // of mmap, for the memory of the guest
		expr(`failed to allocate \d+ bytes`),        // GLib
		text("Insufficient free host memory pages"), // for huge pages
	),
	noted(Assertion, nil, 1,
		expr(`Assertion .*failed`), // assert
		expr(`^ERROR:\S+:\d+:`),    // g_assert
	),
	noted(InternalError, nil, 2, expr(`^Unexpected error in `)), // error_abort: the error follows
	noted(InternalError, nil, 1,
		expr(`^qemu: (?:fatal|hardware error): `), // cpu_abort, hw_error
		text("tcg fatal error"),                   // tcg_abort
		text("-ERROR **: "),                       // g_error
	),
	noted(HeapCorruption, nil, 1,
		expr(`^\*\*\* \w+ .*\*\*\*`), // the stack protector, and _FORTIFY_SOURCE
		expr(`^(?:double free or corruption|corrupted|free\(\):|malloc\(\):|realloc\(\):|munmap_chunk\(\):)`),
	),
)
