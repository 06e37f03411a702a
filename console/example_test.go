package console_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/console/rules"
)

// boot returns a console of a small guest: it prints text, and then it echoes
// the lines that it is sent and prints the answer to each.
func boot(opts console.Options, text string, answers map[string]string) *console.Console {
	near, guest := net.Pipe()
	c, err := console.New(near, opts)
	if err != nil {
		panic(err)
	}
	go func() {
		io.WriteString(guest, text)
		keys := bufio.NewReader(guest)
		for {
			line, err := keys.ReadString('\r')
			if err != nil {
				return
			}
			line = strings.TrimSuffix(line, "\r")
			io.WriteString(guest, line+"\r\n"+answers[line]+"# ")
		}
	}()
	return c
}

func Example() {
	c := boot(console.Options{}, "U-Boot 2024.01\r\nLinux version 6.6\r\nlogin: ", nil)
	defer c.Close()

	m, err := c.Wait(context.Background(), console.Wait{
		Success: []console.Pattern{console.Text("login:")},
		Failure: []console.Pattern{console.Text("Entering emergency mode.")},
		Timeout: 90 * time.Second,
		Idle:    30 * time.Second,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q after %d bytes\n", m.Text, m.Start)
	// Output: "login:" after 35 bytes
}

func ExampleRegexp() {
	c := boot(console.Options{}, "U-Boot 2024.01-rc3 (Jan 08 2024)\r\n", nil)
	defer c.Close()

	m, err := c.Wait(context.Background(), console.Wait{
		Success: []console.Pattern{console.Regexp(`^U-Boot (\S+) \((.*)\)$`)},
	})
	fmt.Println(m.Submatches[1], "of", m.Submatches[2], err)
	// Output: 2024.01-rc3 of Jan 08 2024 <nil>
}

func ExampleConsole_Exec() {
	c := boot(console.Options{}, "# ", map[string]string{"cat /sys/hwmon0/temp0": "18000\r\n"})
	defer c.Close()

	// The digit in the command is not mistaken for the answer.
	m, err := c.Exec(context.Background(), "cat /sys/hwmon0/temp0", console.Wait{
		Success: []console.Pattern{console.Regexp(`\d+`)},
		Timeout: 10 * time.Second,
	})
	fmt.Println(m.Text, err)
	// Output: 18000 <nil>
}

func ExampleConsole_InterruptUntil() {
	c := boot(console.Options{}, "Hit any key to stop autoboot: 3", nil)
	defer c.Close()

	_, err := c.InterruptUntil(context.Background(), "\r", 100*time.Millisecond, console.Wait{
		Success: []console.Pattern{console.Text("# ")},
		Timeout: 10 * time.Second,
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleConsole_Failed() {
	opts := console.Options{Watch: rules.Linux}
	c := boot(opts, "Kernel panic - not syncing: No working init found.\r\n", nil)
	defer c.Close()

	<-c.Failed() // without anyone waiting for a pattern
	_, err := c.Wait(context.Background(), console.Wait{Success: []console.Pattern{console.Text("login:")}})
	var waitErr *console.WaitError
	if errors.As(err, &waitErr) {
		fmt.Println(waitErr.Report)
	}
	// Output: kernel panic: Kernel panic - not syncing: No working init found.
}

func ExampleConsole_Expect() {
	c := boot(console.Options{Watch: rules.Linux}, "", map[string]string{
		"echo c > /proc/sysrq-trigger": "Kernel panic - not syncing: sysrq triggered crash\r\n",
	})
	defer c.Close()

	c.Expect(rules.KernelPanic)
	_, err := c.Exec(context.Background(), "echo c > /proc/sysrq-trigger", console.Wait{
		Success: []console.Pattern{console.Text("sysrq triggered crash")},
	})
	fmt.Println(err, c.Failure())
	// Output: <nil> <nil>
}

func ExampleConsole_SetCursor() {
	c := boot(console.Options{}, "one two one three\r\n", nil)
	defer c.Close()
	one := console.Wait{Success: []console.Pattern{console.Text("one")}}

	first, _ := c.Wait(context.Background(), one)
	second, _ := c.Wait(context.Background(), one)
	c.SetCursor(0)
	again, _ := c.Wait(context.Background(), one)
	fmt.Println(first.Start, second.Start, again.Start)
	// Output: 0 8 0
}
