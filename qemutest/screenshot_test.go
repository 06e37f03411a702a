package qemutest_test

import (
	"image"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/qemutest/screen"
)

func init() {
	scenarios["fails with a display"] = func(t *testing.T) {
		launchVGA(t)
		t.Fatal("this is wrong")
	}
	scenarios["wants a picture without a display"] = func(t *testing.T) {
		launchSeaBIOS(t).Screenshot()
	}
}

// launchVGA starts a machine whose display stays as QEMU made it.
func launchVGA(t *testing.T) *qemutest.VM {
	q := newX86(t, qemutest.Machine("pc"), qemutest.Device("VGA"))
	vm := q.VM("-S", "-device", "VGA")
	vm.Launch()
	return vm
}

func TestScreenshot(t *testing.T) {
	vm := launchVGA(t)
	first, second := vm.Screenshot(), vm.Screenshot()
	assert.Equal(t, vm.Test().Log("screenshot-1.png"), first.Path)
	assert.Equal(t, vm.Test().Log("screenshot-2.png"), second.Path)
	assert.Equal(t, image.Pt(640, 480), first.Bounds().Size())
	require.NoError(t, screen.Comparison{}.Check(second, first))
	// QEMU writes in the middle that the guest has not used the display yet.
	text := image.Rect(140, 220, 500, 260)
	require.NoError(t, screen.Comparison{Mask: screen.Except(image.Pt(640, 480), text)}.
		Check(first, image.NewRGBA(first.Bounds())), "black around the text")
	require.Error(t, screen.Comparison{}.Check(first, image.NewRGBA(first.Bounds())))
}

// A QEMU that does not write PNG refuses to; so does one that cannot write the
// file.
func TestScreenshotPPM(t *testing.T) {
	vm := launchVGA(t)
	png := vm.Screenshot()
	require.NoError(t, os.Mkdir(vm.Test().Log("screenshot-2.png"), 0o755))
	ppm := vm.Screenshot()
	assert.Equal(t, vm.Test().Log("screenshot-2.ppm"), ppm.Path)
	assert.NoFileExists(t, vm.Test().Log("screenshot-2.png"))
	require.NoError(t, screen.Comparison{}.Check(ppm, png))
}

func TestScreenshotOfFailure(t *testing.T) {
	t.Parallel()
	got := scenario(t, "fails with a display")
	require.Equal(t, 1, got.status, got.output)
	path := filepath.Join(got.logDir, "x86_64", "TestScenario", "screenshot-failed.png")
	assert.Contains(t, got.output, "display: "+path)
	_, err := screen.Open(path)
	require.NoError(t, err)

	got = scenario(t, "fails by itself")
	assert.NotContains(t, got.output, "display: ", "a machine without a display")
}

func TestScreenshotWithoutDisplay(t *testing.T) {
	t.Parallel()
	got := scenario(t, "wants a picture without a display")
	require.Equal(t, 1, got.status, got.output)
	assert.Contains(t, got.output, "expected a machine with a display, found none")
}
