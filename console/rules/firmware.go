package rules

import "slices"

// UBoot holds the rules for U-Boot: lib/hang.c, common/spl/spl.c,
// boot/image*.c and the interrupt functions below arch/.
var UBoot = slices.Concat(
	fatal(FirmwareHang, nil, 1, text("### ERROR ### Please RESET the board ###")),
	fatal(FirmwareException, expr(`Resetting CPU|### ERROR ###`), 60,
		text(`"Synchronous Abort" handler, esr 0x`), // aarch64
		text(`"Error" handler, esr 0x`),
		expr(`^data abort$`), // arm
		expr(`^prefetch abort$`),
		expr(`^undefined instruction$`),
		text("Unhandled exception: "), // riscv
	),
	fatal(BootFailure, nil, 1, text("SPL: failed to boot from all boot devices")),
	noted(BootFailure, nil, 1,
		text("Wrong Image Format for bootm command"),
		expr(`Bad Linux (?:ARM64|RISCV) Image magic!`),
	),
)

// UEFI holds the rules for EDK II: BaseDebugLibSerialPort, CpuExceptionHandlerLib
// and ArmPkg's DefaultExceptionHandlerLib, and BdsDxe.
var UEFI = slices.Concat(
	fatal(FirmwareAssertion, nil, 2, text("ASSERT_EFI_ERROR (Status = ")),
	fatal(FirmwareAssertion, nil, 1, expr(`^ASSERT (?:\[\w+\] )?\S+\(\d+\): `)),
	fatal(FirmwareException, expr(`!!!! (?:Find image based on IP|Can't find image information)`), 40,
		text("!!!! X64 Exception Type - "),
		text("!!!! IA32 Exception Type - "),
		text("!!!! RISCV64 Exception Type - "),
	),
	fatal(FirmwareException, expr(`^ASSERT `), 60,
		text("Synchronous Exception at 0x"), // arm, aarch64
		text("SError Exception at 0x"),
	),
	noted(BootFailure, nil, 1,
		text("BdsDxe: failed to load "),
		text("BdsDxe: failed to start "),
		text("BdsDxe: No bootable option or device was found"),
	),
)

// OpenSBI holds the rules for OpenSBI: lib/sbi/sbi_trap.c and sbi_init.c.
var OpenSBI = slices.Concat(
	fatal(FirmwareException, expr(`sbi_trap_error: .* t6=0x`), 30, text("sbi_trap_error: hart")),
	fatal(FirmwareHang, nil, 1, expr(`init_coldboot: .*\(error -?\d+\)`)),
)

// SeaBIOS holds the rules for SeaBIOS: src/boot.c and fw/pciinit.c.
var SeaBIOS = slices.Concat(
	fatal(FirmwareHang, nil, 1, expr(`PCI: out of (?:I/O|32bit) address space`)),
	noted(BootFailure, nil, 1,
		text("Boot failed: could not read the boot disk"),
		text("Boot failed: not a bootable disk"),
		text("No bootable device."),
	),
)
