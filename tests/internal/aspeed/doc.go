// Package aspeed holds what tests of boards with ASPEED's BMCs do again and
// again: boot from flash through U-Boot into OpenBMC or another Linux, and look
// at devices that QEMU put on an I²C bus, or at the OTP memory.
//
//	vm := q.VM(aspeed.Flash(q.Fetch(palmettoFlash))...)
//	vm.Launch()
//	aspeed.OpenBMC{CPU: "0x0", SoC: "AST2400 rev A1", Hostname: "palmetto"}.WaitFor(vm)
//
// The images are those of https://github.com/legoater/qemu-aspeed-boot, and
// ASPEED's own (the SDK): https://github.com/AspeedTech-BMC/openbmc.
package aspeed
