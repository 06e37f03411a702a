package machine

import (
	"errors"
	"regexp"
	"strings"

	"github.com/qemutest/functional/console/rules"
)

// Causes of a [*LaunchError], for [errors.Is]. Their texts say what to do.
var (
	// ErrOption is a command line that this QEMU does not take: an option, or a
	// machine, CPU, device or property that it does not have.
	ErrOption = errors.New("this QEMU has no such option or value: correct it, or require a QEMU that has it")

	// ErrBus is a device for a bus that the machine does not have.
	ErrBus = errors.New("the machine lacks the bus of the device: choose its sibling for a bus that the machine has, or another machine")

	// ErrFile is a file in the command line that is missing or that QEMU cannot
	// use.
	ErrFile = errors.New("QEMU cannot use a file: check that it is there and may be read")

	// ErrPortInUse is a port of the host that another process has.
	ErrPortInUse = errors.New("the port is in use: let QEMU choose one with port 0, and ask which")

	// ErrKVM is KVM that this user or host cannot use.
	ErrKVM = errors.New("KVM cannot be used: see that /dev/kvm is there and that the user is in its group, or use -accel tcg")

	// ErrMemory is a host that does not have the memory of the machine.
	ErrMemory = errors.New("the host has too little memory: make the machine smaller, or run fewer of them")
)

// launchCauses recognize the words of QEMU 7.2 to 10.0, the more special ones
// first. ErrMemory has a rule of package rules.
var launchCauses = []struct {
	says  *regexp.Regexp
	cause error
}{
	{regexp.MustCompile(`(?i)could not access kvm|failed to initialize kvm|kvm is not supported|invalid accelerator kvm`), ErrKVM},
	{regexp.MustCompile(`Address already in use|Could not set up host forwarding rule`), ErrPortInUse},
	{regexp.MustCompile(`No such file or directory|Permission denied|[Cc]ould not (?:open|load)|Cannot load`), ErrFile},
	{regexp.MustCompile(`No '.*' bus found`), ErrBus},
	{regexp.MustCompile(`invalid option|requires an argument|[Uu]nsupported (?:machine|NIC)|unable to find CPU model|Invalid CPU model` +
		`|invalid accelerator|[Ii]nvalid (?:parameter|SMP)|not a valid device model|Property '.*' not found` +
		`|Parameter '.*' (?:expects|does not accept|is missing)`), ErrOption},
}

// cause returns what QEMU complained of, nil if that is nothing known.
func (e *LaunchError) cause() error {
	switch e.How.Kind {
	case OutOfMemory:
		return ErrMemory
	case Exited:
		for line := range strings.Lines(e.Output) {
			if noComplaint.MatchString(line) {
				continue
			}
			if says(line, rules.NoHostMemory) {
				return ErrMemory
			}
			for _, known := range launchCauses {
				if known.says.MatchString(line) {
					return known.cause
				}
			}
		}
	}
	return nil
}
