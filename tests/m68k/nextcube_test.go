//go:build !qemu_select || qemu_m68k

package m68k

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/draw"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/screen"
)

var nextROM = asset.New(
	"https://sourceforge.net/p/previous/code/1350/tree/trunk/src/Rev_2.5_v66.BIN?format=raw",
	"1b753890b67095b73e104c939ddf62eca9e7d0aedde5108e3893b0ed9d8000a4")

// nextScreen is the size of the display in pixels.
var nextScreen = image.Pt(1120, 832)

// The boot ROM draws on the whole display.
func TestM68kNextCubeDisplay(t *testing.T) {
	shot := bootNextROM(t).Screenshot()
	require.Equal(t, nextScreen, shot.Bounds().Size())
	blank := image.NewUniform(shot.At(0, 0))
	require.NotZero(t, screen.Comparison{}.Differences(shot, fill(nextScreen, blank)).Pixels, "pixels that are not of the colour of the first one")
}

// What the boot ROM writes on the display can be read.
func TestM68kNextCubeText(t *testing.T) {
	vm := bootNextROM(t, qemutest.Command("tesseract"))
	text := vm.Test().HostCommand("tesseract", vm.Screenshot().Path, "stdout")
	for _, want := range []string{"Backplane slot", "Ethernet address", "Testing the FPU"} {
		assert.Contains(t, text, want)
	}
}

// bootNextROM boots the original ROM up to the end of its test of the FPU, when
// its texts are on the display.
func bootNextROM(t *testing.T, requirements ...qemutest.Requirement) *qemutest.VM {
	q := qemutest.New(t, "m68k", append(requirements,
		qemutest.Machine("next-cube"),
		qemutest.Assets(nextROM))...)

	vm := q.VM("-bios", q.Fetch(nextROM)).NoConsole()
	vm.Launch()
	waitForRegisters(vm,
		"F0 = 400e 8400000000000000",
		"F1 = 400e 83ff000000000000",
		"F2 = 400e 83ff000000000000")
	return vm
}

// A ROM of our own draws an icon, which is found where it was drawn, with
// nothing else on the display.
func TestM68kNextCubeFramebuffer(t *testing.T) {
	q := qemutest.New(t, "m68k", qemutest.Machine("next-cube"))
	place := image.Pt(400, 300)
	icon, rom := iconROM(place)
	path := q.Scratch("rom.bin")
	q.Check(os.WriteFile(path, rom, 0o644))

	vm := q.VM("-bios", path).NoConsole()
	vm.Launch()
	waitForRegisters(vm, "D7 = 600df00d")
	shot := vm.Screenshot()

	want := fill(nextScreen, image.White)
	bounds := icon.Bounds().Add(place)
	draw.Draw(want, bounds, icon, image.Point{}, draw.Src)
	require.NoError(t, screen.Comparison{}.Check(shot, want))
	found := screen.Find(shot, icon, 0.95)
	require.Len(t, found, 1)
	assert.Equal(t, bounds, found[0].Bounds)
}

// iconROM returns an icon of 32 by 32 pixels, and a ROM that draws it and then
// leaves 0x600df00d in register D7.
func iconROM(at image.Point) (icon *image.Gray, rom []byte) {
	const (
		ram         = 0x04000000
		start       = 0x01000000 // of the ROM
		framebuffer = 0x0b000000
		stride      = 288 // bytes from a row of pixels to the next
		dataOffset  = 0x40
	)
	big := binary.BigEndian
	rom = big.AppendUint32(rom, ram+0x1000) // stack
	rom = big.AppendUint32(rom, start+8)    // first instruction
	rom = append(rom, 0x41, 0xfa)           // lea data(pc),a0
	rom = big.AppendUint16(rom, uint16(dataOffset-len(rom)))
	rom = append(rom, 0x43, 0xf9) // lea place,a1
	rom = big.AppendUint32(rom, uint32(framebuffer+stride*at.Y+at.X/4))
	rom = append(rom,
		0x72, 0x1f, // moveq #31,d1
		0x70, 0x01, // row: moveq #1,d0
		0x22, 0xd8, // copy: move.l (a0)+,(a1)+
		0x51, 0xc8, 0xff, 0xfc, // dbra d0,copy
		0x43, 0xe9, 0x01, 0x18, // lea 280(a1),a1
		0x51, 0xc9, 0xff, 0xf2, // dbra d1,row
		0x2e, 0x3c, 0x60, 0x0d, 0xf0, 0x0d, // move.l #$600df00d,d7
		0x60, 0xfe) // here: bra here
	rom = append(rom, make([]byte, dataOffset-len(rom))...)

	// Four pixels in each byte, the leftmost in the highest bits: 0 is white,
	// 3 is black.
	icon = image.NewGray(image.Rect(0, 0, 32, 32))
	random := rand.New(rand.NewPCG(1, 2))
	for i := 0; i < len(icon.Pix); i += 4 {
		packed := byte(0)
		for j := range 4 {
			v := byte(random.IntN(4))
			packed = packed<<2 | v
			icon.Pix[i+j] = 255 - 85*v
		}
		rom = append(rom, packed)
	}
	return icon, rom
}

// waitForRegisters waits until all the texts are in what the monitor shows of
// the registers. No event tells that, so it looks again and again.
func waitForRegisters(vm *qemutest.VM, texts ...string) {
	ctx := vm.Test().Context()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		registers := vm.HMP("info registers")
		missing := ""
		for _, text := range texts {
			if !strings.Contains(registers, text) {
				missing = text
			}
		}
		if missing == "" {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			vm.Test().Check(fmt.Errorf("expected %q among the registers: %w", missing, context.Cause(ctx)))
		}
	}
}

func fill(size image.Point, c image.Image) *image.RGBA {
	picture := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(picture, picture.Rect, c, image.Point{}, draw.Src)
	return picture
}
