//go:build !qemu_select || qemu_x86_64

package x86_64

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/guest"
	"github.com/qemutest/functional/qemutest/image"
	"github.com/qemutest/functional/qemutest/machine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// endurance is how much a guest has to endure.
type endurance struct {
	channel     qemutest.GuestChannel
	commands    int    // that print
	file        int64  // size of a file that goes there and back
	output      int    // bytes of binary output
	flood       int    // bytes of the output of a command that does not end by itself
	spam, print string // a shell command that has the kernel print without end, and what that prints
}

// launchEnduring boots the distribution's kernel with the agent and busybox.
func launchEnduring(t *testing.T, channel qemutest.GuestChannel) (*qemutest.Test, *qemutest.VM) {
	q := qemutest.New(t, "x86_64",
		qemutest.Machine("q35"),
		qemutest.Memory(2<<30),
		qemutest.Timeout(5*time.Minute),
		qemutest.Assets(cloudKernel, busybox))
	k := q.Kernel(cloudKernel)
	root := q.AgentInitramfs(k, image.GoProgram{GOARCH: "amd64"})
	root.AddFile("bin/busybox", 0o755, q.ExtractMember(busybox, "bin/busybox"))
	for _, name := range []string{"sh", "cat", "usleep"} {
		root.AddSymlink("bin/"+name, "busybox")
	}
	vm := q.VM("-m", "1G", "-no-reboot", "-nic", "none",
		"-kernel", k.Image,
		"-initrd", q.Initramfs(root),
		"-append", "console=ttyS0 no_timer_check panic=-1 printk.devkmsg=on")
	vm.EnableGuest(channel)
	vm.Launch()
	vm.Guest().Wait()
	return q, vm
}

// endure has a guest do all of it while its kernel prints on the console.
func endure(t *testing.T, e endurance) {
	q, vm := launchEnduring(t, e.channel)
	g := vm.Guest()
	ctx, stop := context.WithCancelCause(q.Context())
	defer stop(nil)
	spam := make(chan error, 1)
	go func() {
		_, err := g.Remote().Run(ctx, guest.Command{Args: []string{"sh", "-c", e.spam}})
		spam <- err
	}()
	vm.WaitFor(e.print)
	checkCommands(t, q, g, e.commands)
	checkOutput(t, g, e.output)
	checkFile(t, g, "/tmp/file", e.file)
	checkFlood(t, q, g, e.flood)
	stop(errEnough)
	require.ErrorIs(t, <-spam, errEnough, "the kernel had to print until now")
	g.PowerOff()
	assert.Equal(t, machine.GuestShutdown, vm.WaitForExit().Kind)
}

var errEnough = errors.New("it was enough")

// checkCommands runs n commands, four at a time, and checks all that each gives.
func checkCommands(t *testing.T, q *qemutest.Test, g *qemutest.Guest, n int) {
	t.Helper()
	numbers := make(chan int)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for i := range numbers {
				var stdout, stderr bytes.Buffer
				result, err := g.Remote().Run(q.Context(), guest.Command{
					Args:   []string{"sh", "-c", "echo out $0; echo err $0 >&2; exit $(($0 % 256))", strconv.Itoa(i)},
					Stdout: &stdout,
					Stderr: &stderr,
				})
				assert.NoError(t, err)
				assert.Equal(t, i%256, result.Status)
				assert.Equal(t, fmt.Sprintf("out %d\n", i), stdout.String())
				assert.Equal(t, fmt.Sprintf("err %d\n", i), stderr.String())
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	workers.Wait()
}

// checkOutput has a program print each byte there is and random ones, on both
// outputs.
func checkOutput(t *testing.T, g *qemutest.Guest, size int) {
	t.Helper()
	content := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{2}).Read(content)
	for i := range 256 {
		content[i] = byte(i)
	}
	var stdout, stderr bytes.Buffer
	result := g.Command(guest.Command{
		Args:   []string{"sh", "-c", "cat >/tmp/output; cat /tmp/output >&2; cat /tmp/output"},
		Stdin:  bytes.NewReader(content),
		Stdout: &stdout,
		Stderr: &stderr,
	})
	assert.NoError(t, result.Err())
	assert.True(t, bytes.Equal(content, stdout.Bytes()), "standard output, %d bytes of %d", stdout.Len(), size)
	assert.True(t, bytes.Equal(content, stderr.Bytes()), "standard error, %d bytes of %d", stderr.Len(), size)
}

// flood prints the number of its process group, and then forks and floods both
// outputs without end: 25 processes print, and 25 start others that do.
const flood = `
echo $$
line=flood; while [ ${#line} -lt 1000 ]; do line=$line,$line; done
i=0
while [ $((i+=1)) -le 25 ]; do
	while :; do echo out $line; echo err $line >&2; done &
	while :; do (echo out $line; echo err $line >&2) done &
done
wait`

// checkFlood has a command flood the host until its time is over, and then one
// until the host gives it up, and looks for what they may leave behind.
func checkFlood(t *testing.T, q *qemutest.Test, g *qemutest.Guest, size int) {
	t.Helper()
	command := []string{"sh", "-c", flood}

	var stdout, stderr gauge
	result := g.Command(guest.Command{Args: command, Stdout: &stdout, Stderr: &stderr, Timeout: 3 * time.Second})
	assert.True(t, result.TimedOut)
	assert.Equal(t, "SIGKILL", result.Signal)
	assert.Contains(t, stdout.start.String(), "out flood,flood,flood")
	assert.Contains(t, stderr.start.String(), "err flood,flood,flood")
	q.Logf("the flood was of %d bytes and %d bytes", stdout.size, stderr.size)
	waitUntilGone(t, g, stdout.group(t))

	// Nobody reads this one to its end: its pipes are full when it is killed.
	ctx, cancel := context.WithCancelCause(q.Context())
	both := gauge{limit: size, full: make(chan struct{}), release: make(chan struct{})}
	defer close(both.release)
	defer cancel(nil)
	given := make(chan error, 1)
	go func() {
		_, err := g.Remote().Run(ctx, guest.Command{Args: command, Stdout: &both, Stderr: &both})
		given <- err
	}()
	select {
	case <-both.full:
	case err := <-given:
		t.Fatal("expected the command not to end: ", err)
	}
	group := both.group(t)
	g.Run("sh", "-c", "kill -0 -"+group) // it is there, and others are answered beside it
	cancel(errEnough)
	assert.ErrorIs(t, <-given, errEnough)
	waitUntilGone(t, g, group)
}

// waitUntilGone waits until no process of a group is left, not even one that
// nobody has reaped.
func waitUntilGone(t *testing.T, g *qemutest.Guest, group string) {
	t.Helper()
	_, err := strconv.Atoi(group)
	require.NoError(t, err)
	result := g.Command(guest.Command{
		Args:    []string{"sh", "-c", "while kill -0 -$0 2>/dev/null; do usleep 50000; done", group},
		Timeout: time.Minute,
	})
	assert.NoError(t, result.Err(), "processes of a command that was killed are left")
}

// gauge keeps the beginning of what is written, and counts the rest. If it has a
// limit, it blocks there.
type gauge struct {
	start bytes.Buffer
	size  int

	limit         int
	full, release chan struct{}
}

func (g *gauge) Write(p []byte) (int, error) {
	g.start.Write(p[:min(len(p), max(0, 4<<10-g.start.Len()))])
	g.size += len(p)
	if g.limit > 0 && g.size >= g.limit {
		close(g.full)
		<-g.release
		return 0, errEnough
	}
	return len(p), nil
}

// group returns the first line, the number of the process group.
func (g *gauge) group(t *testing.T) string {
	t.Helper()
	line, err := g.start.ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line)
}

// spam has the kernel print as fast as it can, and now and then what it knows of
// its memory.
const spam = `
exec 3>/dev/kmsg
while :; do
	i=0
	while [ $((i+=1)) -lt 500 ]; do echo '<3>spam, spam, größer spam' >&3; done
	echo m >/proc/sysrq-trigger
done`

func TestX86Q35GuestEnduresOverVirtio(t *testing.T) {
	endure(t, endurance{
		channel:  qemutest.VirtioChannel(""),
		commands: 1000,
		file:     100 << 20,
		output:   4 << 20,
		flood:    2 << 20,
		spam:     spam,
		print:    "spam, spam",
	})
}

// Messages of the kernel land in the midst of frames and do no damage.
func TestX86Q35GuestEnduresOverConsole(t *testing.T) {
	endure(t, endurance{
		channel:  qemutest.ConsoleChannel(),
		commands: 50,
		file:     100 << 10,
		output:   20 << 10,
		flood:    50 << 10,
		spam:     spam,
		print:    "spam, spam",
	})
}

// Messages that hold the bytes that frames are made of damage those that they
// land in, which are sent again.
func TestX86Q35GuestEnduresDamageOverConsole(t *testing.T) {
	endure(t, endurance{
		channel:  qemutest.ConsoleChannel(),
		commands: 50,
		file:     100 << 10,
		output:   20 << 10,
		flood:    50 << 10,
		spam:     `while :; do printf '<3>bits \200\277 of \377 frames \376 in spam\n' >/dev/kmsg; usleep 100000; done`,
		print:    "in spam",
	})
}
