package agent

// What the host and the guest agree on.
const (
	// PortName is the name of the virtio-serial port that the agent answers
	// on, where the machine has one.
	PortName = "org.qemutest.agent"

	// VsockPort is the port that the agent listens on, where the machine has a
	// vsock and no virtio-serial port.
	VsockPort = 0x716d // "qm"

	// ChannelParameter is the parameter on the kernel's command line that
	// names the channel: "qemutest.channel=/dev/ttyS1". See [Main].
	ChannelParameter = "qemutest.channel"

	// ClockParameter is the parameter on the kernel's command line that tells
	// the time, in seconds since 1970: "qemutest.clock=1767225600". A clock that
	// is behind is set to it, as where the kernel has no driver for the clock of
	// the machine.
	ClockParameter = "qemutest.clock"

	// ModulesFile is the list of kernel modules to load, in this order: on
	// each line the path of a module in the guest and its parameters,
	// separated by spaces. Empty lines and those that begin with # are passed
	// over. Modules that are not for this machine (ENODEV), or in the kernel
	// already, are no error.
	ModulesFile = "/etc/qemutest/modules"
)
