// Package board boots the distribution's kernel on the boards that QEMU
// emulates, with a program of its own as the only process, and checks that the
// guest finds and can use what the board promises.
//
//	board.Run(t, "arm", board.Board{
//		Machine: "highbank",
//		Kernel:  board.ARMMP,
//		DTB:     "highbank.dtb",
//		Console: "ttyAMA0",
//		Memory:  512,
//		Model:   "Calxeda Highbank",
//		CPU:     "CPU part\t: 0xc09",
//		Drivers: []string{"amba/rtc-pl031"},
//	})
//
// Each target has one table of them; adding a board is adding a row. Nothing is
// downloaded but the kernel's package, and its device trees and modules come
// out of that.
//
// # What is tested
//
// On each board: the kernel is that of the package, and got its command line;
// the machine's name; number and model of the CPUs, and that each of them runs
// a thread; the size of the memory; the drivers that found their devices; and
// how the machine ends. Where a row says so: the real-time clock shows the time
// of -rtc; a disk is read and written, and so is an EEPROM on an I2C bus; a GPIO
// line is switched; files go over QEMU's user network in both directions; the
// watchdog bites.
//
// What QEMU emulates only from some version on is a part of the row that Before
// takes out on older ones, so that the rest is tested on all.
//
// # Boards that are not in the tables
//
// These were tried with the kernels of Debian 12 and 13 and QEMU 10.0: nuri,
// npcm750-evb, versatilepb and xilinx-zynq-a9 stay silent; raspi4b and
// xlnx-zcu102 stop before userland, at devices that QEMU lacks; npcm845-evb and
// sbsa-ref need a device tree or firmware that Debian does not have; spike has a
// console that this kernel has no driver for; the serial port of sifive_u loses
// what Linux writes when it is full.
//
// The guest's program (init) says on the console what it found, as package report
// describes; it needs no input, so that it works where a board has only one
// serial port.
package board
