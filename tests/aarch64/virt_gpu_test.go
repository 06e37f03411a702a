//go:build !qemu_select || qemu_aarch64

package aarch64

import (
	"context"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/qemutest/functional/asset"
	"github.com/qemutest/functional/qemutest"
	"github.com/qemutest/functional/tests/internal/linux"
)

var (
	virtGPUKernel = asset.New(
		"https://share.linaro.org/downloadFile?id=lL8wgnMmSXZo7Co",
		"7888c51c55d37e86bbbdeb5acea9f08c34e6b0f03c1f5b2463285f6a6f6eec8b")
	virtGPURootFS = asset.New(
		"https://share.linaro.org/downloadFile?id=qOn1wbfKmS6KVHZ",
		"d45118c899420b7e673f1539a37a35480134b3e36e3a59e2cb69b1781cbb14ef")
)

func TestAarch64VirtGPUVirgl(t *testing.T) {
	testVirtGPU(t, "virtio-gpu-gl-pci",
		"glmark2-wayland --validate -b build -b texture -b shading -b bump -b desktop -b buffer")
}

func TestAarch64VirtGPUVirglBlobs(t *testing.T) {
	testVirtGPU(t, "virtio-gpu-gl-pci,hostmem=4G,blob=on", "glmark2-wayland -b:duration=1.0",
		qemutest.Version(">= 9.2", "its virtio-gpu-gl has no blob resources"))
}

func TestAarch64VirtGPUVulkan(t *testing.T) {
	testVirtGPU(t, "virtio-gpu-gl-pci,hostmem=4G,blob=on,venus=on", "vkmark -b:duration=1.0",
		qemutest.Version(">= 9.2", "its virtio-gpu-gl has no Vulkan"),
		qemutest.Command("vulkaninfo"),
		qemutest.Require("a Vulkan driver other than NVIDIA's", qemutest.StageHost, requireVulkan))
}

// testVirtGPU runs a benchmark in the guest, whose graphics the host's GPU
// computes.
func testVirtGPU(t *testing.T, device, benchmark string, requirements ...qemutest.Requirement) {
	q := qemutest.New(t, "aarch64", append(requirements,
		qemutest.Machine("virt,gic-version=max"),
		qemutest.CPU("cortex-a72"),
		qemutest.Accel("tcg"),
		qemutest.Device("virtio-gpu-gl-pci"),
		qemutest.Memory(3<<30),
		qemutest.Timeout(480*time.Second),
		qemutest.Assets(virtGPUKernel, virtGPURootFS))...)

	vm := linux.Boot{
		Kernel: q.Fetch(virtGPUKernel),
		Append: "console=ttyAMA0 root=/dev/vda",
	}.VM(q).AddArgs(
		"-accel", "tcg", "-smp", "2", "-m", "2048",
		"-device", device,
		"-display", "egl-headless",
		"-display", "dbus,gl=on",
		"-device", "virtio-blk-device,drive=hd0",
		"-blockdev", "driver=raw,node-name=hd0,read-only=on,file.driver=file,file.filename="+q.Decompress(virtGPURootFS),
		"-snapshot")
	vm.LaunchOrSkip(
		"old virglrenderer, blob resources unsupported",
		"old virglrenderer, venus unsupported",
		"egl: no drm render node available",
		"'type' does not accept value 'egl-headless'",
		"'type' does not accept value 'dbus'",
		"eglInitialize failed: EGL_NOT_INITIALIZED")
	linux.Login{Prompt: "buildroot login:"}.Run(vm)
	linux.Run(vm, "export XDG_RUNTIME_DIR=/tmp")
	linux.Run(vm, "weston -B headless --renderer gl --shell kiosk -- "+benchmark,
		"debug: stuck in fence wait with iter at")
}

// nvidiaDriver is how vulkaninfo names NVIDIA's driver, with which the
// test does not work.
var nvidiaDriver = regexp.MustCompile(`driverID\s+=\s+DRIVER_ID_NVIDIA_PROPRIETARY`)

func requireVulkan(ctx context.Context, _ *qemutest.Test) error {
	summary, err := exec.CommandContext(ctx, "vulkaninfo", "--summary").CombinedOutput()
	switch {
	case err != nil:
		return qemutest.Skipf(qemutest.KindHost, "Vulkan does not work on this host: vulkaninfo --summary: %v", err)
	case nvidiaDriver.Match(summary):
		return qemutest.Skipf(qemutest.KindHost, "NVIDIA's own Vulkan driver does not serve virtio-gpu")
	}
	return nil
}
