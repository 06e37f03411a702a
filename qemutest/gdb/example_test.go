package gdb_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/qemutest/functional/qemutest/gdb"
)

// connect stands for how the test got its machine: QEMU was started with
// "-gdb chardev:gdb" and the other end of conn.
func connect() (ctx context.Context, conn net.Conn) { return context.Background(), nil }

// Run to an address of the firmware, and look at what is there.
func Example() {
	ctx, conn := connect()
	c, err := gdb.NewClient(ctx, conn, gdb.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	if err := c.Break(ctx, 0x80000000); err != nil {
		fmt.Println(err)
		return
	}
	stop, err := c.Continue(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	hart, err := c.Register(ctx, "a0")
	if err != nil {
		fmt.Println(err)
		return
	}
	code, err := c.ReadMemory(ctx, 0x80000000, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v with hart %d in front of %x\n", stop, hart, code)
}

// Wait until somebody writes a variable, but not for ever.
func ExampleClient_Continue() {
	ctx, conn := connect()
	c, err := gdb.NewClient(ctx, conn, gdb.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	const counter = 0x8010_4000
	if err := c.Insert(ctx, gdb.Breakpoint{Kind: gdb.WriteWatchpoint, Address: counter, Length: 4}); err != nil {
		fmt.Println(err)
		return
	}
	short, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	stop, err := c.Continue(short)
	if errors.Is(err, context.DeadlineExceeded) {
		// The machine still runs.
		if err := c.Interrupt(ctx); err != nil {
			fmt.Println(err)
			return
		}
		stop, err = c.Wait(ctx)
	}
	fmt.Println(stop, err)
}

// Undo ten instructions of a replay.
func ExampleClient_ReverseStep() {
	ctx, conn := connect()
	c, err := gdb.NewClient(ctx, conn, gdb.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	for range 10 {
		if _, err := c.ReverseStep(ctx); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(c.PC(ctx))
}

func ExampleParseTarget() {
	target, err := gdb.ParseTarget([]byte(`
		<target>
		  <architecture>mips</architecture>
		  <feature name="org.gnu.gdb.mips.cpu">
		    <reg name="r0" bitsize="32"/>
		    <reg name="pc" bitsize="32" regnum="37"/>
		  </feature>
		</target>`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	pc, _ := target.Lookup("pc")
	fmt.Println(pc.Name, "is register", pc.Number, "with", pc.Bits, "bits")
	// Output: pc is register 37 with 32 bits
}

func ExampleStop_String() {
	fmt.Println(gdb.Stop{Reason: gdb.StopWrite, Signal: gdb.SigTrap, Thread: gdb.Thread{Process: 1, ID: 2}, Address: 0x1000})
	// Output: CPU p1.2 wrote the watched address 0x1000
}
