//go:build linux

// Init is the agent as the /init of a guest. Build it without cgo for the
// architecture of the guest.
package main

import "github.com/qemutest/functional/qemutest/guest/agent"

func main() { agent.Main() }
