//go:build linux

package guest_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/creack/pty"
	"github.com/qemutest/functional/qemutest/guest"
	"github.com/qemutest/functional/qemutest/guest/agent"
)

// The agent of this example runs here: in a test it is the /init of a guest, and
// the connection a [machine.Channel].
func ExampleNewAgent() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	host, there := net.Pipe()
	go agent.Serve(ctx, there)

	g := guest.NewAgent(host, guest.Port)
	defer g.Close()
	result, err := g.Run(ctx, guest.Command{
		Args:   []string{"sh", "-c", "tr a-z A-Z; exit 3"},
		Stdin:  strings.NewReader("hello\n"),
		Stdout: os.Stdout,
	})
	fmt.Println(result.Status, result.Err(), err)
	// Output:
	// HELLO
	// 3 expected the command to succeed, its exit status is 3 <nil>
}

// The terminal of this example is one of this host: in a test it is the serial
// console of a guest that somebody else has made.
func ExampleNewShell() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "sh", "-i")
	terminal, err := pty.Start(shell)
	if err != nil {
		fmt.Println(err)
		return
	}

	g := guest.NewShell(terminal, guest.Login{})
	defer g.Close()
	output, err := g.Output(ctx, "printf", "%s, %s\n", "a  b", "it's $HOME")
	fmt.Printf("%s%v\n", output, err)
	// Output:
	// a  b, it's $HOME
	// <nil>
}
