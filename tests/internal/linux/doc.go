// Package linux boots Linux kernels that QEMU loads itself, and holds what
// tests do with a running Linux again and again: log in, reboot, fetch a file
// from it over the network.
//
//	vm := linux.Boot{
//		Kernel: q.ExtractMember(winter, "day16/winter.zImage"),
//		DTB:    q.ExtractMember(winter, "day16/vexpress-v2p-ca9.dtb"),
//		Append: "console=ttyAMA0",
//	}.Launch(q)
//	vm.WaitFor("QEMU advent calendar")
//
// A kernel panic fails the test at any time, which package qemutest sees to; a
// test that wants one calls [qemutest.VM.ExpectConsole] on what [Boot.VM]
// returns.
package linux
