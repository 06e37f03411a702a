package qemutest_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/qemutest/functional/console"
	"github.com/qemutest/functional/qemutest"
)

// answerer describes a machine whose guest reads the serial port at an I/O
// address, without an echo, and prints text there whenever a line has ended.
func answerer(q *qemutest.Test, port uint16, text string) *qemutest.VM {
	low, high := byte(port), byte(port>>8)
	sector := make([]byte, 512)
	copy(sector, []byte{
		0x31, 0xc0, // xor ax, ax
		0x8e, 0xd8, // mov ds, ax
		0xba, low + 5, high, // wait: mov dx, line status
		0xec,       // in al, dx
		0xa8, 0x01, // test al, 1
		0x74, 0xf8, // jz wait
		0xba, low, high, // mov dx, port
		0xec,      // in al, dx
		0x3c, '!', // cmp al, '!'
		0x75, 0xf0, // jne wait
		0xbe, 0x1f, 0x7c, // mov si, text
		0xac,       // next: lodsb
		0x84, 0xc0, // test al, al
		0x74, 0xe8, // jz wait
		0xee,       // out dx, al
		0xeb, 0xf8, // jmp next
	})
	copy(sector[0x1f:], text)
	copy(sector[510:], "\x55\xaa")
	image := q.Scratch("answerer.img")
	q.Check(os.WriteFile(image, sector, 0o644))
	return q.VM("-machine", "pc", "-drive", "format=raw,file="+image)
}

// The guest ends lines with another character and has no echo: the options get
// to the console, whether they are given before or after the console is chosen.
func TestConsoleOptions(t *testing.T) {
	options := console.Options{NoEcho: true, LineEnding: "!"}
	for name, describe := range map[string]func(vm *qemutest.VM){
		"before": func(vm *qemutest.VM) { vm.SetConsoleOptions(options); vm.SetConsole(1) },
		"after":  func(vm *qemutest.VM) { vm.SetConsole(1).SetConsoleOptions(options) },
		"serial": func(vm *qemutest.VM) { vm.AddConsole(1).Serial(1).SetConsoleOptions(options); vm.SetConsole(1) },
	} {
		t.Run(name, func(t *testing.T) {
			vm := answerer(newX86(t), 0x2f8, "all is well")
			describe(vm)
			vm.Launch()
			vm.Exec("status", "all is well")
		})
	}
}

// A console that was added stays when the test chooses another one to wait on.
func TestAddConsoleBeforeSetConsole(t *testing.T) {
	vm := answerer(newX86(t), 0x2f8, "all is well").AddConsole(1).SetConsole(2)
	vm.Serial(1).SetConsoleOptions(console.Options{NoEcho: true, LineEnding: "!"})
	vm.Launch()
	vm.Serial(1).Exec("status", "all is well")
	assert.NotNil(t, vm.Machine().Console(2))
}

// The device takes the place of a port with another index.
func TestConsoleDeviceAfterSetConsole(t *testing.T) {
	vm := newX86(t).VM("-machine", "q35", "-device", "virtio-serial").SetConsole(1).SetConsoleDevice("virtconsole")
	vm.Launch()
	vm.Send("nobody reads it")
}
