// Package agent is the program in a guest that does what the host asks for. Its
// other side is [github.com/qemutest/functional/qemutest/guest].
//
// A guest whose /init is the agent needs a program of one line, built without
// cgo for the architecture of the guest:
//
//	func main() { agent.Main() }
//
// The package qemutest/guest/agent/init is that program. One with functions of
// its own registers them before, and the host calls them by name:
//
//	func main() {
//		agent.Register("count", count)
//		agent.Main()
//	}
//
// As the first process of the system, [Main] mounts what programs expect (/proc,
// /sys, /dev, /dev/pts, /dev/shm, /run, /tmp), loads the modules of
// [ModulesFile], names the system as /etc/hostname says, sets a clock that is
// behind [ClockParameter], brings up the loopback interface and the first
// Ethernet interface with the address that QEMU's user networking expects
// (10.0.2.15/24, gateway 10.0.2.2, name server 10.0.2.3), and reaps orphans. What
// of this fails is told on the console, and the agent goes on.
//
// It answers on the virtio-serial port [PortName] if the machine has it, else on
// [VsockPort] if it has a vsock, else on the console; [ChannelParameter] chooses
// another. The console remains one: frames on it are made of bytes that neither
// the kernel's messages nor other text have.
package agent
