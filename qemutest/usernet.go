package qemutest

import (
	"fmt"
	"regexp"
	"strconv"
)

// HostForward returns the TCP port on the host that QEMU's user network
// forwards to guestPort. Let QEMU choose it, so that no two tests want the
// same one:
//
//	-netdev user,id=net0,hostfwd=tcp:127.0.0.1:0-:22
//
// It fails the test if nothing is forwarded to guestPort.
func (vm *VM) HostForward(guestPort int) int {
	vm.test.t.Helper()
	text := vm.HMP("info usernet")
	port, err := parseHostForward(text, guestPort)
	if err != nil {
		vm.test.t.Fatal(err)
	}
	return port
}

// hostForward matches a line of "info usernet": protocol and state, descriptor,
// source address and port, destination address and port.
var hostForward = regexp.MustCompile(`(?m)^\s*TCP\[HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)\s+\S+\s+(\d+)\s`)

func parseHostForward(text string, guestPort int) (int, error) {
	for _, m := range hostForward.FindAllStringSubmatch(text, -1) {
		if m[2] != strconv.Itoa(guestPort) {
			continue
		}
		port, err := strconv.Atoi(m[1])
		if err != nil {
			return 0, fmt.Errorf("info usernet: %w", err)
		}
		return port, nil
	}
	return 0, fmt.Errorf("no TCP port of the host is forwarded to port %d of the guest; info usernet says:\n%s", guestPort, text)
}
