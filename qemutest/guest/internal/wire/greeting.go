package wire

import (
	"encoding/json"
	"fmt"
)

// Version is the version of the protocol. The two sides must have the same: the
// agent is built with the tests that talk to it.
const Version = 1

// A Greeting is what the agent says of itself.
type Greeting struct {
	Version int
	Info
}

// Info describes the guest.
type Info struct {
	GOARCH  string
	Kernel  string  // release, such as "6.1.0-50-amd64"
	Machine string  // as uname -m prints it
	PID     int     // of the agent
	Channel string  // what it answers on, such as "/dev/vport0p1"
	Uptime  float64 // of the guest when the agent began to answer, in seconds
}

func parseGreeting(payload []byte) (Greeting, error) {
	var g Greeting
	if err := json.Unmarshal(payload, &g); err != nil {
		return g, fmt.Errorf("expected a greeting of the agent: %w", err)
	}
	if g.Version != Version {
		return g, fmt.Errorf("expected an agent with version %d of the protocol, it has %d: build it from the same module as the test", Version, g.Version)
	}
	return g, nil
}
