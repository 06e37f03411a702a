package qmp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/digitalocean/go-qemu/qmp/raw"

	"github.com/qemutest/functional/qemutest/qmp"
)

// dialQEMU connects to something that answers like a QEMU.
func dialQEMU() net.Conn {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		log.Fatal(err)
	}
	var ends [2]net.Conn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "socket")
		if ends[i], err = net.FileConn(f); err != nil {
			log.Fatal(err)
		}
		f.Close()
	}
	go playQEMU(ends[1])
	return ends[0]
}

func playQEMU(conn net.Conn) {
	fmt.Fprintln(conn, greeting)
	in := json.NewDecoder(conn)
	for {
		var r request
		if in.Decode(&r) != nil {
			return
		}
		switch r.Execute {
		case "system_reset":
			fmt.Fprintln(conn, `{"event": "RTC_CHANGE", "data": {"offset": 2}, "timestamp": {"seconds": 1, "microseconds": 0}}`)
			fmt.Fprintln(conn, `{"event": "RESET", "data": {"guest": false, "reason": "host-qmp-system-reset"}, "timestamp": {"seconds": 1, "microseconds": 0}}`)
			fmt.Fprintf(conn, `{"return": {}, "id": %s}`+"\n", r.ID)
		case "query-status":
			fmt.Fprintf(conn, `{"return": {"status": "running", "running": true}, "id": %s}`+"\n", r.ID)
		case "human-monitor-command":
			fmt.Fprintf(conn, `{"return": "#1: /machine/cpu[0]\r\n", "id": %s}`+"\n", r.ID)
		case "device_del":
			fmt.Fprintf(conn, `{"error": {"class": "DeviceNotFound", "desc": "Device 'nic7' not found"}, "id": %s}`+"\n", r.ID)
		case "migrate": // takes for ever
		default:
			fmt.Fprintf(conn, `{"return": {}, "id": %s}`+"\n", r.ID)
		}
	}
}

func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := qmp.NewClient(ctx, dialQEMU(), qmp.Options{Name: "vm", Log: nil})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println("QEMU", c.Version())

	status, err := qmp.Call[struct{ Status string }](ctx, c, "query-status", nil)
	fmt.Println(status.Status, err)

	_, err = c.Execute(ctx, "device_del", qmp.Args{"id": "nic7"})
	fmt.Println(err)
	var refused *qmp.Error
	fmt.Println(errors.As(err, &refused) && refused.Class == qmp.ClassDeviceNotFound)
	// Output:
	// QEMU 10.0.2
	// running <nil>
	// QEMU refused device_del: Device 'nic7' not found (DeviceNotFound)
	// true
}

// exampleClient is a client connected to something that answers like a QEMU.
func exampleClient() *qmp.Client {
	c, err := qmp.NewClient(context.Background(), dialQEMU(), qmp.Options{})
	if err != nil {
		log.Fatal(err)
	}
	return c
}

func ExampleClient_Execute_timeout() {
	c := exampleClient()
	defer c.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := c.Execute(ctx, "migrate", qmp.Args{"uri": "unix:/tmp/nobody-listens"})
	fmt.Println(errors.Is(err, context.DeadlineExceeded))

	// The next call isn't confused by it.
	status, err := c.Execute(context.Background(), "query-status", nil)
	fmt.Println(string(status), err)
	for _, p := range c.Pending() {
		fmt.Println("unanswered:", p.Command)
	}
	// Output:
	// true
	// {"status": "running", "running": true} <nil>
	// unanswered: migrate
}

func ExampleClient_WaitEvent() {
	c := exampleClient()
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	before := c.Cursor()
	if _, err := c.Execute(ctx, "system_reset", nil); err != nil {
		log.Fatal(err)
	}
	event, after, err := c.WaitEvent(ctx, before, qmp.Named("RESET"), qmp.With(qmp.Args{"guest": false}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(event)

	// A second reset would have to come after the first.
	soon, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	_, _, err = c.WaitEvent(soon, after, qmp.Named("RESET"))
	fmt.Println(errors.Is(err, context.DeadlineExceeded))

	for _, e := range c.Events(before) {
		fmt.Println(e.Seq, e.Name)
	}
	// Output:
	// RESET {"guest": false, "reason": "host-qmp-system-reset"}
	// true
	// 0 RTC_CHANGE
	// 1 RESET
}

func ExampleWith() {
	event := qmp.Event{Name: "BLOCK_JOB_COMPLETED", Data: json.RawMessage(
		`{"device": "drive0", "len": 4294967296, "offset": 4294967296, "speed": 0, "type": "mirror"}`)}
	fmt.Println(qmp.With(qmp.Args{"device": "drive0", "len": int64(1 << 32)}).Match(event))
	fmt.Println(qmp.With(qmp.Args{"device": "drive0", "error": nil}).Match(event))
	fmt.Println(qmp.AnyOf(qmp.Named("JOB_STATUS_CHANGE"), qmp.With(qmp.Args{"type": "mirror"})))
	// Output:
	// true
	// false
	// JOB_STATUS_CHANGE or with {"type":"mirror"}
}

func ExampleClient_HMP() {
	c := exampleClient()
	defer c.Close()
	text, err := c.HMP(context.Background(), "info cpus")
	fmt.Printf("%q %v\n", text, err)
	// Output: "#1: /machine/cpu[0]\n" <nil>
}

func ExampleClient_ExecuteWithFiles() {
	c := exampleClient()
	defer c.Close()
	r, w, err := os.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	_, err = c.ExecuteWithFiles(context.Background(), "getfd", qmp.Args{"fdname": "stream"}, w)
	fmt.Println(err)
	w.Close() // QEMU has its own now
	// The pipe can be named in later commands, such as migrate with the URI
	// "fd:stream".

	// Output: <nil>
}

func ExampleClient_Monitor() {
	c := exampleClient()
	defer c.Close()
	commands := raw.NewMonitor(c.Monitor())
	status, err := commands.QueryStatus()
	fmt.Println(status.Status, err)
	// Output: running <nil>
}
