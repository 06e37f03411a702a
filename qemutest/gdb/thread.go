package gdb

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// A Thread names a CPU. QEMU numbers the CPUs of a process from 1 on; a machine
// whose CPUs have different types (big.LITTLE, application and service cores)
// has one process for each kind. The zero value means "any".
type Thread struct {
	Process int // 0 if the stub does not number processes
	ID      int
}

// String returns t as the protocol writes it, like "p1.2" or "2".
func (t Thread) String() string {
	if t.Process == 0 {
		return strconv.FormatInt(int64(t.ID), 16)
	}
	return fmt.Sprintf("p%x.%x", t.Process, t.ID)
}

// parseThread is the inverse of String. QEMU writes leading zeros ("p01.02").
func parseThread(text string) (Thread, error) {
	bad := func() (Thread, error) { return Thread{}, fmt.Errorf("%q is not a thread like p1.2", text) }
	parts := strings.SplitN(strings.TrimPrefix(text, "p"), ".", 2)
	if strings.HasPrefix(text, "p") != (len(parts) == 2) {
		return bad()
	}
	numbers := make([]int, len(parts))
	for i, part := range parts {
		n, err := strconv.ParseInt(part, 16, 32)
		if err != nil || n < -1 {
			return bad()
		}
		numbers[i] = int(n)
	}
	if len(numbers) == 1 {
		return Thread{ID: numbers[0]}, nil
	}
	return Thread{Process: numbers[0], ID: numbers[1]}, nil
}

// Threads returns the machine's CPUs.
func (c *Client) Threads(ctx context.Context) ([]Thread, error) {
	var threads []Thread
	err := c.do(ctx, func(x *exchange) error {
		for command := "qfThreadInfo"; ; command = "qsThreadInfo" {
			reply, err := x.ask(command)
			if err != nil {
				return err
			}
			list, more := strings.CutPrefix(reply, "m")
			if !more {
				if reply != "l" {
					return x.unexpected(reply, "a list of threads that starts with m, or l at its end")
				}
				return nil
			}
			for _, text := range strings.Split(list, ",") {
				t, err := parseThread(text)
				if err != nil {
					return x.unexpected(reply, err.Error())
				}
				threads = append(threads, t)
			}
		}
	})
	return threads, err
}

// ThreadInfo returns the stub's description of a CPU, like
// "CPU#0 [running]" or "arm-cpu cpu0 [halted ]".
func (c *Client) ThreadInfo(ctx context.Context, t Thread) (string, error) {
	return c.askHex(ctx, "qThreadExtraInfo,"+t.String())
}

// Select makes t the CPU whose registers and view of the memory are used from
// now on, and which Step moves. After each stop, the one that stopped is
// selected.
func (c *Client) Select(ctx context.Context, t Thread) error {
	return c.do(ctx, func(x *exchange) error {
		if err := x.askOK("Hg" + t.String()); err != nil {
			return err
		}
		c.selected = t
		return nil
	})
}

// Selected returns the CPU that is selected.
func (c *Client) Selected() Thread {
	c.lock <- struct{}{}
	defer func() { <-c.lock }()
	return c.selected
}
