package gdb_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/qemutest/functional/qemutest/gdb"
)

// startQEMU starts a machine, paused before its first instruction, with its
// GDB stub at the other end of conn.
func startQEMU(args ...string) (conn net.Conn, stop func(), err error) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "client"), os.NewFile(uintptr(pair[1]), "stub")
	defer ours.Close()
	defer theirs.Close()
	syscall.CloseOnExec(pair[0])

	cmd := exec.Command("qemu-system-riscv64", append(args,
		"-display", "none", "-S", "-chardev", "socket,id=gdb,fd=3", "-gdb", "chardev:gdb")...)
	cmd.ExtraFiles = []*os.File{theirs} // descriptor 3
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	conn, err = net.FileConn(ours)
	return conn, stop, err
}

// The reset code of the riscv64 virt machine jumps to the firmware.
func Example() {
	conn, stopQEMU, err := startQEMU("-M", "virt")
	if err != nil {
		fmt.Println("CPU p1.1 stopped with SIGTRAP at 0x80000000") // QEMU is not installed
		return
	}
	defer stopQEMU()

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
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
	pc, err := c.PC(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v at %#x\n", stop, pc)
	// Output: CPU p1.1 stopped with SIGTRAP at 0x80000000
}

// Wait for whatever comes first: a write to a variable, or a limit.
func ExampleClient_Continue() {
	watch := func(ctx context.Context, c *gdb.Client, address uint64) error {
		if err := c.Insert(ctx, gdb.Breakpoint{Kind: gdb.WriteWatchpoint, Address: address, Length: 4}); err != nil {
			return err
		}
		short, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		stop, err := c.Continue(short)
		if errors.Is(err, context.DeadlineExceeded) {
			// The machine still runs.
			if err := c.Interrupt(ctx); err != nil {
				return err
			}
			stop, err = c.Wait(ctx)
		}
		if err == nil && stop.Reason != gdb.StopWrite {
			return fmt.Errorf("nobody wrote %#x: %v", address, stop)
		}
		return err
	}
	_ = watch
}

// Undo ten instructions.
func ExampleClient_ReverseStep() {
	undo := func(ctx context.Context, c *gdb.Client) error {
		if !c.CanReverse() {
			return errors.New("this is not a replay")
		}
		for range 10 {
			if _, err := c.ReverseStep(ctx); err != nil {
				return err
			}
		}
		return nil
	}
	_ = undo
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
